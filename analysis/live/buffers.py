"""The newest stretch of a stream that still runs: on the grid that a recording's reader would lay.

Pushing the same rows in other pieces gives the same numbers.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.signals import EXACT_ROWS, KEY_COLUMNS, NEAREST_FROM_HZ, columns_of
from analysis.features.as_live import grid_rows
from analysis.features.feature import Signal
from analysis.overview.row_times import HOLE_PERIODS
from analysis.records import StreamInfo

Floats = NDArray[np.float64]
SAME_ROWS = 1e-6
"""Grid points closer than this to a sample, in samples, are that sample: rounding of times is no shift."""
SPARE = 2.0
"""How many times more rows than are kept a buffer has room for, so that it is rarely moved."""


class GridBuffer:
    """A regular stream of numbers: values on an even grid that begins with its first sample.

    Sample i of the grid was taken at `start_s` + i / rate; NaN in holes. As `analysis.corpus.signals` does:
    between two samples a line is drawn (from 2 kHz on the nearest one is taken), and a stretch reaches half
    a sample beyond its ends.
    """

    def __init__(self, info: StreamInfo, memory_s: float) -> None:
        self.info = info
        self.rate_hz = info.rate_hz
        self.start_s = float("nan")
        self.newest_s = float("-inf")
        self._kept = int(np.ceil(memory_s * info.rate_hz)) + 2
        self._values = np.full((round(SPARE * self._kept) + 2, len(info.channels)), np.nan, np.float32)
        self._base = 0
        self._next = 0
        self._end = 0
        self._last: tuple[float, Floats] | None = None
        is_sound = info.dtype.startswith("int") and bool(columns_of(info, "speech"))
        self._scale = 1.0 / (float(np.iinfo(info.dtype).max) + 1.0) if is_sound else 1.0

    @property
    def has_rows(self) -> bool:
        """Whether anything has come."""
        return self._last is not None

    def push(self, times_s: Floats, data: NDArray[Any], begins: bool = False, is_exact: bool = False) -> None:
        """Take rows: times (n,) that rise, data (n, channels).

        `begins` says that a stretch begins with them; one also does after a hole. `is_exact` says that they
        lie on the grid but for rounding, however far rounding goes.
        """
        if not len(times_s):
            return
        values = np.asarray(data, np.float64).reshape(len(times_s), -1) * self._scale
        if self._last is None:
            self.start_s = float(times_s[0])
            begins = True
        before_s = self.newest_s if self._last is not None else float(times_s[0])
        apart = np.diff(times_s, prepend=before_s) * self.rate_hz > HOLE_PERIODS
        apart[0] |= begins
        edges = sorted({0, len(times_s), *(np.flatnonzero(apart[1:]) + 1).tolist()})
        for first, stop in itertools.pairwise(edges):
            is_new = bool(apart[first])
            if is_new:
                self._finish()
            self._extend(times_s[first:stop], values[first:stop], is_new, is_exact)

    def _row(self, at_s: float) -> float:
        return (at_s - self.start_s) * self.rate_hz

    def _finish(self) -> None:
        """End the present stretch: it reaches half a sample beyond its last one."""
        if self._last is not None:
            stop = int(np.floor(self._row(self._last[0]) + 0.5)) + 1
            if stop > self._next:
                self._put(self._next, np.repeat(self._last[1][None], stop - self._next, axis=0))
                self._next = stop
            self._last = None

    def _extend(self, times_s: Floats, values: Floats, begins: bool, is_exact: bool) -> None:
        if begins or self._last is None:
            low = max(0, int(np.ceil(self._row(float(times_s[0])) - 0.5)))
        else:
            times_s = np.concatenate(([self._last[0]], times_s))
            values = np.concatenate((self._last[1][None], values))
            low = self._next
        times_s = np.maximum.accumulate(times_s)
        high = int(np.floor(self._row(float(times_s[-1])) + SAME_ROWS)) + 1
        self._last = (float(times_s[-1]), values[-1])
        self.newest_s = float(times_s[-1])
        if begins:
            self._next = max(low, 0)
        if high > low:
            self._put(low, self._between(times_s, values, low, high, is_exact))
        self._next = max(low, high)

    def _between(self, times_s: Floats, values: Floats, low: int, high: int, is_exact: bool) -> Floats:
        at = np.interp(self.start_s + np.arange(low, high) / self.rate_hz, times_s, np.arange(len(times_s)))
        whole = np.rint(at)
        if self.rate_hz >= NEAREST_FROM_HZ:
            at = whole
        else:
            at = np.where(np.abs(at - whole) <= (EXACT_ROWS if is_exact else SAME_ROWS), whole, at)
        before = np.clip(np.floor(at).astype(np.intp), 0, len(times_s) - 1)
        after = np.clip(before + 1, 0, len(times_s) - 1)
        share = (at - before)[:, None]
        found = values[before]
        # Where a sample is hit exactly, a missing neighbour must not spoil it.
        found = np.where(share > 0, found + share * (values[after] - found), found)
        return np.where(np.isfinite(found), found, np.nan)

    def _put(self, low: int, values: Floats) -> None:
        room = len(self._values)
        if len(values) > self._kept:
            low, values = low + len(values) - self._kept, values[-self._kept :]
        high = low + len(values)
        if high - self._base > room:
            base = high - self._kept
            held = self._values[max(0, base - self._base) :].copy() if base < self._base + room else None
            self._values[:] = np.nan
            if held is not None:
                self._values[: len(held)] = held
            self._base = base
        first = max(0, low - self._base)
        self._values[first : high - self._base] = values[max(0, self._base - low) :]
        self._end = max(self._end, high)

    def is_ready(self, stop_s: float) -> bool:
        """Whether every sample before a moment has come."""
        if not self.has_rows:
            return False
        return self._next >= grid_rows(self.start_s, self.rate_hz, stop_s, 0.0)[1]

    def signal(self, modality: str, stop_s: float, memory_s: float) -> Signal:
        """Return what is known at `stop_s` of the channels that hold a modality."""
        columns = list(columns_of(self.info, modality))
        first, stop = grid_rows(self.start_s, self.rate_hz, stop_s, memory_s)
        first = max(0, first)
        values = np.full((max(0, stop - first), len(columns)), np.nan, np.float32)
        low, high = max(first, self._base), min(stop, self._end)
        if high > low:
            values[low - first : high - first] = self._values[low - self._base : high - self._base][
                :, columns
            ]
        self._reach_on(values, first, columns)
        return Signal(
            modality,
            self.rate_hz,
            self.start_s + first / self.rate_hz,
            values,
            tuple(self.info.channels[place] for place in columns),
            tuple(self.info.units[place] for place in columns),
        )

    def _reach_on(self, values: NDArray[np.float32], first: int, columns: Sequence[int]) -> None:
        """Let the last stretch reach half a sample on, as if nothing more came."""
        if self._last is not None:
            low, high = self._next - first, int(np.floor(self._row(self._last[0]) + 0.5)) + 1 - first
            if 0 <= low < high <= len(values):
                values[low:high] = self._last[1][list(columns)]


class FrameBuffer:
    """A camera's pictures: JPEGs and their times."""

    def __init__(self, info: StreamInfo, memory_s: float) -> None:
        self.info = info
        self.start_s = float("nan")
        self.newest_s = float("-inf")
        self._memory_s = memory_s
        self._held: deque[tuple[float, bytes]] = deque()

    @property
    def has_rows(self) -> bool:
        """Whether anything has come."""
        return bool(np.isfinite(self.newest_s))

    def push(self, times_s: Floats, pictures: Sequence[bytes]) -> None:
        """Take pictures in the order of their times."""
        for time_s, jpeg in zip(times_s.tolist(), pictures, strict=True):
            if not self.has_rows:
                self.start_s = time_s
            self.newest_s = max(self.newest_s, time_s)
            self._held.append((time_s, jpeg))
        while self._held and self._held[0][0] < self.newest_s - self._memory_s:
            self._held.popleft()

    def is_ready(self, stop_s: float) -> bool:
        """Whether every picture before a moment has come."""
        return self.newest_s >= stop_s

    def signal(self, modality: str, stop_s: float, memory_s: float) -> Signal:
        """Return the pictures that are known at `stop_s`."""
        held = [(at, jpeg) for at, jpeg in self._held if stop_s - memory_s <= at < stop_s]

        def frame(number: int) -> bytes:
            return held[number][1]

        return Signal(
            modality,
            self.info.rate_hz,
            self.start_s,
            np.zeros((0, 0), np.float32),
            self.info.channels,
            self.info.units,
            times_s=np.array([at for at, _ in held]),
            frames=frame,
        )


class KeyBuffer:
    """Key strokes: rows of the table /keys. They come when they come: none is ever waited for."""

    def __init__(self, memory_s: float) -> None:
        self.start_s = float("nan")
        self.newest_s = float("-inf")
        self._memory_s = memory_s
        self._rows: deque[dict[str, Any]] = deque()

    @property
    def has_rows(self) -> bool:
        """Whether anything has come."""
        return bool(np.isfinite(self.newest_s))

    def push(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take strokes in the order of their times."""
        for row in rows:
            if not self.has_rows:
                self.start_s = float(row["time"])
            self.newest_s = max(self.newest_s, float(row["time"]))
            self._rows.append({name: row[name] for name in KEY_COLUMNS if name in row})
        while self._rows and self._rows[0]["time"] < self.newest_s - self._memory_s:
            self._rows.popleft()

    def signal(self, stop_s: float, memory_s: float) -> Signal:
        """Return the strokes that are known at `stop_s`."""
        held = [row for row in self._rows if stop_s - memory_s <= row["time"] < stop_s]
        names = [name for name in KEY_COLUMNS if self._rows and name in self._rows[0]]
        table = {name: np.array([row[name] for row in held]) for name in names}
        if not held:
            table = {name: np.zeros(0) if name == "time" else np.zeros(0, np.str_) for name in KEY_COLUMNS}
        return Signal("keys", 0.0, self.start_s, np.zeros((0, 0), np.float32), (), (), table=table)
