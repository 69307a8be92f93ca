"""Where rows are missing in a stream: the holes that were told of, and those that its times show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap
from analysis.timing_clock import TimesLike
from analysis.timing_lines import Floats

READ_ROWS = 1_000_000
WHOLE_ROWS = 8_000_000
"""Longer streams are looked at from far first."""
STRIDE_S = 10.0
SAMPLE_ROWS = 200_000
HOLE_PERIODS = 5.0
HOLE_S = 1.0
EVEN_SHARE = 0.9


def find_breaks(times: TimesLike, rate_hz: float, gaps: Sequence[Gap], is_regular: bool) -> list[int]:
    """Return the rows before which there is a hole: those of the gap table, and jumps in the times.

    Where stamps are even a single missing row shows. A jump that later rows make good was a delivery held
    up, not a hole.
    """
    rows = len(times)
    found = {gap.first for gap in gaps if 0 < gap.first < rows}
    if rate_hz <= 0:
        return sorted(found)
    limit = max(HOLE_S, HOLE_PERIODS / rate_hz)
    if is_regular and _is_even(times, rate_hz):
        limit = 1.5 / rate_hz
    for low, high in _suspects(times, rate_hz, limit):
        for start in range(low, high, READ_ROWS):
            base = max(0, start - 1)
            t = np.asarray(times[base : min(high, start + READ_ROWS)], np.float64)
            steps = np.diff(t)
            for jump in _lasting(t, np.flatnonzero((steps > limit) | (steps < -limit)), rate_hz):
                row = int(jump) + base + 1
                if row not in found and not _caught_up(times, row, float(steps[jump]), rate_hz):
                    found.add(row)
    return sorted(found)


def _lasting(t: Floats, jumps: NDArray[np.intp], rate_hz: float) -> NDArray[np.intp]:
    """Return the jumps without those that the next rows make good: of busy computers there are thousands."""
    steps = t[jumps + 1] - t[jumps]
    held = np.ceil(np.maximum(steps, 0.0) * rate_hz).astype(int) + 3
    # One of the next rows may be late itself.
    ahead = np.minimum(jumps[:, None] + 1 + held[:, None] + np.arange(3), len(t) - 1)
    late_s = (t[ahead] - t[jumps][:, None] - (ahead - jumps[:, None]) / rate_hz).min(axis=1)
    return np.asarray(jumps[(steps < 0) | (late_s > 0.5 / rate_hz)], np.intp)


def _is_even(times: TimesLike, rate_hz: float) -> bool:
    """Whether nearly all steps between rows are one period."""
    middle = max(0, len(times) // 2 - SAMPLE_ROWS // 4)
    steps = np.concatenate(
        [np.diff(times[: SAMPLE_ROWS // 2]), np.diff(times[middle : middle + SAMPLE_ROWS // 2])]
    )
    return bool(len(steps) and np.mean(np.abs(steps * rate_hz - 1) < 0.2) > EVEN_SHARE)


def _suspects(times: TimesLike, rate_hz: float, limit: float) -> Iterator[tuple[int, int]]:
    """Yield what has to be read: all of a short stream; of a long one where its times ran off."""
    rows = len(times)
    if rows <= WHOLE_ROWS:
        yield 0, rows
        return
    stride = max(1, round(STRIDE_S * rate_hz))
    marks = [*range(0, rows - 1, stride), rows - 1]
    stamps = np.array([float(times[mark : mark + 1][0]) for mark in marks])
    advance = np.diff(stamps) - np.diff(marks) / rate_hz
    usual = float(np.median(advance))
    for place in np.flatnonzero(np.abs(advance - usual) > limit / 4):
        yield marks[place], marks[place + 1] + 1


def _caught_up(times: TimesLike, row: int, step_s: float, rate_hz: float) -> bool:
    """Whether the rows after a jump forward come so fast that none can be missing."""
    if step_s < 0:
        return False
    held = int(np.ceil(step_s * rate_hz))
    after = times[row + held : row + 2 * held + 16]
    if len(after) < 8:
        return False
    before = times[max(0, row - held - 16) : row]
    expected = (row - (row - len(before) / 2 - 0.5) + held + len(after) / 2 - 0.5) / rate_hz
    late_s = float(np.median(after)) - float(np.median(before)) - expected
    least = HOLE_PERIODS if step_s > HOLE_S else 0.4
    return abs(late_s) < max(0.25 * step_s, least / rate_hz)


def cut(first: int, stop: int, at: Sequence[int]) -> list[tuple[int, int]]:
    """Return the ranges between `first`, the rows in `at`, and `stop`; none is empty."""
    edges = sorted({first, stop, *(row for row in at if first < row < stop)})
    return list(pairwise(edges)) if stop > first else []
