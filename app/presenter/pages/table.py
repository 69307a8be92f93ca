"""Scales of one kind as a table: a line for each item, the points below common heads.

The ring of the keyboard goes over the points and on to the box in the last column, which declines.
"""

from __future__ import annotations

import typing
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from app.presenter.pages.parts import FittedText, paint_ring, paint_tick
from app.presenter.pages.scales import ScaleButton, ScaleRow, end_words
from app.presenter.style import Style
from app.presenter.tasks import Item

LEFT = Qt.AlignmentFlag.AlignLeft
# Fewer items are easier to read one below the other.
LEAST_ITEMS = 4


class TableButton(ScaleButton):
    """One point of a scale in a table: a circle to tick, with its number in it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the circle."""
        look = self.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width() - look.px(6), look.tx(38))
        circle = QRectF(0, 0, side, side)
        circle.moveCenter(QRectF(self.rect()).center())
        paint_tick(painter, look, circle, self.isChecked(), is_round=True)
        if not self.isChecked():
            font = look.font(18)
            font.setPixelSize(min(font.pixelSize(), round(side * 0.5)))
            painter.setFont(font)
            painter.setPen(look.colour("ink" if self.underMouse() else "muted"))
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self.value))
        if self.is_ringed:
            ring = circle.adjusted(-look.px(4), -look.px(4), look.px(4), look.px(4))
            paint_ring(painter, look, ring, ring.width() / 2)
        painter.end()


class DeclineBox(QAbstractButton):
    """The last column of a table: a box for what one would rather not answer."""

    def __init__(self, text: str, style: Style, size: QSize) -> None:
        super().__init__()
        self.look = style
        self.is_ringed = False
        self.setCheckable(True)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(size)

    def nextCheckState(self) -> None:
        """Stay as it is: the row says what is declined."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box."""
        look, side = self.look, self.look.tx(18)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(self.rect()).center())
        paint_tick(painter, look, box, self.isChecked())
        if self.is_ringed:
            paint_ring(painter, look, box.adjusted(-6, -6, 6, 6), look.px(6))
        painter.end()


class TableRow(ScaleRow):
    """A scale as one line of a table: text, points below the table's heads, and the box to decline."""

    def make_button(self, value: int, width: int) -> ScaleButton:
        """Return the circle of a point."""
        each = table_parts(self.look, width, self.item.points).each
        return TableButton(self.item, value, self.look, QSize(each, self.look.tx(46)))

    def lay_out(self, width: int) -> None:
        """Put everything side by side."""
        parts = table_parts(self.look, width, self.item.points)
        self.box = DeclineBox(self.look.say("decline"), self.look, QSize(parts.decline, self.look.tx(46)))
        self.box.clicked.connect(self.decline_it)
        self.text = FittedText(
            self.item.text,
            self.look.font(23),
            self.look.colour("ink"),
            across=Qt.AlignmentFlag.AlignLeft,
        )
        margin = self.look.px(10)
        needed = self.text.heightForWidth(parts.text - margin)
        self.setFixedHeight(max(self.look.tx(56), min(needed + self.look.px(12), self.look.tx(150))))
        self.text.setFixedSize(parts.text - margin, self.height() - self.look.px(6))
        line = QHBoxLayout()
        line.setSpacing(0)
        line.addSpacing(margin)
        line.addWidget(self.text)
        line.addSpacing(parts.gap)
        for button in self.buttons:
            line.addWidget(button)
        line.addSpacing(parts.gap)
        line.addWidget(self.box)
        self.column.addLayout(line)

    @property
    def ring_places(self) -> int:
        """The points, and the box behind them."""
        return self.item.points + 1

    def choose_ring(self) -> None:
        """Choose a point, or decline."""
        if self._ring == self.item.points:
            self.decline_it()
        else:
            super().choose_ring()

    def show_answer(self, value: Any, is_declined: bool) -> None:
        """Show what is answered."""
        self.box.setChecked(is_declined)
        super().show_answer(value, is_declined)

    def show_ring(self) -> None:
        """Show where the keyboard is."""
        super().show_ring()
        self.box.is_ringed = self.hasFocus() and self._ring == self.item.points
        self.box.update()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a line below, and a soft ground where the keyboard is."""
        painter = QPainter(self)
        if self.hasFocus():
            painter.fillRect(self.rect(), self.look.colour("surface"))
        painter.setPen(QPen(self.look.colour("line", 0.5), 1))
        painter.drawLine(self.rect().bottomLeft(), self.rect().bottomRight())
        painter.end()


class TableHead(QWidget):
    """The heads of a table: the points' labels or the words at the ends, and the one for declining."""

    def __init__(self, item: Item, style: Style, width: int) -> None:
        super().__init__()
        parts = table_parts(style, width, item.points)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addSpacing(parts.text + parts.gap)
        if item.labels:
            heads = [(label, parts.each) for label in item.labels]
        else:
            half = parts.each * item.points // 2
            heads = [(item.low, half), (item.high, parts.each * item.points - half)]
        heads.append((style.say("decline"), parts.decline))
        most = 0
        for place, (text, wide) in enumerate(heads):
            is_last = place == len(heads) - 1
            if item.labels or is_last:
                words = FittedText(text, style.font(15 if is_last else 18), style.colour("muted"))
                words.align(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
            else:
                words = end_words(text, style, Qt.AlignmentFlag.AlignRight if place else LEFT)
            room = wide - style.px(8)
            words.setFixedWidth(room)
            most = max(most, words.heightForWidth(room))
            line.addSpacing(style.px(4) + (parts.gap if is_last else 0))
            line.addWidget(words)
            line.addSpacing(wide - room - style.px(4))
        self.setFixedSize(width, min(most, style.tx(110)) + style.px(6))


class TableParts(typing.NamedTuple):
    """Widths of a table's columns in pixels."""

    text: int
    each: int
    gap: int
    decline: int


def table_parts(style: Style, width: int, points: int) -> TableParts:
    """Return the widths of a table's columns: text gets what the points leave it, a third at least."""
    gap, decline = style.px(16), style.tx(120)
    each = min(style.tx(150), (width * 62 // 100 - decline - 2 * gap) // points)
    return TableParts(width - each * points - 2 * gap - decline, each, gap, decline)


def fits_table(items: typing.Sequence[Item]) -> bool:
    """Whether items form a table: enough of them, and all scales with the same points and words."""
    forms = {(item.scale, item.points, item.first, item.labels, item.low, item.high) for item in items}
    return len(items) >= LEAST_ITEMS and len(forms) == 1 and items[0].scale == "likert"
