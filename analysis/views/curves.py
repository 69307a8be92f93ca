"""A curve that was computed from a recording, ready to be drawn as a row of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Values over time: heart rate, pitch, key intervals and the like.

    `times_s` (n,) are seconds on the recording's clock, never falling; `values` (n,) are in `unit`, NaN
    where nothing is known: a line is interrupted there. `marks_s` are single moments (beats, onsets),
    `spans_s` stretches (from, to) that the reader should doubt. `note` says in words how good it is.
    Raises ValueError for times and values that do not belong together.
    """

    name: str
    unit: str
    times_s: Floats
    values: Floats
    marks_s: tuple[float, ...] = ()
    spans_s: tuple[Span, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Take any sequence of numbers, refuse what could not be drawn."""
        times, values = (np.asarray(given, np.float64) for given in (self.times_s, self.values))
        if times.ndim != 1 or times.shape != values.shape:
            raise ValueError(f"curve {self.name}: {times.shape} times and {values.shape} values")
        if not np.isfinite(times).all() or (np.diff(times) < 0).any():
            raise ValueError(f"curve {self.name}: its times are not in order")
        object.__setattr__(self, "times_s", times)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "marks_s", tuple(float(mark) for mark in self.marks_s))
        object.__setattr__(self, "spans_s", tuple((float(a), float(b)) for a, b in self.spans_s))

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw as a line."""
        return bool(np.isfinite(self.values).any())

    def between(self, start_s: float, stop_s: float) -> Curve:
        """Return the part from `start_s` to `stop_s`, with one point more on either side for the line."""
        first = max(0, int(np.searchsorted(self.times_s, start_s)) - 1)
        last = min(len(self.times_s), int(np.searchsorted(self.times_s, stop_s, "right")) + 1)
        return Curve(
            self.name,
            self.unit,
            self.times_s[first:last],
            self.values[first:last],
            tuple(mark for mark in self.marks_s if start_s <= mark <= stop_s),
            tuple((a, b) for a, b in self.spans_s if b >= start_s and a <= stop_s),
            self.note,
        )


def spans_where(bad: ArrayLike, times_s: ArrayLike, widen_s: float = 0.0) -> tuple[Span, ...]:
    """Return the stretches (from, to) of `times_s` (n,) where `bad` (n,) holds, each widened on both sides.

    Stretches that touch or overlap are one.
    """
    flags, times = np.asarray(bad, bool), np.asarray(times_s, np.float64)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    found = [
        (float(times[start]) - widen_s, float(times[stop - 1]) + widen_s)
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]
    return joined(found)


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return stretches in order, those that touch or overlap as one."""
    made: list[Span] = []
    for start, stop in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], stop))
        else:
            made.append((start, stop))
    return tuple(made)
