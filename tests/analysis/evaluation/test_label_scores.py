"""Several ratings at once: thresholds, scores counted by hand, and the table of what each modality says."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.evaluation.label_scores import IS_FLAG, NO_SCALE, decided, label_table, labels_of
from analysis.evaluation.metrics import value_of
from analysis.evaluation.run_folder import Predictions
from analysis.recognizers.recognizer import decide
from app.analysing.evaluating_words import label_lines
from tests.helpers.batches import make_cases

Rows = list[list[float]]


def predictions(names: tuple[str, ...], answers: Rows, estimates: Rows) -> Predictions:
    n = len(answers)
    cases = make_cases(n, 1)
    return Predictions(
        cases, np.array(answers, float), np.array(estimates, float), np.full(n, "f"), (), names
    )


def value(found: dict[str, object], label: int, name: str) -> float | None:
    rows = found["rows"]
    assert isinstance(rows, list)
    told: float | None = rows[label]["metrics"][name]["value"]
    return told


NAMES = ("valence", "joy")
ANSWERS: Rows = [[8, 1], [7, 1], [2, 0], [3, 0], [np.nan, 1]]
ESTIMATES: Rows = [[7, 0.9], [4, 0.2], [6, 0.7], [2, 0.1], [9, 0.8]]


def test_scores_are_those_counted_by_hand() -> None:
    found = labels_of(predictions(NAMES, ANSWERS, ESTIMATES), {}, 1)
    assert [row["threshold"] for row in found["rows"]] == [5.0, 0.5]
    assert [row["high"] for row in found["rows"]] == [0.5, 0.6]
    assert [row["metrics"]["accuracy"]["n"] for row in found["rows"]] == [4, 5]
    assert (value(found, 0, "accuracy"), value(found, 0, "precision")) == (0.5, 0.5)
    assert value(found, 0, "f1_macro") == pytest.approx(0.5)
    assert value(found, 0, "rmse") == pytest.approx(np.sqrt((1 + 9 + 16 + 1) / 4))
    assert value(found, 1, "accuracy") == pytest.approx(0.6)
    assert value(found, 1, "precision") == pytest.approx(2 / 3)
    assert value(found, 1, "f1_macro") == pytest.approx((4 / 6 + 2 / 4) / 2)
    assert found["average"]["accuracy"]["value"] == pytest.approx(0.55)
    assert value(found, 1, "ccc") is None
    assert found["rows"][1]["metrics"]["ccc"]["reason"] == IS_FLAG


def test_the_interval_is_over_participants_and_encloses_the_figure() -> None:
    rng = np.random.default_rng(3)
    answers = rng.uniform(1, 9, (40, 2))
    said = answers + rng.normal(0, 1.5, (40, 2))
    told = predictions(("valence", "arousal"), answers.tolist(), said.tolist())
    found = labels_of(told, {}, 1)
    for row in (*(each["metrics"] for each in found["rows"]), found["average"]):
        for each in row.values():
            assert each["interval"]["participants"] == 40
            assert each["interval"]["low"] <= each["value"] <= each["interval"]["high"]
            assert "over participants" in each["interval"]["method"]


def test_thresholded_scores_are_the_engines_own_metrics() -> None:
    rng = np.random.default_rng(5)
    answers, said = rng.uniform(1, 9, (30, 1)), rng.uniform(1, 9, (30, 1))
    both = predictions(
        ("valence", "liking"), np.hstack([answers, said]).tolist(), np.hstack([said] * 2).tolist()
    )
    found = labels_of(both, {}, 1)
    high = (said > 5).astype(float)
    classes = Predictions(
        both.cases,
        (answers[:, 0] > 5).astype(np.int64),
        np.hstack([1 - high, high]),
        both.fold,
        ("low", "high"),
    )
    assert decide(classes.proba).tolist() == high[:, 0].astype(int).tolist()
    for name in ("accuracy", "f1_macro"):
        assert value(found, 0, name) == pytest.approx(value_of(name, classes).value)


@pytest.mark.parametrize(
    ("name", "answers", "middles", "threshold"),
    [
        ("valence", [1, 9], {}, 5.0),
        ("dominance", [2, 3], {}, 5.0),
        ("valence", [1, 7], {"valence": 4.0}, 4.0),
        ("valence", [-1, 1], {}, None),
        ("stress", [1, 9], {}, None),
        ("stress", [0, 100], {"stress": 50.5}, 50.5),
        ("joy", [0, 1], {}, 0.5),
        ("happiness", [0, 0], {}, 0.5),
        ("joy", [1, 7], {}, None),
        ("joy", [1, 7], {"joy": 4.0}, 4.0),
    ],
)
def test_a_threshold_is_the_middle_of_the_scale(
    name: str, answers: list[float], middles: dict[str, float], threshold: float | None
) -> None:
    rows = [[each, each] for each in answers]
    found = labels_of(predictions((name, "other"), rows, rows), middles, 1)["rows"][0]
    assert found["threshold"] == threshold
    assert (found["metrics"]["accuracy"]["reason"] == NO_SCALE) == (threshold is None)


def test_a_value_on_the_threshold_is_low() -> None:
    found = decided(predictions(NAMES, [[5, 0], [5.1, 1], [4.9, 1]], [[5, 0.5], [5.1, 0.51], [4, 0.4]]), {})
    assert found.true.tolist() == [[False, False], [True, True], [False, True]]
    assert found.said.tolist() == [[False, False], [True, True], [False, False]]


THREE = ("valence", "joy", "fear")
SMALL: Rows = [[6, 0.1, 0.2], [4, 0.3, 0.1]]


@pytest.mark.parametrize(
    ("answers", "said", "words"),
    [
        ([[6, 0, 1], [4, 1, 0]], [[False, True], [True, False]], "the largest is said"),
        ([[6, 1, 1], [4, 1, 0]], [[False, False], [False, False]], "is said above 0.5"),
    ],
)
def test_of_one_hot_emotions_the_largest_is_the_one(
    answers: Rows, said: list[list[bool]], words: str
) -> None:
    found = decided(predictions(THREE, answers, SMALL), {})
    assert found.said[:, 1:].tolist() == said
    assert words in found.words


def test_what_nobody_answered_or_nobody_said_is_undefined_with_the_reason() -> None:
    nan = np.nan
    found = labels_of(predictions(NAMES, [[nan, 1], [nan, 1]], [[5, 0], [5, 0]]), {}, 1)
    assert value(found, 0, "accuracy") is None
    assert found["rows"][0]["high"] is None
    assert found["rows"][1]["metrics"]["precision"]["reason"] == "high was never said"
    assert found["average"]["accuracy"]["value"] == 0.0


def test_an_average_names_the_labels_that_it_leaves_out() -> None:
    never = [[first, 0.1] for first, _ in ESTIMATES]
    found = labels_of(predictions(NAMES, ANSWERS, never), {}, 1)
    assert value(found, 1, "precision") is None
    assert found["average"]["precision"]["value"] == value(found, 0, "precision")
    assert found["average"]["precision"]["left_out"] == ["joy"]
    assert "left_out" not in found["average"]["accuracy"]
    told = "\n".join(label_lines(found))
    assert "the average of precision is without joy, where it is undefined" in told


def test_the_table_has_a_row_a_label_and_their_average_over_shared_cases() -> None:
    answers: Rows = [[8, 1], [2, 0], [8, 1], [2, 0]]
    wrong: Rows = [[2, 1], [8, 0], [8, 1], [2, 0]]
    face = predictions(NAMES, answers, answers)
    variants = {"bio": predictions(NAMES, answers, wrong), "face": face.rows(np.array([2, 1, 0]))}
    table = label_table(variants, {})
    assert (table["cases"], table["variants"]) == (3, ["bio", "face"])
    assert [row["label"] for row in table["rows"]] == ["valence", "joy", "average"]
    assert table["rows"][0]["accuracy"] == {"bio": pytest.approx(1 / 3), "face": 1.0}
    assert table["rows"][-1]["accuracy"] == {"bio": pytest.approx(2 / 3), "face": 1.0}
