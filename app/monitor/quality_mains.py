"""Mains hum: how much of a signal's power is at 50 or 60 Hz."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LINES_HZ = (50.0, 60.0)
HALF_WIDTH_HZ = 1.0
NEIGHBOURS_HZ = (1.5, 4.0)
LOWEST_HZ, HIGHEST_HZ, SLOW_HIGHEST_HZ = 1.0, 70.0, 45.0
SHORTEST_S = 2.0
ROUND_COUNT = 50
"""Lengths that are multiples of this have no large prime factor that would slow the transform down."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power (frequencies, channels) in squared units a bin, whose sum is the variance, at `hz`."""

    power: Floats
    hz: Floats

    def rms(self, low_hz: float, high_hz: float) -> Floats:
        """Return each channel's RMS between two frequencies."""
        inside = (self.hz >= low_hz) & (self.hz <= high_hz)
        size: Floats = np.sqrt(self.power[inside].sum(axis=0))
        return size


@dataclass(frozen=True, slots=True)
class Mains:
    """The line's frequency, and for each channel the hum's share of the power (0-1) and its RMS size."""

    line_hz: float
    share: Floats
    rms: Floats


def spectrum(data: Floats, rate_hz: float) -> Spectrum | None:
    """Return the spectrum of rows (n, channels) under a Hann window; None of less than two seconds."""
    count = len(data) // ROUND_COUNT * ROUND_COUNT
    if count < max(ROUND_COUNT, SHORTEST_S * rate_hz - ROUND_COUNT):
        return None
    data = data[-count:]
    shape = np.hanning(count)
    hz: Floats = np.fft.rfftfreq(count, 1.0 / rate_hz).astype(np.float64)
    power = np.abs(np.fft.rfft((data - data.mean(axis=0)) * shape[:, None], axis=0)) ** 2
    return Spectrum(2.0 * power / (count * float((shape**2).sum())), hz)


def mains(found: Spectrum) -> Mains | None:
    """Return the hum in a spectrum, at the line whose hum is larger; None where the rate is too low.

    The share is of the power from 1 to 70 Hz, the line included; of a slower stream from 1 to 45 Hz
    and the line. What the line's neighbours have too is not the line's.
    """
    power, hz = found.power, found.hz
    fastest_hz = float(hz[-1])
    lines = [line for line in LINES_HZ if fastest_hz >= line + NEIGHBOURS_HZ[0] + HALF_WIDTH_HZ / 2]
    if not lines:
        return None
    hums = [_hum(found, line) for line in lines]
    best = int(np.argmax([float(np.median(hum)) for hum in hums]))
    line, hum = lines[best], hums[best]
    top_hz = HIGHEST_HZ if fastest_hz > HIGHEST_HZ else SLOW_HIGHEST_HZ
    total = power[(hz >= LOWEST_HZ) & (hz <= top_hz)].sum(axis=0)
    if top_hz < line:
        total = total + hum
    share = np.divide(hum, total, out=np.zeros_like(hum), where=total > 0)
    return Mains(line, np.clip(share, 0.0, 1.0), np.sqrt(hum))


def _hum(found: Spectrum, line: float) -> Floats:
    distance = np.abs(found.hz - line)
    at = distance <= HALF_WIDTH_HZ
    beside = (distance >= NEIGHBOURS_HZ[0]) & (distance <= NEIGHBOURS_HZ[1])
    # Power of noise is exponentially distributed: its mean is its median / ln 2, and a median ignores peaks.
    floor = np.median(found.power[beside], axis=0) / np.log(2.0)
    hum: Floats = np.maximum(0.0, found.power[at].sum(axis=0) - floor * np.count_nonzero(at))
    return hum
