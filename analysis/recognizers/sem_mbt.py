"""MER-SEM-MBT: voice and face steered by the words, exchanged through a bottleneck, three decisions fused.

Source: the article on semantic enhancement and a multimodal bottleneck transformer (2022), sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.face_weights import read_state
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.sem_encoders import PUBLISHED
from analysis.recognizers.sem_mbt_card import SEM_MBT_CARD, USES
from analysis.recognizers.sem_mbt_network import FACE, ORDER, SPEECH, TEXT, SemMbt, Shape
from analysis.recognizers.torch_loop import Data, TrainSpec, in_chunks, reproducible, train_network
from analysis.recognizers.weights import load_arrays, load_module, save_module

Floats = NDArray[np.float64]
STEPS = np.arange(0.05, 0.96, 0.05)
"""Thresholds that are tried on the validation cases."""
GROUPS: Mapping[str, tuple[int, int]] = {SPEECH: (1, 4), FACE: (2, 5)}


class SemMbtRecognizer:
    """MER-SEM-MBT with the switches of its ablations."""

    card: ClassVar[Card] = SEM_MBT_CARD

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: SemMbt | None = None
        self._classes: tuple[str, ...] = ()
        self._outputs: tuple[str, ...] = ()
        self._thresholds: Floats = np.zeros(0)

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train; `validation` stops it and, where asked for, gives the thresholds."""
        if train.y is None:
            raise RecognizerError(f"{self.card.name}: training cases have no answers.")
        self._classes, self._outputs = train.classes, train.outputs
        with reproducible(context.seed):
            network = SemMbt(self._shape(train))
            pretrained = self._load_weights(network)
            data = self._data(train, network.shape)
            held = None if validation is None else self._data(validation, network.shape)
            context.fitted("weights of the emotions", train.cases.id)
            weight = positive_weights(data.tensors["y"])

            def loss(rows: Mapping[str, Tensor]) -> Tensor:
                return emotion_loss(network(rows).fused, rows["y"], weight)

            train_network(
                network,
                loss,
                data,
                held,
                self._spec(),
                context,
                parameters=network.groups(
                    float(self.settings["rate"]),
                    float(self.settings["slow_rate"]),
                    pretrained,
                    bool(self.settings["frozen"]),
                ),
                score=lambda rows: _average_f1(rows.tensors["y"].numpy(), self._probability(network, rows)),
            )
        self._network = network
        self._thresholds = np.full(self._width, 0.5)
        if self.settings["thresholds"] == "validation" and held is not None and not self._classes:
            context.fitted("thresholds", held.ids)
            self._thresholds = best_thresholds(held.tensors["y"].numpy(), self._probability(network, held))

    @property
    def _width(self) -> int:
        return len(self._classes) or len(self._outputs)

    def _spec(self) -> TrainSpec:
        return TrainSpec(
            rate=float(self.settings["rate"]),
            batch=int(self.settings["batch"]),
            epochs=int(self.settings["epochs"]),
            patience=int(self.settings["patience"]),
            clip=float(self.settings["clip"]),
            phase="MER-SEM-MBT",
        )

    def _shape(self, batch: Batch) -> Shape:
        """Return the network for the inputs that training cases have, and that are to be used."""
        if self.settings["use"] not in USES:
            raise RecognizerError(f"{self.card.name}: use must be one of {', '.join(USES)}.")
        wanted = str(self.settings["use"]).split("+")
        there = {
            name: batch.inputs[name]
            for name in wanted
            if name in batch.inputs and batch.inputs[name].present.any()
        }
        steers = bool(self.settings["sem"]) and TEXT in there
        if not (there.keys() & {SPEECH, FACE}) and not (TEXT in there and self.settings["text_decision"]):
            raise RecognizerError(
                f"{self.card.name}: no training case has {', '.join(wanted)}, or the settings leave out what "
                "there is. Transcripts come in with `evoke transcripts`."
            )
        for name, each in there.items():
            _check(name, each)
        return Shape(
            speech=int(self.settings["speech_width"]) if SPEECH in there else 0,
            face=int(self.settings["face_width"]) if FACE in there else 0,
            text=there[TEXT].values.shape[-1] if TEXT in there else 0,
            outputs=self._width,
            tokens=int(self.settings["tokens"]),
            heads=int(self.settings["heads"]),
            bottlenecks=int(self.settings["bottlenecks"]),
            exchange=self.settings["exchange"],
            sem_speech=self._groups(SPEECH) if steers else (),
            sem_face=self._groups(FACE) if steers else (),
            axis=self.settings["sem_axis"],
            norm=self.settings["sem_norm"],
            text_decision=bool(self.settings["text_decision"]),
            text_hidden=int(self.settings["text_hidden"]),
            dropout=float(self.settings["dropout"]),
            stored=bool(self.settings["face_weights"]),
        )

    def _groups(self, name: str) -> tuple[int, ...]:
        low, high = GROUPS[name]
        try:
            found = tuple(sorted({int(each) for each in str(self.settings[f"sem_{name}"]).split()}))
        except ValueError:
            found = (0,)
        if found and (found[0] < low or found[-1] > high):
            raise RecognizerError(
                f"{self.card.name}: sem_{name} must be groups from {low} to {high}, such as “{high}”."
            )
        return found

    def _load_weights(self, network: SemMbt) -> tuple[str, ...]:
        loaded = []
        for name in (SPEECH, FACE):
            file = str(self.settings[f"{name}_weights"])
            if file and name in network.encoders:
                load_encoder(network.encoders[name], Path(file).expanduser())
                loaded.append(name)
        return tuple(loaded)

    def _tensors(self, batch: Batch, shape: Shape) -> dict[str, Tensor]:
        widths = {SPEECH: shape.speech, FACE: shape.face, TEXT: shape.text}
        made: dict[str, Tensor] = {}
        for name in ORDER:
            if not widths[name]:
                continue
            each = batch.inputs.get(name)
            has = each is not None and bool(each.present.any())
            inside = each.inside & each.present[:, None] if each is not None and has else None
            if each is None or inside is None:
                # Its shape means nothing then; one empty step stands for it.
                small = {SPEECH: (1, 96, 64), FACE: (1, 3, 8, 8), TEXT: (shape.text,)}[name]
                made[name] = torch.zeros(len(batch), *small)
                made[f"{name}.inside"] = torch.zeros(len(batch), 1)
                continue
            values = np.nan_to_num(each.values)
            if name == TEXT:
                values, inside = values[:, 0], inside[:, :1]
            made[name] = torch.from_numpy(np.ascontiguousarray(values, np.float32))
            made[f"{name}.inside"] = torch.from_numpy(inside.astype(np.float32))
        return made

    def _data(self, batch: Batch, shape: Shape) -> Data:
        tensors = self._tensors(batch, shape)
        tensors["y"] = torch.from_numpy(self._answers(batch).astype(np.float32))
        return Data(batch.cases.id, tensors)

    def _answers(self, batch: Batch) -> Floats:
        """Return 0 and 1 (n, M), NaN where it is not known."""
        assert batch.y is not None
        if batch.classes:
            return np.asarray(np.eye(len(batch.classes))[batch.y], np.float64)
        numbers = np.asarray(batch.y, np.float64).reshape(len(batch), -1)
        above = (numbers > float(self.settings["positive_above"])).astype(np.float64)
        return np.where(np.isfinite(numbers), above, np.nan)

    def _probability(self, network: SemMbt, data: Data) -> Floats:
        rows = {name: each for name, each in data.tensors.items() if name != "y"}
        found = in_chunks(network, lambda part: torch.sigmoid(network(part).fused), rows)
        return np.asarray(found.double().numpy())

    def predict_proba(self, batch: Batch) -> Floats:
        """Return (n, classes) that sum to 1; or of several numbers how probable each emotion is, (n, k).

        With thresholds of the validation cases probabilities are stretched so that 0.5 is the threshold.
        """
        network = self._trained()
        found = self._probability(network, Data(batch.cases.id, self._tensors(batch, network.shape)))
        if self._classes:
            inside = np.clip(found, 1e-9, 1)
            return np.asarray(inside / inside.sum(1, keepdims=True))
        return about_half(found, self._thresholds)

    def explain(self, batch: Batch) -> Explanation:
        """Return the weights of the decisions, the decisions themselves, and where the text looked."""
        network = self._trained()
        tensors = self._tensors(batch, network.shape)
        network.keeps_seen, network.seen = True, {}
        try:
            alpha = in_chunks(network, lambda rows: network(rows).alpha, tensors).numpy()
            seen = {name: torch.cat(parts).numpy() for name, parts in network.seen.items()}
        finally:
            network.keeps_seen, network.seen = False, {}
        single = in_chunks(network, lambda rows: torch.sigmoid(network(rows).single), tensors).numpy()
        fused = in_chunks(network, lambda rows: torch.sigmoid(network(rows).fused), tensors).numpy()
        weights: dict[str, NDArray[np.float32]] = {"probability": fused}
        about = {"probability": f"probability of {', '.join(self._classes or self._outputs)}, fused"}
        for name in network.shape.decisions:
            place = ORDER.index(name)
            weights[f"alpha.{name}"] = alpha[:, place]
            about[f"alpha.{name}"] = f"weight of the decision by {name}"
            weights[f"decision.{name}"] = single[:, :, place]
            about[f"decision.{name}"] = f"probabilities by {name} alone, 0.5 where there is none"
        for key, maps in seen.items():
            name, _, group = key.partition("_")
            inside = tensors[f"{name}.inside"].numpy() > 0
            high, wide = maps.shape[1:]
            table = np.zeros((*inside.shape, high * wide), np.float32)
            table[inside] = maps.reshape(len(maps), -1)
            weights[f"sem.{name}.{group}"] = table
            about[f"sem.{name}.{group}"] = (
                f"where the text looked behind group {group} of {name}: {high} x {wide} places a step, 0"
                " where there is no text"
            )
        return Explanation(weights, about)

    def _trained(self) -> SemMbt:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} was not trained yet.")
        return self._network

    def save(self, folder: Path) -> None:
        """Write arrays and JSON into a new folder."""
        network = self._trained()
        facts = {
            "settings": dict(self.settings),
            "classes": self._classes,
            "outputs": self._outputs,
            "thresholds": self._thresholds.tolist(),
            "shape": network.shape.to_json(),
        }
        save_module(folder, network, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; files of weights are not needed again."""
        _, facts = load_arrays(folder, "weights")
        made = cls(**facts["settings"])
        made._classes, made._outputs = tuple(facts["classes"]), tuple(facts["outputs"])
        made._thresholds = np.array(facts["thresholds"], np.float64)
        made._network = SemMbt(Shape.from_json(facts["shape"]))
        load_module(folder, made._network)
        return made


def _check(name: str, each: Input) -> None:
    wanted = {SPEECH: "speech.patches", FACE: "face.frames", TEXT: "text.hashed or text.embedding"}[name]
    shape = each.values.shape[2:]
    fits = {
        SPEECH: shape == (96, 64),
        FACE: len(shape) == 3 and shape[0] in (1, 3),
        TEXT: len(shape) == 1,
    }[name]
    if not fits:
        raise RecognizerError(f"mer-sem-mbt: {name} has steps of shape {shape}. Use the feature {wanted}.")


def positive_weights(y: Tensor) -> Tensor:
    """Return (M,) how much a positive case weighs: negatives by positives; 1 where either is missing."""
    known = torch.isfinite(y)
    positive = torch.where(known, y, torch.zeros_like(y)).sum(0)
    negative = known.sum(0) - positive
    return torch.where(
        (positive > 0) & (negative > 0), negative / positive.clamp(min=1), torch.ones(y.shape[1])
    )


def emotion_loss(logits: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """Return the mean over known answers of -[w y log p + (1 - y) log(1 - p)]."""
    known = torch.isfinite(y)
    answers = torch.where(known, y, torch.zeros_like(y))
    each = binary_cross_entropy_with_logits(logits, answers, pos_weight=weight, reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


def best_thresholds(y: Floats, probability: Floats) -> Floats:
    """Return each emotion's threshold (M,) of 0.05 to 0.95 with the best F1; of equal ones nearest 0.5."""
    found = []
    for answers, column in zip(y.T, probability.T, strict=True):
        known = np.isfinite(answers)
        scores = [(_f1(answers[known], column[known] > step), -abs(step - 0.5), step) for step in STEPS]
        found.append(max(scores)[2] if known.any() else 0.5)
    return np.array(found, np.float64)


def about_half(probability: Floats, thresholds: Floats) -> Floats:
    """Return probabilities stretched on both sides so that each threshold (M,) lies at 0.5."""
    below = 0.5 * probability / thresholds
    above = 0.5 + 0.5 * (probability - thresholds) / (1 - thresholds)
    return np.where(probability <= thresholds, below, above)


def _average_f1(y: Floats, probability: Floats) -> float:
    scores = []
    for answers, column in zip(y.T, probability.T, strict=True):
        known = np.isfinite(answers)
        scores.append(_f1(answers[known], column[known] > 0.5))
    return float(np.mean(scores))


def _f1(y: NDArray[Any], said: NDArray[np.bool_]) -> float:
    hits = float(((y > 0.5) & said).sum())
    wrong = float(((y > 0.5) != said).sum())
    return 2 * hits / (2 * hits + wrong) if hits + wrong else 0.0


def load_encoder(encoder: nn.Module, path: Path) -> None:
    """Fill an encoder with published weights; layers of a classifier ("fc.") are left out.

    Raises RecognizerError where the file is of another network.
    """
    found = {name.removeprefix("module."): each for name, each in read_state(path).items()}
    wanted = encoder.state_dict()
    for name, each in wanted.items():
        given = found.get(name)
        if name.endswith("num_batches_tracked"):
            continue
        if given is None or given.shape != each.shape:
            what = "lacks" if given is None else "has another shape of"
            width = cast("int", encoder.base)
            raise RecognizerError(
                f"{path}: {what} {name}. The file is of another network, or of another width than {width} "
                f"(published weights: {PUBLISHED})."
            )
        if not bool(torch.isfinite(given).all()):
            raise RecognizerError(f"{path} holds weights that are no numbers. Take the file anew.")
    encoder.load_state_dict({name: found.get(name, each).to(each.dtype) for name, each in wanted.items()})
