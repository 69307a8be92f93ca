"""What modes say: amplitude and frequency at each moment, energy, overlap, Hilbert spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Instantaneous:
    """Of modes (k, n): `amplitude` in the signal's unit and `frequency_hz`, both (k, n)."""

    amplitude: Floats
    frequency_hz: Floats


def instantaneous(modes: Floats, rate_hz: float) -> Instantaneous:
    """Return amplitude and frequency by the Hilbert transform, F = 1 / 2 pi d/dt of the unwrapped phase.

    Section 4, step 2a. Frequencies are central differences, held between 0 and half the rate.
    """
    from scipy.signal import hilbert

    modes = np.atleast_2d(np.asarray(modes, np.float64))
    if modes.shape[1] < 2 or not len(modes):
        return Instantaneous(np.abs(modes), np.zeros(modes.shape))
    whole = hilbert(modes, axis=1)
    turn = np.gradient(np.unwrap(np.angle(whole), axis=1), axis=1) * (rate_hz / (2 * np.pi))
    return Instantaneous(np.abs(whole), np.clip(turn, 0.0, rate_hz / 2))


def mean_frequency_hz(found: Instantaneous) -> Floats:
    """Return each mode's mean frequency (k,), weighted by energy: sum A^2 F / sum A^2; 0 of silence."""
    weight = np.square(found.amplitude)
    total = weight.sum(axis=1)
    above = (weight * found.frequency_hz).sum(axis=1)
    return np.asarray(np.divide(above, total, out=np.zeros(len(total)), where=total > 0))


def energy(modes: Floats) -> Floats:
    """Return each mode's energy (k,), the sum of its squares."""
    return np.asarray(np.square(modes).sum(axis=1), np.float64)


def overlaps(modes: Floats) -> Floats:
    """Return |<c_i, c_j>| / (|c_i| |c_j|) of all modes, (k, k): 0 where two are orthogonal."""
    size = np.sqrt(energy(modes))
    below = np.outer(size, size)
    return np.asarray(np.divide(np.abs(modes @ modes.T), below, out=np.zeros(below.shape), where=below > 0))


def orthogonality_index(modes: Floats, x: Floats) -> float:
    """Return sum over i != j of <c_i, c_j>, divided by the signal's energy (Huang et al. 1998, eq. 6.5).

    `modes` (k, n), the residue among them if it is to count.
    """
    total = float(np.square(x).sum())
    if total == 0:
        return 0.0
    products = modes @ modes.T
    return float((products.sum() - np.trace(products)) / total)


def rrmse(x: Floats, found: Floats) -> float:
    """Return the relative root mean square error |x - found| / |x|; infinite for an error against silence."""
    off, size = float(np.linalg.norm(x - found)), float(np.linalg.norm(x))
    if size == 0:
        return 0.0 if off == 0 else float("inf")
    return off / size


@dataclass(frozen=True, slots=True)
class HilbertSpectrum:
    """Energy over time and frequency: `power` (bands, columns), edges in seconds and hertz."""

    power: Floats
    time_edges_s: Floats
    edges_hz: Floats


def hilbert_spectrum(
    found: Instantaneous,
    rate_hz: float,
    columns: int = 240,
    bands: int = 96,
    highest_hz: float | None = None,
) -> HilbertSpectrum:
    """Return the squared amplitudes of all modes, summed in cells of time and instantaneous frequency."""
    n = found.amplitude.shape[1]
    top_hz = rate_hz / 2 if highest_hz is None else min(highest_hz, rate_hz / 2)
    columns = max(1, min(columns, n))
    at = np.arange(n) * columns // max(n, 1)
    band = np.floor(found.frequency_hz / top_hz * bands).astype(np.intp)
    # What lies at the very top belongs to the last band; what lies above is not shown.
    band[found.frequency_hz == top_hz] = bands - 1
    shown = band < bands
    cells = band * columns + at[None]
    weight = np.square(found.amplitude)
    power = np.bincount(cells[shown], weight[shown], minlength=bands * columns).reshape(bands, columns)
    return HilbertSpectrum(
        np.asarray(power, np.float64),
        np.linspace(0.0, n / rate_hz, columns + 1),
        np.linspace(0.0, top_hz, bands + 1),
    )


def mode_spectra(modes: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Return the amplitude spectra of modes: frequencies (f,) in hertz and amplitudes (k, f)."""
    from scipy.fft import rfft

    n = modes.shape[1]
    size = np.abs(np.asarray(rfft(modes, axis=1))) * (2 / max(n, 1))
    return np.asarray(np.fft.rfftfreq(n, 1 / rate_hz), np.float64), np.asarray(size, np.float64)
