"""Lists to choose from, one or several: by click, digit, or arrow keys and Space.

As many columns as the words allow; where all of it does not fit, the list has several pages.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QStackedWidget, QWidget

from app.presenter.pages.parts import ENDLESS, Link, label, paint_ring, paint_tick
from app.presenter.pages.rows import ItemRow
from app.presenter.style import Style
from app.presenter.tasks import Item

MOST_COLUMNS = 4
WRAPPED = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignVCenter)


class OptionButton(QAbstractButton):
    """An option: a circle (one) or box (several) to tick, its digit, its words."""

    def __init__(self, text: str, number: int, several: bool, style: Style) -> None:
        super().__init__()
        self.look = style
        self.is_ringed = False
        self._several = several
        self._digit = str(number % 10) if number <= 10 else ""
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def nextCheckState(self) -> None:
        """Stay as it is: the row says what is chosen."""

    def height_in(self, width: int) -> int:
        """Return the height that the words need in a column of `width`."""
        room = QRect(0, 0, width - self._left - self._right, ENDLESS)
        words = QFontMetrics(self.look.font(23)).boundingRect(room, WRAPPED, self.text())
        return max(self.look.tx(54), words.height() + self.look.px(22))

    @property
    def beside(self) -> int:
        """Pixels beside the words."""
        return self._left + self._right

    @property
    def _left(self) -> int:
        return self.look.px(16) + self.look.tx(36)

    @property
    def _right(self) -> int:
        return self.look.px(14) + self.look.tx(22)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the option in its state."""
        look = self.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = look.px(4)
        body = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        chosen = self.isChecked()
        painter.setPen(QPen(look.colour("accent" if chosen else "line"), look.px(3 if chosen else 1.5)))
        painter.setBrush(look.fill(chosen, self.underMouse()))
        painter.drawRoundedRect(body, look.px(10), look.px(10))
        side = look.tx(22)
        tick = QRectF(look.px(16), (self.height() - side) / 2, side, side)
        words = QRectF(self._left, 0, self.width() - self._left - self._right, self.height())
        digit = QRectF(self.width() - self._right, 0, self._right - look.px(10), self.height())
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            for box in (tick, words, digit):
                box.moveRight(self.width() - box.left())
        paint_tick(painter, look, tick, chosen, is_round=not self._several)
        font = look.font(23)
        while font.pixelSize() > 8:
            bounds = QFontMetrics(font).boundingRect(words.toRect(), WRAPPED, self.text())
            if bounds.height() <= words.height() and bounds.width() <= words.width():
                break
            font.setPixelSize(font.pixelSize() - 1)
        painter.setFont(font)
        painter.setPen(look.colour("ink"))
        painter.setLayoutDirection(self.layoutDirection())
        painter.drawText(words, WRAPPED, self.text())
        painter.setFont(look.font(14))
        painter.setPen(look.colour("muted"))
        painter.drawText(digit, Qt.AlignmentFlag.AlignCenter, self._digit)
        if self.is_ringed:
            paint_ring(painter, look, QRectF(self.rect()), look.px(13))
        painter.end()


class ChoiceRow(ItemRow):
    """A list to choose from, at most `height` pixels high."""

    def __init__(self, item: Item, style: Style, width: int, height: int) -> None:
        super().__init__(item, style, width)
        self.fix_text(width, style.px(200))
        self._chosen: list[str] = []
        self._ring = 0
        self.buttons = [
            OptionButton(text, number, item.several, style)
            for number, (_, text) in enumerate(item.options, start=1)
        ]
        for (option, _), button in zip(item.options, self.buttons, strict=True):
            button.clicked.connect(functools.partial(self.toggle, option))
        self.column.addWidget(self.text)
        foot = self.decline.sizeHint().height() + style.px(14)
        if item.several:
            how = label(self._how_many(), style, 18)
            how.setAlignment(Qt.AlignmentFlag.AlignCenter)
            how.setFixedHeight(style.tx(26))
            foot += how.height() + style.px(6)
            self.column.addWidget(how)
        self._lay_out(width, height - self.text.height() - foot)
        self.column.addLayout(self.add_foot())

    def sizeHint(self) -> QSize:
        """Ask for what the parts need."""
        return self.column.sizeHint()

    def toggle(self, option: str) -> None:
        """Choose an option; where several may be chosen, put it in or take it out."""
        self._ring = [name for name, _ in self.item.options].index(option)
        if not self.item.several:
            self.answer(option)
            return
        chosen = [name for name in self._chosen if name != option]
        if option not in self._chosen:
            if len(chosen) >= self.item.most:
                return
            chosen.append(option)
        order = [name for name, _ in self.item.options]
        self.answer(sorted(chosen, key=order.index))

    def show_answer(self, value: Any, is_declined: bool) -> None:
        """Show what is chosen."""
        super().show_answer(value, is_declined)
        self._chosen = [] if value is None else list(value) if self.item.several else [value]
        for (option, _), button in zip(self.item.options, self.buttons, strict=True):
            button.setChecked(option in self._chosen)
        self.show_ring()

    def show_ring(self) -> None:
        """Show where the keyboard is, on its page."""
        for place, button in enumerate(self.buttons):
            button.is_ringed = self.hasFocus() and place == self._ring
            button.update()

    def show_place(self, place: int) -> None:
        """Move the ring to an option and turn to its page."""
        self._ring = max(0, min(len(self.buttons) - 1, place))
        self.pages.setCurrentIndex(self._ring // self._each)
        if self.more is not None:
            self.more.setText(self._more_text())
        self.show_ring()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the ring, choose, or go to another row."""
        key, step = event.key(), self.step_of(event)
        down = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(key), 0)
        if step and self._columns > 1:
            self.show_place(self._ring + step)
        elif down and 0 <= self._ring + down * self._columns < len(self.buttons):
            self.show_place(self._ring + down * self._columns)
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self.show_place(self._ring + (self._each if key == Qt.Key.Key_PageDown else -self._each))
        elif event.isAutoRepeat():
            return
        elif key == Qt.Key.Key_Space:
            self.toggle(self.item.options[self._ring][0])
        elif len(event.text()) == 1 and event.text() in "0123456789":
            self._digit(int(event.text()))
        else:
            super().keyPressEvent(event)

    def _digit(self, digit: int) -> None:
        place = (digit or 10) - 1
        if place < len(self.buttons):
            self.show_place(place)
            self.toggle(self.item.options[place][0])
            if not self.item.several:
                self.leave.emit(1)

    def _lay_out(self, width: int, height: int) -> None:
        """Find the fewest columns in which all options fit, else divide them into pages."""
        gap = self.look.px(4)
        count = len(self.buttons)
        for columns in range(1, MOST_COLUMNS + 1):
            self._columns = columns
            each = min((width - (columns - 1) * gap) // columns, self.look.tx(620))
            tall = max(button.height_in(each) for button in self.buttons)
            rows = math.ceil(count / columns)
            # Words in narrow columns break in their middle: rather turn pages.
            widest = max(self._widest_word(button) for button in self.buttons)
            narrow = columns < MOST_COLUMNS and widest > (width - columns * gap) // (columns + 1)
            if rows * (tall + gap) <= height or narrow:
                break
        fitting = max(
            1, (height - (0 if rows * (tall + gap) <= height else self.look.tx(34))) // (tall + gap)
        )
        self._each = min(count, fitting * self._columns)
        self.pages = QStackedWidget()
        for start in range(0, count, self._each):
            page = QWidget()
            grid = QGridLayout(page)
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setSpacing(gap)
            for place, button in enumerate(self.buttons[start : start + self._each]):
                button.setFixedSize(each, tall)
                grid.addWidget(button, place // self._columns, place % self._columns)
            grid.setRowStretch(self._each, 1)
            self.pages.addWidget(page)
        self.pages.setFixedHeight(math.ceil(self._each / self._columns) * (tall + gap))
        self.column.addWidget(self.pages, 0, Qt.AlignmentFlag.AlignHCenter)
        self.more: Link | None = None
        if self.pages.count() > 1:
            self.more = Link(self._more_text(), self.look, ticks=False)
            self.more.clicked.connect(self._turn)
            self.column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignHCenter)

    def _widest_word(self, button: OptionButton) -> int:
        metrics = QFontMetrics(self.look.font(23))
        longest = max((metrics.horizontalAdvance(word) for word in button.text().split()), default=0)
        return longest + button.beside

    def _how_many(self) -> str:
        item = self.item
        if item.least <= 1 and item.most >= len(item.options):
            return self.look.say("choose_any")
        if item.least == item.most:
            return self.look.say("choose_exactly", item.least)
        return self.look.say("choose_between", item.least, item.most)

    def _turn(self) -> None:
        following = (self.pages.currentIndex() + 1) % self.pages.count()
        self.setFocus()
        self.show_place(following * self._each)

    def _more_text(self) -> str:
        return self.look.say("more_answers", self.pages.currentIndex() + 1, self.pages.count())
