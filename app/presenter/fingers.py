"""The automatic participant's fingers: acts become mouse and key events of the form's window.

The events enter where the window system's own do, at the window, and take the whole way from there.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from app.presenter.automatic import BACKSPACE, Act, Choose, Key, Proceed, Talk
from app.presenter.forms import FormWindow
from app.presenter.pages.base import middle
from app.presenter.pages.questionnaire import QuestionnairePage
from app.presenter.pages.speaking import SpeakingPage


class Fingers:
    """Carries out acts on whatever page `forms` shows."""

    def __init__(self, forms: FormWindow) -> None:
        self._forms = forms

    def do(self, act: Act, time: float) -> None:
        """Carry out one act now."""
        page = self._forms.page
        if page is None:
            if isinstance(act, Key):
                self._key(act.char, act.is_down)
            return
        match act:
            case Choose(item, value) if isinstance(page, QuestionnairePage):
                if not page.is_shown(item) and page.button is not None:
                    self._click(page.button)
                self._click(page.rows[item].buttons[value - 1])
                page.refresh(time)
            case Key(char, is_down):
                self._key(char, is_down)
            case Talk(is_down) if isinstance(page, SpeakingPage):
                self._mouse(page.talk, is_down)
                page.refresh(time)
            case Proceed() if page.button is not None:
                page.refresh(time)
                self._click(page.button)

    def _click(self, widget: QWidget) -> None:
        self._mouse(widget, is_down=True)
        self._mouse(widget, is_down=False)

    def _mouse(self, widget: QWidget, is_down: bool) -> None:
        handle = self._forms.windowHandle()
        place = QPointF(middle(widget))
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            QEvent.Type.MouseButtonPress if is_down else QEvent.Type.MouseButtonRelease,
            place,
            QPointF(handle.mapToGlobal(place)),
            button,
            button if is_down else Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QCoreApplication.sendEvent(handle, event)

    def _key(self, char: str, is_down: bool) -> None:
        kind = QEvent.Type.KeyPress if is_down else QEvent.Type.KeyRelease
        key = Qt.Key.Key_Backspace if char == BACKSPACE else Qt.Key(ord(char.upper()))
        event = QKeyEvent(kind, int(key), Qt.KeyboardModifier.NoModifier, char)
        QCoreApplication.sendEvent(self._forms.windowHandle(), event)
