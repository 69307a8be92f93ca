"""Networks for apparent impressions: what is seen in one frame, and what a sequence of frames comes to."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from analysis.recognizers.face_network import MEAN, SD, SmallBlock
from analysis.recognizers.sem_encoders import VGGish
from analysis.recognizers.sem_mbt_network import positions

Scaling = Literal["imagenet", "vgg-face"]
VGG_FACE_MEAN = (93.5940, 104.7624, 129.1863)
"""Blue, green, red: Parkhi et al., "Deep Face Recognition" (2015), the mean face of their weights."""
PUBLISHED_PX = 224
"""The side of the pictures that published VGG-16 weights are of: smaller ones leave its last maps empty."""
Temporal = Literal["bi-lstm", "transformer"]
TEMPORAL: tuple[Temporal, ...] = ("bi-lstm", "transformer")
BLOCK = 256
"""Frames that are looked at at once where nothing is learnt."""


class Vgg16(nn.Module):
    """VGG-16's body of any width with torchvision's names: pictures (n, 3, h, w) -> (n, 64 * base).

    Simonyan & Zisserman, "Very Deep Convolutional Networks" (2015), configuration D, up to the second full
    layer: 4096 numbers at a base of 64.
    """

    def __init__(self, base: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width, count in ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3)):
            for _ in range(count):
                layers += [nn.Conv2d(before, width * base, 3, padding=1), nn.ReLU()]
                before = width * base
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.base, self.out = base, 64 * base
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            nn.Linear(8 * base * 49, 64 * base), nn.ReLU(), nn.Identity(),
            nn.Linear(64 * base, 64 * base), nn.ReLU(),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Return the second full layer's numbers."""
        out: Tensor = self.classifier(self.avgpool(self.features(images)).flatten(1))
        return out


class SmallVision(nn.Module):
    """Pictures (n, 3, h, w) -> (n, 8 * base): four residual blocks, each halving the picture."""

    def __init__(self, base: int) -> None:
        super().__init__()
        widths = (3, base, 2 * base, 4 * base, 8 * base)
        self.base, self.out = base, 8 * base
        self.blocks = nn.Sequential(*(SmallBlock(one, other) for one, other in pairwise(widths)))

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean of the last block over the picture."""
        out: Tensor = self.blocks(images).mean((2, 3))
        return out


class Local(nn.Module):
    """One stream's frames (n, t, ...) -> their numbers (n, t, out), and impressions of each frame alone.

    Pictures come at 0 to 1, red, green, blue. `scaling` "imagenet" takes away ImageNet's mean of each colour
    and divides by its SD, as torchvision's weights want it; "vgg-face" makes them 0 to 255, blue, green, red,
    less the mean face, as VGG-Face's weights want it.
    """

    def __init__(
        self, network: VGGish | Vgg16 | SmallVision, outputs: int, scaling: Scaling = "imagenet"
    ) -> None:
        super().__init__()
        self.network = network
        self.scaling = scaling
        self.out = network.out
        self.head = nn.Linear(network.out, outputs)
        is_face = scaling == "vgg-face"
        mean = torch.tensor(VGG_FACE_MEAN if is_face else MEAN).reshape(1, 3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("sd", torch.tensor(SD).reshape(1, 3, 1, 1), persistent=False)

    def rows(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return the numbers (k, out) of the steps that are no padding, in order."""
        case, step = torch.nonzero(inside > 0, as_tuple=True)
        size = max(1, len(case)) if torch.is_grad_enabled() else BLOCK
        parts = [
            self._numbers(values[case[at : at + size], step[at : at + size]])
            for at in range(0, len(case), size)
        ]
        return torch.cat(parts) if parts else torch.zeros(0, self.out)

    def _numbers(self, frames: Tensor) -> Tensor:
        out: Tensor = self.network(frames if isinstance(self.network, VGGish) else self.scaled(frames))
        return out

    def scaled(self, pictures: Tensor) -> Tensor:
        """Return pictures (n, 1 or 3, h, w) at 0 to 1 as the network wants them (n, 3, h, w)."""
        pictures = pictures.expand(-1, 3, -1, -1) if pictures.shape[1] == 1 else pictures
        if self.scaling == "vgg-face":
            return 255 * pictures.flip(1) - self.get_buffer("mean")
        return (pictures - self.get_buffer("mean")) / self.get_buffer("sd")

    def forward(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return (n, t, out), 0 in padding."""
        made = torch.zeros(*inside.shape, self.out)
        made[inside > 0] = self.rows(values, inside)
        return made

    def impressions(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return the logit of each frame's impressions (k, outputs), for frames that are no padding."""
        out: Tensor = self.head(self.rows(values, inside))
        return out


class BiLstm(nn.Module):
    """Sequences (n, t, d) -> the last states of both directions (n, units)."""

    def __init__(self, width: int, units: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.out = units
        between = dropout if layers > 1 else 0.0
        self.lstm = nn.LSTM(width, units // 2, layers, batch_first=True, bidirectional=True, dropout=between)

    def forward(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return what the sequence came to."""
        lengths = inside.sum(1).long().clamp(min=1)
        packed = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
        _, (last, _) = self.lstm(packed)
        return torch.cat([last[-2], last[-1]], 1)


class Encoder(nn.Module):
    """Sequences (n, t, d) -> the mean of a transformer's last layer over their steps (n, width)."""

    def __init__(self, inputs: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.out = width
        self.project = nn.Linear(inputs, width)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return what the sequence came to."""
        tokens = self.project(values) + positions(values.shape[1], self.out)
        # A case without a step would be a softmax over nothing.
        hidden = (inside <= 0) & (inside.amax(1, keepdim=True) > 0)
        found = self.layers(tokens, src_key_padding_mask=hidden)
        share = inside / inside.sum(1, keepdim=True).clamp(min=1)
        return torch.einsum("ntd,nt->nd", found, share)


class Regressor(nn.Module):
    """A temporal network and a linear head: (n, t, d) -> (n, outputs)."""

    def __init__(self, body: BiLstm | Encoder, outputs: int) -> None:
        super().__init__()
        self.body = body
        self.out = body.out
        self.head = nn.Linear(body.out, outputs)
        nn.init.constant_(self.head.bias, 0.5)

    def whole(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return the global vector (n, out), 0 where a case has no step."""
        found: Tensor = self.body(values, inside)
        return found * (inside.amax(1, keepdim=True) > 0)

    def forward(self, values: Tensor, inside: Tensor) -> Tensor:
        """Return the numbers."""
        out: Tensor = self.head(self.whole(values, inside))
        return out


def fused_head(inputs: int, hidden: tuple[int, ...], outputs: int, dropout: float) -> nn.Sequential:
    """Return the head over all global vectors: linear for early fusion (`hidden` ()), else full layers."""
    layers: list[nn.Module] = []
    before = inputs
    for width in hidden:
        layers += [nn.Linear(before, width), nn.ReLU(), nn.Dropout(dropout)]
        before = width
    last = nn.Linear(before, outputs)
    nn.init.constant_(last.bias, 0.5)
    return nn.Sequential(*layers, last)
