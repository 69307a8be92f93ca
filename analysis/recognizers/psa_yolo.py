"""PSA-YOLO as a recognizer: pictures with boxes to learn from, the most confident detection as the answer.

Source: the PSA-YOLO article (YOLOv4 with Focus, pyramid squeeze attention and an SPCP neck), sections on
network, loss and training; see the card for what is chosen where it leaves things open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.detection.anchors import anchors_of
from analysis.detection.augmenting import NONE, Augmenting
from analysis.detection.decoding import Detection, decode, detections
from analysis.detection.loss import LossSpec, Truth
from analysis.detection.network import Architecture, PsaYolo
from analysis.detection.problems import DetectionError
from analysis.detection.training import DetectorSpec, Pictures, three, train_detector
from analysis.recognizers.psa_yolo_card import BOX, PSA_YOLO_CARD, SCENE
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.torch_loop import reproducible
from analysis.recognizers.weights import load_arrays, load_module, save_arrays, save_module

CHUNK = 16
DETECTED = "detected"
CONFIDENCE = "confidence"
FOUND_BOX = "box"
EVERY = "detections"
MOST = 100
"""Detections of a case's surest picture that are kept."""
FAINT = 0.001
"""Down to this confidence: a curve of precision over recall needs those below the threshold of an answer."""
ABOUT = {
    DETECTED: "1 where a face was found in any picture of the case, 0 where none was",
    CONFIDENCE: "confidence of the most confident detection, 0 without one",
    EVERY: "left, top, width, height, class and confidence of up to a hundred detections of the surest "
    "picture, also of those too faint for an answer",
    FOUND_BOX: "left, top, width, height of the most confident detection, as shares of the square",
}


class PSAYolo:
    """The detector; `detect` gives every face of pictures, `predict_proba` one answer a case."""

    card: ClassVar[Card] = PSA_YOLO_CARD

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self.network: PsaYolo | None = None
        self.classes: tuple[str, ...] = ()
        self.anchors = torch.zeros(3, 3, 2)
        self.history: tuple[tuple[float, float, float], ...] = ()
        self.keep_on: Callable[[], None] = lambda: None
        """Called before every step of training; one that waits pauses it."""

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Learn anchors and network of the pictures that have a box; validation is not looked at."""
        del validation
        if train.y is None or not train.classes:
            raise RecognizerError("psa-yolo: it learns classes, and the training cases have none.")
        pictures = pictures_of(train)
        self.classes = train.classes
        sizes = pictures.truth.boxes[pictures.truth.valid][:, 2:].double().numpy()
        context.fitted("anchors", np.unique(pictures.ids))
        with reproducible(context.seed):
            try:
                self.anchors = torch.from_numpy(anchors_of(sizes, context.seed).astype(np.float32))
                network = PsaYolo(self.architecture)
                self.history = train_detector(
                    network, self.anchors, pictures, self._spec(), context, lambda: self.keep_on()
                )
            except DetectionError as error:
                raise RecognizerError(f"psa-yolo: {error}") from error
            self.network = network

    @property
    def architecture(self) -> Architecture:
        """What the network is built of."""
        said = self.settings
        return Architecture(
            len(self.classes),
            int(said["variant"]),
            bool(said["focus"]),
            bool(said["psa"]),
            bool(said["spc"]),
            float(said["width"]),
            float(said["depth"]),
        )

    def _spec(self) -> DetectorSpec:
        said = self.settings
        return DetectorSpec(
            epochs=int(said["epochs"]),
            iterations=int(said["iterations"]),
            batch=int(said["batch"]),
            rate=float(said["rate"]),
            decay=float(said["decay"]),
            momentum=float(said["momentum"]),
            weight_decay=float(said["weight_decay"]),
            loss=LossSpec(
                float(said["alpha"]),
                float(said["box_weight"]),
                float(said["objectness_weight"]),
                float(said["class_weight"]),
                said["class_loss"],
            ),
            augmenting=Augmenting() if said["augment"] else NONE,
        )

    def detect(
        self, pictures: NDArray[np.float32], least: float | None = None
    ) -> list[tuple[Detection, ...]]:
        """Return the faces of square pictures (n, channels, s, s) at 0..1, boxes as shares of the square."""
        network = self._trained()
        low = float(self.settings["least"]) if least is None else least
        made: list[tuple[Detection, ...]] = []
        for start in range(0, len(pictures), CHUNK):
            part = three(torch.from_numpy(np.ascontiguousarray(pictures[start : start + CHUNK], np.float32)))
            with reproducible(0), torch.no_grad():
                try:
                    decoded = decode(network(part), self.anchors, self.settings["class_loss"])
                except DetectionError as error:
                    raise RecognizerError(f"psa-yolo: {error}") from error
            boxes, objects, classes = (each.double().numpy() for each in decoded)
            made += [
                detections(*each, least=low, most_overlap=float(self.settings["overlap"]))
                for each in zip(boxes, objects, classes, strict=True)
            ]
        return made

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes): each picture's most confident detection, weighed by its confidence.

        Where no picture of a case has a detection every class is equally probable; `explain` tells which.
        """
        made = np.full((len(batch), len(self.classes)), 1.0 / len(self.classes))
        for case, pictures in enumerate(self._found(batch, float(self.settings["least"]))):
            if pictures:
                weights = np.array([each[0].confidence for each in pictures])
                mixed = np.average([each[0].proba for each in pictures], axis=0, weights=weights)
                made[case] = mixed / mixed.sum()
        return made

    def explain(self, batch: Batch) -> Explanation:
        """Return where the face was found, how surely, and whether it was."""
        n = len(batch)
        detected, sure = np.zeros(n, np.float32), np.zeros(n, np.float32)
        boxes = np.zeros((n, 4), np.float32)
        every = np.zeros((n, MOST, 6), np.float32)
        least = float(self.settings["least"])
        for case, pictures in enumerate(self._found(batch, min(FAINT, least))):
            if pictures:
                best = max(pictures, key=lambda each: each[0].confidence)
                if best[0].confidence >= least:
                    detected[case], sure[case], boxes[case] = 1, best[0].confidence, best[0].box
                for place, each in enumerate(best[:MOST]):
                    every[case, place] = (*each.box, each.label, each.confidence)
        weights = {DETECTED: detected, CONFIDENCE: sure, FOUND_BOX: boxes, EVERY: every}
        return Explanation(weights, ABOUT)

    def _found(self, batch: Batch, least: float) -> list[list[tuple[Detection, ...]]]:
        """Return the detections of each picture of each case that has any as sure as `least`."""
        made: list[list[tuple[Detection, ...]]] = [[] for _ in range(len(batch))]
        scene = batch.inputs.get(SCENE)
        if scene is None:
            return made
        case, step = np.nonzero(scene.inside)
        # In pieces: whole films of many cases would not fit the memory twice.
        for start in range(0, len(case), CHUNK):
            part = slice(start, start + CHUNK)
            for owner, found in zip(
                case[part], self.detect(scene.values[case[part], step[part]], least), strict=True
            ):
                if found:
                    made[owner].append(found)
        return made

    def _trained(self) -> PsaYolo:
        if self.network is None:
            raise RecognizerError("psa-yolo is not trained yet.")
        return self.network

    def save(self, folder: Path) -> None:
        """Write weights, anchors and classes."""
        network = self._trained()
        facts = {"settings": dict(self.settings), "classes": list(self.classes)}
        save_module(folder, network, facts)
        history = np.array(self.history, np.float64).reshape(-1, 3)
        save_arrays(folder, "anchors", {"anchors": self.anchors.numpy(), "history": history})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        facts = load_arrays(folder, "weights")[1]
        made = cls(**facts["settings"])
        made.classes = tuple(facts["classes"])
        arrays = load_arrays(folder, "anchors")[0]
        made.anchors = torch.from_numpy(arrays["anchors"])
        box, objectness, named = (column.tolist() for column in arrays["history"].T)
        made.history = tuple(zip(box, objectness, named, strict=True))
        made.network = PsaYolo(made.architecture)
        load_module(folder, made.network)
        return made


def pictures_of(batch: Batch) -> Pictures:
    """Return every picture of the cases that has a box, with its class; raises RecognizerError."""
    scene, box = batch.inputs.get(SCENE), batch.inputs.get(BOX)
    if scene is None or box is None or batch.y is None:
        raise RecognizerError("psa-yolo: it learns from pictures with a box each; this data has none.")
    if scene.values.ndim != 5 or box.values.shape[1] != scene.values.shape[1]:
        raise RecognizerError(
            "psa-yolo: pictures and boxes do not belong together. Give face.scene and face.scene_box the "
            "same rate_hz."
        )
    has = (box.values[..., 4] > 0.5) & scene.inside & box.inside
    case, step = np.nonzero(has)
    if not len(case):
        raise RecognizerError("No training picture has a box: draw or accept boxes first.")
    further = torch.from_numpy(np.ascontiguousarray(box.values[case, step, 5:]))
    return Pictures(
        batch.cases.id[case],
        torch.from_numpy(np.ascontiguousarray(scene.values[case, step])),
        Truth(
            torch.from_numpy(np.ascontiguousarray(box.values[case, step, :4]))[:, None],
            torch.from_numpy(np.asarray(batch.y)[case].astype(np.int64))[:, None],
            torch.ones(len(case), 1, dtype=torch.bool),
            further.reshape(len(case), -1, 4) if further.shape[1] else None,
        ),
    )
