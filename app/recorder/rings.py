"""Cameras and microphones: their rings as sources, and what a killed recorder left in the live rings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from analysis.records import StreamInfo
from app import clock
from app.recorder.inlets import Rows
from app.ring import (
    BlobRingReader,
    BlobRingWriter,
    RingError,
    SampleRingReader,
    SampleRingWriter,
)

LIVE_S = 30.0
LIVE_BYTES = 16 * 1024 * 1024
TEXT_ROWS = 4096
TEXT_BYTES = 1024 * 1024
LOOK_AGAIN_PULLS = 10


def open_ring(path: Path) -> SampleRingReader | BlobRingReader:
    """Open a ring for reading, whatever it holds; raises RingError."""
    try:
        return SampleRingReader(path)
    except RingError as error:
        if "byte strings" not in str(error):
            raise
        return BlobRingReader(path)


class RingSource:
    """Reads what a capture process writes; follows it when it makes its ring anew."""

    def __init__(self, path: Path, since: int | None) -> None:
        """Begin at row `since`, at the newest one if None; raises RingError."""
        self._path = path
        self._ring = open_ring(path)
        self._inode = _inode(path)
        self._generation = self._ring.generation
        self._next = self._ring.written if since is None else since
        self._fresh = True
        self._idle_pulls = 0

    @property
    def info(self) -> StreamInfo:
        """Return the stream's description as the capture process wrote it."""
        return self._ring.info

    def pull(self) -> Rows | None:
        """Return the rows that were written since the last call, None if there are none."""
        if self._ring.written <= self._next:
            self._follow()
            return None
        generation = self._ring.generation
        rows = self._ring.read(self._next)
        if not len(rows.times):
            return None
        cause, missing = "", 0
        if rows.lost and not self._fresh:
            cause, missing = "ring overrun", rows.lost
        elif generation != self._generation:
            cause = "capture restarted"
        self._fresh, self._generation, self._idle_pulls = False, generation, 0
        self._next = rows.first_seq + len(rows.times)
        return Rows(rows.times, rows.data, rows.first_seq, cause, missing)

    @property
    def is_replaced(self) -> bool:
        """Whether the capture process has made a ring of another shape in this one's place."""
        try:
            return _inode(self._path) != self._inode and open_ring(self._path).info.shape != self.info.shape
        except RingError:
            return False

    def close(self) -> None:
        """Nothing to let go of: the mapping goes with the object."""

    def _follow(self) -> None:
        self._idle_pulls += 1
        if self._idle_pulls % LOOK_AGAIN_PULLS or _inode(self._path) in (self._inode, None):
            return
        try:
            ring = open_ring(self._path)
        except RingError:
            return
        if ring.info.shape == self.info.shape:
            self._ring, self._inode = ring, _inode(self._path)
            if ring.written < self._next:
                # Made where the former had vanished, and so numbered from the start.
                self._next = 0


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


class LiveRing:
    """The newest seconds of an LSL stream as the file gets them, for whoever shows them.

    Its row numbers go on across restarts of the recorder. Where no ring can be made (no memory left)
    `problem` says why, and rows are only numbered.
    """

    def __init__(self, path: Path, info: StreamInfo, first: int = 0) -> None:
        """Open the ring; where there is none rows are numbered from `first` on."""
        self.problem = ""
        self._blobs: BlobRingWriter | None = None
        self._samples: SampleRingWriter | None = None
        self._next = first
        try:
            if info.is_blob:
                self._blobs = BlobRingWriter(path, info, TEXT_ROWS, TEXT_BYTES, first)
                self._next = self._blobs.written
            else:
                self._samples = SampleRingWriter(path, info, _live_seconds(info), first=first)
                self._next = self._samples.written
        except RingError as error:
            self.problem = str(error)

    def append(self, rows: Rows, received_s: float) -> int:
        """Write rows; return the first one's number."""
        first = self._next
        self._next += len(rows.times)
        if self._samples is not None and not isinstance(rows.data, tuple):
            self._samples.append(rows.times, rows.data, received_s)
        elif self._blobs is not None and isinstance(rows.data, tuple):
            for time_s, blob in zip(rows.times, rows.data, strict=True):
                # A text longer than the whole ring is recorded all the same, only not shown.
                self._blobs.append(float(time_s), blob[:TEXT_BYTES], received_s)
        return first


def _live_seconds(info: StreamInfo) -> float:
    row_bytes = 8 + 8 * len(info.channels)
    return min(LIVE_S, LIVE_BYTES / (row_bytes * info.rate_hz)) if info.rate_hz else LIVE_S


class Left(NamedTuple):
    """What a killed recorder left in a live ring: its unwritten rows, and the time of the newest row."""

    rows: Rows
    received_s: float
    last_s: float


def left_behind(path: Path, since: int) -> Left | None:
    """Return what a live ring holds from row number `since` on; None without a ring or a row in it."""
    try:
        ring = open_ring(path)
        newest = ring.read(max(0, ring.written - 1))
        rows = ring.read(since)
    except RingError:
        return None
    if not len(newest.times):
        return None
    return Left(Rows(rows.times, rows.data, rows.first_seq), ring.received_s, float(newest.times[-1]))


def first_number(restarted: bool) -> int:
    """Return a row number to begin with where no ring tells one.

    For a restarted recorder it is one that the former cannot have reached: no stream has a million
    rows a second.
    """
    return int(clock.now() * 1e6) if restarted else 0


class Flushed(NamedTuple):
    """What of a stream is safely on the disk: the next row's number, and rows in all."""

    next_seq: int
    rows: int


class FlushedFile:
    """Where the writer notes what is safely on the disk, in memory, for the next recorder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._longest = os.fstat(self._descriptor).st_size

    def save(self, streams: Mapping[str, Flushed]) -> None:
        """Note the state of every stream."""
        text = json.dumps(streams).encode().ljust(self._longest)
        self._longest = len(text)
        try:
            # One write into memory: a killed writer leaves the old text or the new.
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, text)
        except OSError:
            # Without the note the next recorder writes some rows twice, and finishing drops them.
            self._path.unlink(missing_ok=True)


def load_flushed(path: Path) -> dict[str, Flushed]:
    """Return what the former recorder noted; nothing where it is missing or damaged."""
    try:
        values = json.loads(path.read_bytes())
        return {str(key): Flushed(int(seq), int(rows)) for key, (seq, rows) in values.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
