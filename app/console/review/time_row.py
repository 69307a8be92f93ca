"""The ruler above the rows: times that count from the start of what is shown."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.console import theme
from app.console.review.axis import TimeAxis
from app.console.review.axis_row import AxisRow
from app.console.review.times import clock_words

STEPS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200),
)


class TimeRow(AxisRow):
    """Draws ticks at round times."""

    def __init__(self, axis: TimeAxis) -> None:
        super().__init__(axis, "Time", 22)
        self.setFixedHeight(self.fontMetrics().height() + 8)

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw ticks and their times."""
        axis, colours = self.axis, theme.current()
        room = painter.fontMetrics().horizontalAdvance("0:00:00.000") + 24
        least_s = axis.width_s * room / plot.width()
        step_s = next((step for step in STEPS_S if step >= least_s), STEPS_S[-1])
        digits = 0 if step_s >= 1 else 1 if step_s >= 0.1 else 2 if step_s >= 0.01 else 3
        first = math.ceil((axis.start_s - axis.zero_s) / step_s - 1e-9)
        last = math.floor((axis.stop_s - axis.zero_s) / step_s + 1e-9)
        for place in range(first, last + 1):
            x = self.x_of(axis.zero_s + place * step_s)
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(x, plot.bottom() - 6), QPointF(x, plot.bottom()))
            painter.setPen(QColor(colours.muted))
            area = QRectF(x + 3, 0, room, plot.height() - 2)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(area, flags, clock_words(place * step_s, digits))
