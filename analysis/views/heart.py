"""Heartbeats in a pulse wave or an ECG, and the heart rate that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.views.beats import ECG, PULSE, Method, find_beats
from analysis.views.curves import Curve, joined
from analysis.views.runs import whole_runs

Floats = NDArray[np.float64]

LEAST_RATE_HZ = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Heartbeats of one recording.

    `times_s` (b,) in order: the foot of each pulse wave, or the R peak; between samples where it lies there.
    `intervals_s` (b,) is the time since the beat before, NaN for the first one and after a gap.
    `is_plausible` (b,) says whether the interval can be believed. `seconds` is how much signal there was.
    """

    times_s: Floats
    intervals_s: Floats
    is_plausible: NDArray[np.bool_]
    seconds: float

    @property
    def believable_intervals_s(self) -> Floats:
        """The intervals that can be believed, in order."""
        return self.intervals_s[self.is_plausible]

    @property
    def quality(self) -> float:
        """The share of the signal that lies in believable intervals, 0 to 1."""
        return min(1.0, float(self.believable_intervals_s.sum()) / self.seconds) if self.seconds else 0.0

    def words(self) -> str:
        """Return in words how many beats there are and how far they can be believed."""
        if not len(self.times_s):
            return "No heartbeat found: the signal is too short, flat or only noise."
        doubtful = int((np.isfinite(self.intervals_s) & ~self.is_plausible).sum())
        return f"{len(self.times_s)} beats, {doubtful} doubtful; {self.quality:.0%} of the signal believable"


def beats_of_pulse(values: NDArray[np.floating], times_s: Floats, rate_hz: float) -> Beats:
    """Return the beats of a pulse wave (BVP, PPG): `values` (n,) at `times_s` (n,), `rate_hz` a second.

    Missing values and holes in time part the signal; each part is searched by itself. Below 20 Hz nothing
    is found.
    """
    return _beats(values, times_s, rate_hz, PULSE)


def beats_of_ecg(values: NDArray[np.floating], times_s: Floats, rate_hz: float) -> Beats:
    """Return the beats of an ECG, at its R peaks (or S peaks, where the lead is the other way round)."""
    return _beats(values, times_s, rate_hz, ECG)


def heart_rate(beats: Beats, name: str = "Heart rate") -> Curve:
    """Return the rate from beat to beat, 60 / interval in beats a minute, at the interval's end.

    Doubtful intervals are NaN in the line and a span to doubt; every beat is a mark.
    """
    rate = np.full(len(beats.times_s), np.nan)
    np.divide(60.0, beats.intervals_s, out=rate, where=beats.is_plausible)
    doubtful = np.flatnonzero(np.isfinite(beats.intervals_s) & ~beats.is_plausible)
    spans = [
        (float(beats.times_s[place] - beats.intervals_s[place]), float(beats.times_s[place]))
        for place in doubtful
    ]
    return Curve(name, "bpm", beats.times_s, rate, tuple(beats.times_s), joined(spans), beats.words())


def _beats(values: NDArray[np.floating], times_s: Floats, rate_hz: float, method: Method) -> Beats:
    times, signal = np.asarray(times_s, np.float64), np.asarray(values, np.float64)
    runs = whole_runs(np.isfinite(signal), times, rate_hz)
    found: list[tuple[Floats, Floats, NDArray[np.bool_]]] = []
    if rate_hz >= LEAST_RATE_HZ:
        found = [find_beats(signal[run], times[run], rate_hz, method) for run in runs]
    seconds = sum(run.stop - run.start for run in runs) / rate_hz if rate_hz > 0 else 0.0
    if not found:
        return Beats(np.zeros(0), np.zeros(0), np.zeros(0, bool), seconds)
    moments, intervals, good = (np.concatenate([part[i] for part in found]) for i in range(3))
    return Beats(moments, intervals, good.astype(bool), seconds)
