"""Speech, frame by frame: the cepstrum that HTK and openSMILE compute, and log-mel spectrograms.

Frames are 25 ms long and follow each other every 10 ms unless the input gives window and hop of its own.
They lie whole inside their span, so that nothing of a neighbouring trial enters. A frame in which samples
are missing is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features import mel
from analysis.features.feature import Feature, Signal, Steps
from analysis.features.sound import speech_of
from analysis.features.windows import Windows, cut, each_window

Times = NDArray[np.float64]

HTK_SCALE = 32767.0
HTK_FLOOR = 1.0
DELTA_REACH = 2
LOG_FLOOR = 1e-10


def _mfcc(signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]) -> Steps:
    sound, windows = speech_of(signal), _frames(spans, window_s, hop_s, settings)
    bands, count = int(settings["bands"]), int(settings["coefficients"])
    low_hz, high_hz = float(settings["lowest_hz"]), float(settings["highest_hz"])
    emphasis, lifter = float(settings["pre_emphasis"]), float(settings["lifter"])
    transform = mel.cosines(bands, count, lifter)

    def compute(samples: NDArray[np.floating]) -> NDArray[np.floating]:
        frames = samples[:, 0] * np.float32(HTK_SCALE)
        energy = np.log(np.maximum(np.einsum("ij,ij->i", frames, frames, dtype=np.float64), HTK_FLOOR))
        flat = frames.copy()
        flat[:, 1:] -= np.float32(emphasis) * frames[:, :-1]
        flat[:, 0] *= np.float32(1 - emphasis)
        length = frames.shape[1]
        size = mel.fft_samples(length)
        power = mel.power_spectrum(flat, mel.hamming(length), size)
        filters = mel.htk_filters(bands, size, sound.rate_hz, low_hz, high_hz)
        logs = np.log(np.maximum(power @ filters.T, HTK_FLOOR))
        # np.maximum lets NaN through: a frame with a gap stays NaN.
        return np.concatenate([logs @ transform, energy[:, None]], axis=1)

    static = each_window(sound, windows, count + 1, compute)
    parts, names = [static], [*(f"mfcc_{i}" for i in range(1, count + 1)), "log_energy"]
    for order in range(1, int(settings["deltas"]) + 1):
        parts.append(delta(parts[-1], windows.first))
        names += [f"{'d' * order}_{name}" for name in names[: count + 1]]
    return windows.steps(np.concatenate(parts, axis=1), tuple(names))


def _log_mel(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    sound, windows = speech_of(signal), _frames(spans, window_s, hop_s, settings)
    bands = int(settings["bands"])
    low_hz, high_hz = float(settings["lowest_hz"]), float(settings["highest_hz"]) or sound.rate_hz / 2

    def compute(samples: NDArray[np.floating]) -> NDArray[np.floating]:
        length = samples.shape[2]
        size = int(settings["fft_samples"]) or mel.fft_samples(length)
        power = mel.power_spectrum(samples[:, 0], mel.hann(length), max(size, length))
        filters = mel.slaney_filters(bands, max(size, length), sound.rate_hz, low_hz, high_hz)
        return 10 * np.log10(np.maximum(power @ filters.T.astype(power.dtype), LOG_FLOOR))

    made = each_window(sound, windows, bands, compute)
    return windows.steps(made, tuple(f"mel_{band + 1}" for band in range(bands)))


def delta(values: NDArray[np.floating], first: NDArray[np.intp], reach: int = DELTA_REACH) -> NDArray[Any]:
    """Return the slope of rows (n, d) over `reach` rows on both sides, inside each span of `first`.

    HTK's regression (The HTK Book 3.4, equation 5.16): sum of j (c[t + j] - c[t - j]) over 2 sum of j^2;
    behind its ends a span goes on as it ended.
    """
    counts = np.diff(first)
    lowest = np.repeat(first[:-1], counts)
    highest = np.repeat(first[1:] - 1, counts)
    here = np.arange(len(values))
    total = np.zeros_like(values)
    for step in range(1, reach + 1):
        ahead, behind = np.minimum(here + step, highest), np.maximum(here - step, lowest)
        total += step * (values[ahead] - values[behind])
    return total / (2 * sum(step**2 for step in range(1, reach + 1)))


def _frames(spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]) -> Windows:
    if window_s:
        return cut(spans, window_s, hop_s)
    return cut(spans, float(settings["frame_s"]), float(settings["hop_s"]))


MFCC = Feature(
    name="speech.mfcc",
    version=1,
    modalities=("speech",),
    about=(
        "12 cepstral coefficients of 26 mel bands and the raw log energy, with first and second "
        "regression coefficients: 39 numbers a frame. Doubts: bands end at 8 kHz or half the rate, so "
        "recordings of different rates do not compare; level and microphone are part of every "
        "coefficient."
    ),
    source=(
        "The HTK Book 3.4, chapter 5, with the settings of openSMILE's MFCC12_E_D_A: Hamming window, "
        "pre-emphasis 0.97 within the frame, power spectrum, lifter 22, samples as 16-bit counts"
    ),
    extract=_mfcc,
    settings={
        "frame_s": 0.025,
        "hop_s": 0.010,
        "bands": 26,
        "coefficients": 12,
        "lowest_hz": 0.0,
        "highest_hz": 8000.0,
        "pre_emphasis": 0.97,
        "lifter": 22.0,
        "deltas": 2,
    },
)

LOG_MEL = Feature(
    name="speech.log_mel",
    version=1,
    modalities=("speech",),
    about=(
        "Power in 64 mel bands, in dB re full scale, a column a band; -100 dB at least. `fft_samples` 0: "
        "the power of two that holds a frame; `highest_hz` 0: half the rate. Doubts: no reference level "
        "and no dynamic range limit is applied, loudness is part of it."
    ),
    source=(
        "librosa 0.11 feature.melspectrogram (Slaney's mel scale and norm, periodic Hann window, power 2, "
        "center=False) and power_to_db(top_db=None)"
    ),
    extract=_log_mel,
    settings={
        "frame_s": 0.025,
        "hop_s": 0.010,
        "bands": 64,
        "lowest_hz": 0.0,
        "highest_hz": 0.0,
        "fft_samples": 0,
    },
)
