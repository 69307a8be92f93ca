"""LW-WADL of Song et al. (2023) and what it is compared with: networks over a segment about an event."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from analysis.corpus.cases import Batch
from analysis.recognizers.csi_cards import FCN_CARD, LW_WADL_CARD, RESNET_CARD, TWO_CONV_CARD
from analysis.recognizers.csi_network import (
    FullyConvolutional,
    LightNetwork,
    ResidualNetwork,
    TwoConvolutions,
)
from analysis.recognizers.group_folds import group_folds
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.torch_loop import (
    CHUNK,
    Data,
    Tensors,
    TrainSpec,
    in_chunks,
    reproducible,
    train_network,
)
from analysis.recognizers.weights import load_arrays, load_module, save_module


class SegmentRecognizer:
    """A network over the inputs' segments, a channel each, scaled by one mean and SD of the training side."""

    card: ClassVar[Card]

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: nn.Module | None = None
        self._classes: tuple[str, ...] = ()
        self._inputs: tuple[str, ...] = ()
        self._steps = 0
        self._scale: tuple[tuple[float, float], ...] = ()

    @abstractmethod
    def _built(self, inputs: int, classes: int, steps: int) -> nn.Module:
        """Return the network as it starts."""

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Learn. To stop early without `validation`, a tenth of the training groups is set aside."""
        if train.y is None or not train.classes:
            raise RecognizerError(f"{self.card.name} needs classes; this target gives numbers.")
        self._inputs = tuple(sorted(train.inputs))
        self._classes = train.classes
        lengths = {name: int(np.prod(train.inputs[name].values.shape[1:])) for name in self._inputs}
        if not lengths or len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in lengths.items()) or "none"
            raise RecognizerError(f"{self.card.name}: segments must be equally long; there are: {told}.")
        self._steps = next(iter(lengths.values()))
        if self.settings["patience"] and validation is None:
            folds = group_folds(train.cases.groups(context.groups), 10, context.seed)
            if folds:
                train, validation = train.rows(folds[0][0]), train.rows(folds[0][1])
        context.fitted("scaling", train.cases.id)
        self._scale = tuple(self._scale_of(train, name) for name in self._inputs)
        with reproducible(context.seed):
            network = self._network = self._built(len(self._inputs), len(self._classes), self._steps)
            data = Data(train.cases.id, self._tensors(train))
            watched = None if validation is None else Data(validation.cases.id, self._tensors(validation))

            def loss(rows: Tensors) -> Tensor:
                return functional.cross_entropy(network(rows["curve"]), rows["y"])

            train_network(network, loss, data, watched, self._spec(), context)
            settle(network, data.tensors["curve"])

    def _spec(self) -> TrainSpec:
        chosen = self.settings
        return TrainSpec(
            rate=float(chosen["rate"]),
            batch=int(chosen["batch"]),
            epochs=int(chosen["epochs"]),
            patience=int(chosen["patience"]),
            phase="network",
        )

    def _scale_of(self, train: Batch, name: str) -> tuple[float, float]:
        """Return mean and SD of all readings of an input: a scale for each segment would hide its size."""
        each = train.inputs[name]
        known = each.values[each.present].astype(np.float64)
        known = known[np.isfinite(known)]
        if not len(known):
            raise RecognizerError(f"{self.card.name}: no training case has a segment of '{name}'.")
        return float(known.mean()), float(known.std()) or 1.0

    def _tensors(self, batch: Batch) -> dict[str, Tensor]:
        made = np.zeros((len(batch), len(self._inputs), self._steps), np.float32)
        for place, (name, (mean, sd)) in enumerate(zip(self._inputs, self._scale, strict=True)):
            each = batch.inputs.get(name)
            if each is None:
                continue
            values = each.values.reshape(len(batch), -1)
            if values.shape[1] != self._steps:
                raise RecognizerError(
                    f"'{name}' has {values.shape[1]} readings a segment; {self._steps} were learnt from."
                )
            # What is missing is as the mean is.
            made[each.present, place] = np.nan_to_num((values[each.present] - mean) / sd)
        tensors = {"curve": torch.from_numpy(made)}
        if batch.y is not None:
            tensors["y"] = torch.from_numpy(np.asarray(batch.y, np.int64))
        return tensors

    @property
    def network(self) -> nn.Module:
        """The network; raises RecognizerError before it was fitted."""
        if self._network is None:
            raise RecognizerError(f"{self.card.name} has not been fitted yet.")
        return self._network

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes)."""
        network = self.network
        if not len(batch):
            return np.zeros((0, len(self._classes)))
        logits = in_chunks(network, lambda rows: network(rows["curve"]), self._tensors(batch))
        return torch.softmax(logits.double(), dim=1).numpy()

    def explain(self, batch: Batch) -> Explanation:
        """Return nothing: this network has no weights that say why."""
        del batch
        return Explanation()

    def save(self, folder: Path) -> None:
        """Write weights and what they belong to."""
        facts = {
            "recognizer": self.card.name,
            "settings": dict(self.settings),
            "classes": list(self._classes),
            "inputs": list(self._inputs),
            "steps": self._steps,
            "scale": [list(each) for each in self._scale],
        }
        save_module(folder, self.network, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        _, facts = load_arrays(folder, "weights")
        if facts.get("recognizer") != cls.card.name:
            raise RecognizerError(f"{folder} holds a model of '{facts.get('recognizer')}'.")
        made = cls(**facts["settings"])
        made._classes, made._inputs = tuple(facts["classes"]), tuple(facts["inputs"])
        made._steps = int(facts["steps"])
        made._scale = tuple((float(mean), float(sd)) for mean, sd in facts["scale"])
        with reproducible(0):
            made._network = made._built(len(made._inputs), len(made._classes), made._steps)
        load_module(folder, made._network)
        return made

    @property
    def _width(self) -> float:
        return float(self.settings["width"])


def settle(network: nn.Module, curves: Tensor) -> None:
    """Take the means and variances of batch norm once more, over all training rows (n, inputs, steps).

    Those that ran along in training are of weights that there were some steps before: with a hundred cases
    they can turn every answer round.
    """
    norms = [each for each in network.modules() if isinstance(each, nn.BatchNorm1d)]
    kept = [each.momentum for each in norms]
    for each in norms:
        each.reset_running_stats()
        each.momentum = None
    network.train()
    with torch.no_grad():
        for start in range(0, len(curves), CHUNK):
            network(curves[start : start + CHUNK])
    for each, momentum in zip(norms, kept, strict=True):
        each.momentum = momentum
    network.eval()


class LWWADL(SegmentRecognizer):
    """LW-WADL."""

    card: ClassVar[Card] = LW_WADL_CARD

    def _built(self, inputs: int, classes: int, steps: int) -> nn.Module:
        del steps
        return LightNetwork(inputs, classes, self._width)

    def explain(self, batch: Batch) -> Explanation:
        """Return the attention over positions (n, steps // 2), from 0 to 1."""
        network = self.network
        assert isinstance(network, LightNetwork)
        if not len(batch):
            return Explanation()
        where = in_chunks(network, lambda rows: network.where(rows["curve"]), self._tensors(batch))
        about = "attention over the segment, two readings a step, 0 to 1"
        return Explanation({"attention": where.numpy()}, {"attention": about})


class CSIFCN(SegmentRecognizer):
    """The fully convolutional network."""

    card: ClassVar[Card] = FCN_CARD

    def _built(self, inputs: int, classes: int, steps: int) -> nn.Module:
        del steps
        return FullyConvolutional(inputs, classes, self._width)


class CSIResNet(SegmentRecognizer):
    """The residual network."""

    card: ClassVar[Card] = RESNET_CARD

    def _built(self, inputs: int, classes: int, steps: int) -> nn.Module:
        del steps
        return ResidualNetwork(inputs, classes, self._width)


class CSITwoConv(SegmentRecognizer):
    """The network with two convolutions."""

    card: ClassVar[Card] = TWO_CONV_CARD

    def _built(self, inputs: int, classes: int, steps: int) -> nn.Module:
        return TwoConvolutions(inputs, classes, steps, self._width)
