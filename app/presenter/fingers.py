"""The automatic participant's fingers: acts become mouse and key events of the form's window.

The events enter where the window system's own do, at the window, and take the whole way from there.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from app.presenter.acts import (
    BACKSPACE,
    Act,
    Choose,
    Done,
    Feel,
    Key,
    Press,
    Proceed,
    ReadHelp,
    Talk,
    key_at,
)
from app.presenter.forms import FormWindow
from app.presenter.pages.entries import NumberRow, TextRow
from app.presenter.pages.grid import GridRow
from app.presenter.pages.imagery import ImageryPage
from app.presenter.pages.options import ChoiceRow
from app.presenter.pages.parts import middle
from app.presenter.pages.questionnaire import QuestionnairePage
from app.presenter.pages.rows import ItemRow
from app.presenter.pages.scales import ScaleRow
from app.presenter.pages.speaking import SpeakingPage

KEYS = {
    "Return": Qt.Key.Key_Return,
    "Left": Qt.Key.Key_Left,
    "Right": Qt.Key.Key_Right,
    "Up": Qt.Key.Key_Up,
    "Down": Qt.Key.Key_Down,
}


class Fingers:
    """Carries out acts on whatever page `forms` shows; keys go there even while a drawn stage hides it."""

    def __init__(self, forms: FormWindow) -> None:
        self._forms = forms

    def do(self, act: Act, time: float) -> None:
        """Carry out one act now."""
        page = self._forms.page
        match act:
            case Key(char, is_down):
                self._key(key_of(char), char, is_down)
            case Press(code, is_down):
                name, char = key_at(code)
                self._key(int(KEYS[name]) if name in KEYS else key_of(char), char, is_down)
            case Choose(item, value) if isinstance(page, QuestionnairePage):
                if not page.is_shown(item) and page.button is not None:
                    self._click(page.button)
                self._answer(page.rows[item], value)
                page.refresh(time)
            case Talk(is_down) if isinstance(page, SpeakingPage):
                self._mouse(page.talk, is_down)
                page.refresh(time)
            case Feel() if isinstance(page, ImageryPage):
                self._click(page.feel)
            case Done() | ReadHelp() | Proceed() if page is not None and page.button is not None:
                page.refresh(time)
                self._click(page.button)

    def _answer(self, row: ItemRow, value: Any) -> None:
        match row:
            case ScaleRow():
                self._click(row.buttons[value - row.item.first])
            case GridRow():
                self._click(row.pad, row.pad.cell(value[0], value[1]).center())
            case ChoiceRow():
                order = [option for option, _ in row.item.options]
                for option in value if isinstance(value, list) else [value]:
                    place = order.index(option)
                    row.show_place(place)
                    self._click(row.buttons[place])
            case TextRow() | NumberRow():
                row.setFocus()
                for char in str(value):
                    for is_down in (True, False):
                        self._key(key_of(char), char, is_down)

    def _click(self, widget: QWidget, place: QPointF | None = None) -> None:
        self._mouse(widget, True, place)
        self._mouse(widget, False, place)

    def _mouse(self, widget: QWidget, is_down: bool, place: QPointF | None = None) -> None:
        handle = self._forms.windowHandle()
        inside = QPointF(middle(widget))
        if place is not None:
            inside = QPointF(widget.mapTo(widget.window(), place.toPoint()))
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            QEvent.Type.MouseButtonPress if is_down else QEvent.Type.MouseButtonRelease,
            inside,
            QPointF(handle.mapToGlobal(inside)),
            button,
            button if is_down else Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QCoreApplication.sendEvent(handle, event)

    def _key(self, key: int, char: str, is_down: bool) -> None:
        kind = QEvent.Type.KeyPress if is_down else QEvent.Type.KeyRelease
        event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, char)
        QCoreApplication.sendEvent(self._forms.windowHandle(), event)


def key_of(char: str) -> int:
    """Return Qt's number of the key that types a character."""
    if char == BACKSPACE:
        return int(Qt.Key.Key_Backspace)
    upper = char.upper()
    # The sharp s has no capital of one letter.
    return ord(upper if len(upper) == 1 else char)
