"""A trained detector in a folder: the recognizer, and the size and colour of the pictures it looks at.

Two kinds of folder are read: one that `save_detector` wrote (detector.json beside the recognizer's files),
and the model of a run of the recognizer psa-yolo (model.json, recognizer/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.detection.problems import DetectionError
from analysis.recognizers.psa_yolo import PSAYolo
from analysis.recognizers.psa_yolo_card import SCENE
from analysis.recognizers.recognizer import RecognizerError

FILE = "detector.json"
FORMAT = "evoke-face-detector"
VERSION = 1


@dataclass(frozen=True)
class KeptDetector:
    """A detector, the side of its squares in pixels, whether they are coloured, what it was trained on."""

    recognizer: PSAYolo
    size_px: int
    colour: bool
    about: Mapping[str, Any]


def save_detector(folder: Path, kept: KeptDetector) -> None:
    """Write a detector into a new folder, whole or not at all; raises DetectionError."""
    partial = folder.with_name(f".{folder.name}.new")
    if folder.exists() or partial.exists():
        raise DetectionError(f"{folder} is there already. Choose another name.")
    try:
        kept.recognizer.save(partial / "recognizer")
        said = {
            "format": FORMAT, "version": VERSION, "size_px": kept.size_px, "colour": kept.colour,
            "classes": list(kept.recognizer.classes), "about": dict(kept.about),
        }  # fmt: skip
        (partial / FILE).write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
        partial.rename(folder)
    except OSError as error:
        raise DetectionError(f"{folder}: cannot be written ({error.strerror}). Free some space.") from error


def read_detector(folder: Path) -> KeptDetector:
    """Read a detector; raises DetectionError with one clear message."""
    try:
        if (folder / FILE).is_file():
            return _own(folder)
        if (folder / "model.json").is_file():
            return _of_run(folder)
    except RecognizerError as error:
        raise DetectionError(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DetectionError(
            f"{folder}: this detector cannot be read ({type(error).__name__}). Train it again."
        ) from error
    raise DetectionError(f"{folder}: holds no trained detector. Choose one that Faces or a run kept.")


def _own(folder: Path) -> KeptDetector:
    said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if said.get("format") != FORMAT or said.get("version") != VERSION:
        raise DetectionError(f"{folder / FILE} is no {FORMAT} of version {VERSION}.")
    recognizer = PSAYolo.load(folder / "recognizer")
    return KeptDetector(recognizer, int(said["size_px"]), bool(said["colour"]), said.get("about", {}))


def _of_run(folder: Path) -> KeptDetector:
    from analysis.evaluation.trained import TrainedError, load_trained

    try:
        trained = load_trained(folder)
    except TrainedError as error:
        raise DetectionError(str(error)) from error
    if not isinstance(trained.recognizer, PSAYolo):
        raise DetectionError(f"{folder}: is a {trained.card.title}, which finds no faces. Choose a PSA-YOLO.")
    scene = next(spec for spec in trained.inputs if spec.name == SCENE)
    settings = {"size_px": 128, "colour": False, **scene.settings}
    return KeptDetector(trained.recognizer, int(settings["size_px"]), bool(settings["colour"]), trained.about)
