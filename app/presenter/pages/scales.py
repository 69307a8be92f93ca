"""Rating scales: a row of numbered buttons or of self-assessment figures, by mouse or keyboard.

Left and Right move a ring over the row without choosing anything (a scale must not push to one of its
ends), Space chooses, a digit chooses at once, Up and Down change the row.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QVBoxLayout, QWidget

import resources
from app.presenter.pages.parts import FittedText, paint_ring
from app.presenter.pages.rows import ItemRow
from app.presenter.style import Style
from app.presenter.tasks import Item

FIGURES = Path(resources.__file__).parent / "assessment"
DIGITS = 10


@functools.cache
def figure(dimension: str, points: int, value: int) -> QSvgRenderer:
    """Return the self-assessment figure for `value` of `points`."""
    return QSvgRenderer(str(FIGURES / f"{dimension}-{points}-{value}.svg"))


class ScaleButton(QAbstractButton):
    """One point of a scale; chosen is told by fill, thicker border and a dot, not by colour alone."""

    def __init__(self, item: Item, value: int, style: Style, size: QSize) -> None:
        super().__init__()
        self.item = item
        self.look = style
        self.value = value
        self.is_ringed = False
        place = value - item.first
        self.words = item.labels[place] if item.labels else ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{item.text}: {self.words or value} ({place + 1} of {item.points})")
        self.setFixedSize(size)

    def nextCheckState(self) -> None:
        """Stay as it is: the row says what is chosen."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint number or figure in its state."""
        look = self.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = look.px(4)
        body = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        radius = look.px(12)
        chosen = self.isChecked()
        border = look.px(3) if chosen else look.px(1.5)
        painter.setPen(QPen(look.colour("accent" if chosen else "line"), border))
        painter.setBrush(look.fill(chosen, self.underMouse()))
        painter.drawRoundedRect(body, radius, radius)
        if self.item.scale == "sam":
            self._paint_figure(painter, body)
        else:
            self._paint_words(painter, body, chosen)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("accent"))
            dot = look.px(10)
            painter.drawEllipse(QRectF(body.center().x() - dot / 2, body.bottom() - dot * 1.6, dot, dot))
        if self.is_ringed:
            paint_ring(painter, look, QRectF(self.rect()), radius + gap)
        painter.end()

    def _paint_words(self, painter: QPainter, body: QRectF, chosen: bool) -> None:
        look = self.look
        painter.setPen(look.colour("ink"))
        if not self.words:
            font = look.font(28, bold=chosen)
            font.setPixelSize(min(font.pixelSize(), round(body.width() * 0.52)))
            painter.setFont(font)
            painter.drawText(body, Qt.AlignmentFlag.AlignCenter, str(self.value))
            return
        foot = look.px(20)
        room = body.adjusted(look.px(5), look.px(3), -look.px(5), -foot)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        font = look.font(20, bold=chosen)
        while font.pixelSize() > 8:
            bounds = QFontMetrics(font).boundingRect(room.toRect(), flags, self.words)
            if bounds.height() <= room.height() and bounds.width() <= room.width():
                break
            font.setPixelSize(font.pixelSize() - 1)
        painter.setFont(font)
        painter.drawText(room, flags, self.words)

    def _paint_figure(self, painter: QPainter, body: QRectF) -> None:
        foot = self.look.px(16)
        side = min(body.width(), body.height() - foot) * 0.92
        left = body.center().x() - side / 2
        figure(self.item.dimension, self.item.points, self.value).render(
            painter, QRectF(left, body.top() + (body.height() - foot - side) / 2, side, side)
        )


class ScaleRow(ItemRow):
    """A scale: its text, its points, and the words at its two ends."""

    def __init__(self, item: Item, style: Style, width: int) -> None:
        super().__init__(item, style, width)
        self._ring = (item.points - 1) // 2
        self.buttons = [self.make_button(value, width) for value in values_of(item)]
        for button in self.buttons:
            button.clicked.connect(functools.partial(self.answer, button.value))
        self.lay_out(width)

    def make_button(self, value: int, width: int) -> ScaleButton:
        """Return the button of a point."""
        return ScaleButton(self.item, value, self.look, self.button_size(width))

    def lay_out(self, width: int) -> None:
        """Put text, points and ends below each other."""
        self.fix_text(width, self.look.px(260))
        self.column.addWidget(self.text)
        self.column.addWidget(self._points(), 0, Qt.AlignmentFlag.AlignHCenter)

    def button_size(self, width: int) -> QSize:
        """Return the size of a point: one that can be hit without aiming, as far as there is room."""
        look, item = self.look, self.item
        each = (width - (item.points - 1) * self.gap) // item.points
        if item.scale == "sam":
            side = min(look.px(140), each)
            return QSize(side, side)
        if item.labels:
            return QSize(min(each, look.tx(230)), look.tx(92))
        return QSize(min(look.tx(96), each), look.tx(76))

    @property
    def gap(self) -> int:
        """Pixels between two points; fewer where there are many."""
        return self.look.px(6 if self.item.points <= 11 else 2)

    def show_answer(self, value: Any, is_declined: bool) -> None:
        """Show which point is chosen, without telling anybody."""
        super().show_answer(value, is_declined)
        for button in self.buttons:
            button.setChecked(button.value == value)
        if value is not None:
            self._ring = value - self.item.first
        self.show_ring()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the ring, choose, or go to another row."""
        step = self.step_of(event)
        if step:
            self._ring = max(0, min(self.ring_places - 1, self._ring + step))
            self.show_ring()
        elif event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.choose_ring()
        elif not self._digit(event):
            super().keyPressEvent(event)

    @property
    def ring_places(self) -> int:
        """How many places the ring can take."""
        return self.item.points

    def choose_ring(self) -> None:
        """Choose where the ring is."""
        self.answer(self.item.first + self._ring)

    def show_ring(self) -> None:
        """Show where the keyboard is."""
        for place, button in enumerate(self.buttons):
            button.is_ringed = self.hasFocus() and place == self._ring
            button.update()

    def _digit(self, event: QKeyEvent) -> bool:
        """Choose by a digit, 0 being the tenth point of a scale from 1."""
        if len(event.text()) != 1 or event.text() not in "0123456789" or self.item.points > DIGITS + 1:
            return False
        value = int(event.text())
        if value < self.item.first:
            value += DIGITS
        if value > self.item.last or event.isAutoRepeat():
            return True
        self.answer(value)
        self.leave.emit(1)
        return True

    def _points(self) -> QWidget:
        """Return the buttons with the ends' words below, no wider than the buttons."""
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self.look.px(2))
        row = QHBoxLayout()
        row.setSpacing(self.gap)
        row.addStretch(1)
        for button in self.buttons:
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        size = self.buttons[0].width()
        wide = size * len(self.buttons) + self.gap * (len(self.buttons) - 1)
        holder.setFixedWidth(
            min(self.width(), max(wide, self.decline.sizeHint().width() + self.look.tx(300)))
        )
        column.addLayout(self._ends(holder.width()))
        return holder

    def _ends(self, width: int) -> QHBoxLayout:
        if not (self.item.low or self.item.high):
            return self.add_foot()
        each = (width - self.decline.sizeHint().width() - 2 * self.look.px(8)) // 2
        low = end_words(self.item.low, self.look, Qt.AlignmentFlag.AlignLeft)
        high = end_words(self.item.high, self.look, Qt.AlignmentFlag.AlignRight)
        height = min(self.look.tx(80), max(words.heightForWidth(each) for words in (low, high)))
        for words in (low, high):
            words.setFixedHeight(height)
        return self.add_foot(low, high)


def end_words(text: str, style: Style, side: Qt.AlignmentFlag) -> FittedText:
    """Return the words at an end of a scale, kept to `side` as the page is read."""
    words = FittedText(text, style.font(20), style.colour("muted"))
    left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
    if style.direction == Qt.LayoutDirection.RightToLeft:
        side = right if side == left else left
    words.align(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignTop)
    return words


def values_of(item: Item) -> range:
    """Return the values of a scale."""
    return range(item.first, item.last + 1)
