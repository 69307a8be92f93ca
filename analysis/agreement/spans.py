"""Agreement of segments and points: who marked the same, how far apart, and what each bin of time holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.agreement.outcome import Floats, Outcome, Sums, undefined

BIN_NS = 500_000_000
POINT_WINDOW_NS = 250_000_000
NOTHING = "nothing"
TOGETHER = " + "

_Likeness = Callable[["Span", "Span"], "float | None"]


@dataclass(frozen=True, slots=True)
class Span:
    """One mark: a segment, or a point with equal ends, in nanoseconds; `mark` is its id."""

    start_ns: int
    end_ns: int
    label: str
    mark: str = ""


Marked = Sequence[Span] | None
"""What one rater marked in one unit; None where the rater did not work on it."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Marks of two raters that mean the same, and how many each of the two made."""

    pairs: tuple[tuple[Span, Span], ...]
    of_one: int
    of_other: int


@dataclass(frozen=True, slots=True)
class Boundaries:
    """How far apart the ends of matched marks lie, ms: medians with sign (other minus one) and without."""

    matched: int
    onset_ms: float
    offset_ms: float
    onset_size_ms: float
    offset_size_ms: float


def match_segments(one: Sequence[Span], other: Sequence[Span]) -> Matching:
    """Match segments of the same label one to one where they overlap by at least half of their union.

    As many as possible are matched; among equal numbers, those with the largest overlaps.
    """
    return _match(one, other, _overlap, 0)


def match_points(one: Sequence[Span], other: Sequence[Span], window_ns: int = POINT_WINDOW_NS) -> Matching:
    """Match points of the same label one to one that are at most `window_ns` apart.

    As many as possible are matched; among equal numbers, the nearest.
    """

    def nearness(first: Span, second: Span) -> float | None:
        apart = abs(first.start_ns - second.start_ns)
        return 1.0 - apart / (window_ns + 1) if apart <= window_ns else None

    return _match(one, other, nearness, window_ns)


def f1_sums(one: Sequence[Marked], other: Sequence[Marked], points: bool = False) -> Sums:
    """Return F1 of two raters: twice the matched marks among all marks of both, over units both worked on."""
    match = match_points if points else match_segments
    parts = np.zeros((len(one), 4))
    for row, (first, second) in enumerate(zip(one, other, strict=True)):
        if first is not None and second is not None:
            found = match(first, second)
            parts[row] = (1, len(found.pairs), found.of_one, found.of_other)
    if not parts[:, 0].any():
        return undefined("the two raters have no unit in common", len(parts))

    def finish(total: Floats) -> Outcome:
        units, matched, marks = int(total[0]), float(total[1]), float(total[2] + total[3])
        return (
            Outcome(2 * matched / marks, units) if marks else Outcome(None, units, "neither marked anything")
        )

    return Sums(parts, finish)


def boundaries(one: Sequence[Marked], other: Sequence[Marked], points: bool = False) -> Boundaries | None:
    """Return how far apart matched marks of two raters lie, None where nothing matches."""
    match = match_points if points else match_segments
    pairs = [
        pair
        for first, second in zip(one, other, strict=True)
        if first is not None and second is not None
        for pair in match(first, second).pairs
    ]
    if not pairs:
        return None
    onsets = np.array([(second.start_ns - first.start_ns) / 1e6 for first, second in pairs])
    offsets = np.array([(second.end_ns - first.end_ns) / 1e6 for first, second in pairs])
    medians = (np.median(each) for each in (onsets, offsets, np.abs(onsets), np.abs(offsets)))
    return Boundaries(len(pairs), *map(float, medians))


def bin_labels(spans: Sequence[Span], start_ns: int, stop_ns: int, bin_ns: int = BIN_NS) -> list[str]:
    """Return what each bin from `start_ns` to `stop_ns` holds, the last bin cut at the end.

    A segment counts in a bin that it covers by more than half, a point in the bin that it lies in; several
    labels are told together, none is `nothing`.
    """
    found: list[set[str]] = [set() for _ in range(max(1, -(-(stop_ns - start_ns) // bin_ns)))]
    for span in spans:
        if span.start_ns == span.end_ns and start_ns <= span.start_ns < stop_ns:
            found[(span.start_ns - start_ns) // bin_ns].add(span.label)
    for label in {span.label for span in spans}:
        covered: dict[int, int] = {}
        for begin_ns, end_ns in united(spans, label):
            low, high = max(begin_ns, start_ns), min(end_ns, stop_ns)
            for place in range((low - start_ns) // bin_ns, -(-(high - start_ns) // bin_ns)):
                edge_ns = start_ns + place * bin_ns
                inside = min(high, edge_ns + bin_ns) - max(low, edge_ns)
                covered[place] = covered.get(place, 0) + inside
        for place, inside in covered.items():
            if 2 * inside > min(bin_ns, stop_ns - start_ns - place * bin_ns):
                found[place].add(label)
    return [TOGETHER.join(sorted(labels)) or NOTHING for labels in found]


def united(spans: Sequence[Span], label: str) -> list[tuple[int, int]]:
    """Return the time that one rater's segments of a label cover, overlaps counted once."""
    found: list[tuple[int, int]] = []
    for span in sorted((span for span in spans if span.label == label), key=lambda span: span.start_ns):
        if span.end_ns <= span.start_ns:
            continue
        if found and span.start_ns <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], span.end_ns))
        else:
            found.append((span.start_ns, span.end_ns))
    return found


def _overlap(one: Span, other: Span) -> float | None:
    shared = min(one.end_ns, other.end_ns) - max(one.start_ns, other.start_ns)
    union = max(one.end_ns, other.end_ns) - min(one.start_ns, other.start_ns)
    return shared / union if shared > 0 and 2 * shared >= union else None


def _match(one: Sequence[Span], other: Sequence[Span], likeness: _Likeness, reach_ns: int) -> Matching:
    pairs: list[tuple[Span, Span]] = []
    for label in sorted({span.label for span in one} & {span.label for span in other}):
        ours = [span for span in one if span.label == label]
        theirs = [span for span in other if span.label == label]
        for firsts, seconds in _heaps(ours, theirs, reach_ns):
            pairs.extend(_assign(firsts, seconds, likeness))
    pairs.sort(key=lambda pair: (pair[0].start_ns, pair[0].end_ns))
    return Matching(tuple(pairs), len(one), len(other))


def _heaps(
    ours: Sequence[Span], theirs: Sequence[Span], reach_ns: int
) -> Iterator[tuple[list[Span], list[Span]]]:
    """Yield the marks of both that hang together in time: nothing can be matched across two heaps."""
    both = [(span, 0) for span in ours] + [(span, 1) for span in theirs]
    heap: tuple[list[Span], list[Span]] = ([], [])
    until = None
    for span, whose in sorted(both, key=lambda entry: entry[0].start_ns):
        if until is not None and span.start_ns > until + reach_ns:
            yield heap
            heap, until = ([], []), None
        heap[whose].append(span)
        until = span.end_ns if until is None else max(until, span.end_ns)
    yield heap


def _assign(
    firsts: Sequence[Span], seconds: Sequence[Span], likeness: _Likeness
) -> Iterator[tuple[Span, Span]]:
    if not firsts or not seconds:
        return
    likes = [[likeness(first, second) for second in seconds] for first in firsts]
    if len(firsts) == len(seconds) == 1:
        if likes[0][0] is not None:
            yield firsts[0], seconds[0]
        return
    from scipy.optimize import linear_sum_assignment

    # One pair more always outweighs the likeness of all the others together.
    pair_worth = 1.0 + min(len(firsts), len(seconds))
    gains = np.array([[0.0 if like is None else pair_worth + like for like in row] for row in likes])
    rows, columns = linear_sum_assignment(gains, maximize=True)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if likes[row][column] is not None:
            yield firsts[row], seconds[column]
