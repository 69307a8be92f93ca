"""The rhythm of typing inside a span, never which keys: a key's class is all that is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Feature, FeatureError, Signal, Steps
from analysis.views.keystrokes import Press, presses_of

Times = NDArray[np.float64]

WRITING = ("letter", "digit", "space", "punctuation")
"""Classes of keys that give a character; "editing" takes some away, "control" does neither."""
LEAST = 3
"""A spread, a percentile or a slope of fewer values than this is not computed."""

_OF_EACH = ("mean", "sd", "median", "p10", "p25", "p75", "p90", "iqr")
_TIMES = ("interval", "dwell", "flight")
_OTHERS = (
    "interval_cv", "interval_slope", "dwell_cv", "negative_flights", "pauses", "pause_share",
    "longest_interval_s", "keys_per_s", "characters_per_s", "corrections_per_character",
    "correction_bursts_per_character", "after_space_s", "keys",
)  # fmt: skip
NAMES = tuple(f"{time}_{what}_s" for time in _TIMES for what in _OF_EACH) + _OTHERS


def _presses(signal: Signal) -> tuple[Press, ...]:
    missing = {"time", "edge", "class"} - set(signal.table) if signal.table else set()
    if missing:
        raise FeatureError(f"the table of keys has no column {', '.join(sorted(missing))}.")
    return presses_of(signal.table)


def _inside(presses: Sequence[Press], span: Sequence[float]) -> list[Press]:
    """Return the presses that begin in a span; how long one was held that ends behind it is not known."""
    return [
        press if not press.up_s > span[1] else replace(press, up_s=float("nan"))
        for press in presses
        if span[0] <= press.down_s < span[1]
    ]


def _intervals(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    del window_s, hop_s
    presses = _presses(signal)
    made: list[Times] = []
    middles: list[Times] = []
    for span in spans.tolist():
        down_s = np.array([press.down_s for press in _inside(presses, span)], np.float64)
        made.append(np.minimum(np.diff(down_s), float(settings["longest_s"]) or np.inf))
        middles.append((down_s[1:] + down_s[:-1]) / 2)
    first = np.concatenate(([0], np.cumsum([len(part) for part in made]))).astype(np.intp)
    values = np.concatenate([np.zeros(0), *made]).astype(np.float32)[:, None]
    return Steps(values, first, np.concatenate([np.zeros(0), *middles]), ("interval_s",))


def _statistics(
    signal: Signal, spans: Times, window_s: float, hop_s: float, settings: Mapping[str, Any]
) -> Steps:
    from analysis.features.windows import cut

    windows = cut(spans, window_s, hop_s)
    presses = _presses(signal)
    pause_s = float(settings["pause_s"])
    rows = [
        _row(_inside(presses, span), pause_s, span[1] - span[0])
        for span in zip(windows.start_s.tolist(), windows.stop_s.tolist(), strict=True)
    ]
    return windows.steps(np.array(rows, np.float64).reshape(-1, len(NAMES)), NAMES)


def _row(presses: Sequence[Press], pause_s: float, length_s: float) -> list[float]:
    """Return the numbers of one span; all NaN where nothing was typed."""
    if not presses:
        return [float("nan")] * len(NAMES)
    down = np.array([press.down_s for press in presses])
    up = np.array([press.up_s for press in presses])
    classes = np.array([press.key_class for press in presses])
    dwell, every = up - down, np.diff(down)
    flight = down[1:] - up[:-1]
    is_rhythm = every <= pause_s
    interval, flight = every[is_rhythm], flight[is_rhythm & np.isfinite(flight)]
    dwell = dwell[np.isfinite(dwell)]
    made = [number for values in (interval, dwell, flight) for number in _described(values)]
    is_editing = classes == "editing"
    written = int(np.isin(classes, WRITING).sum())
    typing_s = down[-1] - down[0]
    bursts = int((is_editing & ~np.concatenate(([False], is_editing[:-1]))).sum())
    after_space = every[(classes[:-1] == "space") & is_rhythm]
    return [
        *made,
        _spread(interval),
        _slope(down[1:][is_rhythm], interval),
        _spread(dwell),
        float(np.mean(flight < 0)) if len(flight) else float("nan"),
        float((~is_rhythm).sum()),
        float(every[~is_rhythm].sum() / typing_s) if typing_s > 0 else float("nan"),
        float(every.max()) if len(every) else float("nan"),
        float(len(every) / typing_s) if typing_s > 0 else float("nan"),
        float(written / length_s),
        float(is_editing.sum() / written) if written else float("nan"),
        float(bursts / written) if written else float("nan"),
        float(np.median(after_space)) if len(after_space) else float("nan"),
        float(len(presses)),
    ]


def _described(values: Times) -> list[float]:
    if not len(values):
        return [float("nan")] * len(_OF_EACH)
    if len(values) < LEAST:
        middle = [float(np.mean(values)), float("nan"), float(np.median(values))]
        return middle + [float("nan")] * (len(_OF_EACH) - 3)
    p10, p25, p50, p75, p90 = np.percentile(values, (10, 25, 50, 75, 90)).tolist()
    return [float(values.mean()), float(values.std(ddof=1)), p50, p10, p25, p75, p90, p75 - p25]


def _spread(values: Times) -> float:
    return float(values.std(ddof=1) / values.mean()) if len(values) >= LEAST else float("nan")


def _slope(times_s: Times, values: Times) -> float:
    """Return how much longer values become a second, by least squares."""
    if len(values) < LEAST or np.ptp(times_s) == 0:
        return float("nan")
    away = times_s - times_s.mean()
    return float((away @ (values - values.mean())) / (away @ away))


INTERVALS = Feature(
    name="keys.intervals",
    version=1,
    modalities=("keys",),
    about=(
        "Seconds from each key-down to the next, a row each: N keys give N - 1 rows, at the middle "
        "between the two. Repeats of a held key are no keys. `longest_s` cuts longer ones off (0: none). "
        "Doubts: pauses for thought and for reading are part of it, and one of them outweighs a hundred "
        "strokes; a keyboard is scanned every few milliseconds, and times are no finer."
    ),
    source="Yang et al., inter-key-down intervals of the whole task, (N_k - 1) x 1",
    extract=_intervals,
    settings={"longest_s": 0.0},
)

STATISTICS = Feature(
    name="keys.statistics",
    version=2,
    modalities=("keys",),
    about=(
        "Intervals (down to down), dwell (down to up) and flight (up to the next down) in seconds: mean, "
        "SD, median, percentiles; their spread and trend; pauses (intervals above `pause_s`, left out of "
        "the rest), speed, corrections and bursts of them a character. NaN where fewer than three values "
        "are there for a spread. Doubts: speed is skill first; which sentence was typed matters."
    ),
    source=(
        "dwell and flight times as in Epp, Lippold & Mandryk, 'Identifying emotional states using "
        "keystroke dynamics' (CHI 2011, section 4.3), over single keys instead of digraphs"
    ),
    extract=_statistics,
    settings={"pause_s": 2.0},
)
