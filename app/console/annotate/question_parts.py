"""What questions are answered with: a row of points with or without figures, and chips."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

import resources
from analysis.labels.scheme import Dimension, Label, Question
from app.console import theme
from app.console.annotate.lane_colours import pattern, tint
from resources.figures import DIMENSIONS, POINTS, file_name
from resources.figures import Dimension as Figures

MOST_CELLS = 11
_CENTRE = Qt.AlignmentFlag.AlignCenter


@functools.cache
def figure(name: str, points: int, point: int) -> QSvgRenderer:
    """Return the bundled figure of a point (1 = lowest) of a scale."""
    file = file_name(cast("Figures", name), points, point)
    return QSvgRenderer(str(resources.path("assessment") / file))


def steps_of(scale: Dimension) -> list[float]:
    """Return the points of a scale, from its lowest; nine where it has no step."""
    step = scale.step or (scale.high - scale.low) / 8
    count = round((scale.high - scale.low) / step) + 1
    return [round(scale.low + place * step, 9) for place in range(count)]


def value_of_digit(scale: Dimension, digit: int) -> float | None:
    """Return what a digit means: itself where the scale has it, else its place; None beyond the scale.

    On scales with more points than digits 1 is the lowest, 9 the highest, the others lie between them.
    """
    points = steps_of(scale)
    if float(digit) in points and points[0] >= 1 and points[-1] <= 9:
        return float(digit)
    if points[0] >= 1 and points[-1] <= 9:
        return None
    if len(points) <= 9:
        return points[digit - 1] if digit <= len(points) else None
    return points[round((digit - 1) / 8 * (len(points) - 1))]


def key_of(labels: Sequence[Label], place: int) -> str:
    """Return the key of a choice: its own, else its place."""
    return labels[place].key or (str(place + 1) if place < 9 else "")


def label_of_key(labels: Sequence[Label], key: str) -> Label | None:
    """Return the choice that a key means."""
    for place, label in enumerate(labels):
        if key_of(labels, place).lower() == key.lower():
            return label
    return None


class ScaleRow(QWidget):
    """The points of a scale side by side; a click chooses, what is chosen is told by fill, frame and weight.

    `chosen(value)` where a point was clicked.
    """

    chosen = Signal(float)

    def __init__(self, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert question.scale is not None
        self.question, self.scale = question, question.scale
        self.points = steps_of(self.scale)
        self.value: float | None = None
        self._over = -1
        cells = len(self.points)
        self.figures = question.figures in DIMENSIONS and cells in POINTS
        self.is_bar = cells > MOST_CELLS
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(question.text)
        self.set_value(None)

    def set_value(self, value: float | None) -> None:
        """Show an answer, None for none."""
        self.value = value
        told = "not answered" if value is None else f"{value:g} of {self.points[0]:g} to {self.points[-1]:g}"
        self.setAccessibleDescription(told)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for all points."""
        width = 9 * 38
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Enough for narrow points."""
        return QSize(9 * 22, self.heightForWidth(9 * 22))

    def hasHeightForWidth(self) -> bool:
        """Figures are as tall as they are wide."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height for this width: figures, numbers, the two ends in words."""
        line = self.fontMetrics().height()
        ends = line + 4 if self.scale.low_text or self.scale.high_text else 0
        cell = min(64.0, width / len(self.points)) if self.figures else 0.0
        return round(cell + 1.7 * line + ends + 6)

    def cell(self, place: int) -> QRectF:
        """Return the box of a point."""
        line = self.fontMetrics().height()
        ends = line + 4 if self.scale.low_text or self.scale.high_text else 0
        width = self.width() / len(self.points)
        if self.figures:
            width = min(64.0, width)
        return QRectF(place * width, 0, width, self.height() - ends)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the points."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.is_bar:
            self._draw_bar(painter)
        else:
            for place, point in enumerate(self.points):
                self._draw_cell(painter, place, point)
        line = self.fontMetrics().height()
        painter.setPen(QColor(colours.muted))
        painter.setFont(self.font())
        last = self.cell(len(self.points) - 1).right()
        box = QRectF(2, self.height() - line - 2, last - 4, line)
        half = (last - 12) / 2
        metrics = QFontMetrics(self.font())
        low = metrics.elidedText(self.scale.low_text, Qt.TextElideMode.ElideRight, int(half))
        high = metrics.elidedText(self.scale.high_text, Qt.TextElideMode.ElideRight, int(half))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight, high)

    def _draw_cell(self, painter: QPainter, place: int, point: float) -> None:
        colours = theme.current()
        box = self.cell(place).adjusted(1.5, 1.5, -1.5, -1.5)
        is_chosen = self.value is not None and abs(self.value - point) < 1e-6
        ground = colours.accent if is_chosen else colours.base
        painter.setPen(QPen(QColor(colours.accent if place == self._over else colours.border), 1))
        if is_chosen:
            painter.setPen(QPen(QColor(colours.text), 2))
        painter.setBrush(tint(QColor(ground), colours.base, 0.35) if self.figures else QColor(ground))
        painter.drawRoundedRect(box, 4, 4)
        line = self.fontMetrics().height()
        number = QRectF(box.left(), box.bottom() - 1.45 * line, box.width(), 1.4 * line)
        if self.figures:
            side = min(box.width() - 2, box.height() - 1.4 * line)
            area = QRectF(box.center().x() - side / 2, box.top() + 1, side, side)
            figure(self.question.figures, len(self.points), place + 1).render(painter, area)
        else:
            number = box
        font = QFont(self.font())
        font.setBold(is_chosen)
        painter.setFont(font)
        painter.setPen(QColor(colours.on_accent if is_chosen and not self.figures else colours.text))
        painter.drawText(number, _CENTRE, f"{point:g}")

    def _draw_bar(self, painter: QPainter) -> None:
        colours = theme.current()
        first, last = self.cell(0), self.cell(len(self.points) - 1)
        middle = first.center().y()
        painter.setPen(QPen(QColor(colours.muted), 3))
        painter.drawLine(QPointF(8, middle), QPointF(last.right() - 8, middle))
        for place in (0, (len(self.points) - 1) // 2, len(self.points) - 1):
            x = 8 + (last.right() - 16) * place / (len(self.points) - 1)
            painter.setPen(QPen(QColor(colours.muted), 1))
            painter.drawLine(QPointF(x, middle - 5), QPointF(x, middle + 5))
        if self.value is None:
            painter.setPen(QColor(colours.muted))
            painter.drawText(first.united(last), Qt.AlignmentFlag.AlignHCenter, "click, or 1 to 9")
            return
        share = (self.value - self.scale.low) / (self.scale.high - self.scale.low)
        x = 8 + (last.right() - 16) * share
        painter.setPen(QPen(QColor(colours.text), 2))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(QPointF(x, middle), 7, 7)
        painter.drawText(QRectF(x - 40, first.top() - 2, 80, middle - 8), _CENTRE, f"{self.value:g}")

    def _place_at(self, x: float) -> int:
        last = self.cell(len(self.points) - 1).right()
        if self.is_bar:
            return round(min(1.0, max(0.0, (x - 8) / max(1.0, last - 16))) * (len(self.points) - 1))
        return int(x / self.cell(0).width()) if 0 <= x < last else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show which point a click would choose."""
        place = self._place_at(event.position().x())
        if place != self._over:
            self._over = place
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer any more."""
        self._over = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose."""
        place = self._place_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and 0 <= place < len(self.points):
            self.chosen.emit(self.points[place])


class Chip(QAbstractButton):
    """One choice with its key; chosen is told by fill, frame and weight. `place` gives colour and pattern."""

    def __init__(self, text: str, key: str, ink: QColor | None = None, place: int = -1) -> None:
        super().__init__()
        self.setText(text)
        self.key = key
        self._ink, self._place = ink, place
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{text}, key {key}" if key else text)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def nextCheckState(self) -> None:
        """Stay as it is: the page says what is chosen."""

    def sizeHint(self) -> QSize:
        """Room for key, swatch and text."""
        font = QFont(self.font())
        font.setBold(True)
        metrics = QFontMetrics(font)
        width = metrics.horizontalAdvance(self.text()) + metrics.horizontalAdvance(self.key)
        return QSize(min(320, width + (40 if self._ink is not None else 28)), metrics.height() + 14)

    def minimumSizeHint(self) -> QSize:
        """Cut long texts only."""
        wanted = self.sizeHint()
        return QSize(min(180, wanted.width()), wanted.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw key, swatch and text."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        is_on = self.isChecked()
        painter.setBrush(tint(QColor(colours.accent), colours.base, 0.3) if is_on else QColor(colours.base))
        edge = colours.text if is_on else colours.accent if self.underMouse() else colours.border
        painter.setPen(QPen(QColor(edge), 2 if is_on else 1))
        painter.drawRoundedRect(box, 6, 6)
        font = QFont(self.font())
        font.setBold(is_on)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        x = box.left() + 8
        painter.setPen(QColor(colours.muted))
        painter.drawText(QRectF(x, 0, 60, self.height()), Qt.AlignmentFlag.AlignVCenter, self.key)
        x += metrics.horizontalAdvance(self.key) + (8 if self.key else 0)
        if self._ink is not None:
            painter.setPen(QPen(self._ink, 1))
            painter.setBrush(QBrush(self._ink, pattern(self._place)))
            painter.drawRect(QRectF(x, self.height() / 2 - 6, 8, 12))
            x += 14
        painter.setPen(QColor(colours.text if self.isEnabled() else colours.muted))
        room = QRectF(x, 0, box.right() - x - 4, self.height())
        text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def enterEvent(self, event: QEvent) -> None:
        """Show that it can be clicked."""
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """As before."""
        self.update()
