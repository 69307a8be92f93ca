"""Averages over trials against figures worked out by hand, Student's t from its table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.views.averages import Epochs, average, epoch, epochs_of, grid
from analysis.views.trials import onsets_of

Floats = NDArray[np.float64]
AT_S = grid(0.2, 0.4, 10.0)
T_975 = {1: 12.7062047, 2: 4.3026527, 3: 3.1824463, 4: 2.7764451}


def group(rows: list[list[float]], participant: str = "P01", missing: int = 0) -> Epochs:
    values = np.array(rows, np.float64).reshape(len(rows), -1)
    return Epochs(np.arange(values.shape[1]) / 10.0, values, missing, participant)


def test_the_grid_holds_the_onset_itself() -> None:
    np.testing.assert_allclose(AT_S, [-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4])
    assert 0.0 in grid(0.333, 1.0, 7.0)


def test_values_between_samples_lie_on_the_line_and_holes_stay() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.3, 0.7, 0.8])
    values = np.array([0.0, 1.0, 4.0, np.nan, 7.0, 8.0])
    made = epoch(times, values, 0.05, np.array([-0.1, -0.05, 0.0, 0.1, 0.2, 0.4, 0.65, 0.75, 0.8]), 0.15)
    np.testing.assert_allclose(made, [np.nan, 0.0, 0.5, 2.5, np.nan, np.nan, 7.0, 8.0, np.nan], atol=1e-9)
    assert np.isnan(epoch(np.zeros(0), np.zeros(0), 0.0, AT_S, 1.0)).all()


def test_trials_are_locked_to_their_onsets_and_the_baseline_is_theirs() -> None:
    times = np.arange(0.0, 20.0, 0.1)
    values = np.where(times % 5 >= 2.0, 3.0, 0.0) + np.floor(times / 5) * 10
    onsets = [1.95, 6.95, 11.95]
    plain = epochs_of([(times, values)] * 3, onsets, AT_S, rate_hz=10.0)
    assert plain.values[:, 0].tolist() == [0.0, 10.0, 20.0]
    based = epochs_of([(times, values)] * 3, onsets, AT_S, rate_hz=10.0, baseline_s=(-0.2, -0.05))
    np.testing.assert_allclose(based.values[:, :2], 0.0, atol=1e-9)
    np.testing.assert_allclose(based.values[:, 3:], 3.0)


def test_trials_without_an_onset_a_signal_or_a_baseline_are_missing() -> None:
    times = np.arange(0.0, 10.0, 0.1)
    good, empty = (times, np.ones(100)), (np.zeros(0), np.zeros(0))
    late = (times[40:], np.ones(60))
    found = epochs_of(
        [good, good, empty, late], [5.0, math.nan, 5.0, 4.0], AT_S, rate_hz=10.0, baseline_s=(-0.2, -0.05)
    )
    assert (len(found.values), found.missing) == (1, 3)


def test_one_participant_has_an_interval_over_trials() -> None:
    found = average([group([[1.0, 2.0], [3.0, 2.0], [5.0, np.nan], [7.0, 8.0]], missing=2)])
    assert found.over == "trials"
    np.testing.assert_allclose(found.mean, [4.0, 4.0])
    # s of 1 3 5 7 is sqrt(20 / 3), of 2 2 8 sqrt(12).
    half = [T_975[3] * math.sqrt(20 / 3) / 2, T_975[2] * math.sqrt(12) / math.sqrt(3)]
    np.testing.assert_allclose(found.high - found.mean, half, rtol=1e-7)
    np.testing.assert_allclose(found.mean - found.low, half, rtol=1e-7)
    assert found.count.tolist() == [4, 3]
    assert found.words() == (
        "4 trials, 2 missing. Mean of the trials (1 participant); 95% t interval over trials, point by point."
    )


def test_several_participants_count_alike_however_many_trials_they_have() -> None:
    found = average([group([[0.0]], "A"), group([[3.0]] * 10, "B"), group([[5.0], [7.0]], "C")])
    assert (found.over, found.trials, found.participants) == ("participants", 13, 3)
    np.testing.assert_allclose(found.mean, [3.0])
    np.testing.assert_allclose(found.high, [3.0 + T_975[2] * 3.0 / math.sqrt(3)], rtol=1e-7)
    assert "over participants" in found.words()


def test_recordings_of_one_participant_are_one() -> None:
    found = average([group([[1.0], [2.0]], "A"), group([[3.0]], "A")])
    assert (found.over, found.participants) == ("trials", 1)
    np.testing.assert_allclose(found.mean, [2.0])


def test_one_trial_has_no_interval_and_none_has_nothing() -> None:
    one = average([group([[2.0, 3.0]])])
    assert np.isnan(one.low).all()
    assert "has no interval" in one.words()
    none = average([Epochs(AT_S, np.zeros((0, len(AT_S))), 5, "A")])
    assert np.isnan(none.mean).all()
    assert "No trial can be averaged" in none.words() and "5 missing" in none.words()


def test_the_level_can_be_another() -> None:
    rows = [[1.0], [2.0], [3.0], [4.0], [5.0]]
    wide, narrow = average([group(rows)]), average([group(rows)], 0.5)
    assert wide.high[0] - wide.mean[0] == pytest.approx(T_975[4] * math.sqrt(2.5) / math.sqrt(5), rel=1e-7)
    assert narrow.high[0] - narrow.mean[0] == pytest.approx(
        0.7406971 * math.sqrt(2.5) / math.sqrt(5), rel=1e-6
    )


@settings(max_examples=25)
@given(st.floats(-100, 100), st.floats(0.1, 10))
def test_shift_and_scale_go_through(shift: float, scale: float) -> None:
    rows = np.random.default_rng(1).normal(size=(6, 4))
    plain = average([group(rows.tolist())])
    moved = average([group((rows * scale + shift).tolist())])
    np.testing.assert_allclose(moved.mean, plain.mean * scale + shift, atol=1e-9)
    np.testing.assert_allclose(moved.high - moved.low, (plain.high - plain.low) * scale, atol=1e-9)


def test_grids_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="different grids"):
        average([group([[1.0, 2.0]]), group([[1.0, 2.0, 3.0]])])
    with pytest.raises(ValueError, match="no recording"):
        average([])


def test_trials_of_a_file_come_in_the_order_of_time() -> None:
    table = {
        "index": np.array([0, 1]),
        "category": np.array(["a", "b"], object),
        "stimulus": np.array(["x", "y"], object),
        "actual_onset_s": np.array([9.0, np.nan]),
        "practice": np.array([False, True]),
        "started_s": np.array([8.0, 3.0]),
    }
    first, second = onsets_of(table)
    assert (first.index, first.category, first.is_practice) == (1, "b", True)
    assert second.onset_s == 9.0
    assert onsets_of({}) == ()
