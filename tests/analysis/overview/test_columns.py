"""Columns of an overview against the samples themselves: nothing lost, nothing made up, gaps left open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.overview import Overview, open_overview
from analysis.records import Gap
from tests.helpers.recordings import samples
from tests.helpers.signals_file import START_S, Signal, even_times, write_signals

KEPT = tempfile.TemporaryDirectory(prefix="evoke-overview-")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A stream: rate (0: irregular), rows, channels, type, and rows before which seconds are missing."""

    rate_hz: float
    rows: int
    channels: int = 2
    dtype: str = "float32"
    holes: tuple[tuple[int, float], ...] = ()
    has_nan: bool = False

    @property
    def times(self) -> Floats:
        if self.rate_hz:
            times = even_times(self.rate_hz, self.rows)
        else:
            times = START_S + np.cumsum(np.random.default_rng(3).exponential(0.2, self.rows))
        for row, seconds in self.holes:
            times[row:] += seconds
        return times

    @property
    def values(self) -> NDArray[Any]:
        random = np.random.default_rng(self.rows)
        values = random.normal(0, 50, (self.rows, self.channels))
        values[random.integers(0, self.rows, 20), random.integers(0, self.channels, 20)] = 2000.0
        values = values.astype(self.dtype)
        if self.has_nan:
            values[random.integers(0, self.rows, self.rows // 50)] = np.nan
            values[self.rows // 2 : self.rows // 2 + 300, 0] = np.nan
        return values


CASES = {
    "even": Case(500.0, 40_000),
    "slow": Case(4.0, 900, channels=1),
    "short": Case(128.0, 9),
    "int16": Case(8000.0, 90_000, channels=1, dtype="int16"),
    "double": Case(51.2, 12_345, dtype="float64"),
    "holes": Case(250.0, 30_011, holes=((5, 2.0), (10_001, 7.5), (10_003, 30.0), (29_999, 1.0))),
    "missing values": Case(250.0, 20_000, has_nan=True),
    "irregular": Case(0.0, 3000, channels=1),
    "irregular with a hole": Case(0.0, 3000, channels=1, holes=((1500, 90.0),)),
}


@cache
def opened(name: str) -> Overview:
    case = CASES[name]
    times = case.times
    gaps = tuple(Gap(row - 1, row, max(1, round(s * case.rate_hz)), "lost") for row, s in case.holes)
    info = replace(samples("x", case.channels, case.rate_hz), dtype=case.dtype)
    folder = Path(KEPT.name)
    return open_overview(write_signals(folder / f"{name}.h5", [Signal(info, times, case.values, gaps)]))


@pytest.fixture(scope="module", autouse=True)
def close_all() -> Iterator[None]:
    yield
    for name in CASES:
        opened(name).close()
    KEPT.cleanup()


def bin_s(name: str, low: float, high: float, columns: int) -> float:
    """How far a value may lie from its column: half a bin where bins are used."""
    case, times = CASES[name], CASES[name].times
    rows = np.searchsorted(times, high) - np.searchsorted(times, low)
    per_column = rows / columns
    if per_column < 15 or not case.rate_hz:
        return 0.0
    # Near the edge between two levels the coarser one may have been taken.
    return next(factor for factor, least in ((1024, 1000), (128, 125), (16, 15)) if per_column >= least) / (
        case.rate_hz
    )


@st.composite
def views(draw: st.DrawFn) -> tuple[str, float, float, int]:
    name = draw(st.sampled_from(sorted(CASES)))
    times = CASES[name].times
    start = draw(st.floats(float(times[0]) - 3, float(times[-1])))
    width = draw(st.sampled_from([0.01, 0.3, 2.0, 11.0, 60.0, 400.0]))
    return name, start, start + width, draw(st.integers(1, 400))


@given(views())
def test_columns_hold_what_the_samples_say(view: tuple[str, float, float, int]) -> None:
    name, start, stop, columns = view
    times, values = CASES[name].times, CASES[name].values.astype(np.float32)
    low, high = opened(name).columns("x", start, stop, columns)
    assert low.shape == high.shape == (CASES[name].channels, columns)
    assert low.dtype == high.dtype == np.float32
    assert (np.isnan(low) == np.isnan(high)).all()
    slack = bin_s(name, start, stop, columns) + 1e-6
    edges = start + (stop - start) / columns * np.arange(columns + 1)
    for column in range(columns):
        wide = values[(times >= edges[column] - slack) & (times < edges[column + 1] + slack)]
        narrow = values[(times >= edges[column] + slack) & (times < edges[column + 1] - slack)]
        for channel in range(CASES[name].channels):
            inner = narrow[:, channel][np.isfinite(narrow[:, channel])]
            outer = wide[:, channel][np.isfinite(wide[:, channel])]
            if len(inner):
                assert low[channel, column] <= inner.min() and high[channel, column] >= inner.max()
            if len(outer) and not np.isnan(low[channel, column]) and len(inner):
                assert low[channel, column] >= outer.min() and high[channel, column] <= outer.max()


@given(views())
def test_every_extreme_inside_the_view_is_in_some_column(view: tuple[str, float, float, int]) -> None:
    name, start, stop, columns = view
    times, values = CASES[name].times, CASES[name].values.astype(np.float32)
    low, high = opened(name).columns("x", start, stop, columns)
    slack = bin_s(name, start, stop, columns) + 1e-6
    inside = values[(times >= start + slack) & (times < stop - slack)]
    for channel in range(CASES[name].channels):
        seen = inside[:, channel][np.isfinite(inside[:, channel])]
        if len(seen):
            assert np.nanmin(low[channel]) <= seen.min()
            assert np.nanmax(high[channel]) >= seen.max()


@pytest.mark.parametrize("columns", [3, 50, 700, 5000])
@pytest.mark.parametrize("name", ["holes", "irregular with a hole"])
def test_a_gap_stays_empty_and_what_lies_beside_it_does_not(name: str, columns: int) -> None:
    case, overview = CASES[name], opened(name)
    times = case.times
    row, seconds = max(case.holes, key=lambda hole: hole[1])
    middle = times[row] - seconds / 2
    low, _ = overview.columns("x", middle - 0.4 * seconds, middle + 0.4 * seconds, columns)
    assert np.isnan(low).all()
    low, _ = overview.columns("x", times[0], times[0] + 0.9 * (times[case.holes[0][0] - 1] - times[0]), 3)
    assert np.isfinite(low).any()


@pytest.mark.parametrize("name", sorted(CASES))
def test_before_and_behind_the_stream_there_is_nothing(name: str) -> None:
    times = CASES[name].times
    for start in (times[0] - 20, times[-1] + 1):
        low, high = opened(name).columns("x", start, start + 10, 40)
        assert np.isnan(low).all() and np.isnan(high).all()


def test_between_two_samples_a_column_lies_on_the_line_that_joins_them() -> None:
    times, values = CASES["even"].times, CASES["even"].values
    low, high = opened("even").columns("x", times[100], times[101], 10)
    share = np.arange(11) / 10
    line = values[100] + share[:, None] * (values[101] - values[100])
    inner = slice(1, 9)
    one, other = line[:-1].T[:, inner], line[1:].T[:, inner]
    assert low[:, inner] == pytest.approx(np.minimum(one, other), rel=1e-4, abs=1e-3)
    assert high[:, inner] == pytest.approx(np.maximum(one, other), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("width", [0.5, 5.0, 20.0, 79.0])
@pytest.mark.parametrize("columns", [100, 1476])
def test_a_spike_of_one_sample_survives_in_its_place_at_every_width(width: float, columns: int) -> None:
    times, values = CASES["even"].times, CASES["even"].values
    rows, channels = np.nonzero(values == 2000.0)
    for row, channel in zip(rows.tolist(), channels.tolist(), strict=True):
        start = min(max(times[row] - width / 3, times[0]), times[-1] - width)
        _, high = opened("even").columns("x", start, start + width, columns)
        place = (times[row] - start) / width * columns
        near = high[channel, max(0, int(place - 1)) : int(place + 2)]
        assert near.max() == 2000.0


def test_neighbouring_views_share_no_bin_and_lose_none() -> None:
    whole_low, whole_high = opened("even").columns("x", 1000.0, 1080.0, 160)
    parts = [opened("even").columns("x", 1000.0 + 0.5 * n, 1000.0 + 0.5 * (n + 1), 1) for n in range(160)]
    low = np.concatenate([low for low, _ in parts], axis=1)
    high = np.concatenate([high for _, high in parts], axis=1)
    assert np.array_equal(low, whole_low) and np.array_equal(high, whole_high)


@given(views())
def test_samples_are_those_of_the_stretch(view: tuple[str, float, float, int]) -> None:
    name, start, stop, _ = view
    times, values = opened(name).samples("x", start, stop)
    known = CASES[name].times
    inside = (known >= start + 1e-7) & (known < stop - 1e-7)
    assert abs(len(times) - inside.sum()) <= 2
    assert ((times >= start) & (times < stop)).all() and len(times) == len(values)
    if inside.any():
        assert times[np.searchsorted(times, known[inside][0] - 1e-7)] == pytest.approx(known[inside][0])
        first = int(np.flatnonzero(inside)[0])
        place = int(np.searchsorted(times, known[first] - 1e-7))
        assert np.array_equal(values[place], CASES[name].values[first], equal_nan=True)


@pytest.mark.parametrize("columns", [20, 700])
def test_where_a_clock_was_set_back_rows_of_both_sides_are_in_their_columns(
    tmp_path: Path, columns: int
) -> None:
    times = even_times(100.0, 20_000)
    times[10_000:] -= 30.0
    values = np.zeros((20_000, 1))
    values[9000], values[11_500] = 50.0, -70.0
    path = write_signals(tmp_path / "set.h5", [Signal(samples("x", 1, 100.0), times, values)])
    with open_overview(path) as overview:
        for row, value in ((9000, 50.0), (11_500, -70.0)):
            start = times[row] - 5.0
            low, high = overview.columns("x", start, start + 20.0, columns)
            place = int((times[row] - start) / 20.0 * columns)
            near = slice(max(0, place - 1), place + 2)
            assert value in (low[0, near].min(), high[0, near].max())


def test_gaps_are_told_with_their_causes() -> None:
    case, times = CASES["holes"], CASES["holes"].times
    gaps = opened("holes").gaps("x")
    assert [gap.cause for gap in gaps] == ["lost"] * 4
    for gap, (row, _) in zip(gaps, case.holes, strict=True):
        assert (gap.from_s, gap.to_s) == pytest.approx((times[row - 1], times[row]), abs=0.01)


def test_how_far_channels_swing_is_known_from_the_coarsest_look() -> None:
    reach = opened("even").reach("x")
    assert np.abs(reach.middle).max() < 100
    assert (reach.swing > 100).all() and (reach.swing < 2500).all()
    assert np.isfinite(opened("short").reach("x").swing).all()
