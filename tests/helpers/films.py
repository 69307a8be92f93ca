"""Films made on the spot: each frame tells its number, flashes and beeps mark the same moments."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from analysis.alignment_signals import tone

SOUND_HZ = 48_000
BITS = 10


def make_film(
    path: Path,
    seconds: float,
    rate_hz: int = 30,
    size: tuple[int, int] = (320, 180),
    every_s: float = 1.0,
    sound: bool = True,
    keys_every: int = 12,
) -> Path:
    """Write a film that flashes white for a tenth of a second, and beeps, every `every_s` from 0.5 s on.

    The rest is grey of a level that differs from frame to frame. With `sound` false there is no sound track.
    """
    count = round(seconds * rate_hz)
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=rate_hz, options={"preset": "ultrafast", "crf": "20"})
        pictures.width, pictures.height = size
        pictures.pix_fmt = "yuv420p"
        pictures.codec_context.gop_size = keys_every
        pictures.time_base = Fraction(1, rate_hz)
        track = container.add_stream("aac", rate=SOUND_HZ) if sound else None
        wave = beeps(seconds, every_s)
        sent = 0
        for number in range(count):
            shade = np.full((size[1], size[0], 3), shade_of(number, rate_hz, every_s), np.uint8)
            frame = av.VideoFrame.from_ndarray(shade, format="rgb24")
            frame.pts = number
            for packet in pictures.encode(frame):
                container.mux(packet)
            until = min(len(wave), round((number + 1) / rate_hz * SOUND_HZ))
            while track is not None and sent + 1024 <= until:
                _mux_sound(container, track, wave[sent : sent + 1024], sent)
                sent += 1024
        if track is not None and sent < len(wave):
            _mux_sound(container, track, wave[sent:], sent)
        for stream in (pictures, track):
            for packet in () if stream is None else stream.encode(None):
                container.mux(packet)
    return path


def _mux_sound(
    container: av.container.OutputContainer, track: av.AudioStream, wave: NDArray[np.float32], at: int
) -> None:
    frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_HZ, at, Fraction(1, SOUND_HZ)
    for packet in track.encode(frame):
        container.mux(packet)


def shade_of(number: int, rate_hz: int = 30, every_s: float = 1.0) -> int:
    """Return the grey of a frame: white in a flash, else a level that its neighbours have not."""
    # In frames: a flash begins on the frame nearest to its moment.
    first, every, length = round(0.5 * rate_hz), round(every_s * rate_hz), max(1, round(0.1 * rate_hz))
    if number >= first and (number - first) % every < length:
        return 255
    return 30 + (number * 37) % 150


def beeps(seconds: float, every_s: float = 1.0) -> NDArray[np.float32]:
    """Return the sound of such a film: a sweep at each flash."""
    wave = np.zeros(round(seconds * SOUND_HZ), np.float32)
    sweep = tone(SOUND_HZ).astype(np.float32)
    for i in range(int(max(0.0, seconds - 0.5 - 0.11) / every_s) + 1):
        begin = round((0.5 + i * every_s) * SOUND_HZ)
        if begin + len(sweep) <= len(wave):
            wave[begin : begin + len(sweep)] = sweep
    return wave


def make_sound(path: Path, seconds: float) -> Path:
    """Write a WAV file that beeps once a second from 0.5 s on."""
    import wave as wav

    with wav.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_HZ)
        file.writeframes((beeps(seconds) * 32767).astype("<i2").tobytes())
    return path
