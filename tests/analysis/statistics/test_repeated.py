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


def test_sphericity_is_given_up_where_too_few_people_can_tell() -> None:
    (effect,) = anova(people(6, (8,), seed=1), ("category",))
    assert effect.sphericity is not None and np.isnan(effect.sphericity.p)
    assert effect.epsilon == effect.sphericity.greenhouse_geisser < 1
    assert effect.decided == effect.corrected(effect.epsilon)
    assert effect.decided[0] < effect.df1
    found = [anova(people(6, (8,), seed), ("category",))[0] for seed in range(400)]
    assert np.mean([each.decided[2] < 0.05 for each in found]) <= 0.06


def test_mauchly_and_both_epsilons_are_those_of_a_published_example() -> None:
    # Maxwell and Delaney (1990): reaction times of ten people, two noises by three angles; as R prints it.
    times = np.array(
        [
            [420, 420, 480, 480, 600, 780], [420, 480, 480, 360, 480, 600], [480, 480, 540, 660, 780, 780],
            [420, 540, 540, 480, 780, 900], [540, 660, 540, 480, 660, 720], [360, 420, 360, 360, 480, 540],
            [480, 480, 600, 540, 720, 840], [480, 600, 660, 540, 720, 900], [540, 600, 540, 480, 720, 780],
            [480, 420, 540, 540, 660, 780],
        ],
        np.float64,
    )  # fmt: skip
    (whole,) = anova(times, ("cell",))
    assert whole.sphericity is not None
    assert whole.f == pytest.approx(38.028, abs=5e-4)
    assert whole.sphericity.w == pytest.approx(0.031084, abs=5e-7)
    noise, angle, both = anova(times.reshape(10, 2, 3), ("noise", "angle"))
    assert [each.f for each in (noise, angle, both)] == pytest.approx([33.766, 40.719, 45.310], abs=5e-4)
    assert angle.sphericity is not None and both.sphericity is not None
    assert (angle.sphericity.w, angle.sphericity.p) == pytest.approx((0.960, 0.850), abs=1e-3)
    assert (both.sphericity.w, both.sphericity.p) == pytest.approx((0.894, 0.638), abs=1e-3)
    assert angle.sphericity.greenhouse_geisser == pytest.approx(0.9616, abs=5e-5)
    assert angle.sphericity.huynh_feldt == 1.0
    assert both.sphericity.greenhouse_geisser == pytest.approx(0.9040, abs=5e-5)


def test_mauchly_keeps_its_level_with_few_people_and_many_levels() -> None:
    found = [anova(people(12, (8,), seed), ("a",))[0].sphericity for seed in range(400)]
    assert np.mean([each is not None and each.p < 0.05 for each in found]) <= 0.08


def test_two_people_have_the_lower_bound_for_both_epsilons() -> None:
    (effect,) = anova(people(2, (4,), seed=3), ("a",))
    assert effect.sphericity is not None
    assert effect.sphericity.greenhouse_geisser == pytest.approx(1 / 3)
    assert effect.sphericity.huynh_feldt == pytest.approx(1 / 3)
    assert effect.decided[:2] == pytest.approx((1, 1))


def test_equal_proportions_that_differ_by_rounding_are_no_effect_and_no_pair() -> None:
    # 0.1 + 0.2 is not 0.3 in this arithmetic; people differ, conditions do not.
    random = np.random.default_rng(0)
    own = random.integers(1, 10, size=(12, 1)) / 10
    values = np.concatenate([own, (own + 0.2) - 0.2, own * 3 / 3], axis=1)
    assert np.abs(np.diff(values, axis=1)).max() > 0
    with pytest.raises(StatisticsError, match="no error"):
        anova(values, ("a",))
    assert multivariate(values, "a") is None
    assert all(np.isnan(each.t) and each.low == each.high for each in pairs(values, ("x", "y", "z")))


def test_a_flat_slice_has_no_simple_effect_and_the_other_keeps_its_own() -> None:
    values = people(8, (3, 2), effect=0.5)
    values[:, :, 0] = 1.0
    flat, other = simple_effects(values, ("a", "b"), (("x", "y", "z"), ("u", "v")), 0)
    assert flat.univariate is None and flat.multivariate is None and len(flat.pairs) == 3
    assert other.univariate == anova(values[:, :, 1], ("a",))[0]


@pytest.mark.parametrize("tests", [1, 3, 6])
def test_intervals_after_bonferroni_hold_together(tests: int) -> None:
    levels = {1: 2, 3: 3, 6: 4}[tests]
    held = 0
    for seed in range(300):
        values = people(12, (levels,), seed)
        held += all(each.low <= 0 <= each.high for each in pairs(values, tuple("wxyz"[:levels])))
    assert 0.92 <= held / 300 <= 1.0


def test_an_interval_leaves_zero_out_just_where_its_p_is_below_alpha() -> None:
    for seed in range(60):
        for each in pairs(people(10, (3,), seed, effect=0.8), ("x", "y", "z")):
            assert (each.p_bonferroni < 0.05) == (not each.low <= 0 <= each.high)


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
