"""Making a finished file's streams out of parts: one after the other, nothing twice, every hole told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from analysis.records import Event, Gap, StreamInfo
from analysis.session_device_gaps import add_device_gaps
from analysis.session_format import (
    CHUNK,
    GAP,
    INDEX,
    OFFSET,
    SessionFileError,
    chunk_entry,
    entry_crc,
    payload_name,
    rows_crc,
    sealed,
    stream_attributes,
)
from analysis.session_probe import probe
from analysis.session_reader import Session, Stream, blocks, open_session, row_bytes, was_closed

CHUNK_BYTES = 256 * 1024
CACHE_BYTES = 4 * 1024 * 1024
RESTARTED = "recorder restarted"
DAMAGED = "damaged"
PLANNED = ("streams changed",)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """An open part and which chunks of its streams are whole (None: all, as far as is known)."""

    session: Session
    sound: Mapping[str, NDArray[np.bool_]] | None
    problem: str = ""

    @property
    def end_reason(self) -> str:
        """Why the part was closed, '' if its writer never came to it."""
        return self.session.end.reason if self.sound is None else ""

    def streams(self) -> Iterator[tuple[Stream, NDArray[np.bool_]]]:
        """Return the readable streams, each with its whole chunks."""
        for name, stream in self.session.streams.items():
            if self.sound is None:
                yield stream, np.ones(len(stream.all_chunks), bool)
            elif name in self.sound:
                yield stream, self.sound[name]

    @property
    def bytes(self) -> int:
        """About how many bytes will be copied out of the part."""
        return sum(sum(row_bytes(stream, stream.all_chunks)) for stream, _ in self.streams())


@dataclass(frozen=True, slots=True)
class LostPart:
    """A part of which nothing can be read."""

    path: Path
    problem: str


def open_part(path: Path) -> Part | LostPart:
    """Open a part; one that was never closed is looked at in a child process first."""
    try:
        if was_closed(path):
            return Part(open_session(path), None)
        probed = probe(path)
        if not probed.sound:
            return LostPart(path, probed.problem)
        return Part(open_session(path), probed.sound, probed.problem)
    except Exception as error:
        # Whatever HDF5 finds to say of a damaged part, the others are still to be saved.
        return LostPart(path, str(error))


class LastRow(NamedTuple):
    """When a stream's last row was received (NaN if it has none), and the stream's nominal rate."""

    received_s: float
    rate_hz: float


class Piece(NamedTuple):
    """Rows of a part that went into the finished file: from, to (in the part), and where they start now."""

    first: int
    stop: int
    placed: int


class _Output:
    """The data sets of one stream of the finished file."""

    def __init__(self, streams: h5py.Group, info: StreamInfo, rows: int, values: int) -> None:
        group = streams.create_group(info.id)
        group.attrs.update(stream_attributes(info))
        self.info = info
        self.group = group
        width = () if info.is_blob else (len(info.channels),)
        dtype = np.dtype("u1" if info.is_blob else info.dtype).newbyteorder("<")
        # Pictures are compressed already.
        plain = info.dtype == "jpeg"
        self.payload = _made(group, payload_name(info), dtype, width, values, plain)
        self.index = _made(group, "index", INDEX, (), rows) if info.is_blob else None
        self.time = _made(group, "time", np.dtype("<f8"), (), rows)
        self.chunks: list[NDArray[Any]] = []
        self.gaps: list[Gap] = []
        self.offsets: list[NDArray[Any]] = []
        self.rows = 0
        self.payload_rows = 0
        self.next_seq: int | None = None
        self.last_time = float("nan")
        self.last_received = float("nan")
        self.reason = ""

    def write(
        self, entries: Sequence[NDArray[Any]], data: NDArray[Any], index: Any, times: NDArray[Any]
    ) -> None:
        """Append rows with the entries of their chunks."""
        _append(self.payload, self.payload_rows, data)
        if self.index is not None:
            _append(self.index, self.rows, index)
        _append(self.time, self.rows, times)
        self.payload_rows += len(data)
        self.rows += len(times)
        self.chunks += entries

    def finish(self) -> dict[str, Any]:
        """Write the tables; return the stream's totals."""
        table = np.concatenate(self.chunks) if self.chunks else np.zeros(0, CHUNK)
        offsets = np.concatenate(self.offsets) if self.offsets else np.zeros(0, OFFSET)
        gaps = np.zeros(len(self.gaps), GAP)
        for i, gap in enumerate(self.gaps):
            gaps[i] = (gap.last, gap.first, gap.missing, gap.cause.encode()[:64], 0)
            gaps[i : i + 1] = sealed(gaps[i : i + 1])
        for name, values in (("chunks", table), ("offsets", offsets), ("gaps", gaps)):
            options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if len(values) else {}
            self.group.create_dataset(name, data=values, **options)
        checksum = 0
        for entry in self.chunks:
            checksum = entry_crc(entry, checksum)
        missing = sum(gap.missing for gap in self.gaps)
        return {"rows": self.rows, "gaps": len(gaps), "missing": missing, "chunks_crc32": checksum}


def _made(
    group: h5py.Group, name: str, dtype: Any, width: tuple[int, ...], expected: int, plain: bool = False
) -> Any:
    row = dtype.itemsize * (width[0] if width else 1)
    rows = max(1, min(CHUNK_BYTES // row, expected))
    options = {} if plain else {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    return group.create_dataset(
        name,
        shape=(0, *width),
        maxshape=(None, *width),
        chunks=(rows, *width),
        dtype=dtype,
        rdcc_nbytes=CACHE_BYTES,
        rdcc_w0=1.0,
        **options,
    )


def _append(column: Any, place: int, values: NDArray[Any]) -> None:
    if len(values):
        column.resize(place + len(values), axis=0)
        column[place:] = values


class Merger:
    """Copies streams of parts, in their order, into the group `streams` of a finished file."""

    def __init__(self, file: h5py.File, parts: Sequence[Part], progress: Progress) -> None:
        self._streams = file.create_group("streams")
        self._expected: dict[str, tuple[int, int]] = {}
        for stream, _ in (found for part in parts for found in part.streams()):
            rows, values = self._expected.get(stream.info.id, (0, 0))
            more = stream.group[payload_name(stream.info)].shape[0]
            self._expected[stream.info.id] = (rows + stream.written_rows, values + int(more))
        self._outputs: dict[str, list[_Output]] = {}
        self._progress = progress

    def add(self, part: Part) -> None:
        """Copy one part."""
        for stream, sound in part.streams():
            output = self._output(stream.info)
            pieces = self._copy(output, stream, sound, part.end_reason)
            _take_gaps(output, stream, pieces)
            output.offsets.append(stream.offsets)

    def finish(self) -> dict[str, dict[str, Any]]:
        """Write the tables of all streams; return totals a stream."""
        return {output.info.id: output.finish() for output in self._all()}

    def add_device_gaps(self, events: Sequence[Event]) -> None:
        """Add the gaps that devices have journalled; call when all parts are copied."""
        add_device_gaps(self._all(), events)

    def last_rows(self) -> dict[str, LastRow]:
        """Return what is known of each stream's last row."""
        return {o.info.id: LastRow(o.last_received, o.info.rate_hz) for o in self._all()}

    def holes(self, cause: str) -> dict[str, float]:
        """Return for each stream how many seconds its holes of one cause last, as far as its rate tells."""
        return {
            output.info.id: sum(gap.missing for gap in output.gaps if gap.cause == cause)
            / output.info.rate_hz
            if output.info.rate_hz
            else 0.0
            for output in self._all()
        }

    def set_lost(self, stream_id: str, tail_s: float, all_s: float) -> None:
        """Note how much of a stream was lost at its end, and in all."""
        self._streams[stream_id].attrs.update({"lost_tail_s": float(tail_s), "lost_s": float(all_s)})

    def _all(self) -> Iterator[_Output]:
        for outputs in self._outputs.values():
            yield from outputs

    def _output(self, info: StreamInfo) -> _Output:
        known = self._outputs.setdefault(info.id, [])
        for output in known:
            if output.info.shape == info.shape:
                return output
        # A stream that came back with another shape is another stream of the file.
        name, number = info.id, 1
        while name in self._streams:
            number += 1
            name = f"{info.id}-{number}"
        known.append(_Output(self._streams, replace(info, id=name), *self._expected[info.id]))
        return known[-1]

    def _copy(self, output: _Output, stream: Stream, sound: NDArray[np.bool_], reason: str) -> list[Piece]:
        pieces: list[Piece] = []
        told = {gap.first for gap in stream.gaps}
        table = stream.all_chunks
        whole = np.flatnonzero(sound)
        skipped_from = 0
        entries_of = table[whole]
        for block in _blocks(stream, entries_of):
            entries, data, index, times = block.entries, block.data, block.index, block.times
            base = int(entries["first"][0])
            kept = _Kept(stream, output, base, data, index, times)
            for i in range(len(entries)):
                entry = entries[i : i + 1]
                first, count = int(entry["first"][0]), int(entry["count"][0])
                if not kept.is_whole(entry):
                    continue
                if first > skipped_from:
                    # Rows of a damaged chunk before this one are left out.
                    kept.hole(first - skipped_from, DAMAGED)
                skipped_from = first + count
                cut = _overlap(output, entry)
                if cut >= count:
                    continue
                if not pieces and not kept.pieces and first not in told:
                    gap = _boundary(output, int(entry["seq"][0]), float(times[first + cut - base]))
                    if gap is not None:
                        output.gaps.append(gap)
                kept.take(entry, cut)
            kept.write()
            pieces += kept.pieces
            self._progress(data.nbytes + times.nbytes)
        output.reason = reason
        return pieces


@dataclass(frozen=True, slots=True)
class _Block:
    """Chunks whose rows touch, and these rows as stored."""

    entries: NDArray[Any]
    data: NDArray[Any]
    index: NDArray[Any] | None
    times: NDArray[np.float64]


def _blocks(stream: Stream, table: NDArray[Any]) -> Iterator[_Block]:
    """Read chunks some megabytes at a time; where that fails one at a time, without those that fail."""
    for start, stop in blocks(stream, table):
        entries = table[start:stop]
        try:
            yield _Block(entries, *_read(stream, entries))
            continue
        except (OSError, RuntimeError, ValueError, SessionFileError):
            singles = [entries[i : i + 1] for i in range(len(entries))]
        for entry in filter(stream.is_sound, singles):
            yield _Block(entry, *_read(stream, entry))


def _read(
    stream: Stream, entries: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[np.float64]]:
    return stream.read(int(entries["first"][0]), int(entries["first"][-1] + entries["count"][-1]))


class _Kept:
    """The rows of one block that go into the finished file."""

    def __init__(
        self,
        stream: Stream,
        output: _Output,
        base: int,
        data: NDArray[Any],
        index: NDArray[Any] | None,
        times: NDArray[np.float64],
    ) -> None:
        self._stream, self._output, self._base = stream, output, base
        self._data, self._index, self._times = data, index, times
        self._place = output.rows
        self._payload_place = output.payload_rows
        self._ranges: list[tuple[int, int]] = []
        self._indexes: list[NDArray[Any]] = []
        self._entries: list[NDArray[Any]] = []
        self.pieces: list[Piece] = []

    def rows(self, first: int, stop: int) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[np.float64]]:
        """Return rows by their numbers in the part."""
        first, stop = first - self._base, stop - self._base
        times = self._times[first:stop]
        if self._index is None:
            return self._data[first:stop], None, times
        index = self._index[first:stop]
        start = int(self._index["offset"][0])
        low = int(index["offset"][0]) - start
        return self._data[low : int(index["offset"][-1] + index["length"][-1]) - start], index, times

    def is_whole(self, entry: NDArray[Any]) -> bool:
        """Whether a chunk's checksum matches what was read."""
        first, count = int(entry["first"][0]), int(entry["count"][0])
        data, index, times = self.rows(first, first + count)
        return entry_crc(entry, rows_crc(data, index, times)) == int(entry["crc32"][0])

    def hole(self, missing: int, cause: str) -> None:
        """Tell of rows left out before what comes next."""
        self._output.gaps.append(Gap(self._place - 1, self._place, missing, cause))

    def take(self, entry: NDArray[Any], cut: int) -> None:
        """Keep a chunk's rows without the first `cut`, under a new entry."""
        output = self._output
        first, stop = int(entry["first"][0]) + cut, int(entry["first"][0] + entry["count"][0])
        seq = int(entry["seq"][0]) + cut if int(entry["seq"][0]) >= 0 else -1
        data, index, times = self.rows(first, stop)
        if index is not None:
            index = index.copy()
            index["offset"] = self._payload_place + np.cumsum(index["length"]) - index["length"]
            self._indexes.append(index)
        received = float(entry["received"][0])
        crc = rows_crc(data, index, times)
        self._entries.append(chunk_entry(self._place, stop - first, received, seq, crc))
        self.pieces.append(Piece(first, stop, self._place))
        self._ranges.append((first, stop))
        self._place += stop - first
        self._payload_place += len(data)
        output.next_seq = seq + stop - first if seq >= 0 else None
        output.last_time, output.last_received = float(times[-1]), received

    def write(self) -> None:
        """Append what was kept to the finished file, in as few pieces as possible."""
        runs: list[tuple[int, int]] = []
        for first, stop in self._ranges:
            if runs and runs[-1][1] == first:
                runs[-1] = (runs[-1][0], stop)
            else:
                runs.append((first, stop))
        entries, indexes = self._entries, self._indexes
        index = np.concatenate(indexes) if indexes else None
        taken = 0
        for number, (first, stop) in enumerate(runs):
            data, _, times = self.rows(first, stop)
            part = None if index is None else index[taken : taken + stop - first]
            self._output.write(entries if number == 0 else (), data, part, times)
            taken += stop - first


def _overlap(output: _Output, entry: NDArray[Any]) -> int:
    """Return how many rows at a chunk's start are in the finished file already."""
    seq = int(entry["seq"][0])
    if seq < 0 or output.next_seq is None:
        return 0
    return max(0, output.next_seq - seq)


def _boundary(output: _Output, seq: int, time_s: float) -> Gap | None:
    """Return the hole between what is there and rows that start at `time_s`, unless there is none."""
    if not output.rows:
        return None
    info = output.info
    if seq >= 0 and output.next_seq is not None:
        if seq <= output.next_seq:
            return None
        if info.source_id.startswith("ring:"):
            return Gap(output.rows - 1, output.rows, seq - output.next_seq, RESTARTED)
    step_s = time_s - output.last_time
    missing = max(0, round(step_s * info.rate_hz) - 1) if info.rate_hz else 0
    if missing < 2 and (info.rate_hz or output.reason in PLANNED):
        return None
    return Gap(output.rows - 1, output.rows, missing, RESTARTED)


def _take_gaps(output: _Output, stream: Stream, pieces: Sequence[Piece]) -> None:
    """Bring a part's holes over; those before rows that were left out go with them."""
    firsts = np.array([piece.first for piece in pieces], np.int64)
    for gap in stream.gaps:
        place = int(np.searchsorted(firsts, gap.first, "right")) - 1
        if place < 0 or gap.first >= pieces[place].stop:
            continue
        row = pieces[place].placed + gap.first - pieces[place].first
        output.gaps.append(Gap(row - 1, row, gap.missing, gap.cause))
    output.gaps.sort(key=lambda gap: gap.first)
