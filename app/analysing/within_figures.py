"""Cell means with their within-participant intervals as a figure."""

from __future__ import annotations

from analysis.statistics.cells import Cell
from analysis.statistics.within import Within
from app.analysing.svg import SERIES, Axes, Figure, legend

LEFT, TOP, BELOW = 62.0, 40.0, 54.0
LETTER_PX = 7.0


def cell_figure(found: Within, width: float, height: float) -> Figure:
    """Return the cells: the first factor across, a line and a colour for each level of the second."""
    design = found.design
    unit = f" ({design.unit})" if design.unit else ""
    title = f"Mean {design.measure}{unit} with 95 % within-participant intervals"
    figure = Figure(max(width, 320.0), max(height, 220.0), title)
    across = found.levels[0]
    series = found.levels[1] if len(found.levels) == 2 else ("",)
    low, high = min(each.low for each in found.cells), max(each.high for each in found.cells)
    margin = 0.08 * ((high - low) or 1.0)
    axes = Axes(
        figure, LEFT, TOP, figure.width - LEFT - 16, figure.height - TOP - BELOW,
        (-0.5, len(across) - 0.5), (low - margin, high + margin),
    )  # fmt: skip
    axes.y_axis(f"{design.measure}{unit}")
    bottom = axes.top + axes.height
    figure.line(axes.left, bottom, axes.left + axes.width, bottom)
    room = max(4, int(axes.width / len(across) / LETTER_PX))
    for place, name in enumerate(across):
        x, _ = axes.at(place, axes.y[0])
        figure.text(x, bottom + 18, name if len(name) <= room else name[: room - 1] + "…", "middle")
    figure.text(axes.left + axes.width / 2, bottom + 40, design.factors[0], "middle")
    if len(series) > 1:
        legend(figure, [f"{design.factors[1]}: {name}" for name in series], LEFT, 20)
    by_levels = {each.levels: each for each in found.cells}
    for number, name in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * 0.16
        cells = [by_levels[(level, name) if len(found.levels) == 2 else (level,)] for level in across]
        _draw(axes, cells, shift, SERIES[number % len(SERIES)], design.unit)
    return figure


def _draw(axes: Axes, cells: list[Cell], shift: float, colour: str, unit: str) -> None:
    figure = axes.figure
    axes.curve(((place + shift, each.mean) for place, each in enumerate(cells)), colour, 1.2)
    for place, each in enumerate(cells):
        x, top = axes.at(place + shift, each.high)
        _, bottom = axes.at(place + shift, each.low)
        _, middle = axes.at(place + shift, each.mean)
        figure.line(x, top, x, bottom, colour, 1.8)
        for y in (top, bottom):
            figure.line(x - 4, y, x + 4, y, colour, 1.8)
        told = f"{' x '.join(each.levels)}: {each.mean:.4g} {unit} [{each.low:.4g}, {each.high:.4g}]"
        figure.dot(x, middle, colour, 4.0, told)
