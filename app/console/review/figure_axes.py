"""What figures of a review need beside plain axes: logarithmic ticks, colours of amounts, kinds of line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QLinearGradient, QPainter, QPen, QPolygonF

from app.console.axes import Axes, Range, round_ticks
from app.console.theme import Colours

LINES = ("eeg", "heart", "skin", "motion", "temperature", "sound")
DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
    Qt.PenStyle.SolidLine,
)
SHADES = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
"""From little to much: as light as it is much, the same order for colour-blind viewers and in print."""
MOST_POINTS = 1600
KEY_LINE_PX = 30.0


def shade_table() -> NDArray[np.uint32]:
    """Return 256 opaque colours (ARGB) from little to much."""
    inks = [QColor(shade) for shade in SHADES]
    anchors = np.array([(ink.red(), ink.green(), ink.blue()) for ink in inks], np.float64)
    places = np.linspace(0, len(SHADES) - 1, 256)
    parts = [np.interp(places, np.arange(len(SHADES)), anchors[:, part]) for part in range(3)]
    red, green, blue = (np.round(part).astype(np.uint32) for part in parts)
    return np.asarray((255 << 24) | (red << 16) | (green << 8) | blue, np.uint32)


def shaded(values: NDArray[np.float64], limits: Range) -> QImage:
    """Return a picture of `values` (rows, columns), first row on top; NaN is transparent."""
    low, high = limits
    share = (values - low) / (high - low) if high > low else np.full(values.shape, 0.5)
    known = np.isfinite(share)
    index = np.round(np.clip(np.where(known, share, 0.0), 0, 1) * 255).astype(np.intp)
    pixels = np.ascontiguousarray(np.where(known, shade_table()[index], 0), np.uint32)
    rows, columns = pixels.shape
    image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32)
    return image.copy()


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Return round numbers for a logarithmic axis: powers of ten, with 2, 3 and 5 where there is room."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for parts in ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        ticks = [part * 10.0**power for power in range(first, last + 1) for part in parts]
        ticks = [tick for tick in ticks if low * 0.9999 <= tick <= high * 1.0001]
        if len(ticks) <= most:
            return ticks
    step = -(-(last - first) // most)
    return [10.0**power for power in range(first, last + 1, step) if low <= 10.0**power <= high]


def tick_text(value: float) -> str:
    """Return a tick's words: 0.01, 5, 1000, 1e-05."""
    return f"{value:g}"


def axes_with_room(area: QRectF, metrics: QFontMetricsF, x: Range, y: Range, widest: str) -> Axes:
    """Return axes in `area` with room for ticks as wide as `widest`, and for a title above and below."""
    line = metrics.height()
    left = metrics.horizontalAdvance(widest) + 14
    return Axes(area.adjusted(left, line + 8, -14, -2 * line - 10), x, y)


def draw_frame(
    painter: QPainter,
    axes: Axes,
    colours: Colours,
    titles: tuple[str, str],
    x_ticks: Sequence[tuple[float, str]],
    y_ticks: Sequence[tuple[float, str]],
    lines: bool = True,
) -> None:
    """Draw a frame with ticks (place on the axis, words); `titles` are those of the figure and below."""
    metrics = QFontMetricsF(painter.font())
    line, box = metrics.height(), axes.box
    painter.setPen(QColor(colours.text))
    above = QRectF(box.left() - 40, box.top() - line - 6, box.width() + 40, line)
    title = metrics.elidedText(titles[0], Qt.TextElideMode.ElideRight, above.width())
    painter.drawText(above, Qt.AlignmentFlag.AlignLeft, title)
    for place, words in y_ticks:
        y = axes.up(place)
        if lines:
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(QColor(colours.muted))
        label = QRectF(box.left() - 200, y - line / 2, 194, line)
        painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
    for place, words in x_ticks:
        x = axes.across(place)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 4))
        painter.setPen(QColor(colours.muted))
        painter.drawText(QRectF(x - 60, box.bottom() + 5, 120, line), Qt.AlignmentFlag.AlignHCenter, words)
    below = QRectF(box.left(), box.bottom() + line + 6, box.width(), line)
    painter.setPen(QColor(colours.muted))
    painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, titles[1])
    painter.setPen(QPen(QColor(colours.muted), 1))
    painter.drawLine(box.bottomLeft(), box.bottomRight())


def plain_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return round ticks with their words."""
    return [(tick, tick_text(tick)) for tick in round_ticks(low, high, most)]


def polylines(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> list[QPolygonF]:
    """Return a line through (x, y) (n,), parted at NaN; long ones keep each stretch's lowest and highest."""
    made: list[QPolygonF] = []
    known = np.isfinite(y) & np.isfinite(x)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        places = np.arange(start, stop)
        if len(places) > MOST_POINTS:
            parts = np.array_split(places, MOST_POINTS // 2)
            kept = [sorted((int(p[y[p].argmin()]), int(p[y[p].argmax()]))) for p in parts]
            places = np.array(kept).ravel()
        made.append(QPolygonF([axes.at(float(x[at]), float(y[at])) for at in places]))
    return made


def line_pen(colours: Colours, number: int, width: float = 1.5) -> QPen:
    """Return the pen of the n-th of several lines: told apart by colour and by dashes."""
    colour = QColor(getattr(colours, LINES[number % len(LINES)]))
    return QPen(colour, width, DASHES[number % len(DASHES)])


def draw_key(
    painter: QPainter, area: QRectF, colours: Colours, names: Sequence[str], width: float = 1.8
) -> None:
    """Write the names of several lines in a row, each beside a piece of its line, shortened to find room."""
    metrics = QFontMetricsF(painter.font())
    y, room = area.center().y(), area.width()
    wanted = [KEY_LINE_PX + metrics.horizontalAdvance(name) + 16 for name in names]
    share = room / max(1, len(names))
    is_tight = sum(wanted) > room
    x = area.left()
    for number, (name, needed) in enumerate(zip(names, wanted, strict=True)):
        step = min(needed, share) if is_tight else needed
        painter.setPen(line_pen(colours, number, width))
        painter.drawLine(QPointF(x, y), QPointF(x + KEY_LINE_PX - 6, y))
        painter.setPen(QColor(colours.text))
        text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, step - KEY_LINE_PX - 8)
        painter.drawText(QPointF(x + KEY_LINE_PX, y + metrics.ascent() / 2 - 1), text)
        x += step


def draw_bar(painter: QPainter, bar: QRectF, colours: Colours, limits: Range, unit: str) -> None:
    """Draw a colour bar, upright, with three ticks and its unit above."""
    metrics = QFontMetricsF(painter.font())
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    for place, shade in enumerate(SHADES):
        gradient.setColorAt(place / (len(SHADES) - 1), QColor(shade))
    painter.setPen(QPen(QColor(colours.muted), 1))
    painter.setBrush(gradient)
    painter.drawRect(bar)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(colours.muted))
    for share in (0.0, 0.5, 1.0):
        value = limits[0] + share * (limits[1] - limits[0])
        y = bar.bottom() - share * bar.height()
        beside = QRectF(bar.right() + 5, y - metrics.height() / 2, 90, metrics.height())
        painter.drawText(beside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{value:.3g}")
    above = QRectF(bar.left() - 20, bar.top() - metrics.height() - 8, 130, metrics.height())
    painter.drawText(above, Qt.AlignmentFlag.AlignLeft, unit)


def draw_words(painter: QPainter, area: QRectF, colours: Colours, text: str) -> None:
    """Write a sentence in the middle: what to do where there is nothing to draw."""
    painter.setPen(QColor(colours.muted))
    inner = area.adjusted(24, 12, -24, -12)
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
