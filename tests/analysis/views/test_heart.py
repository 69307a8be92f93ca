"""Heartbeats in made signals whose beats are known, and in recordings with a device's own answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.exchange.import_e4 import read_e4
from analysis.views.heart import Beats, beats_of_ecg, beats_of_pulse, heart_rate

Floats = NDArray[np.float64]
PULSE_HZ, ECG_HZ = 64.0, 250.0


def moments(count: int = 60, seed: int = 1) -> Floats:
    """True beats, 0.7 to 1 s apart with a slow swing."""
    random = np.random.default_rng(seed)
    steps = 0.85 + 0.08 * np.sin(np.arange(count) / 4) + random.normal(0, 0.01, count)
    return np.cumsum(steps)


def pulse(beats: Floats, seconds: float, rate_hz: float = PULSE_HZ) -> tuple[Floats, Floats]:
    """A pulse wave with a sharp foot at each beat, a rise of 0.15 s, a slow fall and a second hump."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    values = np.zeros(len(times))
    for beat, following in zip(beats, [*beats[1:], beats[-1] + 0.85], strict=True):
        phase = (times - beat) / (following - beat)
        inside = (phase >= 0) & (phase < 1)
        x = phase[inside]
        values[inside] = np.minimum(x / 0.18, 1) * np.exp(-2.6 * x) + 0.12 * np.exp(
            -(((x - 0.5) / 0.08) ** 2)
        )
    return times, values


def ecg(beats: Floats, seconds: float, sign: float = 1.0) -> tuple[Floats, Floats]:
    """An ECG: P wave, QRS complex of 80 ms, T wave."""
    times = np.arange(round(seconds * ECG_HZ)) / ECG_HZ
    values = np.zeros(len(times))
    for beat in beats:
        for shift, height, width in (
            (-0.16, 0.12, 0.025),
            (0, 1.0, 0.012),
            (0.03, -0.25, 0.012),
            (0.25, 0.3, 0.05),
        ):
            values += height * np.exp(-0.5 * ((times - beat - shift) / width) ** 2)
    return times, sign * values


def apart_ms(found: Floats, true: Floats) -> Floats:
    """How far each true beat is from the nearest found one."""
    return np.asarray(np.abs(found[None] - true[:, None]).min(axis=1) * 1000, np.float64)


def test_every_pulse_is_found_at_its_foot() -> None:
    true = moments()
    times, values = pulse(true, true[-1] + 1.5)
    found = beats_of_pulse(values, times, PULSE_HZ)
    assert len(found.times_s) == len(true)
    early_ms = apart_ms(found.times_s, true)
    # Smoothing makes a sharp foot a little earlier, each by the same.
    assert np.median(early_ms) < 30
    assert np.abs(early_ms - np.median(early_ms))[1:].max() < 10
    intervals = np.abs(np.diff(found.times_s) - np.diff(true)) * 1000
    assert np.median(intervals) < 5
    assert found.is_plausible[1:].all()
    assert found.quality > 0.9


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_every_r_peak_is_found_whichever_way_the_lead_is_worn(sign: float) -> None:
    true = moments()
    times, values = ecg(true, true[-1] + 1.0, sign)
    found = beats_of_ecg(values, times, ECG_HZ)
    assert len(found.times_s) == len(true)
    assert apart_ms(found.times_s, true).max() < 1.0


def test_noise_and_drift_cost_no_beat() -> None:
    true = moments(100, 2)
    random = np.random.default_rng(3)
    times, values = ecg(true, true[-1] + 1.0)
    noisy = values + random.normal(0, 0.12, len(values)) + 2 * np.sin(times / 3)
    found = beats_of_ecg(noisy, times, ECG_HZ)
    assert apart_ms(found.times_s, true).max() < 25
    assert len(found.times_s) == len(true)
    times, values = pulse(true, true[-1] + 1.5)
    noisy = values + random.normal(0, 0.05, len(values)) + 2 * np.sin(times / 3)
    assert abs(len(beats_of_pulse(noisy, times, PULSE_HZ).times_s) - len(true)) <= 1


@settings(max_examples=15)
@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e4), st.floats(0, 1e6))
def test_offset_scale_and_time_zero_do_not_matter(offset: float, scale: float, start_s: float) -> None:
    true = moments(12)
    times, values = pulse(true, true[-1] + 1.5)
    plain = beats_of_pulse(values, times, PULSE_HZ)
    moved = beats_of_pulse(values * scale + offset * scale, times + start_s, PULSE_HZ)
    np.testing.assert_allclose(moved.times_s - start_s, plain.times_s, atol=1e-3)


def test_a_beat_that_was_missed_makes_a_doubtful_interval() -> None:
    true = moments(40)
    times, values = ecg(np.delete(true, 20), true[-1] + 1.0)
    found = beats_of_ecg(values, times, ECG_HZ)
    assert len(found.times_s) == 39
    doubtful = np.flatnonzero(~found.is_plausible)
    assert doubtful.tolist() == [0, 20]
    curve = heart_rate(found)
    assert np.isnan(curve.values[20])
    ((start_s, stop_s),) = curve.spans_s
    assert start_s == pytest.approx(true[19], abs=0.01)
    assert stop_s == pytest.approx(true[21], abs=0.01)


def test_a_small_beat_between_large_ones_is_found_by_searching_again() -> None:
    true = moments(40)
    times, values = ecg(true, true[-1] + 1.0)
    weak = np.abs(times - true[20]) < 0.3
    values[weak] *= 0.28
    found = beats_of_ecg(values, times, ECG_HZ)
    assert apart_ms(found.times_s, true).max() < 5


def test_a_jolt_is_marked_and_the_rest_stays_believable() -> None:
    true = moments(60)
    times, values = pulse(true, true[-1] + 1.5)
    jolt = (times > true[28]) & (times < true[31])
    values[jolt] += 40 * np.random.default_rng(4).normal(size=int(jolt.sum()))
    found = beats_of_pulse(values, times, PULSE_HZ)
    far = (found.times_s < true[20]) | (found.times_s > true[40])
    assert found.is_plausible[far][1:].mean() > 0.95
    assert heart_rate(found).spans_s


def test_beats_of_another_shape_are_marked_though_they_come_in_time() -> None:
    true = moments(60)
    times, values = pulse(true, true[-1] + 1.5)
    for beat in true[25:35]:
        inside = (times >= beat) & (times < beat + 0.84)
        values[inside] = 0.8 * np.exp(-(((times[inside] - beat - 0.3) / 0.03) ** 2))
    found = beats_of_pulse(values, times, PULSE_HZ)
    odd = (found.times_s > true[26]) & (found.times_s < true[34])
    assert odd.sum() >= 7
    assert found.is_plausible[odd].mean() < 0.2
    assert found.is_plausible[~odd].mean() > 0.9


def test_intervals_that_agree_with_no_neighbour_are_all_doubtful() -> None:
    true = np.cumsum(np.tile([0.7, 1.1], 20))
    times, values = ecg(true, true[-1] + 1.0)
    found = beats_of_ecg(values, times, ECG_HZ)
    assert len(found.times_s) == 40
    assert not found.is_plausible.any()


def test_a_gap_parts_the_beats_and_nothing_is_invented_in_it() -> None:
    true = moments(60)
    times, values = pulse(true, true[-1] + 1.5)
    hole = (times > 20.0) & (times < 26.0)
    values[hole] = np.nan
    found = beats_of_pulse(values, times, PULSE_HZ)
    assert not ((found.times_s > 20.0) & (found.times_s < 26.0)).any()
    first_after = int(np.searchsorted(found.times_s, 26.0))
    assert np.isnan(found.intervals_s[first_after])
    assert found.seconds == pytest.approx(len(times) / PULSE_HZ - hole.sum() / PULSE_HZ)
    cut = beats_of_pulse(values[~hole], times[~hole], PULSE_HZ)
    np.testing.assert_allclose(cut.times_s, found.times_s)


@pytest.mark.parametrize(
    ("values", "rate_hz"),
    [
        (np.zeros(0), 64.0),
        (np.ones(640), 64.0),
        (np.full(640, np.nan), 64.0),
        (np.random.default_rng(1).normal(size=40), 64.0),
        (np.sin(np.arange(400)), 4.0),
    ],
)
def test_where_there_is_no_heart_none_is_claimed(values: Floats, rate_hz: float) -> None:
    for find in (beats_of_pulse, beats_of_ecg):
        found = find(values, np.arange(len(values)) / rate_hz, rate_hz)
        assert not len(found.times_s)
        assert "No heartbeat" in found.words()
        assert not heart_rate(found).has_values


def test_the_rate_is_sixty_through_the_interval() -> None:
    beats = Beats(
        np.array([1.0, 2.0, 2.75, 4.0]),
        np.array([np.nan, 1.0, 0.75, 1.25]),
        np.array([False, True, True, False]),
        10.0,
    )
    curve = heart_rate(beats)
    np.testing.assert_allclose(curve.values, [np.nan, 60.0, 80.0, np.nan])
    assert curve.spans_s == ((2.75, 4.0),)
    assert beats.quality == pytest.approx(0.175)
    assert beats.words() == "4 beats, 1 doubtful; 18% of the signal believable"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("person", "least"), [("S03", 0.98), ("S06", 0.98), ("S13", 0.98), ("S15", 0.945), ("S24", 0.98)]
)
def test_a_wristbands_own_beats_are_found(shared_recordings: Path, person: str, least: float) -> None:
    """The vendor's intervals (IBI.csv) are those it trusts itself; each ends at a beat's foot."""
    imported = read_e4(shared_recordings / f"stress-predict/{person}.zip")
    streams = {stream.info.kind: list(stream.blocks()) for stream in imported.streams}
    times, wave = (np.concatenate([block[part] for block in streams["bvp"]]) for part in range(2))
    theirs, lengths = (np.concatenate([block[part] for block in streams["ibi"]]) for part in range(2))
    found = beats_of_pulse(wave[:, 0], times, 64.0)
    right = np.clip(np.searchsorted(found.times_s, theirs), 1, len(found.times_s) - 1)
    before = np.abs(found.times_s[right - 1] - theirs) < np.abs(found.times_s[right] - theirs)
    nearest = right - before
    is_found = np.abs(found.times_s[nearest] - theirs) < 0.1
    assert is_found.mean() > least
    error_ms = (
        np.abs(found.intervals_s[nearest] - lengths[:, 0])[is_found & found.is_plausible[nearest]] * 1000
    )
    assert np.median(error_ms) < 8
    assert found.is_plausible[nearest[is_found]].mean() > least - 0.06
