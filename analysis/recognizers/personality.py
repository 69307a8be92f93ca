"""Apparent impressions of observers: three streams, six predictors, and late, model-level or early fusion.

Source: the article on VGGish, VGG-Face, Bi-LSTM, transformer and weighted late fusion (2022), sections 3-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from analysis.corpus.cases import Batch
from analysis.recognizers.group_folds import group_folds
from analysis.recognizers.late_weights import error_moments, weights_of
from analysis.recognizers.personality_card import PERSONALITY_CARD, SCALINGS, STREAMS, USES
from analysis.recognizers.personality_network import (
    PUBLISHED_PX,
    TEMPORAL,
    BiLstm,
    Encoder,
    Local,
    Regressor,
    Scaling,
    SmallVision,
    Vgg16,
    fused_head,
)
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.sem_encoders import PUBLISHED, VGGish
from analysis.recognizers.sem_mbt import load_encoder
from analysis.recognizers.ten_labels import Scale, scale_of
from analysis.recognizers.torch_loop import Data, TrainSpec, in_chunks, reproducible, train_network
from analysis.recognizers.weights import load_arrays, load_module, save_arrays, save_module

Floats = NDArray[np.float64]
QUANTILES = np.linspace(0, 1, 101)
MODEL = "impressions"
Rows = Mapping[str, Tensor]


class Personality:
    """Predictors of apparent impressions, fused."""

    card: ClassVar[Card] = PERSONALITY_CARD

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._networks = nn.ModuleDict()
        self._outputs: tuple[str, ...] = ()
        self._streams: dict[str, int] = {}
        self._scale = Scale((), ())
        self._arrays: dict[str, NDArray[Any]] = {}

    @property
    def predictors(self) -> tuple[str, ...]:
        """The single predictors, "speech bi-lstm" and so on."""
        kinds = TEMPORAL if self.settings["temporal"] == "both" else (self.settings["temporal"],)
        return tuple(f"{stream} {kind}" for stream in self._streams for kind in kinds)

    @property
    def late_weights(self) -> Floats:
        """The weights of late fusion (outputs, predictors); raises RecognizerError for another fusion."""
        if "late.weights" not in self._arrays:
            raise RecognizerError(f"{self.card.name}: only late fusion has weights.")
        return np.asarray(self._arrays["late.weights"], np.float64)

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train frames, then sequences, then the fusion; `validation` stops each of them early."""
        if train.y is None or train.classes:
            raise RecognizerError(f"{self.card.name} needs numbers, such as ratings of observers.")
        self._outputs = train.outputs
        self._streams = self._present(train)
        answers = _columns(train.y)
        context.fitted("scale and quantiles of the answers", train.cases.id)
        self._scale = scale_of(train.outputs, answers)
        self._arrays = {"quantiles": np.nanquantile(answers, QUANTILES, axis=0)}
        with reproducible(context.seed):
            data = self._data(train)
            own, other = self._sides(train, context)
            held = None if validation is None else self._data(validation)
            self._train(data, own, other, held, context)
        self._networks.eval()

    def _present(self, batch: Batch) -> dict[str, int]:
        """Return the streams to use and the numbers a frame of each comes to."""
        if self.settings["streams"] not in USES:
            raise RecognizerError(f"{self.card.name}: streams must be one of {', '.join(USES)}.")
        wanted = str(self.settings["streams"]).split("+")
        there = [name for name in STREAMS if name in wanted and name in batch.inputs]
        there = [name for name in there if batch.inputs[name].present.any()]
        for name in there:
            self._check_pictures(name, batch)
        if not there:
            raise RecognizerError(
                f"{self.card.name}: no training case has {', '.join(wanted)}. It learns from recordings with "
                "a microphone or a camera."
            )
        return {name: self._extractor(name).out for name in there}

    def _check_pictures(self, name: str, batch: Batch) -> None:
        """Raise RecognizerError where weights from a file would be given other pictures than theirs."""
        if name == "speech" or not self.settings[f"{name}_weights"]:
            return
        if self.settings["face_scaling"] not in SCALINGS:
            raise RecognizerError(f"{self.card.name}: face_scaling must be {' or '.join(SCALINGS)}.")
        side_px = min(batch.inputs[name].values.shape[-2:])
        if side_px < PUBLISHED_PX:
            raise RecognizerError(
                f"{self.card.name}: {name}_weights are of pictures of {PUBLISHED_PX} px, and the input "
                f"{name} has {side_px} px. Give it size_px {PUBLISHED_PX}, or leave {name}_weights empty."
            )

    def _local(self, name: str, loads: bool = False) -> Local:
        has_faces = name == "face" and bool(self.settings["face_weights"])
        scaling: Scaling = self.settings["face_scaling"] if has_faces else "imagenet"
        return Local(self._extractor(name, loads), len(self._outputs), scaling)

    def _extractor(self, name: str, loads: bool = False) -> VGGish | Vgg16 | SmallVision:
        file = str(self.settings[f"{name}_weights"])
        if name == "speech":
            made: VGGish | Vgg16 | SmallVision = VGGish(int(self.settings["speech_width"]))
        elif file:
            made = Vgg16(PUBLISHED)
        else:
            made = SmallVision(int(self.settings["picture_width"]))
        if loads and file:
            load_encoder(made, Path(file).expanduser())
        return made

    def _sides(self, train: Batch, context: Context) -> tuple[Tensor, Tensor | None]:
        """Return the rows that predictors learn from, and those that late fusion's weights do (or None).

        Equal weights leave the same people out: they are the control of the others.
        """
        every = torch.arange(len(train))
        if self.settings["fusion"] != "late" or len(self.predictors) < 2:
            return every, None
        by = context.groups if len(np.unique(train.cases.participant)) < 3 else ("participant",)
        groups = train.cases.groups(by)
        count = max(2, round(1 / max(0.05, float(self.settings["held"]))))
        for inside, outside in group_folds(groups, min(count, len(np.unique(groups))), context.seed):
            return torch.from_numpy(inside), torch.from_numpy(outside)
        return every, None

    def _train(
        self, data: Data, own: Tensor, other: Tensor | None, held: Data | None, context: Context
    ) -> None:
        learnt = _chosen(data, own)
        local, epochs = int(self.settings["local_epochs"]), int(self.settings["epochs"])
        fuses = self.settings["fusion"] != "late"
        in_all = local * len(self._streams) + epochs * (len(self.predictors) + fuses)
        before = 0
        for name in self._streams:
            self._networks[f"local {name}"] = module = self._local(name, True)
            if local:
                self._train_local(name, module, learnt, context, before, in_all)
                before += local
        features = {id(each): self._features(each, learnt) for each in (data, held) if each is not None}
        for name in self.predictors:
            stream, kind = name.split(" ")
            self._networks[f"temporal {name}"] = made = self._regressor(stream, kind)
            rows = _sequences(features[id(data)], data, stream)
            stops = None if held is None else _sequences(features[id(held)], held, stream)
            self._train_sequences(name, made, _chosen(rows, own), stops, context, before, in_all)
            before += epochs
        if fuses:
            given = (features[id(data)], None if held is None else features[id(held)])
            self._train_fusion(data, held, given, context, before, in_all)
        elif other is not None and self.settings["late_weights"] != "equal":
            self._fit_weights(_chosen(data, other), context)
        else:
            count = len(self.predictors)
            self._arrays["late.weights"] = np.full((len(self._outputs), count), 1 / count)
            self._arrays["late.moments"] = np.tile(np.eye(count), (len(self._outputs), 1, 1))
            if count > 1 and self.settings["late_weights"] != "equal":
                self._arrays["late.cases"] = np.array(0)

    def _train_local(
        self, name: str, module: Local, data: Data, context: Context, before: int, in_all: int
    ) -> None:
        """Learn to tell the impressions from single frames: each has its clip's answer."""
        is_squared = self.settings["local_loss"] == "squared error"

        def loss(rows: Rows) -> Tensor:
            inside = rows[f"{name}.inside"]
            if not bool(inside.any()):
                return module.head.weight.sum() * 0
            found = module.impressions(rows[name], inside)
            case, _ = torch.nonzero(inside > 0, as_tuple=True)
            answers = rows["y"][case].clamp(0, 1)
            known = torch.isfinite(answers)
            answers = torch.where(known, answers, torch.zeros_like(answers))
            if is_squared:
                lost = (torch.sigmoid(found) - answers).square()
            else:
                lost = binary_cross_entropy_with_logits(found, answers, reduction="none")
            return (lost * known).sum() / known.sum().clamp(min=1)

        rate = "slow_rate" if self.settings[f"{name}_weights"] else "rate"
        spec = TrainSpec(
            rate=float(self.settings[rate]),
            batch=int(self.settings["batch"]),
            epochs=int(self.settings["local_epochs"]),
            clip=1.0,
            phase=f"frames of {name}",
        )
        kept = {key: data.tensors[key] for key in (name, f"{name}.inside", "y")}
        train_network(module, loss, Data(data.ids, kept), None, spec, context, before=before, in_all=in_all)

    def _features(self, data: Data, learnt: Data) -> dict[str, Tensor]:
        """Return every stream's frames as numbers (n, t, d), each of mean 0 and SD 1 in training."""
        made = {}
        for name in self._streams:
            values = self._numbers(name, data.tensors)
            if f"scale {name}.mean" not in self._arrays:
                seen = values if data is learnt else self._numbers(name, learnt.tensors)
                inside = learnt.tensors[f"{name}.inside"] > 0
                rows = seen[inside]
                if not len(rows):
                    raise RecognizerError(
                        f"{self.card.name}: none of the people whom its predictors learn from has {name}. "
                        "Choose streams without it, or more people."
                    )
                self._arrays[f"scale {name}.mean"] = rows.mean(0).numpy()
                spread = rows.std(0, correction=0).numpy()
                self._arrays[f"scale {name}.sd"] = np.where(spread > 1e-6, spread, 1.0).astype(np.float32)
            made[name] = self._scaled(name, values, data.tensors[f"{name}.inside"])
        return made

    def _measured(self, tensors: Rows) -> dict[str, Tensor]:
        """Return every stream's frames as numbers, on the scale of training."""
        return {
            name: self._scaled(name, self._numbers(name, tensors), tensors[f"{name}.inside"])
            for name in self._streams
        }

    def _numbers(self, name: str, tensors: Rows) -> Tensor:
        module = self._networks[f"local {name}"]
        given = {key: tensors[key] for key in (name, f"{name}.inside")}
        return in_chunks(module, lambda rows: module(rows[name], rows[f"{name}.inside"]), given)

    def _scaled(self, name: str, values: Tensor, inside: Tensor) -> Tensor:
        mean, sd = (torch.from_numpy(self._arrays[f"scale {name}.{what}"]) for what in ("mean", "sd"))
        return (values - mean) / sd * inside[..., None]

    def _regressor(self, stream: str, kind: str) -> Regressor:
        settings, width = self.settings, self._streams[stream]
        drop = float(settings["dropout"])
        body: BiLstm | Encoder
        if kind == "bi-lstm":
            body = BiLstm(width, int(settings["lstm"]), int(settings["lstm_layers"]), drop)
        else:
            wide, layers = int(settings["transformer"]), int(settings["transformer_layers"])
            body = Encoder(width, wide, layers, int(settings["heads"]), drop)
        return Regressor(body, len(self._outputs))

    def _spec(self, phase: str) -> TrainSpec:
        settings = self.settings
        return TrainSpec(
            rate=float(settings["rate"]),
            batch=int(settings["batch"]),
            epochs=int(settings["epochs"]),
            patience=int(settings["patience"]),
            clip=1.0,
            phase=phase,
            decay=0.5 if settings["halving"] == "epoch" else 1.0,
            halve_after=1 if settings["halving"] == "plateau" else 0,
        )

    def _train_sequences(
        self,
        name: str,
        module: Regressor,
        data: Data,
        held: Data | None,
        context: Context,
        before: int,
        in_all: int,
    ) -> None:
        def loss(rows: Rows) -> Tensor:
            return squared_loss(module(rows["x"], rows["inside"]), rows["y"])

        spec = self._spec(name)
        train_network(module, loss, data, held, spec, context, before=before, in_all=in_all)

    def _train_fusion(
        self,
        data: Data,
        held: Data | None,
        features: tuple[dict[str, Tensor], dict[str, Tensor] | None],
        context: Context,
        before: int,
        in_all: int,
    ) -> None:
        """Learn the head over all global vectors; the networks that made these stay as they are."""
        self._networks["fusion"] = head = self._head()

        def rows_of(each: Data, found: dict[str, Tensor]) -> Data:
            return Data(each.ids, {"x": self._vectors(found, each.tensors), "y": each.tensors["y"]})

        stops = None if held is None or features[1] is None else rows_of(held, features[1])
        spec = self._spec(f"{self.settings['fusion']} fusion")
        train_network(
            head,
            lambda rows: squared_loss(head(rows["x"]), rows["y"]),
            rows_of(data, features[0]),
            stops,
            spec,
            context,
            before=before,
            in_all=in_all,
        )

    def _head(self) -> nn.Sequential:
        given = self.settings["model_layers"] if self.settings["fusion"] == "model" else ""
        hidden = tuple(int(each) for each in str(given).split())
        width = sum(self._temporal(name).out for name in self.predictors)
        return fused_head(width, hidden, len(self._outputs), float(self.settings["model_dropout"]))

    def _temporal(self, name: str) -> Regressor:
        found = self._networks[f"temporal {name}"]
        assert isinstance(found, Regressor)
        return found

    def _vectors(self, features: Mapping[str, Tensor], tensors: Rows) -> Tensor:
        """Return all predictors' global vectors beside each other (n, sum of their widths)."""
        made = []
        for name in self.predictors:
            stream, module = name.split(" ")[0], self._temporal(name)
            given = {"x": features[stream], "inside": tensors[f"{stream}.inside"]}
            made.append(in_chunks(module, partial(_whole, module), given))
        return torch.cat(made, 1)

    def _fit_weights(self, data: Data, context: Context) -> None:
        """Estimate late fusion's weights on people whom no predictor has seen."""
        context.fitted("weights of late fusion", data.ids)
        features = self._measured(data.tensors)
        single, there = self._single(features, data.tensors)
        whole = there.all(axis=1)
        answers = data.tensors["y"].double().numpy()
        moments, weights = [], []
        for place in range(len(self._outputs)):
            omega = error_moments(single[whole, :, place], answers[whole, place])
            moments.append(omega if whole.any() else np.eye(len(self.predictors)))
            weights.append(self._weights(moments[-1]))
        self._arrays["late.weights"] = np.array(weights)
        self._arrays["late.moments"] = np.array(moments)
        self._arrays["late.cases"] = np.array(int(whole.sum()))

    def _weights(self, omega: Floats) -> Floats:
        return weights_of(omega, self.settings["late_weights"], float(self.settings["ridge"]))

    def _single(self, features: Mapping[str, Tensor], tensors: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        """Return every predictor's answers (n, predictors, k), and which of them have a frame at all."""
        made, there = [], []
        for name in self.predictors:
            stream, module = name.split(" ")[0], self._temporal(name)
            given = {"x": features[stream], "inside": tensors[f"{stream}.inside"]}
            found = in_chunks(module, partial(_answer, module), given)
            made.append(found.double().numpy())
            there.append(given["inside"].numpy().any(axis=1))
        return np.stack(made, axis=1), np.stack(there, axis=1)

    def _data(self, batch: Batch) -> Data:
        tensors = self._tensors(batch)
        assert batch.y is not None
        answers = self._scale.to_unit(_columns(batch.y))
        tensors["y"] = torch.from_numpy(answers.astype(np.float32))
        return Data(batch.cases.id, tensors)

    def _tensors(self, batch: Batch) -> dict[str, Tensor]:
        made: dict[str, Tensor] = {}
        for name in self._streams:
            each = batch.inputs.get(name)
            wanted = 4 if name == "speech" else 5
            if each is None or not each.present.any():
                made[name] = torch.zeros(len(batch), 1, *((96, 64) if name == "speech" else (3, 16, 16)))
                made[f"{name}.inside"] = torch.zeros(len(batch), 1)
                continue
            if each.values.ndim != wanted:
                what = "speech.patches" if name == "speech" else "scene.frames or face.crops"
                raise RecognizerError(f"{self.card.name}: {name} needs the feature {what}.")
            made[name] = torch.from_numpy(np.nan_to_num(each.values))
            inside = each.inside & each.present[:, None]
            made[f"{name}.inside"] = torch.from_numpy(inside.astype(np.float32))
        return made

    def _answered(self, batch: Batch) -> tuple[Floats, Floats, Floats]:
        """Return answers (n, k), single ones and late weights (n, predictors, k), on the scale 0 to 1."""
        if not self._networks:
            raise RecognizerError(f"{self.card.name} was not trained yet.")
        tensors = self._tensors(batch)
        features = self._measured(tensors)
        single, there = self._single(features, tensors)
        if self.settings["fusion"] == "late":
            weights = self._for_present(there)
            return np.einsum("npk,npk->nk", single, weights), single, weights
        head = self._networks["fusion"]
        found = in_chunks(head, lambda rows: head(rows["x"]), {"x": self._vectors(features, tensors)})
        return found.double().numpy(), single, np.zeros_like(single)

    def _for_present(self, there: NDArray[np.bool_]) -> Floats:
        """Return the weights of each case's own predictors (n, p, k): the closed form of those it has."""
        made = np.zeros((*there.shape, len(self._outputs)))
        for pattern in np.unique(there, axis=0):
            rows = (there == pattern).all(axis=1)
            part = np.flatnonzero(pattern) if pattern.any() else np.arange(there.shape[1])
            for place in range(len(self._outputs)):
                if len(part) == there.shape[1]:
                    own = self._arrays["late.weights"][place]
                else:
                    own = self._weights(self._arrays["late.moments"][place][np.ix_(part, part)])
                spread = np.zeros(there.shape[1])
                spread[part] = own
                made[rows, :, place] = spread
        return made

    def predict_proba(self, batch: Batch) -> Floats:
        """Return (n, k) numbers in the units of the training answers."""
        return self._scale.from_unit(self._answered(batch)[0])

    def explain(self, batch: Batch) -> Explanation:
        """Return each predictor's answer, each stream's part in late fusion, and percentiles of training."""
        found, single, weights = self._answered(batch)
        answers = self._scale.from_unit(found)
        told: dict[str, NDArray[np.floating]] = {}
        about: dict[str, str] = {}
        columns = ", ".join(self._outputs)
        for place, name in enumerate(self.predictors):
            told[f"prediction.{name}"] = self._scale.from_unit(single[:, place])
            about[f"prediction.{name}"] = f"{columns} by {name} alone"
        if self.settings["fusion"] == "late":
            for stream in self._streams:
                own = [place for place, name in enumerate(self.predictors) if name.startswith(f"{stream} ")]
                told[f"weight.{stream}"] = weights[:, own].sum(axis=1)
                words = (f"weight of {stream} in late fusion, for {columns}", self.about_weights)
                about[f"weight.{stream}"] = "; ".join(filter(None, words))
        known = self._arrays["quantiles"]
        told["percentile"] = np.stack(
            [np.interp(answers[:, k], known[:, k], 100 * QUANTILES) for k in range(answers.shape[1])], axis=1
        )
        about["percentile"] = f"per cent of training answers below the one given, for {columns}"
        return Explanation({name: each.astype(np.float32) for name, each in told.items()}, about)

    @property
    def about_weights(self) -> str:
        """What late fusion's weights come of, in words; "" where that is not known."""
        if self.settings["late_weights"] == "equal" or len(self.predictors) < 2:
            return "equal, as was asked for"
        if "late.cases" not in self._arrays:
            return ""
        cases = int(self._arrays["late.cases"])
        if not cases:
            return "equal, since nobody with every stream could be held out to estimate them on"
        return f"estimated on {cases} held-out cases with every stream"

    def save(self, folder: Path) -> None:
        """Write arrays and JSON into a new folder."""
        if not self._networks:
            raise RecognizerError(f"{self.card.name} was not trained yet.")
        facts = {
            "settings": dict(self.settings),
            "outputs": self._outputs,
            "streams": list(self._streams.items()),
            "scale": [self._scale.low, self._scale.high],
        }
        save_module(folder, self._networks, facts)
        save_arrays(folder, MODEL, self._arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; files of weights are not needed again."""
        _, facts = load_arrays(folder, "weights")
        # Before there was a choice every picture was scaled as ImageNet's.
        made = cls(**{"face_scaling": "imagenet", **facts["settings"]})
        made._outputs = tuple(facts["outputs"])
        made._streams = {str(name): int(width) for name, width in facts["streams"]}
        made._scale = Scale(*(tuple(each) for each in facts["scale"]))
        made._arrays, _ = load_arrays(folder, MODEL)
        for name in made._streams:
            made._networks[f"local {name}"] = made._local(name)
        for name in made.predictors:
            made._networks[f"temporal {name}"] = made._regressor(*name.split(" "))
        if made.settings["fusion"] != "late":
            made._networks["fusion"] = made._head()
        load_module(folder, made._networks)
        return made


def _whole(module: Regressor, rows: Rows) -> Tensor:
    return module.whole(rows["x"], rows["inside"])


def _answer(module: Regressor, rows: Rows) -> Tensor:
    found: Tensor = module(rows["x"], rows["inside"])
    return found


def squared_loss(found: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared error of known answers."""
    known = torch.isfinite(y)
    apart = torch.where(known, found - torch.nan_to_num(y), torch.zeros_like(found))
    return apart.square().sum() / known.sum().clamp(min=1)


def _columns(y: NDArray[Any]) -> Floats:
    return np.asarray(y, np.float64).reshape(len(y), -1)


def _chosen(data: Data, rows: Tensor) -> Data:
    return Data(data.ids[rows.numpy()], {name: each[rows] for name, each in data.tensors.items()})


def _sequences(features: Mapping[str, Tensor], data: Data, stream: str) -> Data:
    given = {"x": features[stream], "inside": data.tensors[f"{stream}.inside"], "y": data.tensors["y"]}
    return Data(data.ids, given)
