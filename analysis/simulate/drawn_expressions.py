"""Drawn people with four expressions, of any size at any place: faces that may be given away.

What is planted: brows, lids and mouth show the expression, each person a little otherwise; skin, hair,
clothes and proportions are the person's own, so that who it is can be learnt too. The box is the square
from ear to ear, from above the brows to the chin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.simulate.face_drawing import WIDTH, Look, Pose, draw_face
from analysis.views.faces import Box

EXPRESSIONS = ("happy", "neutral", "sad", "surprise")
SIZE = (320, 240)
QUALITY = 85
HALF_PX = 104.0
MIDDLE = (WIDTH / 2, 236.0 + 22.0)
"""Half the box, and its middle, in the drawing of 640 x 480."""


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """A JPEG with one face: whose it is, what it shows, where it is (shares of the picture)."""

    person: str
    expression: str
    picture: bytes
    box: Box


def draw_people(cv2: Any, people: int, pictures: int, seed: int) -> Iterator[DrawnFace]:
    """Draw `people`, each `pictures` times with every expression; `cv2` as its user has loaded it."""
    for person in range(people):
        own = np.random.default_rng((seed, person))
        look = _look(own)
        rest = 0.12 * own.standard_normal()
        for expression in EXPRESSIONS:
            for _ in range(pictures):
                yield _draw(cv2, f"drawn{person + 1:02d}", expression, look, float(rest), own)


def _draw(
    cv2: Any,
    person: str,
    expression: str,
    look: Look,
    rest: float,
    random: np.random.Generator,
) -> DrawnFace:
    pose = _pose(expression, rest, random)
    drawn = draw_face(cv2, pose, look, scale=1)
    width, height = SIZE
    # Half to all of the height is the head's box.
    share = random.uniform(0.5, 0.8) * height / (2 * HALF_PX)
    half = HALF_PX * share
    x, y = random.uniform(half, width - half), random.uniform(half, height - half)
    move = np.array(
        [[share, 0, x - share * (MIDDLE[0] + pose.sway)], [0, share, y - share * (MIDDLE[1] + pose.nod)]]
    )
    picture = cv2.warpAffine(drawn, move, SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    lit = random.uniform(0.8, 1.15)
    noisy = picture * lit + random.normal(0, 4, picture.shape)
    _, encoded = cv2.imencode(
        ".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    box = Box((x - half) / width, (y - half) / height, 2 * half / width, 2 * half / height)
    return DrawnFace(person, expression, bytes(encoded), box)


def _pose(expression: str, rest: float, random: np.random.Generator) -> Pose:
    strength = float(random.uniform(0.55, 1.0))
    jitter = float(rest + 0.06 * random.standard_normal())
    sway, nod = random.uniform(-6, 6, 2)
    tilt, gaze = float(random.uniform(-6, 6)), float(random.uniform(-4, 4))
    smile = {"happy": strength, "sad": -strength}.get(expression, 0.0) + jitter
    if expression == "surprise":
        return Pose(float(sway), float(nod), tilt, 1.0 + 0.25 * strength, gaze, 10 * strength, strength)
    lid = float(random.uniform(0.8, 1.0))
    return Pose(float(sway), float(nod), tilt, lid, gaze, 0.0, 0.0, float(np.clip(smile, -1, 1)))


def _look(random: np.random.Generator) -> Look:
    dark, wear = float(random.uniform(0.6, 1.0)), random.random(3)

    def shade(blue: int, green: int, red: int, factor: float = dark) -> tuple[int, int, int]:
        return int(min(255, blue * factor)), int(min(255, green * factor)), int(min(255, red * factor))

    return Look(
        skin=shade(150, 178, 224),
        dark=shade(118, 146, 198),
        hair=shade(44, 56, 78, float(random.uniform(0.5, 1.6))),
        cheek=shade(142, 166, 226),
        wear=(int(70 + 120 * wear[0]), int(70 + 120 * wear[1]), int(70 + 120 * wear[2])),
        # Eyes lie in shadow: detectors count on it.
        white=shade(242, 244, 246, dark * (0.65 + 0.25 * (dark - 0.6) / 0.4)),
        lips=shade(92, 92, 186),
        width=float(random.uniform(0.9, 1.1)),
        eyes=float(random.uniform(37, 47)),
    )
