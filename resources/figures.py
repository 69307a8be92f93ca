"""Self-assessment figures of our own: pleasure, excitement and control, as SVG text.

Each figure is drawn from one number, the place of its point between the lowest (0) and the highest (1),
so a row of nine has true steps between the faces of a row of five. `assessment/` holds them as files,
named DIMENSION-POINTS-POINT.svg; `python -m resources.figures` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

Dimension = Literal["valence", "arousal", "dominance"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
POINTS = (5, 9)

# Readable on a white as well as on a nearly black page.
LINE, SKIN, BODY, INK, WARM = "#5f6f84", "#f4e3c1", "#8fb3c9", "#2c3540", "#e58a6a"


def figure(dimension: Dimension, points: int, point: int) -> str:
    """Return the figure of `point` (1 = lowest) on a scale of `points`, as an SVG document.

    Raises ValueError for a scale or point that does not exist.
    """
    if dimension not in DIMENSIONS or points not in POINTS or not 1 <= point <= points:
        raise ValueError(f"there is no figure for point {point} of {points} of {dimension}")
    place = (point - 1) / (points - 1)
    drawing = {"valence": _valence, "arousal": _arousal, "dominance": _dominance}[dimension](place)
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">'
    title = f"<title>{dimension} {point} of {points}</title>"
    return "\n".join((head, title, *drawing, "</svg>", ""))


def file_name(dimension: Dimension, points: int, point: int) -> str:
    """Return the bundled file's name inside `assessment/`."""
    return f"{dimension}-{points}-{point}.svg"


def _n(*values: float) -> str:
    """Write numbers, shortly and the same everywhere."""
    return " ".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in values)


def _between(low: float, high: float, place: float) -> float:
    return low + (high - low) * place


def _circle(x: float, y: float, r: float, fill: str, stroke: str = "none", width: float = 0.0) -> str:
    return _ellipse(x, y, r, r, fill, stroke, width)


def _ellipse(
    x: float, y: float, rx: float, ry: float, fill: str, stroke: str = "none", width: float = 0
) -> str:
    return (
        f'<ellipse cx="{_n(x)}" cy="{_n(y)}" rx="{_n(rx)}" ry="{_n(ry)}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{_n(width)}"/>'
    )


def _path(data: str, stroke: str, width: float, fill: str = "none", opacity: float = 1.0) -> str:
    return (
        f'<path d="{data}" fill="{fill}" stroke="{stroke}" stroke-width="{_n(width)}" '
        f'stroke-linecap="round" stroke-linejoin="round" opacity="{_n(opacity)}"/>'
    )


def _valence(place: float) -> list[str]:
    """A face: brows, eyes and mouth go from grief over calm to joy."""
    bend = 2 * place - 1
    parts = [_circle(100, 100, 82, SKIN, LINE, 6)]
    glow = max(0.0, bend) * 0.75
    parts += [f'<circle cx="{x}" cy="122" r="15" fill="{WARM}" opacity="{_n(glow)}"/>' for x in (44, 156)]
    for side in (-1, 1):
        eye = 100 + side * 31
        # Joy lifts the cheeks, so the eyes get lower; grief lets the lids hang.
        parts.append(_ellipse(eye, 86, 8.5, 12 - 3.5 * abs(bend), INK))
        inner, outer = 100 + side * 17, 100 + side * 49
        tilt = 11 * max(0.0, -bend)
        lift = 7 * max(0.0, bend)
        brow = f"M{_n(inner, 62 - tilt)} Q{_n(eye, 56 - lift)} {_n(outer, 62 + tilt)}"
        parts.append(_path(brow, INK, 6))
    half, depth = _between(28, 37, abs(bend)), 42 * bend
    corner = 137 - 13 * bend
    mouth = f"M{_n(100 - half, corner)} Q{_n(100, corner + depth)} {_n(100 + half, corner)}"
    parts.append(_path(mouth, INK, 7))
    tear = max(0.0, -bend - 0.5) * 2
    if tear:
        drop = "M58 102 C50 116 50 126 58 126 C66 126 66 116 58 102 Z"
        parts.append(_path(drop, "#5b9bd0", 1, "#7db8e8", tear))
    return parts


def _arousal(place: float) -> list[str]:
    """A bust: lids open, the pulse on the chest rises, and rays leave the head."""
    parts = []
    for number in range(9):
        turn = (number - 4) * 22.5
        reach = 13 * max(0.0, place * 1.15 - 0.15)
        if reach > 1:
            ray = f'<g transform="rotate({_n(turn)} 100 70)">'
            parts.append(ray + _path(f"M100 {_n(14)} L100 {_n(14 - reach)}", WARM, 5.5) + "</g>")
    shoulders = "M24 192 C24 140 62 128 100 128 C138 128 176 140 176 192 Z"
    parts += [_path(shoulders, LINE, 6, BODY), _circle(100, 70, 48, SKIN, LINE, 6)]
    opening = _between(0.0, 15, place)
    for eye in (81, 119):
        if opening < 2.5:
            parts.append(_path(f"M{eye - 10} 67 Q{eye} {_n(75)} {eye + 10} 67", INK, 5))
            continue
        parts.append(_ellipse(eye, 67, 10.5, opening * 0.92, "#ffffff", INK, 3))
        parts.append(_circle(eye, 67, min(5.5, opening * 0.75), INK))
    parts.append(_ellipse(100, 97, _between(9, 10, place), _between(1.6, 6.5, place), INK))
    height = _between(1.0, 30, place)
    beats = 1 + round(place * 4)
    points = [f"M44 {_n(164)}"]
    for beat in range(beats):
        start, width = 44 + 112 * beat / beats, 112 / beats
        for part, level in ((0.3, 0.0), (0.42, -0.85), (0.58, 0.65), (0.7, 0.0), (1.0, 0.0)):
            points.append(f"L{_n(start + width * part, 164 + height * level)}")
    parts.append(_path(" ".join(points), "#fff6e6", 6))
    return parts


def _dominance(place: float) -> list[str]:
    """A person in a door frame: from small with hanging arms to filling it with arms akimbo."""
    size = _between(0.4, 1.0, place)
    frame = "M22 194 L22 8 L178 8 L178 194"
    parts = [_path(frame, LINE, 4, opacity=0.65), _path("M8 194 L192 194", LINE, 4)]
    elbow, hand = _between(30, 60, place), _between(24, 31, place)
    parts.append(f'<g transform="translate(100 192) scale({_n(size)})">')
    for side in (-1, 1):
        leg = side * _between(9, 19, place)
        parts.append(_path(f"M{_n(side * 11)} -64 L{_n(leg)} -3", LINE, 17))
        parts.append(_path(f"M{_n(leg)} -5 L{_n(leg + side * 9)} -5", LINE, 10))
        arm = (
            f"M{_n(side * _between(21, 30, place))} -116 L{_n(side * elbow)} {_n(_between(-86, -92, place))} "
            f"L{_n(side * hand)} {_n(_between(-58, -70, place))}"
        )
        parts += [_path(arm, LINE, 19), _path(arm, BODY, 12)]
    chest, waist = _between(24, 38, place), _between(22, 24, place)
    torso = (
        f"M{_n(-chest, -126)} Q{_n(0, -134)} {_n(chest, -126)} L{_n(waist, -56)} "
        f"Q{_n(0, -50)} {_n(-waist, -56)} Z"
    )
    parts.append(_path(torso, LINE, 5, BODY))
    drop = _between(7, 0, place)
    parts.append(_circle(0, -153 + drop, 25, SKIN, LINE, 5))
    gaze = _between(5, -1, place)
    parts += [_circle(x, -156 + drop + gaze, 3.2, INK) for x in (-9, 9)]
    parts.append(_path(f"M-8 {_n(-142 + drop + gaze / 2)} L8 {_n(-142 + drop + gaze / 2)}", INK, 3.5))
    parts.append("</g>")
    return parts


def write(folder: Path) -> None:
    """Write every figure into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for dimension in DIMENSIONS:
        for points in POINTS:
            for point in range(1, points + 1):
                text = figure(dimension, points, point)
                (folder / file_name(dimension, points, point)).write_text(
                    text, encoding="utf-8", newline="\n"
                )


if __name__ == "__main__":
    write(Path(__file__).parent / "assessment")
