"""Curves, stretches of time, and runs without a hole."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.views.curves import Curve, joined, spans_where
from analysis.views.runs import whole_runs


def test_a_curve_keeps_what_it_is_given() -> None:
    curve = Curve("Heart rate", "bpm", [1, 2, 3], [60, np.nan, 62], [1.0], [(1.5, 2.5)])  # type: ignore[arg-type]
    assert curve.has_values
    assert curve.marks_s == (1.0,)
    assert not Curve("x", "", np.zeros(0), np.zeros(0)).has_values


@pytest.mark.parametrize(
    ("times", "values"), [([1.0, 2.0], [1.0]), ([2.0, 1.0], [1.0, 1.0]), ([np.nan, 1.0], [1.0, 1.0])]
)
def test_times_and_values_that_do_not_belong_together_are_refused(
    times: list[float], values: list[float]
) -> None:
    with pytest.raises(ValueError, match="curve x"):
        Curve("x", "", np.array(times), np.array(values))


def test_a_part_of_a_curve_reaches_its_edges() -> None:
    curve = Curve("x", "", np.arange(10.0), np.arange(10.0), (2.0, 5.0), ((0.0, 1.0), (4.0, 9.0)))
    part = curve.between(3.5, 6.5)
    assert part.times_s.tolist() == [3.0, 4.0, 5.0, 6.0, 7.0]
    assert part.marks_s == (5.0,)
    assert part.spans_s == ((4.0, 9.0),)


def test_stretches_are_found_widened_and_joined() -> None:
    times = np.arange(8.0)
    bad = np.array([1, 0, 0, 1, 1, 0, 1, 0], bool)
    assert spans_where(bad, times) == ((0.0, 0.0), (3.0, 4.0), (6.0, 6.0))
    assert spans_where(bad, times, 1.0) == ((-1.0, 1.0), (2.0, 7.0))
    assert joined([(3.0, 4.0), (0.0, 1.0), (0.5, 3.0)]) == ((0.0, 4.0),)
    assert spans_where(np.zeros(0, bool), np.zeros(0)) == ()


@pytest.mark.parametrize(
    ("finite", "runs"),
    [("", []), ("111", [(0, 3)]), ("000", []), ("0110", [(1, 3)]), ("10101", [(0, 1), (2, 3), (4, 5)])],
)
def test_runs_lie_between_missing_values(finite: str, runs: list[tuple[int, int]]) -> None:
    found = whole_runs(np.array([sign == "1" for sign in finite], bool))
    assert [(run.start, run.stop) for run in found] == runs


def test_a_hole_in_time_ends_a_run() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.5, 0.6, 0.7])
    found = whole_runs(np.array([1, 1, 1, 1, 0, 1], bool), times, 10.0)
    assert [(run.start, run.stop) for run in found] == [(0, 3), (3, 4), (5, 6)]
