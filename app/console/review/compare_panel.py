"""Two to four trials side by side, on the time since their onset and on one scale."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from analysis.overview import Overview
from analysis.views.filters import RAW, Filters
from app.console.review.figure_axes import (
    axes_with_room,
    draw_frame,
    draw_key,
    draw_words,
    line_pen,
    plain_ticks,
    polylines,
)
from app.console.review.figure_channels import ChannelChoice, is_filtered, read, streams_of
from app.console.review.figure_panel import FigurePanel, Table, choice, labelled
from app.console.review.figure_ticks import TickMenu, seconds_box
from app.console.theme import Colours
from app.console.traces import unit_text

Floats = NDArray[np.float64]

MOST_TRIALS, LEAST_TRIALS = 4, 2
MOST_CHANNELS = 6
UNDER, BESIDE, OVER = "Under one another", "Beside one another", "On one another"


@dataclass(frozen=True)
class Chosen:
    """One trial: its name, where its time begins, and whether that is a measured onset."""

    name: str
    zero_s: float
    is_onset: bool


@dataclass(frozen=True)
class Wish:
    """Which trials of which channels to compare."""

    overview: Overview
    stream_id: str
    places: tuple[int, ...]
    trials: tuple[Chosen, ...]
    before_s: float
    after_s: float
    filters: Filters
    within_s: tuple[float, float]


@dataclass(frozen=True)
class Made:
    """Of each trial its times since onset (n,) and values (n, lines); `names` are those of the lines."""

    wish: Wish
    names: tuple[str, ...]
    parts: tuple[tuple[Floats, Floats], ...]
    unit: str


def make(wish: Wish) -> Made:
    """Read the trials; raises FilterError."""
    info = wish.overview.infos[wish.stream_id]
    names = tuple(info.channels[place] for place in wish.places)
    parts = []
    for trial in wish.trials:
        start_s = max(wish.within_s[0], trial.zero_s - wish.before_s)
        stop_s = min(wish.within_s[1], trial.zero_s + wish.after_s)
        if stop_s <= start_s:
            parts.append((np.zeros(0), np.zeros((0, len(names)))))
            continue
        piece = read(wish.overview, info.id, wish.places, start_s, stop_s, wish.filters, wish.within_s)
        parts.append((piece.times_s - trial.zero_s, piece.values))
    if len(names) > MOST_CHANNELS:
        parts = [(times, values.mean(axis=1, keepdims=True)) for times, values in parts]
        names = (f"mean of {len(names)} channels",)
    parts = [_with_holes(times, values, info.rate_hz) for times, values in parts]
    return Made(wish, names, tuple(parts), unit_text(info.units[wish.places[0]]))


class ComparePanel(FigurePanel):
    """Trials chosen from a list, under, beside or on one another."""

    title = "Trials side by side"
    stem = "trials"
    made: Made | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(make, parent)
        self.channels = ChannelChoice(self.refresh)
        self.trials = TickMenu("trial", "trials", self.refresh, MOST_TRIALS)
        self.order = choice(self.canvas.update, [UNDER, BESIDE, OVER])
        self.before = seconds_box(0.5, self.later, "Seconds before onset")
        self.after = seconds_box(2.0, self.later, "Seconds after onset")
        for widget in (
            self.channels,
            labelled("Trials:", self.trials),
            labelled("Drawn:", self.order),
            labelled("From onset −", self.before),
            labelled("to +", self.after),
        ):
            self.controls.addWidget(widget)

    def opened(self) -> None:
        """Offer the recording's signals and trials, the first two ticked."""
        assert self.view is not None
        self.channels.show_streams(streams_of(self.view))
        names = [f"{trial.name}: {trial.text}" if trial.text else trial.name for trial in self.view.trials]
        if len(set(names)) < len(names):
            names = [f"{place}. {name}" for place, name in enumerate(names, 1)]
        self.trials.show_names(names, LEAST_TRIALS)

    def wish(self) -> Hashable | str:
        """Return which trials to compare."""
        assert self.view is not None
        info, places = self.channels.info, self.channels.places
        if info is None:
            return "This recording has no regular signal that could be compared."
        if not self.trials.names:
            return "This recording has no trials to compare."
        if len(self.trials.ticked) < LEAST_TRIALS:
            return "Tick two to four trials in the list of trials."
        if not places:
            return "No channel is chosen. Tick one in the list of channels."
        if self.before.value() + self.after.value() <= 0:
            return "Choose a time before or after onset."
        onsets = {trial.index: trial.onset_s for trial in self.view.recording.trials}
        chosen = []
        for place in self.trials.ticked:
            trial = self.view.trials[place]
            onset_s = onsets.get(trial.index, float("nan"))
            known = bool(np.isfinite(onset_s))
            chosen.append(Chosen(self.trials.names[place], onset_s if known else trial.start_s, known))
        return Wish(
            self.view.recording.overview,
            info.id,
            places,
            tuple(chosen),
            self.before.value(),
            self.after.value(),
            self.filters,
            (self.view.start_s, self.view.stop_s),
        )

    def told(self) -> str:
        """Return what is shown, and which trials have no measured onset."""
        made = self.made
        if made is None:
            return ""
        wish = made.wish
        info = wish.overview.infos[wish.stream_id]
        filters = wish.filters.words() if is_filtered(info) else RAW
        said = [f"{wish.stream_id}, {filters}; all on one scale, time counted from the measured onset."]
        late = [trial.name for trial in wish.trials if not trial.is_onset]
        if late:
            said.append(f"Counted from the trial's start, for no onset was measured: {', '.join(late)}.")
        return " ".join(said)

    def table(self) -> Table:
        """Return a row a trial and sample."""
        made = self.made
        assert made is not None
        heads = [f"{name} ({made.unit})" for name in made.names]
        columns = ["trial", "time_s", *heads]
        rows = []
        for trial, (times, values) in zip(made.wish.trials, made.parts, strict=True):
            for at_s, row in zip(times, values, strict=True):
                if np.isfinite(row).any():
                    cells = [f"{value:.6g}" if np.isfinite(value) else None for value in row]
                    rows.append(dict(zip(columns, [trial.name, f"{at_s:.6g}", *cells], strict=True)))
        return columns, rows

    def draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Draw the trials as chosen."""
        made = self.made
        assert made is not None
        limits = _limits([values for _, values in made.parts])
        if limits is None:
            draw_words(painter, area, colours, "None of these trials has a signal here. Choose others.")
            return
        metrics = QFontMetricsF(painter.font())
        line = metrics.height()
        order = self.order.currentText()
        on_one = order == OVER
        keyed = [trial.name for trial in made.wish.trials] if on_one else list(made.names)
        if len(keyed) > 1 or on_one:
            draw_key(
                painter, QRectF(area.left() + 12, area.top() + 3, area.width() - 24, line), colours, keyed
            )
            area = area.adjusted(0, line + 4, 0, 0)
        count = 1 if on_one else len(made.parts)
        for number in range(count):
            if order == BESIDE:
                width = area.width() / count
                box = QRectF(area.left() + number * width, area.top(), width, area.height())
            else:
                height = area.height() / count
                box = QRectF(area.left(), area.top() + number * height, area.width(), height)
            shown = list(range(len(made.parts))) if on_one else [number]
            title = f"{made.wish.stream_id} ({made.unit})" if on_one else made.wish.trials[number].name
            is_last = order != UNDER or number == count - 1
            self._draw_one(painter, box, colours, made, shown, limits, title, is_last)

    def _draw_one(
        self,
        painter: QPainter,
        area: QRectF,
        colours: Colours,
        made: Made,
        shown: Sequence[int],
        limits: tuple[float, float],
        title: str,
        is_last: bool,
    ) -> None:
        metrics = QFontMetricsF(painter.font())
        x = (-made.wish.before_s, made.wish.after_s)
        axes = axes_with_room(area, metrics, x, limits, "-0.0001")
        unit = f"{title}   ({made.unit})" if made.unit and len(shown) == 1 else title
        below = "time since onset (s)" if is_last else ""
        draw_frame(
            painter,
            axes,
            colours,
            (unit, below),
            plain_ticks(*x, max(3, int(area.width() / 80))),
            plain_ticks(*limits, max(4, int(axes.box.height() / 36))),
        )
        painter.setPen(QPen(QColor(colours.text), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(axes.across(0), axes.box.top()), QPointF(axes.across(0), axes.box.bottom()))
        painter.save()
        painter.setClipRect(axes.box)
        for part in shown:
            times, values = made.parts[part]
            for column in range(values.shape[1]):
                painter.setPen(line_pen(colours, part if len(shown) > 1 else column, 1.3))
                for piece in polylines(axes, times, values[:, column]):
                    painter.drawPolyline(piece)
        painter.restore()


def _with_holes(times: Floats, values: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Return the same with an empty row in each hole: a line does not go across it."""
    holes = np.flatnonzero(np.diff(times) > 1.5 / rate_hz) + 1
    if not len(holes):
        return times, values
    middles = (times[holes - 1] + times[holes]) / 2
    return np.insert(times, holes, middles), np.insert(values, holes, np.nan, axis=0)


def _limits(values: Sequence[Floats]) -> tuple[float, float] | None:
    known = np.concatenate([part.ravel() for part in values]) if values else np.zeros(0)
    known = known[np.isfinite(known)]
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    room = 0.05 * (high - low) or max(abs(high) * 0.1, 1e-6)
    return low - room, high + room
