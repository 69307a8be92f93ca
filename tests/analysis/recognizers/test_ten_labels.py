"""The ten labels: there and back through their scale, thresholds, and scores counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.recognizers.bmmn_card import BAE_1, BAE_2, BIO_ONLY, BOTH, FACE_ONLY
from analysis.recognizers.ten_labels import (
    TEN_LABELS,
    ablation,
    concordance,
    decisions,
    label_scores,
    scale_of,
)


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


def test_thresholds_lie_at_5_and_at_a_half() -> None:
    found = decisions(NAMES, rows([5, 5.1, 4.9], [0.5, 0.51, 0.49]))
    assert found.tolist() == [[False, False], [True, True], [False, False]]


def test_the_largest_emotion_can_be_the_one() -> None:
    names = ("valence", "joy", "fear")
    found = decisions(names, np.array([[6, 0.1, 0.2], [4, 0.9, 0.8]]), largest=True)
    assert found.tolist() == [[True, False, True], [False, True, False]]


def test_scores_are_those_counted_by_hand() -> None:
    answers, said = (
        rows([8, 7, 2, 3, np.nan], [1, 1, 0, 0, 1]),
        rows([7, 4, 6, 2, 9], [0.9, 0.2, 0.7, 0.1, 0.8]),
    )
    valence, joy = label_scores(NAMES, answers, said)
    assert valence.n == 4
    assert (valence.accuracy, valence.precision) == (0.5, 0.5)
    assert valence.macro_f1 == pytest.approx(0.5)
    assert valence.rmse == pytest.approx(np.sqrt((1 + 9 + 16 + 1) / 4))
    assert (joy.n, joy.accuracy) == (5, 0.6)
    assert joy.precision == pytest.approx(2 / 3)
    assert joy.macro_f1 == pytest.approx((4 / 6 + 2 / 4) / 2)
    assert np.isnan(joy.ccc)


def test_a_label_without_an_answer_or_a_decision_has_no_score() -> None:
    (nobody,) = label_scores(("joy",), np.full((3, 1), np.nan), np.zeros((3, 1)))
    assert nobody.n == 0
    assert np.isnan(nobody.accuracy)
    (none,) = label_scores(("joy",), np.ones((3, 1)), np.zeros((3, 1)))
    assert np.isnan(none.precision)


@pytest.mark.parametrize(
    ("one", "other", "ccc"),
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 2, 3], [2, 3, 4], 4 / 7),
        ([2, 2], [2, 2], np.nan),
    ],
)
def test_concordance_is_lins(one: list[float], other: list[float], ccc: float) -> None:
    assert concordance(np.array(one, float), np.array(other, float)) == pytest.approx(ccc, nan_ok=True)


def test_the_ablation_table_has_a_row_a_label_and_their_average() -> None:
    answers = rows([8, 2, 8, 2], [1, 0, 1, 0])
    wrong = rows([2, 8, 8, 2], [1, 0, 1, 0])
    table = ablation(NAMES, answers, {"bio": wrong, "face": answers, "both": answers})
    assert [row.label for row in table] == ["valence", "joy", "average"]
    assert dict(table[0].accuracy) == {"bio": 0.5, "face": 1.0, "both": 1.0}
    assert table[-1].accuracy["bio"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("values", "average"),
    [(BIO_ONLY, 46.72), (FACE_ONLY, 44.46), (BOTH, 67.53), (BAE_1, 67.62), (BAE_2, 71.57)],
)
def test_published_rows_average_to_what_is_printed(values: tuple[float, ...], average: float) -> None:
    assert len(values) == len(TEN_LABELS)
    assert np.mean(values) == pytest.approx(average, abs=0.011)
