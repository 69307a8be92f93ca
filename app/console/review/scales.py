"""Scale bars, the ruler of time, and values in words."""

from __future__ import annotations

import math

from app.console.review.traces_bands import Band
from app.console.traces import nice_scale, unit_text

BAR_PX = 22.0
TICKS_S = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
)
TICKS_LONG_S = (3600, 7200, 14_400, 28_800)


def bar_of(band: Band, lane_px: float) -> tuple[float, float]:
    """Return a round amount for a band's scale bar, and its height in pixels."""
    wanted = max(BAR_PX, min(lane_px * 0.8, 2 * BAR_PX)) / lane_px * band.units_per_lane
    amount = nice_scale(wanted / 2.0001) if nice_scale(wanted) > wanted else wanted
    tallest = 0.9 * band.height / lane_px * band.units_per_lane
    while amount > tallest and amount > 0:
        amount = nice_scale(amount / 2.6)
    return amount, amount / band.units_per_lane * lane_px


def tick_step_s(width_s: float, width_px: float, label_px: float) -> float:
    """Return the step between ticks of time, so that their labels have room."""
    least = width_s * label_px / max(1.0, width_px)
    return next((float(step) for step in (*TICKS_S, *TICKS_LONG_S) if step >= least), 86_400.0)


def time_text(seconds: float, digits: int = 0) -> str:
    """Return a time as m:ss or h:mm:ss, with decimals where the view is narrow."""
    sign, value = ("−" if round(seconds, digits) < 0 else ""), abs(round(seconds, digits))
    whole = int(value)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    tail = f"{value - whole:.{digits}f}"[1:] if digits else ""
    told = f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
    return f"{sign}{told}{tail}"


def digits_for(step_s: float) -> int:
    """Return how many decimals a tick's label needs."""
    return max(0, -math.floor(math.log10(step_s) + 1e-9)) if step_s < 1 else 0


def value_text(value: float, unit: str, spread: float = 1.0) -> str:
    """Return a value in its unit, as exact as the eye could tell in a picture of this spread."""
    if not math.isfinite(value):
        return "–"
    digits = min(6, max(0, 3 - math.floor(math.log10(spread) + 1e-9))) if spread > 0 else 3
    return f"{value:.{digits}f} {unit_text(unit)}".strip().replace("-", "−", 1)
