"""MLP on differential entropy: 5C -> 128 -> 64 -> classes."""

from __future__ import annotations

from typing import ClassVar

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
from analysis.recognizers.recognizer import Card, Layer, Setting

WHY = "the survey prints no layers"
HIDDEN = (
    Setting("first", 128, "units of the first hidden layer", 16, 256, "int"),
    Setting("second", 64, "units of the second hidden layer", 8, 128, "int"),
)

MLP_CARD = Card(
    name="eeg-mlp",
    title="MLP on differential entropy",
    source=SOURCE,
    task=("classes",),
    about="Every number of a second, all channels and bands in one row, through two layers of ReLU; the"
    " seconds of a case vote. It knows neither time nor place.",
    cases=CASES,
    inputs=INPUTS,
    steps=STEPS,
    settings=(*TRAINED, *HIDDEN),
    layers=(
        Layer("hidden 1, ReLU, dropout", "not printed", "5C -> 128", WHY),
        Layer("hidden 2, ReLU, dropout", "not printed", "128 -> 64", WHY),
        Layer("output, softmax", "not printed", "64 -> classes", WHY),
    ),
    doubts=DOUBTS,
    validation=VALIDATION,
)


class Perceptron(nn.Module):
    """(n, electrodes, bands) -> logits through two hidden layers; `active` is what follows each."""

    def __init__(
        self, width: int, first: int, second: int, classes: int, dropout: float, active: type[nn.Module]
    ) -> None:
        super().__init__()
        self.first = nn.Linear(width, first)
        self.second = nn.Linear(first, second)
        self.output = nn.Linear(second, classes)
        self.active = active()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        made = self.dropout(self.active(self.first(x.flatten(1))))
        logits: Tensor = self.output(self.dropout(self.active(self.second(made))))
        return logits


class EegMLP(EegFamily):
    """Two hidden layers."""

    card: ClassVar[Card] = MLP_CARD

    def build(self, layout: Layout, classes: int) -> nn.Module:
        """Return the network."""
        chosen = self.settings
        width = len(layout.electrodes) * len(layout.bands)
        sizes = (int(chosen["first"]), int(chosen["second"]))
        return Perceptron(width, *sizes, classes, float(chosen["dropout"]), nn.ReLU)
