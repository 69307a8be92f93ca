"""Analyses of variance within participants: against statsmodels, scipy, formulas and known effects."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.multivariate.manova import MANOVA
from statsmodels.stats.anova import AnovaRM

from analysis.statistics.pairs import main_pairs, pairs, simple_effects
from analysis.statistics.repeated import StatisticsError, anova, contrasts, multivariate


def people(
    n: int, shape: tuple[int, ...], seed: int = 0, effect: float = 0.0, uneven: bool = False
) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, *shape)) + random.normal(size=(n, *(1 for _ in shape)))
    if uneven:
        values[:, 0] *= 4
    values[:, -1] += effect
    return values


def long(values: NDArray[np.float64]) -> pd.DataFrame:
    rows = [
        (who, *cell, values[(who, *cell)])
        for who in range(len(values))
        for cell in product(*map(range, values.shape[1:]))
    ]
    return pd.DataFrame(rows, columns=["who", *"ab"[: values.ndim - 1], "y"])


@pytest.mark.parametrize("shape", [(2,), (4,), (3, 2), (2, 3), (4, 3)])
def test_f_degrees_and_p_are_those_of_statsmodels(shape: tuple[int, ...]) -> None:
    values = people(11, shape, effect=0.7)
    names = tuple("ab"[: len(shape)])
    theirs = AnovaRM(long(values), "y", "who", within=list(names)).fit().anova_table
    for ours, (_, row) in zip(anova(values, names), theirs.iterrows(), strict=True):
        assert (ours.f, ours.p) == pytest.approx((row["F Value"], row["Pr > F"]), rel=1e-8)
        assert (ours.df1, ours.df2) == (row["Num DF"], row["Den DF"])
        assert ours.eta_p2 == pytest.approx(ours.ss / (ours.ss + ours.ss_error))


def test_epsilons_are_those_of_the_centred_covariance() -> None:
    values = people(14, (4,), seed=3, uneven=True)
    (effect,) = anova(values, ("a",))
    assert effect.sphericity is not None
    s = np.cov(values, rowvar=False)
    k = len(s)
    # Box's formula, from the covariance itself and not from contrasts.
    above = k**2 * (np.diag(s).mean() - s.mean()) ** 2
    below = (k - 1) * ((s**2).sum() - 2 * k * (s.mean(axis=1) ** 2).sum() + k**2 * s.mean() ** 2)
    gg = above / below
    hf = (14 * (k - 1) * gg - 2) / ((k - 1) * (13 - (k - 1) * gg))
    assert effect.sphericity.greenhouse_geisser == pytest.approx(gg)
    assert effect.sphericity.huynh_feldt == pytest.approx(min(1.0, hf))
    assert effect.corrected(gg)[2] == pytest.approx(stats.f.sf(effect.f, 3 * gg, 39 * gg))


def test_mauchly_is_rejected_at_its_level_where_sphericity_holds_and_found_where_it_does_not() -> None:
    def violated(seed: int, uneven: bool) -> bool:
        found = anova(people(40, (3,), seed, uneven=uneven), ("a",))[0].sphericity
        assert found is not None
        return found.is_violated

    assert sum(violated(seed, False) for seed in range(200)) <= 22
    assert all(violated(seed, True) for seed in range(20))


def test_two_levels_are_a_paired_t_test_and_need_no_sphericity() -> None:
    values = people(12, (2,), effect=0.8)
    (effect,) = anova(values, ("a",))
    t, p = stats.ttest_rel(values[:, 0], values[:, 1])
    assert (effect.f, effect.p) == pytest.approx((t**2, p))
    assert effect.sphericity is None and effect.epsilon == 1.0
    (pair,) = pairs(values, ("x", "y"))
    assert (pair.t, pair.p, pair.p_bonferroni) == pytest.approx((t, p, p))
    assert pair.d_z == pytest.approx(pair.mean / (values[:, 0] - values[:, 1]).std(ddof=1))
    told = stats.ttest_rel(values[:, 0], values[:, 1]).confidence_interval(0.95)
    assert (pair.low, pair.high) == pytest.approx((told.low, told.high))


def test_pairs_of_three_levels_are_corrected_for_three_tests() -> None:
    values = people(15, (3,), effect=0.9)
    for pair, (one, other) in zip(pairs(values, ("x", "y", "z")), [(0, 1), (0, 2), (1, 2)], strict=True):
        test = stats.ttest_rel(values[:, one], values[:, other])
        wide = test.confidence_interval(1 - 0.05 / 3)
        assert pair.p_bonferroni == pytest.approx(min(1.0, 3 * test.pvalue))
        assert (pair.low, pair.high) == pytest.approx((wide.low, wide.high))


def test_the_multivariate_test_is_wilks_of_the_differences() -> None:
    values = people(16, (3,), effect=0.6)
    found = multivariate(values, "a")
    assert found is not None and (found.df1, found.df2) == (2, 14)
    table = MANOVA(values @ contrasts(3), np.ones((16, 1))).mv_test().results["x0"]["stat"]
    assert found.f == pytest.approx(float(table.loc["Wilks' lambda", "F Value"]))
    assert found.p == pytest.approx(float(table.loc["Wilks' lambda", "Pr > F"]))


def test_simple_effects_are_analyses_of_their_own_slice() -> None:
    values = people(10, (3, 2), effect=0.5)
    found = simple_effects(values, ("a", "b"), (("x", "y", "z"), ("u", "v")), 0)
    assert [each.inside for each in found] == ["u", "v"]
    for place, each in enumerate(found):
        assert each.univariate == anova(values[:, :, place], ("a",))[0]
        assert each.multivariate == multivariate(values[:, :, place], "a")
        assert len(each.pairs) == 3
    assert main_pairs(values, 1, ("u", "v")) == pairs(values.mean(axis=1), ("u", "v"))


def test_a_planted_effect_comes_back_in_its_size_and_null_stays_at_its_level() -> None:
    # Differences have an SD of the root of 2, so that a shift of 1 is d_z 0.71.
    sizes = [pairs(people(40, (2,), seed, effect=1.0), ("x", "y"))[0].d_z for seed in range(60)]
    assert np.mean(sizes) == pytest.approx(-1 / np.sqrt(2), abs=0.06)
    p = [anova(people(20, (3,), seed), ("a",))[0].p for seed in range(300)]
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((1, 2)), "at least two are needed"),
        (np.zeros((5, 1)), "at least two levels"),
        (np.full((5, 2), np.nan), "lacks a cell"),
        (np.tile([1.0, 2.0], (5, 1)), "no error"),
    ],
)
def test_what_cannot_be_tested_is_said(values: NDArray[np.float64], words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        anova(values, ("a",))
