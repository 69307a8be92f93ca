"""Variants of a sound: another pitch, another moment, noise. For training; what is tested is never changed.

Spec 09, section 3: pitch within 2 semitones, time within 0.4 s, white noise at -20 to 40 dB, then the largest
sample is 1 again. One random combination a variant, drawn evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW_S = 0.032
HOPS = 4
LARGEST_FACTOR = 500


@dataclass(frozen=True, slots=True)
class Most:
    """How far variants go from the sound."""

    semitones: float = 2.0
    shift_s: float = 0.4
    lowest_snr_db: float = -20.0
    highest_snr_db: float = 40.0


def variant(sound: Floats, rate_hz: float, number: int, seed: int, most: Most) -> Floats:
    """Return variant `number` of a sound (n,), as long as it; drawn from seed, number and the sound."""
    own = crc32(np.ascontiguousarray(sound, np.float32).tobytes())
    random = np.random.default_rng((seed, number, own))
    semitones = random.uniform(-most.semitones, most.semitones)
    shift_s = random.uniform(-most.shift_s, most.shift_s)
    snr_db = random.uniform(most.lowest_snr_db, most.highest_snr_db)
    made = time_shifted(pitch_shifted(sound, rate_hz, semitones), round(shift_s * rate_hz))
    made = with_noise(made, snr_db, random)
    size = float(np.abs(made).max(initial=0.0))
    return made / size if size else made


def pitch_shifted(sound: Floats, rate_hz: float, semitones: float) -> Floats:
    """Return a sound (n,) with every frequency times 2^(semitones / 12), as long and at the same pace.

    A phase vocoder (Flanagan & Golden 1966; Laroche & Dolson 1999) makes it longer or shorter, and another
    rate brings the length back. Frequencies that would pass half the rate are gone.
    """
    if not semitones or len(sound) < 2:
        return np.array(sound, np.float64)
    from scipy.signal import resample_poly

    factor = Fraction(2.0 ** (semitones / 12)).limit_denominator(LARGEST_FACTOR)
    longer = stretched(sound, rate_hz, float(factor))
    back = np.asarray(resample_poly(longer, factor.denominator, factor.numerator), np.float64)
    return _fitted(back, len(sound))


def stretched(sound: Floats, rate_hz: float, factor: float) -> Floats:
    """Return a sound about `factor` times as long, of the same pitch: a phase vocoder."""
    size = max(16, 1 << round(np.log2(WINDOW_S * rate_hz)))
    hop = size // HOPS
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    padded = np.pad(np.asarray(sound, np.float64), (size, 2 * size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window
    spectra = np.fft.rfft(frames, axis=1)
    places = np.arange(0, len(spectra) - 1, 1 / factor)
    before = places.astype(np.intp)
    share = (places - before)[:, None]
    strength = (1 - share) * np.abs(spectra[before]) + share * np.abs(spectra[before + 1])
    expected = 2 * np.pi * hop * np.arange(size // 2 + 1) / size
    turn = np.angle(spectra[before + 1]) - np.angle(spectra[before]) - expected
    turn += expected - 2 * np.pi * np.round(turn / (2 * np.pi))
    phase = np.angle(spectra[0]) + np.concatenate(
        (np.zeros((1, len(expected))), np.cumsum(turn, axis=0)[:-1])
    )
    parts = np.fft.irfft(strength * np.exp(1j * phase), size, axis=1) * window
    made, weight = np.zeros(hop * (len(parts) + HOPS)), np.zeros(hop * (len(parts) + HOPS))
    for number, part in enumerate(parts):
        at = slice(number * hop, number * hop + size)
        made[at] += part
        weight[at] += window**2
    made /= np.maximum(weight, 1e-3)
    # Middles of frames are what is moved apart: half a window before the first sample, half one behind.
    first = round(size / 2 * factor + size / 2)
    return _fitted(made[first:], round(len(sound) * factor))


def time_shifted(sound: Floats, samples: int) -> Floats:
    """Return a sound `samples` later (earlier where below 0), silence in what becomes free."""
    made = np.zeros(len(sound))
    if samples >= 0:
        made[samples:] = sound[: max(0, len(sound) - samples)]
    else:
        made[:samples] = sound[-samples:]
    return made


def with_noise(sound: Floats, snr_db: float, random: np.random.Generator) -> Floats:
    """Return a sound with white Gaussian noise: its power over the noise's is `snr_db`."""
    noise = random.standard_normal(len(sound))
    power, own = float(np.mean(np.square(sound))), float(np.mean(np.square(noise)))
    if not power or not own:
        return np.array(sound, np.float64)
    return np.asarray(sound + noise * np.sqrt(power / own / 10 ** (snr_db / 10)), np.float64)


def _fitted(sound: Floats, n: int) -> Floats:
    return np.asarray(np.pad(sound[:n], (0, max(0, n - len(sound)))), np.float64)
