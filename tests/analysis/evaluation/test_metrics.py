"""Metrics: scikit-learn's numbers to 1e-12, and None with a reason where they are undefined."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.agreement.bootstrap import bootstrap
from analysis.evaluation.metrics import (
    METRICS,
    assess,
    by_trial,
    metrics_for,
    of_participants,
    sums_of,
    value_of,
)
from analysis.evaluation.run_folder import Predictions
from tests.helpers.batches import make_cases

TOLERANCE = 1e-12


def predictions(
    seed: int = 0, classes: int = 2, participants: int = 5, trials: int = 8, ties: bool = False
) -> Predictions:
    random = np.random.default_rng(seed)
    cases = make_cases(participants, trials)
    n = len(cases)
    y = random.integers(0, classes, n)
    score = random.random((n, classes)) + 0.5 * np.eye(classes)[y]
    if ties:
        score = np.round(score * 3) + 1
    proba = score / score.sum(axis=1, keepdims=True)
    return Predictions(
        cases, y.astype(np.int64), proba, np.full(n, "f"), tuple(f"class {each}" for each in range(classes))
    )


def numbers(seed: int = 0, outputs: int = 1) -> Predictions:
    random = np.random.default_rng(seed)
    cases = make_cases(5, 8)
    y = random.normal(5, 2, (len(cases), outputs))
    proba = 0.5 * y + random.normal(2, 1, y.shape)
    names = tuple(f"output {each}" for each in range(outputs))
    return Predictions(cases, y, proba, np.full(len(cases), "f"), (), names)


def value(name: str, told: Predictions) -> float:
    found = value_of(name, told).value
    assert found is not None
    return found


@given(seed=st.integers(0, 10_000), classes=st.integers(2, 4), ties=st.booleans())
@settings(max_examples=40, deadline=None)
def test_class_metrics_are_scikit_learns(seed: int, classes: int, ties: bool) -> None:
    from sklearn import metrics

    told = predictions(seed, classes, ties=ties)
    y, proba = told.y, told.proba
    taken = proba.argmax(axis=1)
    pairs = {
        "accuracy": metrics.accuracy_score(y, taken),
        "f1_macro": metrics.f1_score(y, taken, average="macro"),
        "f1_weighted": metrics.f1_score(y, taken, average="weighted"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pairs["balanced_accuracy"] = metrics.balanced_accuracy_score(y, taken)
    if len(set(y)) == classes:
        pairs["uar"] = metrics.recall_score(y, taken, average="macro")
        pairs["auc"] = metrics.roc_auc_score(
            y, proba[:, 1] if classes == 2 else proba, multi_class="ovr", average="macro"
        )
        pairs["brier"] = metrics.brier_score_loss(
            y, proba[:, 1] if classes == 2 else proba, labels=list(range(classes))
        )
    if len(set(taken)) == classes and set(y) <= set(taken):
        pairs["precision"] = metrics.precision_score(y, taken, average="macro")
    for name, known in pairs.items():
        assert abs(value(name, told) - known) < TOLERANCE, name


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_number_metrics_are_scikit_learns_and_scipys(seed: int) -> None:
    from scipy import stats
    from sklearn import metrics

    told = numbers(seed)
    y, given_ = told.y[:, 0], told.proba[:, 0]
    assert abs(value("mae", told) - metrics.mean_absolute_error(y, given_)) < TOLERANCE
    assert abs(value("rmse", told) - metrics.root_mean_squared_error(y, given_)) < TOLERANCE
    assert abs(value("pearson", told) - float(stats.pearsonr(y, given_)[0])) < TOLERANCE
    both = np.cov(y, given_, bias=True)
    ccc = 2 * both[0, 1] / (both[0, 0] + both[1, 1] + (y.mean() - given_.mean()) ** 2)
    assert abs(value("ccc", told) - float(ccc)) < TOLERANCE


@pytest.mark.parametrize("classes", [2, 3])
def test_confusion_and_roc_are_scikit_learns(classes: int) -> None:
    from sklearn import metrics

    told = predictions(4, classes, ties=True)
    found = assess(told)
    taken = told.proba.argmax(axis=1)
    assert found["confusion"]["counts"] == metrics.confusion_matrix(told.y, taken).tolist()
    kinds = [1] if classes == 2 else range(classes)
    assert list(found["roc"]) == [f"class {kind}" for kind in kinds]
    for kind in kinds:
        curve = found["roc"][f"class {kind}"]
        low, high, _ = metrics.roc_curve(told.y == kind, told.proba[:, kind], drop_intermediate=False)
        assert np.allclose(curve["false_positive"], low, atol=TOLERANCE)
        assert np.allclose(curve["true_positive"], high, atol=TOLERANCE)
        assert curve["threshold"][0] is None


def test_calibration_by_hand() -> None:
    """Four cases at 0.8, three of them right: off by 0.05; one case at 0.6, wrong: off by 0.6."""
    cases = make_cases(1, 5)
    proba = np.array([[0.2, 0.8]] * 4 + [[0.6, 0.4]])
    told = Predictions(cases, np.array([1, 1, 1, 0, 1]), proba, np.full(5, "f"), ("a", "b"))
    assert value("ece", told) == pytest.approx((4 * 0.05 + 0.6) / 5)
    rows = {row["from"]: row for row in assess(told)["reliability"] if row["cases"]}
    assert rows[0.7]["accuracy"] == 0.75
    assert rows[0.7]["confidence"] == pytest.approx(0.8)
    assert rows[0.5]["accuracy"] == 0
    assert sum(row["cases"] for row in assess(told)["reliability"]) == 5


def test_mean_of_the_participants_own_areas() -> None:
    from sklearn import metrics

    told = predictions(7)
    own = [
        metrics.roc_auc_score(told.y[rows], told.proba[rows, 1])
        for code in np.unique(told.cases.participant)
        for rows in [np.flatnonzero(told.cases.participant == code)]
        if len(set(told.y[rows])) == 2
    ]
    assert value("auc_participants", told) == pytest.approx(float(np.mean(own)), abs=TOLERANCE)


def one_class(told: Predictions) -> Predictions:
    return replace(told, y=np.zeros_like(told.y))


def one_answer(told: Predictions) -> Predictions:
    proba = np.tile([0.9, 0.1], (len(told), 1))
    return replace(told, proba=proba)


@pytest.mark.parametrize(
    ("name", "told", "reason"),
    [
        ("uar", one_class(predictions()), "no case of class 1"),
        ("auc", one_class(predictions()), "no case of class 1"),
        ("auc", one_class(predictions(classes=3)), "no case of the others"),
        ("auc_participants", one_class(predictions()), "no participant has cases of all classes"),
        ("precision", one_answer(predictions()), "class 1 was never predicted"),
        ("ccc", replace(numbers(), y=np.full((40, 1), 3.0), proba=np.full((40, 1), 3.0)), "one and the same"),
        ("pearson", replace(numbers(), proba=np.full((40, 1), 3.0)), "never change"),
        ("mae", replace(numbers(), y=np.full((40, 1), np.nan)), "no case with a known answer"),
        ("accuracy", predictions().rows(np.zeros(0, np.intp)), "there are no predictions"),
    ],
)
def test_undefined_is_none_with_the_reason(name: str, told: Predictions, reason: str) -> None:
    found = value_of(name, told)
    assert found.value is None
    assert reason in found.reason


def test_unknown_answers_are_left_out() -> None:
    told = numbers(1)
    y = told.y.copy()
    y[::3] = np.nan
    known = np.flatnonzero(np.isfinite(y[:, 0]))
    for name in ("ccc", "mae", "rmse", "pearson"):
        found = value_of(name, replace(told, y=y))
        assert found.value == pytest.approx(value(name, replace(told, y=y).rows(known)), abs=TOLERANCE)
        assert found.n == len(known)


def test_several_outputs_give_their_mean_and_each_of_them() -> None:
    told = numbers(2, outputs=3)
    found = assess(told)
    each = [found["outputs"][f"output {place}"]["ccc"]["value"] for place in range(3)]
    assert found["metrics"]["ccc"]["value"] == pytest.approx(np.mean(each))


@pytest.mark.parametrize("name", METRICS)
def test_weights_do_what_repeated_participants_do(name: str) -> None:
    """The bootstrap weights sums: that must give what the metric gives of the participants drawn."""
    told = predictions(3) if METRICS[name].task == "classes" else numbers(3)
    drawn = np.array([0, 2, 2, 3, 4, 4, 4])
    weights = np.repeat(np.bincount(drawn, minlength=5), 8).astype(float)
    rows = np.concatenate([np.arange(8 * each, 8 * each + 8) for each in drawn])
    again = told.rows(rows)
    codes = np.repeat([f"D{place}" for place in range(len(drawn))], 8)
    again = replace(again, cases=replace(again.cases, participant=codes))
    weighted = sums_of(name, told).weighted(weights).value
    assert weighted == pytest.approx(value(name, again), abs=1e-10)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_an_interval_around_it(name: str) -> None:
    told = predictions(5) if METRICS[name].task == "classes" else numbers(5)
    found = bootstrap(sums_of(name, told), told.cases.participant.tolist(), resamples=500)
    assert found.low is not None
    assert found.high is not None
    assert found.low - 0.2 <= value(name, told) <= found.high + 0.2
    assert found.clusters == 5


def test_metrics_of_a_participant_are_those_of_its_cases() -> None:
    told = predictions(6)
    rows = np.flatnonzero(told.cases.participant == "P02")
    assert of_participants("accuracy", told)["P02"].value == value("accuracy", told.rows(rows))
    assert [row["participant"] for row in assess(told)["participants"]] == ["P01", "P02", "P03", "P04", "P05"]


def test_one_vote_a_trial_is_the_mean_of_its_windows() -> None:
    told = predictions(8)
    trial = told.cases.trial // 4
    windows = replace(told, cases=replace(told.cases, trial=trial), y=(trial % 2).astype(np.int64))
    voted = by_trial(windows)
    assert len(voted) == 10
    assert np.allclose(voted.proba[0], windows.proba[:4].mean(axis=0))
    assert voted.y.tolist() == [0, 1] * 5


def test_a_rating_that_nobody_gave_takes_no_vote_away() -> None:
    known = numbers(outputs=2)
    trial = known.cases.trial // 2
    answers = np.column_stack([trial.astype(float), np.where(trial % 2, 3.0, np.nan)])
    found = by_trial(replace(known, cases=replace(known.cases, trial=trial), y=answers))
    assert len(found) == len(known) // 2
    assert np.isnan(found.y[:, 1]).sum() == len(found) // 2
    answers[0, 1] = 3.0
    less = by_trial(replace(known, cases=replace(known.cases, trial=trial), y=answers))
    assert len(less) == len(found) - 1


def test_trials_whose_windows_have_several_answers_have_no_vote() -> None:
    told = predictions(8)
    windows = replace(told, cases=replace(told.cases, trial=told.cases.trial // 4))
    same: NDArray[np.bool_] = (windows.y.reshape(10, 4) == windows.y.reshape(10, 4)[:, :1]).all(axis=1)
    assert len(by_trial(windows)) == int(same.sum())


def test_every_metric_is_told_of_its_task() -> None:
    assert set(metrics_for(predictions())) | set(metrics_for(numbers())) == set(METRICS)
    assert set(assess(predictions(0, 3))["metrics"]) == set(metrics_for(predictions()))
