"""Pictures of a running recognizer: its answer as bars, its answers over time, the way on the plane."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.console import theme
from app.console.theme import Colours

KEPT = 120
TRAIL = 40
SERIES = ("accent", "warning", "good", "motion", "alarm", "temperature", "skin", "sound")
DASHES = (
    Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine,
)  # fmt: skip
NOT_YET = "Choose a recognizer and where its signals come from, then Start."
NO_PLACE = "A recognizer of emotions, or one of valence and one of arousal, draws its way here."


@dataclass(frozen=True, slots=True)
class Point:
    """An answer as it is drawn: when, the numbers (empty while it pauses), and how unsure it is."""

    stop_s: float
    values: tuple[float, ...]
    spread: tuple[float, ...] = ()
    entropy: float | None = None


def point_of(message: Mapping[str, Any]) -> Point:
    """Return an `answer` message as a point: calibrated probabilities where there are, else what it says."""
    values = message.get("calibrated") or message.get("proba") or message.get("numbers") or ()
    return Point(
        float(message["stop_s"]), tuple(values), tuple(message.get("sd") or ()), message.get("entropy")
    )


class _Picture(QWidget):
    def __init__(self, name: str, least: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._least = least

    def minimumSizeHint(self) -> QSize:
        """No smaller than can be read."""
        line = self.fontMetrics().height()
        return QSize(self._least.width() * line, self._least.height() * line)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours in use."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, theme.current())

    def _draw(self, painter: QPainter, colours: Colours) -> None:
        raise NotImplementedError

    def _say(self, painter: QPainter, colours: Colours, text: str) -> None:
        painter.setPen(QColor(colours.muted))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(self.rect()).adjusted(12, 12, -12, -12), int(flags), text)


class BarsView(_Picture):
    """The newest answer: a bar a class, or a number with its spread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The newest answer", QSize(14, 5), parent)
        self.names: tuple[str, ...] = ()
        self.point: Point | None = None
        self.is_classes = True
        self.words = NOT_YET

    def show_answer(self, names: Sequence[str], point: Point | None, is_classes: bool, words: str) -> None:
        """Show an answer; `words` stand there where there is none."""
        self.names, self.point, self.is_classes, self.words = tuple(names), point, is_classes, words
        told = words
        if point is not None and point.values:
            told = ", ".join(f"{n} {self._text(point, i)}" for i, n in enumerate(self.names))
        self.setAccessibleDescription(told)
        self.update()

    def _text(self, point: Point, place: int) -> str:
        if self.is_classes:
            return f"{point.values[place]:.0%}"
        spread = f" ± {point.spread[place]:.2f}" if point.spread else ""
        return f"{point.values[place]:.2f}{spread}"

    def _draw(self, painter: QPainter, colours: Colours) -> None:
        point = self.point
        if point is None or not point.values:
            self._say(painter, colours, self.words)
            return
        metrics = self.fontMetrics()
        widest = min(self.width() * 0.4, max(metrics.horizontalAdvance(name) for name in self.names) + 10.0)
        figure = metrics.horizontalAdvance("100%  " if self.is_classes else "-0.00 ± 0.00  ")
        row = min(2.2 * metrics.height(), self.height() / len(self.names))
        room = max(10.0, self.width() - widest - figure - 12)
        top = (self.height() - row * len(self.names)) / 2
        for place, name in enumerate(self.names):
            box = QRectF(0, top + place * row, widest - 8, row)
            painter.setPen(QColor(colours.text))
            short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(widest - 8))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, short)
            bar = QRectF(widest, box.top() + row * 0.2, room, row * 0.6)
            if self.is_classes:
                painter.fillRect(bar, QColor(colours.window))
                share = min(1.0, max(0.0, point.values[place]))
                filled = QRectF(bar.left(), bar.top(), bar.width() * share, bar.height())
                painter.fillRect(filled, QColor(getattr(colours, SERIES[place % len(SERIES)])))
                painter.setPen(QPen(QColor(colours.border), 1))
                painter.drawRect(bar)
            painter.setPen(QColor(colours.text))
            left = bar.right() + 8 if self.is_classes else bar.left()
            at = QRectF(left, box.top(), self.width() - left, row)
            painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, self._text(point, place))


class CourseView(_Picture):
    """Answers over time, with how unsure they were; a pause is a gap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Answers over time", QSize(14, 7), parent)
        self.names: tuple[str, ...] = ()
        self.points: deque[Point] = deque(maxlen=KEPT)
        self.is_classes = True

    def begin(self, names: Sequence[str], is_classes: bool) -> None:
        """Forget what was, and show these names."""
        self.names, self.is_classes = tuple(names), is_classes
        self.points.clear()
        self.update()

    def add(self, point: Point) -> None:
        """Add an answer."""
        self.points.append(point)
        self.update()

    def _draw(self, painter: QPainter, colours: Colours) -> None:
        known = [point for point in self.points if point.values]
        if not known:
            return
        metrics = self.fontMetrics()
        left, bottom = metrics.horizontalAdvance("100%") + 8.0, metrics.height() + 6.0
        area = QRectF(left, 6, max(20.0, self.width() - left - 8), max(20.0, self.height() - bottom - 8))
        first, last = self.points[0].stop_s, max(self.points[-1].stop_s, self.points[0].stop_s + 1e-6)
        low, high = (0.0, 1.0) if self.is_classes else _range(known)

        def at(stop_s: float, value: float) -> QPointF:
            x = area.left() + area.width() * (stop_s - first) / (last - first)
            return QPointF(x, area.bottom() - area.height() * (value - low) / (high - low))

        self._axes(painter, colours, area, (low, high), last - first)
        if self.is_classes:
            self._unsure(painter, colours, at)
        for place in range(len(self.names)):
            self._line(painter, colours, place, at)

    def _axes(
        self, painter: QPainter, colours: Colours, area: QRectF, extent: tuple[float, float], length_s: float
    ) -> None:
        low, high = extent
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - area.height() * share
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colours.muted))
            value = low + share * (high - low)
            text = f"{value:.0%}" if self.is_classes else f"{value:.1f}"
            box = QRectF(0, y - 10, area.left() - 6, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        under = QRectF(area.left(), area.bottom() + 4, area.width(), self.fontMetrics().height())
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, "now")
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, f"{length_s:.0f} s ago")
        if self.is_classes:
            painter.drawText(under, Qt.AlignmentFlag.AlignHCenter, "shaded: uncertainty")

    def _runs(self) -> list[list[Point]]:
        runs: list[list[Point]] = [[]]
        for point in self.points:
            if point.values:
                runs[-1].append(point)
            elif runs[-1]:
                runs.append([])
        return [run for run in runs if run]

    def _unsure(self, painter: QPainter, colours: Colours, at: Any) -> None:
        shade = QColor(colours.muted)
        shade.setAlpha(50)
        for run in self._runs():
            known = [point for point in run if point.entropy is not None]
            if len(known) > 1:
                upper = [at(point.stop_s, point.entropy) for point in known]
                under = [at(known[-1].stop_s, 0.0), at(known[0].stop_s, 0.0)]
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(shade)
                painter.drawPolygon(QPolygonF([*upper, *under]))
                painter.setBrush(Qt.BrushStyle.NoBrush)

    def _line(self, painter: QPainter, colours: Colours, place: int, at: Any) -> None:
        colour = QColor(getattr(colours, SERIES[place % len(SERIES)]))
        for run in self._runs():
            if run[0].spread:
                shade = QColor(colour)
                shade.setAlpha(45)
                upper = [at(p.stop_s, p.values[place] + p.spread[place]) for p in run]
                lower = [at(p.stop_s, p.values[place] - p.spread[place]) for p in reversed(run)]
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(shade)
                painter.drawPolygon(QPolygonF([*upper, *lower]))
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 2, DASHES[place % len(DASHES)]))
            painter.drawPolyline(QPolygonF([at(point.stop_s, point.values[place]) for point in run]))
            if len(run) == 1:
                painter.drawEllipse(at(run[0].stop_s, run[0].values[place]), 2, 2)


class PlaneView(_Picture):
    """Where answers lay on the plane of valence and arousal, the newest largest, hollow while it pauses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Way on the plane of valence and arousal", QSize(12, 12), parent)
        self.trail: deque[tuple[float, float]] = deque(maxlen=TRAIL)
        self.has_place = False
        self.is_paused = False

    def begin(self, has_place: bool) -> None:
        """Forget the way; `has_place` says whether the recognizers tell both axes."""
        self.trail.clear()
        self.has_place, self.is_paused = has_place, False
        self.setAccessibleDescription("" if has_place else NO_PLACE)
        self.update()

    def add(self, valence: float, arousal: float) -> None:
        """Add a place, -1 to 1 each."""
        self.trail.append((valence, arousal))
        self.is_paused = False
        self.setAccessibleDescription(f"Valence {valence:+.2f}, arousal {arousal:+.2f}")
        self.update()

    def pause(self) -> None:
        """Show that the newest place is an old one: its mark is hollow."""
        self.is_paused = True
        self.setAccessibleDescription("Paused: no place now")
        self.update()

    def _draw(self, painter: QPainter, colours: Colours) -> None:
        if not self.has_place:
            self._say(painter, colours, NO_PLACE)
            return
        line = float(self.fontMetrics().height())
        side = max(40.0, min(self.width() - 8.0, self.height() - 2 * line - 12))
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawEllipse(box)
        painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
        painter.drawLine(QPointF(box.center().x(), box.top()), QPointF(box.center().x(), box.bottom()))
        painter.setPen(QColor(colours.muted))
        wide = QRectF(0, box.top() - line - 2, self.width(), line)
        painter.drawText(wide, Qt.AlignmentFlag.AlignHCenter, "excited")
        painter.drawText(wide.translated(0, side + line + 4), Qt.AlignmentFlag.AlignHCenter, "calm")
        inner = QRectF(box.left() + 4, box.center().y() + 2, side - 8, line)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft, "unpleasant")
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight, "pleasant")
        places = [
            QPointF(box.center().x() + v * side / 2, box.center().y() - a * side / 2) for v, a in self.trail
        ]
        for number, place in enumerate(places):
            colour = QColor(colours.accent)
            colour.setAlphaF(0.15 + 0.85 * (number + 1) / len(places))
            painter.setPen(QPen(colour, 2))
            if number:
                painter.drawLine(places[number - 1], place)
            is_old = self.is_paused and number == len(places) - 1
            painter.setBrush(QColor(colours.base) if is_old else colour)
            size = 6.0 if number == len(places) - 1 else 2.5
            painter.drawEllipse(place, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _range(points: Sequence[Point]) -> tuple[float, float]:
    spreads = [max(point.spread, default=0.0) for point in points]
    low = min(min(point.values) - spread for point, spread in zip(points, spreads, strict=True))
    high = max(max(point.values) + spread for point, spread in zip(points, spreads, strict=True))
    edge = 0.05 * (high - low) or 1.0
    return low - edge, high + edge
