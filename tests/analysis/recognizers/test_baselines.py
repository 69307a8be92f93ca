"""Baselines: the library's predictions from arrays alone, missing inputs, what they can and cannot find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC, LinearSVC

from analysis.corpus.cases import Batch
from analysis.recognizers.baselines import FlatBaseline
from analysis.recognizers.flattening import Columns
from analysis.recognizers.group_folds import group_folds
from analysis.recognizers.recognizer import Context, RecognizerError, decide
from analysis.recognizers.shallow_models import fit_temperature, softmax
from analysis.recognizers.table import make, recognizer_class
from tests.helpers.batches import make_batch, make_cases, make_input
from tests.helpers.planted_effects import halves, held_out_accuracy, only_together, order_in_time

FLAT = ("logistic-regression", "svm", "svm-linear", "random-forest", "lda")
FEW = {"random-forest": {"trees": 30}}
CLASSES = tuple("abcd")


def made(name: str, **settings: Any) -> FlatBaseline:
    found = make(name, {**FEW.get(name, {}), **settings})
    assert isinstance(found, FlatBaseline)
    return found


def batch_of(classes: int, effect: float = 1.5) -> Batch:
    return make_batch(12, 16, effect=effect, classes=CLASSES[:classes])


def flat(batch: Batch) -> NDArray[np.float64]:
    """Mean and SD over the steps, standardised: what the baselines are fitted on, computed another way."""
    parts = [
        part
        for each in batch.inputs.values()
        for part in (each.values.mean(axis=1, dtype=np.float64), each.values.std(axis=1, dtype=np.float64))
    ]
    x = np.hstack(parts)
    found: NDArray[np.float64] = (x - x.mean(axis=0)) / x.std(axis=0)
    return found


def of_library(name: str, x: NDArray[np.float64], classes: int) -> BaseEstimator:
    return {
        "logistic-regression": LogisticRegression(C=1.0, max_iter=5000, class_weight="balanced"),
        "svm": SVC(C=1.0, gamma="scale", class_weight="balanced"),
        "svm-linear": LinearSVC(C=0.1, dual=False, max_iter=5000, class_weight="balanced"),
        "random-forest": RandomForestClassifier(
            30, min_samples_leaf=2, class_weight="balanced", random_state=3
        ),
        "lda": LinearDiscriminantAnalysis(
            solver="lsqr", shrinkage="auto", priors=np.full(classes, 1 / classes)
        ),
    }[name]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", FLAT)
def test_arrays_alone_predict_what_the_library_predicts(name: str, classes: int) -> None:
    batch = batch_of(classes)
    assert batch.y is not None
    ours = made(name)
    ours.fit(batch, None, Context(seed=3))
    x = flat(batch)
    library: Any = of_library(name, x, classes).fit(x, batch.y)
    proba = ours.predict_proba(batch)
    if hasattr(library, "predict_proba"):
        assert np.abs(proba - library.predict_proba(x)).max() < 1e-9
    else:
        decided = library.decision_function(x)
        assert np.abs(ours.scores(ours._model, x) - decided).max() < 1e-9
    assert np.array_equal(decide(proba), library.predict(x))


@pytest.mark.parametrize("name", [*FLAT, "majority"])
def test_a_saved_model_predicts_bit_for_bit_what_it_did(name: str, tmp_path: Path) -> None:
    batch = batch_of(4)
    train, test = halves(batch)
    one = make(name, FEW.get(name))
    one.fit(train, None, Context(seed=1))
    one.save(tmp_path / "model")
    other = recognizer_class(name).load(tmp_path / "model")
    assert np.array_equal(one.predict_proba(test), other.predict_proba(test.without_answers()))
    assert other.settings == one.settings
    with pytest.raises(RecognizerError, match="not of"):
        recognizer_class("lda" if name != "lda" else "svm").load(tmp_path / "model")


@pytest.mark.parametrize("name", FLAT)
def test_an_effect_is_found_and_none_is_not(name: str) -> None:
    assert held_out_accuracy(made(name), make_batch(20, 16, effect=2.0, fingerprint=0.3)) > 0.9
    assert abs(held_out_accuracy(made(name), make_batch(20, 16, effect=0.0, fingerprint=0.3)) - 0.5) < 0.17


@pytest.mark.parametrize("name", ["logistic-regression", "lda", "svm-linear"])
@pytest.mark.parametrize("over", ["mean", "mean and SD"])
def test_order_and_what_only_two_tell_are_hidden_from_weighted_sums(name: str, over: str) -> None:
    for planted in (order_in_time(24), only_together(24)):
        assert abs(held_out_accuracy(made(name, over_steps=over), planted.batch) - 0.5) < 0.17


@pytest.mark.parametrize("name", FLAT)
def test_the_same_seed_predicts_the_same(name: str) -> None:
    train, test = halves(batch_of(2))
    found = []
    for _ in range(2):
        each = made(name)
        each.fit(train, None, Context(seed=4))
        found.append(each.predict_proba(test))
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize("name", FLAT)
def test_an_input_may_be_missing_and_is_missed(name: str) -> None:
    train, test = halves(batch_of(2))
    whole = made(name)
    whole.fit(train, None, Context(seed=1))
    without = whole.predict_proba(test.missing(["eda"]))
    assert np.isfinite(without).all()
    assert not np.allclose(without, whole.predict_proba(test))
    assert np.array_equal(without, whole.predict_proba(test.only(["bvp"])))


@pytest.mark.parametrize("name", FLAT)
def test_a_class_without_training_cases_gets_no_probability(name: str) -> None:
    batch = batch_of(4)
    assert batch.y is not None
    each = made(name)
    each.fit(batch.rows(np.flatnonzero(batch.y != 2)), None, Context())
    proba = each.predict_proba(batch)
    assert proba.shape == (len(batch), 4)
    assert not proba[:, 2].any()
    assert np.allclose(proba.sum(axis=1), 1)


def test_what_cannot_be_learnt_is_explained() -> None:
    batch = batch_of(2)
    assert batch.y is not None
    with pytest.raises(RecognizerError, match="all training cases are of one class"):
        made("svm").fit(batch.rows(np.flatnonzero(batch.y == 0)), None, Context())
    with pytest.raises(RecognizerError, match="needs classes"):
        made("lda").fit(replace(batch, classes=(), y=np.zeros((len(batch), 1))), None, Context())
    with pytest.raises(RecognizerError, match="none of the training cases has any input"):
        made("lda").fit(batch.missing(["bvp", "eda"]), None, Context())
    with pytest.raises(RecognizerError, match="has not been fitted"):
        made("lda").predict_proba(batch)
    fitted = made("lda")
    fitted.fit(batch, None, Context())
    with pytest.raises(RecognizerError, match="input 'bvp' gives 10 numbers a case; 16 were learnt from"):
        fitted.predict_proba(make_batch(12, 16, shapes={"bvp": (7, 5), "eda": (7, 4)}))


@pytest.mark.parametrize("name", FLAT)
def test_the_ledger_hears_of_every_fit(name: str) -> None:
    batch = batch_of(2).rows(np.arange(100, 150))
    heard: dict[str, list[int]] = {}
    made(name).fit(batch, None, Context(fitted=lambda what, ids: heard.update({what: ids.tolist()})))
    assert {"columns", name} <= set(heard)
    assert ("calibration" in heard) == (name in ("svm", "svm-linear"))
    assert all(ids == list(range(100, 150)) for ids in heard.values())


@pytest.mark.parametrize("classes", [2, 4])
def test_a_linear_model_says_what_each_input_adds(classes: int) -> None:
    batch = batch_of(classes)
    each = made("logistic-regression")
    each.fit(batch, None, Context())
    weights = each.explain(batch).weights
    assert list(weights) == ["bvp", "eda"]
    scores = flat(batch) @ each._model["coef"].T
    if classes == 2:
        scores = np.hstack([-scores / 2, scores / 2])
    decided = decide(each.predict_proba(batch))
    total = weights["bvp"] + weights["eda"]
    assert np.allclose(total, scores[np.arange(len(batch)), decided], atol=1e-4)


@pytest.mark.parametrize("over", ["mean", "mean and SD"])
def test_a_linear_model_says_what_each_electrode_adds(over: str) -> None:
    sites = ("Fp1", "Cz", "O2")
    batch = make_batch(6, 10, {"eeg": (4, 6), "bvp": (4, 6)})
    names = tuple(f"{site} {band}" for site in sites for band in ("alpha", "beta"))
    eeg = replace(batch.inputs["eeg"], names=names)
    others = replace(batch.inputs["bvp"], names=tuple(f"part{n // 2} of it" for n in range(6)))
    batch = replace(batch, inputs={"eeg": eeg, "bvp": others})
    each = made("logistic-regression", over_steps=over)
    each.fit(batch, None, Context())
    told = each.explain(batch)
    assert set(told.weights) == {"eeg", "bvp", "electrodes.eeg"}
    by_site = told.weights["electrodes.eeg"]
    assert by_site.shape == (60, 3)
    assert np.allclose(by_site.sum(axis=1), told.weights["eeg"], atol=1e-4)
    # What lies at one electrode alone is its own.
    coef = each._model["coef"].copy()
    at_cz = np.tile([0, 0, 1, 1, 0, 0], coef.shape[1] // 12)
    coef[:, : len(at_cz)] *= at_cz
    each._model["coef"] = coef
    only = each.explain(batch).weights["electrodes.eeg"]
    assert np.abs(only[:, 1]).max() > 0
    assert not only[:, [0, 2]].any()


def test_majority_knows_the_shares_and_nothing_else() -> None:
    batch = make_batch(4, 9, classes=("a", "b"))
    each = make("majority")
    each.fit(batch, None, Context())
    assert np.allclose(each.predict_proba(batch), [5 / 9, 4 / 9])
    numbers = replace(batch, classes=(), outputs=("valence",), y=np.arange(36.0)[:, None])
    each.fit(numbers, None, Context())
    assert np.allclose(each.predict_proba(batch), 17.5)


def test_padding_and_gaps_do_not_reach_the_columns() -> None:
    random = np.random.default_rng(0)
    values = random.normal(0, 1, (6, 5, 2))
    lengths = np.array([5, 3, 1, 2, 4, 5])
    batch = Batch(make_cases(3, 2), {"keys": make_input(values, lengths)}, None)
    batch.inputs["keys"].values[0, 2, 1] = np.nan
    found = Columns.fit(batch, "mean and SD", is_standardised=False).of(batch)
    for row, length in enumerate(lengths):
        inside = batch.inputs["keys"].values[row, :length]
        assert np.allclose(found[row], [*np.nanmean(inside, axis=0), *np.nanstd(inside, axis=0)], atol=1e-6)


def test_a_missing_input_is_marked_and_gives_the_mean_of_those_that_have_it() -> None:
    values = np.arange(6.0).reshape(6, 1, 1) + 10
    batch = Batch(make_cases(3, 2), {"keys": make_input(values, np.array([1, 1, 1, 1, 0, 0]))}, None)
    columns = Columns.fit(batch, "mean")
    found = columns.of(batch)
    assert columns.absent == ("keys",)
    assert np.allclose(found[4:, 0], 0)
    assert np.allclose(found[:4, 0].std(), 1)
    assert len(np.unique(found[:4, 1])) == 1
    assert (found[4:, 1] > found[0, 1]).all()
    assert np.array_equal(Columns.from_json(columns.to_json(), columns.mean, columns.scale).of(batch), found)


def test_inner_folds_never_tear_a_group_apart() -> None:
    groups = np.repeat([f"P{each}" for each in range(7)], 4)
    folds = group_folds(groups, 3, seed=1)
    assert sorted(np.concatenate([outside for _, outside in folds])) == list(range(28))
    for inside, outside in folds:
        assert not set(groups[inside]) & set(groups[outside])
        assert len(inside) + len(outside) == 28
    assert len(group_folds(groups, 50, seed=1)) == 7
    assert group_folds(np.repeat("P1", 9), 3, seed=1) == []


def test_the_factor_makes_decision_values_into_probabilities() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(0, 3, (4000, 2))
    y = (random.random(4000) > softmax(0.4 * scores)[:, 0]).astype(np.int64)
    assert fit_temperature(scores, y) == pytest.approx(0.4, rel=0.1)
