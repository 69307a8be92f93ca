"""Flat, railed and cut-off channels; mains hum; contact: on signals with a planted truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitor import quality_channels as channels
from app.monitor import quality_contact as contact
from app.monitor.quality_mains import mains, spectrum
from tests.helpers.planted import brain

RATE_HZ = 250.0


@given(st.sets(st.integers(0, 7)), st.integers(0, 1000))
def test_exactly_the_flat_channels_are_found(dead: set[int], seed: int) -> None:
    data = brain(5.0, RATE_HZ, 8, seed)
    places = sorted(dead)
    # An amplifier with its input shorted still shows its own noise.
    data[:, places] = 3000.0 + 0.1 * np.random.default_rng(seed).standard_normal((len(data), len(places)))
    assert set(np.flatnonzero(channels.is_flat(data, 1.0))) == dead


def test_a_channel_without_samples_is_absent_and_not_flat() -> None:
    data = brain(5.0, RATE_HZ, 2)
    data[:, 1] = np.nan
    assert channels.is_absent(data).tolist() == [False, True]
    assert channels.is_flat(data, 1.0).tolist() == [False, False]


def test_some_missing_samples_do_not_make_a_channel_flat() -> None:
    data = brain(5.0, RATE_HZ, 1)
    data[::3] = np.nan
    assert not channels.is_flat(data, 1.0).any()


@pytest.mark.parametrize("step", [0.02, 1 / 64])
def test_a_coarse_sensor_that_moves_by_one_step_is_not_flat(step: float) -> None:
    data = np.full((40, 1), 33.0)
    data[30:] += step
    assert not channels.is_flat(data).any()
    assert channels.is_flat(data[:30]).all()


@pytest.mark.parametrize(
    ("offset", "share"), [(0.0, 0.0), (140_625.0, 0.75), (-168_750.0, 0.9), (187_500.0, 1.0)]
)
def test_the_share_of_full_scale_is_that_of_the_largest_value(offset: float, share: float) -> None:
    data = np.full((1250, 1), offset)
    assert channels.rail_share(data, 187_500.0) == pytest.approx([share])


@pytest.mark.parametrize(("limit", "expected"), [(1e9, False), (150.0, True)])
def test_a_signal_cut_off_at_an_unknown_range_gives_itself_away(limit: float, expected: bool) -> None:
    data = np.clip(8.0 * brain(5.0, RATE_HZ, 1), -limit, limit)
    assert bool(channels.cut_share(data)[0] > 0.05) is expected


def test_a_constant_channel_is_not_cut_off() -> None:
    assert channels.cut_share(np.full((100, 1), 7.0)).tolist() == [0.0]


@given(
    st.sampled_from([50.0, 60.0]),
    st.floats(0.0, 0.99),
    st.sampled_from([128.0, 200.0, 250.0, 256.0, 500.0, 512.0, 1000.0]),
    st.sampled_from([3.0, 10.0]),
    st.integers(0, 100),
)
def test_the_share_of_hum_is_exact_to_a_few_percent(
    line_hz: float, share: float, rate_hz: float, seconds: float, seed: int
) -> None:
    rows = round(seconds * rate_hz)
    rest = brain(seconds, rate_hz, 4, seed)
    clean = spectrum(rest, rate_hz)
    assert clean is not None
    top_hz = 70.0 if rate_hz > 140.0 else 45.0
    power = clean.rms(1.0, top_hz) ** 2
    size = np.sqrt(2.0 * power * share / (1.0 - share))
    # Mains are never exactly at their frequency.
    hum = size * np.sin(2 * np.pi * (line_hz + 0.05) * np.arange(rows)[:, None] / rate_hz + 1.0)
    found = spectrum(rest + hum, rate_hz)
    assert found is not None
    told = mains(found)
    assert told is not None
    assert told.share == pytest.approx(np.full(4, share), abs=0.04)
    if share > 0.1:
        assert told.line_hz == line_hz


@pytest.mark.parametrize("rate_hz", [4.0, 64.0, 100.0])
def test_a_rate_that_does_not_reach_the_mains_tells_nothing(rate_hz: float) -> None:
    found = spectrum(brain(20.0, rate_hz, 1), rate_hz)
    assert found is None or mains(found) is None


def test_the_spectrum_holds_the_variance() -> None:
    data = np.random.default_rng(0).standard_normal((2500, 3))
    found = spectrum(data, RATE_HZ)
    assert found is not None
    assert found.power.sum(axis=0) == pytest.approx(data.var(axis=0), rel=0.1)
    # A tone keeps its size to a percent.
    tone = 30.0 * np.sin(2 * np.pi * 10.0 * np.arange(2500)[:, None] / RATE_HZ)
    told = spectrum(tone, RATE_HZ)
    assert told is not None
    assert told.rms(8.0, 12.0) == pytest.approx([30.0 / 2**0.5], rel=0.01)


def test_too_short_a_piece_has_no_spectrum() -> None:
    assert spectrum(brain(1.0, RATE_HZ, 2), RATE_HZ) is None


def test_contact_is_estimated_by_size_and_hum() -> None:
    data = brain(10.0, RATE_HZ, 4)
    times = np.arange(len(data)) / RATE_HZ
    data[:, 1] *= 10.0
    data[:, 2] += 200.0 * np.sin(2 * np.pi * 50.0 * times)
    # Loud hum on a large signal is a matter of the room and not of this electrode.
    data[:, 3] += 40.0 * np.sin(2 * np.pi * 50.0 * times)
    found = spectrum(data, RATE_HZ)
    assert found is not None
    assert contact.is_poor(found, mains(found)).tolist() == [False, True, True, False]


def test_only_what_a_board_has_measured_counts_as_impedance() -> None:
    data = np.array([[0.0, 5.0, np.nan, 7.0], [0.0, 6.0, np.nan, 0.0]])
    assert contact.measured(data) == [None, 6.0, None, 7.0]
    labels = ("resistance-1", "resistance-2", "resistance-3")
    assert contact.names_of(labels, ("T3", "T4")) == ("T3", "T4", "resistance-3")
    assert contact.names_of(labels[:1], ("T3", "T4")) == ("T3",)
