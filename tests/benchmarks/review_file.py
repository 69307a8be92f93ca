"""The generated recording of `evoke bench review`: noise on a 10 Hz sine, with spikes of one sample."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from analysis.session_format import (
    CHUNK,
    FORMAT,
    GAP,
    OFFSET,
    READABLE_FROM,
    VERSION,
    set_attributes,
    stream_attributes,
)

START_S = 1000.0
SPIKE_UV = 400.0
STREAM = "eeg"
BLOCK_ROWS = 20_000
CHUNK_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Size:
    """How large the recording is."""

    channels: int = 64
    seconds: float = 7200.0
    rate_hz: float = 500.0

    @property
    def rows(self) -> int:
        """Samples of a channel."""
        return round(self.seconds * self.rate_hz)

    @property
    def megabytes(self) -> float:
        """Bytes of all samples."""
        return self.rows * self.channels * 4 / 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Spikes:
    """Where the planted spikes are: row and channel of each, all of one height."""

    rows: NDArray[np.int64]
    channels: NDArray[np.int64]

    def times(self, size: Size) -> NDArray[np.float64]:
        """Return their times on the recording's clock."""
        return START_S + self.rows / size.rate_hz


def spikes_of(size: Size, each_s: float = 5.0, seed: int = 1) -> Spikes:
    """Plant one spike in every few seconds, each in a channel drawn at random."""
    random = np.random.default_rng(seed)
    count = max(1, int(size.seconds / each_s))
    step = size.rows // count
    rows = np.arange(count) * step + random.integers(0, step, count)
    return Spikes(rows.astype(np.int64), random.integers(0, size.channels, count))


def blocks(size: Size, seed: int = 0) -> list[NDArray[np.float32]]:
    """Return a few blocks that the recording repeats, without its spikes."""
    random = np.random.default_rng(seed)
    made = []
    time_s = np.arange(BLOCK_ROWS) / size.rate_hz
    wave = 20 * np.sin(2 * np.pi * 10 * time_s)[:, None]
    for _ in range(4):
        noise = random.standard_normal((BLOCK_ROWS, size.channels)) * 10
        made.append((wave + noise).astype(np.float32))
    return made


def samples_of(size: Size, spikes: Spikes) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the recording block by block: the first row, and the rows with their spikes."""
    repeated = blocks(size)
    for number, first in enumerate(range(0, size.rows, BLOCK_ROWS)):
        stop = min(first + BLOCK_ROWS, size.rows)
        block = repeated[number % len(repeated)][: stop - first].copy()
        inside = (spikes.rows >= first) & (spikes.rows < stop)
        block[spikes.rows[inside] - first, spikes.channels[inside]] = SPIKE_UV
        yield first, block


def write_raw(path: Path, size: Size, spikes: Spikes) -> None:
    """Write the samples alone, float32, row by row."""
    with path.open("wb") as file:
        for _, block in samples_of(size, spikes):
            file.write(block.tobytes())


def write_file(path: Path, size: Size, spikes: Spikes) -> None:
    """Write a finished session file with one EEG stream, packed as finishing packs it."""
    info = StreamInfo(
        id=STREAM,
        kind="eeg",
        origin="simulated",
        channels=tuple(f"E{i + 1}" for i in range(size.channels)),
        units=("uV",) * size.channels,
        channel_kinds=("eeg",) * size.channels,
        rate_hz=size.rate_hz,
        dtype="float32",
        time_source="generated",
        source_id="bench:eeg",
    )
    with h5py.File(path, "w", libver=("v108", "v110")) as file:
        head = {
            "format": FORMAT,
            "version": VERSION,
            "readable_from": READABLE_FROM,
            "uuid": str(uuid.uuid4()),
            "origin": "simulated",
            "state": "finished",
        }
        set_attributes(file, head)
        group = file.create_group(f"streams/{STREAM}")
        group.attrs.update(stream_attributes(info))
        packing = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        shape = (size.rows, size.channels)
        rows = min(CHUNK_ROWS, size.rows)
        data = group.create_dataset("data", shape, "f4", chunks=(rows, size.channels), **packing)
        time = group.create_dataset("time", (size.rows,), "f8", chunks=(min(size.rows, 65_536),), **packing)
        for first, block in samples_of(size, spikes):
            stop = first + len(block)
            data[first:stop] = block
            time[first:stop] = START_S + np.arange(first, stop) / size.rate_hz
        chunks = np.zeros(1, CHUNK)
        chunks["count"], chunks["received"] = size.rows, START_S
        group.create_dataset("chunks", data=chunks)
        group.create_dataset("offsets", data=np.zeros(0, OFFSET))
        group.create_dataset("gaps", data=np.zeros(0, GAP))
