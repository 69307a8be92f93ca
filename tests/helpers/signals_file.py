"""Finished session files with given samples and nothing else, written in a moment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap, StreamInfo
from analysis.session_format import (
    CHUNK,
    FORMAT,
    GAP,
    OFFSET,
    READABLE_FROM,
    VERSION,
    sealed,
    set_attributes,
    stream_attributes,
)

START_S = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A stream with its rows: times (n,), values (n, channels), and the holes that are listed."""

    info: StreamInfo
    times: NDArray[np.float64]
    values: NDArray[Any]
    gaps: tuple[Gap, ...] = ()


def even_times(rate_hz: float, rows: int) -> NDArray[np.float64]:
    """Return times of a regular stream."""
    return np.asarray(START_S + np.arange(rows) / rate_hz)


def write_signals(path: Path, signals: Sequence[Signal], **attributes: Any) -> Path:
    """Write a finished file with these streams."""
    with h5py.File(path, "w", libver=("v108", "v110")) as file:
        marks = {"format": FORMAT, "version": VERSION, "readable_from": READABLE_FROM, "state": "finished"}
        set_attributes(file, marks | {"uuid": str(uuid.uuid4()), "origin": "simulated"} | attributes)
        file.create_group("streams")
        for signal in signals:
            _write(file["streams"].create_group(signal.info.id), signal)
    return path


def _write(group: h5py.Group, signal: Signal) -> None:
    group.attrs.update(stream_attributes(signal.info))
    chunks = np.zeros(min(1, len(signal.times)), CHUNK)
    chunks["count"], chunks["received"] = len(signal.times), START_S
    gaps = np.zeros(len(signal.gaps), GAP)
    for place, gap in enumerate(signal.gaps):
        gaps[place] = (gap.last, gap.first, gap.missing, gap.cause.encode(), 0)
        gaps[place : place + 1] = sealed(gaps[place : place + 1])
    group.create_dataset("data", data=signal.values.astype(signal.info.dtype))
    group.create_dataset("time", data=signal.times)
    for name, table in (("chunks", chunks), ("offsets", np.zeros(0, OFFSET)), ("gaps", gaps)):
        group.create_dataset(name, data=table)
