"""How loud a microphone is, read from its ring by a page that wants to show it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app import clock
from app.ring import RingError, SampleRingReader

WINDOW_S = 0.06
STALE_S = 0.6
FLOOR_DB = -60.0
LOOK_AGAIN_S = 1.0


class MicrophoneLevel:
    """Reads the newest sound of the ring at `path`, which may come late, go, and be made anew."""

    def __init__(self, path: Path, now: Callable[[], float] = clock.now) -> None:
        self._path = path
        self._now = now
        self._ring: SampleRingReader | None = None
        self._looked_s = -math.inf

    def __call__(self) -> float | None:
        """Return the loudness on 0 (-60 dB or less) to 1 (full scale); None if nothing comes."""
        now = self._now()
        ring = self._ring
        if ring is None or now - ring.received_s > STALE_S:
            ring = self._look_again(now)
        if ring is None or now - ring.received_s > STALE_S:
            return None
        rows = max(16, round((ring.info.rate_hz or 16_000.0) * WINDOW_S))
        sound = ring.latest(rows).data.astype(np.float64)
        if not sound.size:
            return None
        full = float(np.iinfo(ring.info.dtype).max) if np.dtype(ring.info.dtype).kind == "i" else 1.0
        return loudness(float(np.sqrt(np.mean(np.square(sound / full)))))

    def _look_again(self, now: float) -> SampleRingReader | None:
        if now - self._looked_s >= LOOK_AGAIN_S:
            self._looked_s = now
            try:
                self._ring = SampleRingReader(self._path)
            except RingError:
                self._ring = None
        return self._ring


def loudness(rms: float) -> float:
    """Return a root mean square (1 = full scale) on the scale of the level meter."""
    decibels = 20 * math.log10(max(rms, 1e-9))
    return min(1.0, max(0.0, 1 - decibels / FLOOR_DB))
