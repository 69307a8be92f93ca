"""The second copy as the window follows it: asked in a thread, copied by a process, never waited for."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from app import copies
from app.console.work import Work
from app.copies import CopyState
from app.study import Study

RETRY_MS = 60_000
LOOK_MS = 1_000
NONE = CopyState("none")


@dataclass(frozen=True, slots=True)
class CopyNews:
    """How the second copy stands, and how many copies there are of each finished session's file."""

    state: CopyState = NONE
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def level(self) -> str:
        """How urgent it is: `warning` where the place cannot be reached or a copy cannot be made."""
        return "warning" if self.state.state == "unreachable" or self.state.problem else "info"

    @property
    def words(self) -> str:
        """What the study page says of it, "" where all is copied or no second place was chosen."""
        state = self.state
        if state.state in ("none", "ok"):
            return ""
        count = f"{state.files} file{'' if state.files == 1 else 's'} ({size_text(state.bytes)})"
        waiting = f"{count} still to be copied." if state.files else "Everything is copied so far."
        if state.state == "unreachable":
            return f"Second copy: {state.place} cannot be reached. {waiting} It is tried again every minute."
        return f"Second copy: {state.problem or 'copying now.'} {waiting}"


def read_news(study: Study) -> CopyNews:
    """Ask for the state of the second copy; may wait for disks, so not in the window's thread."""
    known = copies.state(study)
    if known.state == "none":
        return CopyNews()
    counts = {session.file: copies.copies(study, session.file) for session in study.sessions()}
    return CopyNews(known, counts)


def size_text(count: float) -> str:
    """Say a number of bytes as a person would."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


class CopiesWatch(QObject):
    """Follows one study: copies what waits once a minute and says `changed(news)`."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._study: Study | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._work: Work | None = None
        self._retry = QTimer(self, interval=RETRY_MS)
        self._retry.timeout.connect(self.copy_now)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._on_look)

    def follow(self, study: Study | None) -> None:
        """Follow another study, None for none."""
        self._study = study
        if study is None:
            self._retry.stop()
            self._look.stop()
        else:
            self._retry.start()
            self.copy_now()

    def copy_now(self) -> None:
        """Copy what waits, in a process of its own, unless that goes on already."""
        study = self._study
        if study is None or self._work is not None:
            return
        starts = self._process is None or self._process.poll() is not None

        def work() -> tuple[CopyNews, subprocess.Popen[bytes] | None]:
            process = copies.start_pending(study) if starts else None
            return read_news(study), process

        self._work = Work(work, self)
        self._work.done.connect(self._on_started)
        self._work.failed.connect(self._on_failed)
        self._work.start()

    def _on_started(self, result: tuple[CopyNews, subprocess.Popen[bytes] | None]) -> None:
        self._work = None
        news, process = result
        if process is not None:
            self._process = process
            self._look.start()
        if self._study is not None:
            self.changed.emit(news)

    def _on_look(self) -> None:
        study = self._study
        if self._work is not None or study is None:
            return
        if self._process is None or self._process.poll() is not None:
            self._look.stop()
        self._work = Work(lambda: (read_news(study), None), self)
        self._work.done.connect(self._on_started)
        self._work.failed.connect(self._on_failed)
        self._work.start()

    def _on_failed(self, error: Exception) -> None:
        self._work = None
        if self._study is not None:
            self.changed.emit(CopyNews(CopyState("pending", problem=str(error))))
