"""What the hand is at, in words: values under it, differences between two cursors, filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.console.review.scales import time_text, value_text
from app.console.review.traces_bands import Band
from app.console.review.traces_columns import Traces, placement

if TYPE_CHECKING:
    from app.console.review.stack import SignalStack

NEAR_EVENT_PX = 4


def state(traces: Traces, view_s: float) -> tuple[str, bool]:
    """Return what is done to the electric signals, and whether there is something to heed."""
    if traces.is_raw and not traces.filters.is_raw:
        return f"Raw · R: {traces.filters.words()}", False
    if traces.filters.is_raw:
        return "Raw", False
    electric = [band for band in traces.bands if band.is_electric]
    problems = sorted({traces.problem(band, view_s) for band in electric} - {""})
    if problems:
        return f"Raw here ({problems[0]})", True
    return f"{traces.filters.words()} · R: raw", False


def band_at(stack: SignalStack, y_px: float) -> Band | None:
    """Return the band at a height of the canvas, its title included."""
    traces = stack.canvas.traces
    for band in traces.bands if traces is not None else ():
        if band.title_top <= y_px < band.top + band.height + 2:
            return band
    return None


def channel_at(stack: SignalStack, band: Band, y_px: float) -> int:
    """Return the channel (place in the group) whose lane is nearest; in a butterfly the current one."""
    middles, _ = placement(band, stack.butterfly)
    if band.lanes(stack.butterfly) == 1 and len(band.shown) > 1:
        current = stack.canvas.scene.current
        return current[1] if current and current[0] == band.title else band.shown[0]
    return band.shown[int(np.argmin(np.abs(middles - y_px)))]


def value_at(stack: SignalStack, band: Band, channel: int, time_s: float) -> tuple[float, float]:
    """Return the lowest and highest value of a channel in the column at a time, NaN in a gap."""
    traces = stack.canvas.traces
    nothing = (float("nan"), float("nan"))
    low, high = stack.visible.window_s or (-np.inf, np.inf)
    if traces is None or not low <= time_s <= high:
        return nothing
    half_s = stack.canvas.grid.column_s / 2
    if band.curve is not None:
        part = band.curve.between(time_s - half_s, time_s + half_s)
        if len(part.times_s) < 2:
            return nothing
        value = float(np.interp(time_s, part.times_s, part.values))
        return value, value
    if traces.filters_for(band).is_raw or traces.problem(band, stack.axis.width_s):
        lows, highs = traces.overview.columns(band.group.stream, time_s - half_s, time_s + half_s, 1)
        place = band.group.channels[channel]
        return float(lows[place, 0]), float(highs[place, 0])
    reach_s = max(half_s, 1 / band.rate_hz)
    times, values = traces.values(band, time_s - reach_s, time_s + reach_s)
    if not len(times):
        return nothing
    level = traces.levels.get(band.title)
    column = values[:, channel] - (0.0 if level is None else level[channel])
    inside = np.abs(times - time_s) <= half_s
    column = column[inside] if inside.any() else column[[int(np.argmin(np.abs(times - time_s)))]]
    return float(np.nanmin(column)), float(np.nanmax(column))


def at(stack: SignalStack, x_px: float, y_px: float) -> str:
    """Return time, channel and value under the hand."""
    axis = stack.axis
    time_s = axis.time_at(x_px, stack.width())
    words = [time_text(time_s - axis.zero_s, digits(stack))]
    band = band_at(stack, y_px)
    if band is not None and band.shown:
        channel = channel_at(stack, band, y_px)
        words.append(f"{band.group.labels[channel]} {between(band, *value_at(stack, band, channel, time_s))}")
    words += near_events(stack, x_px)
    return " · ".join(words)


def near_events(stack: SignalStack, x_px: float) -> list[str]:
    """Return the words of the event whose line is nearest to the hand, if any is near."""
    events = stack.canvas.scene.events_s
    if not stack.event_words:
        return []
    axis = stack.axis
    near_s = NEAR_EVENT_PX * axis.width_s / max(1, stack.canvas.plot.width())
    time_s = axis.time_at(x_px, stack.width())
    first, stop = np.searchsorted(events, [time_s - near_s, time_s + near_s])
    if stop <= first:
        return []
    nearest = int(first + np.argmin(np.abs(events[first:stop] - time_s)))
    return [stack.event_words[nearest]]


def between(band: Band, low: float, high: float) -> str:
    """Return a value, or the lowest and the highest of a column; "gap" where there is none."""
    unit, spread = band.group.unit, band.units_per_lane
    if not np.isfinite(low):
        return "gap"
    one, other = value_text(low, "", spread), value_text(high, unit, spread)
    return other if value_text(high, "", spread) == one else f"{one} … {other}"


def measured(stack: SignalStack) -> str:
    """Return the differences between the two measuring cursors in time and value."""
    cursors, current = stack.canvas.scene.measured, stack.canvas.scene.current
    if cursors is None:
        return ""
    span_s = cursors[1] - cursors[0]
    rate = f" ({1 / abs(span_s):.3g} Hz)" if abs(span_s) > 0 else ""
    words = [f"A–B {span_s:+.3f} s{rate}".replace("-", "−")]
    band = next((b for b in stack.bands if current is not None and b.title == current[0]), None)
    if band is not None and current is not None and band.shown:
        ends = [value_at(stack, band, current[1], time_s) for time_s in cursors]
        one, other = ((low + high) / 2 for low, high in ends)
        unit, spread = band.group.unit, band.units_per_lane
        told = [value_text(value, unit, spread) for value in (one, other)]
        change = value_text(other - one, unit, spread)
        words.append(f"{band.group.labels[current[1]]}: {told[0]} → {told[1]}, Δ {change}")
    return " · ".join(words)


def digits(stack: SignalStack) -> int:
    """Return how many decimals of a second one pixel is worth."""
    column_s = stack.axis.width_s / max(1, stack.canvas.plot.width())
    return int(min(4, max(0, np.ceil(-np.log10(max(column_s, 1e-6))))))
