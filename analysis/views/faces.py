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

    `find` may be called from any thread, one picture at a time.
    """

    def __init__(self) -> None:
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
        """Return the faces on a picture, none for one that is damaged; raises FaceError."""
        with self._lock:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(HEAD.pack(len(jpeg)) + jpeg)
                process.stdin.flush()
                (count,) = HEAD.unpack(_exactly(process.stdout, HEAD.size))
                return tuple(Box(*BOX.unpack(_exactly(process.stdout, BOX.size))) for _ in range(count))
            except (OSError, EOFError) as error:
                why = self._end() or "OpenCV ended without a word"
                raise FaceError(f"Faces cannot be looked for: {why}.") from error

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
                [sys.executable, "-P", "-m", WORKER],
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
