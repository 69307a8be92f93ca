"""Pictures of agreement on any painter: confusion matrix, disagreement along a recording, traces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from analysis.agreement.moments import Matrix, Strip
from analysis.agreement.tables import Traces
from analysis.agreement.traces import GRID_HZ, Lag, mean_of_raters, spread_of_raters
from app.console.axes import Axes
from app.console.theme import Colours

LINES = ("eeg", "temperature", "motion", "skin", "sound", "heart")
DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
)
MARGIN = 8.0
HEAT = 0.5
"""The warmest cell is so far on the way to its colour: text can be read on it in both palettes."""
_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def mixed(one: str, other: str, share: float) -> QColor:
    """Return a colour between two, `share` of the way to the other."""
    first, second = QColor(one), QColor(other)
    return QColor(
        *(
            round(a + (b - a) * share)
            for a, b in (
                (first.red(), second.red()),
                (first.green(), second.green()),
                (first.blue(), second.blue()),
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Cells:
    """Where the cells of a matrix lie; classes nobody used are left out, `places` are the others."""

    box: QRectF
    places: tuple[int, ...]

    def rect(self, row: int, column: int) -> QRectF:
        """Return the cell of a row and a column as they are drawn."""
        wide, high = self.box.width() / len(self.places), self.box.height() / len(self.places)
        return QRectF(self.box.left() + column * wide, self.box.top() + row * high, wide, high)

    def at(self, point: QPointF) -> tuple[int, int] | None:
        """Return row and column under a point, None outside."""
        if not self.places or not self.box.contains(point):
            return None
        size = len(self.places)
        row = int((point.y() - self.box.top()) / self.box.height() * size)
        column = int((point.x() - self.box.left()) / self.box.width() * size)
        return min(row, size - 1), min(column, size - 1)


def cells_of(matrix: Matrix, area: QRectF, metrics: QFontMetricsF) -> Cells:
    """Return where the cells lie in an area, with room for the classes' names beside and above them."""
    used = matrix.counts.sum(axis=0) + matrix.counts.sum(axis=1) > 0
    places = tuple(int(place) for place in np.flatnonzero(used))
    longest = max((metrics.horizontalAdvance(matrix.names[place]) for place in places), default=0.0)
    left = min(longest, 0.3 * area.width()) + metrics.height() + 2 * MARGIN
    top = 2 * metrics.height() + MARGIN
    box = area.adjusted(left, top, -MARGIN, -MARGIN)
    return Cells(box, places)


def draw_matrix(
    painter: QPainter,
    area: QRectF,
    colours: Colours,
    matrix: Matrix,
    chosen: tuple[int, int] | None = None,
) -> None:
    """Draw how often each class of one rater met each class of the other; equal ones have a double edge."""
    metrics = QFontMetricsF(painter.font())
    cells = cells_of(matrix, area, metrics)
    if not cells.places:
        painter.setPen(QColor(colours.muted))
        text = f"{matrix.one} and {matrix.other} have nothing in common."
        painter.drawText(area, int(_CENTRE | Qt.TextFlag.TextWordWrap), text)
        return
    line = metrics.height()
    painter.setPen(QColor(colours.text))
    head = QRectF(cells.box.left(), area.top(), cells.box.width(), line)
    painter.drawText(
        head, _CENTRE, metrics.elidedText(matrix.other, Qt.TextElideMode.ElideRight, head.width())
    )
    painter.save()
    painter.translate(area.left() + line / 2, cells.box.center().y())
    painter.rotate(-90)
    high = cells.box.height()
    side = QRectF(-high / 2, -line / 2, high, line)
    painter.drawText(side, _CENTRE, metrics.elidedText(matrix.one, Qt.TextElideMode.ElideRight, high))
    painter.restore()
    most = float(matrix.counts.max()) or 1.0
    for row, first in enumerate(cells.places):
        _draw_names(painter, cells, colours, metrics, row, matrix.names[first], area.left() + line)
        for column, second in enumerate(cells.places):
            count = float(matrix.counts[first, second])
            box = cells.rect(row, column).adjusted(1, 1, -1, -1)
            tone = colours.accent if first == second else colours.heart
            painter.fillRect(box, mixed(colours.base, tone, HEAT * math.sqrt(count / most)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.muted if first == second else colours.border), 1))
            painter.drawRect(box)
            if first == second:
                painter.drawRect(box.adjusted(2.5, 2.5, -2.5, -2.5))
            if chosen == (first, second):
                painter.setPen(QPen(QColor(colours.text), 2.5))
                painter.drawRect(box)
            painter.setPen(QColor(colours.text if count else colours.muted))
            painter.drawText(box, _CENTRE, f"{count:g}")


def _draw_names(
    painter: QPainter,
    cells: Cells,
    colours: Colours,
    metrics: QFontMetricsF,
    place: int,
    name: str,
    left: float,
) -> None:
    painter.setPen(QColor(colours.muted))
    row = cells.rect(place, 0)
    room = QRectF(left, row.top(), row.left() - left - 4, row.height())
    painter.drawText(room, int(_RIGHT), metrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width()))
    column = cells.rect(0, place)
    above = QRectF(
        column.left() + 1, column.top() - metrics.height() - 2, column.width() - 2, metrics.height()
    )
    painter.drawText(above, _CENTRE, metrics.elidedText(name, Qt.TextElideMode.ElideRight, above.width()))


def strip_axes(strip: Strip, area: QRectF, metrics: QFontMetricsF) -> Axes:
    """Return the axes of a strip: seconds from its start, disagreement from 0 to 1."""
    return _aligned(
        Axes.within(area, metrics, (0.0, strip.stop_s - strip.start_s), (0.0, 1.0)), area, metrics
    )


def _aligned(axes: Axes, area: QRectF, metrics: QFontMetricsF) -> Axes:
    """Return axes with a margin that does not depend on their numbers: what lies below each other fits."""
    box = QRectF(axes.box)
    box.setLeft(area.left() + metrics.horizontalAdvance("-00.00") + 14)
    return replace(axes, box=box)


def draw_strip(
    painter: QPainter,
    area: QRectF,
    colours: Colours,
    strip: Strip,
    title: str,
    at_s: float | None = None,
) -> None:
    """Draw disagreement in bins of 0.5 s; where fewer than two rated there is a line on the ground."""
    axes = strip_axes(strip, area, QFontMetricsF(painter.font()))
    axes.draw(painter, colours, title, "time from the first unit (s)")
    ground = axes.box.bottom()
    pixels = max(1, int(axes.box.width()))
    for left, right, value in _columns(strip.values, pixels):
        x = axes.across(left * strip.bin_s)
        wide = max(1.0, axes.across(right * strip.bin_s) - x - 0.5)
        if np.isnan(value):
            painter.fillRect(QRectF(x, ground - 1.5, wide, 3.0), QColor(colours.border))
        elif value > 0:
            top = min(axes.up(float(value)), ground - 2)
            painter.fillRect(QRectF(x, top, wide, ground - top), QColor(colours.heart))
    if at_s is not None:
        x = axes.across(at_s - strip.start_s)
        painter.setPen(QPen(QColor(colours.text), 1.5))
        painter.drawLine(QPointF(x, axes.box.top()), QPointF(x, ground))


def _columns(values: NDArray[np.float64], pixels: int) -> list[tuple[int, int, float]]:
    """Return (first bin, bin behind the last, the largest value) of what can be drawn side by side."""
    each = max(1, -(-len(values) // pixels))
    found = []
    for start in range(0, len(values), each):
        part = values[start : start + each]
        known = part[np.isfinite(part)]
        found.append((start, start + len(part), float(known.max()) if len(known) else float("nan")))
    return found


def draw_traces(
    painter: QPainter,
    area: QRectF,
    colours: Colours,
    traces: Traces,
    units: Sequence[int],
    lags: Sequence[Lag],
    strip: Strip,
) -> None:
    """Draw the traces of a recording's units with their mean and a band of one standard deviation."""
    metrics = QFontMetricsF(painter.font())
    line = metrics.height() + 6
    _draw_legend(painter, QRectF(area.left(), area.top(), area.width(), line), colours, traces, lags)
    area = area.adjusted(0, line, 0, 0)
    low, high = limits_of(traces, units)
    axes = _aligned(
        Axes.within(area, metrics, (0.0, strip.stop_s - strip.start_s), (low, high)), area, metrics
    )
    axes.draw(painter, colours, "Traces as they were given; mean and standard deviation of the raters", "")
    painter.save()
    painter.setClipRect(axes.box)
    for place in units:
        grid = traces.values[place]
        first_s = traces.units[place].start_ns / 1e9 - strip.start_s
        times_s = first_s + np.arange(len(grid)) / GRID_HZ
        mean, spread = mean_of_raters(grid), spread_of_raters(grid)
        band = mixed(colours.base, colours.muted, 0.25)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(band)
        for part in _runs(np.isfinite(spread)):
            upper = [
                axes.at(float(t), float(v)) for t, v in zip(times_s[part], (mean + spread)[part], strict=True)
            ]
            lower = [
                axes.at(float(t), float(v)) for t, v in zip(times_s[part], (mean - spread)[part], strict=True)
            ]
            painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for rater in range(grid.shape[1]):
            painter.setPen(_pen(colours, rater))
            _draw_line(painter, axes, times_s, grid[:, rater])
        painter.setPen(QPen(QColor(colours.text), 2.4))
        _draw_line(painter, axes, times_s, mean)
    painter.restore()


def limits_of(traces: Traces, units: Sequence[int]) -> tuple[float, float]:
    """Return the range of the vertical axis: the scale, or of a relative trace what was drawn."""
    if traces.bounded and traces.high > traces.low:
        return traces.low, traces.high
    values = [traces.values[place] for place in units]
    known = np.concatenate([each[np.isfinite(each)] for each in values]) if values else np.zeros(0)
    if not len(known) or known.min() == known.max():
        return -1.0, 1.0
    return float(known.min()), float(known.max())


def lag_words(lag: Lag) -> str:
    """Return how late a rater is, in few words."""
    if lag.seconds is None:
        return "lag unknown"
    return f"lag {lag.seconds:g} s{' or more' if lag.at_edge else ''}"


def _draw_legend(
    painter: QPainter, area: QRectF, colours: Colours, traces: Traces, lags: Sequence[Lag]
) -> None:
    metrics = QFontMetricsF(painter.font())
    x, y = area.left() + 14, area.center().y()
    told = {lag.rater: lag_words(lag) for lag in lags}
    entries = [(rater, _pen(colours, place)) for place, rater in enumerate(traces.raters)]
    for name, pen in [*entries, ("mean", QPen(QColor(colours.text), 2.4))]:
        painter.setPen(pen)
        painter.drawLine(QPointF(x, y), QPointF(x + 26, y))
        painter.setPen(QColor(colours.muted))
        text = f"{name}, {told[name]}" if name in told else name
        painter.drawText(QPointF(x + 32, y + metrics.ascent() / 2 - 1), text)
        x += metrics.horizontalAdvance(text) + 52


def _pen(colours: Colours, place: int) -> QPen:
    colour = QColor(getattr(colours, LINES[place % len(LINES)]))
    return QPen(colour, 1.4, DASHES[place % len(DASHES)])


def _runs(known: NDArray[np.bool_]) -> list[slice]:
    """Return the stretches where something is known."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _draw_line(
    painter: QPainter, axes: Axes, times_s: NDArray[np.float64], values: NDArray[np.float64]
) -> None:
    for part in _runs(np.isfinite(values)):
        points = [axes.at(float(t), float(v)) for t, v in zip(times_s[part], values[part], strict=True)]
        painter.drawPolyline(QPolygonF(points))
