"""The heart against the minutes before: a change of known size, and what is too little to say it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.feature import FeatureError, Signal
from analysis.features.heart import heart_of
from analysis.features.heart_change import NAMES
from tests.helpers.feature_signals import column, extract, make_signal, with_gap

RATE_HZ = 64.0
CHANGE_S = 240.0
WINDOWS = [[150, 210], [240, 300], [420, 480]]


def pulse(
    rising_s: tuple[float, float] = (0.25, 0.15), lasting_s: tuple[float, float] = (1.0, 0.8)
) -> Signal:
    """A pulse of 480 s; from 240 s on it rises in another time and beats at another interval."""
    times = np.arange(int(480 * RATE_HZ)) / RATE_HZ
    late = (times >= CHANGE_S).astype(int)
    lasting, rising = np.array(lasting_s)[late], np.array(rising_s)[late]
    since = np.cumsum(1 / lasting) / RATE_HZ % 1 * lasting
    falling = np.clip((since - rising) / (lasting - rising), 0, 1)
    wave = np.where(since < rising, np.sin(np.pi / 2 * since / rising), np.cos(np.pi / 2 * falling) ** 2)
    return make_signal("bvp", wave, RATE_HZ)


def medians(signal: Signal, low_s: float, high_s: float) -> tuple[float, float]:
    heart = heart_of(signal)
    inside = np.flatnonzero((heart.beats.times_s >= low_s) & (heart.beats.times_s < high_s))
    parts: tuple[NDArray[np.float64], ...] = heart.interval_s[inside[1:]], heart.rise_s[inside]
    return float(1000 * np.nanmedian(parts[0])), float(1000 * np.nanmedian(parts[1]))


def test_nothing_changes_a_change_is_seen_and_is_forgotten() -> None:
    made = extract("heart.change", pulse(), WINDOWS, before_s=120.0)
    assert made.names == NAMES and made.times_s.tolist() == [180, 270, 450]
    np.testing.assert_allclose(column(made, "interval_change_ms"), [0, -200, 0], atol=8)
    rise = column(made, "rise_change_ms")
    assert abs(rise[0]) <= 16 and abs(rise[2]) <= 16
    assert rise[1] < -40


def test_it_is_the_median_inside_less_the_median_before() -> None:
    source = pulse()
    made = extract("heart.change", source, [[250, 310]], before_s=180.0)
    now, before = medians(source, 250, 310), medians(source, 70, 250)
    np.testing.assert_allclose(made.values[0], np.subtract(now, before), rtol=1e-4, atol=1e-3)


def test_how_fast_somebody_s_pulse_rises_for_good_says_nothing() -> None:
    slow, fast = pulse((0.3, 0.3), (1.0, 1.0)), pulse((0.15, 0.15), (1.0, 1.0))
    for source in (slow, fast):
        made = extract("heart.change", source, WINDOWS, which=["rise_change_ms"])
        assert made.names == ("rise_change_ms",)
        np.testing.assert_allclose(made.values, 0, atol=16)


def test_with_too_few_beats_on_a_side_there_is_no_number() -> None:
    assert np.isnan(extract("heart.change", pulse(), [[0, 60]]).values).all()
    assert np.isfinite(extract("heart.change", pulse(), [[30, 90]]).values).all()
    silent = extract("heart.change", with_gap(pulse(), 100, 200), [[120, 180]])
    assert np.isnan(silent.values).all()


def test_an_ecg_has_no_rise() -> None:
    times = np.arange(200 * 250) / 250
    wave = np.exp(-0.5 * np.square((times % 0.9 - 0.45) / 0.012))
    made = extract("heart.change", make_signal("ecg", wave, 250.0, unit="mV"), [[100, 160]])
    assert column(made, "interval_change_ms")[0] == pytest.approx(0, abs=4)
    assert np.isnan(column(made, "rise_change_ms")).all()


@pytest.mark.parametrize("before_s", [0.0, -10.0])
def test_before_must_be_a_time(before_s: float) -> None:
    with pytest.raises(FeatureError, match=f"before_s is {before_s:g}, but must be above 0"):
        extract("heart.change", pulse(), WINDOWS, before_s=before_s)


def test_a_number_that_there_is_not_is_told() -> None:
    with pytest.raises(FeatureError, match=r"heart\.change has no nonsense\. It has: interval_change_ms"):
        extract("heart.change", pulse(), WINDOWS, which=["nonsense"])
