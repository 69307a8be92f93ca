"""Networks whose inner layer is a vector of the speaker: TDNN and ResNet34 x-vectors.

TDNN: Snyder, Garcia-Romero, Sell, Povey & Khudanpur, "X-vectors: robust DNN embeddings for speaker
recognition" (ICASSP 2018); ResNet34: He et al. 2016 with statistics pooling, as in ASV-Subtools. Frames go in
as (n, 60, frames), channels first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

SPREAD_FLOOR = 1e-5
TDNN_WIDTH, TDNN_POOLED = 512, 1500
RESNET_WIDTH = 32
RESNET_BLOCKS = (3, 4, 6, 3)
EMBEDDING = 256
LEAST_FRAMES: Mapping[str, int] = {"tdnn": 15, "resnet": 8}
"""Fewest frames of an utterance: the context of the one, one step behind the last block of the other."""


def statistics_pooled(frames: Tensor) -> Tensor:
    """Return mean and standard deviation over the last axis, side by side: (n, c, t) -> (n, 2 c)."""
    mean = frames.mean(dim=-1)
    spread = (frames - mean.unsqueeze(-1)).square().mean(dim=-1)
    return torch.cat([mean, torch.sqrt(spread + SPREAD_FLOOR)], dim=1)


def _layer(inside: int, outside: int, kernel: int, dilation: int) -> nn.Sequential:
    convolution = nn.Conv1d(inside, outside, kernel, dilation=dilation)
    return nn.Sequential(convolution, nn.ReLU(), nn.BatchNorm1d(outside))


class TDNN(nn.Module):
    """Frames in context {-2..2}, {-2, 0, 2}, {-3, 0, 3}: 15 frames; two layers of one; statistics; 256."""

    def __init__(
        self,
        speakers: int,
        features: int = 60,
        width: int = TDNN_WIDTH,
        pooled: int = TDNN_POOLED,
        embedding: int = EMBEDDING,
    ) -> None:
        super().__init__()
        self.frames = nn.Sequential(
            _layer(features, width, 5, 1),
            _layer(width, width, 3, 2),
            _layer(width, width, 3, 3),
            _layer(width, width, 1, 1),
            _layer(width, pooled, 1, 1),
        )
        self.affine = nn.Linear(2 * pooled, embedding)
        self.behind = nn.Sequential(
            nn.ReLU(), nn.BatchNorm1d(embedding), nn.Linear(embedding, embedding), nn.ReLU(),
            nn.BatchNorm1d(embedding),
        )  # fmt: skip
        self.last = Last(embedding, speakers)

    def embed(self, frames: Tensor) -> Tensor:
        """Return vectors (n, 256) of frames (n, 60, t), t at least 15: the affine layer, before ReLU."""
        found: Tensor = self.affine(statistics_pooled(self.frames(frames)))
        return found

    def decide(self, embedded: Tensor) -> Tensor:
        """Return what the last layer takes, (n, 256)."""
        found: Tensor = self.behind(embedded)
        return found


class Block(nn.Module):
    """Two 3x3 convolutions and a way around them; 1x1 where the shape changes."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outside),
        )
        self.around: nn.Module = nn.Identity()
        if stride != 1 or inside != outside:
            self.around = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, values: Tensor) -> Tensor:
        """Return the next layer's values."""
        return torch.relu(self.main(values) + self.around(values))


class ResNet34(nn.Module):
    """7x7 convolution, blocks 3, 4, 6, 3 of 32, 64, 128, 256 channels, statistics over time, 256."""

    def __init__(
        self, speakers: int, features: int = 60, width: int = RESNET_WIDTH, embedding: int = EMBEDDING
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(1, width, 7, 1, 3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        inside, high = width, features
        for stage, blocks in enumerate(RESNET_BLOCKS):
            outside = width * 2**stage
            for place in range(blocks):
                layers.append(Block(inside, outside, 2 if stage and not place else 1))
                inside = outside
            high = -(-high // 2) if stage else high
        self.backbone = nn.Sequential(*layers)
        self.pooled = 2 * high * inside
        self.affine = nn.Linear(self.pooled, embedding)
        self.last = Last(embedding, speakers)

    def embed(self, frames: Tensor) -> Tensor:
        """Return vectors (n, 256) of frames (n, 60, t), t at least 8."""
        found: Tensor = self.backbone(frames.unsqueeze(1))
        vector: Tensor = self.affine(statistics_pooled(found.flatten(1, 2)))
        return vector

    def decide(self, embedded: Tensor) -> Tensor:
        """Return what the last layer takes, (n, 256): the vector itself."""
        return embedded


class Last(nn.Module):
    """One weight vector a speaker: logits for softmax, or cosines for the additive margin."""

    def __init__(self, embedding: int, speakers: int) -> None:
        super().__init__()
        self.linear = nn.Linear(embedding, speakers)

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (n, speakers)."""
        found: Tensor = self.linear(values)
        return found

    def cosines(self, values: Tensor) -> Tensor:
        """Return cosines of values and each speaker's weights, (n, speakers)."""
        weights = nn.functional.normalize(self.linear.weight, dim=1)
        return nn.functional.normalize(values, dim=1) @ weights.T


def margin_loss(cosines: Tensor, y: Tensor, scale: float = 30.0, margin: float = 0.2) -> Tensor:
    """Return the AM-softmax loss: mean of -ln(e^s(c_y - m) / (e^s(c_y - m) + sum over j of e^s c_j))."""
    logits = scale * (cosines - margin * nn.functional.one_hot(y, cosines.shape[1]))
    return nn.functional.cross_entropy(logits, y)


Network = TDNN | ResNet34


def made_network(kind: str, speakers: int, settings: Mapping[str, Any]) -> Network:
    """Return a network of a kind ("tdnn", "resnet") with the widths of its settings."""
    widths = {"features": int(settings["features"]), "embedding": int(settings["dimension"])}
    if kind == "tdnn":
        return TDNN(speakers, width=int(settings["width"]), pooled=int(settings["pooled"]), **widths)
    return ResNet34(speakers, width=int(settings["width"]), **widths)


def weight_count(network: nn.Module) -> int:
    """Return how many weights a network has."""
    return sum(each.numel() for each in network.parameters())
