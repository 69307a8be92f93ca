"""From amplitudes to the one curve that a network reads: smoothing, rectification, the best subcarriers.

The chain of Song et al. (2023), step by step; where the print contradicts itself the literal form is
a switch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.csi.detector import Detection, DetectorSpec, detect, level_db

Floats = NDArray[np.float64]
Select = Literal["top", "weighted", "average"]
Baseline = Literal["subcarrier", "pooled"]

RATE_HZ = 50.0
SUBCARRIERS = 52
SMOOTHED = 5
TOP = 4
HALF = 100
MARGIN = 50
"""Readings (a second) on both sides of an event that are neither of it nor of the quiet."""
PRINTED_WINDOW, PRINTED_STEP = 50, 200
FLOOR = 1e-9


@dataclass(frozen=True, slots=True)
class ChainSpec:
    """How amplitudes become one curve.

    `baseline` "subcarrier" takes each subcarrier's own mean in quiet, "pooled" one mean of everything, as
    printed. `as_published`: pooled, four readings over five, and minima in a quarter of the recording.
    """

    select: Select = "top"
    m: int = TOP
    rectified: bool = True
    baseline: Baseline = "subcarrier"
    half: int = HALF
    as_published: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """What came of a recording of n readings.

    `smooth` (n, 52), `aligned` (n, 52) rectified or not, `snr_db` (52,), `order` (52,) the best first,
    `weights` (52,) sum to 1, `curve` (n,) the weighted mean, `raw` (n,) the same without rectification.
    """

    level_db: Floats
    detection: Detection
    smooth: Floats
    aligned: Floats
    snr_db: Floats
    order: NDArray[np.intp]
    weights: Floats
    curve: Floats
    raw: Floats


def moving_average(values: Floats, count: int = SMOOTHED, as_published: bool = False) -> Floats:
    """Return the mean of a reading and the `count` - 1 before it, for each column of (n, c).

    At the beginning, and where readings are missing, of those that there are. `as_published`: the sum of the
    `count` - 1 readings before, over `count`: it is short by a term and a fifth too low.
    """
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    shifts = range(1, count) if as_published else range(count)
    total, seen = np.zeros_like(filled), np.zeros_like(filled)
    for shift in shifts:
        rows = len(values) - shift
        if rows > 0:
            total[shift:] += filled[:rows]
            seen[shift:] += known[:rows]
    below = seen * count / (count - 1) if as_published else seen
    made = np.divide(total, below, out=np.full_like(filled, np.nan), where=seen > 0)
    made[~known] = np.nan
    return made


def quiet_rows(events: tuple[tuple[int, int], ...], count: int) -> NDArray[np.bool_]:
    """Return which of `count` readings are over a second away from every event; all where none is."""
    quiet = np.ones(count, bool)
    for first, stop in events:
        quiet[max(0, first - MARGIN) : stop + MARGIN] = False
    return quiet if quiet.any() else np.ones(count, bool)


def signal_to_noise_db(smooth: Floats, events: tuple[tuple[int, int], ...], stretch: int) -> Floats:
    """Return 10 log10 |(x_peak - x_static) / (n_noise - x_static)| of each subcarrier, (c,).

    Peaks are the largest distances from the mean in quiet: of each event, and of each `stretch` of readings
    in quiet; of several the median counts. Without an event the spread over the recording stands for peaks.
    """
    quiet = quiet_rows(events, len(smooth))
    static = _nanmean(smooth[quiet])
    away = np.abs(smooth - static)
    inside = [away[max(0, first - MARGIN) : stop + MARGIN] for first, stop in events]
    peaks = [_nanmax(each) for each in inside if len(each)] or [_nanmax(away)]
    still = away[quiet]
    pieces = [still[row : row + stretch] for row in range(0, len(still), stretch)]
    whole = [each for each in pieces if len(each) == stretch] or pieces
    noise = np.median([_nanmax(each) for each in whole], axis=0)
    ratio = np.median(peaks, axis=0) / np.maximum(noise, FLOOR)
    return np.asarray(10 * np.log10(np.maximum(ratio, FLOOR)), np.float64)


def weights_of(snr_db: Floats, spec: ChainSpec) -> Floats:
    """Return each subcarrier's share (c,): the m best alike, all by their ratio, or all alike."""
    count = len(snr_db)
    if spec.select == "average":
        return np.full(count, 1 / count)
    if spec.select == "weighted":
        ratio = 10 ** (snr_db / 10)
        return np.asarray(ratio / ratio.sum(), np.float64)
    m = min(max(1, spec.m), count)
    made = np.zeros(count)
    made[np.argsort(-snr_db, kind="stable")[:m]] = 1 / m
    return made


def follow(amplitudes: Floats, spec: ChainSpec, detector: DetectorSpec | None = None) -> Curve:
    """Run the chain over the amplitudes (n, c) of a recording; NaN where readings are missing."""
    values = np.asarray(amplitudes, np.float64)
    level = level_db(values)
    found = detect(level, detector or DetectorSpec())
    smooth = moving_average(values, as_published=spec.as_published)
    snr = signal_to_noise_db(smooth, found.events, 2 * spec.half + 1)
    if spec.as_published or spec.baseline == "pooled":
        base: Floats = np.full(smooth.shape[1], _nanmean(smooth.reshape(-1, 1))[0])
    else:
        base = _nanmean(smooth[quiet_rows(found.events, len(smooth))])
    aligned = np.abs(smooth - base) if spec.rectified else smooth - base
    weights = weights_of(snr, spec)
    order = np.argsort(-snr, kind="stable")
    return Curve(level, found, smooth, aligned, snr, order, weights, aligned @ weights, smooth @ weights)


def centres(curve: Floats, events: tuple[tuple[int, int], ...], margin: int = MARGIN) -> NDArray[np.intp]:
    """Return the row of the highest point of a curve within a second of each event, (events,).

    The middle of an event of which nothing is known.
    """
    found = []
    for first, stop in events:
        low, high = max(0, first - margin), min(len(curve), stop + margin)
        part = curve[low:high]
        is_known = len(part) and np.isfinite(part).any()
        found.append(low + int(np.nanargmax(part)) if is_known else (first + stop) // 2)
    return np.array(found, np.intp)


def printed_centres(curve: Floats) -> NDArray[np.intp]:
    """Return the printed decision points: the lowest point of the last 50 of every 200 readings."""
    found = []
    for stop in range(PRINTED_STEP, len(curve) + 1, PRINTED_STEP):
        part = curve[stop - PRINTED_WINDOW : stop]
        if np.isfinite(part).any():
            found.append(stop - PRINTED_WINDOW + int(np.nanargmin(part)))
    return np.array(found, np.intp)


def segments(curve: Floats, rows: NDArray[np.intp], half: int = HALF) -> Floats:
    """Return `half` readings on both sides of each row, (rows, 2 half + 1); the edge goes on beyond an end.

    Missing readings take the nearest known one of the segment; a segment of none is NaN.
    """
    if not len(curve):
        return np.full((len(rows), 2 * half + 1), np.nan)
    places = np.clip(rows[:, None] + np.arange(-half, half + 1)[None, :], 0, len(curve) - 1)
    made: Floats = curve[places]
    for part in made:
        known = np.flatnonzero(np.isfinite(part))
        if 0 < len(known) < len(part):
            part[:] = np.interp(np.arange(len(part)), known, part[known])
    return made


def _nanmean(values: Floats) -> Floats:
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.zeros(values.shape[1]), where=count > 0), np.float64)


def _nanmax(values: Floats) -> Floats:
    return np.asarray(np.where(np.isfinite(values), values, 0.0).max(axis=0), np.float64)
