"""Figures of passages: how clearly each subcarrier saw them, and one before and after rectification."""

from __future__ import annotations

from functools import partial

import numpy as np

from app.analysing.html_page import Table
from app.analysing.passages import Followed
from app.analysing.run_figures import Shown
from app.analysing.svg import BLUE, GREY, ORANGE, Axes, Figure, legend


def ranking(found: Followed) -> Shown:
    """Return the subcarriers by their peak-to-noise ratio, those that are averaged in colour."""
    curve = found.curve
    rows = tuple(
        (place, int(number) + 1, float(curve.snr_db[number]), float(curve.weights[number]))
        for place, number in enumerate(curve.order, start=1)
    )
    table = Table("subcarriers", ("rank", "subcarrier", "snr_db", "weight"), rows)
    used = int((curve.weights > 0).sum())
    about = (
        f"Peak of passages against peak of quiet, best first; {used} of {len(rows)} go into the "
        "curve. The ranking "
        "is of this recording."
    )
    return Shown(
        "subcarriers", "Subcarriers", about, partial(_ranking, found), table, (560.0, 260.0), (300.0, 180.0)
    )


def _ranking(found: Followed, width: float, height: float) -> Figure:
    figure = Figure(
        max(width, 280.0), max(height, 160.0), "Peak-to-noise ratio of each subcarrier, best first"
    )
    curve = found.curve
    sorted_db = curve.snr_db[curve.order]
    low, high = min(0.0, float(sorted_db.min())), max(1.0, float(sorted_db.max()))
    axes = Axes(
        figure, 52, 12, figure.width - 64, figure.height - 62, (0.0, len(sorted_db) + 0.5), (low, high * 1.05)
    )
    axes.y_axis("dB")
    axes.x_axis("rank", [1, *range(10, len(sorted_db), 10), len(sorted_db)])
    wide = 0.8 * axes.width / (len(sorted_db) + 0.5)
    for place, number in enumerate(curve.order, start=1):
        value = float(curve.snr_db[number])
        x, y = axes.at(place, max(0.0, value))
        _, base = axes.at(place, 0.0)
        tip = f"subcarrier {int(number) + 1}: {value:.1f} dB"
        figure.rect(x - wide / 2, y, wide, base - y, BLUE if curve.weights[number] > 0 else GREY, 1.0, tip)
    return figure


def segment(found: Followed, number: int) -> Shown:
    """Return one passage: the chosen subcarriers' mean before rectification, and after it."""
    passage = found.passages[number]
    at_s = (np.arange(found.segments.shape[1]) - found.spec.half) / found.rate_hz
    rows = tuple(zip(at_s.tolist(), found.raw[number].tolist(), found.segments[number].tolist(), strict=True))
    table = Table("passage", ("seconds", "before", "after"), rows)
    name = passage.label or "no label yet"
    about = f"Passage {number + 1}, {name}: {found.segments.shape[1]} readings about the highest point."
    make = partial(_segment, found, number)
    return Shown("passage", "Passage", about, make, table, (560.0, 260.0), (300.0, 180.0))


def _segment(found: Followed, number: int, width: float, height: float) -> Figure:
    figure = Figure(max(width, 280.0), max(height, 160.0), "A passage before and after rectification")
    at_s = (np.arange(found.segments.shape[1]) - found.spec.half) / found.rate_hz
    both = np.concatenate([found.raw[number], found.segments[number]])
    known = both[np.isfinite(both)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    margin = 0.05 * ((high - low) or 1.0)
    area = (float(at_s[0]), float(at_s[-1]))
    axes = Axes(figure, 56, 30, figure.width - 70, figure.height - 80, area, (low - margin, high + margin))
    axes.y_axis("amplitude")
    axes.x_axis("seconds from the highest point")
    axes.curve(zip(at_s.tolist(), found.raw[number].tolist(), strict=True), BLUE)
    axes.curve(zip(at_s.tolist(), found.segments[number].tolist(), strict=True), ORANGE)
    after = "after (rectified)" if found.spec.rectified else "after (against quiet)"
    legend(figure, ["before", after], 60, 18)
    return figure
