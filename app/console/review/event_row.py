"""Trials, stimuli, stages and everything else that happened, as labelled lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.console import theme
from app.console.review.axis import TimeAxis
from app.console.review.axis_row import AxisRow
from app.console.review.event_words import is_technical
from app.console.review.seen import Seen, View
from app.console.review.times import clock_words

LANE_ROOM_PX = 4
NARROW_PX = 3.0
SPANNING = (
    "trial_started",
    "trial_ended",
    "stage_started",
    "stage_ended",
    "stimulus_shown",
    "stimulus_hidden",
)
"""Kinds that a lane shows as stretches."""
Span = tuple[float, float, str]


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """Stretches (or moments: stop = start) of one kind, in the order of their starts."""

    title: str
    starts: NDArray[np.float64]
    stops: NDArray[np.float64]
    texts: Sequence[str]
    longest_s: float

    @classmethod
    def of(cls, title: str, spans: Iterable[Span]) -> Lane:
        """Make a lane of (start, stop, text)."""
        found = sorted(spans)
        starts = np.array([span[0] for span in found], np.float64)
        stops = np.array([span[1] for span in found], np.float64)
        return cls(
            title, starts, stops, [span[2] for span in found], float((stops - starts).max(initial=0.0))
        )

    def within(self, start_s: float, stop_s: float) -> range:
        """Return the numbers of those that may reach into a stretch of time."""
        first = int(np.searchsorted(self.starts, start_s - self.longest_s))
        return range(first, int(np.searchsorted(self.starts, stop_s, "right")))

    def apart(self, start_s: float, stop_s: float, least_s: float) -> list[int]:
        """Return those of `within` without the ones that end as good as where the one before ends."""
        inside = self.within(start_s, stop_s)
        cells = np.floor(self.stops[inside.start : inside.stop] / least_s)
        is_new = np.diff(cells, prepend=np.nan) != 0
        found: list[int] = (np.flatnonzero(is_new) + inside.start).tolist()
        return found


class EventRow(AxisRow):
    """Draws the lanes of a view; a double click selects a stretch."""

    def __init__(self, axis: TimeAxis, view: View) -> None:
        self.lanes = lanes_of(view)
        super().__init__(axis, "Events")

    def sizeHint(self) -> QSize:
        """A line of text a lane."""
        return QSize(400, (self.fontMetrics().height() + LANE_ROOM_PX) * max(1, len(self.lanes)) + 2)

    @property
    def lane_px(self) -> float:
        """How high a lane is."""
        return self.height() / max(1, len(self.lanes))

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw the lanes."""
        colours = theme.current()
        for number, lane in enumerate(self.lanes):
            top = number * self.lane_px
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(
                QPointF(plot.left(), top + self.lane_px - 0.5),
                QPointF(plot.right(), top + self.lane_px - 0.5),
            )
            self._draw_lane(painter, lane, QRectF(plot.left(), top + 1, plot.width(), self.lane_px - 3))

    def draw_label(self, painter: QPainter, area: QRectF) -> None:
        """Name the lanes."""
        painter.setPen(QColor(theme.current().muted))
        for number, lane in enumerate(self.lanes):
            box = QRectF(area.left(), number * self.lane_px, area.width(), self.lane_px)
            text = painter.fontMetrics().elidedText(lane.title, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def words_at(self, point: QPointF) -> str:
        """Tell what is at a place."""
        lane, place = self._at(point)
        if lane is None or place is None:
            return ""
        told = clock_words(float(lane.starts[place]) - self.axis.zero_s)
        length_s = float(lane.stops[place] - lane.starts[place])
        lasted = f", {length_s:.3f} s" if length_s > 0 else ""
        return f"{lane.texts[place] or lane.title}\n{told}{lasted}"

    def mouseDoubleClickEvent(self, event: object) -> None:
        """Select the stretch under the pointer."""
        from PySide6.QtGui import QMouseEvent

        assert isinstance(event, QMouseEvent)
        lane, place = self._at(event.position())
        if lane is not None and place is not None and lane.stops[place] > lane.starts[place]:
            self._pressed = None
            self.axis.move_cursor(float(lane.starts[place]))
            self.axis.select(float(lane.starts[place]), float(lane.stops[place]))

    def _at(self, point: QPointF) -> tuple[Lane | None, int | None]:
        number = int(point.y() / max(1.0, self.lane_px))
        if not 0 <= number < len(self.lanes) or not self.plot.contains(point):
            return None, None
        lane = self.lanes[number]
        time_s, edge_s = self.time_at(point.x()), 4 * self.axis.width_s / self.plot.width()
        found = [
            place
            for place in lane.within(time_s - edge_s, time_s + edge_s)
            if lane.starts[place] - edge_s <= time_s <= lane.stops[place] + edge_s
        ]
        return lane, min(found, key=lambda one: abs(lane.starts[one] - time_s), default=None)

    def _draw_lane(self, painter: QPainter, lane: Lane, box: QRectF) -> None:
        colours, metrics = theme.current(), painter.fontMetrics()
        fill = QColor(colours.accent)
        fill.setAlpha(46)
        drawn_px = -1e9
        for place in lane.apart(self.axis.start_s, self.axis.stop_s, self.axis.width_s / (2 * box.width())):
            left, right = self.x_of(float(lane.starts[place])), self.x_of(float(lane.stops[place]))
            if right < box.left() or right - drawn_px < 0.5:
                continue
            if lane.stops[place] <= lane.starts[place]:
                painter.setPen(QPen(QColor(colours.accent), 1.5))
                painter.drawLine(QPointF(left, box.top()), QPointF(left, box.bottom()))
                drawn_px = left
                following = place + 1
                room = (
                    self.x_of(float(lane.starts[following])) - left - 8
                    if following < len(lane.starts)
                    else 300
                )
            else:
                drawn_px = max(right, left + 1)
                span = QRectF(left, box.top(), max(1.0, right - left), box.height())
                painter.fillRect(span, fill if right - left > NARROW_PX else QColor(colours.accent))
                painter.setPen(QPen(QColor(colours.accent), 1))
                painter.drawLine(span.topLeft(), span.bottomLeft())
                left = max(left, box.left())
                room = right - left - 8
            text = lane.texts[place]
            if text and room > metrics.horizontalAdvance("Mmm"):
                painter.setPen(QColor(colours.text))
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room))
                area = QRectF(left + 4, box.top(), room, box.height())
                painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def lanes_of(view: View) -> list[Lane]:
    """Return the lanes of a view; those that would be empty are left out."""
    if not view.shows("events"):
        return []
    trials = [
        (trial.start_s, trial.stop_s, ": ".join(filter(None, (trial.name, trial.text))))
        for trial in view.trials
    ]
    events = view.events
    others = [
        (event.time_s, event.time_s, event.text)
        for event in events
        if not (event.kind in SPANNING or is_technical(event.kind))
    ]
    made = [
        Lane.of("Trials", trials),
        Lane.of("Stages", _stretches(events, "stage_started", ("stage_ended", "trial_ended"), view.stop_s)),
        Lane.of(
            "Stimuli", _stretches(events, "stimulus_shown", ("stimulus_hidden", "trial_ended"), view.stop_s)
        ),
        Lane.of("Events", others),
    ]
    return [lane for lane in made if len(lane.starts)] or [Lane.of("Events", ())]


def _stretches(events: Sequence[Seen], begins: str, ends: Sequence[str], stop_s: float) -> list[Span]:
    found: list[Span] = []
    open_: Seen | None = None
    for event in events:
        if event.kind != begins and event.kind not in ends:
            continue
        if open_ is not None:
            found.append((open_.time_s, event.time_s, _short(open_.text)))
        open_ = event if event.kind == begins else None
    if open_ is not None:
        found.append((open_.time_s, stop_s, _short(open_.text)))
    return found


def _short(text: str) -> str:
    """Return the words behind the kind, which the lane's title says already."""
    return text.partition(": ")[2]
