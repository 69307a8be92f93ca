"""Values between electrodes: a smooth surface over the flat head."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.views.electrodes import Point


def interpolate(
    positions_of: Sequence[Point], values: Sequence[float], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return values at the places `at` (m, 2) from those of the electrodes: thin-plate spline.

    f(p) = a + b x + c y + sum w_i r_i^2 log r_i, through every electrode's value (Duchon 1977). With fewer
    than three electrodes, or all on one line, the nearest electrode's value. Electrodes at one place count
    as their mean.
    """
    places, amounts = _apart(positions_of, values)
    if not len(places):
        return np.full(len(at), np.nan)
    flat = np.column_stack([np.ones(len(places)), places])
    if len(places) < 3 or np.linalg.matrix_rank(flat) < 3:
        nearest = np.argmin(np.linalg.norm(at[:, None] - places[None], axis=2), axis=1)
        return np.asarray(amounts[nearest], np.float64)
    count = len(places)
    left = np.zeros((count + 3, count + 3))
    left[:count, :count] = _bend(np.linalg.norm(places[:, None] - places[None], axis=2))
    left[:count, count:] = flat
    left[count:, :count] = flat.T
    weights = np.linalg.solve(left, np.concatenate([amounts, np.zeros(3)]))
    bends = _bend(np.linalg.norm(at[:, None] - places[None], axis=2))
    smooth = np.column_stack([np.ones(len(at)), at])
    return np.asarray(bends @ weights[:count] + smooth @ weights[count:], np.float64)


def _bend(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = distance**2
    return np.asarray(0.5 * squared * np.log(np.where(squared > 0, squared, 1.0)), np.float64)


def _apart(
    positions_of: Sequence[Point], values: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    groups: dict[tuple[float, float], list[float]] = {}
    for (x, y), value in zip(positions_of, values, strict=True):
        if math.isfinite(value):
            groups.setdefault((round(x, 6), round(y, 6)), []).append(value)
    places = np.array(list(groups), np.float64).reshape(-1, 2)
    return places, np.array([sum(group) / len(group) for group in groups.values()])
