"""Opening a recording in a thread, with progress, a way to cancel, and one clear message where it fails."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.console.review.foreign import CancelledError
from app.console.review.recording import Recording, open_recording
from app.console.work import Work

LOOK_MS = 80


class _Told:
    """What the thread has reached; written there, read by the window."""

    def __init__(self) -> None:
        self.text, self.share = "", 0.0
        self.is_cancelled = False

    def tell(self, text: str, share: float) -> None:
        self.text, self.share = text, share


class Opening(QObject):
    """Opens one recording after the other; `opened(recording)`, `failed(text)` or `cancelled`.

    `progressed(text, share)` while it lasts. A recording that nobody waits for any more is closed.
    """

    opened = Signal(object)
    failed = Signal(str)
    cancelled = Signal()
    progressed = Signal(str, float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._told: _Told | None = None
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._on_look)

    @property
    def is_busy(self) -> bool:
        """Whether a recording is being opened."""
        return self._told is not None

    def start(self, path: Path) -> None:
        """Open this one instead of any other."""
        self.cancel()
        told = self._told = _Told()
        work = Work(lambda: _opened(path, told), self)
        work.done.connect(partial(self._on_done, told))
        work.failed.connect(partial(self._on_failed, told))
        work.done.connect(work.deleteLater)
        work.failed.connect(work.deleteLater)
        work.start()
        self._look.start()
        self.progressed.emit("Opening", 0.0)

    def cancel(self) -> None:
        """Stop; what arrives late is closed."""
        if self._told is not None:
            self._told.is_cancelled = True
            self._told = None
            self._look.stop()
            self.cancelled.emit()

    def _on_look(self) -> None:
        if self._told is not None:
            self.progressed.emit(self._told.text, self._told.share)

    def _on_done(self, told: _Told, recording: Recording) -> None:
        if told is not self._told:
            recording.close()
            return
        self._told = None
        self._look.stop()
        self.opened.emit(recording)

    def _on_failed(self, told: _Told, error: Exception) -> None:
        if told is not self._told:
            return
        self._told = None
        self._look.stop()
        if isinstance(error, CancelledError):
            self.cancelled.emit()
        else:
            self.failed.emit(str(error))


def _opened(path: Path, told: _Told) -> Recording:
    recording = open_recording(path, told.tell, lambda: told.is_cancelled)
    # What the first picture needs is read here, not in the window.
    _ = recording.films
    return recording
