"""Batches whose effect only a certain mechanism can find, and the same without any effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.recognizer import Context, Recognizer, decide
from tests.helpers.batches import make_cases, make_input

CLASSES = ("negative", "positive")
SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Planted:
    """A batch, and which steps (n, steps) of its first input hold the effect, where only some do."""

    batch: Batch
    where: NDArray[np.bool_] | None = None


def order_in_time(participants: int = 12, trials: int = 16, steps: int = 10, effect: bool = True) -> Planted:
    """Return rising against falling sequences of the very same numbers: only their order tells them apart."""
    random = np.random.default_rng(1)
    y = _answers(participants, trials, random)
    values = np.sort(random.normal(0, 1, (len(y), steps, 2)), axis=1)
    values[y == 0] = values[y == 0, ::-1]
    if not effect:
        values = random.permuted(values, axis=1)
    return Planted(_batch(participants, trials, {"bvp": make_input(values)}, y))


def only_together(participants: int = 12, trials: int = 16, effect: bool = True) -> Planted:
    """Return two modalities, each at chance alone: positive where both are high or both low."""
    random = np.random.default_rng(2)
    y = _answers(participants, trials, random)
    one = random.integers(0, 2, len(y))
    other = np.where(y == 1, one, 1 - one) if effect else random.integers(0, 2, len(y))
    inputs = {
        name: make_input((2.0 * side - 1)[:, None, None] + random.normal(0, 0.5, (len(y), 5, 2)))
        for name, side in (("bvp", one), ("face", other))
    }
    return Planted(_batch(participants, trials, inputs, y))


def in_some_steps(participants: int = 12, trials: int = 16, steps: int = 20, effect: bool = True) -> Planted:
    """Return sequences that tell the class in a fifth of their steps, which a second number marks.

    In all other steps the first number is as large, but its sign is by chance.
    """
    random = np.random.default_rng(3)
    y = _answers(participants, trials, random)
    marked = round(SHARE * steps)
    where = np.zeros((len(y), steps), bool)
    first = random.integers(0, steps - marked + 1, len(y))
    for row, start in enumerate(first):
        where[row, start : start + marked] = True
    sign = random.choice([-1.0, 1.0], (len(y), steps))
    if effect:
        sign = np.where(where, (2.0 * y - 1)[:, None], sign)
    values = np.stack([sign, np.where(where, 1.0, -1.0)], axis=2)
    values += random.normal(0, 0.3, values.shape)
    return Planted(_batch(participants, trials, {"bvp": make_input(values)}, y), where)


def held_out_accuracy(recognizer: Recognizer, batch: Batch, seed: int = 1) -> float:
    """Train on three quarters of the participants; return the share that is right of the others."""
    train, test = halves(batch)
    recognizer.fit(train, None, Context(seed=seed))
    assert test.y is not None
    return float((decide(recognizer.predict_proba(test.without_answers())) == test.y).mean())


def halves(batch: Batch) -> tuple[Batch, Batch]:
    """Return the first three quarters of the participants, and the others."""
    people = np.unique(batch.cases.participant)
    is_train = np.isin(batch.cases.participant, people[: len(people) * 3 // 4])
    return batch.rows(np.flatnonzero(is_train)), batch.rows(np.flatnonzero(~is_train))


def _answers(participants: int, trials: int, random: np.random.Generator) -> NDArray[np.int64]:
    # Balanced within everybody, in an order of their own.
    row = np.arange(trials) % 2
    return np.concatenate([random.permutation(row) for _ in range(participants)]).astype(np.int64)


def _batch(participants: int, trials: int, inputs: dict[str, Input], y: NDArray[np.int64]) -> Batch:
    return Batch(make_cases(participants, trials), inputs, y, CLASSES)
