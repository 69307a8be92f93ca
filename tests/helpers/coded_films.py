"""Films whose every frame says its number in black and white squares, whatever codec and rate."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS, SQUARE = 12, 16
SIZE = (4 * SQUARE, 3 * SQUARE)
"""Width and height: four squares a row."""
UNIT = Fraction(1, 1000)
KINDS = ("constant", "variable", "b-frames", "gop-10", "mjpeg", "matroska")


def coded(number: int) -> NDArray[np.uint8]:
    """Return a picture (height, width, 3) that says a number."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            row, column = divmod(bit, 4)
            picture[row * SQUARE : (row + 1) * SQUARE, column * SQUARE : (column + 1) * SQUARE] = 255
    return picture


def number_in(picture: NDArray[np.uint8]) -> int:
    """Return the number that a picture of any size says."""
    height, width = picture.shape[:2]
    number = 0
    for bit in range(BITS):
        row, column = divmod(bit, 4)
        y, x = int((row + 0.5) * height / 3), int((column + 0.5) * width / 4)
        number |= int(picture[y, x].mean() > 128) << bit
    return number


def times_ms(kind: str, frames: int) -> list[int]:
    """Return when each frame of a kind of film is shown, in milliseconds."""
    if kind != "variable":
        return [40 * number for number in range(frames)]
    steps = np.random.default_rng(3).integers(17, 120, frames)
    return [0, *np.cumsum(steps)[:-1].tolist()]


def coded_film(path: Path, kind: str, frames: int) -> list[int]:
    """Write a film of one of `KINDS`; return its frames' times in milliseconds."""
    times = times_ms(kind, frames)
    options = {"preset": "ultrafast", "crf": "20"}
    gop, b_frames, codec = 60, 0, "libx264"
    if kind == "gop-10":
        gop = 10
    elif kind in ("b-frames", "matroska"):
        b_frames, options = 3, {"crf": "20", "x264-params": "b-adapt=0:scenecut=0"}
    elif kind == "mjpeg":
        codec, options = "mjpeg", {}
    _write(path, times, codec, options, gop, b_frames)
    return times


def ending(kind: str) -> str:
    """Return the file name's ending of a kind of film."""
    return {"mjpeg": ".avi", "matroska": ".mkv"}.get(kind, ".mp4")


def _write(
    path: Path, times: Sequence[int], codec: str, options: dict[str, str], gop: int, b_frames: int
) -> None:
    is_even = len({b - a for a, b in itertools.pairwise(times)}) == 1
    unit = Fraction(1, 25) if is_even else UNIT
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        context = stream.codec_context
        context.gop_size, context.max_b_frames, context.time_base = gop, b_frames, unit
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(coded(number), format="rgb24")
            frame.pts, frame.time_base = number if is_even else time, unit
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
