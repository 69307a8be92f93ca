"""Whole camera pictures and where the face is on them: what a detector learns from and looks at.

Both features give one row for each picture that is looked at, `rate_hz` times a second, so that their rows
belong together. Pictures lie in the middle of a square with grey bars; boxes are shares of that square.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.detection.boxes import Letterbox
from analysis.features.face import chosen, nearest_frames
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.views.face_worker import BARS
from analysis.views.faces import Box, Crop, FaceError, FaceFinder, Faces

Times = NDArray[np.float64]
Floats = NDArray[np.float32]
NAMES = ("left", "top", "width", "height", "found")
SIZE_PX = 128


def _of_frames(
    signal: Signal, spans: Times, rate_hz: float, crop: Crop, row: Callable[[Faces], Floats], names: Any
) -> Steps:
    """Turn every picture that is looked at into one row."""
    if signal.frames is None or signal.times_s is None:
        raise FeatureError(f"'{signal.modality}' has no pictures: a camera's stream is needed.")
    values: list[Floats] = []
    times: list[Times] = []
    first = [0]
    with FaceFinder(crop) as finder:
        for start_s, stop_s in spans.tolist():
            frames = nearest_frames(signal.times_s, (start_s, stop_s), rate_hz)
            try:
                values += [row(finder.cut_out(signal.frames(number))) for number in frames.tolist()]
            except FaceError as error:
                raise FeatureError(str(error)) from error
            times.append(signal.times_s[frames])
            first.append(len(values))
    empty = row(Faces((), 0, 0, np.zeros((0, crop.size_px, crop.size_px, crop.channels), np.uint8)))
    made = np.stack(values) if values else np.zeros((0, *empty.shape), np.float32)
    return Steps(made, np.array(first, np.intp), np.concatenate(times) if times else np.zeros(0), names)


def _scene(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]) -> Steps:
    del window_s, hop_s
    size = int(settings["size_px"])
    if size < 32 or size % 32:
        raise FeatureError(f"face.scene: size_px is a multiple of 32, not {size}.")
    crop = Crop(size, colour=bool(settings["colour"]), whole=True, bars=True)
    return _of_frames(signal, spans, float(settings["rate_hz"]), crop, scene_of, ())


def scene_of(faces: Faces) -> Floats:
    """Return a picture (channels, size, size) at 0..1; grey all over where it was damaged."""
    if len(faces.pixels):
        return np.ascontiguousarray(faces.pixels[0].transpose(2, 0, 1), np.float32) / np.float32(255)
    size, channels = faces.pixels.shape[1], faces.pixels.shape[3]
    return np.full((channels, size, size), BARS / 255, np.float32)


def _boxes(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]) -> Steps:
    del window_s, hop_s
    last: list[Box] = []

    def row(faces: Faces) -> Floats:
        made = np.zeros(len(NAMES), np.float32)
        if faces.boxes:
            box = faces.boxes[chosen(faces.boxes, last[-1] if last else None)]
            last[:] = [box]
            inside = Letterbox(faces.width, faces.height).into(
                np.array([[box.left, box.top, box.width, box.height]])
            )
            made[:4], made[4] = inside[0], 1.0
        return made

    return _of_frames(signal, spans, float(settings["rate_hz"]), Crop(1), row, NAMES)


SCENE = Feature(
    name="face.scene",
    version=1,
    modalities=("face",),
    about=(
        "Whole pictures, 0 to 1, a picture a row: (rows, channels, size, size), in the middle of a square "
        "with grey bars. Doubts: whoever and whatever is on the pictures can be recognised in the stored "
        "features."
    ),
    source="Letterboxing of YOLO (Redmon & Farhadi); Ma and Zhang, PSA-YOLO, do not give their input size",
    extract=_scene,
    settings={"rate_hz": 1.0, "size_px": SIZE_PX, "colour": False},
)

SCENE_BOX = Feature(
    name="face.scene_box",
    version=1,
    modalities=("face",),
    about=(
        "Where the face is in the square of face.scene (left, top, width, height, 0 to 1) and whether one "
        "was found (1 or 0; then the box is 0). Doubts: a cascade's box trembles by a few hundredths of its "
        "width, sees frontal faces only, and what it takes for a face may be none: a detector learns that."
    ),
    source="OpenCV's frontal cascade (Viola & Jones, 2001)",
    extract=_boxes,
    settings={"rate_hz": 1.0},
)
