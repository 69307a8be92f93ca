"""EEG in one band: what lies in it stays, what lies outside goes, without delay, in microvolts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.features.eeg_band import BAND, SEGMENT_BANDS
from analysis.features.feature import FeatureError
from tests.helpers.feature_signals import extract, make_signal, with_gap

RATE_HZ = 256.0
MIDDLES = {"delta": 2.5, "theta": 6.0, "alpha": 11.0, "beta": 22.0, "gamma": 40.0, "1-50": 22.0}
TIMES_S = np.arange(int(40 * RATE_HZ)) / RATE_HZ


def sine(hertz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * TIMES_S)


@pytest.mark.parametrize("band", list(SEGMENT_BANDS))
def test_a_tone_inside_stays_as_it_is_and_one_outside_goes(band: str) -> None:
    inside = sine(MIDDLES[band])
    outside = sine(0.2) + sine(90.0)
    signal = make_signal("eeg", np.column_stack([inside, outside]), RATE_HZ, channels=("Cz", "Pz"), unit="uV")
    found = extract("eeg.band", signal, [[18.0, 20.0]], band=band).values
    assert found.shape == (512, 2)
    rows = slice(int(18 * RATE_HZ), int(20 * RATE_HZ))
    np.testing.assert_allclose(found[:, 0], inside[rows], atol=0.02)
    assert np.abs(found[:, 1]).max() < 0.02


def test_it_is_scipys_filter_forth_and_back_on_the_whole_recording() -> None:
    from scipy.signal import butter, filtfilt

    wave = np.random.default_rng(1).normal(size=len(TIMES_S))
    found = extract("eeg.band", make_signal("eeg", wave, RATE_HZ, unit="uV"), [[18.0, 20.0]], band="gamma")
    b, a = butter(4, (30.0, 50.0), "bandpass", fs=RATE_HZ)
    expected = filtfilt(b, a, wave)[int(18 * RATE_HZ) : int(20 * RATE_HZ)]
    np.testing.assert_allclose(found.values[:, 0], expected, atol=1e-5)


def test_volts_become_microvolts_and_another_rate_keeps_the_tone() -> None:
    signal = make_signal("eeg", 1e-6 * sine(11.0), RATE_HZ, unit="V")
    found = extract("eeg.band", signal, [[18.0, 20.0]], band="alpha", rate_hz=128.0).values
    assert found.shape == (256, 1)
    assert found.std() == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_a_gap_stays_a_gap_and_spoils_no_other_channel() -> None:
    both = np.column_stack([sine(11.0), sine(11.0)])
    signal = with_gap(make_signal("eeg", both, RATE_HZ, channels=("Cz", "Pz"), unit="uV"), 10.0, 12.0)
    values = signal.values.copy()
    values[:, 1] = both[:, 1]
    found = extract("eeg.band", replace(signal, values=values), [[10.5, 11.5], [20.0, 22.0]], band="alpha")
    first = found.values[: found.first[1]]
    assert np.isnan(first[:, 0]).all() and np.isfinite(first[:, 1]).all()
    assert np.isfinite(found.values[found.first[1] :]).all()


def test_what_is_impossible_is_explained_and_its_reach_is_told() -> None:
    signal = make_signal("eeg", sine(11.0), 64.0)
    with pytest.raises(FeatureError, match="band gamma reaches to 50 Hz, which 64 samples a second"):
        extract("eeg.band", signal, [[1.0, 3.0]], band="gamma")
    with pytest.raises(FeatureError, match="band 'sigma' is unknown: choose one of delta"):
        extract("eeg.band", signal, [[1.0, 3.0]], band="sigma")
    assert BAND.reach(BAND.settings, 256.0).is_filtered
