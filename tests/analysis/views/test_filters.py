"""Display filters: gains against the formula, runs and padding, what is said and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.views.filters import FilterError, Filters

RATE_HZ = 200.0
TIMES_S = np.arange(round(20 * RATE_HZ)) / RATE_HZ


def sine(hertz: float) -> NDArray[np.float64]:
    """One channel (n, 1) of amplitude 1."""
    return np.sin(2 * np.pi * hertz * TIMES_S)[:, None]


def gain(filters: Filters, hertz: float) -> float:
    """The amplitude that a sine keeps, far from the ends."""
    made = filters.apply(sine(hertz), RATE_HZ)[round(5 * RATE_HZ) : -round(5 * RATE_HZ), 0]
    return float(np.sqrt(2 * (made**2).mean()))


def butterworth(hertz: float, edge_hz: float, is_high: bool) -> float:
    """Gain of an order-2 digital Butterworth filter run forth and back, by the bilinear transform."""
    ratio = math.tan(math.pi * hertz / RATE_HZ) / math.tan(math.pi * edge_hz / RATE_HZ)
    return 1 / (1 + (1 / ratio if is_high else ratio) ** 4)


@pytest.mark.parametrize("hertz", [2.0, 8.0, 20.0, 35.0, 60.0])
def test_a_low_pass_has_the_gain_of_its_formula(hertz: float) -> None:
    assert gain(Filters(high_hz=20.0), hertz) == pytest.approx(butterworth(hertz, 20.0, False), abs=2e-3)


@pytest.mark.parametrize("hertz", [0.5, 2.0, 4.0, 20.0])
def test_a_high_pass_has_the_gain_of_its_formula(hertz: float) -> None:
    assert gain(Filters(low_hz=2.0), hertz) == pytest.approx(butterworth(hertz, 2.0, True), abs=2e-3)


def test_both_edges_halve_the_amplitude() -> None:
    band = Filters(low_hz=2.0, high_hz=40.0)
    assert gain(band, 2.0) == pytest.approx(0.5, abs=0.005)
    assert gain(band, 40.0) == pytest.approx(0.5, abs=0.005)


def test_a_notch_takes_the_mains_and_leaves_its_surroundings() -> None:
    plain, multiples = Filters(notch_hz=30.0), Filters(notch_hz=30.0, harmonics=True)
    assert gain(plain, 30.0) < 0.01
    assert gain(plain, 25.0) > 0.95
    assert gain(plain, 60.0) > 0.99
    assert gain(multiples, 60.0) < 0.01
    assert gain(multiples, 90.0) < 0.01


def test_nothing_is_delayed() -> None:
    click = np.zeros((400, 1))
    click[200] = 1.0
    made = Filters(high_hz=20.0).apply(click, RATE_HZ)[:, 0]
    assert int(made.argmax()) == 200
    np.testing.assert_allclose(made[201:300], made[199:100:-1], atol=1e-9)


def test_with_its_padding_a_part_looks_as_in_the_whole() -> None:
    random = np.random.default_rng(1)
    values = np.cumsum(random.normal(size=(6000, 3)), axis=0)
    filters = Filters(0.5, 40.0, 50.0)
    pad = round(filters.padding_s * RATE_HZ)
    whole = filters.apply(values, RATE_HZ)[2000:3000]
    part = filters.apply(values[2000 - pad : 3000 + pad], RATE_HZ, visible=slice(pad, pad + 1000))
    assert part.shape == (1000, 3)
    assert np.abs(part - whole).max() < 0.01 * whole.std() * 5
    alone = filters.apply(values[2000:3000], RATE_HZ)
    assert np.abs(alone - whole).max() > 5 * np.abs(part - whole).max()


def test_a_gap_stays_and_what_it_parts_is_filtered_by_itself() -> None:
    values = np.random.default_rng(2).normal(size=(1000, 2))
    values[400:450] = np.nan
    values[700, 1] = np.inf
    filters = Filters(1.0, 40.0)
    made = filters.apply(values, RATE_HZ)
    assert np.isnan(made[400:450]).all()
    assert np.isnan(made[700, 1]) and np.isfinite(made[700, 0])
    np.testing.assert_allclose(made[:400], filters.apply(values[:400], RATE_HZ))
    np.testing.assert_allclose(made[450:, :1], filters.apply(values[450:, :1], RATE_HZ))
    np.testing.assert_allclose(made[701:, 1:], filters.apply(values[701:, 1:], RATE_HZ))


def test_a_hole_in_time_parts_the_signal_too() -> None:
    values = np.random.default_rng(3).normal(size=(400, 1))
    times = np.arange(400) / RATE_HZ
    times[150:] += 3.0
    made = Filters(1.0).apply(values, RATE_HZ, times_s=times)
    np.testing.assert_allclose(made[:150], Filters(1.0).apply(values[:150], RATE_HZ))
    np.testing.assert_allclose(made[150:], Filters(1.0).apply(values[150:], RATE_HZ))


@settings(max_examples=25)
@given(
    st.floats(-1e4, 1e4),
    st.floats(0.1, 100.0),
    st.sampled_from([Filters(1.0, 30.0), Filters(2.0, None, 50.0)]),
)
def test_an_offset_vanishes_and_a_scale_stays(offset: float, scale: float, filters: Filters) -> None:
    values = np.random.default_rng(4).normal(size=(300, 2))
    made = filters.apply(values, RATE_HZ)
    moved = filters.apply(values * scale + offset, RATE_HZ)
    np.testing.assert_allclose(moved, made * scale, atol=1e-7 * (abs(offset) + scale))


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_the_shortest_runs_are_filtered_without_an_error(rows: int) -> None:
    made = Filters(1.0, 40.0, 50.0, True).apply(np.ones((rows, 2)), RATE_HZ)
    assert np.isfinite(made).all()


def test_references_subtract_what_they_say() -> None:
    values = np.array([[1.0, 2.0, 6.0], [4.0, np.nan, 0.0]])
    names = ("A", "B", "C")
    average = Filters(reference="average").apply(values, RATE_HZ)
    np.testing.assert_allclose(average, [[-2.0, -1.0, 3.0], [2.0, np.nan, -2.0]])
    one = Filters(reference=("C",)).apply(values, RATE_HZ, channels=names)
    np.testing.assert_allclose(one, [[-5.0, -4.0, 0.0], [4.0, np.nan, 0.0]])
    two = Filters(reference=("A", "C")).apply(values, RATE_HZ, channels=names)
    np.testing.assert_allclose(two, [[-2.5, -1.5, 2.5], [2.0, np.nan, -2.0]])


def test_baselines_are_of_the_visible_part_only() -> None:
    values = np.concatenate([np.full((200, 1), 100.0), np.arange(400.0)[:, None]])
    values[205] = np.nan
    shown = slice(200, 600)
    mean = Filters(baseline="mean").apply(values, RATE_HZ, visible=shown)
    assert np.nanmean(mean) == pytest.approx(0.0, abs=1e-9)
    start = Filters(baseline="start").apply(values, RATE_HZ, visible=shown)
    assert np.nanmean(start[:200]) == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(start[5])


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(), "raw"),
        (Filters(harmonics=True), "raw"),
        (Filters(0.5, 40.0, 50.0, reference="average"), "0.5-40 Hz, notch 50 Hz, average reference"),
        (Filters(low_hz=1.0), "from 1 Hz"),
        (Filters(high_hz=30.0), "up to 30 Hz"),
        (Filters(notch_hz=60.0, harmonics=True), "notch 60 Hz and multiples"),
        (Filters(reference=("M1", "M2"), baseline="mean"), "reference M1 + M2, baseline: mean of the view"),
        (Filters(baseline="start"), "baseline: first second"),
    ],
)
def test_what_is_on_is_said(filters: Filters, words: str) -> None:
    assert filters.words() == words
    assert filters.is_raw == (words == "raw")


@pytest.mark.parametrize(
    ("filters", "rate_hz", "told"),
    [
        (Filters(high_hz=100.0), 200.0, "high cut-off 100 Hz is impossible at 200 Hz"),
        (Filters(low_hz=0.0), 200.0, "low cut-off 0 Hz is impossible"),
        (
            Filters(notch_hz=50.0),
            64.0,
            "notch cut-off 50 Hz is impossible at 64 Hz: choose one between 0 and 31",
        ),
        (Filters(40.0, 10.0), 200.0, "band 40-10 Hz is empty"),
        (Filters(1.0), 0.0, "without a constant rate"),
        (Filters(reference=("Cz",)), 200.0, "reference Cz is not among the channels"),
    ],
)
def test_what_cannot_be_had_is_refused_in_a_sentence(filters: Filters, rate_hz: float, told: str) -> None:
    with pytest.raises(FilterError, match=told):
        filters.apply(np.zeros((10, 1)), rate_hz, channels=("A",))


def test_raw_is_what_came_in() -> None:
    values = np.random.default_rng(5).normal(size=(50, 2))
    np.testing.assert_array_equal(Filters().apply(values, 0.0), values)
