"""Session files to be replayed, and recognizers trained on them in a moment."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.building import make_batch
from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.corpus.loading import load_recording
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.trained import Trained, train
from analysis.features.store import Store
from analysis.live.replaying import whole_trial
from analysis.records import Gap
from app.cli_analysis import live as live_arguments
from tests.helpers.live_session import signal_of, stream
from tests.helpers.signals_file import START_S, Signal, write_signals

STREAMS = (
    replace(stream("eeg", "eeg", 128, 4, "uV"), channels=("F3", "F4", "O1", "O2")),
    stream("bvp", "bvp", 64, 1, ""),
    stream("eda", "eda", 4, 1, "uS"),
    stream("temperature", "temperature", 4, 1, "degC"),
    stream("acceleration", "acceleration", 32, 3, "g"),
    stream("microphone", "audio", 8000, 1, "", "int16"),
)
EDA = InputSpec("eda", "eda", "skin")
BVP = InputSpec("bvp", "bvp", "heart")
EEG = InputSpec("eeg", "eeg", "eeg.de")
CLASSES = ("calm", "angry")


def session_file(
    path: Path,
    names: Sequence[str] = ("bvp", "eda"),
    seconds: float = 40.0,
    off_ppm: float = 0.0,
    late_s: float = 0.0,
    hole_of: str = "",
    changed: Mapping[str, Callable[[NDArray[Any]], object]] = MappingProxyType({}),
) -> Path:
    """Write a finished session; `off_ppm` lets clocks run off their rates, each stream starts `late_s` on.

    The stream `hole_of` lacks two and a half seconds in the middle; `changed` alters a stream's values in
    place.
    """
    signals = []
    for number, info in enumerate(each for each in STREAMS if each.id in names):
        rows = int(seconds * info.rate_hz)
        times = START_S + number * late_s + np.arange(rows) / (info.rate_hz * (1 + 1e-6 * off_ppm))
        values = signal_of(info, times).astype(info.dtype)
        if info.id in changed:
            changed[info.id](values)
        gaps: tuple[Gap, ...] = ()
        if info.id == hole_of:
            first, stop = int(rows * 0.5), int(rows * 0.5 + 2.5 * info.rate_hz)
            kept = np.r_[0:first, stop:rows]
            times, values = times[kept], values[kept]
            gaps = (Gap(first - 1, first, stop - first, "lost"),)
        signals.append(Signal(info, times, values, gaps))
    return write_signals(path, signals, participant="P01", session=1)


def live_options(model: Path, *words: str) -> Namespace:
    """Return what `evoke live MODEL ...` is told."""
    parser = ArgumentParser()
    live_arguments(parser)
    return parser.parse_args([str(model), *words])


def trained_on(
    path: Path,
    inputs: Sequence[InputSpec] = (EDA, BVP),
    window_s: float = 8.0,
    recognizer: str = "lda",
    **changes: Any,
) -> Trained:
    """Return a recognizer that learnt to tell even from odd windows of a session."""
    recording, _, _ = load_recording(path)
    trial = whole_trial(recording, (START_S + 1.0, START_S + 39.0))
    cases = CaseSpec("window", window_s, 2.0)
    with tempfile.TemporaryDirectory() as folder:
        made = make_batch(Corpus("c", (recording,), (trial,)), [trial], cases, inputs, Store(Path(folder)))
    y = np.arange(len(made.batch)) % 2
    batch = replace(made.batch, y=y.astype(np.int64), classes=CLASSES)
    known: dict[str, Any] = {
        "steps": ("impute", "zscore"),
        "cases": cases,
        "inputs": tuple(inputs),
        **changes,
    }
    asked = Experiment(recognizer, {"name": "mood"}, "a" * 64, **known)
    return train(batch, asked)
