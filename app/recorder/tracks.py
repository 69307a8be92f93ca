"""One stream of one shape on its way from its source to the live ring and the writer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

from analysis.records import StreamInfo
from app.recorder.inlets import LslSource, Rows, SourceLostError
from app.recorder.offsets import Offset, OffsetTracker, measure
from app.recorder.rings import Left, LiveRing, RingSource
from app.recorder.watch import Hole, Watch, boundary, find_holes, missing_rows
from app.streams import Expected

# Stamps that move by this much more or less than the time that really passed are of another clock.
PLAUSIBLE_S = 5.0
RESTARTED = "recorder restarted"
LOST = "stream lost"


class Piece(NamedTuple):
    """Rows for the writer, numbered from `seq`, with the holes before or in them.

    `before_s` is the time of the row before them, None where there is none.
    """

    rows: Rows
    seq: int
    received_s: float
    before_s: float | None
    holes: tuple[Hole, ...] = ()


class Track:
    """Takes rows from a source, in the puller's thread, and keeps them until the writer fetches them.

    A stream that changes its shape gets a new track; one that is interrupted keeps its own.
    """

    def __init__(self, expected: Expected, info: StreamInfo, live: LiveRing | None) -> None:
        self.expected = expected
        self.info = info
        self.watch = Watch(info.rate_hz)
        self.clock = OffsetTracker()
        self.source: LslSource | RingSource | None = None
        self.is_lost = False
        self.samples = 0
        self.missing = 0
        self.last_s: float | None = None
        self._live = live
        self._received_s: float | None = None
        self._cause = ""
        self._pieces: list[Piece] = []
        self._offsets: list[Offset] = []
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """Return the stream's id."""
        return self.info.id

    def connect(self, source: LslSource | RingSource, now: float) -> None:
        """Take rows from `source` from now on, after a gap if there have been rows before."""
        former = self.source
        if self.last_s is not None:
            self._cause = self._cause or LOST
        self.clock = OffsetTracker()
        self.source, self.is_lost = source, False
        self.watch.connected(now)
        if former is not None:
            former.close()

    def resume(self, left: Left | None, samples: int) -> None:
        """Go on after a killed recorder, which wrote `samples` rows and left some unwritten."""
        self.samples = samples
        if left is not None:
            self.last_s, self._received_s = left.last_s, left.received_s
            if len(left.rows.times):
                self._keep(Piece(left.rows, left.rows.seq, left.received_s, None))
        if self._live is not None:
            self._cause = RESTARTED

    def pull(self, now: float) -> bool:
        """Take what has arrived; False where there was nothing. For the puller's thread only."""
        source = self.source
        if source is None:
            return False
        try:
            rows = source.pull()
        except SourceLostError:
            # Unless it was closed because another one has taken its place.
            if self.source is source:
                self.source, self.is_lost = None, True
                self._cause = LOST
            return False
        if rows is None:
            if isinstance(source, LslSource) and source.is_reconnected:
                self.watch.connected(now)
            return False
        holes = self._holes(rows, now)
        seq = rows.seq if self._live is None else self._live.append(rows, now)
        self._keep(Piece(rows, seq, now, self.last_s, holes))
        self.watch.saw(now)
        return True

    def ask_clock(self) -> None:
        """Ask the sender's clock; for the offsets thread only."""
        source = self.source
        if isinstance(source, LslSource) and source.inlet is not None:
            row = self.clock.update(measure(source.inlet))
            if row is not None:
                with self._lock:
                    self._offsets.append(row)

    def fetch(self) -> tuple[list[Piece], list[Offset]]:
        """Hand over what has gathered; for the writer's thread only."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
            offsets, self._offsets = self._offsets, []
        return pieces, offsets

    def has_passed(self, time_s: float) -> bool:
        """Whether rows later than `time_s` (our clock) have come."""
        return self.last_s is not None and self.last_s + self.clock.offset_s >= time_s

    def _keep(self, piece: Piece) -> None:
        self.samples += len(piece.rows.times)
        self.missing += sum(hole.missing for hole in piece.holes)
        self.last_s, self._received_s = float(piece.rows.times[-1]), piece.received_s
        with self._lock:
            self._pieces.append(piece)

    def _holes(self, rows: Rows, now: float) -> tuple[Hole, ...]:
        holes = find_holes(rows.times, self.last_s, self.info.rate_hz)
        cause = rows.cause or self._cause
        self._cause = ""
        if not cause or (self.last_s is None and cause != RESTARTED):
            return tuple(holes)
        row = boundary(rows.times, self.last_s)
        missing = rows.missing or self._missing(rows, row, now)
        return (*(hole for hole in holes if hole.row != row), Hole(row, missing, cause))

    def _missing(self, rows: Rows, row: int, now: float) -> int:
        before_s = float(rows.times[row - 1]) if row else self.last_s
        if before_s is None or self._received_s is None:
            return 0
        step_s, passed_s = float(rows.times[row]) - before_s, now - self._received_s
        if abs(step_s - passed_s) > PLAUSIBLE_S:
            step_s = passed_s
        return missing_rows(step_s, self.info.rate_hz)


def live_ring(path: Path, expected: Expected, info: StreamInfo, first: int) -> LiveRing | None:
    """Return the ring that a stream's rows are shown in; a camera's or microphone's is its capture's."""
    return LiveRing(path, info, first) if expected.transport == "lsl" else None
