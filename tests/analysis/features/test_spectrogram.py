"""The picture of an utterance, against the same computed in loops from the definition."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.features.feature import FeatureError
from analysis.features.spectrogram import bilinear, picture
from tests.helpers.voices import extracted, sound_signal

Floats = NDArray[np.float64]


def by_definition(wave: Floats, frame: int, hop: int, fft: int) -> Floats:
    """Return dB of frames (bins, frames), every sum written out."""
    window = [0.54 - 0.46 * math.cos(2 * math.pi * i / (frame - 1)) for i in range(frame)]
    columns = []
    for start in range(0, len(wave) - frame + 1, hop):
        column = []
        for k in range(fft // 2 + 1):
            total = sum(
                wave[start + i] * window[i] * cmath.exp(-2j * math.pi * k * i / fft) for i in range(frame)
            )
            column.append(10 * math.log10(abs(total) ** 2 + 1e-10))
        columns.append(column)
    return np.array(columns).T


def drawn(levels: Floats, side: int) -> Floats:
    """Return the picture of levels: scaled, then each pixel between its four neighbours."""
    scaled = (levels - levels.mean()) / levels.std()
    made = np.zeros((side, side))
    for row in range(side):
        for column in range(side):
            y = min(max((row + 0.5) * scaled.shape[0] / side - 0.5, 0), scaled.shape[0] - 1)
            x = min(max((column + 0.5) * scaled.shape[1] / side - 0.5, 0), scaled.shape[1] - 1)
            top, left = min(int(y), scaled.shape[0] - 2), min(int(x), scaled.shape[1] - 2)
            part = scaled[top : top + 2, left : left + 2]
            made[row, column] = np.array([1 - y + top, y - top]) @ part @ np.array([1 - x + left, x - left])
    return made


@pytest.mark.parametrize(("frame", "hop", "fft", "side"), [(20, 10, 20, 9), (14, 7, 32, 16)])
def test_it_is_what_the_definition_says(frame: int, hop: int, fft: int, side: int) -> None:
    wave = np.random.default_rng(0).normal(0, 0.2, 120)
    found = picture(wave, frame, hop, fft, side)
    assert found is not None
    np.testing.assert_allclose(found, drawn(by_definition(wave, frame, hop, fft), side), atol=1e-9)


def test_a_tone_lies_in_its_row_low_frequencies_first() -> None:
    rate_hz = 16000.0
    tone = 0.3 * np.sin(2 * np.pi * 2000 * np.arange(16000) / rate_hz)
    made = extracted("speech.spectrogram", sound_signal(tone, rate_hz), [(0.0, 1.0)], side=176)
    rows = made.values.reshape(176, 176).mean(axis=1)
    # Bins of 16000 / 350 Hz: the tone lies in bin 43.75.
    assert abs(int(rows.argmax()) - 44) <= 1
    assert made.values.shape == (1, 176 * 176)
    assert made.values.mean() == pytest.approx(0, abs=0.05)


def test_recordings_of_two_rates_give_the_same_picture_unless_the_native_rate_is_wanted() -> None:
    pictures = {}
    for rate_hz in (16000.0, 44100.0):
        at = np.arange(round(0.4 * rate_hz)) / rate_hz
        chirp = 0.3 * np.sin(2 * np.pi * (300 + 5000 * at) * at)
        signal = sound_signal(chirp, rate_hz)
        for native in (False, True):
            given_hz = {"rate_hz": 0.0} if native else {}
            made = extracted("speech.spectrogram", signal, [(0.0, 0.4)], side=32, **given_hz)
            pictures[rate_hz, native] = made.values[0].reshape(32, 32).argmax(axis=0)
    # Edges left out, where the filters of the resampling end.
    assert np.abs(pictures[16000.0, False] - pictures[44100.0, False])[2:-2].max() <= 1
    assert np.abs(pictures[16000.0, True] - pictures[44100.0, True]).max() > 4


def test_loudness_is_no_part_of_it_and_silence_or_a_gap_has_none() -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
    spans = [(0.0, 1.0)]
    loud, soft = (
        extracted("speech.spectrogram", sound_signal(wave * gain, 16000.0), spans, side=24).values
        for gain in (1.0, 0.25)
    )
    np.testing.assert_allclose(loud, soft, atol=1e-3)
    torn = wave.copy()
    torn[8000] = np.nan
    for each in (torn, np.zeros(16000), wave[:300]):
        made = extracted(
            "speech.spectrogram", sound_signal(each, 16000.0), [(0.0, len(each) / 16000)], side=24
        )
        assert np.isnan(made.values).all()


def test_impossible_sizes_are_refused() -> None:
    signal = sound_signal(np.ones(1000), 16000.0)
    with pytest.raises(FeatureError, match="fft_samples"):
        extracted("speech.spectrogram", signal, [(0.0, 0.05)], fft_samples=100)


@given(rows=st.integers(1, 12), columns=st.integers(1, 12), side=st.integers(1, 20), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_resizing_invents_nothing(rows: int, columns: int, side: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    made = bilinear(values, side, side)
    assert made.min() >= values.min() - 1e-9
    assert made.max() <= values.max() + 1e-9
    np.testing.assert_allclose(bilinear(values, rows, columns), values)
    np.testing.assert_allclose(bilinear(np.full((rows, columns), 3.0), side, side), 3.0)
