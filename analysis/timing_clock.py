"""What a sender's clock says on ours: the offset table as one curve for each stretch without a reset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.timing_lines import Curve, Floats, constant, robust_curve, robust_line, straight

LEAST_OFFSETS = 4
LEAST_DRIFT_S = 20.0
LEAST_RESET_S = 0.02
FASTEST_DRIFT = 3e-4
"""A sender's clock that runs away by more than this (seconds a second) was set, not slow."""
BEND_S = 300.0
"""A clock's rate changes with its temperature, which takes minutes."""
BEND_FLOOR_S = 2e-5
NEAR_S = 1.0
SPREAD_BETWEEN = 5e-6
"""A sender's rate before and after it starts anew differs by about this share."""


class TimesLike(Protocol):
    """Times that are read when sliced."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: slice) -> Any: ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sender's clock between two resets: `curve` maps its time to what must be added to it.

    `first_s` and `last_s` are the sender's times of the first and the last offset.
    """

    first_s: float
    last_s: float
    curve: Curve


def clock_stretches(offsets: NDArray[Any]) -> list[Stretch]:
    """Return the stretches in order; one that adds nothing where the table is empty.

    The table gives our time; the curves are over the sender's, which is what samples carry. Stale
    offsets do not count; exact ones count more, by the square of their uncertainty.
    """
    fresh = offsets[offsets["fresh"] > 0] if len(offsets) else offsets
    if not len(fresh):
        return [Stretch(-np.inf, np.inf, constant(0.0, 0.0))]
    ours = fresh["t"].astype(np.float64)
    value = fresh["offset"].astype(np.float64)
    uncertainty = np.maximum(fresh["uncertainty"].astype(np.float64), 1e-5)
    parts = [
        _Part(ours[part] - value[part], value[part], uncertainty[part] ** -2)
        for part in np.split(np.arange(len(fresh)), _resets(ours, value, uncertainty))
    ]
    shared = _shared_slope(parts)
    return [Stretch(float(p.x.min()), float(p.x.max()), p.curve(*shared)) for p in parts]


class _Part:
    """The offsets (x: sender's time, y: offset) of one stretch, and the line through them."""

    def __init__(self, x: Floats, y: Floats, weights: Floats) -> None:
        self.x, self.y, self._weights = x, y, weights
        self.slope, self.error = 0.0, np.inf
        if len(x) >= LEAST_OFFSETS and np.ptp(x) >= LEAST_DRIFT_S:
            line = robust_line(x, y, weights)
            spread = float((weights * (x - np.average(x, weights=weights)) ** 2).sum())
            squares = float((weights * (y - line(x)) ** 2).sum()) / (len(x) - 2)
            self.slope, self.error = line.slope, float(np.sqrt(squares / spread))

    def curve(self, shared: float, shared_error: float) -> Curve:
        """Return the stretch's curve; `shared` is the slope of the other stretches, if it helps."""
        if not np.isfinite(self.error):
            bare = constant(0.0, 0.0) if not np.isfinite(shared_error) else self._line(shared)
            return bare.raised(float(np.median(self.y - bare(self.x))))
        if self.error <= shared_error:
            return robust_curve(self.x, self.y, self._weights, BEND_S, BEND_FLOOR_S)
        own, others = self.error**-2, shared_error**-2
        bare = self._line((own * self.slope + others * shared) / (own + others))
        level = robust_line(self.x, self.y - bare(self.x), self._weights)
        return bare.raised(float(np.average(level(self.x), weights=self._weights)))

    def _line(self, slope: float) -> Curve:
        return straight(float(self.x.min()), 0.0, slope, float(self.x.min()) + 1.0)


def _shared_slope(parts: Sequence[_Part]) -> tuple[float, float]:
    """Return the mean slope of several stretches and how far one of them may be from it.

    A computer that starts anew keeps its quartz.
    """
    known = [part for part in parts if np.isfinite(part.error)]
    if len(parts) < 2 or not known:
        return 0.0, np.inf
    weights = np.array([1 / (part.error**2 + SPREAD_BETWEEN**2) for part in known])
    slope = float(np.average([part.slope for part in known], weights=weights))
    return slope, float(np.sqrt(1 / weights.sum() + SPREAD_BETWEEN**2))


def _resets(ours: Floats, value: Floats, uncertainty: Floats) -> NDArray[np.intp]:
    """Return where a new stretch begins: offsets jump and stay there."""
    found: list[int] = []
    for i in range(1, len(value)):
        limit = max(LEAST_RESET_S, uncertainty[i - 1] + uncertainty[i])
        if abs(value[i] - value[i - 1]) <= limit + FASTEST_DRIFT * (ours[i] - ours[i - 1]):
            continue
        begin = found[-1] if found else 0
        before = float(np.median(value[max(begin, i - 3) : i]))
        after = float(np.median(value[i : i + 3]))
        # A single wild offset comes back; the last one of all cannot be told from a wild one.
        returns = i + 1 < len(value) and abs(after - before) <= limit + FASTEST_DRIFT * 15
        alone = i + 1 == len(value) and abs(value[i] - before) < NEAR_S
        came_back = i - begin >= 2 and abs(value[i] - value[i - 2]) <= limit + FASTEST_DRIFT * 15
        if not (returns or alone or came_back):
            found.append(i)
    return np.array(found, np.intp)


def stretch_rows(
    stretches: Sequence[Stretch], times: TimesLike, rate_hz: float, breaks: Sequence[int], chunks: Any
) -> list[int]:
    """Return the first row of each stretch but the first (non-decreasing).

    A reset shows in the rows' times as the opposite jump. When the rows were received (`chunks`) says
    near which row to look: with the right stretch a row's time comes near its reception.
    """
    rows: list[int] = []
    for before, after in pairwise(stretches):
        start = rows[-1] if rows else 0
        rows.append(_reset_row(before, after, times, rate_hz, start, breaks, chunks))
    return rows


def _reset_row(
    before: Stretch,
    after: Stretch,
    times: TimesLike,
    rate_hz: float,
    start: int,
    breaks: Sequence[int],
    chunks: Any,
) -> int:
    count = len(times)
    ours_s = before.last_s + float(before.curve(np.array([before.last_s]))[0])
    next_s = after.first_s + float(after.curve(np.array([after.first_s]))[0])
    jump_s = (after.first_s - before.last_s) - (next_s - ours_s)
    if chunks is not None and len(chunks):
        received, firsts = chunks["received"], chunks["first"]
        low = int(firsts[max(0, int(np.searchsorted(received, ours_s - NEAR_S)) - 1)])
        high_chunk = min(len(chunks) - 1, int(np.searchsorted(received, next_s + NEAR_S)) + 1)
        high = int(firsts[high_chunk] + chunks["count"][high_chunk])
    else:
        low, high = _window(times, before, after, start)
    low, high = max(start, low), min(count, high)
    if high - low < 2:
        return max(start, min(low, count))
    t = np.asarray(times[low:high], np.float64)
    at_break = [row for row in breaks if low < row < high]
    steps = np.diff(t)
    if at_break:
        return min(at_break, key=lambda row: abs(steps[row - low - 1] - jump_s))
    if rate_hz > 0:
        return low + step_row(t, jump_s, 1 / rate_hz)
    return low + 1 + int(np.argmin(np.abs(steps - jump_s)))


def _window(times: TimesLike, before: Stretch, after: Stretch, start: int) -> tuple[int, int]:
    """Return the rows near a reset by their times alone."""
    t = np.asarray(times[start:], np.float64)
    is_after = np.abs(t - after.first_s) < np.abs(t - before.last_s)
    first = start + (int(np.argmax(is_after)) if is_after.any() else len(t))
    near = np.flatnonzero(np.abs(t - before.last_s) < 10.0)
    low = start + int(near[0]) if len(near) else first - 1
    near = np.flatnonzero(np.abs(t - after.first_s) < 10.0)
    high = start + int(near[-1]) + 1 if len(near) else first + 1
    return min(low, first - 1), max(high, first + 1)


def step_row(t: Floats, jump_s: float, period_s: float) -> int:
    """Return the row from which even times are `jump_s` off."""
    level = t - period_s * np.arange(len(t))
    edge = max(1, len(t) // 4)
    before, after = level[:edge], level[-edge:]
    earliest = float(after.min())
    if jump_s > 0 and np.ptp(before) < 0.75 * jump_s and earliest > float(before.max()):
        # Rows may be late, as late as those behind the step, but none behind it comes before its time.
        return int(np.flatnonzero(level < earliest - 0.2 * jump_s)[-1]) + 1
    # The sum of distances to the middle is lowest (for a rise) just where the two halves fit best.
    middle = float(np.median(before)) + jump_s / 2
    return int(np.argmin(np.cumsum((level - middle) * np.sign(jump_s)))) + 1
