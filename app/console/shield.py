"""Two people, one computer: while keys and pointer are the participant's, this window takes neither.

What is left: the one-click marks, and buttons that act only when they are held (pause, abort, unlock).
Everything else is swallowed before any widget sees it, and the window asks the system for no keyboard.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QWindow
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMainWindow, QWidget

from app import settings
from app.console import theme
from app.console.hold import HoldButton
from app.console.parts import Line

SETTING = "console_shield"
"""`never` where the experimenter has a keyboard and a screen that no participant can reach; else always."""
KEYS = (
    QEvent.Type.KeyPress,
    QEvent.Type.KeyRelease,
    QEvent.Type.ShortcutOverride,
    QEvent.Type.Shortcut,
    QEvent.Type.InputMethod,
)
POINTER = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.Wheel,
    QEvent.Type.ContextMenu,
    QEvent.Type.TouchBegin,
    QEvent.Type.TouchUpdate,
    QEvent.Type.TouchEnd,
    QEvent.Type.DragEnter,
    QEvent.Type.Drop,
)
ONE_CLICK = "oneClick"
UNLOCKED = "The experimenter unlocked the console while keys and pointer were the participant's."
MARGIN = 8


def is_wanted() -> bool:
    """Whether this workstation shields the console: always, unless the setting says never."""
    return settings.load().get(SETTING) != "never"


class ShieldBar(QFrame):
    """Says whose keyboard it is, and holds what stays reachable."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Keyboard and mouse are the participant's")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(8)
        self.text = Line("Keyboard and mouse are the participant's now. Marks take one click.")
        row.addWidget(self.text, 1)
        self.pause = HoldButton("Hold to pause", "pause")
        self.unlock = HoldButton("Hold to unlock", "keys")
        self.unlock.setToolTip("Keep pressed for one second: use this window until the next page")
        for button in (self.pause, self.unlock):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(button)
        self.hide()

    def arrange(self) -> None:
        """Lie over the top of the window, where menus and tools are of no use now."""
        around = typing.cast("QWidget", self.parentWidget())
        width = min(around.width() - 2 * MARGIN, max(self.sizeHint().width(), 640))
        height = self.sizeHint().height()
        self.setGeometry(QRect((around.width() - width) // 2, MARGIN, width, height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a raised strip with a strong border."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.warning))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class Shield(QObject):
    """Guards `window` while it is `on`.

    Widgets with the property `oneClick` take a click all the same, and so does every `HoldButton`: what
    acts only after a second is no slip of the hand. `unlock` opens the window until the participant's next
    page.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.bar = ShieldBar(window)
        self.is_on = False
        self._window = window
        self._wanted = False
        self._unlocked = False
        self.bar.unlock.held.connect(self.unlock)

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Follow a session's state, {} where there is none."""
        wanted = bool(state.get("participant_input")) and is_wanted()
        if not wanted:
            self._unlocked = False
        self._wanted = wanted
        self._turn(wanted and not self._unlocked)

    def unlock(self) -> None:
        """Let the experimenter use the window until the participant's next page."""
        self._unlocked = True
        self._turn(False)

    def _turn(self, on: bool) -> None:
        if on == self.is_on:
            return
        self.is_on = on
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if on:
            while (popup := QApplication.activePopupWidget()) is not None:
                popup.close()
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)
        for widget in theme.every_window(application):
            handle = widget.windowHandle()
            if handle is not None and widget.isVisible():
                # A click on a mark must not bring the keyboard here.
                handle.setFlag(Qt.WindowType.WindowDoesNotAcceptFocus, on)
        self.bar.setVisible(on)
        if on:
            self.bar.arrange()
            self.bar.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow what is meant for nobody here."""
        kind = event.type()
        if kind == QEvent.Type.Resize and watched is self._window:
            self.bar.arrange()
            return False
        if kind in KEYS:
            # An override that is accepted keeps shortcuts from acting.
            event.accept()
            return True
        if kind not in POINTER:
            return False
        return not self._may_pass(watched, event)

    def _may_pass(self, watched: QObject, event: QEvent) -> bool:
        if kind_is_click(event) and isinstance(watched, QWindow):
            place = typing.cast("QMouseEvent", event).globalPosition().toPoint()
            return self._is_let_through(QApplication.widgetAt(place))
        return kind_is_click(event) and isinstance(watched, QWidget) and self._is_let_through(watched)

    def _is_let_through(self, widget: QWidget | None) -> bool:
        while widget is not None:
            if isinstance(widget, HoldButton) or widget.property(ONE_CLICK):
                return True
            widget = widget.parentWidget()
        return False


def kind_is_click(event: QEvent) -> bool:
    """Whether an event is a mouse button's."""
    return event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease)
