"""What a trace is rated on: a slider, a plane, or a relative trace without ends."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from analysis.labels.scheme import Tier
from app.console import theme
from app.console.annotate.trace_hand import HISTORY_S, Hand

MARK_PX = 11.0
FAINTEST, STRONGEST = 0.0, 0.16


class TraceScale(QWidget):
    """Draws a hand on its scale; `point_at` moves the hand to a place of the widget."""

    def __init__(self, tier: Tier, hand: Hand) -> None:
        super().__init__()
        self.tier, self.hand = tier, hand
        self.target: tuple[float, ...] | None = None
        """Shares of a mark to follow in the practice pass."""
        self.now_s = 0.0
        self.setAccessibleName(f"Scale of {tier.title}")

    def field(self) -> QRectF:
        """Return the part of the widget that the scale covers."""
        raise NotImplementedError

    def shares_at(self, where: QPointF) -> tuple[float, ...]:
        """Return the shares of a place: 0..1 inside the scale, more or less outside."""
        raise NotImplementedError

    def place_of(self, shares: tuple[float, ...]) -> QPointF:
        """Return where shares are drawn."""
        raise NotImplementedError

    def is_over(self, where: QPointF) -> bool:
        """Whether a place is on the scale or next to it."""
        margin = 3 * MARK_PX
        return self.field().adjusted(-margin, -margin, margin, margin).contains(where)

    def point_at(self, where: QPointF) -> None:
        """Move the hand to a place, or the nearest one on the scale."""
        self.hand.put(*self.shares_at(where))
        self.update()

    def show_now(self, now_s: float) -> None:
        """Draw the hand and its fading trail as they are now."""
        self.now_s = now_s
        self.hand.remember(now_s)
        self.update()

    def clear(self) -> None:
        """Begin a new pass."""
        self.hand.clear()
        self.target = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, trail, target and mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw_ground(painter, theme.current())
        self._draw_trail(painter)
        if self.target is not None:
            painter.setPen(QPen(QColor(theme.current().warning), 2.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self.place_of(self.target), MARK_PX * 1.6, MARK_PX * 1.6)
        self._draw_mark(painter)

    def draw_ground(self, painter: QPainter, colours: theme.Colours) -> None:
        """Draw what never moves."""
        raise NotImplementedError

    def _draw_trail(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        colour = QColor(theme.current().accent)
        for at_s, values in self.hand.history:
            age = min(1.0, max(0.0, (self.now_s - at_s) / HISTORY_S))
            colour.setAlphaF(FAINTEST + (STRONGEST - FAINTEST) * (1.0 - age))
            painter.setBrush(colour)
            painter.drawEllipse(self.place_of(self.hand.shares(values)), MARK_PX * 0.45, MARK_PX * 0.45)

    def _draw_mark(self, painter: QPainter) -> None:
        colours = theme.current()
        where = self.place_of(self.hand.shares(self.hand.place))
        colour = QColor(colours.accent)
        painter.setPen(QPen(colour, 2.5))
        # Hollow until it counts: told by form, not by colour alone.
        painter.setBrush(colour if self.hand.has_begun else QColor(colours.base))
        painter.drawEllipse(where, MARK_PX, MARK_PX)


class SliderScale(TraceScale):
    """One dimension with ends, standing upright; the high end is above."""

    def __init__(self, tier: Tier, hand: Hand) -> None:
        super().__init__(tier, hand)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """As wide as the longer end text in two lines needs, within reason."""
        metrics = self.fontMetrics()
        each = self.hand.dimensions[0]
        longest = max(metrics.horizontalAdvance(text) for text in (each.low_text, each.high_text, each.name))
        return QSize(min(260, max(150, longest + 30)), 320)

    def field(self) -> QRectF:
        """Return the bar, between the two end texts."""
        text = 2.6 * self.fontMetrics().height()
        return QRectF(
            self.width() / 2 - 17, text + MARK_PX, 34, max(40.0, self.height() - 2 * (text + MARK_PX))
        )

    def shares_at(self, where: QPointF) -> tuple[float, ...]:
        """Return the height over the low end."""
        field = self.field()
        return ((field.bottom() - where.y()) / field.height(),)

    def place_of(self, shares: tuple[float, ...]) -> QPointF:
        """Return a place on the bar's middle line."""
        field = self.field()
        return QPointF(field.center().x(), field.bottom() - shares[0] * field.height())

    def draw_ground(self, painter: QPainter, colours: theme.Colours) -> None:
        """Draw the bar, its landmarks and its end texts."""
        field, each = self.field(), self.hand.dimensions[0]
        painter.setPen(QPen(QColor(colours.border), 1.5))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(field, 17, 17)
        metrics = painter.fontMetrics()
        for share, value in tick_values(each.low, each.high):
            where = self.place_of((share,))
            is_middle = abs(share - 0.5) < 1e-9
            painter.setPen(
                QPen(QColor(colours.text if is_middle else colours.muted), 1.5 if is_middle else 1)
            )
            reach = 22 if is_middle else 12
            painter.drawLine(QPointF(where.x() - reach, where.y()), QPointF(where.x() + reach, where.y()))
            painter.setPen(QColor(colours.muted))
            area = QRectF(where.x() + 27, where.y() - metrics.height() / 2, 60, metrics.height())
            painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), value)
        painter.setPen(QColor(colours.text))
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        above = QRectF(0, 0, self.width(), field.top() - MARK_PX)
        below = QRectF(0, field.bottom() + MARK_PX, self.width(), self.height() - field.bottom() - MARK_PX)
        painter.drawText(above, flags | int(Qt.AlignmentFlag.AlignBottom), each.high_text or f"{each.high:g}")
        painter.drawText(below, flags | int(Qt.AlignmentFlag.AlignTop), each.low_text or f"{each.low:g}")


def tick_values(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Return (share, number in words) of the landmarks of a scale, in steps of 1, 2, 2.5 or 5."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return ()
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if span / (power * factor) <= 8)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    found = ((number * step - low) / span for number in range(first, last + 1))
    return tuple((share, f"{low + share * span:.6g}") for share in found)
