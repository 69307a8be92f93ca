"""Watching streams: is it alive, silent, gone, or back; told from when its rows and answers came."""

from __future__ import annotations

import math
from typing import Literal

State = Literal["expected", "connecting", "live", "idle", "stale", "lost", "recovering"]

INTERRUPTED: tuple[State, ...] = ("stale", "lost", "recovering")
PRESENT: tuple[State, ...] = ("live", "idle")

STALE_S = 1.0
LOST_S = 5.0
DELIVERIES = 5.0
SLOW_DELIVERIES = 2.5
# A stream without a rate counts as live for this long after a row.
RECENT_S = 5.0

MEMORY_S = 30.0
PRIOR_S = 2.0
PRIOR_ROWS = 4.0
PRIOR_DELIVERY_S = 1.0


class Deliveries:
    """How far a regular stream's deliveries usually lie apart.

    Every device sends in its own parcels. What is followed is the pause that a random moment lies in,
    over about half a minute: three packets at once and then two seconds of nothing count as two seconds.
    A pause much longer than usual counts only in part, so that one outage is not taken for a habit.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period_s = 1 / rate_hz
        usual_s = max(self._period_s, min(PRIOR_DELIVERY_S, PRIOR_ROWS / rate_hz))
        self._pauses_s = PRIOR_S
        self._squares = PRIOR_S * usual_s

    @property
    def usual_s(self) -> float:
        """Return the usual pause."""
        return self._squares / self._pauses_s

    @property
    def limit_s(self) -> float:
        """Return how long a silence is nothing unusual: 1 s, five deliveries, for slow ones fewer."""
        usual_s = self.usual_s
        return max(STALE_S, min(DELIVERIES * usual_s, max(LOST_S, SLOW_DELIVERIES * usual_s)))

    def came(self, pause_s: float | None, rows: int) -> None:
        """Note a delivery of `rows` rows after a pause; None for the first, judged by what it brings."""
        if pause_s is None:
            pause_s = min(LOST_S, rows * self._period_s)
        counted_s = min(pause_s, 2 * self.usual_s + 0.25)
        kept = math.exp(-counted_s / MEMORY_S)
        self._pauses_s = kept * self._pauses_s + counted_s
        self._squares = kept * self._squares + counted_s * counted_s


class Watch:
    """Tells the state of one stream from when its rows and its sender's answers came.

    A regular stream is `stale` after 1 s or five of its usual deliveries without rows, whichever is
    longer, and `lost` after 5 s or twice that limit. A stream without a rate may be silent for as long as
    it likes (`idle`): it is `stale` and `lost` by its sender's silence alone. A sender whose connection
    was cut makes either stale at once. `connecting` is a stream that is there and has never sent a row.
    """

    def __init__(self, rate_hz: float) -> None:
        self.state: State = "expected"
        self.is_cut = False
        self._deliveries = Deliveries(rate_hz) if rate_hz > 0 else None
        self._last_s: float | None = None
        self._connected_s: float | None = None
        self._awake_s = -math.inf

    @property
    def stale_after_s(self) -> float:
        """Return how long a regular stream may be silent; 0 for one without a rate."""
        return 0.0 if self._deliveries is None else self._deliveries.limit_s

    def connected(self, now: float) -> None:
        """Note that the stream has a source, or has it again."""
        self._connected_s = now
        self.is_cut = False

    def cut(self) -> None:
        """Note that the sender has gone."""
        self.is_cut = True
        if self._last_s is None and self._deliveries is not None:
            self._connected_s = None

    def woke(self, now: float) -> None:
        """Note that nobody could send or receive until now: no silence is counted from before."""
        self._awake_s = now

    def saw(self, now: float, rows: int = 1) -> None:
        """Note that rows came."""
        self.is_cut = False
        if self._deliveries is not None:
            since_s = None if self._last_s is None else max(self._last_s, self._awake_s)
            self._deliveries.came(None if since_s is None else now - since_s, rows)
        self._last_s = now

    def silent_s(self, now: float) -> float:
        """Return how long there have been no rows, from the connection on where there never were any."""
        since_s = self._connected_s if self._last_s is None else self._last_s
        return 0.0 if since_s is None else now - max(since_s, self._awake_s)

    def has_no_samples(self, now: float) -> bool:
        """Whether a regular stream has been there for long without ever sending a row."""
        return self.state == "connecting" and self.silent_s(now) > max(LOST_S, 2 * self.stale_after_s)

    def check(
        self, now: float, answered_s: float | None = None, patience_s: float = LOST_S
    ) -> tuple[State, State]:
        """Return the states before and now.

        `answered_s` is when the sender last answered, None if it cannot be asked; after `patience_s`
        without an answer a sender without a rate counts as silent.
        """
        before = self.state
        if self._connected_s is None and self._last_s is None:
            self.state = "expected"
        elif self._deliveries is not None:
            self.state = self._regular_state(now, self._deliveries)
        else:
            self.state = self._sparse_state(now, answered_s, patience_s)
        return before, self.state

    def _regular_state(self, now: float, deliveries: Deliveries) -> State:
        if self._last_s is None:
            return "connecting"
        silent_s = self.silent_s(now)
        if not self.is_cut:
            if silent_s <= STALE_S or silent_s <= deliveries.limit_s:
                return "live"
            connected_s = self._connected_s or 0.0
            if connected_s > self._last_s and now - connected_s <= max(LOST_S, deliveries.limit_s):
                return "recovering"
        return "stale" if silent_s <= max(LOST_S, 2 * deliveries.limit_s) else "lost"

    def _sparse_state(self, now: float, answered_s: float | None, patience_s: float) -> State:
        heard_s = max(self._connected_s or 0.0, self._last_s or 0.0, answered_s or 0.0, self._awake_s)
        silent_s = now - heard_s
        if self.is_cut or (answered_s is not None and silent_s > patience_s):
            lost_after_s = LOST_S if self.is_cut else max(LOST_S, 2 * patience_s)
            return "stale" if silent_s <= lost_after_s else "lost"
        recent = self._last_s is not None and now - self._last_s <= RECENT_S
        return "live" if recent else "idle"
