"""Small talking clips for MER-SEM-MBT: two patches, two faces and a text each; all tell the class."""

from __future__ import annotations

import numpy as np

from analysis.corpus.cases import Batch, Input
from tests.helpers.batches import make_cases
from tests.helpers.recognizer_samples import Sample

STEPS, SIDE, WORDS = 2, 16, 12
QUICK = {
    "speech_width": 2, "face_width": 2, "tokens": 8, "heads": 2, "text_hidden": 8, "epochs": 8, "batch": 8,
    "rate": 1e-2,
}  # fmt: skip


def clips(participants: int, trials: int, effect: bool, seed: int = 0) -> Batch:
    """Return cases whose patches are louder, faces brighter at the left, and words others in one class."""
    random = np.random.default_rng(seed)
    cases = make_cases(participants, trials)
    n = len(cases)
    y = np.concatenate([random.permutation(np.arange(trials) % 2) for _ in range(participants)])
    shown = y if effect else random.integers(0, 2, n)
    patches = random.normal(0, 0.5, (n, STEPS, 96, 64)) - 1
    patches[..., 20:40] += 1.5 * shown[:, None, None, None]
    faces = random.uniform(0.2, 0.4, (n, STEPS, 3, SIDE, SIDE))
    faces[..., : SIDE // 2] += 0.4 * shown[:, None, None, None, None]
    text = random.normal(0, 0.3, (n, 1, WORDS))
    text[:, 0, :4] += np.where(shown == 1, 0.6, -0.6)[:, None]
    inputs = {"speech": full(patches), "face": full(faces), "text": full(text)}
    return Batch(cases, inputs, y.astype(np.int64), ("negative", "positive"))


def full(values: np.ndarray) -> Input:
    """Return an input that every case has in all steps."""
    n, steps = values.shape[:2]
    return Input(values.astype(np.float32), np.full(n, steps, np.intp), np.ones(n, bool))


SAMPLE = Sample(clips, QUICK, {"epochs": 14, "dropout": 0.0, "patience": 0}, participants=6, trials=8)
