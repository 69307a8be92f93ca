"""Traces: one grid for all, lags that were put in are found again, trial by trial."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.agreement.traces import (
    GRID_HZ,
    lags,
    mean_of_raters,
    on_grid,
    shifted,
    spread_of_raters,
    trial_mean_sums,
)

NS = 1_000_000_000
Floats = NDArray[np.float64]
START_NS = 1000 * NS + 123


def times(*seconds: float) -> NDArray[np.int64]:
    """Return times from the unit's start in ns."""
    return np.array([START_NS + round(each * NS) for each in seconds], np.int64)


def gridded(seconds: list[float], values: list[float], length_s: float) -> Floats:
    """Return samples on the grid of a unit."""
    return on_grid(times(*seconds), np.array(values), START_NS, START_NS + round(length_s * NS))


def test_a_point_is_the_mean_of_the_samples_nearest_to_it() -> None:
    found = gridded([0.0, 0.1, 0.124, 0.126, 0.25, 0.374], [1, 2, 3, 10, 20, 30], 0.5)
    assert found[0] == pytest.approx(2.0)
    assert found[1] == pytest.approx(20.0)
    assert np.isnan(found[2])
    assert len(found) == 3


@pytest.mark.parametrize(("gap_s", "bridged"), [(1.0, True), (1.25, False)])
def test_gaps_up_to_a_second_are_bridged(gap_s: float, bridged: bool) -> None:
    found = gridded([0.0, gap_s], [0.0, 1.0], gap_s)
    inner = found[1:-1]
    assert np.isfinite(inner).all() == bridged
    if bridged:
        assert inner == pytest.approx([0.25, 0.5, 0.75])


def test_where_somebody_rated_nothing_there_is_no_bridge() -> None:
    assert np.isnan(gridded([0.0, 0.5, 1.0], [0.0, np.nan, 1.0], 1.0)[1:-1]).all()


def test_what_lies_outside_the_unit_does_not_count() -> None:
    found = gridded([-0.2, 0.0, 0.7], [9.0, 1.0, 9.0], 0.5)
    assert found[0] == 1.0
    assert np.isnan(found[1:]).all()


def test_no_samples_are_no_trace() -> None:
    assert np.isnan(on_grid(np.empty(0, np.int64), np.empty(0), 0, NS)).all()


def slow(length_s: float, seed: int) -> Floats:
    """Return a slow curve at the rate of the grid that never repeats."""
    steps = np.random.default_rng(seed).normal(size=int(length_s * GRID_HZ))
    return np.asarray(np.convolve(np.cumsum(steps), np.ones(8) / 8, mode="same"))


@pytest.mark.parametrize("lag_s", [0.0, 0.25, 2.5, 5.75])
def test_a_lag_that_was_put_in_is_found(lag_s: float) -> None:
    random = np.random.default_rng(1)
    units = []
    for trial in range(4):
        truth = slow(46.0, trial)
        steps = round(lag_s * GRID_HZ)
        fast = [truth[24:] + 0.05 * random.normal(size=len(truth) - 24) for _ in range(3)]
        units.append(np.column_stack([*fast, truth[24 - steps : len(truth) - steps]]))
    found = lags(units, ("ann", "bo", "cem", "late"))
    assert [each.rater for each in found] == ["ann", "bo", "cem", "late"]
    assert found[3].seconds == lag_s
    assert found[3].trials == 4
    assert found[3].correlation is not None and found[3].correlation > 0.99
    moved = shifted(units[0][:, 3], lag_s)
    known = np.isfinite(moved)
    assert np.corrcoef(moved[known], units[0][known, 0])[0, 1] > 0.99


def test_the_longest_lag_says_that_it_may_be_longer() -> None:
    truth = slow(60.0, 3)
    unit = np.column_stack([truth[32:], truth[32:], truth[:-32]])
    (*_, late) = lags([unit], ("a", "b", "late"))
    assert (late.seconds, late.at_edge) == (6.0, True)


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        (np.column_stack([slow(9.0, 1), slow(9.0, 2)]), "no trial lasts 10 s"),
        (np.column_stack([slow(30.0, 1), np.zeros(120)]), "too little is common to the trace and the others"),
        (slow(30.0, 1)[:, None], "fewer than two raters"),
    ],
)
def test_a_lag_that_cannot_be_known_says_why(unit: Floats, reason: str) -> None:
    (first, *_) = lags([unit], tuple("ab"[: unit.shape[1]]))
    assert first.seconds is None
    assert first.reason.startswith(reason)


def test_mean_and_band_are_of_those_who_are_there() -> None:
    values = np.array([[1.0, 3.0, np.nan], [np.nan, 5.0, np.nan], [np.nan] * 3])
    assert mean_of_raters(values)[:2].tolist() == [2.0, 5.0]
    assert np.isnan(mean_of_raters(values)[2])
    assert spread_of_raters(values)[0] == pytest.approx(np.std([1.0, 3.0], ddof=1))
    assert np.isnan(spread_of_raters(values)[1:]).all()


def test_the_mean_over_trials_weighs_every_pair_and_trial_alike() -> None:
    cells = np.array([[0.5, np.nan], [0.1, 0.3], [np.nan, np.nan]])
    found = trial_mean_sums(cells, "no").outcome()
    assert found.value == pytest.approx(0.3)
    assert found.n == 2
    assert trial_mean_sums(cells[2:], "no").outcome().reason == "no"
