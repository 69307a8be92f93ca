"""How a span is spoken: how fast, with how many pauses, how evenly voiced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.features.voice_frames import HOP_S, VoiceFrames

Floats = NDArray[np.float64]

RHYTHM = (
    "speech_s", "speech_share", "pauses_per_s", "mean_pause_s", "voiced_share", "voiced_segments_per_s",
    "voiced_segment_mean_s", "voiced_segment_sd_s", "unvoiced_segment_mean_s", "unvoiced_segment_sd_s",
    "loudness_peaks_per_s", "loudness_peak_sd", "jitter_whole", "shimmer_whole",
)  # fmt: skip
_SMOOTH_FRAMES = 5
_LEAST_RISE = 0.15
"""A peak stands out by this share of the loudest frame, as syllables do."""


def rhythm(frames: VoiceFrames, part: slice, active: NDArray[np.bool_]) -> Floats:
    """Return the numbers of `RHYTHM` for a part of the frames, `active` saying which hold speech."""
    length_s = (part.stop - part.start) * HOP_S
    voiced = frames.of("voiced")[part] > 0
    pauses = _lengths(~active[part]) * HOP_S
    on, off = _lengths(voiced) * HOP_S, _lengths(~voiced) * HOP_S
    peaks = syllable_peaks(frames.of("loudness")[part])
    heights = frames.of("loudness")[part][peaks]
    start_s, stop_s = frames.times_s[part.start], frames.times_s[part.stop - 1]
    inside = (frames.cycles.times_s >= start_s) & (frames.cycles.times_s <= stop_s)
    return np.array(
        [
            length_s,
            active[part].mean(),
            len(pauses) / length_s,
            pauses.mean() if len(pauses) else 0.0,
            voiced.mean(),
            len(on) / length_s,
            on.mean() if len(on) else np.nan,
            on.std() if len(on) else np.nan,
            off.mean() if len(off) else 0.0,
            off.std() if len(off) else 0.0,
            len(peaks) / length_s,
            heights.std() / heights.mean() if len(heights) > 1 else np.nan,
            frames.cycles.jitter(inside),
            frames.cycles.shimmer(inside),
        ],
        np.float64,
    )


def syllable_peaks(loudness: Floats) -> NDArray[np.intp]:
    """Return the frames at which loudness peaks, about one a syllable.

    Loudness is smoothed over 50 ms; a peak rises well above the valleys on both sides.
    """
    from scipy.signal import find_peaks

    known = np.nan_to_num(loudness)
    if len(known) < _SMOOTH_FRAMES or not known.any():
        return np.zeros(0, np.intp)
    smooth = np.convolve(known, np.ones(_SMOOTH_FRAMES) / _SMOOTH_FRAMES, "same")
    found, _ = find_peaks(smooth, prominence=_LEAST_RISE * smooth.max())
    return np.asarray(found, np.intp)


def _lengths(is_on: NDArray[np.bool_]) -> Floats:
    """Return how many frames each run of true ones lasts."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_on, [False])).astype(np.int8)))
    return np.asarray(edges[1::2] - edges[::2], np.float64)
