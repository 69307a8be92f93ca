"""Simulated senders whose true sample times are known: drift, late and noisy stamps, resets, outages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap, StreamInfo
from analysis.session_format import CHUNK, OFFSET
from tests.helpers.recordings import samples

Floats = NDArray[np.float64]

START_S = 5000.0
DRIFT_PPM = 50.0
JITTER_S = 0.1
OFFSET_EVERY_S = 5.0
FLUSH_S = 0.25
OUTAGE_S = 25.0
WIRED_S = 1e-4
LATENCY_S = 2e-3


@dataclass(frozen=True)
class Sender:
    """What a recorder got of one sender, and the truth: `true_s` is when each row was, on our clock.

    `offsets`, `chunks` and `gaps` are the tables of a session file. Where `unknowable_s` is not 0 the truth
    is off by this constant and nothing in the data tells.
    """

    info: StreamInfo
    true_s: Floats
    stamps_s: Floats
    offsets: NDArray[np.void]
    chunks: NDArray[np.void]
    gaps: tuple[Gap, ...] = ()
    unknowable_s: float = 0.0


@dataclass
class World:
    """The circumstances of one case; the methods make its parts in the order of a recording."""

    seconds: float
    rate_hz: float = 500.0
    seed: int = 1
    random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def grid(self, rate_hz: float | None = None) -> Floats:
        """Even true times."""
        rate = rate_hz or self.rate_hz
        return START_S + 0.37 + np.arange(round(self.seconds * rate)) / rate

    def late(self, count: int, mean_s: float, most_s: float) -> Floats:
        """Delays of a queue before order is kept: mostly short, some long."""
        return np.minimum(self.random.exponential(mean_s, count), most_s)

    def clock(self, ppm: float = DRIFT_PPM, at: float = 1e4) -> Callable[[Floats], Floats]:
        """The sender's clock as a function of ours."""
        return lambda ours: at + (ours - START_S) * (1 + ppm * 1e-6)

    def offsets(
        self, clock: Callable[[Floats], Floats], delay_s: float = WIRED_S, slower_out_s: float = 0.0
    ) -> NDArray[np.void]:
        """Measure the sender's clock as LSL does: of eight probes the one with the shortest way.

        `delay_s` is the mean delay each way; the way out is always slower by `slower_out_s`.
        """
        at = np.arange(START_S + 1, START_S + self.seconds + 6, OFFSET_EVERY_S)
        ways = self.random.exponential(delay_s, (len(at), 8, 2)) + WIRED_S
        ways[:, :, 0] += slower_out_s
        best = ways.sum(2).argmin(1)
        out, back = ways[np.arange(len(at)), best].T
        # It takes the sender's reading for the middle of the way, which it was not.
        table = np.zeros(len(at), OFFSET)
        table["t"] = at
        table["offset"] = (at + (back - out) / 2) - clock(at)
        table["offset"] -= 0.0
        table["uncertainty"] = out + back
        table["fresh"] = 1
        return table


def received_chunks(true_s: Floats, delay_s: Floats) -> NDArray[np.void]:
    """Group rows as a recorder does that flushes four times a second; rows keep their order."""
    arrived = np.maximum.accumulate(true_s + delay_s)
    number = np.floor((arrived - START_S) / FLUSH_S).astype(int)
    first = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    table = np.zeros(len(first), CHUNK)
    table["first"] = first
    table["count"] = np.diff(np.append(first, len(true_s)))
    table["received"] = START_S + (number[first] + 1) * FLUSH_S
    return table


def _sender(
    world: World,
    true_s: Floats,
    stamps_s: Floats,
    offsets: NDArray[np.void],
    delay_s: Floats | None = None,
    gaps: tuple[Gap, ...] = (),
    rate_hz: float | None = None,
    unknowable_s: float = 0.0,
) -> Sender:
    info = samples("sender", 1, world.rate_hz if rate_hz is None else rate_hz, "float32")
    chunks = received_chunks(true_s, np.full(len(true_s), LATENCY_S) if delay_s is None else delay_s)
    return Sender(info, true_s, stamps_s, offsets, chunks, gaps, unknowable_s)


def drift(world: World) -> Sender:
    """A clock that is 50 ppm fast; stamps and network are clean."""
    true_s, clock = world.grid(), world.clock()
    return _sender(world, true_s, clock(true_s), world.offsets(clock))


def network_jitter(world: World) -> Sender:
    """Everything comes up to 100 ms late: rows and the answers about the clock. Stamps are clean."""
    true_s, clock = world.grid(), world.clock()
    delay = world.late(len(true_s), JITTER_S / 3, JITTER_S)
    return _sender(world, true_s, clock(true_s), world.offsets(clock, JITTER_S / 3), delay)


def late_stamps(world: World) -> Sender:
    """Rows are stamped on arrival; every second or so the link stands still for up to 100 ms."""
    true_s, clock = world.grid(), world.clock()
    delay = world.late(len(true_s), 0.001, JITTER_S)
    begin = np.sort(world.random.uniform(true_s[0], true_s[-1], round(world.seconds)))
    until = begin + world.random.uniform(0, JITTER_S, len(begin))
    stall = np.searchsorted(begin, true_s) - 1
    delay = np.maximum(delay, np.where(stall >= 0, until[stall] - true_s, 0.0))
    stamps = clock(np.maximum.accumulate(true_s + delay))
    return _sender(world, true_s, stamps, world.offsets(clock), delay)


def noisy_stamps(world: World) -> Sender:
    """Each stamp is wrong by up to 100 ms, both ways."""
    true_s, clock = world.grid(), world.clock()
    stamps = clock(true_s) + world.random.uniform(-JITTER_S, JITTER_S, len(true_s))
    return _sender(world, true_s, stamps, world.offsets(clock))


def batches(world: World) -> Sender:
    """Packets of 25 rows that a driver stamps as it parses them, microseconds apart (BrainFlow)."""
    true_s, clock = world.grid(), world.clock()
    return _sender(world, true_s, clock(_batched(world, true_s, 25, 0.005)), world.offsets(clock))


def _batched(world: World, true_s: Floats, size: int, mean_s: float) -> Floats:
    packet = np.arange(len(true_s)) // size
    last = np.minimum((packet + 1) * size - 1, len(true_s) - 1)
    arrival = true_s[last] + world.late(packet[-1] + 1, mean_s, JITTER_S)[packet]
    arrival = np.maximum.accumulate(arrival)
    return arrival + (np.arange(len(true_s)) - packet * size) * 4e-6


def warming(world: World) -> Sender:
    """A device that warms up: its rate goes from 50 ppm fast to 42 in half an hour or so."""
    nominal = np.arange(round(world.seconds * world.rate_hz)) / world.rate_hz
    # 8 ppm that die away with a time constant of 20 minutes, summed up.
    gained = 42e-6 * nominal + 8e-6 * 1200 * (1 - np.exp(-nominal / 1200))
    true_s = START_S + 0.37 + nominal - gained
    clock = world.clock(0.0)
    stamps = clock(true_s) + world.late(len(true_s), 0.002, JITTER_S)
    return _sender(world, true_s, stamps, world.offsets(clock))


def clock_reset(world: World) -> Sender:
    """The sender's computer starts anew after 60 %: its clock begins again, a few seconds are missing."""
    true_s = world.grid()
    reset_s = START_S + 0.6 * world.seconds
    true_s = true_s[(true_s < reset_s) | (true_s > reset_s + 8)]
    return _with_reset(world, true_s, true_s, reset_s, "clock reset")


def _with_reset(world: World, true_s: Floats, stamped: Floats, reset_s: float, cause: str) -> Sender:
    before, after = world.clock(), world.clock(at=-0.6 * world.seconds + 7.0)
    is_after = true_s >= reset_s
    stamps = np.where(is_after, after(stamped), before(stamped))
    old, new = world.offsets(before), world.offsets(after)
    table = np.concatenate([old[old["t"] < reset_s], new[new["t"] > reset_s + 9]])
    first = int(np.argmax(is_after))
    gaps = (Gap(first - 1, first, 0, cause),) if cause else ()
    return _sender(world, true_s, stamps, table, gaps=gaps)


def small_reset(world: World) -> Sender:
    """The sender's clock is set forward by 0.3 s while it runs; no row is missing, nobody says so."""
    true_s = world.grid()
    set_s = START_S + 0.6 * world.seconds + 0.123
    before, after = world.clock(), world.clock(at=1e4 + 0.3)
    is_after = true_s >= set_s
    stamps = np.where(is_after, after(true_s), before(true_s))
    old, new = world.offsets(before), world.offsets(after)
    return _sender(world, true_s, stamps, np.concatenate([old[old["t"] < set_s], new[new["t"] >= set_s]]))


def outage(world: World) -> Sender:
    """25 s without a row; the library repeats its last offset meanwhile, as stale."""
    true_s, clock = world.grid(), world.clock()
    lost_s = START_S + 0.4 * world.seconds
    true_s = true_s[(true_s < lost_s) | (true_s > lost_s + OUTAGE_S)]
    table = world.offsets(clock)
    gone = (table["t"] > lost_s) & (table["t"] < lost_s + OUTAGE_S + 2)
    table["fresh"][gone] = 0
    table["offset"][gone] = table["offset"][~gone & (table["t"] <= lost_s)][-1]
    first = int(np.argmax(true_s > lost_s))
    gap = Gap(first - 1, first, round(OUTAGE_S * world.rate_hz), "stream lost")
    return _sender(world, true_s, clock(true_s), table, gaps=(gap,))


def lost_rows(world: World) -> Sender:
    """A radio loses 10 rows three times; stamps are the device's own, nobody counts rows."""
    return _with_losses(world, 10, False)


def lost_packets(world: World) -> Sender:
    """A radio loses two packets of 25 rows three times; rows are stamped by packet on arrival."""
    return _with_losses(world, 50, True)


def _with_losses(world: World, lost: int, is_batched: bool) -> Sender:
    true_s, clock = world.grid(), world.clock()
    stamped = _batched(world, true_s, 25, 0.005) if is_batched else true_s
    keep = np.ones(len(true_s), bool)
    for share in (0.2, 0.55, 0.7):
        first = round(share * len(true_s)) // 25 * 25
        keep[first : first + lost] = False
    return _sender(world, true_s[keep], clock(stamped[keep]), world.offsets(clock))


def events(world: World) -> Sender:
    """Irregular events, about two in three seconds, from a clock that is 50 ppm fast."""
    true_s = START_S + 0.5 + np.sort(world.random.uniform(0, world.seconds, round(world.seconds / 1.5)))
    clock = world.clock()
    return _sender(world, true_s, clock(true_s), world.offsets(clock), rate_hz=0.0)


def events_reset(world: World) -> Sender:
    """Irregular events from a sender that starts anew after 60 %, by a network that is up to 100 ms late."""
    true_s = START_S + 0.5 + np.sort(world.random.uniform(0, world.seconds, round(world.seconds / 1.5)))
    reset_s = START_S + 0.6 * world.seconds
    true_s = true_s[(true_s < reset_s) | (true_s > reset_s + 8)]
    found = _with_reset(world, true_s, true_s, reset_s, "")
    info = samples("sender", 1, 0.0, "float32")
    delay = world.late(len(true_s), JITTER_S / 3, JITTER_S)
    return Sender(info, true_s, found.stamps_s, found.offsets, received_chunks(true_s, delay))


def everything(world: World) -> Sender:
    """50 ppm, a network up to 100 ms late, packets of 25, a restart at 60 %, 25 s lost at 30 %."""
    true_s = world.grid()
    lost_s, reset_s = START_S + 0.3 * world.seconds, START_S + 0.6 * world.seconds
    stamped = _batched(world, true_s, 25, 0.005)
    keep = ((true_s < lost_s) | (true_s > lost_s + OUTAGE_S)) & ((true_s < reset_s) | (true_s > reset_s + 8))
    true_s, stamped = true_s[keep], stamped[keep]
    before, after = world.clock(), world.clock(at=-0.6 * world.seconds + 7.0)
    is_after = true_s >= reset_s
    stamps = np.where(is_after, after(stamped), before(stamped))
    old, new = world.offsets(before, JITTER_S / 3), world.offsets(after, JITTER_S / 3)
    gone = (old["t"] > lost_s) & (old["t"] < lost_s + OUTAGE_S + 2)
    old["fresh"][gone] = 0
    old["offset"][gone] = old["offset"][~gone & (old["t"] <= lost_s)][-1]
    table = np.concatenate([old[old["t"] < reset_s], new[new["t"] > reset_s + 9]])
    lost, reset = int(np.argmax(true_s > lost_s)), int(np.argmax(is_after))
    gaps = (
        Gap(lost - 1, lost, round(OUTAGE_S * world.rate_hz), "stream lost"),
        Gap(reset - 1, reset, 0, "clock reset"),
    )
    delay = world.late(len(true_s), JITTER_S / 3, JITTER_S)
    return _sender(world, true_s, stamps, table, delay, gaps)


def one_way(world: World) -> Sender:
    """The way to the sender is always 10 ms slower than the way back: nobody can know."""
    true_s, clock = world.grid(), world.clock()
    table = world.offsets(clock, slower_out_s=0.01)
    return _sender(world, true_s, clock(true_s), table, unknowable_s=0.005)


CASES: dict[str, Callable[[World], Sender]] = {
    "50 ppm drift": drift,
    "100 ms network jitter, on receipt": network_jitter,
    "100 ms jitter in stamps, late only": late_stamps,
    "100 ms jitter in stamps, both ways": noisy_stamps,
    "batches of 25 rows": batches,
    "rate that changes by 8 ppm": warming,
    "clock reset": clock_reset,
    "clock set by 0.3 s": small_reset,
    "25 s outage": outage,
    "10 rows lost, three times": lost_rows,
    "two packets lost, three times": lost_packets,
    "irregular events": events,
    "irregular events, reset": events_reset,
    "all together": everything,
    "one way 10 ms slower": one_way,
}
