"""A sound described every 10 ms: pitch, cycles, loudness, spectrum and formants, on one grid of frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.features import mel
from analysis.features.formants import formants
from analysis.features.voice_cycles import Cycles, around, cycles, harmonics_to_noise
from analysis.views.voice import pitch

Floats = NDArray[np.float64]

HOP_S = 0.01
FRAME_S = 0.04
CYCLE_WINDOW_S = 0.06
HIGHEST_HZ = 8000.0
LOUDNESS_BANDS = 26
SILENT_POWER = 1e-10
"""Mean power below -100 dBFS is digital silence, which has no spectrum."""
NAMES = (
    "pitch_hz", "voiced", "jitter", "shimmer", "hnr_db", "loudness", "level_db", "centroid_hz", "spread_hz",
    "rolloff_hz", "flatness_db", "flux", "slope_0_500", "slope_500_1500", "alpha_ratio_db", "hammarberg_db",
    "zero_crossings_per_s", "h1_h2_db", "h1_a3_db", "f1_hz", "f2_hz", "f3_hz", "b1_hz", "b2_hz", "b3_hz",
)  # fmt: skip
"""The columns of `VoiceFrames.values`."""


@dataclass(frozen=True, slots=True)
class VoiceFrames:
    """Frames of a sound: their middles `times_s` (k,) from its start, numbers (k, names), and its cycles.

    NaN where a number means nothing: pitch, cycles and formants of unvoiced frames, spectra of silence.
    `power` (k, bins) is the power spectrum, its bins `bin_hz` apart.
    """

    times_s: Floats
    values: Floats
    cycles: Cycles
    power: Floats
    bin_hz: float

    def of(self, name: str) -> Floats:
        """Return one column (k,)."""
        return self.values[:, NAMES.index(name)]


def describe(sound: Floats, rate_hz: float) -> VoiceFrames:
    """Return the frames of a sound (n,) of full scale 1; frames that touch a missing sample are NaN."""
    length = round(FRAME_S * rate_hz)
    size = mel.fft_samples(length)
    begin = _begins(len(sound), length, rate_hz)
    times = np.asarray((begin + length / 2) / rate_hz, np.float64)
    missing = ~np.isfinite(sound)
    known = np.where(missing, 0.0, sound)
    if not len(begin):
        none = np.zeros(0)
        power = np.zeros((0, size // 2 + 1))
        marks = cycles(known, rate_hz, none, none)
        return VoiceFrames(times, np.zeros((0, len(NAMES))), marks, power, rate_hz / size)
    frames = np.lib.stride_tricks.sliding_window_view(known, length)[begin]
    window = mel.hamming(length)
    power = mel.power_spectrum(frames, window, size) * (2 / np.sum(window**2) / length)
    curve = pitch(known, rate_hz, 0.0)
    marks = cycles(known, rate_hz, curve.times_s, curve.values)
    hertz = _nearest(curve.times_s, curve.values, times)
    resonances = _formants(known, rate_hz, times, np.isfinite(hertz))
    columns = {
        **_voicing(known, rate_hz, times, hertz, marks),
        **_levels(frames, power, size, rate_hz),
        **_spectrum(power, rate_hz / size),
        **resonances,
        **_harmonics(power, rate_hz / size, hertz, resonances["f3_hz"]),
    }
    made = np.stack([columns[name] for name in NAMES], axis=1)
    if missing.any():
        sums = np.concatenate(([0], np.cumsum(missing)))
        made[sums[begin + length] > sums[begin]] = np.nan
    return VoiceFrames(times, made, marks, power, rate_hz / size)


def _begins(samples: int, length: int, rate_hz: float) -> NDArray[np.intp]:
    """Return the first sample of every frame that lies whole in a sound."""
    if samples < length:
        return np.zeros(0, np.intp)
    count = math.floor((samples - length) / (HOP_S * rate_hz) + 1e-6) + 1
    begin = np.round(np.arange(count) * HOP_S * rate_hz).astype(np.intp)
    return begin[begin + length <= samples]


def _voicing(sound: Floats, rate_hz: float, times: Floats, hertz: Floats, marks: Cycles) -> dict[str, Floats]:
    unvoiced = ~np.isfinite(hertz)
    jitter, shimmer = around(marks, times, CYCLE_WINDOW_S)
    jitter[unvoiced], shimmer[unvoiced] = np.nan, np.nan
    return {
        "pitch_hz": hertz,
        "voiced": (~unvoiced).astype(np.float64),
        "jitter": jitter,
        "shimmer": shimmer,
        "hnr_db": harmonics_to_noise(sound, rate_hz, times, hertz, FRAME_S),
    }


def _formants(sound: Floats, rate_hz: float, times: Floats, voiced: NDArray[np.bool_]) -> dict[str, Floats]:
    found, wide = formants(sound, rate_hz, times[voiced])
    made: dict[str, Floats] = {}
    for place in range(3):
        for name, values in ((f"f{place + 1}_hz", found), (f"b{place + 1}_hz", wide)):
            made[name] = np.full(len(times), np.nan)
            made[name][voiced] = values[:, place]
    return made


def _nearest(times_s: Floats, values: Floats, wanted_s: Floats) -> Floats:
    if not len(times_s):
        return np.full(len(wanted_s), np.nan)
    after = np.clip(np.searchsorted(times_s, wanted_s), 0, len(times_s) - 1)
    before = np.maximum(after - 1, 0)
    near = np.where(wanted_s - times_s[before] < np.abs(times_s[after] - wanted_s), before, after)
    return np.where(np.abs(times_s[near] - wanted_s) <= 0.6 * HOP_S, values[near], np.nan)


def _levels(frames: Floats, power: Floats, size: int, rate_hz: float) -> dict[str, Floats]:
    mean = np.einsum("ij,ij->i", frames, frames) / frames.shape[1]
    crossings = (np.diff(np.signbit(frames), axis=1)).sum(axis=1) / (frames.shape[1] / rate_hz)
    silent = mean < SILENT_POWER
    return {
        "level_db": 10 * np.log10(np.maximum(mean, SILENT_POWER)),
        "loudness": _loudness(power, size, rate_hz),
        "zero_crossings_per_s": np.where(silent, np.nan, crossings),
    }


def _loudness(power: Floats, size: int, rate_hz: float) -> Floats:
    """Return the sum over bands of (equal-loudness weight x power) ^ 0.33: steps of PLP (Hermansky 1990)."""
    filters = mel.htk_filters(LOUDNESS_BANDS, size, rate_hz, 20.0, HIGHEST_HZ)
    hertz = np.arange(size // 2 + 1) * rate_hz / size
    middles = filters @ hertz / np.maximum(filters.sum(axis=1), 1e-12)
    w = (2 * np.pi * middles) ** 2
    weights = (w + 56.8e6) * w**2 / ((w + 6.3e6) ** 2 * (w + 0.38e9))
    return np.asarray(((power @ filters.T * weights) ** 0.33).sum(axis=1), np.float64)


def _spectrum(power: Floats, bin_hz: float) -> dict[str, Floats]:
    top = min(power.shape[1], int(HIGHEST_HZ / bin_hz) + 1)
    used = power[:, 1:top]
    hertz = np.arange(1, top) * bin_hz
    total = used.sum(axis=1)
    silent = total < SILENT_POWER
    total = np.where(silent, 1.0, total)
    share = used / total[:, None]
    centroid = share @ hertz
    decibel = 10 * np.log10(np.maximum(used, 1e-14))
    root = np.sqrt(share)
    flux = np.concatenate(([np.nan], np.linalg.norm(np.diff(root, axis=0), axis=1)))
    reached = np.cumsum(share, axis=1) >= 0.85
    low, high = (hertz >= 50) & (hertz < 1000), (hertz >= 1000) & (hertz < 5000)
    made = {
        "centroid_hz": centroid,
        "spread_hz": np.sqrt(np.maximum(share @ hertz**2 - centroid**2, 0.0)),
        "rolloff_hz": hertz[reached.argmax(axis=1)],
        "flatness_db": decibel.mean(axis=1) - 10 * np.log10(np.maximum(used.mean(axis=1), 1e-14)),
        "flux": flux,
        "slope_0_500": _slope(decibel, hertz, 0, 500),
        "slope_500_1500": _slope(decibel, hertz, 500, 1500),
        "alpha_ratio_db": _ratio_db(used[:, high].sum(axis=1), used[:, low].sum(axis=1)),
        "hammarberg_db": decibel[:, hertz < 2000].max(axis=1)
        - decibel[:, (hertz >= 2000) & (hertz < 5000)].max(axis=1),
    }
    for values in made.values():
        values[silent] = np.nan
    made["flux"][1:][silent[:-1]] = np.nan
    return made


def _ratio_db(above: Floats, below: Floats) -> Floats:
    return np.asarray(10 * np.log10(np.maximum(above, 1e-14) / np.maximum(below, 1e-14)), np.float64)


def _slope(decibel: Floats, hertz: Floats, low_hz: float, high_hz: float) -> Floats:
    """Return the slope of the spectrum in dB per kHz between two frequencies, by least squares."""
    inside = (hertz >= low_hz) & (hertz <= high_hz)
    away = (hertz[inside] - hertz[inside].mean()) / 1000
    return np.asarray(decibel[:, inside] @ away / (away @ away), np.float64)


def _harmonics(power: Floats, bin_hz: float, hertz: Floats, third_hz: Floats) -> dict[str, Floats]:
    """Return how much stronger the first harmonic is than the second, and than the one next to formant 3."""
    first = _peak_db(power, bin_hz, hertz, hertz)
    second = _peak_db(power, bin_hz, 2 * hertz, hertz)
    nearest = np.round(third_hz / hertz) * hertz
    return {"h1_h2_db": first - second, "h1_a3_db": first - _peak_db(power, bin_hz, nearest, hertz)}


def _peak_db(power: Floats, bin_hz: float, middle_hz: Floats, hertz: Floats) -> Floats:
    made = np.full(len(hertz), np.nan)
    rows = np.flatnonzero(np.isfinite(middle_hz) & (middle_hz < (power.shape[1] - 2) * bin_hz))
    reach = np.maximum(1, np.round(0.25 * hertz[rows] / bin_hz)).astype(np.intp)
    middles = np.round(middle_hz[rows] / bin_hz).astype(np.intp)
    widest = int(reach.max()) if len(reach) else 0
    offsets = np.arange(-widest, widest + 1)
    bins = np.clip(middles[:, None] + offsets, 0, power.shape[1] - 1)
    near = np.where(np.abs(offsets)[None] <= reach[:, None], power[rows[:, None], bins], 0.0)
    made[rows] = 10 * np.log10(np.maximum(near.max(axis=1), 1e-14)) if len(rows) else made[rows]
    return made
