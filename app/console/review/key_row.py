"""Keystrokes: how long each key was held, and the interval to the one before."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from analysis.views.keystrokes import PAUSE_S
from app.console import theme
from app.console.review.axis import TimeAxis
from app.console.review.axis_row import AxisRow
from app.console.review.seen import View
from app.console.review.times import clock_words

BAR_PX = 8
LEAST_PX = 2.0
NEAR_PX = 4.0


class KeyRow(AxisRow):
    """Draws a bar a keystroke; its class (or the key, where that may be seen) and the interval if room is."""

    def __init__(self, axis: TimeAxis, view: View) -> None:
        super().__init__(axis, "Keys")
        self._strokes = view.strokes
        downs = [stroke.down_s for stroke in self._strokes]
        ups = [s.up_s if np.isfinite(s.up_s) else s.down_s for s in self._strokes]
        self._downs, self._ups = np.array(downs, np.float64), np.array(ups, np.float64)
        # A key may be held while many others come and go.
        self._longest_s = float((self._ups - self._downs).max(initial=0.0))

    def sizeHint(self) -> QSize:
        """Intervals, classes and bars."""
        return QSize(400, 2 * self.fontMetrics().height() + BAR_PX + 3)

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw the keystrokes in view."""
        first = int(np.searchsorted(self._downs, self.axis.start_s - self._longest_s))
        stop = int(np.searchsorted(self._downs, self.axis.stop_s, "right"))
        colours, metrics = theme.current(), painter.fontMetrics()
        line = float(metrics.height())
        bar = QRectF(0, plot.height() - BAR_PX - 2, 0, BAR_PX)
        drawn_px = -1e9
        for place in range(first, stop):
            left, right = self.x_of(self._downs[place]), self.x_of(self._ups[place])
            if right - drawn_px < 0.5:
                continue
            drawn_px = max(right, left + LEAST_PX)
            bar.setLeft(left)
            bar.setRight(drawn_px)
            painter.fillRect(bar, QColor(colours.accent))
            following = self.x_of(self._downs[place + 1]) if place + 1 < len(self._downs) else plot.right()
            room = following - left - 4
            text = self._strokes[place].text
            painter.setPen(QColor(colours.text))
            if metrics.horizontalAdvance(text) < room:
                painter.drawText(QPointF(left, plot.height() - BAR_PX - 5), text)
            if place and plot.height() > 2 * line + BAR_PX:
                self._draw_interval(painter, place, left, line)

    def _draw_interval(self, painter: QPainter, place: int, right: float, line: float) -> None:
        interval_s = self._downs[place] - self._downs[place - 1]
        left = self.x_of(self._downs[place - 1])
        if interval_s > PAUSE_S:
            return
        text = f"{interval_s * 1000:.0f} ms"
        if painter.fontMetrics().horizontalAdvance(text) + 12 > right - left:
            return
        colours = theme.current()
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(QPointF(left, line / 2), QPointF(right, line / 2))
        box = QRectF((left + right) / 2 - 60, 0, 120, line)
        painter.setPen(QColor(colours.muted))
        width = painter.fontMetrics().horizontalAdvance(text) + 8
        painter.fillRect(QRectF(box.center().x() - width / 2, 0, width, line), QColor(colours.base))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def words_at(self, point: QPointF) -> str:
        """Tell the keystroke at a place: its class, how long it was held, the interval before it."""
        if not len(self._downs):
            return ""
        time_s = self.time_at(point.x())
        place = int(np.searchsorted(self._downs, time_s, "right")) - 1
        near = [at for at in (place, place + 1) if 0 <= at < len(self._downs)]
        at = min(near, key=lambda one: abs(self._downs[one] - time_s))
        inside = self._downs[at] <= time_s <= self._ups[at]
        if not inside and abs(self.x_of(self._downs[at]) - point.x()) > NEAR_PX:
            return ""
        stroke = self._strokes[at]
        told = [f"{stroke.text} at {clock_words(self._downs[at] - self.axis.zero_s)}"]
        if self._ups[at] > self._downs[at]:
            told.append(f"held {1000 * (self._ups[at] - self._downs[at]):.0f} ms")
        if at:
            told.append(f"{1000 * (self._downs[at] - self._downs[at - 1]):.0f} ms after the one before")
        return ", ".join(told)
