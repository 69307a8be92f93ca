"""BDDAE: a bimodal denoising auto-encoder, then its encoders below a linear SVM; a decision a step.

Source: Tang, Liu, Zheng, Lu, "Multimodal Emotion Recognition Using Deep Neural Networks", section 2.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from analysis.corpus.cases import Batch
from analysis.recognizers.bddae_network import BDDAENetwork
from analysis.recognizers.bimodal_cards import BDDAE_CARD
from analysis.recognizers.paired_recognizer import PairedRecognizer
from analysis.recognizers.paired_steps import (
    STEPS,
    class_answers,
    names_of,
    paired,
    sides_of,
    voted,
    with_gaps,
)
from analysis.recognizers.recognizer import Card, Context, Explanation
from analysis.recognizers.svm_layer import penalty, probabilities, signs, squared_hinge
from analysis.recognizers.torch_loop import Data, Tensors, TrainSpec, in_chunks, reproducible, train_network

ENCODER_SHARE = 0.01
"""Learning rate of the encoders below the SVM layer, as a share of that layer's (section 2.2)."""


class BDDAE(PairedRecognizer[BDDAENetwork]):
    """Bimodal deep denoising auto-encoder."""

    card: ClassVar[Card] = BDDAE_CARD

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train the auto-encoder, then its encoders with the SVM layer on them."""
        class_answers(train, self.card.name)
        self._classes, self._sides = train.classes, sides_of(train)
        with reproducible(context.seed):
            network = self._network = self._built()
            data = self._data(train)
            held = None if validation is None else self._data(validation)
            self._train(network, data, held, context)

    def _train(self, network: BDDAENetwork, data: Data, held: Data | None, context: Context) -> None:
        chosen = self.settings
        first, second = int(chosen["pretraining_epochs"]), int(chosen["epochs"])
        classes, strength = len(self._classes), float(chosen["l2"])

        def rebuilt(rows: Tensors) -> Tensor:
            wanted = torch.cat([rows["first"], rows["other"]], 1)
            return (network.rebuild(rows["first"], rows["other"]) - wanted).square().mean()

        def hinges(rows: Tensors) -> Tensor:
            margins = network(rows["first"], rows["other"])
            lost = squared_hinge(margins, signs(rows["y"], classes)).mean()
            return lost + penalty(network.out, strength)

        def right(rows: Data) -> float:
            margins = in_chunks(network, lambda each: network(each["first"], each["other"]), rows.tensors)
            decided = probabilities(margins.double().numpy()).argmax(1)
            return float((decided == rows.tensors["y"].numpy()).mean())

        in_all = first + second
        train_network(
            network,
            rebuilt,
            data,
            held,
            TrainSpec(rate=float(chosen["rate_autoencoder"]), batch=int(chosen["batch"]), epochs=first,
                      phase="auto-encoder"),
            context,
            parameters=network.rebuilding,
            in_all=in_all,
        )  # fmt: skip
        rate = float(chosen["rate"])
        train_network(
            network,
            hinges,
            data,
            held,
            TrainSpec(rate=rate, batch=int(chosen["batch"]), epochs=second, patience=int(chosen["patience"]),
                      gain=float(chosen["gain"]), phase="SVM layer"),
            context,
            parameters=[
                {"params": network.encoding, "lr": rate * ENCODER_SHARE},
                {"params": list(network.out.parameters()), "lr": rate},
            ],
            score=right,
            before=first,
            in_all=in_all,
        )  # fmt: skip

    def _built(self) -> BDDAENetwork:
        chosen = self.settings
        hidden = (int(chosen["eeg_hidden"]), int(chosen["other_hidden"]), int(chosen["joint_hidden"]))
        return BDDAENetwork(
            self._sides.widths,
            hidden,
            len(self._classes),
            float(chosen["corruption"]),
            float(chosen["initial_sd"]),
        )

    def _data(self, batch: Batch) -> Data:
        """Return every step of every case as a row of its own, with the case's number and class."""
        steps = paired(batch, self._sides)
        of = np.repeat(np.arange(len(batch)), steps.lengths)
        inside = steps.inside
        tensors = {
            "first": torch.from_numpy(steps.first[inside]),
            "other": torch.from_numpy(steps.other[inside]),
            "y": torch.from_numpy(np.asarray(batch.y, np.int64)[of]),
        }
        return Data(batch.cases.id[of], tensors)

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes): the mean over a case's steps of the softmax of their margins."""
        proba, lengths = self._by_step(batch)
        return voted(proba, lengths)

    def explain(self, batch: Batch) -> Explanation:
        """Return each step's probabilities, and how far each side is from its reconstruction."""
        network = self._trained()
        proba, lengths = self._by_step(batch)
        steps = paired(batch, self._sides)
        inside = steps.inside
        rows = {
            "first": torch.from_numpy(steps.first[inside]),
            "other": torch.from_numpy(steps.other[inside]),
        }
        again = in_chunks(network, lambda each: network.rebuild(each["first"], each["other"]), rows).numpy()
        lead, others = names_of(self._sides)
        width = self._sides.widths[0]
        weights = {STEPS: with_gaps(proba, lengths)}
        about = {STEPS: "probability of each class at each step; the case's vote is their mean"}
        errors = {lead: (again[:, :width] - rows["first"].numpy())}
        if others:
            errors["+".join(others)] = again[:, width:] - rows["other"].numpy()
        for name, each in errors.items():
            found = np.full(inside.shape, np.nan, np.float32)
            found[inside] = np.square(each).mean(1)
            weights[f"reconstruction error.{name}"] = found
            about[f"reconstruction error.{name}"] = (
                "mean squared difference from what the auto-encoder gives back"
            )
        return Explanation(weights, about)

    def _by_step(self, batch: Batch) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        network = self._trained()
        steps = paired(batch, self._sides)
        inside = steps.inside
        rows = {
            "first": torch.from_numpy(steps.first[inside]),
            "other": torch.from_numpy(steps.other[inside]),
        }
        margins = in_chunks(network, lambda each: network(each["first"], each["other"]), rows)
        proba = np.zeros((*inside.shape, len(self._classes)))
        proba[inside] = probabilities(margins.double().numpy())
        return proba, steps.lengths
