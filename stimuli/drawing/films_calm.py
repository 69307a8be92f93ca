"""Clips that are meant to soothe: pleasant and slow. Each function draws the frame at `t` seconds."""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas
from stimuli.drawing.moving import FILM_WIDTH, flakes, glow, grass, mix, rise, sheet, wave, wrap


def sunrise(t: float) -> Canvas:
    """The sun comes up behind a still sea."""
    high: float
    x: float
    canvas = sheet(201)
    up = rise(t, 0, 9)
    canvas.background(
        mix("#2f4f86", "#6fb7e9", up), mix("#d98a8a", "#cfe9f2", up), mix("#f6b48a", "#fdf1d3", up)
    )
    y = 470 - 230 * up
    glow(canvas, 640, y, 420, "#fff1c2", 0.85)
    canvas.circle(640, y, 62, mix("#ffb765", "#fff3c9", up))
    for x, high, speed in ((200, 140, 7), (820, 90, 10), (1020, 210, 6)):
        canvas.cloud(wrap(x + speed * t, FILM_WIDTH, 160), high, 0.8, mix("#f0b6ad", "#ffffff", up), 0.75)
    canvas.polygon([(0, 440), (150, 390), (330, 430), (470, 446), (0, 450)], mix("#5d5a83", "#86a9bd", up))
    canvas.polygon(
        [(860, 446), (1010, 400), (1150, 380), (1280, 420), (1280, 450)], mix("#5d5a83", "#86a9bd", up)
    )
    sea = (mix("#d99a86", "#9fd3e6", up), mix("#35548a", "#3f8dbb", up))
    canvas.rect(0, 444, FILM_WIDTH, 276, canvas.linear(*sea))
    for row in range(13):
        line, wide = 458 + row * 19, 60 + 34 * row
        aside = 14 * wave(t, 4.5, row * 0.19)
        for part in (-1, 0, 1):
            x = 640 + aside + part * wide * 0.8
            canvas.ellipse(x, line, wide * 0.34, 2.5 + row * 0.25, "#fff6da", opacity=0.5 - 0.02 * row)
    for index in range(3):
        x, high = wrap(260 + 34 * t + index * 70, FILM_WIDTH, 40), 250 + 26 * index
        flap = 9 * wave(t, 1.3, index * 0.3)
        canvas.path(f"M{x - 22:.0f} {high - flap:.0f} Q{x - 8:.0f} {high - 8:.0f} {x:.0f} {high} "
                    f"Q{x + 8:.0f} {high - 8:.0f} {x + 22:.0f} {high - flap:.0f}",
                    stroke="#4d5a78", width=4)  # fmt: skip
    return canvas


def lanterns(t: float) -> Canvas:
    """Paper lanterns that rise slowly into the evening."""
    canvas = sheet(203)
    canvas.background("#1f2b55", "#4a4a80", "#b9788a")
    for _ in range(70):
        canvas.circle(
            canvas.spread(0, 1280), canvas.spread(0, 420), canvas.spread(0.8, 2), "#eef1ff", opacity=0.8
        )
    canvas.hill(640, 560, 610, "#262846", 420)
    canvas.hill(660, 640, 600, "#1b1c36", 900)
    for index in range(26):
        x, y, depth = canvas.spread(30, 1250), canvas.spread(0, 900), canvas.spread(0.35, 1)
        phase = canvas.spread(0, 1)
        up = wrap(y - (16 + 26 * depth) * t, 860, 60) - 60
        aside = x + 18 * depth * wave(t, 6 + 3 * phase, phase)
        glow(canvas, aside, up, 95 * depth, "#ffcf87", 0.55)
        with canvas.group(aside, up, depth, 5 * wave(t, 4.5, phase)):
            canvas.path("M-26 -34 Q0 -46 26 -34 L32 34 Q0 46 -32 34 Z", canvas.linear("#ffdf9e", "#ff9d57"))
            canvas.ellipse(0, 34, 30, 6, "#fff3cf")
        if index == 12:
            canvas.rect(0, 0, FILM_WIDTH, 720, "#1f2b55", opacity=0.12)
    return canvas


def breeze(t: float) -> Canvas:
    """A meadow that sways in a light wind, with butterflies."""
    depth: float
    phase: float
    r: float
    x: float
    y: float
    canvas = sheet(207)
    canvas.background("#79c3ef", "#c4e9f7", "#f3fbef")
    canvas.cloud(wrap(240 + 10 * t, FILM_WIDTH, 180), 130, 1.1, "#ffffff")
    canvas.cloud(wrap(860 + 7 * t, FILM_WIDTH, 180), 190, 0.8, "#ffffff", 0.8)
    canvas.hill(430, 360, 420, "#b5dcb2", 380)
    canvas.hill(470, 480, 400, canvas.linear("#9dd184", "#7cbd66"), 860)
    canvas.rect(1004, 330, 24, 120, "#7a5a3a", round_=8)
    for x, y, r in ((1016, 280, 82), (960, 320, 58), (1072, 322, 56)):
        sway = 4 * wave(t, 4.2, x / 700)
        canvas.circle(x + sway, y, r, canvas.radial("#86c96f", "#57a24f", (0.4, 0.3)))
    canvas.hill(520, 540, 500, canvas.linear("#86cb66", "#4f9f45"), 640)
    grass(canvas, t, 130, 545, "#3f8f3a", 16)
    colours = ("#ffffff", "#f7a8c4", "#f25f5c", "#ffe066", "#c9a7eb")
    for index in range(34):
        x, depth, phase = canvas.spread(20, 1260), canvas.spread(0, 1), canvas.spread(0, 1)
        foot, high = 570 + 150 * depth, 34 + 46 * depth
        lean = 16 * depth * wave(t, 3.2, phase * 0.3 + x / 1600)
        canvas.line([(x, foot), (x + lean, foot - high)], "#3f8f3a", 3)
        r = 7 + 9 * depth
        for petal in range(6):
            angle = math.pi * petal / 3
            px, py = x + lean + r * 0.8 * math.sin(angle), foot - high - r * 0.8 * math.cos(angle)
            canvas.circle(px, py, r * 0.55, colours[index % 5])
        canvas.circle(x + lean, foot - high, r * 0.5, "#f2b43c")
    for index, colour in enumerate(("#f28f3b", "#6d8fd8", "#fdf6d8")):
        x = wrap(180 + 380 * index + 40 * t + 40 * wave(t, 3.1, index * 0.3), FILM_WIDTH, 40)
        y = 430 + 50 * wave(t, 2.7, index * 0.41) + 30 * index
        open_ = 0.35 + 0.65 * abs(wave(t, 0.9, index * 0.2))
        with canvas.group(x, y, 1, 12 * wave(t, 2.2, index * 0.5)):
            for side in (-1, 1):
                canvas.ellipse(side * 15 * open_, -8, 17 * open_, 13, colour)
                canvas.ellipse(side * 11 * open_, 10, 11 * open_, 9, colour, opacity=0.9)
            canvas.ellipse(0, 1, 3, 15, "#3b2d2a")
    return canvas


def aquarium(t: float) -> Canvas:
    """Fish that glide between water plants."""
    r: float
    x: float
    y: float
    canvas = sheet(211)
    canvas.background("#8fdcec", "#3fa3c9", "#1f6a98")
    for index in range(5):
        x = 120 + index * 270 + 30 * wave(t, 7, index * 0.2)
        canvas.polygon([(x, 0), (x + 90, 0), (x - 60, 720), (x - 260, 720)], "#ffffff", opacity=0.07)
    canvas.hill(650, 620, 660, canvas.linear("#e7d7a8", "#c9b27f"), 700)
    for index in range(17):
        x, high, phase = canvas.spread(20, 1260), canvas.spread(120, 330), canvas.spread(0, 1)
        sway = 30 * wave(t, 5.0, phase * 0.4)
        colour = ("#3f9d6b", "#2f8060", "#6fb36a")[index % 3]
        canvas.path(
            f"M{x:.0f} 700 C{x - 18:.0f} {700 - high * 0.4:.0f} {x + sway:.0f} {700 - high * 0.7:.0f} "
            f"{x + sway * 1.5:.1f} {700 - high:.0f}",
            stroke=colour, width=13, opacity=0.9,
        )  # fmt: skip
    for index in range(8):
        side = 1 if index % 2 else -1
        depth = canvas.spread(0.55, 1.1)
        start, y, phase = canvas.spread(0, 1280), 90 + index * 62, canvas.spread(0, 1)
        x = wrap(start + side * (34 + 26 * depth) * t, FILM_WIDTH, 110)
        y += 12 * wave(t, 4.1, phase)
        body, fin = (
            ("#ff9f5a", "#ffd29b"),
            ("#f6d55c", "#fff0b0"),
            ("#ef7e7e", "#ffc7c0"),
            ("#9d8df1", "#d6cfff"),
        )[index % 4]
        tail = 10 * wave(t, 0.9, phase)
        with canvas.group(x, y, depth):
            f = side
            canvas.path(
                f"M{-f * 52} 0 L{-f * 96} {-30 + tail:.1f} Q{-f * 80} 0 {-f * 96} {30 + tail:.1f} Z", fin
            )
            canvas.path(f"M{-f * 14} -30 Q{f * 8} -62 {f * 30} -28 Z", fin)
            canvas.ellipse(0, 0, 62, 34, canvas.linear(fin, body))
            canvas.circle(f * 36, -8, 7.5, "#ffffff")
            canvas.circle(f * 38, -8, 4.2, "#26303a")
            canvas.path(f"M{f * 4} 4 Q{-f * 14} {10 + tail / 2:.1f} {-f * 18} 22", stroke=fin, width=6)
    for _ in range(26):
        x, y, r = canvas.spread(60, 1220), canvas.spread(0, 720), canvas.spread(3, 9)
        canvas.ellipse(
            x + 9 * wave(t, 2.6, x / 300), wrap(y - 44 * t, 720, 20), r, r, "none", stroke="#e6fbff", width=2
        )
    return canvas


def snowfall(t: float) -> Canvas:
    """Snow falls around a cottage with warm windows."""
    canvas = sheet(213)
    canvas.background("#27375e", "#54648f", "#a3a9c4")
    canvas.hill(520, 440, 500, "#8c98ba", 380)
    for x, size in ((120, 1.0), (250, 0.75), (1010, 0.9), (1140, 1.15), (900, 0.6)):
        base = 560
        for layer in range(3):
            y, w = base - 60 * size - layer * 62 * size, (92 - 22 * layer) * size
            canvas.polygon([(x - w, y + 70 * size), (x, y - 30 * size), (x + w, y + 70 * size)], "#2f4a55")
            canvas.polygon(
                [(x - w * 0.45, y + 14 * size), (x, y - 30 * size), (x + w * 0.45, y + 14 * size)], "#eef3fa"
            )
    canvas.hill(560, 540, 570, canvas.linear("#e9eef8", "#b9c3dc"), 640)
    glow(canvas, 600, 480, 300, "#ffd590", 0.5)
    canvas.rect(480, 420, 250, 150, canvas.linear("#7b5643", "#5e4133"))
    canvas.polygon([(450, 430), (605, 310), (760, 430)], "#f4f7fc")
    canvas.polygon([(470, 432), (605, 330), (740, 432)], "#8a4f43")
    canvas.polygon([(450, 430), (605, 310), (760, 430), (720, 424), (605, 340), (490, 424)], "#f4f7fc")
    shine = 0.86 + 0.1 * wave(t, 3.1)
    for x in (505, 645):
        canvas.rect(x, 465, 62, 56, "#ffdf94", round_=4, opacity=shine)
        canvas.line([(x + 31, 465), (x + 31, 521)], "#6b4a39", 4)
        canvas.line([(x, 493), (x + 62, 493)], "#6b4a39", 4)
    canvas.rect(586, 490, 40, 80, "#4b3429", round_=4)
    canvas.rect(668, 330, 30, 60, "#6b4a39")
    for puff in range(5):
        age = (t * 0.35 + puff / 5) % 1
        canvas.circle(
            683 + 60 * age + 10 * wave(age, 0.6),
            320 - 170 * age,
            12 + 26 * age,
            "#dfe4f0",
            opacity=0.45 * (1 - age),
        )
    canvas.hill(640, 650, 600, "#f3f6fc", 500)
    flakes(canvas, t, 150, 62, ("#ffffff", "#f2f6ff"), 6)
    return canvas


def moonrise(t: float) -> Canvas:
    """The moon climbs over a quiet lake, a boat rocks."""
    canvas = sheet(217)
    canvas.background("#101d42", "#24407a", "#5c77ab")
    for _ in range(90):
        x, y, r, phase = (
            canvas.spread(0, 1280),
            canvas.spread(0, 400),
            canvas.spread(0.8, 2.3),
            canvas.spread(0, 1),
        )
        canvas.circle(x, y, r, "#f4f6ff", opacity=0.6 + 0.35 * wave(t, 3.4, phase))
    y = 300 - 120 * rise(t, 0, 10)
    glow(canvas, 880, y, 260, "#e9efff", 0.6)
    canvas.circle(880, y, 66, canvas.radial("#fffdf2", "#e8e6d4", (0.4, 0.35)))
    for x, dy, r in ((862, -14, 11), (898, 16, 15), (900, -24, 7)):
        canvas.circle(x, y + dy, r, "#d5d3c2", opacity=0.7)
    canvas.polygon(
        [
            (0, 430),
            (190, 330),
            (360, 410),
            (560, 350),
            (760, 420),
            (1000, 372),
            (1280, 420),
            (1280, 450),
            (0, 450),
        ],
        "#17284f",
    )
    canvas.rect(0, 440, FILM_WIDTH, 280, canvas.linear("#3c5a94", "#16264f"))
    for row in range(12):
        wide = 36 + 16 * row
        x = 880 + 12 * wave(t, 4, row * 0.23)
        canvas.ellipse(x, 456 + row * 20, wide, 3, "#f1f3ff", opacity=0.42 - 0.025 * row)
    rock = 3 * wave(t, 4.2)
    with canvas.group(380, 566 + 5 * wave(t, 3.6), 1, rock):
        canvas.path("M-120 0 Q0 62 120 0 L96 46 Q0 70 -96 46 Z", canvas.linear("#6d4a36", "#4a3226"))
        canvas.path("M-120 0 Q0 34 120 0", stroke="#8a624a", width=8)
        canvas.line([(0, 30), (0, -150)], "#7a5a44", 8)
        canvas.path("M8 -146 Q90 -80 84 0 L8 0 Z", "#f1ead9")
        canvas.path("M-6 -130 Q-60 -70 -56 -6 L-6 -6 Z", "#d9d0bd")
    for row in range(3):
        canvas.ellipse(
            380 + 8 * wave(t, 3, row * 0.3), 622 + 16 * row, 150 + 26 * row, 4, "#7f9cd0", opacity=0.35
        )
    return canvas
