"""Reading the hand at a steady rate, and how well the rate was kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer

from app import clock

LATE = 1.5
"""A reading is late when its gap is this many times as long as it should be."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How well a rate was kept: readings, median and longest interval (ms), share of late ones (0..1)."""

    readings: int
    median_ms: float
    longest_ms: float
    late_share: float
    rate_hz: float

    @property
    def words(self) -> str:
        """The same for the annotator."""
        if self.readings < 2:
            return "Too short to say how evenly it was read."
        late = f"{self.late_share:.1%}".replace("%", " %")
        return (
            f"Read {self.readings} times at {self.rate_hz:g} Hz: median interval {self.median_ms:.1f} ms,"
            f" longest gap {self.longest_ms:.0f} ms, {late} late."
        )

    @property
    def note(self) -> str:
        """The same for the take, as numbers with their names."""
        return (
            f"rate_hz={self.rate_hz:g} readings={self.readings} median_ms={self.median_ms:.2f}"
            f" longest_ms={self.longest_ms:.2f} late_share={self.late_share:.4f}"
        )


def kept(runs: Sequence[Sequence[float]], rate_hz: float) -> Kept:
    """Return how well `rate_hz` was kept; each run holds the times (s) of readings without a pause."""
    gaps_ms = np.concatenate([np.diff(np.asarray(run, dtype=np.float64)) for run in ((), *runs)]) * 1000.0
    readings = sum(map(len, runs))
    if not len(gaps_ms):
        return Kept(readings, 0.0, 0.0, 0.0, rate_hz)
    late = float(np.mean(gaps_ms > LATE * 1000.0 / rate_hz))
    return Kept(readings, float(np.median(gaps_ms)), float(gaps_ms.max()), late, rate_hz)


class Sampler(QObject):
    """Calls `read(now_s)` at `rate_hz`; a late reading is not made up for, the next one is in step again."""

    def __init__(self, rate_hz: float, read: Callable[[float], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rate_hz = rate_hz
        self.times_s: list[float] = []
        self._read = read
        self._due_s = 0.0
        # Whole milliseconds do not divide a second by 60: each shot is aimed at its own due time.
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_due)

    @property
    def is_running(self) -> bool:
        """Whether it reads."""
        return self._timer.isActive()

    def start(self) -> None:
        """Begin to read, and to count anew."""
        self.times_s = []
        self._due_s = clock.now()
        self._timer.start(0)

    def stop(self) -> Kept:
        """Read no more; return how well the rate was kept since the start."""
        self._timer.stop()
        return kept([self.times_s], self.rate_hz)

    def _on_due(self) -> None:
        now_s = clock.now()
        self.times_s.append(now_s)
        self._due_s += 1.0 / self.rate_hz
        if self._due_s <= now_s:
            missed = int((now_s - self._due_s) * self.rate_hz) + 1
            self._due_s += missed / self.rate_hz
        self._timer.start(max(0, round((self._due_s - now_s) * 1000.0)))
        self._read(now_s)
