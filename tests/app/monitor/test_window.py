"""The newest ten seconds are the same however they came, thinned or not, through clock resets too."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitor.window import WINDOW_S, Excerpt, Window
from tests.helpers.planted import grid, stream


def fed(rate_hz: float, times: np.ndarray, data: np.ndarray, cuts: list[int]) -> Excerpt:
    window = Window(stream("eeg", rate_hz, ("a", "b")))
    edges = [0, *sorted(cut % len(times) for cut in cuts), len(times)]
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            window.add(start, times[start:stop], data[start:stop])
    return window.excerpt()


@given(
    st.sampled_from([4.0, 64.0, 250.0, 4000.0]),
    st.floats(0.5, 14.0),
    st.lists(st.integers(0, 60_000), max_size=12),
)
def test_the_pieces_in_which_rows_come_do_not_matter(rate_hz: float, seconds: float, cuts: list[int]) -> None:
    times = grid(seconds, rate_hz)
    data = np.column_stack([np.arange(len(times)), np.sin(np.arange(len(times)))])
    whole, pieces = fed(rate_hz, times, data, []), fed(rate_hz, times, data, cuts)
    assert np.array_equal(whole.times, pieces.times)
    assert np.array_equal(whole.numbers, pieces.numbers)
    assert np.array_equal(whole.data, pieces.data)
    assert whole.rate_hz == min(rate_hz, 1000.0)


@pytest.mark.parametrize("rate_hz", [4.0, 250.0, 1000.0, 4000.0])
def test_ten_seconds_are_kept_and_called_full(rate_hz: float) -> None:
    times = grid(25.0, rate_hz)
    found = fed(rate_hz, times, np.zeros((len(times), 2)), [100, 5000])
    assert found.is_full
    assert found.seconds == WINDOW_S
    assert found.times[-1] - found.times[0] == pytest.approx(WINDOW_S, abs=2.1 / found.rate_hz)
    short = fed(rate_hz, grid(3.0, rate_hz), np.zeros((round(3 * rate_hz), 2)), [])
    assert not short.is_full
    assert short.seconds == pytest.approx(3.0, abs=0.01)


def test_fast_rows_become_means_with_the_first_ones_number() -> None:
    times = grid(1.0, 4000.0)
    found = fed(4000.0, times, np.column_stack([np.arange(4000), np.ones(4000)]), [1001, 1002, 1003])
    assert found.data[:3].tolist() == [[1.5, 1.0], [5.5, 1.0], [9.5, 1.0]]
    assert found.numbers[:3].tolist() == [0.0, 4.0, 8.0]
    assert found.times[:3] == pytest.approx([100.0, 100.001, 100.002])


def test_rows_after_a_jump_of_their_numbers_are_not_mixed_with_those_before() -> None:
    window = Window(stream("eeg", 4000.0, ("a",)))
    window.add(0, grid(0.0005, 4000.0), np.zeros((2, 1)))
    window.add(4000, grid(1.0, 4000.0, 101.0), np.ones((4000, 1)))
    assert window.excerpt().data.min() == 1.0


def test_a_clock_that_is_set_back_begins_anew() -> None:
    times = np.concatenate([grid(8.0, 250.0), grid(2.0, 250.0, 20.0)])
    found = fed(250.0, times, np.zeros((2500, 2)), [1000])
    assert (found.times[0], len(found.times)) == (20.0, 500)


def test_the_newest_part_is_by_time() -> None:
    found = fed(4.0, grid(12.0, 4.0), np.column_stack([np.arange(48), np.arange(48)]), [])
    assert found.newest(5.0)[:, 0].tolist() == list(range(28, 48))


def test_what_no_sensor_measures_counts_as_no_sample() -> None:
    data = np.array([[1.0, np.inf], [2.0, 1e300], [np.nan, -3.0]])
    found = fed(250.0, grid(3 / 250, 250.0), data, [])
    assert np.isnan(found.data).tolist() == [[False, True], [False, True], [True, False]]
