"""Analysis of variance with one or two factors that every participant went through in all levels.

Univariate tests with Mauchly's test and the corrections of Greenhouse and Geisser (1959) and Huynh and Feldt
(1976), each from the covariance of orthonormal contrasts; the multivariate test as SPSS prints it.
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


class StatisticsError(Exception):
    """A test cannot be made of these numbers; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Sphericity:
    """Mauchly's test and the two epsilons of an effect with more than one degree of freedom."""

    w: float
    chi2: float
    df: int
    p: float
    greenhouse_geisser: float
    huynh_feldt: float

    @property
    def is_violated(self) -> bool:
        """Whether equal variances of all differences have to be given up (p < .05)."""
        return bool(self.p < ALPHA)


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the table: F(df1, df2), p, partial eta squared, and what sphericity does to p.

    `sphericity` is None where the effect has one degree of freedom.
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
    def epsilon(self) -> float:
        """Greenhouse and Geisser's where Mauchly's test says so, else 1."""
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
        """Observed power in G*Power's form with Cohen's f."""
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
    or a missing cell.
    """
    check(values)
    if len(names) != values.ndim - 1:
        raise StatisticsError(f"{len(names)} names for {values.ndim - 1} factors.")
    places = range(len(names))
    wanted = [each for size in range(1, len(names) + 1) for each in combinations(places, size)]
    flat = values.reshape(len(values), -1)
    shape = values.shape[1:]
    return tuple(
        _effect(" x ".join(names[place] for place in each), flat @ of_effect(shape, each)) for each in wanted
    )


def check(values: Floats) -> None:
    """Raise StatisticsError where nothing can be tested."""
    if values.ndim < 2 or min(values.shape[1:], default=0) < LEAST:
        raise StatisticsError("A factor needs at least two levels. Choose another one.")
    if len(values) < LEAST:
        raise StatisticsError(f"{len(values)} participants have every cell; at least two are needed.")
    if not np.isfinite(values).all():
        raise StatisticsError("A participant lacks a cell. Leave out who does not have all of them.")


def _effect(name: str, scores: Floats) -> Effect:
    n, q = scores.shape
    means = scores.mean(axis=0)
    ss = float(n * (means**2).sum())
    ss_error = float(((scores - means) ** 2).sum())
    df1, df2 = float(q), float(q * (n - 1))
    if ss_error <= FLAT * max(ss, 1e-300) or ss_error == 0:
        raise StatisticsError(f"{name}: every participant gives the very same differences; F has no error.")
    f = (ss / df1) / (ss_error / df2)
    sphericity = _sphericity(scores) if q > 1 else None
    eta = partial_eta_squared(f, df1, df2)
    return Effect(name, ss, ss_error, df1, df2, f, float(stats.f.sf(f, df1, df2)), eta, n, sphericity)


def _sphericity(scores: Floats) -> Sphericity:
    n, q = scores.shape
    covariance = np.cov(scores, rowvar=False)
    trace = float(np.trace(covariance))
    gg = trace**2 / (q * float((covariance**2).sum()))
    gg = min(1.0, max(1.0 / q, gg))
    below = q * (n - 1 - q * gg)
    hf = min(1.0, (n * q * gg - 2) / below) if below > 0 else 1.0
    df = q * (q + 1) // 2 - 1
    if n - 1 < q:
        # With fewer participants than contrasts the covariance has no determinant.
        return Sphericity(math.nan, math.nan, df, math.nan, gg, max(hf, gg))
    w = max(float(np.linalg.det(covariance)) / (trace / q) ** q, 1e-300)
    w = min(w, 1.0)
    chi2 = max(0.0, -(n - 1 - (2 * q * q + q + 2) / (6 * q)) * math.log(w))
    return Sphericity(w, chi2, df, float(stats.chi2.sf(chi2, df)), gg, max(hf, gg))


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
    """Return the multivariate test of `values` (n, k); None with too few participants for it."""
    n, k = values.shape
    scores = values @ contrasts(k)
    df1, df2 = k - 1, n - k + 1
    if df2 < 1:
        return None
    covariance = np.atleast_2d(np.cov(scores, rowvar=False))
    means = scores.mean(axis=0)
    if np.linalg.cond(covariance) > 1 / FLAT:
        return None
    squared = float(n * means @ np.linalg.solve(covariance, means))
    f = df2 / ((n - 1) * df1) * squared
    p = float(stats.f.sf(f, df1, df2))
    return Multivariate(name, float(df1), float(df2), f, p, partial_eta_squared(f, df1, df2))
