"""IMEMD-CRNN as a recognizer: segments in, variants for training only, one answer an utterance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.imemd_crnn_card import IMEMD_CRNN_CARD, UTTERANCE, VARIANTS
from analysis.recognizers.imemd_crnn_network import Crnn, CrnnSpec
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
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

Floats = NDArray[np.float32]
GROUPS: Mapping[str, tuple[str, ...]] = {
    "distribution": ("sc", "sp", "sk", "su"),
    "contour": ("se",),
    "spectral": ("smfcc",),
}
"""What the names of each group's columns begin with, slopes ("d_", "dd_") aside."""


def group_of(name: str) -> str:
    """Return the group of a column by its name; "" for one that is of none."""
    bare = name.removeprefix("d").removeprefix("d").removeprefix("_").partition("_")[0]
    return next((group for group, heads in GROUPS.items() if bare in heads), "")


class IMEMDCRNN:
    """IMEMD-CRNN: classes of utterances."""

    card: ClassVar[Card] = IMEMD_CRNN_CARD

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: Crnn | None = None
        self._classes: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train on the segments of training utterances, and on those of their variants if any."""
        if train.y is None or not train.classes:
            raise RecognizerError(f"{self.card.name} needs classes; this target gives numbers.")
        each = self._input(train)
        self._classes, self._names = train.classes, each.names
        kept = self._kept(each)
        frames, owners = self._segments(each, kept)
        if VARIANTS in train.inputs:
            more, whose = self._segments(train.inputs[VARIANTS], kept)
            frames, owners = np.concatenate([frames, more]), np.concatenate([owners, whose])
            context.fitted("variants of training cases", train.cases.id[whose])
        if not len(frames):
            raise RecognizerError(f"{self.card.name}: none of the training cases has any speech.")
        context.fitted("scaling of frames", train.cases.id[owners])
        y = np.asarray(train.y, np.int64)
        with reproducible(context.seed):
            network = self._built(len(kept))
            flat = frames.reshape(-1, len(kept))
            network.centre.copy_(torch.from_numpy(flat.mean(axis=0, dtype=np.float64).astype(np.float32)))
            spread = flat.std(axis=0, dtype=np.float64)
            network.spread.copy_(torch.from_numpy(np.where(spread > 1e-6, spread, 1.0).astype(np.float32)))
            data = _data(frames, y, owners, train)
            watched = None
            if validation is not None and len(validation) and validation.y is not None:
                held, whose = self._segments(self._input(validation), kept)
                watched = _data(held, np.asarray(validation.y, np.int64), whose, validation)
            weights = class_weights(y, len(train.classes)) if self.settings["balanced"] else None

            def loss(rows: Tensors) -> Tensor:
                return functional.cross_entropy(network(rows["x"]), rows["y"], weight=weights)

            train_network(network, loss, data, watched, self._spec(), context)
        self._network = network

    def _spec(self) -> TrainSpec:
        chosen = self.settings
        return TrainSpec(
            rate=float(chosen["rate"]),
            batch=int(chosen["batch"]),
            epochs=int(chosen["epochs"]),
            patience=int(chosen["patience"]),
            halve_after=int(chosen["halve_after"]),
        )

    def _built(self, columns: int) -> Crnn:
        chosen = self.settings
        return Crnn(
            CrnnSpec(
                frames=int(chosen["segment_frames"]),
                columns=columns,
                classes=len(self._classes),
                channels=int(chosen["channels"]),
                gru=int(chosen["gru"]),
                gru_layers=int(chosen["gru_layers"]),
                dense=int(chosen["dense"]),
                dropout=float(chosen["dropout"]),
                dense_dropout=float(chosen["dense_dropout"]),
            )
        )

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes): the mean over an utterance's segments. Variants are not looked at."""
        network = self._fitted()
        each = self._input(batch)
        return self._proba(network, *self._segments(each, self._kept(each)), len(batch))

    def _proba(self, network: Crnn, frames: Floats, owners: NDArray[np.intp], n: int) -> NDArray[np.float64]:
        total = np.zeros((n, len(self._classes)))
        if len(frames):
            logits = in_chunks(network, lambda rows: network(rows["x"]), {"x": torch.from_numpy(frames)})
            np.add.at(total, owners, torch.softmax(logits.double(), dim=1).numpy())
        count = np.bincount(owners, minlength=n)[:, None]
        # An utterance without a segment says nothing of any class.
        even = np.full(total.shape, 1 / max(1, len(self._classes)))
        return np.asarray(np.divide(total, count, out=even, where=count > 0))

    def explain(self, batch: Batch) -> Explanation:
        """Return how much the decided class loses where a group of columns is at its training mean, (n,)."""
        network = self._fitted()
        if not len(batch):
            return Explanation()
        each = self._input(batch)
        kept = self._kept(each)
        frames, owners = self._segments(each, kept)
        proba = self._proba(network, frames, owners, len(batch))
        decided = (np.arange(len(batch)), proba.argmax(axis=1))
        groups = np.array([group_of(self._names[place]) for place in kept])
        weights: dict[str, Floats] = {}
        about: dict[str, str] = {}
        for group in GROUPS:
            if (groups == group).any() and not (groups == group).all():
                without = frames.copy()
                without[:, :, groups == group] = network.centre.numpy()[groups == group]
                less = self._proba(network, without, owners, len(batch))
                weights[f"without {group}"] = (proba[decided] - less[decided]).astype(np.float32)
                about[f"without {group}"] = (
                    f"how much the probability of the decided class falls without {group}"
                )
        return Explanation(weights, about)

    def save(self, folder: Path) -> None:
        """Write weights and what they belong to."""
        network = self._fitted()
        facts = {
            "recognizer": self.card.name,
            "settings": dict(self.settings),
            "classes": list(self._classes),
            "names": list(self._names),
            "network": asdict(network.spec),
        }
        save_module(folder, network, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        _, facts = load_arrays(folder, "weights")
        if facts.get("recognizer") != cls.card.name:
            raise RecognizerError(f"{folder} holds a model of '{facts.get('recognizer')}'.")
        made = cls(**facts["settings"])
        made._classes = tuple(facts["classes"])
        made._names = tuple(facts["names"])
        with reproducible(0):
            made._network = Crnn(CrnnSpec(**facts["network"]))
        load_module(folder, made._network)
        return made

    def _fitted(self) -> Crnn:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} has not been fitted yet.")
        return self._network

    def _input(self, batch: Batch) -> Input:
        found = batch.inputs.get(UTTERANCE)
        if found is None:
            raise RecognizerError(
                f"{self.card.name} decides by the input '{UTTERANCE}', which is not among those chosen."
            )
        return found

    def _kept(self, each: Input) -> list[int]:
        """Return the columns that the setting `features` names; raises RecognizerError for none."""
        if self._network is not None and each.names != self._names:
            raise RecognizerError(f"{self.card.name} was trained on other columns than these.")
        wanted = self.settings["features"]
        columns = range(each.values.shape[-1])
        kept = [place for place in columns if wanted == "all" or group_of(each.names[place]) == wanted]
        if not kept:
            raise RecognizerError(f"{self.card.name}: features '{wanted}' are not among the input's columns.")
        return kept

    def _segments(self, each: Input, kept: list[int]) -> tuple[Floats, NDArray[np.intp]]:
        """Return all segments (m, frames, columns) and whose row each is, (m,); raises RecognizerError."""
        size = int(self.settings["segment_frames"])
        lengths = np.where(each.present, each.lengths, 0)
        if (lengths % size).any():
            raise RecognizerError(
                f"{self.card.name}: cases have {int(lengths[lengths % size > 0][0])} frames, no multiple of "
                "a "
                f"segment's {size}. Set segment_frames to the frames of the feature's segment."
            )
        counts = lengths // size
        owners = np.repeat(np.arange(len(counts), dtype=np.intp), counts)
        number = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        n, steps, width = each.values.shape
        whole = each.values[:, : steps // size * size].reshape(n, steps // size, size, width)
        return np.ascontiguousarray(whole[owners, number][:, :, kept]), owners


def _data(frames: Floats, y: NDArray[np.int64], owners: NDArray[np.intp], batch: Batch) -> Data:
    tensors = {"x": torch.from_numpy(frames), "y": torch.from_numpy(y[owners])}
    return Data(batch.cases.id[owners], tensors)
