"""Skin conductance responses of a known shape, their level, and what skin cannot do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.views.skin import doubtful_spans, level_curve, response_curve, skin_conductance

Floats = NDArray[np.float64]
RATE_HZ = 20.0
FAST_S, SLOW_S = 0.75, 4.0
PEAK_S = np.log(SLOW_S / FAST_S) * SLOW_S * FAST_S / (SLOW_S - FAST_S)
"""When exp(-t/4) - exp(-t/0.75) is highest: the root of its derivative."""
HEIGHT = np.exp(-PEAK_S / SLOW_S) - np.exp(-PEAK_S / FAST_S)


def skin(
    onsets_s: list[float], amplitudes: list[float], seconds: float = 120.0, rate_hz: float = RATE_HZ
) -> tuple[Floats, Floats]:
    """A level that falls slowly with responses of a Bateman shape (Alexander et al. 2005)."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    values = 5.0 - 0.002 * times
    for onset, amplitude in zip(onsets_s, amplitudes, strict=True):
        t = np.maximum(times - onset, 0.0)
        values = values + amplitude / HEIGHT * (np.exp(-t / SLOW_S) - np.exp(-t / FAST_S))
    return times, values


@pytest.mark.parametrize("rate_hz", [4.0, 20.0, 100.0])
def test_responses_are_found_with_onset_peak_and_amplitude(rate_hz: float) -> None:
    onsets, amplitudes = [20.0, 55.0, 90.0], [0.3, 1.0, 0.1]
    times, values = skin(onsets, amplitudes, rate_hz=rate_hz)
    found = skin_conductance(values, times, rate_hz)
    assert len(found.responses) == 3
    for response, onset, amplitude in zip(found.responses, onsets, amplitudes, strict=True):
        assert response.onset_s == pytest.approx(onset, abs=0.5)
        assert response.peak_s == pytest.approx(onset + PEAK_S, abs=0.3)
        assert response.amplitude_us == pytest.approx(amplitude, rel=0.12)
        assert response.rise_s == pytest.approx(PEAK_S, abs=0.6)
        assert response.is_plausible
    assert found.per_minute == pytest.approx(1.5)
    assert found.words().startswith("3 responses of at least 0.02 µS")


def test_a_slow_drift_before_a_response_is_none_of_it() -> None:
    times, values = skin([40.0], [0.5])
    values = values + 0.03 * np.clip(times - 30.0, 0.0, 10.0)
    (response,) = skin_conductance(values, times, RATE_HZ).responses
    assert response.onset_s == pytest.approx(40.0, abs=0.5)
    assert response.amplitude_us == pytest.approx(0.5, rel=0.1)


def test_half_recovery_is_where_half_the_amplitude_is_lost() -> None:
    times, values = skin([20.0], [1.0])
    (response,) = skin_conductance(values, times, RATE_HZ).responses
    t = np.arange(0, 30, 0.001)
    shape = (np.exp(-t / SLOW_S) - np.exp(-t / FAST_S)) / HEIGHT - 0.002 * t
    expected = t[(t > PEAK_S) & (shape <= 0.5)][0] - PEAK_S
    assert response.half_recovery_s == pytest.approx(expected, abs=0.3)


def test_a_response_that_is_overtaken_has_no_half_recovery() -> None:
    times, values = skin([20.0, 23.5], [1.0, 1.0])
    first, second = skin_conductance(values, times, RATE_HZ).responses
    assert first.half_recovery_s is None
    assert second.half_recovery_s is not None


def test_the_threshold_is_kept_and_said() -> None:
    times, values = skin([20.0, 60.0], [0.03, 0.3])
    assert len(skin_conductance(values, times, RATE_HZ, 0.01).responses) == 2
    strict = skin_conductance(values, times, RATE_HZ, 0.05)
    assert len(strict.responses) == 1
    assert "0.05 µS" in strict.words()


def test_the_level_lies_beneath_the_responses() -> None:
    times, values = skin([20.0, 55.0, 90.0], [0.3, 1.0, 0.1])
    found = skin_conductance(values, times, RATE_HZ)
    assert (found.level_us <= values + 0.06).all()
    quiet = times < 19
    np.testing.assert_allclose(found.level_us[quiet], values[quiet], atol=0.02)
    at_peak = int(np.searchsorted(times, 55.0 + PEAK_S))
    assert values[at_peak] - found.level_us[at_peak] > 0.85
    curve = level_curve(found)
    assert curve.marks_s == tuple(response.onset_s for response in found.responses)
    assert curve.unit == "µS"
    phasic = response_curve(found)
    assert phasic.marks_s == tuple(response.peak_s for response in found.responses)
    assert phasic.values.min() >= 0.0
    heights = np.interp(phasic.marks_s, phasic.times_s, phasic.values)
    np.testing.assert_allclose(heights, [0.3, 1.0, 0.1], rtol=0.2)


@settings(max_examples=15)
@given(st.floats(0.0, 20.0), st.floats(0, 1e6))
def test_a_higher_level_and_another_time_change_no_response(lift: float, start_s: float) -> None:
    times, values = skin([20.0, 50.0], [0.5, 0.2], 80.0)
    plain = skin_conductance(values, times, RATE_HZ).responses
    moved = skin_conductance(values + lift, times + start_s, RATE_HZ).responses
    assert len(moved) == len(plain) == 2
    for one, other in zip(plain, moved, strict=True):
        assert other.onset_s - start_s == pytest.approx(one.onset_s, abs=1e-6)
        assert other.amplitude_us == pytest.approx(one.amplitude_us, abs=1e-9)


def test_a_gap_is_no_response_and_has_no_level() -> None:
    times, values = skin([20.0, 90.0], [0.5, 0.5])
    values[(times > 50) & (times < 60)] = np.nan
    values[times >= 60] += 3.0
    found = skin_conductance(values, times, RATE_HZ)
    assert len(found.responses) == 2
    np.testing.assert_array_equal(np.isnan(found.level_us), np.isnan(values))
    assert found.seconds == pytest.approx(120 - np.isnan(values).sum() / RATE_HZ)


@pytest.mark.parametrize("spoil", ["jump", "off", "step"])
def test_what_skin_cannot_do_is_marked(spoil: str) -> None:
    times, values = skin([20.0, 90.0], [0.5, 0.5])
    if spoil == "jump":
        values[(times > 50) & (times < 52)] += 8.0
    elif spoil == "off":
        values[(times > 50) & (times < 52)] = 0.0
    else:
        values[times > 50] += 0.3
    found = skin_conductance(values, times, RATE_HZ)
    good = [response for response in found.responses if response.is_plausible]
    assert [round(response.onset_s / 10) for response in good] == [2, 9]
    if spoil == "step":
        assert len(found.responses) == 3
        assert "1 doubtful" in found.words()
        ((start_s, stop_s),) = response_curve(found).spans_s
        assert start_s < 50 < stop_s
    else:
        ((start_s, stop_s),) = found.doubtful_s
        assert start_s < 50 < 52 < stop_s


@pytest.mark.parametrize("values", [np.zeros(0), np.full(50, np.nan), np.ones(1)])
def test_no_signal_is_no_error(values: Floats) -> None:
    found = skin_conductance(values, np.arange(len(values)) / 4.0, 4.0)
    assert found.responses == ()
    assert skin_conductance(np.ones(50), np.arange(50.0), 1.0).words().startswith("No skin conductance")


def test_limits_count_from_their_edges() -> None:
    times = np.arange(40) / 4.0
    values = np.full(40, 1.0)
    assert doubtful_spans(values, times, 4.0) == ()
    values[20] = 0.04
    assert doubtful_spans(values, times, 4.0) == ((2.5, 7.5),)


@pytest.mark.slow
def test_the_large_responses_of_a_real_recording_are_those_one_sees(shared_recordings: Path) -> None:
    """A plain look: a sample that is the highest within 2 s, half a microsiemens over the 5 s before it."""
    file = shared_recordings / "physio-examples/neurokit_bio_eventrelated_100hz.csv"
    values = np.genfromtxt(file, delimiter=",", names=True)["EDA"]
    found = skin_conductance(values, np.arange(len(values)) / 100.0, 100.0)
    seen = [
        at / 100.0
        for at in range(500, len(values) - 200)
        if values[at] == values[at - 200 : at + 200].max() and values[at] - values[at - 500 : at].min() > 0.5
    ]
    seen = [at for place, at in enumerate(seen) if not place or at - seen[place - 1] > 0.1]
    large = [response.peak_s for response in found.responses if response.amplitude_us > 0.5]
    assert len(seen) == len(large) == 8
    np.testing.assert_allclose(large, seen, atol=0.2)
    assert all(response.is_plausible for response in found.responses)
