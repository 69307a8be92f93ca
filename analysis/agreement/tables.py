"""What agreement is computed from: units, raters, and what each rater said about each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from analysis.agreement.outcome import Floats
from analysis.agreement.spans import BIN_NS, Marked, bin_labels

Level = Literal["nominal", "ordinal"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is judged: a trial of a recording, or a whole recording (`trial` -1).

    `key` is told in tables; `start_ns` and `stop_ns` are on the recording's clock.
    """

    key: str
    recording: Path
    participant: str
    trial: int
    start_ns: int
    stop_ns: int


@dataclass(frozen=True, slots=True)
class Ratings:
    """Answers: `values` (units, raters), NaN where there is none.

    Nominal: values are places in `names`. Ordinal: values are on a scale from `low` to `high`, and `names`
    is empty. `unit_of` (rows,) gives each row's unit where a unit has several rows (bins of time), with the
    row's own start in `starts_ns`.
    """

    units: tuple[Unit, ...]
    raters: tuple[str, ...]
    values: Floats
    level: Level
    names: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    rows: tuple[tuple[int, int, int], ...] = ()
    """(unit, start_ns, stop_ns) of each row of `values`; empty where rows are units."""

    def row_units(self) -> list[int]:
        """Return the place of each row's unit."""
        return [row[0] for row in self.rows] if self.rows else list(range(len(self.units)))

    def place_of(self, row: int) -> tuple[Unit, int, int]:
        """Return unit, start and stop (ns) of a row."""
        if self.rows:
            place, start_ns, stop_ns = self.rows[row]
            return self.units[place], start_ns, stop_ns
        unit = self.units[row]
        return unit, unit.start_ns, unit.stop_ns

    def name_of(self, value: float) -> str:
        """Return how a value is told."""
        return self.names[int(value)] if self.names else f"{value:g}"

    def classes(self) -> list[float]:
        """Return the values that a matrix has rows for: all names, or what was used of a scale."""
        if self.names:
            return [float(place) for place in range(len(self.names))]
        return [float(value) for value in np.unique(self.values[np.isfinite(self.values)])]


@dataclass(frozen=True, slots=True)
class Marks:
    """Segments or points: `marked[unit][rater]` is None where the rater did not work on the unit."""

    units: tuple[Unit, ...]
    raters: tuple[str, ...]
    marked: tuple[tuple[Marked, ...], ...]
    points: bool
    names: dict[str, str]
    """Names of labels by their ids."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Traces of one dimension: for each unit (points, raters) on the common grid, NaN where unrated."""

    units: tuple[Unit, ...]
    raters: tuple[str, ...]
    values: tuple[Floats, ...]
    low: float
    high: float
    bounded: bool = True


Table = Ratings | Marks | Traces


def clusters_of(units: Sequence[Unit], over: Literal["trials", "participants"]) -> list[str]:
    """Return what each unit is resampled together with."""
    if over == "participants":
        return [unit.participant or unit.recording.stem for unit in units]
    return [f"{unit.recording}#{unit.trial}#{unit.start_ns}" for unit in units]


def in_bins(marks: Marks, bin_ns: int = BIN_NS) -> Ratings:
    """Return what each rater's marks say in each bin of time; NaN where a rater did not work on a unit."""
    rows: list[tuple[int, int, int]] = []
    told: list[list[str | None]] = []
    for place, (unit, marked) in enumerate(zip(marks.units, marks.marked, strict=True)):
        if all(spans is None for spans in marked):
            continue
        columns = [
            None if spans is None else bin_labels(spans, unit.start_ns, unit.stop_ns, bin_ns)
            for spans in marked
        ]
        bins = next(len(column) for column in columns if column is not None)
        for number in range(bins):
            start_ns = unit.start_ns + number * bin_ns
            rows.append((place, start_ns, min(unit.stop_ns, start_ns + bin_ns)))
            told.append([None if column is None else column[number] for column in columns])
    used = {said for row in told for said in row if said is not None}
    order = {name: place for place, name in enumerate(marks.names)}
    ids = sorted(used, key=lambda said: (order.get(said, len(order) + (not said)), said))
    values = np.array([[np.nan if said is None else ids.index(said) for said in row] for row in told], float)
    names = tuple(" + ".join(marks.names.get(part, part) for part in each.split(" + ")) for each in ids)
    return Ratings(
        marks.units,
        marks.raters,
        values.reshape(len(rows), len(marks.raters)),
        "nominal",
        names,
        rows=tuple(rows),
    )
