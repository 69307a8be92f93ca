"""The neutral pictures of the open set: things of every day, in even light."""

from __future__ import annotations

from stimuli.drawing.canvas import Canvas


def _room(wall: tuple[str, str], floor: tuple[str, str], edge: float = 700) -> Canvas:
    canvas = Canvas()
    canvas.background(*wall)
    canvas.rect(0, edge, 1280, 960 - edge, canvas.linear(*floor))
    canvas.rect(0, edge - 26, 1280, 26, "#ffffff", opacity=0.45)
    return canvas


def chair() -> Canvas:
    """A wooden chair."""
    canvas = _room(("#d3d8d6", "#c6cbc9"), ("#b9ac99", "#a59784"))
    canvas.shadow(650, 868, 300, 34)
    wood, dark, light = "#a67c52", "#7f5c3a", "#bb9468"
    for x, top in ((512, 560), (748, 560)):
        canvas.path(f"M{x} {top} L{x + 6} 800 L{x + 30} 800 L{x + 34} {top} Z", dark)
    for x in (486, 766):
        canvas.rect(x, 150, 36, 430, canvas.linear(light, wood, across=True), round_=14)
    for y in (180, 270, 360):
        canvas.path(
            f"M510 {y} Q644 {y - 26} 780 {y} L780 {y + 54} Q644 {y + 30} 510 {y + 54} Z",
            canvas.linear(light, wood),
        )
    canvas.path("M470 556 L818 556 L868 640 L420 640 Z", canvas.linear(light, wood))
    canvas.path("M420 640 L868 640 L868 676 L420 676 Z", dark)
    for x in (432, 822):
        canvas.rect(x, 676, 38, 200, canvas.linear(wood, dark, across=True), round_=6)
    canvas.rect(462, 768, 366, 20, dark, round_=8)
    return canvas


def cup() -> Canvas:
    """A cup on a saucer."""
    canvas = _room(("#d9dad3", "#cbccc5"), ("#a89a8a", "#8f8273"), 620)
    canvas.shadow(630, 806, 380, 44)
    canvas.ellipse(620, 770, 330, 56, canvas.linear("#f4f4f1", "#c9cbcb"))
    canvas.ellipse(620, 760, 226, 32, "#b9bcbd")
    canvas.path("M806 470 C960 440 970 640 782 650", stroke="#d4d7d8", width=38)
    canvas.path("M806 470 C960 440 970 640 782 650", stroke="#f0f1ef", width=20)
    body = "M396 400 C400 600 460 752 560 760 L680 760 C780 752 840 600 844 400 Z"
    canvas.path(body, canvas.linear("#c9cdd0", "#f6f6f4", "#f6f6f4", "#b7bcc0", across=True))
    canvas.path(
        "M404 470 C410 500 412 520 418 545 Q620 580 822 545 C828 520 832 500 836 470 Q620 508 404 470 Z",
        "#7f99a8",
        opacity=0.85,
    )
    canvas.ellipse(620, 400, 224, 50, "#e9ebea")
    canvas.ellipse(620, 404, 204, 40, canvas.linear("#4c3526", "#6b4c37"))
    return canvas


def umbrella() -> Canvas:
    """An open umbrella on the floor."""
    canvas = _room(("#d0d5da", "#c3c8cd"), ("#b3b0aa", "#9b9892"))
    canvas.shadow(640, 860, 400, 40)
    with canvas.group(640, 560, 1, 14):
        canvas.line([(0, -330), (0, 250)], "#6c7278", 14)
        canvas.path("M0 240 C0 320 -86 320 -86 258", stroke="#7b6047", width=26)
        dome = "M-430 0 C-400 -230 -200 -330 0 -330 C200 -330 400 -230 430 0 "
        dome += "Q344 -50 258 0 Q172 -50 86 0 Q0 -50 -86 0 Q-172 -50 -258 0 Q-344 -50 -430 0 Z"
        canvas.path(dome, canvas.linear("#66809a", "#4d6680"))
        canvas.path(
            "M0 -330 C-130 -300 -240 -160 -258 0 Q-172 -50 -86 0 C-84 -150 -50 -270 0 -330 Z",
            "#7891a9",
            opacity=0.75,
        )
        canvas.path(
            "M0 -330 C130 -300 240 -160 258 0 Q172 -50 86 0 C84 -150 50 -270 0 -330 Z",
            "#3f566f",
            opacity=0.55,
        )
        canvas.line([(0, -330), (0, -376)], "#6c7278", 12)
    return canvas


def stairs() -> Canvas:
    """A flight of stairs."""
    canvas = Canvas()
    canvas.background("#d5d4cf", "#c4c3be")
    canvas.rect(0, 840, 1280, 120, canvas.linear("#a7a49d", "#908d86"))
    steps = 8
    for index in range(steps):
        x, y = 190 + index * 112, 840 - (index + 1) * 76
        tone = canvas.linear("#bdb8ae", "#a39e94")
        canvas.rect(x, y, 1280 - x, 840 - y, tone)
        canvas.rect(x - 12, y, 1292 - x, 16, "#d8d4ca")
        canvas.rect(x, y + 16, 1280 - x, 8, "#8b867c", opacity=0.55)
    for index in range(steps + 1):
        x, y = 170 + index * 112, 840 - index * 76
        canvas.line([(x, y), (x, y - 250)], "#6d7378", 10)
    canvas.line([(150, 604), (1280, -162)], "#7d5f45", 26)
    canvas.line([(150, 604), (1280, -162)], "#96765a", 12)
    canvas.circle(150, 604, 20, "#7d5f45")
    return canvas


def shelf() -> Canvas:
    """A shelf with books and boxes."""
    canvas = _room(("#d8d6d0", "#cac8c2"), ("#a89f92", "#928a7e"), 850)
    canvas.shadow(640, 892, 480, 30)
    wood, dark = "#b39a7c", "#8c765c"
    canvas.rect(250, 90, 780, 790, "#9a866c")
    for x in (226, 1016):
        canvas.rect(x, 70, 38, 820, canvas.linear(wood, dark, across=True), round_=4)
    for y in (70, 330, 590, 850):
        canvas.rect(226, y, 828, 30, canvas.linear("#c0a88a", wood))
        canvas.rect(264, y + 30, 752, 16, "#4a3f33", opacity=0.25)
    tones = ("#6f8194", "#9a8f7f", "#7d8b7a", "#a3867a", "#5f6e7c", "#b0a58f", "#8a7f92")
    rows = (
        (330, 290, (44, 56, 36, 60, 48, 40, 52, 44)),
        (590, 640, (50, 40, 58, 46, 36, 54)),
        (850, 290, (60, 44, 52, 40)),
    )
    for row, (base, x, widths) in enumerate(rows):
        for index, width in enumerate(widths):
            height = 150 + (index * 37 + row * 23) % 52
            tone = tones[(index * 3 + row * 2) % len(tones)]
            canvas.rect(x, base - height, width - 3, height, tone, round_=4)
            canvas.rect(x, base - height + 22, width - 3, 9, "#ece7db", opacity=0.6)
            canvas.rect(x, base - 40, width - 3, 7, "#ece7db", opacity=0.45)
            x += width
    canvas.rect(760, 206, 210, 124, canvas.linear("#c9bda8", "#b5a891"), round_=6)
    canvas.rect(750, 188, 230, 34, "#d3c8b5", round_=6)
    canvas.rect(832, 252, 66, 34, "#f1ede4", round_=4)
    canvas.path(
        "M340 590 C300 560 310 480 350 450 L350 420 L430 420 L430 450 C470 480 480 560 440 590 Z",
        canvas.linear("#8fa0a6", "#6d7f86", across=True),
    )
    canvas.ellipse(390, 420, 40, 9, "#56666c")
    for y, width in ((850, 300), (806, 270), (764, 286)):
        canvas.rect(640 + (300 - width) / 2, y - 42, width, 40, tones[y % 5], round_=4)
        canvas.rect(648 + (300 - width) / 2, y - 34, width - 40, 8, "#ece7db", opacity=0.5)
    return canvas


def lamp() -> Canvas:
    """A table lamp that is switched off."""
    canvas = _room(("#d2d6d4", "#c4c8c6"), ("#a98f74", "#8f775f"), 760)
    canvas.shadow(640, 838, 260, 30)
    canvas.ellipse(640, 820, 160, 32, "#5f676c")
    canvas.ellipse(640, 808, 160, 32, canvas.linear("#8d969b", "#737c81"))
    canvas.rect(626, 460, 28, 350, canvas.linear("#7b8489", "#a3acb0", "#6b7478", across=True))
    canvas.circle(640, 640, 34, canvas.radial("#a9b2b6", "#6b7478", (0.4, 0.35)))
    canvas.path(
        "M500 180 L780 180 L890 490 L390 490 Z",
        canvas.linear("#c3bcae", "#e4dfd4", "#d8d2c5", "#b5ae9f", across=True),
    )
    canvas.ellipse(640, 490, 250, 26, "#a59e90")
    canvas.ellipse(640, 180, 140, 15, "#cbc4b6")
    canvas.path("M392 484 Q640 528 888 484", stroke="#8f887a", width=7)
    canvas.line([(760, 508), (760, 590)], "#8a8478", 4)
    canvas.circle(760, 598, 10, "#8a8478")
    canvas.path("M796 826 C900 850 1000 800 1280 850", stroke="#4d5357", width=8)
    return canvas
