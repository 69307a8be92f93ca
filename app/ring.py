"""Rings: the newest seconds of a stream in a memory-mapped file that any process may read.

One writer, any number of readers, no locks. The writer announces rows before it overwrites them
(`reserved`) and publishes them after (`written`); a reader copies, looks at `reserved` again and drops
whatever may have been overwritten meanwhile. Sequence numbers count the rows of a stream and go on
across restarts of the writer, whose `generation` rises by one each time, even where the restarted
writer had to replace the file because the stream's shape changed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import mmap
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo

MAGIC = b"EVKRING1"
HEADER_BYTES = 65536
INFO_OFFSET = 256
WORDS = 9
ROW_DTYPE = np.dtype([("time", "f8"), ("start", "u8"), ("length", "u8")])


class RingError(Exception):
    """A ring file is missing, foreign, or of another shape than asked for."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows copied out of a ring: the first one's sequence number, times (n,), data (n, channels)."""

    first_seq: int
    times: NDArray[np.float64]
    data: NDArray[np.generic]
    lost: int


@dataclass(frozen=True, slots=True)
class Blobs:
    """Byte strings copied out of a ring: the first one's sequence number, times (n,), the strings."""

    first_seq: int
    times: NDArray[np.float64]
    data: tuple[bytes, ...]
    lost: int


class _Mapping:
    """The file, its header and the areas behind it; shared by writer and reader."""

    def __init__(self, path: Path, writable: bool) -> None:
        flags = os.O_RDWR if writable else os.O_RDONLY
        try:
            descriptor = os.open(path, flags)
        except OSError as error:
            raise RingError(f"{path}: {error.strerror}") from error
        try:
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self.map = mmap.mmap(descriptor, 0, access=access)
        except ValueError as error:
            raise RingError(f"{path}: not a ring yet") from error
        finally:
            os.close(descriptor)
        if self.map[:8] != MAGIC or len(self.map) < HEADER_BYTES:
            raise RingError(f"{path}: not a ring")
        try:
            self._describe()
        except (ValueError, KeyError, TypeError) as error:
            raise RingError(f"{path}: damaged ring: {error}") from error
        self._fence = threading.Lock()

    def _describe(self) -> None:
        words = np.frombuffer(self.map, dtype="u8", count=WORDS, offset=8)
        self.words = words
        self.received = np.frombuffer(self.map, dtype="f8", count=1, offset=8 + 8 * WORDS)
        self.capacity = int(words[0])
        self.capacity_bytes = int(words[1])
        self.oldest_ever = int(words[8])
        length = int(words[5])
        text = bytes(self.map[INFO_OFFSET : INFO_OFFSET + length])
        self.info = StreamInfo.from_json(json.loads(text))
        body = HEADER_BYTES
        if self.info.is_blob:
            self.rows = np.frombuffer(self.map, ROW_DTYPE, self.capacity, body)
            self.bytes = np.frombuffer(
                self.map, "u1", self.capacity_bytes, body + self.capacity * ROW_DTYPE.itemsize
            )
        else:
            channels = len(self.info.channels)
            dtype = np.dtype(self.info.dtype)
            self.times = np.frombuffer(self.map, "f8", self.capacity, body)
            self.data = np.frombuffer(
                self.map, dtype, self.capacity * channels, body + 8 * self.capacity
            ).reshape(self.capacity, channels)

    def fence(self) -> None:
        """Keep what was stored before from being seen after what is stored next (weakly ordered CPUs)."""
        with self._fence:
            pass

    def oldest(self, announced: int) -> int:
        """Return the first row that is still whole when rows up to `announced` may be written."""
        return max(announced - self.capacity, self.oldest_ever)

    # Words: 0 capacity in rows, 1 capacity in bytes, 2 generation, 3 reserved, 4 written,
    # 5 length of the description, 6 reserved bytes, 7 written bytes, 8 the first row of this file.
    # Behind them: when the newest rows were received (f8).
    @property
    def generation(self) -> int:
        return int(self.words[2])

    @property
    def reserved(self) -> int:
        return int(self.words[3])

    @property
    def written(self) -> int:
        return int(self.words[4])


def _allocate(
    path: Path, info: StreamInfo, capacity: int, capacity_bytes: int, generation: int, first: int
) -> None:
    text = json.dumps(info.to_json()).encode()
    if len(text) > HEADER_BYTES - INFO_OFFSET:
        raise RingError(f"stream {info.id}: description of {len(text)} bytes does not fit a ring")
    if info.is_blob:
        size = capacity * ROW_DTYPE.itemsize + capacity_bytes
    else:
        size = capacity * (8 + np.dtype(info.dtype).itemsize * len(info.channels))
    temporary = path.with_name(path.name + ".new")
    words = [capacity, capacity_bytes, generation, first, first, len(text), 0, 0, first]
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with temporary.open("wb") as file:
            file.truncate(HEADER_BYTES + size)
            if hasattr(os, "posix_fallocate"):
                # A sparse file in a full memory file system kills its writer with SIGBUS later.
                os.posix_fallocate(file.fileno(), 0, HEADER_BYTES + size)
            file.write(MAGIC)
            file.write(np.array(words, "u8").tobytes())
            file.seek(INFO_OFFSET)
            file.write(text)
        # Readers see a complete ring or none.
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        reason = "no room" if error.errno == errno.ENOSPC else error.strerror
        raise RingError(f"{path}: {reason} for a ring of {size / 1e6:.1f} MB") from error


def _open_or_make(path: Path, info: StreamInfo, capacity: int, capacity_bytes: int, first: int) -> _Mapping:
    generation = 0
    if path.exists():
        with contextlib.suppress(RingError):
            mapping = _Mapping(path, writable=True)
            sizes = (mapping.capacity, mapping.capacity_bytes)
            if mapping.info.shape == info.shape and sizes == (capacity, capacity_bytes):
                # A writer killed between announcing and publishing may have overwritten the oldest
                # rows: what it announced stays announced.
                mapping.words[2] += 1
                return mapping
            # Row numbers never start again: whoever merges recordings tells duplicates by them.
            generation, first = mapping.generation + 1, max(mapping.reserved, mapping.written)
    _allocate(path, info, capacity, capacity_bytes, generation, first)
    return _Mapping(path, writable=True)


class SampleRingWriter:
    """Writes rows of numbers; continues an existing ring of the same shape.

    Holds `seconds` of a regular stream, `irregular_rows` of another. Where there is no ring yet its
    rows are numbered from `first` on.
    """

    def __init__(
        self, path: Path, info: StreamInfo, seconds: float, irregular_rows: int = 4096, first: int = 0
    ) -> None:
        rows = round(info.rate_hz * seconds) if info.rate_hz else irregular_rows
        self._ring = _open_or_make(path, info, max(rows, 64), 0, first)

    @property
    def written(self) -> int:
        """Return how many rows were ever written: the next row's sequence number."""
        return self._ring.written

    def append(self, times: NDArray[np.float64], data: NDArray[np.generic], received_s: float = 0.0) -> int:
        """Write rows: times (n,), data (n, channels). Return the first one's sequence number."""
        ring = self._ring
        first = ring.written
        count = len(times)
        ring.words[3] = max(ring.reserved, first + count)
        ring.fence()
        kept = min(count, ring.capacity)
        start = (first + count - kept) % ring.capacity
        head = min(kept, ring.capacity - start)
        times, data = times[count - kept :], data[count - kept :]
        ring.times[start : start + head] = times[:head]
        ring.data[start : start + head] = data[:head]
        ring.times[: kept - head] = times[head:]
        ring.data[: kept - head] = data[head:]
        ring.received[0] = received_s
        ring.fence()
        ring.words[4] = first + count
        return first


class SampleRingReader:
    """Reads rows of numbers that another process writes."""

    def __init__(self, path: Path) -> None:
        self._ring = _Mapping(path, writable=False)
        if self._ring.info.is_blob:
            raise RingError(f"{path}: holds byte strings")
        self.info = self._ring.info

    @property
    def written(self) -> int:
        """Return how many rows were ever written."""
        return self._ring.written

    @property
    def received_s(self) -> float:
        """Return when the newest rows were received, 0 where the writer does not say."""
        return float(self._ring.received[0])

    @property
    def generation(self) -> int:
        """Return how often the writer was restarted."""
        return self._ring.generation

    def read(self, since: int, until: int | None = None) -> Samples:
        """Copy rows from sequence number `since` on; `lost` counts those already overwritten."""
        ring = self._ring
        written = ring.written
        end = written if until is None else min(until, written)
        first = min(max(since, ring.oldest(written)), max(end, 0))
        times, data = self._copy(first, end)
        ring.fence()
        safe = max(first, min(end, ring.oldest(ring.reserved)))
        return Samples(safe, times[safe - first :], data[safe - first :], max(0, safe - since))

    def latest(self, rows: int) -> Samples:
        """Copy the newest `rows` rows, or as many as there are; not being older is no loss."""
        return self.read(max(self._ring.oldest(self.written), self.written - rows))

    def _copy(self, first: int, end: int) -> tuple[NDArray[np.float64], NDArray[np.generic]]:
        ring = self._ring
        start = first % ring.capacity
        head = min(end - first, ring.capacity - start)
        rest = end - first - head
        if rest <= 0:
            return ring.times[start : start + head].copy(), ring.data[start : start + head].copy()
        times = np.concatenate([ring.times[start:], ring.times[:rest]])
        return times, np.concatenate([ring.data[start:], ring.data[:rest]])


class BlobRingWriter:
    """Writes byte strings such as JPEG frames; continues an existing ring of the same size."""

    def __init__(self, path: Path, info: StreamInfo, rows: int, capacity_bytes: int, first: int = 0) -> None:
        self._ring = _open_or_make(path, info, rows, capacity_bytes, first)

    @property
    def written(self) -> int:
        """Return how many byte strings were ever written: the next one's sequence number."""
        return self._ring.written

    def append(self, time: float, blob: bytes, received_s: float = 0.0) -> int:
        """Write one byte string, at most the ring's size long. Return its sequence number."""
        ring = self._ring
        if len(blob) > ring.capacity_bytes:
            raise RingError(f"{len(blob)} bytes do not fit a ring of {ring.capacity_bytes}")
        seq = ring.written
        start = int(ring.words[7])
        ring.words[6] = max(int(ring.words[6]), start + len(blob))
        ring.words[3] = max(ring.reserved, seq + 1)
        ring.fence()
        place = start % ring.capacity_bytes
        head = min(len(blob), ring.capacity_bytes - place)
        content = np.frombuffer(blob, "u1")
        ring.bytes[place : place + head] = content[:head]
        ring.bytes[: len(blob) - head] = content[head:]
        ring.rows[seq % ring.capacity] = (time, start, len(blob))
        ring.words[7] = start + len(blob)
        ring.received[0] = received_s
        ring.fence()
        ring.words[4] = seq + 1
        return seq


class BlobRingReader:
    """Reads byte strings that another process writes."""

    def __init__(self, path: Path) -> None:
        self._ring = _Mapping(path, writable=False)
        if not self._ring.info.is_blob:
            raise RingError(f"{path}: holds numbers")
        self.info = self._ring.info

    @property
    def written(self) -> int:
        """Return how many byte strings were ever written."""
        return self._ring.written

    @property
    def received_s(self) -> float:
        """Return when the newest rows were received, 0 where the writer does not say."""
        return float(self._ring.received[0])

    @property
    def generation(self) -> int:
        """Return how often the writer was restarted."""
        return self._ring.generation

    def read(self, since: int) -> Blobs:
        """Copy the strings from sequence number `since` on; `lost` counts those overwritten."""
        ring = self._ring
        end = ring.written
        first = min(max(since, ring.oldest(end)), end)
        rows = ring.rows[np.arange(first, end) % ring.capacity]
        blobs = [self._copy(int(row["start"]), int(row["length"])) for row in rows]
        ring.fence()
        oldest_byte = int(ring.words[6]) - ring.capacity_bytes
        oldest_row = ring.oldest(ring.reserved)
        safe = first
        while safe < end and (safe < oldest_row or int(rows[safe - first]["start"]) < oldest_byte):
            safe += 1
        return Blobs(
            safe,
            rows["time"][safe - first :].copy(),
            tuple(blobs[safe - first :]),
            max(0, safe - since),
        )

    def latest(self) -> Blobs:
        """Copy the newest string, if there is one."""
        return self.read(max(self._ring.oldest(self.written), self.written - 1))

    def _copy(self, start: int, length: int) -> bytes:
        ring = self._ring
        if length > ring.capacity_bytes:
            return b""
        place = start % ring.capacity_bytes
        head = min(length, ring.capacity_bytes - place)
        return ring.bytes[place : place + head].tobytes() + ring.bytes[: length - head].tobytes()
