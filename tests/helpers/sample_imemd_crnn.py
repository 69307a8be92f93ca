"""Segments of speech in small for IMEMD-CRNN: two in each utterance, with changed copies for training."""

from __future__ import annotations

import numpy as np

from analysis.corpus.cases import Batch, Input
from tests.helpers.batches import make_cases
from tests.helpers.recognizer_samples import Sample

FRAMES = 16
NAMES = ("sc", "sp", "se", "d_se", *(f"smfcc_{number}" for number in range(1, 9)))


def make(participants: int, trials: int, effect: bool) -> Batch:
    """Return cases whose class is the pace at which two columns swing over a segment's frames."""
    random = np.random.default_rng(9)
    cases = make_cases(participants, trials)
    y = np.arange(len(cases), dtype=np.int64) % 2
    shown = y if effect else random.permutation(y)
    inputs = {name: _input(shown, cases.participant, count, random) for name, count in
              (("utterance", 2), ("variants", 1))}  # fmt: skip
    return Batch(cases, inputs, y, ("calm", "angry"))


def _input(y: np.ndarray, people: np.ndarray, count: int, random: np.random.Generator) -> Input:
    n, width = len(y), len(NAMES)
    at = np.arange(FRAMES * count) % FRAMES
    swing = np.sin(2 * np.pi * at[None] * np.where(y == 1, 4, 2)[:, None] / FRAMES)
    offset = np.array([hash_of(str(each)) for each in people])
    values = random.normal(0, 0.5, (n, FRAMES * count, width)) + offset[:, None, None]
    values[:, :, 4:8] += 1.5 * swing[:, :, None]
    return Input(
        values.astype(np.float32),
        np.full(n, FRAMES * count, np.intp),
        np.ones(n, bool),
        NAMES,
        100.0,
    )


def hash_of(code: str) -> float:
    """Return a person's own level, between -0.5 and 0.5."""
    return (sum(map(ord, code)) % 11) / 10 - 0.5


IMEMD_CRNN = Sample(
    make,
    quick={
        "segment_frames": FRAMES, "channels": 4, "gru": 8, "gru_layers": 1, "dense": 16, "epochs": 8,
        "batch": 16, "rate": 0.008, "dropout": 0.0, "dense_dropout": 0.1,
    },
    overfit={"epochs": 25, "dense_dropout": 0.0},
    fits={"segment_frames": FRAMES},
)  # fmt: skip
