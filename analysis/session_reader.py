"""Reading session files: finished ones, and parts as far as they can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from analysis.amendments import Amendment, amended_attributes, amended_channels, amendments_for
from analysis.records import Event, Gap, StreamInfo
from analysis.session_abandoned import AbandonedFile
from analysis.session_format import (
    CHUNK,
    FORMAT,
    SIGNATURE,
    VERSION,
    SessionFileError,
    entry_crc,
    from_attribute,
    payload_name,
    rows_crc,
    sound_entries,
    stream_info,
)
from analysis.session_tables import read_events, read_table
from analysis.timing import TimeModel, fit_times

BLOCK_BYTES = 8 * 1024 * 1024


class Values:
    """The values of a stream, read when they are sliced: rows of numbers, or byte strings."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __len__(self) -> int:
        return self._stream.rows

    def __getitem__(self, key: slice | int) -> Any:
        """Return rows as an array (n, channels), or byte strings as a list; one of them for a number."""
        if isinstance(key, int):
            place = range(self._stream.rows)[key]
            return self[place : place + 1][0]
        first, stop, step = key.indices(self._stream.rows)
        if step != 1:
            return self[first:stop][:: step if step > 0 else 1] if step > 0 else self[:][key]
        data, index, _ = self._stream.read(first, max(first, stop))
        if index is None:
            return data
        base = int(index["offset"][0]) if len(index) else 0
        content = data.tobytes()
        return [
            content[int(start) - base : int(start) - base + int(length)]
            for start, length in zip(index["offset"], index["length"], strict=True)
        ]


class Times:
    """The times of a stream as they were delivered (seconds), read when they are sliced."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __len__(self) -> int:
        return self._stream.rows

    def __getitem__(self, key: slice | int) -> Any:
        rows = self._stream.rows
        if isinstance(key, int):
            return float(self._stream.group["time"][range(rows)[key]])
        first, stop, step = key.indices(rows)
        if step > 0:
            return self._stream.group["time"][first : max(first, stop) : step]
        return self._stream.group["time"][:rows][key]


class Stream:
    """One stream of an open file; only rows that can be trusted are seen."""

    def __init__(self, group: h5py.Group, is_closed: bool) -> None:
        self.group = group
        self.info: StreamInfo = stream_info(group.attrs)
        self.is_closed = is_closed
        self.data = Values(self)
        self.times = Times(self)

    @property
    def attributes(self) -> dict[str, Any]:
        """Return everything the file says of the stream."""
        return {name: from_attribute(value) for name, value in self.group.attrs.items()}

    @cached_property
    def written_rows(self) -> int:
        """Rows that every data set of the stream holds, trusted or not."""
        columns = [self.group["time"], self.group["index" if self.info.is_blob else "data"]]
        return min(int(column.shape[0]) for column in columns)

    @cached_property
    def all_chunks(self) -> NDArray[Any]:
        """The chunk table as it stands: first, count, received, crc32, seq."""
        return self._table("chunks").astype(CHUNK)

    @cached_property
    def chunks(self) -> NDArray[Any]:
        """The chunks of the trusted rows, one a flush."""
        if self.is_closed:
            return self.all_chunks
        sound = self.sound_chunks()
        bad = np.flatnonzero(~sound)
        return self.all_chunks[: bad[0] if len(bad) else len(sound)]

    @cached_property
    def rows(self) -> int:
        """How many rows can be trusted: up to the last chunk before the first that does not match."""
        if self.is_closed:
            return self.written_rows
        return int(self.chunks["first"][-1] + self.chunks["count"][-1]) if len(self.chunks) else 0

    @property
    def offsets(self) -> NDArray[Any]:
        """Clock offsets: t, offset, uncertainty, fresh."""
        return sound_entries(self._table("offsets"))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Holes, in order."""
        table = sound_entries(self._table("gaps"))
        return tuple(
            Gap(int(row["last"]), int(row["first"]), int(row["missing"]), row["cause"].decode())
            for row in table[np.argsort(table["first"], kind="stable")]
        )

    def _table(self, name: str) -> NDArray[Any]:
        """Return a table; of one that a crash has damaged the pieces that can be read."""
        column = self.group[name]
        try:
            table: NDArray[Any] = column[:]
        except (OSError, RuntimeError):
            if self.is_closed:
                raise
            pieces = [np.zeros(0, column.dtype)]
            step = column.chunks[0]
            for start in range(0, column.shape[0], step):
                with suppress(OSError, RuntimeError):
                    pieces.append(column[start : start + step])
            table = np.concatenate(pieces)
        return table

    @cached_property
    def time_model(self) -> TimeModel:
        """How delivered times become corrected ones."""
        return fit_times(self.times, self.info, self.offsets, self.gaps, self.chunks)

    def corrected_times(self, first: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """Return the times of rows `first` to `stop` on our clock, evened out where the stream is regular."""
        stop = self.rows if stop is None else min(stop, self.rows)
        return self.time_model.apply(first, self.times[first:stop])

    def read(self, first: int, stop: int) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[np.float64]]:
        """Return rows as stored: data (or bytes), index (None unless byte strings), times."""
        times = self.group["time"][first:stop]
        payload = self.group[payload_name(self.info)]
        if not self.info.is_blob:
            return payload[first:stop], None, times
        index = self.group["index"][first:stop]
        if not len(index):
            return np.zeros(0, "u1"), index, times
        start = int(index["offset"][0])
        end = int(index["offset"][-1] + index["length"][-1])
        if not 0 <= start <= end <= payload.shape[0]:
            raise SessionFileError(f"stream {self.info.id} is damaged.")
        return payload[start:end], index, times

    def is_sound(self, entry: NDArray[Any]) -> bool:
        """Whether one entry (1,) of the chunk table agrees with the rows that it describes."""
        first, count = int(entry["first"][0]), int(entry["count"][0])
        if first < 0 or count <= 0 or first + count > self.written_rows:
            return False
        try:
            data, index, times = self.read(first, first + count)
        except (OSError, RuntimeError, ValueError, SessionFileError):
            return False
        return entry_crc(entry, rows_crc(data, index, times)) == int(entry["crc32"][0])

    def sound_chunks(self, progress: Callable[[], None] | None = None) -> NDArray[np.bool_]:
        """Read everything; return for each chunk whether it is whole and follows what came before."""
        table = self.all_chunks
        sound = np.zeros(len(table), bool)
        expected = 0
        for i in range(len(table)):
            entry = table[i : i + 1]
            if progress is not None and i % 64 == 0:
                progress()
            if int(entry["first"][0]) >= expected and self.is_sound(entry):
                sound[i] = True
                expected = int(entry["first"][0] + entry["count"][0])
        return sound


@dataclass(frozen=True, slots=True)
class End:
    """How a session ended: reason, totals and checksums of a finished file."""

    reason: str
    totals: Mapping[str, Any] = field(default_factory=dict)


class Session:
    """An open session file or part; use as a context manager.

    `is_finished` tells a finished file from a part, `is_closed` whether its writer closed it in order.
    `amendments` are the corrections of the study around a finished file: what is read says what is known
    now, `recorded` holds the attributes as they were.
    """

    def __init__(self, path: Path, file: h5py.File, is_closed: bool, amended: bool = True) -> None:
        self.path = path
        self.file = file
        self.is_closed = is_closed
        self.recorded: dict[str, Any] = {name: from_attribute(v) for name, v in file.attrs.items()}
        self.is_finished = self.recorded.get("state") == "finished"
        self.amendments: tuple[Amendment, ...] = ()
        if amended and self.is_finished:
            said = (str(self.recorded.get(name, "")) for name in ("uuid", "participant"))
            self.amendments = amendments_for(path, *said)
        self.attributes = amended_attributes(self.recorded, self.amendments)
        self.streams: dict[str, Stream] = {}
        for name in file["streams"]:
            try:
                self.streams[name] = Stream(file["streams"][name], is_closed)
            except (KeyError, ValueError, OSError, RuntimeError):
                # What a crash left may lack one stream and hold the others.
                if is_closed:
                    raise
        for name, stream in self.streams.items():
            channels = amended_channels(name, stream.info.channels, self.amendments)
            if channels != stream.info.channels:
                stream.info = replace(stream.info, channels=channels)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened except keys and film frames, in the order of time; none in a part."""
        return tuple(read_events(self.file["events"])) if "events" in self.file else ()

    @cached_property
    def keys(self) -> dict[str, NDArray[Any]]:
        """Keystrokes, a column a name."""
        return read_table(self.file["keys"]) if "keys" in self.file else {}

    @cached_property
    def frames(self) -> dict[str, NDArray[Any]]:
        """Film frames, a column a name."""
        return read_table(self.file["frames"]) if "frames" in self.file else {}

    @cached_property
    def trials(self) -> dict[str, NDArray[Any]]:
        """Trials, a column a name, one row a trial; the protocol's version is a column of each."""
        if "trials" not in self.file:
            return {}
        table = read_table(self.file["trials"])
        version = int(self.protocol.get("version", 0))
        return table | {"protocol_version": np.full(len(table.get("index", ())), version, np.int32)}

    @cached_property
    def protocol(self) -> dict[str, Any]:
        """The protocol: yaml, sha256, seed, schedule."""
        if "protocol" not in self.file:
            return {}
        group = self.file["protocol"]
        values = {name: from_attribute(value) for name, value in group.attrs.items()}
        return values | {
            "yaml": group["yaml"][()].decode(),
            "schedule": from_attribute(group["schedule"][()]),
        }

    @cached_property
    def end(self) -> End:
        """How it ended; the reason is '' where the writer never came to its end."""
        if "end" in self.file:
            values = {name: from_attribute(value) for name, value in self.file["end"].attrs.items()}
            return End(str(values.pop("reason", "")), values)
        closed = self.file["closed"][:]["reason"].tolist() if "closed" in self.file else []
        return End(closed[-1].decode() if closed else "")

    def __iter__(self) -> Iterator[Stream]:
        return iter(self.streams.values())

    def to_mne(self, stream_id: str | None = None) -> Any:
        """Return a stream (by default the EEG) as `mne.io.RawArray`; see `analysis.exchange.export_mne`."""
        from analysis.exchange.export_mne import to_mne

        return to_mne(self, stream_id)


def was_closed(path: Path) -> bool:
    """Whether the writer of an HDF5 file closed it: read from its head, without opening it as HDF5."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise SessionFileError(f"{path}: cannot be read: {error.strerror}.") from error
    if head[:8] != SIGNATURE:
        if not head.strip(b"\0"):
            raise SessionFileError(f"{path}: is empty.")
        raise SessionFileError(f"{path}: is not a session file.")
    # Superblock version 3 keeps "open for writing" marks in its twelfth byte.
    return len(head) == 12 and not (head[8] >= 3 and head[11])


def open_session(path: Path | str, amended: bool = True) -> Session:
    """Open a finished file, or a part (also while it is being written); raises SessionFileError.

    Corrections of the study around the file are applied, unless told not to.
    """
    path = Path(path)
    is_closed = was_closed(path)
    source = path if is_closed else AbandonedFile(path)
    try:
        file = h5py.File(source, "r", **({"locking": "best-effort"} if is_closed else {}))
    except (OSError, RuntimeError, ValueError) as error:
        raise SessionFileError(
            f"{path}: is damaged and cannot be opened. Restore it from a backup, or try `evoke recover`"
            " on its folder."
        ) from error
    try:
        check_version(path, file.attrs)
        return Session(path, file, is_closed, amended)
    except SessionFileError:
        file.close()
        raise
    except (KeyError, ValueError, OSError, RuntimeError) as error:
        file.close()
        raise SessionFileError(f"{path}: is damaged: {error}. Restore it from a backup.") from error


def check_version(path: Path, attributes: Mapping[str, Any]) -> None:
    """Refuse files of another format or of a later version; raises SessionFileError."""
    found = attributes.get("format")
    if found != FORMAT:
        raise SessionFileError(f"{path}: is an HDF5 file, but not an Evoke session.")
    version = int(attributes.get("version", 0))
    if version > VERSION:
        needed = attributes.get("readable_from", "a later one")
        raise SessionFileError(
            f"{path}: was written in session format {version}; this Evoke reads up to {VERSION}."
            f" Update Evoke to version {needed} or later."
        )


def blocks(stream: Stream, entries: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Group chunks whose rows touch into blocks of some megabytes: (from, to) in `entries`."""
    if not len(entries):
        return
    start, size = 0, 0
    sizes = row_bytes(stream, entries)
    for i in range(len(entries)):
        touches = i == 0 or entries["first"][i] == entries["first"][i - 1] + entries["count"][i - 1]
        if i > start and (not touches or size + sizes[i] > BLOCK_BYTES):
            yield start, i
            start, size = i, 0
        size += sizes[i]
    yield start, len(entries)


def row_bytes(stream: Stream, entries: NDArray[Any]) -> list[int]:
    """Return about how many bytes each chunk's rows take."""
    if stream.info.is_blob:
        payload = stream.group[payload_name(stream.info)].shape[0]
        each = 24 + payload / max(1, stream.written_rows)
    else:
        each = 8 + np.dtype(stream.info.dtype).itemsize * len(stream.info.channels)
    return [int(count * each) for count in entries["count"]]
