"""Frames for speaker recognition: their numbers against slow, plain computations, silence left out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_toeplitz

from analysis.features import speaker_frames as frames
from analysis.features.feature import FeatureError, Signal, feature
from analysis.simulate.answers import Speaker, answer


def mel_of(hertz: float) -> float:
    return float(1127 * np.log(1 + hertz / 700))


def spoken(seconds: float = 1.0, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return answer(Speaker.draw(random), 0.0, seconds, random)


@pytest.mark.parametrize("kind", frames.KINDS)
def test_every_kind_has_sixty_numbers_of_mean_zero(kind: frames.Kind) -> None:
    made = frames.speaker_frames(spoken(), kind, voiced_only=False)
    assert made.shape == (98, 60)
    assert np.isfinite(made).all()
    # A second is shorter than the sliding window: the mean of all of it is off.
    assert np.abs(made.mean(axis=0)).max() < 1e-4


def test_bands_are_the_log_energies_of_a_plain_transform() -> None:
    one = np.random.default_rng(2).standard_normal((1, 400))
    flat = one[0] - one[0].mean()
    flat = np.concatenate([[flat[0] * 0.03], flat[1:] - 0.97 * flat[:-1]]) * np.hamming(400)
    power = np.array(
        [abs(np.sum(flat * np.exp(-2j * np.pi * k * np.arange(400) / 512))) ** 2 for k in range(257)]
    )
    mel = 1127 * np.log(1 + np.arange(257) * 16000 / 512 / 700)
    edges = np.linspace(mel_of(20), mel_of(7600), 62)
    expected = []
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        weight = np.clip(np.minimum((mel - low) / (middle - low), (high - mel) / (high - middle)), 0, None)
        # HTK leaves out the bins of the lowest and the highest frequency.
        weight[[round(hertz * 512 / 16000) for hertz in (20, 7600)]] = 0
        expected.append(np.log(power @ weight))
    found = frames.static_of(one, "fbank")[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    n = np.arange(60)
    basis = np.cos(np.pi * np.outer(n, n + 0.5) / 60) * np.sqrt(2 / 60)
    basis[0] /= np.sqrt(2)
    np.testing.assert_allclose(frames.static_of(one, "mfcc")[0], basis @ found, rtol=1e-6, atol=1e-8)


def test_predictors_solve_the_normal_equations_and_the_cepstrum_is_that_of_their_spectrum() -> None:
    energies = np.exp(np.random.default_rng(3).standard_normal((1, frames.PLP_BANDS)))
    found = frames.perceptual_cepstrum(energies)[0]
    middles = np.linspace(mel_of(20), mel_of(7600), frames.PLP_BANDS + 2)[1:-1]
    square = (700 * (np.exp(middles / 1127) - 1)) ** 2
    loud = np.cbrt(energies[0] * (square / (square + 1.6e5)) ** 2 * (square + 1.44e6) / (square + 9.61e6))
    spectrum = np.concatenate([loud[:1], loud, loud[-1:]])
    whole = np.concatenate([spectrum, spectrum[-2:0:-1]])
    lags = np.fft.ifft(whole).real[:20]
    predictor = solve_toeplitz(lags[:19], lags[1:20])
    error = lags[0] - predictor @ lags[1:20]
    assert found[0] == pytest.approx(np.log(error), rel=1e-6)
    # Numerically: the log of 1 / A over the unit circle, back to time.
    size = 4096
    polynomial = np.fft.fft(np.concatenate([[1.0], -predictor]), size)
    cepstrum = 2 * np.fft.ifft(-np.log(np.abs(polynomial))).real
    np.testing.assert_allclose(found[1:], cepstrum[1:20], atol=1e-5)


def test_the_sliding_mean_is_that_of_a_window_moved_inward_at_the_ends() -> None:
    values = np.random.default_rng(4).standard_normal((50, 3))
    found = frames.without_sliding_mean(values, 20)
    for row in range(50):
        begin = min(max(row - 10, 0), 30)
        np.testing.assert_allclose(
            found[row], values[row] - values[begin : begin + 20].mean(axis=0), atol=1e-12
        )


def test_silence_gaps_and_short_sounds_give_no_frames() -> None:
    sound = spoken()
    quiet = np.concatenate([sound, np.full(16000, 1e-6)])
    loud = len(frames.speaker_frames(sound, "fbank"))
    assert 0 < loud <= len(frames.speaker_frames(quiet, "fbank")) <= loud + 3
    assert len(frames.speaker_frames(np.full(16000, np.nan), "mfcc")) == 0
    assert len(frames.speaker_frames(sound[:300], "mfcc")) == 0


def test_as_a_feature_it_resamples_and_counts_frames_of_each_span() -> None:
    sound = np.repeat(spoken(2.0), 3)[:, None].astype(np.float32)
    signal = Signal("speech", 48000.0, 10.0, sound, ("a",), ("",))
    what = feature("speech.speaker_frames")
    spans = np.array([[10.0, 11.0], [11.5, 11.51]])
    made = what.extract(signal, spans, 0, 0, {**what.settings, "voiced_only": False})
    assert np.diff(made.first).tolist() == [98, 0]
    assert made.times_s[0] == pytest.approx(10.0125)
    with pytest.raises(FeatureError, match="no frames 'mel'"):
        what.extract(signal, spans, 0, 0, {"kind": "mel", "voiced_only": True})
