"""What both networks on chosen channels share: the choice inside `fit`, scaling, training, saving."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.channel_choice import ALL, best, excluded_places, scores
from analysis.recognizers.convnet_layers import TimeAndSpace
from analysis.recognizers.group_folds import group_folds
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.torch_loop import Data, Tensors, TrainSpec, in_chunks, reproducible, train_network
from analysis.recognizers.weights import load_arrays, load_module, save_arrays, save_module

CHOICE = "channels"
_TINY = 1e-12


class ChannelNet:
    """A network on the K channels of one band that a statistic ranks highest, chosen on training segments."""

    card: ClassVar[Card]

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: nn.Module | None = None
        self._classes: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()
        self._samples = 0
        self._kept: NDArray[np.intp] = np.zeros(0, np.intp)
        self._centre = self._spread = np.zeros(0)

    @abstractmethod
    def build(self, channels: int, samples: int, classes: int) -> nn.Module:
        """Return the network for its sizes, as it starts."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the channels that were chosen, best first; their places where they have no names."""
        return tuple(self._names[place] if self._names else str(place) for place in self._kept)

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Choose channels, then train on them."""
        if not train.classes or train.y is None:
            raise RecognizerError(f"{self.card.name} needs classes to learn.")
        each = _only(train, self.card.name)
        self._classes, self._names = train.classes, each.names
        self._samples = each.values.shape[1]
        context.fitted(f"select channels by {self.settings['statistic']}", train.cases.id)
        k = self._nested(train, context) if self.settings["k_nested"] else int(self.settings["k"])
        self._fit_on(train, k, int(self.settings["epochs"]), context)

    def _nested(self, train: Batch, context: Context) -> int:
        """Return the K with the most right answers on inner folds of the training side."""
        every = [int(part) for part in str(self.settings["k_from"]).replace(",", " ").split()]
        channels = int(_only(train, self.card.name).values.shape[2])
        wanted = sorted({min(k, channels) for k in every if k > 0})
        folds = group_folds(
            train.cases.groups(context.groups), int(self.settings["inner_folds"]), context.seed
        )
        if not wanted:
            raise RecognizerError(f"{self.card.name}: k_from names no number of channels, such as '8 16 32'.")
        if not folds or len(wanted) == 1:
            return wanted[0] if len(wanted) == 1 else int(self.settings["k"])
        context.fitted("select K on inner folds", train.cases.id)
        right = dict.fromkeys(wanted, 0)
        quiet = Context(seed=context.seed, cancelled=context.cancelled, groups=context.groups)
        for inside, outside in folds:
            part, tested = train.rows(inside), train.rows(outside)
            assert tested.y is not None
            for k in wanted:
                self._fit_on(part, k, int(self.settings["inner_epochs"]), quiet)
                found = self.predict_proba(tested.without_answers()).argmax(axis=1)
                right[k] += int((found == tested.y).sum())
        return max(wanted, key=lambda k: (right[k], -k))

    def _fit_on(self, train: Batch, k: int, epochs: int, context: Context) -> None:
        each = _only(train, self.card.name)
        statistic = str(self.settings["statistic"])
        channels = each.values.shape[2]
        excluded = excluded_places(each.names, str(self.settings["excluded"]))
        if excluded.all():
            raise RecognizerError(f"{self.card.name}: every channel is excluded. Name fewer of them.")
        if statistic == ALL:
            self._kept = np.flatnonzero(~excluded)
        else:
            ranked = scores(each.values, train.cases.participant, statistic, context.seed, each.lengths)
            self._kept = best(ranked, min(k, channels), excluded)
        held = each.values[:, :, self._kept][each.inside].astype(np.float64)
        self._centre = held.mean(axis=0)
        spread = held.std(axis=0)
        self._spread = np.where(spread > _TINY, spread, 1.0)
        with reproducible(context.seed):
            network = self._network = self.build(len(self._kept), self._samples, len(self._classes))
            y = torch.from_numpy(np.asarray(train.y, np.int64))
            data = Data(train.cases.id, {"x": self._tensor(each), "y": y})

            def loss(rows: Tensors) -> Tensor:
                return cross_entropy(network(rows["x"]), rows["y"])

            chosen = self.settings
            spec = TrainSpec(
                rate=float(chosen["rate"]),
                batch=int(chosen["batch"]),
                epochs=epochs,
                weight_decay=float(chosen["weight_decay"]),
            )
            train_network(network, loss, data, None, spec, context)

    def _tensor(self, each: Input) -> Tensor:
        """Return the chosen channels, standardised as in training, (n, channels, samples)."""
        values = each.values[:, : self._samples, self._kept].astype(np.float64)
        values = (values - self._centre) / self._spread
        # What pads a shorter segment lies at the training mean, not at 0 microvolts.
        values[~each.inside[:, : self._samples]] = 0.0
        made = np.zeros((len(values), len(self._kept), self._samples), np.float32)
        made[:, :, : values.shape[1]] = np.moveaxis(values, 1, 2)
        return torch.from_numpy(made)

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes)."""
        network = self._trained()
        tensors = {"x": self._tensor(_only(batch, self.card.name))}
        logits = in_chunks(network, lambda rows: network(rows["x"]), tensors)
        return np.asarray(torch.softmax(logits.double(), 1).numpy(), np.float64)

    def explain(self, batch: Batch) -> Explanation:
        """Return how strongly each channel enters the first layer, 0 for those that were not chosen."""
        network = self._trained()
        each = _only(batch, self.card.name)
        first = network.first
        assert isinstance(first, TimeAndSpace)
        with torch.no_grad():
            strength = first.folded().square().sum(dim=(0, 2)).sqrt().numpy()
        weights = np.zeros((len(batch), each.values.shape[2]), np.float32)
        weights[:, self._kept] = strength[None]
        name = next(iter(batch.inputs))
        about = "length of the first layer's weights of each channel; 0: not chosen. The same for every case"
        return Explanation({f"electrodes.{name}": weights}, {f"electrodes.{name}": about})

    def _trained(self) -> nn.Module:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} was not trained yet.")
        return self._network

    def save(self, folder: Path) -> None:
        """Write arrays and JSON into a new folder."""
        facts = {
            "settings": dict(self.settings),
            "classes": self._classes,
            "names": self._names,
            "samples": self._samples,
        }
        save_module(folder, self._trained(), facts)
        arrays = {"kept": self._kept, "centre": self._centre, "spread": self._spread}
        save_arrays(folder, CHOICE, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        _, facts = load_arrays(folder, "weights")
        arrays, _ = load_arrays(folder, CHOICE)
        made = cls(**facts["settings"])
        made._classes, made._names = tuple(facts["classes"]), tuple(facts["names"])
        made._samples = int(facts["samples"])
        made._kept, made._centre, made._spread = arrays["kept"], arrays["centre"], arrays["spread"]
        made._network = made.build(len(made._kept), made._samples, len(made._classes))
        load_module(folder, made._network)
        return made


def _only(batch: Batch, name: str) -> Input:
    """Return the one input of segments (n, samples, channels); raises RecognizerError."""
    if len(batch.inputs) != 1:
        raise RecognizerError(f"{name} takes the segments of one EEG band, not {len(batch.inputs)} inputs.")
    each = next(iter(batch.inputs.values()))
    if each.values.ndim != 3:
        raise RecognizerError(f"{name} needs samples by channel, as the feature eeg.band gives them.")
    return each
