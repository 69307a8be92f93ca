"""Boxes as numbers: overlap, and the way between a picture and the square that a network looks at.

A box is left, top, width, height; as shares (0 to 1) of a picture or of the letterboxed square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def overlap(one: Floats, other: Floats) -> Floats:
    """Return the intersection over union of boxes (m, 4) and (n, 4): (m, n), 0 where both are empty."""
    a, b = np.asarray(one, np.float64).reshape(-1, 1, 4), np.asarray(other, np.float64).reshape(1, -1, 4)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    inside = np.prod(np.clip(high - low, 0, None), axis=-1)
    union = np.prod(a[..., 2:], axis=-1) + np.prod(b[..., 2:], axis=-1) - inside
    found: Floats = np.divide(inside, union, out=np.zeros_like(inside), where=union > 0)
    return np.clip(found, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A picture of `width` x `height` pixels in the middle of a square, bars beside it."""

    width: int
    height: int

    @property
    def share(self) -> tuple[float, float]:
        """How much of the square's width and height the picture takes."""
        longest = max(self.width, self.height, 1)
        return self.width / longest, self.height / longest

    def into(self, boxes: Floats) -> Floats:
        """Return boxes (n, 4) of the picture as boxes of the square."""
        across, down = self.share
        scale = np.array([across, down, across, down])
        shift = np.array([(1 - across) / 2, (1 - down) / 2, 0, 0])
        made: Floats = np.asarray(boxes, np.float64).reshape(-1, 4) * scale + shift
        return made

    def out_of(self, boxes: Floats) -> Floats:
        """Return boxes (n, 4) of the square as boxes of the picture, cut at its edges."""
        across, down = self.share
        shift = np.array([(1 - across) / 2, (1 - down) / 2, 0, 0])
        made = (np.asarray(boxes, np.float64).reshape(-1, 4) - shift) / np.array([across, down, across, down])
        low = np.clip(made[:, :2], 0, 1)
        high = np.clip(made[:, :2] + made[:, 2:], 0, 1)
        return np.hstack([low, high - low])
