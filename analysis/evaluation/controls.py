"""Controls of a result: what chance gives, what permuted answers give, what the inputs say of who it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Cases
from analysis.evaluation.metrics import METRICS, is_better, of_participants, one_metric, task_of, value_of
from analysis.evaluation.paired import sign_flip
from analysis.evaluation.run_folder import Predictions, Run
from analysis.recognizers.recognizer import CancelledError

LEAST_PERMUTATIONS = 99


def permuted(cases: Cases, y: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Return answers shuffled within participants: between their trials where a trial has one answer.

    Windows of a trial keep one answer, or the control would be too kind. Where windows of a trial differ,
    the participant's answers are rotated in time by a random number of windows: neighbours resemble each
    other, and exchanged one by one they would make chance look too weak. Answers of whole participants are
    shuffled between participants.
    """
    if is_of_people(cases, y):
        _, first, place = np.unique(cases.participant, return_index=True, return_inverse=True)
        shuffled: NDArray[Any] = y[first][random.permutation(len(first))][place]
        return shuffled
    found = y.copy()
    trials = cases.groups(("recording", "trial"))
    for code in np.unique(cases.participant):
        rows = np.flatnonzero(cases.participant == code)
        names, first, place = np.unique(trials[rows], return_index=True, return_inverse=True)
        answers = y[rows][first]
        if np.array_equal(answers[place], y[rows], equal_nan=np.issubdtype(y.dtype, np.floating)):
            found[rows] = answers[random.permutation(len(names))][place]
        else:
            order = rows[np.lexsort((cases.start_s[rows], cases.trial[rows], cases.recording[rows]))]
            found[order] = np.roll(y[order], random.integers(len(order)), axis=0)
    return found


def is_of_people(cases: Cases, y: NDArray[Any]) -> bool:
    """Return whether every participant has one answer, and not all of them the same."""
    _, first, place = np.unique(cases.participant, return_index=True, return_inverse=True)
    has_nan = np.issubdtype(y.dtype, np.floating)
    is_one = np.array_equal(y[first][place], y, equal_nan=has_nan)
    return is_one and not np.array_equal(y[first], np.roll(y[first], 1, axis=0), equal_nan=has_nan)


def score(run: Run, batch: Batch, proba: NDArray[np.float64]) -> float | None:
    """Return the primary metric of predictions of a run."""
    return one_metric(run.experiment.metric, batch, proba)


def stored_permutations(
    predictions: Predictions,
    metric: str,
    count: int,
    seed: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> NDArray[np.float64]:
    """Return the metric of the stored predictions against answers permuted within participants (count,)."""
    random = np.random.default_rng(seed)
    values = np.full(count, np.nan)
    for number in range(count):
        if cancelled():
            raise CancelledError("stopped")
        answers = permuted(predictions.cases, predictions.y, random)
        shuffled = Predictions(
            predictions.cases,
            answers,
            predictions.proba,
            predictions.fold,
            predictions.classes,
            predictions.outputs,
        )
        value = value_of(metric, shuffled).value
        values[number] = np.nan if value is None else value
    return values


def permutation_facts(
    metric: str, observed: float | None, values: NDArray[np.float64], kind: str, between: bool = False
) -> dict[str, Any]:
    """Return p = (b + 1) / (n + 1), and of what: kind and number named; no p under 99 permutations.

    `between` says that answers were shuffled between participants, not within each.
    """
    known = values[np.isfinite(values)]
    n = len(known)
    gone = f"; {len(values) - n} more gave no figure" if len(values) > n else ""
    how = (
        "every fold trained again for each"
        if kind == "retrained"
        else "of the stored predictions, nothing trained again"
    )
    facts: dict[str, Any] = {
        "metric": metric,
        "kind": kind,
        "n": n,
        "words": f"{n} permutations of the answers {'between' if between else 'within'} participants, {how}"
        f"{gone}",
        "p": None,
        "reason": "",
        "mean": float(known.mean()) if n else None,
        "values": known.tolist(),
    }
    if observed is None:
        return facts | {"reason": f"{metric} is undefined"}
    if n < LEAST_PERMUTATIONS:
        return facts | {"reason": f"needs at least {LEAST_PERMUTATIONS} permutations, there are {n}"}
    reached = sum(not is_better(metric, observed, value) for value in known.tolist())
    return facts | {"p": (reached + 1) / (n + 1)}


def majority(run: Run, predictions: Predictions) -> Predictions:
    """Return what the most frequent class of each training side (the mean, of numbers) would have got."""
    proba = np.zeros_like(predictions.proba)
    for name in np.unique(predictions.fold):
        train = run.division.fold(str(name)).train
        rows = predictions.fold == name
        if predictions.classes:
            shares = np.bincount(run.y[train], minlength=len(predictions.classes)) / max(len(train), 1)
            proba[rows] = shares
        else:
            answers = np.asarray(run.y[train], np.float64).reshape(len(train), -1)
            known = np.isfinite(answers)
            proba[rows] = np.where(known, answers, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return Predictions(
        predictions.cases,
        predictions.y,
        proba,
        predictions.fold,
        predictions.classes,
        predictions.outputs,
    )


def against_baseline(metric: str, predictions: Predictions, baseline: Predictions) -> dict[str, Any]:
    """Return the chance level of a metric (the majority baseline's) and a test over participants against it.

    The test is a sign-flip permutation of each participant's own figure minus the baseline's on the same
    cases; participants in whom one of them is undefined are left out, and counted.
    """
    own, base = of_participants(metric, predictions), of_participants(metric, baseline)
    pairs = [(own[code].value, base[code].value) for code in own]
    known = np.array([one - other for one, other in pairs if one is not None and other is not None])
    test = sign_flip(known)
    level = value_of(metric, baseline)
    return {
        "metric": metric,
        "level": level.value,
        "reason": level.reason,
        "mean_difference": float(known.mean()) if len(known) else None,
        "p": test.p,
        "test": test.how,
        "participants": test.n,
        "left_out": len(pairs) - len(known),
        "why": test.reason,
    }


def baseline_facts(run: Run, predictions: Predictions) -> dict[str, Any]:
    """Return the majority baseline's figures and the test against it."""
    baseline = majority(run, predictions)
    task = task_of(predictions)
    metrics: Mapping[str, Any] = {
        name: _plain(value_of(name, baseline)) for name, metric in METRICS.items() if metric.task == task
    }
    return {
        "words": "most frequent class of the training side"
        if predictions.classes
        else "mean answer of the training side",
        "metrics": metrics,
        "test": against_baseline(run.experiment.metric, predictions, baseline),
    }


def _plain(outcome: Any) -> dict[str, Any]:
    return {"value": outcome.value, "n": outcome.n, "reason": outcome.reason}
