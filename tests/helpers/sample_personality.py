"""Small clips for the recognizer of apparent impressions: each stream shows a part of two numbers."""

from __future__ import annotations

import numpy as np

from analysis.corpus.cases import Batch
from tests.helpers.batches import make_cases
from tests.helpers.recognizer_samples import Sample
from tests.helpers.sample_sem_mbt import full

QUICK = {
    "speech_width": 2, "picture_width": 4, "lstm": 8, "lstm_layers": 1, "transformer": 8,
    "transformer_layers": 1, "heads": 2, "epochs": 8, "local_epochs": 2, "batch": 8, "rate": 1.5e-2,
    "held": 0.3,
}  # fmt: skip
OVERFIT = {"epochs": 20, "dropout": 0.0, "patience": 0, "fusion": "early", "halving": "never"}


def clips(participants: int, trials: int, effect: bool, seed: int = 0) -> Batch:
    """Return cases whose voice is louder and whose pictures are brighter the higher the impression is."""
    random = np.random.default_rng(seed)
    cases = make_cases(participants, trials)
    n = len(cases)
    y = random.uniform(0, 1, (n, 2))
    shown = y if effect else random.uniform(0, 1, (n, 2))
    patches = random.normal(0, 0.5, (n, 2, 96, 64)) - 1
    patches[..., 20:40] += 2 * shown[:, 0, None, None, None]
    pictures = []
    for _ in range(2):
        made = random.uniform(0.2, 0.4, (n, 3, 3, 16, 16))
        made[..., :8] += 0.5 * shown[:, 1, None, None, None, None]
        made[..., 8:, :] += 0.5 * shown[:, 0, None, None, None, None]
        pictures.append(made)
    inputs = {"speech": full(patches), "scene": full(pictures[0]), "face": full(pictures[1])}
    return Batch(cases, inputs, y, (), ("extraversion", "openness"))


SAMPLE = Sample(clips, QUICK, OVERFIT, participants=8, trials=8, found=0.6, chance=(-0.6, 0.6))
