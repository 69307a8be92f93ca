"""Streams that die, stall, jump, are two or send nothing: each scenario returns what it cost."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from app import clock
from app.streams import Expected
from tests.faults.scenarios import Row
from tests.faults.stream_scene import EEG, MARKERS, lost, scene
from tests.faults.stream_senders import Sender
from tests.helpers import outlets

OUTAGE_S = 25.0
STALL_S = 20.0

Gap = tuple[int, int, int, str]


class Told(NamedTuple):
    """A row of the fault table and what else the file and the operator were told.

    `back_s` is how long the stream was not recorded although its sender was there again.
    """

    row: Row
    gaps: list[Gap]
    kinds: list[str]
    back_s: float | None = None
    step_s: float | None = None
    message_after: str = ""


def outage(folder: Path, seconds: float, fault: str = "") -> Told:
    """Kill a sender, and start it again under the same source id after some seconds.

    `fault` is one of `stream_patched` that the recorder has.
    """
    with scene(folder) as play:
        eeg = outlets.with_epoch(EEG)
        play.publish(eeg, MARKERS)
        if fault:
            play.record_with(fault, folder / "switch", eeg, MARKERS)
        else:
            play.record(eeg, MARKERS)
        play.let_pass(1.5)
        died_s = play.kill("eeg")
        told_s, stale = play.told("stream_stale", "eeg")
        play.told("stream_lost", "eeg")
        play.let_pass(seconds - (clock.now() - died_s))
        play.publish(eeg)
        there_s = clock.now()
        _, back = play.told("stream_back", "eeg")
        play.let_pass(1.0)
        play.desk.stop()
        part = play.desk.part(1)
        stream = part["eeg"]
        row = Row(
            f"EEG sender killed, back after {seconds:g} s",
            {name: lost(part[name]) for name in ("eeg", "markers")},
            {name: len(part[name].gaps) for name in ("eeg", "markers")},
            told_s - died_s,
            stale["text"],
        )
        first = stream.gaps[0][1] if stream.gaps else 0
        return Told(
            row, stream.gaps, play.kinds("eeg"), float(stream.time[first]) - there_s, None, back["text"]
        )


def sender_killed(folder: Path) -> Row:
    """Kill a regular sender for 25 s."""
    return outage(folder, OUTAGE_S).row


def sender_killed_unwatched(folder: Path) -> Row:
    """Kill a regular sender that takes no second connection."""
    row = outage(folder, 6.0, "unwatched").row
    return replace(row, fault=f"{row.fault}, known to the library alone")


def marker_sender(folder: Path) -> Told:
    """Kill the sender of a stream without a rate for 2 s; others go on."""
    with scene(folder) as play:
        markers = outlets.with_epoch(MARKERS)
        play.publish(markers, EEG)
        play.record(markers, EEG)
        play.let_pass(0.8)
        died_s = play.kill("markers")
        told_s, stale = play.told("stream_stale", "markers")
        play.let_pass(2.0 - (clock.now() - died_s))
        play.publish(markers)
        there_s = clock.now()
        back_s, back = play.told("stream_back", "markers")
        play.let_pass(0.7)
        play.desk.stop()
        part = play.desk.part(1)
        row = Row(
            "marker sender killed, back after 2 s",
            {name: lost(part[name]) for name in ("markers", "eeg")},
            {name: len(part[name].gaps) for name in ("markers", "eeg")},
            told_s - died_s,
            stale["text"],
        )
        return Told(row, part["markers"].gaps, play.kinds("markers"), back_s - there_s, None, back["text"])


def marker_sender_killed(folder: Path) -> Row:
    """Kill the sender of a stream without a rate."""
    return marker_sender(folder).row


def stall(folder: Path, seconds: float = STALL_S) -> tuple[Told, Told, Told]:
    """Stop senders' processes (SIGSTOP) and let them go on.

    The first sends late what was due, the second drops it, the third has no rate and sends late.
    """
    with scene(folder) as play:
        kept = Sender("Kept", 250.0, "faults:kept", packages=True)
        dropped = Sender("Dropped", 250.0, "faults:dropped", drops=True, packages=True)
        play.publish(kept, dropped, MARKERS)
        play.record(kept, dropped, MARKERS)
        play.let_pass(2.0)
        names = ("kept", "dropped", "markers")
        stopped = {name: play.signal(name, signal.SIGSTOP) for name in names}
        stale = {name: play.told("stream_stale", name) for name in stopped}
        for name in stopped:
            play.told("stream_lost", name, seconds)
        play.let_pass(seconds - (clock.now() - stopped["kept"]))
        there = {name: play.signal(name, signal.SIGCONT) for name in stopped}
        back = {name: play.told("stream_back", name) for name in stopped}
        play.let_pass(0.7)
        play.desk.stop()
        part = play.desk.part(1)

        def told(name: str, does: str) -> Told:
            row = Row(
                f"sender stands still for {seconds:g} s and {does}",
                {name: lost(part[name])},
                {name: len(part[name].gaps)},
                stale[name][0] - stopped[name],
                stale[name][1]["text"],
            )
            back_s, said = back[name]
            return Told(row, part[name].gaps, play.kinds(name), back_s - there[name], None, said["text"])

        return (
            told("kept", "sends late what was due"),
            told("dropped", "drops what was due"),
            told("markers", "sends its markers late"),
        )


def sender_stalled(folder: Path) -> Row:
    """Stop a sender that keeps what it could not send."""
    return stall(folder)[0].row


def sender_stalled_and_dropped(folder: Path) -> Row:
    """Stop a sender that keeps nothing."""
    return stall(folder)[1].row


def marker_sender_stalled(folder: Path) -> Row:
    """Stop a sender without a rate."""
    return stall(folder)[2].row


def clock_jumps(folder: Path) -> dict[float, Told]:
    """Let two senders' clocks jump while they go on sending, one on and one back."""
    jump_s = 5.0
    with scene(folder) as play:
        epoch_s = clock.now()
        senders = {
            step_s: Sender(name, 250.0, f"faults:{name}", ((jump_s, step_s),), epoch_s=epoch_s)
            for name, step_s in (("Forward", 100.0), ("Backward", -100.0))
        }
        play.publish(*senders.values())
        play.record(*senders.values())
        told = {step_s: play.told("clock_step", sender.name.lower()) for step_s, sender in senders.items()}
        play.let_pass(0.7)
        play.desk.stop()
        part = play.desk.part(1)
        found = {}
        for step_s, (told_s, said) in told.items():
            name = senders[step_s].name.lower()
            row = Row(
                f"a sender's clock jumps by {step_s:+g} s",
                {name: lost(part[name])},
                {name: len(part[name].gaps)},
                told_s - epoch_s - jump_s,
                said["text"],
            )
            found[step_s] = Told(row, part[name].gaps, play.kinds(name), None, said["step_s"])
        return found


def clock_forward(folder: Path) -> Row:
    """Let a sender's clock jump on."""
    return clock_jumps(folder)[100.0].row


def clock_backward(folder: Path) -> Row:
    """Let a sender's clock jump back."""
    return clock_jumps(folder)[-100.0].row


def other_clock(folder: Path) -> Told:
    """Kill a sender and start it again with another clock, as after a restart of its computer."""
    with scene(folder) as play:
        sender = Sender("Rebooted", 250.0, "faults:rebooted", epoch_s=clock.now())
        play.publish(sender)
        play.record(sender)
        play.let_pass(1.5)
        died_s = play.kill("rebooted")
        told_s, _ = play.told("stream_stale", "rebooted")
        play.let_pass(4.0 - (clock.now() - died_s))
        play.publish(replace(sender, steps=((0.0, -5000.0),)))
        there_s = clock.now()
        _, told = play.told("clock_step", "rebooted")
        back_s, _ = play.told("stream_back", "rebooted")
        play.let_pass(1.0)
        play.desk.stop()
        stream = play.desk.part(1)["rebooted"]
        row = Row(
            "sender's computer restarts: away for 4 s, then another clock",
            {"rebooted": lost(stream)},
            {"rebooted": len(stream.gaps)},
            told_s - died_s,
            told["text"],
        )
        return Told(row, stream.gaps, play.kinds("rebooted"), back_s - there_s, told["step_s"])


def sender_rebooted(folder: Path) -> Row:
    """Restart a sender with another clock."""
    return other_clock(folder).row


def two_of_one_name(folder: Path) -> Row:
    """Offer two streams of one name: none is taken until one has gone."""
    with scene(folder) as play:
        first, second = replace(EEG, source_id="faults:one"), replace(EEG, source_id="faults:two")
        play.publish(first)
        other = outlets.start(second)
        play.desk.expected = [Expected("eeg", "lsl", True, {"name": "EEG"})]
        play.desk.start()
        play.desk.wait_type("health")
        asked_s = clock.now()
        told_s, told = play.told("ambiguous", "eeg")
        assert told["count"] == 2
        outlets.end(other)
        play.desk.wait_state("eeg", "live")
        play.let_pass(0.5)
        play.desk.stop()
        stream = play.desk.part(1)["eeg"]
        return Row(
            "two streams of one name",
            {"eeg": lost(stream)},
            {"eeg": len(stream.gaps)},
            told_s - asked_s,
            told["text"],
        )


def other_computer(folder: Path) -> Row:
    """Kill a sender; one with its name and source id on another computer is not taken for it."""
    with scene(folder) as play:
        ours = Sender("Twin", 250.0, "faults:twin", epoch_s=clock.now())
        play.publish(ours)
        play.record(ours)
        play.let_pass(1.0)
        died_s = play.kill("twin")
        play.publish(replace(ours, computer="another-study", epoch_s=ours.epoch_s - 50.0))
        told_s, _ = play.told("stream_stale", "twin")
        told = play.desk.wait_for(
            lambda m: m["type"] == "health" and "another-study" in m["streams"]["twin"].get("message", "")
        )
        play.let_pass(3.0)
        play.kill("twin")
        play.publish(ours)
        play.told("stream_back", "twin")
        play.let_pass(0.5)
        play.desk.stop()
        stream = play.desk.part(1)["twin"]
        # A row of the other study would count 12,500 further on.
        (gap,) = stream.gaps
        assert lost(stream) == gap[2]
        return Row(
            "sender killed; another study on the network has one like it",
            {"twin": lost(stream)},
            {"twin": len(stream.gaps)},
            told_s - died_s,
            told["streams"]["twin"]["message"],
        )


def no_samples(folder: Path) -> Row:
    """Offer a stream that never sends a sample."""
    with scene(folder) as play:
        silent = replace(EEG, chunk_s=1e6)
        play.publish(silent)
        play.desk.expected = [Expected("eeg", "lsl", True, {"source_id": silent.lsl_id})]
        play.desk.start()
        play.desk.wait_state("eeg", "connecting")
        there_s = clock.now()
        told_s, told = play.told("no_samples", "eeg")
        health = play.desk.wait_type("health")
        assert health["streams"]["eeg"]["message"]
        assert not any(message["type"] == "ready" for _, message in play.desk.messages)
        play.desk.stop()
        return Row("a stream without a sample", {"eeg": 0}, {"eeg": 0}, told_s - there_s, told["text"])
