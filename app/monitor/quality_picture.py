"""Brightness and faces in a camera's pictures, and pictures that repeat the one before."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.devices.opencv import load_opencv
from app.devices.source import DeviceError

CASCADE = "haarcascade_frontalface_default.xml"
LOOKED_AT_WIDTH = 320
REDUCTIONS = (8, 4, 2)
SCALE_STEP = 1.2
NEIGHBOURS = 4
SMALLEST_FACE = 6
"""A face that is looked for is at least this fraction of the picture's height: 1/6."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture shows: mean brightness from 0 to 255, and whether there is a face."""

    brightness: float
    has_face: bool


class Looker:
    """Looks at JPEG pictures with OpenCV; raises DeviceError where OpenCV is missing."""

    def __init__(self, device_id: str) -> None:
        self._cv2 = load_opencv(device_id)
        path = Path(self._cv2.data.haarcascades) / CASCADE
        self._faces: Any = self._cv2.CascadeClassifier(str(path))
        if self._faces.empty():
            raise DeviceError(f"device {device_id}: OpenCV's face detector is missing. Install Evoke again.")

    def look(self, jpeg: bytes, width: int) -> Look | None:
        """Look at a picture, decoded at a fraction of its size; None if it is damaged."""
        factor = next((step for step in REDUCTIONS if width >= step * LOOKED_AT_WIDTH), 1)
        flag = self._cv2.IMREAD_GRAYSCALE
        if factor > 1:
            flag = getattr(self._cv2, f"IMREAD_REDUCED_GRAYSCALE_{factor}")
        if not jpeg:
            return None
        grey = self._cv2.imdecode(np.frombuffer(jpeg, np.uint8), flag)
        if grey is None:
            return None
        least = max(20, grey.shape[0] // SMALLEST_FACE)
        found = self._faces.detectMultiScale(grey, SCALE_STEP, NEIGHBOURS, minSize=(least, least))
        return Look(float(grey.mean()), len(found) > 0)


def repeats(fingerprints: Sequence[int]) -> int:
    """Return how many pictures are equal, byte for byte, to the one before.

    A sensor's noise makes every true picture differ; drivers send the last one again when the camera
    hangs.
    """
    return sum(a == b for a, b in itertools.pairwise(fingerprints))
