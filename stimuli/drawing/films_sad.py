"""Clips that are meant to sadden: unpleasant and slow. Each function draws the frame at `t` seconds."""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas, curve
from stimuli.drawing.moving import FILM_WIDTH, glow, mix, rain, rise, sheet, wave, wrap


def rain_window(t: float) -> Canvas:
    """Rain runs down a window, an empty street behind it."""
    speed: float
    start: float
    x: float
    canvas = sheet(401)
    canvas.background("#4a5663", "#5f6b76", "#424c57")
    for x, wide, high in (
        (40, 190, 330),
        (260, 150, 250),
        (440, 210, 380),
        (850, 170, 300),
        (1050, 220, 360),
    ):
        canvas.rect(x, 560 - high, wide, high, "#39434e")
    canvas.rect(0, 556, FILM_WIDTH, 164, canvas.linear("#3a434c", "#2c333b"))
    glow(canvas, 730, 250, 190, "#d9c58f", 0.35)
    canvas.line([(730, 560), (730, 260)], "#252b32", 10)
    canvas.circle(730, 248, 18, "#e6d6a4", opacity=0.85)
    canvas.ellipse(730, 610, 120, 14, "#d9c58f", opacity=0.22)
    rain(canvas, t, 70, 520, "#aab8c4", 0.28)
    for _ in range(46):
        x, start, speed = canvas.spread(20, 1260), canvas.spread(0, 760), canvas.spread(14, 70)
        size, phase = canvas.spread(4, 9), canvas.spread(0, 1)
        y = wrap(start + speed * t + 16 * wave(t, 2.6, phase), 720, 40)
        aside = x + 5 * wave(y, 160, phase)
        canvas.line([(aside, y - 60 - speed), (aside, y)], "#c3d0da", 2.5, opacity=0.25)
        canvas.ellipse(aside, y, size * 0.8, size, "#d5e0e8", opacity=0.6)
    for x in (0, 624, 1256):
        canvas.rect(x - 4, 0, 32, 720, "#2a2420")
    for y in (0, 350, 694):
        canvas.rect(0, y, FILM_WIDTH, 26, "#332b26")
    return canvas


def wilting(t: float) -> Canvas:
    """A flower in a vase hangs its head and loses its petals."""
    canvas = sheet(403)
    canvas.background("#6d6a6c", "#575457")
    glow(canvas, 420, 220, 460, "#a39d9a", 0.5)
    canvas.rect(0, 560, FILM_WIDTH, 160, canvas.linear("#4b4340", "#3a3431"))
    canvas.shadow(640, 600, 150, 22, 0.5)
    canvas.path(
        "M580 420 C560 500 570 590 600 600 L680 600 C710 590 720 500 700 420 Z",
        canvas.linear("#7d8a90", "#525d63", across=True),
    )
    canvas.ellipse(640, 420, 60, 12, "#454f55")
    sink = rise(t, 0.5, 7.5)
    hx, hy = 690 + 110 * sink, 180 + 170 * sink
    bend = 150 + 30 * sink
    canvas.path(
        f"M640 424 C632 300 {650 + 10 * sink:.0f} {bend:.0f} {hx:.0f} {hy:.0f}", stroke="#5d6b4a", width=11
    )
    canvas.path("M640 330 C590 300 560 330 548 372 C590 376 626 366 640 340", "#5b6846")
    turn = 40 + 110 * sink
    with canvas.group(hx, hy, 1, turn):
        for petal in range(9):
            falls = 1.6 + petal * 0.66
            if t < falls:
                angle = 360 * petal / 9
                reach = math.radians(angle)
                canvas.ellipse(
                    46 * math.sin(reach),
                    -46 * math.cos(reach),
                    19,
                    40,
                    mix("#b06a78", "#7d5a58", sink),
                    turn=angle,
                )
        canvas.circle(0, 0, 26, "#5a4632")
    for petal in range(9):
        age = t - (1.6 + petal * 0.66)
        if age >= 0:
            sx = 690 + 110 * rise(1.6 + petal * 0.66, 0.5, 7.5) + 26 * math.sin(petal * 2.1)
            sy = 200 + 170 * rise(1.6 + petal * 0.66, 0.5, 7.5)
            y = min(588 + 14 * (petal % 4), sy + 95 * age)
            still = y >= 588
            x = sx + (0 if still else 24 * wave(age, 1.9)) + (petal % 3) * 22
            canvas.ellipse(x, y, 15, 30 if not still else 11, "#8a5f62", turn=70 + 40 * petal)
    return canvas


def fog_boat(t: float) -> Canvas:
    """An empty boat drifts away into the fog."""
    scale: float
    x: float
    y: float
    canvas = sheet(407)
    canvas.background("#8a959b", "#a2abae", "#7c878c")
    canvas.rect(0, 380, FILM_WIDTH, 340, canvas.linear("#929da1", "#566167"))
    for row in range(9):
        y = 400 + row * 34
        canvas.ellipse(640 + 60 * wave(t, 8, row * 0.17), y, 520 + 30 * row, 3, "#b9c2c5", opacity=0.25)
    far = rise(t, -1, 10)
    x, y, scale = 520 + 210 * far, 560 - 140 * far, 1.15 - 0.72 * far
    with canvas.group(x, y + 3 * wave(t, 3.4), scale, 2.5 * wave(t, 4.6)):
        canvas.ellipse(0, 40, 170, 14, "#3e484d", opacity=0.5)
        canvas.path("M-150 -14 Q0 44 150 -14 L118 34 Q0 62 -118 34 Z", canvas.linear("#4b4540", "#2f2b28"))
        canvas.path("M-150 -14 Q0 24 150 -14", stroke="#5f574f", width=7)
        canvas.line([(-60, 8), (-104, 46)], "#3a352f", 7)
    canvas.rect(0, 0, FILM_WIDTH, 720, "#a9b2b5", opacity=0.12 + 0.42 * far)
    for index in range(6):
        fx = wrap(index * 260 + 16 * t * (1 if index % 2 else -1), FILM_WIDTH, 420)
        canvas.ellipse(
            fx, 330 + 50 * index, 430, 62, canvas.radial("#d3d9da", "#d3d9da", fade=True), opacity=0.55
        )
    return canvas


def autumn_bench(t: float) -> Canvas:
    """Leaves fall on an empty bench under a bare tree."""
    x: float
    y: float
    canvas = sheet(409)
    canvas.background("#8d9297", "#a7a49d", "#9b9282")
    canvas.hill(520, 500, 530, "#8b8474", 500)
    canvas.hill(580, 570, 590, canvas.linear("#7b7161", "#5d5446"), 800)
    trunk = "#3f362f"
    canvas.path("M300 640 C320 470 290 330 330 180 L366 180 C372 340 360 480 392 640 Z", trunk)
    for points in (
        ((340, 300), (210, 190), (120, 170)),
        ((352, 250), (470, 150), (590, 130)),
        ((340, 210), (330, 90), (290, 20)),
        ((356, 210), (420, 70), (410, 10)),
        ((344, 360), (240, 310), (170, 320)),
        ((470, 150), (520, 70), (600, 40)),
    ):
        canvas.line(list(points), trunk, 12 if points[0][1] > 200 else 8)
    canvas.shadow(850, 640, 220, 20, 0.4)
    for x in (690, 990):
        canvas.line([(x, 500), (x, 640)], "#3a3a3a", 14)
        canvas.line([(x, 520), (x + 10, 400)], "#3a3a3a", 12)
    for y in (410, 448):
        canvas.rect(660, y, 380, 24, canvas.linear("#6d5844", "#574635"), round_=5)
    canvas.rect(650, 516, 400, 26, canvas.linear("#735d48", "#59483a"), round_=5)
    tones = ("#8f6a3c", "#7a4f32", "#a07d48", "#6b5138")
    for index in range(34):
        x, start, speed, phase = (
            canvas.spread(0, 1280),
            canvas.spread(-600, 600),
            canvas.spread(46, 84),
            canvas.spread(0, 1),
        )
        floor = 630 + 80 * phase
        y = start + speed * t
        lies = y > floor
        y = min(y, floor)
        aside = x + (0 if lies else 46 * wave(t, 3.1, phase)) - 10 * min(t, 10)
        turn = 360 * phase + (0 if lies else 50 * wave(t, 2.3, phase))
        canvas.ellipse(aside, y, 15, 8 if not lies else 5, tones[index % 4], turn=turn)
    return canvas


def candle(t: float) -> Canvas:
    """A candle burns down and goes out in a dark room."""
    canvas = sheet(411)
    light = 1 - rise(t, 5.2, 6.6)
    canvas.background(mix("#17161a", "#2b2624", light), mix("#141317", "#211c1b", light))
    glow(canvas, 640, 300, 520, "#c98d4b", 0.42 * light * (0.92 + 0.08 * wave(t, 0.9)))
    canvas.rect(0, 590, FILM_WIDTH, 130, mix("#191715", "#3a2c22", light))
    canvas.ellipse(640, 600, 150, 22, mix("#26221f", "#6d5843", light))
    top = 400 + 40 * rise(t, 0, 6)
    wax = canvas.linear(mix("#55504a", "#efe3c9", light), mix("#3d3935", "#b09a7b", light))
    canvas.rect(590, top, 100, 600 - top, wax, round_=8)
    canvas.ellipse(640, top + 4, 50, 11, mix("#4b4640", "#f6ead0", light))
    canvas.path(
        f"M604 {top + 6:.0f} C600 {top + 60:.0f} 616 {top + 90:.0f} 606 {top + 120:.0f}",
        stroke=mix("#4b4640", "#f3e6cb", light),
        width=13,
    )
    canvas.line([(640, top), (641, top - 26)], "#1c1816", 5)
    if light > 0.02:
        lean, high = 9 * wave(t, 1.3) + 5 * wave(t, 0.7, 0.3), 90 * light
        flame = curve(
            "M",
            640,
            top - 14,
            "C",
            604 + lean / 2,
            top - 34,
            622 + lean,
            top - high,
            640 + lean,
            top - 24 - high,
            "C",
            660 + lean,
            top - high,
            676 + lean / 2,
            top - 34,
            640,
            top - 14,
            "Z",
        )
        canvas.path(flame, canvas.linear("#ffe9a6", "#f29a3f"), opacity=0.95)
        canvas.ellipse(640 + lean / 3, top - 26, 8, 14 * light + 2, "#8fb3e0", opacity=0.6)
    for puff in range(7):
        age = (t - 6.2 - puff * 0.22) / 2.2
        if 0 < age < 1:
            canvas.circle(
                640 + 26 * wave(age, 0.7, puff * 0.1),
                top - 30 - 240 * age,
                6 + 26 * age,
                "#8f8a86",
                opacity=0.35 * (1 - age),
            )
    return canvas


def empty_swing(t: float) -> Canvas:
    """A swing on a deserted playground comes to rest in the rain."""
    canvas = sheet(413)
    canvas.background("#66717b", "#7c858b", "#6f726d")
    for x in range(40, 1280, 120):
        canvas.rect(x, 380, 12, 150, "#555d63")
    canvas.rect(0, 410, FILM_WIDTH, 10, "#555d63")
    canvas.rect(0, 530, FILM_WIDTH, 190, canvas.linear("#5d625a", "#43473f"))
    canvas.ellipse(660, 640, 230, 26, "#7f898d", opacity=0.55)
    for x in (330, 950):
        canvas.line([(x - 70, 640), (x, 130), (x + 70, 640)], "#454b50", 15)
    canvas.line([(330, 132), (950, 132)], "#454b50", 17)
    angle = 26 * math.exp(-t / 4.5) * math.cos(2 * math.pi * t / 2.4)
    with canvas.group(640, 136, 1, angle):
        for x in (-56, 56):
            canvas.line([(x, 0), (x, 380)], "#31363a", 5)
        canvas.rect(-74, 376, 148, 18, "#6b4f3d", round_=5)
    canvas.ellipse(250, 612, 46, 30, "#7a5f56")
    canvas.circle(250, 566, 25, "#7a5f56")
    for x in (230, 270):
        canvas.circle(x, 546, 10, "#7a5f56")
    canvas.circle(242, 562, 3, "#221d1b")
    canvas.circle(258, 562, 3, "#221d1b")
    rain(canvas, t, 130, 620, "#b8c2c9", 0.34)
    return canvas
