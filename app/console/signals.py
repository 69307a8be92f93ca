"""The live signals: one panel a stream, channels stacked, drawn by pull at the rate the machine bears."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import clock
from app.console import theme
from app.console.traces import Group, Trace, groups_of, nice_scale, open_trace, spread_of, unit_text
from app.plan import SessionPlan

SPANS_S = (2.0, 5.0, 10.0)
FAST_MS, SLOW_MS = 50, 250
LOOK_MS = 500
RESCALE_S = 2.0
OUTSIDE_S = 0.3
GAP_S = 1.0
MIN_ROW = 13
BUSY_SHARE = 0.3


@dataclass
class Panel:
    """One group of channels on the screen: where it is and how much a row's height means."""

    group: Group
    trace: Trace
    scale: float = 0.0
    rescaled_s: float = 0.0
    top: float = 0.0
    height: float = 0.0
    middles: np.ndarray = field(default_factory=lambda: np.zeros(0))


class SignalView(QWidget):
    """Draws every ring of a session; `zoom` multiplies what the automatic scale chose."""

    panels_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Live signals")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(360, 200)
        self.setProperty("help", "signals")
        self.span_s = SPANS_S[-1]
        self.zoom = 1.0
        self.hidden: set[str] = set()
        self.waiting_text = ""
        self.frame_s = 0.0
        self._plan: SessionPlan | None = None
        self._traces: dict[Path, Trace] = {}
        self._panels: list[Panel] = []
        self._now_s = 0.0
        self._measured: tuple[str, tuple[float, float]] = ("", (0.0, 0.0))
        self._timer = QTimer(self, interval=FAST_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.look)

    @property
    def panels(self) -> list[Panel]:
        """All panels, hidden ones included."""
        return self._panels

    @property
    def interval_ms(self) -> int:
        """How often it is drawn at present."""
        return self._timer.interval()

    def show_session(self, plan: SessionPlan | None) -> None:
        """Follow the rings of a session; None for nothing."""
        self._plan = plan
        self._traces.clear()
        self._panels.clear()
        if plan is None:
            self._timer.stop()
            self._look.stop()
        else:
            self._timer.start()
            self._look.start()
            self.look()
        self.panels_changed.emit()
        self.update()

    def look(self) -> None:
        """Find rings that are new or were made anew."""
        if self._plan is None:
            return
        changed = False
        for path in sorted(self._plan.runtime.glob("*.ring")):
            known = self._traces.get(path)
            if known is not None and not known.is_replaced:
                continue
            trace = open_trace(path, self._column_count(), self._column_s())
            if trace is not None:
                self._traces[path] = trace
                changed = True
        if changed:
            self._arrange()

    def set_span(self, span_s: float) -> None:
        """Show the last `span_s` seconds."""
        self.span_s = span_s
        self._recolumn()

    def set_zoom(self, zoom: float) -> None:
        """Draw signals `zoom` times as tall as the automatic scale does."""
        self.zoom = min(8.0, max(0.125, zoom))
        self.update()

    def set_hidden(self, title: str, is_hidden: bool) -> None:
        """Hide or show the panel called `title`."""
        (self.hidden.add if is_hidden else self.hidden.discard)(title)
        self.update()

    def shown(self) -> list[Panel]:
        """Return the panels that are drawn."""
        return [panel for panel in self._panels if panel.group.title not in self.hidden]

    def sizeHint(self) -> QSize:
        """Prefer the room that a stack of sixteen channels needs."""
        return QSize(900, 560)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose columns anew: one a pixel."""
        super().resizeEvent(event)
        self._recolumn()

    def _arrange(self) -> None:
        old = {panel.group.title: panel for panel in self._panels}
        known = set(old) | self.hidden
        self._panels = []
        for trace in sorted(self._traces.values(), key=_order):
            for group in groups_of(trace.info):
                before = old.get(group.title)
                panel = Panel(group, trace)
                if before is not None and len(before.middles) == len(group.channels):
                    panel.scale, panel.middles = before.scale, before.middles
                self._panels.append(panel)
                if not group.is_main and group.title not in known:
                    self.hidden.add(group.title)
        self.panels_changed.emit()
        self.update()

    def _gutter(self) -> float:
        return self._widths()[0]

    def _margin(self) -> float:
        return self._widths()[1]

    def _widths(self) -> tuple[float, float]:
        key = self.font().key()
        if self._measured[0] != key:
            metrics = QFontMetricsF(self.font())
            labels = metrics.horizontalAdvance("acceleration-x") + 12
            self._measured = (key, (labels, metrics.horizontalAdvance("20000 µV") + 22))
        return self._measured[1]

    def _column_count(self) -> int:
        return max(50, int(self.width() - self._gutter() - self._margin()))

    def _column_s(self) -> float:
        return self.span_s / self._column_count()

    def _recolumn(self) -> None:
        for trace in self._traces.values():
            trace.resize(self._column_count(), self._column_s())
        self.update()

    def _tick(self) -> None:
        started_s = clock.now()
        self._now_s = started_s
        for trace in self._traces.values():
            trace.poll()
        if self.isVisible():
            self.repaint()
        self._pace(clock.now() - started_s)

    def _pace(self, took_s: float) -> None:
        """Leave the machine to the recording: a costly frame makes the next ones rarer."""
        self.frame_s = 0.9 * self.frame_s + 0.1 * took_s
        wanted = min(SLOW_MS, max(FAST_MS, 10 * math.ceil(self.frame_s * 100 / BUSY_SHARE)))
        if wanted != self._timer.interval():
            self._timer.setInterval(wanted)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw time axis, panels, and what is missing."""
        painter = QPainter(self)
        try:
            self._draw(painter, theme.current())
        finally:
            # A painter that outlives its event takes the whole program with it.
            painter.end()

    def _draw(self, painter: QPainter, colours: theme.Colours) -> None:
        painter.fillRect(self.rect(), QColor(colours.base))
        shown = self.shown()
        if not shown:
            painter.setPen(QColor(colours.muted))
            text = self.waiting_text or "No signals yet."
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        line = QFontMetricsF(self.font()).height()
        self._layout(shown, line)
        left, right = self._gutter(), self._gutter() + self._column_count()
        bottom = self.height() - line - 6
        self._draw_time(painter, colours, left, right, bottom)
        for panel in shown:
            self._draw_panel(painter, colours, panel, left, right, line)

    def _layout(self, shown: list[Panel], line: float) -> None:
        room = self.height() - line - 8 - len(shown) * (line + 8)
        weights = [max(3.0, float(len(panel.group.channels))) for panel in shown]
        top = 2.0
        for panel, weight in zip(shown, weights, strict=True):
            panel.top = top
            panel.height = line + 4 + max(18.0, room * weight / sum(weights))
            top += panel.height + 4

    def _draw_time(
        self, painter: QPainter, colours: theme.Colours, left: float, right: float, bottom: float
    ) -> None:
        # Mixed beforehand: drawing half transparent lines costs more than all signals of a wristband.
        grid = mixed(colours.border, colours.base, 0.55)
        step = 1.0 if self.span_s <= 5 else 2.0
        for place in range(int(self.span_s / step) + 1):
            x = round(right - place * step * (right - left) / self.span_s) + 0.5
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(x, 0), QPointF(x, bottom))
            painter.setPen(QColor(colours.muted))
            text = "now" if place == 0 else f"−{place * step:g} s"
            box = QRectF(x - 40, bottom + 2, 80, self.height() - bottom - 2)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _draw_panel(
        self,
        painter: QPainter,
        colours: theme.Colours,
        panel: Panel,
        left: float,
        right: float,
        line: float,
    ) -> None:
        until = int(self._now_s / panel.trace.columns.width_s)
        low, high = panel.trace.columns.last(until)
        channels = list(panel.group.channels)
        low, high = low[:, channels], high[:, channels]
        self._rescale(panel, low, high)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(QPointF(0, panel.top + 0.5), QPointF(self.width(), panel.top + 0.5))
        self._draw_title(painter, colours, panel, line)
        row = (panel.height - line - 4) / len(channels)
        first = panel.top + line + 4
        scale = panel.scale / self.zoom
        painter.setClipRect(QRectF(left, panel.top + 1, right - left, panel.height))
        painter.setPen(QPen(theme.of_kind(colours, panel.group.kind), 1))
        gap = widest_gap(panel.trace.info.rate_hz, panel.trace.columns.width_s)
        for place in range(len(channels)):
            middle = first + (place + 0.5) * row
            draw_channel(
                painter,
                low[:, place] - panel.middles[place],
                high[:, place] - panel.middles[place],
                left,
                middle,
                row / scale,
                gap,
            )
        painter.setClipping(False)
        self._draw_labels(painter, colours, panel, first, row, line)
        self._draw_bar(painter, colours, right, first, row, scale, panel)

    def _draw_title(self, painter: QPainter, colours: theme.Colours, panel: Panel, line: float) -> None:
        info = panel.trace.info
        painter.setPen(QColor(colours.text))
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        width = self.width() - 12
        box = QRectF(6, panel.top + 2, width, line + 2)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, panel.group.title)
        used = QFontMetricsF(font).horizontalAdvance(panel.group.title)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        words = [f"{info.rate_hz:g} Hz" if info.rate_hz else "irregular"]
        if len(panel.group.channels) > 1:
            words.insert(0, f"{len(panel.group.channels)} channels")
        if info.origin != "recorded":
            words.append(info.origin)
        age_s = self._now_s - panel.trace.last_s
        if not math.isfinite(age_s):
            words.append("no data yet")
        elif age_s > 2.0 and info.rate_hz:
            words.append(f"no data for {age_s:.0f} s")
        painter.drawText(box.adjusted(used + 12, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, " · ".join(words))

    def _draw_labels(
        self, painter: QPainter, colours: theme.Colours, panel: Panel, first: float, row: float, line: float
    ) -> None:
        if len(panel.group.labels) < 2:
            return
        painter.setPen(QColor(colours.muted))
        every = max(1, math.ceil(MIN_ROW / max(row, 0.1)))
        metrics = QFontMetricsF(painter.font())
        for place in range(0, len(panel.group.labels), every):
            y = first + (place + 0.5) * row
            text = metrics.elidedText(
                panel.group.labels[place], Qt.TextElideMode.ElideRight, self._gutter() - 10
            )
            box = QRectF(2, y - line / 2, self._gutter() - 8, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_bar(
        self,
        painter: QPainter,
        colours: theme.Colours,
        right: float,
        first: float,
        row: float,
        scale: float,
        panel: Panel,
    ) -> None:
        """Say the scale: a bar and the amount that its height stands for."""
        rows = min(len(panel.group.channels), max(1, math.ceil(22 / row)))
        amount = nice_scale(scale * rows / 2.5)
        height = amount / scale * row
        top = first + (row * rows - height) / 2
        x = right + 8.5
        painter.setPen(QPen(QColor(colours.text), 1))
        painter.drawLine(QPointF(x, top), QPointF(x, top + height))
        painter.drawLine(QPointF(x - 3, top), QPointF(x + 3, top))
        painter.drawLine(QPointF(x - 3, top + height), QPointF(x + 3, top + height))
        text = f"{amount:g} {unit_text(panel.group.unit)}".strip()
        box = QRectF(x + 6, top + height / 2 - 20, self.width() - x - 8, 40)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _rescale(self, panel: Panel, low: np.ndarray, high: np.ndarray) -> None:
        """Choose middles and scale anew, seldom: a scale that follows every breath cannot be read."""
        age_s = self._now_s - panel.rescaled_s
        if panel.scale and age_s < RESCALE_S and not (age_s > OUTSIDE_S and leaves(panel, low, high)):
            return
        panel.rescaled_s = self._now_s
        seen = np.isfinite(low).any(axis=0)
        if not seen.any():
            panel.scale = panel.scale or 1.0
            panel.middles = np.zeros(low.shape[1])
            return
        if low.shape[1] == 1:
            # A panel to itself: the whole swing is shown, and it stays where it is while it fits.
            bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
            middle, spread = (bottom + top) / 2, top - bottom
            if panel.scale and not leaves(panel, low, high) and spread > 0.35 * panel.scale:
                return
            panel.middles = np.array([middle])
        else:
            panel.middles = np.zeros(low.shape[1])
            panel.middles[seen] = np.nanmedian((low[:, seen] + high[:, seen]) / 2, axis=0)
            spread = spread_of(low, high)
        if not 0.35 * panel.scale < spread < 0.9 * panel.scale:
            panel.scale = max(spread, 1e-9) * 1.3


def leaves(panel: Panel, low: np.ndarray, high: np.ndarray) -> bool:
    """Whether a signal that has its panel to itself is drawn beyond its edges."""
    if low.shape[1] != 1 or len(panel.middles) != 1 or not np.isfinite(low).any():
        return False
    reach = panel.scale / 2
    return bool(np.nanmin(low) < panel.middles[0] - reach or np.nanmax(high) > panel.middles[0] + reach)


def draw_channel(
    painter: QPainter,
    low: np.ndarray,
    high: np.ndarray,
    left: float,
    middle: float,
    per_unit: float,
    widest_gap: int,
) -> None:
    """Draw one channel's columns as lines that break where more than `widest_gap` columns are empty."""
    places = np.flatnonzero(np.isfinite(low))
    if not len(places):
        return
    x = np.repeat(left + places + 0.5, 2)
    y = np.empty(2 * len(places))
    # From low to high and back: neighbouring columns join at the nearer end.
    y[0::4], y[1::4] = low[places][0::2], high[places][0::2]
    y[2::4], y[3::4] = high[places][1::2], low[places][1::2]
    y = middle - y * per_unit
    steps = np.diff(places)
    if not len(steps) or steps.max() <= widest_gap:
        painter.drawPolyline(polygon(x, y))
        return
    breaks = 2 * (np.flatnonzero(steps > widest_gap) + 1)
    for xs, ys in zip(np.split(x, breaks), np.split(y, breaks), strict=True):
        painter.drawPolyline(polygon(xs, ys))


def mixed(ink: str, ground: str, share: float) -> QColor:
    """Return the colour that `share` of `ink` over `ground` looks like."""
    one, other = QColor(ink), QColor(ground)
    pairs = ((one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue()))
    red, green, blue = (round(share * a + (1 - share) * b) for a, b in pairs)
    return QColor(red, green, blue)


def widest_gap(rate_hz: float, column_s: float) -> int:
    """Return across how many empty columns a line still joins its samples."""
    usual_s = 2.5 / rate_hz if rate_hz else GAP_S
    return max(2, math.ceil(usual_s / column_s))


def polygon(x: np.ndarray, y: np.ndarray) -> QPolygonF:
    """Return points as Qt draws them, copied in one block."""
    from pyqtgraph.functions import arrayToQPolygonF

    made: QPolygonF = arrayToQPolygonF(x, y)
    return made


def _order(trace: Trace) -> tuple[int, str]:
    kinds = ("eeg", "ecg", "bvp", "ppg", "eda", "temperature", "acceleration")
    kind = trace.info.kind
    place = kinds.index(kind) if kind in kinds else len(kinds)
    return (place, trace.info.id)
