"""Skin conductance against what it was just before: a rise that begins is seen, a slow drift is not.

Electrodes soak, so that the level creeps for an hour. What a decision at a window's end may know of the level
is therefore taken relative to the minutes before the window, in microsiemens and as a ratio (logarithm).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.choosing import chosen
from analysis.features.feature import Feature, Signal, Steps
from analysis.features.reach import Reach, by_settings
from analysis.features.series import Series, share_of, whole_seconds
from analysis.features.skin import skin_of
from analysis.features.windows import Sums, Windows, cut, divided, reaching_back, widened
from analysis.views.filters import Filters

Floats = NDArray[np.float64]

FLOOR_US = 0.05
"""Added before a logarithm: less is no skin (Kleckner et al. 2018)."""
FAST_HZ = (0.05, 0.5)
LEAST_FAST_US = 1e-3
LEAST_BEFORE_S = 30.0
LEAST_SHARE = 0.5
LOW_SHARE = 0.2
NAMES = (
    "change_us", "change_log", "above_low_us", "above_low_log", "slope_us_per_min", "slope_log_per_min",
    "fast_log_mean", "fast_log_low", "phasic_mean_us", "responses_per_min",
)  # fmt: skip


def extract(
    signal: Signal, spans: NDArray[np.float64], window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    """Return `NAMES`, or those in `which`, of every window (k, 10).

    `before_s` is how far back the level before the window and the slope of its logarithm reach, `low_s` how
    far back the lowest fifth is looked for. At the start of a recording less is taken, at least 30 s before
    the window; without them what is said of a change is NaN. Slope of the level, fast part (0.05 to 0.5 Hz)
    and phasic part are of the window itself, responses of it and `before_s`. `around_s` widens every window
    on both sides first (known afterwards only).
    """
    asked = cut(spans, window_s, hop_s)
    shown = widened(asked, float(settings["around_s"]))
    before = reaching_back(shown, float(settings["before_s"]))
    lately = reaching_back(shown, float(settings["low_s"]))
    skin = skin_of(signal)
    level = whole_seconds(skin.smooth_us, signal)
    log = Series(level.times_s, np.log(np.maximum(level.values, 0) + FLOOR_US))
    made = [
        *(_changes(each, shown, before, lately) for each in (level, log)),
        [60 * Sums.inside(level.times_s, shown).slope(level.values, level.times_s)],
        [60 * Sums.inside(log.times_s, before).slope(log.values, log.times_s)],
        _fast(signal, skin.smooth_us, shown),
        [Sums.inside(skin.times_s, shown).mean(skin.smooth_us - skin.level_us)],
        [_responses(skin.responses, before, level)],
    ]
    (change_us, above_us), (change_log, above_log), *rest = made
    columns = [change_us, change_log, above_us, above_log, *(each for part in rest for each in part)]
    values = np.stack(columns, axis=1)
    known = Sums.inside(level.times_s, asked).known(level.values)
    values[known < np.maximum(1.0, LEAST_SHARE * asked.length_s)] = np.nan
    return chosen(asked.steps(values, NAMES), settings["which"], "skin.change")


def _changes(level: Series, asked: Windows, before: Windows, lately: Windows) -> list[Floats]:
    now = Sums.inside(level.times_s, asked)
    until = Sums(np.searchsorted(level.times_s, before.start_s, "left"), now.begin)
    here = now.mean(level.values)
    low = share_of(level.values, Sums.inside(level.times_s, lately), LOW_SHARE, least=int(LEAST_BEFORE_S))
    return [here - until.mean(level.values, int(LEAST_BEFORE_S)), here - low]


def _fast(signal: Signal, smooth_us: Floats, asked: Windows) -> list[Floats]:
    passed = Filters(*FAST_HZ).apply(smooth_us[:, None], signal.rate_hz)[:, 0]
    power = whole_seconds(np.square(passed), signal)
    log = np.log10(np.sqrt(power.values) + LEAST_FAST_US)
    rows = Sums.inside(power.times_s, asked)
    return [rows.mean(log), share_of(log, rows, 0.1)]


def _responses(responses: Any, before: Windows, level: Series) -> Floats:
    onsets = np.array([each.onset_s for each in responses if each.is_plausible])
    minutes = Sums.inside(level.times_s, before).known(level.values) / 60
    return divided(Sums.inside(onsets, before).count, minutes, minutes > 0)


def reach(settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return how far back `before_s` and `low_s` look, from a window widened by `around_s`."""
    beside = by_settings(settings, rate_hz)
    back_s = max(float(settings["before_s"]), float(settings["low_s"]))
    return Reach(beside.before_s + back_s, beside.after_s, is_filtered=True)


SKIN_CHANGE = Feature(
    "skin.change",
    1,
    ("eda",),
    "Skin conductance against the minutes before the window: change, height above the lowest fifth, slopes,"
    " fast part, responses. before_s, low_s: how far back; around_s: so much more on"
    " both sides; which: only these.",
    "own; level and responses after Boucsein et al., Psychophysiology 49 (2012)",
    extract,
    {"before_s": 120.0, "low_s": 300.0, "around_s": 0.0, "which": []},
    reach,
)
