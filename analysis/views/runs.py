"""Where a signal is whole: stretches of rows without a missing value and without a hole in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HOLE_STEPS = 1.5
"""Rows that are further apart than this many sampling intervals have a hole between them."""


def whole_runs(
    finite: NDArray[np.bool_], times_s: NDArray[np.float64] | None = None, rate_hz: float = 0.0
) -> list[slice]:
    """Return the runs of rows (n,) that are finite and follow each other, as slices in order.

    With `times_s` (n,) and a rate, a step of more than `HOLE_STEPS` intervals ends a run.
    """
    if not len(finite):
        return []
    starts = finite.copy()
    starts[1:] &= ~finite[:-1]
    ends = finite.copy()
    ends[:-1] &= ~finite[1:]
    if times_s is not None and rate_hz > 0:
        broken = np.diff(times_s) > HOLE_STEPS / rate_hz
        starts[1:] |= finite[1:] & broken
        ends[:-1] |= finite[:-1] & broken
    firsts, lasts = np.flatnonzero(starts), np.flatnonzero(ends)
    return [slice(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]
