"""Spectra of a selection: power per hertz, over time, and by band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.views.runs import whole_runs

Floats = NDArray[np.float64]

BANDS: Mapping[str, tuple[float, float]] = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""Usual EEG bands in Hz, lower limit in, upper limit out; gamma ends below both mains frequencies."""
SEGMENT_S = 2.0
SOUND_HZ, SOUND_SEGMENT_S = 4000.0, 0.1
LEAST_SEGMENT = 8
OVERLAP = 0.5
STANDS_OUT, NEAR = 2.5, 1.6
COLUMNS = 400
"""A spectrogram has about this many columns at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Power spectral density of a selection after Welch (1967).

    `frequencies_hz` (f,), `power` (channels, f) in the signal's unit squared per hertz. `segments` counts
    the windows that were averaged for each channel (channels,); power is NaN where there was none.
    `segment_s` is the length of a window: the resolution is its inverse.
    """

    frequencies_hz: Floats
    power: Floats
    channels: tuple[str, ...]
    unit: str
    segments: NDArray[np.int64]
    segment_s: float

    @property
    def density_unit(self) -> str:
        """The unit of `power`."""
        return f"{self.unit}²/Hz" if self.unit else "1/Hz"

    def mean_of(self, channels: Sequence[str]) -> Floats:
        """Return the mean power (f,) of some channels, those without a value left out."""
        rows = self.power[[self.channels.index(name) for name in channels]]
        rows = rows[np.isfinite(rows).all(axis=1)]
        return np.asarray(rows.mean(axis=0) if len(rows) else np.full(self.power.shape[1], np.nan))

    def peak(self, power: Floats, low_hz: float, high_hz: float) -> tuple[float, float] | None:
        """Return frequency and power of the main peak of `power` (f,) in a range, None without one.

        A peak is higher than both its neighbours and at least `STANDS_OUT` times the median of what lies
        within 1.6 times its frequency. Of several it is the one with the largest frequency times power:
        spectra of living things fall with frequency, and a wobble low on that slope is no peak.
        """
        inner = np.zeros(len(power), bool)
        inner[1:-1] = (power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])
        inner &= (self.frequencies_hz >= low_hz) & (self.frequencies_hz <= high_hz)
        weighed = self.frequencies_hz * power
        for place in sorted(np.flatnonzero(inner).tolist(), key=lambda at: -weighed[at]):
            hertz = self.frequencies_hz[place]
            near = (self.frequencies_hz >= hertz / NEAR) & (self.frequencies_hz <= hertz * NEAR)
            if power[place] >= STANDS_OUT * np.median(power[near]):
                return float(hertz), float(power[place])
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """Power over time and frequency of one channel (or the mean of several).

    `power` (f, t) in the unit squared per hertz, `times_s` (t,) the middles of the windows, NaN where a
    window meets a gap.
    """

    times_s: Floats
    frequencies_hz: Floats
    power: Floats
    unit: str
    segment_s: float

    @property
    def density_unit(self) -> str:
        """The unit of `power`."""
        return f"{self.unit}²/Hz" if self.unit else "1/Hz"


def segment_rows(rows: int, rate_hz: float, segment_s: float = SEGMENT_S) -> int:
    """Return the window's length in samples: `segment_s`, or all there is where that is less."""
    return max(1, min(rows, round(segment_s * rate_hz)))


def usual_segment_s(rate_hz: float, seconds: float) -> float:
    """Return a window's length that suits a signal: 2 s, 256 samples of a slow one, 0.1 s of a sound.

    Never more than half of what there is, so that at least three windows are averaged.
    """
    if rate_hz <= 0:
        return SEGMENT_S
    usual = SOUND_SEGMENT_S if rate_hz >= SOUND_HZ else max(SEGMENT_S, 256 / rate_hz)
    return max(LEAST_SEGMENT / rate_hz, min(usual, seconds / 2))


def welch(
    values: NDArray[np.floating],
    rate_hz: float,
    channels: Sequence[str],
    unit: str,
    *,
    segment_s: float = SEGMENT_S,
    times_s: Floats | None = None,
) -> Spectrum:
    """Return the power spectral density of `values` (n, channels) by Welch's method.

    Hann windows of `segment_s` that overlap by half, the mean of each taken off, one-sided:
    P(f) = 2 |sum w x exp(-2 pi i f n / fs)|^2 / (fs sum w^2), averaged. No window crosses a missing value or
    a hole in `times_s` (n,): a channel with gaps has fewer windows. The sum of P times the spacing is the
    variance.
    """
    table = np.asarray(values, np.float64)
    length = segment_rows(len(table), rate_hz, segment_s)
    frequencies: Floats = np.asarray(np.fft.rfftfreq(length, 1 / rate_hz), np.float64)
    power = np.full((table.shape[1], len(frequencies)), np.nan)
    counts = np.zeros(table.shape[1], np.int64)
    if length >= LEAST_SEGMENT:
        step = max(1, round(length * (1 - OVERLAP)))
        finite = np.isfinite(table)
        same = bool((finite == finite[:, :1]).all())
        groups = [np.arange(table.shape[1])] if same else [np.array([n]) for n in range(table.shape[1])]
        for group in groups:
            starts = _starts(whole_runs(finite[:, group[0]], times_s, rate_hz), length, step)
            counts[group] = len(starts)
            if len(starts):
                total = sum(_density(table[start : start + length, group], rate_hz) for start in starts)
                power[group] = np.asarray(total).T / len(starts)
    return Spectrum(frequencies, power, tuple(channels), unit, counts, length / rate_hz)


def spectrogram(
    values: NDArray[np.floating],
    times_s: Floats,
    rate_hz: float,
    unit: str,
    *,
    segment_s: float = SEGMENT_S,
    columns: int = COLUMNS,
) -> Spectrogram:
    """Return the power over time of `values` (n, channels), the mean over the channels.

    Windows as in `welch`, about `columns` of them; where one meets a gap its column is NaN.
    """
    table = np.asarray(values, np.float64)
    length = segment_rows(len(table), rate_hz, segment_s)
    frequencies: Floats = np.asarray(np.fft.rfftfreq(length, 1 / rate_hz), np.float64)
    if length < LEAST_SEGMENT:
        return Spectrogram(np.zeros(0), frequencies, np.zeros((len(frequencies), 0)), unit, length / rate_hz)
    step = max(1, (len(table) - length) // columns, length // 8)
    starts = np.arange(0, len(table) - length + 1, step)
    made = np.full((len(frequencies), len(starts)), np.nan)
    finite = np.asarray(np.isfinite(table).all(axis=1), np.bool_)
    runs = whole_runs(finite, times_s, rate_hz)
    ends = np.array([run.stop for run in runs])
    firsts = np.array([run.start for run in runs])
    for column, start in enumerate(starts):
        place = int(np.searchsorted(firsts, start, "right")) - 1
        if place >= 0 and start + length <= ends[place]:
            made[:, column] = _density(table[start : start + length], rate_hz).mean(axis=1)
    middles: Floats = times_s[starts] + (length - 1) / 2 / rate_hz
    return Spectrogram(middles, frequencies, made, unit, length / rate_hz)


def band_power(
    spectrum: Spectrum, low_hz: float, high_hz: float, relative_to: tuple[float, float] | None = None
) -> Floats:
    """Return each channel's power (channels,) from `low_hz` up to `high_hz`, in the unit squared.

    The sum of the density over the band's bins times their spacing (the rectangle rule: bands that touch
    share no bin). With `relative_to` it is the share of the power in that wider range, 0 to 1. NaN where
    the channel has none, or where the band holds no bin of the spectrum.
    """
    power = _within(spectrum, low_hz, high_hz)
    if relative_to is None:
        return power
    whole = _within(spectrum, *relative_to)
    share = np.full(len(power), np.nan)
    np.divide(power, whole, out=share, where=whole > 0)
    return share


def _within(spectrum: Spectrum, low_hz: float, high_hz: float) -> Floats:
    bins = (spectrum.frequencies_hz >= low_hz) & (spectrum.frequencies_hz < high_hz)
    if not bins.any():
        return np.full(len(spectrum.power), np.nan)
    spacing = float(spectrum.frequencies_hz[1] - spectrum.frequencies_hz[0])
    return np.asarray(spectrum.power[:, bins].sum(axis=1) * spacing, np.float64)


def _starts(runs: Sequence[slice], length: int, step: int) -> list[int]:
    return [start for run in runs for start in range(run.start, run.stop - length + 1, step)]


def _density(part: Floats, rate_hz: float) -> Floats:
    """Return the one-sided density (f, channels) of one window (n, channels)."""
    length = len(part)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    centred = (part - part.mean(axis=0)) * window[:, None]
    density = np.abs(np.fft.rfft(centred, axis=0)) ** 2 / (rate_hz * (window**2).sum())
    # Frequencies between 0 and half the rate stand for two, their own and its mirror.
    density[1 : None if length % 2 else -1] *= 2
    return np.asarray(density, np.float64)
