"""Divisions of training rows inside a recognizer: whole groups on one side, never torn apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


def group_folds(groups: NDArray[np.str_], k: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Return up to `k` pairs (rows inside, rows outside) of n rows by their `groups` (n,).

    Groups are shuffled by the seed and dealt out in turn; fewer groups than `k` give as many folds as there
    are groups, a single group none.
    """
    names, place = np.unique(groups, return_inverse=True)
    k = min(k, len(names))
    if k < 2:
        return []
    fold = np.empty(len(names), np.intp)
    fold[np.random.default_rng(seed).permutation(len(names))] = np.arange(len(names)) % k
    of_row = fold[place]
    return [(np.flatnonzero(of_row != each), np.flatnonzero(of_row == each)) for each in range(k)]
