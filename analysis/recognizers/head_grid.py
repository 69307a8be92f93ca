"""Electrodes on a grid of 9 x 9: rows from the forehead to the back, columns from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from analysis.recognizers.recognizer import RecognizerError
from analysis.views.electrodes import has_bundles, in_bundle, plain_name

SIDE = 9
ROWS: Mapping[str, int] = MappingProxyType(
    {"fp": 0, "af": 1, "f": 2, "fc": 3, "ft": 3, "c": 4, "t": 4, "cp": 5, "tp": 5, "p": 6, "po": 7, "o": 8}
)
COLUMNS: Mapping[str, int] = MappingProxyType(
    {"7": 0, "5": 1, "3": 2, "1": 3, "z": 4, "2": 5, "4": 6, "6": 7, "8": 8}
)
OTHERS: Mapping[str, tuple[int, int]] = MappingProxyType({"cb1": (8, 2), "cb2": (8, 6)})
"""The cerebellar pair of the 62-channel cap of SEED."""


def cell(channel: str) -> tuple[int, int] | None:
    """Return row and column of an electrode by its 10-10 name; None for one that has no cell."""
    name = plain_name(channel)
    if name in OTHERS:
        return OTHERS[name]
    row, column = ROWS.get(name[:-1]), COLUMNS.get(name[-1:])
    return None if row is None or column is None else (row, column)


class HeadGrid(nn.Module):
    """(n, electrodes, bands) -> (n, bands, 9, 9), 0 where no electrode sits."""

    place: Tensor
    known: Tensor

    def __init__(self, electrodes: Sequence[str], name: str) -> None:
        super().__init__()
        bundles = has_bundles(electrodes)
        cells = {
            place: at
            for place, each in enumerate(electrodes)
            if (at := cell(each)) is not None and not (bundles and in_bundle(each))
        }
        if len(cells) < 3:
            raise RecognizerError(
                f"{name} needs at least three electrodes with names of the 10-10 system: it lays them on a"
                " grid of the head."
            )
        flat = np.array([row * SIDE + column for row, column in cells.values()], np.int64)
        self.register_buffer("place", torch.from_numpy(flat), persistent=False)
        self.register_buffer("known", torch.tensor(list(cells)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return pictures, a colour a band."""
        picture = x.new_zeros(len(x), x.shape[2], SIDE * SIDE)
        picture[:, :, self.place] = x[:, self.known].transpose(1, 2)
        return picture.view(len(x), x.shape[2], SIDE, SIDE)


class GridCNN(nn.Module):
    """(n, electrodes, bands) -> (n, last of `maps`): the head grid, three convolutions, the mean over it."""

    def __init__(self, electrodes: Sequence[str], bands: int, maps: tuple[int, ...], name: str) -> None:
        super().__init__()
        self.grid = HeadGrid(electrodes, name)
        layers: list[nn.Module] = []
        for before, after in zip((bands, *maps), maps, strict=False):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.convolve = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return a vector a row."""
        made: Tensor = self.convolve(self.grid(x)).mean(dim=(2, 3))
        return made
