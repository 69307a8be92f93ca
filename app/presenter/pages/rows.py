"""What the rows of a questionnaire share: a question, its answer, declining, and where the keyboard goes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.presenter.pages.parts import FittedText, Link
from app.presenter.style import Style
from app.presenter.tasks import Item

ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class ItemRow(QWidget):
    """An item: its text, a way to answer, and one not to.

    `chosen` tells (item, value), `declined` (item); `leave` asks to move the keyboard by so many rows.
    """

    chosen = Signal(str, object)
    declined = Signal(str)
    leave = Signal(int)

    def __init__(self, item: Item, style: Style, width: int) -> None:
        super().__init__()
        self.item = item
        self.look = style
        self.setFixedWidth(width)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(item.text)
        self.text = FittedText(item.text, style.font(28, bold=True), style.colour("ink"), centred=True)
        self.decline = Link(style.say("decline"), style)
        self.decline.clicked.connect(self.decline_it)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(style.px(6))

    def fix_text(self, width: int, most: int) -> None:
        """Give the question the height it needs in `width`, `most` pixels at most."""
        self.text.setFixedHeight(min(most, self.text.heightForWidth(width)))

    def add_foot(self, low: QWidget | None = None, high: QWidget | None = None) -> QHBoxLayout:
        """Return the line below the answers: the ends' words, and between them the way not to answer."""
        foot = QHBoxLayout()
        foot.setSpacing(self.look.px(8))
        for widget, side in ((low, Qt.AlignmentFlag.AlignLeft), (high, Qt.AlignmentFlag.AlignRight)):
            if side == Qt.AlignmentFlag.AlignRight:
                foot.addWidget(self.decline, 0, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            if widget is None:
                foot.addStretch(1)
            else:
                foot.addWidget(widget, 1)
        return foot

    def answer(self, value: Any) -> None:
        """Give an answer."""
        if self.item.accepts(value):
            self.show_answer(value, False)
            self.chosen.emit(self.item.id, value)

    def decline_it(self) -> None:
        """Rather not answer."""
        self.show_answer(None, True)
        self.declined.emit(self.item.id)

    def show_answer(self, value: Any, is_declined: bool) -> None:
        """Show what is answered, without telling anybody."""
        self.decline.setChecked(is_declined)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.show_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self.show_ring()

    def show_ring(self) -> None:
        """Show where the keyboard is within the row."""
        self.update()

    def step_of(self, event: QKeyEvent) -> int:
        """Return -1 or 1 for an arrow key along the row, in its direction of writing; else 0."""
        step = ARROWS.get(Qt.Key(event.key()), 0)
        return -step if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else step

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down go to another row."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.leave.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)
