"""From times of the same events in two signals to one offset, or to none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_EVENTS = 4
LEAST_SHARE = 0.5
TO_SD = 1.4826


@dataclass(frozen=True, slots=True)
class Offset:
    """How much later one signal has an event than the other: median, spread (SD, robust), and count."""

    median_s: float
    spread_s: float
    count: int


def offset_of(lags_s: Floats, tolerance_s: float, tried: int | None = None) -> Offset | None:
    """Return the offset that most lags (n,; NaN where the event was not found) agree on.

    None where fewer than 4, or fewer than half of `tried` (all, if None), lie within `tolerance_s` of it.
    """
    found = np.sort(lags_s[np.isfinite(lags_s)])
    least = max(LEAST_EVENTS, int(np.ceil(LEAST_SHARE * (len(lags_s) if tried is None else tried))))
    if len(found) < least:
        return None
    within = [int(np.count_nonzero(np.abs(found - middle) <= tolerance_s)) for middle in found]
    best = max(within)
    if best < least:
        return None
    # Of equally good places the middle one.
    places = [i for i, count in enumerate(within) if count == best]
    middle = found[places[len(places) // 2]]
    agreeing = found[np.abs(found - middle) <= tolerance_s]
    median = float(np.median(agreeing))
    spread = TO_SD * float(np.median(np.abs(agreeing - median)))
    return Offset(median, spread, len(agreeing))


def paired_offset(events_s: Floats, reference_s: Floats, most_s: float, tolerance_s: float) -> Offset | None:
    """Return how much later `events_s` come than `reference_s` if one list is the other one shifted.

    Among shifts of up to `most_s` the one that pairs most events counts; of two as good, the smaller.
    None where it pairs fewer than 4, or fewer than half of the shorter list.
    """
    if min(len(events_s), len(reference_s)) < LEAST_EVENTS:
        return None
    lags = events_s[:, None] - reference_s[None, :]
    candidates = lags[np.abs(lags) <= most_s]
    if not len(candidates):
        return None

    def pairs(shift: float) -> Floats:
        apart = lags - shift
        nearest = np.argmin(np.abs(apart), axis=1)
        kept = np.abs(apart[np.arange(len(apart)), nearest]) <= tolerance_s
        # One event of the reference belongs to one event only.
        _, once = np.unique(nearest[kept], return_index=True)
        return np.asarray(lags[np.flatnonzero(kept)[once], nearest[kept][once]])

    best = max(candidates, key=lambda shift: (len(pairs(shift)), -abs(round(float(shift), 2))))
    matched = pairs(float(best))
    matched = pairs(float(np.median(matched)))
    return offset_of(matched, tolerance_s, min(len(events_s), len(reference_s)))
