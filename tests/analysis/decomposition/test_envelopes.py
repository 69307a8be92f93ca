"""Extrema, envelopes and splines, many signals at once, against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from analysis.decomposition.envelopes import extrema, mean_envelope, spline
from analysis.decomposition.sifting import first_mode, has_modes


@pytest.mark.parametrize(
    ("row", "places", "highs"),
    [
        ([0, 1, 0, -1, 0], [1, 3], [True, False]),
        ([0, 1, 1, 1, 0, 2], [2, 4], [True, False]),
        ([0, 0, 1, 2, 3], [], []),
        ([5, 5, 5, 5], [], []),
        ([0, 2, 2, 0], [1], [True]),
    ],
    ids=["a wave", "a plateau is one, at its middle", "rising", "flat", "a plateau of two"],
)
def test_extrema_are_turns_and_plateaus_count_once(
    row: list[float], places: list[int], highs: list[bool]
) -> None:
    which, at, is_max = extrema(np.array([row], float))
    assert at.tolist() == places
    assert is_max.tolist() == highs
    assert (which == 0).all()


def test_extrema_of_several_rows_are_those_of_each() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(5, 40)).round(1)
    which, at, is_max = extrema(rows)
    for number in range(5):
        _, own, own_max = extrema(rows[number : number + 1])
        np.testing.assert_array_equal(at[which == number], own)
        np.testing.assert_array_equal(is_max[which == number], own_max)


knots = st.lists(st.integers(1, 30), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None)
@given(st.lists(knots, min_size=1, max_size=4))
def test_splines_are_those_of_scipy(steps: list[list[int]]) -> None:
    n = 25
    values = np.random.default_rng(sum(map(sum, steps)))
    xs = [np.concatenate(([-3], -3 + np.cumsum([*each, n + 3]))) for each in steps]
    ys = [values.normal(size=len(each)) for each in xs]
    made = spline(xs, ys, n)
    for curve, x, y in zip(made, xs, ys, strict=True):
        expected = CubicSpline(x, y, bc_type="natural")(np.arange(n))
        np.testing.assert_allclose(curve, expected, atol=1e-9, rtol=1e-7)


def test_the_mean_envelope_of_a_wave_on_a_line_is_the_line() -> None:
    at = np.arange(400)
    line = 0.002 * at
    mean, has = mean_envelope((np.sin(2 * np.pi * at / 20) + line)[None])
    assert has.all()
    inside = slice(40, -40)
    np.testing.assert_allclose(mean[0, inside], line[inside], atol=0.02)


def test_a_signal_without_waves_has_no_mode() -> None:
    rows = np.array([np.linspace(0, 1, 50), np.sin(np.arange(50))])
    assert has_modes(rows).tolist() == [False, True]
    assert (first_mode(rows, 10)[0] == 0).all()


def test_rows_do_not_touch_each_other() -> None:
    random = np.random.default_rng(2)
    rows = random.normal(size=(7, 12_000))
    together = first_mode(rows, 3)
    np.testing.assert_array_equal(together[4], first_mode(rows[4:5], 3)[0])
