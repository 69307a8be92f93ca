"""The unpleasant pictures of the open set."""

from __future__ import annotations

import math

from stimuli.drawing.canvas import Canvas, Point
from stimuli.drawing.people import Look, sad_face


def _rain(canvas: Canvas, count: int, opacity: float) -> None:
    for _ in range(count):
        x, y, length = canvas.spread(-40, 1280), canvas.spread(0, 940), canvas.spread(24, 64)
        canvas.line([(x, y), (x + length * 0.32, y + length)], "#b9c9d8", 2.5, opacity=opacity)


def storm() -> Canvas:
    """A house in a thunderstorm."""
    canvas = Canvas(19)
    canvas.background("#1b2230", "#36414f", "#5d6670", "#4b525b")
    for x, y, scale, colour in (
        (170, 150, 2.1, "#2a323e"),
        (560, 90, 2.5, "#222935"),
        (1010, 140, 2.6, "#2a323e"),
        (380, 250, 1.9, "#39424f"),
        (840, 270, 2.0, "#343d49"),
        (1180, 300, 1.6, "#3c4652"),
        (60, 320, 1.5, "#3c4652"),
    ):
        canvas.cloud(x, y, scale, colour, 0.95)
    canvas.circle(875, 400, 330, canvas.radial("#cfdcf2", "#cfdcf2", fade=True), opacity=0.35)
    bolt = [
        (900, 240),
        (828, 420),
        (884, 412),
        (810, 566),
        (862, 556),
        (800, 690),
        (930, 508),
        (876, 518),
        (948, 376),
        (892, 384),
        (950, 240),
    ]
    canvas.polygon(bolt, "#f4f0c8")
    canvas.line([(350, 250), (318, 360), (346, 380), (296, 500)], "#d9deea", 7, opacity=0.7)
    canvas.hill(640, 640, 700, "#2b3138", 500)
    with canvas.group(430, 700):
        canvas.rect(-110, -120, 220, 150, canvas.linear("#454b52", "#33383f"))
        canvas.polygon([(-140, -115), (0, -230), (140, -115)], "#23282e")
        canvas.rect(50, -215, 34, 70, "#2b3036")
        canvas.rect(-82, -80, 52, 58, "#181c21")
        canvas.rect(26, -80, 52, 58, "#181c21")
        canvas.line([(-82, -80), (-30, -22)], "#5b6168", 7)
        canvas.line([(-30, -80), (-82, -22)], "#5b6168", 7)
        canvas.rect(-24, -40, 46, 70, "#16191e")
    canvas.hill(760, 720, 730, canvas.linear("#23282d", "#14171b"), 800)
    for x, lean, scale in ((980, 70, 1.0), (1150, 90, 0.8), (130, 60, 0.9)):
        with canvas.group(x, 770, scale):
            canvas.path(f"M-12 20 Q0 -90 {lean} -190 L{lean + 12} -186 Q26 -80 14 20 Z", "#14171b")
            for step in range(5):
                y = -70 - step * 26
                root = lean * (step + 2) / 7
                canvas.path(
                    f"M{root:.0f} {y} q50 -26 {110 - step * 10} {-6 + step * 4}",
                    stroke="#14171b",
                    width=8 - step,
                )
    _rain(canvas, 190, 0.5)
    for _ in range(26):
        left, foot = canvas.spread(0, 1280), canvas.spread(820, 950)
        canvas.ellipse(left, foot, canvas.spread(12, 34), 4, "#8fa2b5", opacity=0.28)
    return canvas


def graveyard() -> Canvas:
    """Graves in the mist."""
    canvas = Canvas(23)
    canvas.background("#4d5663", "#7b838c", "#a3a69f", "#8f928b")
    canvas.circle(930, 200, 64, "#d9dccf", opacity=0.7)
    canvas.circle(930, 200, 190, canvas.radial("#d9dccf", "#d9dccf", fade=True), opacity=0.4)
    canvas.hill(520, 470, 540, "#767b78", 760)
    for x, y, s in ((120, 500, 0.5), (260, 490, 0.5), (700, 470, 0.45), (840, 470, 0.5), (560, 484, 0.4)):
        with canvas.group(x, y, s):
            canvas.rect(-11, -110, 22, 130, "#60656a")
            canvas.rect(-44, -80, 88, 20, "#60656a")
    with canvas.group(1120, 600):
        bark = "#31353a"
        canvas.path("M-34 120 C-20 0 -28 -120 -6 -250 L14 -250 C16 -120 22 0 44 120 Z", bark)
        for data, width in (
            ("M-6 -150 C-60 -210 -120 -220 -190 -280", 17),
            ("M-90 -218 C-110 -260 -110 -290 -140 -330", 9),
            ("M-150 -250 C-190 -250 -210 -240 -240 -246", 7),
            ("M4 -240 C0 -310 -40 -350 -50 -430", 17),
            ("M-24 -350 C-60 -370 -80 -410 -110 -420", 8),
            ("M6 -230 C50 -290 80 -320 110 -400", 16),
            ("M70 -310 C110 -330 130 -330 170 -360", 9),
            ("M8 -120 C60 -150 100 -170 150 -172", 12),
        ):
            canvas.path(data, stroke=bark, width=width)
        canvas.ellipse(-196, -292, 30, 17, "#1d2024")
        canvas.circle(-222, -308, 13, "#1d2024")
        canvas.path("M-234 -308 L-254 -302 L-232 -300 Z M-172 -294 L-130 -274 L-174 -280 Z", "#1d2024")
    canvas.hill(660, 630, 690, canvas.linear("#666b60", "#4a4f47"), 420)
    for _ in range(120):
        left, foot, height = canvas.spread(0, 1280), canvas.spread(720, 955), canvas.spread(14, 40)
        canvas.path(
            f"M{left:.0f} {foot:.0f} q{height / 6:.0f} {-height / 2:.0f} {-height / 8:.0f} {-height:.0f}",
            stroke="#3c423a",
            width=3,
            opacity=0.8,
        )
    stones = ((220, 800, 1.15, -5), (560, 770, 1.0, 3), (880, 810, 1.2, 6))
    for x, y, scale, lean in stones:
        canvas.shadow(x + 20, y + 22, 170 * scale, 26, 0.55)
        with canvas.group(x, y, scale, lean):
            canvas.path(
                "M-88 26 L-88 -140 C-88 -240 88 -240 88 -140 L88 26 Z", canvas.linear("#8a8f92", "#62676b")
            )
            canvas.path("M-70 18 L-70 -136 C-70 -214 70 -214 70 -136 L70 18", stroke="#565b5f", width=5)
            canvas.line([(0, -170), (0, -78)], "#474c50", 11)
            canvas.line([(-30, -140), (30, -140)], "#474c50", 11)
            for row, half in ((-48, 46), (-22, 36), (2, 42)):
                canvas.line([(-half, row), (half, row)], "#565b5f", 6)
            canvas.path("M88 -60 L58 -42 L66 -20 L44 4", stroke="#4a4f53", width=5)
    canvas.path("M760 880 C780 850 1010 850 1040 884 L1060 920 L740 920 Z", "#54473a")
    for x, turn in ((560, -24), (584, 6), (606, 28)):
        with canvas.group(x, 832, 0.8, turn):
            canvas.line([(0, 0), (0, -64)], "#4f5f45", 6)
            canvas.ellipse(0, -72, 15, 18, "#7d5560")
    for y, opacity in ((560, 0.5), (650, 0.42), (880, 0.32)):
        canvas.ellipse(500, y, 900, 60, canvas.radial("#dfe3e0", "#dfe3e0", fade=True), opacity=opacity)
    return canvas


def spider() -> Canvas:
    """A large spider in its web."""
    canvas = Canvas(29)
    canvas.background("#2f2a33", "#463d42", "#2c2529")
    canvas.circle(640, 450, 560, canvas.radial("#6d5f5c", "#6d5f5c", fade=True), opacity=0.8)
    rays: list[Point] = []
    for step in range(14):
        angle = 2 * math.pi * step / 14 + 0.12
        rays.append((math.cos(angle), math.sin(angle)))
        canvas.line(
            [(640, 430), (640 + 900 * rays[-1][0], 430 + 900 * rays[-1][1])], "#c9c2bd", 2.5, opacity=0.5
        )
    for ring in range(1, 9):
        r = 60 + ring * 74
        data = ""
        for index in range(14):
            (ax, ay), (bx, by) = rays[index], rays[(index + 1) % 14]
            sag = r * 0.87
            mx, my = (ax + bx) / 2, (ay + by) / 2
            start = f"M{640 + r * ax:.1f} {430 + r * ay:.1f}"
            data += (
                f"{start} Q{640 + sag * mx:.1f} {430 + sag * my:.1f} {640 + r * bx:.1f} {430 + r * by:.1f} "
            )
        canvas.path(data, stroke="#c9c2bd", width=2.2, opacity=0.42)
    for side in (-1, 1):
        legs = (
            ((70, 380), (210, 190), (330, 60)),
            ((80, 410), (300, 290), (470, 330)),
            ((80, 440), (310, 470), (450, 690)),
            ((66, 470), (220, 590), (270, 860)),
        )
        for (ax, ay), (bx, by), (cx, cy) in legs:
            data = f"M{640 + side * ax} {ay} L{640 + side * bx} {by} L{640 + side * cx} {cy}"
            canvas.path(data, stroke="#0d0b0c", width=30)
            canvas.path(data, stroke="#352b2a", width=12)
            for (fx, fy), (tx, ty) in (((ax, ay), (bx, by)), ((bx, by), (cx, cy))):
                for step in range(1, 13):
                    share = step / 13
                    x, y = 640 + side * (fx + (tx - fx) * share), fy + (ty - fy) * share
                    lean = canvas.spread(-9, 9)
                    canvas.line([(x - 17, y - 10 + lean), (x + 17, y + 10 - lean)], "#0d0b0c", 2)
    canvas.ellipse(640, 590, 165, 205, canvas.radial("#4a3a36", "#120e0f", (0.42, 0.35)))
    for index in range(130):
        angle = 2 * math.pi * index / 130
        x, y = 640 + 158 * math.cos(angle), 590 + 198 * math.sin(angle)
        out = canvas.spread(14, 34)
        canvas.line([(x, y), (x + out * math.cos(angle), y + out * math.sin(angle))], "#0d0b0c", 3)
    canvas.path(
        "M640 480 C600 540 660 600 640 640 C620 690 660 710 640 750", stroke="#8a2f28", width=20, opacity=0.85
    )
    for y, half in ((540, 44), (600, 58), (664, 48)):
        canvas.path(
            f"M{640 - half} {y + 18} Q640 {y - 16} {640 + half} {y + 18}",
            stroke="#8a2f28",
            width=11,
            opacity=0.75,
        )
    canvas.ellipse(640, 385, 118, 104, canvas.radial("#4b3d3a", "#171213", (0.45, 0.4)))
    for side in (-1, 1):
        fang = f"M{640 + side * 20} 300 C{640 + side * 60} 280 {640 + side * 66} 220 {640 + side * 30} 186 "
        fang += f"C{640 + side * 40} 230 {640 + side * 24} 262 {640 + side * 8} 290 Z"
        canvas.path(fang, "#171213")
        canvas.path(
            f"M{640 + side * 30} 186 C{640 + side * 18} 200 {640 + side * 16} 214 {640 + side * 22} 226",
            stroke="#cfa98a",
            width=7,
        )
        canvas.path(
            f"M{640 + side * 60} 310 C{640 + side * 110} 270 {640 + side * 110} 220 {640 + side * 84} 180",
            stroke="#171213",
            width=17,
        )
    for x, y, r in (
        (612, 318, 18),
        (668, 318, 18),
        (580, 334, 11),
        (700, 334, 11),
        (600, 352, 9),
        (680, 352, 9),
    ):
        canvas.circle(x, y, r, canvas.radial("#f0483a", "#56110d", (0.4, 0.35)))
        canvas.circle(x - r * 0.3, y - r * 0.35, r * 0.25, "#ffffff", opacity=0.9)
    return canvas


def sad_child() -> Canvas:
    """A weeping child in the rain."""
    canvas = Canvas(31)
    canvas.background("#5f6b78", "#46505c", "#343c46")
    canvas.circle(640, 430, 620, canvas.radial("#8d98a3", "#8d98a3", fade=True), opacity=0.5)
    _rain(canvas, 90, 0.35)
    look = Look("#dcb79b", "#b98d72", "#4d3a2f", "#35271f", "#566173", "#414a59", "#65777f")
    sad_face(canvas, look)
    return canvas


def _branch(canvas: Canvas, x: float, y: float, angle: float, length: float, width: float, left: int) -> None:
    """Draw a bare branch and what grows from it."""
    bend = canvas.spread(-0.2, 0.2)
    ex, ey = x + length * math.cos(angle + bend), y - length * math.sin(angle + bend)
    mx, my = x + length * 0.5 * math.cos(angle - bend), y - length * 0.5 * math.sin(angle - bend)
    canvas.path(f"M{x:.1f} {y:.1f} Q{mx:.1f} {my:.1f} {ex:.1f} {ey:.1f}", stroke="#241f1d", width=width)
    if left:
        for turn in (canvas.spread(0.28, 0.6), -canvas.spread(0.28, 0.6)):
            _branch(canvas, ex, ey, angle + turn, length * canvas.spread(0.66, 0.84), width * 0.62, left - 1)


def dead_tree() -> Canvas:
    """A dead tree on cracked ground."""
    canvas = Canvas(37)
    canvas.background("#6a5f5a", "#9a8877", "#b7a186", "#a48f76")
    canvas.circle(270, 250, 70, "#c9b79c", opacity=0.6)
    canvas.hill(640, 610, 660, "#857463", 500)
    canvas.hill(700, 680, 690, canvas.linear("#7d6a58", "#544538"), 700)
    canvas.shadow(720, 770, 330, 30, 0.5)
    canvas.path(
        "M590 790 C640 740 632 640 640 560 C644 500 650 470 660 420 L716 420 C716 470 722 520 734 590 "
        "C744 660 748 740 820 792 C760 776 720 782 700 800 C680 778 640 776 590 790 Z",
        "#241f1d",
    )
    canvas.path("M668 480 C660 520 690 540 676 590 C668 620 690 640 684 690", stroke="#4a3f3a", width=6)
    canvas.ellipse(704, 560, 15, 26, "#0f0d0c")
    for angle, length, width in ((2.25, 150, 30), (1.72, 140, 34), (1.18, 140, 30), (0.72, 130, 20)):
        _branch(canvas, 688, 440, angle, length, width, 4)
    for start, points in (
        ((90, 830), ((40, 18), (60, -14), (70, 26), (90, 4))),
        ((480, 900), ((60, -24), (50, 30), (80, -8), (60, 20))),
        ((860, 850), ((50, 26), (70, -10), (60, 30), (120, 6))),
        ((250, 760), ((40, 12), (36, -10), (60, 16))),
        ((1010, 760), ((50, 10), (40, 16), (70, -8))),
    ):
        x, y = start
        line: list[Point] = [start]
        for dx, dy in points:
            x, y = x + dx, y + dy
            line.append((x, y))
            canvas.line([(x, y), (x - 14, y + 34)], "#32281f", 4)
        canvas.line(line, "#32281f", 7)
    with canvas.group(300, 850):
        canvas.ellipse(0, 0, 70, 42, "#d8cdb8")
        canvas.path("M30 -20 C90 -24 120 0 118 20 C96 30 50 30 30 24 Z", "#d8cdb8")
        canvas.ellipse(14, -4, 14, 13, "#2a231d")
        for x in (66, 82, 98):
            canvas.line([(x, 14), (x, 26)], "#5d5242", 4)
        canvas.path("M-30 -32 C-70 -70 -60 -110 -30 -120 C-50 -96 -30 -70 -8 -42 Z", "#c9bda6")
    for x, y in ((410, 180), (960, 200), (1050, 260)):
        canvas.path(
            f"M{x - 34} {y - 8} Q{x - 14} {y - 20} {x} {y} Q{x + 14} {y - 20} {x + 34} {y - 8}",
            stroke="#2a2422",
            width=6,
        )
    return canvas


def broken_toy() -> Canvas:
    """A torn teddy bear left in the dirt."""
    canvas = Canvas(41)
    canvas.background("#4f5257", "#64625f", "#585049")
    canvas.rect(0, 560, 1280, 400, canvas.linear("#5e554c", "#3c352f"))
    canvas.circle(560, 300, 430, canvas.radial("#8b8780", "#8b8780", fade=True), opacity=0.5)
    for x, y in ((80, 90), (270, 70), (1010, 100), (1180, 60)):
        canvas.path(f"M{x} {y} l26 70 l-30 60 l22 90", stroke="#3f4145", width=6, opacity=0.7)
    canvas.shadow(620, 850, 430, 50, 0.6)
    coat, dark, pale = "#8d7257", "#63503d", "#b59d80"
    with canvas.group(620, 640, 1.05, 9):
        for side in (-1, 1):
            canvas.ellipse(side * 165, 150, 92, 70, coat, turn=side * 18)
            canvas.ellipse(side * 206, 158, 40, 48, pale, turn=side * 10)
        canvas.ellipse(0, 40, 172, 190, canvas.linear(coat, dark))
        canvas.ellipse(0, 64, 104, 122, pale)
        canvas.path("M-40 -6 L-16 40 L-36 78 L0 122 L26 84 L10 40 L34 0 L0 22 Z", "#e8e2d6")
        for x, y in ((-14, 26), (8, 62), (-8, 88), (40, 110), (-52, 120)):
            canvas.ellipse(x, y, 20, 15, "#f4efe6")
        canvas.ellipse(-196, -10, 48, 104, coat, turn=34)
        # The other arm is off: wadding where it was.
        for x, y in ((160, -58), (178, -40), (166, -22)):
            canvas.circle(x, y, 20, "#efe9dd")
        canvas.ellipse(0, -200, 168, 148, canvas.linear("#987c60", coat))
        canvas.circle(-140, -312, 60, coat)
        canvas.circle(-140, -312, 32, pale)
        canvas.path("M92 -300 L176 -352 L160 -318 L196 -300 L150 -284 L150 -262 Z", dark)
        for x, y in ((126, -300), (146, -286)):
            canvas.circle(x, y, 15, "#efe9dd")
        canvas.ellipse(0, -156, 72, 56, pale)
        canvas.ellipse(0, -184, 24, 16, "#2d2520")
        canvas.path("M0 -168 L0 -146 M-38 -112 Q0 -150 38 -112", stroke="#2d2520", width=8)
        canvas.circle(-62, -226, 22, "#1e1a18")
        canvas.circle(-69, -234, 6, "#cfcac2")
        canvas.line([(42, -250), (86, -206)], "#2d2520", 9)
        canvas.line([(86, -250), (42, -206)], "#2d2520", 9)
        canvas.path("M64 -206 C72 -170 56 -150 66 -120", stroke="#2d2520", width=4)
        for step in range(5):
            canvas.line(
                [(-112 + step * 13, -142 + step * 16), (-88 + step * 13, -156 + step * 16)], "#2d2520", 5
            )
        canvas.line([(-104, -152), (-46, -80)], "#2d2520", 4)
    with canvas.group(1010, 850, 1, 64):
        canvas.ellipse(0, 0, 50, 108, coat)
        for x, y in ((-16, -100), (6, -108), (24, -96)):
            canvas.circle(x, y, 17, "#efe9dd")
    canvas.circle(250, 870, 24, "#1e1a18")
    canvas.circle(243, 862, 6, "#cfcac2")
    for x, y, size in ((150, 780, 40), (1150, 740, 46), (380, 920, 30), (820, 925, 34)):
        canvas.polygon(
            [
                (x, y),
                (x + size, y - size * 0.4),
                (x + size * 1.5, y + size * 0.5),
                (x + size * 0.4, y + size * 0.7),
            ],
            "#8f9499",
            opacity=0.8,
        )
    for _ in range(70):
        canvas.circle(
            canvas.spread(0, 1280), canvas.spread(600, 950), canvas.spread(2, 6), "#2f2924", opacity=0.6
        )
    return canvas
