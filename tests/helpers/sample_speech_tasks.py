"""Persons as cases with a vector a spoken task, and weak effects that lie in different directions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.corpus.cases import Batch
from tests.helpers.batches import make_cases, make_input
from tests.helpers.recognizer_samples import Sample

CLASSES = ("healthy", "depressed")
WIDTH = 6


def persons(n: int, tasks: int = 9, effect: float = 1.0, seed: int = 0, absent: float = 0.0) -> Batch:
    """Return `n` persons, half of each class, with a vector a task.

    Noise has SD 1; class means lie `effect` apart in each task, in a direction of its own; a share `absent`
    of the tasks is missing.
    """
    random = np.random.default_rng(seed)
    y = (np.arange(n) % 2).astype(np.int64)
    cases = replace(make_cases(n, 1), stimulus=np.full(n, ""), category=np.full(n, ""))
    inputs = {}
    for task in range(1, tasks + 1):
        way = np.random.default_rng(100 + task).standard_normal(WIDTH)
        values = random.standard_normal((n, WIDTH)) + np.outer(effect * (y - 0.5), way / np.linalg.norm(way))
        lengths = (random.random(n) >= absent).astype(np.intp)
        inputs[f"task-{task}"] = make_input(values[:, None], lengths)
    return Batch(cases, inputs, y, CLASSES)


def visits(participants: int, trials: int, effect: bool) -> Batch:
    """Return several visits of each participant, both classes alike in each."""
    made = persons(participants * trials, 3, 4.0 if effect else 0.0)
    cases = replace(make_cases(participants, 1, trials))
    return replace(
        made, cases=replace(cases, stimulus=np.full(len(made), ""), category=np.full(len(made), ""))
    )


QUICK = {"grid": "none", "inner_folds": 3}
STACK = Sample(visits, {**QUICK, "stack_grid": "none"})
SELECTED = Sample(visits, QUICK)
VOTE = Sample(visits)
