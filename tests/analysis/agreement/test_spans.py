"""Segments and points: matched one to one, measured in milliseconds, and laid out in bins of time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.agreement.spans import (
    NOTHING,
    Span,
    bin_labels,
    boundaries,
    f1_sums,
    match_points,
    match_segments,
)
from tests.helpers.agreement_oracles import most_matches

MS = 1_000_000


def span(start_ms: int, end_ms: int, label: str = "smile") -> Span:
    """Return a segment in milliseconds."""
    return Span(start_ms * MS, end_ms * MS, label)


def point(at_ms: int, label: str = "blink") -> Span:
    """Return a point."""
    return span(at_ms, at_ms, label)


@pytest.mark.parametrize(
    ("one", "other", "matched"),
    [
        ([span(0, 1000)], [span(0, 1000)], 1),
        ([span(0, 1000)], [span(0, 500)], 1),  # exactly one half counts
        ([span(0, 1000)], [span(0, 499)], 0),
        ([span(0, 1000)], [span(500, 1500)], 0),  # a third
        ([span(0, 1000)], [span(0, 1000, "frown")], 0),  # another label
        ([span(0, 1000)], [span(1000, 2000)], 0),
        ([span(0, 1000)], [span(0, 500), span(500, 1000)], 1),  # one to one: two halves are one match
        ([span(0, 500), span(500, 1000)], [span(0, 1000)], 1),
        ([], [span(0, 10)], 0),
    ],
)
def test_segments_match_at_an_overlap_of_one_half(one: list[Span], other: list[Span], matched: int) -> None:
    found = match_segments(one, other)
    assert (len(found.pairs), found.of_one, found.of_other) == (matched, len(one), len(other))


@pytest.mark.parametrize(("apart_ms", "matched"), [(0, 1), (250, 1), (251, 0), (-250, 1), (-251, 0)])
def test_points_match_within_a_quarter_of_a_second(apart_ms: int, matched: int) -> None:
    assert len(match_points([point(1000)], [point(1000 + apart_ms)]).pairs) == matched


def test_the_greedy_choice_would_lose_a_match() -> None:
    # 300 is nearest to 350, but then 100 would be left without a partner.
    found = match_points([point(100), point(350)], [point(300), point(590)])
    assert [(a.start_ns // MS, b.start_ns // MS) for a, b in found.pairs] == [(100, 300), (350, 590)]


POINTS = st.lists(st.integers(0, 2000), max_size=6)
SEGMENTS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=6)


@settings(max_examples=50)
@given(POINTS, POINTS)
def test_as_many_points_as_possible_are_matched(one: list[int], other: list[int]) -> None:
    found = match_points([point(at) for at in one], [point(at) for at in other])
    assert len(found.pairs) == most_matches([[abs(a - b) <= 250 for b in other] for a in one])


@settings(max_examples=50)
@given(SEGMENTS, SEGMENTS)
def test_as_many_segments_as_possible_are_matched(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    def like(a: tuple[int, int], b: tuple[int, int]) -> bool:
        covered_a, covered_b = set(range(a[0], sum(a))), set(range(b[0], sum(b)))
        return 2 * len(covered_a & covered_b) >= len(covered_a | covered_b)

    ours, theirs = [span(a, a + n) for a, n in one], [span(b, b + n) for b, n in other]
    found = match_segments(ours, theirs)
    assert len(found.pairs) == most_matches([[like(a, b) for b in other] for a in one])
    assert len(match_segments(theirs, ours).pairs) == len(found.pairs)


def test_f1_counts_the_matched_among_all_marks_of_units_both_worked_on() -> None:
    one = [[span(0, 100), span(200, 300)], None, []]
    other = [[span(0, 100)], [span(0, 100)], [span(0, 50)]]
    found = f1_sums(one, other).outcome()
    assert (found.value, found.n) == (2 * 1 / (2 + 1 + 0 + 1), 2)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ([[]], [[]], "neither marked anything"),
        ([None], [[span(0, 1)]], "the two raters have no unit in common"),
    ],
)
def test_f1_without_marks_says_why(
    one: list[list[Span] | None], other: list[list[Span] | None], reason: str
) -> None:
    found = f1_sums(one, other).outcome()
    assert (found.value, found.reason) == (None, reason)


def test_ends_of_matched_segments_are_told_in_milliseconds() -> None:
    one = [[span(0, 1000), span(2000, 3000), span(5000, 5100)]]
    other = [[span(40, 1100), span(1980, 3060), span(9000, 9100)]]
    found = boundaries(one, other)
    assert found is not None
    assert (found.matched, found.onset_ms, found.offset_ms) == (2, 10.0, 80.0)
    assert (found.onset_size_ms, found.offset_size_ms) == (30.0, 80.0)
    assert boundaries([[span(0, 1)]], [[span(10, 11)]]) is None


def test_a_bin_holds_what_covers_more_than_half_of_it() -> None:
    spans = [span(0, 700), span(700, 1300, "frown"), point(1999)]
    assert bin_labels(spans, 0, 2200 * MS) == ["smile", "frown", "frown", "blink", NOTHING]
    assert bin_labels([span(0, 250)], 0, 500 * MS) == [NOTHING]
    assert bin_labels([span(0, 251)], 0, 500 * MS) == ["smile"]
    # The last bin is short: 150 of 200 ms.
    assert bin_labels([span(1050, 1200)], 0, 1200 * MS)[-1] == "smile"
    assert bin_labels([span(0, 500), span(100, 480, "frown")], 0, 500 * MS) == ["frown + smile"]
    # Two pieces of one label count together.
    assert bin_labels([span(0, 200), span(300, 400)], 0, 500 * MS) == ["smile"]


def test_bins_against_every_millisecond() -> None:
    chance = random.Random(5)
    for _ in range(40):
        starts = [chance.randrange(0, 3000) for _ in range(4)]
        spans = [span(start, start + chance.randrange(1, 900), chance.choice("ab")) for start in starts]
        expected = []
        for low in range(0, 3000, 500):
            held = []
            for label in "ab":
                covered = {
                    ms
                    for each in spans
                    if each.label == label
                    for ms in range(max(low, each.start_ns // MS), min(low + 500, each.end_ns // MS))
                }
                if len(covered) > 250:
                    held.append(label)
            expected.append(" + ".join(held) or NOTHING)
        assert bin_labels(spans, 0, 3000 * MS) == expected
