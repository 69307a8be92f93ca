"""Signals as pictures: columns become vertical lines in strips of pixels, and strips are kept.

Lines are drawn by adding one where a line begins, taking it away below its end, and summing down each
column: the cost does not grow with their length. Everything is whole pixels; nothing is smoothed.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

TILE = 256
"""Columns of a strip."""
KEPT_BYTES = 56 * 1024 * 1024

Pixels = NDArray[np.uint32]
Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where columns lie in time: column n covers origin_s + n * column_s to origin_s + (n + 1) * column_s."""

    origin_s: float
    column_s: float

    def time(self, column: int) -> float:
        """Return when a column begins."""
        return self.origin_s + column * self.column_s

    def column(self, time_s: float) -> int:
        """Return the column whose beginning is nearest to a time."""
        return round((time_s - self.origin_s) / self.column_s)


def joined(top: Rows, bottom: Rows, empty: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Lengthen lines (channels, columns) to touch their left neighbours; return them without column 0.

    `top` and `bottom` are rows of pixels, `empty` says where no line is.
    """
    before_top, before_bottom = top[:, :-1], bottom[:, :-1]
    here_top, here_bottom = top[:, 1:], bottom[:, 1:]
    alone = empty[:, :-1]
    new_top = np.where(alone, here_top, np.minimum(here_top, before_bottom))
    new_bottom = np.where(alone, here_bottom, np.maximum(here_bottom, before_top))
    return new_top, new_bottom


class Raster:
    """Draws lines into a picture; keeps its memory, which to ask for anew costs more than the drawing."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[Any]] = {}

    def picture(self, height: int, width: int, ground: int) -> Pixels:
        """Return a picture in one colour; the one before is gone."""
        made = self._room("picture", (height, width), np.uint32)
        made.fill(ground)
        return made

    def draw(
        self,
        picture: Pixels,
        top: Rows,
        bottom: Rows,
        empty: NDArray[np.bool_],
        inks: tuple[int, int],
        band: tuple[int, int],
    ) -> None:
        """Draw one vertical line a column and channel into `picture` (height, columns), cut at the band.

        `top` and `bottom` (channels, columns) are the first and last pixel of each line; one that lies
        outside the band altogether is not drawn. `inks` are the colours of lines and ground: in the band the
        picture has that of the ground still.
        """
        first, stop = max(0, band[0]), min(band[1], picture.shape[0])
        height, width = stop - first, picture.shape[1]
        if height <= 0 or not top.size:
            return
        begins = np.clip(top - first, 0, height - 1)
        ends = np.clip(bottom - first, 0, height - 1) + 1
        # What is nowhere begins and ends below the picture.
        nowhere = empty | (bottom < first) | (top >= stop)
        begins[nowhere] = height
        ends[nowhere] = height
        depth = self._room("depth", (height + 1, width), np.int16)
        depth.fill(0)
        flat = depth.reshape(-1)
        places = np.arange(width)
        begins, ends = begins * width + places, ends * width + places
        for one, other in zip(begins, ends, strict=True):
            flat[one] += 1
            flat[other] -= 1
        for row in range(1, height):
            np.add(depth[row], depth[row - 1], out=depth[row])
        # Colours by arithmetic: copying under a mask takes ten times as long.
        covered = np.greater(depth[:height], 0, out=self._room("covered", (height, width), np.bool_))
        change = self._room("change", (height, width), np.uint32)
        np.multiply(covered.view(np.uint8), np.uint32(inks[0] ^ inks[1]), out=change, dtype=np.uint32)
        picture[first:stop] ^= change

    def _room(self, name: str, shape: tuple[int, int], dtype: Any) -> NDArray[Any]:
        kept = self._kept.get(name)
        if kept is None or kept.size < shape[0] * shape[1]:
            kept = self._kept[name] = np.empty(shape[0] * shape[1], dtype)
        return kept[: shape[0] * shape[1]].reshape(shape)


def to_image(picture: Pixels, ratio: float) -> QImage:
    """Return pixels (0xAARRGGBB) as an image of its own."""
    height, width = picture.shape
    whole = np.ascontiguousarray(picture)
    image = QImage(whole.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()
    image.setDevicePixelRatio(ratio)
    return image


class Tiles:
    """Strips by grid and number; the ones not looked at for longest go first."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._tiles: OrderedDict[tuple[Grid, int], QImage] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tiles)

    @property
    def bytes(self) -> int:
        """How much memory they take."""
        return self._bytes

    def get(self, grid: Grid, number: int) -> QImage | None:
        """Return a strip, None if it has to be drawn."""
        image = self._tiles.get((grid, number))
        if image is not None:
            self._tiles.move_to_end((grid, number))
        return image

    def has(self, grid: Grid, number: int) -> bool:
        """Whether a strip is there."""
        return (grid, number) in self._tiles

    def put(self, grid: Grid, number: int, image: QImage) -> None:
        """Keep a strip."""
        self._tiles[grid, number] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > self._kept_bytes and len(self._tiles) > 1:
            _, old = self._tiles.popitem(last=False)
            self._bytes -= old.sizeInBytes()

    def clear(self) -> None:
        """Forget all: something about the drawing has changed."""
        self._tiles.clear()
        self._bytes = 0
