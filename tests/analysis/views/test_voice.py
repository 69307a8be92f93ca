"""Level and pitch of sounds that are known, and of real speech in plausible ranges."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.views.voice import level, pitch

RATE_HZ = 22050.0
Floats = NDArray[np.float64]


def tone(hertz: float, seconds: float = 0.5, harmonics: int = 1, rate_hz: float = RATE_HZ) -> Floats:
    """A tone of falling harmonics, none above half the rate, 0.3 of full scale."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    parts = [
        np.sin(2 * np.pi * hertz * n * times) / n for n in range(1, harmonics + 1) if hertz * n < rate_hz / 2
    ]
    return np.asarray(0.3 * np.sum(parts, axis=0), np.float64)


@pytest.mark.parametrize("hertz", [62.0, 97.3, 150.0, 220.0, 331.0, 480.0])
@pytest.mark.parametrize("harmonics", [1, 12])
def test_a_tone_has_its_pitch_everywhere(hertz: float, harmonics: int) -> None:
    found = pitch(tone(hertz, harmonics=harmonics), RATE_HZ, 100.0)
    np.testing.assert_allclose(found.values, hertz, rtol=0.004)
    assert found.note == "100% voiced"
    assert found.times_s[0] > 100.0
    np.testing.assert_allclose(np.diff(found.times_s), 0.01, atol=1e-4)


@pytest.mark.parametrize("rate_hz", [8000.0, 16000.0, 44100.0, 48000.0])
def test_the_rate_of_the_sound_does_not_matter(rate_hz: float) -> None:
    found = pitch(tone(200.0, harmonics=8, rate_hz=rate_hz), rate_hz, 0.0)
    np.testing.assert_allclose(found.values, 200.0, rtol=0.005)


def test_a_missing_fundamental_is_heard() -> None:
    times = np.arange(round(0.5 * RATE_HZ)) / RATE_HZ
    sound = 0.05 * np.sum([np.sin(2 * np.pi * 120 * n * times) for n in range(3, 9)], axis=0)
    np.testing.assert_allclose(pitch(sound, RATE_HZ, 0.0).values, 120.0, rtol=0.005)


def test_a_glide_is_followed_in_time() -> None:
    times = np.arange(round(2 * RATE_HZ)) / RATE_HZ
    hertz = 100 * 2**times
    sound = 0.3 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE_HZ)
    found = pitch(sound, RATE_HZ, 0.0)
    np.testing.assert_allclose(found.values, np.interp(found.times_s, times, hertz), rtol=0.004)


def test_noise_and_silence_have_no_pitch_and_a_tone_between_them_has() -> None:
    noise = 0.1 * np.random.default_rng(1).normal(size=round(0.5 * RATE_HZ))
    silence = np.zeros(round(0.5 * RATE_HZ))
    found = pitch(np.concatenate([silence, tone(180.0), noise]), RATE_HZ, 0.0)
    voiced = np.isfinite(found.values)
    np.testing.assert_array_equal(voiced[found.times_s < 0.45], False)
    np.testing.assert_array_equal(voiced[(found.times_s > 0.55) & (found.times_s < 0.95)], True)
    np.testing.assert_array_equal(voiced[found.times_s > 1.1], False)


def test_what_is_far_quieter_than_the_voice_has_no_pitch() -> None:
    loud, quiet = tone(180.0), tone(240.0) * 10 ** (-50 / 20)
    found = pitch(np.concatenate([loud, quiet]), RATE_HZ, 0.0)
    assert np.isfinite(found.values[found.times_s < 0.45]).all()
    assert np.isnan(found.values[found.times_s > 0.55]).all()
    assert not pitch(tone(200.0) * 10 ** (-60 / 20), RATE_HZ, 0.0).has_values


@settings(max_examples=15)
@given(st.floats(0.02, 3.0), st.sampled_from([-1.0, 1.0]))
def test_loudness_and_polarity_do_not_matter(gain: float, sign: float) -> None:
    sound = tone(140.0, 0.2, 5)
    np.testing.assert_allclose(
        pitch(sound * gain * sign, RATE_HZ, 0.0).values, pitch(sound, RATE_HZ, 0.0).values, rtol=1e-6
    )


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(10), np.zeros(22050), np.full(22050, np.nan)])
def test_no_sound_is_no_error(sound: Floats) -> None:
    assert not pitch(sound, RATE_HZ, 0.0).has_values
    assert len(level(sound, RATE_HZ, 0.0).values) in (0, 96)


@pytest.mark.parametrize(
    ("sound", "decibel"),
    [
        (np.ones(2205), 0.0),
        (np.sin(2 * np.pi * 1000 * np.arange(2205) / RATE_HZ), -3.0103),
        (np.full(2205, 0.1), -20.0),
        (np.zeros(2205), -120.0),
        (np.full(2205, -32768, np.int16), 0.0),
        (np.full(2205, 2**30, np.int32), -6.0206),
        (np.full(2205, 3276.8, np.float64) / 32768, -20.0),
    ],
)
def test_the_level_is_relative_to_full_scale(sound: NDArray[np.generic], decibel: float) -> None:
    found = level(sound, RATE_HZ, 7.0)
    np.testing.assert_allclose(found.values, decibel, atol=0.01)
    assert found.times_s[0] == pytest.approx(7.025, abs=1e-3)
    assert found.unit == "dBFS"


def test_a_missing_sample_makes_only_its_windows_unknown() -> None:
    sound = np.full(22050, 0.5)
    sound[11025] = np.nan
    found = level(sound, RATE_HZ, 0.0)
    apart_s = np.abs(found.times_s - 0.5)
    assert np.isnan(found.values[apart_s < 0.0249]).all()
    assert np.isfinite(found.values[apart_s > 0.0251]).all()


@pytest.mark.slow
def test_speakers_have_the_pitch_of_their_sex(shared_recordings: Path) -> None:
    """Medians of neutral and bored sentences: men 85 to 155 Hz, women 155 to 255 Hz; anger is higher."""
    men, women = ("03", "10", "11", "12"), ("08", "09", "13", "14")
    for speaker in (*men, *women):
        calm = [
            median(path)
            for emotion in "NL"
            for path in shared_recordings.glob(f"emodb/{speaker}???{emotion}?.wav")
        ]
        angry = [median(path) for path in shared_recordings.glob(f"emodb/{speaker}???W?.wav")]
        low, high = (85, 155) if speaker in men else (155, 255)
        assert low < np.nanmedian(calm) < high
        assert np.nanmedian(angry) > 1.2 * np.nanmedian(calm)


def median(path: Path) -> float:
    """The median pitch of a file."""
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        values = pitch(sound, file.getframerate(), 0.0).values
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")
