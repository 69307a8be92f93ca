"""Where rows lie in a file with one rate, and where events lie beside them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exchange.export_grid import Grid, Run, grid_of
from analysis.session_file import Session


def test_a_fast_clock_moves_events_with_the_samples() -> None:
    # 1000 rows nominally at 100 Hz, that really took 9.5 s: the file says 9.99.
    grid = Grid(100.0, (Run(0, 1000, 0, 50.0, 59.5),))
    assert grid.seconds(np.array([50.0, 54.75, 59.5])) == pytest.approx([0.0, 4.995, 9.99])
    assert grid.drift_s == pytest.approx(0.49)
    # Outside of the rows there is no clock but ours.
    assert grid.seconds(np.array([49.0, 60.5])) == pytest.approx([-1.0, 10.99])


def test_a_hole_is_as_long_as_the_times_say(rich: Session) -> None:
    grid = grid_of(rich.streams["eeg"])
    assert [(hole.place, hole.count, hole.cause) for hole in grid.holes] == [(1000, 250, "stream lost")]
    assert grid.samples == 2500
    assert grid.drift_s < 1e-4


def test_a_clock_that_was_set_back_leaves_no_hole_and_keeps_every_row() -> None:
    grid = Grid(10.0, (Run(0, 10, 0, 100.0, 100.9), Run(10, 20, 10, 50.0, 50.9)))
    assert grid.samples == 20
    assert grid.holes == []
    assert np.isfinite(grid.seconds(np.array([0.0, 50.0, 100.0, 1000.0]))).all()


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    runs, row, place, now = [], 0, 0, draw(st.floats(0, 1e5))
    rate_hz = draw(st.floats(1, 500))
    for _ in range(draw(st.integers(1, 5))):
        count = draw(st.integers(1, 300))
        end = now + (count - 1) / (rate_hz * draw(st.floats(0.9, 1.1)))
        runs.append(Run(row, row + count, place, now, end))
        hole = draw(st.integers(0, 100))
        row, place, now = row + count, place + count + hole, end + (hole + 1) / rate_hz
    return Grid(rate_hz, tuple(runs))


@given(grids(), st.integers(1, 64))
def test_pieces_hold_every_row_once_and_every_place_once(grid: Grid, size: int) -> None:
    rows: list[int] = []
    places: list[int] = []
    for place, count, first in grid.pieces(size):
        assert 0 < count <= size
        places += range(place, place + count)
        rows += range(first, first + count) if first >= 0 else []
    assert places == list(range(grid.samples))
    assert rows == list(range(grid.runs[-1].stop))


@given(grids())
def test_a_moment_of_a_row_is_at_its_place_and_back(grid: Grid) -> None:
    for run in grid.runs:
        at = grid.seconds(np.array([run.start_s, run.end_s]))
        expected = np.array([run.place, run.place + run.stop - run.first - 1]) / grid.rate_hz
        assert at == pytest.approx(expected, abs=1e-6)
        back = grid.times(expected * grid.rate_hz)
        assert back == pytest.approx([run.start_s, run.end_s], abs=1e-6)
