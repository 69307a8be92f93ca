"""One-way analysis of variance of many columns at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def f_values(values: NDArray[np.float64], y: NDArray[Any]) -> NDArray[np.float64]:
    """Return F of each column of `values` (n, d): between classes, or of a straight line for numbers.

    NaN are left out column by column; a column without spread, or of one class, has F 0.
    """
    if y.ndim == 2:
        return np.asarray(np.max([_line(values, answer) for answer in y.T], axis=0))
    if not np.issubdtype(y.dtype, np.integer):
        return _line(values, y)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    count, total = known.sum(axis=0), filled.sum(axis=0)
    grand = total / np.maximum(count, 1)
    between, groups = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    within = np.zeros(values.shape[1])
    for kind in np.unique(y):
        own, has = filled[y == kind], known[y == kind]
        size = has.sum(axis=0)
        mean = own.sum(axis=0) / np.maximum(size, 1)
        between += size * (mean - grand) ** 2
        within += (np.where(has, own - mean, 0.0) ** 2).sum(axis=0)
        groups += size > 0
    free = count - groups
    usable = (groups > 1) & (free > 0) & (within > 1e-12 * np.maximum(between, 1e-300))
    exact = (groups > 1) & (between > 0) & ~usable
    f = np.zeros(values.shape[1])
    f[usable] = (between / np.maximum(groups - 1, 1))[usable] / (within / np.maximum(free, 1))[usable]
    f[exact] = np.finfo(np.float64).max
    return f


def _line(values: NDArray[np.float64], answer: NDArray[np.floating]) -> NDArray[np.float64]:
    f = np.zeros(values.shape[1])
    for column, one in enumerate(values.T):
        known = np.isfinite(one) & np.isfinite(answer)
        if known.sum() > 2 and np.ptp(one[known]) > 0 and np.ptp(answer[known]) > 0:
            r2 = float(np.corrcoef(one[known], answer[known])[0, 1]) ** 2
            f[column] = r2 / max(1 - r2, 1e-12) * (known.sum() - 2)
    return f
