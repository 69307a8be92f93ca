"""When the rows of a stream were: a few knots for a regular stream, every row of an irregular one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.session_reader import Stream
from analysis.timing import Segment

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

READ_ROWS = 1_000_000
HOLE_PERIODS = 1.5


@dataclass(frozen=True, eq=False)
class RowTimes:
    """Corrected times (seconds) of a stream's rows, straight between knots.

    `knot_rows` rise, also between two rows; `knot_times` may step back where a clock was set. `starts` are
    the rows at which a stretch begins (the first is 0), `is_hole` tells which of them something is missing
    before.
    """

    rows: int
    knot_rows: Floats
    knot_times: Floats
    starts: Rows
    is_hole: NDArray[np.bool_]

    def times(self, rows: Rows | Floats) -> Floats:
        """Return the times of rows; halves between two rows of a stretch are allowed."""
        if not self.rows:
            return np.zeros(0)
        return np.asarray(np.interp(rows, self.knot_rows, self.knot_times), np.float64)

    @property
    def first_s(self) -> float:
        """The earliest time, NaN without rows."""
        return float(self.knot_times.min()) if self.rows else float("nan")

    @property
    def last_s(self) -> float:
        """The latest time, NaN without rows."""
        return float(self.knot_times.max()) if self.rows else float("nan")

    def rows_between(self, start_s: float, stop_s: float) -> tuple[int, int]:
        """Return rows (first, stop) that hold every row of start_s <= time < stop_s, and few others."""
        if not self.rows or stop_s <= start_s:
            return (0, 0)
        return (self._row_at(self._rising, start_s, False), self._row_at(self._falling, stop_s, True))

    @cached_property
    def _rising(self) -> Floats:
        """The latest time up to each knot: before it rows can be left out at the front."""
        return np.asarray(np.maximum.accumulate(self.knot_times))

    @cached_property
    def _falling(self) -> Floats:
        """The earliest time from each knot on: behind it rows can be left out at the end."""
        return np.asarray(np.minimum.accumulate(self.knot_times[::-1])[::-1])

    def _row_at(self, times: Floats, at_s: float, is_stop: bool) -> int:
        """Return the number of rows that lie before `at_s`, when the knots are at `times` (rising)."""
        after = int(np.searchsorted(times, at_s, "left"))
        if after == 0:
            return 0
        if after == len(times):
            return self.rows
        before_row, after_row = float(self.knot_rows[after - 1]), float(self.knot_rows[after])
        share = (at_s - times[after - 1]) / (times[after] - times[after - 1])
        row = before_row + share * (after_row - before_row)
        # A rounding error more or less: the caller looks at the times themselves.
        row = np.ceil(row + 1e-6) if is_stop else np.ceil(row - 1e-6)
        return int(np.ceil(min(max(row, before_row), after_row)))


def row_times(stream: Stream) -> RowTimes:
    """Work out the times of a stream's rows from its time model."""
    rows = stream.rows
    if not rows:
        return RowTimes(0, np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, bool))
    segments = [segment for segment in stream.time_model.segments if segment.stop > segment.first]
    known = [_knots(stream, segment) for segment in segments]
    starts = np.array([segment.first for segment in segments], np.int64)
    first_s = np.array([times[0] for _, times in known])
    last_s = np.array([times[-1] for _, times in known])
    listed = {gap.first for gap in stream.gaps if gap.missing > 0 or stream.info.rate_hz <= 0}
    is_hole = np.array([int(start) in listed for start in starts], bool)
    if stream.info.rate_hz > 0:
        limit_s = HOLE_PERIODS / stream.info.rate_hz
        is_hole[1:] |= first_s[1:] - last_s[:-1] > limit_s
    is_hole[0] = False
    knot_rows = np.concatenate([rows for rows, _ in known])
    return RowTimes(rows, knot_rows, np.concatenate([times for _, times in known]), starts, is_hole)


def _knots(stream: Stream, segment: Segment) -> tuple[Floats, Floats]:
    if segment.line is None:
        pieces = [
            stream.time_model.apply(first, stream.times[first : min(first + READ_ROWS, segment.stop)])
            for first in range(segment.first, segment.stop, READ_ROWS)
        ]
        return np.arange(segment.first, segment.stop, dtype=np.float64), np.concatenate(pieces)
    last = segment.stop - 1
    inner = segment.line.x[(segment.line.x > segment.first) & (segment.line.x < last)]
    rows = np.unique(np.concatenate([[segment.first], inner, [last]])).astype(np.float64)
    return rows, np.asarray(segment.line(rows), np.float64)
