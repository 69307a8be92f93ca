"""The few tests that a choice of stimuli is reported with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comparison:
    """`t` with its degrees of freedom and two-sided `p`, and the standardised difference `d`.

    NaN where the values do not vary or are too few.
    """

    difference: float
    t: float
    df: int
    p: float
    d: float


def mean(values: Sequence[float]) -> float:
    """Return the mean; NaN of nothing."""
    return sum(values) / len(values) if values else math.nan


def sd(values: Sequence[float]) -> float:
    """Return the SD with n - 1; NaN of fewer than two."""
    if len(values) < 2:
        return math.nan
    middle = mean(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))


def independent(one: Sequence[float], other: Sequence[float]) -> Comparison:
    """Compare two groups: Student's t with pooled variance, Cohen's d (both group sizes at least 2)."""
    difference = mean(one) - mean(other)
    df = len(one) + len(other) - 2
    if len(one) < 2 or len(other) < 2:
        return Comparison(difference, math.nan, max(0, df), math.nan, math.nan)
    pooled = math.sqrt(((len(one) - 1) * sd(one) ** 2 + (len(other) - 1) * sd(other) ** 2) / df)
    error = pooled * math.sqrt(1 / len(one) + 1 / len(other))
    if not error:
        return Comparison(difference, math.nan, df, math.nan, math.nan)
    t = difference / error
    return Comparison(difference, t, df, two_sided_p(t, df), difference / pooled)


def paired(one: Sequence[float], other: Sequence[float]) -> Comparison:
    """Compare two lists item by item: paired t, d is d_z (mean difference over its SD)."""
    differences = [a - b for a, b in zip(one, other, strict=True)]
    difference, df = mean(differences), max(0, len(differences) - 1)
    spread = sd(differences)
    if not spread > 0:
        return Comparison(difference, math.nan, df, math.nan, math.nan)
    t = difference / (spread / math.sqrt(len(differences)))
    return Comparison(difference, t, df, two_sided_p(t, df), difference / spread)


def two_sided_p(t: float, df: int) -> float:
    """Return the two-sided p of Student's t."""
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(t)))


def p_words(p: float) -> str:
    """Return a p value as papers write it: "= 0.042", "< 0.001", "unknown"."""
    if math.isnan(p):
        return "unknown"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
