"""Windows inside spans, and the rows of an even signal that lie in each: cut once, for all features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import FeatureError, Signal, Steps

Times = NDArray[np.float64]
Rows = NDArray[np.intp]

EPSILON_S = 1e-6
BLOCK_BYTES = 64 * 1024**2
"""Windows are gathered in blocks of this size at most: overlapping ones repeat the signal."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows in order: `start_s` and `stop_s` (k,); those of span i are `first[i]` to `first[i + 1]`."""

    start_s: Times
    stop_s: Times
    first: Rows

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def middle_s(self) -> Times:
        """The middle of each, (k,)."""
        return (self.start_s + self.stop_s) / 2

    @property
    def length_s(self) -> Times:
        """How long each is, (k,)."""
        return self.stop_s - self.start_s

    def steps(self, values: NDArray[np.floating], names: tuple[str, ...]) -> Steps:
        """Return numbers (k, d) as a feature's steps; what is not finite is NaN."""
        made = np.asarray(values, np.float32)
        made[~np.isfinite(made)] = np.nan
        return Steps(made, self.first, self.middle_s, names)


def cut(spans: Times, window_s: float, hop_s: float) -> Windows:
    """Return all windows of `window_s` every `hop_s` that lie whole inside each span (n, 2).

    `hop_s` 0: one after the other, without overlap. `window_s` 0: one window a span, the span itself. A
    span shorter than a window has none. Raises FeatureError for lengths below zero.
    """
    spans = np.asarray(spans, np.float64).reshape(-1, 2)
    if window_s < 0 or hop_s < 0:
        raise FeatureError(f"a window of {window_s:g} s every {hop_s:g} s is impossible: 0 or more is meant.")
    if window_s == 0:
        return Windows(spans[:, 0], spans[:, 1], np.arange(len(spans) + 1, dtype=np.intp))
    step_s = hop_s or window_s
    room = spans[:, 1] - spans[:, 0] - window_s
    counts = np.where(room >= -EPSILON_S, np.floor((room + EPSILON_S) / step_s) + 1, 0).astype(np.intp)
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.intp)
    number = np.arange(first[-1]) - np.repeat(first[:-1], counts)
    starts = np.repeat(spans[:, 0], counts) + number * step_s
    return Windows(starts, starts + window_s, first)


def rows_of(signal: Signal, windows: Windows) -> tuple[Rows, Rows]:
    """Return the first row and the row behind the last of each window; they may lie outside the signal.

    Windows of one length have the same number of rows.
    """
    begin = np.floor((windows.start_s - signal.start_s) * signal.rate_hz + 0.5).astype(np.intp)
    count = np.floor(windows.length_s * signal.rate_hz + 0.5).astype(np.intp)
    return begin, begin + count


def blocks(
    values: NDArray[np.floating], begin: Rows, stop: Rows
) -> Iterator[tuple[Rows, NDArray[np.floating]]]:
    """Yield (which windows, their samples (windows, channels, n)): windows of equal length together.

    Samples outside the signal are NaN.
    """
    counts = stop - begin
    channels = values.shape[1]
    for count in np.unique(counts):
        which = np.flatnonzero(counts == count)
        if count <= 0:
            yield which, np.zeros((len(which), channels, 0), values.dtype)
            continue
        size = max(1, BLOCK_BYTES // (int(count) * channels * values.itemsize))
        for at in range(0, len(which), size):
            chosen = which[at : at + size]
            yield chosen, _gathered(values, begin[chosen], int(count))


def _gathered(values: NDArray[np.floating], begin: Rows, count: int) -> NDArray[np.floating]:
    low, high = int(begin.min()), int(begin.max()) + count
    if low < 0 or high > len(values):
        before, after = max(0, -low), max(0, high - len(values))
        values = np.pad(values, ((before, after), (0, 0)), constant_values=np.nan)
        begin = begin + before
    views = np.lib.stride_tricks.sliding_window_view(values, count, axis=0)
    return views[begin]


def each_window(
    signal: Signal,
    windows: Windows,
    width: int,
    compute: Callable[[NDArray[np.floating]], NDArray[np.floating]],
    values: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    """Return `compute` of every window's samples (k, channels, n) -> (k, width), put in order (k, width).

    `values` stands in for the signal's own, such as filtered ones.
    """
    made = np.full((len(windows), width), np.nan, np.float32)
    if len(windows):
        begin, stop = rows_of(signal, windows)
        for which, samples in blocks(signal.values if values is None else values, begin, stop):
            if samples.shape[2]:
                made[which] = compute(samples)
    return made


def reaching_back(windows: Windows, context_s: float) -> Windows:
    """Return windows that begin `context_s` earlier: what a decision at their end may already know.

    Their middles stay those of the windows asked for, where they are given back as steps. Raises FeatureError
    for a context below 0.
    """
    if context_s < 0:
        raise FeatureError(f"a context of {context_s:g} s is impossible: 0 or more is meant.")
    return replace(windows, start_s=windows.start_s - context_s)


def widened(windows: Windows, around_s: float) -> Windows:
    """Return windows that begin `around_s` earlier and end as much later: what is known afterwards only.

    Raises FeatureError for less than 0.
    """
    if around_s < 0:
        raise FeatureError(f"{around_s:g} s around a window are impossible: 0 or more is meant.")
    return replace(windows, start_s=windows.start_s - around_s, stop_s=windows.stop_s + around_s)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over windows of numbers that happen at moments, such as beats: by one cumulative sum each.

    `begin` and `stop` (k,) are the rows of the numbers inside each window.
    """

    begin: Rows
    stop: Rows

    @classmethod
    def inside(cls, times_s: Times, windows: Windows) -> Sums:
        """Return the rows of moments (n,), in order, with start <= time < stop of each window."""
        return cls(
            np.searchsorted(times_s, windows.start_s, "left"),
            np.searchsorted(times_s, windows.stop_s, "left"),
        )

    @property
    def count(self) -> Rows:
        """How many lie in each window; none where the window is empty, (k,)."""
        return np.asarray(np.maximum(self.stop - self.begin, 0), np.intp)

    def of(self, numbers: NDArray[np.floating]) -> Times:
        """Return the sum of `numbers` (n,) in each window, NaN counted as 0, (k,)."""
        total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(np.asarray(numbers, np.float64)))))
        return np.asarray(total[np.maximum(self.stop, self.begin)] - total[self.begin], np.float64)

    def known(self, numbers: NDArray[np.floating]) -> Times:
        """Return how many of `numbers` (n,) are not NaN in each window, (k,)."""
        return self.of(np.isfinite(numbers).astype(np.float64))

    def mean(self, numbers: NDArray[np.floating], least: int = 1) -> Times:
        """Return the mean in each window, NaN with fewer than `least` known numbers, (k,)."""
        known = self.known(numbers)
        return divided(self.of(numbers), known, known >= max(1, least))

    def sd(self, numbers: NDArray[np.floating], least: int = 2) -> Times:
        """Return the standard deviation (n - 1) in each window, (k,)."""
        # Far from zero the difference of two large sums would leave nothing of a small spread.
        centred = numbers - (np.nanmean(numbers) if np.isfinite(numbers).any() else 0.0)
        known, total = self.known(centred), self.of(centred)
        spread = self.of(np.square(centred)) - divided(np.square(total), known, known > 0, 0.0)
        return np.sqrt(divided(np.maximum(spread, 0), known - 1, known >= max(2, least)))

    def slope(self, numbers: NDArray[np.floating], times_s: Times, least: int = 3) -> Times:
        """Return the slope a second of the best line through `numbers` (n,) in each window, (k,)."""
        inside = np.isfinite(numbers)
        middle_s = times_s.mean() if len(times_s) else 0.0
        at = np.where(inside, times_s - middle_s, 0.0)
        level = np.nanmean(numbers) if inside.any() else 0.0
        value = np.where(inside, numbers - level, 0.0)
        n, sum_t, sum_v = self.known(numbers), self.of(at), self.of(value)
        usable = n >= max(2, least)
        below = self.of(at * at) - divided(sum_t * sum_t, n, usable, 0.0)
        above = self.of(at * value) - divided(sum_t * sum_v, n, usable, 0.0)
        return divided(above, below, usable & (below > 1e-9 * np.maximum(1.0, self.of(at * at))))


def divided(
    above: NDArray[Any], below: NDArray[Any], where: NDArray[np.bool_], other: float = np.nan
) -> Times:
    """Return a quotient, `other` elsewhere."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), other), where=where), np.float64)
