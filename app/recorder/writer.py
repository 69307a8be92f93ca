"""The writer thread: what the tracks have gathered goes into the part and onto the disk."""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.records import Gap
from analysis.session_format import WriteFailedError
from analysis.session_parts import PartWriter
from app import clock
from app.events import Journal
from app.plan import SessionPaths
from app.recorder.rings import Flushed, FlushedFile
from app.recorder.telling import clock_text
from app.recorder.tracks import Piece, Track

# Should the puller hang, what it has taken is written all the same.
LONGEST_WAIT_S = 0.5
REMEDIES = {
    errno.EROFS: "The system turns a failing disk read-only: choose another disk.",
    errno.EIO: "The disk is failing: choose another disk.",
}


class Writer:
    """Owns the part that is being written; a thread of its own is the only one that touches HDF5.

    It writes and flushes whenever `flush_soon` was called. `set_tracks` says what is recorded; where
    that differs from what the part has been made for, the part is closed and the next begun, and no row
    is lost in between. `on_failure` is called in the thread with what stopped the writing, after which
    nothing is written or closed any more.
    """

    def __init__(
        self,
        paths: SessionPaths,
        attributes: Mapping[str, Any],
        journal: Journal,
        flushed_path: Path,
        flushed: Mapping[str, Flushed],
        on_failure: Callable[[Exception], None],
    ) -> None:
        existing = paths.parts()
        self.part = int(existing[-1].stem[-3:]) if existing else 0
        self.flushed_s: float | None = None
        self.bytes_written = sum(part.stat().st_size for part in existing)
        self.free_bytes = shutil.disk_usage(paths.live).free
        self._bytes_before = self.bytes_written
        self._safe_s = 0.0
        self._paths = paths
        self._attributes = dict(attributes)
        self._journal = journal
        self._notes = FlushedFile(flushed_path)
        self._on_failure = on_failure
        self._file: PartWriter | None = None
        self._tracks: tuple[Track, ...] = ()
        self._wanted: tuple[Track, ...] | None = None
        self._reason = ""
        self._rows: dict[str, int] = {}
        self._flushed = dict(flushed)
        self._due = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether a part of this recorder is on the disk."""
        return self.flushed_s is not None

    @property
    def wanted(self) -> tuple[Track, ...] | None:
        """Return what was last asked for."""
        return self._wanted

    def behind_s(self, now: float) -> float:
        """Return for how long rows have been waiting to be on the disk; 0 before the first part."""
        return now - self._safe_s if self.is_open else 0.0

    def set_tracks(self, tracks: Sequence[Track]) -> None:
        """Record these tracks from the next flush on."""
        self._wanted = tuple(tracks)

    def flush_soon(self) -> None:
        """Have the thread write and flush now; does not wait for it."""
        self._due.set()

    def stop(self, reason: str) -> None:
        """Write what has gathered, close the part, and end the thread."""
        self._reason, self._ending = reason, True
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._ending:
                self._due.wait(LONGEST_WAIT_S)
                self._due.clear()
                self._flush()
            self._flush()
            self._close(self._reason)
        except (WriteFailedError, OSError) as error:
            self._on_failure(error)

    def _flush(self) -> None:
        wanted = self._wanted
        if wanted is not None and (self._file is None or wanted != self._tracks):
            if self._file is not None:
                self._write()
                self._close("streams changed")
            self._create(wanted)
        self._write()
        # Looked at here: on a disk that hangs, whoever asks it waits.
        self.free_bytes = shutil.disk_usage(self._paths.live).free

    def _create(self, tracks: tuple[Track, ...]) -> None:
        self._bytes_before = self.bytes_written
        self.part += 1
        attributes = self._attributes | {"part": self.part}
        infos = [track.info for track in tracks]
        self._file = PartWriter.create(self._paths.part(self.part), attributes, infos)
        self._tracks = tracks
        self._rows = {track.id: 0 for track in tracks}
        self._journal.append("part_started", payload={"part": self.part, "streams": list(self._rows)})

    def _write(self) -> None:
        file = self._file
        if file is None:
            return
        began_s = clock.now()
        for track in self._tracks:
            pieces, offsets = track.fetch()
            for piece in pieces:
                self._append(file, track, piece)
            for offset in offsets:
                file.add_offset(track.id, offset.time_s, offset.offset_s, offset.uncertainty_s, offset.fresh)
        file.flush()
        self.bytes_written = self._bytes_before + self._paths.part(self.part).stat().st_size
        self._safe_s, self.flushed_s = began_s, clock.now()
        self._notes.save(self._flushed)

    def _append(self, file: PartWriter, track: Track, piece: Piece) -> None:
        stream_id, before = track.id, self._rows[track.id]
        times, data = piece.rows.times, piece.rows.data
        if isinstance(data, tuple):
            file.append_blobs(stream_id, times, data, piece.received_s, piece.seq)
        else:
            file.append(stream_id, times, data, piece.received_s, piece.seq)
        for hole in piece.holes:
            row = before + hole.row
            file.add_gap(stream_id, Gap(row - 1, row, hole.missing, hole.cause))
            payload = {"stream": stream_id, "part": self.part, "missing": hole.missing, "cause": hole.cause}
            last_s = float(times[hole.row - 1]) if hole.row else piece.before_s
            self._journal.append(
                "gap", payload=payload | {"last_s": last_s, "first_s": float(times[hole.row])}
            )
            if hole.step_s:
                step_s = round(hole.step_s, 6)
                said = {"stream": stream_id, "step_s": step_s, "text": clock_text(stream_id, step_s)}
                self._journal.append("clock_step", payload=said)
        self._rows[stream_id] = before + len(times)
        total = self._flushed.get(stream_id, Flushed(0, 0)).rows + len(times)
        self._flushed[stream_id] = Flushed(piece.seq + len(times), total)

    def _close(self, reason: str) -> None:
        if self._file is not None:
            self._file.close(reason)
            self._file = None
            self._journal.append("part_ended", payload={"part": self.part, "reason": reason})


def error_number(error: Exception) -> int | None:
    """Return the system's error number in an error, which HDF5 only tells in its text."""
    number = getattr(error, "errno", None)
    if number:
        return int(number)
    found = re.search(r"errno = (\d+)", str(error))
    return int(found[1]) if found else None


def explain(error: Exception, folder: Path) -> str:
    """Say in one sentence what stopped the writing."""
    number = error_number(error)
    reason = os.strerror(number) if number else str(error).splitlines()[0] if str(error) else repr(error)
    remedy = REMEDIES.get(number or 0, "Free some space or choose another disk.")
    return f"Recording has stopped: {folder} cannot be written ({reason}). {remedy}"
