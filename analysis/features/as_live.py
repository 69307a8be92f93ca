"""A feature as it is known at the end of each span: of the seconds before it, of nothing after it.

An input with the setting `as_live_s` is computed so, in a recording as on a running stream: of every span
the signal is taken from `as_live_s` before the span's end up to that end, and the feature, its filters and
whatever it takes of a "whole recording" see only this. What is trained on such inputs is told live exactly
what it was told in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import InputSpec
from analysis.features.feature import Feature, FeatureError, OfSpan, Signal, Steps, Stop
from analysis.features.reach import Reach
from analysis.features.windows import EPSILON_S

AS_LIVE = "as_live_s"
"""The setting that every feature has: seconds before a span's end that are known; absent: the recording."""
SHORTEST_S = 1.0


def live_inputs(inputs: Sequence[InputSpec], memory_s: float) -> tuple[InputSpec, ...]:
    """Return inputs computed as live, with `memory_s` known before the end of each span.

    Inputs that say how much they know keep that. Raises FeatureError for less than a second.
    """
    if not memory_s >= SHORTEST_S:
        raise FeatureError(f"as live: {memory_s:g} s are too little to know. Give {SHORTEST_S:g} s or more.")
    return tuple(
        spec if AS_LIVE in spec.settings else replace(spec, settings={**spec.settings, AS_LIVE: memory_s})
        for spec in inputs
    )


def limited(signal: Signal, stop_s: float, memory_s: float, least_s: float = 0.0) -> Signal:
    """Return what is known of a signal at `stop_s`: its last `memory_s`.

    Where nothing of it lies there, `least_s` of missing samples stand for it.
    """
    start_s = stop_s - memory_s
    if signal.modality == "keys":
        time_s = signal.table.get("time", np.zeros(0))
        inside = (time_s >= start_s) & (time_s < stop_s)
        table = {name: column[inside] for name, column in signal.table.items()}
        return replace(signal, table=table, doubtful=())
    if signal.modality == "text":
        # An utterance is known when it has been said; without times of its own it lasts as long as its trial.
        begun_s, ended_s = signal.table["start_s"], signal.table["stop_s"]
        inside = (begun_s >= start_s - EPSILON_S) & (ended_s <= stop_s + EPSILON_S)
        return replace(signal, table={name: column[inside] for name, column in signal.table.items()})
    if signal.times_s is not None and signal.frames is not None:
        low, high = (int(each) for each in np.searchsorted(signal.times_s, (start_s, stop_s), "left"))
        whole = signal.frames

        def frame(number: int) -> bytes:
            return whole(low + number)

        return replace(signal, times_s=signal.times_s[low:high], frames=frame, doubtful=())
    rate_hz = signal.rate_hz
    first, stop = grid_rows(signal.start_s, rate_hz, stop_s, memory_s)
    low, high = max(0, first), max(0, min(stop, len(signal.values)))
    if high <= low:
        low = stop - max(1, round(least_s * rate_hz))
        values = np.full((stop - low, signal.values.shape[1]), np.nan, np.float32)
    else:
        values = signal.values[low:high]
    return replace(signal, values=values, start_s=signal.start_s + low / rate_hz, doubtful=())


def grid_rows(start_s: float, rate_hz: float, stop_s: float, memory_s: float) -> tuple[int, int]:
    """Return the rows (first, behind the last) of an even grid that are known at `stop_s`."""
    first = int(np.floor((stop_s - memory_s - start_s) * rate_hz + 0.5))
    return first, int(np.floor((stop_s - start_s) * rate_hz + 0.5))


def extracted(
    what: Feature,
    signal: Signal,
    spans: NDArray[np.float64],
    window_s: float,
    hop_s: float,
    settings: Mapping[str, Any],
) -> Steps:
    """Return a feature of spans (n, 2), as live where `settings` says so.

    Raises FeatureError as the feature does.
    """
    if AS_LIVE not in settings:
        return what.extract(signal, spans, window_s, hop_s, settings)
    memory_s = float(settings[AS_LIVE])
    own = {name: value for name, value in settings.items() if name != AS_LIVE}
    found = [
        what.extract(
            limited(signal, stop, memory_s, stop - start), np.array([[start, stop]]), window_s, hop_s, own
        )
        for start, stop in spans.tolist()
    ]
    if not found:
        return what.extract(signal, spans, window_s, hop_s, own)
    return joined(found)


def by_span(what: Feature, signal: Signal, settings: Mapping[str, Any]) -> OfSpan | None:
    """Return what makes a feature span by span, as live where `settings` says so; None for a quick one.

    Raises FeatureError as the feature does.
    """
    if what.by_span is None or AS_LIVE not in settings:
        return None if what.by_span is None else what.by_span(signal, settings)
    prepare, memory_s = what.by_span, float(settings[AS_LIVE])
    own = {name: value for name, value in settings.items() if name != AS_LIVE}

    def of(start_s: float, stop_s: float, cancelled: Stop) -> Steps:
        known = limited(signal, stop_s, memory_s, stop_s - start_s)
        return prepare(known, own)(start_s, stop_s, cancelled)

    return of


def joined(parts: Sequence[Steps]) -> Steps:
    """Return the steps of several spans one behind the other; there must be one at least."""
    counts = [len(each.values) for each in parts]
    return Steps(
        np.concatenate([each.values for each in parts]),
        np.concatenate(([0], np.cumsum(counts))).astype(np.intp),
        np.concatenate([each.times_s for each in parts]),
        parts[0].names,
    )


def reach_of(what: Feature, settings: Mapping[str, Any], rate_hz: float) -> Reach:
    """Return how far a feature with these settings looks."""
    if AS_LIVE in settings:
        return Reach(memory_s=float(settings[AS_LIVE]))
    return what.reach(settings, rate_hz)
