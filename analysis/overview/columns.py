"""From samples or bins to columns of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
UNEVEN = 4
"""How much larger than the usual group the largest may be for groups to be gone through in step."""
Columns = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Samples (or bins) with their neighbours: middle, first and last time (n,), low and high (n, channels).

    `is_hole` tells before which of them something is missing, `is_line` whether they are single samples,
    which a line joins.
    """

    middle_s: Floats
    first_s: Floats
    last_s: Floats
    low: NDArray[Any]
    high: NDArray[Any]
    is_hole: NDArray[np.bool_]
    is_line: bool

    def sorted(self) -> Items:
        """Return them in the order of time, which a clock that was set may have upset."""
        if not len(self.middle_s) or bool(np.all(np.diff(self.middle_s) >= 0)):
            return self
        order = np.argsort(self.middle_s, kind="stable")
        times = (self.middle_s[order], self.first_s[order], self.last_s[order])
        return Items(*times, self.low[order], self.high[order], self.is_hole[order], self.is_line)


def to_columns(items: Items, start_s: float, stop_s: float, columns: int, channels: int) -> Columns:
    """Return lows and highs (channels, columns) of equal stretches of start_s to stop_s."""
    low = np.full((columns, channels), np.nan, np.float32)
    high = np.full((columns, channels), np.nan, np.float32)
    items = items.sorted()
    first, stop = np.searchsorted(items.middle_s, [start_s, stop_s], "left").tolist()
    width_s = (stop_s - start_s) / max(1, columns)
    if stop > first:
        place = ((items.middle_s[first:stop] - start_s) / width_s).astype(np.int64)
        np.clip(place, 0, columns - 1, out=place)
        begins = np.concatenate([[0], np.flatnonzero(np.diff(place)) + 1])
        filled = place[begins]
        low[filled] = _reduced(items.low[first:stop], begins, np.fmin)
        high[filled] = _reduced(items.high[first:stop], begins, np.fmax)
        empty = np.ones(columns, bool)
        empty[filled] = False
        bare = np.flatnonzero(empty)
    else:
        bare = np.arange(columns)
    if len(bare) and len(items.middle_s) > 1:
        _bridge(items, low, high, bare, start_s, width_s)
    return np.ascontiguousarray(low.T), np.ascontiguousarray(high.T)


def _reduced(values: NDArray[Any], begins: NDArray[np.intp], choose: np.ufunc) -> NDArray[Any]:
    """Return one row for the rows (n, channels) from each of `begins` to the next."""
    counts = np.diff(np.append(begins, len(values)))
    most = int(counts.max())
    if most * len(begins) > UNEVEN * len(values):
        whole: NDArray[Any] = choose.reduceat(values, begins, axis=0)
        return whole
    # The second rows of all groups together, then the third ones: ten times as fast as `reduceat`.
    made = values[begins]
    for place in range(1, most):
        choose(made, values[begins + np.minimum(place, counts - 1)], out=made)
    return made


def _bridge(
    items: Items,
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    bare: NDArray[np.intp],
    start_s: float,
    width_s: float,
) -> None:
    """Fill columns that hold no item and lie in no hole from the neighbours in time."""
    left_s = start_s + bare * width_s
    before = np.searchsorted(items.middle_s, left_s + 0.5 * width_s, "right") - 1
    joined = (before >= 0) & (before + 1 < len(items.middle_s))
    after = np.minimum(before + 1, len(items.middle_s) - 1)
    before = np.maximum(before, 0)
    joined &= ~items.is_hole[after]
    if not items.is_line:
        # A bin reaches from its first row to its last, also beside a hole.
        middle_s = left_s + 0.5 * width_s
        nearer = np.where(
            np.abs(items.middle_s[after] - middle_s) < np.abs(items.middle_s[before] - middle_s),
            after,
            before,
        )
        held = (items.first_s[nearer] < left_s + width_s) & (items.last_s[nearer] >= left_s)
        use = joined | held
        low[bare[use]], high[bare[use]] = items.low[nearer[use]], items.high[nearer[use]]
        return
    use = joined
    j, k, from_s = before[use], after[use], left_s[use]
    span_s = np.maximum(items.middle_s[k] - items.middle_s[j], 1e-12)
    one = np.clip((from_s - items.middle_s[j]) / span_s, 0, 1)[:, None].astype(np.float32)
    other = np.clip((from_s + width_s - items.middle_s[j]) / span_s, 0, 1)[:, None].astype(np.float32)
    rise = items.low[k] - items.low[j]
    ends = (items.low[j] + one * rise, items.low[j] + other * rise)
    low[bare[use]], high[bare[use]] = np.minimum(*ends), np.maximum(*ends)
