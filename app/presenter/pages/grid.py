"""The valence-arousal grid: one point in a square, by click or by arrow keys and Enter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.presenter.pages.parts import FittedText, paint_ring
from app.presenter.pages.rows import ItemRow
from app.presenter.style import Style
from app.presenter.tasks import Item


class GridPad(QWidget):
    """The square with its cells. x always rises to the right and y upwards, in every language."""

    clicked = Signal(int, int)

    def __init__(self, item: Item, style: Style, side: int) -> None:
        super().__init__()
        self.item = item
        self.look = style
        self.chosen: tuple[int, int] | None = None
        self.ring: tuple[int, int] | None = None
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFixedSize(side, side)
        self.setAccessibleName(item.text)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)

    def cell(self, x: int, y: int) -> QRectF:
        """Return the place of a cell, both from 1."""
        each = (self.width() - 2) / self.item.points
        return QRectF(1 + (x - 1) * each, 1 + (self.item.points - y) * each, each, each)

    def cell_at(self, place: QPointF) -> tuple[int, int]:
        """Return the cell at a place of the widget."""
        each, points = (self.width() - 2) / self.item.points, self.item.points
        across, down = (int(max(0, min(points - 1, (at - 1) // each))) for at in (place.x(), place.y()))
        return across + 1, points - down

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell below the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(*self.cell_at(event.position()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint cells, axes, the chosen point and the ring."""
        look, points = self.look, self.item.points
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(look.colour("line"), look.px(1.5)))
        painter.setBrush(look.colour("surface"))
        painter.drawRoundedRect(area, look.px(8), look.px(8))
        painter.setPen(QPen(look.colour("line"), look.px(1.5)))
        middle = area.center()
        painter.drawLine(QPointF(area.left(), middle.y()), QPointF(area.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), area.top()), QPointF(middle.x(), area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("line"))
        dot = look.px(2)
        for x in range(1, points + 1):
            for y in range(1, points + 1):
                painter.drawEllipse(self.cell(x, y).center(), dot, dot)
        if self.chosen is not None:
            place = self.cell(*self.chosen)
            radius = min(look.px(15), place.width() * 0.42)
            painter.setBrush(look.colour("accent_soft"))
            painter.setPen(QPen(look.colour("accent"), look.px(2)))
            painter.drawEllipse(place.center(), radius, radius)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("accent"))
            painter.drawEllipse(place.center(), radius * 0.5, radius * 0.5)
        if self.ring is not None:
            paint_ring(painter, look, self.cell(*self.ring), look.px(8))
        painter.end()


class GridRow(ItemRow):
    """A grid with the words of its four sides."""

    def __init__(self, item: Item, style: Style, width: int, height: int) -> None:
        super().__init__(item, style, width)
        middle = (item.points + 1) // 2
        self._ring = (middle, middle)
        self.fix_text(width, style.px(120))
        words = {
            side: FittedText(text, style.font(20), style.colour("muted"), centred=True)
            for side, text in (
                ("left", item.x.low),
                ("right", item.x.high),
                ("below", item.y.low),
                ("above", item.y.high),
            )
        }
        beside = min(style.tx(190), width // 5)
        line = style.tx(30)
        foot = self.decline.sizeHint().height() + style.px(12)
        side = min(style.px(520), width - 2 * beside - 20, height - self.text.height() - 2 * line - foot - 30)
        self.pad = GridPad(item, style, max(style.px(180), side))
        self.pad.clicked.connect(self._click)
        for name in ("left", "right"):
            words[name].setFixedWidth(beside)
        for name in ("above", "below"):
            words[name].setFixedSize(self.pad.width() + beside, line)
        square = QWidget()
        square.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        grid = QGridLayout(square)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(style.px(6))
        centre = Qt.AlignmentFlag.AlignCenter
        grid.addWidget(words["above"], 0, 0, 1, 3, centre)
        grid.addWidget(words["left"], 1, 0)
        grid.addWidget(self.pad, 1, 1, centre)
        grid.addWidget(words["right"], 1, 2)
        grid.addWidget(words["below"], 2, 0, 1, 3, centre)
        square.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.column.addWidget(self.text)
        self.column.addWidget(square, 0, Qt.AlignmentFlag.AlignHCenter)
        self.column.addLayout(self.add_foot())

    def sizeHint(self) -> QSize:
        """Ask for what the parts need."""
        return self.column.sizeHint()

    def show_answer(self, value: Any, is_declined: bool) -> None:
        """Show the chosen point."""
        super().show_answer(value, is_declined)
        self.pad.chosen = None if value is None else (value[0], value[1])
        if self.pad.chosen is not None:
            self._ring = self.pad.chosen
        self.show_ring()

    def show_ring(self) -> None:
        """Show where the keyboard is."""
        self.pad.ring = self._ring if self.hasFocus() else None
        self.pad.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move over the grid with the arrows, choose with Enter or Space."""
        moves = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        key = Qt.Key(event.key())
        if key in moves:
            x, y = (
                max(1, min(self.item.points, at + step))
                for at, step in zip(self._ring, moves[key], strict=True)
            )
            self._ring = (x, y)
            self.show_ring()
        elif key == Qt.Key.Key_Space or (key in ENTER and self.pad.chosen != self._ring):
            if not event.isAutoRepeat():
                self.answer([*self._ring])
        else:
            super().keyPressEvent(event)

    def _click(self, x: int, y: int) -> None:
        self.setFocus()
        self.answer([x, y])


ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
