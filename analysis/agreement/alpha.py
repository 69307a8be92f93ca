"""Krippendorff's alpha: nominal, ordinal, interval; any number of raters, missing values.

Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analysis.agreement.outcome import (
    FEW_RATERS,
    NO_OVERLAP,
    Floats,
    NameOf,
    Outcome,
    Sums,
    all_used,
    plain,
    undefined,
)

Level = Literal["nominal", "ordinal", "interval"]

ROUNDING = 1e-12
"""A sum of squares below this part of what it was computed from is zero."""


def krippendorff_alpha(values: ArrayLike, level: Level, name_of: NameOf = plain) -> Outcome:
    """Return alpha of `values` (units, raters), NaN where nobody rated.

    Units with fewer than two ratings do not count. `name_of` names a value in the reason.
    """
    return alpha_sums(np.asarray(values, float), level, name_of).outcome()


def alpha_sums(values: Floats, level: Level, name_of: NameOf = plain) -> Sums:
    """Return alpha of (units, raters) as a function of sums over units."""
    units = len(values)
    if values.shape[1] < 2 or np.sum(np.any(np.isfinite(values), axis=0)) < 2:
        return undefined(FEW_RATERS, units)
    counts = np.isfinite(values).sum(axis=1)
    pairable = counts >= 2
    if not pairable.any():
        return undefined(NO_OVERLAP, units)
    kept = np.where(pairable[:, None], values, np.nan)
    by_level = {"nominal": _nominal, "ordinal": _ordinal, "interval": _interval}
    return by_level[level](kept, name_of)


def class_counts(values: Floats) -> tuple[Floats, Floats]:
    """Return the distinct values (v,) and how many raters gave each of them in each unit (units, v)."""
    classes = np.unique(values[np.isfinite(values)])
    counts = np.zeros((len(values), len(classes)))
    for place, one in enumerate(classes):
        counts[:, place] = (values == one).sum(axis=1)
    return classes, counts


def _nominal(values: Floats, name_of: NameOf) -> Sums:
    classes, counts = class_counts(values)
    m = counts.sum(axis=1)
    differing = (m**2 - (counts**2).sum(axis=1)) / np.maximum(m - 1, 1)

    def finish(total: Floats) -> Outcome:
        units, observed, margins = int(total[0]), float(total[1]), total[2:]
        if units == 0:
            return Outcome(None, 0, NO_OVERLAP)
        if np.count_nonzero(margins) < 2:
            return Outcome(None, units, all_used(name_of(float(classes[int(np.argmax(margins))]))))
        ratings = float(margins.sum())
        expected = (ratings**2 - float((margins**2).sum())) / (ratings - 1)
        return Outcome(1.0 - observed / expected, units)

    return Sums(np.column_stack([(m >= 2).astype(float), differing, counts]), finish)


def _ordinal(values: Floats, name_of: NameOf) -> Sums:
    classes, counts = class_counts(values)
    m = counts.sum(axis=1)
    used = (m >= 2).astype(float)

    def weigh(weights: Floats) -> Outcome:
        units, margins = int(weights @ used), weights @ counts
        if units == 0:
            return Outcome(None, 0, NO_OVERLAP)
        if np.count_nonzero(margins) < 2:
            return Outcome(None, units, all_used(name_of(float(classes[int(np.argmax(margins))]))))
        # Two values are as far apart as ratings lie between them, their own by half.
        ranks = np.cumsum(margins) - margins / 2
        squares = m * (counts @ ranks**2) - (counts @ ranks) ** 2
        ratings = float(margins.sum())
        expected = (ratings * float(margins @ ranks**2) - float(margins @ ranks) ** 2) / (ratings - 1)
        return Outcome(1.0 - float(weights @ (squares / np.maximum(m - 1, 1))) / expected, units)

    return Sums(used[:, None], lambda _: Outcome(None, 0), weigh)


def _interval(values: Floats, name_of: NameOf) -> Sums:
    centre = float(np.nanmedian(values))
    moved = values - centre
    known = np.isfinite(moved)
    m = known.sum(axis=1).astype(float)
    filled = np.where(known, moved, 0.0)
    sums, squares = filled.sum(axis=1), (filled**2).sum(axis=1)
    deviations = np.where(known, moved - (sums / np.maximum(m, 1))[:, None], 0.0)
    within = 2 * m / np.maximum(m - 1, 1) * (deviations**2).sum(axis=1)
    # Equal ratings must give exactly nothing, whatever their mean is rounded to.
    lows, highs = np.where(known, moved, np.inf).min(axis=1), np.where(known, moved, -np.inf).max(axis=1)
    within[lows >= highs] = 0.0

    def finish(total: Floats) -> Outcome:
        units, ratings, first, second, inside = int(total[0]), *map(float, total[1:])
        if units == 0:
            return Outcome(None, 0, NO_OVERLAP)
        spread = second - first**2 / ratings
        if spread <= ROUNDING * second:
            return Outcome(None, units, all_used(name_of(centre + first / ratings)))
        return Outcome(1.0 - inside * (ratings - 1) / (2 * ratings * spread), units)

    return Sums(np.column_stack([(m >= 2).astype(float), m, sums, squares, within]), finish)
