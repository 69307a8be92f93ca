"""Agreement beyond chance on classes: Cohen's, weighted and Fleiss' kappa, raw agreement, prevalence.

Sources: Cohen (1960), Educ. Psychol. Meas. 20:37; Cohen (1968), Psychol. Bull. 70:213; Fleiss (1971),
Psychol. Bull. 76:378; agreement of one class: Spitzer and Fleiss (1974), Br. J. Psychiatry 125:341.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analysis.agreement.outcome import (
    FEW_RATERS,
    NO_COMMON,
    NO_OVERLAP,
    Floats,
    NameOf,
    Outcome,
    Sums,
    all_used,
    plain,
    undefined,
)

Weights = Literal["none", "linear", "quadratic"]


def cohen_kappa(
    one: ArrayLike, other: ArrayLike, weights: Weights = "none", name_of: NameOf = plain
) -> Outcome:
    """Return kappa of two raters (units,), each with margins of its own; NaN where one did not rate.

    Weighted: the disagreement of two values is their distance on the scale, or its square.
    """
    return cohen_sums(np.asarray(one, float), np.asarray(other, float), weights, name_of).outcome()


def cohen_sums(one: Floats, other: Floats, weights: Weights = "none", name_of: NameOf = plain) -> Sums:
    """Return kappa of two raters as a function of sums over units."""
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return undefined(NO_COMMON, len(one))
    classes = np.unique(np.concatenate([one[both], other[both]]))
    gaps = np.abs(classes[:, None] - classes[None, :])
    distances = {"none": (gaps > 0).astype(float), "linear": gaps, "quadratic": gaps**2}[weights]
    firsts, seconds = (
        _hits(np.where(both, one, np.nan), classes),
        _hits(np.where(both, other, np.nan), classes),
    )
    apart = ((firsts @ distances) * seconds).sum(axis=1)
    size = len(classes)

    def finish(total: Floats) -> Outcome:
        units, observed = int(total[0]), float(total[1])
        if units == 0:
            return Outcome(None, 0, NO_COMMON)
        first, second = total[2 : 2 + size], total[2 + size :]
        expected = float(first @ distances @ second)
        if expected == 0:
            return Outcome(None, units, all_used(name_of(float(classes[int(np.argmax(first))]))))
        return Outcome(1.0 - units * observed / expected, units)

    return Sums(np.column_stack([both.astype(float), apart, firsts, seconds]), finish)


def _hits(values: Floats, classes: Floats) -> Floats:
    """Return 1 where a value is a class (units, classes), 0 elsewhere."""
    return np.asarray(values[:, None] == classes[None, :], np.float64)


def fleiss_kappa(values: ArrayLike, name_of: NameOf = plain) -> Outcome:
    """Return Fleiss' kappa of (units, raters); undefined where units have different numbers of ratings."""
    return fleiss_sums(np.asarray(values, float), name_of).outcome()


def fleiss_sums(values: Floats, name_of: NameOf = plain) -> Sums:
    """Return Fleiss' kappa as a function of sums over units; units that nobody rated do not count."""
    ratings = np.isfinite(values).sum(axis=1)
    rated = ratings > 0
    if not rated.any() or ratings.max() < 2:
        return undefined(FEW_RATERS if values.shape[1] < 2 else NO_OVERLAP, len(values))
    fewest, most = int(ratings[rated].min()), int(ratings[rated].max())
    if fewest < most:
        return undefined(
            f"units have {fewest} to {most} ratings, and Fleiss' kappa needs the same number for each",
            len(values),
        )
    classes = np.unique(values[np.isfinite(values)])
    counts = np.stack([(values == one).sum(axis=1) for one in classes], axis=1).astype(float)
    pairs = (counts * (counts - 1)).sum(axis=1)

    def finish(total: Floats) -> Outcome:
        units, agreeing, margins = int(total[0]), float(total[1]), total[2:]
        if units == 0:
            return Outcome(None, 0, NO_OVERLAP)
        if np.count_nonzero(margins) < 2:
            return Outcome(None, units, all_used(name_of(float(classes[int(np.argmax(margins))]))))
        observed = agreeing / (units * most * (most - 1))
        expected = float((margins**2).sum() / margins.sum() ** 2)
        return Outcome((observed - expected) / (1 - expected), units)

    return Sums(np.column_stack([rated.astype(float), pairs, counts]), finish)


def raw_sums(values: Floats) -> Sums:
    """Return the share of agreeing pairs among all pairs of ratings of the same unit."""
    ratings = np.isfinite(values).sum(axis=1).astype(float)
    if values.shape[1] < 2:
        return undefined(FEW_RATERS, len(values))
    pairs = ratings * (ratings - 1) / 2
    agreeing = np.zeros(len(values))
    for first in range(values.shape[1]):
        for second in range(first + 1, values.shape[1]):
            agreeing += values[:, first] == values[:, second]

    def finish(total: Floats) -> Outcome:
        units = int(total[0])
        return Outcome(float(total[1] / total[2]), units) if total[2] else Outcome(None, units, NO_OVERLAP)

    return Sums(np.column_stack([(ratings >= 2).astype(float), agreeing, pairs]), finish)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: its share of all ratings, and of the ratings beside one of it, how many say the same."""

    value: float
    ratings: int
    prevalence: float
    agreement: float | None


def classes_of(values: ArrayLike) -> tuple[ClassRow, ...]:
    """Return prevalence and specific agreement of every class that was used in (units, raters)."""
    from analysis.agreement.alpha import class_counts

    table = np.asarray(values, float)
    classes, counts = class_counts(table)
    total = float(counts.sum())
    ratings = counts.sum(axis=1)
    paired = counts[ratings >= 2]
    equal = (paired * (paired - 1) / (paired.sum(axis=1) - 1)[:, None]).sum(axis=0)
    beside = paired.sum(axis=0)
    return tuple(
        ClassRow(
            float(classes[place]),
            int(count),
            float(count) / total,
            float(equal[place] / beside[place]) if beside[place] else None,
        )
        for place, count in enumerate(counts.sum(axis=0))
    )


def confusion(one: ArrayLike, other: ArrayLike, classes: ArrayLike) -> Floats:
    """Return how often rater one gave class i where the other gave class j, (classes, classes)."""
    first, second, known = (np.asarray(each, float) for each in (one, other, classes))
    return np.asarray(_hits(first, known).T @ _hits(second, known))
