"""BiLSTM with attention over ten seconds of differential entropy."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

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
from analysis.recognizers.recognizer import Card, Explanation, Layer
from analysis.recognizers.torch_loop import in_chunks

BILSTM_CARD = Card(
    name="eeg-bilstm",
    title="BiLSTM with attention",
    source=SOURCE,
    task=("classes",),
    about="Ten seconds in order, read forwards and backwards; attention says which seconds count. It knows"
    " time, not place.",
    cases=CASES,
    inputs=INPUTS,
    steps=STEPS,
    settings=(*TRAINED, WIDTH),
    layers=(
        Layer("dense, a second each", "not printed", "5C -> 64", WHY),
        Layer("BiLSTM", "not printed", "64 -> 2 x 64", WHY),
        Layer("attention sum", "not printed", "10 x 128 -> 128", WHY),
        Layer("output, softmax", "not printed", "128 -> classes", WHY),
    ),
    doubts=DOUBTS,
    validation=VALIDATION,
)


class AttentiveBiLSTM(nn.Module):
    """(n, steps, electrodes, bands) and lengths (n,) -> logits; `weights` are those of the steps."""

    def __init__(self, width: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(width, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True, bidirectional=True)
        self.attend = nn.Linear(2 * hidden, 1)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(2 * hidden, classes)

    def states(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (n, steps, 2 hidden) and weights (n, steps), which sum to 1; padding weighs 0."""
        packed = pack_padded_sequence(
            self.enter(x.flatten(2)), lengths, batch_first=True, enforce_sorted=False
        )
        made, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.shape[1])
        outside = torch.arange(x.shape[1])[None] >= lengths[:, None]
        weights = self.attend(made)[..., 0].masked_fill(outside, -torch.inf).softmax(dim=1)
        return made, weights

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits."""
        made, weights = self.states(x, lengths)
        pooled = (weights[..., None] * made).sum(dim=1)
        logits: Tensor = self.output(self.dropout(pooled))
        return logits


class EegBiLSTM(EegFamily):
    """Seconds in order, weighed."""

    card: ClassVar[Card] = BILSTM_CARD
    is_sequence: ClassVar[bool] = True

    def build(self, layout: Layout, classes: int) -> nn.Module:
        """Return the network."""
        width = len(layout.electrodes) * len(layout.bands)
        (hidden,) = scaled(self.settings, 64)
        return AttentiveBiLSTM(width, hidden, classes, float(self.settings["dropout"]))

    def explain(self, batch: Batch) -> Explanation:
        """Return how much each second weighs."""
        network = self._trained()
        assert isinstance(network, AttentiveBiLSTM)
        tensors, _ = self._tensors(batch)
        found = in_chunks(network, lambda rows: network.states(rows["x"], rows["lengths"])[1], tensors)
        name = f"attention.{next(iter(batch.inputs))}"
        about = "weight of each step; they sum to 1"
        return Explanation({name: found.numpy()}, {name: about})
