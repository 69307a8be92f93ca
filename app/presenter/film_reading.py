"""The pictures of a film, decoded ahead in a thread of its own: ready to be uploaded, in order."""

from __future__ import annotations

import collections
import logging
import threading
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

if typing.TYPE_CHECKING:
    import av

log = logging.getLogger(__name__)

AHEAD_FRAMES = 24
AHEAD_BYTES = 192 * 1024 * 1024
LEAST_AHEAD = 4
USUAL_RATE_HZ = 25.0
# A film that ends this much before its stated length was cut off.
MISSING_S = 0.5
# Behind by more than the first, pictures that no other hangs on are left out; by more than the second,
# everything up to the next picture that stands alone.
BEHIND_S, FAR_BEHIND_S = 0.15, 1.0


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """A decoded picture: `pixels` (height, row, 4) RGBA, `width` of each row; `pts_s` from the first one."""

    number: int
    pts_s: float
    duration_s: float
    pixels: NDArray[np.uint8]
    width: int

    @property
    def end_s(self) -> float:
        """When it has been on for its own duration, in the film's time."""
        return self.pts_s + self.duration_s


class FilmReader(threading.Thread):
    """Decodes a film into a short queue; `fit` turns its size as shown (width, height) into pixels to make.

    `problem` says why there are no (more) pictures; "" where all is well.
    """

    def __init__(self, path: Path, fit: Callable[[int, int], tuple[int, int]]) -> None:
        super().__init__(name=f"film {path.name}", daemon=True)
        self.problem = ""
        self.rate_hz = USUAL_RATE_HZ
        self.wanted_s = 0.0
        self._path = path
        self._fit = fit
        self._frames: collections.deque[FilmFrame] = collections.deque()
        self._change = threading.Condition()
        self._ended = False
        self._closed = False
        self._first_s: float | None = None
        self._number = -1
        self._last_s = 0.0
        self._catches_up = False
        self.start()

    @property
    def is_ready(self) -> bool:
        """Whether the first picture is there, or none will be."""
        return bool(self._frames) or self._ended

    @property
    def has_ended(self) -> bool:
        """Whether the last picture was decoded."""
        return self._ended

    def origin_s(self) -> float | None:
        """Wait for the first picture and return its time stamp in the file; None if there is none."""
        with self._change:
            self._change.wait_for(lambda: self._first_s is not None or self._ended)
        return self._first_s

    def wait_until_ready(self, limit_s: float) -> bool:
        """Wait for the first picture."""
        with self._change:
            return self._change.wait_for(lambda: self.is_ready, limit_s)

    def peek(self) -> FilmFrame | None:
        """Return the next picture and leave it in the queue; None if none is ready."""
        with self._change:
            return self._frames[0] if self._frames else None

    def take(self) -> None:
        """Take the next picture out of the queue."""
        with self._change:
            self._frames.popleft()
            self._change.notify_all()

    def close(self) -> None:
        """Stop decoding; what was decoded is forgotten."""
        with self._change:
            self._closed, self._ended = True, True
            self._frames.clear()
            self._change.notify_all()

    def run(self) -> None:
        """Decode until the end of the film."""
        import av

        try:
            self._decode()
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            log.warning("film %s: %s", self._path.name, error)
            if not self._closed:
                reason = str(getattr(error, "strerror", None) or error).rstrip(".")
                self._fail(f"the picture cannot be decoded ({reason})")
        finally:
            # Whatever happens here, nobody waits for pictures that do not come.
            with self._change:
                self._ended = True
                self._change.notify_all()

    def _decode(self) -> None:
        import av

        with av.open(str(self._path)) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                self._fail("there are no pictures in it")
                return
            stream.thread_type = "AUTO"
            self.rate_hz = float(stream.average_rate or stream.guessed_rate or USUAL_RATE_HZ)
            aspect = float(stream.sample_aspect_ratio or 1.0)
            stated_s = None
            if stream.duration is not None and stream.time_base is not None:
                stated_s = float(stream.duration * stream.time_base)
            reached_s = 0.0
            waits_for_key = False
            for packet in container.demux(stream):
                behind_s = self.wanted_s - reached_s
                waits_for_key = waits_for_key or behind_s > FAR_BEHIND_S
                if waits_for_key and packet.size and not packet.is_keyframe:
                    self._catches_up = True
                    continue
                waits_for_key = False
                late = behind_s > BEHIND_S
                self._catches_up = self._catches_up or late
                stream.codec_context.skip_frame = "NONREF" if late else "DEFAULT"
                for frame in packet.decode():
                    made = self._made(frame, aspect)
                    if made is not None:
                        reached_s = made.end_s
                        self._put(made)
                    self._catches_up = late
                if self._closed:
                    return
        if self._first_s is None:
            self._fail("there are no pictures in it")
        elif stated_s is not None and reached_s < stated_s - MISSING_S:
            self._fail(f"it is cut off after {reached_s:.1f} s of {stated_s:.1f} s")

    def _made(self, frame: av.VideoFrame, aspect: float) -> FilmFrame | None:
        """Return the picture as it is shown; None for one whose time has passed already."""
        if self._first_s is None:
            with self._change:
                self._first_s = 0.0 if frame.time is None else float(frame.time)
                self._change.notify_all()
        usual_s = 1 / self.rate_hz
        pts_s = (self._number + 1) * usual_s if frame.time is None else float(frame.time) - self._first_s
        duration_s = (
            float(frame.duration * frame.time_base) if frame.duration and frame.time_base else usual_s
        )
        # While it catches up the decoder leaves pictures out without a word.
        step = round((pts_s - self._last_s) * self.rate_hz) if self._catches_up else 1
        self._number += max(1, step)
        number, self._last_s = self._number, pts_s
        if pts_s + duration_s < self.wanted_s - BEHIND_S:
            # Making its colours would only delay those that can still come in time.
            return None
        turn = frame.rotation
        shown = (round(frame.width * aspect), frame.height)
        width, height = self._fit(*(shown if turn % 180 == 0 else shown[::-1]))
        if turn % 180:
            width, height = height, width
        picture = frame.reformat(width=width, height=height, format="rgba")
        plane = picture.planes[0]
        pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size // 4, 4)
        if turn % 360:
            pixels = np.ascontiguousarray(np.rot90(pixels[:, :width], turn // 90))
            width = pixels.shape[1]
        return FilmFrame(number, pts_s, duration_s, pixels, width)

    def _put(self, frame: FilmFrame) -> None:
        most = min(AHEAD_FRAMES, max(LEAST_AHEAD, AHEAD_BYTES // max(1, frame.pixels.nbytes)))
        with self._change:
            self._change.wait_for(lambda: self._closed or len(self._frames) < most)
            if not self._closed:
                self._frames.append(frame)
                self._change.notify_all()

    def _fail(self, why: str) -> None:
        self.problem = f"The film {self._path.name} cannot be shown to its end: {why}."
