"""Rating scales: a row of numbered buttons or of self-assessment figures, by mouse or keyboard.

Left and Right move a ring over the row without choosing anything (a scale must not push to one of its
ends), Space chooses, a digit chooses at once, Up and Down change the row.
"""

from __future__ import annotations

import functools
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

import resources
from app.presenter.pages.base import FittedText, paint_ring
from app.presenter.style import Style
from app.presenter.tasks import Item

FIGURES = Path(resources.__file__).parent / "assessment"


@functools.cache
def figure(dimension: str, points: int, value: int) -> QSvgRenderer:
    """Return the self-assessment figure for `value` of `points`."""
    return QSvgRenderer(str(FIGURES / f"{dimension}-{points}-{value}.svg"))


class ScaleButton(QAbstractButton):
    """One point of a scale; chosen is told by fill, thicker border and a dot, not by colour alone."""

    def __init__(self, row: ScaleRow, value: int) -> None:
        super().__init__()
        self.row = row
        self.value = value
        self.is_ringed = False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{row.item.text}: {value} of {row.item.points}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Ask for a square that can be hit without aiming."""
        look = self.row.look
        return (
            QSize(look.px(140), look.px(140))
            if self.row.item.scale == "sam"
            else QSize(look.px(96), look.px(76))
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint number or figure in its state."""
        look = self.row.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = look.px(5)
        body = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        radius = look.px(12)
        chosen = self.isChecked()
        border = look.px(3) if chosen else look.px(1.5)
        painter.setPen(QPen(look.colour("accent" if chosen else "line"), border))
        painter.setBrush(look.colour("accent_soft" if chosen or self.underMouse() else "surface"))
        painter.drawRoundedRect(body, radius, radius)
        if self.row.item.scale == "sam":
            self._paint_figure(painter, body)
        else:
            painter.setFont(look.font(28, bold=chosen))
            painter.setPen(look.colour("ink"))
            painter.drawText(body, Qt.AlignmentFlag.AlignCenter, str(self.value))
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("accent"))
            dot = look.px(10)
            painter.drawEllipse(QRectF(body.center().x() - dot / 2, body.bottom() - dot * 1.6, dot, dot))
        if self.is_ringed:
            paint_ring(painter, look, QRectF(self.rect()), radius + gap)
        painter.end()

    def _paint_figure(self, painter: QPainter, body: QRectF) -> None:
        item = self.row.item
        foot = self.row.look.px(16)
        side = min(body.width(), body.height() - foot) * 0.92
        left = body.center().x() - side / 2
        figure(item.dimension, item.points, self.value).render(
            painter, QRectF(left, body.top() + (body.height() - foot - side) / 2, side, side)
        )


class ScaleRow(QWidget):
    """An item: its text, its points, and the words at its two ends."""

    chosen = Signal(str, int)
    leave = Signal(int)

    def __init__(self, item: Item, style: Style, value: int | None) -> None:
        super().__init__()
        self.item = item
        self.look = style
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(item.text)
        self._ring = (item.points - 1) // 2
        self.text = FittedText(item.text, style.font(30, bold=True), style.colour("ink"), centred=True)
        self.text.setMaximumHeight(style.px(80 if item.scale == "likert" else 44))
        self.buttons = [ScaleButton(self, point) for point in range(1, item.points + 1)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.px(6))
        layout.addWidget(self.text)
        layout.addWidget(self._points(), 0, Qt.AlignmentFlag.AlignHCenter)
        self.show_value(value)

    def choose(self, value: int) -> None:
        """Choose a point."""
        if 1 <= value <= self.item.points:
            self._ring = value - 1
            self.show_value(value)
            self.chosen.emit(self.item.id, value)

    def show_value(self, value: int | None) -> None:
        """Show which point is chosen, without telling anybody."""
        for button in self.buttons:
            button.setChecked(button.value == value)
        if value is not None:
            self._ring = value - 1
        self._show_ring()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the ring, choose, or go to another row."""
        key, points = event.key(), self.item.points
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1 if key == Qt.Key.Key_Right else -1
            self._ring = max(0, min(points - 1, self._ring + step))
            self._show_ring()
        elif key == Qt.Key.Key_Space:
            self.choose(self._ring + 1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.leave.emit(1 if key == Qt.Key.Key_Down else -1)
        elif event.text().isdigit() and len(event.text()) == 1:
            value = int(event.text()) or 10
            if value <= points:
                self.choose(value)
                self.leave.emit(1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self._show_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self._show_ring()

    def _show_ring(self) -> None:
        for place, button in enumerate(self.buttons):
            button.is_ringed = self.hasFocus() and place == self._ring
            button.update()

    def _points(self) -> QWidget:
        """Return the buttons with the ends' words below, no wider than the buttons."""
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self.look.px(2))
        row = QHBoxLayout()
        row.setSpacing(self.look.px(6))
        for button in self.buttons:
            button.setFixedSize(button.sizeHint())
            button.clicked.connect(functools.partial(self.choose, button.value))
            row.addWidget(button)
        column.addLayout(row)
        if self.item.low or self.item.high:
            column.addLayout(self._ends())
        return holder

    def _ends(self) -> QHBoxLayout:
        ends = QHBoxLayout()
        for text, side in (
            (self.item.low, Qt.AlignmentFlag.AlignLeft),
            (self.item.high, Qt.AlignmentFlag.AlignRight),
        ):
            label = QLabel(text)
            label.setFont(self.look.font(21))
            label.setAlignment(side)
            palette = label.palette()
            palette.setColor(label.foregroundRole(), self.look.colour("muted"))
            label.setPalette(palette)
            ends.addWidget(label)
        return ends
