"""A histogram as SVG text, for reports that are written without a window."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 44, 52
MOST_BINS = 40


def histogram_svg(values: Sequence[float], title: str, unit: str) -> str:
    """Return a histogram of `values` with its median marked; without values it says so."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="26" font-size="15" fill="#1b1f24">{escape(title)}</text>',
    ]
    found = np.asarray(values, np.float64)
    if len(found):
        parts += _bars(found, unit)
    else:
        parts.append(f'<text x="{LEFT}" y="{HEIGHT // 2}" fill="#5b6570">No value was found.</text>')
    return "\n".join([*parts, "</svg>", ""])


def _bars(values: np.ndarray[tuple[int], np.dtype[np.float64]], unit: str) -> list[str]:
    low, high = float(values.min()), float(values.max())
    # Values that are all the same still need a scale.
    spare = 0.05 * (high - low) or max(0.01, 0.01 * abs(high))
    bins = min(MOST_BINS, max(5, round(np.sqrt(len(values)) * 2)))
    counts, edges = np.histogram(values, bins, (low - spare, high + spare))
    floor, across, up = HEIGHT - BOTTOM, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        return float(LEFT + across * (value - edges[0]) / (edges[-1] - edges[0]))

    parts = [
        f'<rect x="{x(start):.1f}" y="{floor - up * count / counts.max():.1f}"'
        f' width="{x(end) - x(start) - 1:.1f}" height="{up * count / counts.max():.1f}" fill="#2f6f9f"/>'
        for count, start, end in zip(counts, edges[:-1], edges[1:], strict=True)
        if count
    ]
    middle = float(np.median(values))
    parts.append(
        f'<line x1="{x(middle):.1f}" x2="{x(middle):.1f}" y1="{TOP}" y2="{floor}" stroke="#b4441f"'
        ' stroke-dasharray="4 3"/>'
    )
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}" stroke="#8a939c"/>')
    for value in np.linspace(edges[0], edges[-1], 6):
        at = f'x="{x(value):.1f}" y="{floor + 18}" text-anchor="middle"'
        parts.append(f'<text {at} fill="#1b1f24">{value:.2f}</text>')
    caption = f"{unit}; n = {len(values)}, median {middle:.2f}, SD {values.std():.2f}"
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 12}" fill="#5b6570">{escape(caption)}</text>')
    parts.append(f'<text x="{LEFT - 8}" y="{TOP + 6}" text-anchor="end" fill="#1b1f24">{counts.max()}</text>')
    parts.append(f'<text x="{LEFT - 8}" y="{floor}" text-anchor="end" fill="#1b1f24">0</text>')
    return parts
