"""Journals: the truth about events. One author, one file, append only, every line checked.

A line is a JSON object {"event": {...}, "crc": n} with the CRC-32 of the event's own text. Urgent
events are on the disk (fsync) when `append` has handed them over for at most a few milliseconds;
the others (keys, film frames) within 100 ms.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from analysis.records import Event
from app import clock

BATCH_S = 0.1


def encode(event: Event) -> bytes:
    """Return the event's journal line with its checksum."""
    text = json.dumps(event.to_json(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    crc = zlib.crc32(text.encode("utf-8"))
    return f'{{"event":{text},"crc":{crc}}}\n'.encode()


def decode(line: bytes) -> Event:
    """Read one journal line; raises ValueError where a byte of it is missing or changed."""
    prefix, _, tail = line.rstrip(b"\n").rpartition(b',"crc":')
    text = prefix.removeprefix(b'{"event":')
    if len(text) == len(prefix) or not tail.endswith(b"}"):
        raise ValueError("not a journal line")
    if not tail[:-1].isdigit() or int(tail[:-1]) != zlib.crc32(text):
        raise ValueError("checksum differs")
    try:
        return Event.from_json(json.loads(text))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an event: {error}") from error


@dataclass(frozen=True, slots=True)
class JournalContents:
    """What a journal file holds: its sound events in order, and how many lines were damaged."""

    events: tuple[Event, ...]
    damaged_lines: int


def read_journal(path: Path) -> JournalContents:
    """Read every sound line of a journal; a torn last line is damage, not an error."""
    return parse_journal(path.read_bytes())


def parse_journal(content: bytes) -> JournalContents:
    """Read every sound line of a journal's bytes."""
    events: list[Event] = []
    damaged = 0
    for line in content.split(b"\n"):
        if not line:
            continue
        try:
            events.append(decode(line))
        except ValueError:
            damaged += 1
    return JournalContents(tuple(events), damaged)


class _Entry(NamedTuple):
    """A line on its way to the disk; `written` is set when it is there or never will be."""

    line: bytes
    urgent: bool
    written: threading.Event | None


def _sync_folder(folder: Path) -> None:
    # A new file's name is on the disk only when its folder is; Windows cannot open folders, nor needs to.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Journal:
    """Appends one author's events from any thread; a writer thread puts them on the disk.

    A restarted author opens the same file and goes on counting. `on_event` sees each event after it
    was handed to the writer; `on_failure` is called once, from the writer thread, with the OSError
    that stopped the writing.
    """

    def __init__(
        self,
        path: Path,
        source: str,
        on_event: Callable[[Event], None] | None = None,
        on_failure: Callable[[OSError], None] | None = None,
    ) -> None:
        self.source = source
        self.failure: OSError | None = None
        self._on_event = on_event
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._closed = False
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        existing = parse_journal(content).events
        self._next_seq = max((event.seq for event in existing), default=-1) + 1
        self._file = path.open("ab", buffering=0)
        if content and not content.endswith(b"\n"):
            # A killed author's torn line stays as it is, on a line of its own.
            self._file.write(b"\n")
        _sync_folder(path.parent)
        self._thread = threading.Thread(target=self._write, name=f"journal {source}", daemon=True)
        self._thread.start()
        self.append("journal_opened", payload=self._identity())

    def append(
        self,
        kind: str,
        trial: int = -1,
        stage: str = "",
        payload: Mapping[str, Any] | None = None,
        time: float | None = None,
        urgent: bool = True,
        wait: bool = False,
    ) -> Event:
        """Record that `kind` happened at `time` (now, if not given) and return the event.

        With `wait` the call returns only when the line is on the disk (or the disk has failed).
        Raises ValueError after `close`, and for a payload that JSON cannot hold (NaN, for one).
        """
        written = threading.Event() if wait else None
        with self._lock:
            if self._closed:
                raise ValueError(f"the journal of {self.source} is closed")
            event = Event(
                time=clock.now() if time is None else time,
                source=self.source,
                seq=self._next_seq,
                kind=kind,
                trial=trial,
                stage=stage,
                payload=dict(payload or {}),
            )
            line = encode(event)
            self._next_seq += 1
            self._queue.put(_Entry(line, urgent or wait, written))
        if self._on_event is not None:
            self._on_event(event)
        if written is not None:
            written.wait()
        return event

    def close(self) -> None:
        """Write what is waiting, flush it to the disk, and end; safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._file.close()

    def _identity(self) -> dict[str, Any]:
        anchor = clock.anchor()
        return {
            "pid": os.getpid(),
            "boot_id": clock.boot_id(),
            "utc_s": anchor.utc_s,
            "monotonic_s": anchor.monotonic_s,
        }

    def _write(self) -> None:
        batch: list[_Entry] = []
        deadline_s = 0.0
        ending = False
        while not ending:
            timeout = max(0.0, deadline_s - clock.now()) if batch else None
            with contextlib.suppress(queue.Empty):
                entry = self._queue.get(timeout=timeout)
                if not batch:
                    deadline_s = clock.now() + BATCH_S
                # What is already waiting shares this line's fsync.
                while entry is not None:
                    batch.append(entry)
                    entry = self._queue.get_nowait()
                ending = True
            due = ending or clock.now() >= deadline_s or any(entry.urgent for entry in batch)
            if batch and due:
                self._commit(b"".join(entry.line for entry in batch))
                for entry in batch:
                    if entry.written is not None:
                        entry.written.set()
                batch.clear()

    def _commit(self, lines: bytes) -> None:
        if self.failure is not None:
            return
        try:
            view = memoryview(lines)
            while view:
                view = view[self._file.write(view) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self.failure = error
            if self._on_failure is not None:
                self._on_failure(error)
