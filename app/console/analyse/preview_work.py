"""What the step Features computes away from the window's thread: one feature of one recording."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.corpus import Recording, Trial
from analysis.corpus.signals import modalities_of, read_signal
from analysis.features.feature import FEATURES, Feature, FeatureError, Signal, Steps, feature
from analysis.session_file import SessionFileError, open_session
from app.console.analyse.known import Material, material_of
from app.console.analyse.waiting import Told
from app.study import Study
from stimuli.problems import EvokeError

COLUMNS = 4000
"""Columns that a signal is kept in, lowest and highest of each: more than any screen has."""
MOST_CHANNELS = 8
AROUND_S = 2.0


@dataclass(frozen=True)
class Offer:
    """What can be chosen: recordings with their modalities, and every feature."""

    material: Material
    modalities: Mapping[str, tuple[str, ...]]
    features: Mapping[str, Feature]

    def trials(self, recording: str) -> tuple[Trial, ...]:
        """Return the trials of a recording in order."""
        return tuple(trial for trial in self.material.corpus.trials if trial.recording == recording)

    def features_of(self, recording: str) -> list[tuple[str, str]]:
        """Return (feature, modality) of everything that a recording has a signal for."""
        held = self.modalities.get(recording, ())
        return [
            (name, modality)
            for modality in held
            for name, each in self.features.items()
            if modality in each.modalities
        ]


@dataclass(frozen=True)
class Asked:
    """One feature of one recording; `trial` -1 means all of it. `settings` are those changed."""

    recording: Recording
    trial: int
    feature: str
    modality: str
    window_s: float
    hop_s: float
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wave:
    """A channel in columns: `low` and `high` (n,) from `start_s`, each `step_s` wide."""

    name: str
    unit: str
    start_s: float
    step_s: float
    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class Preview:
    """A feature with its signal; `row_span` (rows,): of which trial each step is; `cost_ms` of all trials."""

    asked: Asked
    extent_s: tuple[float, float]
    trials: tuple[Trial, ...]
    waves: tuple[Wave, ...]
    channels: int
    moments_s: NDArray[np.float64]
    """Key strokes, or frames of a camera, where there is no wave."""
    steps: Steps
    row_span: NDArray[np.intp]
    cost_ms: float

    @property
    def flat(self) -> NDArray[np.float32]:
        """Values of all steps, (rows, numbers)."""
        values = self.steps.values
        return values.reshape(len(values), int(np.prod(values.shape[1:])))

    @property
    def rows(self) -> NDArray[np.intp]:
        """Rows of the steps of what is shown."""
        if self.asked.trial < 0:
            return np.arange(len(self.steps.times_s), dtype=np.intp)
        places = [place for place, each in enumerate(self.trials) if each.index == self.asked.trial]
        return np.flatnonzero(np.isin(self.row_span, places))


def offer(study: Study, told: Told) -> Offer:
    """Return what can be chosen; raises what reading raises."""
    told(0, 0, "recordings")
    material = material_of(study)
    held = {}
    for place, recording in enumerate(material.corpus.recordings):
        told(place, len(material.corpus.recordings), recording.id)
        held[recording.id] = modalities_of(recording)
    return Offer(material, held, {name: feature(name) for name in FEATURES})


def preview(asked: Asked, trials: tuple[Trial, ...], told: Told) -> Preview:
    """Return a feature of a recording, and the signal in columns; raises FeatureError, EvokeError."""
    told(0, 0, "the signal")
    known = feature(asked.feature)
    spans = np.array([trial.shown for trial in trials], np.float64).reshape(-1, 2)
    if not len(spans):
        raise FeatureError("This recording has no trial, and features are computed inside trials.")
    names = [info.id for info in asked.recording.streams]
    try:
        with open_session(asked.recording.path) as session:
            signal = read_signal(session, asked.modality, names)
            if signal is None:
                raise FeatureError(f"{asked.recording.id} has no signal of {asked.modality}.")
            told(0, 0, "the feature")
            began = time.perf_counter()
            settings = {**known.settings, **asked.settings}
            steps = known.extract(signal, spans, asked.window_s, asked.hop_s, settings)
            cost_ms = 1000 * (time.perf_counter() - began)
    except SessionFileError as error:
        raise EvokeError(str(error)) from error
    told(0, 0, "the picture")
    extent_s = _extent(asked, trials)
    row_span = np.repeat(np.arange(len(spans)), np.diff(steps.first))
    return Preview(
        asked,
        extent_s,
        trials,
        waves_of(signal, extent_s),
        len(signal.channels),
        _moments(signal, extent_s),
        steps,
        row_span,
        cost_ms,
    )


def _extent(asked: Asked, trials: tuple[Trial, ...]) -> tuple[float, float]:
    if asked.trial < 0:
        return (
            min(trial.start_s for trial in trials) - AROUND_S,
            max(trial.stop_s for trial in trials) + AROUND_S,
        )
    trial = next(each for each in trials if each.index == asked.trial)
    return min(trial.start_s, trial.shown[0]) - AROUND_S, max(trial.stop_s, trial.shown[1]) + AROUND_S


def waves_of(signal: Signal, extent_s: tuple[float, float]) -> tuple[Wave, ...]:
    """Return the first channels of a signal within a range, in columns that a screen can show."""
    if not signal.values.size or signal.rate_hz <= 0:
        return ()
    first = max(0, int(np.floor((extent_s[0] - signal.start_s) * signal.rate_hz)))
    stop = min(len(signal.values), int(np.ceil((extent_s[1] - signal.start_s) * signal.rate_hz)) + 1)
    if stop <= first:
        return ()
    each = max(1, -(-(stop - first) // COLUMNS))
    count = (stop - first) // each if each > 1 else stop - first
    part = signal.values[first : first + count * each, :MOST_CHANNELS]
    blocks = part.reshape(count, each, part.shape[1])
    known = np.isfinite(blocks)
    low = np.where(known, blocks, np.inf).min(axis=1)
    high = np.where(known, blocks, -np.inf).max(axis=1)
    low[~np.isfinite(low)] = np.nan
    high[~np.isfinite(high)] = np.nan
    begin_s = signal.start_s + first / signal.rate_hz
    return tuple(
        Wave(
            signal.channels[channel],
            signal.units[channel] if channel < len(signal.units) else "",
            begin_s,
            each / signal.rate_hz,
            low[:, channel],
            high[:, channel],
        )
        for channel in range(part.shape[1])
    )


def _moments(signal: Signal, extent_s: tuple[float, float]) -> NDArray[np.float64]:
    if signal.times_s is not None and not signal.values.size:
        times = signal.times_s
    elif "time" in signal.table:
        times = np.asarray(signal.table["time"], np.float64)
        if "edge" in signal.table:
            times = times[np.asarray(signal.table["edge"]) == "down"]
    else:
        return np.zeros(0)
    return np.asarray(times[(times >= extent_s[0]) & (times <= extent_s[1])], np.float64)
