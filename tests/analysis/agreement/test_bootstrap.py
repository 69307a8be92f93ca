"""Intervals: whole trials or participants are drawn, the same every time, and what cannot be is said."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.agreement.alpha import alpha_sums, krippendorff_alpha
from analysis.agreement.bootstrap import CancelledError, bootstrap
from analysis.agreement.kappa import cohen_sums
from analysis.agreement.numbers import pearson_sums
from analysis.agreement.outcome import Outcome, Sums, mean_of

RANDOM = np.random.default_rng(11)
TRUTH = RANDOM.normal(size=40)
ONE, OTHER = TRUTH + 0.6 * RANDOM.normal(size=40), TRUTH + 0.6 * RANDOM.normal(size=40)
TRIALS = [f"{place:03d}" for place in range(40)]


@pytest.mark.slow
def test_the_interval_is_scipys_on_the_same_draws() -> None:
    from scipy import stats

    found = bootstrap(pearson_sums(ONE, OTHER), TRIALS, seed=5, resamples=999)
    told = stats.bootstrap(
        (ONE, OTHER),
        lambda one, other: np.corrcoef(one, other)[0, 1],
        paired=True,
        vectorized=False,
        n_resamples=999,
        method="BCa",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert found.method == "BCa"
    assert (found.low, found.high) == pytest.approx((told.low, told.high), abs=1e-9)


def test_the_same_seed_gives_the_same_interval() -> None:
    sums = pearson_sums(ONE, OTHER)
    assert bootstrap(sums, TRIALS, seed=1) == bootstrap(sums, TRIALS, seed=1)
    assert bootstrap(sums, TRIALS, seed=1) != bootstrap(sums, TRIALS, seed=2)


def test_participants_are_drawn_with_all_of_their_trials() -> None:
    # Everybody's eight trials say the same: drawing trials would take them for eight times as much.
    one, other = np.repeat(ONE[:8], 8), np.repeat(OTHER[:8], 8)
    sums = pearson_sums(one, other)
    trials = bootstrap(sums, [str(place) for place in range(64)], seed=1)
    people = bootstrap(sums, [str(place // 8) for place in range(64)], seed=1, noun="participants")
    assert (trials.clusters, people.clusters) == (64, 8)
    assert None not in (trials.low, trials.high, people.low, people.high)
    assert people.high - people.low > 1.5 * (trials.high - trials.low)  # type: ignore[operator]


def test_sums_over_draws_are_the_coefficient_of_the_drawn_units() -> None:
    table = RANDOM.integers(1, 5, (12, 3)).astype(float)
    table[RANDOM.random(table.shape) < 0.2] = np.nan
    draws = RANDOM.integers(0, 12, (5, 12))
    for level in ("nominal", "ordinal", "interval"):
        sums = alpha_sums(table, level)
        for draw in draws:
            direct = krippendorff_alpha(table[draw], level)
            weighted = sums.weighted(np.bincount(draw, minlength=12).astype(float))
            assert weighted.value == pytest.approx(direct.value, abs=1e-10), level


def test_draws_without_a_value_are_left_out_and_counted() -> None:
    # One trial of 12 holds the second class: a third of the draws miss it.
    one, other = np.array([1.0] + [0.0] * 11), np.array([1.0] + [0.0] * 11)
    found = bootstrap(cohen_sums(one, other), TRIALS[:12], seed=3, resamples=1000)
    assert found.undefined == pytest.approx(1000 * (11 / 12) ** 12, abs=60)
    assert (found.low, found.high, found.method) == (1.0, 1.0, "percentile")


def test_where_most_draws_have_no_value_there_is_no_interval() -> None:
    values = iter([0.5] + [None] * 2000)
    sums = Sums(np.ones((8, 1)), lambda _: Outcome(next(values), 8))
    found = bootstrap(sums, TRIALS[:8], resamples=50)
    assert (found.low, found.high) == (None, None)
    assert found.reason == "undefined in 50 of 50 draws"


@pytest.mark.parametrize(
    ("units", "noun", "reason"),
    [
        (4, "participants", "needs at least 5 participants, there are 4"),
        (1, "trials", "the coefficient is undefined"),
    ],
)
def test_too_little_has_no_interval(units: int, noun: str, reason: str) -> None:
    found = bootstrap(pearson_sums(ONE[:units], OTHER[:units]), TRIALS[:units], noun=noun)
    assert (found.low, found.reason) == (None, reason)


def test_units_that_do_not_count_are_not_drawn() -> None:
    gaps = ONE.copy()
    gaps[30:] = np.nan
    assert bootstrap(pearson_sums(gaps, OTHER), TRIALS).clusters == 30


def test_a_long_computation_can_be_cancelled() -> None:
    asked = iter([False, True])
    with pytest.raises(CancelledError):
        bootstrap(pearson_sums(ONE, OTHER), TRIALS, cancelled=lambda: next(asked))


def test_the_mean_of_pairs_leaves_out_those_without_common_units() -> None:
    lone = np.full(40, np.nan)
    pairs = [pearson_sums(ONE, OTHER), pearson_sums(ONE, lone)]
    assert mean_of(pairs).outcome().value == pairs[0].outcome().value
    assert mean_of(pairs[1:]).outcome().reason == "the two raters have no unit in common"
