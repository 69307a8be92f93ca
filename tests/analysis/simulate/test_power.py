"""How many participants an analysis needs: intervals narrow with their number, and nobody is drawn twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.evaluation.experiment import Experiment, SplitSpec
from analysis.evaluation.run_folder import Predictions
from analysis.recognizers.recognizer import Context
from analysis.simulate.power import (
    chance_of,
    drawn,
    evaluated,
    need,
    of_some,
    outcomes_drawn,
    trained_anew,
)
from analysis.simulate.settings import SimulationError
from tests.helpers.batches import make_batch

BATCH = make_batch(10, 8, {"eda": (1, 3)}, effect=1.5, fingerprint=0.3)
EXPERIMENT = Experiment("logistic-regression", {}, "", steps=("zscore",), split=SplitSpec("loso"))


@pytest.fixture(scope="module")
def whole() -> Predictions:
    """Every case of ten participants, predicted by what was trained on the nine others."""
    return evaluated(BATCH, EXPERIMENT, 0.0, Context())


def test_an_evaluation_predicts_every_case_once(whole: Predictions) -> None:
    assert sorted(whole.cases.id.tolist()) == list(range(80))
    assert len(set(whole.fold.tolist())) == 10
    assert np.mean(whole.proba.argmax(axis=1) == whole.y) > 0.6


def test_some_participants_are_a_batch_of_their_own() -> None:
    some = of_some(BATCH, ["P02", "P07"])
    assert some.cases.id.tolist() == list(range(16))
    assert set(some.cases.participant) == {"P02", "P07"}


def test_somebody_drawn_twice_is_two_people(whole: Predictions) -> None:
    found = drawn(whole, ["P01", "P01", "P03"])
    assert len(np.unique(found.cases.participant)) == 3
    assert len(found) == 24
    assert np.array_equal(found.proba[:8], found.proba[8:16])


def test_training_anew_draws_different_participants_only() -> None:
    for number in range(5):
        found = trained_anew(BATCH, EXPERIMENT, 0.0, 7, number, Context())
        assert len(np.unique(found.cases.participant)) == 7
        assert len(np.unique(found.cases.content)) == len(found) == 56


def test_drawing_is_the_same_again_and_differs_between_repetitions(whole: Predictions) -> None:
    first, again, other = (outcomes_drawn(whole, EXPERIMENT, 12, number) for number in (0, 0, 1))
    assert np.array_equal(first.cases.content, again.cases.content)
    assert not np.array_equal(first.cases.content, other.cases.content)


def test_more_participants_make_narrower_intervals(whole: Predictions) -> None:
    def width(size: int) -> float:
        def draw(number: int) -> Predictions:
            return outcomes_drawn(whole, EXPERIMENT, size, number)

        return need(EXPERIMENT, size, "outcomes drawn", 20, draw).width

    narrow, wide = width(40), width(10)
    # An interval narrows with the root of the number.
    assert wide / narrow == pytest.approx(2.0, rel=0.3)


def test_a_need_tells_values_widths_and_how_often_it_lies_above_chance(whole: Predictions) -> None:
    found = need(
        EXPERIMENT, 10, "outcomes drawn", 15, lambda number: outcomes_drawn(whole, EXPERIMENT, 10, number)
    )
    assert found.low <= found.value <= found.high
    assert found.width_low <= found.width <= found.width_high
    assert found.repetitions == 15
    assert found.above is not None
    assert 0.5 < found.above <= 1.0


def test_pure_noise_lies_above_chance_hardly_ever() -> None:
    noise = make_batch(12, 8, {"eda": (1, 3)}, effect=0.0, seed=3)
    one = evaluated(noise, EXPERIMENT, 0.0, Context())
    found = need(
        EXPERIMENT, 12, "outcomes drawn", 30, lambda number: outcomes_drawn(one, EXPERIMENT, 12, number)
    )
    assert found.value < 0.6
    assert found.above is not None
    assert found.above < 0.5


def test_too_few_participants_have_no_interval_and_that_is_said(whole: Predictions) -> None:
    with pytest.raises(SimulationError, match="with 3 participants balanced_accuracy has no value"):
        need(EXPERIMENT, 3, "outcomes drawn", 4, lambda number: outcomes_drawn(whole, EXPERIMENT, 3, number))


@pytest.mark.parametrize(
    ("metric", "classes", "chance"),
    [
        ("balanced_accuracy", 2, 0.5),
        ("uar", 4, 0.25),
        ("auc", 2, 0.5),
        ("ccc", 0, 0.0),
        ("accuracy", 2, None),
    ],
)
def test_chance_is_known_of_some_metrics(metric: str, classes: int, chance: float | None) -> None:
    assert chance_of(metric, classes) == chance


def test_another_metric_is_the_plans(whole: Predictions) -> None:
    auc = replace(EXPERIMENT, metric="auc")
    found = need(auc, 10, "outcomes drawn", 5, lambda number: outcomes_drawn(whole, auc, 10, number))
    assert 0.5 < found.value < 1.0
