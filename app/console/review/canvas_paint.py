"""What lies over the signals: gaps, events, titles, scale bars, selection, cursors, the ruler of time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from analysis.overview import GapSpan
from app.console.review.scales import bar_of, digits_for, tick_step_s, time_text
from app.console.review.traces_bands import Band
from app.console.review.traces_columns import placement
from app.console.signals import mixed
from app.console.theme import Colours
from app.console.traces import unit_text

if TYPE_CHECKING:
    from app.console.review.canvas import Canvas

LEAST_ROW_PX = 13
MOST_LINES = 400
"""So many events are drawn as lines; where there are more each pixel still gets its line."""
TICK_PX = 86


@dataclass
class Scene:
    """What is drawn over the signals beside the axis's own cursor and selection.

    `events_s` (n,) rises; `gaps` by stream. `measured` are the two measuring cursors, `current` the channel
    that they and the hand are at: band title and place in its group.
    """

    events_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    gaps: Mapping[str, tuple[GapSpan, ...]] = field(default_factory=dict)
    measured: tuple[float, float] | None = None
    current: tuple[str, int] | None = None
    empty_text: str = "No recording is open."


def draw_over(painter: QPainter, canvas: Canvas, colours: Colours, is_cursor_shown: bool = True) -> None:
    """Draw everything over the signals, inside the plot."""
    assert canvas.traces is not None, "only over signals"
    plot = canvas.plot
    axis = canvas.axis
    for band in canvas.traces.bands:
        _draw_gaps(painter, canvas, band, colours)
        _draw_doubts(painter, canvas, band, colours)
        _draw_title(painter, canvas, band, colours)
    _draw_events(painter, canvas, colours)
    if axis.selection_s is not None:
        left, right = (axis.x_of(edge, canvas.width()) for edge in axis.selection_s)
        tint = QColor(colours.accent)
        tint.setAlpha(44)
        painter.fillRect(QRectF(left, 0, max(1.0, right - left), plot.height()), tint)
        painter.setPen(QPen(QColor(colours.accent), 1))
        painter.drawLines([QLineF(x, 0, x, plot.height()) for x in (round(left) + 0.5, round(right) + 0.5)])
    for place, time_s in enumerate(canvas.scene.measured or ()):
        _draw_measure(painter, canvas, time_s, "AB"[place], colours)
    if is_cursor_shown:
        x = round(axis.x_of(axis.cursor_s, canvas.width()))
        painter.setPen(QPen(QColor(colours.alarm), 1))
        painter.drawLine(x, 0, x, plot.height())


def _draw_gaps(painter: QPainter, canvas: Canvas, band: Band, colours: Colours) -> None:
    gaps = canvas.scene.gaps.get(band.group.stream, ()) if band.curve is None else ()
    if not gaps:
        return
    axis, width = canvas.axis, canvas.width()
    ends = np.array([gap.to_s for gap in gaps])
    ink = mixed(colours.border, colours.base, 0.9)
    painter.setPen(Qt.PenStyle.NoPen)
    last_px = -1
    for gap in gaps[int(np.searchsorted(ends, axis.start_s)) :]:
        if gap.from_s > axis.stop_s:
            break
        left = math.floor(axis.x_of(max(gap.from_s, axis.start_s), width))
        right = math.ceil(axis.x_of(min(gap.to_s, axis.stop_s), width))
        if right <= last_px:
            continue
        box = QRect(left, band.top, max(1, right - left), band.height)
        last_px = box.right()
        painter.setBrushOrigin(0, 0)
        painter.setBrush(ink if box.width() < 4 else _hatch(ink))
        painter.drawRect(box)


def _hatch(ink: QColor) -> object:
    from PySide6.QtGui import QBrush

    return QBrush(ink, Qt.BrushStyle.BDiagPattern)


def _draw_events(painter: QPainter, canvas: Canvas, colours: Colours) -> None:
    axis, events = canvas.axis, canvas.scene.events_s
    first, stop = np.searchsorted(events, [axis.start_s, axis.stop_s])
    if stop <= first:
        return
    scale = canvas.plot.width() / axis.width_s
    pixels = np.unique(np.round(canvas.plot.left() + (events[first:stop] - axis.start_s) * scale))
    dense = len(pixels) > MOST_LINES
    painter.setPen(QPen(mixed(colours.accent, colours.base, 0.35 if dense else 0.6), 1))
    height = canvas.plot.height()
    painter.drawLines([QLineF(x + 0.5, 0, x + 0.5, height) for x in pixels.tolist()])


def _draw_doubts(painter: QPainter, canvas: Canvas, band: Band, colours: Colours) -> None:
    """Shade what a curve's reader should doubt, and tick its single moments."""
    if band.curve is None:
        return
    axis, width = canvas.axis, canvas.width()
    part = band.curve.between(axis.start_s, axis.stop_s)
    tint = QColor(colours.warning)
    tint.setAlpha(40)
    for start_s, stop_s in part.spans_s:
        left, right = axis.x_of(start_s, width), axis.x_of(stop_s, width)
        painter.fillRect(QRectF(left, band.top, max(1.0, right - left), band.height), tint)
    painter.setPen(QPen(QColor(colours.muted), 1))
    bottom = band.top + band.height
    pixels = sorted({round(axis.x_of(mark, width)) for mark in part.marks_s})
    painter.drawLines([QLineF(x + 0.5, bottom - 5, x + 0.5, bottom) for x in pixels])


def _draw_title(painter: QPainter, canvas: Canvas, band: Band, colours: Colours) -> None:
    plot, line = canvas.plot, canvas.line_px
    painter.fillRect(QRect(plot.left(), band.title_top, plot.width(), line + 2), QColor(colours.base))
    if band.title_top:
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(plot.left(), band.title_top, plot.right(), band.title_top)
    font = QFont(painter.font())
    box = QRectF(plot.left() + 6, band.title_top + 1, plot.width() - 12, line)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(colours.text))
    metrics = QFontMetricsF(font)
    title = metrics.elidedText(band.title, Qt.TextElideMode.ElideRight, box.width() * 0.5)
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft, title)
    font.setBold(False)
    painter.setFont(font)
    box.setLeft(box.left() + metrics.horizontalAdvance(title) + 10)
    words, is_warning = title_words(canvas, band)
    painter.setPen(QColor(colours.warning if is_warning else colours.muted))
    text = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft, text)


def title_words(canvas: Canvas, band: Band) -> tuple[str, bool]:
    """Return what stands beside a band's title, and whether it is something to heed."""
    assert canvas.traces is not None, "a band is of traces"
    if band.curve is not None:
        known = [f"in {unit_text(band.curve.unit)}" if band.curve.unit else "", band.curve.note]
        return " · ".join(filter(None, known)), False
    words = [f"{band.rate_hz:g} Hz" if band.rate_hz else "irregular"]
    if len(band.group.labels) > 1:
        of = f"{len(band.shown)} of " if len(band.shown) < len(band.group.labels) else ""
        words.insert(0, f"{of}{len(band.group.labels)} channels")
    problem = canvas.traces.problem(band, canvas.axis.width_s)
    if band.is_electric:
        words.append(problem or canvas.traces.filters_for(band).words())
    return " · ".join(words), bool(problem)


def _draw_measure(painter: QPainter, canvas: Canvas, time_s: float, name: str, colours: Colours) -> None:
    x = round(canvas.axis.x_of(time_s, canvas.width())) + 0.5
    if not canvas.plot.left() <= x <= canvas.plot.right():
        return
    painter.setPen(QPen(QColor(colours.good), 1, Qt.PenStyle.DashLine))
    painter.drawLine(QLineF(x, 0, x, canvas.plot.height()))
    box = QRectF(x + 1, canvas.plot.height() - canvas.line_px - 2, canvas.line_px, canvas.line_px)
    painter.fillRect(box, QColor(colours.good))
    painter.setPen(QColor(colours.base))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)


def draw_labels(painter: QPainter, canvas: Canvas, colours: Colours) -> None:
    """Draw the margin: names of channels, and a scale bar a band with the amount it stands for."""
    assert canvas.traces is not None, "only beside signals"
    for band in canvas.traces.bands:
        if band.title_top:
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(0, band.title_top, canvas.axis.left_px, band.title_top)
        if not band.shown:
            continue
        amount, bar_px = bar_of(band, band.height / band.lanes(canvas.traces.butterfly))
        _draw_bar(painter, canvas, band, amount, bar_px, colours)
        if band.curve is None and not canvas.traces.butterfly:
            _draw_names(painter, canvas, band, colours)


def _draw_bar(
    painter: QPainter, canvas: Canvas, band: Band, amount: float, bar_px: float, colours: Colours
) -> None:
    x = canvas.axis.left_px - 7.5
    top = band.top + (band.height - bar_px) / 2
    painter.setPen(QPen(QColor(colours.text), 1))
    ends = (QLineF(x - 3, top, x + 3, top), QLineF(x - 3, top + bar_px, x + 3, top + bar_px))
    painter.drawLines([QLineF(x, top, x, top + bar_px), *ends])
    # The amount stands in the title's line, where no channel's name is.
    box = QRectF(2, band.title_top + 1, canvas.axis.left_px - 8, canvas.line_px)
    text = f"I = {amount:g} {unit_text(band.group.unit)}".strip()
    painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)


def _draw_names(painter: QPainter, canvas: Canvas, band: Band, colours: Colours) -> None:
    assert canvas.traces is not None, "only beside signals"
    middles, _ = placement(band, canvas.traces.butterfly)
    line = canvas.line_px
    every = max(1, math.ceil(LEAST_ROW_PX / max(0.1, band.height / len(band.shown))))
    room = canvas.axis.left_px - 20
    metrics = QFontMetricsF(painter.font())
    current = canvas.scene.current
    for place in range(0, len(band.shown), every):
        channel = band.shown[place]
        is_current = current == (band.title, channel)
        painter.setPen(QColor(colours.accent if is_current else colours.muted))
        text = metrics.elidedText(band.group.labels[channel], Qt.TextElideMode.ElideRight, room)
        box = QRectF(2, middles[place] - line / 2, room, line)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def draw_ruler(painter: QPainter, canvas: Canvas, colours: Colours, area: QRect) -> None:
    """Draw ticks and times, counted from the axis's zero."""
    axis, plot = canvas.axis, canvas.plot
    painter.fillRect(area, QColor(colours.base))
    painter.setPen(QPen(QColor(colours.border), 1))
    painter.drawLine(plot.left(), area.top(), plot.right(), area.top())
    step_s = tick_step_s(axis.width_s, plot.width(), TICK_PX)
    digits = digits_for(step_s)
    number = math.ceil((axis.start_s - axis.zero_s) / step_s - 1e-9)
    while axis.zero_s + number * step_s <= axis.stop_s:
        told_s = number * step_s
        x = round(axis.x_of(axis.zero_s + told_s, canvas.width()))
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(x, area.top(), x, area.top() + 4)
        painter.setPen(QColor(colours.muted))
        left = min(x - TICK_PX // 2, area.right() - TICK_PX)
        box = QRect(left, area.top() + 4, TICK_PX, area.height() - 4)
        centred = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(box, centred, time_text(told_s, digits))
        number += 1
