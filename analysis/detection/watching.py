"""Looking at camera pictures one by one while they come: box, expression, probabilities, how long it took."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analysis.detection.boxes import Letterbox
from analysis.detection.counting import Latency, latency_of
from analysis.detection.decoding import Detection
from analysis.detection.haar import HaarExpressions
from analysis.detection.problems import DetectionError
from analysis.views.faces import Box, Crop, FaceError, FaceFinder

if TYPE_CHECKING:
    from analysis.recognizers.psa_yolo import PSAYolo

SMOOTHING_S = 0.5
GONE_S = 1.0
"""After so long without a face the smoothed probabilities start anew."""
KEPT = 600
NO_FACE = "No face found"


class Detector(Protocol):
    """Finds and names faces of pictures."""

    classes: tuple[str, ...]

    def detect(self, picture: bytes) -> tuple[Detection, ...]:
        """Return the faces of a JPEG or PNG, the most confident first; boxes are shares of the picture."""

    def close(self) -> None:
        """Give up what it holds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture shows: `box` as shares of it (None: no face), `label` the class ("": none).

    `probabilities` are of this picture in the order of `classes`, `smoothed` those of the last half second;
    () where there is no face. `latency_ms` is the time from the picture's bytes to this answer.
    """

    time_s: float
    box: Box | None
    label: str
    confidence: float
    probabilities: tuple[float, ...]
    smoothed: tuple[float, ...]
    latency_ms: float
    classes: tuple[str, ...]

    @property
    def words(self) -> str:
        """What is seen, in words."""
        if self.box is None:
            return NO_FACE
        return f"{self.label}, {100 * self.confidence:.0f} %"


class YoloDetector:
    """A trained psa-yolo on pictures of any size, `size_px` and colour as it was trained with."""

    def __init__(self, recognizer: PSAYolo, size_px: int, colour: bool) -> None:
        self.classes = recognizer.classes
        self._recognizer = recognizer
        self._finder = FaceFinder(Crop(size_px, colour=colour, whole=True, bars=True))

    @classmethod
    def load(cls, folder: Path) -> YoloDetector:
        """Read a detector that `save_detector` or a kept run wrote; raises DetectionError."""
        from analysis.detection.kept import read_detector

        kept = read_detector(folder)
        return cls(kept.recognizer, kept.size_px, kept.colour)

    def detect(self, picture: bytes) -> tuple[Detection, ...]:
        """Return the faces, the most confident first."""
        from analysis.features.scene import scene_of

        try:
            found = self._finder.cut_out(picture)
        except FaceError as error:
            raise DetectionError(str(error)) from error
        if not found.width:
            return ()
        letterbox = Letterbox(found.width, found.height)
        made = []
        for each in self._recognizer.detect(scene_of(found)[None])[0]:
            box = letterbox.out_of(np.array([each.box]))[0].tolist()
            made.append(Detection((box[0], box[1], box[2], box[3]), each.label, each.confidence, each.proba))
        return tuple(made)

    def close(self) -> None:
        """End OpenCV's process."""
        self._finder.close()


class FaceWatcher:
    """Call it with each picture: `watcher(jpeg, time_s) -> Seen`. From one thread at a time."""

    def __init__(self, detector: Detector | None = None, smoothing_s: float = SMOOTHING_S) -> None:
        self.detector: Detector = HaarExpressions() if detector is None else detector
        self._smoothing_s = smoothing_s
        self._smoothed: tuple[float, ...] = ()
        self._last_s = -math.inf
        self._took_ms: deque[float] = deque(maxlen=KEPT)

    @property
    def classes(self) -> tuple[str, ...]:
        """The expressions that it tells apart."""
        return self.detector.classes

    @property
    def latency(self) -> Latency:
        """Median and 95th percentile over the newest pictures."""
        return latency_of(list(self._took_ms))

    def __call__(self, picture: bytes, time_s: float | None = None) -> Seen:
        """Look at a JPEG or PNG taken at `time_s` (now, if None); raises DetectionError."""
        at_s = time.monotonic() if time_s is None else time_s
        began = time.perf_counter()
        found = self.detector.detect(picture)
        took_ms = 1000 * (time.perf_counter() - began)
        self._took_ms.append(took_ms)
        if not found:
            return Seen(at_s, None, "", 0.0, (), (), took_ms, self.classes)
        best = found[0]
        self._smoothed = self._follow(best.proba, at_s)
        return Seen(
            at_s,
            Box(*best.box),
            self.classes[best.label],
            best.confidence,
            best.proba,
            self._smoothed,
            took_ms,
            self.classes,
        )

    def _follow(self, proba: Sequence[float], at_s: float) -> tuple[float, ...]:
        step_s = at_s - self._last_s
        self._last_s = at_s
        if len(self._smoothed) != len(proba) or not 0 <= step_s <= GONE_S:
            return tuple(proba)
        share = 1 - math.exp(-step_s / self._smoothing_s) if self._smoothing_s > 0 else 1.0
        return tuple(old + (new - old) * share for old, new in zip(self._smoothed, proba, strict=True))

    def close(self) -> None:
        """Give up the detector."""
        self.detector.close()


def seen_columns(classes: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of what was seen as a table."""
    return (
        "time_s", "label", "confidence", "left", "top", "width", "height", "latency_ms",
        *(f"p_{name}" for name in classes), *(f"smoothed_{name}" for name in classes),
    )  # fmt: skip


def seen_row(seen: Seen) -> dict[str, float | str | None]:
    """Return one picture as a row of that table; None where there is no face."""
    box = seen.box
    row: dict[str, float | str | None] = {
        "time_s": seen.time_s,
        "label": seen.label,
        "confidence": seen.confidence if box is not None else None,
        "left": None if box is None else box.left,
        "top": None if box is None else box.top,
        "width": None if box is None else box.width,
        "height": None if box is None else box.height,
        "latency_ms": seen.latency_ms,
    }
    for kind, values in (("p", seen.probabilities), ("smoothed", seen.smoothed)):
        for place, name in enumerate(seen.classes):
            row[f"{kind}_{name}"] = values[place] if values else None
    return row
