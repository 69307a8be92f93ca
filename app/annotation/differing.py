"""Moments in which annotators' segments, points or traces differ, with letters instead of names.

Only what counts for agreement counts here: finished items, own judgements, the first time of a repeat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from analysis.agreement.moments import strip_of
from analysis.agreement.outcome import Floats
from analysis.agreement.spans import POINT_WINDOW_NS, Span
from analysis.agreement.tables import Marks, Traces, Unit
from analysis.agreement.traces import GRID_HZ
from analysis.labels.records import NS
from analysis.labels.scheme import Scheme
from app.annotation.agreeing import UnitKey, Variable, gather, read_labels, variables
from app.study import Study

LEAST_S = 1.0
"""Segments and traces that differ for a shorter time than this do not wait for the curator."""
TRACE_SHARE = 0.25
"""Traces lie apart where the pairs of annotators differ by this share of the scale on average."""

Lane = Sequence[Span] | None


@dataclass(frozen=True, slots=True)
class Differing:
    """A stretch of a trial in which annotators differ, nanoseconds on the recording's clock.

    `key` is (recording's stem, trial; -1: the whole recording) and `unit` what was judged. `marks` are the
    ids of what was marked, by annotator, and empty for those who worked on it and marked nothing; `means`
    are the means of traces instead. `spread` is how far they are apart, 0 to 1.
    """

    variable: Variable
    key: UnitKey
    unit: Unit
    start_ns: int
    end_ns: int
    spread: float
    marks: Mapping[str, tuple[str, ...]]
    means: Mapping[str, float]


def differing(study: Study, scheme: Scheme) -> Iterator[Differing]:
    """Yield every moment in which segments, points or traces differ; raises GatheringError."""
    asked = [each for each in variables(scheme) if each.kind in ("segment", "point", "trace")]
    if not asked:
        return
    labels = read_labels(study, scheme)
    for variable in asked:
        found = gather(labels, variable)
        table = found.table
        for place, (key, unit) in enumerate(zip(found.keys, table.units, strict=True)):
            if isinstance(table, Marks):
                yield from _of_marks(variable, key, unit, table, table.marked[place])
            elif isinstance(table, Traces):
                one = replace(table, units=(unit,), values=(table.values[place],))
                yield from _of_traces(variable, key, one)


def _of_marks(
    variable: Variable, key: UnitKey, unit: Unit, table: Marks, marked: Sequence[Lane]
) -> Iterator[Differing]:
    lanes = {rater: spans for rater, spans in zip(table.raters, marked, strict=True) if spans is not None}
    if len(lanes) < 2:
        return
    find = point_groups if table.points else stretches
    for start_ns, end_ns, spread in find(list(lanes.values())):
        inside = {
            rater: tuple(span.mark for span in spans if _touches(span, start_ns, end_ns))
            for rater, spans in lanes.items()
        }
        yield Differing(variable, key, unit, start_ns, end_ns, spread, inside, {})


def _touches(span: Span, start_ns: int, end_ns: int) -> bool:
    if span.start_ns == span.end_ns:
        return start_ns <= span.start_ns <= end_ns
    return span.start_ns < end_ns and start_ns < span.end_ns


def stretches(lanes: Sequence[Sequence[Span]], least_s: float = LEAST_S) -> list[tuple[int, int, float]]:
    """Return where segments of two or more annotators differ for long enough: (start_ns, end_ns, spread).

    The spread is the largest share of annotators who do not say what most say.
    """
    edges = sorted({edge for lane in lanes for span in lane for edge in (span.start_ns, span.end_ns)})
    found: list[tuple[int, int, float]] = []
    for start_ns, end_ns in pairwise(edges):
        said = [
            frozenset(span.label for span in lane if span.start_ns <= start_ns and end_ns <= span.end_ns)
            for lane in lanes
        ]
        spread = _spread(said)
        if spread and found and found[-1][1] == start_ns:
            found[-1] = (found[-1][0], end_ns, max(found[-1][2], spread))
        elif spread:
            found.append((start_ns, end_ns, spread))
    return [each for each in found if each[1] - each[0] >= least_s * NS]


def point_groups(lanes: Sequence[Sequence[Span]]) -> list[tuple[int, int, float]]:
    """Return points that not everybody marked alike within 0.25 s: (start_ns, end_ns, spread).

    Points with less than that between one and the next are one group.
    """
    points = sorted((span.start_ns, place, span.label) for place, lane in enumerate(lanes) for span in lane)
    groups: list[list[tuple[int, int, str]]] = []
    for point in points:
        if groups and point[0] - groups[-1][-1][0] <= POINT_WINDOW_NS:
            groups[-1].append(point)
        else:
            groups.append([point])
    found = []
    for group in groups:
        said = [
            tuple(sorted(label for _, whose, label in group if whose == place)) for place in range(len(lanes))
        ]
        spread = _spread(said)
        if spread:
            found.append((group[0][0], group[-1][0], spread))
    return found


def _spread(said: Sequence[Collection[str]]) -> float:
    return 1 - max(Counter(said).values()) / len(said)


def _of_traces(variable: Variable, key: UnitKey, table: Traces) -> Iterator[Differing]:
    unit, grid = table.units[0], table.values[0]
    strip = strip_of(table, unit.recording)
    step_ns, bin_ns = round(NS / GRID_HZ), round(strip.bin_s * NS)
    for first, last in runs(strip.values >= TRACE_SHARE):
        start_ns = unit.start_ns + first * bin_ns
        end_ns = min(unit.stop_ns, unit.start_ns + last * bin_ns)
        if end_ns - start_ns < LEAST_S * NS:
            continue
        rows = grid[(start_ns - unit.start_ns) // step_ns : -(-(end_ns - unit.start_ns) // step_ns)]
        means = {
            rater: float(np.nanmean(rows[:, place]))
            for place, rater in enumerate(table.raters)
            if np.isfinite(rows[:, place]).any()
        }
        spread = float(np.nanmax(strip.values[first:last]))
        yield Differing(variable, key, unit, start_ns, end_ns, spread, {}, means)


def runs(is_on: Floats | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """Return the runs of True in (n,) as (first, behind the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_on.astype(int), [0]))))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
