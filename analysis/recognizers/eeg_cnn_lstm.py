"""CNN-LSTM: the head grid's vector of each second, then an LSTM over ten of them."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from analysis.recognizers.eeg_cnn import GRID, MAPS, WIDTH, scaled
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
from analysis.recognizers.recognizer import Card, Layer

CNN_LSTM_CARD = Card(
    name="eeg-cnn-lstm",
    title="CNN-LSTM on the head grid",
    source=SOURCE,
    task=("classes",),
    about="The convolutions of eeg-cnn make a vector of each second; an LSTM reads ten of them in order. It"
    " knows place and time.",
    cases=CASES,
    inputs=INPUTS,
    steps=STEPS,
    settings=(*TRAINED, WIDTH),
    layers=(
        Layer("convolutions of eeg-cnn, a second each", "not printed", "5 x 9 x 9 -> 64", WHY),
        Layer("LSTM, its last state", "not printed", "64 -> 64", WHY),
        Layer("output, softmax", "not printed", "64 -> classes", WHY),
    ),
    doubts=(*DOUBTS, GRID),
    validation=VALIDATION,
)


class GridLSTM(nn.Module):
    """(n, steps, electrodes, bands) and lengths (n,) -> logits."""

    def __init__(self, body: GridCNN, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, classes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits from the state at each case's last step."""
        vectors = self.body(x.flatten(0, 1)).view(*x.shape[:2], -1)
        states, _ = self.lstm(vectors)
        last = states[torch.arange(len(x)), lengths - 1]
        logits: Tensor = self.output(self.dropout(last))
        return logits


class EegCNNLSTM(EegFamily):
    """Place by convolution, time by an LSTM."""

    card: ClassVar[Card] = CNN_LSTM_CARD
    is_sequence: ClassVar[bool] = True

    def build(self, layout: Layout, classes: int) -> nn.Module:
        """Return the network."""
        maps = scaled(self.settings, *MAPS)
        body = GridCNN(layout.electrodes, len(layout.bands), maps, self.card.name)
        return GridLSTM(body, maps[-1], classes, float(self.settings["dropout"]))
