"""Rows of the step Features on one time axis: trials, the signal, a row for each number of a feature."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from analysis.corpus.corpus import Trial
from app.console import theme
from app.console.analyse.preview_work import Preview, Wave
from app.console.axes import Axes
from app.console.review.axis import TimeAxis
from app.console.review.axis_row import AxisRow
from app.console.review.figure_axes import polylines
from app.console.review.times import clock_words

CHANNEL_PX, LEAST_PX, MOST_PX = 46, 60, 184
STEPS_PX = 76
MOST_DOTS = 600
KINDS = {"speech": "audio", "keys": "other", "face": "other", "respiration": "motion"}
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class TrialRow(AxisRow):
    """Where trials show their stimulus."""

    def __init__(self, axis: TimeAxis) -> None:
        super().__init__(axis, "Stimulus", 22)
        self.trials: tuple[Trial, ...] = ()
        self.setFixedHeight(self.fontMetrics().height() + 8)

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw a box for each, with its stimulus."""
        colours = theme.current()
        metrics = painter.fontMetrics()
        for trial in self.trials:
            left, right = (self.x_of(time) for time in trial.shown)
            box = QRectF(left, 3, max(1.0, right - left), plot.height() - 7)
            painter.setPen(QPen(QColor(colours.muted), 1))
            painter.drawRect(box)
            words = f"{trial.index + 1} {trial.stimulus}".strip()
            text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()) - 8)
            painter.setPen(QColor(colours.text))
            painter.drawText(box.adjusted(4, 0, -4, 0), _LEFT, text)

    def words_at(self, point: QPointF) -> str:
        """Tell the trial at a place."""
        time_s = self.time_at(point.x())
        found = [t for t in self.trials if t.shown[0] <= time_s < t.shown[1]]
        return f"Trial {found[0].index + 1}: {found[0].stimulus}, {found[0].category}" if found else ""


class SignalRow(AxisRow):
    """The signal that a feature is computed of: a lane a channel, or a line for each key stroke or frame."""

    def __init__(self, axis: TimeAxis) -> None:
        super().__init__(axis, "Signal", LEAST_PX)
        self.preview: Preview | None = None

    def show_preview(self, preview: Preview | None) -> None:
        """Show another signal."""
        self.preview = preview
        lanes = 1 if preview is None else max(1, len(preview.waves))
        self.setFixedHeight(min(MOST_PX, max(LEAST_PX, lanes * CHANNEL_PX)))
        told = "" if preview is None else f"Signal: {preview.asked.modality}"
        if preview is not None and preview.channels > len(preview.waves) > 0:
            told += f", the first {len(preview.waves)} of {preview.channels} channels"
        self.setAccessibleDescription(told)
        self.redraw()

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw the lanes."""
        preview = self.preview
        if preview is None:
            return
        colours = theme.current()
        modality = preview.asked.modality
        ink = theme.of_kind(colours, KINDS.get(modality, modality))
        if not preview.waves:
            painter.setPen(QPen(ink, 1))
            xs = np.unique(np.round([self.x_of(each) for each in preview.moments_s.tolist()]))
            painter.drawLines([QLineF(x, plot.height() * 0.25, x, plot.height() * 0.75) for x in xs.tolist()])
            return
        for place, wave in enumerate(preview.waves):
            lane = QRectF(plot.left(), self._top(place), plot.width(), self._high)
            painter.setPen(QPen(ink, 1.2))
            self._draw_wave(painter, lane.adjusted(0, 3, 0, -3), wave)

    def draw_label(self, painter: QPainter, area: QRectF) -> None:
        """Name the channels with their range."""
        preview = self.preview
        painter.setPen(QColor(theme.current().muted))
        if preview is None or not preview.waves:
            noun = "" if preview is None else "Key strokes" if preview.asked.modality == "keys" else "Frames"
            painter.drawText(area, _LEFT, noun)
            return
        metrics = painter.fontMetrics()
        for place, wave in enumerate(preview.waves):
            lane = QRectF(area.left(), self._top(place), area.width(), self._high)
            known = wave.low[np.isfinite(wave.low)]
            lines = [wave.name]
            if known.size:
                low, high = float(known.min()), float(np.nanmax(wave.high))
                lines.append(f"{low:.3g} to {high:.3g} {wave.unit}".strip())
            if lane.height() < 2 * metrics.height():
                lines = lines[:1]
            text = "\n".join(metrics.elidedText(line, _ELIDE, int(lane.width())) for line in lines)
            painter.drawText(lane, _LEFT, text)

    def words_at(self, point: QPointF) -> str:
        """Tell time and channel."""
        told = clock_words(self.time_at(point.x()) - self.axis.zero_s)
        if self.preview is not None and self.preview.waves:
            place = min(int(point.y() / self._high), len(self.preview.waves) - 1)
            told = f"{self.preview.waves[place].name}, {told}"
        return told

    @property
    def _high(self) -> float:
        lanes = 1 if self.preview is None else max(1, len(self.preview.waves))
        return self.height() / lanes

    def _top(self, place: int) -> float:
        return place * self._high

    def _draw_wave(self, painter: QPainter, lane: QRectF, wave: Wave) -> None:
        axis = self.axis
        first = max(0, int((axis.start_s - wave.start_s) / wave.step_s) - 1)
        stop = min(len(wave.low), int((axis.stop_s - wave.start_s) / wave.step_s) + 2)
        low, high = wave.low[first:stop], wave.high[first:stop]
        known = np.isfinite(low) & np.isfinite(high)
        if not known.any():
            return
        bottom, top = float(low[known].min()), float(high[known].max())
        if top <= bottom:
            bottom, top = bottom - 1, top + 1
        times = wave.start_s + (np.arange(first, stop) + 0.5) * wave.step_s
        if not np.array_equal(low[known], high[known]):
            times, low = np.repeat(times, 2), np.stack((low, high), axis=1).ravel()
        axes = Axes(lane, (axis.start_s, axis.stop_s), (bottom, top))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in polylines(axes, np.asarray(times, np.float64), np.asarray(low, np.float64)):
            painter.drawPolyline(line)


class StepsRow(AxisRow):
    """One number of a feature: a dot a step, joined inside a trial; a cross where it cannot be computed."""

    def __init__(self, axis: TimeAxis) -> None:
        super().__init__(axis, "", STEPS_PX)
        self.preview: Preview | None = None
        self.column = -1
        self.setFixedHeight(STEPS_PX)

    def show_column(self, preview: Preview, column: int) -> None:
        """Show another number."""
        self.preview, self.column = preview, column
        self.title = preview.steps.names[column] if column < len(preview.steps.names) else f"{column + 1}"
        self.setAccessibleName(f"Feature: {self.title}")
        values = self._values
        known = values[np.isfinite(values)]
        told = f"{len(known)} of {len(values)} steps have a value"
        if known.size:
            told += f", {known.min():.4g} to {known.max():.4g}"
        self.setAccessibleDescription(told)
        self.redraw()

    @property
    def _values(self) -> NDArray[np.float32]:
        assert self.preview is not None
        return np.asarray(self.preview.flat[self.preview.rows, self.column], np.float32)

    @property
    def _times(self) -> NDArray[np.float64]:
        assert self.preview is not None
        return np.asarray(self.preview.steps.times_s[self.preview.rows], np.float64)

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw the steps that are in view."""
        if self.preview is None:
            return
        colours, whole = theme.current(), self._values
        known = whole[np.isfinite(whole)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        if high <= low:
            low, high = low - 1, high + 1
        seen = (self._times >= self.axis.start_s) & (self._times <= self.axis.stop_s)
        values, times = whole[seen].astype(np.float64), self._times[seen]
        box = QRectF(plot.left(), 9, plot.width(), plot.height() - 18)
        axes = Axes(box, (self.axis.start_s, self.axis.stop_s), (low, high))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Nothing is drawn from one trial to the next.
        breaks = np.flatnonzero(np.diff(self.preview.row_span[self.preview.rows][seen])) + 1
        painter.setPen(QPen(QColor(colours.accent), 1.4))
        for line in polylines(axes, np.insert(times, breaks, np.nan), np.insert(values, breaks, np.nan)):
            painter.drawPolyline(line)
        if len(values) > MOST_DOTS:
            return
        painter.setBrush(QColor(colours.accent))
        for time_s, value in zip(times.tolist(), values.tolist(), strict=True):
            if math.isfinite(value):
                painter.setPen(QPen(QColor(colours.accent), 1.4))
                painter.drawEllipse(axes.at(time_s, value), 2.2, 2.2)
            else:
                painter.setPen(QPen(QColor(colours.muted), 1.2))
                x, y = axes.across(time_s), plot.height() - 8
                painter.drawLine(QPointF(x - 3, y - 3), QPointF(x + 3, y + 3))
                painter.drawLine(QPointF(x - 3, y + 3), QPointF(x + 3, y - 3))

    def draw_label(self, painter: QPainter, area: QRectF) -> None:
        """Write the number's name with its range."""
        metrics = painter.fontMetrics()
        lines = [self.title]
        if self.preview is not None:
            known = self._values[np.isfinite(self._values)]
            lines.append(f"{known.min():.3g} to {known.max():.3g}" if known.size else "no value")
        painter.setPen(QColor(theme.current().muted))
        text = "\n".join(metrics.elidedText(line, _ELIDE, int(area.width())) for line in lines)
        painter.drawText(area, _LEFT, text)

    def words_at(self, point: QPointF) -> str:
        """Tell the step nearest to a place."""
        if self.preview is None or not len(self._times):
            return ""
        times = self._times
        at = int(np.abs(times - self.time_at(point.x())).argmin())
        value = float(self._values[at])
        told = f"{value:.5g}" if math.isfinite(value) else "cannot be computed"
        return f"{self.title} at {clock_words(float(times[at]) - self.axis.zero_s)}: {told}"


_ELIDE = Qt.TextElideMode.ElideRight
