"""Samples of EEG in one band: filtered over the whole recording, then cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.eeg import CHANNELS_AT_ONCE
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.plain import extract_values
from analysis.features.reach import Reach
from analysis.views.runs import whole_runs

SEGMENT_BANDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "delta": (1.0, 4.0),
        "theta": (4.0, 8.0),
        "alpha": (8.0, 14.0),
        "beta": (14.0, 30.0),
        "gamma": (30.0, 50.0),
        "1-50": (1.0, 50.0),
    }
)
"""Edges in Hz (self-induced emotion): not those of `analysis.features.eeg`, whose beta goes on to 31 Hz."""
TO_MICROVOLT: Mapping[str, float] = MappingProxyType({"v": 1e6, "mv": 1e3, "nv": 1e-3})
HIGHEST_SHARE = 0.99
SETTLE_CYCLES = 3.0


def extract_band(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return the samples in each span in microvolts, a step each (rows, c), in one band.

    Butterworth, `order` at each edge, forth and back: no delay. Raises FeatureError for a band that there is
    not, or that the rate does not hold.
    """
    band = settings["band"]
    if band not in SEGMENT_BANDS:
        raise FeatureError(f"band '{band}' is unknown: choose one of {', '.join(SEGMENT_BANDS)}.")
    low_hz, high_hz = SEGMENT_BANDS[band]
    if high_hz >= HIGHEST_SHARE * signal.rate_hz / 2:
        raise FeatureError(
            f"band {band} reaches to {high_hz:g} Hz, which {signal.rate_hz:g} samples a second do not hold."
            " Choose another band."
        )
    order = int(settings["order"])
    if not 1 <= order <= 10:
        raise FeatureError(f"a filter of order {order} is impossible: choose 1 to 10.")
    passed = np.full(signal.values.shape, np.nan, np.float32)
    for first in range(0, len(signal.channels), CHANNELS_AT_ONCE):
        part = slice(first, first + CHANNELS_AT_ONCE)
        passed[:, part] = _passed(signal.values[:, part], signal.rate_hz, low_hz, high_hz, order)
    passed *= np.array([TO_MICROVOLT.get(unit.strip().lower(), 1.0) for unit in signal.units], np.float32)
    chosen = {"rate_hz": settings["rate_hz"], "scale": "none"}
    return extract_values(replace(signal, values=passed), spans, window_s, hop_s, chosen)


def _passed(
    values: NDArray[np.float32], rate_hz: float, low_hz: float, high_hz: float, order: int
) -> NDArray[np.float32]:
    """Return channels (n, c) filtered, each run between missing samples by itself."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(order, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
    made = np.full(values.shape, np.nan, np.float32)
    for channel in range(values.shape[1]):
        for run in whole_runs(np.isfinite(values[:, channel]), None, rate_hz):
            edge = min(run.stop - run.start - 1, round(SETTLE_CYCLES * rate_hz / low_hz))
            samples = values[run, channel].astype(np.float64)
            made[run, channel] = sosfiltfilt(sections, samples, padlen=edge)
    return made


BAND = Feature(
    "eeg.band",
    1,
    ("eeg",),
    "The samples in one band (delta, theta, alpha, beta, gamma, 1-50), a step each, in microvolts; filtered"
    " forth and back over the whole recording, then resampled (0 Hz: as recorded).",
    "article on self-induced emotion, preprocessing: Butterworth of order 4, zero phase, before cutting",
    extract_band,
    {"band": "gamma", "order": 4, "rate_hz": 0.0},
    lambda settings, rate_hz: Reach(is_filtered=True),
)
