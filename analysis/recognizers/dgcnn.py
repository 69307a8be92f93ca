"""DGCNN: a graph of electrodes whose edges are learnt, Chebyshev polynomials of its Laplacian, a dense layer.

Song, Zheng, Song & Cui, "EEG Emotion Recognition Using Dynamical Graph Convolutional Neural Networks", IEEE
Trans. Affective Computing 11 (2020).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from analysis.corpus.cases import Batch
from analysis.recognizers.eeg_cnn import WIDTH, scaled
from analysis.recognizers.eeg_family import (
    CASES,
    DOUBTS,
    INPUTS,
    SOURCE,
    STEPS,
    TRAINED,
    VALIDATION,
    EegFamily,
    Layout,
)
from analysis.recognizers.eeg_mlp import WHY
from analysis.recognizers.recognizer import Card, Explanation, Layer, Setting

DGCNN_CARD = Card(
    name="dgcnn",
    title="DGCNN: a learnt graph of electrodes",
    source=f"{SOURCE}; Song et al., IEEE Trans. Affective Computing 11 (2020)",
    task=("classes",),
    about="Which electrodes belong together is learnt as a matrix of weights, the same for everybody; each"
    " electrode's bands are mixed with those of its neighbours on that graph. The seconds of a case vote.",
    cases=CASES,
    inputs=INPUTS,
    steps=STEPS,
    settings=(
        *TRAINED,
        WIDTH,
        Setting("order", 2, "of the Chebyshev polynomial: how many edges away an electrode still counts",
                1, 4, "int"),
    ),
    layers=(
        Layer("adjacency, ReLU", "not printed", "C x C", WHY),
        Layer("Chebyshev graph convolution, ReLU", "not printed", "5 -> 32 at each electrode", WHY),
        Layer("dense, ReLU, dropout", "not printed", "32C -> 64", WHY),
        Layer("output, softmax", "not printed", "64 -> classes", WHY),
    ),
    doubts=(
        *DOUBTS,
        "Order 2 is taken as the terms T0, T1 and T2; some implementations count the first two as order 2.",
        "The largest eigenvalue of the normalised Laplacian is taken as 2, its bound.",
    ),
    validation=VALIDATION,
)  # fmt: skip
_TINY = 1e-6


class GraphNetwork(nn.Module):
    """(n, electrodes, bands) -> logits."""

    def __init__(
        self, electrodes: int, bands: int, filters: int, dense: int, classes: int, order: int, dropout: float
    ) -> None:
        super().__init__()
        self.adjacency = nn.Parameter(torch.rand(electrodes, electrodes) / electrodes)
        self.mix = nn.ModuleList(nn.Linear(bands, filters, bias=term == 0) for term in range(order + 1))
        self.dense = nn.Linear(electrodes * filters, dense)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(dense, classes)

    def laplacian(self) -> Tensor:
        """Return the scaled Laplacian (c, c) of the graph's symmetric part, its eigenvalues from -1 to 1."""
        edges = (self.adjacency + self.adjacency.T).relu() / 2
        root = (edges.sum(dim=1) + _TINY).rsqrt()
        return -root[:, None] * edges * root[None]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        laplacian = self.laplacian()
        terms = [x, laplacian @ x]
        while len(terms) < len(self.mix):
            terms.append(2 * laplacian @ terms[-1] - terms[-2])
        mixed = sum((mix(term) for mix, term in zip(self.mix, terms, strict=True)), x.new_zeros(()))
        logits: Tensor = self.output(self.dropout(self.dense(mixed.relu().flatten(1)).relu()))
        return logits


class DGCNN(EegFamily):
    """Graph convolution with a learnt adjacency."""

    card: ClassVar[Card] = DGCNN_CARD

    def build(self, layout: Layout, classes: int) -> nn.Module:
        """Return the network."""
        filters, dense = scaled(self.settings, 32, 64)
        sizes = (len(layout.electrodes), len(layout.bands), filters, dense, classes)
        return GraphNetwork(*sizes, int(self.settings["order"]), float(self.settings["dropout"]))

    def explain(self, batch: Batch) -> Explanation:
        """Return how strongly each electrode is tied to the others, the same for every case."""
        network = self._trained()
        assert isinstance(network, GraphNetwork)
        with torch.no_grad():
            tied = -network.laplacian().fill_diagonal_(0.0).sum(dim=1)
        name = f"electrodes.{next(iter(batch.inputs))}"
        weights = tied.numpy()[None].repeat(len(batch), axis=0)
        about = "how strongly each electrode is tied to the others on the learnt graph; the same for all"
        return Explanation({name: weights}, {name: about})
