"""Sessions that lose a stream or a process: each scenario returns what it cost."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from app import clock
from tests.faults.scenarios import Row
from tests.faults.session_scene import (
    CAMERA,
    COUNTER,
    EEG,
    WRISTBAND,
    costs,
    eeg_device,
    journalled,
    launched_as,
    session,
)
from tests.helpers.outlets import with_epoch

SLEPT_S = 30.0


def bridge_crashed(folder: Path) -> Row:
    """A native crash in the wristband's bridge: its own stream has a gap, no other loses a row."""
    devices = eeg_device() + WRISTBAND % "true" + CAMERA
    with session(folder, devices) as play:
        play.publish()
        play.begin()
        at_s = play.signal("bridge-wristband", signal.SIGSEGV)
        alarm = play.alarm("process_ended")
        row = play.row("a bridge crashes (SIGSEGV)", at_s, alarm)
        assert [a.code for a in play.alarms()] == ["process_ended"]
        assert all(a.cleared_s is not None for a in play.alarms())
        assert play.end().restarts == {"bridge-wristband": 1}
        return row


def helpers_crashed(folder: Path) -> Row:
    """The monitor and the sounder crash: nothing is lost, and they are started again."""
    with session(folder, eeg_device() + CAMERA, trials=3) as play:
        play.publish()
        play.begin(0.5)
        play.signal("monitor", signal.SIGSEGV)
        play.signal("sounder", signal.SIGSEGV)
        row = play.row("monitor and sounder crash")
        assert set(play.end().restarts) == {"monitor", "sounder"}
        return row


def required_lost(folder: Path) -> Row:
    """The required stream's sender dies and is back after 7 s: a pause meanwhile, then it goes on."""
    counter = with_epoch(EEG)
    with session(folder, eeg_device() + CAMERA, trials=12) as play:
        play.publish(counter)
        play.begin()
        at_s = play.kill_sender(counter)
        alarm = play.alarm()
        play.wait_for(lambda: play.supervisor.state.phase == "paused", "the pause")
        time.sleep(max(0.0, at_s + 7.0 - clock.now()))
        play.publish(counter)
        play.wait_for(lambda: play.supervisor.state.phase == "running", "the end of the pause")
        row = play.row("required stream gone for 7 s, nobody there", at_s, alarm)
        path = play.end().path
        assert path is not None
        paused, resumed = journalled(path, "paused"), journalled(path, "resumed")
        assert [event["by"] for event in (*paused, *resumed)] == ["policy", "policy"]
        assert [event["reason"] for event in journalled(path, "trial_ended")] == ["completed"] * 12
        assert len(play.alarms()) == 1
        return row


def required_lost_for_good(folder: Path) -> Row:
    """The required stream never comes back: the session ends in order, with its file."""
    with session(folder, eeg_device() + CAMERA, trials=15, lost_limit_s=3.0) as play:
        play.publish()
        play.begin()
        at_s = play.kill_sender()
        alarm = play.alarm()
        row = play.row("required stream gone for good, nobody there", at_s, alarm)
        assert play.end().reason == "stream lost: eeg"
        return row


def lost_and_aborted(folder: Path) -> Row:
    """The stream that the devices file ends the session for is lost."""
    with session(folder, eeg_device("abort") + CAMERA, trials=15) as play:
        play.publish()
        play.begin()
        at_s = play.kill_sender()
        alarm = play.alarm()
        row = play.row("stream with on_loss: abort gone", at_s, alarm)
        assert play.end().reason == "stream lost: eeg"
        return row


def asleep(folder: Path) -> Row:
    """The computer sleeps for 30 s, as far as its clocks tell: one alarm and no storm."""
    switch = folder / "slept"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        launched_as("recorder", ["tests.faults.stream_patched", "asleep", str(switch), "--"]),
        session(folder, eeg_device() + WRISTBAND % "true" + CAMERA, trials=6) as play,
    ):
        play.publish()
        play.begin()
        switch.write_text(str(SLEPT_S), encoding="ascii")
        at_s = clock.now()
        alarm = play.alarm()
        row = play.row("computer asleep for 30 s, in a session", at_s, alarm, is_counted=False)
        assert [a.code for a in play.alarms()] == ["machine_slept"]
        return row


def required_absent(folder: Path) -> Row:
    """A required device is not there at the start: nothing is recorded, and the reason is told."""
    devices = eeg_device() + CAMERA
    with session(folder, devices, streams_limit_s=3.0, ready_limit_s=3.0) as play:
        play.start()
        row = play.row("required stream not there at the start")
        assert not play.paths.live.exists()
        return row


def optional_late(folder: Path) -> Row:
    """An optional camera's file is put there in the middle of the session: it joins as a new part."""
    path = folder / "late.avi"
    devices = (
        eeg_device() + f"- {{id: camera, source: camera, required: false, params: {{source: '{path}'}}}}\n"
    )
    with session(folder, devices, trials=12) as play:
        play.publish()
        play.begin(0.5)
        alarm = play.alarm("device_absent")
        _film(path)
        row = play.row("optional device joins late", alarm=alarm)
        outcome = play.end()
        assert outcome.parts == 2
        assert play.alarms()[0].cleared_s is not None
        return row


def aborted_while_starting(folder: Path) -> Row:
    """Somebody aborts, twice, while the processes start: nothing is recorded and nothing stays."""
    with session(folder, eeg_device() + CAMERA, attended=True) as play:
        play.publish()
        play.start()
        play.wait_for(play.paths.lock.exists, "the lock")
        console = play.console()
        for name in ("start", "abort", "start", "abort"):
            console.send({"type": "command", "name": name})
        row = play.row("aborted while starting")
        console.close()
        assert not play.paths.live.exists()
        return row


def console_killed(folder: Path) -> Row:
    """The console dies in the middle: nothing stops, and another one attaches and goes on."""
    with session(folder, eeg_device() + CAMERA, trials=3, attended=True) as play:
        play.publish()
        play.start()
        play.wait_for(play.paths.lock.exists, "the lock")
        first = play.console()
        first.send({"type": "command", "name": "start"})
        play.wait_for(lambda: play.supervisor.state.phase == "running", "the start")
        first.close()
        time.sleep(1.0)
        second = play.console()
        state = next(m for m in iter(lambda: second.wait(5.0), None) if m["type"] == "state")
        assert state["phase"] == "running"
        second.send({"type": "command", "name": "note", "text": "back again"})
        row = play.row("console killed, another attaches")
        second.close()
        path = play.end().path
        assert path is not None
        assert [event["text"] for event in journalled(path, "note")] == ["back again"]
        return row


def _film(path: Path) -> None:
    """Write a short film, whole at once, as a camera's file."""
    import cv2
    import numpy as np

    unfinished = path.with_suffix(".new.avi")
    writer = cv2.VideoWriter(str(unfinished), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (160, 120))
    for number in range(60):
        writer.write(np.full((120, 160, 3), 4 * number, np.uint8))
    writer.release()
    unfinished.replace(path)


def flat_signal(folder: Path) -> Row:
    """A required stream delivers a flat line: the session does not start, and says why."""
    with flat_sender() as source_id, session(folder, COUNTER % (source_id, ""), signal_check_s=3.0) as play:
        play.start()
        row = play.row("required stream is flat at the start")
        assert play.end().reason == "checks failed"
        assert not play.paths.live.exists()
        return row


def flat_signal_accepted(folder: Path) -> Row:
    """The same with a reason: it starts, and check and reason are in the file."""
    with (
        flat_sender() as source_id,
        session(folder, COUNTER % (source_id, ""), trials=3, accept="a test", signal_check_s=3.0) as play,
    ):
        play.start()
        outcome = play.end()
        assert outcome.path is not None
        (accepted,) = journalled(outcome.path, "accepted")
        assert accepted == {"reason": "a test", "failed": ["signal eeg"]}
        (checked,) = [c for c in journalled(outcome.path, "checks") if c["stage"] == "signals"]
        signal_check = checked["results"][0]
        assert (signal_check["name"], signal_check["verdict"]) == ("signal eeg", "failed")
        lost, gaps = costs(outcome.path, is_counted=False)
        return Row(
            "flat stream, started with a reason", lost, gaps, None, signal_check["text"], outcome.status
        )


@contextlib.contextmanager
def flat_sender() -> Iterator[str]:
    """Publish zeros at 250 Hz from this process; the source id."""
    from pylsl import StreamInfo, StreamOutlet

    source_id = f"flat:{uuid.uuid4().hex}"
    outlet = StreamOutlet(StreamInfo("Flat", "EEG", 2, 250.0, "float32", source_id))
    ended = threading.Event()

    def push() -> None:
        start_s, count = clock.now(), 0
        while not ended.wait(0.02):
            due = int((clock.now() - start_s) * 250)
            if due > count:
                outlet.push_chunk([[0.0, 0.0]] * (due - count), start_s + due / 250)
                count = due

    thread = threading.Thread(target=push)
    thread.start()
    try:
        yield source_id
    finally:
        ended.set()
        thread.join()
