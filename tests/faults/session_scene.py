"""A whole session in which something breaks: real processes, a counting LSL stream, and what it cost.

The supervisor runs in this process, in a thread, so that a scenario sees what an operator would; its
children are the real ones.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from analysis.session_file import Stream, open_session, verify
from app import clock
from app.link import Link
from app.plan import Lock
from app.study import Study
from app.supervisor import processes
from app.supervisor.outcome import Choices, Outcome
from app.supervisor.preparation import Request, prepare
from app.supervisor.session import Supervisor
from app.supervisor.state import Alarm
from tests.faults.scenarios import Row
from tests.helpers import outlets
from tests.helpers.outlets import USUAL_WRAP, Counter

PATIENCE_S = 60.0
EEG = Counter("Session EEG", 8, 250, "float32", "session-faults:eeg")
PROTOCOL = """
name: faults
version: 1
title: Short trials
stimuli:
  set: open
  categories:
    pleasant: {category: pleasant}
    neutral: {category: neutral}
    faces: {category: face-neutral}
trials:
  see:
    - {kind: fixation, duration_s: 0.3}
    - {kind: picture, duration_s: 0.7}
blocks:
  - {name: main, trial: see, draw: {pleasant: %(n)d, neutral: %(n)d, faces: %(n)d}}
"""
COUNTER = "- {id: eeg, source: lsl, params: {source_id: '%s'}, required: true%s}\n"
WRISTBAND = "- {id: wristband, source: wristband, required: %s, params: {seed: 1}}\n"
CAMERA = "- {id: camera, source: camera, required: false, params: {source: generated}}\n"
LAUNCHER = Callable[[list[str]], list[str]]


class SessionScene:
    """One session of `trials` (3 to 18) trials of a second each with the devices of `devices` (YAML)."""

    def __init__(self, folder: Path, devices: str, trials: int = 6, accept: str = "", **choices: Any) -> None:
        self.said: list[tuple[float, str]] = []
        self.senders: dict[str, subprocess.Popen[bytes]] = {}
        self._outcome: list[Outcome] = []
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "faults.yaml").write_text(PROTOCOL % {"n": trials // 3})
        (folder / "devices.yaml").write_text(devices)
        self.study = Study.create(folder / "study", "Faults", "simulation")
        request = Request(
            protocol=str(folder / "faults.yaml"),
            participant="sim01",
            devices=folder / "devices.yaml",
            window="null",
            auto=True,
            seed=1,
            accept=accept,
        )
        self.plan, self.paths = prepare(self.study, request).begin()
        wanted: dict[str, Any] = {"signal_check_s": 0.0, "accept": accept} | choices
        self.supervisor = Supervisor(self.plan, self.paths, Choices(**wanted), self._say)
        self._thread = threading.Thread(target=lambda: self._outcome.append(self.supervisor.run()))

    def publish(self, counter: Counter = EEG) -> None:
        """Start a counting sender."""
        self.senders[counter.name] = outlets.start(counter)

    def kill_sender(self, counter: Counter = EEG) -> float:
        """Kill a sender; return when."""
        at_s = clock.now()
        outlets.end(self.senders.pop(counter.name))
        return at_s

    def start(self) -> None:
        """Start the session."""
        self._thread.start()

    def begin(self, into_s: float = 1.5) -> None:
        """Start the session, wait for its first stage and some seconds more."""
        self.start()
        self.wait_for(lambda: self.supervisor._first_stage_s is not None, "the first stage")
        time.sleep(into_s)

    def wait_for(self, condition: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + limit_s
        while not condition():
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; {self.said[-5:]} {self._outcome}")
            time.sleep(0.02)

    def pid(self, label: str) -> int:
        """Return the process id of a child."""
        return next(c.pid for c in self.supervisor._crew.all() if c.program.label == label)

    def signal(self, label: str, number: signal.Signals) -> float:
        """Send a signal to a child; return when."""
        at_s = clock.now()
        os.kill(self.pid(label), number)
        return at_s

    def alarm(self, code: str = "", limit_s: float = 20.0) -> Alarm:
        """Wait for the first alarm (of a code, if given)."""
        found: list[Alarm] = []

        def told() -> bool:
            found[:] = [a for a in self.alarms() if code in ("", a.code)]
            return bool(found)

        self.wait_for(told, f"an alarm {code}", limit_s)
        return found[0]

    def alarms(self) -> list[Alarm]:
        """Return all alarms, without warnings."""
        return [alarm for alarm in list(self.supervisor.state.alarms) if alarm.level == "alarm"]

    def console(self) -> Link:
        """Attach a console."""
        lock = Lock.read(self.paths.lock)
        assert lock is not None
        return Link(lock.port, lock.token, "console", "console", os.getpid())

    def end(self) -> Outcome:
        """Wait for the session's end."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), f"still running: {self.said[-5:]}"
        return self._outcome[0]

    def row(
        self, fault: str, at_s: float | None = None, alarm: Alarm | None = None, is_counted: bool = True
    ) -> Row:
        """Wait for the end and return the fault's row, from the finished file."""
        outcome = self.end()
        lost, gaps = costs(outcome.path, is_counted) if outcome.path is not None else ({}, {})
        told_s = None if alarm is None or at_s is None else alarm.time - at_s
        message = alarm.text if alarm is not None else outcome.message
        readable = None if outcome.first_stage_s is None else outcome.path is not None
        return Row(fault, lost, gaps, told_s, message, outcome.status, readable)

    def close(self) -> None:
        """Leave nothing behind."""
        for process in self.senders.values():
            outlets.end(process)
        if self._thread.is_alive():
            self.supervisor.interrupt()
            self.supervisor.interrupt()
            self._thread.join(PATIENCE_S)

    def _say(self, line: str) -> None:
        self.said.append((clock.now(), line))


@contextlib.contextmanager
def session(folder: Path, devices: str, **more: Any) -> Iterator[SessionScene]:
    """Play a session."""
    playing = SessionScene(folder, devices, **more)
    try:
        yield playing
    finally:
        playing.close()


@contextlib.contextmanager
def launched_as(role: str, launcher: list[str]) -> Iterator[None]:
    """Start the children of a role by another program, which has a fault built in."""
    usual = processes.command_line

    def changed(arguments: list[str]) -> list[str]:
        if arguments[0] == f"_{role}":
            return [sys.executable, "-P", "-m", *launcher, *arguments[1:]]
        return usual(arguments)

    with mock.patch.object(processes, "command_line", changed):
        yield


def eeg_device(on_loss: str = "") -> str:
    """Return the entry of the counting stream."""
    return COUNTER % (EEG.lsl_id, f", on_loss: {on_loss}" if on_loss else "")


def costs(path: Path, is_counted: bool = True) -> tuple[dict[str, int], dict[str, int]]:
    """Return the rows that are missing of each stream of a file, and how many gap rows tell of them.

    A counting stream is counted (unless the fault is only played to the recorder); of the others the gap
    rows say it. Fails for a file that is not whole, or a gap row of a counting stream that is not exact.
    """
    verify(path)
    lost: dict[str, int] = {}
    gaps: dict[str, int] = {}
    with open_session(path) as recorded:
        for name, stream in recorded.streams.items():
            gaps[name] = len(stream.gaps)
            lost[name] = sum(gap.missing for gap in stream.gaps)
            if name == "eeg" and is_counted:
                assert _counted(stream) == lost[name], "the gap rows are not exact"
    return lost, gaps


def _counted(stream: Stream) -> int:
    counter = np.asarray(stream.data[:])[:, 0].astype(int).tolist()
    steps = [(after - before) % USUAL_WRAP for before, after in itertools.pairwise(counter)]
    assert all(0 < step < USUAL_WRAP - 1000 for step in steps), "a row was doubled"
    return sum(step - 1 for step in steps)


def journalled(path: Path, kind: str) -> list[Mapping[str, Any]]:
    """Return the payloads of a finished file's events of a kind."""
    with open_session(path) as recorded:
        return [dict(event.payload) for event in recorded.events if event.kind == kind]
