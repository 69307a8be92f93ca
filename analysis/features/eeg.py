"""Features of EEG: differential entropy in both its forms, band power, asymmetries, Hjorth's parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.reach import Reach
from analysis.features.windows import cut, each_window
from analysis.views.electrodes import place, plain_name
from analysis.views.filters import Filters

Floats = NDArray[np.floating]
Bands = Mapping[str, Sequence[float]]

BANDS: Bands = MappingProxyType(
    {"delta": (1, 4), "theta": (4, 8), "alpha": (8, 14), "beta": (14, 31), "gamma": (31, 50)}
)
"""Edges in Hz, lower one in, upper one out (Tang et al.; Zheng & Lu 2015)."""
MOST_MATRIX_ROWS = 512
"""Windows of up to so many samples are filtered as a product with a matrix."""
NEGLIGIBLE = 1e-8
"""A direction of less amplitude than this share of the largest is left out: 1e-16 of the power."""
CHANNELS_AT_ONCE = 8


def extract_de(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return 1/2 log(2 pi e P) a channel and band; P the power in the band, by a Hann window (k, c * b)."""
    return _banded(signal, spans, window_s, hop_s, settings, lambda power: _entropy(power, settings["base"]))


def extract_de_filtered(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return 1/2 log(2 pi e var) a channel and band; var of the band-passed samples (k, c * b)."""
    bands = _bands(settings["bands"], signal.rate_hz)
    for name, edges in bands.items():
        why = Filters(*edges).problem(signal.rate_hz)
        if why:
            raise FeatureError(f"band {name}: {why}")
    windows = cut(spans, window_s, hop_s)
    width = len(bands) * len(signal.channels)
    if settings["per_window"]:
        order = int(settings["order"])

        def from_rest(samples: Floats) -> Floats:
            return _flat(_variances_from_rest(samples, signal.rate_hz, tuple(bands.values()), order))

        variances = each_window(signal, windows, width, from_rest)
    else:
        variances = np.full((len(windows), len(signal.channels), len(bands)), np.nan, np.float32)
        for at in range(0, len(signal.channels), CHANNELS_AT_ONCE):
            part = slice(at, at + CHANNELS_AT_ONCE)
            for place, (low, high) in enumerate(bands.values()):
                passed = Filters(low, high).apply(signal.values[:, part], signal.rate_hz)
                variances[:, part, place] = each_window(
                    signal, windows, passed.shape[1], lambda samples: samples.var(axis=2), passed
                )
        variances = variances.reshape(len(windows), width)
    # A filter leaves a little of its arithmetic even of a channel that does not move.
    moves = each_window(signal, windows, len(signal.channels), lambda samples: np.ptp(samples, axis=2))
    variances = np.where(np.repeat(moves, len(bands), axis=1) > 0, variances, np.nan)
    return windows.steps(_entropy(variances, settings["base"]), _names(signal.channels, bands))


def extract_band_power(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the power a channel and band: "power" in the unit squared, "log10" of it, or "relative"."""
    scale = settings["scale"]
    if scale not in ("power", "log10", "relative"):
        raise FeatureError(f"band power in '{scale}' is unknown: choose power, log10 or relative.")

    def scaled(power: Floats) -> Floats:
        if scale == "log10":
            return np.asarray(_logarithm(power) / np.log(10))
        if scale == "relative":
            total = power.sum(axis=-1, keepdims=True)
            return np.asarray(np.divide(power, total, out=np.full_like(power, np.nan), where=total > 0))
        return power

    return _banded(signal, spans, window_s, hop_s, settings, scaled)


def extract_asymmetry(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return differences (DASM) and quotients (RASM) of differential entropy, left and right (k, ...).

    Raises FeatureError where no two channels face each other.
    """
    pairs = pairs_of(signal.channels)
    if not pairs:
        raise FeatureError(
            f"asymmetry: none of the channels {', '.join(signal.channels[:6])} face each other. Name them by"
            " the 10-20 system (F3 and F4 are a pair), or choose another feature."
        )
    kinds = {"both": ("dasm", "rasm"), "dasm": ("dasm",), "rasm": ("rasm",)}.get(settings["kind"])
    if kinds is None:
        raise FeatureError(f"asymmetry '{settings['kind']}' is unknown: choose dasm, rasm or both.")
    steps = extract_de(signal, spans, window_s, hop_s, settings)
    bands = list(settings["bands"])
    entropy = steps.values.reshape(len(steps.values), len(signal.channels), len(bands))
    left, right = entropy[:, [a for a, _ in pairs]], entropy[:, [b for _, b in pairs]]
    made = {"dasm": left - right}
    made["rasm"] = np.divide(left, right, out=np.full_like(left, np.nan), where=right != 0)
    names = [
        f"{signal.channels[a]}-{signal.channels[b]} {band} {kind}"
        for kind in kinds
        for a, b in pairs
        for band in bands
    ]
    values = np.concatenate([_flat(made[kind]) for kind in kinds], axis=1)
    return Steps(values.astype(np.float32), steps.first, steps.times_s, tuple(names))


def extract_hjorth(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return activity, mobility in 1/s and complexity of each channel (k, 3 * c)."""
    del settings
    windows = cut(spans, window_s, hop_s)

    def compute(samples: Floats) -> Floats:
        if samples.shape[2] < 4:
            return np.full((len(samples), 3 * samples.shape[1]), np.nan)
        wave = samples.astype(np.float64)
        slope = np.diff(wave, axis=2) * signal.rate_hz
        bend = np.diff(slope, axis=2) * signal.rate_hz
        power, first, second = (each.var(axis=2) for each in (wave, slope, bend))
        none = np.full_like(power, np.nan)
        mobility = np.sqrt(np.divide(first, power, out=none.copy(), where=power > 0))
        faster = np.sqrt(np.divide(second, first, out=none.copy(), where=first > 0))
        complexity = np.divide(faster, mobility, out=none, where=mobility > 0)
        return _flat(np.stack([power, mobility, complexity], axis=2))

    names = _names(signal.channels, ("activity", "mobility", "complexity"))
    return windows.steps(each_window(signal, windows, len(names), compute), names)


def pairs_of(channels: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return (left, right) places of all channels that face each other across the midline."""
    placed = place(channels).positions
    known = {plain_name(name): number for number, name in enumerate(channels) if name in placed}
    found = []
    for left in known.values():
        x, y = placed[channels[left]]
        for right in known.values():
            other = placed[channels[right]]
            if x < -1e-6 and abs(other[0] + x) < 1e-6 and abs(other[1] - y) < 1e-6:
                found.append((left, right))
    return tuple(found)


def _banded(
    signal: Signal,
    spans: NDArray[np.float64],
    window_s: float,
    hop_s: float,
    settings: Mapping[str, Any],
    scaled: Callable[[Floats], Floats],
) -> Steps:
    bands = _bands(settings["bands"], signal.rate_hz)
    windows = cut(spans, window_s, hop_s)
    names = _names(signal.channels, bands)

    def compute(samples: Floats) -> Floats:
        return _flat(scaled(_band_powers(samples, signal.rate_hz, tuple(bands.values()))))

    return windows.steps(each_window(signal, windows, len(names), compute), names)


def _band_powers(
    samples: Floats, rate_hz: float, bands: tuple[tuple[float, float], ...]
) -> NDArray[np.float32]:
    """Return the power in each band (k, c, b) of windows (k, c, n), NaN where a band holds no bin.

    One Hann window each, its mean taken off, as `analysis.views.spectrum`: the one-sided density summed over
    the band's bins times their spacing.
    """
    from scipy.fft import rfft

    count = samples.shape[2]
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(count) / count)
    centred = (samples - samples.mean(axis=2, dtype=np.float64, keepdims=True)).astype(np.float32)
    bins = rfft(centred * taper.astype(np.float32), axis=2)
    density = np.square(bins.real) + np.square(bins.imag)
    frequencies = np.fft.rfftfreq(count, 1 / rate_hz)
    share = np.zeros((len(frequencies), len(bands)))
    for number, (low, high) in enumerate(bands):
        share[(frequencies >= low - 1e-9) & (frequencies < high - 1e-9), number] = 1
    empty = ~share.any(axis=0)
    # Frequencies between 0 and half the rate stand for two; the spacing is rate / count.
    share[1 : None if count % 2 else -1] *= 2
    share *= 1 / (count * np.square(taper).sum()) if count > 1 else np.nan
    made: NDArray[np.float32] = density @ share.astype(np.float32)
    made[..., empty] = np.nan
    return made


def _variances_from_rest(
    samples: Floats, rate_hz: float, bands: tuple[tuple[float, float], ...], order: int
) -> NDArray[np.float64]:
    """Return the variance (k, c, b) of windows (k, c, n), each filtered by itself from rest."""
    from scipy.signal import butter, sosfilt

    count = samples.shape[2]
    made = np.empty((*samples.shape[:2], len(bands)))
    if count <= MOST_MATRIX_ROWS:
        wave = np.ascontiguousarray(samples, np.float64).reshape(-1, count)
        for place, (low, high) in enumerate(bands):
            passed = wave @ _variance_matrix(count, rate_hz, low, high, order)
            made[..., place] = np.einsum("ij,ij->i", passed, passed).reshape(samples.shape[:2])
        return made
    for place, (low, high) in enumerate(bands):
        sections = butter(order, (low, high), "bandpass", fs=rate_hz, output="sos")
        made[..., place] = np.asarray(sosfilt(sections, samples.astype(np.float64), axis=2)).var(axis=2)
    return made


@lru_cache(maxsize=64)
def _variance_matrix(
    count: int, rate_hz: float, low_hz: float, high_hz: float, order: int
) -> NDArray[np.float64]:
    """Return M (count, r) with |x M|^2 the variance of x (count,) after a band-pass from rest.

    A filter from rest is a triangular matrix H of its impulse response; with C the taking off of the mean
    the variance is x' (C H)' (C H) x / count. Directions in which that is nothing are left out.
    """
    from scipy.linalg import toeplitz
    from scipy.signal import butter, sosfilt

    sections = butter(order, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
    response = np.asarray(sosfilt(sections, np.eye(1, count)[0]))
    passed = toeplitz(response, np.zeros(count))
    passed -= passed.mean(axis=0)
    _, sizes, directions = np.linalg.svd(passed / np.sqrt(count), full_matrices=False)
    kept = sizes > NEGLIGIBLE * sizes[0]
    return np.ascontiguousarray((sizes[kept, None] * directions[kept]).T)


def _bands(bands: Bands, rate_hz: float) -> dict[str, tuple[float, float]]:
    made = {}
    for name, edges in bands.items():
        low, high = (float(edge) for edge in edges)
        if not 0 <= low < high:
            raise FeatureError(f"band {name}: {low:g} to {high:g} Hz is empty. Write the lower edge first.")
        if high > rate_hz / 2:
            raise FeatureError(
                f"band {name} reaches to {high:g} Hz, but at {rate_hz:g} samples a second there is nothing"
                f" above {rate_hz / 2:g} Hz. Choose other bands in the settings of the feature."
            )
        made[name] = (low, high)
    return made


def _entropy(power: Floats, base: str) -> Floats:
    if base not in ("e", "2"):
        raise FeatureError(f"differential entropy to base '{base}' is unknown: choose e or 2.")
    made = 0.5 * (_logarithm(power) + np.log(2 * np.pi * np.e))
    return np.asarray(made / np.log(2) if base == "2" else made)


def _logarithm(power: Floats) -> Floats:
    return np.asarray(np.log(power, out=np.full_like(power, np.nan), where=power > 0))


def _flat(values: Floats) -> Floats:
    # Not -1: of no window at all NumPy cannot tell it.
    return values.reshape(len(values), math.prod(values.shape[1:]))


def _names(channels: Sequence[str], kinds: Sequence[str] | Bands) -> tuple[str, ...]:
    return tuple(f"{channel} {kind}" for channel in channels for kind in kinds)


DIFFERENTIAL_ENTROPY = Feature(
    "eeg.de",
    1,
    ("eeg",),
    "Differential entropy a channel and band, from the power in the band (Hann window).",
    "0.5 ln(2 pi e s^2) of a Gaussian band signal; Shi, Jiao & Lu, EMBC 2013; Zheng & Lu, IEEE TAMD 7 (2015)",
    extract_de,
    {"bands": dict(BANDS), "base": "e"},
)
DIFFERENTIAL_ENTROPY_FILTERED = Feature(
    "eeg.de_filtered",
    1,
    ("eeg",),
    "Differential entropy a channel and band, from the variance behind a band-pass filter."
    " per_window: each window is filtered by itself, from rest, with Butterworth edges of that order.",
    "Duan, Zhu & Lu, IEEE/EMBS NER 2013; per window as TorchEEG's BandDifferentialEntropy",
    extract_de_filtered,
    {"bands": dict(BANDS), "base": "e", "per_window": False, "order": 5},
    lambda settings, rate_hz: Reach(is_filtered=not settings["per_window"]),
)
BAND_POWER = Feature(
    "eeg.band_power",
    1,
    ("eeg",),
    "Power a channel and band (Hann window): power, log10 or relative to the sum of the bands.",
    "one-sided density, rectangle rule; Welch, IEEE Trans. Audio Electroacoust. 15 (1967), one segment",
    extract_band_power,
    {"bands": dict(BANDS), "scale": "power"},
)
ASYMMETRY = Feature(
    "eeg.asymmetry",
    2,
    ("eeg",),
    "Differential entropy of left against right electrodes: difference (DASM), quotient (RASM).",
    "Duan, Zhu & Lu, IEEE/EMBS NER 2013, section III",
    extract_asymmetry,
    {"bands": dict(BANDS), "base": "e", "kind": "both"},
)
HJORTH = Feature(
    "eeg.hjorth",
    1,
    ("eeg",),
    "Activity (variance), mobility (mean frequency, 1/s) and complexity of each channel.",
    "Hjorth, Electroencephalogr. Clin. Neurophysiol. 29 (1970) 306-310",
    extract_hjorth,
)
