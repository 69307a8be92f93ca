"""Steps of two sides: which input goes where, sequences, votes."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.recognizers.paired_steps import (
    as_sequences,
    paired,
    right_steps,
    sides_of,
    voted,
    with_gaps,
)
from analysis.recognizers.recognizer import RecognizerError
from tests.helpers.batches import make_batch, make_input


def test_eeg_is_on_one_side_and_everything_else_on_the_other() -> None:
    batch = make_batch(2, 2, {"eye": (5, 3), "eeg": (5, 8), "eda": (5, 2)})
    sides = sides_of(batch)
    assert (dict(sides.first), dict(sides.other)) == ({"eeg": 8}, {"eye": 3, "eda": 2})
    assert sides.widths == (8, 5)
    steps = paired(batch, sides)
    assert (steps.first.shape, steps.other.shape) == ((4, 5, 8), (4, 5, 5))
    np.testing.assert_array_equal(steps.other[:, :, 3:], batch.inputs["eda"].values)


def test_without_eeg_the_first_input_leads() -> None:
    assert dict(sides_of(make_batch(2, 2, {"bvp": (5, 3), "eda": (5, 2)})).first) == {"bvp": 3}


def test_what_is_absent_is_0_and_the_rest_decides_on_the_steps() -> None:
    batch = make_batch(1, 3, {"eeg": (5, 2), "eye": (5, 2)})
    lengths = np.array([5, 4, 0])
    batch = replace(batch, inputs={**batch.inputs, "eye": make_input(batch.inputs["eye"].values, lengths)})
    steps = paired(batch, sides_of(batch))
    assert steps.lengths.tolist() == [5, 4, 5]
    assert not steps.other[2].any()
    assert not steps.first[1, 4:].any()
    gone = paired(batch.missing(("eeg", "eye")), sides_of(batch))
    assert gone.lengths.tolist() == [0, 0, 0]


def test_steps_of_different_windows_are_refused() -> None:
    with pytest.raises(RecognizerError, match="eeg and eye have 60 and 30 steps a case"):
        sides_of(make_batch(2, 2, {"eeg": (60, 2), "eye": (30, 2)}))


@pytest.mark.parametrize("shape", [(4, 1, 1, 6, 6)])
def test_pictures_are_refused(shape: tuple[int, ...]) -> None:
    batch = make_batch(1, 4, {"eeg": (1, 2)})
    pictures = replace(batch.inputs["eeg"], values=np.zeros(shape, np.float32))
    with pytest.raises(RecognizerError, match="steps must be rows of numbers"):
        sides_of(replace(batch, inputs={"face": pictures}))


def test_another_width_than_trained_is_refused() -> None:
    sides = sides_of(make_batch(1, 4, {"eeg": (2, 8)}))
    with pytest.raises(RecognizerError, match="7 numbers a step, but it was trained with 8"):
        paired(make_batch(1, 4, {"eeg": (2, 7)}), sides)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6), st.integers(1, 7))
def test_sequences_hold_every_step_once_and_in_order(lengths: list[int], length: int) -> None:
    counts = np.array(lengths, np.intp)
    steps = int(counts.max())
    values = np.arange(1, len(counts) * steps + 1, dtype=np.float32).reshape(len(counts), steps, 1)
    cut, of, own = as_sequences(values, counts, length)
    assert cut.shape[1:] == (length, 1)
    for case, count in enumerate(counts):
        mine = [cut[row, : own[row], 0].tolist() for row in np.flatnonzero(of == case)]
        assert list(chain.from_iterable(mine)) == values[case, :count, 0].tolist()


def test_a_vote_is_the_mean_over_steps_and_even_without_any() -> None:
    proba = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.2, 0.8], [9, 9]], [[9, 9], [9, 9]]])
    found = voted(proba, np.array([2, 1, 0]))
    np.testing.assert_allclose(found, [[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]])


def test_right_steps_are_counted_case_by_case() -> None:
    proba = np.array([[[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]], [[0.4, 0.6], [0, 0], [0, 0]]])
    right, steps = right_steps(with_gaps(proba, np.array([3, 1])), np.array([1, 1]))
    assert (right.tolist(), steps.tolist()) == ([2, 1], [3, 1])
    right, steps = right_steps(with_gaps(proba, np.array([0, 0])), np.array([1, 1]))
    assert (right.tolist(), steps.tolist()) == ([0, 0], [0, 0])
