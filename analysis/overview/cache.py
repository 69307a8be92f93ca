"""The cache file of an overview: where it lies, whose it is, how it is written and thrown away.

HDF5 of our own layout, in one step beside the recording (`NAME.overview`), or among this user's caches
where that folder cannot be written:

    /              attributes: format, version, and the key: uuid, size, mtime_ns, state
    /STREAM/       knot_rows, knot_times, starts, is_hole; 16, 128, 1024, ... (bins, 2, channels): low, high
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import platformdirs

from analysis.overview.levels import Level, blocks_of, levels_of, reduce_rows, stored_dtype
from analysis.overview.row_times import RowTimes, row_times
from analysis.session_format import payload_name
from analysis.session_reader import Session, Stream

FORMAT = "evoke-overview"
VERSION = 1
SUFFIX = ".overview"
NEW = ".new"
ABANDONED_S = 3600.0
CHUNK_BYTES = 256 * 1024
CACHE_BYTES = 2 * 1024 * 1024

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]


class OverviewError(Exception):
    """An overview cannot be made; the text is the one clear message."""


class OverviewCancelledError(OverviewError):
    """Somebody did not want to wait for it."""


@dataclass(frozen=True, slots=True)
class Key:
    """What must agree for a cache to be the recording's: identity, bytes, time of change, state."""

    uuid: str
    size: int
    mtime_ns: int
    state: str

    @classmethod
    def of(cls, session: Session) -> Key:
        """Return the key of an open recording."""
        now = session.path.stat()
        said = session.recorded
        return cls(str(said.get("uuid", "")), now.st_size, now.st_mtime_ns, str(said.get("state", "")))


def numeric_streams(session: Session) -> tuple[Stream, ...]:
    """Return the streams that have an overview: all whose samples are numbers."""
    return tuple(stream for stream in session if not stream.info.is_blob)


def beside(path: Path) -> Path:
    """Return the place of a recording's cache beside it."""
    return path.with_suffix(SUFFIX)


def elsewhere(path: Path) -> Path:
    """Return the place of a recording's cache among this user's own, for folders that only can be read."""
    chosen = os.environ.get("EVOKE_HOME")
    folder = Path(chosen) if chosen else Path(platformdirs.user_cache_dir("evoke", "evoke"))
    mark = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return folder / "overviews" / f"{mark}{SUFFIX}"


def erase_overview(path: Path) -> list[Path]:
    """Remove every cache of the recording at `path`, also one half written; return what went."""
    gone = []
    for place in (beside(path), elsewhere(path)):
        pattern = f"{_escaped(place.name)}.*{NEW}"
        for found in (place, *(place.parent.glob(pattern) if place.parent.is_dir() else ())):
            if found.exists():
                with contextlib.suppress(OSError):
                    found.chmod(0o600)
                found.unlink(missing_ok=True)
                gone.append(found)
    return gone


def _clear_old(place: Path) -> None:
    """Remove what builders left that were killed."""
    for found in place.parent.glob(f"{_escaped(place.name)}.*{NEW}"):
        with contextlib.suppress(OSError):
            if time.time() - found.stat().st_mtime > ABANDONED_S:
                found.unlink()


def _escaped(name: str) -> str:
    import glob

    return glob.escape(name)


def open_valid(path: Path, key: Key) -> h5py.File | None:
    """Open a cache if it is whole and belongs to the recording of `key`."""
    file = None
    try:
        # Nobody ever writes to a cache that has its name.
        file = h5py.File(path, "r", locking=False)
        wanted = {"format": FORMAT, "version": VERSION, **asdict(key)}
        if all(file.attrs.get(name) == value for name, value in wanted.items()):
            return file
    except (OSError, RuntimeError, ValueError):
        pass
    if file is not None:
        file.close()
    return None


def build(session: Session, progress: Progress | None = None, cancelled: Cancelled | None = None) -> Path:
    """Write the cache of an open recording and return its place.

    Raises OverviewCancelledError, and OverviewError where neither folder can be written.
    """
    problem: OSError | None = None
    for place in (beside(session.path), elsewhere(session.path)):
        new = place.with_name(f"{place.name}.{os.getpid()}{NEW}")
        try:
            if place.parent != session.path.parent:
                place.parent.mkdir(parents=True, exist_ok=True)
            _clear_old(place)
            _write(new, session, progress or _nobody, cancelled or _never)
            new.replace(place)
            return place
        except OSError as error:
            problem = error
        finally:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
    reason = (problem.strerror or str(problem)) if problem is not None else "unknown"
    raise OverviewError(
        f"{session.path.name}: no overview could be written beside it or among your caches ({reason})."
        " Free some space or mend the permissions."
    )


def _write(path: Path, session: Session, progress: Progress, cancelled: Cancelled) -> None:
    streams = numeric_streams(session)
    total = sum(stream.rows * _row_bytes(stream) for stream in streams) or 1
    done = 0
    with h5py.File(path, "w", libver="latest", locking=False) as file:
        for stream in streams:
            group = file.create_group(stream.info.id)
            times = row_times(stream)
            for name in ("knot_rows", "knot_times", "starts", "is_hole"):
                group.create_dataset(name, data=getattr(times, name), fletcher32=bool(times.rows) or None)
            for first, stop in _fill(group, stream, times):
                done += (stop - first) * _row_bytes(stream)
                progress(min(1.0, done / total))
                if cancelled():
                    raise OverviewCancelledError(f"{session.path.name}: its overview was not made.")
        file.attrs.update({"format": FORMAT, "version": VERSION, **asdict(Key.of(session))})
    with path.open("rb+") as written:
        os.fsync(written.fileno())
    progress(1.0)


def _fill(group: h5py.Group, stream: Stream, times: RowTimes) -> Any:
    """Write every level of a stream block by block; yield the rows of each block."""
    levels = levels_of(times.rows, times.starts)
    if not levels:
        return
    dtype = stored_dtype(stream.info.dtype)
    made = [_made(group, level, len(stream.info.channels), dtype) for level in levels]
    payload = stream.group[payload_name(stream.info)]
    for first, stop in blocks_of(levels[-1], _row_bytes(stream)):
        low = high = payload[first:stop].astype(dtype, copy=False)
        factor = 1
        for level, column in zip(levels, made, strict=True):
            low, high = reduce_rows(low, high, level.factor // factor)
            factor = level.factor
            place = level.bin_of(first)
            column[place : place + len(low)] = np.stack([low, high], axis=1)
        yield first, stop


def _made(group: h5py.Group, level: Level, channels: int, dtype: np.dtype[Any]) -> h5py.Dataset:
    rows = max(1, min(level.bins, CHUNK_BYTES // (2 * channels * dtype.itemsize)))
    return group.create_dataset(
        str(level.factor),
        shape=(level.bins, 2, channels),
        dtype=dtype,
        chunks=(rows, 2, channels),
        fletcher32=True,
        rdcc_nbytes=CACHE_BYTES,
    )


def _row_bytes(stream: Stream) -> int:
    return int(np.dtype(stream.info.dtype).itemsize * len(stream.info.channels))


def _nobody(_: float) -> None:
    """Tell nobody."""


def _never() -> bool:
    return False
