"""Writing parts: the live recording, appended to and flushed to the disk several times a second.

All data sets are made before the first row and the file then goes into single-writer mode (SWMR), in
which HDF5 keeps what was flushed readable whatever happens to the writer. Times are written last: they
are the commit of a flush.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from analysis.records import Gap, StreamInfo
from analysis.session_format import (
    CHUNK,
    CLOSED,
    FORMAT,
    GAP,
    INDEX,
    LIVE_CHUNK_S,
    OFFSET,
    READABLE_FROM,
    VERSION,
    WriteFailedError,
    chunk_entry,
    payload_name,
    rows_crc,
    rows_per_chunk,
    sealed,
    set_attributes,
    stream_attributes,
)

BLOB_CHUNK_BYTES = 256 * 1024
# HDF5 keeps written chunks of every data set, 8 MB each from version 2.0 on: after hours more than 100 MB,
# and a partly filled chunk is written whole at each flush. Rows are only ever appended.
CACHE_BYTES = 64 * 1024
TABLE_ROWS = 64

# HDF5 must not close a file that it cannot write: it would raise, and crash the interpreter at its exit.
_ABANDONED: list[object] = []


class _Column:
    """One growing data set, written through HDF5's own calls: a tenth of the cost of slicing."""

    def __init__(self, group: h5py.Group, name: str, dtype: Any, width: int, chunk_rows: int) -> None:
        shape = (0,) if width == 0 else (0, width)
        most = (None,) if width == 0 else (None, width)
        chunks = (chunk_rows,) if width == 0 else (chunk_rows, width)
        made = group.create_dataset(name, shape=shape, maxshape=most, chunks=chunks, dtype=dtype)
        self._id = made.id
        self._type = self._id.get_type()
        self._width = shape[1:]
        self.rows = 0

    def append(self, values: NDArray[Any]) -> None:
        """Write rows behind the last one."""
        count = len(values)
        end = self.rows + count
        zeros = (0,) * len(self._width)
        self._id.set_extent((end, *self._width))
        target = self._id.get_space()
        target.select_hyperslab((self.rows, *zeros), (count, *self._width))
        self._id.write(h5py.h5s.create_simple((count, *self._width)), target, values, self._type)
        self.rows = end


class _Pending:
    """Rows between two flushes that make one chunk."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.received_s = 0.0
        self.times: list[NDArray[np.float64]] = []
        self.data: list[NDArray[Any]] = []
        self.lengths: list[NDArray[np.uint64]] = []
        self.count = 0

    def add(self, times: NDArray[np.float64], data: NDArray[Any], received_s: float) -> None:
        self.times.append(times)
        self.data.append(data)
        self.received_s = received_s
        self.count += len(times)


class _StreamWriter:
    """The data sets of one stream and the rows that wait for the next flush."""

    def __init__(self, streams: h5py.Group, info: StreamInfo, chunk_s: float) -> None:
        group = streams.create_group(info.id)
        group.attrs.update(stream_attributes(info))
        rows = rows_per_chunk(info, chunk_s)
        self.info = info
        self.dtype = np.dtype("u1" if info.is_blob else info.dtype).newbyteorder("<")
        width = 0 if info.is_blob else len(info.channels)
        payload_rows = BLOB_CHUNK_BYTES if info.dtype == "jpeg" else rows
        self.payload = _Column(group, payload_name(info), self.dtype, width, payload_rows)
        self.index = _Column(group, "index", INDEX, 0, rows) if info.is_blob else None
        self.gaps = _Column(group, "gaps", GAP, 0, 16)
        self.offsets = _Column(group, "offsets", OFFSET, 0, 16)
        self.chunks = _Column(group, "chunks", CHUNK, 0, TABLE_ROWS)
        self.time = _Column(group, "time", "<f8", 0, rows)
        self.waiting: list[_Pending] = []
        self.waiting_gaps: list[NDArray[Any]] = []
        self.waiting_offsets: list[NDArray[Any]] = []

    def pending(self, seq: int) -> _Pending:
        """Return the chunk that rows from number `seq` on belong to."""
        if self.waiting:
            last = self.waiting[-1]
            if seq == (last.seq + last.count if last.seq >= 0 else -1):
                return last
        self.waiting.append(_Pending(seq))
        return self.waiting[-1]

    def write(self) -> None:
        """Hand to HDF5 what has gathered, times last."""
        if self.waiting_gaps:
            self.gaps.append(np.concatenate(self.waiting_gaps))
            self.waiting_gaps.clear()
        if self.waiting_offsets:
            self.offsets.append(np.concatenate(self.waiting_offsets))
            self.waiting_offsets.clear()
        if not self.waiting:
            return
        first = self.time.rows
        entries, all_times, all_data, all_index = [], [], [], []
        place = self.payload.rows
        for chunk in self.waiting:
            times, data = _joined(chunk.times), _joined(chunk.data)
            index = None
            if self.index is not None:
                index = np.zeros(chunk.count, INDEX)
                index["length"] = _joined(chunk.lengths)
                index["offset"] = place + np.cumsum(index["length"]) - index["length"]
                place += len(data)
                all_index.append(index)
            crc = rows_crc(data, index, times)
            entries.append(chunk_entry(first, chunk.count, chunk.received_s, chunk.seq, crc))
            all_times.append(times)
            all_data.append(data)
            first += chunk.count
        self.waiting.clear()
        data = _joined(all_data)
        if len(data):
            self.payload.append(data)
        if self.index is not None:
            self.index.append(_joined(all_index))
        self.chunks.append(_joined(entries))
        self.time.append(_joined(all_times))


def _joined(pieces: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


class PartWriter:
    """Writes one part of a live recording; for one thread at a time.

    Appended rows stay in memory until `flush`, which puts them on the disk. After a
    `WriteFailedError` the object is dead: the process has to leave by `os._exit`.
    """

    def __init__(
        self, path: Path, file: h5py.File, streams: dict[str, _StreamWriter], descriptor: int
    ) -> None:
        self.path = path
        self._file = file
        self._streams = streams
        self._closed = _Column(file, "closed", CLOSED, 0, 1)
        self._descriptor = descriptor
        self._failed = False

    @classmethod
    def create(
        cls,
        path: Path,
        attributes: Mapping[str, Any],
        infos: Iterable[StreamInfo],
        *,
        chunk_s: float = LIVE_CHUNK_S,
    ) -> PartWriter:
        """Make a part that holds these streams; raises WriteFailedError, also where it exists already.

        `chunk_s` is how many seconds are one chunk of HDF5: more, where whole recordings are written at once.
        """
        file = None
        try:
            # Locks fail on many network folders; the session's own lock keeps a second recorder away.
            file = h5py.File(path, "x", libver="latest", locking="best-effort", rdcc_nbytes=CACHE_BYTES)
            marks = {"format": FORMAT, "version": VERSION, "readable_from": READABLE_FROM, "state": "part"}
            set_attributes(file, dict(attributes) | marks)
            group = file.create_group("streams")
            streams = {info.id: _StreamWriter(group, info, chunk_s) for info in infos}
            descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
            writer = cls(path, file, streams, descriptor)
            file.flush()
            file.swmr_mode = True
            writer._sync()
            _sync_folder(path.parent)
        except (OSError, RuntimeError, ValueError) as error:
            if file is not None:
                _ABANDONED.append(file)
            raise _failure(error) from error
        return writer

    def append(
        self,
        stream_id: str,
        times: NDArray[np.float64],
        data: NDArray[Any],
        received_s: float,
        seq: int = -1,
    ) -> None:
        """Take rows: times (n,), data (n, channels); `seq` is the first row's number at its source."""
        stream = self._streams[stream_id]
        values = np.array(data, stream.dtype, order="C").reshape(len(times), len(stream.info.channels))
        if len(times):
            stream.pending(seq).add(np.array(times, "<f8"), values, received_s)

    def append_blobs(
        self,
        stream_id: str,
        times: NDArray[np.float64],
        blobs: Sequence[bytes],
        received_s: float,
        seq: int = -1,
    ) -> None:
        """Take byte strings, one a time; `seq` is the first one's number at its source."""
        stream = self._streams[stream_id]
        if stream.index is None or len(times) != len(blobs):
            raise ValueError(f"stream {stream_id}: byte strings and times do not fit")
        if len(times):
            chunk = stream.pending(seq)
            chunk.add(np.array(times, "<f8"), np.frombuffer(b"".join(blobs), "u1"), received_s)
            chunk.lengths.append(np.array([len(blob) for blob in blobs], np.uint64))

    def add_offset(self, stream_id: str, t: float, offset: float, uncertainty: float, fresh: bool) -> None:
        """Take a clock offset: at our time `t`, seconds to add to the sender's stamps."""
        entry = np.zeros(1, OFFSET)
        entry[0] = (t, offset, uncertainty, fresh, 0)
        self._streams[stream_id].waiting_offsets.append(sealed(entry))

    def add_gap(self, stream_id: str, gap: Gap) -> None:
        """Take a hole; its rows are counted from the part's first."""
        cause = gap.cause.encode("utf-8")[:64].decode("utf-8", "ignore").encode("utf-8")
        entry = np.zeros(1, GAP)
        entry[0] = (gap.last, gap.first, gap.missing, cause, 0)
        self._streams[stream_id].waiting_gaps.append(sealed(entry))

    def rows(self, stream_id: str) -> int:
        """Return how many rows of a stream were handed to the disk."""
        return self._streams[stream_id].time.rows

    def flush(self) -> None:
        """Write what has gathered and wait until it is on the disk; raises WriteFailedError."""
        if self._failed:
            raise WriteFailedError("an earlier write has failed")
        try:
            for stream in self._streams.values():
                stream.write()
            self._sync()
        except (OSError, RuntimeError, ValueError) as error:
            self._failed = True
            _ABANDONED.append(self._file)
            raise _failure(error) from error

    def close(self, reason: str) -> None:
        """Flush, note why the part ends, and close it; from now on any HDF5 reader opens it."""
        entry = np.zeros(1, CLOSED)
        entry["reason"] = reason.encode("utf-8")[:64]
        self.flush()
        try:
            self._closed.append(entry)
            self._streams.clear()
            self._file.close()
            os.fsync(self._descriptor)
            os.close(self._descriptor)
        except (OSError, RuntimeError, ValueError) as error:
            self._failed = True
            _ABANDONED.append(self._file)
            raise _failure(error) from error

    def _sync(self) -> None:
        h5py.h5f.flush(self._file.id, h5py.h5f.SCOPE_LOCAL)
        os.fsync(self._descriptor)


def _sync_folder(folder: Path) -> None:
    # Windows can neither open a folder nor needs it.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _failure(error: Exception) -> WriteFailedError:
    found = re.search(r"errno = (\d+)", str(error))
    number = int(found[1]) if found else getattr(error, "errno", None)
    return WriteFailedError(str(error), number)
