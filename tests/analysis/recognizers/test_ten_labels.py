"""The ten labels: there and back through their scale, and what is printed of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.recognizers.bmmn_card import BAE_1, BAE_2, BIO_ONLY, BOTH, FACE_ONLY
from analysis.recognizers.ten_labels import TEN_LABELS, scale_of


def rows(valence: list[float], joy: list[float]) -> NDArray[np.float64]:
    return np.column_stack([valence, joy]).astype(float)


NAMES = ("valence", "joy")


def test_ratings_go_from_1_to_9_and_emotions_from_0_to_1() -> None:
    answers = np.tile([5.0] * 3 + [0.0] * 7, (2, 1))
    scale = scale_of(TEN_LABELS, answers)
    assert list(scale.low) == [1] * 3 + [0] * 7
    assert list(scale.high) == [9] * 3 + [1] * 7
    assert scale.to_unit(answers)[0].tolist() == [0.5] * 3 + [0.0] * 7


@pytest.mark.parametrize(
    ("name", "answers", "low", "high"),
    [
        ("stress", [20.0, 80.0], 20, 80),
        ("valence", [-1.0, 1.0], -1, 1),
        ("joy", [1.0, 7.0], 1, 7),
        ("stress", [3.0, 3.0], 3, 4),
        ("stress", [np.nan, np.nan], 0, 1),
    ],
)
def test_other_numbers_take_the_range_of_the_training_answers(
    name: str, answers: list[float], low: float, high: float
) -> None:
    scale = scale_of((name,), np.array(answers)[:, None])
    assert (scale.low, scale.high) == ((low,), (high,))


@given(st.lists(st.tuples(st.floats(1, 9), st.floats(-50, 50)), min_size=1, max_size=9))
def test_there_and_back_changes_nothing(pairs: list[tuple[float, float]]) -> None:
    answers = np.array(pairs)
    scale = scale_of(("arousal", "stress"), answers)
    there = scale.to_unit(answers)
    assert ((there >= -1e-9) & (there <= 1 + 1e-9)).all()
    np.testing.assert_allclose(scale.from_unit(there), answers, atol=1e-9)


def test_an_unknown_answer_stays_unknown() -> None:
    scale = scale_of(NAMES, rows([np.nan, 4], [0, 1]))
    assert np.isnan(scale.to_unit(rows([np.nan, 4], [0, 1]))[0, 0])


@pytest.mark.parametrize(
    ("values", "average"),
    [(BIO_ONLY, 46.72), (FACE_ONLY, 44.46), (BOTH, 67.53), (BAE_1, 67.62), (BAE_2, 71.57)],
)
def test_published_rows_average_to_what_is_printed(values: tuple[float, ...], average: float) -> None:
    assert len(values) == len(TEN_LABELS)
    assert np.mean(values) == pytest.approx(average, abs=0.011)
