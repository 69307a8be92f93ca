"""The visible signals as a picture for a paper, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPen

from app.console import theme
from app.console.review.canvas_paint import draw_labels, draw_over, draw_ruler
from app.console.review.tiles import Grid
from app.console.review.traces_columns import Lines, placement
from app.console.saving import save_picture, save_table
from app.console.signals import polygon
from app.console.theme import Colours
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.console.review.canvas import Canvas
    from app.console.review.stack import SignalStack


def save(stack: SignalStack, path: Path) -> None:
    """Write what is visible as SVG or PNG; raises EvokeError."""
    canvas = _canvas(stack)

    def draw(painter: QPainter, area: QRectF, colours: Colours) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(canvas.font())
        _draw(painter, canvas, colours)

    title = stack.visible.title or (stack.overview.path.stem if stack.overview is not None else "")
    save_picture(path, QSize(canvas.width(), canvas.height()), title if stack.visible.names else "", draw)


def save_numbers(stack: SignalStack, path: Path) -> None:
    """Write the numbers behind what is visible as CSV: samples, or the columns' lows and highs."""
    canvas = _canvas(stack)
    columns = ["signal", "channel", "unit", "time_s", "low", "high"]
    save_table(path, columns, _rows(stack, canvas))


def _canvas(stack: SignalStack) -> Canvas:
    if stack.canvas.traces is None or not stack.canvas.traces.bands:
        raise EvokeError("There is no signal to save. Open a recording and choose channels first.")
    stack.settle()
    return stack.canvas


def _rows(stack: SignalStack, canvas: Canvas) -> Iterator[dict[str, Any]]:
    """Yield a row for each drawn column and channel; times count from the axis's zero."""
    assert canvas.traces is not None, "asked before"
    grid = Grid(stack.axis.start_s, stack.axis.width_s / canvas.plot.width())
    for lines in canvas.traces.lines(grid, 0, canvas.plot.width(), stack.axis.width_s, 1.0):
        band = lines.band
        for row, channel in enumerate(band.shown):
            for column in np.flatnonzero(~lines.empty[row]).tolist():
                yield {
                    "signal": band.title,
                    "channel": band.group.labels[channel],
                    "unit": band.group.unit,
                    "time_s": grid.time(column) - stack.axis.zero_s,
                    "low": float(lines.low[row, column]),
                    "high": float(lines.high[row, column]),
                }


def _draw(painter: QPainter, canvas: Canvas, colours: Colours) -> None:
    assert canvas.traces is not None, "asked before"
    plot, axis = canvas.plot, canvas.axis
    grid = Grid(axis.start_s, axis.width_s / plot.width())
    for lines in canvas.traces.lines(grid, 0, plot.width(), axis.width_s, 1.0):
        band = lines.band
        painter.setPen(QPen(theme.of_kind(colours, band.group.kind), 1))
        painter.save()
        painter.setClipRect(QRectF(plot.left(), band.top, plot.width(), band.height))
        middles_y, per_unit = placement(band, canvas.traces.butterfly)
        for row, channel in enumerate(band.shown):
            base = float(middles_y[row] + band.middles[channel] * per_unit)
            _draw_line(painter, lines, row, plot.left(), base, per_unit)
        painter.restore()
    painter.save()
    painter.setClipRect(plot)
    draw_over(painter, canvas, colours, is_cursor_shown=False)
    painter.restore()
    draw_labels(painter, canvas, colours)
    draw_ruler(painter, canvas, colours, QRect(0, plot.bottom() + 1, canvas.width(), canvas.ruler_px))


def _draw_line(painter: QPainter, lines: Lines, row: int, left: int, base: float, per_unit: float) -> None:
    places = np.flatnonzero(~lines.empty[row])
    if not len(places):
        return
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        x = np.repeat(left + run + 0.5, 2)
        y = np.empty(2 * len(run))
        # From low to high and back: neighbouring columns join at the nearer end.
        y[0::4], y[1::4] = lines.low[row, run][0::2], lines.high[row, run][0::2]
        y[2::4], y[3::4] = lines.high[row, run][1::2], lines.low[row, run][1::2]
        painter.drawPolyline(polygon(x, base - y * per_unit))
