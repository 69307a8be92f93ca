"""Several ratings estimated at once: each made high or low by a threshold and scored (Comas et al.).

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", Tables III and IV. The paper calls its score precision and accuracy, and does not say how
estimates become classes: both are given here, and the thresholds are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.agreement.outcome import Outcome, Sums, mean_of, undefined
from analysis.evaluation import number_sums
from analysis.evaluation.intervals import told_of
from analysis.evaluation.run_folder import Predictions
from analysis.recognizers.ten_labels import (
    EMOTION_MIDDLE,
    RATING_HIGH,
    RATING_LOW,
    RATING_MIDDLE,
    RATINGS,
    is_emotion,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
THRESHOLDED = ("precision", "accuracy", "weighted_accuracy", "f1", "f1_macro")
CONTINUOUS = ("ccc", "rmse")
SCORES = (*THRESHOLDED, *CONTINUOUS)
ON_NINE = (*RATINGS, "dominance", "familiarity")
"""Ratings that published data sets ask on a scale from 1 to 9."""
NO_SCALE = "the scale of its answers is not known, so neither is its middle"
IS_FLAG = "its answers are 0 or 1"


@dataclass(frozen=True, slots=True)
class Decided:
    """Labels as high or low: `answers` and `estimates` (n, k) beside `true` and `said`.

    `middles` (k,) are the thresholds, NaN where there is none; with `by_largest` the emotion that is said is
    the one with the largest estimate.
    """

    names: tuple[str, ...]
    answers: Floats
    estimates: Floats
    middles: Floats
    true: Flags
    said: Flags
    by_largest: bool

    @property
    def words(self) -> str:
        """How estimates became high or low."""
        emotions = (
            "of the emotions, of which every case has one, the largest is said"
            if self.by_largest
            else f"an emotion of 0 or 1 is said above {EMOTION_MIDDLE:g}"
        )
        return (
            "High is above the middle of the scale: the protocol's own, "
            f"{RATING_MIDDLE:g} of {RATING_LOW:g} to {RATING_HIGH:g} where it names none; {emotions}. "
            "A value on the threshold is low. Precision is that of high"
        )


def decided(predictions: Predictions, middles: Mapping[str, float]) -> Decided:
    """Return several outputs as high or low; `middles` are those of their scales, by name."""
    names = predictions.outputs
    answers = np.asarray(predictions.y, np.float64).reshape(len(predictions), -1)
    estimates = predictions.proba
    edges = np.array(
        [_middle(name, column, middles.get(name)) for name, column in zip(names, answers.T, strict=True)]
    )
    true, said = answers > edges, estimates > edges
    emotions = [
        place
        for place, name in enumerate(names)
        if is_emotion(name) and edges[place] == EMOTION_MIDDLE and _is_flag(answers[:, place])
    ]
    known = np.isfinite(answers[:, emotions]).all(axis=1)
    by_largest = len(emotions) > 1 and bool((true[known][:, emotions].sum(axis=1) == 1).all())
    if by_largest:
        best = estimates[:, emotions].argmax(axis=1)
        said[:, emotions] = np.arange(len(emotions))[None, :] == best[:, None]
    return Decided(names, answers, estimates, edges, true, said, by_largest)


def _middle(name: str, answers: Floats, known: float | None) -> float:
    found = answers[np.isfinite(answers)]
    if is_emotion(name) and (not len(found) or (found.min() >= 0 and found.max() <= 1)):
        return EMOTION_MIDDLE
    if len(found) and _is_flag(answers):
        return EMOTION_MIDDLE
    if known is not None:
        return float(known)
    fits = name in ON_NINE and (not len(found) or (found.min() >= RATING_LOW and found.max() <= RATING_HIGH))
    return RATING_MIDDLE if fits else float("nan")


def _is_flag(answers: Floats) -> bool:
    return bool(np.isin(answers[np.isfinite(answers)], (0.0, 1.0)).all())


def sums_of_label(found: Decided, place: int) -> dict[str, Sums]:
    """Return every score of one label as sums over cases; unknown answers are left out."""
    answers, estimates = found.answers[:, place], found.estimates[:, place]
    known = np.isfinite(answers)
    if np.isnan(found.middles[place]):
        scores = {name: undefined(NO_SCALE, len(answers)) for name in THRESHOLDED}
    elif not known.any():
        scores = {name: undefined(number_sums.NO_ANSWER, len(answers)) for name in THRESHOLDED}
    else:
        true, said = found.true[:, place], found.said[:, place]
        cells = [known, known & true & said, known & ~true & said, known & true & ~said]
        parts = np.column_stack(cells).astype(np.float64)
        scores = {name: Sums(parts, finish) for name, finish in _FINISH.items()}
    if found.middles[place] == EMOTION_MIDDLE and _is_flag(answers):
        scores |= {name: undefined(IS_FLAG, len(answers)) for name in CONTINUOUS}
    else:
        scores["ccc"] = number_sums.ccc(answers, estimates)
        scores["rmse"] = number_sums.rmse(answers, estimates)
    return scores


def _precision(total: Floats) -> Outcome:
    n, hits, false, _ = total.tolist()
    if hits + false <= 0:
        return Outcome(None, round(n), "high was never said")
    return Outcome(hits / (hits + false), round(n))


def _accuracy(total: Floats) -> Outcome:
    n, _, false, missed = total.tolist()
    if n <= 0:
        return Outcome(None, 0, number_sums.NO_ANSWER)
    return Outcome(1 - (false + missed) / n, round(n))


def _f1_macro(total: Floats) -> Outcome:
    n, hits, false, missed = total.tolist()
    if n <= 0:
        return Outcome(None, 0, number_sums.NO_ANSWER)
    wrong = false + missed
    both = [right for right in (hits, n - hits - wrong) if 2 * right + wrong > 0]
    return Outcome(float(np.mean([2 * right / (2 * right + wrong) for right in both])), round(n))


def _f1(total: Floats) -> Outcome:
    n, hits, false, missed = total.tolist()
    if 2 * hits + false + missed <= 0:
        return Outcome(None, round(n), "high neither was nor was said")
    return Outcome(2 * hits / (2 * hits + false + missed), round(n))


def _weighted_accuracy(total: Floats) -> Outcome:
    """Return (TP N / P + TN) / (2 N), which is the mean of recall and specificity (MER-SEM-MBT)."""
    n, hits, false, missed = total.tolist()
    positive, negative = hits + missed, n - hits - missed
    if positive <= 0 or negative <= 0:
        return Outcome(None, round(n), "all answers lie on one side of the threshold")
    return Outcome((hits / positive + (negative - false) / negative) / 2, round(n))


_FINISH: Mapping[str, Callable[[Floats], Outcome]] = {
    "precision": _precision,
    "accuracy": _accuracy,
    "weighted_accuracy": _weighted_accuracy,
    "f1": _f1,
    "f1_macro": _f1_macro,
}


def floors(high: Flags) -> dict[str, dict[str, float | None]]:
    """Return what always saying "no" and "yes" reaches on a label whose answers are `high` (n,)."""
    n = float(len(high))
    positive = float(high.sum())
    found = {}
    for name, total in (("no", (n, 0.0, 0.0, positive)), ("yes", (n, positive, n - positive, 0.0))):
        found[name] = {key: finish(np.array(total)).value for key, finish in _FINISH.items()}
    return found


def labels_of(
    predictions: Predictions,
    middles: Mapping[str, float],
    seed: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Return every label's scores with intervals, and the mean over labels; JSON-ready.

    `words` (how estimates became high or low), `rows` [{label, threshold, high, metrics {name: {value, n,
    reason, interval}}}] and `average` {name: the same} of what is thresholded, with the labels that are
    `left_out` of it since they have none. Raises CancelledError.
    """
    found = decided(predictions, middles)
    people = predictions.cases.participant.tolist()
    sums = [sums_of_label(found, place) for place in range(len(found.names))]
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(found.names):
        known, edge = np.isfinite(found.answers[:, place]), found.middles[place]
        high = found.true[known, place]
        rows.append(
            {
                "label": name,
                "threshold": None if np.isnan(edge) else float(edge),
                "high": None if np.isnan(edge) or not len(high) else float(high.mean()),
                "floors": floors(high) if not np.isnan(edge) and len(high) else None,
                "metrics": {key: told_of(each, people, seed, cancelled) for key, each in sums[place].items()},
            }
        )
    average = {
        key: told_of(mean_of([each[key] for each in sums]), people, seed, cancelled) for key in THRESHOLDED
    }
    for key, each in average.items():
        gone = [row["label"] for row in rows if row["metrics"][key]["value"] is None]
        if gone and each["value"] is not None:
            each["left_out"] = gone
    return {"words": found.words, "rows": rows, "average": average}


def label_table(variants: Mapping[str, Predictions], middles: Mapping[str, float]) -> dict[str, Any]:
    """Return the accuracy of each label by variant and their average (Tables III and IV); JSON-ready.

    `variants` by name; only cases that all of them predicted count: `cases` says how many. `rows` [{label,
    accuracy {variant: share, None where undefined}}], "average" the last.
    """
    ids = [set(map(int, each.cases.id)) for each in variants.values()]
    shared = np.array(sorted(set.intersection(*ids)), np.intp)
    accuracy: dict[str, list[float | None]] = {}
    names: Sequence[str] = ()
    for variant, each in variants.items():
        place = {int(number): row for row, number in enumerate(each.cases.id)}
        own = each.rows(np.array([place[int(number)] for number in shared], np.intp))
        found = decided(own, middles)
        names = found.names
        accuracy[variant] = [
            sums_of_label(found, label)["accuracy"].outcome().value for label in range(len(names))
        ]
    rows: list[dict[str, Any]] = [
        {"label": name, "accuracy": {variant: column[place] for variant, column in accuracy.items()}}
        for place, name in enumerate(names)
    ]
    means = {variant: _mean(column) for variant, column in accuracy.items()}
    rows.append({"label": "average", "accuracy": means})
    return {"cases": len(shared), "variants": list(variants), "rows": rows}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return float(np.mean(known)) if known else None
