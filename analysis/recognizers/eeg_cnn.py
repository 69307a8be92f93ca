"""CNN on differential entropy laid on a 9 x 9 grid of the head, a colour a band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

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
from analysis.recognizers.head_grid import GridCNN
from analysis.recognizers.recognizer import Card, Layer, Setting

MAPS = (32, 64, 64)
WIDTH = Setting("width", 1.0, "factor on all sizes: 0.25 is a quarter of the network", 0.1, 1.0)
GRID = "Electrodes go to rows Fp to O and columns 7 to 8 of a 9 x 9 grid; others than these are left out."

CNN_CARD = Card(
    name="eeg-cnn",
    title="CNN on the head grid",
    source=SOURCE,
    task=("classes",),
    about="The five bands of a second are five pictures of the head, nine by nine; three convolutions look"
    " at neighbouring electrodes, and the seconds of a case vote. It knows place, not time.",
    cases=CASES,
    inputs=INPUTS,
    steps=STEPS,
    settings=(*TRAINED, WIDTH),
    layers=(
        Layer("grid", "not printed", "5 x 9 x 9", WHY),
        Layer("convolutions 3 x 3, BN, ReLU", "not printed", "32 -> 64 -> 64", WHY),
        Layer("mean over the grid, dense, ReLU", "not printed", "64 -> 64", WHY),
        Layer("output, softmax", "not printed", "64 -> classes", WHY),
    ),
    doubts=(*DOUBTS, GRID),
    validation=VALIDATION,
)


def scaled(settings: Mapping[str, Any], *sizes: int) -> tuple[int, ...]:
    """Return sizes times the setting `width`, 1 at least."""
    return tuple(max(1, round(each * float(settings["width"]))) for each in sizes)


class GridClassifier(nn.Module):
    """The grid's vector, a layer of its length, and the decision."""

    def __init__(self, body: GridCNN, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.dense = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        logits: Tensor = self.output(self.dropout(self.dense(self.body(x)).relu()))
        return logits


class EegCNN(EegFamily):
    """Three convolutions over the head."""

    card: ClassVar[Card] = CNN_CARD

    def build(self, layout: Layout, classes: int) -> nn.Module:
        """Return the network."""
        maps = scaled(self.settings, *MAPS)
        body = GridCNN(layout.electrodes, len(layout.bands), maps, self.card.name)
        return GridClassifier(body, maps[-1], classes, float(self.settings["dropout"]))
