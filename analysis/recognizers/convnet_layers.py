"""Networks over the channels of one band: ShallowConvNet and DeepConvNet.

Source: article on self-induced emotion from high-density EEG (2022); after Schirrmeister
et al., Human Brain Mapping 38 (2017) 5391-5420. A convolution over time on each channel and one over all
channels have nothing between them, so they are computed as one: the same function, less work.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.recognizers.recognizer import RecognizerError

LEAST_POWER = 1e-6
"""Below this the logarithm of a mean square is that of it (the article does not say)."""


class TimeAndSpace(nn.Module):
    """(n, channels, samples) -> (n, maps, samples - kernel + 1): along time, then over all channels."""

    def __init__(self, channels: int, maps: int, kernel: int) -> None:
        super().__init__()
        self.temporal = nn.Conv2d(1, maps, (kernel, 1))
        self.spatial = nn.Conv2d(maps, maps, (1, channels), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return both convolutions at once."""
        spatial = self.spatial.weight[:, :, 0]
        assert self.temporal.bias is not None
        bias = spatial.sum(dim=2) @ self.temporal.bias
        return functional.conv1d(x, self.folded(), bias)

    def folded(self) -> Tensor:
        """Return the weights (maps, channels, kernel) of the one convolution that both are."""
        spatial = self.spatial.weight[:, :, 0]
        return torch.einsum("ft,ofc->oct", self.temporal.weight[:, 0, :, 0], spatial)


@dataclass(frozen=True, slots=True)
class ShallowShape:
    """Sizes of ShallowConvNet; the defaults are the article's."""

    maps: int = 40
    kernel: int = 3
    pool: int = 30
    stride: int = 4
    dropout: float = 0.5

    def steps(self, samples: int) -> int:
        """Return how many steps are left behind the pooling; raises RecognizerError where there are none."""
        left = samples - self.kernel + 1 - self.pool
        if left < 0:
            raise RecognizerError(
                f"shallow-convnet: {samples} samples a segment are too few for a kernel of {self.kernel} and"
                f" a pooling over {self.pool}. Take longer segments."
            )
        return left // self.stride + 1


class ShallowConvNet(nn.Module):
    """(n, channels, samples) -> logits (n, classes): convolutions, batch norm, square, pool, log."""

    def __init__(self, channels: int, samples: int, classes: int, shape: ShallowShape | None = None) -> None:
        super().__init__()
        self.shape = shape or ShallowShape()
        self.first = TimeAndSpace(channels, self.shape.maps, self.shape.kernel)
        self.norm = nn.BatchNorm1d(self.shape.maps)
        self.dropout = nn.Dropout(self.shape.dropout)
        self.classify = nn.Linear(self.shape.maps * self.shape.steps(samples), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        power = functional.avg_pool1d(self.norm(self.first(x)) ** 2, self.shape.pool, self.shape.stride)
        logits: Tensor = self.classify(self.dropout(torch.log(power.clamp(min=LEAST_POWER))).flatten(1))
        return logits


class _Block(nn.Module):
    def __init__(self, before: int, after: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.convolve = nn.Conv1d(before, after, kernel, bias=False)
        self.norm = nn.BatchNorm1d(after)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.norm(self.convolve(self.dropout(x)))
        return functional.max_pool1d(functional.elu(made), 3)


class DeepConvNet(nn.Module):
    """(n, channels, samples) -> logits (n, classes): four blocks of convolution, ELU and pooling by 3."""

    def __init__(
        self,
        channels: int,
        samples: int,
        classes: int,
        maps: tuple[int, ...] = (25, 50, 100, 200),
        kernel: int = 10,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.first = TimeAndSpace(channels, maps[0], kernel)
        self.norm = nn.BatchNorm1d(maps[0])
        self.blocks = nn.ModuleList(
            _Block(before, after, kernel, dropout) for before, after in pairwise(maps)
        )
        self.dropout = nn.Dropout(dropout)
        left = deep_lengths(samples, len(maps), kernel)[-1]
        self.classify = nn.Linear(maps[-1] * left, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        made = functional.max_pool1d(functional.elu(self.norm(self.first(x))), 3)
        for block in self.blocks:
            made = block(made)
        logits: Tensor = self.classify(self.dropout(made).flatten(1))
        return logits


def deep_lengths(samples: int, blocks: int = 4, kernel: int = 10) -> tuple[int, ...]:
    """Return how many samples are left behind each block; raises RecognizerError where none are."""
    found = []
    for _ in range(blocks):
        samples = (samples - kernel + 1) // 3
        if samples < 1:
            raise RecognizerError(
                "deep-convnet: the segments have too few samples for its four blocks. Take segments of at"
                " least 441 samples, or a smaller kernel."
            )
        found.append(samples)
    return tuple(found)
