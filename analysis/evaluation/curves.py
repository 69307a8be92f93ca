"""Tables and curves of class predictions: confusion, ROC points, reliability; JSON-ready."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.evaluation.class_sums import BINS, bin_of
from analysis.evaluation.run_folder import Predictions
from analysis.recognizers.recognizer import decide


def confusion(predictions: Predictions) -> dict[str, Any]:
    """Return `classes` and `counts`: row i, column j are cases of class i that were taken for class j."""
    kinds = len(predictions.classes)
    cells = predictions.y.astype(np.intp) * kinds + decide(predictions.proba)
    counts = np.bincount(cells, minlength=kinds * kinds).reshape(kinds, kinds)
    return {"classes": list(predictions.classes), "counts": counts.tolist()}


def roc_points(predictions: Predictions) -> dict[str, Any]:
    """Return, by class, false and true positive rates at every threshold; None where a side is empty.

    With two classes only the second one has a curve. The first point (no case called positive) has the
    threshold None.
    """
    names = predictions.classes
    kinds = (1,) if len(names) == 2 else tuple(range(len(names)))
    return {names[kind]: _curve(predictions.y == kind, predictions.proba[:, kind]) for kind in kinds}


def _curve(positive: Any, score: Any) -> dict[str, Any] | None:
    if positive.all() or not positive.any():
        return None
    thresholds, place = np.unique(-score, return_inverse=True)
    high = np.cumsum(np.bincount(place, positive, minlength=len(thresholds)))
    low = np.cumsum(np.bincount(place, ~positive, minlength=len(thresholds)))
    return {
        "false_positive": [0.0, *(low / low[-1]).tolist()],
        "true_positive": [0.0, *(high / high[-1]).tolist()],
        "threshold": [None, *(-thresholds).tolist()],
    }


def reliability(predictions: Predictions) -> list[dict[str, Any]]:
    """Return one row a bin of the highest probability: how often it was right, and how sure it was."""
    confidence = predictions.proba.max(axis=1)
    right = decide(predictions.proba) == predictions.y
    place = bin_of(confidence)
    rows = []
    for number in range(BINS):
        inside = place == number
        count = int(inside.sum())
        rows.append(
            {
                "from": number / BINS,
                "to": (number + 1) / BINS,
                "cases": count,
                "confidence": float(confidence[inside].mean()) if count else None,
                "accuracy": float(right[inside].mean()) if count else None,
            }
        )
    return rows
