"""The attention-LSTM of Yang et al. as a recognizer: pre-training by modality, tuning, attention a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.attention_lstm_card import ATTENTION_LSTM_CARD, MODALITY_WORDS, encoder_spec
from analysis.recognizers.attention_lstm_network import LENGTH, AttentionNetwork, EncoderSpec
from analysis.recognizers.group_folds import group_folds
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.torch_loop import (
    Data,
    Loss,
    Tensors,
    TrainSpec,
    class_weights,
    in_chunks,
    reproducible,
    train_network,
)
from analysis.recognizers.weights import load_arrays, load_module, save_module

Floats = NDArray[np.float32]


class AttentionLSTM:
    """Attention-LSTM: runs with whatever inputs there are, and with any number of classes."""

    card: ClassVar[Card] = ATTENTION_LSTM_CARD

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: AttentionNetwork | None = None
        self._classes: tuple[str, ...] = ()
        self._joined: dict[str, int] = {}

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train each modality's extractor alone, then tune the whole network.

        To stop early without `validation`, a fifth of the training groups is set aside.
        """
        if train.y is None or not train.classes:
            raise RecognizerError(f"{self.card.name} needs classes; this target gives numbers.")
        named = {name: each for name, each in train.inputs.items() if (each.lengths > 0).any()}
        if not named:
            raise RecognizerError(f"{self.card.name}: none of the training cases has any input.")
        if self.settings["patience"] and validation is None:
            train, validation = _set_aside(train, context)
        self._classes = train.classes
        self._joined = {name: _joined(each, int(self.settings["longest"])) for name, each in named.items()}
        specs = tuple(
            encoder_spec(name, int(np.prod(each.values.shape[2:])), self.settings)
            for name, each in sorted(named.items(), key=lambda pair: _order(pair[0]))
        )
        with reproducible(context.seed):
            self._network = self._built(specs)
            data = Data(train.cases.id, self._tensors(train))
            watched = None if validation is None else Data(validation.cases.id, self._tensors(validation))
            weights = None
            if self.settings["balanced"]:
                weights = class_weights(np.asarray(train.y, np.int64), len(train.classes))
            self._train(self._network, data, watched, weights, context)

    def _built(self, specs: tuple[EncoderSpec, ...]) -> AttentionNetwork:
        return AttentionNetwork(
            specs,
            len(self._classes),
            fused=max(1, round(self.settings["fused"] * self.settings["width"])),
            dropout=float(self.settings["dropout"]),
            is_normed=bool(self.settings["batch_norm"]),
            modality_dropout=float(self.settings["modality_dropout"]),
        )

    def _train(
        self,
        network: AttentionNetwork,
        data: Data,
        watched: Data | None,
        weights: Tensor | None,
        context: Context,
    ) -> None:
        alone, whole = int(self.settings["pretraining_epochs"]), int(self.settings["epochs"])
        modalities = tuple(network.modalities)
        in_all = whole + alone * len(modalities)
        before = 0
        for modality in modalities if alone else ():
            parts = [each.name for each in network.specs if each.modality == modality]
            chosen = [network.head(modality), *map(network.encoder, parts)]
            train_network(
                network,
                _loss(partial(network.alone, modality), weights),
                _with_any(data, parts),
                None if watched is None else _with_any(watched, parts),
                self._spec(alone, f"{MODALITY_WORDS.get(modality, modality)} alone"),
                context,
                parameters=[each for module in chosen for each in module.parameters()],
                before=before,
                in_all=in_all,
            )
            before += alone
        shared = [network.encoders, network.fusion, network.output]
        train_network(
            network,
            _loss(network, weights),
            data,
            watched,
            self._spec(whole, "whole network"),
            context,
            parameters=[each for module in shared for each in module.parameters()],
            before=before,
            in_all=in_all,
        )

    def _spec(self, epochs: int, phase: str) -> TrainSpec:
        chosen = self.settings
        return TrainSpec(
            optimizer=chosen["optimizer"],
            rate=float(chosen["rate"]),
            batch=int(chosen["batch"]),
            epochs=epochs,
            momentum=float(chosen["momentum"]),
            clip=float(chosen["clip"]),
            patience=int(chosen["patience"]),
            phase=phase,
        )

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes)."""
        network = self._fitted()
        if not len(batch):
            return np.zeros((0, len(self._classes)))
        return _probabilities(in_chunks(network, network, self._tensors(batch)))

    def explain(self, batch: Batch) -> Explanation:
        """Return attention a step (n, steps) by input, and what each modality adds, by "without NAME" (n,).

        Attention sums to 1 over the steps of a case, and is 0 on padding and where the input is missing.
        """
        network = self._fitted()
        if not len(batch):
            return Explanation()
        tensors = self._tensors(batch)
        proba = _probabilities(in_chunks(network, network, tensors))
        decided = (np.arange(len(batch)), proba.argmax(axis=1))
        weights: dict[str, Floats] = {}
        about: dict[str, str] = {}
        for spec in network.specs:
            if spec.name not in batch.inputs:
                continue
            alpha = in_chunks(network, partial(_attention, network, spec.name), tensors)
            weights[spec.name] = _spread(alpha.numpy(), batch.inputs[spec.name], self._joined[spec.name])
            about[spec.name] = "attention: share of each step, 1 over all steps of a case"
        for modality in network.modalities if len(network.modalities) > 1 else ():
            gone = [each.name for each in network.specs if each.modality == modality]
            less = {name + LENGTH: torch.zeros_like(tensors[name + LENGTH]) for name in gone}
            without = _probabilities(in_chunks(network, network, {**tensors, **less}))
            words = MODALITY_WORDS.get(modality, modality)
            weights[f"without {words}"] = (proba[decided] - without[decided]).astype(np.float32)
            about[f"without {words}"] = f"how much the probability of the decided class falls without {words}"
        return Explanation(weights, about)

    def save(self, folder: Path) -> None:
        """Write weights and what they belong to."""
        network = self._fitted()
        facts = {
            "recognizer": self.card.name,
            "settings": dict(self.settings),
            "classes": list(self._classes),
            "joined": self._joined,
            "inputs": [asdict(each) for each in network.specs],
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
        made._joined = {str(name): int(count) for name, count in facts["joined"].items()}
        with reproducible(0):
            made._network = made._built(tuple(EncoderSpec(**each) for each in facts["inputs"]))
        load_module(folder, made._network)
        return made

    def _fitted(self) -> AttentionNetwork:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} has not been fitted yet.")
        return self._network

    def _tensors(self, batch: Batch) -> dict[str, Tensor]:
        made: dict[str, Tensor] = {}
        for spec in self._network.specs if self._network else ():
            each = batch.inputs.get(spec.name)
            if each is None:
                made[spec.name] = torch.zeros(len(batch), 1, spec.width)
                made[spec.name + LENGTH] = torch.zeros(len(batch), dtype=torch.int64)
                continue
            width = int(np.prod(each.values.shape[2:]))
            if width != spec.width:
                raise RecognizerError(
                    f"input '{spec.name}' has {width} numbers a step; {spec.width} were learnt from."
                )
            values, lengths = _shortened(each, self._joined[spec.name])
            made[spec.name] = torch.from_numpy(values)
            made[spec.name + LENGTH] = torch.from_numpy(lengths)
        if batch.y is not None:
            made["y"] = torch.from_numpy(np.asarray(batch.y, np.int64))
        return made


def _set_aside(train: Batch, context: Context) -> tuple[Batch, Batch | None]:
    folds = group_folds(train.cases.groups(context.groups), 5, context.seed)
    return (train.rows(folds[0][0]), train.rows(folds[0][1])) if folds else (train, None)


def _order(name: str) -> tuple[int, str]:
    # The paper's order: face, speech, keys, then the body's signals.
    known = [each.name for each in ATTENTION_LSTM_CARD.inputs]
    return (known.index(name) if name in known else len(known), name)


def _attention(network: AttentionNetwork, name: str, rows: Tensors) -> Tensor:
    return network.extract(name, rows)[1]


def _loss(logits_of: Callable[[Tensors], Tensor], weights: Tensor | None) -> Loss:
    """Binary cross-entropy on one logit, cross-entropy on more."""

    def loss(rows: Tensors) -> Tensor:
        logits, y = logits_of(rows), rows["y"]
        if logits.shape[1] > 1:
            return functional.cross_entropy(logits, y, weight=weights)
        of_row = None if weights is None else weights[y]
        return functional.binary_cross_entropy_with_logits(logits[:, 0], y.to(logits.dtype), weight=of_row)

    return loss


def _probabilities(logits: Tensor) -> NDArray[np.float64]:
    wide = logits.double()
    if wide.shape[1] == 1:
        second = torch.sigmoid(wide)
        return torch.cat([1 - second, second], dim=1).numpy()
    return torch.softmax(wide, dim=1).numpy()


def _with_any(data: Data, inputs: list[str]) -> Data:
    """Return the rows that have at least one of these inputs."""
    here = torch.stack([data.tensors[name + LENGTH] > 0 for name in inputs]).any(dim=0)
    rows = here.nonzero()[:, 0]
    return Data(data.ids[rows.numpy()], {name: each[rows] for name, each in data.tensors.items()})


def _joined(each: Input, longest: int) -> int:
    """Return how many neighbouring steps are averaged so that no training case has more than `longest`."""
    return max(1, -(-int(each.lengths.max()) // longest)) if longest else 1


def _shortened(each: Input, join: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return values (n, steps / join, width) and lengths: means of `join` neighbouring steps."""
    n, steps = each.values.shape[:2]
    values = each.values.reshape(n, steps, -1)
    lengths = np.where(each.present, each.lengths, 0).astype(np.int64)
    if join == 1 or not steps:
        return (values if steps else np.zeros((n, 1, values.shape[2]), np.float32)), lengths
    starts = np.arange(0, steps, join)
    inside = np.arange(steps)[None, :] < lengths[:, None]
    total = np.add.reduceat(np.where(inside[:, :, None], values, 0), starts, axis=1)
    count = np.add.reduceat(inside.astype(np.float32), starts, axis=1)
    return (total / np.maximum(count, 1)[:, :, None]).astype(np.float32), -(-lengths // join)


def _spread(alpha: Floats, each: Input, join: int) -> Floats:
    """Return attention (n, steps): a joined step's share is divided among the steps that it was made of."""
    steps = each.values.shape[1]
    inside = each.inside & each.present[:, None]
    if join == 1:
        return np.where(inside, alpha[:, :steps], 0).astype(np.float32)
    starts = np.arange(0, steps, join)
    count = np.maximum(np.add.reduceat(inside.astype(np.float32), starts, axis=1), 1)
    return np.where(inside, np.repeat(alpha / count, join, axis=1)[:, :steps], 0).astype(np.float32)
