"""Analysis of variance with one or two factors that every participant went through in all levels.

Univariate tests with Mauchly's test and the corrections of Greenhouse and Geisser (1959) and Huynh and Feldt
(1976; with several groups as Lecoutre corrected it in 1991), each from the covariance of orthonormal
contrasts; the multivariate test as SPSS prints it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics.effects import ALPHA, cohen_power, observed_power, partial_eta_squared

Floats = NDArray[np.float64]
LEAST = 2
FLAT = 1e-12
"""Below this ratio of its smallest to its largest direction a covariance has no inverse."""
ROUNDING = 1e-24
"""A sum of squares that is a smaller share of the squares of the values themselves is only rounding."""


class StatisticsError(Exception):
    """A test cannot be made of these numbers; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Sphericity:
    """Mauchly's test and the two epsilons of an effect with more than one degree of freedom.

    With fewer participants than the test needs `w`, `chi2` and `p` are NaN.
    """

    w: float
    chi2: float
    df: int
    p: float
    greenhouse_geisser: float
    huynh_feldt: float

    @property
    def is_violated(self) -> bool:
        """Whether equal variances of all differences are given up: p < .05, or nobody can tell (p is NaN)."""
        return not self.p >= ALPHA


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the table: F(df1, df2), p, partial eta squared, and what sphericity does to p.

    `sphericity` is None where the effect has one degree of freedom. Where all participants have the very same
    differences there is no error to compare with: F, p and partial eta squared are NaN.
    """

    name: str
    ss: float
    ss_error: float
    df1: float
    df2: float
    f: float
    p: float
    eta_p2: float
    n: int
    sphericity: Sphericity | None = None

    @property
    def is_flat(self) -> bool:
        """Whether there is no test, for want of any error."""
        return math.isnan(self.f)

    @property
    def epsilon(self) -> float:
        """Greenhouse and Geisser's where Mauchly's test says so or cannot be made, else 1."""
        violated = self.sphericity is not None and self.sphericity.is_violated
        return self.sphericity.greenhouse_geisser if violated and self.sphericity is not None else 1.0

    def corrected(self, epsilon: float) -> tuple[float, float, float]:
        """Return df1, df2 and p with both degrees of freedom times `epsilon`."""
        df1, df2 = self.df1 * epsilon, self.df2 * epsilon
        return df1, df2, float(stats.f.sf(self.f, df1, df2))

    @property
    def decided(self) -> tuple[float, float, float]:
        """df1, df2 and p after Greenhouse and Geisser where sphericity is violated."""
        return self.corrected(self.epsilon)

    @property
    def power(self) -> float:
        """Observed power in SPSS' form."""
        return observed_power(self.f, *self.decided[:2])

    @property
    def power_cohen(self) -> float:
        """Observed power by Cohen's f."""
        return cohen_power(self.eta_p2, self.n, *self.decided[:2])


def contrasts(levels: int) -> Floats:
    """Return orthonormal contrasts (levels, levels - 1), Helmert's."""
    made = np.zeros((levels, levels - 1))
    for column in range(levels - 1):
        made[: column + 1, column] = 1.0
        made[column + 1, column] = -(column + 1.0)
        made[:, column] /= math.sqrt((column + 1.0) * (column + 2.0))
    return made


def of_effect(shape: tuple[int, ...], factors: tuple[int, ...]) -> Floats:
    """Return the orthonormal contrasts (cells, q) of an effect: those of its factors, means of the others."""
    made = np.ones((1, 1))
    for place, levels in enumerate(shape):
        own = contrasts(levels) if place in factors else np.full((levels, 1), 1 / math.sqrt(levels))
        made = np.kron(made, own)
    return made


def anova(values: Floats, names: tuple[str, ...]) -> tuple[Effect, ...]:
    """Return every main effect and interaction of `values` (participants, levels, ...), a mean a cell.

    `names` names the factors. Raises StatisticsError for fewer than two participants, a factor of one level,
    a missing cell, or where no effect at all can be tested since everybody has the very same differences.
    """
    check(values)
    if len(names) != values.ndim - 1:
        raise StatisticsError(f"{len(names)} names for {values.ndim - 1} factors.")
    places = range(len(names))
    wanted = [each for size in range(1, len(names) + 1) for each in combinations(places, size)]
    flat = values.reshape(len(values), -1)
    shape, n = values.shape[1:], len(values)
    found = []
    for each in wanted:
        scores = flat @ of_effect(shape, each)
        means = scores.mean(axis=0)
        error = (scores - means).T @ (scores - means)
        name = " x ".join(names[place] for place in each)
        found.append(effect(name, n * float((means**2).sum()), error, 1, n - 1, n, values))
    if all(each.is_flat for each in found):
        raise StatisticsError(
            f"{found[0].name}: every participant gives the very same differences; F has no error."
        )
    return tuple(found)


def check(values: Floats) -> None:
    """Raise StatisticsError where nothing can be tested."""
    if values.ndim < 2 or min(values.shape[1:], default=0) < LEAST:
        raise StatisticsError("A factor needs at least two levels. Choose another one.")
    if len(values) < LEAST:
        raise StatisticsError(f"{len(values)} participants have every cell; at least two are needed.")
    if not np.isfinite(values).all():
        raise StatisticsError("A participant lacks a cell. Leave out who does not have all of them.")


def effect(name: str, ss: float, error: Floats, tested: int, df_error: int, n: int, values: Floats) -> Effect:
    """Return the line of an effect on q scores a person.

    `ss` is its sum of squares over all scores, `error` (q, q) the sums of squares and products left of them,
    with `df_error` degrees of freedom each; `tested` is how many parameters of a score the effect has.
    `values` are what the scores were made of: what is tiny beside them is rounding.
    """
    q = len(error)
    ss_error, df1, df2 = float(np.trace(error)), float(q * tested), float(q * df_error)
    if is_rounding(ss_error, values):
        return Effect(name, ss, ss_error, df1, df2, math.nan, math.nan, math.nan, n)
    f = (max(0.0, ss) / df1) / (ss_error / df2)
    round_ = sphericity(error / df_error, df_error) if q > 1 else None
    eta = partial_eta_squared(f, df1, df2)
    return Effect(name, ss, ss_error, df1, df2, f, float(stats.f.sf(f, df1, df2)), eta, n, round_)


def is_rounding(ss: float, values: Floats) -> bool:
    """Return whether a sum of squares of differences of `values` is nothing but rounding."""
    return ss <= ROUNDING * float((values**2).sum())


def sphericity(covariance: Floats, df: int) -> Sphericity:
    """Return Mauchly's test and both epsilons of a covariance (q, q) of orthonormal contrasts with `df`.

    p of Mauchly's test is that of Box's approximation with its second term (Anderson 1958), as R has it.
    Huynh and Feldt's epsilon is Lecoutre's, of one group the same as their own.
    """
    q = len(covariance)
    trace = float(np.trace(covariance))
    gg = trace**2 / (q * float((covariance**2).sum()))
    gg = min(1.0, max(1.0 / q, gg))
    hf = _huynh_feldt(gg, q, df)
    freedom = q * (q + 1) // 2 - 1
    if df < q:
        # With fewer participants than contrasts the covariance has no determinant.
        return Sphericity(math.nan, math.nan, freedom, math.nan, gg, hf)
    w = min(1.0, max(float(np.linalg.det(covariance / (trace / q))), 1e-300))
    rho = 1 - (2 * q * q + q + 2) / (6 * q * df)
    chi2 = max(0.0, -df * rho * math.log(w))
    second = (q + 2) * (q - 1) * (q - 2) * (2 * q**3 + 6 * q * q + 3 * q + 2) / (288 * (q * df * rho) ** 2)
    first, further = float(stats.chi2.sf(chi2, freedom)), float(stats.chi2.sf(chi2, freedom + 4))
    p = min(1.0, max(0.0, first + second * (further - first)))
    return Sphericity(w, chi2, freedom, p, gg, hf)


def _huynh_feldt(gg: float, q: int, df: int) -> float:
    if df == 1:
        # One degree of freedom says nothing about how unequal the variances are.
        return gg
    below = q * (df - q * gg)
    if below <= FLAT:
        return 1.0
    return min(1.0, max(gg, ((df + 1) * q * gg - 2) / below))


@dataclass(frozen=True, slots=True)
class Multivariate:
    """Hotelling's test of k repeated means: F(k - 1, n - k + 1), the same as Wilks' and Pillai's here."""

    name: str
    df1: float
    df2: float
    f: float
    p: float
    eta_p2: float


def multivariate(values: Floats, name: str) -> Multivariate | None:
    """Return the multivariate test of `values` (n, k); None with too few participants, or too alike ones."""
    n, k = values.shape
    scores = values @ contrasts(k)
    df1, df2 = k - 1, n - k + 1
    if df2 < 1:
        return None
    covariance = np.atleast_2d(np.cov(scores, rowvar=False))
    means = scores.mean(axis=0)
    if is_rounding(float(np.trace(covariance)), values) or np.linalg.cond(covariance) > 1 / FLAT:
        return None
    squared = float(n * means @ np.linalg.solve(covariance, means))
    f = df2 / ((n - 1) * df1) * squared
    p = float(stats.f.sf(f, df1, df2))
    return Multivariate(name, float(df1), float(df2), f, p, partial_eta_squared(f, df1, df2))
