"""The network of PDAN and of its baselines: AlexNet on a spectrogram, tapped behind each dense layer.

Source: Zong et al. (2022), "Progressive distribution adapted neural networks"; layers are those of the common
single-GPU AlexNet (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from analysis.recognizers.recognizer import RecognizerError

CHANNELS = (64, 192, 384, 256, 256)
DENSE = 4096
COLOURS = 3
LEAST_CHANNELS = 4


class Taps(NamedTuple):
    """What leaves the dense layers: h1 and h2 behind ReLU and before dropout, h3 the logits (n, classes)."""

    h1: Tensor
    h2: Tensor
    h3: Tensor


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the network: pixels of the picture's side, classes, factor on all widths, stride of the first layer.

    224, 5, 1.0 and 4 are the full network: 57,024,325 numbers.
    """

    side: int
    classes: int
    width: float = 1.0
    stride: int = 4
    dropout: float = 0.5

    @property
    def channels(self) -> tuple[int, ...]:
        """Of the five convolutions."""
        return tuple(max(LEAST_CHANNELS, round(self.width * each)) for each in CHANNELS)

    @property
    def dense(self) -> int:
        """Units of the first two dense layers."""
        return max(2 * LEAST_CHANNELS, round(self.width * DENSE))

    @property
    def left(self) -> int:
        """Pixels of a side that are left behind the last pool."""
        first = (self.side + 4 - 11) // self.stride + 1
        second = (first - 3) // 2 + 1
        third = (second - 3) // 2 + 1
        return (third - 3) // 2 + 1

    def check(self) -> None:
        """Raise RecognizerError where nothing would be left of a picture."""
        if self.left < 1:
            raise RecognizerError(
                f"a spectrogram of {self.side} pixels is too small for a stride of {self.stride}: nothing is"
                " left behind the pools. Use a larger side, or a smaller stride."
            )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary; `Sizes(**values)` rebuilds it."""
        return asdict(self)


class AdaptationNetwork(nn.Module):
    """Pictures (n, side, side) -> taps; source and target go through the same weights."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        sizes.check()
        self.sizes = sizes
        one, two, three, four, five = sizes.channels
        self.f = nn.Sequential(
            nn.Conv2d(COLOURS, one, 11, sizes.stride, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(one, two, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(two, three, 3, padding=1), nn.ReLU(),
            nn.Conv2d(three, four, 3, padding=1), nn.ReLU(),
            nn.Conv2d(four, five, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        )  # fmt: skip
        self.g1 = nn.Linear(five * sizes.left**2, sizes.dense)
        self.g2 = nn.Linear(sizes.dense, sizes.dense)
        self.g3 = nn.Linear(sizes.dense, sizes.classes)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, pictures: Tensor) -> Taps:
        """Return the taps; the one plane is copied to three colours."""
        x = self.f(pictures[:, None].expand(-1, COLOURS, -1, -1)).flatten(1)
        h1 = torch.relu(self.g1(self.dropout(x)))
        h2 = torch.relu(self.g2(self.dropout(h1)))
        return Taps(h1, h2, self.g3(h2))

    def taps(self, rows: dict[str, Tensor] | Any) -> Tensor:
        """Return all taps of rows["x"] side by side, (n, 2 * dense + classes)."""
        return torch.cat(list(self(rows["x"])), 1)

    def split(self, side_by_side: Tensor) -> Taps:
        """Return what `taps` gave, apart again."""
        dense = self.sizes.dense
        return Taps(*torch.split(side_by_side, [dense, dense, self.sizes.classes], 1))


def weights_of(network: nn.Module) -> int:
    """Return how many numbers are learnt."""
    return sum(each.numel() for each in network.parameters())


def resized(pictures: Tensor, side: int) -> Tensor:
    """Return pictures (n, h, h) as (n, side, side): the mean of the pixels that fall into each; 0: as are."""
    if side in (0, pictures.shape[1]):
        return pictures
    return interpolate(pictures[:, None], (side, side), mode="area")[:, 0]
