"""Stages that the protocol lets a camera or microphone record: what comes outside of them is not kept.

The capture shows its picture all the time; here its rows are left out before they reach the file. Rows
wait `HOLD_S` first, so that a stage's own moment decides, and not the one in which word of it came.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.records import NOT_RECORDED
from app.recorder.inlets import Rows

HOLD_S = 0.5
"""Word of a stage takes some hundredths of a second from the presenter to here."""


class Windows:
    """A row of one stream after the other, and whether it is kept.

    `switches` are (time, open) in rising order: from that time on rows are kept, or not. Before the
    first switch nothing is.
    """

    def __init__(self) -> None:
        self.heard_s = -np.inf
        """Up to here rows have been decided about."""
        self._switch_s = np.array([], np.float64)
        self._opens = np.array([False])
        self._held: list[Rows] = []
        self._withheld = 0
        self._lock = threading.Lock()

    def set(self, switches: Sequence[tuple[float, bool]]) -> None:
        """Take all switches so far."""
        with self._lock:
            self._switch_s = np.array([time_s for time_s, _ in switches], np.float64)
            self._opens = np.array([False, *(is_open for _, is_open in switches)])

    def passed(self, rows: Rows | None, now: float) -> Iterator[Rows]:
        """Take rows and yield, in order, those that are to be kept and can be decided about at `now`.

        Rows behind some that were left out carry the cause `NOT_RECORDED` and their number.
        """
        if rows is not None:
            self._held.append(rows)
        while self._held:
            first = self._held[0]
            count = int(np.searchsorted(first.times, now - HOLD_S, "right"))
            if not count:
                return
            decided = _part(first, 0, count)
            self._held[0:1] = [_part(first, count, len(first.times))] if count < len(first.times) else []
            self.heard_s = max(self.heard_s, float(decided.times[-1]))
            yield from self._kept(decided)

    def _kept(self, rows: Rows) -> Iterator[Rows]:
        with self._lock:
            is_open = self._opens[np.searchsorted(self._switch_s, rows.times, "right")]
        for start, end in _runs(is_open):
            part = _part(rows, start, end)
            if not is_open[start]:
                self._withheld += end - start
            elif self._withheld:
                missing, self._withheld = self._withheld + part.missing, 0
                yield part._replace(cause=NOT_RECORDED, missing=missing)
            else:
                yield part


def _runs(values: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the (start, end) of each stretch of equal values."""
    edges = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return list(itertools.pairwise(edges))


def _part(rows: Rows, start: int, end: int) -> Rows:
    """Return rows `start` to `end`; what was wrong before them stays with the first ones."""
    seq = rows.seq if rows.seq < 0 else rows.seq + start
    cause, missing = (rows.cause, rows.missing) if start == 0 else ("", 0)
    return Rows(rows.times[start:end], rows.data[start:end], seq, cause, missing)
