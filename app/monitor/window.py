"""The newest ten seconds of a ring of numbers, taken in as they come and thinned where they are many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from app.ring import BlobRingReader, RingError, SampleRingReader

Floats = NDArray[np.float64]

WINDOW_S = 10.0
MOST_HZ = 1000.0
"""Faster streams are thinned to means of several rows: enough for hum, rails and rate."""
RESET_S = 1.0
ABSURD = 1e15


def open_ring(path: Path) -> SampleRingReader | BlobRingReader:
    """Open a ring for reading, whatever it holds; raises RingError."""
    try:
        return SampleRingReader(path)
    except RingError as error:
        if "byte strings" not in str(error):
            raise
        return BlobRingReader(path)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The newest rows of a stream: their numbers (n,), times (n,), values (n, channels), and their rate.

    `is_full` says that older rows have been left out, so that all of the ten seconds is there.
    """

    numbers: Floats
    times: Floats
    data: Floats
    rate_hz: float
    is_full: bool

    @property
    def seconds(self) -> float:
        """The time that the rows span, the last one's interval included; at most ten."""
        if not len(self.times):
            return 0.0
        if self.is_full:
            return WINDOW_S
        return round(min(WINDOW_S, float(self.times[-1] - self.times[0]) + 1.0 / self.rate_hz), 2)

    def newest(self, seconds: float) -> Floats:
        """Return the values of the newest `seconds`."""
        if not len(self.times):
            return self.data
        since = int(np.searchsorted(self.times, self.times[-1] - seconds, side="right"))
        return self.data[since:]


class Window:
    """Keeps the newest rows of a regular stream: `add` takes them in order, `excerpt` gives what there is."""

    def __init__(self, info: StreamInfo) -> None:
        self._factor = max(1, int(info.rate_hz / MOST_HZ))
        self._rate_hz = max(info.rate_hz, 1e-3) / self._factor
        self._rest: tuple[int, Floats, NDArray[np.generic]] | None = None
        self._numbers: Floats = np.zeros(0)
        self._times: Floats = np.zeros(0)
        self._data: Floats = np.zeros((0, len(info.channels)))
        self._is_full = False

    def add(self, first: int, times: Floats, data: NDArray[np.generic]) -> None:
        """Take rows numbered from `first` on; numbers may jump where the reader came too late."""
        if data.dtype.kind == "f":
            # What no sensor measures would overflow in every sum: it counts as no sample.
            data = np.where(np.abs(data) < ABSURD, data, np.nan)
        if self._factor > 1:
            first, times, data = self._with_rest(first, times, data)
            whole = len(times) // self._factor * self._factor
            self._rest = (first + whole, times[whole:], data[whole:])
            if not whole:
                return
            shape = (-1, self._factor, data.shape[1])
            data = data[:whole].reshape(shape).mean(axis=1, dtype=np.float64)
            times = times[: whole : self._factor]
            numbers = first + self._factor * np.arange(len(times), dtype=np.float64)
        else:
            numbers = first + np.arange(len(times), dtype=np.float64)
        self._numbers = np.concatenate([self._numbers, numbers])
        self._times = np.concatenate([self._times, times])
        self._data = np.concatenate([self._data, data.astype(np.float64, copy=False)])
        self._trim()

    def excerpt(self) -> Excerpt:
        """Return the newest rows."""
        return Excerpt(self._numbers, self._times, self._data, self._rate_hz, self._is_full)

    def _with_rest(
        self, first: int, times: Floats, data: NDArray[np.generic]
    ) -> tuple[int, Floats, NDArray[np.generic]]:
        rest, self._rest = self._rest, None
        if rest is None or rest[0] + len(rest[1]) != first or not len(rest[1]):
            return first, times, data
        return rest[0], np.concatenate([rest[1], times]), np.concatenate([rest[2], data])

    def _trim(self) -> None:
        times = self._times
        if not len(times):
            return
        resets = np.flatnonzero(np.diff(times) < -RESET_S)
        start = int(resets[-1]) + 1 if len(resets) else 0
        if start:
            # Another clock: what came before cannot be put on one axis with it.
            self._is_full = False
        interval = 1.0 / self._rate_hz
        old = np.flatnonzero(times[start:] < times[-1] - WINDOW_S - interval)
        if len(old):
            start += int(old[-1]) + 1
            self._is_full = True
        if start:
            self._numbers, self._times = self._numbers[start:], times[start:]
            self._data = self._data[start:]
