"""Pictures changed by chance while a detector learns: mirrored, lighter or darker, larger, smaller, moved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from analysis.detection.loss import Truth

LEAST_LEFT = 0.6
"""A box of which less than this share stays inside is not asked for."""


@dataclass(frozen=True, slots=True)
class Augmenting:
    """How far: `flip` share of mirrored pictures; brightness, contrast, size and place, each +- a share."""

    flip: float = 0.5
    brightness: float = 0.15
    contrast: float = 0.2
    scale: float = 0.2
    shift: float = 0.1

    @property
    def is_none(self) -> bool:
        """Whether nothing is changed."""
        return not any((self.flip, self.brightness, self.contrast, self.scale, self.shift))


NONE = Augmenting(0, 0, 0, 0, 0)


def augmented(
    pictures: Tensor, truth: Truth, spec: Augmenting, random: torch.Generator
) -> tuple[Tensor, Truth]:
    """Return changed pictures (n, c, s, s) at 0..1 and where their boxes are then."""
    if spec.is_none:
        return pictures, truth
    n = len(pictures)

    def drawn(*shape: int) -> Tensor:
        return 2 * torch.rand(n, *shape, generator=random) - 1

    zoom = 1 + spec.scale * drawn()
    shift = spec.shift * drawn(2)
    mirrored = torch.where(torch.rand(n, generator=random) < spec.flip, -1.0, 1.0)
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0] = mirrored / zoom
    matrix[:, 1, 1] = 1 / zoom
    matrix[:, 0, 2] = -2 * shift[:, 0] * mirrored / zoom
    matrix[:, 1, 2] = -2 * shift[:, 1] / zoom
    grid = affine_grid(matrix, list(pictures.shape), align_corners=False)
    moved = grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
    contrast = (1 + spec.contrast * drawn()).reshape(-1, 1, 1, 1)
    brightness = (spec.brightness * drawn()).reshape(-1, 1, 1, 1)
    changed = ((moved - 0.5) * contrast + 0.5 + brightness).clamp(0, 1)
    return changed, _moved(truth, zoom, shift, mirrored)


def _moved(truth: Truth, zoom: Tensor, shift: Tensor, mirrored: Tensor) -> Truth:
    boxes, left = _moved_boxes(truth.boxes, zoom, shift, mirrored)
    others = None if truth.others is None else _moved_boxes(truth.others, zoom, shift, mirrored)[0]
    return replace(truth, boxes=boxes, valid=truth.valid & (left >= LEAST_LEFT), others=others)


def _moved_boxes(boxes: Tensor, zoom: Tensor, shift: Tensor, mirrored: Tensor) -> tuple[Tensor, Tensor]:
    """Return boxes (n, m, 4) where they are then, and which share (n, m) of each stays inside."""
    size = boxes[..., 2:] * zoom[:, None, None]
    middle = boxes[..., :2] + boxes[..., 2:] / 2
    turned = torch.stack(
        [torch.where(mirrored[:, None] < 0, 1 - middle[..., 0], middle[..., 0]), middle[..., 1]], -1
    )
    place = (turned - 0.5) * zoom[:, None, None] + 0.5 + shift[:, None]
    low = (place - size / 2).clamp(0, 1)
    high = (place + size / 2).clamp(0, 1)
    inside = high - low
    return torch.cat([low, inside], -1), inside.prod(-1) / size.prod(-1).clamp(min=1e-9)
