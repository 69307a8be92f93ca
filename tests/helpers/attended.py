"""A session with its real supervisor, recorder and participant's window, led from this process."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from analysis.records import Event
from analysis.session_file import open_session
from app.events import read_journal
from app.link import Link
from app.plan import Lock, SessionPaths, SessionPlan
from app.supervisor.outcome import Choices, Outcome
from app.supervisor.session import Supervisor
from protocols.schedule import Schedule

PATIENCE_S = 40.0


class AttendedSession:
    """Runs `schedule` for a person, supervised in a thread; `close` ends what is left."""

    def __init__(self, folder: Path, schedule: Schedule, auto: bool = False, **choices: Any) -> None:
        self.plan = SessionPlan(
            uuid=str(uuid.uuid4()),
            name="session",
            origin="recorded",
            schedule=schedule.to_json(),
            window="screen",
            auto=auto,
            characters=True,
        )
        self.paths = SessionPaths(folder, "session")
        self.paths.live.mkdir(parents=True)
        self.plan.save(self.paths.plan)
        self.said: list[str] = []
        self.state: Mapping[str, Any] = {}
        self._states: list[Mapping[str, Any]] = []
        self._outcome: list[Outcome] = []
        limits: dict[str, Any] = {"attended": True, "signal_check_s": 0.0, **choices}
        self.supervisor = Supervisor(self.plan, self.paths, Choices(**limits), self.said.append)
        self._thread = threading.Thread(target=lambda: self._outcome.append(self.supervisor.run()))
        self._thread.start()
        self.wait(self.paths.lock.exists, "the lock")
        lock = Lock.read(self.paths.lock)
        assert lock is not None
        self.console = Link(lock.port, lock.token, "console", "console", os.getpid())

    def look(self) -> None:
        """Take what the supervisor said."""
        for message in self.console.poll():
            if message["type"] == "state":
                self.state = message
                self._states.append(message)

    def wait(self, condition: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
        """Wait until `condition`; fail after a while."""
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}: {self.said} {self.log()}"
            time.sleep(0.02)

    def wait_state(self, condition: Callable[[Mapping[str, Any]], object], what: str) -> None:
        """Wait until the newest state meets `condition`."""

        def met() -> bool:
            self.look()
            return bool(self.state) and bool(condition(self.state))

        self.wait(met, what)

    def wait_stage(self, name: str) -> None:
        """Wait until a stage is on."""

        def on(state: Mapping[str, Any]) -> bool:
            presenter = state.get("presenter") or {}
            return presenter.get("stage_name") == name and presenter.get("state") == "running"

        self.wait_state(on, f"stage {name}")

    def start(self) -> None:
        """Wait until all is ready and give the start."""
        self.wait_state(lambda state: state["phase"] == "waiting", "everything to be ready")
        self.command("start")

    def command(self, name: str, **more: Any) -> None:
        """Say something as the operator."""
        self.console.send({"type": "command", "name": name, **more})

    def events(self) -> list[Event]:
        """Return what the presenter journalled so far."""
        path = self.paths.journal("presenter")
        return list(read_journal(path).events) if path.exists() else []

    def pid(self, role: str) -> int:
        """Return the process id of a child."""
        child = self.supervisor._crew.one(role)  # type: ignore[arg-type]
        assert child is not None
        return child.pid

    def end(self) -> Outcome:
        """Wait for the end of the session and return what became of it."""
        self._thread.join(60)
        assert not self._thread.is_alive(), self.said
        return self._outcome[0]

    def recorded(self) -> list[Event]:
        """Return all events of the finished file."""
        with open_session(self.paths.final) as session:
            return list(session.events)

    def edges(self, char: str) -> list[str]:
        """Return down, repeat and up of a character's key in the finished file."""
        with open_session(self.paths.final) as session:
            table = session.keys
        return [str(edge) for edge, own in zip(table["edge"], table["char"], strict=True) if own == char]

    def log(self) -> str:
        """Return the end of what the presenter and the curtain printed."""
        logs = sorted(self.paths.logs.glob("*.log")) if self.paths.logs.exists() else []
        return "\n".join(path.read_text(encoding="utf-8", errors="replace")[-1500:] for path in logs)

    def close(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(Exception):
            for _ in range(3):
                self.supervisor.interrupt()
        self._thread.join(60)
        self.console.close()
