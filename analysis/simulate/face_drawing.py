"""A drawn face: who it is, how it is held, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480
Colour = tuple[int, int, int]
INSIDE: Colour = (38, 30, 66)


@dataclass(frozen=True, slots=True)
class Look:
    """Who it is: colours (blue, green, red), and how wide the face and how far apart the eyes are."""

    skin: Colour = (150, 178, 224)
    dark: Colour = (118, 146, 198)
    hair: Colour = (44, 56, 78)
    cheek: Colour = (142, 166, 226)
    wear: Colour = (122, 92, 70)
    white: Colour = (242, 244, 246)
    lips: Colour = (92, 92, 186)
    width: float = 1.0
    eyes: float = 42.0


@dataclass(frozen=True, slots=True)
class Pose:
    """How it is held and what it shows.

    `sway`, `nod` (pixels of 640 x 480) and `tilt` (degrees) move the head. `lid` 0 to 1 opens the eyes,
    `gaze` moves them, `lift` raises the brows, `opening` 0 to 1 opens the mouth. `smile` is 1 for a broad
    smile and -1 for a frown with drawn-up inner brows.
    """

    sway: float = 0.0
    nod: float = 0.0
    tilt: float = 0.0
    lid: float = 1.0
    gaze: float = 0.0
    lift: float = 0.0
    opening: float = 0.0
    smile: float = 0.0


def draw_face(cv2: Any, pose: Pose, look: Look = Look(), scale: int = 2) -> NDArray[np.uint8]:
    """Draw a face: blue, green, red (480, 640, 3), drawn `scale` times as large and made smaller.

    `cv2` is OpenCV as its user has loaded it.
    """
    canvas = _Canvas(cv2, pose, scale)
    _head(canvas, look)
    for side in (-1, 1):
        _eye(canvas, side, pose, look)
    canvas.arc(0, 22, 13, 9, (20, 160), look.dark, 3)
    canvas.line((-2, -8), (-9, 20), look.dark, 2)
    _mouth(canvas, pose, look)
    small = cv2.resize(canvas.picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    drawn: NDArray[np.uint8] = small.astype(np.uint8)
    return drawn


@lru_cache(maxsize=2)
def _wall(scale: int) -> NDArray[np.uint8]:
    shade = np.linspace(196, 148, HEIGHT * scale)[:, None] + np.linspace(10, -14, WIDTH * scale)[None, :]
    wall = np.repeat(np.clip(shade, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    wall[:, :, 0] = np.clip(wall[:, :, 0].astype(int) + 8, 0, 255)
    return wall


class _Canvas:
    """A grey wall, and shapes in places of the head: right and down from its middle."""

    def __init__(self, cv2: Any, pose: Pose, scale: int) -> None:
        self.cv2, self.scale, self.tilt = cv2, scale, pose.tilt
        self.picture = _wall(scale).copy()
        self._centre = np.array([WIDTH / 2 + pose.sway, 236 + pose.nod])
        self._cosine, self._sine = np.cos(np.radians(pose.tilt)), np.sin(np.radians(pose.tilt))

    def at(self, x: float, y: float) -> tuple[int, int]:
        moved = self._centre + np.array(
            [x * self._cosine - y * self._sine, x * self._sine + y * self._cosine]
        )
        return int(moved[0] * self.scale), int(moved[1] * self.scale)

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, span: tuple[int, int] = (0, 360)
    ) -> None:
        axes = (int(rx * self.scale), max(1, int(ry * self.scale)))
        self.cv2.ellipse(self.picture, self.at(x, y), axes, self.tilt, *span, colour, -1, self.cv2.LINE_AA)

    def arc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        span: tuple[int, int],
        colour: Colour,
        thick: int,
        turned: float = 0.0,
    ) -> None:
        axes, wide = (int(rx * self.scale), int(ry * self.scale)), thick * self.scale
        self.cv2.ellipse(
            self.picture, self.at(x, y), axes, self.tilt + turned, *span, colour, wide, self.cv2.LINE_AA
        )

    def line(self, start: tuple[float, float], stop: tuple[float, float], colour: Colour, thick: int) -> None:
        ends = (self.at(*start), self.at(*stop))
        self.cv2.line(self.picture, *ends, colour, thick * self.scale, self.cv2.LINE_AA)

    def area(self, points: list[tuple[float, float]], colour: Colour) -> None:
        outline = np.array([self.at(*point) for point in points], np.int32)
        self.cv2.fillPoly(self.picture, [outline], colour, self.cv2.LINE_AA)


def _head(canvas: _Canvas, look: Look) -> None:
    scale, wide = canvas.scale, look.width
    # Shoulders stay, the head moves on them.
    middle, axes = (WIDTH * scale // 2, HEIGHT * scale + 20 * scale), (200 * scale, 125 * scale)
    canvas.cv2.ellipse(canvas.picture, middle, axes, 0, 180, 360, look.wear, -1, canvas.cv2.LINE_AA)
    canvas.cv2.rectangle(
        canvas.picture, canvas.at(-34, 96), canvas.at(34, 190), look.dark, -1, canvas.cv2.LINE_AA
    )
    canvas.oval(0, -26, 118 * wide, 146, look.hair)
    for side in (-1, 1):
        canvas.oval(side * 104 * wide, 6, 15, 26, look.dark)
    canvas.oval(0, 8, 102 * wide, 130, look.skin)
    canvas.oval(0, -86, 96 * wide, 52, look.hair, (180, 360))
    for side in (-1, 1):
        canvas.oval(side * 46 * wide, 44, 24, 14, look.cheek)


def _eye(canvas: _Canvas, side: int, pose: Pose, look: Look) -> None:
    # A smile narrows the eyes.
    x, lid = side * look.eyes, pose.lid * (1.0 - 0.3 * max(0.0, pose.smile))
    canvas.oval(x, -14, 21, 12.5 * lid + 0.6, look.white)
    if lid > 0.35:
        canvas.oval(x + pose.gaze, -14, 8.5, min(8.5, 11 * lid), (92, 74, 52))
        canvas.oval(x + pose.gaze, -14, 4, min(4.0, 9 * lid), (22, 20, 20))
        canvas.oval(x + pose.gaze + 2.5, -17, 1.8, 1.8, (250, 250, 250))
    canvas.arc(x, -14, 21, 12.5 * lid + 0.6, (185, 355), (70, 84, 112), 2)
    down = min(0.0, pose.smile)
    raised = pose.lift + 3.0 * max(0.0, pose.smile) - 4.0 * down
    canvas.arc(x, -32 - raised, 24, 9, (200, 340), look.hair, 4, turned=-side * 22.0 * down)


def _mouth(canvas: _Canvas, pose: Pose, look: Look) -> None:
    opening = pose.opening
    if pose.smile == 0.0:
        canvas.oval(0, 70, 31, 6 + 13 * opening, look.lips)
        canvas.oval(0, 70, 24, 1 + 10.5 * opening, INSIDE)
    else:
        wide = 1.0 + 0.25 * pose.smile
        canvas.area(_lips(31 * wide, 6 + 13 * opening, pose.smile), look.lips)
        teeth = 3.0 * max(0.0, pose.smile - 0.4)
        canvas.area(_lips(24 * wide, 1 + 10.5 * opening + teeth, pose.smile), INSIDE)
        if teeth:
            canvas.area(_lips(20 * wide, 1 + teeth, pose.smile), look.white)
    if opening > 0.3:
        canvas.oval(0, 70 - 8 * opening, 17, 2.6, (240, 242, 244))


def _lips(half: float, thick: float, smile: float) -> list[tuple[float, float]]:
    """Return the outline of a mouth whose corners a smile draws up."""
    along = np.linspace(-1.0, 1.0, 25)
    middle = 70.0 + 17.0 * smile * (0.45 - along**2)
    high = thick * np.sqrt(1.0 - along**2)
    upper = zip(half * along, middle - high, strict=True)
    lower = zip(half * along[::-1], (middle + high)[::-1], strict=True)
    return [(float(x), float(y)) for x, y in (*upper, *lower)]
