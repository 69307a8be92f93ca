"""A real session around a device that something happens to: started, disturbed, finished, read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.records import Event, Gap
from analysis.session_file import SessionFileError, open_session, verify
from app import clock
from app.events import read_journal
from app.study import Study
from tests.faults.scenarios import Row

PATIENCE_S = 90.0
PROTOCOL = """
name: quiet
version: 1
title: Quiet
stimuli:
  set: open
  categories: {pleasant: {category: pleasant}}
trials:
  look:
    - {kind: picture, duration_s: %g}
blocks:
  - {name: main, trial: look, draw: {pleasant: 1}}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What became of a session: its file, what it said, and when something happened to its device."""

    path: Path
    status: int
    said: str
    fault_s: float
    events: tuple[Event, ...]
    gaps: Mapping[str, Sequence[Gap]]
    rows: Mapping[str, int]
    stamps: Mapping[str, Any]

    def row(self, fault: str, *streams: str) -> Row:
        """Return the fault's row about `streams`, of all with a gap if none are named."""
        about = streams or tuple(name for name, gaps in self.gaps.items() if gaps)
        alarms = [event for event in self.events if event.kind == "alarm" and event.time >= self.fault_s]
        alarms = [event for event in alarms if _concerns(str(event.payload.get("stream")), about)]
        return Row(
            fault,
            {name: sum(gap.missing for gap in self.gaps[name]) for name in about},
            {name: len(self.gaps[name]) for name in about},
            alarms[0].time - self.fault_s if alarms else None,
            str(alarms[0].payload["text"]) if alarms else "",
            self.status,
            _is_whole(self.path),
        )

    def causes(self, stream: str) -> list[str]:
        """Return why rows of a stream are missing."""
        return [gap.cause for gap in self.gaps[stream]]


def played(
    folder: Path,
    devices: Sequence[Mapping[str, Any]],
    disturb: Callable[[], None],
    seconds: float = 7.0,
    environment: Mapping[str, str] | None = None,
) -> Scene:
    """Run a session with `devices`; `disturb` is called two seconds after its schedule began."""
    study = Study.create(folder / "study", "Faults", "simulation")
    (folder / "quiet.yaml").write_text(PROTOCOL % seconds)
    # Nobody is there to resume a session that pauses for a lost device.
    entries = [{"on_loss": "continue", **device} for device in devices]
    (folder / "devices.yaml").write_text(json.dumps(entries))
    command = [sys.executable, "-m", "app", "run", str(folder / "quiet.yaml"), "--study", str(study.folder)]
    command += ["--participant", "sim01", "--devices", str(folder / "devices.yaml"), "--auto", "--headless"]
    command += ["--no-window", "--signal-check", "0", "--json"]
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **(environment or {})})
    try:
        _await_schedule(study, process, folder)
        time.sleep(2.0)
        fault_s = clock.now()
        disturb()
        status = process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait(10)
    (path,) = (study.folder).rglob("*.h5")
    with open_session(path) as session:
        streams = session.streams
        return Scene(
            path,
            status,
            (folder / "err.txt").read_text(),
            fault_s,
            session.events,
            {name: tuple(stream.gaps) for name, stream in streams.items()},
            {name: len(stream.times) for name, stream in streams.items()},
            {name: _stamps(stream) for name, stream in streams.items()},
        )


def _concerns(stream: str, about: Sequence[str]) -> bool:
    """Whether an alarm about a stream, or about its device, is about one of these streams."""
    return any(name == stream or name.startswith(f"{stream}-") for name in about)


def _is_whole(path: Path) -> bool:
    try:
        verify(path)
    except SessionFileError:
        return False
    return True


def _stamps(stream: Any) -> Any:
    """Return the device's own times where the stream has them, else the rows' times."""
    kinds = stream.info.channel_kinds
    return stream.data[:][:, kinds.index("time")] if "time" in kinds else stream.times[:]


def _await_schedule(study: Study, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        for paths in study.live_sessions():
            journal = paths.live / "presenter.jsonl"
            if journal.exists() and any(e.kind == "schedule_started" for e in read_journal(journal).events):
                return
        time.sleep(0.05)
    raise AssertionError(f"the session did not begin: {(folder / 'err.txt').read_text()}")
