"""From bands to rows of pixels: what each channel's line covers in each column. No Qt here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from analysis.overview import Overview
from analysis.overview.columns import Items, to_columns
from analysis.views.filters import FilterError, Filters
from app.console.review.tiles import Grid, Rows, joined
from app.console.review.traces_bands import Band

MOST_VALUES = 2_500_000
"""Filters are applied to views of up to so many samples of all channels: more would make the hand wait."""
HOLE_PERIODS = 1.5
FAR_PX = 1e6
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines (channels, columns) of a band: pixels `top` to `bottom` where not `empty`; their values."""

    band: Band
    top: Rows
    bottom: Rows
    empty: NDArray[np.bool_]
    low: Floats
    high: Floats


@dataclass(eq=False)
class Traces:
    """What is drawn and how: bands, filters, whether raw, and the part of the recording that exists."""

    overview: Overview
    bands: list[Band]
    window_s: tuple[float, float]
    filters: Filters = field(default_factory=Filters)
    is_raw: bool = False
    butterfly: bool = False
    levels: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def filters_for(self, band: Band) -> Filters:
        """Return what is done to a band: nothing where raw is asked for or filters are not for its kind."""
        if self.is_raw or not band.is_electric or band.curve is not None or band.rate_hz <= 0:
            return Filters()
        return self.filters

    def problem(self, band: Band, view_s: float) -> str:
        """Return why the filters are not applied to a band in a view of this width, "" where they are."""
        filters = self.filters_for(band)
        if filters.is_raw:
            return ""
        if view_s > self.longest_s(band):
            return f"not filtered: the view is wider than {self.longest_s(band):.0f} s"
        why = filters.problem(band.rate_hz, band.group.labels)
        return f"not filtered: {why[:1].lower()}{why[1:].rstrip('.')}" if why else ""

    def longest_s(self, band: Band) -> float:
        """Return the width of view up to which filters are applied to a band."""
        return MOST_VALUES / max(1.0, band.rate_hz * len(band.group.channels))

    def values(
        self, band: Band, start_s: float, stop_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times (n,) and values (n, channels of the group) of a stretch, filtered if they are."""
        filters = self.filters_for(band)
        if self.problem(band, stop_s - start_s):
            filters = Filters()
        padding_s = filters.padding_s + 2 / band.rate_hz if band.rate_hz > 0 else 0.0
        times, rows = self.overview.samples(band.group.stream, start_s - padding_s, stop_s + padding_s)
        values = rows[:, list(band.group.channels)].astype(np.float64)
        inside = (times >= start_s) & (times < stop_s)
        if not filters.is_raw and len(values):
            values = _filtered(filters, values, times, band)
        return times[inside], values[inside]

    def lines(self, grid: Grid, first: int, count: int, view_s: float, ratio: float) -> Iterator[Lines]:
        """Yield the lines of every band for columns `first` on, in device pixels; see `joined`."""
        fetched: dict[str, tuple[Floats, Floats]] = {}
        # One column more on the left: each line reaches to its neighbour.
        first, count = first - 1, count + 1
        start_s, stop_s = grid.time(first), grid.time(first + count)
        outside = self._outside(grid, first, count)
        for band in self.bands:
            if not band.shown:
                continue
            if band.curve is not None:
                low, high = _curve_columns(band, start_s, stop_s, count)
            elif self.filters_for(band).is_raw or self.problem(band, view_s):
                if band.group.stream not in fetched:
                    fetched[band.group.stream] = self.overview.columns(
                        band.group.stream, start_s, stop_s, count
                    )
                low, high = (part[list(band.group.channels)] for part in fetched[band.group.stream])
            else:
                low, high = self._filtered_columns(band, start_s, stop_s, count)
            low, high = low[list(band.shown)], high[list(band.shown)]
            low[:, outside], high[:, outside] = np.nan, np.nan
            yield self._in_pixels(band, low, high, ratio)

    def measure_baseline(self, start_s: float, stop_s: float) -> None:
        """Take what `baseline` subtracts from the visible part, before its lines are asked for."""
        self.levels = {}
        for band in self.bands:
            filters = self.filters_for(band)
            if filters.baseline == "none" or self.problem(band, stop_s - start_s):
                continue
            times, values = self.values(band, start_s, stop_s)
            if filters.baseline == "start" and len(times):
                values = values[times < times[0] + 1.0]
            known = np.isfinite(values)
            sums = np.where(known, values, 0.0).sum(axis=0)
            self.levels[band.title] = sums / np.maximum(1, known.sum(axis=0))

    def _outside(self, grid: Grid, first: int, count: int) -> NDArray[np.bool_]:
        middles = grid.origin_s + (np.arange(first, first + count) + 0.5) * grid.column_s
        return np.asarray((middles < self.window_s[0]) | (middles > self.window_s[1]))

    def _filtered_columns(
        self, band: Band, start_s: float, stop_s: float, count: int
    ) -> tuple[Floats, Floats]:
        width_s = (stop_s - start_s) / count
        edge_s = max(width_s, 2 / band.rate_hz)
        padding_s = self.filters_for(band).padding_s + edge_s
        stream, places = band.group.stream, list(band.group.channels)
        times, rows = self.overview.samples(stream, start_s - padding_s, stop_s + padding_s)
        values = rows[:, places].astype(np.float64)
        if len(values):
            values = _filtered(self.filters_for(band), values, times, band)
        level = self.levels.get(band.title)
        values = (values if level is None else values - level).astype(np.float32)
        is_hole = np.diff(times, prepend=times[:1]) > HOLE_PERIODS / band.rate_hz
        items = Items(times, times, times, values, values, is_hole, is_line=True)
        return to_columns(items, start_s, stop_s, count, len(places))

    def _in_pixels(self, band: Band, low: Floats, high: Floats, ratio: float) -> Lines:
        middles_y, per_unit = placement(band, self.butterfly)
        middles = band.middles[list(band.shown)]
        empty = np.isnan(low) | np.isnan(high)
        base = ((middles_y + middles * per_unit) * ratio)[:, None]
        whole = []
        for values in (high, low):
            place = base - values * (per_unit * ratio)
            place[empty] = 0.0
            whole.append(np.floor(np.clip(place, -FAR_PX, FAR_PX, out=place)).astype(np.int32))
        new_top, new_bottom = joined(whole[0], whole[1], empty)
        return Lines(band, new_top, new_bottom, empty[:, 1:], low[:, 1:], high[:, 1:])


def placement(band: Band, butterfly: bool) -> tuple[NDArray[np.float64], float]:
    """Return the middle of each shown channel's lane in logical pixels, and pixels a unit."""
    lanes = band.lanes(butterfly)
    lane = band.height / lanes
    count = len(band.shown)
    middles = band.top + (np.arange(count) + 0.5) * lane if lanes > 1 else np.full(count, band.top + lane / 2)
    return np.asarray(middles, np.float64), lane / band.units_per_lane


def _filtered(
    filters: Filters, values: NDArray[np.float64], times: NDArray[np.float64], band: Band
) -> NDArray[np.float64]:
    try:
        bare = replace(filters, baseline="none")
        return bare.apply(values, band.rate_hz, channels=band.group.labels, times_s=times)
    except FilterError:
        return values


def _curve_columns(band: Band, start_s: float, stop_s: float, count: int) -> tuple[Floats, Floats]:
    assert band.curve is not None, "a curve's row"
    width_s = (stop_s - start_s) / count
    part = band.curve.between(start_s - width_s, stop_s + width_s)
    known = np.isfinite(part.values)
    # An unknown value interrupts the line before and behind it.
    broken = np.concatenate([[False], ~known[:-1]]) if len(known) else known
    values = part.values[known].astype(np.float32)[:, None]
    times = part.times_s[known]
    items = Items(times, times, times, values, values, broken[known], is_line=True)
    return to_columns(items, start_s, stop_s, count, 1)
