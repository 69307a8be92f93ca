"""Scores of a run as the step Runs tells them, computed from the predictions that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from analysis.evaluation.metrics import METRICS, value_of
from analysis.evaluation.run_folder import Predictions, Run

METRIC_TITLES: Mapping[str, str] = MappingProxyType(
    {name: metric.title[:1].upper() + metric.title[1:] for name, metric in METRICS.items()}
)
_MEAN_RECALL = ("balanced_accuracy", "uar")


def fold_score(run: Run, name: str) -> float:
    """Return the primary metric of a finished fold's cases; NaN where it is not defined for them."""
    arrays = run.fold_arrays(name)
    rows = arrays["rows"].astype(np.intp)
    fold = np.full(len(rows), name)
    found = Predictions(run.cases.rows(rows), run.y[rows], arrays["proba"], fold, run.classes, run.outputs)
    value = value_of(run.experiment.metric, found).value
    return float("nan") if value is None else float(value)


def chance_of(run: Run) -> float | None:
    """Return what guessing reaches: one class in k, half an AUC, the most frequent class; None: not known."""
    metric, classes = run.experiment.metric, run.classes
    if not classes:
        return None
    if metric in _MEAN_RECALL:
        return 1 / len(classes)
    if metric.startswith("auc"):
        return 0.5
    if metric == "accuracy":
        counts = np.bincount(run.y.astype(np.intp), minlength=len(classes))
        return float(counts.max() / counts.sum())
    return None


def headline_of(run: Run) -> str:
    """Return the primary metric of a finished run with its interval: "0.713 (0.642 to 0.780)"."""
    result = run.result or {}
    metric = run.experiment.metric
    value = _value(result, metric)
    if value is None:
        return "undefined"
    ends = result["metrics"][metric].get("interval") or {}
    low, high = ends.get("low"), ends.get("high")
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def summary_of(run: Run) -> tuple[str, ...]:
    """Return what must stand beside a finished run's figure: watermark, baseline, controls, in words."""
    result = run.result or {}
    told: list[str] = []
    if result.get("watermark"):
        told.append(str(result["watermark"]))
    baseline = _value(result.get("baseline") or {}, run.experiment.metric)
    if baseline is not None:
        told.append(f"majority baseline {baseline:.3f}")
    controls = result.get("controls") or {}
    permutations = controls.get("permutations") or {}
    if permutations.get("p") is not None:
        told.append(f"p {permutations['p']:.3g}, {permutations.get('words', '')}")
    elif permutations.get("reason"):
        told.append(f"no p: {permutations['reason']}")
    probe = controls.get("probe") or {}
    if probe.get("accuracy") is not None:
        told.append(
            f"who it is can be told from the inputs in {probe['accuracy']:.0%} (chance {probe['chance']:.0%})"
        )
    return tuple(told)


def _value(result: Mapping[str, Any], metric: str) -> float | None:
    found = (result.get("metrics") or {}).get(metric) or {}
    value = found.get("value")
    return None if value is None else float(value)
