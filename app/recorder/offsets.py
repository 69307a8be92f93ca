"""Clock offsets of LSL senders, with their uncertainty and whether they are fresh."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

from pylsl import StreamInlet
from pylsl.lib import lib

from app import clock

lib.lsl_time_correction_ex.restype = ctypes.c_double

ROW_EVERY_S = 5.0
# An offset that moves by this much is of another clock, and no row may wait for its turn.
JUMP_S = 0.1
WAIT_S = 0.02


class Offset(NamedTuple):
    """A row of a stream's offset table: our time, seconds to add to its stamps, half-width, fresh."""

    time_s: float
    offset_s: float
    uncertainty_s: float
    fresh: bool


def measure(inlet: StreamInlet) -> tuple[float, float, float] | None:
    """Return (remote time, offset, uncertainty) of the library's newest estimate, None without one.

    The library keeps estimating in the background (every 2 s) once it was asked, and repeats the old
    estimate without an error when the sender is gone: only the remote time tells.
    """
    remote_s, uncertainty_s = ctypes.c_double(), ctypes.c_double()
    error = ctypes.c_int()
    offset_s = lib.lsl_time_correction_ex(
        inlet.obj,
        ctypes.byref(remote_s),
        ctypes.byref(uncertainty_s),
        ctypes.c_double(WAIT_S),
        ctypes.byref(error),
    )
    if error.value:
        return None
    return remote_s.value, float(offset_s), uncertainty_s.value


class OffsetTracker:
    """Follows one sender's clock: asked every second, gives a row every five and one after each jump.

    `offset_s` is the newest offset (0 until there is one), `answered_s` when the sender last answered.
    """

    def __init__(self) -> None:
        self.offset_s = 0.0
        self.answered_s: float | None = None
        self._remote_s: float | None = None
        self._row_s: float | None = None
        self._fresh = False

    def update(self, estimate: tuple[float, float, float] | None) -> Offset | None:
        """Take the library's estimate; return a row when one is due."""
        if estimate is None:
            return None
        now = clock.now()
        remote_s, offset_s, uncertainty_s = estimate
        jumped, self.offset_s = abs(offset_s - self.offset_s) > JUMP_S, offset_s
        if remote_s != self._remote_s:
            self._remote_s, self.answered_s = remote_s, now
            self._fresh = True
        if self._row_s is not None and now - self._row_s < ROW_EVERY_S and not jumped:
            return None
        row = Offset(now, self.offset_s, uncertainty_s, self._fresh)
        self._row_s, self._fresh = now, False
        return row
