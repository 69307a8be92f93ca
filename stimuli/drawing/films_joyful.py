"""Clips that are meant to lift: pleasant and lively. Each function draws the frame at `t` seconds."""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas, curve
from stimuli.drawing.moving import FILM_HEIGHT, FILM_WIDTH, glow, grass, rise, sheet, wave, wrap

BRIGHT = ("#f25f5c", "#ffb238", "#ffe066", "#70c1b3", "#4d9de0", "#b388eb", "#f78fb3")


def fireworks(t: float) -> Canvas:
    """Fireworks above a lake at night."""
    canvas = sheet(101)
    canvas.background("#0c1736", "#1d2d5c", "#3b4a80")
    for _ in range(60):
        canvas.circle(canvas.spread(0, 1280), canvas.spread(0, 380), canvas.spread(1, 2.4), "#dfe6ff")
    canvas.polygon(
        [
            (0, 540),
            (220, 430),
            (430, 520),
            (660, 440),
            (900, 530),
            (1100, 450),
            (1280, 520),
            (1280, 560),
            (0, 560),
        ],
        "#131c38",
    )
    canvas.rect(0, 556, FILM_WIDTH, 164, canvas.linear("#24386b", "#101a38"))
    for index in range(9):
        start = index * 0.95 - 0.6
        x, top = 160 + (index * 397) % 960, 130 + (index * 83) % 170
        colour = BRIGHT[index % len(BRIGHT)]
        climb = rise(t, start, start + 0.7)
        if 0 < climb < 1:
            y = 560 - (560 - top) * climb
            canvas.line([(x, y + 46), (x, y)], "#ffe9b0", 4, opacity=0.8)
        age = t - start - 0.7
        if 0 <= age < 2.4:
            spread_, fade = 190 * (1 - math.exp(-2.2 * age)), max(0.0, 1 - age / 2.4)
            glow(canvas, x, top, 60 + spread_ * 1.2, colour, 0.35 * fade)
            for spark in range(26):
                angle = 2 * math.pi * spark / 26
                reach = spread_ * (0.75 + 0.25 * ((spark * 7) % 5) / 4)
                px, py = x + reach * math.cos(angle), top + reach * math.sin(angle) + 34 * age * age
                canvas.circle(px, py, 5.5 * fade + 1, colour, opacity=fade)
                canvas.circle(px, 1112 - py, 4 * fade, colour, opacity=0.25 * fade)
    return canvas


def present(t: float) -> Canvas:
    """A parcel that opens and lets confetti out."""
    canvas = sheet(103)
    canvas.background("#ffe8c7", "#ffd9b0")
    glow(canvas, 640, 420, 560, "#fff8e6")
    canvas.rect(0, 610, FILM_WIDTH, 110, canvas.linear("#eab78c", "#d99f73"))
    canvas.shadow(640, 640, 250, 26)
    open_ = rise(t, 1.9, 2.3)
    shiver = 7 * wave(t, 0.28) * rise(t, 0.9, 1.2) * (1 - open_)
    for _ in range(120):
        angle, speed = canvas.spread(-2.5, -0.64), canvas.spread(420, 900)
        born, turn, kind = canvas.spread(2.0, 3.4), canvas.spread(0, 360), int(canvas.spread(0, 7))
        age = t - born
        if age > 0:
            slow = (1 - math.exp(-1.4 * age)) / 1.4
            x = 640 + speed * math.cos(angle) * slow + 22 * wave(age, 1.3, turn / 360)
            y = 430 + speed * math.sin(angle) * slow + 68 * age * age
            with canvas.group(x, y, 1, turn + 260 * age):
                canvas.rect(
                    -9, -6 * abs(wave(age, 0.9)) - 1, 18, 12 * abs(wave(age, 0.9)) + 2, BRIGHT[kind % 7]
                )
    with canvas.group(640 + shiver, 620):
        canvas.rect(-170, -200, 340, 200, canvas.linear("#e2584f", "#bf3f3c"), round_=8)
        canvas.rect(-28, -200, 56, 200, "#ffd15c")
    with canvas.group(
        640 + shiver + 240 * open_, 420 + 150 * open_ * open_ - 90 * wave(open_, 2), 1, 105 * open_
    ):
        canvas.rect(-190, -52, 380, 58, canvas.linear("#ee6a60", "#d04d48"), round_=8)
        canvas.rect(-28, -52, 56, 58, "#ffdc7a")
        for side in (-1, 1):
            loop = curve(
                "M",
                0,
                -52,
                "C",
                side * 40,
                -130,
                side * 130,
                -120,
                side * 100,
                -66,
                "C",
                side * 80,
                -44,
                side * 30,
                -46,
                0,
                -52,
                "Z",
            )
            canvas.path(loop, "#ffd15c")
    return canvas


def bouncing(t: float) -> Canvas:
    """Coloured balls with glad faces that bounce."""
    canvas = sheet(107)
    canvas.background("#8fd3f4", "#c9efff")
    canvas.cloud(260 + 12 * t, 150, 1.0, "#ffffff")
    canvas.cloud(930 + 9 * t, 110, 0.8, "#ffffff", 0.85)
    canvas.hill(560, 520, 560, "#a6dc8a", 500)
    canvas.hill(620, 610, 620, canvas.linear("#7cc85c", "#5cad4a"), 800)
    for index in range(6):
        period = 0.86 + 0.09 * index
        share = (t / period + index * 0.31) % 1
        up = 4 * share * (1 - share)
        x, r = 130 + index * 204, 52 + 7 * (index % 3)
        height = 250 + 40 * (index % 3)
        squash = max(0.0, 1 - up * 9) * 0.2
        y = 640 - r - height * up + r * squash
        canvas.shadow(x, 650, r * (1.2 - 0.5 * up), 14, 0.35 - 0.2 * up)
        colour = BRIGHT[index]
        canvas.ellipse(
            x, y, r * (1 + squash), r * (1 - squash), canvas.radial("#ffffff", colour, (0.35, 0.25))
        )
        for side in (-1, 1):
            canvas.ellipse(x + side * r * 0.32, y - r * 0.12, 6, 9 * (1 - squash * 2), "#2c2b3a")
        canvas.path(
            curve("M", x - r * 0.42, y + r * 0.18, "Q", x, y + r * 0.75, x + r * 0.42, y + r * 0.18),
            "#8a2f3a",
        )
    return canvas


def kites(t: float) -> Canvas:
    """Kites that dance in a strong wind."""
    x: float
    y: float
    canvas = sheet(109)
    canvas.background("#4fa8e8", "#a5dbf7", "#eaf8f2")
    for x, y, scale, speed in (
        (100, 140, 1.1, 60),
        (620, 90, 0.8, 46),
        (1000, 230, 0.7, 52),
        (380, 300, 0.55, 38),
    ):
        canvas.cloud(wrap(x + speed * t, FILM_WIDTH, 180), y, scale, "#ffffff", 0.9)
    canvas.hill(600, 540, 610, canvas.linear("#93d36e", "#5fae4c"), 420)
    for index in range(5):
        x = 180 + index * 230 + 60 * wave(t, 2.3 + 0.2 * index, index * 0.21)
        y = 190 + 60 * (index % 3) + 55 * wave(t, 1.7 + 0.15 * index, index * 0.37)
        turn = 24 * wave(t, 1.9, index * 0.3)
        colour, other = BRIGHT[index], BRIGHT[(index + 3) % 7]
        foot = 250 + index * 190
        canvas.path(
            f"M{x:.0f} {y + 40:.0f} Q{(x + foot) / 2 + 40:.0f} 470 {foot} 640", stroke="#5a6b78", width=2
        )
        with canvas.group(x, y, 1, turn):
            canvas.polygon([(0, -92), (62, 0), (0, 104), (-62, 0)], colour)
            canvas.polygon([(0, -92), (62, 0), (0, 0)], other)
            canvas.polygon([(0, 104), (-62, 0), (0, 0)], other)
            tail = "M0 104"
            for step in range(1, 6):
                tail += f" L{22 * wave(t, 0.7, step * 0.22):.1f} {104 + step * 26}"
            canvas.path(tail, stroke=colour, width=5)
    grass(canvas, t * 1.8, 90, 600, "#4b9a3f", 26)
    return canvas


def ferris_wheel(t: float) -> Canvas:
    """A big wheel with coloured cabins that turns at a fair."""
    x: float
    y: float
    canvas = sheet(113)
    canvas.background("#ffb88c", "#ffd6a5", "#fff1cf")
    glow(canvas, 1050, 190, 260, "#fff6d5")
    canvas.circle(1050, 190, 64, "#fff3c4")
    for x, colour in ((70, "#e2584f"), (980, "#4d9de0"), (1130, "#70c1b3")):
        canvas.polygon([(x, 560), (x + 80, 470), (x + 160, 560)], colour)
        canvas.rect(x + 10, 560, 140, 100, "#fff6e3")
        for stripe in range(0, 140, 40):
            canvas.rect(x + 10 + stripe, 560, 20, 100, colour, opacity=0.75)
        canvas.path(
            f"M{x + 80} 470 l0 -40 l{30 + 8 * wave(t, 0.8, x):.0f} 12 l-30 12",
            "#ffd15c",
            stroke="#a5673f",
            width=4,
        )
    canvas.rect(0, 650, FILM_WIDTH, 70, canvas.linear("#d9a066", "#b97f4b"))
    canvas.line([(520, 660), (560, 350), (600, 660)], "#6a5d7b", 16)
    turn = 2 * math.pi * t / 9
    for r, width in ((270, 9), (235, 5)):
        canvas.ellipse(560, 350, r, r, "none", stroke="#7b6d8d", width=width)
    for index in range(12):
        angle = turn + 2 * math.pi * index / 12
        x, y = 560 + 270 * math.cos(angle), 350 + 270 * math.sin(angle)
        canvas.line([(560, 350), (x, y)], "#8d7fa0", 4)
        lamp = "#fff3b0" if (index + int(t * 2.5)) % 2 else "#ffb238"
        canvas.circle((x + 560) / 2, (y + 350) / 2, 8, lamp)
    for index in range(12):
        angle = turn + 2 * math.pi * index / 12
        x, y = 560 + 270 * math.cos(angle), 350 + 270 * math.sin(angle)
        swing = 6 * wave(t, 1.5, index * 0.17)
        with canvas.group(x, y, 1, swing):
            canvas.rect(-30, 8, 60, 48, BRIGHT[index % 7], round_=16)
            canvas.rect(-22, 16, 44, 18, "#fff9ea", round_=8)
            canvas.path("M-34 10 Q0 -18 34 10 Z", BRIGHT[(index + 2) % 7])
    canvas.circle(560, 350, 26, "#ffd15c")
    return canvas


def dancers(t: float) -> Canvas:
    """Round people who dance in a row under paper lanterns."""
    x: float
    y: float
    canvas = sheet(127)
    canvas.background("#5b3f8c", "#a0568f", "#e77c7c")
    canvas.path("M-20 70 Q320 190 640 90 T1300 80", stroke="#f5d6ff", width=3)
    for index in range(9):
        x = 70 + index * 145
        y = 120 + 30 * wave(x, 1100, 0.9) + 5 * wave(t, 2.2, index * 0.2)
        glow(canvas, x, y + 40, 85, "#ffe6a8", 0.5)
        canvas.ellipse(x, y + 40, 27, 32, canvas.radial("#fffbe0", BRIGHT[index % 7]))
    canvas.rect(0, 610, FILM_WIDTH, 110, canvas.linear("#4a2f5f", "#38244b"))
    beat = 60 / 132
    for index in range(6):
        side = wave(t, 2 * beat, index * 0.5)
        hop = abs(wave(t, 2 * beat, index * 0.25)) * 46
        x, y = 150 + index * 196 + 26 * side, 640 - hop
        colour = BRIGHT[(index + 1) % 7]
        canvas.shadow(x, 650, 66, 13, 0.45 - hop / 200)
        with canvas.group(x, y, 1, 9 * side):
            for leg in (-1, 1):
                canvas.path(f"M{leg * 20} -50 L{leg * 26} -4 L{leg * 42} -2", stroke="#2c1d3c", width=11)
                reach = -190 + 46 * wave(t, 2 * beat, 0.25 * leg + index * 0.5)
                canvas.path(
                    f"M{leg * 42} -130 Q{leg * 92} -140 {leg * 100} {reach:.0f}", stroke=colour, width=15
                )
            canvas.ellipse(0, -104, 56, 66, canvas.linear(colour, colour))
            canvas.circle(0, -202, 40, "#ffe3c2")
            for eye in (-14, 14):
                canvas.path(f"M{eye - 8} -204 Q{eye} -216 {eye + 8} -204", stroke="#4a2c2a", width=4)
            canvas.path("M-18 -192 Q0 -164 18 -192 Z", "#a53a45")
            canvas.path(
                "M-42 -206 C-46 -260 46 -260 42 -206 C20 -232 -20 -232 -42 -206 Z", BRIGHT[(index + 4) % 7]
            )
    glow(canvas, 640, FILM_HEIGHT, 700, "#ffd9a0", 0.16 + 0.08 * wave(t, 2 * beat))
    return canvas
