"""Why a case was decided as it was: weights over time below the signals they rest on, and by input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.analysing.html_page import Table
from app.analysing.run_figures import Shown, short
from app.analysing.svg import BLUE, GREEN, GREY, RED, SERIES, Axes, Figure, legend, ticks

LEFT_PX, RIGHT_PX, TOP_PX = 132.0, 24.0, 26.0
SIGNAL_PX, WEIGHT_PX, BETWEEN_PX = 64.0, 56.0, 12.0
MOST_POINTS = 1500


@dataclass(frozen=True, slots=True)
class Wave:
    """A signal in the span of a case: `times_s` of the recording's clock, one channel's values."""

    modality: str
    channel: str
    unit: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights over the steps of a case: `times_s` (n,) middles, `values` (n, k), `names` of the k lines."""

    name: str
    modality: str
    about: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that is known of one decision, from `start_s` to `stop_s` of its recording."""

    title: str
    start_s: float
    stop_s: float
    waves: tuple[Wave, ...] = ()
    weights: tuple[Weights, ...] = ()
    parts: tuple[tuple[str, float, str], ...] = ()
    channels: tuple[tuple[str, float], ...] = ()
    note: str = ""


def time_of(x: float, width: float, why: Why) -> float | None:
    """Return the moment under a place of the figure of `over_time`, None beside the axis."""
    share = (x - LEFT_PX) / max(1.0, width - LEFT_PX - RIGHT_PX)
    return why.start_s + share * (why.stop_s - why.start_s) if 0 <= share <= 1 else None


def over_time(why: Why) -> Shown | None:
    """Return signals with the weights of their input below them, on one axis; None without weights."""
    if not why.weights:
        return None
    rows: list[Wave | Weights] = []
    left = list(why.weights)
    for wave in why.waves:
        own = [each for each in left if each.modality == wave.modality]
        rows += [wave, *own]
        left = [each for each in left if each.modality != wave.modality]
    rows += left
    high = TOP_PX + 48 + sum(_height(row) + BETWEEN_PX for row in rows)

    def make(width: float, height: float) -> Figure:
        del height
        figure = Figure(width, high, why.title)
        y = TOP_PX
        inside = max(60.0, width - LEFT_PX - RIGHT_PX)
        for row in rows:
            _draw_row(figure, row, y, inside, why)
            y += _height(row) + BETWEEN_PX
        axes = Axes(figure, LEFT_PX, y, inside, 0.0, (0.0, why.stop_s - why.start_s), (0, 1))
        axes.x_axis("seconds from the start of the case")
        return figure

    cells = tuple(
        (each.name, float(time - why.start_s), name, float(value))
        for each in why.weights
        for time, line in zip(each.times_s, each.values, strict=True)
        for name, value in zip(each.names or ("",) * len(line), line, strict=True)
        if math.isfinite(value)
    )
    groups: dict[str, list[str]] = {}
    for each in why.weights:
        groups.setdefault(each.about, []).append(each.name)
    told = "; ".join(f"{', '.join(names)}: {about}" for about, names in groups.items() if about)
    table = Table("weights-over-time", ("input", "seconds_from_start", "of", "weight"), cells)
    about = f"{why.title}. {told}. {why.note}".strip()
    return Shown("weights-over-time", "Over time", about, make, table, (900.0, high), (460.0, high))


def by_input(why: Why) -> Shown | None:
    """Return what each input added as bars to the right (for it) or left (against it)."""
    if not why.parts:
        return None
    reach = max((abs(value) for _, value, _ in why.parts), default=1.0) or 1.0
    high = 24.0 * len(why.parts) + 70

    def make(width: float, height: float) -> Figure:
        del height
        figure = Figure(width, high, why.title)
        axes = Axes(
            figure, LEFT_PX + 50, 16, max(80.0, width - LEFT_PX - 150), high - 66, (-reach, reach), (0, 1)
        )
        axes.x_axis("against the decision | for it", ticks(-reach, reach, 4))
        zero, _ = axes.at(0, 0)
        for place, (name, value, _) in enumerate(why.parts):
            y = 16 + 24 * place
            figure.text(LEFT_PX + 42, y + 16, short(name, 24), "end")
            x, _ = axes.at(value, 0)
            figure.rect(min(x, zero), y + 4, abs(x - zero), 15, GREEN if value >= 0 else RED, 0.9)
            figure.text(axes.left + axes.width + 8, y + 16, f"{value:+.3g}")
        figure.line(zero, 16, zero, high - 50)
        return figure

    plain = dict.fromkeys(about.replace(name, "").strip() for name, _, about in why.parts if about)
    told = "; ".join(plain)
    told = told[:1].upper() + told[1:] + (", row by row" if len(plain) == 1 < len(why.parts) else "")
    table = Table("weights-by-input", ("input", "weight", "what_it_is"), tuple(why.parts))
    about = f"{why.title}. {told}."
    return Shown("weights-by-input", "By input", about, make, table, (760.0, high), (420.0, high))


def _height(row: Wave | Weights) -> float:
    return SIGNAL_PX if isinstance(row, Wave) else WEIGHT_PX


def _draw_row(figure: Figure, row: Wave | Weights, y: float, inside: float, why: Why) -> None:
    high = _height(row)
    if isinstance(row, Wave):
        times, values = thinned(row.times_s, row.values)
        low, top = _limits(values)
        axes = Axes(figure, LEFT_PX, y, inside, high, (why.start_s, why.stop_s), (low, top))
        name = row.modality if row.channel.lower() == row.modality else f"{row.modality} {row.channel}"
        figure.text(LEFT_PX - 8, y + high / 2, short(name.strip(), 17), "end")
        figure.text(LEFT_PX - 8, y + high / 2 + 15, row.unit, "end", 10.5, opacity=0.85)
        axes.curve(zip(times.tolist(), values.tolist(), strict=True), GREY, 1.1)
        figure.line(LEFT_PX, y + high, LEFT_PX + inside, y + high, opacity=0.25)
        return
    low, top = _limits(row.values.ravel(), 0.0)
    axes = Axes(figure, LEFT_PX, y, inside, high, (why.start_s, why.stop_s), (low, top))
    figure.text(LEFT_PX - 8, y + high / 2, short(row.name, 15), "end", weight="bold")
    for value in ticks(low, top, 3):
        _, at = axes.at(why.start_s, value)
        figure.text(LEFT_PX + inside + 2, at + 4, f"{value:.3g}", "start", 9.5, opacity=0.85)
    base = axes.at(why.start_s, 0.0)[1]
    figure.line(LEFT_PX, base, LEFT_PX + inside, base, opacity=0.4)
    lines = row.values.shape[1]
    if lines == 1 and len(row.times_s) <= 200:
        _draw_bars(figure, axes, row, base)
        return
    for line in range(lines):
        times, values = thinned(row.times_s, row.values[:, line])
        axes.curve(zip(times.tolist(), values.tolist(), strict=True), SERIES[line % len(SERIES)], 1.6)
    if lines > 1 and row.names:
        legend(figure, list(row.names[:6]), LEFT_PX + 6, y + 8)


def _draw_bars(figure: Figure, axes: Axes, row: Weights, base: float) -> None:
    steps = np.diff(row.times_s)
    half = float(np.median(steps)) / 2 if len(steps) else (axes.x[1] - axes.x[0]) / 2
    strongest = int(np.nanargmax(np.abs(row.values[:, 0]))) if np.isfinite(row.values).any() else -1
    for place, (time, value) in enumerate(zip(row.times_s.tolist(), row.values[:, 0].tolist(), strict=True)):
        if not math.isfinite(value):
            continue
        left, top = axes.at(max(axes.x[0], time - half), value)
        right, _ = axes.at(min(axes.x[1], time + half), value)
        tip = f"{row.name}, {time - axes.x[0]:.1f} s: {value:.3g}"
        figure.rect(left, min(top, base), max(1.0, right - left - 0.6), abs(base - top), BLUE, 0.85, tip)
        if place == strongest:
            figure.text((left + right) / 2, min(top, base) - 3, "▾", "middle", 11)


def _limits(values: NDArray[np.float64], also: float | None = None) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if also is not None:
        known = np.append(known, also)
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.08 * (high - low) or 0.5
    return (low if also == 0.0 and low == 0.0 else low - room), high + room


def thinned(
    times_s: NDArray[np.float64], values: NDArray[np.float64], most: int = MOST_POINTS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most about `most` points that keep the smallest and largest value of every stretch."""
    if len(values) <= most:
        return times_s, values
    edges = np.linspace(0, len(values), most // 2 + 1).astype(int)
    places: list[int] = []
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[start:stop]
        if np.isfinite(part).any():
            places += sorted((start + int(np.nanargmin(part)), start + int(np.nanargmax(part))))
        else:
            places.append(start)
    return times_s[places], values[places]


def strongest_s(why: Why, name: str = "") -> float | None:
    """Return the moment of the largest weight, of one input where it is named."""
    chosen: Sequence[Weights] = [each for each in why.weights if not name or each.name == name]
    best: tuple[float, float] | None = None
    for each in chosen:
        if not np.isfinite(each.values).any():
            continue
        sizes = np.abs(np.where(np.isfinite(each.values), each.values, 0.0)).max(axis=1)
        share = float(sizes.max() / (sizes.sum() or 1.0))
        if best is None or share > best[0]:
            best = (share, float(each.times_s[int(sizes.argmax())]))
    return None if best is None else best[1]
