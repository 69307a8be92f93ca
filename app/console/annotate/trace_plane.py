"""Two dimensions at once: a square or a disc with landmarks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from analysis.labels.scheme import Tier
from app.console import theme
from app.console.annotate.trace_hand import Hand
from app.console.annotate.trace_scale import TraceScale
from app.console.annotate.trace_words import landmarks


class PlaneScale(TraceScale):
    """The first dimension goes across, the second up."""

    def __init__(self, tier: Tier, hand: Hand) -> None:
        super().__init__(tier, hand)
        self.words = landmarks(hand.dimensions)
        self.setMinimumSize(300, 300)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """A square of comfortable size."""
        return QSize(520, 520)

    def field(self) -> QRectF:
        """Return the square that both dimensions fill."""
        line = self.fontMetrics().height()
        side = max(60.0, min(self.width() - 24.0, self.height() - 2.0 * (line * 2.4)))
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def shares_at(self, where: QPointF) -> tuple[float, ...]:
        """Return how far across and how far up a place is."""
        field = self.field()
        return (where.x() - field.left()) / field.width(), (field.bottom() - where.y()) / field.height()

    def place_of(self, shares: tuple[float, ...]) -> QPointF:
        """Return a place of the square."""
        field = self.field()
        return QPointF(field.left() + shares[0] * field.width(), field.bottom() - shares[1] * field.height())

    def draw_ground(self, painter: QPainter, colours: theme.Colours) -> None:
        """Draw the space, its axes, its landmarks and the texts of its ends."""
        field = self.field()
        painter.setPen(QPen(QColor(colours.border), 1.5))
        painter.setBrush(QColor(colours.raised))
        if self.hand.is_circle:
            painter.drawEllipse(field)
        else:
            painter.drawRoundedRect(field, 6, 6)
        painter.setPen(QPen(QColor(colours.border), 1))
        middle = field.center()
        painter.drawLine(QPointF(field.left(), middle.y()), QPointF(field.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), field.top()), QPointF(middle.x(), field.bottom()))
        painter.setPen(QColor(colours.muted))
        line = painter.fontMetrics().height()
        for across, up, word in self.words:
            where = self.place_of((across, up))
            area = QRectF(where.x() - 60, where.y() - line / 2, 120, line)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), word)
        self._draw_ends(painter, colours, field, line)

    def _draw_ends(self, painter: QPainter, colours: theme.Colours, field: QRectF, line: float) -> None:
        across, up = self.hand.dimensions
        painter.setPen(QColor(colours.text))
        wide = QRectF(0, field.top() - line * 1.5, self.width(), line * 1.3)
        painter.drawText(wide, int(Qt.AlignmentFlag.AlignCenter), _end(up.name, up.high_text, up.high))
        wide.moveTop(field.bottom() + line * 0.2)
        painter.drawText(wide, int(Qt.AlignmentFlag.AlignCenter), _end(up.name, up.low_text, up.low))
        half = field.width() / 2 - 8
        beside = QRectF(field.left() + 6, field.center().y() + 2, half, line * 1.2)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.drawText(beside, int(left), _cut(painter, across.low_text or f"{across.low:g}", half * 0.8))
        beside.moveLeft(field.center().x() + 2)
        painter.drawText(
            beside, int(right), _cut(painter, across.high_text or f"{across.high:g}", half * 0.8)
        )


def _end(name: str, text: str, value: float) -> str:
    return f"{name}: {text}" if text and text.lower() != name.lower() else text or f"{name} {value:g}"


def _cut(painter: QPainter, text: str, width: float) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(width))
