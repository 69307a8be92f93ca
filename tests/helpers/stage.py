"""A session whose children are small stand-ins (`tests/helpers/actors.py`), run in a thread."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.records import Event
from app.events import read_journal
from app.link import Link
from app.plan import Lock, SessionPaths, SessionPlan
from app.supervisor import processes
from app.supervisor.outcome import Choices, Outcome
from app.supervisor.session import Supervisor
from tests.helpers import actors

DEVICES = (
    {"id": "eeg", "source": "brainflow", "required": True, "params": {"board": "synthetic"}},
    {"id": "camera", "source": "camera", "required": False, "params": {}},
)


class Stage:
    """A session with stand-ins, run in a thread; what they were told and what was journalled."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths = SessionPaths(folder, "session")
        self.said: list[str] = []
        self.supervisor: Supervisor
        self.journalled: tuple[Event, ...] = ()
        self._monkeypatch = monkeypatch
        self._outcome: list[Outcome] = []
        self._consoles: list[Link] = []
        self._helpers: set[str] = set()
        monkeypatch.setattr(processes, "command_line", self._command_line)

    def _command_line(self, arguments: Sequence[str]) -> list[str]:
        if arguments[0] in ("_monitor", "_sounder") and arguments[0].strip("_") not in self._helpers:
            # Whoever has no part in the scene leaves at once.
            return [sys.executable, "-S", "-c", ""]
        return [sys.executable, actors.__file__, *arguments]

    def start(
        self,
        scene: dict[str, Any] | None = None,
        window: str = "null",
        devices: Sequence[dict[str, Any]] = DEVICES,
        **choices: Any,
    ) -> None:
        self._monkeypatch.setenv("SCENE", json.dumps(scene or {}))
        self._helpers = set(scene or {})
        self.paths.live.mkdir(parents=True)
        plan = SessionPlan(
            uuid=f"test-{os.getpid()}-{time.monotonic_ns()}",
            name="session",
            origin="automatic",
            devices=tuple(devices),
            window=window,  # type: ignore[arg-type]
            auto=True,
        )
        plan.save(self.paths.plan)
        limits: dict[str, Any] = {
            "streams_limit_s": 10.0,
            "ready_limit_s": 5.0,
            "drain_limit_s": 5.0,
            "signal_check_s": 0.0,
        }
        limits |= choices
        self.supervisor = Supervisor(plan, self.paths, Choices(**limits), self.said.append)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        original = self.supervisor._finish

        def finish() -> Outcome:
            self.journalled = read_journal(self.paths.journal("supervisor")).events
            return original()

        self.supervisor._finish = finish  # type: ignore[method-assign]
        self._outcome.append(self.supervisor.run())

    def console(self) -> Link:
        """Attach a console."""
        self.wait_for(self.paths.lock.exists)
        lock = Lock.read(self.paths.lock)
        assert lock is not None
        self._consoles.append(Link(lock.port, lock.token, "console", "console", os.getpid()))
        return self._consoles[-1]

    def end(self) -> Outcome:
        self._thread.join(60)
        for console in self._consoles:
            console.close()
        assert not self._thread.is_alive()
        return self._outcome[0]

    def wait_for(self, condition: Callable[[], object], limit_s: float = 20.0) -> None:
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)

    def told(self, role: str, kind: str) -> list[Any]:
        path = self.paths.folder / f"{role}.notes"
        lines = path.read_text().splitlines() if path.exists() else []
        return [value for known, value, _ in map(json.loads, lines) if known == kind]

    def events(self, kind: str) -> list[Event]:
        return [event for event in self.journalled if event.kind == kind]
