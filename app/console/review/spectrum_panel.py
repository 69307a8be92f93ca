"""Spectrum and spectrogram of the selection: per channel or averaged, logarithmic, with the main peak."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from analysis.views.filters import RAW
from analysis.views.spectrum import Spectrogram, Spectrum, spectrogram
from app.console.axes import Axes
from app.console.parts import Tick
from app.console.review.figure_axes import (
    axes_with_room,
    draw_bar,
    draw_frame,
    draw_key,
    draw_words,
    line_pen,
    log_ticks,
    plain_ticks,
    polylines,
    shaded,
    tick_text,
)
from app.console.review.figure_channels import ChannelChoice, is_filtered, streams_of
from app.console.review.figure_panel import FigurePanel, Table
from app.console.review.power import Stretch, power_of
from app.console.theme import Colours

Floats = NDArray[np.float64]

MOST_LINES = 6
FAINT = 110


@dataclass(frozen=True)
class Wish(Stretch):
    """What to compute a spectrum of."""

    zero_s: float
    is_average: bool


@dataclass(frozen=True)
class Made:
    """A spectrum, its spectrogram, and what it is of."""

    wish: Wish
    spectrum: Spectrum
    picture: Spectrogram
    lines: tuple[tuple[str, Floats], ...]
    is_cut: bool


def make(wish: Wish) -> Made:
    """Compute spectrum and spectrogram; raises FilterError."""
    found = power_of(wish)
    piece, names, power = found.piece, found.names, found.spectrum
    picture = spectrogram(piece.values, piece.times_s, found.rate_hz, found.unit, segment_s=found.segment_s)
    if wish.is_average and len(names) > 1:
        lines: tuple[tuple[str, Floats], ...] = ((f"mean of {len(names)} channels", power.mean_of(names)),)
    else:
        lines = tuple(zip(names, power.power, strict=True))
    return Made(wish, power, picture, lines, piece.is_cut)


class SpectrumPanel(FigurePanel):
    """Spectrum and spectrogram of what is selected, or of what is visible where nothing is."""

    title = "Spectrum"
    stem = "spectrum"
    made: Made | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(make, parent)
        self.channels = ChannelChoice(self.refresh)
        self.average = Tick("Average of the channels")
        self.average.setChecked(True)
        self.average.clicked.connect(lambda: self.refresh())
        self.controls.addWidget(self.channels)
        self.controls.addWidget(self.average)
        self._axes: Axes | None = None

    def opened(self) -> None:
        """Offer the recording's signals."""
        assert self.view is not None
        self.channels.show_streams(streams_of(self.view))

    def wish(self) -> Hashable | str:
        """Return what is selected, of which channels."""
        assert self.view is not None
        info, places = self.channels.info, self.channels.places
        if info is None:
            return "This recording has no regular signal of which a spectrum could be made."
        if not places:
            return "No channel is chosen. Tick one in the list of channels."
        start_s, stop_s, words = self.span()
        if (stop_s - start_s) * info.rate_hz < 16:
            return "The selection is too short for a spectrum. Drag a longer one over the signals."
        zero_s = self.axis.zero_s if self.axis is not None else self.view.zero_s
        return Wish(
            self.view.recording.overview,
            info.id,
            places,
            start_s,
            stop_s,
            (self.view.start_s, self.view.stop_s),
            words,
            self.filters,
            zero_s,
            self.average.isChecked(),
        )

    def told(self) -> str:
        """Return what the spectrum is of, its resolution, its peak, and what was left out."""
        made = self.made
        if made is None:
            return ""
        wish, found = made.wish, made.spectrum
        info = wish.overview.infos[wish.stream_id]
        segments = int(found.segments.max(initial=0))
        said = [
            f"{wish.stream_id}, {wish.words}, {wish.filters.words() if is_filtered(info) else RAW}.",
            f"Welch: {segments} Hann windows of {found.segment_s:g} s, half overlapping.",
        ]
        if made.is_cut:
            said.append("Only the beginning of it: the whole is too long to compute at once.")
        if not segments:
            said.append("Every window meets a gap: select a stretch without one.")
        if len(made.lines) == 1 and segments:
            peak = self._peak()
            told = "No peak stands out."
            if peak is not None:
                told = f"Peak at {peak[0]:.4g} Hz: {peak[1]:.3g} {found.density_unit}."
            said.append(told)
        return " ".join(said)

    def table(self) -> Table:
        """Return a row a frequency, a column a line."""
        assert self.made is not None
        unit = self.made.spectrum.density_unit
        columns = ["frequency_hz", *(f"{name} ({unit})" for name, _ in self.made.lines)]
        rows = [
            dict(
                zip(
                    columns,
                    (float(hertz), *(f"{power[at]:.6g}" for _, power in self.made.lines)),
                    strict=True,
                )
            )
            for at, hertz in enumerate(self.made.spectrum.frequencies_hz)
        ]
        return columns, rows

    def hover(self, at: QPointF) -> str:
        """Return frequency and power under the mouse."""
        made, axes = self.made, self._axes
        if made is None or axes is None or not axes.box.contains(at):
            return ""
        share = (at.x() - axes.box.left()) / axes.box.width()
        hertz = 10 ** (axes.x[0] + share * (axes.x[1] - axes.x[0]))
        place = int(np.argmin(np.abs(made.spectrum.frequencies_hz - hertz)))
        said = [f"{name} {power[place]:.3g}" for name, power in made.lines[:MOST_LINES]]
        unit = made.spectrum.density_unit
        return f"{made.spectrum.frequencies_hz[place]:.4g} Hz: {', '.join(said)} {unit}"

    def draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Draw the spectrum, and below it the spectrogram."""
        made = self.made
        assert made is not None
        x = self._frequencies(made)
        powers = np.array([power for _, power in made.lines])
        hertz = made.spectrum.frequencies_hz
        shown = powers[:, (hertz >= x[0]) & (hertz <= x[1])]
        shown = shown[np.isfinite(shown) & (shown > 0)]
        if not len(shown):
            draw_words(
                painter, area, colours, "There is no power to draw: the signal is flat or missing here."
            )
            return
        has_picture = made.picture.power.shape[1] > 2
        height = area.height() * (0.55 if has_picture else 1.0)
        beside = QFontMetricsF(painter.font()).horizontalAdvance(_bar_unit(made)) if has_picture else 0.0
        upper = QRectF(area.left(), area.top(), area.width() - beside, height)
        self._draw_spectrum(painter, upper, colours, made, x, shown)
        if has_picture:
            lower = QRectF(area.left(), area.top() + height, upper.width(), area.height() - height)
            self._draw_spectrogram(painter, lower, colours, made, x)

    def _peak(self) -> tuple[float, float] | None:
        assert self.made is not None
        low, high = self._frequencies(self.made)
        return self.made.spectrum.peak(self.made.lines[0][1], low * 1.5, high)

    def _frequencies(self, made: Made) -> tuple[float, float]:
        hertz = made.spectrum.frequencies_hz
        return float(hertz[1]), float(hertz[-1])

    def _draw_spectrum(
        self,
        painter: QPainter,
        area: QRectF,
        colours: Colours,
        made: Made,
        x: tuple[float, float],
        shown: Floats,
    ) -> None:
        metrics = QFontMetricsF(painter.font())
        # What lies a million times below the most is rounding, not signal.
        low, high = max(float(shown.min()), float(shown.max()) * 1e-9), float(shown.max())
        y = (math.log10(low) - 0.1, math.log10(high) + 0.15)
        is_many = len(made.lines) > 1
        line = metrics.height()
        inner = area.adjusted(0, line + 4 if is_many else 0, 0, 0)
        axes = axes_with_room(inner, metrics, (math.log10(x[0]), math.log10(x[1])), y, "0.00001")
        self._axes = axes
        title = f"Power spectral density ({made.spectrum.density_unit})"
        draw_frame(
            painter,
            axes,
            colours,
            (title, "frequency (Hz)"),
            [(math.log10(tick), tick_text(tick)) for tick in log_ticks(*x, max(4, int(area.width() / 70)))],
            [(math.log10(tick), tick_text(tick)) for tick in log_ticks(10 ** y[0], 10 ** y[1], 6)],
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            across = np.log10(made.spectrum.frequencies_hz)
            ups = [np.log10(power) for _, power in made.lines]
        painter.save()
        painter.setClipRect(axes.box)
        for number, up in enumerate(ups):
            pen = line_pen(colours, number, 1.6)
            if len(ups) > MOST_LINES:
                ink = QColor(colours.eeg)
                ink.setAlpha(FAINT)
                pen = QPen(ink, 1.0)
            painter.setPen(pen)
            up = np.where(np.isfinite(across) & (up > -30), up, np.nan)
            for piece in polylines(axes, across, up):
                painter.drawPolyline(piece)
        painter.restore()
        if is_many and len(ups) <= MOST_LINES:
            key = QRectF(axes.box.left(), area.top() + 2, axes.box.width(), line)
            draw_key(painter, key, colours, [name for name, _ in made.lines])
        elif not is_many and (peak := self._peak()) is not None:
            self._draw_peak(painter, axes, colours, peak)

    def _draw_peak(self, painter: QPainter, axes: Axes, colours: Colours, peak: tuple[float, float]) -> None:
        metrics = QFontMetricsF(painter.font())
        at = axes.at(math.log10(peak[0]), math.log10(peak[1]))
        painter.setPen(QPen(QColor(colours.text), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, 4.5, 4.5)
        words = f"{peak[0]:.4g} Hz"
        left = min(at.x() + 8, axes.box.right() - metrics.horizontalAdvance(words) - 2)
        painter.drawText(QPointF(left, max(at.y() - 7, axes.box.top() + metrics.ascent())), words)

    def _draw_spectrogram(
        self, painter: QPainter, area: QRectF, colours: Colours, made: Made, x: tuple[float, float]
    ) -> None:
        picture = made.picture
        metrics = QFontMetricsF(painter.font())
        with np.errstate(divide="ignore", invalid="ignore"):
            decibel = 10 * np.log10(picture.power)
        hertz = picture.frequencies_hz
        inside = hertz >= x[0]
        known = decibel[inside]
        known = known[np.isfinite(known)]
        if not len(known):
            return
        limits = (float(np.quantile(known, 0.02)), float(np.quantile(known, 0.995)))
        begin = made.wish.start_s - made.wish.zero_s
        span = (begin, begin + made.wish.stop_s - made.wish.start_s)
        y = (math.log10(x[0]), math.log10(x[1]))
        axes = axes_with_room(area, metrics, span, y, "0.00001")
        # Rows of the picture are equal steps of the logarithmic axis.
        rows = max(40, min(400, int(axes.box.height())))
        wanted = 10 ** np.linspace(y[1], y[0], rows)
        nearest = np.clip(np.round(wanted / (hertz[1] - hertz[0])).astype(int), 1, len(hertz) - 1)
        image = shaded(decibel[nearest], limits)
        half = made.spectrum.segment_s / 2
        step = (picture.times_s[-1] - picture.times_s[0]) / max(1, len(picture.times_s) - 1)
        left = axes.across(max(span[0], float(picture.times_s[0]) - made.wish.zero_s - min(half, step / 2)))
        right = axes.across(min(span[1], float(picture.times_s[-1]) - made.wish.zero_s + min(half, step / 2)))
        target = QRectF(left, axes.box.top(), right - left, axes.box.height())
        painter.drawImage(target, image)
        draw_frame(
            painter,
            axes,
            colours,
            ("Spectrogram: frequency (Hz) over time", "time in the recording (s)"),
            plain_ticks(*span, max(3, int(area.width() / 80))),
            [(math.log10(tick), tick_text(tick)) for tick in log_ticks(*x, 5)],
            lines=False,
        )
        bar = QRectF(axes.box.right() + 26, axes.box.top() + 4, 12, axes.box.height() - 4)
        draw_bar(painter, bar, colours, limits, _bar_unit(made))


def _bar_unit(made: Made) -> str:
    unit = made.spectrum.unit
    return f"dB re 1 {unit}²/Hz" if unit else "dB re 1/Hz"
