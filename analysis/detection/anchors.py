"""Anchors: the usual sizes of the boxes to be found, by k-means with 1 - IoU as distance.

Source: Redmon & Farhadi, YOLO9000 (2017), section 2, "dimension clusters".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.detection.network import PER_CELL, STRIDES
from analysis.detection.problems import DetectionError

Floats = NDArray[np.float64]
COUNT = PER_CELL * len(STRIDES)
ALIKE = 0.98
"""Anchors that overlap more than this are one."""
ROUNDS = 100
_FURTHER = (0.5, 2.0, 0.7, 1.4, 0.35, 2.8, 0.85, 1.2)


def size_overlap(one: Floats, other: Floats) -> Floats:
    """Return the IoU (m, n) of sizes (m, 2) and (n, 2) laid on the same corner."""
    both = np.minimum(one[:, None], other[None]).prod(-1)
    found: Floats = both / (one.prod(-1)[:, None] + other.prod(-1)[None] - both)
    return found


def cluster_sizes(sizes: Floats, count: int, seed: int = 0) -> Floats:
    """Return up to `count` usual sizes (k, 2) by k-means with 1 - IoU, the smallest area first.

    Those that are nearly the same are merged, so fewer may come back. Raises DetectionError without a size.
    """
    known = np.asarray(sizes, np.float64).reshape(-1, 2)
    known = known[(known > 0).all(1)]
    if not len(known):
        raise DetectionError("No box to learn the anchors from: draw or accept boxes first.")
    random = np.random.default_rng(seed)
    distinct = np.unique(known, axis=0)
    centres = distinct[random.choice(len(distinct), min(count, len(distinct)), replace=False)]
    before = np.full(len(known), -1)
    for _ in range(ROUNDS):
        nearest = size_overlap(known, centres).argmax(1)
        if (nearest == before).all():
            break
        before = nearest
        for place in range(len(centres)):
            if (nearest == place).any():
                centres[place] = known[nearest == place].mean(axis=0)
    kept: list[Floats] = []
    for centre in centres[np.argsort(centres.prod(1), kind="stable")]:
        if not kept or size_overlap(centre[None], np.array(kept)).max() < ALIKE:
            kept.append(centre)
    return np.array(kept)


def anchors_of(sizes: Floats, seed: int = 0) -> Floats:
    """Return nine anchors (3 strides, 3, 2), in the units of the sizes, the smallest at the finest stride.

    Where merging leaves fewer, those that are left come again smaller and larger.
    """
    found = cluster_sizes(sizes, COUNT, seed)
    made = [*found]
    for factor in _FURTHER:
        for each in found:
            if len(made) < COUNT:
                made.append(each * factor)
    chosen = np.array(made)[:COUNT]
    return chosen[np.argsort(chosen.prod(1), kind="stable")].reshape(len(STRIDES), PER_CELL, 2)
