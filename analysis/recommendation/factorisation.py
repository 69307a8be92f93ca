"""Likings as sums of products: mu + b_u + b_c + p_u . q_c, by alternating least squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FACTORS = 8
RIDGE = 0.05
SWEEPS = 30


@dataclass(frozen=True, slots=True)
class Factors:
    """`mean` of all likings; by clip its bias and factors, in one row of `clips` (n, 1 + 8)."""

    mean: float
    place: Mapping[str, int]
    clips: Floats


def factorise(
    likings: Sequence[tuple[str, str, float]], factors: int = FACTORS, ridge: float = RIDGE, seed: int = 1
) -> Factors:
    """Find people's and clips' biases and factors of (participant, clip, liking).

    Each half step solves its ridge regressions exactly, so the penalised error never rises. The penalty of a
    row is the ridge times the number of its likings.
    """
    people = {name: row for row, name in enumerate(dict.fromkeys(each[0] for each in likings))}
    place = {name: row for row, name in enumerate(dict.fromkeys(each[1] for each in likings))}
    mean = float(np.mean([each[2] for each in likings])) if likings else 0.0
    random = np.random.default_rng(seed)
    # Column 0 is the bias of its own side.
    one = np.hstack([np.zeros((len(people), 1)), random.normal(0, 0.1, (len(people), factors))])
    two = np.hstack([np.zeros((len(place), 1)), random.normal(0, 0.1, (len(place), factors))])
    rows = np.array([people[each[0]] for each in likings], np.intp)
    columns = np.array([place[each[1]] for each in likings], np.intp)
    values = np.array([each[2] for each in likings]) - mean
    for _ in range(SWEEPS if len(likings) else 0):
        solve_side(one, two, rows, columns, values, ridge)
        solve_side(two, one, columns, rows, values, ridge)
    return Factors(mean, place, two)


def solve_side(
    own: Floats,
    other: Floats,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    values: Floats,
    ridge: float,
) -> None:
    """Solve one side's biases and factors in place (n, 1 + factors), the other side's given.

    `rows` and `columns` say whose each of `values` is, on this side and on the other.
    """
    for row in range(len(own)):
        mine = rows == row
        own[row] = _row(other[columns[mine]], values[mine], ridge)


def penalised_error(
    one: Floats,
    two: Floats,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    values: Floats,
    ridge: float,
) -> float:
    """Return what is made small: squared errors, and ridge times likings times squared length of each row."""
    told = one[rows, 0] + two[columns, 0] + (one[rows, 1:] * two[columns, 1:]).sum(axis=1)
    lengths = (one[rows] ** 2).sum() + (two[columns] ** 2).sum()
    return float(((values - told) ** 2).sum() + ridge * lengths)


def _row(others: Floats, values: Floats, ridge: float) -> Floats:
    """Return bias and factors of one person or clip, given the other side's."""
    design = np.hstack([np.ones((len(others), 1)), others[:, 1:]])
    gram = design.T @ design + ridge * max(len(others), 1) * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(gram, design.T @ (values - others[:, 0])))


def fold_in(factors: Factors, own: Sequence[tuple[str, float]], clips: Sequence[str]) -> Floats:
    """Return the likings predicted for somebody of whom some are known; clips nobody saw get the mean."""
    known = [(factors.place[name], liking) for name, liking in own if name in factors.place]
    row = np.zeros(factors.clips.shape[1])
    if known:
        places = [place for place, _ in known]
        row = _row(factors.clips[places], np.array([liking for _, liking in known]) - factors.mean, RIDGE)
    scores = np.full(len(clips), factors.mean + row[0])
    for place, name in enumerate(clips):
        at = factors.place.get(name)
        if at is not None:
            scores[place] += factors.clips[at, 0] + factors.clips[at, 1:] @ row[1:]
    return scores
