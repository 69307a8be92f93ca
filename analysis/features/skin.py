"""Features of skin conductance: its tonic level, its phasic part, and single responses.

Responses and level are found once in the whole recording, as the review window shows them. Terms: Boucsein et
al., "Publication recommendations for electrodermal measurements", Psychophysiology 49 (2012) 1017-1034.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.features.reach import filtered
from analysis.features.windows import Sums, Windows, cut, divided, reaching_back
from analysis.views.derived import TO_MICROSIEMENS
from analysis.views.skin import LEAST_RATE_HZ, THRESHOLD_US, SkinConductance, skin_conductance

LEAST_SHARE = 0.5
"""Least share of a window's samples that must be there."""
NAMES = (
    "tonic_mean_us", "tonic_slope_us_per_min", "level_sd_us", "phasic_mean_us", "phasic_sd_us",
    "slope_abs_us_per_s", "responses_per_min", "response_sum_us_per_min", "response_mean_us", "rise_mean_s",
    "half_recovery_mean_s",
)  # fmt: skip


def skin_of(signal: Signal, threshold_us: float = THRESHOLD_US, channel: int = 0) -> SkinConductance:
    """Return level and responses of a whole recording, in microsiemens.

    Raises FeatureError for a unit that is no conductance, and below 2 Hz.
    """
    unit = signal.units[channel] if signal.units else ""
    scale = TO_MICROSIEMENS.get(unit.strip().lower())
    if scale is None:
        raise FeatureError(
            f"skin conductance: {signal.channels[channel]} is in '{unit}', which is no conductance."
            " Import the recording with its unit, such as uS."
        )
    if signal.rate_hz < LEAST_RATE_HZ:
        raise FeatureError(f"skin conductance needs at least {LEAST_RATE_HZ:g} Hz, not {signal.rate_hz:g}.")
    times = signal.start_s + np.arange(len(signal.values)) / signal.rate_hz
    values = signal.values[:, channel].astype(np.float64) * scale
    return skin_conductance(values, times, signal.rate_hz, threshold_us)


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return `NAMES` of every window (k, 11), NaN where less than half of it was recorded.

    A response belongs to the window that holds its onset; without one, what is said of responses but their
    number and sum is NaN. `context_s` lets every window begin so much earlier.
    """
    asked = cut(spans, window_s, hop_s)
    windows = reaching_back(asked, float(settings["context_s"]))
    return asked.steps(skin_numbers(skin_of(signal, float(settings["threshold_us"])), windows, signal), NAMES)


def skin_numbers(skin: SkinConductance, windows: Windows, signal: Signal) -> NDArray[np.float64]:
    """Return `NAMES` of windows (k, 11) of a recording that was searched."""
    rows = Sums.inside(skin.times_s, windows)
    phasic = skin.smooth_us - skin.level_us
    least = np.maximum(2.0, LEAST_SHARE * windows.length_s * signal.rate_hz)
    usual = rows.known(skin.smooth_us) >= least
    minutes = windows.length_s / 60
    found = [response for response in skin.responses if response.is_plausible]
    onsets = Sums.inside(np.array([each.onset_s for each in found]), windows)
    amplitude = np.array([each.amplitude_us for each in found])
    rise = np.array([each.rise_s for each in found])
    half = np.array([np.nan if each.half_recovery_s is None else each.half_recovery_s for each in found])
    steepness = np.abs(np.diff(skin.smooth_us, append=np.nan)) * signal.rate_hz
    columns = [
        rows.mean(skin.level_us),
        60 * rows.slope(skin.level_us, skin.times_s),
        rows.sd(skin.smooth_us),
        rows.mean(phasic),
        rows.sd(phasic),
        rows.mean(steepness),
        divided(onsets.count, minutes, minutes > 0),
        divided(onsets.of(amplitude), minutes, minutes > 0),
        onsets.mean(amplitude),
        onsets.mean(rise),
        onsets.mean(half),
    ]
    made = np.stack(columns, axis=1)
    made[~usual] = np.nan
    return made


SKIN = Feature(
    "skin",
    1,
    ("eda",),
    "Tonic level and slope, phasic part, number, sum, size, rise and recovery of responses."
    " context_s: the window begins so much earlier; threshold_us: least amplitude of a response.",
    "Boucsein et al., Psychophysiology 49 (2012); trough to peak",
    extract,
    {"context_s": 0.0, "threshold_us": THRESHOLD_US},
    filtered,
)
