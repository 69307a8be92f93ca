"""What a picture, film or sound file really holds: size, duration, light.

Files come from strangers, so only plain containers on this disk are opened: no play lists, no references
to other files, no network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stimuli.problems import EvokeError
from stimuli.sets import StimulusKind

if TYPE_CHECKING:
    from av.container import InputContainer

PICTURES = ("png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff")
FILMS = ("mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "wmv", "ogv", "flv")
SOUNDS = ("wav", "mp3", "ogg", "oga", "flac", "m4a", "aac", "opus")
CONTAINERS = (
    "png_pipe,jpeg_pipe,bmp_pipe,gif,gif_pipe,webp_pipe,tiff_pipe,image2,"
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,ogg,flv,wav,mp3,flac,aac"
)
MOST_PIXELS = 400_000_000
MOST_DECODED = 400
THUMB = (32, 32)


class MediaError(EvokeError):
    """A file that no picture, film or sound can be read from; the text says why, without the file's name."""


@dataclass(frozen=True, slots=True)
class Media:
    """Size in pixels (0 for a sound), duration in seconds (None for a picture), whether it has sound."""

    width_px: int
    height_px: int
    duration_s: float | None
    has_sound: bool
    rate_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture looks: mean light and contrast (SD) of its grey values, 0..1, and a small copy.

    Grey is luma as the file's colours give it, not light measured on a screen. `thumb` is
    (32, 32) of 0..255, the picture squeezed to a square.
    """

    width_px: int
    height_px: int
    luminance: float
    contrast: float
    thumb: NDArray[np.uint8]


def kind_of(path: Path) -> StimulusKind | None:
    """Tell from a file's ending what it would be; None for what is no stimulus."""
    ending = path.suffix.lower().removeprefix(".")
    if ending in PICTURES:
        return "picture"
    if ending in FILMS:
        return "film"
    return "sound" if ending in SOUNDS else None


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a file of a plain container; raises MediaError, OSError where it cannot be opened."""
    import av

    # Leave the log of the libraries off, as it is: any level has decoding threads wait for the interpreter,
    # which may be waiting for them to end, for ever.
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    with path.open("rb") as file:
        try:
            with av.open(file, "r", options=options) as container:
                yield container
        except av.FFmpegError as error:
            raise MediaError("it is damaged, or of a kind that cannot be shown") from error


def probe(path: Path) -> Media:
    """Return what a file's head says; raises MediaError or OSError."""
    with open_media(path) as container:
        video = container.streams.video[0] if container.streams.video else None
        is_still = video is not None and kind_of(path) == "picture"
        if video is None and not container.streams.audio:
            raise MediaError("there is neither picture nor sound in it")
        duration_s = None if is_still else _duration(container)
        width, height = (video.width, video.height) if video is not None else (0, 0)
        if video is not None:
            _check_size(width, height)
        rate = float(video.average_rate or 0) if video is not None and not is_still else 0.0
        return Media(width, height, duration_s, bool(container.streams.audio), rate)


def _duration(container: InputContainer) -> float | None:
    if container.duration and container.duration > 0:
        return float(container.duration) / 1e6
    longest = 0.0
    for stream in container.streams:
        if stream.duration and stream.time_base:
            longest = max(longest, float(stream.duration * stream.time_base))
    return longest or None


def look(path: Path) -> Look:
    """Decode a picture, or a film's first frame; raises MediaError or OSError."""
    with open_media(path) as container:
        frame = _first_frame(container)
        grey = frame.reformat(format="gray").to_ndarray()
        thumb = frame.reformat(*THUMB, format="gray").to_ndarray()
    values = grey.astype(np.float32) / 255
    return Look(frame.width, frame.height, float(values.mean()), float(values.std()), thumb)


def frames_along(path: Path, count: int, height_px: int) -> list[tuple[float, NDArray[np.uint8]]]:
    """Return `count` frames spread over a film: (time in seconds, RGB of (height, width, 3)).

    Raises MediaError or OSError. A frame that would take too long to come by is the nearest before it.
    """
    found: list[tuple[float, NDArray[np.uint8]]] = []
    with open_media(path) as container:
        if not container.streams.video:
            return []
        duration_s = _duration(container) or 0.0
        stream = container.streams.video[0]
        for place in range(count):
            wanted = duration_s * (place + 0.5) / count
            container.seek(int(wanted * 1e6))
            last = None
            for number, frame in enumerate(container.decode(stream)):
                last = frame
                if (frame.time or 0.0) >= wanted or number >= MOST_DECODED:
                    break
            if last is not None:
                width = max(2, round(last.width * height_px / max(1, last.height)))
                small = np.asarray(last.reformat(width, height_px, "rgb24").to_ndarray(), np.uint8)
                found.append((float(last.time or 0.0), small))
    return found


def _first_frame(container: InputContainer) -> Any:
    if not container.streams.video:
        raise MediaError("there is no picture in it")
    stream = container.streams.video[0]
    _check_size(stream.width, stream.height)
    # Half a picture is no picture: by default what is missing would be made up.
    stream.codec_context.options = {"err_detect": "explode"}
    for frame in container.decode(stream):
        if frame.is_corrupt:
            break
        return frame
    raise MediaError("it is damaged")


def _check_size(width: int, height: int) -> None:
    if not width * height:
        raise MediaError("it is damaged: its size cannot be told")
    if width * height > MOST_PIXELS:
        raise MediaError(f"its size of {width} x {height} pixels cannot be shown")
