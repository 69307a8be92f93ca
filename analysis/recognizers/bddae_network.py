"""BDDAE's networks: the denoising auto-encoder, and its three encoders below a linear SVM layer.

Source: Tang, Liu, Zheng, Lu, "Multimodal Emotion Recognition Using Deep Neural Networks", section 2, Fig. 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from analysis.recognizers.svm_layer import machines


class BDDAENetwork(nn.Module):
    """Steps (n, d) and (n, e) at 0..1 -> joint features (n, joint), both again, margins (n, machines).

    `hidden` are the units of the first side's encoder, of the other's, and of the joint one; a side of width
    0 is left out. Encoders and decoders are an affine mapping and a sigmoid each; their weights are not tied.
    """

    def __init__(
        self,
        widths: tuple[int, int],
        hidden: tuple[int, int, int],
        classes: int,
        corruption: float,
        initial_sd: float,
    ) -> None:
        super().__init__()
        own = tuple(units if width else 0 for width, units in zip(widths, hidden, strict=False))
        self.own = own
        self.corruption = corruption
        self.encoders = nn.ModuleList(_affine(*each) for each in zip(widths, own, strict=True) if each[0])
        self.joint = _affine(sum(own), hidden[2])
        self.from_joint = _affine(hidden[2], sum(own))
        self.decoders = nn.ModuleList(_affine(*each) for each in zip(own, widths, strict=True) if each[0])
        self.out = nn.Linear(hidden[2], machines(classes))
        normal(self, initial_sd)

    @property
    def encoding(self) -> list[nn.Parameter]:
        """Weights of the three encoders, which the classifier network tunes slowly."""
        return [*self.encoders.parameters(), *self.joint.parameters()]

    @property
    def rebuilding(self) -> list[nn.Parameter]:
        """Weights of the auto-encoder network: three encoders and three decoders."""
        return [*self.encoding, *self.from_joint.parameters(), *self.decoders.parameters()]

    def encode(self, first: Tensor, other: Tensor) -> Tensor:
        """Return joint features (n, joint)."""
        sides = [each for each in (first, other) if each.shape[1]]
        own = [encoder(side) for encoder, side in zip(self.encoders, sides, strict=True)]
        joint: Tensor = self.joint(torch.cat(own, 1))
        return joint

    def rebuild(self, first: Tensor, other: Tensor) -> Tensor:
        """Return both sides again (n, d + e), from inputs of which some are set to 0 while it is trained."""
        codes = self.from_joint(self.encode(self._corrupted(first), self._corrupted(other)))
        parts = [part for part in torch.split(codes, list(self.own), 1) if part.shape[1]]
        return torch.cat([decoder(part) for decoder, part in zip(self.decoders, parts, strict=True)], 1)

    def _corrupted(self, side: Tensor) -> Tensor:
        if not (self.training and self.corruption):
            return side
        return side * (torch.rand_like(side) >= self.corruption)

    def forward(self, first: Tensor, other: Tensor) -> Tensor:
        """Return margins (n, machines)."""
        margins: Tensor = self.out(self.encode(first, other))
        return margins


def _affine(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), nn.Sigmoid())


def normal(module: nn.Module, sd: float) -> None:
    """Draw all weights below `module` from a normal distribution of mean 0; biases are 0 (section 4.3)."""
    for name, each in module.named_parameters():
        if "bias" in name.rsplit(".", 1)[-1]:
            nn.init.zeros_(each)
        else:
            nn.init.normal_(each, 0.0, sd)
