"""Clips that are meant to leave one cold: even movement of plain things. Drawn at `t` seconds."""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas
from stimuli.drawing.moving import FILM_WIDTH, mix, sheet, wave, wrap

GREYS = ("#8b949c", "#a3abb1", "#77828b", "#b9bfc3", "#94908a")


def _room() -> Canvas:
    canvas = sheet()
    canvas.background("#d6dadb", "#c6cbcd")
    canvas.rect(0, 570, FILM_WIDTH, 150, canvas.linear("#b3b0aa", "#a09d97"))
    return canvas


def pendulum(t: float) -> Canvas:
    """The pendulum of a wall clock."""
    canvas = _room()
    canvas.rect(500, 60, 280, 480, canvas.linear("#a88d70", "#8b7359"), round_=14)
    canvas.rect(530, 290, 220, 225, "#5d5144", round_=8)
    turn = 17 * wave(t, 2.0)
    with canvas.group(640, 296, 1, turn):
        canvas.line([(0, 0), (0, 150)], "#c9bfa9", 7)
        canvas.circle(0, 160, 34, canvas.radial("#e5dcc5", "#b39f78", (0.4, 0.35)))
    canvas.circle(640, 172, 96, "#f0eee8")
    canvas.ellipse(640, 172, 96, 96, "none", stroke="#6d5d4b", width=8)
    for hour in range(12):
        angle = math.pi * hour / 6
        canvas.line(
            [
                (640 + 76 * math.sin(angle), 172 - 76 * math.cos(angle)),
                (640 + 86 * math.sin(angle), 172 - 86 * math.cos(angle)),
            ],
            "#5a5a58",
            5,
        )
    for length, width, angle in ((46, 7, 1.9), (68, 5, 0.4), (74, 2, math.floor(t) * math.pi / 30)):
        canvas.line(
            [(640, 172), (640 + length * math.sin(angle), 172 - length * math.cos(angle))], "#3f4346", width
        )
    return canvas


def gears(t: float) -> Canvas:
    """Grey cog-wheels that turn evenly."""
    canvas = sheet()
    canvas.background("#cfd4d6", "#c0c6c9")
    for x, y, teeth, r, way, phase in (
        (430, 400, 20, 200, 1, 0.0),
        (722, 268, 12, 120, -1, 0.1),
        (906, 416, 12, 120, 1, 0.24),
        (742, 540, 10, 100, -1, 0.0),
    ):
        turn = way * 2 * math.pi * t / 9 * 20 / teeth + phase
        colour = GREYS[teeth % 5]
        points = []
        for tooth in range(teeth):
            for share, reach in ((-0.32, 0.0), (-0.18, 0.13), (0.18, 0.13), (0.32, 0.0)):
                angle = turn + 2 * math.pi * (tooth + share) / teeth
                points.append((x + r * (1 + reach) * math.cos(angle), y + r * (1 + reach) * math.sin(angle)))
        canvas.polygon(points, colour)
        canvas.circle(x, y, r * 0.72, mix(colour, "#ffffff", 0.16))
        for spoke in range(5):
            angle = turn + 2 * math.pi * spoke / 5
            canvas.circle(x + r * 0.44 * math.cos(angle), y + r * 0.44 * math.sin(angle), r * 0.14, "#c7cdd0")
        canvas.circle(x, y, r * 0.14, "#5d666d")
    return canvas


def conveyor(t: float) -> Canvas:
    """Boxes on a conveyor belt."""
    canvas = _room()
    canvas.rect(0, 90, FILM_WIDTH, 12, "#b3b8ba")
    for index in range(8):
        x = wrap(index * 190 + 70 * t, FILM_WIDTH, 120)
        high = (110, 90, 130, 100)[index % 4]
        canvas.shadow(x + 60, 492, 76, 9)
        canvas.rect(x, 486 - high, 120, high, canvas.linear("#c2ab8c", "#ab9474"), round_=3)
        canvas.rect(x + 52, 486 - high, 16, high, "#d6c6ad", opacity=0.8)
        canvas.rect(x + 14, 466 - high * 0.35, 30, 20, "#eceae4")
    canvas.rect(-20, 486, FILM_WIDTH + 40, 44, canvas.linear("#70777d", "#585f65"), round_=22)
    for index in range(12):
        x = 50 + index * 110
        canvas.circle(x, 508, 16, "#9aa2a8")
        angle = t * 70 / 16
        canvas.line(
            [
                (x - 11 * math.cos(angle), 508 - 11 * math.sin(angle)),
                (x + 11 * math.cos(angle), 508 + 11 * math.sin(angle)),
            ],
            "#6a7177",
            3,
        )
    for x in (160, 640, 1120):
        canvas.rect(x - 12, 530, 24, 120, "#7d858b")
    return canvas


def traffic(t: float) -> Canvas:
    """Cars on a road, seen from above."""
    canvas = sheet(307)
    canvas.background("#b9c1ae", "#aeb6a3")
    canvas.rect(0, 180, FILM_WIDTH, 360, "#8d9194")
    for y in (180, 534):
        canvas.rect(0, y, FILM_WIDTH, 6, "#e6e6e2")
    for y in (268, 446):
        for index in range(12):
            canvas.rect(index * 110, y, 56, 5, "#dcdcd8")
    canvas.rect(0, 354, FILM_WIDTH, 12, "#a9b09c")
    tones = ("#7d8b99", "#a59a8a", "#6f7c74", "#b4b1ab", "#8d7f7f", "#5f6b78")
    for lane, (y, speed) in enumerate(((224, -120), (312, -92), (408, 92), (492, 124))):
        for index in range(4):
            x = wrap(canvas.spread(0, 60) + index * 360 + lane * 130 + speed * t, FILM_WIDTH, 90)
            with canvas.group(x, y, 1 if speed > 0 else -1):
                canvas.rect(-62, -28, 124, 56, tones[(index + lane * 2) % 6], round_=16)
                canvas.rect(-30, -22, 58, 44, "#d8dde0", round_=8)
                canvas.rect(-20, -22, 36, 44, tones[(index + lane * 2) % 6], round_=4)
                for side in (-20, 14):
                    canvas.rect(54, side, 8, 8, "#f3f0dc")
    for index in range(10):
        canvas.circle(70 + index * 130, 90 + 20 * (index % 2), 40, "#9aa68d")
        canvas.circle(40 + index * 135, 640 - 16 * (index % 2), 44, "#98a48b")
    return canvas


def tiles(t: float) -> Canvas:
    """Tiles whose grey tones change slowly."""
    canvas = sheet()
    canvas.background("#b4babd")
    for row in range(6):
        for column in range(10):
            share = 0.5 + 0.5 * wave(t, 4.0, column * 0.1 + row * 0.07)
            x, y = 60 + column * 118, 30 + row * 112
            canvas.rect(x, y, 102, 96, mix("#98a2a9", "#c3c8ca", share), round_=8)
    return canvas


def windmill(t: float) -> Canvas:
    """A measuring mast with three cups that turn."""
    canvas = sheet()
    canvas.background("#c5ced3", "#d5dadb", "#dcdedc")
    canvas.hill(600, 585, 600, "#a7aca0", 640)
    canvas.rect(632, 240, 16, 400, "#80888e")
    canvas.polygon([(560, 640), (720, 640), (690, 610), (590, 610)], "#9aa0a2")
    turn = 2 * math.pi * t / 3
    for index in sorted(range(3), key=lambda cup: math.sin(turn + 2 * math.pi * cup / 3)):
        angle = turn + 2 * math.pi * index / 3
        x, near = 640 + 190 * math.cos(angle), math.sin(angle)
        y = 240 + 26 * near
        canvas.line([(640, 240), (x, y)], "#6f777d", 8)
        canvas.ellipse(x, y, 22 + 16 * abs(near), 36, canvas.linear("#d3d7d9", "#8f979c", across=True))
    canvas.circle(640, 240, 17, "#5f676d")
    vane = 9 * wave(t, 5)
    with canvas.group(640, 340, 1, vane):
        canvas.line([(-110, 0), (110, 0)], "#7d858b", 7)
        canvas.polygon([(-110, -32), (-60, 0), (-110, 32), (-150, 32), (-150, -32)], "#969ea3")
        canvas.polygon([(104, -12), (136, 0), (104, 12)], "#7d858b")
    return canvas
