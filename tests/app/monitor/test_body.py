"""Heart rate and wear: on waves with a known beat, and on what real people's wristbands recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitor.quality_pulse import best_heart_rate, heart_rate
from app.monitor.quality_wrist import Wear, motion_g
from tests.helpers.planted import Export, pulse, read_export

STEP_S = 30
WINDOW_S = 10


@given(st.floats(48.0, 150.0), st.integers(0, 50))
def test_a_clean_pulse_is_found_to_three_beats_a_minute(bpm: float, seed: int) -> None:
    found = heart_rate(pulse(bpm, 10.0, seed=seed), 64.0)
    assert found is not None
    assert found == pytest.approx(bpm, abs=3.0)


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 64.0, 100.0, 250.0, 1000.0])
@pytest.mark.parametrize("bpm", [52.0, 75.0, 130.0])
def test_the_rate_of_the_stream_does_not_matter(rate_hz: float, bpm: float) -> None:
    found = heart_rate(pulse(bpm, 10.0, rate_hz), rate_hz)
    assert found is not None
    assert found == pytest.approx(bpm, abs=3.0)


def test_one_jerk_does_not_hide_the_pulse() -> None:
    wave = pulse(70.0, 10.0)
    wave[300:310] += 2000.0
    found = heart_rate(wave, 64.0)
    assert found is not None
    assert found == pytest.approx(70.0, abs=3.0)


@pytest.mark.parametrize("colour", ["white", "brown"])
def test_noise_has_no_pulse(colour: str) -> None:
    random = np.random.default_rng(1)
    found = 0
    for _ in range(300):
        noise = random.standard_normal(640)
        found += heart_rate(np.cumsum(noise) if colour == "brown" else noise, 64.0) is not None
    assert found <= 3


@pytest.mark.parametrize(
    "wave", [np.zeros(640), np.full(640, -3.2), np.full(640, np.nan), pulse(70.0, 5.0), np.zeros(0)]
)
def test_nothing_is_found_in_nothing(wave: np.ndarray) -> None:
    assert heart_rate(wave, 64.0) is None


def test_the_first_channel_with_a_pulse_gives_it() -> None:
    noise = np.random.default_rng(0).standard_normal(640)
    found = best_heart_rate(np.column_stack([noise, pulse(88.0, 10.0)]), 64.0)
    assert found is not None
    assert found == pytest.approx(88.0, abs=3.0)


@pytest.mark.parametrize(
    ("eda_us", "skin_degc", "has_pulse", "worn"),
    [
        (2.0, 32.0, True, True),
        (0.02, 32.0, True, True),
        (0.02, 32.0, False, False),
        (0.02, None, None, False),
        (2.0, 22.0, False, False),
        (None, 22.0, False, False),
        (None, 32.0, False, True),
        (2.0, 32.0, False, True),
        (2.0, None, None, True),
        (None, 22.0, None, None),
        (None, None, False, None),
        (None, None, None, None),
    ],
)
def test_wear_is_told_by_all_streams_together(
    eda_us: float | None, skin_degc: float | None, has_pulse: bool | None, worn: bool | None
) -> None:
    assert Wear(eda_us, skin_degc, has_pulse).is_worn is worn


def test_motion_is_what_varies_and_not_gravity() -> None:
    still = np.tile([0.0, 0.6, 0.8], (320, 1))
    assert motion_g(still) == pytest.approx(0.0)
    swung = still + np.array([0.3, 0.0, 0.4]) * np.sin(np.arange(320))[:, None]
    assert motion_g(swung) == pytest.approx(0.5 / 2**0.5, rel=0.01)
    assert motion_g(still[:1]) is None


@pytest.fixture(scope="module")
def exports(shared_recordings: Path) -> list[Export]:
    """The exports of 28 people, an hour each."""
    return [read_export(path) for path in sorted((shared_recordings / "stress-predict").glob("S*.zip"))]


@pytest.mark.slow
def test_heart_rates_of_real_wristbands(exports: list[Export]) -> None:
    """Where the wristband lists beats itself, nearly all rates that are found are right."""
    near_beats, near_rates = [], []
    windows = with_beats = found_with_beats = 0
    for export in exports:
        for end in range(60, len(export.bvp) // 64, STEP_S):
            found = heart_rate(export.bvp[(end - WINDOW_S) * 64 : end * 64], 64.0)
            inside = (export.beats[:, 0] > end - WINDOW_S) & (export.beats[:, 0] <= end)
            windows += 1
            # Its own heart rate is a running mean that lags by most of a minute.
            place = round(end - export.heart_rate_from_s + 40)
            if found is not None and place < len(export.heart_rate):
                near_rates.append(abs(found - export.heart_rate[place]) <= 5.0)
            if inside.sum() >= 4:
                with_beats += 1
                found_with_beats += found is not None
                if found is not None:
                    truth = 60.0 / np.median(export.beats[inside, 1])
                    near_beats.append(abs(found - truth) <= 5.0)
    assert windows > 2900
    assert np.mean(near_beats) > 0.97
    assert found_with_beats / with_beats > 0.6
    assert np.mean(near_rates) > 0.75


@pytest.mark.slow
def test_real_wristbands_are_worn_once_they_are_on(exports: list[Export]) -> None:
    worn = windows = 0
    for export in exports:
        for end in range(120, len(export.eda) // 4, STEP_S):
            span = slice((end - WINDOW_S) * 4, end * 4)
            rate = heart_rate(export.bvp[(end - WINDOW_S) * 64 : end * 64], 64.0)
            eda, skin = np.median(export.eda[span]), np.median(export.temperature[span])
            windows += 1
            worn += Wear(float(eda), float(skin), rate is not None).is_worn is True
    assert worn / windows > 0.97


def test_beats_in_the_examples_agree_between_finger_and_chest(shared_recordings: Path) -> None:
    table = np.genfromtxt(
        shared_recordings / "physio-examples" / "neurokit_bio_resting_5min_100hz.csv",
        delimiter=",",
        names=True,
    )
    both = []
    for end in range(1000, len(table), 1000):
        chest = heart_rate(table["ECG"][end - 1000 : end], 100.0, is_ecg=True)
        finger = heart_rate(table["PPG"][end - 1000 : end], 100.0)
        if chest is not None and finger is not None:
            both.append(abs(chest - finger) <= 5.0)
    assert len(both) >= 20
    assert np.mean(both) > 0.95
