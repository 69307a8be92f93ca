"""Finding heartbeats in one unbroken stretch of a pulse wave or an ECG.

Two moving averages, after Elgendi et al., "Systolic peak detection in acceleration photoplethysmograms"
(PLoS ONE 8:e76585, 2013) and, with the windows of a QRS complex, "Fast QRS detection with an optimized
knowledge-based method" (PLoS ONE 8:e73557, 2013). The offset is ours: it follows the signal over 20 s, so
that a movement does not hide the beats around it. Then intervals are examined: one of about two
usual intervals is searched again, a beat that splits a usual interval is taken out, and what remains
unlikely is marked, never hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHORTEST_S, LONGEST_S = 0.3, 2.0
"""Plausible intervals: 200 to 30 beats a minute."""
NEIGHBOURS = 11
FAR_SHARE = 0.3
"""An interval that is off the median of its neighbours by more than this share is marked."""
LIKE_OTHERS = 0.6
"""A beat whose shape correlates less than this with the recording's usual one is marked."""
SCATTER_SHARE = 0.12
"""Neighbours whose median distance from their median is more than this share of it are all marked."""
FOLLOW_S = 20.0
FOOT_S = 0.5
R_REACH_S = 0.06
R_LOW_HZ, R_HIGH_HZ = 3.0, 40.0


@dataclass(frozen=True, slots=True)
class Method:
    """Windows of a detector in seconds; `offset` is the share of the mean that a peak must stand above.

    `shape_s` is how much before and after a beat makes up its shape.
    """

    low_hz: float
    high_hz: float
    peak_s: float
    beat_s: float
    offset: float
    shape_s: tuple[float, float]
    is_pulse: bool


PULSE = Method(0.5, 8.0, 0.111, 0.667, 0.02, (0.1, 0.25), True)
ECG = Method(8.0, 20.0, 0.097, 0.611, 0.08, (0.06, 0.06), False)


def find_beats(
    signal: Floats, times_s: Floats, rate_hz: float, method: Method
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return times, intervals (NaN for the first) and whether each can be believed, of one stretch (n,).

    The time of a pulse is its foot, that of a QRS complex its R peak, both between samples.
    """
    nothing = (np.zeros(0), np.zeros(0), np.zeros(0, bool))
    if len(signal) < rate_hz * LONGEST_S or not float(np.ptp(signal)):
        return nothing
    wave = _band(signal, rate_hz, method.low_hz, method.high_hz)
    size = np.maximum(wave, 0.0) if method.is_pulse else np.abs(wave)
    strength = np.square(size)
    score = _mean(strength, method.peak_s, rate_hz) - _mean(strength, method.beat_s, rate_hz)
    floor = method.offset * _usual(strength, rate_hz)
    peaks = _peaks(size, score > floor, max(1, round(method.peak_s * rate_hz)))
    peaks = _spaced(peaks, size, round(SHORTEST_S * rate_hz))
    peaks = _searched_again(peaks, size, score, rate_hz)
    peaks = _without_extra(peaks, size)
    if not len(peaks):
        return nothing
    # The narrow band finds a QRS complex and blurs it: its R peak is looked for in a wider one.
    clear = wave if method.is_pulse else _band(signal, rate_hz, R_LOW_HZ, R_HIGH_HZ)
    beats = _feet(peaks, wave, rate_hz) if method.is_pulse else _on_one_side(peaks, clear, rate_hz)
    moments = np.interp(_between_samples(beats, clear), np.arange(len(times_s)), times_s)
    intervals = np.concatenate(([np.nan], np.diff(moments)))
    return moments, intervals, _plausible(intervals) & _alike(beats, wave, rate_hz, method)


def _band(signal: Floats, rate_hz: float, low_hz: float, high_hz: float) -> Floats:
    from scipy.signal import butter, sosfiltfilt

    high = min(high_hz, 0.45 * rate_hz)
    sections = butter(2, (low_hz, high), "bandpass", fs=rate_hz, output="sos")
    edge = min(len(signal) - 1, round(3 * rate_hz))
    return np.asarray(sosfiltfilt(sections, signal, padlen=edge), np.float64)


def _mean(values: Floats, window_s: float, rate_hz: float) -> Floats:
    """Return the moving mean over a centred window of an odd number of samples."""
    half = max(1, round(window_s * rate_hz)) // 2
    padded = np.pad(values, half, "edge")
    total = np.cumsum(np.concatenate(([0.0], padded)))
    width = 2 * half + 1
    return np.asarray((total[width:] - total[:-width]) / width, np.float64)


def _usual(strength: Floats, rate_hz: float) -> Floats:
    """Return the strength that is usual around each sample: the median of 2 s means over 20 s."""
    block = max(1, round(LONGEST_S * rate_hz))
    count = max(1, len(strength) // block)
    means = np.array([part.mean() for part in np.array_split(strength, count)])
    reach = round(FOLLOW_S / LONGEST_S) // 2
    padded = np.pad(means, reach, "reflect" if len(means) > reach else "edge")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    middles = (np.arange(count) + 0.5) * len(strength) / count
    return np.asarray(np.interp(np.arange(len(strength)), middles, medians), np.float64)


def _peaks(size: Floats, inside: NDArray[np.bool_], least: int) -> NDArray[np.intp]:
    """Return the highest sample of every stretch inside that is long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).astype(np.int8)))
    pairs = edges.reshape(-1, 2)
    pairs = pairs[pairs[:, 1] - pairs[:, 0] >= least]
    return np.array([start + int(np.argmax(size[start:stop])) for start, stop in pairs], np.intp)


def _spaced(peaks: NDArray[np.intp], size: Floats, least: int) -> NDArray[np.intp]:
    """Take the smaller one out of two peaks that are closer than a heart can beat."""
    kept: list[int] = []
    for peak in peaks.tolist():
        if kept and peak - kept[-1] < least:
            if size[peak] > size[kept[-1]]:
                kept[-1] = peak
        else:
            kept.append(peak)
    return np.array(kept, np.intp)


def _local_median(intervals: Floats) -> Floats:
    """Return the median of the neighbours (itself included) of each interval, missing ones left out."""
    reach = NEIGHBOURS // 2
    padded = np.pad(intervals, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS)
    known = np.sort(windows, axis=1)
    count = np.isfinite(windows).sum(axis=1)
    rows = np.arange(len(intervals))
    low = known[rows, np.maximum(0, (count - 1) // 2)]
    return np.asarray((low + known[rows, np.maximum(0, count // 2 - (count == 0))]) / 2, np.float64)


def _searched_again(peaks: NDArray[np.intp], size: Floats, score: Floats, rate_hz: float) -> NDArray[np.intp]:
    """Look for a missed beat where an interval is much longer than its neighbours."""
    if len(peaks) < 4:
        return peaks
    steps = np.diff(peaks).astype(np.float64)
    usual = _local_median(steps)
    more: list[int] = []
    for place in np.flatnonzero(steps > 1.5 * usual).tolist():
        start, stop = int(peaks[place]), int(peaks[place + 1])
        edge = round(0.6 * usual[place])
        if stop - start <= 2 * edge:
            continue
        inner = slice(start + edge, stop - edge)
        best = inner.start + int(np.argmax(score[inner]))
        reach = max(1, round(0.1 * rate_hz))
        around = slice(max(1, best - reach), min(len(size) - 1, best + reach + 1))
        top = around.start + int(np.argmax(size[around]))
        is_peak = size[top] >= size[top - 1] and size[top] >= size[top + 1]
        if is_peak and size[top] > 0.2 * min(size[start], size[stop]):
            more.append(top)
    return np.unique(np.concatenate([peaks, np.array(more, np.intp)]))


def _without_extra(peaks: NDArray[np.intp], size: Floats) -> NDArray[np.intp]:
    """Take out a beat that splits a usual interval in two: both parts short, their sum as usual."""
    if len(peaks) < 5:
        return peaks
    steps = np.diff(peaks).astype(np.float64)
    usual = _local_median(steps)
    sums = steps[:-1] + steps[1:]
    is_split = (np.minimum(steps[:-1], steps[1:]) < 0.7 * usual[:-1]) & (sums < 1.25 * usual[:-1])
    drop = np.zeros(len(peaks), bool)
    for place in np.flatnonzero(is_split).tolist():
        if not drop[place] and size[peaks[place + 1]] < max(size[peaks[place]], size[peaks[place + 2]]):
            drop[place + 1] = True
    return peaks[~drop]


def _on_one_side(peaks: NDArray[np.intp], signal: Floats, rate_hz: float) -> NDArray[np.intp]:
    """Move each peak to the extreme near it, upwards or downwards, the same for all."""
    reach = max(1, round(R_REACH_S * rate_hz))
    padded = np.pad(signal, reach, "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)[peaks]
    centred = windows - np.median(windows, axis=1, keepdims=True)
    is_up = float(np.median(centred.max(axis=1))) >= float(np.median(-centred.min(axis=1)))
    best = np.argmax(centred if is_up else -centred, axis=1)
    return np.unique(np.clip(peaks + best - reach, 0, len(signal) - 1))


def _feet(peaks: NDArray[np.intp], wave: Floats, rate_hz: float) -> NDArray[np.intp]:
    """Return the foot of each pulse: the lowest sample of the half second before its peak.

    The peak of a pulse wanders between its two humps; the foot is sharp, and the wristband's own
    intervals are taken there.
    """
    reach = max(2, round(FOOT_S * rate_hz))
    padded = np.concatenate([np.full(reach, np.inf), wave])
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach + 1)[peaks].copy()
    before = np.minimum(np.diff(peaks, prepend=peaks[0] - reach - 1), reach + 1)
    windows[np.arange(reach + 1) < (reach + 1 - before)[:, None]] = np.inf
    return np.unique(peaks - reach + np.argmin(windows, axis=1))


def _between_samples(peaks: NDArray[np.intp], wave: Floats) -> Floats:
    """Return the places of extremes between samples: the vertex of the parabola through three of them."""
    inner = np.clip(peaks, 1, len(wave) - 2)
    before, here, after = wave[inner - 1], wave[inner], wave[inner + 1]
    bend = before - 2 * here + after
    shift = np.zeros(len(peaks))
    np.divide(0.5 * (before - after), bend, out=shift, where=np.abs(bend) > 1e-12 * np.abs(here))
    return np.asarray(peaks + np.clip(shift, -0.5, 0.5), np.float64)


def _plausible(intervals: Floats) -> NDArray[np.bool_]:
    usual = _local_median(intervals)
    with np.errstate(invalid="ignore"):
        far = np.abs(intervals - usual)
        near = (far <= FAR_SHARE * usual) & (_local_median(far) <= SCATTER_SHARE * usual)
        return np.asarray((intervals >= SHORTEST_S) & (intervals <= LONGEST_S) & near)


def _alike(peaks: NDArray[np.intp], wave: Floats, rate_hz: float, method: Method) -> NDArray[np.bool_]:
    """Whether each beat looks like the others, and the one before it too: its interval has two ends."""
    before, after = (max(1, round(part * rate_hz)) for part in method.shape_s)
    padded = np.pad(wave, (before, after))
    windows = np.lib.stride_tricks.sliding_window_view(padded, before + after + 1)[peaks]
    shapes = windows - windows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(shapes, axis=1, keepdims=True)
    shapes = np.divide(shapes, norms, out=np.zeros_like(shapes), where=norms > 0)
    usual = np.median(shapes, axis=0)
    length = float(np.linalg.norm(usual))
    if length <= 0:
        return np.zeros(len(peaks), bool)
    is_like = shapes @ usual / length >= LIKE_OTHERS
    return np.asarray(is_like & np.concatenate(([True], is_like[:-1])))
