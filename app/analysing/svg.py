"""Figures as SVG text: scales, axes and the few shapes that reports need; no Qt: any process draws them.

Text takes the colour of what is around it, so that a figure reads on light and dark pages alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

FONT = "system-ui, 'DejaVu Sans', sans-serif"
SIZE_PX = 12.0
BLUE, ORANGE, GREEN, RED, GREY = "#3b6fb5", "#c8641b", "#2f8f5b", "#c2412d", "#8a8f98"
SERIES = (BLUE, ORANGE, GREEN, "#8a5fb0", "#b0892b", "#2b9aa8", RED)
"""Colours of series in their order; every series has a name beside it too."""
LEGEND_PX = 16.0


def number(value: float) -> str:
    """Return a coordinate, short."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Return round values between two numbers, at most `most`."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return (low,)
    rough = (high - low) / max(1, most - 1)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return tuple(round(place * step, 10) for place in range(first, last + 1))


@dataclass
class Figure:
    """A drawing of `width` x `height` pixels; `title` is what a screen reader says of it."""

    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = "currentColor", width: float = 1.0,
        dashes: str = "", opacity: float = 1.0,
    ) -> None:  # fmt: skip
        """Draw a line."""
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        faint = f' stroke-opacity="{number(opacity)}"' if opacity < 1 else ""
        self.parts.append(
            f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" '
            f'stroke="{colour}" stroke-width="{number(width)}"{dash}{faint}/>'
        )

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0, tip: str = ""
    ) -> None:
        """Fill a rectangle; `tip` is told when the pointer rests on it."""
        told = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(0.0, width))}" '
            f'height="{number(max(0.0, height))}" fill="{fill}" fill-opacity="{number(opacity)}">'
            f"{told}</rect>"
        )

    def dot(self, x: float, y: float, fill: str = BLUE, radius: float = 3.5, tip: str = "") -> None:
        """Fill a circle."""
        told = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}">{told}</circle>'
        )

    def path(self, points: Iterable[tuple[float, float]], colour: str = BLUE, width: float = 1.6) -> None:
        """Draw a polyline; a point that is not finite parts it."""
        said, pen = [], "M"
        for x, y in points:
            if math.isfinite(x) and math.isfinite(y):
                said.append(f"{pen}{number(x)} {number(y)}")
                pen = "L"
            else:
                pen = "M"
        if said:
            self.parts.append(
                f'<path d="{"".join(said)}" fill="none" stroke="{colour}" stroke-width="{number(width)}"/>'
            )

    def text(
        self, x: float, y: float, words: str, anchor: str = "start", size: float = SIZE_PX, turn: float = 0.0,
        weight: str = "normal", opacity: float = 1.0,
    ) -> None:  # fmt: skip
        """Write a line; `anchor` start, middle or end."""
        turned = f' transform="rotate({number(turn)} {number(x)} {number(y)})"' if turn else ""
        bold = f' font-weight="{weight}"' if weight != "normal" else ""
        faint = f' fill-opacity="{number(opacity)}"' if opacity < 1 else ""
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" text-anchor="{anchor}" font-size="{number(size)}" '
            f'fill="currentColor"{bold}{faint}{turned}>{escape(words)}</text>'
        )

    def svg(self) -> str:
        """Return the figure as one SVG element that stands alone."""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'aria-label="{escape(self.title, quote=True)}" '
            f'width="{number(self.width)}" height="{number(self.height)}" '
            f'viewBox="0 0 {number(self.width)} {number(self.height)}" font-family="{FONT}">'
            f"<title>{escape(self.title)}</title>{''.join(self.parts)}</svg>"
        )


@dataclass(frozen=True, slots=True)
class Axes:
    """A rectangle of a figure with two scales, from `x` (left, right) and `y` (bottom, top) in data units."""

    figure: Figure
    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def x_axis(self, label: str = "", at: Sequence[float] | None = None, grid: bool = False) -> None:
        """Draw the lower scale."""
        bottom = self.top + self.height
        self.figure.line(self.left, bottom, self.left + self.width, bottom)
        for value in ticks(*self.x) if at is None else at:
            x, _ = self.at(value, self.y[0])
            self.figure.line(x, bottom, x, bottom + 4)
            if grid:
                self.figure.line(x, self.top, x, bottom, opacity=0.15)
            self.figure.text(x, bottom + 17, f"{value:g}", "middle")
        if label:
            self.figure.text(self.left + self.width / 2, bottom + 34, label, "middle")

    def y_axis(self, label: str = "", at: Sequence[float] | None = None, grid: bool = True) -> None:
        """Draw the left scale."""
        self.figure.line(self.left, self.top, self.left, self.top + self.height)
        values = list(ticks(*self.y) if at is None else at)
        for value in values:
            _, y = self.at(self.x[0], value)
            self.figure.line(self.left - 4, y, self.left, y)
            if grid:
                self.figure.line(self.left, y, self.left + self.width, y, opacity=0.15)
            self.figure.text(self.left - 7, y + 4, f"{value:g}", "end")
        if label:
            middle = self.top + self.height / 2
            room = 14 + 7 * max((len(f"{value:g}") for value in values), default=0)
            self.figure.text(self.left - max(40, room), middle, label, "middle", turn=-90)

    def curve(self, points: Iterable[tuple[float, float]], colour: str = BLUE, width: float = 1.6) -> None:
        """Draw points of data as a line."""
        self.figure.path([self.at(x, y) for x, y in points], colour, width)


def legend(figure: Figure, names: Sequence[str], left: float, top: float, right: float = math.inf) -> int:
    """Name the series, each with its colour, from left to right; return how many lines that takes.

    What would go beyond `right` stands a line of `LEGEND_PX` lower.
    """
    x, lines = left, 1
    for place, name in enumerate(names):
        needed = 15 + 7.2 * len(name)
        if x > left and x + needed > right:
            x, lines = left, lines + 1
        y = top + LEGEND_PX * (lines - 1)
        figure.rect(x, y - 9, 10, 10, SERIES[place % len(SERIES)])
        figure.text(x + 15, y, name)
        x += needed + 18
    return lines


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, as a row of a forest plot; None where it could not be computed."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


def forest(
    rows: Sequence[Estimate], title: str, label: str, reference: float | None = None, width: float = 760.0
) -> Figure:
    """Return a forest plot: a line a row with its interval, the number beside it, a reference line."""
    names_px = 24 + 7.0 * max((len(row.name) for row in rows), default=4)
    known = [v for row in rows for v in (row.value, row.low, row.high) if v is not None and math.isfinite(v)]
    known += [] if reference is None else [reference]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    margin = 0.06 * ((high - low) or 1.0)
    height = 22.0 * len(rows)
    figure = Figure(width, height + 66, title)
    axes = Axes(figure, names_px, 14, width - names_px - 185, height, (low - margin, high + margin), (0, 1))
    axes.x_axis(label)
    if reference is not None:
        x, _ = axes.at(reference, 0)
        figure.line(x, 14, x, 14 + height, dashes="4 3", opacity=0.7)
    for place, row in enumerate(rows):
        y = 14 + 22 * (place + 0.5)
        figure.text(names_px - 10, y + 4, row.name, "end")
        if row.value is None or not math.isfinite(row.value):
            figure.text(axes.left + axes.width + 10, y + 4, row.note or "not known", opacity=0.8)
            continue
        if row.low is not None and row.high is not None:
            figure.line(axes.at(row.low, 0)[0], y, axes.at(row.high, 0)[0], y, BLUE, 2)
            told = f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]"
        else:
            told = f"{row.value:.3f}"
        figure.dot(axes.at(row.value, 0)[0], y, tip=f"{row.name}: {told}")
        figure.text(axes.left + axes.width + 10, y + 4, told)
    return figure


def shade(share: float) -> tuple[str, str]:
    """Return fill and text colour of a cell for a share 0..1: white to blue, readable at every step."""
    share = min(1.0, max(0.0, share))
    mixed = [round(255 + (end - 255) * share) for end in (32, 84, 147)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in mixed)
    )
    # Black and white both have a contrast of 4.5 or more (WCAG 2) on their side of this luminance.
    ink = "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 else "#000000"
    return f"#{mixed[0]:02x}{mixed[1]:02x}{mixed[2]:02x}", ink


def matrix(
    cells: Sequence[Sequence[float | None]],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    words: Sequence[Sequence[str]] | None = None,
    low: float = 0.0,
    high: float = 1.0,
) -> Figure:
    """Return a table of shaded cells, each with its number; None is an empty cell with a dash."""
    left = 24 + 7.0 * max((len(name) for name in rows), default=4)
    cell = max(64.0, 14 + 7.0 * max((len(name) for name in columns), default=4))
    figure = Figure(left + cell * len(columns) + 10, 44 + 30.0 * len(rows), title)
    for place, name in enumerate(columns):
        figure.text(left + cell * (place + 0.5), 24, name, "middle")
    for down, name in enumerate(rows):
        y = 34 + 30.0 * down
        figure.text(left - 10, y + 19, name, "end")
        for across, value in enumerate(cells[down]):
            x = left + cell * across
            if value is None or not math.isfinite(value):
                figure.text(x + cell / 2, y + 19, "–", "middle")
                continue
            fill, ink = shade((value - low) / ((high - low) or 1.0))
            figure.rect(x, y, cell - 2, 28, fill)
            told = words[down][across] if words is not None else f"{value:.2f}"
            figure.parts.append(
                f'<text x="{number(x + cell / 2 - 1)}" y="{number(y + 19)}" text-anchor="middle" '
                f'font-size="{number(SIZE_PX)}" fill="{ink}">{escape(told)}</text>'
            )
    return figure
