"""Signals become columns on a fixed grid of time: nothing shimmers, nothing is counted twice, gaps stay."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console.signals import widest_gap
from app.console.traces import Columns, Trace, groups_of, nice_scale, open_trace, spread_of
from app.ring import SampleRingWriter
from tests.helpers.live_session import stream

EEG = stream("eeg", "eeg", 100, 2, "uV")


@given(
    st.lists(st.integers(0, 2000), min_size=1, max_size=300),
    st.lists(st.integers(1, 299), max_size=5),
)
def test_columns_are_the_same_however_the_rows_were_cut(steps: list[int], cuts: list[int]) -> None:
    times = np.cumsum(np.array(steps)) / 1000.0
    data = np.sin(np.arange(len(times)) * 1.7)[:, None]
    whole, pieces = Columns(1, 40, 0.05), Columns(1, 40, 0.05)
    whole.add(times, data)
    places = sorted({0, len(times), *(cut for cut in cuts if cut < len(times))})
    for first, last in pairwise(places):
        pieces.add(times[first:last], data[first:last])
    until = int(times[-1] / 0.05)
    for one, other in zip(whole.last(until), pieces.last(until), strict=True):
        np.testing.assert_array_equal(one, other)


def test_columns_hold_the_extremes_and_nothing_of_empty_time() -> None:
    columns = Columns(1, 10, 1.0)
    columns.add(np.array([0.1, 0.5, 0.9, 5.5]), np.array([[1.0], [7.0], [-2.0], [3.0]]))
    low, high = columns.last(9)
    assert (low[0, 0], high[0, 0]) == (-2.0, 7.0)
    assert np.isnan(low[1:5]).all()
    assert low[5, 0] == 3.0
    assert np.isnan(columns.last(30)[0]).all()


def test_old_columns_are_forgotten_when_time_runs_on() -> None:
    columns = Columns(1, 4, 1.0)
    columns.add(np.array([0.5]), np.array([[1.0]]))
    columns.add(np.array([4.5]), np.array([[2.0]]))
    low, _ = columns.last(4)
    assert np.isnan(low[:3]).all()
    assert low[3, 0] == 2.0


def test_a_trace_follows_its_ring_and_starts_with_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "eeg.ring"
    assert open_trace(path, 100, 0.1) is None
    writer = SampleRingWriter(path, EEG, 10.0)
    times = np.arange(500) / 100.0
    writer.append(times, np.column_stack([times, -times]).astype("f4"))
    trace = Trace(path, 100, 0.1)
    assert trace.poll()
    assert not trace.poll()
    low, high = trace.columns.last(49)
    assert high[99, 0] == pytest.approx(4.99)
    assert low[99, 1] == pytest.approx(-4.99)
    trace.resize(50, 0.2)
    assert trace.poll()
    assert trace.columns.last(24)[1][49, 0] == pytest.approx(4.99)


def test_a_ring_made_anew_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "eeg.ring"
    SampleRingWriter(path, EEG, 10.0)
    trace = Trace(path, 10, 0.1)
    assert not trace.is_replaced
    SampleRingWriter(path, stream("eeg", "eeg", 100, 3, "uV"), 10.0)
    assert trace.is_replaced


def test_a_sender_on_another_clock_is_shown_as_received(tmp_path: Path) -> None:
    path = tmp_path / "eeg.ring"
    writer = SampleRingWriter(path, EEG, 10.0)
    trace = Trace(path, 10, 0.1)
    writer.append(np.array([5000.0]), np.zeros((1, 2), "f4"), received_s=100.2)
    trace.poll()
    assert trace.last_s == pytest.approx(100.2)


def test_a_boards_service_rows_are_not_shown() -> None:
    from dataclasses import replace

    board = replace(
        stream("board", "eeg", 250, 5, "uV"),
        channels=("Fz", "Cz", "x", "t", "n"),
        units=("uV", "uV", "g", "s", ""),
        channel_kinds=("eeg", "eeg", "acceleration", "time", "counter"),
    )
    main, other = groups_of(board)
    assert (main.labels, main.is_main, main.title) == (("Fz", "Cz"), True, "board")
    assert (other.labels, other.is_main, other.title) == (("x",), False, "board acceleration")


@pytest.mark.parametrize(
    ("spread", "scale"), [(0.9, 1), (1.0, 1), (1.1, 2), (3, 5), (70, 100), (0.013, 0.02)]
)
def test_scales_are_round_numbers(spread: float, scale: float) -> None:
    assert nice_scale(spread) == pytest.approx(scale)


def test_scale_of_nothing_and_of_a_flat_line() -> None:
    nothing = np.full((10, 2), np.nan)
    assert np.isnan(spread_of(nothing, nothing))
    assert nice_scale(0.0) == nice_scale(float("nan")) == 1.0


@pytest.mark.parametrize(
    ("rate_hz", "column_s", "gap"), [(250, 0.01, 2), (64, 0.01, 4), (4, 0.01, 63), (0, 0.01, 100)]
)
def test_slow_streams_are_joined_and_gaps_are_not(rate_hz: float, column_s: float, gap: int) -> None:
    assert widest_gap(rate_hz, column_s) == gap
