"""Stand-ins for a camera and a microphone: a drawn face that blinks and speaks, and a voice.

The face is a bundled loop of JPEG frames, so that playing it needs no picture library. After a change
of the drawing make it again with

    python -m app.devices.generated

which needs OpenCV and writes `resources/demo/face.mjpeg`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import resources
from app.devices.opencv import load_opencv

FACE_FILE = "demo/face.mjpeg"
FACE_FPS = 30.0
FACE_WIDTH, FACE_HEIGHT = 640, 480
LOOP_S = 5.0
VOICE_RATE_HZ = 44100
VOICE_LOOP_S = 12.0

# Vowels by their first three formants (Hz), an adult voice; bandwidths widen upwards.
VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
BANDWIDTHS_HZ = (80.0, 110.0, 170.0)


@cache
def face_frames() -> tuple[bytes, ...]:
    """Return the JPEG frames of the drawn face, one loop of them."""
    content = resources.path(FACE_FILE).read_bytes()
    # Inside a picture 0xFF is always escaped: an end followed by a start is a border between two.
    parts = content.split(b"\xff\xd9\xff\xd8")
    starts = [b"", *[b"\xff\xd8"] * (len(parts) - 1)]
    ends = [*[b"\xff\xd9"] * (len(parts) - 1), b""]
    return tuple(start + part + end for start, part, end in zip(starts, parts, ends, strict=True))


@cache
def voice() -> NDArray[np.int16]:
    """Return a loop of speech-like sound (n,): syllables of sung vowels in phrases, with pauses."""
    random = np.random.default_rng(7)
    count = round(VOICE_LOOP_S * VOICE_RATE_HZ)
    sound = 2.0 * random.standard_normal(count)
    at_s = 0.4
    while at_s < VOICE_LOOP_S - 3.0:
        pitch_hz = 118.0 + 14.0 * random.random()
        for place in range(int(random.integers(4, 8))):
            vowel = VOWELS[int(random.integers(len(VOWELS)))]
            length_s = 0.13 + 0.12 * random.random()
            # The melody of a statement falls towards its end.
            syllable = _syllable(vowel, pitch_hz * (1.12 - 0.04 * place), length_s)
            start = round(at_s * VOICE_RATE_HZ)
            sound[start : start + len(syllable)] += 13000.0 * syllable
            at_s += length_s + 0.03 + 0.03 * random.random()
        at_s += 0.5 + 0.5 * random.random()
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)


def _syllable(formants_hz: tuple[int, ...], pitch_hz: float, length_s: float) -> NDArray[np.float64]:
    t = np.arange(round(length_s * VOICE_RATE_HZ)) / VOICE_RATE_HZ
    glide = pitch_hz * (1.0 + 0.03 * np.sin(2 * np.pi * 5.2 * t) - 0.08 * t / length_s)
    phase = 2 * np.pi * np.cumsum(glide) / VOICE_RATE_HZ
    wave = np.zeros(len(t))
    for harmonic in range(1, 30):
        frequency = harmonic * pitch_hz
        gain = sum(
            1.0 / (1.0 + ((frequency - formant) / width) ** 2) / (1.0 + place)
            for place, (formant, width) in enumerate(zip(formants_hz, BANDWIDTHS_HZ, strict=True))
        )
        wave += gain / harmonic**0.4 * np.sin(harmonic * phase)
    rise, fall = np.minimum(1.0, t / 0.025), np.minimum(1.0, (length_s - t) / 0.05)
    shaped: NDArray[np.float64] = wave / max(1e-9, float(np.abs(wave).max())) * rise * np.maximum(fall, 0.0)
    return shaped


def draw_face(time_s: float) -> NDArray[np.uint8]:
    """Draw the face at `time_s` of its loop: an RGB-ordered-for-OpenCV (BGR) picture (h, w, 3)."""
    cv2 = load_opencv("drawn face")
    scale = 2
    width, height = FACE_WIDTH * scale, FACE_HEIGHT * scale
    turn = 2 * np.pi * time_s / LOOP_S
    sway, nod, tilt = 14 * np.sin(turn), 6 * np.sin(2 * turn + 0.7), 3.0 * np.sin(turn + 1.1)
    shade = np.linspace(196, 148, height)[:, None] + np.linspace(10, -14, width)[None, :]
    picture = np.repeat(np.clip(shade, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    picture[:, :, 0] = np.clip(picture[:, :, 0].astype(int) + 8, 0, 255)
    centre = np.array([FACE_WIDTH / 2 + sway, 236 + nod])
    cosine, sine = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))

    def at(x: float, y: float) -> tuple[int, int]:
        moved = centre + np.array([x * cosine - y * sine, x * sine + y * cosine])
        return int(moved[0] * scale), int(moved[1] * scale)

    def oval(x: float, y: float, rx: float, ry: float, colour: Any, start: int = 0, end: int = 360) -> None:
        axes = (int(rx * scale), max(1, int(ry * scale)))
        cv2.ellipse(picture, at(x, y), axes, tilt, start, end, colour, -1, cv2.LINE_AA)

    def arc(x: float, y: float, rx: float, ry: float, start: int, end: int, colour: Any, thick: int) -> None:
        axes = (int(rx * scale), int(ry * scale))
        cv2.ellipse(picture, at(x, y), axes, tilt, start, end, colour, thick * scale, cv2.LINE_AA)

    skin, dark, hair = (150, 178, 224), (118, 146, 198), (44, 56, 78)
    # Shoulders stay, the head moves on them.
    cv2.ellipse(picture, (width // 2, height + 40), (400, 250), 0, 180, 360, (122, 92, 70), -1, cv2.LINE_AA)
    cv2.rectangle(picture, at(-34, 96), at(34, 190), dark, -1, cv2.LINE_AA)
    oval(0, -26, 118, 146, hair)
    oval(-104, 6, 15, 26, dark)
    oval(104, 6, 15, 26, dark)
    oval(0, 8, 102, 130, skin)
    oval(0, -86, 96, 52, hair, 180, 360)
    oval(-46, 44, 24, 14, (142, 166, 226))
    oval(46, 44, 24, 14, (142, 166, 226))
    lid = _lid(time_s)
    gaze = 3.5 * np.sin(turn - 0.6)
    for side in (-1, 1):
        x = side * 42
        oval(x, -14, 21, 12.5 * lid + 0.6, (242, 244, 246))
        if lid > 0.35:
            oval(x + gaze, -14, 8.5, min(8.5, 11 * lid), (92, 74, 52))
            oval(x + gaze, -14, 4, min(4.0, 9 * lid), (22, 20, 20))
            oval(x + gaze + 2.5, -17, 1.8, 1.8, (250, 250, 250))
        arc(x, -14, 21, 12.5 * lid + 0.6, 185, 355, (70, 84, 112), 2)
        lift = 2.5 * np.sin(turn + 0.4)
        arc(x, -32 - lift, 24, 9, 200, 340, hair, 4)
    arc(0, 22, 13, 9, 20, 160, dark, 3)
    cv2.line(picture, at(-2, -8), at(-9, 20), dark, 2 * scale, cv2.LINE_AA)
    opening = _mouth(time_s)
    oval(0, 70, 31, 6 + 13 * opening, (92, 92, 186))
    oval(0, 70, 24, 1 + 10.5 * opening, (38, 30, 66))
    if opening > 0.3:
        oval(0, 70 - 8 * opening, 17, 2.6, (240, 242, 244))
    small = cv2.resize(picture, (FACE_WIDTH, FACE_HEIGHT), interpolation=cv2.INTER_AREA)
    drawn: NDArray[np.uint8] = small.astype(np.uint8)
    return drawn


def _lid(time_s: float) -> float:
    """Return how far the eyes are open: two blinks of a quarter second in a loop."""
    nearest = min(abs(time_s - blink) for blink in (1.3, 3.9))
    return float(np.clip(nearest / 0.13, 0.0, 1.0)) if nearest < 0.13 else 1.0


def _mouth(time_s: float) -> float:
    """Return how far the mouth is open: speaking in the first three seconds of a loop."""
    speaking = np.clip(min(time_s - 0.3, 3.3 - time_s) / 0.25, 0.0, 1.0)
    return float(
        speaking * (0.42 + 0.34 * np.sin(2 * np.pi * 3.4 * time_s) * np.sin(2 * np.pi * 1.2 * time_s))
    )


def write_face(quality: int = 70) -> int:
    """Draw the loop into `resources/demo/face.mjpeg` and return its size in bytes."""
    cv2 = load_opencv("drawn face")
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    frames = []
    for index in range(round(LOOP_S * FACE_FPS)):
        drawn = draw_face(index / FACE_FPS)
        _, encoded = cv2.imencode(".jpg", drawn, options)
        frames.append(encoded.tobytes())
    path = resources.path(FACE_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(b"".join(frames))


if __name__ == "__main__":
    write_face()
