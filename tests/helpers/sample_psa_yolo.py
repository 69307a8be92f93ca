"""Small drawn pictures for PSA-YOLO: a pale face somewhere on a dark ground, light or dusky."""

from __future__ import annotations

import numpy as np

from analysis.corpus.cases import Batch, Input
from tests.helpers.batches import make_cases
from tests.helpers.recognizer_samples import Sample

SIDE = 32


def faces(participants: int, trials: int, effect: bool, seed: int = 3) -> Batch:
    """Return one picture a case; people differ in how light they are and how large."""
    random = np.random.default_rng(seed)
    cases = make_cases(participants, trials)
    n = len(cases)
    y = np.concatenate([random.permutation(np.arange(trials) % 2) for _ in range(participants)])
    # Without an effect every person shows both alike in both classes.
    shown = y if effect else np.argsort(np.argsort(y.reshape(participants, -1), 1, "stable"), 1).ravel() % 2
    pictures = np.zeros((n, 1, 1, SIDE, SIDE), np.float32)
    boxes = np.zeros((n, 1, 5), np.float32)
    for row in range(n):
        own = np.random.default_rng(int(cases.participant[row][1:]))
        side = round(SIDE * (0.4 + 0.1 * own.random()))
        left, top = random.integers(0, SIDE - side, 2)
        picture = random.uniform(0.0, 0.1, (SIDE, SIDE))
        face = np.full((side, side), (0.95 if shown[row] else 0.4) + 0.05 * own.random())
        face[side // 3 : side // 2, side // 6 : -side // 6] = 0.2
        picture[top : top + side, left : left + side] = face
        pictures[row, 0, 0] = picture
        boxes[row, 0] = (left / SIDE, top / SIDE, side / SIDE, side / SIDE, 1)
    there, one = np.ones(n, bool), np.ones(n, np.intp)
    inputs = {
        "scene": Input(pictures, one, there),
        "box": Input(boxes, one, there, ("left", "top", "width", "height", "found")),
    }
    return Batch(cases, inputs, y.astype(np.int64), ("dusky", "light"))


QUICK = {
    "width": 0.03125, "depth": 0.1, "epochs": 10, "batch": 12, "rate": 0.07, "decay": 1.0,
    "box_weight": 1.0, "objectness_weight": 0.3, "alpha": 1.0, "augment": False, "least": 0.05,
}  # fmt: skip
PSA_YOLO = Sample(faces, QUICK, {"epochs": 30, "batch": 8, "rate": 0.1}, 6, 8)
