"""Pictures of two domains: a bright band whose height tells the class, and a slope that tells the domain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from tests.helpers.batches import make_cases, make_input
from tests.helpers.recognizer_samples import Sample

SIDE = 24
CLASSES = ("sad", "happy")


def pictures(
    y: NDArray[np.int64], random: np.random.Generator, effect: bool, tilt: float, classes: int = 2
) -> NDArray[np.float64]:
    """Return (n, SIDE, SIDE): noise, a band at the class's height where there is an effect, and a slope."""
    rows = np.arange(SIDE)[None, :, None]
    middle = (y + 0.5) * SIDE / classes
    band = np.exp(-(((rows - middle[:, None, None]) / 2.0) ** 2))
    slope = tilt * np.linspace(-1, 1, SIDE)[None, None, :]
    return random.normal(0, 0.5, (len(y), SIDE, SIDE)) + (2.0 * band if effect else 0.0) + slope


def make(participants: int, trials: int, effect: bool, shift: float = 0.5) -> Batch:
    """Return cases of people, the later half of whom sound `shift` different in all they say."""
    random = np.random.default_rng(3)
    cases = make_cases(participants, trials)
    row = np.arange(trials) % 2
    y = np.concatenate([random.permutation(row) for _ in range(participants)]).astype(np.int64)
    later = np.repeat(np.arange(participants) >= participants / 2, trials)
    values = pictures(y, random, effect, 0.0) + np.where(later, shift, 0.0)[:, None, None]
    return Batch(cases, {"speech": make_input(values.reshape(len(y), 1, -1))}, y, CLASSES)


QUICK = {"epochs": 6, "width": 0.02, "stride": 1, "side": 0, "rate": 5e-3, "batch": 8, "dropout": 0.2}
HEART = {"epochs": 24, "dropout": 0.0, "weight_decay": 0.0}
SPEECH = Sample(make=make, quick=QUICK, overfit=HEART)
