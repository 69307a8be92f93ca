"""Pictures of a camera as sequences: a face for each window of 0.96 s, face crops, and whole frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.face import Seen, chosen
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.patches import PATCH_S, windows_in
from analysis.views.faces import Crop, FaceError, FaceFinder

Times = NDArray[np.float64]
Floats = NDArray[np.float32]
Settings = Mapping[str, Any]


def even_places(count: int, wanted: int) -> NDArray[np.intp]:
    """Return `wanted` places at equal intervals among `count`, each in the middle of its part, in order."""
    return np.floor((np.arange(wanted) + 0.5) * count / wanted).astype(np.intp)


def padded_places(found: int, wanted: int) -> NDArray[np.intp]:
    """Return which of `found` faces stand in `wanted` places: at equal intervals, or the ends repeated.

    With fewer faces than places the first and the last are repeated in turn, the last one first, so that the
    order in time is kept; none gives none.
    """
    if not found:
        return np.zeros(0, np.intp)
    if found >= wanted:
        return even_places(found, wanted)
    missing = wanted - found
    before = missing // 2
    return np.clip(np.arange(wanted) - before, 0, found - 1).astype(np.intp)


def from_the_middle(low: int, high: int, tries: int) -> list[int]:
    """Return the frames from `low` up to `high` (not included), the middle one first, `tries` at most.

    The others lie ever farther to both sides of it, spread so that the window's ends are reached.
    """
    count = high - low
    if count <= 0:
        return []
    looked = even_places(count, min(count, max(1, tries)))
    middle = (count - 1) / 2
    return [low + int(place) for place in sorted(looked, key=lambda place: (abs(place - middle), place))]


class _Camera:
    """Reads faces off the frames of a signal; each frame is looked at once."""

    def __init__(self, signal: Signal, finder: FaceFinder, smallest_px: float) -> None:
        if signal.frames is None or signal.times_s is None:
            raise FeatureError(f"'{signal.modality}' has no pictures: a camera's stream is needed.")
        self.times_s = signal.times_s
        self._frames, self._finder, self._smallest_px = signal.frames, finder, smallest_px
        self._last: Seen | None = None

    def face(self, number: int) -> Seen | None:
        """Return the followed face on a frame, None where there is none."""
        try:
            found = self._finder.cut_out(self._frames(number))
        except FaceError as error:
            raise FeatureError(str(error)) from error
        wide = [p for p, box in enumerate(found.boxes) if box.width * found.width >= self._smallest_px]
        if not wide:
            return None
        last = None if self._last is None else self._last.box
        place = wide[chosen([found.boxes[each] for each in wide], last)]
        self._last = Seen(float(self.times_s[number]), found.boxes[place], found.pixels[place])
        return self._last

    def inside(self, low: float, high: float) -> tuple[int, int]:
        """Return the first frame of a span and the one behind its last."""
        first, stop = np.searchsorted(self.times_s, (low, high), "left")
        return int(first), int(stop)


def _face_frames(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Settings) -> Steps:
    del window_s, hop_s
    crop = _crop(settings)
    with FaceFinder(crop) as finder:
        camera = _Camera(signal, finder, float(settings["smallest_px"]))
        rows = [_windows(camera, span, int(settings["tries"])) for span in spans.tolist()]
    return _steps(rows, crop)


def _windows(camera: _Camera, span: Sequence[float], tries: int) -> list[tuple[float, NDArray[np.uint8]]]:
    """Return a face for each window of a span; windows without one take that of the nearest window."""
    low = span[0]
    count = windows_in(span[1] - low)
    found: list[NDArray[np.uint8] | None] = []
    for place in range(count):
        end = span[1] if count == 1 else low + (place + 1) * PATCH_S
        frames = camera.inside(low + place * PATCH_S, end)
        faces = (camera.face(number) for number in from_the_middle(*frames, tries))
        seen = next((face for face in faces if face is not None), None)
        found.append(None if seen is None else seen.pixels)
    there = np.flatnonzero([face is not None for face in found])
    made = []
    for place in range(count) if len(there) else ():
        pixels = found[int(there[np.argmin(np.abs(there - place))])]
        assert pixels is not None
        made.append((low + (place + 0.5) * PATCH_S, pixels))
    return made


def _face_crops(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Settings) -> Steps:
    del window_s, hop_s
    crop, count, looks = _crop(settings), int(settings["count"]), int(settings["looks"])
    _positive("face.crops", settings, "count", "looks")
    rows = []
    with FaceFinder(crop) as finder:
        camera = _Camera(signal, finder, float(settings["smallest_px"]))
        for low, high in spans.tolist():
            first, stop = camera.inside(low, high)
            looked = first + np.unique(even_places(stop - first, min(looks, max(stop - first, 0))))
            faces = [face for number in looked.tolist() if (face := camera.face(number)) is not None]
            rows.append([(faces[p].time_s, faces[p].pixels) for p in padded_places(len(faces), count)])
    return _steps(rows, crop)


def _scene(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Settings) -> Steps:
    del window_s, hop_s
    _positive("scene.frames", settings, "count", "size_px")
    if signal.frames is None or signal.times_s is None:
        raise FeatureError(f"'{signal.modality}' has no pictures: a camera's stream is needed.")
    crop = Crop(int(settings["size_px"]), 0.0, bool(settings["colour"]), whole=True)
    rows = []
    with FaceFinder(crop) as finder:
        for low, high in spans.tolist():
            first, stop = np.searchsorted(signal.times_s, (low, high), "left").tolist()
            places = first + even_places(stop - first, int(settings["count"])) if stop > first else ()
            rows.append(list(_whole(signal, finder, [int(place) for place in places])))
    return _steps(rows, crop)


def _whole(
    signal: Signal, finder: FaceFinder, numbers: Sequence[int]
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield frames, the one before where one is damaged; a camera slower than asked repeats its own."""
    assert signal.frames is not None
    assert signal.times_s is not None
    held: tuple[int, NDArray[np.uint8]] | None = None
    for number in numbers:
        if held is None or held[0] != number:
            try:
                pixels = finder.cut_out(signal.frames(number)).pixels
            except FaceError as error:
                raise FeatureError(str(error)) from error
            if len(pixels):
                held = (number, pixels[0])
        if held is not None:
            yield float(signal.times_s[number]), held[1]


def _crop(settings: Settings) -> Crop:
    return Crop(int(settings["size_px"]), float(settings["margin"]), bool(settings["colour"]))


def _positive(feature: str, settings: Settings, *names: str) -> None:
    for name in names:
        if int(settings[name]) < 1:
            raise FeatureError(f"{feature}: {name} must be 1 or more.")


def _steps(rows: Sequence[Sequence[tuple[float, NDArray[np.uint8]]]], crop: Crop) -> Steps:
    """Return pictures at 0..1 as (rows, channels, size, size)."""
    first = np.cumsum([0, *map(len, rows)]).astype(np.intp)
    shape = (0, crop.size_px, crop.size_px, crop.channels)
    every = [pixels for row in rows for _, pixels in row]
    pixels = np.stack(every) if every else np.zeros(shape, np.uint8)
    values = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
    return Steps(values, first, np.array([time for row in rows for time, _ in row], np.float64), ())


_FOUND_BY = "faces by OpenCV's frontal cascade (Viola & Jones, 2001)"

FACE_FRAMES = Feature(
    name="face.frames",
    version=1,
    modalities=("face",),
    about=(
        "One face for each window of 0.96 s, as many as speech.patches has for the same span: (rows, "
        "channels, size, size) at 0 to 1. Of each window the frame nearest to its middle that shows a face, "
        "among `tries`; a window without one takes that of the nearest window, a span without any has no "
        "row. Doubts: the article takes a random frame of each window in training, which a stored feature "
        "cannot; the box is neither turned upright nor aligned by landmarks."
    ),
    source=f"Semantic-enhanced MER-SEM-MBT (2022), one face a 0.96 s window; {_FOUND_BY}",
    extract=_face_frames,
    settings={"size_px": 48, "margin": 0.1, "colour": True, "smallest_px": 48, "tries": 5},
)

FACE_CROPS = Feature(
    name="face.crops",
    version=1,
    modalities=("face",),
    about=(
        "`count` faces at equal intervals among those that are found on `looks` frames at equal intervals: "
        "(rows, channels, size, size) at 0 to 1. With fewer the first and the last are repeated, half at "
        "each end. A span without a face has no row: a crop of the picture's middle would be a wall."
    ),
    source=f"Personality by audio, scene and face, 30 faces a clip; {_FOUND_BY} instead of MTCNN",
    extract=_face_crops,
    settings={"count": 30, "looks": 60, "size_px": 48, "margin": 0.1, "colour": True, "smallest_px": 48},
)

SCENE_FRAMES = Feature(
    name="scene.frames",
    version=1,
    modalities=("face",),
    about=(
        "`count` whole pictures at equal intervals, each made a square of `size_px` (its proportions are not "
        "kept): (rows, channels, size, size) at 0 to 1. A camera with fewer pictures gives some twice. "
        "Doubts: rooms and clothes are in it, so it may tell who or where somebody is."
    ),
    source="Personality by audio, scene and face, 100 frames a clip",
    extract=_scene,
    settings={"count": 100, "size_px": 32, "colour": True},
)
