"""Metrics of predicted numbers, as functions of sums over cases; unknown answers (NaN) are left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.outcome import Outcome, Sums, undefined

Floats = NDArray[np.float64]
NO_ANSWER = "no case with a known answer"


def ccc(y: Floats, predicted: Floats) -> Sums:
    """Return Lin's concordance correlation; undefined where both are constant and equal.

    Source: Lin (1989), A concordance correlation coefficient to evaluate reproducibility, with the population
    variances that challenges on emotion use.
    """

    def finish(n: float, mean: Floats, spread: Floats, both: float) -> Outcome:
        below = float(spread.sum() + (mean[0] - mean[1]) ** 2)
        if below <= 0:
            return Outcome(None, round(n), "answers and predictions are one and the same number")
        return Outcome(2 * both / below, round(n))

    return _moments(y, predicted, finish)


def pearson(y: Floats, predicted: Floats) -> Sums:
    """Return Pearson's correlation; undefined where either is constant."""

    def finish(n: float, mean: Floats, spread: Floats, both: float) -> Outcome:
        if n < 2 or spread.min() <= 0:
            return Outcome(None, round(n), "answers or predictions never change")
        return Outcome(both / float(np.sqrt(spread.prod())), round(n))

    return _moments(y, predicted, finish)


def mae(y: Floats, predicted: Floats) -> Sums:
    """Return the mean absolute error."""
    return _errors(np.abs(y - predicted), lambda mean: mean)


def one_minus_mae(y: Floats, predicted: Floats) -> Sums:
    """Return 1 - mean absolute error: the score of answers on a scale of 0 to 1."""
    return _errors(np.abs(y - predicted), lambda mean: 1 - mean)


def r2(y: Floats, predicted: Floats) -> Sums:
    """Return 1 - squared error by squared distance from the mean answer; undefined where answers are one."""
    known = np.isfinite(y) & np.isfinite(predicted)
    if not known.any():
        return undefined(NO_ANSWER, len(y))
    centred = np.where(known, y - y[known].mean(), 0.0)
    errors = np.where(known, (y - predicted) ** 2, 0.0)
    parts = np.column_stack([known.astype(float), centred, centred**2, errors])

    def of_total(total: Floats) -> Outcome:
        n = float(total[0])
        spread = float(total[2] - total[1] ** 2 / n) if n > 0 else 0.0
        if spread <= 1e-15 * max(float(total[2]), 1e-300):
            return Outcome(None, round(n), "answers never change")
        return Outcome(1 - float(total[3]) / spread, round(n))

    return Sums(parts, of_total)


def rmse(y: Floats, predicted: Floats) -> Sums:
    """Return the root of the mean squared error."""
    return _errors((y - predicted) ** 2, lambda mean: float(np.sqrt(mean)))


def _errors(errors: Floats, finish: Callable[[float], float]) -> Sums:
    known = np.isfinite(errors)
    if not known.any():
        return undefined(NO_ANSWER, len(errors))
    parts = np.column_stack([known.astype(float), np.where(known, errors, 0.0)])

    def of_total(total: Floats) -> Outcome:
        if total[0] <= 0:
            return Outcome(None, 0, NO_ANSWER)
        return Outcome(finish(float(total[1] / total[0])), round(float(total[0])))

    return Sums(parts, of_total)


def _moments(y: Floats, predicted: Floats, finish: Callable[[float, Floats, Floats, float], Outcome]) -> Sums:
    known = np.isfinite(y) & np.isfinite(predicted)
    if not known.any():
        return undefined(NO_ANSWER, len(y))
    # Moments about a number near the mean keep their digits.
    centre = float(y[known].mean())
    both = np.where(known, np.stack([y, predicted]) - centre, 0.0).T
    parts = np.column_stack([known.astype(float), both, both**2, both.prod(axis=1)])

    def of_total(total: Floats) -> Outcome:
        n = float(total[0])
        if n <= 0:
            return Outcome(None, 0, NO_ANSWER)
        mean = total[1:3] / n
        spread = np.maximum(total[3:5] / n - mean**2, 0.0)
        spread[spread <= 1e-15 * np.maximum(total[3:5] / n, 1e-300)] = 0.0
        return finish(n, mean, spread, float(total[5] / n - mean[0] * mean[1]))

    return Sums(parts, of_total)
