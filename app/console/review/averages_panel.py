"""Averages over the trials of a category, locked to the onset that was measured, with their interval."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from analysis.modalities import shown_as
from analysis.views.averages import Average
from analysis.views.filters import RAW
from analysis.views.trials import onsets_of
from app.console.axes import Axes
from app.console.parts import Tick
from app.console.review.averages_data import EVERY, SIGNAL, Made, Wish, make, quantities
from app.console.review.figure_axes import (
    LINES,
    axes_with_room,
    draw_frame,
    draw_key,
    draw_words,
    line_pen,
    plain_ticks,
    polylines,
    tick_text,
)
from app.console.review.figure_channels import ChannelChoice, is_filtered, streams_of
from app.console.review.figure_panel import FigurePanel, Table, choice, labelled
from app.console.review.figure_ticks import TickMenu, seconds_box
from app.console.theme import Colours

MOST_CATEGORIES = 6
BAND_ALPHA = 55


class AveragesPanel(FigurePanel):
    """Mean and 95 % interval of each chosen category; of this recording, or of the study's finished ones."""

    title = "Averages over trials"
    stem = "averages"
    made: Made | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(make, parent)
        self.channels = ChannelChoice(self._on_stream)
        self.quantity = choice(self.refresh)
        self.categories = TickMenu("category", "categories", self.refresh, MOST_CATEGORIES)
        self.before = seconds_box(0.5, self.later, "Seconds before onset")
        self.after = seconds_box(2.0, self.later, "Seconds after onset")
        self.baseline = Tick("Subtract the mean before onset")
        self.baseline.setChecked(True)
        self.study = Tick("All recordings of the study")
        for tick in (self.baseline, self.study):
            tick.clicked.connect(lambda: self.refresh())
        for widget in (
            self.channels,
            labelled("As:", self.quantity),
            self.categories,
            labelled("From onset −", self.before),
            labelled("to +", self.after),
            self.baseline,
            self.study,
        ):
            self.controls.addWidget(widget)
        self._axes: Axes | None = None

    def opened(self) -> None:
        """Offer the recording's signals and the categories of its trials."""
        assert self.view is not None
        recording = self.view.recording
        infos = [info for info in streams_of(self.view) if shown_as(info) != "sound"]
        self.channels.show_streams(infos)
        trials = onsets_of(recording.session.trials)
        found = dict.fromkeys(trial.category for trial in trials if trial.category)
        names = [*found, EVERY] if trials and self.view.visible.condition else []
        self.categories.show_names(names, min(MOST_CATEGORIES, max(1, len(found))))
        # Whoever may see only a part of one recording sees nothing of others.
        may = self.view.visible.window_s is None and self.view.visible.names
        self.study.setVisible(may and recording.study is not None)
        self.study.setChecked(False)
        self._fill_quantities()

    def wish(self) -> Hashable | str:
        """Return what to average."""
        assert self.view is not None
        info = self.channels.info
        if not self.view.visible.condition:
            return "The condition is hidden here, so nothing is averaged by category."
        if info is None:
            return "This recording has no regular signal that could be averaged."
        if not self.categories.names:
            return "This recording has no trials. Averages need a recording with a protocol."
        if not self.categories.ticked:
            return "No category is chosen. Tick one in the list of categories."
        if not self.channels.places:
            return "No channel is chosen. Tick one in the list of channels."
        if self.before.value() + self.after.value() <= 0:
            return "Choose a time before or after onset."
        names = self.categories.names
        return Wish(
            self.view.recording.overview,
            info.id,
            tuple(info.channels[place] for place in self.channels.places),
            self.quantity.currentText() or SIGNAL,
            tuple(names[place] for place in self.categories.ticked),
            self.before.value(),
            self.after.value(),
            self.baseline.isChecked() and self.before.value() > 0,
            self.filters,
            (self.view.start_s, self.view.stop_s),
            self._others() if self.study.isChecked() and not self.study.isHidden() else (),
        )

    def told(self) -> str:
        """Return how the figure came about: what, how many trials, which interval, what is missing."""
        made = self.made
        if made is None:
            return ""
        wish = made.wish
        info = wish.overview.infos[wish.stream_id]
        names = wish.names if len(wish.names) < 4 else (f"mean of {len(wish.names)} channels",)
        what = f"{wish.stream_id} {' + '.join(names)}" if wish.quantity == SIGNAL else wish.quantity
        filters = wish.filters.words() if is_filtered(info) and wish.quantity == SIGNAL else RAW
        said = [f"{what}, {filters}; locked to the measured onset of the stimulus, practice left out."]
        said.append(f"{'; '.join(f'{name}: {found.counted()}' for name, found in made.averages)}.")
        said += dict.fromkeys(found.method() for _, found in made.averages if found.trials)
        if wish.has_baseline:
            said.append("The mean before onset is subtracted from each trial.")
        if wish.others:
            said.append(f"{made.recordings} recordings.")
        said += [f"Passed over: {why}." for why in made.passed_over]
        return " ".join(said)

    def table(self) -> Table:
        """Return a row a time and category."""
        assert self.made is not None
        columns = ("category", "time_s", f"mean ({self.made.unit})", "low", "high", "n", "interval_over")
        rows = []
        for category, found in self.made.averages:
            for at in range(len(found.times_s)):
                values = (found.mean[at], found.low[at], found.high[at])
                cells = [f"{value:.6g}" if np.isfinite(value) else None for value in values]
                cells = [category, f"{found.times_s[at]:.6g}", *cells, str(found.count[at]), found.over]
                rows.append(dict(zip(columns, cells, strict=True)))
        return columns, rows

    def hover(self, at: QPointF) -> str:
        """Return time and means under the mouse."""
        made, axes = self.made, self._axes
        if made is None or axes is None or not axes.box.contains(at):
            return ""
        time_s = axes.x[0] + (at.x() - axes.box.left()) / axes.box.width() * (axes.x[1] - axes.x[0])
        said = []
        for category, found in made.averages:
            place = int(np.argmin(np.abs(found.times_s - time_s)))
            said.append(f"{category} {found.mean[place]:.3g}")
        return f"{time_s:+.3f} s: {', '.join(said)} {made.unit}"

    def draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Draw the means, their intervals as bands, and the onset."""
        made = self.made
        assert made is not None
        shown = [(category, found) for category, found in made.averages if found.trials]
        limits = _limits([found for _, found in shown])
        if limits is None:
            words = made.averages[0][1].words() if made.averages else ""
            draw_words(painter, area, colours, f"{words} A session without a screen has no measured onset.")
            return
        metrics = QFontMetricsF(painter.font())
        line = metrics.height()
        x = (-made.wish.before_s, made.wish.after_s)
        axes = axes_with_room(area.adjusted(0, line + 4, 0, 0), metrics, x, limits, "-0.0001")
        self._axes = axes
        what = made.wish.quantity if made.wish.quantity != SIGNAL else made.wish.stream_id
        draw_frame(
            painter,
            axes,
            colours,
            (f"{what} ({made.unit})", "time since onset (s)"),
            plain_ticks(*x, max(3, int(area.width() / 80))),
            [(tick, tick_text(tick)) for tick, _ in plain_ticks(*limits, max(3, int(area.height() / 50)))],
        )
        painter.setPen(QPen(QColor(colours.text), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(axes.across(0), axes.box.top()), QPointF(axes.across(0), axes.box.bottom()))
        places = {category: number for number, (category, _) in enumerate(made.averages)}
        for category, found in shown:
            _draw_band(painter, axes, colours, found, places[category])
        for category, found in shown:
            painter.setPen(line_pen(colours, places[category], 1.9))
            for piece in polylines(axes, found.times_s, found.mean):
                painter.drawPolyline(piece)
        names = [category for category, _ in made.averages]
        draw_key(painter, QRectF(axes.box.left(), area.top() + 2, axes.box.width(), line), colours, names)

    def _others(self) -> tuple[Path, ...]:
        assert self.view is not None
        recording = self.view.recording
        if recording.study is None:
            return ()
        folder = recording.study.folder
        paths = [folder / known.file for known in recording.study.sessions()]
        own = recording.path.resolve()
        return tuple(path for path in paths if path.is_file() and path.resolve() != own)

    def _on_stream(self) -> None:
        self._fill_quantities()
        self.refresh()

    def _fill_quantities(self) -> None:
        info = self.channels.info
        offered = [] if info is None else list(quantities(info))
        if [self.quantity.itemText(place) for place in range(self.quantity.count())] != offered:
            self.quantity.clear()
            self.quantity.addItems(offered)


def _limits(found: list[Average]) -> tuple[float, float] | None:
    values = (
        np.concatenate([np.concatenate([a.mean, a.low, a.high]) for a in found]) if found else np.zeros(0)
    )
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or max(abs(high) * 0.1, 1e-6)
    return low - room, high + room


def _draw_band(painter: QPainter, axes: Axes, colours: Colours, found: Average, number: int) -> None:
    ink = QColor(getattr(colours, LINES[number % len(LINES)]))
    ink.setAlpha(BAND_ALPHA)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    known = np.isfinite(found.low) & np.isfinite(found.high)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        places = range(start, stop, max(1, (stop - start) // 1500))
        upper = [axes.at(float(found.times_s[at]), float(found.high[at])) for at in places]
        lower = [axes.at(float(found.times_s[at]), float(found.low[at])) for at in reversed(places)]
        painter.drawPolygon(QPolygonF([*upper, *lower]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
