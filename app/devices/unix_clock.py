"""Unix stamps of devices on our clock, by pairs of readings of both that the bridge takes at each poll."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app import clock

CLOCK_STEP_S = 0.005
JITTER_S = 0.001
PLAUSIBLE_LAG_S = (-0.25, 30.0)
"""How long after its stamp a row may arrive; outside of it the sender's clock is not this computer's."""
SMOOTHING = 0.05


class UnixClock:
    """Maps stamps that the wall clock of this computer gave at arrival, row by row.

    Wall time may step (NTP) between two polls: rows stamped before the step then map into the future or
    far into the past by the new pair, and are mapped by the pair before.
    """

    def __init__(self) -> None:
        self._previous: clock.Anchor | None = None
        self._last = -np.inf

    def map(self, unix_s: NDArray[np.float64], pair: clock.Anchor) -> NDArray[np.float64]:
        """Return `unix_s` (n,) in `clock.now()` seconds, `pair` being taken after the rows came."""
        before = self._previous or pair
        self._previous = pair
        times = unix_s - (pair.utc_s - pair.monotonic_s)
        step_s = (pair.utc_s - pair.monotonic_s) - (before.utc_s - before.monotonic_s)
        if abs(step_s) > CLOCK_STEP_S:
            old = unix_s - (before.utc_s - before.monotonic_s)
            earliest, latest = before.monotonic_s - CLOCK_STEP_S, pair.monotonic_s + CLOCK_STEP_S
            times = np.where((times < earliest) | (times > latest), old, times)
        # Pairs differ by microseconds: rows stamped together must not swap places for it.
        ordered = np.maximum(np.maximum.accumulate(times), self._last)
        times = np.where(ordered - times < JITTER_S, ordered, times)
        if len(times):
            self._last = float(times[-1])
        return times


class CountedClock:
    """Maps stamps that a server counts on from its wall clock at the first sample (Empatica E4).

    Such stamps may or may not follow a step of the wall clock: whichever leaves the rows' usual delay
    as it was is believed. A server whose clock is not this computer's is aligned by arrival;
    `differs_s` then says by how much it is off.
    """

    def __init__(self) -> None:
        self.differs_s: float | None = None
        self._offset_s: float | None = None
        self._wall_s = 0.0
        self._step_s = 0.0
        self._lag_s = 0.0

    @property
    def lag_s(self) -> float:
        """How long after its stamp the newest row usually arrives."""
        return self._lag_s

    def update(self, newest_unix_s: float | None, pair: clock.Anchor) -> None:
        """Take the pair of a poll and the newest stamp that came with it, None without rows."""
        wall_s = pair.utc_s - pair.monotonic_s
        if self._offset_s is not None:
            change_s = wall_s - self._wall_s
            if abs(change_s) > CLOCK_STEP_S:
                self._step_s += change_s
            elif self.differs_s is None:
                self._offset_s += change_s
        self._wall_s = wall_s
        if newest_unix_s is None:
            return
        if self._offset_s is None:
            self._begin(newest_unix_s, wall_s, pair.monotonic_s)
        lag_s = pair.monotonic_s - (newest_unix_s - (self._offset_s or 0.0))
        if self._step_s and abs(lag_s + self._step_s - self._lag_s) < abs(lag_s - self._lag_s):
            self._offset_s = (self._offset_s or 0.0) + self._step_s
            lag_s += self._step_s
        self._step_s = 0.0
        self._lag_s += SMOOTHING * (lag_s - self._lag_s)

    def map(self, unix_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `unix_s` (n,) in `clock.now()` seconds; `update` must have seen a row."""
        assert self._offset_s is not None
        return unix_s - self._offset_s

    def _begin(self, newest_unix_s: float, wall_s: float, now: float) -> None:
        lag_s = now - (newest_unix_s - wall_s)
        self._offset_s, self._lag_s = wall_s, lag_s
        if not PLAUSIBLE_LAG_S[0] <= lag_s <= PLAUSIBLE_LAG_S[1]:
            self.differs_s = -lag_s
            self._offset_s, self._lag_s = newest_unix_s - now, 0.0
