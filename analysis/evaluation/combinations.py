"""Every combination of modalities (Yang et al.: 15 of four), and fusion at decision level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import InputSpec
from analysis.evaluation.metrics import value_of
from analysis.evaluation.run_folder import Predictions, Run
from analysis.recognizers.recognizer import decide

GROUP_OF: Mapping[str, str] = MappingProxyType(
    {
        "bvp": "P", "ecg": "P", "eda": "P", "temperature": "P", "respiration": "P", "acceleration": "P",
        "peripheral": "P", "face": "V", "speech": "A", "keys": "T", "eeg": "EEG", "eye": "eye",
    }
)  # fmt: skip
"""What goes together, as Yang et al. groups it: P physiology, V visual, A acoustic, T typing."""
ORDER = ("P", "EEG", "eye", "V", "A", "T")
TOLD = ("accuracy", "balanced_accuracy", "f1_weighted", "auc")
NUMBERS_TOLD = ("ccc", "mae", "rmse")


def groups_of(inputs: Sequence[InputSpec], held: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of inputs that a batch holds, by group, in the order of `ORDER`."""
    found: dict[str, tuple[str, ...]] = {}
    for spec in inputs:
        if spec.name in held:
            group = GROUP_OF.get(spec.modality, spec.modality)
            found[group] = (*found.get(group, ()), spec.name)
    return {name: found[name] for name in [*ORDER, *found] if name in found}


def subsets(groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return every combination of groups by name ("P+V"), the smallest first, with its inputs."""
    return {
        "+".join(chosen): tuple(name for group in chosen for name in groups[group])
        for size in range(1, len(groups) + 1)
        for chosen in combinations(groups, size)
    }


def masks_of(inputs: Sequence[InputSpec], held: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return for every combination but the whole which inputs are taken away."""
    found = subsets(groups_of(inputs, held))
    return {
        name: tuple(each for each in held if each not in kept)
        for name, kept in found.items()
        if len(kept) < len(held)
    }


def row_of(name: str, inputs: Sequence[str], predictions: Predictions) -> dict[str, Any]:
    """Return a row of the table: the figures, and of each class the share that was found, in per cent."""
    row: dict[str, Any] = {"name": name, "inputs": list(inputs), "cases": len(predictions)}
    for metric in TOLD if predictions.classes else NUMBERS_TOLD:
        outcome = value_of(metric, predictions)
        row[metric] = outcome.value
    if predictions.classes:
        row["found"] = found_of(predictions)
    return row


def found_of(predictions: Predictions) -> dict[str, float | None]:
    """Return the share of each class that was found, in per cent; None where it does not occur."""
    right = decide(predictions.proba) == predictions.y
    return {
        name: float(100 * right[predictions.y == kind].mean()) if (predictions.y == kind).any() else None
        for kind, name in enumerate(predictions.classes)
    }


def masked_rows(run: Run, groups: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return the table by masking at prediction, of a run that stored it; [] where it did not."""
    rows = []
    for name, inputs in subsets(groups).items():
        try:
            predictions = run.predictions("" if len(inputs) == sum(map(len, groups.values())) else name)
        except KeyError:
            return []
        rows.append(row_of(name, inputs, predictions))
    return rows


def fused(kind: str, parts: Mapping[str, Predictions]) -> Predictions:
    """Return the decisions of single-modality runs put together, case by case: "sum" or "max".

    A modality without a prediction for a case does not count for it. Source: Yang et al. (2021).
    """
    from analysis.recognizers.fusion import decision_fusion

    keys = {name: list(map(int, each.cases.id)) for name, each in parts.items()}
    every = sorted(set().union(*keys.values()))
    place = {key: row for row, key in enumerate(every)}
    widths = {each.proba.shape[1] for each in parts.values()}
    probas: dict[str, NDArray[np.float64]] = {}
    present: dict[str, NDArray[np.bool_]] = {}
    for name, each in parts.items():
        rows = [place[key] for key in keys[name]]
        probas[name] = np.zeros((len(every), max(widths)))
        probas[name][rows] = each.proba
        present[name] = np.zeros(len(every), bool)
        present[name][rows] = True
    if kind not in ("sum", "max"):
        raise ValueError(kind)
    joined = decision_fusion("sum" if kind == "sum" else "max", probas, present)
    return _like(parts, keys, every, joined)


def _like(
    parts: Mapping[str, Predictions],
    keys: Mapping[str, Sequence[int]],
    every: Sequence[int],
    proba: NDArray[np.float64],
) -> Predictions:
    # Every case stands in at least one part: take what is known of it from the first that has it.
    pieces: list[Predictions] = []
    left = set(every)
    for name, each in parts.items():
        rows = [row for row, key in enumerate(keys[name]) if key in left]
        left -= {keys[name][row] for row in rows}
        if rows:
            pieces.append(each.rows(np.array(rows, np.intp)))
    ids = np.concatenate([piece.cases.id for piece in pieces])
    order = np.argsort(ids, kind="stable")
    first = pieces[0]
    cases = type(first.cases)(
        *(
            np.concatenate([getattr(piece.cases, column) for piece in pieces])[order]
            for column in first.cases.__dataclass_fields__
        )
    )
    y = np.concatenate([piece.y for piece in pieces])[order]
    fold = np.concatenate([piece.fold for piece in pieces])[order]
    return Predictions(cases, y, proba, fold, first.classes, first.outputs)
