"""Speech as a picture: the spectrogram of a span, brought to one size whatever its length.

Source: Zong et al., "Progressive distribution adapted neural networks for cross-corpus speech emotion
recognition" (2022), section on preprocessing: frames of 350 samples that overlap by 175, Hamming window,
Fourier transform. What the article leaves open is chosen here and can be set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features import mel
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.resampling import resampled
from analysis.features.sound import speech_of
from analysis.features.windows import cut, rows_of

Times = NDArray[np.float64]
Picture = NDArray[np.float64]

FLOOR = 1e-10
FLAT_DB = 1e-6
"""A spectrogram that varies less than this is silence: there is nothing to scale."""
_FRAMES_AT_ONCE = 4096


def picture(wave: NDArray[np.floating], frame: int, hop: int, fft: int, side: int) -> Picture | None:
    """Return the spectrogram (side, side) of one utterance (n,), low frequencies and its beginning first.

    Power in dB, 10 log10(|X|^2 + 1e-10), of frames under a Hamming window; minus its mean, over its standard
    deviation; then resized by bilinear interpolation. None for less than one frame, or for silence.
    """
    if len(wave) < frame or not np.isfinite(wave).all():
        return None
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(wave, np.float64), frame)[::hop]
    window = mel.hamming(frame)
    power = np.concatenate(
        [
            mel.power_spectrum(frames[at : at + _FRAMES_AT_ONCE], window, fft)
            for at in range(0, len(frames), _FRAMES_AT_ONCE)
        ]
    )
    levels = 10 * np.log10(power.T + FLOOR)
    spread = levels.std()
    if spread < FLAT_DB:
        return None
    return bilinear((levels - levels.mean()) / spread, side, side)


def bilinear(values: Picture, rows: int, columns: int) -> Picture:
    """Return (rows, columns) of a picture (h, w): straight lines between the four nearest pixels' middles.

    As `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`: nothing is smoothed before a
    picture becomes smaller.
    """
    down, right = _weights(values.shape[0], rows), _weights(values.shape[1], columns)
    return np.asarray(down @ values @ right.T, np.float64)


def _weights(size: int, wanted: int) -> Picture:
    """Return (wanted, size): what each pixel of the new row takes of the old one's."""
    at = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
    low = np.minimum(at.astype(np.intp), max(size - 2, 0))
    made = np.zeros((wanted, size))
    made[np.arange(wanted), low] = 1 - (at - low)
    made[np.arange(wanted), np.minimum(low + 1, size - 1)] += at - low
    return made


def _spectrogram(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    frame, hop = int(settings["frame_samples"]), int(settings["hop_samples"])
    fft, side = int(settings["fft_samples"]) or frame, int(settings["side"])
    if frame < 2 or hop < 1 or side < 1 or fft < frame:
        raise FeatureError(
            f"a spectrogram of {frame} samples every {hop}, transformed by {fft}, {side} pixels wide is"
            " impossible: fft_samples is 0 or at least frame_samples, the others above 0."
        )
    sound = resampled(speech_of(signal), float(settings["rate_hz"]))
    windows = cut(spans, window_s, hop_s)
    begin, stop = rows_of(sound, windows)
    wave = sound.values[:, 0]
    made = np.full((len(windows), side * side), np.nan, np.float32)
    for row, (first, last) in enumerate(zip(begin, stop, strict=True)):
        found = picture(wave[max(0, first) : max(0, last)], frame, hop, fft, side)
        if found is not None:
            made[row] = found.ravel()
    return windows.steps(made, ())


SPECTROGRAM = Feature(
    name="speech.spectrogram",
    version=1,
    modalities=("speech",),
    about=(
        "The spectrogram of an utterance as one plane of N x N pixels, row by row from the lowest frequency: "
        "dB of frames of 350 samples every 175, scaled by the utterance's own mean and deviation. `rate_hz` "
        "16000: everything is brought to that rate first; 0: the recording's own rate, as the article has "
        "it, "
        "which gives 44 kHz recordings frames of 8 ms beside 22 ms at 16 kHz. `side` is N, `fft_samples` "
        "0 the "
        "frame itself. Doubts: size, dB, scaling and resizing are not in the article; speaking rate is lost, "
        "since short and long utterances are stretched to one width. An utterance with a gap has none."
    ),
    source=(
        "Zong et al., Progressive distribution adapted neural networks for cross-corpus speech emotion"
        " recognition (2022), section on preprocessing: frames of 350 samples, overlap 175, Hamming "
        "window, Fourier"
        " transform"
    ),
    extract=_spectrogram,
    settings={
        "frame_samples": 350,
        "hop_samples": 175,
        "fft_samples": 0,
        "rate_hz": 16000.0,
        "side": 224,
    },
)
