"""Envelopes of many signals at once: extrema, mirrored behind the ends, joined by natural cubic splines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dptsv

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
MIRRORED = 2
"""How many extrema are mirrored behind each end."""
LEAST_EXTREMA = 3
"""With fewer a signal has no envelopes: it is a residue."""


def extrema(rows: Floats) -> tuple[Places, Places, NDArray[np.bool_]]:
    """Return the local extrema of rows (p, n): each one's row, its place, and whether it is a maximum.

    In order of row and place. A plateau is one extremum, at its middle; ends are none.
    """
    n = rows.shape[1]
    slope = np.zeros(rows.shape)
    np.subtract(rows[:, 1:], rows[:, :-1], out=slope[:, :-1])
    moving = np.flatnonzero(slope)
    rising = slope.ravel()[moving] > 0
    turns = np.flatnonzero(rising[1:] != rising[:-1])
    before, after = moving[turns], moving[turns + 1]
    row = before // n
    inside = row == after // n
    at = (before[inside] + 1 + after[inside]) // 2
    row = row[inside]
    return row, at - row * n, rising[turns][inside]


def mean_envelope(rows: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the mean of the upper and the lower envelope of rows (p, n), and which rows (p,) have them.

    Extrema are mirrored behind the ends as in Rilling, Flandrin & Goncalves (NSIP 2003). The mean is 0 where
    a row has fewer than `LEAST_EXTREMA` extrema.
    """
    p, n = rows.shape
    row, at, is_max = extrema(rows)
    first = np.searchsorted(row, np.arange(p + 1))
    has = np.diff(first) >= LEAST_EXTREMA
    mean = np.zeros((p, n))
    which = np.flatnonzero(has)
    if not len(which):
        return mean, has
    upper_x: list[Places] = []
    upper_y: list[Floats] = []
    lower_x: list[Places] = []
    lower_y: list[Floats] = []
    for place in which.tolist():
        own = slice(first[place], first[place + 1])
        highs, lows = at[own][is_max[own]], at[own][~is_max[own]]
        values = rows[place]
        left = _mirrored(values, highs, lows)
        # The right end is the left end of the signal turned round.
        right = _mirrored(values[::-1], n - 1 - highs[::-1], n - 1 - lows[::-1])
        for kept, xs, ys, side in ((highs, upper_x, upper_y, 0), (lows, lower_x, lower_y, 1)):
            before, before_y = left[side]
            behind, behind_y = right[side]
            xs.append(np.concatenate((before, kept, [n - 1 - each for each in reversed(behind)])))
            ys.append(np.concatenate((before_y, values[kept], behind_y[::-1])))
    drawn = spline((*upper_x, *lower_x), (*upper_y, *lower_y), n)
    mean[which] = (drawn[: len(which)] + drawn[len(which) :]) / 2
    return mean, has


Side = tuple[list[int], list[float]]


def _mirrored(values: Floats, highs: Places, lows: Places) -> tuple[Side, Side]:
    """Return maxima and minima before the first sample: places in order, and values."""
    high, low = highs[: MIRRORED + 1].tolist(), lows[: MIRRORED + 1].tolist()
    start = float(values[0])
    if high[0] < low[0]:
        about_first = start > values[low[0]]
        about, taken_high, taken_low = high[0], high[1:], low[:MIRRORED]
        if not about_first:
            about, taken_high, taken_low = 0, high[:MIRRORED], [0, *low[: MIRRORED - 1]]
    else:
        about_first = start < values[high[0]]
        about, taken_high, taken_low = low[0], high[:MIRRORED], low[1:]
        if not about_first:
            about, taken_high, taken_low = 0, [0, *high[: MIRRORED - 1]], low[:MIRRORED]
    if about_first and not (_reach(about, taken_high) <= 0 and _reach(about, taken_low) <= 0):
        # Mirrored about an extremum they would not reach the end: about the end itself, then.
        about, taken_high, taken_low = 0, high[:MIRRORED], low[:MIRRORED]
    return _turned(values, about, taken_high), _turned(values, about, taken_low)


def _reach(about: int, taken: list[int]) -> int:
    return 2 * about - taken[-1] if taken else 1


def _turned(values: Floats, about: int, taken: list[int]) -> Side:
    back = taken[::-1]
    return [2 * about - each for each in back], [float(values[each]) for each in back]


def spline(
    xs: tuple[NDArray[np.int64], ...] | list[NDArray[np.int64]],
    ys: tuple[Floats, ...] | list[Floats],
    n: int,
) -> Floats:
    """Return natural cubic splines through whole-numbered knots, at 0 to n - 1: (curves, n).

    Knots of each curve rise; the first lies at or before 0, the last at or behind n - 1. All curves are one
    symmetric tridiagonal system, as their ends do not meet.
    """
    counts = np.array([len(each) for each in xs])
    ends = np.cumsum(counts)
    x, y = np.concatenate(xs).astype(np.float64), np.concatenate(ys)
    h = np.diff(x)
    joins = ends[:-1] - 1
    h[joins] = 1.0
    rise = np.diff(y) / h
    bent = _second_derivatives(h, rise, ends - counts, ends - 1)
    before, after = bent[:-1], bent[1:]
    b = rise - h * (2 * before + after) / 6
    d = (after - before) / (6 * h)
    whole = np.concatenate(xs)
    begin, stop = np.clip(whole[:-1], 0, n), np.clip(whole[1:], 0, n)
    stop[ends - 2] = n
    size = stop - begin
    size[joins] = 0
    piece = np.repeat(np.arange(len(h)), size)
    t = np.tile(np.arange(n, dtype=np.float64), len(xs))
    t -= x[piece]
    made = d[piece]
    made *= t
    made += (before / 2)[piece]
    made *= t
    made += b[piece]
    made *= t
    made += y[piece]
    return made.reshape(len(xs), n)


def _second_derivatives(h: Floats, rise: Floats, first: Places, last: Places) -> Floats:
    """Return the second derivatives at all knots, 0 at each curve's first and last."""
    size = len(h) + 1
    diagonal = np.ones(size)
    diagonal[1:-1] = 2 * (h[:-1] + h[1:])
    right = np.zeros(size)
    right[1:-1] = 6 * np.diff(rise)
    beside = h.copy()
    for edge in (first, last):
        diagonal[edge], right[edge] = 1.0, 0.0
        beside[edge[edge < size - 1]] = 0.0
        beside[edge[edge > 0] - 1] = 0.0
    return np.asarray(dptsv(diagonal, beside, right)[2], np.float64)
