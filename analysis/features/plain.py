"""Features of any signal: its samples, its own rows, and time-domain statistics of its channels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.reach import Reach
from analysis.features.resampling import resampled
from analysis.features.windows import Windows, cut, each_window, rows_of
from analysis.views.filters import FilterError, Filters

Floats = NDArray[np.floating]
Spans = NDArray[np.float64]

NUMBERS = ("eeg", "ecg", "bvp", "eda", "temperature", "respiration", "acceleration", "peripheral", "eye")
SCALES = ("none", "zscore", "minmax")
PADS = ("nan", "edge")
_FILTERING = ("low_hz", "high_hz", "notch_hz", "rate_hz")


def _slope(samples: Floats) -> Floats:
    """Return the slope a sample of the line that fits best."""
    count = samples.shape[2]
    at = np.arange(count) - (count - 1) / 2
    size = np.square(at).sum()
    return np.asarray(samples @ at / size if size else np.full(samples.shape[:2], np.nan))


def _moment(power: int) -> Callable[[Floats], Floats]:
    def compute(samples: Floats) -> Floats:
        centred = samples - samples.mean(axis=2, keepdims=True)
        spread = samples.std(axis=2)
        moment = (centred**power).mean(axis=2)
        none = np.full_like(moment, np.nan)
        return np.asarray(np.divide(moment, spread**power, out=none, where=spread > 0))

    return compute


COMPUTED: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "max": lambda samples: samples.max(axis=2),
        "min": lambda samples: samples.min(axis=2),
        "mean": lambda samples: samples.mean(axis=2),
        "sd": lambda samples: samples.std(axis=2),
        "variance": lambda samples: samples.var(axis=2),
        "squared_sum": lambda samples: np.square(samples).sum(axis=2),
        "median": lambda samples: np.median(samples, axis=2),
        "range": lambda samples: np.ptp(samples, axis=2),
        "rms": lambda samples: np.sqrt(np.square(samples).mean(axis=2)),
        "slope": _slope,
        "mean_abs_difference": lambda samples: np.abs(np.diff(samples, axis=2)).mean(axis=2),
        "skewness": _moment(3),
        "kurtosis": _moment(4),
    }
)
"""(k, c, n) -> (k, c); sd and variance over n, not n - 1; slope in units a second; kurtosis 3 if normal."""
SPEC_03 = ("max", "min", "mean", "sd", "variance", "squared_sum")


def extract_statistics(
    signal: Signal, spans: Spans, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return statistics of each channel (k, c * len(which)); a window with a missing sample is NaN there."""
    which = tuple(settings["which"])
    unknown = [name for name in which if name not in COMPUTED]
    if unknown or not which:
        raise FeatureError(
            f"statistics: no {', '.join(unknown) or 'name'}. There are: {', '.join(COMPUTED)}."
        )
    windows = cut(spans, window_s, hop_s)

    def compute(samples: Floats) -> Floats:
        wave = samples.astype(np.float64)
        columns = [
            COMPUTED[name](wave) * (signal.rate_hz if name == "slope" else 1)
            if samples.shape[2] > 1 or name in ("max", "min", "mean", "squared_sum")
            else np.full(samples.shape[:2], np.nan)
            for name in which
        ]
        return np.stack(columns, axis=2).reshape(len(samples), -1)

    names = tuple(f"{channel} {name}" for channel in signal.channels for name in which)
    return windows.steps(each_window(signal, windows, len(names), compute), names)


def extract_samples(
    signal: Signal, spans: Spans, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the samples of each window in one row, channel after channel (k, c * n).

    `count` 0: n is the window's length times the rate. Else `count` samples about the window's middle,
    whatever its length: these may reach beyond the span. Beyond the recording they are NaN, or its last one.
    """
    count = int(settings["count"])
    if count < 0 or settings["pad"] not in PADS:
        raise FeatureError(f"samples: count must be 0 or more, pad one of {', '.join(PADS)}.")
    if window_s == 0 and not count:
        raise FeatureError(
            "samples: spans differ in length, so that a window must be given, or the setting count."
        )
    even = _scaled(resampled(signal, float(settings["rate_hz"])), settings["scale"])
    if settings["pad"] == "edge":
        even = _padded(even, spans, window_s + count / even.rate_hz)
    asked = cut(spans, window_s, hop_s)
    shown = asked
    if count:
        # Half a sample is added so that an even number lies about the middle, never one beside it.
        half_s = count / even.rate_hz / 2
        shown = Windows(asked.middle_s - half_s, asked.middle_s + half_s, asked.first)
    else:
        count = int(np.floor(window_s * even.rate_hz + 0.5))
    if count < 1:
        raise FeatureError(
            f"samples: {window_s:g} s hold no sample at {even.rate_hz:g} Hz. Take longer windows."
        )
    width = count * len(even.channels)
    values = each_window(even, shown, width, lambda samples: samples.reshape(len(samples), -1))
    names = tuple(f"{channel} {place}" for channel in even.channels for place in range(count))
    return asked.steps(values, names)


def extract_values(
    signal: Signal, spans: Spans, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the signal's own rows in each span, a step each (rows, c): imported features."""
    del window_s, hop_s
    even = _scaled(resampled(signal, float(settings.get("rate_hz", 0))), settings["scale"])
    begin, stop = rows_of(even, cut(spans, 0, 0))
    begin, stop = np.clip(begin, 0, len(even.values)), np.clip(stop, 0, len(even.values))
    counts = np.maximum(stop - begin, 0)
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.intp)
    rows = np.arange(first[-1]) - np.repeat(first[:-1], counts) + np.repeat(begin, counts)
    times = even.start_s + rows / even.rate_hz
    return Steps(even.values[rows].astype(np.float32), first, times, even.channels)


def extract_raw(
    signal: Signal, spans: Spans, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the samples in each span, a step each (rows, c), filtered and resampled."""
    low_hz, high_hz, notch_hz = (float(settings[name]) or None for name in ("low_hz", "high_hz", "notch_hz"))
    reference = settings["reference"]
    if reference not in ("none", "average"):
        raise FeatureError(f"reference '{reference}' is unknown: choose none or average.")
    filters = Filters(low_hz, high_hz, notch_hz, reference=reference)
    try:
        passed = signal.values if filters.is_raw else filters.apply(signal.values, signal.rate_hz)
    except FilterError as error:
        raise FeatureError(str(error)) from error
    return extract_values(replace(signal, values=passed.astype(np.float32)), spans, window_s, hop_s, settings)


def _scaled(signal: Signal, scale: str) -> Signal:
    """Return a signal with each channel scaled over the whole recording; a flat one becomes 0."""
    if scale not in SCALES:
        raise FeatureError(f"scale '{scale}' is unknown: choose one of {', '.join(SCALES)}.")
    if scale == "none" or not len(signal.values):
        return signal
    wave = signal.values.astype(np.float64)
    made = np.full_like(wave, np.nan)
    for column in range(wave.shape[1]):
        known = wave[np.isfinite(wave[:, column]), column]
        if len(known):
            shift, size = (known.mean(), known.std()) if scale == "zscore" else (known.min(), np.ptp(known))
            made[:, column] = (wave[:, column] - shift) / (size or 1.0)
    return replace(signal, values=made.astype(np.float32))


def reach(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return how far `count` samples reach about a window's middle, and what scaling takes of the recording.

    Where the rate is not known they may come from anywhere.
    """
    count, hertz = int(settings.get("count", 0)), float(settings.get("rate_hz", 0.0)) or rate_hz
    about_s = (count / hertz if hertz > 0 else math.inf) if count else 0.0
    scale = str(settings["scale"])
    words = "" if scale == "none" else f"{scale} over the whole recording"
    is_filtered = any(float(settings.get(name, 0.0)) > 0 for name in _FILTERING)
    return Reach(about_s=about_s, is_filtered=is_filtered, whole=words)


def _padded(signal: Signal, spans: Spans, reach_s: float) -> Signal:
    """Return a signal whose first and last sample go on as far as any window reaches."""
    if not (len(spans) and len(signal.values)):
        return signal
    stop_s = signal.start_s + len(signal.values) / signal.rate_hz
    before = int(np.ceil(max(0.0, signal.start_s - float(spans.min()) + reach_s) * signal.rate_hz))
    after = int(np.ceil(max(0.0, float(spans.max()) + reach_s - stop_s) * signal.rate_hz))
    values = np.pad(signal.values, ((before, after), (0, 0)), "edge")
    return replace(signal, values=values, start_s=signal.start_s - before / signal.rate_hz)


STATISTICS = Feature(
    "statistics",
    1,
    NUMBERS,
    "Statistics of each channel's samples; by default maximum, minimum, mean, SD, variance, squared sum.",
    "Tang, Liu, Zheng & Lu, section on DEAP: 48 of 8 peripheral channels",
    extract_statistics,
    {"which": list(SPEC_03)},
)
SAMPLES = Feature(
    "samples",
    1,
    NUMBERS,
    "The samples of each window as they are; scale: none, zscore or minmax over the whole recording."
    " count: so many samples about the window's middle, even beyond the span; pad: nan or edge there.",
    "Yang et al.: 2.5 s windows of BVP, EDA, temperature; Comas et al.: 1000 samples",
    extract_samples,
    {"rate_hz": 0.0, "scale": "none", "count": 0, "pad": "nan"},
    reach,
)
VALUES = Feature(
    "values",
    1,
    NUMBERS,
    "The rows of the stream itself, a step each: features that came with a data set.",
    "the data set",
    extract_values,
    {"scale": "none"},
    reach,
)
RAW_EEG = Feature(
    "eeg.raw",
    1,
    ("eeg",),
    "The samples, a step each; filtered forth and back over the whole recording, then resampled.",
    "Butterworth edges of order 2 and a notch, as the review window shows; 0 Hz: none",
    extract_raw,
    {
        "rate_hz": 0.0, "low_hz": 0.0, "high_hz": 0.0, "notch_hz": 0.0, "reference": "none", "scale": "none",
    },
    reach,
)  # fmt: skip
