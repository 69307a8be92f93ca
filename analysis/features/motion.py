"""Features of a wrist's acceleration: how much it moves and turns, and how steadily.

Movement says something of what somebody does, not only of how they feel: give it as an input of its own, by
name, and look at the result without it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.choosing import chosen
from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.reach import filtered
from analysis.features.series import share_of, whole_seconds
from analysis.features.windows import Sums, cut, reaching_back, widened
from analysis.views.filters import Filters

MOVEMENT_HZ, SWAY_HZ = (0.5, 10.0), (0.1, 0.6)
TO_G = {"": 1.0, "g": 1.0, "mg": 1e-3, **dict.fromkeys(("m/s2", "m/s^2", "m/s²"), 1 / 9.80665)}
LEAST_G = 1e-4
"""Added before a logarithm: what the sensor makes by itself."""
LEAST_TURN = 1e-3
LEAST_RATE_HZ = 25.0
LEAST_SHARE = 0.5
NAMES = (
    "movement_mean", "movement_sd", "movement_low", "jerk_mean", "jerk_sd", "sway_mean", "sway_sd",
    "turning_mean",
)  # fmt: skip


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return `NAMES`, or those in `which`, of every window (k, 8): log10 of g, of each second.

    Movement is the RMS between 0.5 and 10 Hz over all axes, sway between 0.1 and 0.6 Hz, jerk the mean step
    from sample to sample, turning how far a second's mean is from that of the second before. NaN where less
    than half was recorded. `context_s` lets every window begin earlier, `around_s` widens it on both sides
    (known afterwards only). Raises FeatureError below 25 Hz and for a unit that is no acceleration.
    """
    if signal.rate_hz < LEAST_RATE_HZ:
        raise FeatureError(f"motion needs at least {LEAST_RATE_HZ:g} Hz, not {signal.rate_hz:g}.")
    signal = _in_g(signal)
    asked = cut(spans, window_s, hop_s)
    windows = reaching_back(widened(asked, float(settings["around_s"])), float(settings["context_s"]))
    steps = np.diff(signal.values.astype(np.float64), axis=0, append=np.nan)
    jerk = whole_seconds(np.nan_to_num(np.linalg.norm(steps, axis=1)), signal)
    held = whole_seconds(signal.values, signal)
    turns = np.linalg.norm(np.diff(held.values, axis=0, prepend=np.nan), axis=1)
    movement, sway = (_strength(signal, *band) for band in (MOVEMENT_HZ, SWAY_HZ))
    rows = Sums.inside(jerk.times_s, windows)
    jerks = np.where(np.isfinite(movement), np.log10(jerk.values + LEAST_G), np.nan)
    turning = np.log10(turns + LEAST_TURN)
    columns = [
        rows.mean(movement), rows.sd(movement), share_of(movement, rows, 0.1), rows.mean(jerks),
        rows.sd(jerks), rows.mean(sway), rows.sd(sway), rows.mean(turning),
    ]  # fmt: skip
    values = np.stack(columns, axis=1)
    known = Sums.inside(jerk.times_s, asked).known(movement)
    values[known < np.maximum(1.0, LEAST_SHARE * asked.length_s)] = np.nan
    return chosen(asked.steps(values, NAMES), settings["which"], "motion")


def _in_g(signal: Signal) -> Signal:
    """Return a signal in g; raises FeatureError for a unit that is no acceleration."""
    scales = [TO_G.get(unit.strip().lower()) for unit in signal.units]
    for channel, unit, scale in zip(signal.channels, signal.units, scales, strict=True):
        if scale is None:
            raise FeatureError(
                f"motion: {channel} is in '{unit}', which is no acceleration. Import the recording with its"
                " unit, such as g."
            )
    if all(scale == 1 for scale in scales):
        return signal
    return replace(signal, values=signal.values * np.array(scales, np.float32))


def _strength(signal: Signal, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    passed = Filters(low_hz, high_hz).apply(signal.values, signal.rate_hz)
    power = whole_seconds(np.square(passed).sum(axis=1), signal)
    return np.asarray(np.log10(np.sqrt(power.values) + LEAST_G), np.float64)


MOTION = Feature(
    "motion",
    2,
    ("acceleration",),
    "How much, how steadily a wrist moves, sways and turns, as log10 of g. context_s: the window begins so"
    " much earlier; around_s: so much more on both sides; which: only these.",
    "own; RMS in bands of the acceleration",
    extract,
    {"context_s": 0.0, "around_s": 0.0, "which": []},
    filtered,
)
