"""The single cycles of a voice: how evenly they follow each other, how evenly loud they are, how clean.

A cycle is found from the one before by where the sound correlates best with itself, near the period that
the pitch tells (the waveform matching of Boersma & Weenink's Praat; Boersma, "Should jitter be measured by
peak picking or by waveform matching?", Folia Phoniatrica et Logopaedica 61, 2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REACH = 0.25
"""A cycle's length may differ from the pitch's period by this share of it."""
LIKE_THE_LAST = 0.3
"""Below this correlation with the cycle before, the voice has ended."""
LEAST_CYCLES = 3
CLEANEST_DB, NOISIEST_DB = 60.0, -20.0


@dataclass(frozen=True, slots=True)
class Cycles:
    """Cycles in order: when each begins (n,), its length and its peak-to-peak amplitude (n,).

    `changes` (n,) is the change of length from the cycle before, `louder` that of the amplitude; NaN for the
    first cycle of a voiced stretch.
    """

    times_s: Floats
    lengths_s: Floats
    amplitudes: Floats
    changes: Floats
    louder: Floats

    def jitter(self, which: NDArray[np.bool_] | slice = slice(None)) -> float:
        """Return jitter (local): mean absolute change of length over mean length; NaN for too few."""
        return _share(self.changes[which], self.lengths_s[which])

    def shimmer(self, which: NDArray[np.bool_] | slice = slice(None)) -> float:
        """Return shimmer (local): mean absolute change of amplitude over mean amplitude."""
        return _share(self.louder[which], self.amplitudes[which])


def _share(changes: Floats, values: Floats) -> float:
    known = np.abs(changes[np.isfinite(changes)])
    if len(known) < LEAST_CYCLES - 1 or not values.mean() > 0:
        return float("nan")
    return float(known.mean() / values.mean())


def cycles(sound: Floats, rate_hz: float, times_s: Floats, hertz: Floats) -> Cycles:
    """Return the cycles of a sound (n,) by its pitch: `hertz` (k,) at `times_s` (k,), NaN where unvoiced."""
    parts = [_of_stretch(sound, rate_hz, times_s[a:b], hertz[a:b]) for a, b in _stretches(hertz)]
    found = [part for part in parts if len(part[0]) >= LEAST_CYCLES]
    if not found:
        return Cycles(*(np.zeros(0) for _ in range(5)))
    columns = [_with_changes(*part) for part in found]
    return Cycles(*(np.concatenate([column[i] for column in columns]) for i in range(5)))


def around(found: Cycles, times_s: Floats, window_s: float) -> tuple[Floats, Floats]:
    """Return jitter and shimmer (k,) of the cycles within windows round `times_s`; NaN for too few."""
    if not len(found.times_s):
        return np.full(len(times_s), np.nan), np.full(len(times_s), np.nan)
    middles = found.times_s + found.lengths_s / 2
    low = np.searchsorted(middles, times_s - window_s / 2)
    high = np.searchsorted(middles, times_s + window_s / 2)
    return (
        _windowed(found.changes, found.lengths_s, low, high),
        _windowed(found.louder, found.amplitudes, low, high),
    )


def harmonics_to_noise(
    sound: Floats, rate_hz: float, times_s: Floats, hertz: Floats, window_s: float
) -> Floats:
    """Return the harmonics-to-noise ratio (k,) in dB round `times_s`, NaN where unvoiced.

    10 log10(r / (1 - r)) with r the correlation of the sound with itself one period later (Boersma 1993,
    "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
    sound", equation 4), over two equally long stretches, so that no window has to be undone.
    """
    made = np.full(len(times_s), np.nan)
    voiced = np.flatnonzero(np.isfinite(hertz))
    if not len(voiced):
        return made
    period = rate_hz / hertz[voiced]
    length = round(window_s * rate_hz)
    longest = int(np.ceil(period.max())) + 2
    begin = np.round(times_s[voiced] * rate_hz - (length + period) / 2).astype(np.intp)
    fits = (begin >= 0) & (begin + length + longest <= len(sound))
    voiced, period, begin = voiced[fits], period[fits], begin[fits]
    if not len(voiced):
        return made
    lag = np.round(period).astype(np.intp)
    views = np.lib.stride_tricks.sliding_window_view(sound, length)
    here = views[begin] - views[begin].mean(axis=1, keepdims=True)
    near = np.stack([_correlation(here, views[begin + lag + shift]) for shift in (-1, 0, 1)])
    bend = near[0] - 2 * near[1] + near[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        peak = near[1] - np.where(bend < 0, (near[0] - near[2]) ** 2 / (8 * bend), 0.0)
    r = np.clip(np.maximum(peak, near.max(axis=0)), 1e-9, 1 - 1e-9)
    made[voiced] = np.clip(10 * np.log10(r / (1 - r)), NOISIEST_DB, CLEANEST_DB)
    return made


def _correlation(here: Floats, there: Floats) -> Floats:
    there = there - there.mean(axis=1, keepdims=True)
    power = np.einsum("ij,ij->i", here, here) * np.einsum("ij,ij->i", there, there)
    return np.asarray(np.einsum("ij,ij->i", here, there) / np.sqrt(power + 1e-30), np.float64)


def _windowed(changes: Floats, values: Floats, low: NDArray[np.intp], high: NDArray[np.intp]) -> Floats:
    # Changes belong to a pair: the first cycle of a window has its partner outside.
    known = np.isfinite(changes)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, np.abs(changes), 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    totals = np.concatenate(([0.0], np.cumsum(values)))
    begin = np.minimum(low + 1, high)
    pairs, number = counts[high] - counts[begin], high - low
    made = np.full(len(low), np.nan)
    enough = (pairs >= LEAST_CYCLES - 1) & (totals[high] - totals[low] > 0)
    mean = (totals[high] - totals[low])[enough] / number[enough]
    made[enough] = (sums[high] - sums[begin])[enough] / pairs[enough] / mean
    return made


def _stretches(hertz: Floats) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate(([False], np.isfinite(hertz), [False])).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _of_stretch(
    sound: Floats, rate_hz: float, times_s: Floats, hertz: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return when the cycles of one voiced stretch begin and how long and how large each is."""
    step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 0.0
    low = max(0.0, (times_s[0] - step_s / 2) * rate_hz)
    high = min(float(len(sound)), (times_s[-1] + step_s / 2) * rate_hz)
    places, periods = times_s * rate_hz, rate_hz / hertz
    middle, period = places[len(places) // 2], periods[len(places) // 2]
    begin = max(0, round(middle - period / 2))
    part = sound[begin : round(middle + period / 2) + 1]
    if not len(part):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    start = float(begin + int(np.argmax(np.abs(part - part.mean()))))
    after = _walk(sound, start, high, places, periods, +1)
    before = _walk(sound, start, low, places, periods, -1)
    marks = np.array([*before[::-1], start, *after])
    if len(marks) < 2:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    lengths = np.diff(marks)
    sizes = [
        _height(part := sound[max(0, round(mark - length / 2)) : round(mark + length / 2) + 1])
        + _height(-part)
        for mark, length in zip(marks[:-1].tolist(), lengths.tolist(), strict=True)
    ]
    return marks[:-1] / rate_hz, lengths / rate_hz, np.array(sizes, np.float64)


def _height(values: Floats) -> float:
    """Return the highest value, by a parabola through it and its neighbours: it lies between two samples."""
    at = int(values.argmax())
    if not 0 < at < len(values) - 1:
        return float(values[at])
    before, here, after = values[at - 1 : at + 2].tolist()
    bend = before - 2 * here + after
    return float(here - (before - after) ** 2 / (8 * bend)) if bend < 0 else here


def _walk(sound: Floats, start: float, end: float, places: Floats, periods: Floats, way: int) -> list[float]:
    marks: list[float] = []
    mark = start
    while True:
        lag = _next(sound, mark, float(np.interp(mark, places, periods)), way)
        mark += way * lag
        if not lag or way * (mark - end) > 0:
            return marks
        marks.append(mark)


def _next(sound: Floats, mark: float, period: float, way: int) -> float:
    """Return how far the next cycle is away, 0 where there is none like this one."""
    half, least = round(period / 2), round(period * (1 - REACH))
    spread = round(period * (1 + REACH)) - least
    here = round(mark) - half
    begin = here + least if way > 0 else here - least - spread
    if min(here, begin) < 0 or max(here + 2 * half, begin + 2 * half + spread) > len(sound) or spread < 2:
        return 0.0
    cycle = sound[here : here + 2 * half]
    there = sound[begin : begin + 2 * half + spread]
    cycle = cycle - cycle.mean()
    energy = np.cumsum(np.concatenate(([0.0], there * there)))
    sums = np.cumsum(np.concatenate(([0.0], there)))
    size = 2 * half
    power = energy[size:] - energy[:-size] - (sums[size:] - sums[:-size]) ** 2 / size
    like = np.correlate(there, cycle, "valid") / np.sqrt(
        np.maximum(power, 1e-20) * max(1e-20, float(cycle @ cycle))
    )
    best = int(like.argmax())
    if like[best] < LIKE_THE_LAST:
        return 0.0
    shift = 0.0
    if 0 < best < len(like) - 1:
        before, at, after = like[best - 1 : best + 2].tolist()
        bend = before - 2 * at + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return least + best + shift if way > 0 else least + spread - best - shift


def _with_changes(times_s: Floats, lengths: Floats, amplitudes: Floats) -> tuple[Floats, ...]:
    changes, louder = (np.concatenate(([np.nan], np.diff(values))) for values in (lengths, amplitudes))
    return times_s, lengths, amplitudes, changes, louder
