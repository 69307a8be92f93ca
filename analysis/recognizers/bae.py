"""The bio auto-encoder BAE: a segment to 128 numbers and back, unpooled where the encoder found its maxima.

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", section III-B.2 and Table II. The decoder's convolutions lengthen by kernel - 1, so they are
transposed ones; the layer from z back is missing in the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from analysis.recognizers.bio_network import uniform

FILTERS = (16, 8, 4)


@dataclass(frozen=True, slots=True)
class BaeSizes:
    """Samples of a segment and numbers of z; 1000 and 128 give Table II, others scale the kernels."""

    samples: int = 1000
    latent: int = 128

    @property
    def kernels(self) -> tuple[int, int, int]:
        """Of the three convolutions, and backwards of the three transposed ones."""
        return (self.samples // 5, self.samples // 10, self.samples // 20)

    @property
    def convolved(self) -> tuple[int, int, int]:
        """Lengths after the encoder's convolutions (801, 301, 101), those that unpooling gives back."""
        one, two, three = self.kernels
        first = self.samples - one + 1
        second = first // 2 - two + 1
        return (first, second, second // 2 - three + 1)

    @property
    def pooled(self) -> tuple[int, int, int]:
        """Lengths after the encoder's pools (400, 150, 50)."""
        one, two, three = self.convolved
        return (one // 2, two // 2, three // 2)


def unpool(values: Tensor, positions: Tensor, length: int) -> Tensor:
    """Put values (n, channels, pooled) back where the encoder found them; (n, channels, length), else 0.

    As `torch.nn.MaxUnpool1d`, which cannot be asked for repeatable results.
    """
    empty = values.new_zeros(*values.shape[:2], length)
    return empty.scatter(2, positions, values)


class BioAutoEncoder(nn.Module):
    """Segment (n, samples) -> z (n, latent) and the segment again (n, samples)."""

    def __init__(self, sizes: BaeSizes, relu_at_end: bool = True) -> None:
        super().__init__()
        one, two, three = sizes.kernels
        wide, middle, narrow = FILTERS
        self.sizes = sizes
        self.relu_at_end = relu_at_end
        self.conv1 = nn.Conv1d(1, wide, one)
        self.conv2 = nn.Conv1d(wide, middle, two)
        self.conv3 = nn.Conv1d(middle, narrow, three)
        self.pool = nn.MaxPool1d(2, return_indices=True)
        flat = narrow * sizes.pooled[2]
        self.to_z = nn.Linear(flat, sizes.latent)
        self.from_z = nn.Linear(sizes.latent, flat)
        self.conv4 = nn.ConvTranspose1d(narrow, middle, three)
        self.conv5 = nn.ConvTranspose1d(middle, wide, two)
        self.conv6 = nn.ConvTranspose1d(wide, 1, one)
        uniform(self)

    def start_at(self, level: float) -> None:
        """Let the untrained network give about `level`, the mean of its training segments.

        From 0 or from the scale's middle the last ReLU of most segments falls below 0 in the first epochs,
        where it has no gradient, and the network gives 0 for good.
        """
        with torch.no_grad():
            for each in self.conv6.parameters():
                if each.ndim == 1:
                    each.fill_(level)

    def encode(self, segment: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Return z and the positions of the three pools' maxima."""
        one, first = self.pool(torch.relu(self.conv1(segment[:, None])))
        two, second = self.pool(torch.relu(self.conv2(one)))
        three, third = self.pool(torch.relu(self.conv3(two)))
        return self.to_z(three.flatten(1)), (first, second, third)

    def decode(self, z: Tensor, positions: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Return the segment of z (n, samples); `positions` are the encoder's."""
        first, second, third = positions
        lengths = self.sizes.convolved
        three = self.from_z(z).reshape(len(z), FILTERS[2], -1)
        two = torch.relu(self.conv4(unpool(three, third, lengths[2])))
        one = torch.relu(self.conv5(unpool(two, second, lengths[1])))
        out = self.conv6(unpool(one, first, lengths[0]))[:, 0]
        return torch.relu(out) if self.relu_at_end else out

    def forward(self, segment: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and the reconstructed segment."""
        z, positions = self.encode(segment)
        return z, self.decode(z, positions)
