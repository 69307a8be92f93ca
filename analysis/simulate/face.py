"""What a camera sees of a simulated participant: JPEGs of a drawn face, each drawn once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulate.face_drawing import Look, Pose, draw_face
from analysis.simulate.participant import QUANTITIES, Participant, Push, level

Floats = NDArray[np.float64]

SIZE = (320, 240)
JPEG_QUALITY = 80
STEP = 0.125
"""Smiles are drawn in steps of this size: fewer pictures to draw."""
LOOP_S, PHASES = 5.0, 50
BLINKS_S = (1.3, 3.9)


@dataclass
class Faces:
    """Draws one participant's face; what was drawn before is kept."""

    participant: Participant
    _drawn: dict[tuple[int, int], bytes] = field(default_factory=dict)
    _cv2: Any = None

    def frames(self, times_s: Floats, moved: Sequence[Push]) -> list[bytes]:
        """Return a JPEG for each time."""
        smiles = smile(times_s, self.participant, moved)
        steps = np.round(smiles / STEP).astype(int)
        phases = np.floor(times_s % LOOP_S / LOOP_S * PHASES).astype(int) % PHASES
        return [self._frame(int(step), int(phase)) for step, phase in zip(steps, phases, strict=True)]

    def _frame(self, step: int, phase: int) -> bytes:
        known = self._drawn.get((step, phase))
        if known is None:
            known = self._drawn[step, phase] = self._draw(step * STEP, phase * LOOP_S / PHASES)
        return known

    def _draw(self, shown: float, time_s: float) -> bytes:
        if self._cv2 is None:
            self._cv2 = _load()
        turn = 2 * np.pi * time_s / LOOP_S
        pose = Pose(
            sway=10 * np.sin(turn),
            nod=5 * np.sin(2 * turn + 0.7),
            tilt=2.5 * np.sin(turn + 1.1),
            lid=_lid(time_s),
            gaze=3.0 * np.sin(turn - 0.6),
            lift=1.5 * np.sin(turn + 0.4),
            smile=shown,
        )
        picture = draw_face(self._cv2, pose, look_of(self.participant), scale=1)
        small = self._cv2.resize(picture, SIZE, interpolation=self._cv2.INTER_AREA)
        _, encoded = self._cv2.imencode(".jpg", small, [self._cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return bytes(encoded)


def smile(times_s: Floats, participant: Participant, moved: Sequence[Push]) -> Floats:
    """Return what the face shows at some times, from frown (-1) to smile (1)."""
    quantity = QUANTITIES["face"]
    shown = participant.own("face") + quantity.within * level(times_s, moved)
    clipped: Floats = np.clip(shown, -1.0, 1.0)
    return clipped


def look_of(participant: Participant) -> Look:
    """Return who it is: skin, hair, clothes, and a face of one's own as far as the fingerprint goes."""
    random = participant.random("look")
    tone, hair, wear = random.random(), random.random(), random.random(3)
    own = participant.settings.fingerprint * random.standard_normal(2)
    dark = 0.62 + 0.38 * tone
    return Look(
        skin=_shade((150, 178, 224), dark),
        dark=_shade((118, 146, 198), dark),
        hair=_shade((44, 56, 78), 0.5 + 0.8 * hair),
        cheek=_shade((142, 166, 226), dark),
        lips=_shade((92, 92, 186), dark),
        # Eyes lie in shadow: detectors count on it.
        white=_shade((242, 244, 246), dark * (0.65 + 0.25 * (dark - 0.62) / 0.38)),
        wear=(int(70 + 90 * wear[0]), int(70 + 90 * wear[1]), int(70 + 90 * wear[2])),
        width=float(np.clip(1.0 + 0.04 * own[0], 0.88, 1.12)),
        eyes=float(np.clip(42.0 + 2.0 * own[1], 36.0, 48.0)),
    )


def _shade(colour: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    blue, green, red = (int(min(255, factor * each)) for each in colour)
    return blue, green, red


def _lid(time_s: float) -> float:
    nearest = min(abs(time_s - blink) for blink in BLINKS_S)
    return float(np.clip(nearest / 0.13, 0.0, 1.0)) if nearest < 0.13 else 1.0


def _load() -> Any:
    """Import OpenCV without leaving its settings for Qt in the environment."""
    before = {name for name in os.environ if name.startswith("QT_QPA")}
    import cv2

    for name in [name for name in os.environ if name.startswith("QT_QPA")]:
        if name not in before:
            del os.environ[name]
    cv2.setNumThreads(1)
    return cv2
