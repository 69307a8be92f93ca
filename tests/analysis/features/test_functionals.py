"""Functionals of voices whose melody, rhythm and loudness are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.feature import FeatureError, Steps
from analysis.features.functionals import SETS, names_of
from analysis.features.statistics_of_contours import summarise
from tests.helpers.voices import RATE_HZ, extracted, pulses, sound_signal, vowel, with_noise

Floats = NDArray[np.float64]
NAME = "speech.functionals"


def of(steps: Steps, name: str, row: int = 0) -> float:
    return float(steps.values[row, steps.names.index(name)])


def functionals(sound: Floats, name: str = "compact") -> Steps:
    return extracted(NAME, sound_signal(sound), [(0.0, len(sound) / RATE_HZ)], set=name)


def glide(low_hz: float, high_hz: float, seconds: float = 1.5) -> Floats:
    """A harmonic sound whose pitch moves evenly on a logarithmic scale."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hertz = low_hz * (high_hz / low_hz) ** (times / seconds)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE_HZ
    return np.asarray(0.1 * np.sum([np.sin(k * phase) / k for k in range(1, 20)], axis=0), np.float64)


@pytest.mark.parametrize(("name", "count"), [("compact", 167), ("general", 386), ("wide", 474)])
def test_every_number_has_a_name_of_its_own(name: str, count: int) -> None:
    made = functionals(vowel(pulses(150.0)[0]), name)
    assert made.names == names_of(name)
    assert len(set(made.names)) == made.values.shape[1] == count
    assert name in SETS


def test_pitch_and_its_movement_are_told_in_semitones() -> None:
    made = functionals(glide(110.0, 220.0), "wide")
    assert of(made, "pitch_st.mean") == pytest.approx(12 * np.log2(110 / 27.5) + 6, abs=0.1)
    assert of(made, "pitch_st.slope") == pytest.approx(8.0, rel=0.02)
    assert of(made, "pitch_st.rise") == pytest.approx(8.0, rel=0.05)
    assert of(made, "pitch_st.range") == pytest.approx(0.8 * 12, rel=0.05)
    assert of(made, "segment_slope_mean") == pytest.approx(8.0, rel=0.02)
    assert of(made, "segment_range_max") == pytest.approx(12, abs=0.7)
    assert of(made, "pitch_second_half") == pytest.approx(6, abs=0.3)
    assert of(made, "pitch_curvature") == pytest.approx(0, abs=0.2)


def test_rhythm_counts_syllables_pauses_and_voiced_segments() -> None:
    syllable = vowel(pulses(160.0, seconds=0.2)[0]) * np.hanning(round(0.2 * RATE_HZ))
    silent = np.zeros(round(0.05 * RATE_HZ))
    word = np.concatenate([syllable, silent] * 4)
    made = functionals(np.concatenate([word, np.zeros(round(0.5 * RATE_HZ)), word]))
    length_s = of(made, "speech_s")
    assert length_s == pytest.approx(2.4, abs=0.12)
    assert of(made, "loudness_peaks_per_s") * length_s == pytest.approx(8, abs=0.01)
    assert of(made, "pauses_per_s") * length_s == pytest.approx(1, abs=0.01)
    assert of(made, "mean_pause_s") == pytest.approx(0.55, abs=0.1)
    assert of(made, "voiced_segments_per_s") * length_s == pytest.approx(8, abs=0.01)
    assert 0.4 < of(made, "voiced_share") < 0.8


def test_padding_with_silence_changes_next_to_nothing() -> None:
    sound = vowel(pulses(150.0, 0.01, 0.05)[0]) * np.hanning(round(1.5 * RATE_HZ))
    plain = functionals(sound, "wide")
    padded = functionals(np.concatenate([np.zeros(4410), sound, np.zeros(66150)]), "wide")
    for name in (
        "pitch_st.mean",
        "level_db.mean",
        "log_centroid_hz.mean",
        "mfcc_3.sd",
        "hnr_db.p50",
        "speech_s",
    ):
        assert of(padded, name) == pytest.approx(of(plain, name), rel=0.02, abs=0.02), name


def test_a_quieter_voice_differs_in_its_level_only() -> None:
    sound = with_noise(vowel(pulses(150.0, 0.01, 0.05)[0]), 30.0)
    loud, quiet = functionals(sound), functionals(sound / 4)
    assert of(loud, "level_db.mean") - of(quiet, "level_db.mean") == pytest.approx(12.04, abs=0.05)
    for name in ("pitch_st.mean", "jitter_whole", "shimmer_whole", "hnr_db.mean", "f1_hz.p50", "mfcc_2.mean"):
        assert of(quiet, name) == pytest.approx(of(loud, name), rel=0.01, abs=1e-3), name


def test_windows_are_described_one_by_one_and_silence_is_unknown() -> None:
    sound = np.concatenate([vowel(pulses(100.0)[0]), np.zeros(33075), vowel(pulses(200.0)[0])])
    made = extracted(NAME, sound_signal(sound, start_s=7.0), [(7.0, 11.5)], 1.5, 1.5)
    assert made.first.tolist() == [0, 3]
    np.testing.assert_allclose(made.times_s, [7.75, 9.25, 10.75])
    assert np.isnan(made.values[1]).all()
    assert of(made, "pitch_st.p50", 2) - of(made, "pitch_st.p50", 0) == pytest.approx(12, abs=0.1)


def test_an_unknown_set_is_refused_in_words() -> None:
    with pytest.raises(
        FeatureError, match=r"no set 'huge' of functionals. There are: compact, general, wide"
    ):
        functionals(np.zeros(22050), "huge")


def test_an_hour_at_once_is_refused_in_words() -> None:
    with pytest.raises(FeatureError, match=r"functionals of 3600 s say nothing.*Use windows"):
        extracted(NAME, sound_signal(np.zeros(100)), [(0.0, 3600.0)])


def test_statistics_leave_out_what_is_missing() -> None:
    values = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 1.0], [4.0, 2.0]])
    made = summarise(("mean", "sd", "p50", "slope"), values, 1.0)
    np.testing.assert_allclose(made[0::2], [7 / 3, float(np.std([1, 2, 4])), 2.0, 1.0], rtol=1e-12)
    assert np.isnan(made[1::2]).all()
