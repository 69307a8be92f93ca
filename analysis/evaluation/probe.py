"""How well the inputs tell participants apart: what a recognizer could learn instead of the answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.evaluation.splits import TRIAL, dealt

FOLDS = 5
MOST_COLUMNS = 500
_RIDGE = 1e-2
WORDS = (
    "share of cases whose participant a linear probe names, trained on other trials of the same people"
    " (ridge regression on the mean and SD of each input, five folds of whole trials)"
)


def identity_probe(batch: Batch, seed: int = 0) -> dict[str, Any]:
    """Return `accuracy` of a linear probe for the participant, `chance`, and on how many cases."""
    codes, who = np.unique(batch.cases.participant, return_inverse=True)
    wide = [name for name, each in batch.inputs.items() if math.prod(each.values.shape[2:]) > MOST_COLUMNS]
    facts: dict[str, Any] = {
        "words": WORDS + (f"; of {', '.join(wide)} the first {MOST_COLUMNS} columns only" if wide else ""),
        "participants": len(codes),
        "chance": None,
        "accuracy": None,
        "cases": len(batch),
        "reason": "",
    }
    if len(codes) < 2:
        return facts | {"reason": "there is one participant only"}
    trials = batch.cases.groups(TRIAL)
    counts = [len(np.unique(trials[who == place])) for place in range(len(codes))]
    if min(counts) < 2:
        return facts | {"reason": "somebody has one trial only"}
    values = summaries(batch)
    right = 0
    for inside in dealt(trials, who, min(FOLDS, min(counts)), seed):
        right += int((_named(values[~inside], who[~inside], values[inside], len(codes)) == who[inside]).sum())
    chance = float(np.bincount(who).max() / len(who))
    return facts | {"accuracy": right / len(batch), "chance": chance}


def summaries(batch: Batch) -> NDArray[np.float64]:
    """Return mean and SD over the steps of every column of every input (n, columns), and what is absent.

    Of an input with more than `MOST_COLUMNS` (pictures) the first ones only.
    """
    parts = []
    for each in batch.inputs.values():
        flat = each.values.reshape(len(batch), each.values.shape[1], -1)[..., :MOST_COLUMNS]
        inside = each.inside[..., None] & np.isfinite(flat)
        count = np.maximum(inside.sum(axis=1), 1)
        held = np.where(inside, flat, 0).astype(np.float64)
        mean = held.sum(axis=1) / count
        spread = np.sqrt(np.where(inside, (held - mean[:, None]) ** 2, 0).sum(axis=1) / count)
        parts += [mean, spread, each.present[:, None].astype(np.float64)]
    return np.hstack(parts)


def _named(
    train: NDArray[np.float64], who: NDArray[np.intp], test: NDArray[np.float64], codes: int
) -> NDArray[np.intp]:
    centre, spread = train.mean(axis=0), train.std(axis=0)
    used = np.where(spread > 1e-9 + 1e-7 * np.abs(centre), spread, np.inf)
    one, other = (train - centre) / used, (test - centre) / used
    goal = np.eye(codes)[who]
    mean = goal.mean(axis=0)
    # The smaller of the two systems: as many unknowns as columns, or as cases.
    ridge = _RIDGE * len(one)
    if one.shape[1] <= len(one):
        weights = np.linalg.solve(one.T @ one + ridge * np.eye(one.shape[1]), one.T @ (goal - mean))
    else:
        weights = one.T @ np.linalg.solve(one @ one.T + ridge * np.eye(len(one)), goal - mean)
    return np.asarray((other @ weights + mean).argmax(axis=1), np.intp)
