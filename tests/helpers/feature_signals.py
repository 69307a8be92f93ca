"""Signals and shortcuts for tests of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Signal, Steps, feature


def make_signal(
    modality: str,
    values: NDArray[Any],
    rate_hz: float,
    start_s: float = 0.0,
    channels: Sequence[str] = (),
    unit: str = "",
) -> Signal:
    """Return a signal of these values (n,) or (n, channels)."""
    table = np.asarray(values, np.float32)
    table = table[:, None] if table.ndim == 1 else table
    names = tuple(channels) or tuple(f"{modality}{place}" for place in range(table.shape[1]))
    return Signal(modality, rate_hz, start_s, table, names, (unit,) * len(names))


def extract(
    name: str, signal: Signal, spans: Any, window_s: float = 0.0, hop_s: float = 0.0, **settings: Any
) -> Steps:
    """Return a feature of spans with its own settings and those given."""
    what = feature(name)
    return what.extract(signal, np.asarray(spans, np.float64), window_s, hop_s, {**what.settings, **settings})


def column(steps: Steps, name: str) -> NDArray[np.float32]:
    """Return one number of every step."""
    return steps.values[:, steps.names.index(name)]


def with_gap(signal: Signal, from_s: float, to_s: float) -> Signal:
    """Return the signal with a gap between two times."""
    times = signal.start_s + np.arange(len(signal.values)) / signal.rate_hz
    values = signal.values.copy()
    values[(times >= from_s) & (times < to_s)] = np.nan
    return replace(signal, values=values)
