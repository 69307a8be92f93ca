"""Frames of speech as speaker recognition takes them: 60 numbers every 10 ms where somebody speaks.

Frames are 25 ms under a Hamming window every 10 ms, of sound at 16 kHz; bands lie between 20 and 7600 Hz.
After Kaldi's recipes (Povey et al. 2011): pre-emphasis 0.97 within the frame, the mean of 300 frames around
each taken off, and then frames without a voice left out, by energy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analysis.features import mel
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.resampling import resampled
from analysis.features.sound import speech_of
from analysis.features.speech import delta
from analysis.features.voice_activity import is_speech

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Kind = Literal["mfcc", "plp", "fbank"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SIZE = 60
RATE_HZ = 16000.0
FRAME_S, HOP_S = 0.025, 0.010
LOWEST_HZ, HIGHEST_HZ = 20.0, 7600.0
PRE_EMPHASIS = 0.97
MEAN_FRAMES = 300
PLP_STATIC = 20
PLP_BANDS = 40
FLOOR = 1e-10
_BLOCK = 20_000


def speaker_frames(sound: NDArray[np.floating], kind: Kind, *, voiced_only: bool = True) -> Floats:
    """Return the frames (k, 60) of a sound (n,) of full scale 1 at 16 kHz; none where nobody speaks.

    NaN samples make their frames unvoiced.
    """
    frames = framed(np.asarray(sound, np.float64))
    if not len(frames):
        return np.zeros((0, SIZE), np.float32)
    known = np.isfinite(frames).all(axis=1)
    parts = [static_of(np.nan_to_num(frames[at : at + _BLOCK]), kind) for at in range(0, len(frames), _BLOCK)]
    made = np.concatenate(parts)
    if kind == "plp":
        first = np.array([0, len(made)], np.intp)
        once = delta(made, first)
        made = np.hstack([made, once, delta(once, first)])
    made = without_sliding_mean(made)
    if voiced_only:
        made = made[known & voiced(frames)]
    return np.asarray(made, np.float32)


def framed(sound: Wide) -> Wide:
    """Return the frames (k, 400) of a sound (n,) that lie whole inside it."""
    length, hop = round(FRAME_S * RATE_HZ), round(HOP_S * RATE_HZ)
    if len(sound) < length:
        return np.zeros((0, length))
    return np.lib.stride_tricks.sliding_window_view(sound, length)[::hop]


def voiced(frames: Wide) -> NDArray[np.bool_]:
    """Return which frames (k, n) somebody speaks in, by their level."""
    power = np.mean(np.square(frames), axis=1)
    return is_speech(10 * np.log10(np.maximum(power, 1e-12)), HOP_S)


def static_of(frames: Wide, kind: Kind) -> Wide:
    """Return frames (k, n) in numbers of one kind, without slopes: (k, 60), or (k, 20) of PLP."""
    flat = frames - frames.mean(axis=1, keepdims=True)
    emphasised = flat.copy()
    emphasised[:, 1:] -= PRE_EMPHASIS * flat[:, :-1]
    emphasised[:, 0] *= 1 - PRE_EMPHASIS
    size = mel.fft_samples(frames.shape[1])
    power = mel.power_spectrum(emphasised, mel.hamming(frames.shape[1]), size)
    bands = PLP_BANDS if kind == "plp" else SIZE
    energies = power @ mel.htk_filters(bands, size, RATE_HZ, LOWEST_HZ, HIGHEST_HZ).T
    if kind == "plp":
        return perceptual_cepstrum(energies)
    logs = np.log(np.maximum(energies, FLOOR))
    if kind == "fbank":
        return np.asarray(logs, np.float64)
    from scipy.fft import dct

    return np.asarray(dct(logs, type=2, norm="ortho", axis=1), np.float64)


def perceptual_cepstrum(energies: Wide) -> Wide:
    """Return (k, 20) perceptual linear prediction cepstra of band energies (k, bands), the gain first.

    Hermansky 1990, as Kaldi builds it: equal loudness, cube root, the outer bands doubled, autocorrelation by
    a cosine transform, linear prediction of order 19, cepstrum by recursion.
    """
    loud = np.cbrt(np.maximum(energies, FLOOR) * _loudness(energies.shape[1]))
    doubled = np.hstack([loud[:, :1], loud, loud[:, -1:]])
    correlation = doubled @ _inverse_cosines(doubled.shape[1], PLP_STATIC)
    coefficients, error = predictors(correlation)
    cepstrum = np.empty((len(energies), PLP_STATIC))
    cepstrum[:, 0] = np.log(np.maximum(error, FLOOR))
    for n in range(1, PLP_STATIC):
        total = coefficients[:, n - 1].copy()
        for j in range(1, n):
            total += (j / n) * cepstrum[:, j] * coefficients[:, n - j - 1]
        cepstrum[:, n] = total
    return cepstrum


def predictors(correlation: Wide) -> tuple[Wide, Wide]:
    """Return linear predictors (k, p) and errors (k,) of autocorrelations (k, p + 1): Levinson-Durbin."""
    order = correlation.shape[1] - 1
    found = np.zeros((len(correlation), order))
    error = np.maximum(correlation[:, 0].copy(), FLOOR)
    for i in range(order):
        past = np.einsum("kj,kj->k", found[:, :i], correlation[:, i:0:-1]) if i else 0.0
        reflection = (correlation[:, i + 1] - past) / error
        if i:
            found[:, :i] -= reflection[:, None] * found[:, :i][:, ::-1]
        found[:, i] = reflection
        error = np.maximum(error * (1 - reflection**2), FLOOR)
    return found, error


def without_sliding_mean(frames: Wide, around: int = MEAN_FRAMES) -> Wide:
    """Return frames (k, d) less the mean of `around` frames about each; at the ends the window moves."""
    count = len(frames)
    total = np.vstack([np.zeros(frames.shape[1]), np.cumsum(frames, axis=0)])
    begin = np.arange(count) - around // 2
    begin = np.clip(begin, 0, max(count - around, 0))
    stop = np.minimum(begin + around, count)
    return np.asarray(frames - (total[stop] - total[begin]) / (stop - begin)[:, None], np.float64)


@lru_cache(maxsize=4)
def _loudness(bands: int) -> Wide:
    top, bottom = (1127.0 * np.log1p(hertz / 700.0) for hertz in (HIGHEST_HZ, LOWEST_HZ))
    middles = 700.0 * np.expm1(np.linspace(bottom, top, bands + 2)[1:-1] / 1127.0)
    square = middles**2
    weight = square / (square + 1.6e5)
    return np.asarray(weight**2 * (square + 1.44e6) / (square + 9.61e6), np.float64)


@lru_cache(maxsize=4)
def _inverse_cosines(points: int, lags: int) -> Wide:
    """Return (points, lags): half a power spectrum, ends included, to its autocorrelation."""
    angle = np.pi * np.arange(points)[:, None] * np.arange(lags)[None, :] / (points - 1)
    weight = np.full((points, 1), 2.0)
    weight[0], weight[-1] = 1.0, 1.0
    return np.asarray(weight * np.cos(angle) / (2 * (points - 1)), np.float64)


def sound_of(signal: Signal) -> tuple[NDArray[np.float32], float]:
    """Return a recording's speech at 16 kHz (n,), and when it begins; raises FeatureError."""
    made = resampled(speech_of(signal), RATE_HZ)
    if abs(made.rate_hz - RATE_HZ) > 0.01 * RATE_HZ:
        raise FeatureError(f"sound at {signal.rate_hz:g} Hz cannot be brought to 16 kHz.")
    return made.values[:, 0], made.start_s


def checked_kind(kind: str) -> Kind:
    """Return the kind of frames of this name; raises FeatureError."""
    if kind not in KINDS:
        raise FeatureError(f"there are no frames '{kind}'. There are: {', '.join(KINDS)}.")
    return kind


def _frames(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s
    kind, voiced_only = checked_kind(str(settings["kind"])), bool(settings["voiced_only"])
    sound, start_s = sound_of(signal)
    parts, times, first = [], [], [0]
    for begin_s, stop_s in spans:
        low, high = (round((each - start_s) * RATE_HZ) for each in (begin_s, stop_s))
        inside = sound[max(low, 0) : max(high, 0)]
        made = speaker_frames(inside, kind, voiced_only=voiced_only)
        parts.append(made)
        times.append(begin_s + FRAME_S / 2 + HOP_S * np.arange(len(made)))
        first.append(first[-1] + len(made))
    values = np.concatenate([*parts, np.zeros((0, SIZE), np.float32)])
    names = tuple(f"{kind}_{place}" for place in range(SIZE))
    return Steps(values, np.array(first, np.intp), np.concatenate([*times, np.zeros(0)]), names)


SPEAKER_FRAMES = Feature(
    name="speech.speaker_frames",
    version=1,
    modalities=("speech",),
    about=(
        "60 numbers a frame for speaker recognition: 60 cepstra (mfcc), 20 perceptual linear prediction "
        "cepstra with both slopes (plp), or 60 log mel bands (fbank); sliding mean off, frames without a "
        "voice left out, so that times only count frames. Doubts: which 60 numbers the paper took it does "
        "not say."
    ),
    source=(
        "Kaldi's speaker recipes (Povey et al. 2011): Hamming window, 25 ms every 10 ms, 16 kHz, 20 to 7600 "
        "Hz, mean over 300 frames; PLP after Hermansky 1990"
    ),
    extract=_frames,
    settings={"kind": "mfcc", "voiced_only": True},
)
