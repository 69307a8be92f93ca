"""Noticing that the computer slept: the world went on while nothing was recorded."""

from __future__ import annotations

import time
from collections.abc import Callable

from app import clock

LEAST_S = 1.0
# Without a clock that counts sleep, a corrected time of day and a very busy computer look alike.
LEAST_GUESSED_S = 5.0
COUNTS_SLEEP = hasattr(time, "CLOCK_BOOTTIME")


def uncounted_s() -> float:
    """Return by how much real time is ahead of the one clock, from some start; it grows in sleep.

    Linux counts sleep beside its monotonic clock, which stands still meanwhile; elsewhere the time of
    day tells.
    """
    if COUNTS_SLEEP:
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.time() - clock.now()


class SleepWatch:
    """Asked several times a second, tells how long the computer has slept since it was last asked."""

    def __init__(self, uncounted: Callable[[], float] = uncounted_s, counts_sleep: bool = COUNTS_SLEEP):
        self._uncounted = uncounted
        self._counts_sleep = counts_sleep
        self._before_s = uncounted()
        self._asked_s: float | None = None

    def slept_s(self, now: float) -> float:
        """Return the seconds slept, 0 where there were none."""
        ahead_s, asked_s = self._uncounted(), self._asked_s
        slept_s, self._before_s, self._asked_s = ahead_s - self._before_s, ahead_s, now
        if self._counts_sleep:
            return slept_s if slept_s >= LEAST_S else 0.0
        if asked_s is not None:
            # The one clock may itself go on in sleep.
            slept_s = max(slept_s, now - asked_s)
        return slept_s if slept_s >= LEAST_GUESSED_S else 0.0
