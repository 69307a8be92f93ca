"""Starting a run as a process of its own: it outlives this window, which watches the run's files only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app import settings
from app.console.launcher import start_apart, what_it_said

LOOK_MS = 200


@dataclass(slots=True)
class _Started:
    process: subprocess.Popen[bytes]
    log: Path
    is_stopped: bool = False


class Starter(QObject):
    """Starts `evoke ARGUMENTS`.

    `ended()` when one came to its end well, `failed(text)` with what it said, `stopped()` when one was
    stopped.
    """

    ended = Signal()
    failed = Signal(str)
    stopped = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._started: list[_Started] = []
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._on_look)

    @property
    def running(self) -> int:
        """How many processes still run."""
        return len(self._started)

    def start(self, arguments: Sequence[str]) -> int:
        """Start a process and return its number; raises OSError."""
        logs = settings.home() / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        log = logs / f"run-{stamp}-{os.getpid()}-{time.monotonic_ns() % 1_000_000:06d}.log"
        process = start_apart(arguments, log)
        self._started.append(_Started(process, log))
        self._look.start()
        return process.pid

    def stop(self) -> None:
        """Interrupt every process: each clears up what it had in hand, and ends."""
        for started in self._started:
            started.is_stopped = True
            if started.process.poll() is None:
                if sys.platform == "win32":
                    started.process.terminate()
                else:
                    started.process.send_signal(signal.SIGINT)

    def leave(self) -> None:
        """Watch no longer; the processes go on."""
        self._look.stop()
        for started in self._started:
            # It is meant to outlive this one: no warning that nobody waited for it.
            started.process.returncode = 0
        self._started.clear()

    def _on_look(self) -> None:
        for started in list(self._started):
            status = started.process.poll()
            if status is None:
                continue
            self._started.remove(started)
            said = _said(started.log)
            if started.is_stopped:
                with contextlib.suppress(OSError):
                    started.log.unlink()
                self.stopped.emit()
            elif status == 0 or (status == 1 and "evoke: " not in said and "Error" not in said):
                # Also a run that was stopped, or of which a fold failed: its folder tells.
                with contextlib.suppress(OSError):
                    started.log.unlink()
                self.ended.emit()
            else:
                self.failed.emit(what_it_said(said) or f"The run ended with status {status}.")
        if not self._started:
            self._look.stop()


def _said(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
