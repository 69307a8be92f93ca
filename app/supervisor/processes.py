"""Child processes: how one is started, where its output goes, and when it is tried again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app import clock

Role = Literal[
    "recorder", "presenter", "curtain", "bridge", "capture", "monitor", "sounder", "console", "finisher"
]

AT_ONCE = (0.0,)
BACK_OFF_S = (0.2, 1.0, 2.0, 5.0, 10.0)
"""Waits before the first, second, ... try of a device; the last one for ever."""
HEALTHY_AFTER_S = 30.0
"""A child that lasted this long begins its waits anew."""

_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_ROOMS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs: its role, its name (a device's id), and the arguments after `python -m app`."""

    role: Role
    name: str
    arguments: tuple[str, ...]
    waits_s: tuple[float, ...] = BACK_OFF_S

    @property
    def label(self) -> str:
        """The name of its log and of its line in the operator's list."""
        return self.role if self.name in ("", self.role) else f"{self.role}-{self.name}"


def command_line(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs Evoke with `arguments` in this very interpreter."""
    # -P: a folder named `app` where the user happens to stand must not be taken for ours.
    return [sys.executable, "-P", "-m", "app", *arguments]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return a child's environment: finds our rooms, one numeric thread, native crashes explained."""
    inherited = dict(os.environ)
    paths = [str(_ROOMS), *filter(None, inherited.get("PYTHONPATH", "").split(os.pathsep))]
    return (
        inherited
        | {
            "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
            "PYTHONFAULTHANDLER": "1",
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        | dict(extra)
    )


class Child:
    """One child process and its restarts.

    Children live in a session (process group) of their own: a Ctrl-C in the terminal reaches only the
    supervisor, which ends the session in order.
    """

    def __init__(
        self, program: Program, logs: Path, extra_environment: Mapping[str, str] | None = None
    ) -> None:
        self.program = program
        self.starts = 0
        self.last_message_s = 0.0
        self.is_wanted = True
        self._logs = logs
        self._environment = dict(extra_environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._failures = 0
        self._due_s: float | None = None

    @property
    def pid(self) -> int:
        """The process id of the newest start, 0 before the first."""
        return 0 if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it runs, as far as `ended` was asked."""
        return self._process is not None and self._process.returncode is None

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return max(0, self.starts - 1)

    @property
    def is_due(self) -> bool:
        """Whether the wait before its next start is over."""
        return self.is_wanted and self._due_s is not None and clock.now() >= self._due_s

    @property
    def failures(self) -> int:
        """How many starts in a row did not last."""
        return self._failures

    def start(self) -> None:
        """Start the process; its output is added to its log. Raises OSError."""
        self._due_s = None
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"{self.program.label}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command_line(self.program.arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(self._environment),
                start_new_session=sys.platform != "win32",
                creationflags=_NEW_GROUP,
            )
        self.starts += 1
        self._started_s = self.last_message_s = clock.now()

    def ended(self) -> int | None:
        """Return the exit status once, when the process has ended since the last call."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.poll()

    def retry(self) -> float:
        """Plan the next start after the wait that is due; return the wait in seconds."""
        if clock.now() - self._started_s > HEALTHY_AFTER_S:
            self._failures = 0
        wait_s = self.program.waits_s[min(self._failures, len(self.program.waits_s) - 1)]
        self._failures += 1
        self._due_s = clock.now() + wait_s
        return wait_s

    def terminate(self) -> None:
        """Ask it to end (a message on its link comes first; this is for one that has no link yet)."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end, at most `timeout_s`; False if it still runs."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True


def status_text(status: int) -> str:
    """Say in words how a process ended."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
