"""The timing of a session as a picture: lateness over time and as a histogram, films, steps of sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from analysis.presentation_timing import Film, PresentationTiming
from app.console import theme
from app.console.axes import Axes, Range
from app.console.theme import Colours

MARKS: Mapping[str, tuple[str, str]] = {
    "picture": ("disc", "eeg"),
    "film": ("square", "heart"),
    "sequence": ("up", "motion"),
    "choice": ("diamond", "temperature"),
    "flash": ("down", "skin"),
    "sound": ("cross", "sound"),
    "sound onset": ("cross", "sound"),
    "other": ("ring", "other"),
}
"""Shape and colour of each kind of stage: nothing is told by colour alone."""
LINES = ("eeg", "heart", "skin", "temperature", "motion", "sound")
BINS = 36
FRAME_SHOWN_FROM = 0.3
"""The line of one frame is drawn where something was late by this part of it."""
MOST_POINTS = 1200


class TimingFigure(QWidget):
    """Draws a session's timing; `draw` does it on any painter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Timing of the presentation")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.timing = PresentationTiming()

    def show_timing(self, timing: PresentationTiming, words: str) -> None:
        """Show a session's timing; `words` say the same to who cannot see it."""
        self.timing = timing
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough for a time line beside its histogram."""
        return QSize(700, 300)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a narrow window."""
        return QSize(360, 190)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours in use."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw(painter, QRectF(self.rect()), theme.current(), self.timing)


def draw(painter: QPainter, area: QRectF, colours: Colours, timing: PresentationTiming) -> None:
    """Draw everything that is known into `area`."""
    lower = [part for part, there in ((_draw_films, timing.films), (_draw_steps, timing.steps)) if there]
    points = lateness_by_kind(timing)
    line = QFontMetricsF(painter.font()).height() + 8
    if points:
        _draw_legend(
            painter, QRectF(area.topLeft(), QSizeF(area.width(), line)), colours, timing, list(points)
        )
        area = area.adjusted(0, line, 0, 0)
    height = area.height() * (0.5 if lower else 1.0)
    left = QRectF(area.left(), area.top(), area.width() * 0.66, height)
    right = QRectF(left.right(), area.top(), area.width() - left.width(), height)
    if points:
        period_ms = timing.screen.period_ms if timing.screen is not None else None
        limits = lateness_limits(points, period_ms)
        _draw_lateness(painter, left, colours, timing, points, limits)
        _draw_histogram(painter, right, colours, points, limits)
    else:
        painter.setPen(QColor(colours.muted))
        text = "No onset was measured: the session had no screen, or nothing was shown."
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
    for place, part in enumerate(lower):
        width = area.width() / len(lower)
        part(
            painter, QRectF(area.left() + place * width, area.top() + height, width, height), colours, timing
        )


def lateness_by_kind(timing: PresentationTiming) -> dict[str, NDArray[np.float64]]:
    """Return (n, 2) time in s and lateness in ms for each kind that has a mark of its own."""
    found: dict[str, list[tuple[float, float]]] = {}
    for onset in timing.onsets:
        kind = onset.kind if onset.kind in MARKS else "other"
        found.setdefault(kind, []).append((onset.at_s, onset.lateness_ms))
    for sound in timing.sounds:
        found.setdefault("sound onset", []).append((sound.at_s, sound.lateness_ms))
    return {kind: np.array(values) for kind, values in found.items()}


def lateness_limits(points: Mapping[str, NDArray[np.float64]], period_ms: float | None) -> Range:
    """Return the range of the lateness axis: all values, zero, and one frame where it matters."""
    values = np.concatenate([rows[:, 1] for rows in points.values()])
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    if period_ms and high > FRAME_SHOWN_FROM * period_ms:
        high = max(high, period_ms)
    room = 0.08 * (high - low) or 0.5
    return (low - room if low < 0 else 0.0, high + room)


def _draw_lateness(
    painter: QPainter,
    area: QRectF,
    colours: Colours,
    timing: PresentationTiming,
    points: Mapping[str, NDArray[np.float64]],
    limits: Range,
) -> None:
    metrics = QFontMetricsF(painter.font())
    length_s = max(timing.length_s, 1.0)
    axes = Axes.within(area, metrics, (0.0, length_s), limits)
    axes.draw(painter, colours, "Lateness of each onset (ms)", "time in the session (s)")
    _draw_frame_line(painter, axes, colours, timing, metrics)
    painter.setPen(QPen(QColor(colours.alarm), 1.5))
    for at_s, *_ in timing.dropped:
        x = axes.across(at_s)
        painter.drawLine(QPointF(x, axes.box.bottom() - 7), QPointF(x, axes.box.bottom()))
    size = 3.2 if sum(map(len, points.values())) < 300 else 2.2
    for kind, rows in points.items():
        shape, colour = MARKS[kind]
        for at_s, lateness_ms in rows:
            _mark(painter, axes.at(float(at_s), float(lateness_ms)), shape, colours, colour, size)


def _draw_frame_line(
    painter: QPainter, axes: Axes, colours: Colours, timing: PresentationTiming, metrics: QFontMetricsF
) -> None:
    period_ms = timing.screen.period_ms if timing.screen is not None else None
    if not period_ms or period_ms > axes.y[1]:
        return
    y = axes.up(period_ms)
    painter.setPen(QPen(QColor(colours.warning), 1.2, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(axes.box.left(), y), QPointF(axes.box.right(), y))
    text = f"one frame: {period_ms:.1f} ms"
    box = QRectF(axes.box.right() - metrics.horizontalAdvance(text) - 4, y - metrics.height(), 400, 30)
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft, text)


def _draw_legend(
    painter: QPainter, area: QRectF, colours: Colours, timing: PresentationTiming, kinds: Sequence[str]
) -> None:
    metrics = QFontMetricsF(painter.font())
    x, y = area.left() + 20, area.center().y()
    for kind in [*kinds, *(["dropped frames"] if timing.dropped else [])]:
        if kind == "dropped frames":
            painter.setPen(QPen(QColor(colours.alarm), 1.5))
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
        else:
            shape, colour = MARKS[kind]
            _mark(painter, QPointF(x, y), shape, colours, colour, 3.6)
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(x + 9, y + metrics.ascent() / 2 - 1), kind)
        x += metrics.horizontalAdvance(kind) + 34


def _draw_histogram(
    painter: QPainter,
    area: QRectF,
    colours: Colours,
    points: Mapping[str, NDArray[np.float64]],
    limits: Range,
) -> None:
    values = np.concatenate([rows[:, 1] for rows in points.values()])
    counts, edges = np.histogram(values, BINS, range=limits)
    axes = Axes.within(area, QFontMetricsF(painter.font()), limits, (0.0, max(5.0, counts.max() * 1.08)))
    axes.draw(painter, colours, "Onsets", "lateness (ms)")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.accent))
    for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            left, right = axes.across(float(low)), axes.across(float(high))
            top = min(axes.up(float(count)), axes.box.bottom() - 1.5)
            painter.drawRect(QRectF(left, top, max(1.0, right - left - 1), axes.box.bottom() - top))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _draw_films(painter: QPainter, area: QRectF, colours: Colours, timing: PresentationTiming) -> None:
    """Draw each frame's distance from the schedule over the time of its film."""
    known = [film for film in timing.films if np.isfinite(film.offsets_ms).any()]
    if not known:
        return
    metrics = QFontMetricsF(painter.font())
    lows = [float(np.nanmin(film.offsets_ms)) for film in known]
    highs = [float(np.nanmax(film.offsets_ms)) for film in known]
    longest_s = max(float(film.times_s[-1] - film.times_s[0]) for film in known) or 1.0
    low, high = min(0.0, *lows), max(0.0, *highs)
    room = 0.08 * (high - low) or 0.5
    axes = Axes.within(area, metrics, (0.0, longest_s), (low - room if low < 0 else 0.0, high + room))
    noun = "film" if len(known) == 1 else f"{len(known)} films"
    axes.draw(painter, colours, f"Frames of the {noun} against the schedule (ms)", "time in the film (s)")
    _draw_frame_line(painter, axes, colours, timing, metrics)
    for place, film in enumerate(known):
        painter.setPen(QPen(QColor(getattr(colours, LINES[place % len(LINES)])), 1.2))
        painter.drawPolyline(_curve(axes, film))


def _curve(axes: Axes, film: Film) -> QPolygonF:
    """Return a film's line with lowest and highest value of each stretch, so that no outlier is lost."""
    times, offsets = film.times_s - film.times_s[0], film.offsets_ms
    known = np.isfinite(offsets)
    times, offsets = times[known], offsets[known]
    if len(times) > MOST_POINTS:
        places = np.array_split(np.arange(len(times)), MOST_POINTS // 2)
        kept = [
            sorted((int(rows[offsets[rows].argmin()]), int(rows[offsets[rows].argmax()]))) for rows in places
        ]
        chosen = np.array(kept).ravel()
        times, offsets = times[chosen], offsets[chosen]
    pairs = zip(times, offsets, strict=True)
    return QPolygonF([axes.at(float(at_s), float(offset)) for at_s, offset in pairs])


def _draw_steps(painter: QPainter, area: QRectF, colours: Colours, timing: PresentationTiming) -> None:
    """Draw requested (bar) and achieved (dots) length of each step's place in its sequence."""
    by_number: dict[int, list[float]] = {}
    requested: dict[int, float] = {}
    for step in timing.steps:
        requested.setdefault(step.number, step.requested_ms)
        if step.achieved_ms is not None:
            by_number.setdefault(step.number, []).append(step.achieved_ms)
    most = max([*requested.values(), *(max(values) for values in by_number.values())])
    axes = Axes.within(
        area, QFontMetricsF(painter.font()), (0.4, max(requested) + 0.6), (0.0, most * 1.12 or 1.0)
    )
    title = "Steps: requested (line) and achieved (ms)"
    axes.draw(painter, colours, title, "step of the sequence", sorted(map(float, requested)))
    half = 0.32
    for number, wanted in requested.items():
        painter.setPen(QPen(QColor(colours.text), 1.6))
        painter.drawLine(axes.at(number - half, wanted), axes.at(number + half, wanted))
        values = by_number.get(number, [])
        for place, value in enumerate(values):
            share = (place + 0.5) / len(values) - 0.5
            _mark(painter, axes.at(number + share * half * 1.6, value), "up", colours, "motion", 2.4)


def _mark(painter: QPainter, at: QPointF, shape: str, colours: Colours, colour: str, size: float) -> None:
    ink = QColor(getattr(colours, colour))
    painter.setPen(QPen(ink, 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush if shape in ("ring", "cross") else ink)
    x, y = at.x(), at.y()
    match shape:
        case "disc" | "ring":
            painter.drawEllipse(at, size, size)
        case "square":
            painter.drawRect(QRectF(x - size, y - size, 2 * size, 2 * size))
        case "cross":
            painter.drawLine(QPointF(x - size, y - size), QPointF(x + size, y + size))
            painter.drawLine(QPointF(x - size, y + size), QPointF(x + size, y - size))
        case "diamond":
            painter.drawPolygon(_corners(at, ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)), size))
        case "up":
            painter.drawPolygon(_corners(at, ((0, -1.2), (1.2, 1), (-1.2, 1)), size))
        case _:
            painter.drawPolygon(_corners(at, ((0, 1.2), (1.2, -1), (-1.2, -1)), size))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _corners(at: QPointF, places: Sequence[tuple[float, float]], size: float) -> QPolygonF:
    return QPolygonF([QPointF(at.x() + x * size, at.y() + y * size) for x, y in places])
