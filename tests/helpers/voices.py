"""Voices that are known: cycles of given lengths and amplitudes, through resonances of given frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Signal, Steps, feature

Floats = NDArray[np.float64]
RATE_HZ = 22050.0
AH_HZ, AH_WIDE_HZ = (700.0, 1200.0, 2600.0, 3500.0), (80.0, 90.0, 120.0, 150.0)


def sound_signal(sound: NDArray[np.floating], rate_hz: float = RATE_HZ, start_s: float = 0.0) -> Signal:
    """A sound as a recording's signal, one channel."""
    values = np.asarray(sound, np.float32)[:, None]
    return Signal("speech", rate_hz, start_s, values, ("sound",), ("",))


def extracted(
    name: str,
    signal: Signal,
    spans: Sequence[tuple[float, float]],
    window_s: float = 0.0,
    hop_s: float = 0.0,
    **settings: Any,
) -> Steps:
    """A feature with its usual settings and those given."""
    what = feature(name)
    assert set(settings) <= set(what.settings)
    return what.extract(
        signal, np.array(spans, np.float64).reshape(-1, 2), window_s, hop_s, {**what.settings, **settings}
    )


def pulses(
    hertz: float, jitter: float = 0.0, shimmer: float = 0.0, seconds: float = 1.5, seed: int = 0
) -> tuple[Floats, float, float]:
    """A train of band-limited pulses, and the jitter and shimmer (local) that it truly has.

    Lengths and amplitudes of the cycles are normal round their mean, with these relative SDs.
    """
    random = np.random.default_rng(seed)
    count = int((seconds - 0.04) * hertz)
    lengths = (1 + jitter * random.normal(size=count)) / hertz
    sizes = 1 + shimmer * random.normal(size=count)
    times = 0.02 + np.cumsum(lengths)
    inside = times < seconds - 0.01
    times, sizes, lengths = times[inside], sizes[inside], lengths[inside]
    made = np.zeros(round(seconds * RATE_HZ))
    reach = np.arange(-40, 41)
    for time, size in zip(times.tolist(), sizes.tolist(), strict=True):
        place = round(time * RATE_HZ)
        made[place - 40 : place + 41] += (
            size * np.sinc(0.8 * (reach + place - time * RATE_HZ)) * np.hanning(81)
        )
    return made, _local(lengths), _local(sizes)


def vowel(source: Floats, hertz: Sequence[float] = AH_HZ, wide_hz: Sequence[float] = AH_WIDE_HZ) -> Floats:
    """A source through resonances, half of full scale at its loudest."""
    from scipy.signal import lfilter

    made = source
    for middle, wide in zip(hertz, wide_hz, strict=True):
        r = np.exp(-np.pi * wide / RATE_HZ)
        made = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * middle / RATE_HZ), r * r], made)
    return np.asarray(0.5 * made / np.abs(made).max(), np.float64)


def with_noise(sound: Floats, decibel: float, seed: int = 0) -> Floats:
    """A sound and white noise, its power this far above that of the noise."""
    noise = np.random.default_rng(seed).normal(size=len(sound))
    noise *= np.sqrt(np.mean(sound**2) / np.mean(noise**2) / 10 ** (decibel / 10))
    return np.asarray(sound + noise, np.float64)


def _local(values: Floats) -> float:
    return float(np.abs(np.diff(values)).mean() / values.mean())
