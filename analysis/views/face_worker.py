"""The process that finds faces: JPEG pictures come in on standard input, boxes go out on standard output.

Each picture is its length (4 bytes) and its bytes; each answer the number of boxes (4 bytes) and four
float64 a box: left, top, width, height as shares of the picture. Given a `Crop` as arguments, it adds the
picture's width and height (4 bytes each, 0 if damaged) and the pixels of every face, row by row; or those of
the whole picture.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from analysis.views.faces import BOX, HEAD, SIZE, Crop

CASCADE = "haarcascade_frontalface_default.xml"
LOOKED_AT_WIDTH = 320
SCALE_STEP = 1.1
NEIGHBOURS = 5
SMALLEST_FACE = 8
"""A face that is looked for is at least this fraction of the picture's height: 1/8."""
BARS = 114
"""Grey of the bars beside a whole picture, as YOLO has them."""


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
    crop = Crop.from_words(sys.argv[1:]) if len(sys.argv) > 1 else None
    while len(head := sys.stdin.buffer.read(HEAD.size)) == HEAD.size:
        jpeg = sys.stdin.buffer.read(HEAD.unpack(head)[0])
        if crop is not None and crop.whole:
            sys.stdout.buffer.write(whole(cv2, jpeg, crop))
        else:
            boxes = faces(cv2, cascade, jpeg)
            sys.stdout.buffer.write(HEAD.pack(len(boxes)) + b"".join(BOX.pack(*box) for box in boxes))
            if crop is not None:
                sys.stdout.buffer.write(cut_out(cv2, jpeg, boxes, crop))
        sys.stdout.buffer.flush()


def faces(cv2: Any, cascade: Any, jpeg: bytes) -> list[tuple[float, float, float, float]]:
    """Return the faces on one picture, the most certain one first; none where it cannot be decoded."""
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
    found, _, certain = cascade.detectMultiScale3(
        grey, SCALE_STEP, NEIGHBOURS, minSize=(least, least), outputRejectLevels=True
    )
    order = np.argsort(-np.ravel(certain), kind="stable")
    boxes = np.asarray(found).reshape(-1, 4)[order]
    return [(x / width, y / height, w / width, h / height) for x, y, w, h in boxes]


def cut_out(cv2: Any, jpeg: bytes, boxes: list[tuple[float, float, float, float]], crop: Crop) -> bytes:
    """Return the picture's size and the pixels of its faces, as they go out."""
    picture = decoded(cv2, jpeg, crop)
    if picture is None:
        return SIZE.pack(0, 0)
    height, width = picture.shape[:2]
    made = [SIZE.pack(width, height)]
    for left, top, box_width, box_height in boxes:
        side = max(box_width * width, box_height * height) * (1 + 2 * crop.margin)
        x, y = (left + box_width / 2) * width, (top + box_height / 2) * height
        wanted = max(1, round(side))
        # Replicated edges: a face at the picture's border keeps its proportions.
        rows = np.clip(round(y - side / 2) + np.arange(wanted), 0, height - 1)
        columns = np.clip(round(x - side / 2) + np.arange(wanted), 0, width - 1)
        way = cv2.INTER_AREA if wanted > crop.size_px else cv2.INTER_LINEAR
        square = cv2.resize(picture[np.ix_(rows, columns)], (crop.size_px, crop.size_px), interpolation=way)
        made.append(np.ascontiguousarray(square, np.uint8).tobytes())
    return b"".join(made)


def whole(cv2: Any, jpeg: bytes, crop: Crop) -> bytes:
    """Return the whole picture as one face is told: made a square, whatever its proportions were."""
    picture = decoded(cv2, jpeg, crop)
    if picture is None:
        return HEAD.pack(0) + SIZE.pack(0, 0)
    height, width = picture.shape[:2]
    if crop.bars:
        square = _between_bars(cv2, picture, crop)
    else:
        way = cv2.INTER_AREA if min(height, width) > crop.size_px else cv2.INTER_LINEAR
        square = cv2.resize(picture, (crop.size_px, crop.size_px), interpolation=way)
    head = HEAD.pack(1) + BOX.pack(0.0, 0.0, 1.0, 1.0) + SIZE.pack(width, height)
    return head + np.ascontiguousarray(square, np.uint8).tobytes()


def _between_bars(cv2: Any, picture: Any, crop: Crop) -> Any:
    height, width = picture.shape[:2]
    share = crop.size_px / max(height, width)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, size, interpolation=way)
    square = np.full((crop.size_px, crop.size_px, crop.channels), BARS, np.uint8)
    top, left = (crop.size_px - size[1]) // 2, (crop.size_px - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small.reshape(size[1], size[0], crop.channels)
    return square


def decoded(cv2: Any, jpeg: bytes, crop: Crop) -> Any:
    """Return the picture, grey or red, green and blue; None where it is damaged."""
    if not jpeg:
        return None
    kind = cv2.IMREAD_COLOR if crop.colour else cv2.IMREAD_GRAYSCALE
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), kind)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if picture is not None and crop.colour else picture


if __name__ == "__main__":
    main()
