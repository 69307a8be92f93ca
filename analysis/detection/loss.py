"""What a detector is trained by, three terms told apart: box (alpha-CIoU), objectness, class.

Sources: Zheng et al., "Distance-IoU Loss" (2020), CIoU; He et al., "Alpha-IoU" (2021), the powers;
Bochkovskiy et al., YOLOv4, section 3.4 and its published configuration (which cells answer for a box).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import cross_entropy

from analysis.detection.decoding import boxes_of_cells

TINY = 1e-7
TERMS = ("box", "objectness", "class")


@dataclass(frozen=True, slots=True)
class LossSpec:
    """`alpha` of alpha-CIoU (1: CIoU); the weights of the three terms; how classes are told apart.

    `match`: an anchor whose shape overlaps a box more than this answers for it too, beside the best one.
    `ignore`: an empty cell whose box overlaps a true one more than this is not blamed for it.
    """

    alpha: float = 3.0
    box: float = 0.07
    objectness: float = 1.0
    classes: float = 1.0
    kind: Literal["bce", "softmax"] = "bce"
    match: float = 0.5
    ignore: float = 0.7


@dataclass(frozen=True, slots=True)
class Truth:
    """True boxes of n pictures: `boxes` (n, m, 4) left, top, width, height as shares of the square.

    `labels` (n, m) class numbers, `valid` (n, m) which of them are boxes and no filling. `others` (n, k, 4)
    are faces that are not asked for and no background either (size 0: filling); None: no picture has one.
    """

    boxes: Tensor
    labels: Tensor
    valid: Tensor
    others: Tensor | None = None

    def rows(self, rows: Tensor) -> Truth:
        """Return the truth of some pictures."""
        others = None if self.others is None else self.others[rows]
        return Truth(self.boxes[rows], self.labels[rows], self.valid[rows], others)


def plain_iou(one: Tensor, other: Tensor) -> Tensor:
    """Return the IoU (...) of boxes (..., 4), pair by pair."""
    low = torch.maximum(one[..., :2], other[..., :2])
    high = torch.minimum(one[..., :2] + one[..., 2:], other[..., :2] + other[..., 2:])
    inside = (high - low).clamp(min=0).prod(-1)
    union = one[..., 2:].prod(-1) + other[..., 2:].prod(-1) - inside
    return inside / union.clamp(min=TINY)


def alpha_ciou(found: Tensor, true: Tensor, alpha: float) -> Tensor:
    """Return 1 - IoU^a + (rho^2 / c^2)^a + (beta v)^a (...) of boxes (..., 4); a = 1 is CIoU.

    rho is the distance of the middles, c the diagonal of the smallest box around both, v how far the shapes
    differ; no gradient runs through beta = v / (1 - IoU + v). `alpha` is at least 1.
    """
    iou = plain_iou(found, true)
    low = torch.minimum(found[..., :2], true[..., :2])
    high = torch.maximum(found[..., :2] + found[..., 2:], true[..., :2] + true[..., 2:])
    diagonal = ((high - low) ** 2).sum(-1).clamp(min=TINY)
    apart = ((found[..., :2] + found[..., 2:] / 2 - true[..., :2] - true[..., 2:] / 2) ** 2).sum(-1)
    slant = torch.atan2(true[..., 2], true[..., 3]) - torch.atan2(found[..., 2], found[..., 3])
    shape = 4 / math.pi**2 * slant**2
    with torch.no_grad():
        beta = shape / (1 - iou + shape).clamp(min=TINY)
    return 1 - iou**alpha + (apart / diagonal) ** alpha + (beta * shape) ** alpha


def loss_terms(
    heads: Sequence[Tensor], truth: Truth, anchors: Tensor, spec: LossSpec
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three terms, weighted, each a mean over the cells that answer for a box.

    `heads` as the network gives them; `anchors` (3, 3, 2) as shares of the square.
    """
    number, place = torch.nonzero(truth.valid, as_tuple=True)
    boxes, labels = truth.boxes[number, place], truth.labels[number, place]
    answering = _answering(boxes, anchors, spec.match)
    box_parts: list[Tensor] = []
    class_parts: list[Tensor] = []
    objectness = heads[0].new_zeros(())
    answers = max(1, int(answering.sum()))
    for scale, raw in enumerate(heads):
        side = raw.shape[2]
        found = boxes_of_cells(raw, anchors[scale], scale)
        wanted = torch.zeros(raw.shape[:-1])
        which, anchor = torch.nonzero(answering[:, scale], as_tuple=True)
        middle = boxes[which, :2] + boxes[which, 2:] / 2
        column, row = (middle * side).long().clamp(0, side - 1).unbind(-1)
        at = (number[which], anchor, row, column)
        if len(which):
            wanted[at] = 1.0
            box_parts.append(alpha_ciou(found[at], boxes[which], spec.alpha))
            class_parts.append(_class_loss(raw[at][:, 5:], labels[which], spec.kind))
        blamed = wanted + (1 - wanted) * _far(found.detach(), truth, spec.ignore)
        if truth.others is not None:
            blamed = torch.maximum(wanted, blamed * _outside(found.detach(), truth.others))
        lost = bce(raw[..., 4], wanted, reduction="none") * blamed
        objectness = objectness + lost.sum()
    nothing = heads[0].sum() * 0
    box = torch.cat(box_parts).mean() if box_parts else nothing
    named = torch.cat(class_parts).mean() if class_parts else nothing
    return spec.box * box, spec.objectness * objectness / answers, spec.classes * named


def _answering(boxes: Tensor, anchors: Tensor, match: float) -> Tensor:
    """Return which anchors (boxes, 3, 3) answer for each box: the best by shape, and good matches."""
    sizes = anchors.reshape(1, -1, 2)
    both = torch.minimum(boxes[:, None, 2:], sizes).prod(-1)
    shape = both / (boxes[:, None, 2:].prod(-1) + sizes.prod(-1) - both + TINY)
    chosen = shape > match
    if len(boxes):
        chosen[torch.arange(len(boxes)), shape.argmax(1)] = True
    return chosen.reshape(-1, anchors.shape[0], anchors.shape[1])


def _class_loss(raw: Tensor, labels: Tensor, kind: str) -> Tensor:
    if kind == "softmax":
        return cross_entropy(raw, labels, reduction="none")
    wanted = torch.nn.functional.one_hot(labels, raw.shape[1]).to(raw)
    return bce(raw, wanted, reduction="none").sum(-1)


def _outside(found: Tensor, others: Tensor) -> Tensor:
    """Return 0 for cells whose box has its middle on a face that is not asked for, 1 for the others."""
    flat = found.reshape(found.shape[0], -1, 1, 4)
    middle = flat[..., :2] + flat[..., 2:] / 2
    low, high = others[:, None, :, :2], others[:, None, :, :2] + others[:, None, :, 2:]
    inside = ((middle > low) & (middle < high)).all(-1).any(-1)
    return (~inside).float().reshape(found.shape[:-1])


def _far(found: Tensor, truth: Truth, ignore: float) -> Tensor:
    """Return 1 for cells whose box overlaps no true box by more than `ignore`, 0 for the others."""
    n = found.shape[0]
    flat = found.reshape(n, -1, 1, 4)
    overlap = plain_iou(flat, truth.boxes[:, None]) * truth.valid[:, None]
    return (overlap.amax(-1) <= ignore).float().reshape(found.shape[:-1])
