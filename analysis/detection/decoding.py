"""From the heads' numbers to detections: boxes, probabilities, and one box a face (class-wise NMS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from analysis.detection.boxes import Letterbox, overlap

Floats = NDArray[np.float64]
REACH = (1.2, 1.1, 1.05)
"""How far a cell's middle may leave it, by stride: YOLOv4's scale_x_y."""
LARGEST = 4.0
"""A box is at most e^4 times its anchor."""
CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Detection:
    """A face: its box (left, top, width, height; shares), class, `confidence`, all classes' `proba`.

    `confidence` is objectness times the probability of the class.
    """

    box: tuple[float, float, float, float]
    label: int
    confidence: float
    proba: tuple[float, ...]


def boxes_of_cells(raw: Tensor, anchors: Tensor, scale: int) -> Tensor:
    """Return boxes (n, 3, h, w, 4) as shares of the square; `anchors` (3, 2), `scale` 0 for the finest."""
    side = raw.shape[2]
    cells = torch.arange(side, dtype=raw.dtype)
    rows, columns = torch.meshgrid(cells, cells, indexing="ij")
    reach = REACH[scale]
    place = torch.sigmoid(raw[..., :2]) * reach - (reach - 1) / 2
    middle = (place + torch.stack([columns, rows], -1)) / side
    size = torch.exp(raw[..., 2:4].clamp(-LARGEST, LARGEST)) * anchors[None, :, None, None]
    return torch.cat([middle - size / 2, size], -1)


def class_proba(raw: Tensor, kind: str) -> Tensor:
    """Return probabilities (..., classes): softmax, or independent ones (they need not sum to 1)."""
    return torch.softmax(raw, -1) if kind == "softmax" else torch.sigmoid(raw)


def decode(heads: Sequence[Tensor], anchors: Tensor, kind: str = "bce") -> tuple[Tensor, Tensor, Tensor]:
    """Return every cell's box (n, cells, 4), objectness (n, cells) and class probabilities (n, cells, k)."""
    boxes, objects, classes = [], [], []
    for scale, raw in enumerate(heads):
        n = raw.shape[0]
        boxes.append(boxes_of_cells(raw, anchors[scale], scale).reshape(n, -1, 4))
        objects.append(torch.sigmoid(raw[..., 4]).reshape(n, -1))
        classes.append(class_proba(raw[..., 5:], kind).reshape(n, -1, raw.shape[-1] - 5))
    return torch.cat(boxes, 1), torch.cat(objects, 1), torch.cat(classes, 1)


def suppress(boxes: Floats, scores: Floats, most_overlap: float) -> NDArray[np.intp]:
    """Return which boxes (n, 4) stay, the best first; those that overlap a better one too much go."""
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    shared = overlap(boxes, boxes)
    for each in order.tolist():
        if all(shared[each, other] <= most_overlap for other in kept):
            kept.append(each)
    return np.array(kept, np.intp)


def detections(
    boxes: Floats,
    objects: Floats,
    classes: Floats,
    *,
    least: float = 0.25,
    most_overlap: float = 0.45,
    letterbox: Letterbox | None = None,
) -> tuple[Detection, ...]:
    """Return the faces of one picture, the most confident first, by class-wise non-maximum suppression.

    `boxes` (cells, 4), `objects` (cells,), `classes` (cells, k); `least` is the smallest confidence that
    counts. Boxes are shares of the picture where its `letterbox` is given, of the square where it is not.
    """
    scores = objects[:, None] * classes
    found: list[Detection] = []
    total = classes.sum(1, keepdims=True)
    proba = np.divide(classes, total, out=np.full_like(classes, 1 / classes.shape[1]), where=total > 0)
    for label in range(classes.shape[1]):
        rows = np.flatnonzero(scores[:, label] >= least)
        rows = rows[np.argsort(-scores[rows, label], kind="stable")][:CANDIDATES]
        for place in suppress(boxes[rows], scores[rows, label], most_overlap):
            row = rows[place]
            box = boxes[row] if letterbox is None else letterbox.out_of(boxes[row])[0]
            found.append(
                Detection(
                    (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                    label,
                    float(scores[row, label]),
                    tuple(proba[row].tolist()),
                )
            )
    return tuple(sorted(found, key=lambda each: -each.confidence))
