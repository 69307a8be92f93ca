"""Numbers as EDF holds them: never further off than half a step, and the marker stays free."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exchange.export_scale import eight_characters, scale_for

FINITE = st.floats(-9e6, 9e6, allow_nan=False)


@given(st.lists(FINITE, min_size=1, max_size=50), st.sampled_from([16, 24]))
def test_values_come_back_within_half_a_step(values: list[float], bits: int) -> None:
    known = np.array(values)
    scale = scale_for(known.min(), known.max(), "uV", bits, False, True)
    assert scale is not None
    integers = scale.integers(known)
    assert integers.min() > scale.lowest
    assert integers.max() <= scale.highest
    assert len(scale.low_text) <= 8
    assert len(scale.high_text) <= 8
    wrong = np.abs(scale.values(integers) - known)
    assert wrong.max() <= 0.5001 * scale.step / scale.factor + 1e-9


@given(st.integers(-32767, 32767), st.integers(-32767, 32767))
def test_integers_that_fit_go_as_they_are(one: int, other: int) -> None:
    scale = scale_for(min(one, other), max(one, other), "", 16, True, True)
    assert scale is not None
    np.testing.assert_array_equal(scale.values(scale.integers(np.array([one, other], float))), [one, other])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_becomes_the_marker(value: float) -> None:
    scale = scale_for(-1.0, 1.0, "uV", 16, False, True)
    assert scale is not None
    assert scale.integers(np.array([value]))[0] == scale.lowest


@given(st.floats(-99_999_990, 99_999_990), st.booleans())
def test_eight_characters_never_cut_into_the_range(value: float, up: bool) -> None:
    text = eight_characters(value, up)
    if text is None:
        assert value < -9_999_990
        return
    assert len(text) <= 8
    assert float(text) >= value if up else float(text) <= value


@pytest.mark.parametrize(
    ("low", "high", "unit", "chosen"),
    [
        (-2e-7, 3e-7, "V", "mV"),
        (-40.0, 40.0, "uV", "uV"),
        (1e9, 2e9, "Hz", "kHz"),
    ],
)
def test_a_unit_is_chosen_in_which_the_header_can_say_the_range(
    low: float, high: float, unit: str, chosen: str
) -> None:
    scale = scale_for(low, high, unit, 16, False, True)
    assert scale is not None
    assert scale.unit == chosen
    middle = np.array([(low + high) / 2])
    assert abs(scale.values(scale.integers(middle)) - middle)[0] <= (high - low) / 2**16


def test_a_range_beyond_eight_characters_is_refused() -> None:
    assert scale_for(1.7e9, 1.8e9, "", 24, False, True) is None
