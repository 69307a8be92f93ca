"""A photodiode's signal tells how late the light was, to a part of a sample; what shows no light says so."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import lfilter

from analysis.histogram import histogram_svg
from analysis.screen_lag import ScreenLag, light_lags

Floats = NDArray[np.float64]
FLASHES: Floats = np.asarray(np.arange(20) * 0.6 + 1.0, np.float64)


def light(times_s: Floats, lags_s: Floats, rise_s: float = 0.002, length_s: float = 0.2) -> Floats:
    """Return the light (n,) of flashes that come late by `lags_s` and rise within `rise_s`."""
    signal = np.zeros(len(times_s))
    for flash, lag in zip(FLASHES, lags_s, strict=True):
        # Half of the height is reached at the lag itself.
        up = np.clip((times_s - flash - lag) / rise_s + 0.5, 0, 1)
        down = np.clip((times_s - flash - lag - length_s) / rise_s + 0.5, 0, 1)
        signal += up - down
    return signal


def coupled(signal: Floats, rate_hz: float, hold_s: float = 0.02) -> Floats:
    """Return what a sound card's capacitor leaves of a signal."""
    share = 1 / (hold_s * rate_hz)
    return np.asarray(lfilter([1, -1], [1, share - 1], signal), np.float64)


@pytest.mark.parametrize(
    ("rate_hz", "is_coupled", "sign", "exact_ms"),
    [(250.0, False, 1, 0.5), (1000.0, False, 1, 0.1), (1000.0, False, -1, 0.1), (8000.0, True, 1, 0.2)],
)
@given(seed=st.integers(0, 2**16), lag_ms=st.floats(-10, 60))
def test_planted_lags_are_found_again(
    rate_hz: float, is_coupled: bool, sign: int, exact_ms: float, seed: int, lag_ms: float
) -> None:
    chance = np.random.default_rng(seed)
    lags = np.full(len(FLASHES), lag_ms / 1e3) + chance.normal(0, 0.001, len(FLASHES))
    times = np.arange(0, 14, 1 / rate_hz)
    # A diode's rise is not shorter than what its channel can follow.
    signal = light(times, lags, max(0.002, 2 / rate_hz))
    signal = coupled(signal, rate_hz) if is_coupled else signal
    found = light_lags(3.0 + sign * 0.4 * signal + chance.normal(0, 0.002, len(times)), times, FLASHES)
    assert np.all(np.isfinite(found))
    assert np.max(np.abs(found - lags)) * 1e3 < exact_ms + 1e3 * 0.1 / rate_hz


def test_flashes_that_the_diode_did_not_see_are_not_made_up() -> None:
    times = np.arange(0, 14, 0.001)
    signal = light(times, np.full(len(FLASHES), 0.01))
    signal[(times > 2.0) & (times < 4.5)] = 0.0
    signal += np.random.default_rng(1).normal(0, 0.001, len(times))
    found = light_lags(signal, times, FLASHES)
    missing = [place for place, flash in enumerate(FLASHES) if 1.9 < flash < 4.5]
    assert np.flatnonzero(np.isnan(found)).tolist() == missing


@given(st.integers(0, 2**16))
def test_noise_alone_is_no_light(seed: int) -> None:
    times = np.arange(0, 14, 0.004)
    noise = np.random.default_rng(seed).normal(0, 1, len(times))
    lag = ScreenLag("eeg", "a", FLASHES, FLASHES, light_lags(noise, times, FLASHES), 0.004)
    assert not lag.is_verified


def test_a_signal_that_ends_early_leaves_the_rest_unfound() -> None:
    times = np.arange(0, 5, 0.001)
    found = light_lags(light(times, np.zeros(len(FLASHES))), times, FLASHES)
    assert np.isfinite(found).sum() == int((FLASHES < 4.7).sum())


def test_the_figures_are_in_milliseconds_and_nothing_is_invented() -> None:
    lags = np.array([0.010, 0.012, np.nan, 0.014])
    said = ScreenLag("diode", "light", lags, lags, lags, 0.001, 0.002).to_json()
    assert said["lag_ms"] == 12.0
    assert (said["found"], said["flashes"]) == (3, 4)
    assert said["sd_ms"] == pytest.approx(np.std([10, 12, 14]), abs=1e-3)
    assert (said["sample_ms"], said["delay_ms"]) == (1.0, 2.0)
    none = ScreenLag("diode", "light", lags, lags, np.full(4, np.nan), 0.001).to_json()
    assert none["lag_ms"] is none["sd_ms"] is none["p99_ms"] is None


@given(st.lists(st.floats(-50, 50, allow_subnormal=False), max_size=60))
def test_a_histogram_is_a_picture_of_all_values(values: list[float]) -> None:
    root = ET.fromstring(histogram_svg(values, "Screen <1> & 2", "ms"))
    name = "{http://www.w3.org/2000/svg}"
    bars = root.findall(f"{name}rect")[1:]
    assert all(float(bar.attrib["height"]) > 0 for bar in bars)
    assert bool(bars) == bool(values)
    said = " ".join(text.text or "" for text in root.findall(f"{name}text"))
    assert "Screen <1> & 2" in said
    assert (f"n = {len(values)}" in said) == bool(values)
