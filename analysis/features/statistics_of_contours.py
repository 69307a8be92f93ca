"""What is said of a contour over a span: middle, spread, percentiles, trend, and how fast it moves."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 3
"""Of fewer frames than this nothing is said."""


def summarise(kinds: Sequence[str], values: Floats, hop_s: float = 0.01) -> Floats:
    """Return statistics of contours (k, c) as one row (kinds x c,); NaN frames are left out of each.

    `slope` is a second's change by least squares, `rise` and `fall` the mean speeds (a second) of the frames
    in which a contour goes up and down, `d_sd` and `d_range` the spread of its speed.
    """
    known = np.isfinite(values)
    enough = known.sum(axis=0) >= LEAST
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # Columns without a value are NaN, which is what is wanted of them.
        warnings.simplefilter("ignore", RuntimeWarning)
        made = _all(values, hop_s)
    return np.concatenate([np.where(enough, made[kind], np.nan) for kind in kinds])


def _all(values: Floats, hop_s: float) -> dict[str, Floats]:
    mean, sd = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    p10, p20, p50, p80, p90 = np.nanpercentile(values, (10, 20, 50, 80, 90), axis=0)
    times = np.where(np.isfinite(values), np.arange(len(values))[:, None] * hop_s, np.nan)
    away = times - np.nanmean(times, axis=0)
    speed = np.diff(values, axis=0) / hop_s
    d10, d90 = np.nanpercentile(speed, (10, 90), axis=0) if len(speed) else (mean * np.nan,) * 2
    return {
        "mean": mean,
        "sd": sd,
        "p10": p10,
        "p20": p20,
        "p50": p50,
        "p80": p80,
        "p90": p90,
        "range": p90 - p10,
        "slope": np.nansum(away * (values - mean), axis=0) / np.nansum(away**2, axis=0),
        "rise": np.nanmean(np.where(speed > 0, speed, np.nan), axis=0),
        "fall": np.nanmean(np.where(speed < 0, speed, np.nan), axis=0),
        "d_sd": np.nanstd(speed, axis=0),
        "d_range": d90 - d10,
    }
