"""Which level differs from which: paired t tests after Bonferroni, and simple effects of one factor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics.effects import ALPHA, d_between_form, d_z
from analysis.statistics.repeated import (
    Effect,
    Multivariate,
    StatisticsError,
    anova,
    is_rounding,
    multivariate,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Level `one` minus level `other`: mean, its standard error, t(df), p after Bonferroni, interval, sizes.

    `low` and `high` are of the interval with the same correction, as SPSS prints it; `inside` names the level
    of the other factor that the comparison was made in, "" for the main effect. Where all participants have
    the very same difference there is no test: t, p and both sizes are NaN.
    """

    one: str
    other: str
    inside: str
    mean: float
    se: float
    t: float
    df: int
    p: float
    p_bonferroni: float
    low: float
    high: float
    d: float
    d_z: float


@dataclass(frozen=True, slots=True)
class Simple:
    """The effect of a factor inside one level of the other: univariate, multivariate, and its pairs.

    A test is None where it cannot be made: everybody has the very same differences there (all at ceiling, for
    one), or there are too few people for the multivariate one.
    """

    factor: str
    inside: str
    univariate: Effect | None
    multivariate: Multivariate | None
    pairs: tuple[Pair, ...]


def pairs(
    values: Floats, levels: tuple[str, ...], inside: str = "", alpha: float = ALPHA
) -> tuple[Pair, ...]:
    """Return all pairs of `values` (n, k); p and intervals after Bonferroni over these pairs."""
    chosen = list(combinations(range(len(levels)), 2))
    return tuple(
        _pair(values[:, [one, other]], (levels[one], levels[other]), inside, len(chosen), alpha)
        for one, other in chosen
    )


def _pair(both: Floats, names: tuple[str, str], inside: str, tests: int, alpha: float) -> Pair:
    differences = both[:, 0] - both[:, 1]
    n = len(differences)
    df = n - 1
    mean, se = float(differences.mean()), float(differences.std(ddof=1) / math.sqrt(n))
    if is_rounding(float(((differences - mean) ** 2).sum()), both):
        nan = math.nan
        return Pair(*names, inside, mean, 0.0, nan, df, nan, nan, mean, mean, nan, nan)
    t = mean / se
    p = float(2 * stats.t.sf(abs(t), df))
    reach = float(stats.t.isf(alpha / (2 * tests), df)) * se
    return Pair(
        *names, inside, mean, se, t, df, p, min(1.0, p * tests), mean - reach, mean + reach,
        d_between_form(t, df), d_z(t, n),
    )  # fmt: skip


def main_pairs(values: Floats, place: int, levels: tuple[str, ...]) -> tuple[Pair, ...]:
    """Return the pairs of a factor of `values` (n, levels, ...), each a mean over the other factors."""
    others = tuple(axis for axis in range(1, values.ndim) if axis != place + 1)
    return pairs(values.mean(axis=others) if others else values, levels)


def simple_effects(
    values: Floats, names: tuple[str, str], levels: tuple[tuple[str, ...], tuple[str, ...]], of: int
) -> tuple[Simple, ...]:
    """Return the effects of factor `of` (0 or 1) of `values` (n, a, b) inside each level of the other."""
    other = 1 - of
    found = []
    for number, inside in enumerate(levels[other]):
        part = np.take(values, number, axis=other + 1)
        told = multivariate(part, names[of])
        found.append(
            Simple(names[of], inside, _univariate(part, names[of]), told, pairs(part, levels[of], inside))
        )
    return tuple(found)


def _univariate(part: Floats, name: str) -> Effect | None:
    try:
        return anova(part, (name,))[0]
    except StatisticsError:
        # The other levels still say something, and so do the main effects.
        return None
