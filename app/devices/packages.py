"""Lost rows, from a board's own counter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Counting(NamedTuple):
    """How a board counts: the range of its counter, its step, and how many rows share a package.

    What is None is learnt from what comes.
    """

    period: float | None = None
    step: float | None = None
    rows: int | None = None


class Break(NamedTuple):
    """Before row `row` of those that were looked at, `missing` rows are missing."""

    row: int
    missing: int


class PackageCounter:
    """Finds missing rows by the counter that a board sends with every row.

    Boards count in their own ways: by one or two, several rows a package, wrapping after 255, 200 or
    never. What is not known of a board is learnt: the step is the smallest rise seen, the range what the
    counter has run through (before its first wrap a byte's range is assumed where values fit one), the
    rows of a package the most that have had one number.
    """

    def __init__(self, counting: Counting | None = None) -> None:
        counting = counting or Counting()
        self.lost = 0
        self._period = counting.period
        self._rows = counting.rows
        self._last: float | None = None
        self._step = counting.step
        self._learns_step = counting.step is None
        self._lowest = np.inf
        self._highest = -np.inf
        self._wrapped = False
        self._same = 0
        self._most = 1

    def update(self, counters: NDArray[np.float64]) -> list[Break]:
        """Look at the next rows' counters (n,) and return where rows are missing in them."""
        places = np.flatnonzero(np.isfinite(counters))
        values = counters[places]
        if not len(values):
            return []
        steps = np.diff(values, prepend=values[0] if self._last is None else self._last)
        rises = steps[steps > 0]
        if len(rises) and self._learns_step:
            smallest = float(rises.min())
            self._step = smallest if self._step is None else min(self._step, smallest)
        self._learn_rows(steps)
        self._lowest = min(self._lowest, float(values.min()))
        self._highest = max(self._highest, float(values.max()))
        breaks = []
        for row in np.flatnonzero(steps) if self._step else ():
            packages = self._missing(float(steps[row]))
            if packages > 0:
                breaks.append(Break(int(places[row]), packages * (self._rows or self._most)))
        self._last = float(values[-1])
        self.lost += sum(found.missing for found in breaks)
        return breaks

    def restart(self) -> None:
        """Forget the last counter: the board was started again."""
        self._last, self._same = None, 0

    def _learn_rows(self, steps: NDArray[np.float64]) -> None:
        if self._rows is not None:
            return
        new = np.flatnonzero(steps)
        runs = np.diff(np.concatenate([[-self._same], new, [len(steps)]]))
        self._same = int(runs[-1])
        self._most = max(self._most, int(runs.max()))

    def _missing(self, change: float) -> int:
        """Return the packages missing where the counter changed by `change`, taking a fall for a wrap."""
        assert self._step is not None
        if change < 0:
            change += self._range()
        return max(0, round(change / self._step) - 1)

    def _range(self) -> float:
        assert self._step is not None
        if self._period is not None:
            return self._period
        seen = self._highest - self._lowest + self._step
        fits_byte = not self._wrapped and 250 <= self._highest < 256
        self._wrapped = True
        return max(seen, 256.0) if fits_byte else seen
