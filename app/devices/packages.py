"""Lost packages, from a board's own counter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class PackageCounter:
    """Counts missing packages from the counter that a board sends with every row.

    Boards count in their own ways: by one or two, several rows a package, wrapping after 255, 200 or
    never. So the step is the smallest rise seen, and the counter's range is what it has run through;
    before its first wrap a byte's range is assumed where values fit one.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._last: float | None = None
        self._step: float | None = None
        self._lowest = np.inf
        self._highest = -np.inf
        self._wrapped = False

    def update(self, counters: NDArray[np.float64]) -> int:
        """Look at the next rows' counters (n,) and return how many packages are missing in them."""
        values = counters[np.isfinite(counters)]
        if not len(values):
            return 0
        before = values[:1] if self._last is None else np.array([self._last])
        steps = np.diff(np.concatenate([before, values]))
        rises = steps[steps > 0]
        if len(rises):
            smallest = float(rises.min())
            self._step = smallest if self._step is None else min(self._step, smallest)
        self._lowest = min(self._lowest, float(values.min()))
        self._highest = max(self._highest, float(values.max()))
        missing = 0
        if self._step:
            missing = round(float(np.sum(rises / self._step - 1)))
            for fall in steps[steps < 0]:
                missing += self._across(float(fall), self._step)
        self._last = float(values[-1])
        self.lost += missing
        return missing

    def restart(self) -> None:
        """Forget the last counter: the board was started again."""
        self._last = None

    def _across(self, fall: float, step: float) -> int:
        """Return the packages missing where the counter fell by `fall`, taking it for a wrap."""
        seen = self._highest - self._lowest + step
        fits_byte = not self._wrapped and self._highest < 256 and self._highest >= 250
        period = max(seen, 256.0) if fits_byte else seen
        self._wrapped = True
        return max(0, round((fall + period) / step) - 1)
