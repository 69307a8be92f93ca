"""Following a ring: what is new in it, whether it was made anew, and how long it has been silent."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from analysis.records import StreamInfo
from app.monitor.rules import RULES, Quality

USUAL_PAUSE_S = 3.0
"""Longer pauses are outages, not a device's habit of sending."""
PAUSES = 3.0
FORGETTING = 0.95
SHORTEST_S = 2.0


class Watcher(Protocol):
    """Judges one stream. `poll` takes what is new, `judge` says what the newest ten seconds are worth."""

    info: StreamInfo

    @property
    def is_replaced(self) -> bool:
        """Whether the ring's file was made anew, so that another watcher is needed."""

    def poll(self, now: float) -> None:
        """Take what is new."""

    def judge(self, now: float) -> Quality:
        """Judge the newest seconds."""


class Freshness:
    """How long a stream has been silent, and how long it may be: some streams come in batches."""

    def __init__(self) -> None:
        self.last_s: float | None = None
        self._pause_s = 0.0

    def saw(self, received_s: float, now: float) -> None:
        """Note when the newest rows were received (0: its writer does not say)."""
        received_s = received_s or now
        if self.last_s is not None and received_s > self.last_s:
            pause_s = received_s - self.last_s
            usual_s = pause_s if pause_s <= USUAL_PAUSE_S else 0.0
            self._pause_s = max(usual_s, FORGETTING * self._pause_s)
        self.last_s = received_s

    def report_silence(self, quality: Quality, now: float) -> bool:
        """Report a stream that has been silent for too long; True if so."""
        if self.last_s is None:
            return False
        silent_s = now - self.last_s
        if silent_s <= max(RULES["no_data"].limit, PAUSES * self._pause_s):
            return False
        quality.report("no_data", value=silent_s)
        return True


class RingFile:
    """The file of a ring that is watched."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity(path)

    @property
    def is_replaced(self) -> bool:
        """Whether the ring's file was made anew, so that another watcher is needed."""
        return _identity(self._path) != self._identity


def _identity(path: Path) -> tuple[int, int]:
    """Return what tells a ring's file from one made in its place."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_size)
