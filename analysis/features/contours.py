"""The contours that functionals are taken of: voice, spectrum and cepstrum, scaled as they are heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.features import mel
from analysis.features.voice_frames import NAMES, VoiceFrames

Floats = NDArray[np.float64]

LOWEST_PITCH_HZ = 27.5
"""Semitones are counted from here, as in eGeMAPS."""
CEPSTRA, BANDS, HIGHEST_HZ = 12, 26, 8000.0
_FLOOR = 1e-10
_RENAMED = {
    "pitch_hz": "pitch_st",
    "loudness": "log_loudness",
    "zero_crossings_per_s": "log_zero_crossings",
    **{name: f"log_{name}" for name in ("centroid_hz", "spread_hz", "rolloff_hz", "b1_hz", "b2_hz", "b3_hz")},
}
_VOICE_COLUMNS = tuple(name for name in NAMES if name != "voiced")
VOICE = tuple(_RENAMED.get(name, name) for name in _VOICE_COLUMNS)
SPECTRUM = (
    "log_loudness", "level_db", "log_centroid_hz", "log_spread_hz", "log_rolloff_hz", "flatness_db", "flux",
    "slope_0_500", "slope_500_1500", "alpha_ratio_db", "hammarberg_db", "log_zero_crossings",
)  # fmt: skip
"""Those of `VOICE` that unvoiced frames have too."""
CEPSTRUM = tuple(f"mfcc_{number}" for number in range(1, CEPSTRA + 1))
SHAPE = tuple(f"band_{number}" for number in range(1, BANDS + 1))
CONTOURS = VOICE + CEPSTRUM + SHAPE
"""The columns of `contours`."""


def contours(frames: VoiceFrames) -> Floats:
    """Return the contours (k, names) of a sound's frames; NaN where a frame has no such number.

    Pitch is in semitones above 27.5 Hz; loudness, frequencies and rates with a skewed spread are logarithms.
    Bands are the log power of 26 HTK mel bands up to 8 kHz less the frame's mean over them; cepstra are their
    cosine transform, without pre-emphasis and lifter.
    """
    columns = []
    for name in _VOICE_COLUMNS:
        values = frames.of(name)
        if name == "pitch_hz":
            values = 12 * np.log2(values / LOWEST_PITCH_HZ)
        elif name in _RENAMED:
            values = np.log(values + (0.01 if name == "loudness" else 50.0))
        columns.append(values)
    logs = _log_bands(frames)
    silent = ~np.isfinite(frames.of("centroid_hz"))
    shape = logs - logs.mean(axis=1, keepdims=True)
    made = np.concatenate([logs @ mel.cosines(BANDS, CEPSTRA), shape], axis=1)
    made[silent] = np.nan
    return np.concatenate([np.stack(columns, axis=1), made], axis=1)


def _log_bands(frames: VoiceFrames) -> Floats:
    size = 2 * (frames.power.shape[1] - 1)
    filters = mel.htk_filters(BANDS, size, frames.bin_hz * size, 0.0, HIGHEST_HZ)
    return np.asarray(np.log(np.maximum(frames.power @ filters.T, _FLOOR)), np.float64)
