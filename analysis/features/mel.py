"""Mel filter banks, in the two definitions that are in use, and the power spectra that they are laid on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SLANEY_BREAK_HZ, _SLANEY_STEP_HZ = 1000.0, 200.0 / 3
_SLANEY_LOG_STEP = np.log(6.4) / 27


def fft_samples(frame_samples: int) -> int:
    """Return the power of two that holds a frame: what frames are padded to with zeros."""
    return 1 << max(0, frame_samples - 1).bit_length()


def power_spectrum(frames: NDArray[np.floating], window: NDArray[np.floating], size: int) -> Floats:
    """Return the power |FFT|^2 (k, size // 2 + 1) of frames (k, n) under a window (n,), padded to `size`."""
    # NumPy's own transform of many short frames takes several times as long.
    from scipy.fft import rfft

    spectrum = rfft(frames * window.astype(frames.dtype), size)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def hann(samples: int) -> Floats:
    """Return the periodic Hann window, as spectrograms use it."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples), np.float64)


def hamming(samples: int) -> Floats:
    """Return the symmetric Hamming window, as HTK uses it."""
    return np.asarray(np.hamming(samples), np.float64)


@lru_cache(maxsize=16)
def htk_filters(bands: int, size: int, rate_hz: float, lowest_hz: float, highest_hz: float) -> Floats:
    """Return HTK's triangles (bands, size // 2 + 1): even in mel = 1127 ln(1 + Hz / 700), height 1.

    As in The HTK Book 3.4, section 5.4, and openSMILE's cMelspec: the slopes are straight over mel, and
    the bins of the lowest and the highest frequency belong to no band. `highest_hz` above half the rate
    is half the rate.
    """
    top_hz = min(highest_hz, rate_hz / 2)
    edges = np.linspace(_htk_mel(lowest_hz), _htk_mel(top_hz), bands + 2)
    hertz = np.arange(size // 2 + 1) * rate_hz / size
    weights = _triangles(edges, _htk_mel(hertz))
    bins = np.arange(len(hertz))
    outside = (bins <= round(lowest_hz * size / rate_hz)) | (bins >= round(top_hz * size / rate_hz))
    weights[:, outside] = 0.0
    return weights


@lru_cache(maxsize=16)
def slaney_filters(bands: int, size: int, rate_hz: float, lowest_hz: float, highest_hz: float) -> Floats:
    """Return Slaney's triangles (bands, size // 2 + 1), each of area 1: librosa's `filters.mel`.

    Mel is linear up to 1 kHz and logarithmic above (Slaney, Auditory Toolbox, 1998); the slopes are straight
    over Hz. `highest_hz` above half the rate is half the rate.
    """
    top_hz = min(highest_hz, rate_hz / 2)
    edges = _slaney_hertz(np.linspace(_slaney_mel(lowest_hz), _slaney_mel(top_hz), bands + 2))
    weights = _triangles(edges, np.arange(size // 2 + 1) * rate_hz / size)
    return np.asarray(weights * (2.0 / (edges[2:] - edges[:-2]))[:, None], np.float64)


def cosines(bands: int, count: int, lifter: float = 0.0) -> Floats:
    """Return HTK's cosine transform, coefficients 1 to `count`, and its lifter (bands, count); 0: none.

    Equations 5.14 and 5.15 of The HTK Book 3.4.
    """
    number = np.arange(1, count + 1)
    waves = np.cos(np.pi * number[None] / bands * (np.arange(bands)[:, None] + 0.5)) * np.sqrt(2 / bands)
    weights = 1 + lifter / 2 * np.sin(np.pi * number / lifter) if lifter else np.ones(count)
    return np.asarray(waves * weights, np.float64)


def _triangles(edges: Floats, places: Floats) -> Floats:
    rising = (places[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - places[None]) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), np.float64)


def _htk_mel(hertz: float | Floats) -> Floats:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0), np.float64)


def _slaney_mel(hertz: float) -> float:
    if hertz < _SLANEY_BREAK_HZ:
        return hertz / _SLANEY_STEP_HZ
    return float(_SLANEY_BREAK_HZ / _SLANEY_STEP_HZ + np.log(hertz / _SLANEY_BREAK_HZ) / _SLANEY_LOG_STEP)


def _slaney_hertz(mel: Floats) -> Floats:
    at = _SLANEY_BREAK_HZ / _SLANEY_STEP_HZ
    above = _SLANEY_BREAK_HZ * np.exp(_SLANEY_LOG_STEP * np.maximum(mel - at, 0.0))
    return np.asarray(np.where(mel < at, mel * _SLANEY_STEP_HZ, above), np.float64)
