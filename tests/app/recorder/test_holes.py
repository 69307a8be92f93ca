"""Holes in the times of streams, told from times, arrivals and the device's own counter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.recorder.holes import RowCounter, boundary, find_holes, missing_rows


def regular(first: int, count: int, rate_hz: float = 100.0) -> np.ndarray:
    return np.arange(first, first + count) / rate_hz


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
    st.lists(st.integers(101, 5000), max_size=5),
    st.integers(1, 100),
)
def test_every_hole_is_found_once_however_the_rows_are_cut(
    runs: list[int], gaps: list[int], cut: int
) -> None:
    index: list[int] = []
    expected: dict[int, int] = {}
    following = 0
    for k, count in enumerate(runs):
        index += range(following, following + count)
        missing = gaps[k] if k < len(gaps) and k < len(runs) - 1 else 0
        if missing:
            expected[len(index)] = missing
        following += count + missing
    times = np.array(index) / 100.0
    found: dict[int, int] = {}
    previous: float | None = None
    for start in range(0, len(times), cut):
        chunk = times[start : start + cut]
        for hole in find_holes(chunk, previous, 100.0):
            assert hole.cause == "no samples"
            found[start + hole.row] = hole.missing
        previous = float(chunk[-1])
    assert found == expected


@given(st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=300))
def test_jitter_is_no_hole(jitter: list[float]) -> None:
    assert find_holes(regular(0, len(jitter)) + np.array(jitter), None, 100.0) == []


@pytest.mark.parametrize(
    ("step_s", "passed_s", "missing", "cause", "jump_s"),
    [
        pytest.param(-100.0, 0.1, 0, "clock reset", -100.01, id="back"),
        pytest.param(100.0, 0.1, 0, "clock reset", 99.99, id="on"),
        pytest.param(3.0, 3.05, 299, "no samples", 0.0, id="a hole"),
        pytest.param(3.0, 2.3, 299, "no samples", 0.0, id="a hole behind rows that came late"),
        pytest.param(3.0, 20.0, 299, "no samples", 0.0, id="a hole in what was sent late"),
        pytest.param(-5000.0, 25.49, 2499, "clock reset", -5025.0, id="away, and back with another clock"),
        pytest.param(9.0, 4.49, 399, "clock reset", 5.0, id="away, and back ahead"),
    ],
)
def test_times_that_went_on_by_more_than_what_passed_are_of_a_clock_that_jumped(
    step_s: float, passed_s: float, missing: int, cause: str, jump_s: float
) -> None:
    times = 50.0 + step_s + regular(0, 50)
    (hole,) = find_holes(times, 50.0, 100.0, passed_s)
    assert (hole.row, hole.missing, hole.cause) == (0, missing, cause)
    assert hole.step_s == pytest.approx(jump_s)


def test_a_clock_that_jumps_within_a_chunk_costs_nothing() -> None:
    times = np.concatenate([regular(5000, 50), regular(0, 50)])
    (hole,) = find_holes(times, 49.99, 100.0, 1.0)
    assert (hole.row, hole.missing, hole.cause) == (50, 0, "clock reset")


@pytest.mark.parametrize(
    ("step_s", "passed_s", "found"),
    [(3600.0, 3600.0, False), (8.0, 5.0, False), (-3.0, 0.1, False), (-60.0, 1.0, True), (60.0, 1.0, True)],
)
def test_a_stream_without_a_rate_has_no_holes_but_its_clock_may_jump(
    step_s: float, passed_s: float, found: bool
) -> None:
    holes = find_holes(np.array([100.0 + step_s]), 100.0, 0.0, passed_s)
    assert [(hole.row, hole.missing, hole.cause) for hole in holes] == ([(0, 0, "clock reset")] * found)


def counted(values: list[int], cut: int) -> tuple[RowCounter, int]:
    counter, lost = RowCounter(), 0
    for start in range(0, len(values), cut):
        lost += counter.learn(np.array(values[start : start + cut], np.float64))
    return counter, lost


@given(
    step=st.sampled_from([1, 2]),
    rows=st.sampled_from([1, 2, 3]),
    period=st.sampled_from([0, 200, 256]),
    cut=st.integers(3, 90),
    missing=st.integers(0, 3000),
)
def test_a_counter_tells_exactly_what_a_hole_left_out(
    step: int, rows: int, period: int, cut: int, missing: int
) -> None:
    def value(package: int) -> int:
        return package * step % period if period else package * step

    packages = 600
    counter, lost = counted([value(k // rows) for k in range(packages * rows)], cut)
    assert lost == 0
    # The times of a radio link tell it to a tenth of a second only.
    by_time = missing * rows + 7
    after = value(packages + missing)
    assert counter.across(after, by_time, 50) == missing * rows


def test_packages_that_are_lost_between_rows_are_counted() -> None:
    values = [k % 256 for k in range(700) if k not in (20, 300, 301, 302)]
    assert counted(values, 50)[1] == 4


def test_a_counter_that_began_anew_is_not_believed() -> None:
    counter, _ = counted(list(range(5000)), 100)
    assert counter.across(3.0, 250, 50) == 250
    assert counter.across(float("nan"), 250, 50) == 250
    assert RowCounter().across(3.0, 250, 50) == 250


def test_batches_with_one_stamp_each_and_streams_without_a_rate_have_no_holes() -> None:
    batches = np.repeat(np.arange(5) * 2.0, 200)
    assert find_holes(batches, None, 100.0) == []
    assert find_holes(np.array([0.0, 50.0, 51.0]), None, 0.0) == []
    assert find_holes(np.array([]), 1.0, 100.0) == []


def test_a_known_interruption_lies_at_the_largest_step() -> None:
    assert boundary(np.array([5.0, 5.1, 5.2]), 1.0) == 0
    assert boundary(np.array([1.1, 1.2, 9.0, 9.1]), 1.0) == 2
    assert boundary(np.array([9.0]), None) == 0


@pytest.mark.parametrize(("step_s", "missing"), [(0.01, 0), (0.02, 1), (1.0, 99), (-3.0, 0), (0.0, 0)])
def test_missing_rows_are_those_between(step_s: float, missing: int) -> None:
    assert missing_rows(step_s, 100.0) == missing
