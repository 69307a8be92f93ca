"""Real sessions whose processes are killed, and what their finished files are then asked.

Used by `tests/faults/test_kills.py` and by the benchmark `kills`.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from analysis.records import Event
from analysis.session_file import Session, Stream, open_session, verify
from app import clock
from app.devices.physiology import BLOCK_S
from app.devices.simulated import DELIVERY_S, POLL_S
from app.events import read_journal
from app.plan import Lock, SessionPaths
from app.study import Study

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
JOURNALS = ("supervisor", "presenter", "recorder")
TAIL_LIMIT_S = 0.5
HOLE_LIMIT_S = 3.0
PATIENCE_S = 60.0
WRISTBAND_AGE_S = BLOCK_S + DELIVERY_S + POLL_S
"""How old the newest sample of the simulated wristband is at most: it sends in batches, a little late."""
TOGETHER_S = 0.3
BACK_AGAIN_S = 6.0
PARTICIPANT = "sim01"

PROTOCOL = """
name: short
version: 1
title: Twelve seconds
stimuli:
  set: open
  categories: {pleasant: {category: pleasant}}
sentences: {typing: neutral-typing}
trials:
  feel:
    - {kind: picture, duration_s: 1}
    - kind: questionnaire
      name: sam
      duration_s: {min_s: 0.2, typical_s: 1.5, max_s: 4}
      items: [{id: valence, text: Pleasure, scale: sam, points: 9, dimension: valence}]
    - {kind: typing, sentences: typing, prompt: Type., duration_s: {min_s: 0.5, typical_s: 3.5, max_s: 6}}
blocks:
  - {name: main, trial: feel, draw: {pleasant: 2}}
"""
DEVICES = """
- {id: eeg, source: brainflow, params: {board: synthetic, presets: [default]}}
- {id: wristband, source: wristband, params: {seed: 1}}
- {id: camera, source: camera, params: {source: 99, fallback: generated}}
- {id: microphone, source: microphone, params: {source: none-there, fallback: generated}}
"""
RING_STREAMS = ("camera", "microphone")


@dataclass(frozen=True, slots=True)
class Kill:
    """Processes killed together, some seconds after the schedule began."""

    at_s: float
    victims: tuple[str, ...]


@dataclass
class Report:
    """What became of one session: when which process really died, and what is wrong with the file."""

    path: Path | None = None
    killed: list[tuple[float, str]] = field(default_factory=list)
    tails_s: dict[str, float] = field(default_factory=dict)
    holes_s: dict[str, float] = field(default_factory=dict)
    events_lost: int = 0
    events_doubled: int = 0
    faults: list[str] = field(default_factory=list)


class KillSession:
    """One session in `folder`, run by the real command line."""

    def __init__(
        self, folder: Path, console: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        self.study = Study.create(folder / "study", "Kills", "simulation")
        (folder / "short.yaml").write_text(PROTOCOL)
        (folder / "devices.yaml").write_text(DEVICES)
        self._folder = folder
        self._console = console
        self._environment = {**os.environ, **(environment or {})}
        self.paths: SessionPaths
        self.begun_s = 0.0
        self.killed: list[tuple[float, str]] = []
        self._process: subprocess.Popen[bytes]

    @property
    def command(self) -> list[str]:
        """The command line of the session."""
        command = [sys.executable, "-P", "-m", "app", "run", str(self._folder / "short.yaml")]
        command += ["--study", str(self.study.folder), "--participant", PARTICIPANT, "--auto", "--no-window"]
        command += ["--devices", str(self._folder / "devices.yaml"), "--seed", "1", "--json"]
        command += ["--signal-check", "0"]
        return command + ([] if self._console else ["--headless"])

    def start(self) -> None:
        """Start the session and wait for its schedule to begin."""
        with (self._folder / "out.txt").open("wb") as out, (self._folder / "err.txt").open("wb") as err:
            self._process = subprocess.Popen(self.command, stdout=out, stderr=err, env=self._environment)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            for paths in self.study.live_sessions():
                self.paths = paths
                began = [event for event in self._journalled("presenter") if event.kind == "schedule_started"]
                if began:
                    self.begun_s = began[0].time
                    self._keep_journals()
                    return
            time.sleep(0.05)
        raise AssertionError(f"the session did not begin: {self.errors()}")

    def errors(self) -> str:
        """Return what the command said on standard error."""
        return (self._folder / "err.txt").read_text()

    def output(self) -> str:
        """Return what the command printed on standard output."""
        return (self._folder / "out.txt").read_text()

    def status(self) -> int:
        """Return the command's exit status, once it has ended."""
        return self._process.wait(PATIENCE_S)

    def kill(self, kill: Kill) -> None:
        """Kill processes at their time; one that is just being restarted is waited for."""
        time.sleep(max(0.0, self.begun_s + kill.at_s - clock.now()))
        for victim in kill.victims:
            deadline = time.monotonic() + 4.0
            while (process := self._process_named(victim)) is None and time.monotonic() < deadline:
                if not self.paths.live.exists():
                    return
                time.sleep(0.02)
            if process is not None:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(KILL)
                    self.killed.append((clock.now(), victim))

    def signal_supervisor(self, number: int) -> None:
        """Send a signal to the supervisor alone."""
        self._process.send_signal(number)

    def await_processes(self) -> None:
        """Wait until every process of the session has ended by itself."""
        deadline = time.monotonic() + PATIENCE_S
        while self._processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in self._processes().values():
            process.kill()
            raise AssertionError(f"still running after {PATIENCE_S:.0f} s: {process}")
        self._process.wait(PATIENCE_S)

    def end(self) -> None:
        """Wait until every process has ended; finish by `evoke recover` what is unfinished."""
        self.await_processes()
        if not self.paths.final.exists():
            self.recover()

    def recover(self) -> None:
        """Run `evoke recover` on the study, whatever still runs."""
        command = [sys.executable, "-P", "-m", "app", "recover", str(self.study.folder), "--json"]
        done = subprocess.run(
            command, capture_output=True, env=self._environment, timeout=PATIENCE_S, check=False
        )
        if done.returncode:
            raise AssertionError(f"recover failed: {done.stderr.decode()}")

    def examine(self) -> Report:
        """Compare the finished file with the journals and with what was killed when."""
        report = Report(path=self.paths.final, killed=self.killed)
        if not self.paths.final.exists():
            report.faults.append(f"no finished file; {self.errors()}")
            return report
        verify(self.paths.final)
        with open_session(self.paths.final) as session:
            self._examine_events(session, report)
            for name, stream in session.streams.items():
                self._examine_stream(name, stream, report)
        return report

    def _examine_events(self, session: Session, report: Report) -> None:
        written: dict[tuple[str, int], int] = {}
        for event in session.events:
            written[event.source, event.seq] = written.get((event.source, event.seq), 0) + 1
        journalled = [event for source in JOURNALS for event in self._kept(source)]
        plain = [event for event in journalled if event.kind not in ("key", "frame")]
        keys = len(journalled) - len(plain)
        lost = [event for event in plain if (event.source, event.seq) not in written]
        report.events_lost = len(lost) + abs(keys - len(session.keys.get("time", ())))
        report.events_doubled = sum(count - 1 for count in written.values())
        if report.events_lost:
            report.faults.append(f"{report.events_lost} events lost: {[event.kind for event in lost][:5]}")
        if report.events_doubled:
            report.faults.append(f"{report.events_doubled} events twice")

    def _examine_stream(self, name: str, stream: Stream, report: Report) -> None:
        times = np.sort(stream.times[:])
        supervisor_dead_s = min((at for at, victim in self.killed if victim == "supervisor"), default=np.inf)
        for at, victim in self.killed:
            if victim == "recorder":
                self._examine_recorder_kill(
                    name, stream, times, at, supervisor_dead_s < at + HOLE_LIMIT_S, report
                )
            elif self._belongs(victim, name) and at < supervisor_dead_s - 3.0:
                self._demand_gap(name, stream, times, at, victim, report)

    def _examine_recorder_kill(
        self, name: str, stream: Stream, times: Any, at: float, forever: bool, report: Report
    ) -> None:
        """The rows before the kill are there but for the tail, and go on after it."""
        deaths = [other for other, victim in self.killed if self._belongs(victim, name)]
        if any(TOGETHER_S < abs(other - at) < BACK_AGAIN_S for other in deaths):
            return
        together = [other for other in deaths if abs(other - at) <= TOGETHER_S]
        last_chance_s = min([at, *together])
        before, after = times[times <= last_chance_s], times[times > at]
        # What the device had not sent yet when it happened is not the recorder's loss.
        age_s = 1 / stream.info.rate_hz + (WRISTBAND_AGE_S if name.startswith("wristband") else 0.0)
        tail = max(0.0, last_chance_s - float(before[-1]) - age_s) if len(before) else np.inf
        if forever or name not in RING_STREAMS:
            report.tails_s[name] = max(tail, report.tails_s.get(name, 0.0))
            if tail > TAIL_LIMIT_S:
                report.faults.append(f"{name}: tail of {tail:.2f} s")
        if together or (not len(after) and self._ended_s() < at + HOLE_LIMIT_S):
            return
        if forever:
            return
        hole = float(after[0]) - float(before[-1]) if len(after) and len(before) else np.inf
        if name in RING_STREAMS:
            period = 1 / stream.info.rate_hz if stream.info.rate_hz else 0.1
            lost = [gap for gap in stream.gaps if gap.missing]
            if hole > 5 * period + 0.2 or lost:
                report.faults.append(f"{name}: hole of {hole:.2f} s, gaps {lost}")
            return
        report.holes_s[name] = max(hole, report.holes_s.get(name, 0.0))
        if hole > HOLE_LIMIT_S:
            report.faults.append(f"{name}: hole of {hole:.2f} s")
        self._demand_gap(name, stream, times, at, "recorder", report)

    def _ended_s(self) -> float:
        return max((event.time for event in self._kept("presenter")), default=np.inf)

    def _demand_gap(
        self, name: str, stream: Stream, times: Any, at: float, victim: str, report: Report
    ) -> None:
        raw = stream.times[:]
        after = times[times > at]
        if not len(after):
            return
        for gap in stream.gaps:
            if gap.cause and gap.last >= 0 and raw[gap.last] <= at + 0.5 and raw[gap.first] >= at - 0.5:
                return
        before = times[times <= at]
        hole = float(after[0] - before[-1]) if len(before) else np.inf
        report.faults.append(f"{name}: no gap row for the kill of {victim} (hole {hole:.2f} s)")

    @staticmethod
    def _belongs(victim: str, stream: str) -> bool:
        _, _, device = victim.partition("-")
        return bool(device) and (stream == device or stream.startswith(f"{device}-"))

    def _journalled(self, source: str) -> Sequence[Event]:
        path = self.paths.journal(source)
        try:
            return read_journal(path).events
        except OSError:
            return ()

    def _kept(self, source: str) -> Sequence[Event]:
        path = self._folder / f"kept-{source}.jsonl"
        return read_journal(path).events if path.exists() else ()

    def _keep_journals(self) -> None:
        # A second name for the same file: it outlives the live folder and holds every line ever written.
        for source in JOURNALS:
            os.link(self.paths.journal(source), self._folder / f"kept-{source}.jsonl")

    def _named_pids(self) -> dict[str, int]:
        pids: dict[str, int] = {}
        for event in self._kept("supervisor") or self._journalled("supervisor"):
            if event.kind == "process_started":
                role, name = event.payload["role"], event.payload["name"]
                pids[role if role == name else f"{role}-{name}"] = int(event.payload["pid"])
        lock = Lock.read(self.paths.lock)
        pids["supervisor"] = self._process.pid if lock is None else lock.pid
        return pids

    def _processes(self) -> dict[str, psutil.Process]:
        """Return what runs of the session, by name; also a finisher, which no journal names."""
        found: dict[str, psutil.Process] = {}
        pids = self._named_pids()
        for name, pid in pids.items():
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                ours = str(self.paths.folder) in " ".join(process.cmdline()) or name == "supervisor"
                if ours and process.status() != psutil.STATUS_ZOMBIE and process.is_running():
                    found[name] = process
        self._process.poll()
        return found

    def _process_named(self, name: str) -> psutil.Process | None:
        return self._processes().get(name)


def run_with_kills(folder: Path, kills: Iterable[Kill], console: bool = False) -> Report:
    """Run one session with these kills and return what its file says."""
    session = KillSession(folder, console)
    session.start()
    for kill in sorted(kills, key=lambda kill: kill.at_s):
        session.kill(kill)
    session.end()
    return session.examine()


def random_kills(chance: random.Random, groups: Sequence[tuple[str, ...]]) -> list[Kill]:
    """Spread groups of victims over a session of twelve seconds, at least four seconds apart."""
    first = 0.3 + 3.0 * chance.random()
    return [Kill(first + number * (4.0 + chance.random()), group) for number, group in enumerate(groups)]


def described(report: Report) -> str:
    """Say in one line what happened."""
    return json.dumps({"killed": [victim for _, victim in report.killed], "faults": report.faults})
