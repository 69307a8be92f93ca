"""The first mode of many signals at once, by a fixed number of siftings; plain decomposition by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analysis.decomposition.envelopes import LEAST_EXTREMA, extrema, mean_envelope
from analysis.recognizers.recognizer import CancelledError

Floats = NDArray[np.float64]
Stop = Callable[[], bool]
AT_ONCE = 1 << 16
"""Samples that are sifted together: what the processor keeps near; more is slower."""


def never() -> bool:
    """Return that nothing is to be stopped."""
    return False


def first_mode(rows: Floats, sifts: int, cancelled: Stop = never) -> Floats:
    """Return the first mode of each row (p, n): what is left after `sifts` mean envelopes were taken off.

    A row without envelopes from the start (fewer than three extrema) has none: 0. Rows are independent, so
    that the result does not depend on which are given together. Raises CancelledError.
    """
    p, n = rows.shape
    made = np.empty((p, n))
    size = max(1, AT_ONCE // max(n, 1))
    for start in range(0, p, size):
        part = np.array(rows[start : start + size], np.float64)
        none = ~has_modes(part)
        for _ in range(sifts):
            if cancelled():
                raise CancelledError("stopped")
            mean, has = mean_envelope(part)
            if not has.any():
                break
            part -= mean
        part[none] = 0.0
        made[start : start + size] = part
    return made


def has_modes(rows: Floats) -> NDArray[np.bool_]:
    """Return which rows (p, n) have enough extrema for envelopes; the others are residues."""
    row, _, _ = extrema(rows)
    return np.asarray(np.bincount(row, minlength=len(rows)) >= LEAST_EXTREMA)
