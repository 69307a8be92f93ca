"""Signals second by second, and shares of what lies in windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Signal
from analysis.features.windows import Sums

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """One number a second: `times_s` (s,) the middles, `values` (s,) or (s, c), NaN where there is a gap."""

    times_s: Floats
    values: Floats


def whole_seconds(values: NDArray[np.floating], signal: Signal) -> Series:
    """Return the means of whole seconds of `values` (n,) or (n, c), which are as long as the signal's own."""
    size = max(1, round(signal.rate_hz))
    count = len(values) // size
    table = np.asarray(values[: count * size], np.float64)
    means = table.reshape(count, size, *table.shape[1:]).mean(axis=1)
    times = signal.start_s + (np.arange(count) * size + (size - 1) / 2) / signal.rate_hz
    return Series(np.asarray(times, np.float64), np.asarray(means, np.float64))


def share_of(values: Floats, rows: Sums, share: float, least: int = 1) -> Floats:
    """Return below what a share (0.5: the median) of the known numbers in each window lies, (k,).

    NaN with fewer than `least` known numbers.
    """
    made = np.full(len(rows.begin), np.nan)
    for place, (begin, stop) in enumerate(zip(rows.begin.tolist(), rows.stop.tolist(), strict=True)):
        part = values[begin:stop]
        part = part[np.isfinite(part)]
        if len(part) >= max(1, least):
            made[place] = np.quantile(part, share)
    return made
