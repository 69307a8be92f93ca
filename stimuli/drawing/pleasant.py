"""The pleasant pictures of the open set."""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas
from stimuli.drawing.people import Look, glad_face


def _sun(canvas: Canvas, x: float, y: float, r: float) -> None:
    canvas.circle(x, y, r * 3.2, canvas.radial("#fff3c4", "#fff3c4", fade=True))
    canvas.circle(x, y, r, canvas.radial("#fffbe6", "#ffd95a"))


def _daisy(canvas: Canvas, x: float, y: float, r: float, petals: str, heart: str, count: int = 11) -> None:
    for step in range(count):
        turn = 360 * step / count
        angle = math.radians(turn)
        canvas.ellipse(
            x + 0.62 * r * math.sin(angle),
            y - 0.62 * r * math.cos(angle),
            r * 0.2,
            r * 0.42,
            petals,
            turn=turn,
        )
    canvas.circle(x, y, r * 0.3, heart)


def meadow() -> Canvas:
    """A flowering meadow under a summer sky."""
    canvas = Canvas(3)
    canvas.background("#58aee8", "#9fd6f5", "#e6f5ee", "#e6f5ee")
    _sun(canvas, 1010, 170, 74)
    canvas.cloud(300, 190, 1.15, "#ffffff")
    canvas.cloud(690, 120, 0.75, "#ffffff", 0.8)
    canvas.cloud(560, 280, 0.55, "#ffffff", 0.7)
    canvas.hill(520, 430, 560, "#a9d4b8", 500)
    canvas.hill(600, 540, 470, canvas.linear("#8cc97f", "#6db465"), 380)
    canvas.rect(986, 470, 30, 170, "#7a5a3a", round_=10)
    for x, y, r in ((1000, 400, 95), (935, 440, 68), (1068, 445, 66), (1000, 340, 66)):
        canvas.circle(x, y, r, canvas.radial("#7cc36a", "#4f9d4c", (0.4, 0.3)))
    canvas.hill(640, 690, 610, canvas.linear("#7cc85c", "#4fa244"), 760)
    for _ in range(150):
        left, depth = canvas.spread(0, 1280), canvas.spread(0, 1)
        foot = 735 + depth * 220
        height = 16 + 40 * depth
        lean = canvas.spread(-10, 10)
        canvas.path(
            f"M{left:.0f} {foot:.0f} q{lean / 2:.0f} {-height / 2:.0f} {lean:.0f} {-height:.0f}",
            stroke="#3f8f3a" if depth > 0.5 else "#5fb04c",
            width=3 + 2 * depth,
        )
    colours = (("#ffffff", "#f6c945"), ("#f7a8c4", "#fff0b3"), ("#f25f5c", "#5a2a27"), ("#ffe066", "#e08e2b"))
    for index in range(74):
        depth = (index / 74) ** 0.8
        petals, heart = colours[int(canvas.spread(0, 4)) % 4]
        _daisy(canvas, canvas.spread(20, 1260), 722 + depth * 215, 9 + 20 * depth, petals, heart, 8)
    for x, y, turn, colour in ((430, 560, -14, "#f28f3b"), (800, 620, 18, "#fdf6d8")):
        with canvas.group(x, y, 1.1, turn):
            for side in (-1, 1):
                canvas.ellipse(side * 20, -10, 23, 16, colour, turn=side * -28)
                canvas.ellipse(side * 15, 13, 15, 11, colour, turn=side * 30, opacity=0.9)
            canvas.ellipse(0, 2, 4, 20, "#3b2d2a")
    return canvas


def puppy() -> Canvas:
    """A young dog that waits for its ball."""
    canvas = Canvas(5)
    canvas.background("#fdebc8", "#fbdba7", "#f6c98a")
    canvas.circle(640, 420, 470, canvas.radial("#fff7e3", "#fff7e3", fade=True))
    canvas.hill(800, 760, 800, canvas.linear("#9fcf7f", "#74b45c"))
    canvas.shadow(640, 890, 330, 44)
    coat, dark, light = "#d9a066", "#9c6433", "#fbeed9"
    canvas.path("M850 800 C960 800 1000 700 968 640", stroke=coat, width=44)
    canvas.path("M968 652 L968 640", stroke=light, width=44)
    body = "M455 880 C420 720 480 560 640 560 C800 560 860 720 825 880 Z"
    canvas.path(body, canvas.linear(coat, "#c98d52"))
    canvas.path("M555 880 C530 760 570 640 640 640 C710 640 750 760 725 880 Z", light)
    for x in (485, 795):
        canvas.ellipse(x, 868, 78, 40, coat)
    for x in (570, 710):
        canvas.path(f"M{x - 40} 700 L{x - 44} 880 L{x + 44} 880 L{x + 40} 700 Z", coat)
        canvas.ellipse(x, 880, 58, 32, light)
        for toe in (-18, 18):
            canvas.line([(x + toe, 872), (x + toe, 898)], "#d8b894", 5)
    canvas.ellipse(640, 600, 128, 36, "#c8493d")
    canvas.circle(640, 640, 26, canvas.radial("#ffe9a3", "#e0a526", (0.4, 0.35)))
    canvas.ellipse(640, 400, 232, 212, canvas.linear("#e2ad76", coat))
    canvas.path("M640 190 C600 260 596 330 600 400 L680 400 C684 330 680 260 640 190 Z", light)
    for side in (-1, 1):
        ear = (
            f"M{640 + side * 150} 240 C{640 + side * 265} 190 {640 + side * 335} 330 {640 + side * 290} 490 "
            f"C{640 + side * 270} 550 {640 + side * 205} 530 {640 + side * 205} 450 "
            f"C{640 + side * 205} 370 {640 + side * 190} 310 {640 + side * 150} 240 Z"
        )
        canvas.path(ear, canvas.linear(dark, "#84522a"))
        x = 640 + side * 92
        canvas.ellipse(x, 388, 44, 50, "#2c1d14")
        canvas.circle(x - 14, 370, 15, "#ffffff")
        canvas.circle(x + 15, 406, 8, "#ffffff", opacity=0.7)
        canvas.path(f"M{x - 38} {314 - side * 7} Q{x} 288 {x + 38} {314 + side * 7}", stroke=dark, width=11)
    canvas.ellipse(640, 505, 118, 88, light)
    canvas.path("M606 548 C600 640 680 640 674 548 Z", "#ee7f86")
    canvas.line([(640, 560), (640, 606)], "#d5606a", 6)
    canvas.path("M640 500 L640 540 C620 575 565 570 552 535", stroke="#5a3a26", width=9)
    canvas.path("M640 540 C660 575 715 570 728 535", stroke="#5a3a26", width=9)
    canvas.path(
        "M592 458 C600 436 680 436 688 458 C690 490 655 508 640 508 C625 508 590 490 592 458 Z", "#33241c"
    )
    canvas.ellipse(622, 458, 14, 8, "#ffffff", opacity=0.55)
    canvas.shadow(1040, 900, 90, 22)
    canvas.circle(1040, 832, 72, canvas.radial("#ff9d8a", "#d8433a", (0.35, 0.3)))
    canvas.path("M972 812 Q1040 868 1108 812", stroke="#ffffff", width=12)
    return canvas


def beach() -> Canvas:
    """A quiet beach with a palm tree."""
    canvas = Canvas(7)
    canvas.background("#4fb3e8", "#9cdcf2", "#fdf3d6", "#fdf3d6")
    _sun(canvas, 930, 190, 66)
    canvas.cloud(300, 150, 0.8, "#ffffff", 0.85)
    canvas.cloud(620, 240, 0.5, "#ffffff", 0.7)
    canvas.rect(0, 430, 1280, 300, canvas.linear("#1e8fc0", "#3fbfd0", "#8fe3dc"))
    for index in range(26):
        y = 450 + index * 7
        x, length = canvas.spread(0, 1200), canvas.spread(40, 150)
        canvas.line([(x, y), (x + length, y)], "#ffffff", 3, opacity=0.35)
    with canvas.group(430, 428, 0.9):
        canvas.path("M-70 0 L70 0 L50 30 L-46 30 Z", "#b4553f")
        canvas.line([(0, 0), (0, -150)], "#6b4a35", 6)
        canvas.path("M6 -148 C60 -100 76 -50 76 -12 L6 -12 Z", "#ffffff")
        canvas.path("M-6 -130 L-6 -12 L-56 -12 Z", "#f4d9c0")
    canvas.path(
        "M0 690 C260 640 520 730 800 690 C1000 662 1150 680 1280 660 L1280 960 L0 960 Z",
        "#ffffff",
        opacity=0.75,
    )
    canvas.path(
        "M0 706 C260 660 520 750 800 708 C1000 680 1150 700 1280 680 L1280 960 L0 960 Z",
        canvas.linear("#f7e3b0", "#eccb86"),
    )
    for _ in range(90):
        canvas.circle(
            canvas.spread(0, 1280), canvas.spread(760, 950), canvas.spread(2, 4), "#d9b36c", opacity=0.6
        )
    canvas.shadow(1010, 878, 190, 26)
    trunk = "M1050 880 C1040 720 1060 560 1130 400 L1160 412 C1104 570 1092 720 1112 880 Z"
    canvas.path(trunk, canvas.linear("#a87b4f", "#80572f"))
    for step in range(9):
        y = 450 + step * 48
        x = 1138 - step * 9 + (step / 3) ** 2
        canvas.path(f"M{x - 30:.0f} {y} q26 14 52 2", stroke="#6b4726", width=5, opacity=0.6)
    for turn, length in (
        (-172, 250),
        (-145, 270),
        (-112, 250),
        (-70, 240),
        (-38, 260),
        (-8, 250),
        (20, 200),
        (160, 210),
    ):
        with canvas.group(1146, 404, length / 260, turn):
            canvas.path("M0 0 C80 -60 190 -50 260 40 C180 -4 90 0 0 14 Z", "#3f9a52")
            canvas.path("M0 4 C90 -36 180 -24 260 40", stroke="#2c7a3f", width=5)
    for x, y in ((1128, 430), (1166, 436), (1148, 448)):
        canvas.circle(x, y, 19, canvas.radial("#a3713f", "#6b4423", (0.4, 0.3)))
    canvas.shadow(420, 880, 230, 26)
    canvas.line([(400, 880), (360, 560)], "#fdfaf2", 12)
    with canvas.group(356, 556, 1, -7):
        canvas.path("M-190 50 C-170 -90 170 -90 190 50 Z", "#f25f4c")
        for left, right, bulge in ((-116, -52, -70), (18, 76, 34)):
            canvas.path(f"M0 -56 Q{bulge} -20 {left} 50 L{right} 50 Q{bulge + 40} -20 0 -56 Z", "#fff4e6")
    canvas.path("M470 850 L700 850 L760 905 L520 905 Z", "#3f88c5")
    canvas.path("M500 866 L716 866 L730 880 L514 880 Z", "#f8f1e0")
    return canvas


def flowers() -> Canvas:
    """A bunch of spring flowers in a vase."""
    canvas = Canvas(11)
    canvas.background("#fdf0e2", "#fbe3d4", "#f8d8c6")
    canvas.circle(640, 380, 480, canvas.radial("#ffffff", "#ffffff", fade=True), opacity=0.8)
    canvas.rect(0, 800, 1280, 160, canvas.linear("#e5b98f", "#cf9a6b"))
    canvas.shadow(640, 880, 260, 34)
    blooms = (
        (640, 230, 92, "#f46c8b", "#ffe08a"),
        (470, 300, 84, "#ffffff", "#f6c945"),
        (815, 290, 86, "#ffc44d", "#8a4b1f"),
        (380, 440, 72, "#c38ad8", "#fff0b3"),
        (905, 430, 76, "#ff8f5e", "#fff0c2"),
        (560, 425, 88, "#ffd6e3", "#f2a93b"),
        (735, 430, 90, "#ffffff", "#f6c945"),
        (650, 520, 62, "#e94f64", "#ffe7a3"),
        (470, 545, 54, "#ffcf6b", "#a65a28"),
        (825, 550, 56, "#b18be0", "#fff3c0"),
    )
    for x, y, *_ in blooms:
        middle = 640 + (x - 640) * 0.25
        canvas.path(
            f"M{x} {y} Q{middle:.0f} {(y + 640) / 2:.0f} {640 + (x - 640) * 0.14:.0f} 660",
            stroke="#5c9b52",
            width=11,
        )
    for x, y, turn in (
        (330, 560, -60),
        (950, 560, 60),
        (520, 600, -35),
        (770, 610, 38),
        (420, 360, -38),
        (880, 350, 36),
    ):
        canvas.ellipse(x, y, 34, 92, "#77b765", turn=turn)
        with canvas.group(x, y, 1, turn):
            canvas.line([(0, -80), (0, 84)], "#5c9b52", 5)
    for x, y, r, petals, heart in blooms:
        canvas.circle(x, y + 8, r * 1.02, "#8a5a4a", opacity=0.12)
        _daisy(canvas, x, y, r, petals, heart, 13)
        _daisy(canvas, x, y, r * 0.72, petals, heart, 9)
        canvas.circle(x - r * 0.08, y - r * 0.1, r * 0.12, "#ffffff", opacity=0.35)
    vase = "M520 620 C500 690 470 730 500 820 C520 886 760 886 780 820 C810 730 780 690 760 620 Z"
    canvas.path(vase, canvas.linear("#6db3d6", "#8fd0e6", "#4f97c0", across=True))
    canvas.ellipse(640, 620, 120, 20, "#4a8cb3")
    canvas.path("M545 660 C528 720 520 760 536 812", stroke="#ffffff", width=14, opacity=0.5)
    canvas.path("M498 760 Q640 806 784 760", stroke="#fdf6e3", width=12, opacity=0.9)
    return canvas


def smile() -> Canvas:
    """A laughing child."""
    canvas = Canvas(13)
    canvas.background("#ffe7b8", "#ffd58f")
    for step in range(18):
        with canvas.group(640, 430, 1, step * 20):
            canvas.polygon([(-56, -900), (56, -900), (0, 0)], "#fff2d2", opacity=0.55)
    look = Look("#f2c4a0", "#d9a07c", "#7a4a2b", "#5c341c", "#4fa3d1", "#2f7fb0", "#5a8f4c")
    glad_face(canvas, look)
    return canvas


def balloons() -> Canvas:
    """Balloons that rise into a clear sky."""
    canvas = Canvas(17)
    canvas.background("#63b7ee", "#a5dbf7", "#e9f7fb")
    canvas.cloud(220, 700, 1.3, "#ffffff", 0.95)
    canvas.cloud(1060, 620, 1.1, "#ffffff", 0.9)
    canvas.cloud(160, 210, 0.7, "#ffffff", 0.75)
    canvas.cloud(1110, 190, 0.85, "#ffffff", 0.8)
    canvas.cloud(760, 850, 1.5, "#ffffff", 0.9)
    knot = (640, 830)
    group = (
        (640, 200, "#ffd45c", "#e8a21f"),
        (480, 250, "#ff8a80", "#d9423f"),
        (800, 250, "#8ed081", "#4a9a4a"),
        (385, 390, "#b799e8", "#7c55c0"),
        (895, 390, "#ffab6b", "#e0702a"),
        (560, 390, "#6fc6e8", "#2484b8"),
        (725, 395, "#f79ac0", "#d44a86"),
        (640, 500, "#ff7d6b", "#c93430"),
    )
    for x, y, _, _ in group:
        canvas.path(
            f"M{x} {y + 118} Q{(x + 640) / 2:.0f} {y + 320} {knot[0]} {knot[1]}",
            stroke="#ffffff",
            width=3.5,
            opacity=0.9,
        )
    for x, y, light, dark in group:
        canvas.path(f"M{x - 15} {y + 126} L{x + 15} {y + 126} L{x} {y + 100} Z", dark)
        canvas.ellipse(x, y, 92, 112, canvas.radial(light, dark, (0.36, 0.3)))
        canvas.ellipse(x - 34, y - 44, 17, 30, "#ffffff", opacity=0.55, turn=24)
    canvas.line([knot, (646, 960)], "#ffffff", 5, opacity=0.9)
    with canvas.group(*knot):
        for side in (-1, 1):
            canvas.path(
                f"M0 0 C{side * 30} -34 {side * 66} -20 {side * 58} 4 C{side * 50} 24 {side * 20} 16 0 0 Z",
                "#f4587a",
            )
        canvas.circle(0, 0, 11, "#c93a5c")
    return canvas
