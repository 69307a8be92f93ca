"""Toasts: what the window has to say, in the lower left corner, never over the session's controls."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QToolButton, QWidget

from app import settings
from app.console import icons, theme

Level = Literal["good", "info", "warning", "alarm"]
STAY_MS: dict[Level, int] = {"good": 6000, "info": 8000, "warning": 15000, "alarm": 0}
MOST_SHOWN = 4
MARGIN = 12
LOG = logging.getLogger("evoke.console")


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that was said: when (local time of day), how urgent, what."""

    time: str
    level: Level
    text: str


class Toast(QFrame):
    """One message; an alarm stays until it is closed."""

    closed = Signal(object)

    def __init__(self, notice: Notice, action: str, call: Callable[[], None] | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        colours = theme.current()
        self.setAccessibleName(notice.text)
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 8, 8, 8)
        name = {"good": "good", "info": "accent", "warning": "warning", "alarm": "alarm"}[notice.level]
        self._edge = name
        picture = QLabel()
        picture.setPixmap(icons.draw(notice.level, getattr(colours, name), 18))
        text = QLabel(notice.text)
        text.setWordWrap(True)
        text.setMinimumWidth(260)
        text.setMaximumWidth(420)
        text.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton()
        close.setIcon(icons.icon("close"))
        close.setAutoRaise(True)
        close.setToolTip("Close this message")
        close.setAccessibleName("Close this message")
        close.clicked.connect(self._close)
        grid.addWidget(picture, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(text, 0, 1)
        grid.addWidget(close, 0, 2, Qt.AlignmentFlag.AlignTop)
        if action and call is not None:
            button = QPushButton(action)
            button.clicked.connect(self._close)
            button.clicked.connect(lambda: call())
            grid.addWidget(button, 1, 1, Qt.AlignmentFlag.AlignRight)
        self._timer = QTimer(self, singleShot=True, interval=STAY_MS[notice.level])
        self._timer.timeout.connect(self._close)
        if STAY_MS[notice.level]:
            self._timer.start()

    def enterEvent(self, event: QEvent) -> None:
        """A message that is being read stays."""
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """Go on with the wait."""
        if STAY_MS[self.notice.level]:
            self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a raised box with an edge in the level's colour."""
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.raised))
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        edge = self.rect()
        edge.setWidth(4)
        painter.fillRect(edge, QColor(getattr(colours, self._edge)))

    def _close(self) -> None:
        self._timer.stop()
        self.closed.emit(self)


class Notifier(QObject):
    """Shows toasts on `window` above `keep_clear` pixels at its bottom and remembers what was said."""

    said = Signal(object)
    _from_thread = Signal(str, str)

    def __init__(self, window: QWidget, keep_clear: Callable[[], int]) -> None:
        super().__init__(window)
        self.history: list[Notice] = []
        self._window = window
        self._keep_clear = keep_clear
        self._shown: list[Toast] = []
        window.installEventFilter(self)
        self._from_thread.connect(self._say_error)

    @property
    def shown(self) -> list[Toast]:
        """The toasts on the screen, oldest first."""
        return list(self._shown)

    def say(
        self, text: str, level: Level = "info", action: str = "", call: Callable[[], None] | None = None
    ) -> None:
        """Show a message; the same text twice in a row is shown once."""
        if self._shown and self._shown[-1].notice.text == text:
            return
        notice = Notice(time.strftime("%H:%M:%S"), level, text)
        self.history.append(notice)
        toast = Toast(notice, action, call, self._window)
        toast.closed.connect(self._drop)
        self._shown.append(toast)
        for old in self._shown[:-MOST_SHOWN]:
            self._drop(old)
        self.arrange()
        toast.show()
        toast.raise_()
        self.said.emit(notice)

    def withdraw(self, texts: Sequence[str]) -> None:
        """Close the messages with these texts: what they told is over."""
        for toast in self.shown:
            if toast.notice.text in texts:
                self._drop(toast)

    def clear(self) -> None:
        """Close all messages."""
        for toast in self.shown:
            self._drop(toast)

    def arrange(self) -> None:
        """Stack the toasts from the lower left corner upwards."""
        bottom = self._window.height() - self._keep_clear() - MARGIN
        for toast in reversed(self._shown):
            toast.adjustSize()
            bottom -= toast.height()
            toast.move(MARGIN, max(0, bottom))
            bottom -= 6

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the toasts in their corner."""
        if event.type() == QEvent.Type.Resize:
            self.arrange()
        return False

    def report(self, what: str, details: str) -> None:
        """Tell of an unexpected error, from any thread; details are in the log already."""
        self._from_thread.emit(what, details)

    def _say_error(self, what: str, details: str) -> None:
        text = f"{what} A running recording is not touched by this. The details are in the log."
        from PySide6.QtGui import QGuiApplication

        def copy() -> None:
            QGuiApplication.clipboard().setText(details)

        self.say(text, "alarm", "Copy details", copy)

    def _drop(self, toast: Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            toast.hide()
            toast.deleteLater()
            self.arrange()


def log_to_file() -> None:
    """Write the console's log beside the settings."""
    folder = settings.home() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "console.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    if sys.stderr is not None:
        faulthandler.enable()


class Hooks:
    """Catches what nobody caught, in every thread: log and toast. `remove` puts the old hooks back."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._old = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def remove(self) -> None:
        """Put the old hooks back."""
        sys.excepthook, threading.excepthook = self._old

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._old[0](kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        LOG.error("uncaught exception\n%s", details)
        self._notifier.report(f"Something went wrong in this window ({kind.__name__}).", details)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._on_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
