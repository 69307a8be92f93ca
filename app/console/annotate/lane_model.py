"""Tiers and lanes as rows of sorted arrays, from which any visible range is cut without a loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.labels.records import NS, AnnotatorKind, Mark, Take
from analysis.labels.scheme import Tier
from app.annotation.queue import Lane

LOW_CONFIDENCE = 0.7
ROW_PX, TRACE_PX, OTHER_PX, LEVEL_PX, SPACE_PX = 30, 64, 22, 18, 3
MOST_LEVELS = 4
_ORDER: dict[AnnotatorKind, int] = {"fused": 0, "human": 2, "model": 3}

Labelled = TypeVar("Labelled", Mark, Take)
Times = Mapping[int, tuple[float, float]]
"""Trial index -> its start and end, seconds: where answers about whole trials are drawn."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace: who, `times_s` (n,) and `values` (n, dimensions), NaN where nothing was rated."""

    who: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One lane. Arrays are sorted by start: seconds, `reach` the latest end so far, `level` 0 at the top.

    `labels` is the place of the label in the tier, `len(tier.labels)` where a mark has none.
    """

    tier: Tier
    who: str
    kind: AnnotatorKind
    own: bool
    marks: tuple[Mark, ...]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    reach: NDArray[np.float64]
    labels: NDArray[np.int64]
    unsure: NDArray[np.bool_]
    level: NDArray[np.int64]
    levels: int
    traces: tuple[Trace, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_trace(self) -> bool:
        """Whether it draws traces."""
        return self.tier.kind in ("trace1d", "trace2d")

    @property
    def height_px(self) -> int:
        """How tall it is drawn."""
        if self.is_trace:
            return TRACE_PX
        return (ROW_PX if self.own else OTHER_PX) + LEVEL_PX * (self.levels - 1)

    @property
    def name(self) -> str:
        """The tier's title for own lanes, who labelled for others."""
        return self.tier.title if self.own else self.who

    def visible(self, start_s: float, stop_s: float) -> slice:
        """Return which marks can touch a range."""
        first = int(np.searchsorted(self.reach, start_s, "left"))
        return slice(first, int(np.searchsorted(self.starts, stop_s, "right")))

    def at(self, low_s: float, high_s: float) -> list[Mark]:
        """Return the marks that touch a range, the shortest first."""
        part = self.visible(low_s, high_s)
        hits = np.flatnonzero(self.ends[part] >= low_s) + part.start
        found = sorted(hits.tolist(), key=lambda place: self.ends[place] - self.starts[place])
        return [self.marks[place] for place in found]


def make_rows(
    tiers: Sequence[Tier],
    marks: Iterable[Mark],
    takes: Iterable[Take] = (),
    others: Iterable[Lane] = (),
    threshold: float = 0.0,
    times: Times | None = None,
) -> list[Row]:
    """Return the lanes from top to bottom: of each tier fused, own, other annotators, models.

    Marks of models below `threshold` are left out. A tier of answers about whole trials has a lane only
    where `times` says when the trials were.
    """
    own = _by_tier(marks)
    own_takes = _by_tier(takes)
    sources = sorted(others, key=lambda source: _ORDER[source.kind])
    split = [(source, _by_tier(source.marks), _by_tier(source.takes)) for source in sources]
    rows = []
    for tier in tiers:
        if tier.kind == "trial" and not times:
            continue
        mine = _row(tier, "", "human", own.get(tier.name, []), own_takes.get(tier.name, []), times)
        above: list[Row] = []
        below: list[Row] = []
        for source, their_marks, their_takes in split:
            found = their_marks.get(tier.name, [])
            if source.kind == "model":
                found = [m for m in found if m.confidence is None or m.confidence >= threshold]
            traced = their_takes.get(tier.name, [])
            if not (their_marks.get(tier.name) or traced):
                continue
            row = _row(tier, source.name, source.kind, found, traced, times)
            (above if source.kind == "fused" else below).append(row)
        people = [row for row in below if row.kind == "human"]
        if mine.is_trace and people:
            below = [_together(tier, [mine, *people]), *(row for row in below if row.kind != "human")]
        rows += [*above, mine, *below]
    return rows


def _together(tier: Tier, rows: Sequence[Row]) -> Row:
    traces = tuple(trace for row in rows for trace in row.traces)
    count = len({trace.who for trace in traces})
    return replace(_row(tier, f"mean of {count}", "human", (), (), None), traces=traces)


def _by_tier(records: Iterable[Labelled]) -> dict[str, list[Labelled]]:
    found: dict[str, list[Labelled]] = {}
    for record in records:
        found.setdefault(record.tier, []).append(record)
    return found


def _row(
    tier: Tier,
    who: str,
    kind: AnnotatorKind,
    marks: Iterable[Mark],
    takes: Iterable[Take],
    times: Times | None,
) -> Row:
    spans = _spans(marks, times or {})
    place_of = {label.id: place for place, label in enumerate(tier.labels)}
    none = len(tier.labels)
    starts = np.array([span[0] for span in spans], dtype=np.float64)
    ends = np.array([span[1] for span in spans], dtype=np.float64)
    kept = tuple(span[2] for span in spans)
    labels = np.array([place_of.get(mark.label, none) for mark in kept], dtype=np.int64)
    sure = [mark.confidence is None or mark.confidence >= LOW_CONFIDENCE for mark in kept]
    reach = np.maximum.accumulate(ends) if len(ends) else ends
    level, levels = _levels(starts, ends, reach)
    return Row(
        tier,
        who,
        kind,
        not who,
        kept,
        starts,
        ends,
        reach,
        labels,
        ~np.array(sure, dtype=bool),
        level,
        levels,
        tuple(_traces(takes, who)),
        {mark.id: place for place, mark in enumerate(kept)},
    )


def _spans(marks: Iterable[Mark], times: Times) -> list[tuple[float, float, Mark]]:
    spans = []
    for mark in marks:
        if mark.start_ns is not None and mark.end_ns is not None:
            spans.append((mark.start_ns / NS, mark.end_ns / NS, mark))
        elif mark.trial in times:
            spans.append((*times[mark.trial], mark))
    spans.sort(key=lambda span: (span[0], span[1]))
    return spans


def _levels(
    starts: NDArray[np.float64], ends: NDArray[np.float64], reach: NDArray[np.float64]
) -> tuple[NDArray[np.int64], int]:
    """Place overlapping marks below one another, as few levels as needed and at most a few."""
    level = np.zeros(len(starts), dtype=np.int64)
    if len(starts) < 2 or not np.any(starts[1:] < reach[:-1]):
        return level, 1
    free = [-np.inf] * MOST_LEVELS
    for place, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        chosen = 0
        while chosen < MOST_LEVELS - 1 and free[chosen] > start:
            chosen += 1
        free[chosen] = max(end, free[chosen])
        level[place] = chosen
    return level, int(level.max()) + 1


def _traces(takes: Iterable[Take], who: str) -> Iterable[Trace]:
    good = [take for take in takes if take.state != "superseded" and len(take.t_ns)]
    if not good:
        return
    # The last pass that was ended stands for the annotator; an interrupted one only where there is no other.
    chosen: dict[tuple[int, str], Take] = {}
    for take in sorted(good, key=lambda take: take.state == "done"):
        chosen[(take.trial, take.item)] = take
    for take in sorted(chosen.values(), key=lambda take: int(take.t_ns[0])):
        order = np.argsort(take.t_ns, kind="stable")
        yield Trace(who, take.t_ns[order] / NS, take.values[order].reshape(len(order), -1))


def mean_and_spread(
    traces: Sequence[Trace], at_s: NDArray[np.float64], dimension: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return mean, standard deviation and number of traces at each time; NaN where there is none."""
    values = np.full((len(traces), len(at_s)), np.nan)
    for place, trace in enumerate(traces):
        if dimension < trace.values.shape[1] and len(trace.times_s):
            values[place] = np.interp(
                at_s, trace.times_s, trace.values[:, dimension], left=np.nan, right=np.nan
            )
    known = np.isfinite(values)
    count = known.sum(axis=0)
    shared = np.where(count > 0, count, 1)
    mean = np.where(count > 0, np.where(known, values, 0.0).sum(axis=0) / shared, np.nan)
    square = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    return mean, np.sqrt(square / shared), count
