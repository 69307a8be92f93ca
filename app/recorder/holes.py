"""Where rows are missing from a stream, or its clock has jumped: told from times, arrivals and counters."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOLE_S = 1.0
HOLE_PERIODS = 5
SPARSE_JUMP_S = 5.0
# Rows come up to this much later than they usually do, on a busy computer.
SLACK_S = 1.0

NO_SAMPLES = "no samples"
CLOCK_RESET = "clock reset"


class Hole(NamedTuple):
    """Rows are missing before row `row` of a chunk: how many (an estimate), and why.

    `step_s` is by how much the sender's clock jumped there, 0 where it did not.
    """

    row: int
    missing: int
    cause: str
    step_s: float = 0.0


def hole_limit_s(rate_hz: float) -> float:
    """Return the longest step between the times of two rows that is no jump: 1 s, five periods."""
    return max(HOLE_S, HOLE_PERIODS / rate_hz) if rate_hz > 0 else SPARSE_JUMP_S


def find_holes(
    times: Floats,
    previous_s: float | None,
    rate_hz: float,
    passed_s: float = math.inf,
    usual_s: float = HOLE_S,
) -> list[Hole]:
    """Find jumps in a stream's times (n,); `previous_s` is the time of the row before them.

    `passed_s` is how long after the row before them these rows came, `usual_s` how long the stream may
    be silent. A regular stream's jump is more than `hole_limit_s`, in either direction; of a stream
    without a rate only a clock that jumped can be told. A stream whose rows carry the time of their
    batch (mostly equal times) is not judged by its times.
    """
    if not len(times):
        return []
    limit_s = hole_limit_s(rate_hz)
    if previous_s is None:
        previous_s = float(times[0])
    # The usual case, ten times a second for every stream: nothing is built that is not looked at.
    inner = times[1:] - times[:-1]
    if abs(times[0] - previous_s) <= limit_s and (
        not len(inner) or (inner.max() <= limit_s and inner.min() >= -limit_s)
    ):
        return []
    steps = np.concatenate([[times[0] - previous_s], inner])
    if len(steps) > 2 and np.count_nonzero(steps == 0.0) * 2 > len(steps):
        return []
    found = [
        judged(int(i), float(steps[i]), len(times), rate_hz, passed_s, usual_s)
        for i in np.flatnonzero(np.abs(steps) > limit_s)
    ]
    return found if rate_hz > 0 else [hole for hole in found if hole.cause == CLOCK_RESET]


def judged(
    row: int,
    step_s: float,
    rows: int,
    rate_hz: float,
    passed_s: float,
    usual_s: float,
    cause: str = NO_SAMPLES,
) -> Hole:
    """Say what a step of `step_s` before row `row` of `rows` means.

    Times that went back, or on by more than what passed here, are of a clock that jumped. Then only what
    passed can tell how many rows are missing, and only where it is more than the usual silence.
    """
    slack_s = max(SLACK_S, usual_s / 2) if rate_hz > 0 else SPARSE_JUMP_S
    if -hole_limit_s(rate_hz) <= step_s <= passed_s + slack_s:
        return Hole(row, missing_rows(step_s, rate_hz), cause)
    elapsed_s = 1 / rate_hz if rate_hz > 0 else 0.0
    if rate_hz > 0 and usual_s < passed_s < math.inf:
        elapsed_s = max(elapsed_s, passed_s - (rows - 1) / rate_hz)
    return Hole(row, missing_rows(elapsed_s, rate_hz), CLOCK_RESET, step_s - elapsed_s)


def missing_rows(step_s: float, rate_hz: float) -> int:
    """Estimate how many rows a step between two rows' times left out; 0 where there is no rate."""
    return max(0, round(step_s * rate_hz) - 1)


def boundary(times: Floats, previous_s: float | None) -> int:
    """Return where a known interruption lies in a chunk: before the row with the largest step."""
    if previous_s is None or not len(times):
        return 0
    return int(np.argmax(np.abs(np.diff(times, prepend=previous_s))))


class RowCounter:
    """Tells how many rows a hole left out from the package counter that a device sends with every row.

    Devices count in their own ways: by one or two, several rows a package, from 0 again after 255, 200
    or never. Step, rows a package and range are learnt from rows without holes; the range only from a
    counter that was seen to begin again.
    """

    def __init__(self) -> None:
        self.last: float | None = None
        self._step = math.inf
        self._rows = 0
        self._packages = 0
        self._period: float | None = None

    def learn(self, counters: Floats) -> int:
        """Take the next rows' counters (n,), which follow without a hole; return rows missing in them."""
        if not len(counters):
            return 0
        before = counters[:1] if self.last is None else np.array([self.last])
        steps = np.diff(np.concatenate([before, counters]))
        self.last = float(counters[-1])
        moves = steps[steps != 0]
        rises = moves[moves > 0]
        if len(rises):
            self._step = min(self._step, float(rises.min()))
        if not len(moves) or math.isinf(self._step):
            return 0
        self._rows += len(steps)
        self._packages += len(moves)
        lost = float(np.sum(rises / self._step - 1))
        for fall in moves[moves < 0]:
            # Packages lost at the turn make the range look smaller than it is, never larger.
            self._period = max(self._period or 0.0, self._step - float(fall))
            lost += max(0.0, (float(fall) + self._period) / self._step - 1)
        return round(lost * self.rows_a_package)

    @property
    def rows_a_package(self) -> int:
        """Return how many rows share a counter."""
        return max(1, round(self._rows / self._packages)) if self._packages else 1

    def across(self, after: float, by_time: int, tolerance: int) -> int:
        """Return the rows missing before the row with counter `after`; `by_time` is the times' estimate.

        The counter is taken at its word only within `tolerance` rows of that: it may have begun anew.
        """
        if self.last is None or math.isinf(self._step) or not math.isfinite(after - self.last):
            return by_time
        rows = self.rows_a_package
        packages = (after - self.last) / self._step - 1
        if self._period is not None:
            turn = self._period / self._step
            packages += turn * round((by_time / rows - packages) / turn)
        counted = round(packages * rows)
        return counted if counted >= 0 and abs(counted - by_time) <= tolerance else by_time
