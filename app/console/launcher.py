"""Starting a supervisor as a process of its own, and finding the session that it opened."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app import settings
from app.plan import LIVE_SUFFIX, Lock, SessionPaths

LOOK_MS = 150
_ROOMS = Path(__file__).resolve().parents[2]
_APART: list[subprocess.Popen[bytes]] = []
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


def command_line(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs Evoke with `arguments` in this interpreter."""
    return [sys.executable, "-P", "-m", "app", *arguments]


def child_environment() -> dict[str, str]:
    """Return an environment in which a child finds these rooms from any folder."""
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join([str(_ROOMS), *filter(None, inherited)])}


def start_apart(arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Run Evoke with `arguments` in a process that outlives this one; what it says goes into `log`."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            command_line(arguments),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=child_environment(),
            start_new_session=sys.platform != "win32",
            creationflags=_NEW_GROUP,
        )
    # They outlive who started them; what has ended meanwhile is taken leave of here.
    _APART[:] = [each for each in _APART if each.poll() is None]
    _APART.append(process)
    return process


class Launcher(QObject):
    """Starts `python -m app ARGUMENTS` and waits for its session in `folder`, or for the one that is `known`.

    `found(paths)` once the session's lock is there, `failed(text)` if the process ended before, with
    what it said. The process outlives this window.
    """

    found = Signal(object)
    failed = Signal(str)
    ended = Signal(int)

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        parent: QObject | None = None,
        known: SessionPaths | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._known = known
        self._before = set(_live_folders(folder)) if known is None else set()
        self._is_found = False
        logs = settings.home() / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self._log = logs / f"supervisor-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        self.process = start_apart(arguments, self._log)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @property
    def said(self) -> str:
        """What the process has written so far."""
        try:
            return self._log.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def stop(self) -> None:
        """End the process before it has opened a session."""
        if not self._is_found and self.process.poll() is None:
            self.process.terminate()

    def _look(self) -> None:
        if not self._is_found:
            places = _live_folders(self._folder) if self._known is None else [self._known.live]
            for live in places:
                lock = Lock.read(SessionPaths.of_live(live).lock)
                if live not in self._before and lock is not None and lock.is_alive:
                    self._is_found = True
                    self.found.emit(SessionPaths.of_live(live))
                    return
        status = self.process.poll()
        if status is None:
            return
        self._timer.stop()
        if not self._is_found:
            self.failed.emit(
                what_it_said(self.said) or f"The session could not be started (status {status})."
            )
        else:
            with contextlib.suppress(OSError):
                if status == 0:
                    self._log.unlink()
        self.ended.emit(status)


def what_it_said(text: str) -> str:
    """Return the message for a person out of what a command wrote."""
    lines = text.splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith("evoke: ")]
    if starts:
        return "\n".join(lines[starts[-1] :]).removeprefix("evoke: ").strip()
    return "\n".join(lines[-3:]).strip()


def _live_folders(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"**/sub-*/ses-*/*{LIVE_SUFFIX}")) if folder.is_dir() else []
