"""From a ring to pixels: the newest seconds of a stream as one lowest and highest value a column.

No Qt here. Columns stand on a fixed grid of time (column n covers n*width_s to (n+1)*width_s), so a
picture that moves never shimmers, and each sample is looked at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.records import StreamInfo
from app.ring import RingError, SampleRingReader

Floats = NDArray[np.float64]

NOT_SHOWN = ("time", "timestamp", "board_time", "package", "counter", "marker", "battery", "resistance")
FOREIGN_CLOCK_S = 1.0
MOST_SAMPLES = 400_000


@dataclass(frozen=True, slots=True)
class Group:
    """Channels of a stream that share a panel: their places in the stream, names, and one unit."""

    stream: str
    kind: str
    unit: str
    channels: tuple[int, ...]
    labels: tuple[str, ...]
    is_main: bool

    @property
    def title(self) -> str:
        """What the panel is called."""
        return self.stream if self.is_main else f"{self.stream} {self.kind}"


def groups_of(info: StreamInfo) -> tuple[Group, ...]:
    """Sort a stream's channels into panels by kind and unit; the stream's own kind comes first."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, (kind, unit) in enumerate(zip(info.channel_kinds, info.units, strict=True)):
        if kind not in NOT_SHOWN:
            found.setdefault((kind, unit), []).append(place)
    if not found:
        found = {(info.kind, info.units[0]): list(range(len(info.channels)))}
    main = max(found, key=lambda key: (key[0] == info.kind, len(found[key])))
    ordered = [main, *(key for key in found if key != main)]
    return tuple(
        Group(
            info.id,
            kind,
            unit,
            tuple(found[kind, unit]),
            tuple(info.channels[place] for place in found[kind, unit]),
            (kind, unit) == main,
        )
        for kind, unit in ordered
    )


def unit_text(unit: str) -> str:
    """Return a unit as people write it."""
    return {"uV": "µV", "uS": "µS", "degC": "°C", "microvolts": "µV", "": ""}.get(unit, unit)


class Columns:
    """The newest `count` columns of a stream: lows and highs (count, channels), NaN where nothing is."""

    def __init__(self, channels: int, count: int, width_s: float) -> None:
        self.count = max(2, count)
        self.width_s = width_s
        self.newest = -1
        self.low = np.full((self.count, channels), np.nan)
        self.high = np.full((self.count, channels), np.nan)

    def add(self, times: Floats, data: NDArray[np.generic]) -> None:
        """Take rows in order of time; rows older than the oldest column are dropped."""
        if not len(times):
            return
        numbers = np.floor(times / self.width_s).astype(np.int64)
        newest = int(numbers.max())
        self._advance(newest)
        kept = numbers > self.newest - self.count
        numbers, values = numbers[kept], data[kept]
        if not len(numbers):
            return
        starts = np.concatenate([[0], np.flatnonzero(np.diff(numbers)) + 1])
        low = np.minimum.reduceat(values, starts, axis=0)
        high = np.maximum.reduceat(values, starts, axis=0)
        places = numbers[starts] % self.count
        # fmin and fmax: an empty column is NaN and gives way to any value.
        self.low[places] = np.fmin(self.low[places], low)
        self.high[places] = np.fmax(self.high[places], high)

    def last(self, until: int) -> tuple[Floats, Floats]:
        """Return lows and highs of the `count` columns that end with column `until`, oldest first."""
        numbers = np.arange(until - self.count + 1, until + 1)
        places = numbers % self.count
        low, high = self.low[places], self.high[places]
        outside = (numbers > self.newest) | (numbers <= self.newest - self.count)
        low[outside], high[outside] = np.nan, np.nan
        return low, high

    def _advance(self, newest: int) -> None:
        if newest <= self.newest:
            return
        fresh = np.arange(max(self.newest, newest - self.count) + 1, newest + 1) % self.count
        self.low[fresh], self.high[fresh] = np.nan, np.nan
        self.newest = newest


class Trace:
    """Follows one ring. `poll` takes what is new; the columns are then ready to be drawn."""

    def __init__(self, path: Path, count: int, width_s: float) -> None:
        """Open the ring; raises RingError while there is none."""
        self._path = path
        self._reader = SampleRingReader(path)
        self._identity = _identity(path)
        self.info = self._reader.info
        self.shift_s = 0.0
        self.last_s = float("nan")
        self._next = 0
        self._smallest_delay_s = float("inf")
        self.resize(count, width_s)

    def resize(self, count: int, width_s: float) -> None:
        """Choose other columns and fill them with what the ring still holds."""
        self.columns = Columns(len(self.info.channels), count, width_s)
        span = count * width_s
        rows = round(self.info.rate_hz * span * 1.2) + 64 if self.info.rate_hz else MOST_SAMPLES
        self._next = max(0, self._reader.written - min(rows, MOST_SAMPLES))

    @property
    def is_replaced(self) -> bool:
        """Whether the ring's file was made anew by its writer."""
        return _identity(self._path) != self._identity

    def poll(self) -> bool:
        """Take the rows that are new; True if there were any."""
        if self._reader.written <= self._next:
            return False
        samples = self._reader.read(self._next)
        self._next = samples.first_seq + len(samples.times)
        if not len(samples.times):
            return False
        self._follow_clock(float(samples.times[-1]))
        times = samples.times + self.shift_s
        self.last_s = float(times[-1])
        self.columns.add(times, samples.data)
        return True

    def level(self, seconds: float) -> float:
        """Return the highest absolute value of the first channel in the newest seconds, NaN if none."""
        rows = max(1, round(self.info.rate_hz * seconds))
        data = self._reader.latest(rows).data
        return float(np.abs(data[:, 0].astype(np.float64)).max()) if len(data) else float("nan")

    def _follow_clock(self, newest_s: float) -> None:
        # A sender on another computer counts from its own start: shown as received, for the eye only.
        received_s = self._reader.received_s
        if not received_s:
            return
        self._smallest_delay_s = min(self._smallest_delay_s, received_s - newest_s)
        if abs(self._smallest_delay_s) > FOREIGN_CLOCK_S:
            self.shift_s = self._smallest_delay_s


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_size)


def open_trace(path: Path, count: int, width_s: float) -> Trace | None:
    """Open a ring of numbers, None as long as there is none."""
    try:
        return Trace(path, count, width_s)
    except RingError:
        return None


def nice_scale(spread: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, ... at or above `spread`."""
    if not np.isfinite(spread) or spread <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(spread))
    return float(next(step * power for step in (1.0, 2.0, 5.0, 10.0) if spread <= step * power * (1 + 1e-9)))


def spread_of(low: Floats, high: Floats) -> float:
    """Return how much height most of a group's channels need: the usual swing around their middle."""
    if not low.size:
        return float("nan")
    seen = np.isfinite(low).any(axis=0)
    if not seen.any():
        return float("nan")
    low, high = low[:, seen], high[:, seen]
    middle = np.nanmedian((low + high) / 2, axis=0)
    reach = np.nanpercentile(np.maximum(high - middle, middle - low), 98, axis=0)
    return float(np.median(reach) * 2)
