"""Blinks as a camera sees them: the region of the eyes, followed through the head's movements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.alignment_signals import Floats, closures
from analysis.session_reader import Stream

FACE = 96
"""The face is scaled to so many pixels a side: enough for the eyes, little enough for every frame."""
EYES = (slice(26, 46), slice(14, 82))
"""Rows and columns of the eyes in a face as the detector boxes it."""
MARGIN = 16
FACES_ASKED = 5


def blinks_seen(camera: Stream, rows: NDArray[np.intp], times_s: Floats) -> Floats | None:
    """Return the times of the blinks in some frames of a camera; None where no face is found."""
    import cv2

    if len(rows) < 16:
        return None
    found = _face(camera, rows)
    if found is None:
        return None
    box, pattern = found
    eyes, when = [], []
    for row, time_s in zip(rows, times_s, strict=True):
        picture = _picture(camera, int(row))
        if picture is None:
            continue
        around = _cut(picture, box, MARGIN)
        likeness = cv2.matchTemplate(around, pattern, cv2.TM_CCOEFF_NORMED)
        x, y = _peak(likeness)
        # Shifted by parts of a pixel too: edges that jump by one would look like lids.
        move = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
        face = cv2.warpAffine(around, move, (FACE, FACE), flags=cv2.INTER_LINEAR)
        eyes.append(cv2.GaussianBlur(face, (5, 5), 0)[EYES].ravel())
        when.append(time_s)
    return closures(np.array(eyes, np.float64), np.array(when))


def _peak(likeness: NDArray[np.float32]) -> tuple[float, float]:
    """Return column and row of the highest value, to a part of a place."""
    row, column = np.unravel_index(int(np.argmax(likeness)), likeness.shape)

    def part(low: float, top: float, high: float) -> float:
        bend = low - 2 * top + high
        return 0.5 * (low - high) / bend if bend < 0 else 0.0

    x, y = float(column), float(row)
    if 0 < column < likeness.shape[1] - 1:
        x += part(*(float(value) for value in likeness[row, column - 1 : column + 2]))
    if 0 < row < likeness.shape[0] - 1:
        y += part(*(float(value) for value in likeness[row - 1 : row + 2, column]))
    return x, y


def _cut(picture: Any, box: tuple[int, int, int, int], margin: int) -> Any:
    """Return the face's box and `margin` (in pixels of the scaled face) around it, scaled."""
    import cv2

    left, top, width, height = box
    more_x, more_y = width * margin / FACE, height * margin / FACE
    side = FACE + 2 * margin
    scale_x, scale_y = FACE / width, FACE / height
    move = np.array([[scale_x, 0, -(left - more_x) * scale_x], [0, scale_y, -(top - more_y) * scale_y]])
    return cv2.warpAffine(picture, move, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def _face(camera: Stream, rows: NDArray[np.intp]) -> tuple[tuple[int, int, int, int], Any] | None:
    """Return the box of the face in the middle of some frames (left, top, width, height) and its picture."""
    import cv2

    detector = cv2.CascadeClassifier(
        str(cv2.data.haarcascades) + "haarcascade_frontalface_default.xml"  # type: ignore[attr-defined]
    )
    found = []
    for row in np.linspace(rows[0], rows[-1], FACES_ASKED).astype(int):
        picture = _picture(camera, int(row))
        boxes = [] if picture is None else detector.detectMultiScale(picture, 1.1, 5, minSize=(48, 48))
        if len(boxes):
            left, top, width, height = (int(value) for value in max(boxes, key=lambda box: int(box[2])))
            found.append(((left, top, width, height), picture))
    if len(found) < 2:
        return None
    found.sort(key=lambda each: each[0][2])
    box, picture = found[len(found) // 2]
    return box, _cut(picture, box, 0)


def _picture(camera: Stream, row: int) -> Any:
    import cv2

    coded = np.frombuffer(camera.data[row], np.uint8)
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE) if len(coded) else None
