"""Writing a finished session file: streams from the parts, tables from the events, the protocol, the end."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py

from analysis.records import Event
from analysis.session_format import FORMAT, READABLE_FROM, VERSION, SessionFileError, set_attributes
from analysis.session_merge import RESTARTED, LastRow, LostPart, Merger, Part
from analysis.session_reader import open_session
from analysis.session_summary import verify_stream
from analysis.session_tables import trial_rows, write_events, write_trials

COPIED, READ_BACK = 0.7, 0.9
"""Shares of the work that are done when all is copied, and when all was read back."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a finished file says of its session besides streams and events."""

    attributes: Mapping[str, Any]
    protocol_yaml: str = ""
    schedule: Mapping[str, Any] | None = None
    end_reason: str = ""
    in_order: bool = False
    totals: Mapping[str, Any] = field(default_factory=dict)


Losses = Callable[[Mapping[str, LastRow]], Mapping[str, float]]
"""From each stream's last row to the seconds lost behind it."""


def write_finished(
    target: Path,
    head: Head,
    parts: Sequence[Part | LostPart],
    events: Sequence[Event],
    losses: Losses,
    progress: Callable[[float], None],
) -> dict[str, float]:
    """Write `target` anew, read it back and put it on the disk; return the seconds lost a stream.

    `events` must be in order. Lost are the end behind a stream's last row and what fell between two
    recorders. Raises SessionFileError where what was read back differs, OSError if the disk fails.
    """
    target.unlink(missing_ok=True)
    readable = [part for part in parts if isinstance(part, Part)]
    work = _Work(sum(part.bytes for part in readable), progress)
    with h5py.File(target, "x", libver=("v108", "v110"), locking="best-effort") as file:
        marks = {"format": FORMAT, "version": VERSION, "readable_from": READABLE_FROM, "state": "finished"}
        set_attributes(file, dict(head.attributes) | marks)
        merger = Merger(file, readable, work.copied)
        for part in readable:
            merger.add(part)
        merger.add_device_gaps(events)
        streams = merger.finish()
        tails, holes = losses(merger.last_rows()), merger.holes(RESTARTED)
        lost = {name: round(tails.get(name, 0.0) + holes[name], 3) for name in streams}
        for name in streams:
            merger.set_lost(name, tails.get(name, 0.0), lost[name])
        totals = write_events(file, events)
        rows = trial_rows(events, head.schedule)
        write_trials(file, rows)
        _write_protocol(file, head)
        problems = [f"{part.path.name}: {part.problem}" for part in parts if isinstance(part, LostPart)]
        end = file.create_group("end")
        summed = totals | {"trials": len(rows), "parts": len(parts), "streams": streams}
        known = {"reason": head.end_reason, "in_order": head.in_order, "problems": problems}
        set_attributes(end, summed | known | dict(head.totals))
    read_back(target, streams, events, work.read_back)
    sync(target)
    progress(READ_BACK)
    return lost


class _Work:
    """Turns bytes done into the share of the whole."""

    def __init__(self, total: int, progress: Callable[[float], None]) -> None:
        self._total = max(1, total)
        self._progress = progress
        self._copied = 0
        self._read = 0

    def copied(self, count: int) -> None:
        self._copied += count
        self._progress(min(COPIED, COPIED * self._copied / self._total))

    def read_back(self, count: int) -> None:
        self._read += count
        self._progress(min(READ_BACK, COPIED + (READ_BACK - COPIED) * self._read / self._total))


def _write_protocol(file: h5py.File, head: Head) -> None:
    schedule = head.schedule or {}
    group = file.create_group("protocol")
    group.attrs.update(
        {
            "name": str(schedule.get("protocol", "")),
            "version": int(schedule.get("version", 0)),
            "seed": int(schedule.get("seed", 0)),
            "sha256": hashlib.sha256(head.protocol_yaml.encode()).hexdigest() if head.protocol_yaml else "",
        }
    )
    text = h5py.string_dtype("utf-8")
    group.create_dataset("yaml", data=head.protocol_yaml, dtype=text)
    group.create_dataset("schedule", data=json.dumps(schedule, ensure_ascii=False), dtype=text)


def read_back(
    path: Path,
    totals: Mapping[str, Mapping[str, Any]],
    events: Sequence[Event],
    progress: Callable[[int], None],
) -> None:
    """Compare a written file with what was meant to be in it; raises SessionFileError.

    The chunks' checksums were taken from rows whose own checksums had just been found right, so this
    closes the chain from the recorder's memory to the finished file.
    """
    with open_session(path) as session:
        for name, total in totals.items():
            stream = session.streams[name]
            verify_stream(path, stream, progress)
            if stream.written_rows != total["rows"]:
                raise SessionFileError(f"{path}: rows of stream {name} were not written.")
        found = {(event.source, event.seq): event for event in session.events}
        for table in (session.keys, session.frames):
            for source, seq in zip(table["source"], table["seq"], strict=True):
                found[str(source), int(seq)] = found.get((str(source), int(seq)), events[0])
        if set(found) != {(event.source, event.seq) for event in events}:
            raise SessionFileError(f"{path}: events were not written.")


def sync(path: Path) -> None:
    """Put a file and its name on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    if os.name == "posix":
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def close_all(parts: Sequence[Part | LostPart]) -> None:
    """Close the parts that are open."""
    with ExitStack() as stack:
        for part in parts:
            if isinstance(part, Part):
                stack.callback(part.session.close)
