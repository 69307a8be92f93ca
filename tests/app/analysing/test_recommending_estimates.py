"""Estimates of recognizers that decide whether a rating is high: Platt's curve of the others, its error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.recognizers.speech_tasks_parts import platt, sigmoid
from app.analysing.recommending_estimates import Key, of_classes

PEOPLE, TRIALS = 5, 8
SCALES = {f"r{who}": {"valence": ("valence", 1.0, 9.0)} for who in range(PEOPLE)}
random = np.random.default_rng(5)
RATED: NDArray[np.float64] = np.clip(random.normal(0.0, 0.6, (PEOPLE, TRIALS)), -1, 1)
SAID = 1 / (1 + np.exp(-(2.0 * RATED + random.normal(0, 0.8, RATED.shape))))
RATINGS = {
    (f"r{who}", trial): {"valence": float(RATED[who, trial])}
    for who in range(PEOPLE)
    for trial in range(TRIALS)
}


def run_of(said: NDArray[np.float64] = SAID, is_high: NDArray[np.bool_] = RATED > 0, **changes: Any) -> Any:
    """Stand in for a run of valence-high with two windows a trial, of which one says nothing."""

    class Held(SimpleNamespace):
        def __len__(self) -> int:
            return 2 * PEOPLE * TRIALS

    who, trial = np.divmod(np.arange(PEOPLE * TRIALS).repeat(2), TRIALS)
    shares = said.ravel().repeat(2)
    shares[1] = np.nan
    held = Held(
        y=is_high.ravel().repeat(2).astype(int),
        proba=np.column_stack([1 - shares, shares]),
        classes=changes.pop("classes", ("low", "high")),
        cases=SimpleNamespace(
            recording=np.array([f"r{each}" for each in who]),
            trial=trial,
            participant=np.array([f"p{each}" for each in who]),
        ),
    )
    target = {"source": "rating", "of": ["valence"], "rule": "threshold", **changes.pop("target", {})}
    return SimpleNamespace(
        name="run-1",
        outputs=(),
        division=SimpleNamespace(leaks=changes.pop("leaks", ())),
        predictions=lambda: held,
        experiment=SimpleNamespace(target=target),
    )


def values(run: Any) -> dict[Key, float]:
    return {key: estimate.value for key, _, estimate in of_classes(run, SCALES, RATINGS)}


def test_a_probability_is_put_on_the_curve_of_the_others_and_its_error_is_to_the_ratings() -> None:
    odds = np.log(SAID / (1 - SAID))
    expected = np.zeros_like(RATED)
    for who in range(PEOPLE):
        others = np.arange(PEOPLE) != who
        a, b = platt(odds[others].ravel(), (RATED[others] > 0).ravel().astype(int))
        expected[who] = 2 * sigmoid(-(a * odds[who] + b)) - 1
    told = list(of_classes(run_of(), SCALES, RATINGS))
    assert len(told) == PEOPLE * TRIALS and {dimension for _, dimension, _ in told} == {"valence"}
    for (name, trial), _, estimate in told:
        assert estimate.value == pytest.approx(expected[int(name[1:]), trial])
        assert estimate.rmse == pytest.approx(np.sqrt(np.mean((expected - RATED) ** 2)))
    assert np.corrcoef(expected.ravel(), RATED.ravel())[0, 1] > 0.6


def test_nobodys_estimate_is_drawn_from_their_own_answers() -> None:
    turned = RATED > 0
    turned[2] = ~turned[2]
    before, after = values(run_of()), values(run_of(is_high=turned))
    assert all(before[key] == after[key] for key in before if key[0] == "r2")
    assert any(before[key] != after[key] for key in before if key[0] != "r2")


def test_more_positive_than_negative_is_a_high_valence() -> None:
    target = {"rule": "higher", "of": ["negative", "positive"]}
    assert values(run_of(target=target, classes=("negative", "positive"))) == values(run_of())


def test_a_recognizer_that_is_worse_than_chance_tells_the_classes_shares_and_is_not_turned_round() -> None:
    found = values(run_of(said=1 - SAID))
    assert len({value for key, value in found.items() if key[0] == "r0"}) == 1


@pytest.mark.parametrize(
    "run",
    [
        run_of(leaks=("windows of one trial on both sides",)),
        run_of(target={"source": "annotator"}),
        run_of(target={"rule": "higher", "of": ["happy", "sad"]}),
        run_of(target={"of": ["tiredness"]}),
        run_of(classes=("sad", "glad")),
        run_of(is_high=RATED > 2),
    ],
    ids=["leaks", "no rating", "two items", "another quantity", "other classes", "one class"],
)
def test_what_leaks_or_means_something_else_tells_nothing(run: Any) -> None:
    assert values(run) == {}
