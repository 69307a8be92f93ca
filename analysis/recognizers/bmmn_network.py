"""BMMN, BMMN-BAE-1 and BMMN-BAE-2 as networks: which features are merged, and how absent ones are.

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", section III and Fig. 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from analysis.recognizers.bae import BaeSizes, BioAutoEncoder
from analysis.recognizers.bio_network import BioNetwork, BioSizes, uniform
from analysis.recognizers.face_network import FaceNetwork
from analysis.recognizers.torch_loop import Tensors

Kind = Literal["bmmn", "bmmn-bae-1", "bmmn-bae-2"]
FACE = "face"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network is built of: `signals` with a bio network or auto-encoder each, sizes, outputs.

    `face` is the width of the face's features, 0 where there is no face. `between` are units of a ReLU layer
    behind the merge layer, 0 for none, as in the paper.
    """

    kind: Kind
    signals: tuple[str, ...]
    face: int
    samples: int
    latent: int
    outputs: int
    relu_at_end: bool = True
    between: int = 0

    @property
    def merged(self) -> int:
        """Width of the merge layer: 7352, 2304 and 7608 with two signals of 1000 samples and ResNet-50."""
        bio = BioSizes(self.samples).merged if self.kind != "bmmn-bae-1" else 0
        latent = self.latent if self.kind != "bmmn" else 0
        return len(self.signals) * (bio + latent) + self.face


class BioMultiModal(nn.Module):
    """Segments and a face -> outputs; with auto-encoders the reconstructed segments too.

    Rows hold "<signal>" (n, samples) and "face" (n, channels, h, w), or "face.features" (n, k) where the
    face network is not tuned, and "<name>.present" (n,) for each. Features of what is absent are 0.
    """

    def __init__(
        self,
        shape: Shape,
        face: FaceNetwork | None,
        bio: nn.ModuleDict | None = None,
        encoders: nn.ModuleDict | None = None,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.face = face
        self.bio = nn.ModuleDict()
        self.encoders = nn.ModuleDict()
        if shape.kind != "bmmn-bae-1":
            self.bio = bio if bio is not None else bio_networks(shape)
        if shape.kind != "bmmn":
            self.encoders = encoders if encoders is not None else auto_encoders(shape)
        self.out = _head(shape)
        uniform(self.out)

    def forward(self, rows: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        """Return outputs (n, k) and the reconstructed segments by signal ({} without auto-encoders)."""
        parts, rebuilt = [], {}
        for signal in self.shape.signals:
            present = rows[f"{signal}.present"][:, None]
            if signal in self.bio:
                parts.append(self.bio[signal](rows[signal]) * present)
            if signal in self.encoders:
                z, rebuilt[signal] = self.encoders[signal](rows[signal])
                parts.append(z * present)
        if self.shape.face:
            parts.append(self._face(rows))
        out: Tensor = self.out(torch.cat(parts, 1))
        return out, rebuilt

    def _face(self, rows: Tensors) -> Tensor:
        present = rows[f"{FACE}.present"]
        if f"{FACE}.features" in rows:
            return rows[f"{FACE}.features"] * present[:, None]
        assert self.face is not None
        features: Tensor = self.face(rows[FACE])
        return features * present[:, None]


def _head(shape: Shape) -> nn.Module:
    if not shape.between:
        return nn.Linear(shape.merged, shape.outputs)
    return nn.Sequential(
        nn.Linear(shape.merged, shape.between), nn.ReLU(), nn.Linear(shape.between, shape.outputs)
    )


def bio_networks(shape: Shape) -> nn.ModuleDict:
    """Return an untrained bio network for each signal."""
    networks = nn.ModuleDict({signal: BioNetwork(BioSizes(shape.samples)) for signal in shape.signals})
    uniform(networks)
    return networks


def auto_encoders(shape: Shape) -> nn.ModuleDict:
    """Return an untrained auto-encoder for each signal."""
    sizes = BaeSizes(shape.samples, shape.latent)
    return nn.ModuleDict({signal: BioAutoEncoder(sizes, shape.relu_at_end) for signal in shape.signals})


def label_loss(out: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared error over the labels that are known (NaN in `y` (n, k): not known)."""
    known = ~torch.isnan(y)
    errors = torch.where(known, out - torch.nan_to_num(y), 0.0)
    return (errors**2).sum() / known.sum().clamp(min=1)


def rebuilding_loss(rebuilt: dict[str, Tensor], rows: Tensors) -> Tensor:
    """Return the mean squared error of the reconstructed segments that are present, mean over signals."""
    losses = []
    for signal, each in rebuilt.items():
        present = rows[f"{signal}.present"][:, None]
        squares = ((each - rows[signal]) ** 2 * present).sum()
        losses.append(squares / (present.sum() * each.shape[1]).clamp(min=1))
    return torch.stack(losses).mean()
