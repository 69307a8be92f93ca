"""Corrected time, computed on reading and never stored: what the delivered times mean on our clock.

First a robust line through the sender's clock offsets, one for each stretch without a clock reset;
then, for regular streams, a robust line of time against row number, one for each stretch without a hole,
which takes the jitter of batched or late stamps away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap, StreamInfo

Floats = NDArray[np.float64]

READ_ROWS = 1_000_000
BLOCKS_PER_SEGMENT = 2048
RESET_S = 0.5
HOLE_PERIODS = 5.0
HOLE_S = 1.0
LEAST_DRIFT_S = 20.0
DRIFT_ERROR_PPM = 25.0
LEAST_OFFSETS = 4
LEAST_JITTER_ROWS = 16


class TimesLike(Protocol):
    """Times that are read when sliced."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: slice) -> Any: ...


@dataclass(frozen=True, slots=True)
class Line:
    """y = value + slope * (x - at)."""

    at: float
    value: float
    slope: float

    def __call__(self, x: Floats) -> Floats:
        """Return y for x."""
        return self.value + self.slope * (x - self.at)


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows `first` to `stop` without a hole.

    `clock` maps delivered time to what must be added to it, `line` row number to corrected time (None:
    the delivered times stand). `jitter_sd_s` is the spread around the line, `slope_error` the relative
    standard error of its slope.
    """

    first: int
    stop: int
    clock: Line
    line: Line | None
    jitter_sd_s: float | None
    slope_error: float | None


@dataclass(frozen=True, slots=True)
class TimeModel:
    """How a stream's delivered times become corrected ones, and what that tells of its sender."""

    segments: tuple[Segment, ...]
    measured_rate_hz: float | None
    drift_ppm: float | None
    jitter_sd_s: float | None

    def apply(self, first: int, times: Floats) -> Floats:
        """Correct the times of the rows from number `first` on."""
        corrected = np.array(times, np.float64)
        for segment in self.segments:
            start, stop = max(segment.first, first), min(segment.stop, first + len(times))
            if start >= stop:
                continue
            rows = slice(start - first, stop - first)
            if segment.line is None:
                corrected[rows] = corrected[rows] + segment.clock(corrected[rows])
            else:
                corrected[rows] = segment.line(np.arange(start, stop, dtype=np.float64))
        return corrected


def robust_line(x: Floats, y: Floats, weights: Floats | None = None) -> Line:
    """Fit y = a + b x so that single wild points hardly matter (Huber weights, iterated).

    The start is the line through the medians of the outer thirds, which up to a third of wild points
    cannot carry away; one point gives a constant.
    """
    at = float(np.median(x))
    base = np.ones(len(x)) if weights is None else weights / weights.mean()
    if len(x) < 2 or np.ptp(x) == 0:
        return Line(at, float(np.median(y)), 0.0)
    third = max(1, len(x) // 3)
    order = np.argsort(x, kind="stable")
    low, high = order[:third], order[-third:]
    run = np.median(x[high]) - np.median(x[low])
    slope = float((np.median(y[high]) - np.median(y[low])) / run) if run else 0.0
    value = float(np.median(y - slope * (x - at)))
    for _ in range(20):
        residual = y - value - slope * (x - at)
        scale = 1.4826 * float(np.median(np.abs(residual))) or float(np.std(residual))
        if scale <= 0:
            break
        w = base / np.maximum(1.0, np.abs(residual) / (1.5 * scale))
        total = w.sum()
        mean_x, mean_y = float((w * (x - at)).sum() / total), float((w * y).sum() / total)
        spread = float((w * (x - at - mean_x) ** 2).sum())
        if spread <= 0:
            break
        new_slope = float((w * (x - at - mean_x) * (y - mean_y)).sum() / spread)
        new_value = mean_y - new_slope * mean_x
        moved = abs(new_slope - slope) * np.ptp(x) + abs(new_value - value)
        slope, value = new_slope, new_value
        if moved < 1e-10:
            break
    return Line(at, value, slope)


def clock_lines(offsets: NDArray[Any]) -> list[tuple[float, Line]]:
    """Return (sender's time from which it holds, line) for each stretch without a clock reset.

    The table gives our time; the lines are over the sender's, which is what samples carry.
    """
    fresh = offsets[offsets["fresh"] > 0] if len(offsets) else offsets
    if not len(fresh):
        return [(-np.inf, Line(0.0, 0.0, 0.0))]
    ours = fresh["t"].astype(np.float64)
    value = fresh["offset"].astype(np.float64)
    theirs = ours - value
    # A restarted sender, or one whose clock was set, jumps; drift moves offsets by microseconds a second.
    jumps = np.flatnonzero(np.abs(np.diff(value)) > RESET_S + 1e-3 * np.diff(ours)) + 1
    lines: list[tuple[float, Line]] = []
    for part in np.split(np.arange(len(fresh)), jumps):
        x, y = theirs[part], value[part]
        weights = 1.0 / np.maximum(fresh["uncertainty"][part].astype(np.float64), 1e-5)
        if len(part) < LEAST_OFFSETS or np.ptp(x) < LEAST_DRIFT_S:
            line = Line(float(np.median(x)), float(np.median(y)), 0.0)
        else:
            line = robust_line(x, y, weights)
        lines.append((-np.inf if not lines else float(x[0]), line))
    return lines


def fit_times(times: TimesLike, info: StreamInfo, offsets: NDArray[Any], gaps: Sequence[Gap]) -> TimeModel:
    """Fit a stream's times; reads them once, some megabytes at a time."""
    rows = len(times)
    lines = clock_lines(offsets)
    is_regular = info.rate_hz > 0 and not info.is_blob
    breaks = _breaks(times, info.rate_hz, gaps) if rows else []
    edges = [0, *breaks, rows]
    segments: list[Segment] = []
    for first, stop in pairwise(edges):
        if first >= stop:
            continue
        clock = _clock_at(lines, float(times[first : first + 1][0]))
        segments.append(_segment(times, first, stop, clock, is_regular))
    return _model(times, tuple(segments), info, offsets, is_regular)


def _breaks(times: TimesLike, rate_hz: float, gaps: Sequence[Gap]) -> list[int]:
    found = {gap.first for gap in gaps if 0 < gap.first < len(times)}
    if rate_hz > 0:
        limit = max(HOLE_S, HOLE_PERIODS / rate_hz)
        for start in range(0, len(times), READ_ROWS):
            piece = times[max(0, start - 1) : start + READ_ROWS]
            steps = np.diff(piece)
            jumps = np.flatnonzero((steps > limit) | (steps < -limit))
            found.update(int(j) + max(0, start - 1) + 1 for j in jumps)
    return sorted(found)


def _clock_at(lines: Sequence[tuple[float, Line]], time_s: float) -> Line:
    chosen = lines[0][1]
    for start, line in lines:
        # The first offset after a reset comes a little later than the first sample.
        if time_s >= start - 10.0:
            chosen = line
    if len(lines) > 1:
        near = [line for _, line in lines]
        chosen = min(near, key=lambda line: abs(line.at - time_s))
    return chosen


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums over blocks of rows: count, mean row, mean time, and centred second moments."""

    n: Floats
    row: Floats
    time: Floats
    row_row: Floats
    row_time: Floats
    time_time: Floats

    def residual_variance(self, line: Line) -> float:
        """Return the mean square distance of every single row from `line`."""
        apart = self.time - line(self.row)
        squares = self.time_time - 2 * line.slope * self.row_time + line.slope**2 * self.row_row
        return float((squares + self.n * apart**2).sum() / self.n.sum())


def _moments(times: TimesLike, first: int, stop: int, clock: Line) -> _Moments:
    size = max(1, -(-(stop - first) // BLOCKS_PER_SEGMENT))
    step = max(size, READ_ROWS // size * size)
    columns: list[list[Floats]] = [[] for _ in range(6)]
    for start in range(first, stop, step):
        t = np.asarray(times[start : min(start + step, stop)], np.float64)
        t = t + clock(t)
        i = np.arange(start, start + len(t), dtype=np.float64)
        at = np.arange(0, len(t), size)
        n = np.diff(np.append(at, len(t))).astype(np.float64)
        mean_i, mean_t = (
            np.add.reduceat(i, at) / n,
            t[at] + np.add.reduceat(t - np.repeat(t[at], n.astype(int)), at) / n,
        )
        di, dt = i - np.repeat(mean_i, n.astype(int)), t - np.repeat(mean_t, n.astype(int))
        values = (
            n,
            mean_i,
            mean_t,
            np.add.reduceat(di * di, at),
            np.add.reduceat(di * dt, at),
            np.add.reduceat(dt * dt, at),
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    return _Moments(*(np.concatenate(column) for column in columns))


def _segment(times: TimesLike, first: int, stop: int, clock: Line, is_regular: bool) -> Segment:
    if not is_regular or stop - first < 3:
        return Segment(first, stop, clock, None, None, None)
    moments = _moments(times, first, stop, clock)
    line = robust_line(moments.row, moments.time, moments.n)
    variance = moments.residual_variance(line)
    apart = moments.time - line(moments.row)
    spread = float((moments.n * (moments.row - line.at) ** 2).sum())
    error = None
    if line.slope > 0 and spread > 0 and len(apart) > 2:
        # Neighbouring blocks are alike (batches, load): count them as a tenth of their number.
        error = float(np.sqrt(10 * (moments.n * apart**2).sum() / len(apart) / spread) / line.slope)
    if line.slope <= 0:
        return Segment(first, stop, clock, None, None, None)
    return Segment(first, stop, clock, line, float(np.sqrt(max(0.0, variance))), error)


def _model(
    times: TimesLike, segments: tuple[Segment, ...], info: StreamInfo, offsets: NDArray[Any], is_regular: bool
) -> TimeModel:
    rows = len(times)
    if rows < 2:
        return TimeModel(segments, None, None, None)
    if not is_regular:
        span = float(times[rows - 1 : rows][0]) - float(times[0:1][0])
        rate = (rows - 1) / span if span > 0 else None
        if info.rate_hz > 0 and segments:
            rate = _rate_without_holes(times, segments) or rate
        return TimeModel(segments, rate, _clock_drift(offsets), None)
    lined = [s for s in segments if s.line is not None and s.line.slope > 0]
    if not lined:
        return TimeModel(segments, None, None, None)
    longest = max(lined, key=lambda s: s.stop - s.first)
    counts = np.array([s.stop - s.first for s in lined], np.float64)
    variances = np.array([s.jitter_sd_s or 0.0 for s in lined]) ** 2
    # Each segment's slope counts with the cube of its length, as its squared error falls.
    assert longest.line is not None
    slopes = np.array([s.line.slope for s in lined if s.line is not None])
    slope = float((slopes * counts**3).sum() / (counts**3).sum())
    rate = 1 / slope
    drift = None
    length_s = (longest.stop - longest.first) * longest.line.slope
    if length_s >= LEAST_DRIFT_S and (longest.slope_error or 0.0) * 1e6 <= DRIFT_ERROR_PPM:
        drift = (rate / info.rate_hz - 1) * 1e6
    jitter = float(np.sqrt((variances * counts).sum() / counts.sum())) if rows >= LEAST_JITTER_ROWS else None
    return TimeModel(segments, rate, drift, jitter)


def _rate_without_holes(times: TimesLike, segments: Sequence[Segment]) -> float | None:
    steps = sum(s.stop - s.first - 1 for s in segments)
    span = sum(
        float(times[s.stop - 1 : s.stop][0]) - float(times[s.first : s.first + 1][0]) for s in segments
    )
    return steps / span if span > 0 else None


def _clock_drift(offsets: NDArray[Any]) -> float | None:
    fresh = offsets[offsets["fresh"] > 0] if len(offsets) else offsets
    if len(fresh) < LEAST_OFFSETS or np.ptp(fresh["t"]) < LEAST_DRIFT_S:
        return None
    lines = clock_lines(offsets)
    # Seconds to add grow where the sender's clock is slow.
    return float(-1e6 * lines[-1][1].slope)
