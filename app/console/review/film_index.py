"""Frame-exact random access to a film: every frame's time stamp read from the file before one is decoded.

Frame numbers and rates lie where the rate varies, so frames are known by their presentation stamps. A wanted
frame is decoded from the last key frame before it; what is decoded on the way is kept, so that stepping
backwards within the same stretch costs nothing.
"""

from __future__ import annotations

import bisect
import collections
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stimuli.media import CONTAINERS, MediaError

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

KEPT_BYTES = 192 * 1024 * 1024
LEAST_KEPT = 12
ROUNDED_S = 1e-6
"""A logged time may be rounded by so much."""
LONG_KEY_S = 5.0
"""Key frames further apart than this make jumps slow."""

Picture = NDArray[np.uint8]
"""A decoded frame (height, width, 3), RGB."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmIndex:
    """The frames of a film in the order in which they are shown.

    `stamps` (n,) are their presentation stamps in units of `unit_s`, `keys` the numbers of those from which
    decoding can begin. Times count from the first frame.
    """

    stamps: NDArray[np.int64]
    keys: NDArray[np.int64]
    unit_s: float

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.stamps)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """When each frame is shown (n,)."""
        times: NDArray[np.float64] = (self.stamps - self.stamps[0]) * self.unit_s
        return times

    @property
    def longest_key_gap_s(self) -> float:
        """The longest time between two key frames, the end counted as one."""
        edges = np.append(self.stamps[self.keys], self.stamps[-1])
        return float(np.diff(edges).max(initial=0)) * self.unit_s

    def number_at(self, time_s: float) -> int:
        """Return the number of the frame that is shown at a time: the last one at or before it."""
        stamp = self.stamps[0] + (time_s + ROUNDED_S) / self.unit_s
        return max(0, int(np.searchsorted(self.stamps, stamp, "right")) - 1)

    def key_before(self, number: int) -> int:
        """Return the number of the frame from which `number` is decoded."""
        place = bisect.bisect_right(self.keys.tolist(), number) - 1
        return int(self.keys[max(0, place)])


class Film:
    """An open film file; use from one thread. Raises MediaError, OSError.

    `decoded` counts the frames that were decoded so far.
    """

    def __init__(self, path: Path, height_px: int = 0) -> None:
        self.path = path
        self.decoded = 0
        self._height_px = height_px
        self._container = _open(path)
        streams = self._container.streams.video
        if not streams:
            self._container.close()
            raise MediaError("there is no picture in it")
        self._stream = streams[0]
        self._stream.thread_type = "AUTO"
        self.index = self._read_index()
        self._kept: collections.OrderedDict[int, Picture] = collections.OrderedDict()
        self._frames: Iterator[av.VideoFrame] | None = None
        self._next = 0
        """Number of the frame that goes on from where decoding stands."""

    def close(self) -> None:
        """Close the file."""
        self._frames = None
        self._kept.clear()
        self._container.close()

    def picture(self, number: int) -> Picture:
        """Return a frame; raises IndexError, MediaError where it cannot be decoded."""
        if not 0 <= number < self.index.frames:
            raise IndexError(f"{self.path.name} has no frame {number}")
        if number not in self._kept:
            self._decode(number)
        if number not in self._kept:
            raise MediaError(f"frame {number} cannot be decoded")
        self._kept.move_to_end(number)
        return self._kept[number]

    def _read_index(self) -> FilmIndex:
        stamps: list[tuple[int, bool]] = []
        for packet in self._container.demux(self._stream):
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None or not packet.size or packet.is_discard:
                continue
            stamps.append((int(stamp), bool(packet.is_keyframe)))
        if not stamps:
            raise MediaError("there is no picture in it")
        stamps.sort()
        unit = self._stream.time_base
        assert unit is not None
        keys = [number for number, (_, is_key) in enumerate(stamps) if is_key] or [0]
        return FilmIndex(
            np.array([stamp for stamp, _ in stamps], np.int64), np.array(keys, np.int64), float(unit)
        )

    def _decode(self, number: int) -> None:
        """Decode up to a frame, from where decoding stands or from the key frame before it."""
        import av

        key = self.index.key_before(number)
        try:
            if self._frames is None or not key <= self._next <= number:
                self._seek(key)
            while True:
                found = self._advance(number)
                if found is None or found == number:
                    return
                if found > number:
                    # The file's own index led behind the wanted frame: from an earlier key frame then.
                    if key == 0:
                        return
                    key = self.index.key_before(key - 1)
                    self._seek(key)
        except av.FFmpegError as error:
            self._frames = None
            raise MediaError("it is damaged, or of a kind that cannot be shown") from error

    def _seek(self, key: int) -> None:
        stamp = int(self.index.stamps[key])
        self._container.seek(stamp, stream=self._stream, backward=True)
        self._frames = self._container.decode(self._stream)
        self._next = key

    def _advance(self, number: int) -> int | None:
        """Decode until `number` or behind it; return the number reached, None at the end."""
        assert self._frames is not None
        for frame in self._frames:
            stamp = frame.pts if frame.pts is not None else frame.dts
            if stamp is None:
                continue
            self.decoded += 1
            place = int(np.searchsorted(self.index.stamps, stamp))
            if place >= self.index.frames or int(self.index.stamps[place]) != stamp:
                continue
            self._next = place + 1
            if place > number:
                return place
            if number - place < self._most(frame):
                self._keep(place, self._made(frame))
            if place == number:
                return place
        self._frames = None
        return None

    def _most(self, frame: av.VideoFrame) -> int:
        width, height = self._size(frame)
        return max(LEAST_KEPT, KEPT_BYTES // (3 * width * height))

    def _keep(self, number: int, picture: Picture) -> None:
        self._kept[number] = picture
        most = max(LEAST_KEPT, KEPT_BYTES // max(1, picture.nbytes))
        while len(self._kept) > most:
            self._kept.popitem(last=False)

    def _size(self, frame: av.VideoFrame) -> tuple[int, int]:
        """Return the size as it is shown, upright, no higher than asked for."""
        aspect = float(self._stream.sample_aspect_ratio or 1.0)
        width, height = max(1, round(frame.width * aspect)), frame.height
        if self._height_px and height > self._height_px:
            width, height = max(1, round(width * self._height_px / height)), self._height_px
        return width, height

    def _made(self, frame: av.VideoFrame) -> Picture:
        width, height = self._size(frame)
        pixels = np.asarray(frame.reformat(width=width, height=height, format="rgb24").to_ndarray(), np.uint8)
        turn = frame.rotation
        return np.ascontiguousarray(np.rot90(pixels, turn // 90)) if turn % 360 else pixels


def _open(path: Path) -> InputContainer:
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        return av.open(str(path), "r", options=options)
    except av.FFmpegError as error:
        raise MediaError("it is damaged, or of a kind that cannot be shown") from error
