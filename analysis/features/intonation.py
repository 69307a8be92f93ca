"""The melody of a span: how pitch moves inside voiced segments, and from the first half to the second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INTONATION = (
    "segment_slope_mean", "segment_slope_sd", "segment_slope_steepness", "segment_range_mean",
    "segment_range_max", "segment_pitch_sd", "pitch_curvature", "pitch_second_half", "pitch_loudness_r",
)  # fmt: skip
"""Slopes in semitones a second, ranges and halves in semitones, curvature in semitones a second squared."""
LEAST_FRAMES = 4


def intonation(pitch_st: Floats, loudness: Floats, hop_s: float) -> Floats:
    """Return the numbers of `INTONATION` for contours (k,); NaN where too little is voiced."""
    made = np.full(len(INTONATION), np.nan)
    voiced = np.isfinite(pitch_st)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], voiced, [False])).astype(np.int8)))
    parts = [
        pitch_st[start:stop]
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if stop - start >= LEAST_FRAMES
    ]
    if not parts:
        return made
    slopes = np.array([_slope(part) / hop_s for part in parts])
    ranges = np.array([np.ptp(part) for part in parts])
    made[:6] = (
        slopes.mean(),
        slopes.std(),
        np.abs(slopes).mean(),
        ranges.mean(),
        ranges.max(),
        np.std([part.mean() for part in parts]),
    )
    times = np.flatnonzero(voiced) * hop_s
    known, half = pitch_st[voiced], len(times) // 2
    made[6] = np.polyfit(times - times.mean(), known, 2)[0]
    made[7] = known[half:].mean() - known[:half].mean()
    loud = loudness[voiced]
    if np.ptp(known) > 0 and np.isfinite(loud).all() and np.ptp(loud) > 0:
        made[8] = np.corrcoef(known, loud)[0, 1]
    return made


def _slope(values: Floats) -> float:
    away = np.arange(len(values)) - (len(values) - 1) / 2
    return float(away @ values / (away @ away))
