"""How lanes are drawn: single marks where there is room, a strip of density where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from app.console.annotate.lane_colours import label_colours, pattern, tint
from app.console.annotate.lane_model import Row, mean_and_spread
from app.console.annotate.lane_words import name_of
from app.console.theme import Colours

NARROW_PX = 3.0
TEXT_PX, KEY_PX = 26, 10
STRIP_PX = 5
POINT_PX = 5.0
_CENTRE = Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.TextElideMode.ElideRight


@dataclass(frozen=True, slots=True)
class View:
    """What of the time is drawn where: `left_px` to `right_px` show `start_s` to `stop_s`."""

    start_s: float
    stop_s: float
    left_px: float
    right_px: float

    def x(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pixels of times."""
        scale = (self.right_px - self.left_px) / max(1e-9, self.stop_s - self.start_s)
        return self.left_px + (times_s - self.start_s) * scale


def draw_row(painter: QPainter, row: Row, view: View, top: int, colours: Colours) -> None:
    """Draw one lane without its name, clipped to the plot."""
    box = QRect(round(view.left_px), top, round(view.right_px - view.left_px), row.height_px)
    ground = colours.base if row.own else colours.window
    painter.fillRect(box, QColor(ground))
    painter.save()
    painter.setClipRect(box)
    if row.is_trace:
        _draw_traces(painter, row, view, box, colours)
    part = row.visible(view.start_s, view.stop_s)
    if part.stop > part.start:
        _draw_marks(painter, row, part, view, box, colours, ground)
    painter.restore()


def _draw_marks(
    painter: QPainter, row: Row, part: slice, view: View, box: QRect, colours: Colours, ground: str
) -> None:
    left, right = view.x(row.starts[part]), view.x(row.ends[part])
    if row.tier.kind == "point":
        # Points closer than a glyph can be told apart by nobody: their strip says how many and of what.
        gaps = np.diff(left, prepend=-np.inf, append=np.inf)
        close = np.minimum(gaps[:-1], gaps[1:]) < NARROW_PX
    else:
        close = (right - left) < NARROW_PX
    if close.any():
        _draw_density(painter, row, left[close], right[close], row.labels[part][close], box, colours)
    singles = np.flatnonzero(~close)
    inks = label_colours(row.tier.labels, colours)
    if row.tier.kind == "point":
        _draw_points(painter, row, singles + part.start, left[singles], box, inks)
    else:
        np.clip(left, box.left() - 4, box.right() + 4, out=left)
        np.clip(right, box.left() - 4, box.right() + 5, out=right)
        _draw_segments(painter, row, singles + part.start, left[singles], right[singles], box, inks, ground)


def level_box(row: Row, level: int, top: int) -> tuple[float, float]:
    """Return top and height of marks on a level of the lane."""
    room = row.height_px - 4
    if row.levels == 1:
        return top + 2.0, float(room)
    step = room / row.levels
    return top + 2 + level * step, step - 1


def _draw_segments(
    painter: QPainter,
    row: Row,
    places: NDArray[np.int64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    box: QRect,
    inks: list[QColor],
    ground: str,
) -> None:
    order = np.argsort(row.labels[places], kind="stable")
    groups: dict[int, list[int]] = {}
    for at in order.tolist():
        groups.setdefault(int(row.labels[places[at]]), []).append(at)
    lefts, rights, levels = left.tolist(), right.tolist(), row.level[places].tolist()
    texts: list[tuple[QRectF, int]] = []
    for label, members in groups.items():
        ink = inks[label]
        body = tint(ink, ground, 0.28)
        rects: list[QRectF] = []
        unsure: list[QRectF] = []
        waiting: list[QRectF] = []
        strips: list[QRectF] = []
        for at in members:
            up, tall = level_box(row, levels[at], box.top())
            rect = QRectF(round(lefts[at]), up, max(2.0, round(rights[at]) - round(lefts[at]) - 1), tall)
            mark = row.marks[places[at]]
            (waiting if mark.to_confirm else rects).append(rect)
            if row.kind == "model" and row.unsure[places[at]]:
                unsure.append(rect)
            strips.append(QRectF(rect.left(), rect.bottom() - STRIP_PX, rect.width(), STRIP_PX))
            if rect.width() >= KEY_PX:
                texts.append((rect, int(places[at])))
        painter.setPen(QPen(ink, 1))
        painter.setBrush(body)
        painter.drawRects(rects)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if waiting:
            painter.setPen(QPen(ink, 1, Qt.PenStyle.DashLine))
            painter.drawRects(waiting)
        painter.setPen(Qt.PenStyle.NoPen)
        if row.kind == "model":
            painter.setBrush(QBrush(tint(ink, ground, 0.55), Qt.BrushStyle.BDiagPattern))
            painter.drawRects(rects)
            painter.setBrush(QBrush(tint(ink, ground, 0.8), Qt.BrushStyle.DiagCrossPattern))
            painter.drawRects(unsure)
        elif row.height_px > 3 * STRIP_PX:
            painter.setBrush(QBrush(ink, pattern(label)))
            painter.drawRects(strips)
    _draw_texts(painter, row, texts, box, ground)


def _draw_texts(
    painter: QPainter, row: Row, texts: list[tuple[QRectF, int]], box: QRect, ground: str
) -> None:
    metrics = QFontMetricsF(painter.font())
    painter.setPen(_text_ink(ground))
    labels = row.tier.labels
    widths = [metrics.horizontalAdvance(label.name) for label in labels]
    for rect, place in texts:
        mark = row.marks[place]
        label = int(row.labels[place])
        inner = QRectF(max(rect.left(), float(box.left())) + 4, rect.top(), 0, rect.height() - 3)
        inner.setRight(min(rect.right(), float(box.right())) - 2)
        if inner.width() < 6 or rect.height() < metrics.height() - 4:
            continue
        if rect.width() < TEXT_PX:
            text = labels[label].key if label < len(labels) else ""
        elif row.kind == "human" and not (mark.to_confirm or mark.asks) and label < len(labels):
            text = labels[label].name
            if widths[label] > inner.width():
                text = metrics.elidedText(text, _RIGHT, inner.width())
        else:
            text = metrics.elidedText(_told(row, place), _RIGHT, inner.width())
        painter.drawText(inner, _CENTRE, text)


def _told(row: Row, place: int) -> str:
    mark = row.marks[place]
    text = name_of(row.tier, mark)
    if mark.to_confirm:
        text = f"confirm? {text}"
    if mark.asks:
        text = f"(?) {text}"
    if row.kind == "model" and mark.confidence is not None:
        text = f"{text} {mark.confidence:.2f}{' unsure' if row.unsure[place] else ''}"
    return text


def _text_ink(ground: str) -> QColor:
    return QColor("#1b1f24" if QColor(ground).lightness() > 127 else "#f2f5f8")


def _draw_points(
    painter: QPainter,
    row: Row,
    places: NDArray[np.int64],
    left: NDArray[np.float64],
    box: QRect,
    inks: list[QColor],
) -> None:
    metrics = QFontMetricsF(painter.font())
    middle, reach = box.top() + box.height() / 2, POINT_PX
    marks = row.labels[places].tolist()
    xs = left.tolist()
    for at, (x, label) in enumerate(zip(xs, marks, strict=True)):
        ink = inks[label]
        mark = row.marks[int(places[at])]
        painter.setPen(QPen(ink, 1, Qt.PenStyle.DashLine if mark.to_confirm else Qt.PenStyle.SolidLine))
        painter.drawLine(QPointF(x, box.top() + 1), QPointF(x, box.bottom() - 1))
        hollow = row.kind == "model" or mark.to_confirm
        painter.setBrush(QBrush(ink, Qt.BrushStyle.Dense6Pattern) if hollow else QBrush(ink, pattern(label)))
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(x, middle - reach),
                    QPointF(x + reach, middle),
                    QPointF(x, middle + reach),
                    QPointF(x - reach, middle),
                ]
            )
        )
        room = (xs[at + 1] if at + 1 < len(xs) else box.right()) - x - 2 * reach - 6
        if room >= 12:
            text = metrics.elidedText(_told(row, int(places[at])), _RIGHT, min(room, 160.0))
            painter.drawText(QRectF(x + reach + 3, box.top(), room, box.height()), _CENTRE, text)


def _draw_density(
    painter: QPainter,
    row: Row,
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    labels: NDArray[np.int64],
    box: QRect,
    colours: Colours,
) -> None:
    """Draw one column a pixel: the commonest label's colour, the fuller the more marks lie there."""
    columns = box.width()
    if columns < 1:
        return
    inks = label_colours(row.tier.labels, colours)
    first = np.clip((left - box.left()).astype(np.int64), 0, columns - 1)
    last = np.clip((right - box.left()).astype(np.int64), first, columns - 1)
    count = _counted(labels, first, len(inks), columns)
    wider = last > first
    for shift in (1, 2, 3):
        more = wider & (first + shift <= last)
        if more.any():
            count += _counted(labels[more], first[more] + shift, len(inks), columns)
    total = count.sum(axis=0)
    share = np.where(total > 0, 0.35 + 0.65 * np.minimum(1.0, total / 4.0), 0.0)
    rgb = np.array([(ink.red(), ink.green(), ink.blue()) for ink in inks], dtype=np.float64)
    pixels = np.zeros((1, columns, 4), dtype=np.uint8)
    pixels[0, :, :3] = rgb[count.argmax(axis=0)]
    pixels[0, :, 3] = (share * 255).astype(np.uint8)
    image = QImage(pixels.data, columns, 1, columns * 4, QImage.Format.Format_RGBA8888)
    painter.drawImage(QRect(box.left(), box.top() + 4, columns, box.height() - 8), image)


def _counted(labels: NDArray[np.int64], at: NDArray[np.int64], kinds: int, columns: int) -> NDArray[np.int64]:
    return np.bincount(labels * columns + at, minlength=kinds * columns).reshape(kinds, columns)


def _draw_traces(painter: QPainter, row: Row, view: View, box: QRect, colours: Colours) -> None:
    painter.setPen(QPen(QColor(colours.border), 1, Qt.PenStyle.DotLine))
    painter.drawLine(box.left(), box.center().y(), box.right(), box.center().y())
    inks = (QColor(colours.eeg), QColor(colours.heart))
    people = {trace.who for trace in row.traces}
    for place, dimension in enumerate(row.tier.dimensions[:2]):
        low, high = dimension.low, dimension.high
        if not row.tier.bounded:
            found = [t.values[:, place] for t in row.traces if place < t.values.shape[1]]
            finite = [v[np.isfinite(v)] for v in found]
            every = np.concatenate(finite) if finite else np.zeros(0)
            if len(every):
                low, high = float(every.min()), float(every.max())
        span = (high - low) or 1.0

        def y(values: NDArray[np.float64], low: float = low, span: float = span) -> NDArray[np.float64]:
            return box.bottom() - 4 - (values - low) / span * (box.height() - 8)

        style = Qt.PenStyle.SolidLine if place == 0 else Qt.PenStyle.DashLine
        many = len(people) > 1
        for trace in row.traces:
            if place >= trace.values.shape[1]:
                continue
            ink = tint(inks[place], colours.window, 0.5) if many else inks[place]
            painter.setPen(QPen(ink, 1, style))
            _draw_line(painter, *_thinned(trace.times_s, trace.values[:, place], view), view, y)
        if many:
            _draw_mean(painter, row, place, view, y, inks[place], style)


def _thinned(
    times_s: NDArray[np.float64], values: NDArray[np.float32], view: View
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what is visible, at most a lowest and a highest value a pixel."""
    first, last = np.searchsorted(times_s, (view.start_s, view.stop_s))
    times, kept = times_s[max(0, first - 1) : last + 1], values[max(0, first - 1) : last + 1]
    columns = max(1, int(view.right_px - view.left_px))
    if len(times) <= 3 * columns:
        return times, kept.astype(np.float64)
    edges = np.linspace(0, len(times), columns + 1).astype(np.int64)[:-1]
    low, high = np.fmin.reduceat(kept, edges), np.fmax.reduceat(kept, edges)
    return np.repeat(times[edges], 2), np.column_stack((low, high)).ravel().astype(np.float64)


def _draw_line(
    painter: QPainter,
    times_s: NDArray[np.float64],
    values: NDArray[np.float64],
    view: View,
    y: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    known = np.isfinite(values)
    if not known.any():
        return
    xs, ys = view.x(times_s), y(values)
    breaks = np.flatnonzero(np.diff(known.astype(np.int8))) + 1
    for part in np.split(np.arange(len(xs)), breaks):
        if len(part) and known[part[0]]:
            points = [QPointF(a, b) for a, b in zip(xs[part].tolist(), ys[part].tolist(), strict=True)]
            painter.drawPolyline(QPolygonF(points))


def _draw_mean(
    painter: QPainter,
    row: Row,
    dimension: int,
    view: View,
    y: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ink: QColor,
    style: Qt.PenStyle,
) -> None:
    columns = max(2, int(view.right_px - view.left_px) // 2)
    at_s = np.linspace(view.start_s, view.stop_s, columns)
    mean, spread, count = mean_and_spread(row.traces, at_s, dimension)
    band = np.isfinite(mean) & (count > 1)
    xs, upper, lower = view.x(at_s), y(mean + spread), y(mean - spread)
    soft = QColor(ink)
    soft.setAlpha(50)
    painter.setBrush(soft)
    painter.setPen(Qt.PenStyle.NoPen)
    for part in np.split(np.arange(columns), np.flatnonzero(np.diff(band.astype(np.int8))) + 1):
        if len(part) > 1 and band[part[0]]:
            there = [QPointF(float(xs[at]), float(upper[at])) for at in part]
            back = [QPointF(float(xs[at]), float(lower[at])) for at in part[::-1]]
            painter.drawPolygon(QPolygonF([*there, *back]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink, 2, style))
    _draw_line(painter, at_s, mean, view, y)
