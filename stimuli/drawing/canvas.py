"""A sheet of SVG to draw a picture on: 1280 x 960 unless told, shapes in the order of drawing."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

WIDTH, HEIGHT = 1280, 960

Point = tuple[float, float]


def number(value: float) -> str:
    """Write a coordinate, the same on every machine."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def curve(*parts: str | float) -> str:
    """Return path data from its commands and numbers."""
    return " ".join(part if isinstance(part, str) else number(part) for part in parts)


class Canvas:
    """Collects shapes. `fill` and `stroke` are colours or what `linear` and `radial` return."""

    def __init__(self, seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self._chance = random.Random(seed)
        self._definitions: list[str] = []
        self._shapes: list[str] = []

    def spread(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`, the same ones in every run."""
        return low + (high - low) * self._chance.random()

    def svg(self, title: str) -> str:
        """Return the document."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}">'
        )
        definitions = ["<defs>", *self._definitions, "</defs>"]
        return "\n".join([head, f"<title>{title}</title>", *definitions, *self._shapes, "</svg>", ""])

    def _gradient(self, kind: str, where: str, stops: Sequence[tuple[float, str, float]]) -> str:
        name = f"g{len(self._definitions)}"
        inside = "".join(
            f'<stop offset="{number(offset)}" stop-color="{colour}" stop-opacity="{number(opacity)}"/>'
            for offset, colour, opacity in stops
        )
        self._definitions.append(f'<{kind} id="{name}" {where}>{inside}</{kind}>')
        return f"url(#{name})"

    def linear(self, *colours: str, across: bool = False) -> str:
        """Return a fill that runs evenly through `colours`, from top to bottom or from left to right."""
        end = 'x1="0" y1="0" x2="1" y2="0"' if across else 'x1="0" y1="0" x2="0" y2="1"'
        count = len(colours) - 1
        stops = [(index / count, colour, 1.0) for index, colour in enumerate(colours)]
        return self._gradient("linearGradient", end, stops)

    def radial(self, inner: str, outer: str, middle: Point = (0.5, 0.5), fade: bool = False) -> str:
        """Return a fill from `inner` at `middle` (fractions of the shape) outwards, fading away if asked."""
        where = f'cx="{middle[0]}" cy="{middle[1]}" r="0.5" fx="{middle[0]}" fy="{middle[1]}"'
        if middle != (0.5, 0.5):
            where = f'cx="{middle[0]}" cy="{middle[1]}" r="0.75"'
        return self._gradient("radialGradient", where, [(0, inner, 1.0), (1, outer, 0.0 if fade else 1.0)])

    def _add(self, tag: str, where: str, fill: str, stroke: str, width: float, opacity: float) -> None:
        outline = f'stroke="{stroke}" stroke-width="{number(width)}"' if width else 'stroke="none"'
        joins = ' stroke-linecap="round" stroke-linejoin="round"' if width else ""
        see_through = f' opacity="{number(opacity)}"' if opacity < 1 else ""
        self._shapes.append(f'<{tag} {where} fill="{fill}" {outline}{joins}{see_through}/>')

    def rect(
        self, x: float, y: float, w: float, h: float, fill: str, *, round_: float = 0, opacity: float = 1
    ) -> None:
        """Draw a rectangle with its upper left corner at x, y."""
        where = (
            f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}" rx="{number(round_)}"'
        )
        self._add("rect", where, fill, "none", 0, opacity)

    def background(self, *colours: str) -> None:
        """Fill the whole sheet, through several colours from top to bottom."""
        self.rect(0, 0, self.width, self.height, self.linear(*colours) if len(colours) > 1 else colours[0])

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: str,
        *,
        stroke: str = "none",
        width: float = 0,
        opacity: float = 1,
        turn: float = 0,
    ) -> None:
        """Draw an ellipse around x, y, turned clockwise by `turn` degrees."""
        where = f'cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}"'
        if turn:
            where += f' transform="rotate({number(turn)} {number(x)} {number(y)})"'
        self._add("ellipse", where, fill, stroke, width, opacity)

    def circle(self, x: float, y: float, r: float, fill: str, *, opacity: float = 1) -> None:
        """Draw a disc."""
        self.ellipse(x, y, r, r, fill, opacity=opacity)

    def path(
        self, data: str, fill: str = "none", *, stroke: str = "none", width: float = 0, opacity: float = 1
    ) -> None:
        """Draw an SVG path."""
        self._add("path", f'd="{data}"', fill, stroke, width, opacity)

    def line(self, points: Sequence[Point], stroke: str, width: float, *, opacity: float = 1) -> None:
        """Draw a line through `points`."""
        data = "M" + " L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.path(data, stroke=stroke, width=width, opacity=opacity)

    def polygon(self, points: Sequence[Point], fill: str, *, opacity: float = 1) -> None:
        """Draw a filled polygon."""
        data = "M" + " L".join(f"{number(x)} {number(y)}" for x, y in points) + " Z"
        self.path(data, fill, opacity=opacity)

    @contextmanager
    def group(self, x: float, y: float, scale: float = 1, turn: float = 0) -> Iterator[None]:
        """Draw what follows around x, y, larger by `scale` and turned by `turn` degrees."""
        transform = f"translate({number(x)} {number(y)}) rotate({number(turn)}) scale({number(scale)})"
        self._shapes.append(f'<g transform="{transform}">')
        yield
        self._shapes.append("</g>")

    def hill(self, left: float, top: float, right: float, fill: str, middle: float = 640) -> None:
        """Draw ground whose edge runs from `left` over `top` at `middle` to `right` (heights)."""
        data = (
            f"M0 {number(left)} Q{number(middle / 2)} {number(top)} {number(middle)} {number(top)} "
            f"Q{number((middle + self.width) / 2)} {number(top)} "
            f"{self.width} {number(right)} L{self.width} {self.height} L0 {self.height} Z"
        )
        self.path(data, fill)

    def cloud(self, x: float, y: float, scale: float, fill: str, opacity: float = 0.9) -> None:
        """Draw a cloud."""
        with self.group(x, y, scale):
            data = (
                "M-120 40 C-170 40 -170 -20 -115 -22 C-110 -75 -40 -90 -12 -48 C20 -85 95 -65 92 -15 "
                "C145 -20 150 40 105 40 Z"
            )
            self.path(data, fill, opacity=opacity)

    def shadow(self, x: float, y: float, rx: float, ry: float, opacity: float = 0.35) -> None:
        """Draw the soft shadow under a thing."""
        self.ellipse(x, y, rx, ry, self.radial("#20242c", "#20242c", fade=True), opacity=opacity)

    def star(
        self, x: float, y: float, count: int, inner: float, outer: float, fill: str, turn: float = 0
    ) -> None:
        """Draw a star of `count` points."""
        points = []
        for step in range(2 * count):
            angle = math.pi * step / count + math.radians(turn)
            r = outer if step % 2 == 0 else inner
            points.append((x + r * math.sin(angle), y - r * math.cos(angle)))
        self.polygon(points, fill)
