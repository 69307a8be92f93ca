"""The face on a camera's pictures: a box that is calm enough to be drawn, or that there is none.

OpenCV changes Qt's settings when it is imported, so it works in a process of its own (`face_worker`);
`FaceFinder` talks to it. Boxes are found by OpenCV's cascade (Viola & Jones, 2001); the largest one is
followed.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from numpy.typing import NDArray

NO_FACE = "No face found"
WORKER = "analysis.views.face_worker"
HOLD_S = 0.5
"""A face that is missed for no longer stays where it was."""
FOLLOW_S = 0.15
"""A box follows the face with this time constant: cascades tremble from picture to picture."""
NEAR_SHARE = 0.6
LONGEST_S = 20.0
_ROOMS = Path(__file__).resolve().parents[2]
HEAD = struct.Struct("<I")
BOX = struct.Struct("<4d")
SIZE = struct.Struct("<2I")


class FaceError(Exception):
    """Faces cannot be looked for; the text says why."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as shares of the picture's width and height, 0 to 1, from its upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Crop:
    """How faces are cut out: a square of `size_px` pixels, the box and `margin` of its width on every side.

    What lies outside the picture is as the picture's edge. `whole`: no face is looked for; the one box is the
    whole picture, made a square, undistorted between grey `bars` if asked.
    """

    size_px: int
    margin: float = 0.0
    colour: bool = False
    whole: bool = False
    bars: bool = False

    @property
    def channels(self) -> int:
        """Bytes a pixel: grey, or red, green and blue."""
        return 3 if self.colour else 1

    def words(self) -> list[str]:
        """Return it as arguments of a command."""
        flags = (self.colour, self.whole, self.bars)
        return [str(self.size_px), repr(self.margin), *(str(int(flag)) for flag in flags)]

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Crop:
        """Rebuild from `words`."""
        return cls(int(words[0]), float(words[1]), *(bool(int(word)) for word in words[2:]))


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one picture of `width` and `height` pixels (0 if damaged).

    `pixels` (faces, size, size, channels) uint8 are cut out as `Crop` says.
    """

    boxes: tuple[Box, ...]
    width: int
    height: int
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Track:
    """A face that is followed: where it was last drawn, when it was last drawn and last seen (s)."""

    box: Box | None = None
    drawn_s: float = 0.0
    seen_s: float = float("-inf")

    def words(self) -> str:
        """Return what to say where there is no box to draw, "" where there is."""
        return "" if self.box is not None else NO_FACE


def follow(track: Track, found: Sequence[Box], time_s: float) -> Track:
    """Return the track after the boxes found at `time_s`; also when time goes backwards or jumps.

    The box that lies nearest to the followed one is taken (the largest where none is followed) and the
    drawn one moves towards it: new = old + (found - old) (1 - exp(-dt / 0.15 s)). One that is far off is a
    new face and drawn at once. Without a box the last one is held for half a second.
    """
    step_s = time_s - track.drawn_s
    is_going_on = track.box is not None and 0 <= time_s - track.seen_s <= HOLD_S
    if not found:
        return Track(track.box, time_s, track.seen_s) if is_going_on else Track(None, time_s)
    last = track.box if is_going_on else None
    if last is None:
        return Track(max(found, key=lambda box: box.width * box.height), time_s, time_s)
    best = min(found, key=lambda box: _apart(box, last))
    if _apart(best, last) > NEAR_SHARE * last.width:
        return Track(best, time_s, time_s)
    share = 1 - math.exp(-max(0.0, step_s) / FOLLOW_S)
    return Track(_towards(last, best, share), time_s, time_s)


def _apart(one: Box, other: Box) -> float:
    (x, y), (u, v) = one.middle, other.middle
    return float(((x - u) ** 2 + (y - v) ** 2) ** 0.5)


def _towards(one: Box, other: Box, share: float) -> Box:
    pairs = (
        (one.left, other.left),
        (one.top, other.top),
        (one.width, other.width),
        (one.height, other.height),
    )
    return Box(*(old + (new - old) * share for old, new in pairs))


class FaceFinder:
    """Finds faces on JPEG pictures in a process of its own; use as a context manager, or `close` it.

    `find` may be called from any thread, one picture at a time; `cut_out` where it was made with a `crop`.
    """

    def __init__(self, crop: Crop | None = None) -> None:
        self._crop = crop
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def __enter__(self) -> FaceFinder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def find(self, jpeg: bytes) -> tuple[Box, ...]:
        """Return the faces on a picture, the most certain first, none for a damaged one; raises FaceError."""
        return self.cut_out(jpeg).boxes

    def cut_out(self, jpeg: bytes) -> Faces:
        """Return the faces on a picture and their pixels, none for one that is damaged; raises FaceError."""
        with self._lock:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(HEAD.pack(len(jpeg)) + jpeg)
                process.stdin.flush()
                return self._answer(process.stdout)
            except (OSError, EOFError) as error:
                why = self._end() or "OpenCV ended without a word"
                raise FaceError(f"Faces cannot be looked for: {why}.") from error

    def _answer(self, said: IO[bytes]) -> Faces:
        (count,) = HEAD.unpack(_exactly(said, HEAD.size))
        boxes = tuple(Box(*BOX.unpack(_exactly(said, BOX.size))) for _ in range(count))
        if self._crop is None:
            return Faces(boxes, 0, 0, np.zeros((0, 0, 0, 0), np.uint8))
        width, height = SIZE.unpack(_exactly(said, SIZE.size))
        shape = (count, self._crop.size_px, self._crop.size_px, self._crop.channels)
        pixels = np.frombuffer(_exactly(said, math.prod(shape)), np.uint8).reshape(shape)
        return Faces(boxes, width, height, pixels)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
            paths = os.pathsep.join([str(_ROOMS), *filter(None, inherited)])
            # A file, for nobody empties a pipe: damaged pictures make OpenCV talk.
            self._said = tempfile.TemporaryFile()  # noqa: SIM115
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", WORKER, *(self._crop.words() if self._crop else ())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=dict(os.environ) | {"PYTHONPATH": paths},
            )
        return self._process

    def _end(self) -> str:
        """End the process if there is one; return the last line that it said."""
        process, self._process = self._process, None
        said, self._said = self._said, None
        if process is None or said is None:
            return ""
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with said:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content
