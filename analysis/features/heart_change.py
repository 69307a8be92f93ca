"""The heart against what it was just before: what differs from person to person for good is gone.

How fast a pulse wave rises depends on arteries and on where the wristband sits, so that its level says more
of the person than of the moment. Against the minutes before a window, vessels that narrow are seen alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.choosing import chosen
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.heart import heart_of
from analysis.features.reach import Reach
from analysis.features.series import share_of
from analysis.features.windows import Sums, Windows, cut

LEAST_BEATS = 8
"""Least believable beats in a window, and before it."""
NAMES = ("interval_change_ms", "rise_change_ms")


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return `NAMES`, or those in `which`, of every window (k, 2): its median less that of `before_s` before.

    At the start of a recording less is taken; with fewer than eight believable beats on either side a number
    is NaN. An ECG has no rise. Raises FeatureError where `before_s` is not above 0.
    """
    before_s = float(settings["before_s"])
    if before_s <= 0:
        raise FeatureError(f"heart.change: before_s is {before_s:g}, but must be above 0 seconds.")
    windows = cut(spans, window_s, hop_s)
    earlier = replace(windows, start_s=windows.start_s - before_s, stop_s=windows.start_s)
    heart = heart_of(signal)
    times_s = heart.beats.times_s
    # An interval lies inside a window that holds the beat before it too.
    columns = [
        1000 * (_median(each, times_s, windows, back) - _median(each, times_s, earlier, back))
        for each, back in ((heart.interval_s, 1), (heart.rise_s, 0))
    ]
    return chosen(windows.steps(np.stack(columns, axis=1), NAMES), settings["which"], "heart.change")


def _median(
    numbers: NDArray[np.float64], times_s: NDArray[np.float64], windows: Windows, back: int
) -> NDArray[np.float64]:
    rows = Sums.inside(times_s, windows)
    return share_of(numbers, Sums(np.minimum(rows.begin + back, rows.stop), rows.stop), 0.5, LEAST_BEATS)


def reach(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return how far back `before_s` looks."""
    del rate_hz
    return Reach(float(settings["before_s"]), is_filtered=True)


HEART_CHANGE = Feature(
    "heart.change",
    1,
    ("bvp", "ecg"),
    "Median interval between beats and median rise time of the pulse, less the same of the minutes before the"
    " window. before_s: how far back; which: only these.",
    "own; beats after Elgendi et al. 2013",
    extract,
    {"before_s": 300.0, "which": []},
    reach,
)
