"""Finds inputs that are the answer itself: a rating, a category or a class number among the features."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input

LEAST_CASES = 12
_AFFINE = 1 - 1e-9


def columns_that_tell(batch: Batch) -> Iterator[str]:
    """Yield a sentence for each column that is the answer, or an exact function of it.

    With classes: a column that takes one value a class, another in each. With numbers: one that is a straight
    line of the answer. Both over the cases that have the input, `LEAST_CASES` at least.
    """
    if batch.y is None:
        return
    for name, each in batch.inputs.items():
        if each.values.ndim != 3:
            continue
        known = each.present & (each.lengths > 0)
        if known.sum() < LEAST_CASES:
            continue
        told = _first(each, known), _mean(each, known)
        y = batch.y[known]
        tells = _classes(told, y) if batch.classes else _numbers(told, y)
        for column in np.flatnonzero(tells):
            label = each.names[column] if column < len(each.names) else f"column {column + 1}"
            yield f"{name}: {label} is the answer itself. Take this input out"


def _first(each: Input, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(each.values[known, 0], np.float64)


def _mean(each: Input, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    inside = each.inside[known][..., None]
    total = np.where(inside, each.values[known], 0).sum(axis=1, dtype=np.float64)
    return np.asarray(total / each.lengths[known][:, None])


def _classes(told: tuple[NDArray[np.float64], ...], y: NDArray[np.integer]) -> NDArray[np.bool_]:
    kinds = np.unique(y)
    found = np.zeros(told[0].shape[1], bool)
    if len(kinds) < 2:
        return found
    for values in told:
        rounded = np.round(values, 6)
        low = np.array([rounded[y == kind].min(axis=0) for kind in kinds])
        high = np.array([rounded[y == kind].max(axis=0) for kind in kinds])
        one_each = (low == high).all(axis=0)
        apart = np.array([len(np.unique(column)) == len(kinds) for column in low.T])
        found |= one_each & apart
    return found


def _numbers(told: tuple[NDArray[np.float64], ...], y: NDArray[np.floating]) -> NDArray[np.bool_]:
    found = np.zeros(told[0].shape[1], bool)
    for values in told:
        for answer in np.atleast_2d(y.T):
            rows = np.isfinite(answer)
            if rows.sum() < LEAST_CASES or np.ptp(answer[rows]) == 0:
                continue
            for column in range(values.shape[1]):
                one = values[rows, column]
                if np.isfinite(one).all() and np.ptp(one) > 0:
                    found[column] |= abs(np.corrcoef(one, answer[rows])[0, 1]) > _AFFINE
    return found
