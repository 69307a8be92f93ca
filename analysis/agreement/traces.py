"""Agreement of traces: one grid for all, the lag of each rater, concordance trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.outcome import Floats, Outcome, Sums, undefined

GRID_HZ = 4.0
LONGEST_LAG_S = 6.0
LEAST_OVERLAP_S = 4.0
BRIDGED_S = 1.0
"""Gaps of a trace up to this length are bridged by a straight line."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How late one rater follows the others, 0 to 6 s in steps of the grid, None where it is undefined.

    `correlation` is the mean correlation with the others at this lag and `unmoved` without one; `trials`
    went in. `at_edge`: the best lag is the longest that was tried, so the true one may be longer.
    """

    rater: str
    seconds: float | None
    correlation: float | None
    unmoved: float | None
    trials: int
    at_edge: bool = False
    reason: str = ""


def on_grid(
    t_ns: NDArray[np.int64], values: Floats, start_ns: int, stop_ns: int, rate_hz: float = GRID_HZ
) -> Floats:
    """Return a trace (n,) on the grid of a unit: points from its start, `1 / rate_hz` apart.

    A point is the mean of the samples nearer to it than to its neighbours; later passes over the same
    time must come alone. Empty points between samples at most 1 s apart lie on a straight line; others
    are NaN.
    """
    step_ns = 1e9 / rate_hz
    size = int((stop_ns - start_ns) / step_ns) + 1
    known = np.isfinite(values)
    places = np.floor((t_ns[known] - start_ns) / step_ns + 0.5).astype(int)
    inside = (places >= 0) & (places < size)
    counts = np.bincount(places[inside], minlength=size)
    sums = np.bincount(places[inside], weights=values[known][inside].astype(float), minlength=size)
    grid = np.full(size, np.nan)
    full = counts > 0
    grid[full] = sums[full] / counts[full]
    filled = np.flatnonzero(full)
    unrated = set(np.floor((t_ns[~known] - start_ns) / step_ns + 0.5).astype(int).tolist())
    for before, after in pairwise(filled.tolist()):
        if 1 < after - before <= BRIDGED_S * rate_hz and unrated.isdisjoint(range(before + 1, after)):
            grid[before:after] = np.linspace(grid[before], grid[after], after - before, endpoint=False)
    return grid


def shifted(values: Floats, lag_s: float, rate_hz: float = GRID_HZ) -> Floats:
    """Return (n,) moved earlier by a lag; what then lies beyond the end is NaN."""
    steps = round(lag_s * rate_hz)
    return (
        values if steps == 0 else np.concatenate([values[steps:], np.full(min(steps, len(values)), np.nan)])
    )


def lags(units: Sequence[Floats], raters: Sequence[str], rate_hz: float = GRID_HZ) -> tuple[Lag, ...]:
    """Return the lag of each rater behind the mean of the others; `units` are (n, raters) on the grid.

    The lag maximises the mean over trials of Pearson's correlation of the trace, moved earlier, with the
    mean of the others; every lag is judged on the same points. Trials under 10 s do not count.
    """
    return tuple(_lag(units, place, name, rate_hz) for place, name in enumerate(raters))


def _lag(units: Sequence[Floats], place: int, name: str, rate_hz: float) -> Lag:
    steps = round(LONGEST_LAG_S * rate_hz)
    found = []
    reason = "fewer than two raters"
    for values in units:
        others = np.delete(values, place, axis=1)
        if not np.isfinite(values[:, place]).any() or not np.isfinite(others).any():
            continue
        if len(values) < steps + LEAST_OVERLAP_S * rate_hz:
            reason = f"no trial lasts {LONGEST_LAG_S + LEAST_OVERLAP_S:g} s"
            continue
        row = _correlations(values[:, place], mean_of_raters(others), steps)
        if row is None:
            reason = "too little is common to the trace and the others, or one of them never moves"
        else:
            found.append(row)
    if not found:
        return Lag(name, None, None, None, 0, reason=reason)
    mean = np.mean(found, axis=0)
    best = int(np.argmax(mean))
    return Lag(name, best / rate_hz, float(mean[best]), float(mean[0]), len(found), at_edge=best == steps)


def _correlations(trace: Floats, others: Floats, steps: int) -> Floats | None:
    """Return the correlation at each lag of 0 to `steps` points, over the points known at every lag."""
    length = len(trace) - steps
    moved = np.stack([trace[lag : lag + length] for lag in range(steps + 1)])
    known = np.isfinite(moved).all(axis=0) & np.isfinite(others[:length])
    if known.sum() < LEAST_OVERLAP_S * GRID_HZ:
        return None
    ours = moved[:, known] - moved[:, known].mean(axis=1, keepdims=True)
    theirs = others[:length][known] - others[:length][known].mean()
    below = np.sqrt((ours**2).sum(axis=1) * (theirs**2).sum())
    return None if below.min() < 1e-12 else np.asarray(ours @ theirs / below)


def mean_of_raters(values: Floats) -> Floats:
    """Return the mean of the raters present at each point of (n, raters); NaN where there is none."""
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def spread_of_raters(values: Floats) -> Floats:
    """Return the standard deviation (n - 1) of the raters at each point; NaN under two of them."""
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    deviations = np.where(known, values - mean_of_raters(values)[:, None], 0.0)
    spread = np.sqrt((deviations**2).sum(axis=1) / np.maximum(counts - 1, 1))
    return np.where(counts > 1, spread, np.nan)


def trial_mean_sums(cells: Floats, reason: str) -> Sums:
    """Return the mean of a coefficient over the cells (trials, pairs) where it is defined.

    `reason` is told where no cell is.
    """
    known = np.isfinite(cells)
    if not known.any():
        return undefined(reason, len(cells))
    sums = np.where(known, cells, 0.0).sum(axis=1)

    def finish(total: Floats) -> Outcome:
        trials, cells_known, summed = int(total[0]), float(total[1]), float(total[2])
        return Outcome(summed / cells_known, trials) if cells_known else Outcome(None, 0, reason)

    return Sums(np.column_stack([known.any(axis=1).astype(float), known.sum(axis=1), sums]), finish)
