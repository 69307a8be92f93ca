"""Time against row number in a regular stream: one curve for each stretch without a hole.

Long streams are read in windows, so that an hour of sound costs little more than an hour of EEG.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.timing_breaks import READ_ROWS, SAMPLE_ROWS, WHOLE_ROWS
from analysis.timing_clock import TimesLike, step_row
from analysis.timing_lines import TO_SD, Curve, Floats, robust_curve, robust_line, straight

WINDOW_ROWS = 16_384
WINDOWS = 512
BLOCKS = 2048
BEND_S = 240.0
"""A device's rate changes with its temperature, which takes minutes."""
BEND_FLOOR_S = 1e-4
STEADY_S = 3e-4
"""Less scatter than this need not be asked where it comes from."""
EDGE_BLOCK_S = 2.0
EDGE_BLOCKS = 96
SHARP = 3.0
SPREAD_BETWEEN = 5e-6
"""Rates of one device before and after a hole differ by about this share."""
NOMINAL_ERROR = 5e-5
SHIFT_BLOCK_S = 1.0
SHIFT_BLOCKS = 5
SHIFT_OVER_NOISE = 8.0
LEAST_SHIFT_S = 4e-3


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows `first` to `stop` of one clock (`clock`: what to add to their times) without a hole."""

    first: int
    stop: int
    clock: Curve

    @property
    def rows(self) -> int:
        """How many rows."""
        return self.stop - self.first


@dataclass(frozen=True, slots=True)
class RowFit:
    """The curve of a piece: jitter and residual as standard deviations in seconds.

    `jitter_sd_s` is the scatter of single rows about the curve, `residual_s` what is left of it when rows
    are taken together a second at a time. `slope_error` is the relative standard error of the mean slope.
    """

    curve: Curve
    jitter_sd_s: float
    residual_s: float
    slope_error: float


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums over blocks of rows: count, mean row, mean time, and centred second moments."""

    n: Floats
    row: Floats
    time: Floats
    row_row: Floats
    row_time: Floats
    time_time: Floats

    def variance(self, curve: Curve) -> float:
        """Return the mean square distance of every single row from `curve`."""
        slope = curve.slope_at(self.row)
        squares = self.time_time - 2 * slope * self.row_time + slope**2 * self.row_row
        return max(0.0, float((squares + self.n * self.apart(curve) ** 2).sum() / self.n.sum()))

    def apart(self, curve: Curve) -> Floats:
        """Return how far each block's mean lies from `curve`."""
        return self.time - curve(self.row)

    def slope_error(self, curve: Curve) -> float:
        """Return the relative standard error of the mean slope."""
        spread = float((self.n * (self.row - np.average(self.row, weights=self.n)) ** 2).sum())
        if len(self.n) < 3 or spread <= 0 or curve.slope <= 0:
            return np.inf
        # Neighbouring blocks are alike (batches, load): count them as a tenth of their number.
        squares = float((self.n * self.apart(curve) ** 2).sum())
        return float(np.sqrt(10 * squares / len(self.n) / spread) / curve.slope)


def _windows(piece: Piece, times: TimesLike, block: int) -> Iterator[tuple[int, Floats]]:
    """Yield (first row, corrected-for-the-clock times), whole blocks at a time."""
    if piece.rows <= WHOLE_ROWS:
        size = max(block, READ_ROWS // block * block)
        starts: Sequence[int] = range(piece.first, piece.stop, size)
    else:
        size = WINDOW_ROWS
        starts = np.linspace(piece.first, piece.stop - size, WINDOWS).astype(int).tolist()
    for start in starts:
        t = np.asarray(times[start : min(start + size, piece.stop)], np.float64)
        yield start, t + piece.clock(t)


def _block_rows(piece: Piece) -> int:
    if piece.rows > WHOLE_ROWS:
        return WINDOW_ROWS
    return max(1, -(-piece.rows // BLOCKS))


def _moments(piece: Piece, times: TimesLike, block: int = 0) -> _Moments:
    block = block or _block_rows(piece)
    columns: list[list[Floats]] = [[] for _ in range(6)]
    for start, t in _windows(piece, times, block):
        at = np.arange(0, len(t), block)
        n = np.diff(np.append(at, len(t)))
        i = np.arange(len(t), dtype=np.float64)
        # Rows are counted from their block's first and times too: the sums stay small and exact.
        di, dt = i - np.repeat(at, n), t - np.repeat(t[at], n)
        mean_i, mean_t = np.add.reduceat(di, at) / n, np.add.reduceat(dt, at) / n
        values = (
            n.astype(np.float64),
            start + at + mean_i,
            t[at] + mean_t,
            np.add.reduceat(di * di, at) - n * mean_i**2,
            np.add.reduceat(di * dt, at) - n * mean_i * mean_t,
            np.add.reduceat(dt * dt, at) - n * mean_t**2,
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    return _Moments(*(np.concatenate(column) for column in columns))


class RowFitter:
    """Fits all pieces of one stream; what one device does is decided once for all of them.

    After `fit`, `is_late` says that stamps are arrival times, `own_slope` is the mean seconds a row as
    measured, `slope` what short pieces take in its place, `slope_error` the relative error of the former.
    """

    def __init__(self, times: TimesLike, pieces: Sequence[Piece], rate_hz: float) -> None:
        self._times = times
        self._rate_hz = rate_hz
        self._pieces = [piece for piece in pieces if piece.rows >= 3]
        self._moments = [_moments(piece, times) for piece in self._pieces]
        self._bend_rows = BEND_S * rate_hz
        self.is_late = False
        self.slope: float | None = None
        self.own_slope: float | None = None
        self.slope_error = np.inf

    def fit(self) -> dict[int, RowFit]:
        """Return the fits by the pieces' first rows; none for pieces whose times do not rise."""
        fits = [self._fit(piece, moments) for piece, moments in zip(self._pieces, self._moments, strict=True)]
        if not fits:
            return {}
        longest = max(range(len(fits)), key=lambda i: self._pieces[i].rows)
        if fits[longest].jitter_sd_s > STEADY_S:
            self.is_late = self._stamps_are_late(self._pieces[longest], fits[longest].curve)
            if self.is_late:
                fits = [self._edge(piece, fit) for piece, fit in zip(self._pieces, fits, strict=True)]
        self._share_slope(fits)
        fits = [
            self._with_slope(piece, moments, fit)
            for piece, moments, fit in zip(self._pieces, self._moments, fits, strict=True)
        ]
        return {
            piece.first: fit
            for piece, fit in zip(self._pieces, fits, strict=True)
            if float(fit.curve.slopes.min()) > 0
        }

    def _fit(self, piece: Piece, moments: _Moments) -> RowFit:
        curve = robust_curve(moments.row, moments.time, moments.n, self._bend_rows, BEND_FLOOR_S)
        return self._rated(moments, curve)

    def _rated(self, moments: _Moments, curve: Curve) -> RowFit:
        together = max(1, round(self._rate_hz / float(np.median(moments.n))))
        at = np.arange(0, len(moments.n), together)
        counts = np.add.reduceat(moments.n, at)
        means = np.add.reduceat(moments.n * moments.apart(curve), at) / counts
        residual = float(np.sqrt(np.average(means**2, weights=counts)))
        return RowFit(curve, np.sqrt(moments.variance(curve)), residual, moments.slope_error(curve))

    def _residuals(self, piece: Piece, curve: Curve, block: int) -> Iterator[tuple[int, Floats]]:
        for start, t in _windows(piece, self._times, block):
            yield start, t - curve(np.arange(start, start + len(t), dtype=np.float64))

    def _stamps_are_late(self, piece: Piece, curve: Curve) -> bool:
        """Whether rows were stamped when they had arrived: never early, often late.

        Such times have a sharp lower edge, and keep their order, or are off together (one queue, one
        batch), or are late far more often than early. Noise that strikes each row by itself, both ways, is
        neither.
        """
        sample: list[Floats] = []
        taken = 0
        for _, residual in self._residuals(piece, curve, _block_rows(piece)):
            sample.append(residual[: SAMPLE_ROWS - taken])
            taken += len(sample[-1])
            if taken >= SAMPLE_ROWS:
                break
        r = np.concatenate(sample)
        if len(r) < 64:
            return False
        least, low, middle, most = np.quantile(r, [0.001, 0.25, 0.5, 0.999])
        is_sharp = middle - least < SHARP * (middle - low)
        backward = float(np.mean(np.diff(r) < -curve.slope - 1e-9))
        centred = r - r.mean()
        together = float((centred[1:] * centred[:-1]).sum() / (centred**2).sum())
        is_skewed = most - middle > SHARP * (middle - least)
        return bool(is_sharp and (backward < 1e-3 or together > 0.5 or is_skewed))

    def _edge(self, piece: Piece, fit: RowFit) -> RowFit:
        """Fit the lower edge: the rows that were hardly late."""
        block = max(16, round(EDGE_BLOCK_S * self._rate_hz), -(-piece.rows // EDGE_BLOCKS))
        if piece.rows > WHOLE_ROWS:
            block = WINDOW_ROWS
        rows, lows = [], []
        for start, residual in self._residuals(piece, fit.curve, block):
            for at in range(0, len(residual), block):
                part = residual[at : at + block]
                lowest = int(np.argmin(part))
                rows.append(float(start + at + lowest))
                lows.append(float(part[lowest]))
        x, y = np.array(rows), np.array(lows)
        line = robust_curve(x, y, None, self._bend_rows, BEND_FLOOR_S)
        apart = y - line(x)
        # A block's lowest is later than the edge by as much as it scatters; the earliest ones show it.
        depth = float(np.quantile(apart, 0.05)) if len(apart) >= 20 else float(apart.min())
        knots = np.union1d(fit.curve.x, line.x) if len(line.x) > 1 else fit.curve.x
        curve = Curve(knots, fit.curve(knots) + line(knots) + depth)
        scatter = float(np.std(apart))
        spread = float(((x - x.mean()) ** 2).sum())
        error = np.inf if spread <= 0 else 2 * scatter / np.sqrt(spread) / abs(fit.curve.slope)
        return RowFit(curve, fit.jitter_sd_s, scatter, float(error))

    def _share_slope(self, fits: Sequence[RowFit]) -> None:
        """Decide the device's mean rate: the pieces' own ones, by how well each is known, or the nominal."""
        known = [fit for fit in fits if np.isfinite(fit.slope_error) and fit.curve.slope > 0]
        if known:
            weights = np.array([1 / (fit.slope_error**2 + 1e-9**2) for fit in known])
            self.slope = float(np.average([fit.curve.slope for fit in known], weights=weights))
            self.slope_error = float(weights.sum() ** -0.5)
        else:
            slopes = [fit.curve.slope for fit in fits if fit.curve.slope > 0]
            self.slope = float(np.median(slopes)) if slopes else None
        self.own_slope = self.slope
        nominal = 1 / self._rate_hz
        is_vague = self.slope is not None and self.slope_error > NOMINAL_ERROR
        if self.slope is not None and is_vague and abs(self.slope / nominal - 1) < 3 * self.slope_error:
            self.slope = nominal

    def _with_slope(self, piece: Piece, moments: _Moments, fit: RowFit) -> RowFit:
        """Take the common slope where the piece's own is known less well."""
        common = NOMINAL_ERROR if self.slope == 1 / self._rate_hz else self.slope_error
        if self.slope is None or fit.slope_error <= np.hypot(common, SPREAD_BETWEEN):
            return fit
        line = straight(float(piece.first), 0.0, self.slope, float(piece.stop))
        if self.is_late:
            y = np.concatenate([r for _, r in self._residuals(piece, line, 1)])
            # A wild early row or two in a thousand do not move it.
            lift = float(np.quantile(y, 0.002))
        else:
            centre = robust_line(moments.row, moments.apart(line), moments.n)
            lift = float(np.average(centre(moments.row), weights=moments.n))
        rated = self._rated(moments, line.raised(lift))
        return RowFit(rated.curve, fit.jitter_sd_s, rated.residual_s, fit.slope_error)


def find_shifts(times: TimesLike, piece: Piece, rate_hz: float) -> list[int]:
    """Return the rows before which some rows are missing that no single step in the times shows.

    Stamps that jitter hide the loss of a package or two. It shows in what lies around: rows of some
    seconds before and after keep to lines that are apart.
    """
    block = max(8, round(SHIFT_BLOCK_S * rate_hz))
    if piece.rows > WHOLE_ROWS or piece.rows < 4 * SHIFT_BLOCKS * block:
        return []
    moments = _moments(piece, times, block)
    apart = moments.apart(robust_line(moments.row, moments.time, moments.n))
    side = np.lib.stride_tricks.sliding_window_view(apart, SHIFT_BLOCKS)
    # Element i compares the blocks before block i + SHIFT_BLOCKS with those from it on.
    rise = np.median(side[SHIFT_BLOCKS:], axis=1) - np.median(side[:-SHIFT_BLOCKS], axis=1)
    usual = float(np.median(rise))
    noise = TO_SD * float(np.median(np.abs(rise - usual)))
    limit = max(SHIFT_OVER_NOISE * noise, 1.5 / rate_hz, LEAST_SHIFT_S)
    found: list[int] = []
    rest = rise - usual
    while len(rest) and (best := int(np.argmax(rest))) >= 0 and rest[best] > limit:
        # Medians see the step from some blocks away: its place is the middle of where they do.
        near = slice(max(0, best - SHIFT_BLOCKS), best + SHIFT_BLOCKS + 1)
        high_ones = near.start + np.flatnonzero(rest[near] > 0.7 * rest[best])
        block = round(float(high_ones.mean())) + SHIFT_BLOCKS
        low = int(moments.row[max(0, block - SHIFT_BLOCKS + 1)])
        high = int(moments.row[min(len(moments.row) - 1, block + SHIFT_BLOCKS - 1)])
        t = np.asarray(times[low:high], np.float64)
        found.append(low + step_row(t + piece.clock(t), float(rise[best]), 1 / rate_hz))
        rest[near] = 0.0
    return sorted(found)
