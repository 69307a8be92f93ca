"""Fusion at decision level: sum, maximum, regression; its weights come from cases nobody was trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.recognizers.fusion import FusionKind, decision_fusion, fit_regression, modalities_of
from analysis.recognizers.recognizer import Context, Recognizer, RecognizerError, decide
from analysis.recognizers.table import make, recognizer_class
from tests.helpers.batches import make_batch
from tests.helpers.planted_effects import halves, held_out_accuracy, only_together

NAMES = ("attention-lstm-sum", "attention-lstm-max", "attention-lstm-regression")
TINY: dict[str, Any] = {
    "optimizer": "adam", "rate": 5e-3, "epochs": 5, "pretraining_epochs": 0, "width": 0.1, "dropout": 0.0,
    "batch": 32,
}  # fmt: skip
ONE = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
TWO = np.array([[0.2, 0.8], [0.3, 0.7], [0.5, 0.5]])


def tiny(name: str, **settings: Any) -> Recognizer:
    return make(name, {**TINY, **settings})


def three(effect: float = 3.0) -> Batch:
    shapes = {"bvp": (5, 4), "eda": (5, 2), "face": (6, 3), "keys": (4, 1)}
    return make_batch(8, 12, shapes, effect=effect, fingerprint=0.2)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sum", [[1.1 / 2, 0.9 / 2], [0.35, 0.65], [0.5, 0.5]]),
        ("max", [[0.9 / 1.7, 0.8 / 1.7], [0.4 / 1.1, 0.7 / 1.1], [0.5, 0.5]]),
    ],
)
def test_sum_and_maximum_by_hand(kind: FusionKind, expected: list[list[float]]) -> None:
    assert np.allclose(decision_fusion(kind, {"P": ONE, "V": TWO}), expected)


@pytest.mark.parametrize("kind", ["sum", "max"])
def test_a_missing_modality_does_not_count(kind: FusionKind) -> None:
    present = {"P": np.array([True, False, False]), "V": np.array([False, True, False])}
    found = decision_fusion(kind, {"P": ONE, "V": TWO}, present)
    assert np.allclose(found, [ONE[0], TWO[1], [0.5, 0.5]])


@pytest.mark.parametrize("classes", [2, 3])
def test_the_regression_learns_whom_to_believe(classes: int) -> None:
    random = np.random.default_rng(0)
    y = random.integers(0, classes, 400).astype(np.int64)
    blur = random.dirichlet(np.ones(classes), 400)
    right: NDArray[np.float64] = 0.4 * np.eye(classes)[y] + 0.6 * blur
    lies = random.dirichlet(np.ones(classes), 400)
    weights = fit_regression({"A": right, "T": lies}, y)
    columns = weights["coef"].shape[1] // 2
    assert np.abs(weights["coef"][:, :columns]).sum() > 5 * np.abs(weights["coef"][:, columns:]).sum()
    fused = decision_fusion("regression", {"A": right, "T": lies}, weights=weights)
    assert np.allclose(fused.sum(axis=1), 1)
    by_sum = decision_fusion("sum", {"A": right, "T": lies})
    assert (decide(fused) == y).mean() > (decide(by_sum) == y).mean() + 0.1


def test_a_missing_modality_says_nothing_to_the_regression() -> None:
    weights = {"coef": np.array([[2.0, 3.0]]), "intercept": np.array([0.5])}
    nobody = {"P": np.zeros(3, bool), "V": np.zeros(3, bool)}
    fused = decision_fusion("regression", {"P": ONE, "V": TWO}, nobody, weights)
    assert np.allclose(fused[:, 1], 1 / (1 + np.exp(-0.5)))
    fused = decision_fusion("regression", {"P": ONE, "V": TWO}, None, weights)
    assert np.allclose(fused[0, 1], 1 / (1 + np.exp(-(0.5 + 2 * (0.1 - 0.5) + 3 * (0.8 - 0.5)))))


def test_what_cannot_be_fused_is_explained() -> None:
    with pytest.raises(RecognizerError, match="no classifier whose decisions"):
        decision_fusion("sum", {})
    with pytest.raises(RecognizerError, match="needs weights learnt from training cases"):
        decision_fusion("regression", {"P": ONE})
    with pytest.raises(RecognizerError, match="a class has no training case"):
        fit_regression({"P": ONE}, np.zeros(3, np.int64))
    batch = three().rows(np.arange(12))
    with pytest.raises(RecognizerError, match="all training cases are of one group"):
        tiny("attention-lstm-regression").fit(batch, None, Context(groups=("participant",)))
    with pytest.raises(RecognizerError, match="needs classes"):
        tiny("attention-lstm-sum").fit(replace(batch, classes=()), None, Context())


def test_inputs_are_grouped_as_the_paper_groups_them() -> None:
    found = modalities_of(["face", "bvp", "eda", "eeg", "temperature"])
    assert found == {"V": ("face",), "P": ("bvp", "eda", "temperature"), "eeg": ("eeg",)}


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_an_effect_and_is_saved_and_loaded(name: str, tmp_path: Path) -> None:
    train, test = halves(three())
    one = tiny(name)
    one.fit(train, None, Context(seed=1))
    proba = one.predict_proba(test.without_answers())
    assert (decide(proba) == test.y).mean() > 0.85
    assert np.allclose(proba.sum(axis=1), 1)
    assert {"bvp", "eda", "face", "keys"} <= set(one.explain(test).weights)
    one.save(tmp_path / "model")
    other = recognizer_class(name).load(tmp_path / "model")
    assert np.array_equal(other.predict_proba(test), proba)
    less = other.predict_proba(test.missing(["face"]))
    assert np.isfinite(less).all()
    assert not np.allclose(less, proba)
    assert np.array_equal(less, other.predict_proba(test.only(["bvp", "eda", "keys"])))


def test_decisions_cannot_tell_what_only_two_modalities_together_tell() -> None:
    batch = only_together(24).batch
    assert abs(held_out_accuracy(tiny("attention-lstm-sum", epochs=8), batch) - 0.5) < 0.17


def test_the_regression_learns_on_cases_that_its_classifiers_had_not_seen() -> None:
    heard: list[tuple[str, set[int]]] = []
    told: list[tuple[int, int]] = []
    batch = three()
    people = batch.cases.participant
    made = tiny("attention-lstm-regression", epochs=2)
    context = Context(
        groups=("participant",),
        fitted=lambda what, ids: heard.append((what, set(ids.tolist()))),
        progress=lambda epoch, epochs, losses: told.append((epoch, epochs)),
    )
    made.fit(batch, None, context)
    assert heard[0] == ("fusion weights", set(range(96)))
    trainings = [ids for what, ids in heard if what == "whole network"]
    assert len(trainings) == 4 * 3
    for ids in trainings[:9]:
        left_out = set(range(96)) - ids
        assert left_out
        assert not set(people[list(ids)]) & set(people[list(left_out)])
    assert all(ids == set(range(96)) for ids in trainings[9:])
    assert told == [(place + 1, 24) for place in range(24)]


@pytest.mark.slow
def test_a_modality_that_one_participant_has_ends_no_training() -> None:
    batch = three()
    keys = batch.inputs["keys"]
    has = batch.cases.participant == "P01"
    only = replace(
        keys,
        values=np.where(has[:, None, None], keys.values, 0),
        lengths=np.where(has, keys.lengths, 0),
        present=has,
    )
    rare = replace(batch, inputs={**batch.inputs, "keys": only})
    made = tiny("attention-lstm-regression", epochs=2)
    made.fit(rare, None, Context(seed=1))
    proba = made.predict_proba(replace(rare, y=None))
    assert np.allclose(proba.sum(axis=1), 1)
    assert np.isfinite(proba).all()


def test_weights_are_those_of_out_of_fold_probabilities_and_not_of_overfitted_ones() -> None:
    # Classifiers that know their training cases by heart would be believed beyond all measure.
    batch = three(effect=0.0)
    made: Any = tiny("attention-lstm-regression", epochs=25, rate=0.02)
    made.fit(batch, None, Context(groups=("participant",)))
    assert np.abs(made._weights["coef"]).max() < 2.0
