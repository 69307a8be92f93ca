"""The session's children together: started, watched, started again; each start and end is journalled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app import clock
from app.supervisor.processes import Child, Program, Role, status_text

SILENCE_LIMIT_S = 30.0
"""A device's process, or the monitor, that sends no word for so long hangs and is started anew."""


class Crew:
    """All children of one session.

    `on_end(child, status)` decides about a child that ended by itself: True has it started again
    after its wait. `note(kind, payload)` journals.
    """

    def __init__(
        self,
        note: Callable[[str, Mapping[str, Any]], None],
        logs: Path,
        environment: Mapping[str, str],
        on_end: Callable[[Child, int], bool],
    ) -> None:
        self._note = note
        self._logs = logs
        self._environment = environment
        self._on_end = on_end
        self._children: dict[str, Child] = {}
        self._hung: set[int] = set()

    def all(self, *roles: Role) -> list[Child]:
        """Return the children of some roles, of all without any."""
        return [child for child in self._children.values() if not roles or child.program.role in roles]

    def one(self, role: Role) -> Child | None:
        """Return the only child of a role."""
        return next(iter(self.all(role)), None)

    def with_pid(self, pid: int) -> Child | None:
        """Return the child that runs as `pid`."""
        return next((child for child in self._children.values() if child.pid == pid), None)

    def pids(self) -> dict[str, int]:
        """Return who the recorder and the presenter are, for the others to watch."""
        return {child.program.role: child.pid for child in self.all("recorder", "presenter")}

    def add(self, program: Program) -> Child:
        """Start a child."""
        child = Child(program, self._logs, self._environment)
        self._children[program.label] = child
        self._start(child)
        return child

    def watch(self) -> bool:
        """Notice ends, start what is due; True if a process was started or has ended."""
        changed = False
        for child in self.all():
            changed |= self._notice_end(child)
            if child.is_due:
                self._start(child)
                changed = True
            elif self._is_hung(child):
                self._hung.add(child.pid)
                child.kill()
        return changed

    def release(self, *roles: Role) -> None:
        """From now on, children of these roles may end without being started again."""
        for child in self.all(*roles):
            child.is_wanted = False

    def all_ended(self, *roles: Role) -> bool:
        """Whether nothing of these roles runs any more."""
        return not any(child.is_running for child in self.all(*roles))

    def end(self, *roles: Role, patience_s: float = 3.0) -> None:
        """End what still runs of these roles, by force after `patience_s`."""
        self.release(*roles)
        running = [child for child in self.all(*roles) if child.is_running]
        for child in running:
            child.terminate()
        deadline_s = clock.now() + patience_s
        for child in running:
            if not child.wait(max(0.0, deadline_s - clock.now())):
                child.kill()
                child.wait(patience_s)

    def _start(self, child: Child) -> None:
        program = child.program
        try:
            child.start()
        except OSError as error:
            wait_s = child.retry()
            self._note(
                "process_ended",
                {
                    "role": program.role,
                    "name": program.name,
                    "status": None,
                    "cause": f"could not be started: {error.strerror}",
                    "restart_in_s": wait_s,
                },
            )
            return
        self._note(
            "process_started",
            {
                "role": program.role,
                "name": program.name,
                "pid": child.pid,
                "restarts": child.restarts,
            },
        )

    def _notice_end(self, child: Child) -> bool:
        pid, status = child.pid, child.ended()
        if status is None:
            return False
        cause = "hung" if pid in self._hung else status_text(status)
        again = child.is_wanted and self._on_end(child, status)
        wait_s = child.retry() if again else None
        self._note(
            "process_ended",
            {
                "role": child.program.role,
                "name": child.program.name,
                "pid": pid,
                "status": status,
                "cause": cause,
                "restart_in_s": wait_s,
            },
        )
        return True

    def _is_hung(self, child: Child) -> bool:
        return (
            child.program.role in ("bridge", "capture", "monitor")
            and child.is_running
            and child.is_wanted
            and child.pid not in self._hung
            and clock.now() - child.last_message_s > SILENCE_LIMIT_S
        )
