"""Corrected time, computed on reading and never stored: what the delivered times mean on our clock.

First the sender's clock: a robust curve through its offsets, one for each stretch without a reset. Then,
for regular streams, the row number: a robust curve of time against rows, one for each stretch without a
hole, which takes the jitter of batched or late stamps away. Pictures and irregular rows keep their own
times and get the offset only.

What no fit can know: a delay that is the same for every row (a device's own, or a network that is slower
in one direction than in the other). `evoke sync-check` measures it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap, StreamInfo
from analysis.timing_breaks import cut, find_breaks
from analysis.timing_clock import LEAST_DRIFT_S, LEAST_OFFSETS, TimesLike, clock_stretches, stretch_rows
from analysis.timing_lines import Curve, Floats
from analysis.timing_rows import Piece, RowFitter, find_shifts

DRIFT_ERROR_PPM = 25.0
LEAST_JITTER_ROWS = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows `first` to `stop` without a hole.

    `clock` maps delivered time to what must be added to it, `line` row number to corrected time (None:
    the delivered times and the clock stand). `jitter_sd_s` is the scatter of rows around the line,
    `slope_error` the relative standard error of its slope.
    """

    first: int
    stop: int
    clock: Curve
    line: Curve | None
    jitter_sd_s: float | None
    slope_error: float | None


@dataclass(frozen=True, slots=True)
class TimeModel:
    """How a stream's delivered times become corrected ones, and what that tells of its sender.

    `drift_ppm` is the rate's error against the nominal one, on our clock; of an irregular stream it is
    that of the sender's clock. `jitter_sd_s` is the scatter of single rows that was taken away,
    `residual_s` what scatter is left of rows taken together a second at a time. `stamps_are_late`
    says that rows bear the time of their arrival: corrected times follow the earliest ones.
    """

    segments: tuple[Segment, ...]
    measured_rate_hz: float | None
    drift_ppm: float | None
    jitter_sd_s: float | None
    residual_s: float | None = None
    stamps_are_late: bool = False

    def apply(self, first: int, times: Floats) -> Floats:
        """Correct the times of the rows from number `first` on."""
        corrected = np.array(times, np.float64)
        for segment in self.segments:
            start, stop = max(segment.first, first), min(segment.stop, first + len(times))
            if start >= stop:
                continue
            rows = slice(start - first, stop - first)
            if segment.line is None:
                corrected[rows] += segment.clock(corrected[rows])
            else:
                corrected[rows] = segment.line(np.arange(start, stop, dtype=np.float64))
        return corrected


def fit_times(
    times: TimesLike,
    info: StreamInfo,
    offsets: NDArray[Any],
    gaps: Sequence[Gap],
    chunks: NDArray[Any] | None = None,
) -> TimeModel:
    """Fit a stream's times.

    `offsets`, `gaps` and `chunks` are its tables; `chunks` tells where a sender's clock was set if the
    rows cannot.
    """
    is_regular = info.rate_hz > 0 and not info.is_blob
    breaks = find_breaks(times, info.rate_hz, gaps, is_regular)
    stretches = clock_stretches(offsets)
    resets = stretch_rows(stretches, times, info.rate_hz if is_regular else 0.0, breaks, chunks)
    pieces = [
        Piece(first, stop, stretch.curve)
        for stretch, start, end in zip(stretches, [0, *resets], [*resets, len(times)], strict=True)
        for first, stop in cut(start, end, breaks)
    ]
    if not is_regular:
        bare = tuple(Segment(piece.first, piece.stop, piece.clock, None, None, None) for piece in pieces)
        drift = _clock_drift(offsets, stretches[-1].curve)
        return TimeModel(bare, _delivered_rate(times, bare, info), drift, None)
    pieces = [
        Piece(first, stop, piece.clock)
        for piece in pieces
        for first, stop in cut(piece.first, piece.stop, find_shifts(times, piece, info.rate_hz))
    ]
    fitter = RowFitter(times, pieces, info.rate_hz)
    fits = fitter.fit()
    segments = []
    for piece in pieces:
        fit = fits.get(piece.first)
        if fit is None:
            segments.append(Segment(piece.first, piece.stop, piece.clock, None, None, None))
        else:
            known = (fit.curve, fit.jitter_sd_s, fit.slope_error)
            segments.append(Segment(piece.first, piece.stop, piece.clock, *known))
    if not fits or fitter.own_slope is None:
        return TimeModel(tuple(segments), None, None, None)
    counts = np.array([piece.rows for piece in pieces if piece.first in fits], np.float64)
    rate = 1 / fitter.own_slope
    drift = None
    length_s = float(counts.max()) * fitter.own_slope
    if length_s >= LEAST_DRIFT_S and fitter.slope_error * 1e6 <= DRIFT_ERROR_PPM:
        drift = (rate / info.rate_hz - 1) * 1e6
    jitter = _rms([fit.jitter_sd_s for fit in fits.values()], counts)
    residual = _rms([fit.residual_s for fit in fits.values()], counts)
    is_enough = len(times) >= LEAST_JITTER_ROWS
    return TimeModel(
        tuple(segments),
        rate,
        drift,
        jitter if is_enough else None,
        residual if is_enough else None,
        fitter.is_late,
    )


def _rms(values: Sequence[float], counts: Floats) -> float:
    return float(np.sqrt(np.average(np.array(values) ** 2, weights=counts)))


def _delivered_rate(times: TimesLike, segments: Sequence[Segment], info: StreamInfo) -> float | None:
    """Return how many rows a second came; of pictures without their holes."""
    rows = len(times)
    if rows < 2:
        return None
    parts = segments if info.rate_hz > 0 else [Segment(0, rows, segments[0].clock, None, None, None)]
    steps = sum(s.stop - s.first - 1 for s in parts)
    span = sum(float(times[s.stop - 1 : s.stop][0]) - float(times[s.first : s.first + 1][0]) for s in parts)
    return steps / span if span > 0 and steps > 0 else None


def _clock_drift(offsets: NDArray[Any], curve: Curve) -> float | None:
    fresh = offsets[offsets["fresh"] > 0] if len(offsets) else offsets
    if len(fresh) < LEAST_OFFSETS or np.ptp(fresh["t"]) < LEAST_DRIFT_S:
        return None
    # Seconds to add grow where the sender's clock is slow.
    return -1e6 * curve.slope
