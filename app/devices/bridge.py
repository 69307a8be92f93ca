"""The bridge process: one board or wristband, published on LSL for whoever records."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pylsl import StreamOutlet

from analysis.records import StreamInfo
from app import clock
from app.devices.child import Child, stop_on_signals
from app.devices.entries import DeviceEntry
from app.devices.losses import Loss, LossJournal
from app.devices.source import Chunk, DeviceError, NameSource, Source
from app.streams import to_lsl

if TYPE_CHECKING:
    from app.devices.impedance import ImpedanceMeter

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0)
FIRST_ROWS_S = 10.0
RETRY_POLL_S = 0.1
OUTLET_BUFFER_S = 60
SILENT_S = 1.0
DELIVERIES = 5
"""A device that is used to send its rows in batches may be silent for as many of them."""
SMOOTHING = 0.2

State = Literal["connecting", "live", "failed"]


@dataclass(slots=True)
class Count:
    """What went through one outlet."""

    samples: int = 0
    last_s: float | None = None


class Bridge:
    """Keeps one device running for ever and publishes what it delivers.

    Outlets are made when the device has first been opened and stay while it is opened again, so that
    nobody who listens has to connect again. `on_loss` gets what the device knows to be missing,
    `on_open` what it says of itself at each start.
    """

    def __init__(
        self,
        source: Source,
        on_streams: Callable[[tuple[StreamInfo, ...]], None],
        on_loss: Callable[[list[Loss]], None] | None = None,
        on_open: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        self.state: State = "connecting"
        self.message = ""
        self.failures = 0
        self._source = source
        self._on_streams = on_streams
        self._on_loss = on_loss
        self._on_open = on_open
        self._outlets: dict[str, StreamOutlet] = {}
        self._infos: dict[str, StreamInfo] = {}
        self._counts: dict[str, Count] = {}
        self._is_open = False
        self._was_open = False
        self._attempt: threading.Thread | None = None
        self._problem: Exception | None = None
        self._due_s = 0.0
        self._patience_s = 0.0
        self._rows_s: float | None = None
        self._interval_s = 0.0

    def step(self) -> float:
        """Do what is due and return the seconds until the next call."""
        if not self._is_open and not self._try_open():
            return RETRY_POLL_S
        now = clock.now()
        try:
            chunks = self._source.poll()
        except DeviceError as error:
            self._fail(str(error))
            return RETRY_POLL_S
        for chunk in chunks:
            self._publish(chunk)
        found = self._source.losses()
        if found and self._on_loss is not None:
            self._on_loss(found)
        if chunks:
            self.state, self.message, self.failures = "live", self._source.notice or self._losses(), 0
            self._saw(now)
        elif now > max(self._patience_s, (self._rows_s or 0.0) + self._source.quiet_s):
            why = self._source.notice or "The device sends no data. Check power, distance and cable."
            self._fail(f"{why} It is connected again.")
        elif self._source.notice and now > (self._rows_s or 0.0) + SILENT_S:
            self.state, self.message = "failed", self._source.notice
        return self._source.poll_s

    def _saw(self, now: float) -> None:
        """Set the patience by how the device usually delivers: boards that send seldom are not silent."""
        if self._rows_s is not None:
            pause_s = min(now - self._rows_s, self._source.quiet_s)
            self._interval_s += SMOOTHING * (pause_s - self._interval_s)
        self._rows_s = now
        self._patience_s = now + max(self._source.quiet_s, DELIVERIES * self._interval_s)

    def health(self) -> dict[str, Any]:
        """Return the body of a health message."""
        streams = {
            stream_id: {
                "samples": count.samples,
                "last_s": count.last_s,
                "lost": self._source.lost(stream_id),
            }
            for stream_id, count in self._counts.items()
        }
        return {"state": self.state, "message": self.message, "streams": streams}

    def close(self) -> bool:
        """Let the device go; False if it is stuck in opening and can only be left behind."""
        if self._attempt is not None:
            self._attempt.join(2.0)
            if self._attempt.is_alive():
                return False
        self._source.close()
        return True

    def _try_open(self) -> bool:
        """Start or look after an attempt to open; True once the device is open."""
        if self._attempt is None:
            if clock.now() >= self._due_s:
                self._problem = None
                self._attempt = threading.Thread(target=self._open, name="device opening", daemon=True)
                self._attempt.start()
            return False
        if self._attempt.is_alive():
            return False
        self._attempt = None
        if self._problem is not None:
            self._fail(str(self._problem))
            return False
        self._is_open = True
        self._rows_s = None
        self.state = "connecting"
        self._patience_s = clock.now() + max(FIRST_ROWS_S, self._source.quiet_s)
        self._make_outlets()
        if self._on_open is not None:
            self._on_open(self._source.identity)
        return True

    def _open(self) -> None:
        # Native code may block here for a minute; health goes on meanwhile.
        try:
            if self._was_open:
                self._source.close()
            self._was_open = True
            self._source.open()
        except Exception as error:
            self._problem = error

    def _fail(self, message: str) -> None:
        wait_s = BACK_OFF_S[min(self.failures, len(BACK_OFF_S) - 1)]
        self.failures += 1
        self._is_open = False
        self._due_s = clock.now() + wait_s
        self.state = "failed"
        self.message = f"{message} Next try in {wait_s:.0f} s."

    def _make_outlets(self) -> None:
        infos = {info.id: info for info in self._source.streams}
        if infos == self._infos:
            return
        self._infos = infos
        self._outlets = {
            info.id: StreamOutlet(to_lsl(info), max_buffered=OUTLET_BUFFER_S) for info in infos.values()
        }
        self._counts = {stream_id: self._counts.get(stream_id, Count()) for stream_id in infos}
        self._on_streams(tuple(infos.values()))

    def _publish(self, chunk: Chunk) -> None:
        count = self._counts[chunk.stream_id]
        self._outlets[chunk.stream_id].push_chunk(chunk.data, chunk.times.tolist())
        count.samples += len(chunk.times)
        count.last_s = float(np.max(chunk.times))

    def _losses(self) -> str:
        lost = sum(self._source.lost(stream_id) for stream_id in self._infos)
        return f"{lost} packages lost between the device and this computer." if lost else ""


def make_source(
    entry: DeviceEntry, name_source: NameSource, events: str = "", log: Path | None = None
) -> Source:
    """Return the source of a bridged device; raises DeviceError."""
    if entry.source == "brainflow":
        from app.devices.brainflow import Board

        return Board(entry.brainflow(), entry.id, name_source, log)
    if entry.source == "e4":
        from app.devices.e4 import E4

        return E4(entry.e4(), entry.id, name_source)
    if entry.source == "wristband":
        from app.devices.simulated import Wristband

        return Wristband(entry.wristband(), entry.id, name_source, events)
    raise DeviceError(f"device {entry.id}: {entry.source} needs no bridge.")


def _meter(entry: DeviceEntry, name_source: NameSource) -> ImpedanceMeter:
    if entry.source != "brainflow":
        raise DeviceError(f"device {entry.id}: only boards can measure their electrodes' impedance.")
    from app.devices.impedance import ImpedanceMeter

    return ImpedanceMeter(entry.brainflow(), entry.id, name_source)


def _kohm(channel: str, value: float) -> str:
    return f"{channel} not measured" if np.isnan(value) else f"{channel} {value:.1f} kohm"


def main(live: Path, device_id: str) -> int:
    """Run as a session's child process for one device; return the exit status."""
    child = Child(live, "bridge", device_id)
    log = child.paths.logs / f"bridge-{device_id}.brainflow.log"
    source = make_source(child.entry, child.plan.source_id, child.plan.source_id("events"), log)
    journal = LossJournal(child.paths.live, "bridge", device_id)

    def declare(infos: tuple[StreamInfo, ...]) -> None:
        child.declare([child.entry.describe(info) for info in infos])

    def opened(identity: Mapping[str, str]) -> None:
        journal.note("device_opened", device=device_id, **identity)

    bridge = Bridge(source, declare, journal.tell, opened)
    while child.attend():
        wait_s = bridge.step()
        child.report(bridge.health())
        child.stopping.wait(wait_s)
    clean = bridge.close()
    journal.close()
    child.link.close()
    if not clean:
        os._exit(0)
    return 0


def standalone(
    entry: DeviceEntry,
    name: str,
    tell: Callable[[str], None],
    seconds: float | None = None,
    log: Path | None = None,
    impedance: bool = False,
) -> int:
    """Publish one device until Ctrl-C, SIGTERM or for `seconds`; return the exit status.

    Its streams have the source ids `evoke:NAME:ID`. `tell` gets a line at each change. With `impedance` a
    board measures its electrodes and gives nothing else.
    """
    stopping = threading.Event()
    end_s = None if seconds is None else clock.now() + seconds
    stop_on_signals(stopping)

    def name_source(stream_id: str) -> str:
        return f"evoke:{name}:{stream_id}"

    def published(infos: tuple[StreamInfo, ...]) -> None:
        for info in infos:
            tell(
                f"publishing {info.id}: {len(info.channels)} channels at {info.rate_hz:g} Hz, "
                f"type {info.kind}, source id {info.source_id}"
            )

    meter = _meter(entry, name_source) if impedance else None
    source = meter or make_source(entry, name_source, log=log)
    bridge = Bridge(source, published)
    said = ("", "")
    while not stopping.is_set() and (end_s is None or clock.now() < end_s):
        wait_s = bridge.step()
        news = (bridge.state, bridge.message)
        if news != said:
            said = news
            tell(": ".join(part for part in news if part))
        stopping.wait(wait_s)
    if meter is not None:
        (info,) = meter.streams
        tell(
            "impedance: " + ", ".join(_kohm(*pair) for pair in zip(info.channels, meter.values, strict=True))
        )
    counts = bridge.health()["streams"]
    tell("stopped: " + ", ".join(f"{key} {value['samples']} samples" for key, value in counts.items()))
    if not bridge.close():
        os._exit(0)
    return 0
