"""The bio network of BMMN: three parallel branches with different kernels on one pooled convolution.

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", section III-B.1 and Table I.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

PADDING = 2


@dataclass(frozen=True, slots=True)
class BioSizes:
    """Samples of a segment and of every layer; 1000 gives Table I, other lengths scale the kernels."""

    samples: int = 1000

    @property
    def kernels(self) -> tuple[int, int, int, int]:
        """Of conv1 to conv4: a fifth, a tenth, a twentieth and a fortieth of the segment."""
        return (self.samples // 5, self.samples // 10, self.samples // 20, self.samples // 40)

    @property
    def convolved(self) -> tuple[int, int, int, int]:
        """Lengths after conv1 to conv4 (805, 307, 357, 382 for 1000 samples)."""
        first, *others = self.kernels
        pooled = _length(self.samples, first) // 2
        two, three, four = (_length(pooled, kernel) for kernel in others)
        return (_length(self.samples, first), two, three, four)

    @property
    def pooled(self) -> tuple[int, int, int, int]:
        """Lengths after the four pools (402, 153, 178, 191 for 1000 samples)."""
        one, two, three, four = self.convolved
        return (one // 2, two // 2, three // 2, four // 2)

    @property
    def merged(self) -> int:
        """Numbers that go on to the merge layer: 2652 for 1000 samples."""
        one, two, three, four = self.pooled
        return 4 * one + 2 * (two + three + four)


def _length(samples: int, kernel: int) -> int:
    return samples + 2 * PADDING - kernel + 1


class BioNetwork(nn.Module):
    """Segment (n, samples) -> features (n, merged): pool1 itself beside the three branches on it."""

    def __init__(self, sizes: BioSizes) -> None:
        super().__init__()
        one, two, three, four = sizes.kernels
        self.sizes = sizes
        self.conv1 = nn.Conv1d(1, 4, one, padding=PADDING)
        self.conv2 = nn.Conv1d(4, 2, two, padding=PADDING)
        self.conv3 = nn.Conv1d(4, 2, three, padding=PADDING)
        self.conv4 = nn.Conv1d(4, 2, four, padding=PADDING)
        self.pool = nn.MaxPool1d(2)

    def forward(self, segment: Tensor) -> Tensor:
        """Return the merged features; the merge layer's ReLU changes nothing, as all of them are >= 0."""
        first = self.pool(torch.relu(self.conv1(segment[:, None])))
        branches = [self.pool(torch.relu(conv(first))) for conv in (self.conv2, self.conv3, self.conv4)]
        return torch.cat([each.flatten(1) for each in (first, *branches)], 1)


def uniform(module: nn.Module) -> None:
    """Draw every weight below `module` from Glorot's uniform distribution; biases are 0.

    The paper says "a uniform distribution"; its width is our choice.
    """
    for each in module.modules():
        if isinstance(each, nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.Linear):
            nn.init.xavier_uniform_(each.weight)
            if each.bias is not None:
                nn.init.zeros_(each.bias)
