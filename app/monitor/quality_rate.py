"""Rate and loss, from the samples' own times, however they are delivered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAME = 0.1
"""Rows closer than this share of an interval were stamped together, as a batch."""
LEVEL_ROWS = 16
TRUSTED_AFTER = 3
CLEAR = 0.6
OUTLIER = 4.0
SNAP = 0.02
EVEN = 0.1
BLOCK_S = 1.0
MAD_TO_SD = 1.4826


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast rows come.

    `rate_hz`: rows a second that arrived. `error`: how far the sender's own rate (lost rows counted in)
    is off the nominal one, as a share, known to `uncertainty`. `missing`: rows that the times say are
    lost. `loss`: their share.
    """

    rate_hz: float
    error: float
    uncertainty: float
    missing: int
    loss: float


def pace(times: Floats, numbers: Floats, nominal_hz: float) -> Pace | None:
    """Return the pace of rows `numbers` (n,), stamped `times` (n,) seconds; None of too few to tell.

    Rows that share a stamp count from the first row of one batch to that of the next. A row that comes
    late is no loss: rows are missing where all that follows stays late. Times must rise but for jitter.
    """
    if len(times) < 2:
        return None
    interval = (times[-1] - times[0]) / max(1.0, numbers[-1] - numbers[0])
    rises = np.diff(np.maximum.accumulate(times)) > SAME * min(interval, 1.0 / nominal_hz)
    starts = np.flatnonzero(np.concatenate([[True], rises]))
    if len(starts) < 3:
        return None
    t, s = times[starts], numbers[starts].astype(np.float64)
    tau = _interval(t, s, nominal_hz)
    s, missing = _with_missing(t, s, tau)
    slope, uncertainty = _slope(t - s * tau, s * tau)
    sent_hz = 1.0 / (tau * max(1e-6, 1.0 + slope))
    rows = float(numbers[starts[-1]] - numbers[starts[0]])
    loss = missing / (missing + rows) if missing else 0.0
    return Pace(sent_hz * (1.0 - loss), sent_hz / nominal_hz - 1.0, uncertainty, missing, loss)


def _interval(t: Floats, s: Floats, nominal_hz: float) -> float:
    """Return the usual time between rows, deaf to bursts and to losses."""
    steps = np.diff(t) / np.diff(s)
    tau = float(np.median(steps))
    if _spread(steps) > EVEN * tau:
        # Bursts: only over a second do they even out.
        edges = np.unique(np.searchsorted(t, np.arange(t[0], t[-1] + BLOCK_S, BLOCK_S)).clip(max=len(t) - 1))
        if len(edges) > 1:
            tau = float(np.median(np.diff(t[edges]) / np.diff(s[edges])))
    # What jitter does to a median is less than what a device may be off.
    return 1.0 / nominal_hz if abs(tau * nominal_hz - 1.0) <= SNAP or tau <= 0 else tau


def _with_missing(t: Floats, s: Floats, tau: float) -> tuple[Floats, int]:
    """Return the rows' numbers with the lost ones counted in, and how many those are."""
    late = np.diff(t) - tau * np.diff(s)
    late -= np.median(late)
    spread = _spread(late)
    found = np.flatnonzero(late > max(CLEAR * tau, OUTLIER * spread)) + 1
    level = t - s * tau
    counted, missing = s.copy(), 0
    bounds = [0, *found, len(t)]
    for before, place, after in zip(bounds[:-2], bounds[1:-1], bounds[2:], strict=True):
        left = level[max(before, place - LEVEL_ROWS) : place]
        right = level[place : min(after, place + LEVEL_ROWS)]
        if len(right) < TRUSTED_AFTER and after == len(t):
            continue
        shift = float(np.median(right) - np.median(left))
        # Delays last for many rows: averaging over rows does not make them smaller.
        doubt = OUTLIER * max(_spread(left), _spread(right))
        rows = round(shift / tau)
        if shift > max(CLEAR * tau, doubt) and rows:
            counted[place:] += rows
            missing += rows
    return counted, missing


def _slope(level: Floats, along: Floats) -> tuple[float, float]:
    """Return how fast `level` rises along, by medians of first and last third, and its uncertainty."""
    third = max(1, len(level) // 3)
    run = float(along[-third:].mean() - along[:third].mean())
    rise = float(np.median(level[-third:]) - np.median(level[:third]))
    slope = rise / run
    spread = _spread(level - slope * along)
    return slope, float(1.25 * (2.0 / third) ** 0.5 * spread / run)


def _spread(values: Floats) -> float:
    return MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))
