"""Stand-ins for a camera and a microphone: a drawn face that blinks and speaks, and a voice.

The face is a bundled loop of JPEG frames, so that playing it needs no picture library. After a change
of the drawing make it again with

    python -m app.devices.generated

which needs OpenCV and writes `resources/demo/face.mjpeg`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

import resources
from analysis.simulate import face_drawing
from analysis.simulate.face_drawing import Pose
from analysis.simulate.voice import VOWELS, syllable
from app.devices.opencv import load_opencv

FACE_FILE = "demo/face.mjpeg"
FACE_FPS = 30.0
FACE_WIDTH, FACE_HEIGHT = face_drawing.WIDTH, face_drawing.HEIGHT
LOOP_S = 5.0
VOICE_RATE_HZ = 44100
VOICE_LOOP_S = 12.0


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
            sung = syllable(vowel, pitch_hz * (1.12 - 0.04 * place), length_s, VOICE_RATE_HZ)
            start = round(at_s * VOICE_RATE_HZ)
            sound[start : start + len(sung)] += 13000.0 * sung
            at_s += length_s + 0.03 + 0.03 * random.random()
        at_s += 0.5 + 0.5 * random.random()
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)


def draw_face(time_s: float) -> NDArray[np.uint8]:
    """Draw the face at `time_s` of its loop: an RGB-ordered-for-OpenCV (BGR) picture (h, w, 3)."""
    turn = 2 * np.pi * time_s / LOOP_S
    pose = Pose(
        sway=14 * np.sin(turn),
        nod=6 * np.sin(2 * turn + 0.7),
        tilt=3.0 * np.sin(turn + 1.1),
        lid=_lid(time_s),
        gaze=3.5 * np.sin(turn - 0.6),
        lift=2.5 * np.sin(turn + 0.4),
        opening=_mouth(time_s),
    )
    return face_drawing.draw_face(load_opencv("drawn face"), pose)


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
