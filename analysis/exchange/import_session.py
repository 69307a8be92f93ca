"""What every import shares: what was read, its one error, and the session file made of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_trials import ImportedTrial, Told, trial_events
from analysis.records import Event, Gap, StreamInfo
from analysis.session_file import PartWriter, file_sha256
from analysis.session_finished import Head, close_all, write_finished
from analysis.session_merge import open_part
from analysis.session_summary import utc_text
from analysis.session_tables import in_order

SOURCE = "import"
"""Author of the events that an import makes."""
BLOCK_ROWS = 262_144
UNKNOWN_S = float("nan")
CHUNK_S = 60.0
"""What is written at once need not be cut as small as what is live."""

Rows = tuple[NDArray[np.float64], NDArray[Any]]
"""Times (n,) and values (n, channels)."""


class ImportFileError(Exception):
    """Another program's file cannot be read; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its name without its place, SHA-256 and size."""

    name: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, path: Path) -> Source:
        """Describe a file; raises OSError."""
        return cls(path.name, file_sha256(path), path.stat().st_size)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {"name": self.name, "sha256": self.sha256, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class ImportedStream:
    """A stream: `blocks` gives its rows in order each time it is called.

    `offsets` are (our time, seconds to add to the sender's stamps), `gaps` counted in rows.
    """

    info: StreamInfo
    rows: int
    blocks: Callable[[], Iterable[Rows]]
    gaps: tuple[Gap, ...] = ()
    offsets: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What was read of another program's recording.

    `events` are without author and number. `start_utc_s` is the wall time at `start_s` of the session's
    clock, None if the file does not say; `statements` tell what is not as one would expect. `tables` are
    further files that say what was done, but are no part of the recording itself.
    """

    program: str
    streams: tuple[ImportedStream, ...]
    events: tuple[tuple[float, str, Mapping[str, Any]], ...]
    sources: tuple[Source, ...]
    start_s: float = 0.0
    start_utc_s: float | None = None
    statements: tuple[str, ...] = ()
    trials: tuple[ImportedTrial, ...] = ()
    tables: tuple[Source, ...] = ()

    @property
    def bytes(self) -> int:
        """How many bytes its rows take, unpacked, times included."""
        sizes = [
            stream.rows * (8 + np.dtype(stream.info.dtype).itemsize * len(stream.info.channels))
            for stream in self.streams
        ]
        return sum(sizes)

    @property
    def fingerprint(self) -> str:
        """A SHA-256 that is the same for the same source files, under whatever names."""
        parts = "\n".join(sorted(source.sha256 for source in self.sources))
        return hashlib.sha256(parts.encode()).hexdigest()


def stream_of(
    info: StreamInfo, times: NDArray[np.float64], values: NDArray[Any], **more: Any
) -> ImportedStream:
    """Return a stream whose rows are in memory; further fields as of `ImportedStream`."""

    def blocks() -> Iterator[Rows]:
        for first in range(0, len(times), BLOCK_ROWS):
            yield times[first : first + BLOCK_ROWS], values[first : first + BLOCK_ROWS]

    return ImportedStream(info, len(times), blocks, **more)


def stream_id(name: str, taken: Iterable[str]) -> str:
    """Make a stream's id of a name, as live recordings do: words joined by '-', then '-2', '-3'."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "stream"
    used, candidate, number = set(taken), base, 1
    while candidate in used:
        number += 1
        candidate = f"{base}-{number}"
    return candidate


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Return channel names, repeated ones with a number behind."""
    found: list[str] = []
    for name in names:
        candidate, number = name, 1
        while candidate in found:
            number += 1
            candidate = f"{name}-{number}"
        found.append(candidate)
    return tuple(found)


def write_session(
    target: Path,
    imported: Imported,
    attributes: Mapping[str, Any],
    progress: Callable[[float], None] = lambda _: None,
) -> str:
    """Write a finished session file with origin `imported`; return its SHA-256.

    `attributes` say whose session it is (uuid, study, participant, session, run, ...). Beside `target` a
    part is written first and removed again. Raises OSError and the errors of the session file.
    """
    part = target.with_name(f"{target.stem}_part-001.h5")
    events = _events(imported)
    start = "" if imported.start_utc_s is None else utc_text(imported.start_utc_s)
    described = {
        **attributes,
        "origin": "imported",
        "started_utc": start,
        "imported_from": {
            "program": imported.program,
            "files": [source.to_json() for source in (*imported.sources, *imported.tables)],
            "statements": list(imported.statements),
        },
    }
    try:
        write_part(part, described, imported.streams)
        opened = [open_part(part)]
        try:
            head = Head(described, end_reason="imported", in_order=True)
            write_finished(target, head, opened, events, lambda _: {}, progress)
        finally:
            close_all(opened)
    finally:
        part.unlink(missing_ok=True)
    sha256 = file_sha256(target)
    target.chmod(0o444)
    return sha256


def write_part(part: Path, attributes: Mapping[str, Any], streams: Sequence[ImportedStream]) -> None:
    """Write streams into a part of their own; the rows of pictures and texts are lists of bytes."""
    infos = [stream.info for stream in streams]
    writer = PartWriter.create(part, attributes, infos, chunk_s=CHUNK_S)
    for stream in streams:
        for gap in stream.gaps:
            writer.add_gap(stream.info.id, gap)
        for ours_s, offset_s in stream.offsets:
            writer.add_offset(stream.info.id, ours_s, offset_s, UNKNOWN_S, True)
        for times, values in stream.blocks():
            if len(times):
                if stream.info.is_blob:
                    writer.append_blobs(stream.info.id, times, list(values), float(times[-1]))
                else:
                    writer.append(stream.info.id, times, values, float(times[-1]))
                writer.flush()
    writer.close("imported")


def _events(imported: Imported) -> list[Event]:
    start_s = imported.start_s
    told: list[Told] = [(start_s, "session_started", -1, "", {})]
    if imported.start_utc_s is not None:
        anchor = {"monotonic_s": start_s, "utc_s": imported.start_utc_s}
        told.append((start_s, "clock_anchor", -1, "", anchor))
    told += [(start_s, "import_statement", -1, "", {"text": text}) for text in imported.statements]
    told += [(time, kind, -1, "", payload) for time, kind, payload in imported.events]
    told += trial_events(imported.trials)
    return in_order(
        Event(time, SOURCE, seq, kind, trial, stage, payload)
        for seq, (time, kind, trial, stage, payload) in enumerate(told)
    )
