"""What the families of the EEG survey share: electrodes by bands, training, voting, saving.

Source: survey of deep learning for EEG emotion recognition (2012-2022), the EEG survey. The survey prints
no layer; sizes and training are standard ones. All take differential entropy of 1 s in five bands; a case is
ten of them. Families without time train on each second and let the seconds vote; the others take sequences.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from analysis.corpus.cases import Batch, CaseSpec, Input, InputSpec
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError, Setting
from analysis.recognizers.torch_loop import (
    Data,
    Tensors,
    TrainSpec,
    class_weights,
    in_chunks,
    reproducible,
    train_network,
)
from analysis.recognizers.weights import load_arrays, load_module, save_module

SOURCE = (
    "Survey of deep learning for EEG emotion recognition, literature of 2012 to 2022:"
    " a family it names, in a standard form"
)
CASES = CaseSpec("window", 10.0, 10.0)
INPUTS = (InputSpec("eeg", "eeg", "eeg.de", {}, 1.0, 1.0),)
STEPS = ("impute", "zscore")
TRAINED = (
    Setting("rate", 1e-3, "learning rate of Adam", 1e-4, 1e-2, "log10"),
    Setting("weight_decay", 1e-4, "pull of the weights towards 0", 1e-6, 1e-2, "log10"),
    Setting("batch", 64, "rows a mini-batch", 16, 128, "int"),
    Setting("epochs", 100, "of training at most"),
    Setting("patience", 15, "epochs without a better validation loss until it stops; 0: never stops"),
    Setting("dropout", 0.5, "share set to 0 in training", 0.0, 0.7),
    Setting("balanced", True, "whether each class weighs the same, however many cases it has"),
)
VALIDATION = 0.1
DOUBTS = (
    "The survey prints no layers and rarely a protocol: its result table is context, never a target.",
    "Windows of one trial on both sides of a split give near-perfect figures; the guards refuse that.",
    "For new people the step zscore-participant scales each person by the own unlabelled cases (a calibration"
    " without answers); it is transductive, and the result says so.",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of an input lie: `electrodes` by `bands`, electrode after electrode."""

    electrodes: tuple[str, ...]
    bands: tuple[str, ...]

    @classmethod
    def of(cls, each: Input, name: str) -> Layout:
        """Read it of columns named "Fp1 delta"; raises RecognizerError where they are not so named."""
        pairs = [column.rpartition(" ")[::2] for column in each.names]
        electrodes = tuple(dict.fromkeys(site for site, _ in pairs))
        bands = tuple(dict.fromkeys(band for _, band in pairs))
        wanted = [(site, band) for site in electrodes for band in bands]
        if not pairs or pairs != wanted or "" in electrodes:
            raise RecognizerError(
                f"{name} needs one number a channel and band, as the features eeg.de and eeg.band_power give"
                " them."
            )
        return cls(electrodes, bands)


class EegFamily:
    """A network over electrodes and bands. `is_sequence`: it takes a case's steps in order."""

    card: ClassVar[Card]
    is_sequence: ClassVar[bool] = False

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: nn.Module | None = None
        self._classes: tuple[str, ...] = ()
        self._layout = Layout((), ())

    @abstractmethod
    def build(self, layout: Layout, classes: int) -> nn.Module:
        """Return the network as it starts; it is called with `x` (and `lengths` where it is a sequence)."""

    def prepare(self, network: nn.Module, data: Data, context: Context) -> None:
        """Train something before the network as a whole; nothing by default."""

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Learn, and stop early where there is a validation part."""
        if not train.classes or train.y is None:
            raise RecognizerError(f"{self.card.name} needs classes to learn.")
        self._classes = train.classes
        self._layout = Layout.of(self._input(train), self.card.name)
        chosen = self.settings
        with reproducible(context.seed):
            network = self._network = self.build(self._layout, len(self._classes))
            data = self._data(train)
            held = None if validation is None else self._data(validation)
            self.prepare(network, data, context)
            answers = data.tensors["y"].numpy()
            weights = class_weights(answers, len(self._classes)) if chosen["balanced"] else None

            def loss(rows: Tensors) -> Tensor:
                return cross_entropy(self._logits(network, rows), rows["y"], weights)

            spec = TrainSpec(
                rate=float(chosen["rate"]),
                batch=int(chosen["batch"]),
                epochs=int(chosen["epochs"]),
                weight_decay=float(chosen["weight_decay"]),
                patience=int(chosen["patience"]),
            )
            train_network(network, loss, data, held, spec, context)

    def _logits(self, network: nn.Module, rows: Tensors) -> Tensor:
        made: Tensor = network(rows["x"], rows["lengths"]) if self.is_sequence else network(rows["x"])
        return made

    def _input(self, batch: Batch) -> Input:
        if len(batch.inputs) != 1:
            raise RecognizerError(f"{self.card.name} takes one EEG input, not {len(batch.inputs)}.")
        return next(iter(batch.inputs.values()))

    def _data(self, batch: Batch) -> Data:
        tensors, owners = self._tensors(batch)
        y = torch.from_numpy(np.asarray(batch.y, np.int64)[owners])
        return Data(batch.cases.id[owners], {**tensors, "y": y})

    def _tensors(self, batch: Batch) -> tuple[dict[str, Tensor], NDArray[np.intp]]:
        """Return rows to feed, and whose case each is: steps, or whole cases."""
        each = self._input(batch)
        shape = (len(self._layout.electrodes), len(self._layout.bands))
        if each.values.shape[2] != shape[0] * shape[1]:
            raise RecognizerError(
                f"{self.card.name} was trained on {shape[0]} channels in {shape[1]} bands; here are"
                f" {each.values.shape[2]} numbers."
            )
        values = each.values.reshape(*each.values.shape[:2], *shape)
        if self.is_sequence:
            lengths = np.maximum(each.lengths, 1)
            owners = np.arange(len(batch), dtype=np.intp)
            return {"x": torch.from_numpy(values), "lengths": torch.from_numpy(lengths)}, owners
        owners = np.repeat(np.arange(len(batch), dtype=np.intp), each.lengths)
        return {"x": torch.from_numpy(values[each.inside])}, owners

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes); of families without time the mean over the case's steps."""
        network = self._trained()
        tensors, owners = self._tensors(batch)
        if not len(owners):
            return np.full((len(batch), len(self._classes)), 1.0 / len(self._classes))
        logits = in_chunks(network, lambda rows: self._logits(network, rows), tensors)
        proba = torch.softmax(logits.double(), 1).numpy()
        total = np.zeros((len(batch), len(self._classes)))
        np.add.at(total, owners, proba)
        count = np.bincount(owners, minlength=len(batch))[:, None]
        even = np.full_like(total, 1.0 / len(self._classes))
        return np.asarray(np.divide(total, count, out=even, where=count > 0), np.float64)

    def explain(self, batch: Batch) -> Explanation:
        """Return nothing: the family cannot say."""
        del batch
        return Explanation()

    def _trained(self) -> nn.Module:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} was not trained yet.")
        return self._network

    def save(self, folder: Path) -> None:
        """Write arrays and JSON into a new folder."""
        facts = {
            "settings": dict(self.settings),
            "classes": self._classes,
            "electrodes": self._layout.electrodes,
            "bands": self._layout.bands,
        }
        save_module(folder, self._trained(), facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        _, facts = load_arrays(folder, "weights")
        made = cls(**facts["settings"])
        made._classes = tuple(facts["classes"])
        made._layout = Layout(tuple(facts["electrodes"]), tuple(facts["bands"]))
        made._network = made.build(made._layout, len(made._classes))
        load_module(folder, made._network)
        return made
