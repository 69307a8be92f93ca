"""Where a stream's rows lie in a file that knows only a start and one rate.

No row is moved, dropped or made up: rows keep their order and number, holes are filled with a stated
marker. The file's seconds are rows by the nominal rate, so a clock that runs fast or slow makes them
differ from corrected time; `Grid.seconds` maps moments onto the file's own axis, so that an event lies
beside the samples that were taken with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.session_reader import Stream

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """Rows `first` to `stop` without a hole, lying in the file from sample `place` on.

    `start_s` and `end_s` are the corrected times of the first and the last of them, `cause` says why
    there is a hole before them.
    """

    first: int
    stop: int
    place: int
    start_s: float
    end_s: float
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Hole:
    """Samples `place` to `place + count` of the file, which hold no row."""

    place: int
    count: int
    cause: str


@dataclass(frozen=True)
class Grid:
    """All rows of a stream laid out at `rate_hz`."""

    rate_hz: float
    runs: tuple[Run, ...]

    @property
    def samples(self) -> int:
        """How many samples the file has, holes included."""
        return self.runs[-1].place + self.runs[-1].stop - self.runs[-1].first if self.runs else 0

    @property
    def start_s(self) -> float:
        """The corrected time of the first sample."""
        return self.runs[0].start_s if self.runs else 0.0

    @property
    def holes(self) -> list[Hole]:
        """The stretches that hold no row."""
        found = []
        end = 0
        for run in self.runs:
            if run.place > end:
                found.append(Hole(end, run.place - end, run.cause))
            end = run.place + run.stop - run.first
        return found

    @cached_property
    def _knots(self) -> tuple[Floats, Floats]:
        times, places = [], []
        for run in self.runs:
            times += [run.start_s, run.end_s]
            places += [run.place, run.place + run.stop - run.first - 1]
        # A sender whose clock was set back repeats times: then the first that lies there holds.
        return np.maximum.accumulate(np.array(times)), np.array(places) / self.rate_hz

    def seconds(self, times_s: Floats) -> Floats:
        """Return corrected times (n,) as seconds from the file's first sample."""
        times = np.asarray(times_s, np.float64)
        known, places = self._knots
        inside: Floats = np.interp(times, known, places)
        before: Floats = np.minimum(times - known[0], 0.0)
        behind: Floats = np.maximum(times - known[-1], 0.0)
        return inside + before + behind

    def times(self, places: Floats) -> Floats:
        """Return the corrected times of samples by their place in the file (n,)."""
        known, seconds = self._knots
        times: Floats = np.interp(np.asarray(places, np.float64) / self.rate_hz, seconds, known)
        return times

    @property
    def drift_s(self) -> float:
        """The largest distance of a row's place in the file from its corrected time."""
        known, places = self._knots
        return float(np.abs(places - (known - known[0])).max()) if self.runs else 0.0

    def pieces(self, size: int) -> Iterator[tuple[int, int, int]]:
        """Yield (place, count, first row or -1 in a hole) over all samples, `size` at most at a time."""
        end = 0
        for run in self.runs:
            for place in range(end, run.place, size):
                yield place, min(size, run.place - place), -1
            for first in range(run.first, run.stop, size):
                yield run.place + first - run.first, min(size, run.stop - first), first
            end = run.place + run.stop - run.first


def grid_of(stream: Stream) -> Grid:
    """Lay out the rows of a regular stream; each hole is as long as the times on both sides of it say."""
    rate_hz = stream.info.rate_hz
    causes = {gap.first: gap.cause for gap in stream.gaps}
    runs: list[Run] = []
    for segment in stream.time_model.segments:
        start_s = float(stream.corrected_times(segment.first, segment.first + 1)[0])
        end_s = float(stream.corrected_times(segment.stop - 1, segment.stop)[0])
        place = 0
        if runs:
            last = runs[-1]
            behind = last.place + last.stop - last.first
            place = behind + max(0, round((start_s - last.end_s) * rate_hz) - 1)
        cause = causes.get(segment.first, "no samples")
        runs.append(Run(segment.first, segment.stop, place, start_s, end_s, cause))
    return Grid(rate_hz, tuple(runs))
