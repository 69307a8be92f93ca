"""Log-mel patches of 0.96 s, as VGGish is given them: 96 frames of 10 ms by 64 mel bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features import mel
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.resampling import resampled
from analysis.features.sound import speech_of

Floats = NDArray[np.float32]

RATE_HZ = 16_000
PATCH_S = 0.96
FRAMES, BANDS = 96, 64
FRAME, HOP, FFT = 400, 160, 512
PATCH = FRAMES * HOP
LOWEST_HZ, HIGHEST_HZ = 125.0, 7500.0
OFFSET = 0.01
MOST_MISSING = 0.5
"""A patch of which more is missing has no number; less of it counts as silence."""


def windows_in(length_s: float) -> int:
    """Return how many windows of 0.96 s a span gives: whole ones only, but at least one."""
    return max(1, int((length_s + 1e-6) // PATCH_S))


def patches_of(samples: NDArray[np.floating]) -> Floats:
    """Return (patches, 96, 64) of sound at 16 kHz (n,): `windows_in` of them, silence behind its end.

    Each is 96 frames of 25 ms every 10 ms under a periodic Hann window: magnitude of the 512-point spectrum
    in 64 mel bands (HTK's scale) from 125 to 7500 Hz, log(x + 0.01). The last frame of a patch reaches 15 ms
    into the next one.
    """
    count = windows_in(len(samples) / RATE_HZ)
    wanted = (count * FRAMES - 1) * HOP + FRAME
    sound = np.zeros(wanted)
    kept = min(wanted, len(samples))
    sound[:kept] = np.nan_to_num(samples[:kept])
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    spectrum = np.sqrt(mel.power_spectrum(frames, mel.hann(FRAME), FFT))
    filters = mel.htk_filters(BANDS, FFT, float(RATE_HZ), LOWEST_HZ, HIGHEST_HZ)
    made = np.log(spectrum @ filters.T + OFFSET).reshape(count, FRAMES, BANDS).astype(np.float32)
    for place in range(count):
        part = samples[place * PATCH : (place + 1) * PATCH]
        if np.isnan(part).mean() > MOST_MISSING or not len(part):
            made[place] = np.nan
    return made


def _patches(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s, settings
    sound = resampled(speech_of(signal), float(RATE_HZ))
    if abs(sound.rate_hz - RATE_HZ) > 1.0:
        raise FeatureError(f"speech.patches: a sound of {signal.rate_hz:g} Hz cannot be brought to 16 kHz.")
    values: list[Floats] = []
    times: list[float] = []
    first = [0]
    for low, high in spans.tolist():
        begin = round((low - sound.start_s) * RATE_HZ)
        count = max(1, round((high - low) * RATE_HZ))
        rows = np.full(count, np.nan, np.float32)
        inside = slice(max(0, -begin), max(0, min(count, len(sound.values) - begin)))
        if inside.stop > inside.start:
            rows[inside] = sound.values[begin + inside.start : begin + inside.stop, 0]
        made = patches_of(rows)
        values.append(made)
        times += [low + (place + 0.5) * PATCH_S for place in range(len(made))]
        first.append(first[-1] + len(made))
    table = np.concatenate(values) if values else np.zeros((0, FRAMES, BANDS), np.float32)
    return Steps(table, np.array(first, np.intp), np.array(times, np.float64), ())


PATCHES = Feature(
    name="speech.patches",
    version=1,
    modalities=("speech",),
    about=(
        "Log-mel patches of 96 frames by 64 bands, one a 0.96 s: floor(length / 0.96), at least one, which "
        "is filled up with silence. Doubts: level and microphone are part of every number; the last frame of "
        "a span's last patch hears 15 ms of silence instead of what comes next."
    ),
    source=(
        "Hershey et al., CNN Architectures for Large-Scale Audio Classification (2017), front end of VGGish: "
        "16 kHz, Hann 400/160, FFT 512, magnitude, 64 HTK mel bands 125 to 7500 Hz, log(x + 0.01)"
    ),
    extract=_patches,
)
