"""Differential entropy of electrodes by bands, ten seconds a case, with a class effect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.corpus.cases import Batch
from tests.helpers.batches import make_cases, make_input
from tests.helpers.recognizer_samples import Sample

ELECTRODES = ("F7", "F8", "C3", "C4", "T7", "T8", "O1", "O2")
BANDS = ("delta", "theta", "alpha", "beta", "gamma")
NAMES = tuple(f"{electrode} {band}" for electrode in ELECTRODES for band in BANDS)
CLASSES = ("negative", "positive")


def entropies(participants: int, trials: int, effect: bool, steps: int = 5) -> Batch:
    """Return noise; with an effect gamma and beta at T7 and T8 are higher in the second class."""
    random = np.random.default_rng(7)
    cases = make_cases(participants, trials)
    y = (cases.trial % 2).astype(np.int64)
    values = random.normal(0.0, 1.0, (len(cases), steps, len(ELECTRODES), len(BANDS)))
    if effect:
        values[:, :, 4:6, 3:] += np.where(y == 1, 0.8, -0.8)[:, None, None, None]
    each = replace(make_input(values.reshape(len(cases), steps, -1)), names=NAMES)
    return Batch(cases, {"eeg": each}, y, CLASSES)


_SMALL = {"epochs": 15, "rate": 1e-2, "dropout": 0.1, "batch": 32}
_HEART = {"epochs": 40, "dropout": 0.0, "batch": 8}
MLP = Sample(entropies, quick={**_SMALL, "first": 16, "second": 8}, overfit=_HEART)
DBN = Sample(
    entropies, quick={**_SMALL, "first": 16, "second": 8, "rbm_epochs": 3, "epochs": 25}, overfit=_HEART
)
CNN = Sample(entropies, quick={**_SMALL, "width": 0.1, "epochs": 10}, overfit=_HEART)
BILSTM = Sample(entropies, quick={**_SMALL, "width": 0.15}, overfit=_HEART)
CNN_LSTM = Sample(entropies, quick={**_SMALL, "width": 0.1, "epochs": 10}, overfit=_HEART)
GRAPH = Sample(entropies, quick={**_SMALL, "width": 0.15}, overfit=_HEART)
