"""The line at the bottom: when the last edit was saved, what undo would take back, what to do next."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.console.parts import Elided, Line

LOOK_MS = 100


def saved_text(ago_s: float) -> str:
    """Return how long ago something was saved, in words that change slower the longer it is."""
    if ago_s < 10:
        return f"saved {max(0.0, ago_s):.1f} s ago"
    if ago_s < 90:
        return f"saved {ago_s:.0f} s ago"
    if ago_s < 5400:
        return f"saved {ago_s / 60:.0f} min ago"
    return f"saved {ago_s / 3600:.0f} h ago"


class SavedLine(QWidget):
    """Shows when the log was saved last. `saved_s()` gives `time.monotonic()` of that, None for no log."""

    def __init__(
        self, saved_s: Callable[[], float | None], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._saved_s, self.now_s = saved_s, now_s
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(16)
        self.saved = Line("", "muted")
        self.saved.setMinimumWidth(self.saved.fontMetrics().horizontalAdvance("saved 00.0 s ago ") + 8)
        self.hint = Elided()
        self.undo = Line("", "muted")
        row.addWidget(self.saved)
        row.addWidget(self.hint, 1)
        row.addWidget(self.undo)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        """Tell how long ago it is now."""
        saved_s = self._saved_s()
        text = "" if saved_s is None else saved_text(self.now_s() - saved_s)
        if text != self.saved.text():
            self.saved.setText(text)

    def say(self, text: str) -> None:
        """Show what to do next, or what was just done."""
        self.hint.set_whole(text)

    def show_undo(self, words: str) -> None:
        """Show what Ctrl+Z would take back, "" for nothing."""
        self.undo.setText(f"Ctrl+Z: {words}" if words else "")

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the clock while it is seen."""
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody reads it."""
        self._timer.stop()
