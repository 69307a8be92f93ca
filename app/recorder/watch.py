"""Watching streams: is it alive, did it come back, and where are rows missing."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

State = Literal["expected", "connecting", "live", "stale", "lost", "recovering"]

STALE_S = 1.0
LOST_S = 5.0
# The library asks a sender's clock every two seconds; two missed waves and their time-outs.
SILENT_SENDER_S = 5.0
DELIVERIES = 5
SMOOTHING = 0.2


class Watch:
    """Tells the state of one stream from when its rows and its sender's answers came.

    A regular stream is `stale` after 1 s or 5 of its usual delivery intervals without rows, whichever
    is longer, and `lost` after 5 s. A stream without a rate may be silent for as long as it likes: it
    is `lost` when its sender no longer answers.
    """

    def __init__(self, rate_hz: float) -> None:
        self.state: State = "expected"
        self._regular = rate_hz > 0
        self._interval_s = 1 / rate_hz if rate_hz else 0.0
        self._last_s: float | None = None
        self._connected_s: float | None = None

    @property
    def stale_after_s(self) -> float:
        """Return how long a regular stream may be silent."""
        return max(STALE_S, DELIVERIES * self._interval_s)

    def connected(self, now: float) -> None:
        """Note that the stream has a source, or has it again."""
        self._connected_s = now

    def saw(self, now: float) -> None:
        """Note that rows came."""
        if self._last_s is not None:
            pause_s = now - self._last_s
            # Longer pauses are outages, not a sender's habit.
            if pause_s <= LOST_S:
                self._interval_s += SMOOTHING * (pause_s - self._interval_s)
        self._last_s = now

    def check(self, now: float, answered_s: float | None = None) -> tuple[State, State]:
        """Return the states before and now; `answered_s` is when the sender's clock last answered."""
        before = self.state
        self.state = self._regular_state(now) if self._regular else self._sparse_state(now, answered_s)
        return before, self.state

    def _regular_state(self, now: float) -> State:
        if self._connected_s is None and self._last_s is None:
            return "expected"
        if self._last_s is None:
            return "connecting"
        silent_s = now - self._last_s
        if silent_s <= self.stale_after_s:
            return "live"
        if self._connected_s is not None and self._connected_s > self._last_s:
            return "recovering"
        return "stale" if silent_s <= max(LOST_S, self.stale_after_s) else "lost"

    def _sparse_state(self, now: float, answered_s: float | None) -> State:
        if self._connected_s is None and self._last_s is None:
            return "expected"
        heard_s = max(self._connected_s or 0.0, self._last_s or 0.0, answered_s or 0.0)
        return "live" if now - heard_s <= SILENT_SENDER_S else "lost"


class Hole(NamedTuple):
    """Rows are missing before row `row` of a chunk: how many (an estimate), and why."""

    row: int
    missing: int
    cause: str


def find_holes(times: NDArray[np.float64], previous_s: float | None, rate_hz: float) -> list[Hole]:
    """Find jumps in a regular stream's times (n,); `previous_s` is the time of the row before them.

    A jump is more than 1 s and more than 5 sample intervals, in either direction. A stream whose
    rows carry the time of their batch (mostly equal times) is not judged by its times.
    """
    if rate_hz <= 0 or not len(times):
        return []
    limit_s = max(STALE_S, DELIVERIES / rate_hz)
    if previous_s is None:
        previous_s = float(times[0])
    # The usual case, ten times a second for every stream: nothing is built that is not looked at.
    inner = times[1:] - times[:-1]
    if abs(times[0] - previous_s) <= limit_s and (
        not len(inner) or (inner.max() <= limit_s and inner.min() >= -limit_s)
    ):
        return []
    steps = np.concatenate([[times[0] - previous_s], inner])
    if len(steps) > 2 and np.count_nonzero(steps == 0.0) * 2 > len(steps):
        return []
    return [
        Hole(int(i), missing_rows(float(steps[i]), rate_hz), "no samples" if steps[i] > 0 else "clock reset")
        for i in np.flatnonzero(np.abs(steps) > limit_s)
    ]


def missing_rows(step_s: float, rate_hz: float) -> int:
    """Estimate how many rows a step between two rows' times left out; 0 where there is no rate."""
    return max(0, round(step_s * rate_hz) - 1)


def boundary(times: NDArray[np.float64], previous_s: float | None) -> int:
    """Return where a known interruption lies in a chunk: before the row with the largest step."""
    if previous_s is None or not len(times):
        return 0
    return int(np.argmax(np.abs(np.diff(times, prepend=previous_s))))
