"""Lines and bent lines through noisy points, fitted so that single wild points hardly matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDS = 20
HUBER = 1.5
TO_SD = 1.4826
"""From the median absolute distance to the standard deviation of normal noise."""
LEAST_POINTS = 8
MOST_PIECES = 64
NEIGHBOURS_ALIKE = 3.0
"""Neighbouring points err alike: so many of them count as one in choosing how often a line bends."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line with bends at `x` (rising), where it has the values `y`; straight on at both ends."""

    x: Floats
    y: Floats

    def __call__(self, x: Floats) -> Floats:
        """Return y for x."""
        if len(self.x) == 1:
            return np.full(np.shape(x), self.y[0])
        if len(self.x) == 2:
            return np.asarray(self.y[0] + self.slopes[0] * (x - self.x[0]))
        inside = np.interp(x, self.x, self.y)
        inside = np.where(x < self.x[0], self.y[0] + self.slopes[0] * (x - self.x[0]), inside)
        return np.where(x > self.x[-1], self.y[-1] + self.slopes[-1] * (x - self.x[-1]), inside)

    @property
    def slopes(self) -> Floats:
        """The slope of each piece; 0 where there is one point only."""
        return np.diff(self.y) / np.diff(self.x) if len(self.x) > 1 else np.zeros(1)

    @property
    def slope(self) -> float:
        """The slope from end to end."""
        return float((self.y[-1] - self.y[0]) / (self.x[-1] - self.x[0])) if len(self.x) > 1 else 0.0

    def slope_at(self, x: Floats) -> Floats:
        """Return the slope at x."""
        place = np.clip(np.searchsorted(self.x, x) - 1, 0, max(0, len(self.x) - 2))
        return np.asarray(self.slopes[place])

    def raised(self, by: float) -> Curve:
        """Return the same curve, `by` higher."""
        return Curve(self.x, self.y + by)


def constant(x: float, y: float) -> Curve:
    """Return the curve that is `y` everywhere."""
    return Curve(np.array([x]), np.array([y]))


def straight(x: float, y: float, slope: float, until: float) -> Curve:
    """Return the line through (x, y) with a slope, given by its points at x and `until`."""
    return Curve(np.array([x, until]), np.array([y, y + slope * (until - x)]))


def robust_line(x: Floats, y: Floats, weights: Floats | None = None) -> Curve:
    """Fit a straight line (Huber weights, iterated); one point gives a constant.

    The start is the line through the medians of the outer thirds, which up to a third of wild points
    cannot carry away.
    """
    return _fit(x, y, weights, 1)


def robust_curve(x: Floats, y: Floats, weights: Floats | None, shortest: float, floor: float) -> Curve:
    """Fit a line with as many even pieces, none shorter than `shortest`, as the points ask for.

    Each doubling of the pieces has to earn its bends (Bayes' criterion on the robust spread); bends that
    change less than `floor` do not count.
    """
    candidates = [_fit(x, y, weights, 1)]
    span = float(np.ptp(x)) if len(x) else 0.0
    pieces = 2
    while pieces <= MOST_PIECES and span / pieces >= shortest and len(x) / pieces >= LEAST_POINTS:
        candidates.append(_fit(x, y, weights, pieces))
        pieces *= 2
    if len(candidates) == 1:
        return candidates[0]
    root = np.ones(len(x)) if weights is None else np.sqrt(weights / weights.mean())
    limit = 3 * TO_SD * float(np.median(np.abs(y - candidates[-1](x)) * root)) + floor
    count = len(x) / NEIGHBOURS_ALIKE

    def cost(curve: Curve) -> float:
        squares = np.minimum(np.abs(y - curve(x)) * root, limit) ** 2
        mean = float(squares.mean()) + (0.25 * floor) ** 2
        return count * float(np.log(mean)) + len(curve.x) * float(np.log(count))

    return min(candidates, key=cost)


def _fit(x: Floats, y: Floats, weights: Floats | None, pieces: int) -> Curve:
    """Fit a continuous line with evenly spaced bends."""
    if len(x) < 2 or np.ptp(x) == 0:
        return constant(float(np.median(x)), float(np.median(y)))
    base = np.ones(len(x)) if weights is None else weights / weights.mean()
    root = np.sqrt(base)
    at, slope, value = _first_guess(x, y)
    rest = y - value - slope * (x - at)
    knots = np.linspace(x.min(), x.max(), pieces + 1)
    left = np.clip(np.searchsorted(knots, x, "right") - 1, 0, pieces - 1)
    share = (x - knots[left]) / (knots[1] - knots[0])
    heights = np.zeros(pieces + 1)
    residual = rest
    for _ in range(ROUNDS):
        # Points are wild by their own measure: an exact one sooner than a vague one.
        measured = np.abs(residual) * root
        scale = TO_SD * float(np.median(measured)) or float(np.std(measured))
        if scale <= 0:
            break
        w = base / np.maximum(1.0, measured / (HUBER * scale))
        new = _solve(left, share, rest, w, pieces)
        moved = float(np.abs(new - heights).max())
        heights = new
        residual = rest - heights[left] * (1 - share) - heights[left + 1] * share
        if moved < 1e-10:
            break
    return Curve(knots, heights + value + slope * (knots - at))


def _first_guess(x: Floats, y: Floats) -> tuple[float, float, float]:
    at = float(np.median(x))
    third = max(1, len(x) // 3)
    order = np.argsort(x, kind="stable")
    low, high = order[:third], order[-third:]
    run = np.median(x[high]) - np.median(x[low])
    slope = float((np.median(y[high]) - np.median(y[low])) / run) if run else 0.0
    return at, slope, float(np.median(y - slope * (x - at)))


def _solve(left: NDArray[np.intp], share: Floats, y: Floats, weights: Floats, pieces: int) -> Floats:
    """Weighted least squares for the heights (pieces + 1,) at the bends."""
    matrix = np.zeros((pieces + 1, pieces + 1))
    i = np.arange(pieces)

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(left, weights * values, pieces), np.float64)

    matrix[i, i] += total((1 - share) ** 2)
    matrix[i + 1, i + 1] += total(share**2)
    between = total(share * (1 - share))
    matrix[i, i + 1] += between
    matrix[i + 1, i] += between
    right = np.zeros(pieces + 1)
    right[:-1] += total((1 - share) * y)
    right[1:] += total(share * y)
    # A piece without points (an outage) is held to the straight way on.
    if pieces > 1:
        bend = np.zeros((pieces - 1, pieces + 1))
        j = np.arange(pieces - 1)
        bend[j, j], bend[j, j + 1], bend[j, j + 2] = 1, -2, 1
        matrix += 1e-6 * weights.sum() / pieces * (bend.T @ bend)
    return np.asarray(np.linalg.solve(matrix, right), np.float64)
