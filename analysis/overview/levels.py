"""The levels of a pyramid: bins of 16, 128, 1024, ... rows, counted anew in every stretch without a hole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.overview.row_times import Rows

FINEST = 16
STEP = 8
ENOUGH_BINS = 4096
"""A level this short needs no coarser one above it."""
BLOCK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Where the bins of `factor` rows lie: stretch k begins at row `starts[k]` with bin `offsets[k]`."""

    factor: int
    starts: Rows
    offsets: Rows
    rows: int
    bins: int

    def first_rows(self, bins: Rows) -> Rows:
        """Return the first row of each bin."""
        stretch = np.searchsorted(self.offsets, bins, "right") - 1
        return np.asarray(self.starts[stretch] + (bins - self.offsets[stretch]) * self.factor, np.int64)

    def last_rows(self, bins: Rows) -> Rows:
        """Return the last row of each bin, which at the end of a stretch may be short."""
        stretch = np.searchsorted(self.offsets, bins, "right") - 1
        stops = np.append(self.starts[1:], self.rows)[stretch]
        full = self.starts[stretch] + (bins - self.offsets[stretch] + 1) * self.factor
        return np.asarray(np.minimum(full, stops) - 1, np.int64)

    def bin_of(self, row: int) -> int:
        """Return the bin that holds a row; the row behind the last is in a bin behind the last."""
        if row >= self.rows:
            return self.bins
        stretch = int(np.searchsorted(self.starts, row, "right")) - 1
        return int(self.offsets[stretch] + (row - self.starts[stretch]) // self.factor)


def levels_of(rows: int, starts: Rows) -> tuple[Level, ...]:
    """Return the levels that a stream of so many rows gets, the finest first; none for a short one."""
    made: list[Level] = []
    factor = FINEST
    lengths = np.diff(np.append(starts, rows))
    while rows > factor and (not made or made[-1].bins > ENOUGH_BINS or len(made) < 3):
        counts = -(-lengths // factor)
        offsets = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        made.append(Level(factor, starts, offsets, rows, int(counts.sum())))
        factor *= STEP
    return tuple(made)


def stored_dtype(dtype: str) -> np.dtype[Any]:
    """Return how bins of a stream are kept: small whole numbers as they are, all else as float32."""
    return np.dtype(dtype if dtype in ("int8", "int16") else "float32")


def blocks_of(level: Level, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of rows, none across a stretch's end, that begin with a bin of the coarsest level."""
    stops = np.append(level.starts[1:], level.rows)
    step = max(1, BLOCK_BYTES // max(1, row_bytes) // level.factor) * level.factor
    for start, stop in zip(level.starts.tolist(), stops.tolist(), strict=True):
        for first in range(start, stop, step):
            yield first, min(first + step, stop)


def reduce_rows(low: NDArray[Any], high: NDArray[Any], factor: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return lows and highs of `factor` (a power of 2) rows each, the last bin maybe of fewer; skips NaN."""
    while factor > 1:
        low, high = _halved(low, np.fmin), _halved(high, np.fmax)
        factor //= 2
    return low, high


def _halved(values: NDArray[Any], choose: np.ufunc) -> NDArray[Any]:
    pairs = len(values) // 2
    halved: NDArray[Any] = choose(values[: 2 * pairs : 2], values[1 : 2 * pairs : 2])
    return np.concatenate([halved, values[-1:]]) if len(values) % 2 else halved
