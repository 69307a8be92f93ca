"""Clips that are meant to unsettle: unpleasant and stirring. Each function draws the frame at `t` seconds.

Light never changes more than twice a second, which keeps them clear of what photosensitive people fear.
"""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas, curve
from stimuli.drawing.moving import FILM_WIDTH, glow, mix, rain, rise, sheet, wave, wrap


def thunderstorm(t: float) -> Canvas:
    """Lightning and wind tear at a lonely house."""
    canvas = sheet(501)
    flash = max(math.exp(-3.2 * (t - at)) if t >= at else 0.0 for at in (1.4, 4.3, 6.9))
    canvas.background(
        mix("#1d222d", "#6d7486", flash), mix("#303744", "#8b91a0", flash), mix("#252b33", "#5d636e", flash)
    )
    for index in range(8):
        x = wrap(index * 210 + 130 * t, FILM_WIDTH, 240)
        canvas.cloud(x, 70 + 50 * (index % 3), 2.2, mix("#262c37", "#59606f", flash), 0.9)
    for at, x, way in ((1.4, 330, 1), (4.3, 920, -1), (6.9, 520, 1)):
        if 0 <= t - at < 0.55:
            points = [
                (x, 120.0),
                (x + way * 40, 240.0),
                (x - way * 6, 262.0),
                (x + way * 60, 400.0),
                (x + way * 34, 410.0),
                (x + way * 84, 540.0),
            ]
            canvas.line(points, "#eef1ff", 7, opacity=max(0.0, 1 - 1.8 * (t - at)))
    canvas.hill(560, 520, 590, mix("#14181f", "#2a303a", flash), 720)
    canvas.rect(700, 400, 150, 140, "#0e1116")
    canvas.polygon([(680, 410), (775, 320), (870, 410)], "#0b0d11")
    canvas.rect(740, 440, 34, 40, "#c9a24f", opacity=0.55 + 0.3 * wave(t, 1.3))
    bend = 46 + 22 * wave(t, 1.1)
    for x, size in ((300, 1.0), (420, 0.7), (1040, 0.85)):
        canvas.path(
            curve(
                "M",
                x,
                590,
                "C",
                x,
                590 - 120 * size,
                x + bend * 0.4,
                590 - 190 * size,
                x + bend,
                590 - 250 * size,
            ),
            stroke="#0c0f13",
            width=16 * size,
        )
        for step in range(5):
            y = 590 - (120 + 28 * step) * size
            bx = x + bend * (0.2 + 0.16 * step)
            canvas.path(
                curve(
                    "M",
                    bx,
                    y,
                    "q",
                    50 * size,
                    -20 * size,
                    (90 + bend) * size,
                    (-8 + 10 * wave(t, 0.6, step * 0.2)) * size,
                ),
                stroke="#0c0f13",
                width=6 * size,
            )
    rain(canvas, t, 190, 1300, "#a8b4c4", 0.36)
    return canvas


def corridor(t: float) -> Canvas:
    """Someone comes nearer through a dark corridor."""
    canvas = sheet(503)
    canvas.background("#0d0e12")
    for depth in range(8):
        scale = 1 / (0.8 + depth * 0.6)
        w, h = 820 * scale, 560 * scale
        shade = mix("#2c333b", "#0b0c10", depth / 9)
        canvas.rect(640 - w, 340 - h, 2 * w, 2 * h, shade)
        canvas.rect(640 - w, 340 + h * 0.8, 2 * w, h * 0.2, mix("#3a3029", "#0c0b0c", depth / 9))
        for side in (-1, 1):
            canvas.rect(
                640 + side * w * 0.93 - 30 * scale,
                340 - 0.42 * h,
                60 * scale,
                1.22 * h,
                "#0d0f13",
                opacity=0.75,
            )
    flicker = 0.5 + 0.25 * wave(t, 1.7) + 0.12 * wave(t, 0.8, 0.2)
    glow(canvas, 640, 300, 210, "#c9d3b4", max(0.1, flicker))
    near = rise(t, -0.5, 9.5) ** 1.6
    scale = 0.28 + 1.5 * near
    step = abs(wave(t, 1.5)) * 10 * scale
    with canvas.group(640 + 8 * wave(t, 1.5) * scale, 430 + 250 * near - step, scale):
        canvas.path("M-92 190 C-96 20 -70 -60 0 -66 C70 -60 96 20 92 190 Z", "#050506")
        canvas.ellipse(0, -112, 46, 56, "#050506")
        for side in (-1, 1):
            canvas.path(
                f"M{side * 72} -20 C{side * 112} 50 {side * 104} 120 {side * 98} 176",
                stroke="#050506",
                width=34,
            )
            eye = rise(t, 3.5, 5)
            canvas.ellipse(side * 17, -116, 6, 4 * eye + 0.2, "#e7d9a8", opacity=eye)
    canvas.rect(0, 0, FILM_WIDTH, 720, canvas.radial("#000000", "#000000"), opacity=0.12 + 0.2 * near)
    return canvas


def spider_thread(t: float) -> Canvas:
    """A spider lets itself down, and its legs reach for the viewer."""
    r: float
    x: float
    y: float
    canvas = sheet(507)
    canvas.background("#2b262c", "#1d191d")
    glow(canvas, 640, 300, 520, "#5f5350", 0.7)
    for ring in range(1, 7):
        for ray in range(12):
            a, b = 2 * math.pi * ray / 12, 2 * math.pi * (ray + 1) / 12
            r = ring * 105
            canvas.line(
                [
                    (640 + r * math.cos(a), 120 + r * math.sin(a)),
                    (640 + r * math.cos(b), 120 + r * math.sin(b)),
                ],
                "#a9a09c",
                1.6,
                opacity=0.22,
            )
    down = rise(t, 0, 4) * 330 + 26 * wave(t, 1.4) * rise(t, 3.5, 4.5)
    near = 1 + 1.5 * rise(t, 4.6, 8)
    canvas.line([(640, 0), (640 + 10 * wave(t, 2.2), down)], "#d8d0ca", 2.5, opacity=0.8)
    with canvas.group(640 + 10 * wave(t, 2.2), down, near, 8 * wave(t, 2.2)):
        for side in (-1, 1):
            for leg in range(4):
                wriggle = 16 * wave(t, 0.62, leg * 0.19 + side * 0.1)
                kx, ky = side * (92 + 14 * leg), -78 + 48 * leg + wriggle
                fx, fy = side * (150 - 6 * leg), -20 + 66 * leg + 1.5 * wriggle
                canvas.line([(side * 26, -8 + 10 * leg), (kx, ky), (fx, fy)], "#0b090a", 13)
                canvas.line([(side * 26, -8 + 10 * leg), (kx, ky), (fx, fy)], "#3a2f2d", 4)
        canvas.ellipse(0, 52, 58, 72, canvas.radial("#4a3a36", "#120e0f", (0.42, 0.35)))
        canvas.path("M0 10 C-14 40 20 56 0 92", stroke="#8a2f28", width=9)
        canvas.circle(0, -22, 42, canvas.radial("#4b3d3a", "#151112", (0.45, 0.4)))
        for x, y, r in ((-12, -42, 6.5), (12, -42, 6.5), (-26, -36, 4), (26, -36, 4)):
            canvas.circle(x, y, r, "#e0483a")
    return canvas


def slime(t: float) -> Canvas:
    """Slime with bubbles and worms creeps down a wall."""
    phase: float
    x: float
    y: float
    canvas = sheet(509)
    canvas.background("#6b6655", "#565243")
    for row in range(5):
        for column in range(9):
            canvas.rect(
                column * 150 - (75 if row % 2 else 0), row * 150, 142, 142, "#767060", round_=6, opacity=0.6
            )
    down = 90 + 60 * t
    points = "M0 0 "
    for index in range(17):
        x = index * 80
        drip = down * (0.55 + 0.45 * math.sin(index * 2.3) ** 2) + 14 * wave(t, 2.2, index * 0.21)
        points += f"L{x - 34} {drip * 0.72:.0f} Q{x} {drip * 1.35:.0f} {x + 34} {drip * 0.72:.0f} "
    canvas.path(points + "L1290 0 Z", canvas.linear("#97a33a", "#6f7d24"))
    canvas.path(points + "L1290 0 Z", stroke="#c3cc62", width=5, opacity=0.5)
    for _ in range(34):
        x, y, r, phase = (
            canvas.spread(0, 1280),
            canvas.spread(0, 0.75),
            canvas.spread(7, 24),
            canvas.spread(0, 1),
        )
        swell = abs(wave(t, 2.4, phase))
        canvas.circle(x, y * down, r * swell, canvas.radial("#dbe38a", "#8b9630", (0.35, 0.3)), opacity=0.85)
    for index in range(9):
        x, y, phase = canvas.spread(60, 1220), canvas.spread(0.25, 0.8), canvas.spread(0, 1)
        line = []
        for part in range(9):
            line.append(
                (
                    x + part * 13 + 14 * t * (1 if index % 2 else -1),
                    y * down * 0.9 + 11 * wave(t, 0.9, part * 0.16 + phase),
                )
            )
        canvas.line(line, "#d9c3a5", 15)
        canvas.line(line, "#c2a582", 5)
    return canvas


def swarm(t: float) -> Canvas:
    """Flies gather on something rotten."""
    x: float
    y: float
    canvas = sheet(511)
    canvas.background("#8a8468", "#6d6852")
    canvas.rect(0, 520, FILM_WIDTH, 200, canvas.linear("#5c523f", "#463e30"))
    canvas.shadow(640, 600, 320, 34, 0.5)
    canvas.path(
        "M380 590 C360 470 450 390 600 400 C700 360 860 420 890 520 C910 570 900 590 880 596 Z",
        canvas.linear("#8a6a4d", "#5b4433"),
    )
    for x, y, rx, ry in ((520, 500, 62, 34), (700, 470, 74, 40), (800, 540, 46, 26), (610, 560, 52, 22)):
        canvas.ellipse(x, y, rx, ry, "#6f7d45", opacity=0.85)
        canvas.ellipse(x - 8, y - 6, rx * 0.5, ry * 0.45, "#a5ab6a", opacity=0.7)
    for index in range(64):
        angle, far, speed, phase = (
            canvas.spread(0, 6.28),
            canvas.spread(60, 620),
            canvas.spread(0.6, 1.5),
            canvas.spread(0, 1),
        )
        close = 1 - 0.72 * rise(t, 0, 7.5) * (0.5 + phase / 2)
        turn = angle + speed * t * (1 if index % 2 else -1)
        x = 640 + far * close * math.cos(turn) + 22 * wave(t, 0.45, phase)
        y = 430 + far * close * 0.55 * math.sin(turn) + 18 * wave(t, 0.38, phase + 0.3)
        size = 0.7 + 0.7 * phase
        wing = 7 * size
        for side in (-1, 1):
            canvas.ellipse(
                x + side * wing, y - wing * 0.8, wing, wing * 0.5, "#e8e8dc", opacity=0.5, turn=side * 30
            )
        canvas.ellipse(x, y, 7 * size, 9 * size, "#16150f")
    return canvas


def clash(t: float) -> Canvas:
    """Red spikes that strike at one another."""
    canvas = sheet(513)
    beat = 0.78
    share = (t / beat) % 1
    strike = math.exp(-5 * share)
    canvas.background(mix("#3a0f12", "#5d1417", strike), mix("#22090b", "#3d0d10", strike))
    shake = 9 * strike * wave(t, 0.09)
    for side in (-1, 1):
        push = 150 * (1 - strike)
        base = 640 + side * (110 + push) + shake
        for spike in range(9):
            y = -20 + spike * 95 + 40 * (side > 0)
            long = 150 + 46 * math.sin(spike * 1.7 + math.floor(t / beat))
            tip = base - side * long
            tone = ("#d8232a", "#a81a22", "#f04b2f")[spike % 3]
            canvas.polygon([(base + side * 620, y - 84), (tip, y), (base + side * 620, y + 84)], tone)
            canvas.polygon(
                [(base + side * 620, y), (tip, y), (base + side * 620, y + 84)], "#6d0f16", opacity=0.55
            )
    glow(canvas, 640, 360, 330, "#ffb24d", 0.5 * strike)
    for spark in range(16):
        angle = 2 * math.pi * spark / 16 + math.floor(t / beat)
        reach = 60 + 420 * share
        canvas.circle(
            640 + reach * math.cos(angle),
            360 + reach * math.sin(angle),
            6 * (1 - share) + 0.5,
            "#ffd27a",
            opacity=1 - share,
        )
    return canvas
