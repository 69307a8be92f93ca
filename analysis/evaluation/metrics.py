"""Every figure, computed from stored predictions. What is undefined is None with the reason, never 0.

Each metric is a function of sums over cases (`Sums`), so that the bootstrap over participants only weights
them. Definitions follow scikit-learn's where it has the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.outcome import Outcome, Sums, mean_of, undefined
from analysis.corpus.cases import Batch
from analysis.evaluation import class_sums, number_sums
from analysis.evaluation.curves import confusion, reliability, roc_points
from analysis.evaluation.run_folder import Predictions

Task = Literal["classes", "numbers"]
MISSING = "there are no predictions"


class MetricError(Exception):
    """There is no such metric for these predictions; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its title, whose it is, which end is better, and where it is defined."""

    title: str
    task: Task
    sums: Callable[[Predictions], Sums]
    higher_is_better: bool = True
    about: str = ""


def _numbers(predictions: Predictions, of_one: Callable[..., Sums]) -> Sums:
    y = np.asarray(predictions.y, np.float64).reshape(len(predictions), -1)
    return mean_of([of_one(y[:, k], predictions.proba[:, k]) for k in range(y.shape[1])])


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "accuracy": Metric("accuracy", "classes", class_sums.accuracy),
        "balanced_accuracy": Metric(
            "balanced accuracy",
            "classes",
            class_sums.balanced_accuracy,
            about="mean recall of the classes that occur",
        ),
        "uar": Metric(
            "unweighted average recall", "classes", class_sums.uar, about="mean recall of all classes"
        ),
        "f1_macro": Metric("F1, macro", "classes", class_sums.f1_macro),
        "f1_weighted": Metric("F1, weighted", "classes", class_sums.f1_weighted),
        "precision": Metric("precision, macro", "classes", class_sums.precision),
        "auc": Metric(
            "AUC",
            "classes",
            class_sums.auc,
            about="all cases pooled; with more than two classes the mean of one against the rest",
        ),
        "auc_participants": Metric(
            "AUC, mean of participants",
            "classes",
            class_sums.auc_participants,
            about="over participants with both classes",
        ),
        "ece": Metric(
            "expected calibration error",
            "classes",
            class_sums.ece,
            higher_is_better=False,
            about="ten bins of the highest probability (Guo et al. 2017)",
        ),
        "brier": Metric(
            "Brier score",
            "classes",
            class_sums.brier,
            higher_is_better=False,
            about="two classes: of the second one's probability; more: sum over classes",
        ),
        "ccc": Metric(
            "concordance correlation",
            "numbers",
            partial(_numbers, of_one=number_sums.ccc),
            about="Lin (1989), population moments",
        ),
        "pearson": Metric("Pearson r", "numbers", partial(_numbers, of_one=number_sums.pearson)),
        "mae": Metric(
            "mean absolute error",
            "numbers",
            partial(_numbers, of_one=number_sums.mae),
            higher_is_better=False,
        ),
        "r2": Metric(
            "explained variance R²",
            "numbers",
            partial(_numbers, of_one=number_sums.r2),
            about="1 - squared error by that of the mean of the tested answers; 0: no better than it",
        ),
        "one_minus_mae": Metric(
            "1 - mean absolute error",
            "numbers",
            partial(_numbers, of_one=number_sums.one_minus_mae),
            about="of answers from 0 to 1, as First Impressions are scored; high for the mean alone",
        ),
        "rmse": Metric(
            "root mean squared error",
            "numbers",
            partial(_numbers, of_one=number_sums.rmse),
            higher_is_better=False,
        ),
    }
)
"""Every metric by name."""

OF_PARTICIPANT: Mapping[Task, tuple[str, ...]] = MappingProxyType(
    {
        "classes": ("accuracy", "balanced_accuracy", "f1_weighted", "auc"),
        "numbers": ("ccc", "mae", "rmse"),
    }
)
"""What is told of each participant."""


def task_of(predictions: Predictions) -> Task:
    """Return whether classes or numbers were predicted."""
    return "classes" if predictions.classes else "numbers"


def metrics_for(predictions: Predictions) -> dict[str, Metric]:
    """Return the metrics that these predictions can have."""
    task = task_of(predictions)
    return {name: metric for name, metric in METRICS.items() if metric.task == task}


def sums_of(name: str, predictions: Predictions) -> Sums:
    """Return a metric as sums over cases; raises MetricError for one that is not of this task."""
    metric = metrics_for(predictions).get(name)
    if metric is None:
        known = ", ".join(metrics_for(predictions))
        raise MetricError(
            f"--metric {name}: there is no such metric for these predictions. There are: {known}."
        )
    return metric.sums(predictions) if len(predictions) else undefined(MISSING)


def value_of(name: str, predictions: Predictions) -> Outcome:
    """Return a metric, or the reason why there is none."""
    sums = sums_of(name, predictions)
    return sums.outcome()


def is_better(name: str, value: float, other: float) -> bool:
    """Tell whether a value of a metric is better than another one."""
    return value > other if METRICS[name].higher_is_better else value < other


def one_metric(name: str, batch: Batch, proba: NDArray[np.float64]) -> float | None:
    """Return one figure of predictions that are not stored."""
    assert batch.y is not None
    fold = np.full(len(batch), "")
    return value_of(name, Predictions(batch.cases, batch.y, proba, fold, batch.classes, batch.outputs)).value


def of_participants(name: str, predictions: Predictions) -> dict[str, Outcome]:
    """Return a metric of each participant's own cases."""
    who = predictions.cases.participant
    return {
        str(code): value_of(name, predictions.rows(np.flatnonzero(who == code))) for code in np.unique(who)
    }


def by_trial(predictions: Predictions) -> Predictions:
    """Return one prediction a trial: the mean over its windows, where they all have the same answer."""
    groups = predictions.cases.groups(("recording", "trial"))
    names, first, place = np.unique(groups, return_index=True, return_inverse=True)
    proba = np.zeros((len(names), predictions.proba.shape[1]))
    np.add.at(proba, place, predictions.proba)
    proba /= np.bincount(place, minlength=len(names))[:, None]
    same = np.ones(len(names), bool)
    of_first = predictions.y[first][place]
    differs = predictions.y != of_first
    if np.issubdtype(predictions.y.dtype, np.floating):
        # A rating that nobody gave is the same one in every window.
        differs &= ~(np.isnan(predictions.y) & np.isnan(of_first))
    same[place[differs.any(axis=1) if differs.ndim == 2 else differs]] = False
    kept = predictions.rows(first[same].astype(np.intp))
    return Predictions(kept.cases, kept.y, proba[same], kept.fold, predictions.classes, predictions.outputs)


def assess(predictions: Predictions) -> dict[str, Any]:
    """Return all figures: `metrics` {name: value, n, reason}, `participants`, `confusion`, `roc`,
    `reliability`; with several outputs `outputs` {name: metrics}; JSON-ready.
    """  # noqa: D205
    found: dict[str, Any] = {
        "task": task_of(predictions),
        "cases": len(predictions),
        "metrics": {name: _told(value_of(name, predictions)) for name in metrics_for(predictions)},
        "participants": _participants(predictions),
    }
    if predictions.classes:
        found["confusion"] = confusion(predictions)
        found["roc"] = roc_points(predictions)
        found["reliability"] = reliability(predictions)
    elif len(predictions.outputs) > 1:
        found["outputs"] = {
            output: {
                name: _told(value_of(name, _output(predictions, place))) for name in metrics_for(predictions)
            }
            for place, output in enumerate(predictions.outputs)
        }
    return found


def _told(outcome: Outcome) -> dict[str, Any]:
    return {"value": outcome.value, "n": outcome.n, "reason": outcome.reason}


def _participants(predictions: Predictions) -> list[dict[str, Any]]:
    names = OF_PARTICIPANT[task_of(predictions)]
    columns = {name: of_participants(name, predictions) for name in names}
    who = predictions.cases.participant
    return [
        {
            "participant": str(code),
            "cases": int((who == code).sum()),
            **{name: columns[name][str(code)].value for name in names},
        }
        for code in np.unique(who)
    ]


def _output(predictions: Predictions, place: int) -> Predictions:
    return Predictions(
        predictions.cases,
        predictions.y[:, place : place + 1],
        predictions.proba[:, place : place + 1],
        predictions.fold,
        (),
        predictions.outputs[place : place + 1],
    )
