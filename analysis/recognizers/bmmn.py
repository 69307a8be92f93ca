"""BMMN, BMMN-BAE-1 and BMMN-BAE-2: body signals and a face to ten labels at once, or to a study's own target.

Source: Comas, Aspandi, Binefa, "End-to-end facial and physiological model for Affective Computing and
applications", sections III-C and III-D.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.corpus.cases import Batch
from analysis.recognizers.bio_network import uniform
from analysis.recognizers.bmmn_card import BMMN_BAE_1_CARD, BMMN_BAE_2_CARD, BMMN_CARD
from analysis.recognizers.bmmn_inputs import has_face, signals_of, tensors_of
from analysis.recognizers.bmmn_network import (
    FACE,
    BioMultiModal,
    Kind,
    Shape,
    auto_encoders,
    label_loss,
    rebuilding_loss,
)
from analysis.recognizers.face_network import RESNET_SIDE, FaceNetwork, ResNet50, SmallResNet
from analysis.recognizers.face_weights import load_resnet
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.ten_labels import Scale, scale_of
from analysis.recognizers.torch_loop import Data, Tensors, TrainSpec, in_chunks, reproducible, train_network
from analysis.recognizers.weights import load_arrays, load_module, save_module

FEATURES = f"{FACE}.features"


class BMMN:
    """Bio networks and a face network, merged into one layer of outputs."""

    card: ClassVar[Card] = BMMN_CARD
    kind: ClassVar[Kind] = "bmmn"

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: BioMultiModal | None = None
        self._classes: tuple[str, ...] = ()
        self._outputs: tuple[str, ...] = ()
        self._scale = Scale((), ())

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train in the paper's order: BMMN alone, auto-encoders alone, then both together."""
        if train.y is None:
            raise RecognizerError(f"{self.card.name}: training cases have no answers.")
        self._classes, self._outputs = train.classes, train.outputs
        if not train.classes:
            self._scale = scale_of(train.outputs, _columns(train.y))
            context.fitted("scale of the outputs", train.cases.id)
        if self.settings["parts"] not in PARTS:
            raise RecognizerError(
                f"{self.card.name}: parts must be one of {', '.join(PARTS)}, not {self.settings['parts']}."
            )
        signals = signals_of(train) if self.settings["parts"] != "face" else ()
        face = has_face(train) and self.settings["parts"] != "bio"
        if not (signals or face):
            raise RecognizerError(
                f"{self.card.name}: no training case has ECG, BVP, EDA or a face, or the setting parts "
                "leaves out those that there are."
            )
        with reproducible(context.seed):
            pictures = self._face_network() if face else None
            data = self._data(train, signals, pictures)
            held = None if validation is None else self._data(validation, signals, pictures)
            self._network = self._stages(signals, pictures, data, held, context)
            self._network.eval()

    def _stages(
        self,
        signals: tuple[str, ...],
        pictures: FaceNetwork | None,
        data: Data,
        held: Data | None,
        context: Context,
    ) -> BioMultiModal:
        first, second, third = (int(self.settings.get(name, 0)) for name in EPOCHS)
        has_encoders = self.kind != "bmmn" and bool(signals)
        in_all = first + second + third if has_encoders else first
        network = BioMultiModal(self._shape("bmmn", signals, pictures), pictures)

        def labels(rows: Tensors) -> Tensor:
            return label_loss(network(rows)[0], rows["y"])

        train_network(network, labels, data, held, self._spec("BMMN", first), context, in_all=in_all)
        if not has_encoders:
            return network
        shape = self._shape(self.kind, signals, pictures)
        encoders = auto_encoders(shape)
        for signal, each in encoders.items():
            each.start_at(_level(data.tensors, signal))  # type: ignore[operator]

        def rebuilt(rows: Tensors) -> Tensor:
            return rebuilding_loss({name: each(rows[name])[1] for name, each in encoders.items()}, rows)

        spec = self._spec("BAE", second)
        train_network(encoders, rebuilt, data, held, spec, context, before=first, in_all=in_all)
        bio = network.bio if self.kind == "bmmn-bae-2" else None
        whole = BioMultiModal(shape, pictures, bio, encoders)

        share, other_share = float(self.settings["lambda_bmmn"]), float(self.settings["lambda_bae"])

        def both(rows: Tensors) -> Tensor:
            out, again = whole(rows)
            labels_lost, signals_lost = label_loss(out, rows["y"]), rebuilding_loss(again, rows)
            return labels_lost * share + signals_lost * other_share

        spec = self._spec("joint", third)
        train_network(whole, both, data, held, spec, context, before=first + second, in_all=in_all)
        return whole

    def _shape(self, kind: Kind, signals: tuple[str, ...], pictures: FaceNetwork | None) -> Shape:
        return Shape(
            kind if signals else "bmmn",
            signals,
            0 if pictures is None else pictures.features,
            int(self.settings["samples"]),
            int(self.settings.get("latent", 0)),
            len(self._classes) or len(self._outputs),
            bool(self.settings.get("relu_at_end", True)),
            int(self.settings["between"]),
        )

    def _spec(self, phase: str, epochs: int) -> TrainSpec:
        return TrainSpec(
            rate=float(self.settings["rate"]),
            batch=int(self.settings["batch"]),
            epochs=epochs,
            patience=int(self.settings["patience"]),
            phase=phase,
        )

    def _face_network(self) -> FaceNetwork:
        file = str(self.settings["face_weights"])
        if file:
            network = FaceNetwork(load_resnet(Path(file).expanduser()), RESNET_SIDE)
        else:
            network = FaceNetwork(SmallResNet(), 0)
            uniform(network)
        for each in network.parameters():
            each.requires_grad_(bool(self.settings["face_tuned"]))
        return network

    def _data(self, batch: Batch, signals: tuple[str, ...], pictures: FaceNetwork | None) -> Data:
        tensors = tensors_of(batch, signals, int(self.settings["samples"]), pictures is not None)
        if pictures is not None and not self.settings["face_tuned"]:
            tensors[FEATURES] = in_chunks(
                pictures, lambda rows: pictures(rows[FACE]), {FACE: tensors.pop(FACE)}
            )
        assert batch.y is not None
        if batch.classes:
            answers = np.eye(len(batch.classes))[batch.y]
        else:
            answers = self._scale.to_unit(_columns(batch.y))
        tensors["y"] = torch.from_numpy(answers.astype(np.float32))
        return Data(batch.cases.id, tensors)

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes): outputs cut to 0..1 and made to sum to 1; or (n, k) numbers in their units."""
        network = self._trained()
        found = in_chunks(network, lambda rows: network(rows)[0], self._tensors(batch)).double().numpy()
        if not self._classes:
            return self._scale.from_unit(found)
        # The squared error against 0 and 1 is smallest at the probability itself.
        inside = np.clip(found, 1e-6, 1)
        return np.asarray(inside / inside.sum(1, keepdims=True))

    def explain(self, batch: Batch) -> Explanation:
        """Return each signal's segment, its reconstruction, and where outputs would move most with it."""
        network = self._trained()
        tensors = self._tensors(batch)
        weights: dict[str, NDArray[np.float32]] = {}
        about: dict[str, str] = {}
        names = [name for name in (*network.shape.signals, FACE) if name in tensors]
        moved = _saliency(network, tensors, names)
        for name in names:
            weights[f"saliency.{name}"] = moved[name]
            about[f"saliency.{name}"] = f"size of the outputs' slope by {name}, mean over outputs"
        for name, each in network.encoders.items():
            weights[f"segment.{name}"] = tensors[name].numpy()
            about[f"segment.{name}"] = f"{name} as the network was given it"
            weights[f"reconstruction.{name}"] = _rebuilt(each, tensors[name])
            about[f"reconstruction.{name}"] = f"{name} as the auto-encoder gives it back"
        return Explanation(weights, about)

    def _tensors(self, batch: Batch) -> dict[str, Tensor]:
        shape = self._trained().shape
        return tensors_of(batch, shape.signals, shape.samples, shape.face > 0)

    def _trained(self) -> BioMultiModal:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} was not trained yet.")
        return self._network

    def save(self, folder: Path) -> None:
        """Write arrays and JSON into a new folder; the face network's weights with them."""
        network = self._trained()
        shape = network.shape
        facts = {
            "settings": dict(self.settings),
            "classes": self._classes,
            "outputs": self._outputs,
            "scale": [self._scale.low, self._scale.high],
            "kind": shape.kind,
            "signals": shape.signals,
            "face": shape.face,
            "resnet": network.face is not None and isinstance(network.face.trunk, ResNet50),
        }
        save_module(folder, network, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; the file of the face network's weights is not needed again."""
        _, facts = load_arrays(folder, "weights")
        made = cls(**facts["settings"])
        made._classes, made._outputs = tuple(facts["classes"]), tuple(facts["outputs"])
        made._scale = Scale(*(tuple(each) for each in facts["scale"]))
        pictures = None
        if facts["face"]:
            pictures = (
                FaceNetwork(ResNet50(), RESNET_SIDE) if facts["resnet"] else FaceNetwork(SmallResNet(), 0)
            )
        shape = made._shape(facts["kind"], tuple(facts["signals"]), pictures)
        made._network = BioMultiModal(shape, pictures)
        load_module(folder, made._network)
        return made


class BMMNBAE1(BMMN):
    """BMMN with the auto-encoder's z instead of the bio network's features."""

    card: ClassVar[Card] = BMMN_BAE_1_CARD
    kind: ClassVar[Kind] = "bmmn-bae-1"


class BMMNBAE2(BMMN):
    """BMMN with the auto-encoder's z beside the bio network's features."""

    card: ClassVar[Card] = BMMN_BAE_2_CARD
    kind: ClassVar[Kind] = "bmmn-bae-2"


def _rebuilt(encoder: nn.Module, segment: Tensor) -> NDArray[np.float32]:
    def again(rows: Tensors) -> Tensor:
        found: Tensor = encoder(rows["segment"])[1]
        return found

    return np.asarray(in_chunks(encoder, again, {"segment": segment}).numpy())


PARTS = ("both", "bio", "face")
EPOCHS = ("epochs", "bae_epochs", "joint_epochs")


def _columns(y: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(y, np.float64).reshape(len(y), -1)


def _level(tensors: Tensors, signal: str) -> float:
    there = tensors[f"{signal}.present"] > 0
    return float(tensors[signal][there].mean()) if bool(there.any()) else 0.0


def _saliency(
    network: nn.Module, tensors: dict[str, Tensor], names: list[str]
) -> dict[str, NDArray[np.float32]]:
    """Return mean |d output / d input| over outputs by name, (n, samples), of a face (n, h, w)."""
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    n = len(next(iter(tensors.values())))
    for start in range(0, max(n, 1), SALIENCY_CHUNK):
        rows = {name: each[start : start + SALIENCY_CHUNK].clone() for name, each in tensors.items()}
        wanted = [rows[name].requires_grad_() for name in names]
        with reproducible(0):
            out = network(rows)[0]
            slopes = [torch.autograd.grad(column.sum(), wanted, retain_graph=True) for column in out.T]
        for place, name in enumerate(names):
            size = torch.stack([each[place].abs() for each in slopes]).mean(0)
            found[name].append((size.sum(1) if name == FACE else size).numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


SALIENCY_CHUNK = 64
