"""Weights of late fusion in closed form: predictors summed so that their mean squared error is smallest.

F = sum of a_i f_i with sum of a_i = 1. With the error cross-moments Omega_ij = E[(f_i - y)(f_j - y)] the
minimum lies at a = Omega^-1 1 / (1' Omega^-1 1) (the article's late fusion). Weights may be negative.
"""

from __future__ import annotations

from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["closed form", "not negative", "equal"]
KINDS: tuple[Kind, ...] = ("closed form", "not negative", "equal")
RIDGE = 1e-6


def error_moments(predicted: Floats, y: Floats) -> Floats:
    """Return Omega (p, p) of predictions (n, p) of answers (n,); unknown answers are left out."""
    known = np.isfinite(y)
    errors = predicted[known] - y[known, None]
    return np.asarray(errors.T @ errors / max(1, int(known.sum())), np.float64)


def closed_form(omega: Floats, ridge: float = RIDGE) -> Floats:
    """Return the weights (p,), 1 in sum; `ridge` times the mean of Omega's diagonal is added to it.

    Equal weights where Omega tells nothing apart (predictors without any error).
    """
    count = len(omega)
    steady = omega + ridge * np.trace(omega) / count * np.eye(count)
    try:
        raw = np.linalg.solve(steady, np.ones(count))
    except np.linalg.LinAlgError:
        return np.full(count, 1 / count)
    total = raw.sum()
    if not np.isfinite(raw).all() or abs(total) < 1e-300:
        return np.full(count, 1 / count)
    return np.asarray(raw / total, np.float64)


def not_negative(omega: Floats, ridge: float = RIDGE) -> Floats:
    """Return the best weights (p,) that are 0 or more: of all sets of predictors the best closed form.

    Exact: at the minimum some weights are 0, and the others are the closed form of their own Omega.
    """
    count = len(omega)
    best, least = np.full(count, 1 / count), np.inf
    for size in range(1, count + 1):
        for chosen in combinations(range(count), size):
            part = list(chosen)
            own = closed_form(omega[np.ix_(part, part)], ridge)
            if own.min() < 0:
                continue
            made = np.zeros(count)
            made[part] = own
            error = squared_error(omega, made)
            if error < least:
                best, least = made, error
    return best


def weights_of(omega: Floats, kind: Kind, ridge: float = RIDGE) -> Floats:
    """Return weights (p,) of a kind."""
    if kind == "equal":
        return np.full(len(omega), 1 / len(omega))
    return not_negative(omega, ridge) if kind == "not negative" else closed_form(omega, ridge)


def squared_error(omega: Floats, weights: Floats) -> float:
    """Return the mean squared error of predictors summed with these weights."""
    return float(weights @ omega @ weights)
