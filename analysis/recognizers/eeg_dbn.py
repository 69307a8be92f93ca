"""DBN on differential entropy: two RBMs trained by contrastive divergence, then tuned as one network.

Hinton, "Training products of experts by minimizing contrastive divergence", Neural Computation 14 (2002);
Hinton & Salakhutdinov, Science 313 (2006): the lowest layer has Gaussian units of SD 1, the others
are binary.
"""

from __future__ import annotations

from typing import ClassVar

import torch
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
from analysis.recognizers.eeg_mlp import HIDDEN, WHY, Perceptron
from analysis.recognizers.recognizer import Card, Context, Layer, Setting
from analysis.recognizers.torch_loop import Data, batches

DBN_CARD = Card(
    name="eeg-dbn",
    title="DBN on differential entropy",
    source=SOURCE,
    task=("classes",),
    about="Two restricted Boltzmann machines learn what seconds of EEG look like, without answers; their"
    " weights begin a network of two sigmoid layers, which is then trained as a whole.",
    cases=CASES,
    inputs=INPUTS,
    steps=STEPS,
    settings=(
        *TRAINED,
        *HIDDEN,
        Setting("rbm_epochs", 50, "of each restricted Boltzmann machine"),
        Setting("rbm_rate", 1e-3, "learning rate of the first, Gaussian one; the second has ten times it",
                1e-4, 1e-2, "log10"),
    ),
    layers=(
        Layer("RBM 1, Gaussian to binary, CD-1", "not printed", "5C -> 128", WHY),
        Layer("RBM 2, binary to binary, CD-1", "not printed", "128 -> 64", WHY),
        Layer("output, softmax", "not printed", "64 -> classes", WHY),
    ),
    doubts=(*DOUBTS, "The survey announces DBN and has no row of one."),
    validation=VALIDATION,
)  # fmt: skip


def contrastive_divergence(
    layer: nn.Linear, below: Tensor, *, epochs: int, rate: float, is_gaussian: bool, context: Context
) -> list[float]:
    """Train a layer in place as an RBM on rows (n, d) by CD-1; return each epoch's reconstruction error.

    Visible units are Gaussian with SD 1, or binary; hidden ones are binary. Visible biases are forgotten
    afterwards: a network that only goes upwards has none.
    """
    visible: Tensor = torch.zeros(below.shape[1])
    errors = []
    with torch.no_grad():
        layer.weight.normal_(0.0, 0.01)
        layer.bias.zero_()
        for _ in range(epochs):
            context.check()
            total = 0.0
            for rows in batches(torch.randperm(len(below)), 64):
                v0 = below[rows]
                h0 = torch.sigmoid(layer(v0))
                v1 = torch.bernoulli(h0) @ layer.weight + visible
                v1 = v1 if is_gaussian else torch.sigmoid(v1)
                h1 = torch.sigmoid(layer(v1))
                layer.weight.add_(h0.T @ v0 - h1.T @ v1, alpha=rate / len(rows))
                layer.bias.add_((h0 - h1).mean(dim=0), alpha=rate)
                visible = visible + rate * (v0 - v1).mean(dim=0)
                total += float((v0 - v1).square().mean()) * len(rows)
            errors.append(total / len(below))
    return errors


class EegDBN(EegFamily):
    """Two RBMs, then one network."""

    card: ClassVar[Card] = DBN_CARD

    def build(self, layout: Layout, classes: int) -> nn.Module:
        """Return the network."""
        chosen = self.settings
        width = len(layout.electrodes) * len(layout.bands)
        sizes = (int(chosen["first"]), int(chosen["second"]))
        return Perceptron(width, *sizes, classes, float(chosen["dropout"]), nn.Sigmoid)

    def prepare(self, network: nn.Module, data: Data, context: Context) -> None:
        """Train both RBMs, one on top of the other."""
        assert isinstance(network, Perceptron)
        context.fitted("restricted Boltzmann machines", data.ids)
        epochs, rate = int(self.settings["rbm_epochs"]), float(self.settings["rbm_rate"])
        rows = data.tensors["x"].flatten(1)
        contrastive_divergence(
            network.first, rows, epochs=epochs, rate=rate, is_gaussian=True, context=context
        )
        with torch.no_grad():
            above = torch.sigmoid(network.first(rows))
        contrastive_divergence(
            network.second, above, epochs=epochs, rate=10 * rate, is_gaussian=False, context=context
        )
