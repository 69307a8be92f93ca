"""A relative trace: no ends, the whole of it rescaled as it grows, so that only change matters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from analysis.labels.scheme import Tier
from app.console import theme
from app.console.annotate.trace_hand import Hand
from app.console.annotate.trace_scale import MARK_PX, TraceScale

COLUMNS = 900
"""The trace is kept in this many columns of time; drawing costs the same after an hour."""
WHEEL_ROOM = 3.0
"""The scale shows at least this many steps, so that the first one does not fill it."""


class RelativeScale(TraceScale):
    """Time goes across from `start_s` to `stop_s`, the trace so far fills the height."""

    def __init__(self, tier: Tier, hand: Hand) -> None:
        super().__init__(tier, hand)
        self.start_s, self.stop_s = 0.0, 1.0
        self._value = np.full(COLUMNS, np.nan)
        self.setMinimumHeight(140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """As wide as the page."""
        return QSize(700, 200)

    def set_span(self, start_s: float, stop_s: float) -> None:
        """Take the time that a whole pass covers."""
        self.start_s, self.stop_s = start_s, max(stop_s, start_s + 0.1)

    def clear(self) -> None:
        """Begin a new pass."""
        self._value[:] = np.nan
        super().clear()

    def keep(self, at_s: float, value: float) -> None:
        """Keep what was rated at a time; what had been rated after it goes (a rewound pass)."""
        column = int((at_s - self.start_s) / (self.stop_s - self.start_s) * (COLUMNS - 1))
        column = min(max(column, 0), COLUMNS - 1)
        self._value[column] = value
        self._value[column + 1 :] = np.nan

    def limits(self) -> tuple[float, float]:
        """Return the lowest and highest value that the height stands for."""
        seen = self._value[np.isfinite(self._value)]
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 0.0)
        low, high = min(low, self.hand.place[0]), max(high, self.hand.place[0])
        if self.target is not None:
            each = self.hand.dimensions[0]
            wanted = each.low + self.target[0] * (each.high - each.low)
            low, high = min(low, wanted), max(high, wanted)
        room = WHEEL_ROOM * self.hand.step_of(0, 0)
        lacking = max(0.0, room - (high - low)) / 2
        return low - lacking, high + lacking

    def field(self) -> QRectF:
        """Return the room of the trace."""
        return QRectF(16, 12, max(40.0, self.width() - 130.0), max(40.0, self.height() - 24.0))

    def shares_at(self, where: QPointF) -> tuple[float, ...]:
        """Return the hand's own place: a relative trace is not pointed at."""
        return self.hand.shares(self.hand.place)

    def is_over(self, where: QPointF) -> bool:
        """Never: it is moved by wheel and keys."""
        return False

    def point_at(self, where: QPointF) -> None:
        """Do nothing: only change counts, and a pointer has a place."""

    def place_of(self, shares: tuple[float, ...]) -> QPointF:
        """Return a place at the right end of what has been traced so far."""
        each = self.hand.dimensions[0]
        value = each.low + shares[0] * (each.high - each.low)
        seen = np.flatnonzero(np.isfinite(self._value))
        column = seen[-1:] if len(seen) else np.zeros(1, dtype=np.intp)
        x, y = self._points(column, np.array([value]), self.limits())
        return QPointF(x[0], y[0])

    def draw_ground(self, painter: QPainter, colours: theme.Colours) -> None:
        """Draw the trace so far over its whole height."""
        field, limits = self.field(), self.limits()
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(field.adjusted(-6, -6, 6, 6), 6, 6)
        colour = QColor(colours.accent)
        colour.setAlphaF(0.75)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        seen = np.flatnonzero(np.isfinite(self._value))
        if len(seen) > 1:
            x, y = self._points(seen, self._value[seen], limits)
            painter.drawPolyline(QPolygonF([QPointF(*pair) for pair in zip(x, y, strict=True)]))
        painter.setPen(QColor(colours.text))
        each = self.hand.dimensions[0]
        beside = QRectF(field.right() + 14, field.top(), self.width() - field.right() - 16, field.height())
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap)
        painter.drawText(beside, flags | int(Qt.AlignmentFlag.AlignTop), each.high_text or "more")
        painter.drawText(beside, flags | int(Qt.AlignmentFlag.AlignBottom), each.low_text or "less")

    def _draw_trail(self, painter: QPainter) -> None:
        """The trace itself is the trail."""

    def _points(
        self, columns: NDArray[np.intp], values: NDArray[np.float64], limits: tuple[float, float]
    ) -> tuple[list[float], list[float]]:
        field = self.field().adjusted(MARK_PX, MARK_PX, -MARK_PX, -MARK_PX)
        low, high = limits
        x = field.left() + columns / (COLUMNS - 1) * field.width()
        y = field.bottom() - (values - low) / (high - low) * field.height()
        return x.tolist(), y.tolist()
