"""The axes of a drawn figure: ticks at round numbers, titles with units, places of values in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.console.theme import Colours

Range = tuple[float, float]
MOST_TICKS = 6


def round_ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Return about `most` round numbers from `low` to `high`."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 12) + 0.0 for place in range(first, math.floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Axes:
    """A box for values: `x` and `y` are the ranges at its edges."""

    box: QRectF
    x: Range
    y: Range

    @classmethod
    def within(cls, area: QRectF, metrics: QFontMetricsF, x: Range, y: Range) -> Axes:
        """Return axes in `area` with room for title, labels and ticks around the box."""
        widest = max((metrics.horizontalAdvance(f"{tick:g}") for tick in round_ticks(*y)), default=10.0)
        line = metrics.height()
        return cls(area.adjusted(widest + 14, line + 8, -10, -2 * line - 10), x, y)

    def at(self, x: float, y: float) -> QPointF:
        """Return the place of a value; what lies outside is put on the edge."""
        return QPointF(self.across(x), self.up(y))

    def across(self, x: float) -> float:
        """Return the place of a value on the horizontal axis."""
        return self.box.left() + self.box.width() * _share(x, self.x)

    def up(self, y: float) -> float:
        """Return the place of a value on the vertical axis."""
        return self.box.bottom() - self.box.height() * _share(y, self.y)

    def draw(
        self,
        painter: QPainter,
        colours: Colours,
        title: str,
        x_title: str,
        x_ticks: Sequence[float] | None = None,
    ) -> None:
        """Draw frame, ticks (round ones unless given) and titles; `title` above names the vertical axis."""
        metrics = QFontMetricsF(painter.font())
        line, box = metrics.height(), self.box
        painter.setPen(QColor(colours.text))
        area = QRectF(box.left(), box.top() - line - 6, box.width(), line)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft, metrics.elidedText(title, _RIGHT, area.width()))
        for tick in round_ticks(*self.y):
            y = self.up(tick)
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(QColor(colours.muted))
            label = QRectF(box.left() - 200, y - line / 2, 194, line)
            painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{tick:g}")
        most = max(2, min(8, int(box.width() / 70)))
        for tick in round_ticks(*self.x, most) if x_ticks is None else x_ticks:
            x = self.across(tick)
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 4))
            painter.setPen(QColor(colours.muted))
            label = QRectF(x - 60, box.bottom() + 5, 120, line)
            painter.drawText(label, Qt.AlignmentFlag.AlignHCenter, f"{tick:g}")
        below = QRectF(box.left(), box.bottom() + line + 6, box.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, x_title)
        painter.setPen(QPen(QColor(colours.muted), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())


_RIGHT = Qt.TextElideMode.ElideRight


def _share(value: float, limits: Range) -> float:
    low, high = limits
    return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.5
