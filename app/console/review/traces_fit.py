"""Middles and scales that fit what is visible, changed seldom: one that follows every breath is no use."""

from __future__ import annotations

import numpy as np

from analysis.views.filters import RAW
from app.console.review.traces_bands import Band, spread_for
from app.console.review.traces_columns import Traces
from app.console.traces import nice_scale

LOOKED_AT = 64
"""Columns of the view that are looked at."""
AWAY = 0.5
"""A channel whose middle has left its own by this share of its lane is brought back."""
FILLED = (0.2, 1.0)
"""A band of few channels keeps its scale while its signals fill this share of the lanes."""
EXCERPT_S = 4.0
ROOM = 1.1
MAGNIFIED = 0.1
"""However narrow the view, a lane shows this share of what it shows of the whole recording."""


def fit(traces: Traces, start_s: float, stop_s: float) -> bool:
    """Bring bands back into their lanes for a view; True if anything has to be drawn anew."""
    changed = False
    for band in traces.bands:
        if band.curve is None and band.shown:
            changed |= _take_middles(traces, band, stop_s - start_s)
            changed |= _fit_band(traces, band, start_s, stop_s)
    return changed


def fit_scales(traces: Traces, start_s: float, stop_s: float) -> None:
    """Choose every scale anew by what is visible."""
    for band in traces.bands:
        band.gain = 1.0
        if band.curve is None and band.is_electric and stop_s > start_s:
            low, high = _look(traces, band, start_s, stop_s)
            known = np.isfinite(low).any(axis=1)
            if known.any():
                band.spread = spread_for(np.nanmedian(high[known] - low[known], axis=1) * ROOM)
        elif band.curve is None:
            band.spread = 0.0
    fit(traces, start_s, stop_s)


def _look(traces: Traces, band: Band, start_s: float, stop_s: float) -> tuple[np.ndarray, np.ndarray]:
    if not traces.filters_for(band).is_raw and not traces.problem(band, stop_s - start_s):
        middle_s = (start_s + stop_s) / 2
        half_s = min(EXCERPT_S, stop_s - start_s) / 2
        _, values = traces.values(band, middle_s - half_s, middle_s + half_s)
        return values.T, values.T
    low, high = traces.overview.columns(band.group.stream, start_s, stop_s, LOOKED_AT)
    places = list(band.group.channels)
    return low[places].astype(np.float64), high[places].astype(np.float64)


def _take_middles(traces: Traces, band: Band, view_s: float) -> bool:
    """Keep the middles of each way of drawing a band: raw looks the same before and after filters."""
    drawn_as = RAW if traces.problem(band, view_s) else traces.filters_for(band).words()
    if drawn_as == band.drawn_as:
        return False
    band.kept[band.drawn_as] = band.middles
    band.middles, band.drawn_as = band.kept.get(drawn_as, band.middles), drawn_as
    return True


def _fit_band(traces: Traces, band: Band, start_s: float, stop_s: float) -> bool:
    if traces.filters_for(band).low_hz and not traces.problem(band, stop_s - start_s):
        # A high-pass leaves nothing that could wander.
        changed = bool(band.middles.any())
        band.middles = np.zeros_like(band.middles)
        return changed
    low, high = _look(traces, band, start_s, stop_s)
    known = np.isfinite(low).any(axis=1) if low.size else np.zeros(0, bool)
    if not known.any():
        return False
    middles = band.middles.copy()
    if band.is_electric:
        middles[known] = np.nanmedian((low[known] + high[known]) / 2, axis=1)
        if band.title in traces.levels:
            middles -= traces.levels[band.title]
        if (np.abs(middles - band.middles) <= AWAY * band.units_per_lane).all():
            return False
        band.middles = middles
        return True
    bottom, top = np.nanmin(low[known], axis=1), np.nanmax(high[known], axis=1)
    middles[known] = (bottom + top) / 2
    widest = float((top - bottom).max())
    reach = np.maximum(top - band.middles[known], band.middles[known] - bottom)
    least = MAGNIFIED * band.usual
    fits = float(reach.max()) <= FILLED[1] * band.spread / 2 and (
        widest >= FILLED[0] * band.spread or band.spread <= least
    )
    if band.spread > 0 and (fits or widest == 0 == reach.max()):
        return False
    band.middles = middles
    band.spread = nice_scale(max(widest * ROOM, least)) if max(widest, least) > 0 else 1.0
    return True
