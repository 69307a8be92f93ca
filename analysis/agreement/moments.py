"""Where raters differ: cells of a confusion matrix and places of the disagreement strip, as moments."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from analysis.agreement.kappa import confusion
from analysis.agreement.outcome import Floats
from analysis.agreement.spans import BIN_NS
from analysis.agreement.tables import Marks, Ratings, Table, Traces, in_bins
from analysis.agreement.traces import GRID_HZ

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a recording, seconds on its clock; `key` names its unit."""

    recording: Path
    start_s: float
    stop_s: float
    key: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """How often `one` gave the class of a row where `other` gave that of a column."""

    one: str
    other: str
    names: tuple[str, ...]
    counts: Floats


@dataclass(frozen=True, slots=True)
class Strip:
    """Disagreement in bins of 0.5 s of one recording: (n,) in 0..1, NaN where fewer than two rated.

    Labels: the share of pairs of raters that differ. Numbers: the mean difference of the pairs as a share
    of the scale.
    """

    recording: Path
    start_s: float
    bin_s: float
    values: Floats

    @property
    def stop_s(self) -> float:
        """End of the last bin, seconds."""
        return self.start_s + self.bin_s * len(self.values)


def rows_of(table: Table) -> Ratings | None:
    """Return answers with classes: the table's own, its bins of time, None for traces."""
    if isinstance(table, Traces):
        return None
    return in_bins(table) if isinstance(table, Marks) else table


def matrix_of(ratings: Ratings, one: int, other: int) -> Matrix:
    """Return the confusion matrix of two raters, by their places."""
    classes = ratings.classes()
    counts = confusion(ratings.values[:, one], ratings.values[:, other], classes)
    names = tuple(ratings.name_of(value) for value in classes)
    return Matrix(ratings.raters[one], ratings.raters[other], names, counts)


def moments_of(ratings: Ratings, one: int, other: int, first: int, second: int) -> tuple[Moment, ...]:
    """Return the moments behind a cell of the matrix; bins that touch are one moment."""
    classes = ratings.classes()
    hits = (ratings.values[:, one] == classes[first]) & (ratings.values[:, other] == classes[second])
    found: list[Moment] = []
    for row in np.flatnonzero(hits):
        unit, start_ns, stop_ns = ratings.place_of(int(row))
        moment = Moment(unit.recording, start_ns / NS, stop_ns / NS, unit.key)
        last = found[-1] if found else None
        if last is not None and last.key == moment.key and abs(last.stop_s - moment.start_s) < 1e-6:
            found[-1] = Moment(last.recording, last.start_s, moment.stop_s, last.key)
        else:
            found.append(moment)
    return tuple(found)


def recordings_of(table: Table) -> tuple[Path, ...]:
    """Return the recordings of a table in their order."""
    return tuple(dict.fromkeys(unit.recording for unit in table.units))


def strip_of(table: Table, recording: Path) -> Strip:
    """Return where raters differ along a recording, from its first unit to its last."""
    units = [place for place, unit in enumerate(table.units) if unit.recording == recording]
    start_ns = min((table.units[place].start_ns for place in units), default=0)
    stop_ns = max((table.units[place].stop_ns for place in units), default=BIN_NS)
    values = np.full(max(1, -(-(stop_ns - start_ns) // BIN_NS)), np.nan)
    for start, stop, value in _stretches(table, set(units)):
        first = (start - start_ns) // BIN_NS
        last = max(first + 1, -(-(stop - start_ns) // BIN_NS))
        # A bin on the border of two units tells the larger disagreement.
        values[first:last] = np.fmax(values[first:last], value)
    return Strip(recording, start_ns / NS, BIN_NS / NS, values)


def _stretches(table: Table, units: set[int]) -> list[tuple[int, int, float]]:
    """Return (start_ns, stop_ns, disagreement) of everything that was rated in these units."""
    found = []
    if isinstance(table, Traces):
        step_ns = round(NS / GRID_HZ)
        width = table.high - table.low
        for place in units:
            unit, grid = table.units[place], table.values[place]
            if not table.bounded:
                width = _range(grid)
            for number, row in enumerate(grid):
                start_ns = unit.start_ns + number * step_ns
                if start_ns < unit.stop_ns:
                    found.append((start_ns, min(unit.stop_ns, start_ns + step_ns), _apart(row, width)))
        return found
    ratings = rows_of(table)
    assert ratings is not None
    width = 0.0 if ratings.level == "nominal" else max(ratings.high - ratings.low, 1e-9)
    for row, unit_place in enumerate(ratings.row_units()):
        if unit_place in units:
            _, start_ns, stop_ns = ratings.place_of(row)
            found.append((start_ns, stop_ns, _apart(ratings.values[row], width)))
    return found


def _range(grid: Floats) -> float:
    known = grid[np.isfinite(grid)]
    return float(known.max() - known.min()) if len(known) else 0.0


def _apart(row: Floats, width: float) -> float:
    """Return the mean difference of the pairs as a share of `width`, or the share that differs (width 0)."""
    known = row[np.isfinite(row)]
    if len(known) < 2:
        return np.nan
    gaps = [abs(one - other) for one, other in combinations(known.tolist(), 2)]
    if width:
        return min(1.0, float(np.mean(gaps)) / width)
    return float(np.mean([gap > 0 for gap in gaps]))
