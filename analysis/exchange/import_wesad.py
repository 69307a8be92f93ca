"""WESAD: a chest belt and a wristband on 15 people at rest, stressed, amused and in meditation.

Schmidt et al., "Introducing WESAD, a Multimodal Dataset for Wearable Stress and Affect Detection", ICMI 2018.
`S2/S2.pkl` is a pickle of Python 2: `signal` with `chest` (700 Hz) and `wrist` (ACC 32, BVP 64, EDA and TEMP
4 Hz), and `label` at 700 Hz.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import (
    BLOCK_ROWS,
    Imported,
    ImportedStream,
    ImportFileError,
    Rows,
    Source,
)
from analysis.exchange.import_set import Member, files_in, numbers, stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial
from analysis.exchange.restricted_pickle import load

CONDITIONS: Mapping[int, str] = {1: "baseline", 2: "stress", 3: "amusement", 4: "meditation"}
"""Labels that are conditions; 0 is in between, 5 to 7 are to be ignored."""
STAGES: Mapping[int, str] = {1: "rest", 2: "speaking", 3: "film", 4: "rest"}
CHEST_HZ = 700.0
CHEST = (
    ("ACC", "acceleration", "g", 3),
    ("ECG", "ecg", "mV", 1),
    ("EMG", "emg", "mV", 1),
    ("EDA", "eda", "uS", 1),
    ("Temp", "temperature", "degC", 1),
    ("Resp", "respiration", "%", 1),
)
"""Name in the file, kind, unit, columns."""
WRIST = (
    ("ACC", "acceleration", "g", 3, 32.0, 1 / 64),
    ("BVP", "bvp", "", 1, 64.0, 1.0),
    ("EDA", "eda", "uS", 1, 4.0, 1.0),
    ("TEMP", "temperature", "degC", 1, 4.0, 1.0),
)
"""The same, and the rate and what turns the numbers into the unit."""
NAME, WHAT = re.compile(r"S\d{1,2}"), "SX.pkl of WESAD"
TIME_SOURCE = "place in the published file and nominal rate"


def members(source: Path) -> tuple[Member, ...]:
    """Return the participants: `SX.pkl` in a folder, or in folders of their own; raises ImportFileError."""
    is_here = source.is_file() or any(NAME.fullmatch(path.stem) for path in source.glob("S*.pkl"))
    pattern = "S*.pkl" if is_here else "S*/S*.pkl"
    files = [path for path in files_in(source, pattern, WHAT) if NAME.fullmatch(path.stem)]
    if not files:
        raise ImportFileError(f"{source}: holds no {WHAT}. Choose the folder that they lie in.")
    files.sort(key=lambda path: int(path.stem[1:]))
    return tuple(Member(path.stem, 1, path, partial(_read, path)) for path in files)


def _read(path: Path) -> Imported:
    found = load(path)
    signal = found.get("signal") if isinstance(found, dict) else None
    if not isinstance(signal, dict) or not {"chest", "wrist"} <= set(signal) or "label" not in found:
        raise ImportFileError(f"{path}: holds no signal of chest and wrist with labels. It is not of WESAD.")
    labels = numbers(found["label"], (-1,), path, "label")
    if not np.isfinite(labels).all():
        raise ImportFileError(f"{path}: a label is no number. Download the file again.")
    streams = (_chest(signal["chest"], len(labels), path), *_wrist(signal["wrist"], path))
    trials = tuple(_trials(labels))
    statements = () if trials else ("No label is one of the four conditions: the recording has no trials.",)
    return Imported("WESAD", streams, (), (Source.of(path),), trials=trials, statements=statements)


def _chest(signals: Any, rows: int, path: Path) -> ImportedStream:
    known = [
        numbers(_of(signals, name, path), (rows, width), path, f"chest {name}") for name, _, _, width in CHEST
    ]
    channels = [each for name, kind, unit, width in CHEST for each in _channels(name, kind, unit, width)]

    def blocks() -> Iterator[Rows]:
        for first in range(0, rows, BLOCK_ROWS):
            part = np.column_stack([column[first : first + BLOCK_ROWS] for column in known])
            yield (first + np.arange(len(part))) / CHEST_HZ, part.astype(np.float32)

    info = stream_info("chest", "peripheral", channels, CHEST_HZ, "RespiBAN Professional", TIME_SOURCE)
    return ImportedStream(info, rows, blocks)


def _wrist(signals: Any, path: Path) -> Iterator[ImportedStream]:
    for name, kind, unit, width, rate_hz, scale in WRIST:
        values = numbers(_of(signals, name, path), (-1, width), path, f"wrist {name}")
        info = stream_info(
            f"wrist-{kind}",
            kind,
            _channels(name, kind, unit, width),
            rate_hz,
            "Empatica E4",
            TIME_SOURCE,
        )
        yield ImportedStream(info, len(values), partial(_wrist_rows, values, rate_hz, scale))


def _wrist_rows(values: NDArray[Any], rate_hz: float, scale: float) -> Iterator[Rows]:
    yield np.arange(len(values)) / rate_hz, (values * scale).astype(np.float32)


def _of(signals: Any, name: str, path: Path) -> Any:
    if not isinstance(signals, dict) or name not in signals:
        raise ImportFileError(f"{path}: has no {name}. It is not of WESAD, or not whole.")
    return signals[name]


def _channels(name: str, kind: str, unit: str, width: int) -> list[tuple[str, str, str]]:
    return [(f"{name} {axis}" if width > 1 else name, kind, unit) for axis in "xyz"[:width]]


def _trials(labels: NDArray[Any]) -> Iterator[ImportedTrial]:
    """Yield a trial for each run of the label of a condition."""
    edges = np.flatnonzero(np.diff(labels) != 0) + 1
    for first, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(labels)], strict=True):
        label = int(labels[first]) if len(labels) else 0
        if label in CONDITIONS:
            start_s, stop_s = first / CHEST_HZ, stop / CHEST_HZ
            stage = ImportedStage("condition", STAGES[label], start_s, stop_s)
            name = CONDITIONS[label]
            yield ImportedTrial(name, name, start_s, stop_s, (stage,), stage.name)
