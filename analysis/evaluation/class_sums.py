"""Metrics of class predictions, as functions of sums over cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.outcome import Outcome, Sums, undefined
from analysis.evaluation.run_folder import Predictions
from analysis.recognizers.recognizer import decide

Floats = NDArray[np.float64]
BINS = 10


def accuracy(predictions: Predictions) -> Sums:
    """Return the share of cases that are right."""
    return _of_confusion(predictions, lambda table, n: Outcome(float(np.trace(table) / n), n))


def balanced_accuracy(predictions: Predictions) -> Sums:
    """Return the mean recall of the classes that occur."""

    def finish(table: Floats, n: int) -> Outcome:
        occur = table.sum(axis=1) > 0
        return Outcome(float((np.diag(table)[occur] / table.sum(axis=1)[occur]).mean()), n)

    return _of_confusion(predictions, finish)


def uar(predictions: Predictions) -> Sums:
    """Return the mean recall of all classes; undefined where one does not occur."""

    def finish(table: Floats, n: int) -> Outcome:
        gone = _named(predictions.classes, table.sum(axis=1) == 0)
        if gone:
            return Outcome(None, n, f"no case of {gone}")
        return Outcome(float((np.diag(table) / table.sum(axis=1)).mean()), n)

    return _of_confusion(predictions, finish)


def f1_macro(predictions: Predictions) -> Sums:
    """Return the mean F1 of the classes that occur or are predicted."""

    def finish(table: Floats, n: int) -> Outcome:
        met, f1 = _f1(table)
        return Outcome(float(f1[met].mean()), n)

    return _of_confusion(predictions, finish)


def f1_weighted(predictions: Predictions) -> Sums:
    """Return the mean F1, each class weighted by how often it occurs."""

    def finish(table: Floats, n: int) -> Outcome:
        _, f1 = _f1(table)
        return Outcome(float((f1 * table.sum(axis=1)).sum() / table.sum()), n)

    return _of_confusion(predictions, finish)


def precision(predictions: Predictions) -> Sums:
    """Return the mean precision of the classes; undefined where one is never predicted."""

    def finish(table: Floats, n: int) -> Outcome:
        never = _named(predictions.classes, table.sum(axis=0) == 0)
        if never:
            return Outcome(None, n, f"{never} was never predicted")
        return Outcome(float((np.diag(table) / table.sum(axis=0)).mean()), n)

    return _of_confusion(predictions, finish)


def auc(predictions: Predictions) -> Sums:
    """Return the area under the pooled ROC curve; more than two classes: the mean of one against the rest."""
    y, proba = predictions.y, predictions.proba
    if len(predictions.classes) == 2:
        return _area(y == 1, proba[:, 1], predictions.classes)
    return _mean_of_areas(
        [
            _area(y == kind, proba[:, kind], ("the others", name))
            for kind, name in enumerate(predictions.classes)
        ]
    )


def auc_participants(predictions: Predictions) -> Sums:
    """Return the mean of the participants' own areas, of those in whose cases it is defined."""
    who = predictions.cases.participant
    parts = np.zeros((len(predictions), 3))
    for code in np.unique(who):
        rows = np.flatnonzero(who == code)
        own = auc(predictions.rows(rows)).outcome().value
        if own is not None:
            parts[rows[0]] = (1.0, own, 1.0)

    def finish(total: Floats) -> Outcome:
        if total[2] <= 0:
            return Outcome(None, 0, "no participant has cases of all classes")
        return Outcome(float(total[1] / total[2]), round(float(total[2])))

    return Sums(parts, finish)


def ece(predictions: Predictions) -> Sums:
    """Return the expected calibration error over `BINS` bins of the highest probability.

    Source: Guo, Pleiss, Sun, Weinberger (2017), On Calibration of Modern Neural Networks, equation 3.
    """
    confidence = predictions.proba.max(axis=1)
    right = decide(predictions.proba) == predictions.y
    place = bin_of(confidence)
    each = np.eye(BINS)[place]
    parts = np.hstack(
        [np.ones((len(predictions), 1)), each * confidence[:, None], each * right[:, None].astype(float)]
    )

    def finish(total: Floats) -> Outcome:
        n = total[0]
        if n <= 0:
            return Outcome(None, 0, "no case")
        gaps = np.abs(total[1 : 1 + BINS] - total[1 + BINS :])
        return Outcome(float(gaps.sum() / n), round(n))

    return Sums(parts, finish)


def brier(predictions: Predictions) -> Sums:
    """Return the Brier score: two classes, (p - y)^2 of the second; more: squared errors, summed."""
    y, proba = predictions.y, predictions.proba
    if len(predictions.classes) == 2:
        errors = (proba[:, 1] - (y == 1)) ** 2
    else:
        errors = ((proba - np.eye(len(predictions.classes))[y]) ** 2).sum(axis=1)
    return mean_of_cases(errors)


def mean_of_cases(values: Floats) -> Sums:
    """Return the mean of a number of each case."""

    def finish(total: Floats) -> Outcome:
        if total[0] <= 0:
            return Outcome(None, 0, "no case")
        return Outcome(float(total[1] / total[0]), round(float(total[0])))

    return Sums(np.column_stack([np.ones(len(values)), values]), finish)


def bin_of(confidence: Floats) -> NDArray[np.intp]:
    """Return which of the `BINS` bins (0, 0.1], (0.1, 0.2] ... a probability falls into."""
    return np.clip(np.ceil(confidence * BINS).astype(np.intp) - 1, 0, BINS - 1)


def _of_confusion(predictions: Predictions, finish: Callable[[Floats, int], Outcome]) -> Sums:
    kinds = len(predictions.classes)
    parts = np.zeros((len(predictions), 1 + kinds * kinds))
    parts[:, 0] = 1
    cell = 1 + predictions.y.astype(np.intp) * kinds + decide(predictions.proba)
    parts[np.arange(len(predictions)), cell] = 1

    def of_total(total: Floats) -> Outcome:
        table = total[1:].reshape(kinds, kinds)
        if table.sum() <= 0:
            return Outcome(None, 0, "no case")
        return finish(table, round(float(total[0])))

    return Sums(parts, of_total)


def _f1(table: Floats) -> tuple[NDArray[np.bool_], Floats]:
    both = table.sum(axis=0) + table.sum(axis=1)
    met = both > 0
    return met, np.where(met, 2 * np.diag(table) / np.where(met, both, 1), 0.0)


def _area(positive: NDArray[np.bool_], score: Floats, names: Sequence[str]) -> Sums:
    """Mann and Whitney's form: the share of pairs in the right order, ties counting half."""
    _, place = np.unique(score, return_inverse=True)
    size = int(place.max()) + 1 if len(place) else 0

    def weigh(weights: Floats) -> Outcome:
        n = round(float(weights.sum()))
        high = np.bincount(place, weights * positive, minlength=size)
        low = np.bincount(place, weights * ~positive, minlength=size)
        if high.sum() <= 0 or low.sum() <= 0:
            return Outcome(None, n, f"no case of {names[1] if high.sum() <= 0 else names[0]}")
        below = np.cumsum(low) - low
        pairs = float((high * (below + low / 2)).sum())
        return Outcome(pairs / (float(high.sum()) * float(low.sum())), n)

    return Sums(np.ones((len(score), 1)), lambda total: Outcome(None, 0, "no case"), weigh)


def _mean_of_areas(areas: Sequence[Sums]) -> Sums:
    if not areas:
        return undefined("no class")

    def weigh(weights: Floats) -> Outcome:
        found = [area.weighted(weights) for area in areas]
        values = [each.value for each in found if each.value is not None]
        if len(values) < len(found):
            return Outcome(None, found[0].n, next(each.reason for each in found if each.value is None))
        return Outcome(float(np.mean(values)), found[0].n)

    return Sums(areas[0].parts, lambda total: Outcome(None, 0, "no case"), weigh)


def _named(classes: Sequence[str], chosen: NDArray[np.bool_]) -> str:
    return ", ".join(name for name, one in zip(classes, chosen, strict=True) if one)
