"""Formants: the resonances of the mouth, from the poles of a linear prediction of each frame."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WORK_RATE_HZ = 11000.0
"""Five formants are looked for below half of this, as Praat does for women."""
FRAME_S = 0.025
ORDER = 10
EMPHASIS_HZ = 50.0
LOWEST_HZ = 90.0
WIDEST_HZ = 500.0
"""A pole wider than this is no formant: it shapes the spectrum as a whole."""
RANGES_HZ = ((150.0, 1300.0), (500.0, 3400.0), (1400.0, 4500.0))
"""Where formants 1 to 3 of adult speech lie; a pole elsewhere is taken for none (a lower one was missed)."""


def formants(sound: Floats, rate_hz: float, times_s: Floats, count: int = 3) -> tuple[Floats, Floats]:
    """Return frequency and bandwidth (k, count) in Hz of the lowest formants round `times_s` (k,).

    Burg's method, order 10, on 25 ms under a Gaussian window after pre-emphasis from 50 Hz, the sound brought
    down to 11 kHz (as in Praat's "To Formant (burg)": Childers, Modern Spectrum Analysis, 1978, pages
    252-255). NaN where fewer are found, outside `RANGES_HZ`, and where the sound does not reach.
    """
    hertz, wide = np.full((len(times_s), count), np.nan), np.full((len(times_s), count), np.nan)
    values, rate = _at_work_rate(sound, rate_hz)
    length = round(2 * FRAME_S * rate)
    begin = np.round(times_s * rate - length / 2).astype(np.intp)
    fits = np.flatnonzero((begin >= 0) & (begin + length <= len(values)))
    if not len(fits):
        return hertz, wide
    values = values - np.exp(-2 * np.pi * EMPHASIS_HZ / rate) * np.concatenate(([0.0], values[:-1]))
    frames = np.lib.stride_tricks.sliding_window_view(values, length)[begin[fits]] * _gaussian(length)
    loud = np.einsum("ij,ij->i", frames, frames) > 1e-12
    fits, frames = fits[loud], frames[loud]
    if not len(fits):
        return hertz, wide
    order = min(ORDER, 2 * round(rate / 2200))
    found, spread = _poles(_burg(frames, order), rate)
    hertz[fits], wide[fits] = found[:, :count], spread[:, :count]
    for place, (low, high) in enumerate(RANGES_HZ[:count]):
        # NaN compares as outside, which it stays.
        outside = ~((hertz[:, place] >= low) & (hertz[:, place] <= high))
        hertz[outside, place], wide[outside, place] = np.nan, np.nan
    return hertz, wide


def _at_work_rate(sound: Floats, rate_hz: float) -> tuple[Floats, float]:
    if rate_hz <= WORK_RATE_HZ * 1.01:
        return sound, rate_hz
    from scipy.signal import resample_poly

    target = 11025.0 if rate_hz % 11025 == 0 else WORK_RATE_HZ
    ratio = Fraction(target / rate_hz).limit_denominator(500)
    made = resample_poly(sound, ratio.numerator, ratio.denominator)
    return np.asarray(made, np.float64), rate_hz * ratio.numerator / ratio.denominator


def _gaussian(length: int) -> Floats:
    middle, edge = 0.5 * (length + 1), np.exp(-12.0)
    away = (np.arange(1, length + 1) - middle) / (length + 1)
    return np.asarray((np.exp(-48.0 * away**2) - edge) / (1 - edge), np.float64)


def _burg(frames: Floats, order: int) -> Floats:
    """Return prediction polynomials (k, order + 1), 1 first, of frames (k, n), all frames at once."""
    forward, backward = frames[:, 1:].copy(), frames[:, :-1].copy()
    made = np.zeros((len(frames), order + 1))
    made[:, 0] = 1.0
    for at in range(1, order + 1):
        power = np.einsum("ij,ij->i", forward, forward) + np.einsum("ij,ij->i", backward, backward)
        mirror = -2 * np.einsum("ij,ij->i", forward, backward) / np.maximum(power, 1e-30)
        made[:, 1 : at + 1] += mirror[:, None] * made[:, at - 1 :: -1][:, :at]
        ahead = forward + mirror[:, None] * backward
        behind = backward + mirror[:, None] * forward
        forward, backward = ahead[:, 1:], behind[:, :-1]
    return made


def _poles(polynomials: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Return frequencies and bandwidths (k, order // 2) of the poles that may be formants, lowest first."""
    order = polynomials.shape[1] - 1
    companion = np.zeros((len(polynomials), order, order))
    companion[:, 0] = -polynomials[:, 1:]
    companion[:, np.arange(1, order), np.arange(order - 1)] = 1.0
    roots = np.linalg.eigvals(companion)
    hertz = np.angle(roots) * rate_hz / (2 * np.pi)
    wide = -np.log(np.maximum(np.abs(roots), 1e-12)) * rate_hz / np.pi
    is_formant = (hertz > LOWEST_HZ) & (hertz < rate_hz / 2 - LOWEST_HZ) & (wide < WIDEST_HZ)
    hertz = np.where(is_formant, hertz, np.inf)
    order_of = np.argsort(hertz, axis=1)[:, : order // 2]
    hertz, wide = np.take_along_axis(hertz, order_of, 1), np.take_along_axis(wide, order_of, 1)
    none = ~np.isfinite(hertz)
    hertz[none], wide[none] = np.nan, np.nan
    return hertz, wide
