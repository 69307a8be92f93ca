"""Features of skin temperature: its level, how it moves, how far it ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, Signal, Steps
from analysis.features.reach import by_settings
from analysis.features.series import whole_seconds
from analysis.features.windows import Sums, cut, reaching_back

LEAST_SHARE = 0.5
NAMES = ("mean_c", "slope_c_per_min", "sd_c", "range_c")


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return `NAMES` of every window (k, 4), NaN where less than half of it was recorded.

    The range is that of second means, so that a converter's step is none. `context_s` lets every window begin
    so much earlier. With several channels their mean is taken.
    """
    asked = cut(spans, window_s, hop_s)
    windows = reaching_back(asked, float(settings["context_s"]))
    times, values = second_means(signal)
    rows = Sums.inside(times, windows)
    least = np.maximum(2.0, LEAST_SHARE * windows.length_s)
    usual = rows.known(values) >= least
    columns = [rows.mean(values), 60 * rows.slope(values, times), rows.sd(values), _ranges(values, rows)]
    made = np.stack(columns, axis=1)
    made[~usual] = np.nan
    return asked.steps(made, NAMES)


def second_means(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return middles and means of whole seconds, (s,) each, NaN where one has a gap."""
    if not signal.values.shape[1]:
        return np.zeros(0), np.zeros(0)
    means = whole_seconds(signal.values.astype(np.float64).mean(axis=1), signal)
    return means.times_s, means.values


def _ranges(values: NDArray[np.float64], rows: Sums) -> NDArray[np.float64]:
    made = np.full(len(rows.begin), np.nan)
    inside = np.flatnonzero(rows.count)
    if len(inside):
        # Pairs of (begin, stop): every second stretch is a window.
        places = np.stack([rows.begin[inside], rows.stop[inside]], axis=1).ravel()
        high, low = (np.append(np.nan_to_num(values, nan=far), far) for far in (-np.inf, np.inf))
        made[inside] = (np.maximum.reduceat(high, places) - np.minimum.reduceat(low, places))[::2]
    return made


TEMPERATURE = Feature(
    "temperature",
    1,
    ("temperature",),
    "Mean, slope, standard deviation and range of skin temperature, of its second means."
    " context_s: the window begins so much earlier.",
    "time-domain description; slope by least squares",
    extract,
    {"context_s": 0.0},
    by_settings,
)
