"""Cell means with intervals that fit a within-participant design."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics.effects import ALPHA


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its levels, mean over participants, SD, standard error, and the within-participant interval.

    `low` and `high` are of Cousineau (2005) with Morey's (2008) correction: participants differ in their
    level, which no within-participant test looks at.
    """

    levels: tuple[str, ...]
    n: int
    mean: float
    sd: float
    se: float
    low: float
    high: float


def cell_means(values: NDArray[np.float64], levels: tuple[tuple[str, ...], ...]) -> tuple[Cell, ...]:
    """Return the cells of `values` (n, levels, ...), the last factor changing fastest."""
    n = len(values)
    flat = values.reshape(n, -1)
    count = flat.shape[1]
    level = flat - flat.mean(axis=1, keepdims=True) + flat.mean()
    reach = math.sqrt(count / (count - 1)) * float(stats.t.isf(ALPHA / 2, n - 1)) / math.sqrt(n)
    found = []
    for place, names in enumerate(product(*levels)):
        mean, sd = float(flat[:, place].mean()), float(flat[:, place].std(ddof=1))
        half = reach * float(level[:, place].std(ddof=1))
        found.append(Cell(names, n, mean, sd, sd / math.sqrt(n), mean - half, mean + half))
    return tuple(found)
