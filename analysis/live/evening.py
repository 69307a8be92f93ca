"""Stamps of a regular stream evened out as they come; a recording's reader fits them afterwards."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FOLLOW_S = 2.0
"""How slowly the evened times follow the stamps: batches of stamps tremble, a clock drifts by far less."""
HOLE_PERIODS, HOLE_S = 1.5, 0.1
"""Stamps that jump by more than both belong to another stretch."""


class Evening:
    """Evens out the stamps of one stream of `rate_hz`; any pieces give the same times.

    A first-order filter over stamp - index / rate.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._gain = 1.0 / max(1.0, FOLLOW_S * rate_hz)
        self._count = 0
        self._rest = 0.0
        self._last: float | None = None

    def even(self, stamps_s: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return even times (n,), and at which of them a stretch begins (n,)."""
        stamps_s = np.asarray(stamps_s, np.float64)
        begins = np.zeros(len(stamps_s), bool)
        if not len(stamps_s):
            return stamps_s, begins
        first = stamps_s[0] if self._last is None else self._last
        step = np.diff(stamps_s, prepend=first) - 1 / self._rate_hz
        begins = np.abs(step) > max(HOLE_PERIODS / self._rate_hz, HOLE_S)
        begins[0] |= self._last is None
        made = np.empty(len(stamps_s))
        edges = sorted({0, len(stamps_s), *np.flatnonzero(begins).tolist()})
        for low, high in itertools.pairwise(edges):
            made[low:high] = self._piece(stamps_s[low:high], bool(begins[low]))
        self._last = float(stamps_s[-1])
        return made, begins

    def _piece(self, stamps_s: Floats, begins: bool) -> Floats:
        from scipy.signal import lfilter

        if begins:
            self._count, self._rest = 0, float(stamps_s[0])
        index = (self._count + np.arange(len(stamps_s))) / self._rate_hz
        rest, _state = lfilter(
            [self._gain], [1.0, self._gain - 1.0], stamps_s - index, zi=[(1 - self._gain) * self._rest]
        )
        self._count += len(stamps_s)
        self._rest = float(rest[-1])
        return np.asarray(rest + index, np.float64)
