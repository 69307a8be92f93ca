"""Modes of a stretch as figures and tables: stacked, their spectra, energy over time and frequency."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.decomposition.settings import METHODS, Decomposition
from analysis.decomposition.spectra import (
    Floats,
    HilbertSpectrum,
    Instantaneous,
    energy,
    hilbert_spectrum,
    instantaneous,
    mean_frequency_hz,
    mode_spectra,
    orthogonality_index,
    overlaps,
    rrmse,
)
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.svg import BLUE, GREY, ORANGE, Axes, Figure

LEFT_PX, RIGHT_PX, ROW_PX, TOP_PX, FOOT_PX = 118.0, 16.0, 46.0, 10.0, 46.0
MOST_COLUMNS = 900
SPECTRUM_BINS = 220
COLUMNS, BANDS = 120, 56
FLOOR_DB = -45.0
TOP_SHARE = 0.999
"""The Hilbert spectrum is shown up to where so much of its energy lies."""


@dataclass(frozen=True)
class Analysed:
    """A decomposed stretch: what it is in words, its samples (n,), the modes, and what is said of them."""

    title: str
    unit: str
    signal: Floats
    found: Decomposition
    at: Instantaneous
    mean_hz: Floats
    seconds: float

    @property
    def words(self) -> str:
        """Return in a line how many modes there are, why no more, and how well they part."""
        k = len(self.found.modes)
        waves = self.signal - self.signal.mean()
        index = orthogonality_index(np.vstack([self.found.modes, _about_mean(self.found.residue)]), waves)
        off = rrmse(self.signal, self.found.signal)
        return (
            f"{METHODS[self.found.settings.method]}: {k} {'mode' if k == 1 else 'modes'}, "
            f"{self.found.ended}. "
            f"Orthogonality index {index:.3f}; modes and residue miss the signal by {off:.1e}. "
            f"Computed in {self.seconds:.2f} s"
        )


def analysed(title: str, unit: str, signal: Floats, found: Decomposition, seconds: float) -> Analysed:
    """Return a decomposition with its instantaneous amplitudes and frequencies."""
    at = instantaneous(found.modes, found.rate_hz)
    return Analysed(title, unit, signal, found, at, mean_frequency_hz(at), seconds)


def modes_figure(what: Analysed) -> Shown:
    """Return signal, modes and residue below each other, each row to its own scale, over one time axis."""
    k, rate_hz = len(what.found.modes), what.found.rate_hz
    rows = [("signal", "", what.signal, GREY)]
    for place in range(k):
        rows.append((f"mode {place + 1}", hertz(what.mean_hz[place]), what.found.modes[place], BLUE))
    rows.append(("residue", "", what.found.residue, ORANGE))
    high = TOP_PX + ROW_PX * len(rows) + FOOT_PX

    def make(width: float, height: float) -> Figure:
        row_px = max(ROW_PX, (height - TOP_PX - FOOT_PX) / len(rows))
        figure = Figure(width, TOP_PX + row_px * len(rows) + FOOT_PX, f"Modes of {what.title}")
        inside = max(60.0, width - LEFT_PX - RIGHT_PX)
        for place, (name, note, values, colour) in enumerate(rows):
            top = TOP_PX + row_px * place
            _row(figure, (name, note), values, colour, (top, row_px), inside)
        length = len(what.signal) / rate_hz
        axes = Axes(figure, LEFT_PX, TOP_PX + row_px * len(rows), inside, 0.0, (0.0, length), (0, 1))
        axes.x_axis("seconds")
        return figure

    columns = ("seconds", "signal", *(f"mode_{place + 1}" for place in range(k)), "residue")
    cells = np.column_stack(
        [np.arange(len(what.signal)) / rate_hz, what.signal, what.found.modes.T, what.found.residue]
    )
    table = Table("modes", columns, tuple(map(tuple, cells.tolist())))
    unit = f", in {what.unit}" if what.unit else ""
    about = f"{what.title}{unit}; each row to its own scale, the fastest mode first."
    return Shown("modes", "Modes", about, make, table, (900.0, high), (420.0, high))


def _row(
    figure: Figure,
    words: tuple[str, str],
    values: Floats,
    colour: str,
    place: tuple[float, float],
    inside: float,
) -> None:
    top, row_px = place
    name, note = words
    middle = top + row_px / 2
    figure.text(LEFT_PX - 10, middle + (-2 if note else 4), name, "end")
    if note:
        figure.text(LEFT_PX - 10, middle + 12, note, "end", size=10.5, opacity=0.75)
    figure.line(LEFT_PX, top + row_px, LEFT_PX + inside, top + row_px, opacity=0.12)
    low, high = float(values.min()), float(values.max())
    spread = (high - low) or 1.0
    figure.path(_columns(values, low, spread, (LEFT_PX, inside), (top + 4, row_px - 8)), colour, 1.0)


def _columns(
    values: Floats, low: float, spread: float, across: tuple[float, float], down: tuple[float, float]
) -> list[tuple[float, float]]:
    """Return points of a curve, lowest and highest of each column where there are more samples than those."""
    n = len(values)
    count = min(MOST_COLUMNS, int(across[1]))
    if n > 2 * count:
        edges = np.linspace(0, n, count + 1).astype(np.intp)[:-1]
        pair = np.column_stack([np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)])
        at, shown = np.repeat(edges, 2), pair.ravel()
    else:
        at, shown = np.arange(n), values
    x = across[0] + at / max(1, n - 1) * across[1]
    y = down[0] + (1 - (shown - low) / spread) * down[1]
    return list(zip(x.tolist(), y.tolist(), strict=True))


def spectra_figure(what: Analysed) -> Shown:
    """Return the amplitude spectrum of each mode below each other, over one logarithmic frequency axis."""
    found = what.found
    frequencies, sizes = mode_spectra(found.modes, found.rate_hz)
    keep = frequencies > 0
    frequencies, sizes = frequencies[keep], sizes[:, keep]
    lowest, top = (frequencies[0], frequencies[-1]) if len(frequencies) else (0.1, 1.0)
    edges = np.geomspace(lowest, top, SPECTRUM_BINS + 1)
    binned, middles = _binned(frequencies, sizes, edges)
    rows = len(found.modes)
    high = TOP_PX + ROW_PX * max(rows, 1) + FOOT_PX

    def make(width: float, height: float) -> Figure:
        row_px = max(ROW_PX, (height - TOP_PX - FOOT_PX) / max(rows, 1))
        figure = Figure(width, TOP_PX + row_px * max(rows, 1) + FOOT_PX, f"Spectra of {what.title}")
        inside = max(60.0, width - LEFT_PX - RIGHT_PX)
        scale = (math.log10(lowest), math.log10(top))
        for place in range(rows):
            first = TOP_PX + row_px * place
            figure.text(LEFT_PX - 10, first + row_px / 2 - 2, f"mode {place + 1}", "end")
            told = hertz(what.mean_hz[place])
            figure.text(LEFT_PX - 10, first + row_px / 2 + 12, told, "end", size=10.5, opacity=0.75)
            figure.line(LEFT_PX, first + row_px, LEFT_PX + inside, first + row_px, opacity=0.12)
            axes = Axes(
                figure,
                LEFT_PX,
                first + 4,
                inside,
                row_px - 6,
                scale,
                (0.0, float(binned[place].max()) or 1.0),
            )
            points = zip(np.log10(middles).tolist(), binned[place].tolist(), strict=True)
            axes.curve(points, BLUE, 1.2)
            mean = what.mean_hz[place]
            if lowest < mean < top:
                x, _ = axes.at(math.log10(mean), 0.0)
                figure.line(x, first + 4, x, first + row_px - 2, ORANGE, 1.0, "3 3")
        _log_axis(figure, scale, inside, TOP_PX + row_px * max(rows, 1))
        return figure

    cells = tuple(
        (place + 1, float(at), float(value))
        for place in range(rows)
        for at, value in zip(middles, binned[place], strict=True)
    )
    table = Table("mode-spectra", ("mode", "hz", "amplitude"), cells)
    about = (
        f"{what.title}: largest amplitude in each of {len(middles)} bands; dashed: the mode's mean frequency."
    )
    return Shown("mode-spectra", "Spectra", about, make, table, (900.0, high), (420.0, high))


def _binned(frequencies: Floats, sizes: Floats, edges: Floats) -> tuple[Floats, Floats]:
    """Return the largest amplitude in each band that holds a frequency (k, b), and its middle (b,)."""
    which = np.clip(np.searchsorted(edges, frequencies, "right") - 1, 0, len(edges) - 2)
    held = np.unique(which)
    made = np.zeros((len(sizes), len(held)))
    for column, band in enumerate(held.tolist()):
        made[:, column] = sizes[:, which == band].max(axis=1, initial=0.0)
    return made, np.sqrt(edges[held] * edges[held + 1])


def _log_axis(figure: Figure, scale: tuple[float, float], inside: float, top: float) -> None:
    axes = Axes(figure, LEFT_PX, top, inside, 0.0, scale, (0, 1))
    figure.line(LEFT_PX, top, LEFT_PX + inside, top)
    decades = range(math.ceil(scale[0] - 1e-9), math.floor(scale[1] + 1e-9) + 1)
    for power in decades:
        x, _ = axes.at(power, 0)
        figure.line(x, top, x, top + 4)
        figure.text(x, top + 17, f"{10.0**power:g}", "middle")
    figure.text(LEFT_PX + inside / 2, top + 34, "hertz", "middle")


def hilbert_figure(what: Analysed) -> Shown:
    """Return energy over time and instantaneous frequency, in decibels below its largest cell."""
    spectrum = hilbert_spectrum(what.at, what.found.rate_hz, COLUMNS, BANDS, top_hz(what))
    decibels = _decibels(spectrum)

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, f"Hilbert spectrum of {what.title}")
        inside, down = max(60.0, width - 70 - RIGHT_PX), max(60.0, height - TOP_PX - FOOT_PX)
        length, top = float(spectrum.time_edges_s[-1]), float(spectrum.edges_hz[-1])
        axes = Axes(figure, 70, TOP_PX, inside, down, (0.0, length), (0.0, top))
        wide, tall = inside / decibels.shape[1], down / decibels.shape[0]
        for band, column in np.argwhere(decibels > FLOOR_DB).tolist():
            share = 1 - decibels[band, column] / FLOOR_DB
            # On whole pixels: cells that meet between two would show seams.
            left, right = round(70 + column * wide), round(70 + (column + 1) * wide)
            top_y = round(TOP_PX + down - (band + 1) * tall)
            low_y = round(TOP_PX + down - band * tall)
            figure.rect(left, top_y, right - left, low_y - top_y, BLUE, max(0.06, share))
        axes.x_axis("seconds")
        axes.y_axis("hertz", grid=False)
        return figure

    middle_s = (spectrum.time_edges_s[:-1] + spectrum.time_edges_s[1:]) / 2
    middle_hz = (spectrum.edges_hz[:-1] + spectrum.edges_hz[1:]) / 2
    cells = tuple(
        (float(middle_s[column]), float(middle_hz[band]), float(decibels[band, column]))
        for band, column in np.argwhere(decibels > FLOOR_DB).tolist()
    )
    table = Table("hilbert-spectrum", ("seconds", "hz", "db_below_largest"), cells)
    about = (
        f"{what.title}: energy of all modes, strongest colour at the largest, {-FLOOR_DB:g} dB down; up to "
        f"the frequency under which {TOP_SHARE:.1%} of it lies."
    )
    return Shown("hilbert-spectrum", "Hilbert spectrum", about, make, table, (900.0, 460.0), (360.0, 240.0))


def top_hz(what: Analysed) -> float:
    """Return the frequency under which nearly all energy lies, at least a tenth of half the rate."""
    half = what.found.rate_hz / 2
    weight = np.square(what.at.amplitude).ravel()
    if not len(weight) or not weight.sum():
        return half
    counts, edges = np.histogram(what.at.frequency_hz.ravel(), 400, (0.0, half), weights=weight)
    place = int(np.searchsorted(np.cumsum(counts), TOP_SHARE * counts.sum()))
    return float(min(half, max(half / 50, 1.1 * edges[min(place + 1, 400)])))


def _decibels(spectrum: HilbertSpectrum) -> Floats:
    largest = float(spectrum.power.max(initial=0.0))
    made = np.full(spectrum.power.shape, -np.inf)
    some = spectrum.power > 0
    if largest > 0:
        made[some] = 10 * np.log10(spectrum.power[some] / largest)
    return made


def modes_table(what: Analysed) -> Table:
    """Return a row a mode: mean frequency, share of the energy, overlap with the next, its mask."""
    found = what.found
    own = energy(np.vstack([found.modes, _about_mean(found.residue)]))
    total = float(own.sum()) or 1.0
    shared = overlaps(found.modes)
    rows: list[tuple[str, float | None, float, float | None, float | None, float | None]] = []
    for place in range(len(found.modes)):
        has_next, has_mask = place + 1 < len(found.modes), place < len(found.mask_hz)
        rows.append(
            (
                f"{place + 1}", float(what.mean_hz[place]), 100 * float(own[place]) / total,
                float(shared[place, place + 1]) if has_next else None,
                float(found.mask_hz[place]) if has_mask else None,
                float(found.mask_amplitude[place]) if has_mask else None,
            )
        )  # fmt: skip
    rows.append(("residue", None, 100 * float(own[-1]) / total, None, None, None))
    columns = (
        "mode", "mean_frequency_hz", "energy_percent", "overlap_with_next", "mask_hz", "mask_amplitude",
    )  # fmt: skip
    return Table("modes-in-numbers", columns, tuple(rows))


def _about_mean(values: Floats) -> Floats:
    return np.asarray(values - values.mean(), np.float64)


def hertz(value: float) -> str:
    """Return a frequency, short."""
    return f"{value:.0f} Hz" if value >= 100 else f"{value:.3g} Hz"
