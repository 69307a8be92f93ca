"""Cepstra by HTK's definitions, computed here a second time in loops; log-mel equal to librosa's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.feature import FeatureError, Signal
from analysis.features.mel import slaney_filters
from analysis.features.speech import delta
from tests.helpers.voices import extracted, sound_signal

Floats = NDArray[np.float64]
ORACLE = Path(__file__).with_name("fixtures") / "speech_librosa.npz"


@pytest.fixture(scope="module")
def librosa() -> dict[str, NDArray[np.floating]]:
    with np.load(ORACLE, allow_pickle=False) as file:
        return dict(file)


def test_log_mel_is_that_of_librosa(librosa: dict[str, NDArray[np.floating]]) -> None:
    rate_hz = float(librosa["rate_hz"])
    signal = sound_signal(librosa["sound"], rate_hz)
    whole = [(0.0, len(librosa["sound"]) / rate_hz)]
    made = extracted("speech.log_mel", signal, whole)
    assert made.values.shape == librosa["log_mel_64"].shape
    np.testing.assert_allclose(made.values, librosa["log_mel_64"], atol=2e-3)
    other = extracted(
        "speech.log_mel", signal, whole, 0.05, 0.02, bands=40, lowest_hz=60.0, highest_hz=6000.0
    )
    np.testing.assert_allclose(other.values, librosa["log_mel_40"], atol=2e-3)


def test_filters_and_deltas_are_those_of_librosa(librosa: dict[str, NDArray[np.floating]]) -> None:
    made = slaney_filters(64, 1024, 22050.0, 0.0, 11025.0)
    np.testing.assert_allclose(made, librosa["filters_22050"], atol=1e-8)
    rows = librosa["rows"]
    np.testing.assert_allclose(delta(rows, np.array([0, len(rows)])), librosa["delta"], atol=1e-12)


def htk_frame(samples: Floats, rate_hz: float) -> Floats:
    """One frame by The HTK Book's formulas, a loop each: 12 coefficients and the log energy."""
    counts = [32767.0 * value for value in samples]
    energy = math.log(max(1.0, sum(value * value for value in counts)))
    raised = [counts[0] * 0.03] + [counts[i] - 0.97 * counts[i - 1] for i in range(1, len(counts))]
    n = len(raised)
    shaped = [raised[i] * (0.54 - 0.46 * math.cos(2 * math.pi * i / (n - 1))) for i in range(n)]
    size = 2 ** math.ceil(math.log2(n))
    power = np.abs(np.fft.fft(shaped, size)[: size // 2 + 1]) ** 2

    def mel(hertz: float) -> float:
        return 1127 * math.log(1 + hertz / 700)

    top = min(8000.0, rate_hz / 2)
    step = mel(top) / 27
    logs = []
    for band in range(1, 27):
        total = 0.0
        for i in range(1, round(top * size / rate_hz)):
            away = abs(mel(i * rate_hz / size) - band * step) / step
            total += max(0.0, 1 - away) * power[i]
        logs.append(math.log(max(1.0, total)))
    made = []
    for i in range(1, 13):
        value = sum(logs[j] * math.cos(math.pi * i / 26 * (j + 0.5)) for j in range(26)) * math.sqrt(2 / 26)
        made.append(value * (1 + 11 * math.sin(math.pi * i / 22)))
    return np.array([*made, energy])


@pytest.mark.parametrize("rate_hz", [16000.0, 22050.0, 8000.0])
def test_cepstra_are_htks(librosa: dict[str, NDArray[np.floating]], rate_hz: float) -> None:
    sound = librosa["sound"].astype(np.float64)
    made = extracted("speech.mfcc", sound_signal(sound, rate_hz), [(0.0, len(sound) / rate_hz)])
    assert made.values.shape[1] == 39
    assert made.names[:2] == ("mfcc_1", "mfcc_2")
    assert made.names[12:14] == ("log_energy", "d_mfcc_1")
    assert made.names[-1] == "dd_log_energy"
    length = round(0.025 * rate_hz)
    for frame in (0, 3, 17):
        begin = math.floor(frame * 0.01 * rate_hz + 0.5)
        expected = htk_frame(sound[begin : begin + length], rate_hz)
        np.testing.assert_allclose(made.values[frame, :13], expected, atol=2e-3)


def test_second_deltas_are_deltas_of_deltas_and_stay_in_their_span() -> None:
    sound = 0.1 * np.random.default_rng(1).normal(size=32000)
    signal = sound_signal(sound, 16000.0)
    both = extracted("speech.mfcc", signal, [(0.0, 0.5), (1.0, 1.4)])
    alone = extracted("speech.mfcc", signal, [(1.0, 1.4)])
    np.testing.assert_array_equal(both.values[both.first[1] :], alone.values)
    first = np.array([0, len(alone.values)])
    np.testing.assert_allclose(delta(alone.values[:, 13:26], first), alone.values[:, 26:], atol=1e-4)


def test_frames_lie_whole_inside_their_span_and_know_their_middle() -> None:
    signal = sound_signal(np.zeros(16000), 16000.0, start_s=100.0)
    made = extracted("speech.mfcc", signal, [(100.0, 100.1), (100.5, 100.52), (100.9, 101.0)])
    assert made.first.tolist() == [0, 8, 8, 16]
    np.testing.assert_allclose(made.times_s[:2], [100.0125, 100.0225])
    assert made.times_s[-1] < 101.0


def test_silence_is_a_number_and_a_gap_is_none() -> None:
    sound = np.zeros(16000)
    assert np.isfinite(extracted("speech.mfcc", sound_signal(sound, 16000.0), [(0.0, 1.0)]).values).all()
    sound[8000:8010] = np.nan
    made = extracted("speech.log_mel", sound_signal(sound, 16000.0), [(0.0, 1.0)])
    lost = np.isnan(made.values).all(axis=1)
    touched = np.abs(made.times_s - 0.5003) < 0.0128
    np.testing.assert_array_equal(lost, touched)
    assert np.isfinite(made.values[~lost]).all()


def test_channels_are_averaged_and_what_is_no_sound_is_refused() -> None:
    random = np.random.default_rng(2)
    pair = random.normal(0, 0.1, (8000, 2)).astype(np.float32)
    stereo = Signal("speech", 16000.0, 0.0, pair, ("left", "right"), ("", ""))
    mono = sound_signal(pair.mean(axis=1), 16000.0)
    span = [(0.0, 0.5)]
    np.testing.assert_allclose(
        extracted("speech.mfcc", stereo, span).values, extracted("speech.mfcc", mono, span).values, atol=1e-3
    )
    nothing = Signal("speech", 0.0, 0.0, np.zeros((0, 0), np.float32), (), ())
    with pytest.raises(FeatureError, match="holds no sound"):
        extracted("speech.log_mel", nothing, span)
