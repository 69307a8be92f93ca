"""Bimodal-LSTM: an LSTM for EEG and one for everything else, and a linear SVM on both outputs at every step.

Source: Tang, Liu, Zheng, Lu, "Multimodal Emotion Recognition Using Deep Neural Networks", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.corpus.cases import Batch
from analysis.recognizers.bddae_network import normal
from analysis.recognizers.bimodal_cards import BIMODAL_LSTM_CARD
from analysis.recognizers.paired_recognizer import PairedRecognizer
from analysis.recognizers.paired_steps import (
    STEPS,
    as_sequences,
    class_answers,
    names_of,
    paired,
    sides_of,
    voted,
    with_gaps,
)
from analysis.recognizers.recognizer import Card, Context, Explanation
from analysis.recognizers.svm_layer import (
    machines,
    penalty,
    probabilities,
    replace_by_liblinear,
    signs,
    squared_hinge,
)
from analysis.recognizers.torch_loop import Data, Tensors, TrainSpec, in_chunks, reproducible, train_network


class BimodalNetwork(nn.Module):
    """Sequences (m, steps, d) and (m, steps, e) -> margins (m, steps, machines).

    `keep` is the share of the LSTMs' outputs that are kept while it is trained; they are divided by it then,
    so that nothing need be multiplied afterwards. A side of width 0 has no LSTM.
    """

    def __init__(
        self,
        widths: tuple[int, int],
        hidden: tuple[int, int],
        classes: int,
        keep: float,
        initial_sd: float,
    ) -> None:
        super().__init__()
        self.units = tuple(units if width else 0 for width, units in zip(widths, hidden, strict=True))
        self.lstms = nn.ModuleList(
            nn.LSTM(width, units, batch_first=True)
            for width, units in zip(widths, hidden, strict=True)
            if width
        )
        self.dropout = nn.Dropout(1 - keep)
        self.out = nn.Linear(sum(self.units), machines(classes))
        normal(self, initial_sd)

    def features(self, first: Tensor, other: Tensor) -> Tensor:
        """Return the LSTMs' outputs side by side at every step, (m, steps, units)."""
        sides = [each for each in (first, other) if each.shape[2]]
        return torch.cat([lstm(side)[0] for lstm, side in zip(self.lstms, sides, strict=True)], 2)

    def forward(self, first: Tensor, other: Tensor) -> Tensor:
        """Return margins at every step."""
        margins: Tensor = self.out(self.dropout(self.features(first, other)))
        return margins


class BimodalLSTM(PairedRecognizer[BimodalNetwork]):
    """Bimodal-LSTM with liblinear's weights in its last layer."""

    card: ClassVar[Card] = BIMODAL_LSTM_CARD

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.objectives: tuple[float, float] = (float("nan"), float("nan"))
        """Of the training rows, before and after liblinear's weights were put in."""

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train the network, then its last layer once more by liblinear."""
        class_answers(train, self.card.name)
        self._classes, self._sides = train.classes, sides_of(train)
        with reproducible(context.seed):
            network = self._network = self._built()
            data = self._data(train)
            held = None if validation is None else self._data(validation)
            self._train(network, data, held, context)
            if self.settings["liblinear"]:
                context.fitted("last layer by liblinear", data.ids)
                self.objectives = self._replace(network, data)

    def _train(self, network: BimodalNetwork, data: Data, held: Data | None, context: Context) -> None:
        chosen = self.settings
        classes, strength = len(self._classes), float(chosen["l2"])

        def hinges(rows: Tensors) -> Tensor:
            inside = rows["inside"]
            margins = network(rows["first"], rows["other"])[inside]
            y = rows["y"][:, None].expand(inside.shape)[inside]
            return squared_hinge(margins, signs(y, classes)).mean() + penalty(network.out, strength)

        def right(rows: Data) -> float:
            margins = in_chunks(network, lambda each: network(each["first"], each["other"]), rows.tensors)
            decided = probabilities(margins.double().numpy()).argmax(2)
            inside = rows.tensors["inside"].numpy()
            return float((decided == rows.tensors["y"].numpy()[:, None])[inside].mean())

        spec = TrainSpec(
            rate=float(chosen["rate"]),
            batch=int(chosen["batch"]),
            epochs=int(chosen["epochs"]),
            clip=float(chosen["clip"]),
            patience=int(chosen["patience"]),
            gain=float(chosen["gain"]),
            phase="network",
        )
        train_network(network, hinges, data, held, spec, context, score=right)

    def _replace(self, network: BimodalNetwork, data: Data) -> tuple[float, float]:
        features = in_chunks(
            network, lambda each: network.features(each["first"], each["other"]), data.tensors
        )
        inside = data.tensors["inside"]
        y = data.tensors["y"][:, None].expand(inside.shape)[inside]
        strength = float(self.settings["l2"])
        return replace_by_liblinear(network.out, features[inside], y, strength, len(self._classes))

    def _built(self) -> BimodalNetwork:
        chosen = self.settings
        return BimodalNetwork(
            self._sides.widths,
            (int(chosen["eeg_hidden"]), int(chosen["other_hidden"])),
            len(self._classes),
            float(chosen["keep"]),
            float(chosen["initial_sd"]),
        )

    def _data(self, batch: Batch) -> Data:
        tensors, of = self._sequences(batch)
        tensors["y"] = torch.from_numpy(np.asarray(batch.y, np.int64)[of])
        return Data(batch.cases.id[of], tensors)

    def _sequences(self, batch: Batch) -> tuple[dict[str, Tensor], NDArray[np.intp]]:
        """Return sequences of every case, and which case each is of; states start anew in each."""
        steps = paired(batch, self._sides)
        length = int(self.settings["sequence"])
        first, of, own = as_sequences(steps.first, steps.lengths, length)
        other, _, _ = as_sequences(steps.other, steps.lengths, length)
        inside = np.arange(length)[None, :] < own[:, None]
        tensors = {"first": torch.from_numpy(first), "other": torch.from_numpy(other)}
        return {**tensors, "inside": torch.from_numpy(inside)}, of

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes): the mean over a case's steps of the softmax of their margins."""
        proba, lengths = self._by_step(batch)
        return voted(proba, lengths)

    def explain(self, batch: Batch) -> Explanation:
        """Return each step's probabilities, and what each side adds to its margins (n, steps, machines)."""
        network = self._trained()
        proba, lengths = self._by_step(batch)
        weights = {STEPS: with_gaps(proba, lengths)}
        about = {STEPS: "probability of each class at each step; the case's vote is their mean"}
        features = self._back(batch, network.features)
        lead, others = names_of(self._sides)
        begin = 0
        for name, units in zip((lead, "+".join(others)), network.units, strict=True):
            if units:
                part = network.out.weight.detach().double().numpy()[:, begin : begin + units]
                weights[f"margin.{name}"] = with_gaps(features[:, :, begin : begin + units] @ part.T, lengths)
                about[f"margin.{name}"] = f"what {name} adds to the margin of each machine at each step"
            begin += units
        return Explanation(weights, about)

    def _by_step(self, batch: Batch) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        margins = self._back(batch, self._trained())
        return probabilities(margins), paired(batch, self._sides).lengths

    def _back(self, batch: Batch, function: Any) -> NDArray[np.float64]:
        """Return what `function` gives of the sequences, put together case by case (n, steps, k)."""
        network = self._trained()
        tensors, of = self._sequences(batch)
        lengths = paired(batch, self._sides).lengths
        length = int(self.settings["sequence"])
        found = in_chunks(network, lambda each: function(each["first"], each["other"]), tensors)
        steps = int(lengths.max(initial=0))
        parts = -(-steps // length) if steps else 0
        whole = np.zeros((len(batch), parts, length, found.shape[2]))
        starts = np.concatenate(([0], np.flatnonzero(np.diff(of)) + 1)) if len(of) else np.zeros(0, int)
        number = np.arange(len(of)) - np.repeat(starts, np.diff(np.append(starts, len(of))))
        whole[of, number] = found.double().numpy()
        return whole.reshape(len(batch), parts * length, found.shape[2])[:, :steps]

    def _facts(self) -> dict[str, Any]:
        return {**super()._facts(), "objectives": self.objectives}

    def _restore(self, facts: Mapping[str, Any]) -> None:
        super()._restore(facts)
        before, after = facts["objectives"]
        self.objectives = (float(before), float(after))
