"""The process that finds faces: JPEG pictures come in on standard input, boxes go out on standard output.

Each picture is its length (4 bytes) and its bytes; each answer the number of boxes (4 bytes) and four
float64 a box: left, top, width, height as shares of the picture.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from analysis.views.faces import BOX, HEAD

CASCADE = "haarcascade_frontalface_default.xml"
LOOKED_AT_WIDTH = 320
SCALE_STEP = 1.1
NEIGHBOURS = 5
SMALLEST_FACE = 8
"""A face that is looked for is at least this fraction of the picture's height: 1/8."""


def main() -> None:
    """Answer until standard input ends."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    try:
        # mypy knows nothing of its folder of cascades.
        cv2: Any = importlib.import_module("cv2")
    except ImportError as error:
        sys.exit(f"OpenCV cannot be loaded ({error})")
    cv2.setNumThreads(1)
    cascade = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / CASCADE))
    if cascade.empty():
        sys.exit("OpenCV's face detector is missing; install Evoke again")
    while len(head := sys.stdin.buffer.read(HEAD.size)) == HEAD.size:
        jpeg = sys.stdin.buffer.read(HEAD.unpack(head)[0])
        boxes = faces(cv2, cascade, jpeg)
        sys.stdout.buffer.write(HEAD.pack(len(boxes)) + b"".join(BOX.pack(*box) for box in boxes))
        sys.stdout.buffer.flush()


def faces(cv2: Any, cascade: Any, jpeg: bytes) -> list[tuple[float, float, float, float]]:
    """Return the faces on one picture, none where it cannot be decoded."""
    if not jpeg:
        return []
    grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return []
    height, width = grey.shape
    if width > LOOKED_AT_WIDTH:
        size = (LOOKED_AT_WIDTH, max(1, round(height * LOOKED_AT_WIDTH / width)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        height, width = grey.shape
    grey = cv2.equalizeHist(grey)
    least = max(20, height // SMALLEST_FACE)
    found = cascade.detectMultiScale(grey, SCALE_STEP, NEIGHBOURS, minSize=(least, least))
    return [(x / width, y / height, w / width, h / height) for x, y, w, h in np.asarray(found).reshape(-1, 4)]


if __name__ == "__main__":
    main()
