"""Segments of one band in which the classes differ in power, in two channels only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.corpus.cases import Batch
from tests.helpers.batches import make_cases, make_input
from tests.helpers.recognizer_samples import Sample

CHANNELS = ("F3", "F4", "C3", "C4", "P3", "P4", "T7", "T8")
TELLING = (2, 3)
"""Whose power goes with the class; their bursts give them the largest kurtosis."""
SAMPLES = 64
CLASSES = ("low", "high")


def segments(participants: int, trials: int, effect: bool, samples: int = SAMPLES) -> Batch:
    """Return noise segments; with an effect C3 and C4 are twice as strong in the second class."""
    random = np.random.default_rng(5)
    cases = make_cases(participants, trials)
    y = (cases.trial % 2).astype(np.int64)
    values = random.normal(0.0, 1.0, (len(cases), samples, len(CHANNELS)))
    bursts = 1.0 + 2.0 * (np.arange(samples) % 16 < 4)
    for place in TELLING:
        values[:, :, place] *= bursts
        if effect:
            values[:, :, place] *= np.where(y == 1, 2.0, 1.0)[:, None]
    each = replace(make_input(values), names=CHANNELS)
    return Batch(cases, {"eeg": each}, y, CLASSES)


_SMALL = {"k": 2, "epochs": 12, "rate": 5e-3}
SHALLOW = Sample(
    segments,
    quick={**_SMALL, "maps": 4, "pool": 16, "stride": 8, "dropout": 0.2},
    overfit={"epochs": 40, "dropout": 0.0},
)
DEEP = Sample(
    lambda participants, trials, effect: segments(participants, trials, effect, 128),
    quick={**_SMALL, "width": 0.16, "kernel": 2, "dropout": 0.2, "epochs": 16},
    overfit={"epochs": 40, "dropout": 0.0},
    fits={"kernel": 2},
)
