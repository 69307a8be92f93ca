"""The encoders of MER-SEM-MBT: a VGGish and a ResNet-18 of any width, and what a sentence does to their maps.

VGGish is that of Hershey et al., "CNN Architectures for Large-Scale Audio Classification" (2017), ResNet-18
that of He et al., "Deep Residual Learning for Image Recognition" (2016). At a base width of 64 both have
the printed sizes and the names of their published weights (torchvggish, torchvision).
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, sqrt
from typing import Literal

import torch
from torch import Tensor, nn

After = Callable[[int, Tensor], Tensor]
"""after(group, map) -> map: what is done to a group's map before the next group."""
Axis = Literal["spatial", "key"]
Norm = Literal["map", "channels"]

PUBLISHED = 64
GROUPS = 8


def untouched(group: int, maps: Tensor) -> Tensor:
    """Return a map as it is."""
    del group
    return maps


class VGGish(nn.Module):
    """Log-mel patches (n, 96, 64) -> (n, 2 * base): convolution groups 1 to 4, then three full layers."""

    def __init__(self, base: int) -> None:
        super().__init__()
        b = base
        self.base, self.out = base, 2 * base
        layers: list[nn.Module] = []
        before = 1
        self.ends: list[int] = []
        for widths in ((b,), (2 * b,), (4 * b, 4 * b), (8 * b, 8 * b)):
            for width in widths:
                layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
                before = width
            layers.append(nn.MaxPool2d(2))
            self.ends.append(len(layers))
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(
            nn.Linear(8 * b * 6 * 4, 64 * b), nn.ReLU(), nn.Linear(64 * b, 64 * b), nn.ReLU(),
            nn.Linear(64 * b, 2 * b), nn.ReLU(),
        )  # fmt: skip

    def channels(self, group: int) -> int:
        """Return how many maps a group (1 to 4) gives."""
        return (self.base, 2 * self.base, 4 * self.base, 8 * self.base)[group - 1]

    def forward(self, patches: Tensor, after: After = untouched) -> Tensor:
        """Return the numbers of each patch; `after` is asked behind every group's pooling."""
        x = patches[:, None]
        for group, (first, last) in enumerate(zip((0, *self.ends), self.ends, strict=False), 1):
            x = after(group, self.features[first:last](x))
        # The published weights were trained on maps with their channels last.
        out: Tensor = self.embeddings(x.permute(0, 2, 3, 1).flatten(1))
        return out


class Block(nn.Module):
    """Two 3x3 convolutions beside the identity, or beside a 1x1 convolution where sizes change."""

    def __init__(self, inputs: int, width: int, stride: int, stored: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = normaliser(width, stored)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = normaliser(width, stored)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, width, 1, stride, bias=False), normaliser(width, stored)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, width, h / stride, w / stride)."""
        beside = x if self.downsample is None else self.downsample(x)
        inner = torch.relu(self.bn1(self.conv1(x)))
        out: Tensor = torch.relu(self.bn2(self.conv2(inner)) + beside)
        return out


def normaliser(width: int, stored: bool) -> nn.Module:
    """Return a normalisation by stored means and variances, or over groups of channels of each case."""
    return nn.BatchNorm2d(width) if stored else nn.GroupNorm(gcd(GROUPS, width), width)


class ResNet18(nn.Module):
    """Pictures (n, 3, h, w) -> (n, 8 * base); groups 1 (conv1) to 5 (conv5_x).

    `stored`: its normalisations keep the means and variances that came with weights, which a mini-batch of
    one study's faces would spoil; without weights cases are normalised each by itself.
    """

    def __init__(self, base: int, stored: bool = False) -> None:
        super().__init__()
        b = base
        self.base, self.out, self.stored = base, 8 * base, stored
        self.conv1 = nn.Conv2d(3, b, 7, 2, 3, bias=False)
        self.bn1 = normaliser(b, stored)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _stage(b, b, 1, stored)
        self.layer2 = _stage(b, 2 * b, 2, stored)
        self.layer3 = _stage(2 * b, 4 * b, 2, stored)
        self.layer4 = _stage(4 * b, 8 * b, 2, stored)

    def channels(self, group: int) -> int:
        """Return how many maps a group (1 to 5) gives."""
        return (self.base, self.base, 2 * self.base, 4 * self.base, 8 * self.base)[group - 1]

    def train(self, mode: bool = True) -> ResNet18:
        """Keep stored means and variances as they are."""
        super().train(mode)
        for each in self.modules():
            if isinstance(each, nn.BatchNorm2d):
                each.train(False)
        return self

    def forward(self, images: Tensor, after: After = untouched) -> Tensor:
        """Return the mean of the last group's maps; `after` is asked behind groups 2 to 5."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(images))))
        for group, layer in enumerate((self.layer1, self.layer2, self.layer3, self.layer4), 2):
            x = after(group, layer(x))
        return torch.mean(x, (2, 3))


def _stage(inputs: int, width: int, stride: int, stored: bool) -> nn.Sequential:
    return nn.Sequential(Block(inputs, width, stride, stored), Block(width, width, 1, stored))


class SemanticEnhancement(nn.Module):
    """What a sentence asks of a map: F' = ReLU(Conv_o(F + LN(E))), E = softmax(Q^T K / sqrt C) V^T.

    There is one text vector, so `axis` says over what the softmax runs: "spatial", the positions of the map
    (E then weighs V by place), or "key", the one text (E is V everywhere: a bias that the text drives).
    `norm` "map" normalises E over channels and places together, after multiplying it by their number;
    "channels" at each place as a layer norm usually does, which cancels the weights of the places exactly.
    """

    def __init__(self, channels: int, text: int, axis: Axis = "spatial", norm: Norm = "map") -> None:
        super().__init__()
        self.axis, self.norm = axis, norm
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Linear(text, channels)
        self.v = nn.Linear(text, channels)
        self.out = nn.Conv2d(channels, channels, 1)
        self.gain = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def weights(self, maps: Tensor, text: Tensor) -> Tensor:
        """Return the weight of each place (n, h, w), 1 in sum; all 1 for the axis "key"."""
        n, channels, high, wide = maps.shape
        if self.axis == "key":
            return torch.ones(n, high, wide)
        asked = torch.einsum("nchw,nc->nhw", self.q(maps), self.k(text)) / sqrt(channels)
        return torch.softmax(asked.flatten(1), 1).reshape(n, high, wide)

    def enhanced(self, maps: Tensor, text: Tensor) -> Tensor:
        """Return LN(E), (n, c, h, w)."""
        high, wide = maps.shape[2:]
        weights = self.weights(maps, text)
        if self.axis == "spatial":
            weights = weights * (high * wide)
        e = torch.einsum("nhw,nc->nchw", weights, self.v(text))
        over = (1, 2, 3) if self.norm == "map" else (1,)
        centred = e - e.mean(over, keepdim=True)
        scaled = centred / torch.sqrt(centred.square().mean(over, keepdim=True) + 1e-5)
        return scaled * self.gain[:, None, None] + self.shift[:, None, None]

    def forward(self, maps: Tensor, text: Tensor, present: Tensor) -> Tensor:
        """Return F' for maps (n, c, h, w) and text (n, d); nothing is added without text (`present` 0)."""
        added = self.enhanced(maps, text) * present[:, None, None, None]
        out: Tensor = torch.relu(self.out(maps + added))
        return out
