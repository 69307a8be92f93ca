"""Jitter, shimmer, harmonics-to-noise and formants of voices that were made with them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

from analysis.features.feature import FeatureError
from analysis.features.formants import formants
from analysis.features.voice_activity import is_speech, spoken
from analysis.features.voice_cycles import cycles, harmonics_to_noise
from analysis.features.voice_frames import NAMES, describe
from analysis.features.voice_quality import in_pieces
from analysis.views.voice import pitch
from tests.helpers.voices import AH_HZ, RATE_HZ, extracted, pulses, sound_signal, vowel, with_noise

Floats = NDArray[np.float64]


@pytest.mark.parametrize("hertz", [100.0, 200.0])
@pytest.mark.parametrize(("jitter", "shimmer"), [(0.0, 0.0), (0.005, 0.02), (0.01, 0.05)])
def test_jitter_and_shimmer_are_those_that_the_voice_was_made_with(
    hertz: float, jitter: float, shimmer: float
) -> None:
    source, true_jitter, true_shimmer = pulses(hertz, jitter, shimmer)
    sound = vowel(source)
    curve = pitch(sound, RATE_HZ, 0.0)
    found = cycles(sound, RATE_HZ, curve.times_s, curve.values)
    assert len(found.times_s) > 0.9 * 1.4 * hertz
    np.testing.assert_allclose(1 / found.lengths_s.mean(), hertz, rtol=0.01)
    # Resonances ring on from cycle to cycle, which evens both out a little.
    assert found.jitter() == pytest.approx(true_jitter, rel=0.3, abs=6e-4)
    assert found.shimmer() == pytest.approx(true_shimmer, rel=0.3, abs=5e-3)


@pytest.mark.parametrize("decibel", [5.0, 10.0, 20.0, 30.0])
def test_harmonics_to_noise_is_the_ratio_that_was_mixed(decibel: float) -> None:
    sound = with_noise(vowel(pulses(150.0)[0]), decibel)
    curve = pitch(sound, RATE_HZ, 0.0)
    found = harmonics_to_noise(sound, RATE_HZ, curve.times_s, curve.values, 0.04)
    assert np.nanmedian(found) == pytest.approx(decibel, abs=0.6)


@pytest.mark.parametrize("vowel_hz", [AH_HZ, (300.0, 2300.0, 3000.0, 3700.0), (350.0, 800.0, 2300.0, 3400.0)])
def test_formants_are_the_resonances(vowel_hz: tuple[float, ...]) -> None:
    # A throat's sound falls with frequency; the pulses alone would not.
    sound = vowel(lfilter([1.0], [1.0, -0.98], pulses(110.0)[0]), vowel_hz)
    found, wide = formants(sound, RATE_HZ, np.arange(0.2, 1.3, 0.01))
    np.testing.assert_allclose(np.nanmedian(found, axis=0), vowel_hz[:3], rtol=0.06)
    assert (wide[np.isfinite(wide)] < 500).all()
    assert found.shape == (110, 3)


@pytest.mark.parametrize("rate_hz", [8000.0, 16000.0, 44100.0, 48000.0])
def test_formants_do_not_depend_on_the_rate(rate_hz: float) -> None:
    sound = vowel(pulses(110.0)[0])
    other = resample_poly(sound, int(rate_hz / 50), int(RATE_HZ / 50))
    found, _ = formants(np.asarray(other, np.float64), rate_hz, np.arange(0.2, 1.3, 0.01))
    np.testing.assert_allclose(np.nanmedian(found, axis=0)[:2], AH_HZ[:2], rtol=0.06)


def test_spectral_numbers_of_a_tone_are_those_of_the_tone() -> None:
    times = np.arange(22050) / RATE_HZ
    made = describe(0.5 * np.sin(2 * np.pi * 1000 * times), RATE_HZ)
    assert np.median(made.of("level_db")) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)
    assert np.median(made.of("centroid_hz")) == pytest.approx(1000, abs=2)
    assert np.median(made.of("zero_crossings_per_s")) == pytest.approx(2000, rel=0.02)
    assert np.nanmax(made.of("flux")) < 0.02
    assert np.median(made.of("rolloff_hz")) == pytest.approx(1000, abs=45)


def test_a_steeper_spectrum_has_steeper_numbers() -> None:
    source = pulses(120.0)[0]
    bright, dull = (
        describe(vowel(source), RATE_HZ),
        describe(vowel(np.cumsum(source - source.mean())), RATE_HZ),
    )
    for name in ("alpha_ratio_db", "slope_500_1500", "centroid_hz"):
        assert np.nanmedian(dull.of(name)) < np.nanmedian(bright.of(name))
    for name in ("hammarberg_db", "h1_h2_db", "h1_a3_db"):
        assert np.nanmedian(dull.of(name)) > np.nanmedian(bright.of(name))


def test_louder_is_louder_and_a_doubling_is_six_decibels() -> None:
    sound = vowel(pulses(120.0)[0])
    loud, quiet = describe(sound, RATE_HZ), describe(sound / 2, RATE_HZ)
    np.testing.assert_allclose(loud.of("level_db") - quiet.of("level_db"), 6.0206, atol=0.01)
    np.testing.assert_allclose(loud.of("loudness") / quiet.of("loudness"), 4**0.33, rtol=1e-3)
    np.testing.assert_allclose(np.nanmedian(loud.of("hnr_db")), np.nanmedian(quiet.of("hnr_db")), atol=0.01)


def test_silence_noise_and_gaps_have_no_voice_and_never_a_false_zero() -> None:
    noise = 0.1 * np.random.default_rng(3).normal(size=22050)
    sound = np.concatenate([np.zeros(11025), noise, vowel(pulses(180.0)[0])])
    sound[40000] = np.nan
    made = describe(sound, RATE_HZ)
    assert len(set(NAMES)) == len(NAMES)
    quiet, noisy = made.times_s < 0.45, (made.times_s > 0.55) & (made.times_s < 1.45)
    for name in ("pitch_hz", "jitter", "shimmer", "hnr_db", "f1_hz", "h1_h2_db"):
        assert np.isnan(made.of(name)[quiet | noisy]).all(), name
    assert np.isnan(made.of("centroid_hz")[quiet]).all()
    assert np.isfinite(made.of("centroid_hz")[noisy]).all()
    gap = np.abs(made.times_s - 40000 / RATE_HZ) < 0.0195
    assert gap.sum() == 4
    assert np.isnan(made.values[gap]).all()
    assert np.isfinite(made.of("pitch_hz")[made.times_s > 1.95][:50]).all()


def test_the_feature_gives_frames_of_each_span_in_the_recordings_time() -> None:
    sound = np.concatenate([vowel(pulses(120.0)[0]), vowel(pulses(240.0)[0])])
    made = extracted(
        "speech.voice", sound_signal(sound, start_s=50.0), [(50.0, 51.5), (51.5, 53.0), (60.0, 61.0)]
    )
    assert made.first.tolist() == [0, 147, 294, 294]
    assert made.names == NAMES
    hertz = made.values[:, 0]
    np.testing.assert_allclose(np.nanmedian(hertz[:147]), 120, rtol=0.01)
    np.testing.assert_allclose(np.nanmedian(hertz[147:]), 240, rtol=0.01)
    assert 51.5 < made.times_s[147] < 51.53


@pytest.mark.parametrize("name", ["speech.voice", "speech.functionals"])
@pytest.mark.parametrize("rate_hz", [50.0, 300.0, 3125.0])
def test_a_sound_too_slow_for_a_voice_is_told(name: str, rate_hz: float) -> None:
    sound = 0.1 * np.random.default_rng(3).normal(size=round(30 * rate_hz))
    with pytest.raises(FeatureError, match=f"a voice needs at least 5000 Hz, not {rate_hz:g}"):
        extracted(name, sound_signal(sound, rate_hz), [(2.0, 20.0)])
    phone = 0.1 * np.random.default_rng(3).normal(size=24000)
    assert len(extracted(name, sound_signal(phone, 8000.0), [(0.0, 3.0)]).values)


def test_speech_is_found_between_silences_and_short_pauses_are_part_of_it() -> None:
    level = np.full(300, -100.0)
    level[50:120], level[130:180], level[230:260] = -20, -25, -22
    active = is_speech(level, 0.01)
    edges = np.flatnonzero(np.diff(active.astype(int))) + 1
    assert edges.tolist() == [50, 180, 230, 260]
    assert not is_speech(np.full(10, -80.0), 0.01).any()
    assert not is_speech(np.full(10, np.nan), 0.01).any()


def test_silence_before_and_after_does_not_change_what_is_spoken() -> None:
    sound = vowel(pulses(150.0)[0])
    padded = np.concatenate([np.zeros(8000), sound, np.zeros(60000)])
    part = spoken(padded, RATE_HZ)
    assert len(sound) <= len(part) <= len(sound) + 0.1 * RATE_HZ
    assert np.abs(part).max() == np.abs(sound).max()
    assert not len(spoken(np.zeros(5000), RATE_HZ))


def test_a_long_sound_is_described_in_pieces_with_the_frames_of_the_whole() -> None:
    sound = vowel(pulses(120.0)[0])
    whole = describe(sound, RATE_HZ)
    parts = [(begin, describe(part, RATE_HZ)) for begin, part in in_pieces(sound, RATE_HZ, 0.5)]
    times = np.concatenate([begin / RATE_HZ + part.times_s for begin, part in parts])
    np.testing.assert_allclose(times, whole.times_s, atol=1e-4)
    level = np.concatenate([part.of("level_db") for _, part in parts])
    np.testing.assert_allclose(level, whole.of("level_db"), atol=0.1)
    assert [len(part) for _, part in in_pieces(np.zeros(100), RATE_HZ)] == [100]


@pytest.mark.slow
def test_real_voices_are_described_as_they_sound(shared_recordings: Path) -> None:
    """Four speakers: anger is higher and brighter than boredom, and no number is an impossible one."""
    angry, bored = (
        {
            speaker: [
                real(path) for path in sorted(shared_recordings.glob(f"emodb/{speaker}???{emotion}?.wav"))[:6]
            ]
            for speaker in ("03", "08", "09", "10")
        }
        for emotion in "WL"
    )
    for speaker, found in angry.items():
        for name in ("alpha_ratio_db", "pitch_st"):
            calm = np.nanmean([each[name] for each in bored[speaker]])
            assert np.nanmean([each[name] for each in found]) > calm, (speaker, name)
    every = [each for side in (angry, bored) for found in side.values() for each in found]
    assert all(200 < each["f1_hz"] < 900 < each["f2_hz"] < 2500 for each in every)
    assert all(0.002 < each["jitter"] < 0.08 and 0 < each["hnr_db"] < 30 for each in every)


def real(path: Path) -> dict[str, float]:
    """Means of a file's functionals by contour."""
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        made = extracted(
            "speech.functionals",
            sound_signal(sound, file.getframerate()),
            [(0.0, len(sound) / file.getframerate())],
        )
    assert np.isfinite(made.values).mean() > 0.99
    return {
        name.removesuffix(".mean"): float(value)
        for name, value in zip(made.names, made.values[0], strict=True)
        if name.endswith(".mean")
    }
