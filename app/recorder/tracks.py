"""One stream of one shape on its way from its source to the live ring and the writer."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.records import NOT_RECORDED, StreamInfo
from app.recorder.holes import NO_SAMPLES, Hole, RowCounter, boundary, find_holes, judged
from app.recorder.inlets import LslSource, Rows, SourceLostError
from app.recorder.lifelines import ASK_EVERY_S, PATIENCE_S, Lifeline
from app.recorder.offsets import Offset, OffsetTracker, measure
from app.recorder.rings import Left, LiveRing, RingSource
from app.recorder.watch import LOST_S, State, Watch
from app.recorder.windows import Windows
from app.streams import Expected

RESTARTED = "recorder restarted"
LOST = "stream lost"
SLEPT = "machine slept"
COUNTER = "counter"


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

    A stream that changes its shape gets a new track; one that is interrupted keeps its own and begins a
    new segment. `missing` counts rows known to be lost, `gone` is the uid of a sender that was lost and
    is to be looked for. `windows`, if any, say which rows the protocol lets it keep.
    """

    def __init__(self, expected: Expected, info: StreamInfo, live: LiveRing | None) -> None:
        self.expected = expected
        self.info = info
        self.watch = Watch(info.rate_hz)
        self.clock = OffsetTracker()
        self.source: LslSource | RingSource | None = None
        self.gone = ""
        self.windows: Windows | None = None
        self.samples = 0
        self.missing = 0
        self.gaps = 0
        self.waiting_bytes = 0
        self.last_s: float | None = None
        self._live = live
        self._received_s: float | None = None
        self._cause = ""
        self._slept_s = 0.0
        kinds = info.channel_kinds
        self._column = kinds.index(COUNTER) if COUNTER in kinds else -1
        self._counter = RowCounter()
        self._pieces: list[Piece] = []
        self._offsets: list[Offset] = []
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """Return the stream's id."""
        return self.info.id

    @property
    def segment(self) -> int:
        """Return the number of the stretch without a gap that the next row belongs to, from 1."""
        return self.gaps + 1 + bool(self._cause)

    @property
    def host(self) -> str:
        """Return the sender's computer, '' where it is unknown."""
        return str(self.info.details.get("host", ""))

    def connect(self, source: LslSource | RingSource, now: float) -> None:
        """Take rows from `source` from now on, after a gap if there have been rows before."""
        former = self.source
        if self.last_s is not None:
            self._cause = self._cause or LOST
        self.clock = OffsetTracker()
        self.source, self.gone = source, ""
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

    def slept(self, seconds: float, now: float) -> None:
        """Note that the computer slept: what comes next follows a gap of it."""
        with self._lock:
            if self.last_s is not None and self.source is not None:
                self._cause = self._cause or SLEPT
                self._slept_s += seconds
        self.watch.woke(now)

    def check(self, now: float) -> tuple[State, State]:
        """Return the states before and now."""
        line = self._lifeline
        if line is not None and line.answered_s is not None:
            return self.watch.check(now, line.answered_s, PATIENCE_S)
        return self.watch.check(now, self.clock.answered_s, LOST_S)

    def answers(self, now: float) -> bool | None:
        """Whether the sender has answered since its last row; None if that cannot be told yet."""
        line = self._lifeline
        if line is None or line.answered_s is None:
            return None
        if line.answered_s > (self._received_s or 0.0) + ASK_EVERY_S:
            return True
        return None if now - line.answered_s <= PATIENCE_S else False

    def pull(self, now: float) -> bool:
        """Take what has arrived; False where there was nothing. For the puller's thread only."""
        source = self.source
        if source is None:
            return False
        try:
            rows = source.pull()
        except SourceLostError:
            # Unless it was closed because another one has taken its place.
            if self.source is source and isinstance(source, LslSource):
                self.watch.cut()
                self._cause = LOST if self.last_s is not None else ""
                self.source, self.gone = None, source.uid
                source.close()
            return False
        if self.windows is not None:
            for kept in self.windows.passed(rows, now):
                self._take(kept, now)
        elif rows is not None:
            self._take(rows, now)
        if rows is None:
            if isinstance(source, LslSource) and source.is_cut:
                self.watch.cut()
            return False
        self.watch.saw(now, len(rows.times))
        return True

    def ask_clock(self) -> None:
        """Ask the sender's clock; for the offsets thread only."""
        source = self.source
        inlet = source.inlet if isinstance(source, LslSource) else None
        if inlet is not None:
            row = self.clock.update(measure(inlet))
            if row is not None:
                with self._lock:
                    self._offsets.append(row)

    def fetch(self) -> tuple[list[Piece], list[Offset]]:
        """Hand over what has gathered; for the writer's thread only."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
            offsets, self._offsets = self._offsets, []
            self.waiting_bytes = 0
        return pieces, offsets

    def has_passed(self, time_s: float) -> bool:
        """Whether rows later than `time_s` (our clock) have come."""
        if self.windows is not None and self.windows.heard_s >= time_s:
            return True
        return self.last_s is not None and self.last_s + self.clock.offset_s >= time_s

    @property
    def _lifeline(self) -> Lifeline | None:
        return self.source.lifeline if isinstance(self.source, LslSource) else None

    def _take(self, rows: Rows, now: float) -> None:
        holes = self._holes(rows, now)
        seq = rows.seq if self._live is None else self._live.append(rows, now)
        self._keep(Piece(rows, seq, now, self.last_s, holes))

    def _keep(self, piece: Piece) -> None:
        self.samples += len(piece.rows.times)
        self.missing += sum(hole.missing for hole in piece.holes if hole.cause != NOT_RECORDED)
        self.gaps += len(piece.holes)
        self.last_s, self._received_s = float(piece.rows.times[-1]), piece.received_s
        with self._lock:
            self._pieces.append(piece)
            self.waiting_bytes += piece.rows.nbytes

    def _holes(self, rows: Rows, now: float) -> tuple[Hole, ...]:
        with self._lock:
            cause, slept_s = rows.cause or self._cause, self._slept_s
            self._cause, self._slept_s = "", 0.0
        passed_s = math.inf if self._received_s is None else now - self._received_s + slept_s
        usual_s = self.watch.stale_after_s
        found = find_holes(rows.times, self.last_s, self.info.rate_hz, passed_s, usual_s)
        if cause and (self.last_s is not None or cause == RESTARTED):
            row = boundary(rows.times, self.last_s)
            known = self._interruption(rows, row, passed_s, slept_s, cause)
            found = sorted([*(hole for hole in found if hole.row != row), known])
        return self._counted(rows, found)

    def _interruption(self, rows: Rows, row: int, passed_s: float, slept_s: float, cause: str) -> Hole:
        """Say what is missing where it is known that there was an interruption, and which."""
        rate_hz = self.info.rate_hz
        before_s = float(rows.times[row - 1]) if row else self.last_s
        if rows.missing or before_s is None or self._received_s is None:
            return Hole(row, rows.missing, cause)
        step_s = float(rows.times[row]) - before_s
        if cause == SLEPT and self._is_local and step_s < slept_s / 2:
            # Its stamps are of the clock that stood still.
            step_s += slept_s
        return judged(row, step_s, len(rows.times), rate_hz, passed_s, self.watch.stale_after_s, cause)

    @property
    def _is_local(self) -> bool:
        return self.expected.transport == "ring" or self.host in ("", socket.gethostname())

    def _counted(self, rows: Rows, holes: Sequence[Hole]) -> tuple[Hole, ...]:
        """Correct what holes left out by the device's own counter, and count what it lost between."""
        if self._column < 0 or isinstance(rows.data, tuple):
            return tuple(holes)
        values = np.asarray(rows.data[:, self._column], np.float64)
        counter, start = self._counter, 0
        corrected: list[Hole] = []
        for hole in holes:
            self.missing += counter.learn(values[start : hole.row])
            if hole.cause == NO_SAMPLES:
                # Only a device that went on counting can tell.
                tolerance = round(max(0.5 * self.info.rate_hz, 0.02 * hole.missing))
                counted = counter.across(float(values[hole.row]), hole.missing, tolerance)
                hole = hole._replace(missing=counted)
            corrected.append(hole)
            counter.last, start = None, hole.row
        self.missing += counter.learn(values[start:])
        return tuple(corrected)


def live_ring(path: Path, expected: Expected, info: StreamInfo, first: int) -> LiveRing | None:
    """Return the ring that a stream's rows are shown in; a camera's or microphone's is its capture's."""
    return LiveRing(path, info, first) if expected.transport == "lsl" else None
