"""What a camera's frames tell: some were dropped, some repeated, none is new any more."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass

from app.devices.losses import STEP_LIMIT

USUAL_FRAMES = 31
"""A camera in the dark gives fewer frames than it says: the usual interval is the median of so many."""
CERTAIN_FRAMES = 8
DROPPED = "frames dropped by the camera"


PATIENCE = 5
"""A busy computer takes frames late and the next ones early: only what stays late was dropped."""


@dataclass(slots=True)
class _Late:
    """A frame that came late, and how the ones behind it came: the least lateness is what is missing."""

    last_s: float
    first_s: float
    frames: int
    least_s: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """`missing` frames between those at `last_s` and `first_s`."""

    last_s: float
    first_s: float
    missing: int


class FrameWatch:
    """Looks at each frame's time and fingerprint.

    Missing frames are judged by the step of their times against the usual interval, from the first
    frames on, once some more frames have shown that it was not only lateness. A frame is repeated where
    its content, or the driver's own time of it, has not changed.
    """

    def __init__(self, fps: float) -> None:
        self.dropped = 0
        self.repeated = 0
        self._interval_s = 1.0 / fps
        self._intervals: deque[float] = deque(maxlen=USUAL_FRAMES)
        self._last_s: float | None = None
        self._fingerprint: int | None = None
        self._still_since_s: float | None = None
        self._late: _Late | None = None

    @property
    def interval_s(self) -> float:
        """The usual time between frames: what the camera states, or longer where it is slower."""
        if len(self._intervals) < CERTAIN_FRAMES:
            return self._interval_s
        return max(self._interval_s, statistics.median(self._intervals))

    def see(self, time_s: float, fingerprint: int) -> Dropped | None:
        """Take the next frame; return what turns out now to have been dropped."""
        last_s = self._last_s
        if last_s is not None and (fingerprint == self._fingerprint or time_s <= last_s):
            self.repeated += 1
            self._still_since_s = self._still_since_s or last_s
            self._fingerprint = fingerprint
            return None
        self._still_since_s, self._fingerprint, self._last_s = None, fingerprint, time_s
        return None if last_s is None else self._step(last_s, time_s)

    def still_s(self, now: float) -> float:
        """Return for how long nothing new has come, 0 while every frame is new."""
        return 0.0 if self._still_since_s is None else now - self._still_since_s

    def _step(self, last_s: float, time_s: float) -> Dropped | None:
        interval_s, step_s = self.interval_s, time_s - last_s
        is_certain = len(self._intervals) >= CERTAIN_FRAMES
        self._intervals.append(step_s)
        found = None
        if is_certain and step_s > STEP_LIMIT * interval_s:
            found = self._settle(interval_s)
            self._late = _Late(last_s, time_s, 1, step_s - interval_s)
        elif self._late is not None:
            late = self._late
            late.frames += 1
            late.least_s = min(late.least_s, time_s - late.last_s - late.frames * interval_s)
            if late.frames >= PATIENCE or late.least_s < interval_s / 2:
                found = self._settle(interval_s)
        return found

    def _settle(self, interval_s: float) -> Dropped | None:
        late, self._late = self._late, None
        missing = 0 if late is None else max(0, round(late.least_s / interval_s))
        if late is None or not missing:
            return None
        self.dropped += missing
        return Dropped(late.last_s, late.first_s, missing)
