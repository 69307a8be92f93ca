"""The hand on its scale, the rhythm of readings, and noticing that a film falls behind."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.labels.scheme import Dimension, Tier
from app.console.annotate.trace_footage import PRACTICE_S, Practice, Watch
from app.console.annotate.trace_hand import HISTORY_S, Hand
from app.console.annotate.trace_sampling import kept
from app.console.annotate.trace_scale import tick_values
from app.console.annotate.trace_words import landmarks

VALENCE = Dimension("valence", -1.0, 1.0, "unpleasant", "pleasant")
AROUSAL = Dimension("arousal", 0.0, 4.0, "calm", "excited", 0.5)
ONE = Tier("t", "trace1d", "T", dimensions=(VALENCE,))
FREE = Tier("t", "trace1d", "T", dimensions=(VALENCE,), bounded=False)
TWO = Tier("t", "trace2d", "T", dimensions=(VALENCE, AROUSAL))
DISC = Tier("t", "trace2d", "T", dimensions=(VALENCE, AROUSAL), disc=True)
numbers = st.floats(-1e6, 1e6)


def test_nothing_is_rated_before_the_annotator_begins() -> None:
    hand = Hand(TWO)
    assert all(math.isnan(value) for value in hand.values)
    assert hand.place == (0.0, 2.0)
    hand.move(0.1, 0.5)
    assert hand.values == pytest.approx((0.1, 2.5))
    hand.cannot_tell()
    assert all(math.isnan(value) for value in hand.values)
    hand.clear()
    assert hand.place == (0.0, 2.0)


def test_cannot_tell_is_nothing_where_it_is_not_offered() -> None:
    hand = Hand(Tier("t", "trace1d", "T", dimensions=(VALENCE,), cannot_tell=False))
    hand.take(0.5)
    hand.cannot_tell()
    assert hand.values == (0.5,)


@settings(max_examples=40)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20), st.booleans())
def test_a_bounded_value_never_leaves_its_scale(moves: list[tuple[float, float]], is_circle: bool) -> None:
    hand = Hand(DISC if is_circle else TWO)
    for move in moves:
        hand.move(*move)
        x, y = hand.values[0], (hand.values[1] - 2.0) / 2.0
        assert -1.0 <= x <= 1.0
        assert -1.0 <= y <= 1.0
        assert not is_circle or math.hypot(x, y) <= 1.0 + 1e-9


def test_a_disc_brings_a_corner_to_its_edge_and_a_square_keeps_it() -> None:
    square, disc = Hand(TWO), Hand(DISC)
    for hand in (square, disc):
        hand.put(1.0, 1.0)
    assert square.values == (1.0, 4.0)
    assert disc.values == pytest.approx((math.sqrt(0.5), 2.0 + 2.0 * math.sqrt(0.5)))


@settings(max_examples=40)
@given(st.lists(numbers, min_size=1, max_size=20))
def test_an_unbounded_trace_is_the_sum_of_its_steps(steps: list[float]) -> None:
    hand = Hand(FREE)
    total = 0.0
    for step in steps:
        hand.move(step)
        total += step
        assert hand.values == (total,)


def test_a_step_is_the_schemes_own_or_a_part_of_the_scale() -> None:
    hand = Hand(TWO)
    assert hand.step_of(0, 0) == pytest.approx(0.1)
    assert hand.step_of(1, 0) == 0.5
    assert hand.step_of(1, 100) == pytest.approx(0.04)


def test_the_trail_holds_what_was_rated_lately() -> None:
    hand = Hand(ONE)
    hand.remember(0.0)
    assert not hand.history
    hand.take(0.5)
    for at_s in (1.0, 1.5, 1.0 + HISTORY_S + 0.1):
        hand.remember(at_s)
    assert [at_s for at_s, _ in hand.history] == [1.5, 1.0 + HISTORY_S + 0.1]


@pytest.mark.parametrize(
    ("runs", "readings", "median_ms", "longest_ms", "late"),
    [
        ([], 0, 0.0, 0.0, 0.0),
        ([[5.0]], 1, 0.0, 0.0, 0.0),
        ([[0.0, 0.016, 0.033, 0.05]], 4, 17.0, 17.0, 0.0),
        # A pause between two runs is none of the gaps.
        ([[0.0, 0.017, 0.033], [9.0, 9.1]], 5, 17.0, 100.0, 1 / 3),
    ],
)
def test_how_well_the_rate_was_kept(
    runs: list[list[float]], readings: int, median_ms: float, longest_ms: float, late: float
) -> None:
    found = kept(runs, 60.0)
    assert found.readings == readings
    assert found.median_ms == pytest.approx(median_ms)
    assert found.longest_ms == pytest.approx(longest_ms)
    assert found.late_share == pytest.approx(late)
    assert f"longest_ms={found.longest_ms:.2f}" in found.note
    assert ("Too short" in found.words) == (readings < 2)


def test_a_film_is_watched_from_its_first_movement_on() -> None:
    watch = Watch()
    watch.start(10.0)
    # Sound may take a second before it is heard.
    assert watch.behind_s(0.0, 10.0, 0.0) == 0.0
    assert watch.behind_s(1.0, 10.0, 0.0) == 0.0
    moved_before = watch.has_moved
    assert not moved_before
    assert watch.behind_s(1.1, 10.05, 0.0) == 0.0
    assert watch.has_moved
    assert watch.behind_s(2.1, 11.05, 0.0) == pytest.approx(0.0)
    assert watch.behind_s(3.1, 11.35, 0.0) == pytest.approx(0.7)


def test_a_picture_is_late_only_as_long_as_it_has_been() -> None:
    watch = Watch()
    watch.start(0.0)
    watch.behind_s(0.0, 0.01, 0.0)
    assert watch.behind_s(1.0, 1.01, 0.0) == pytest.approx(0.0)
    # The first picture behind a hole of five seconds, while it is being decoded.
    assert watch.behind_s(1.02, 1.03, 5.0) == pytest.approx(0.02)
    assert watch.behind_s(1.9, 1.91, 5.9) == pytest.approx(0.9)
    assert watch.behind_s(2.0, 2.01, 0.0) == pytest.approx(0.0)


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (1, 9), (0, 100), (-0.02, 0.03), (-1e6, 1e6)])
def test_landmarks_of_a_scale_are_round_and_inside(low: float, high: float) -> None:
    ticks = tick_values(low, high)
    assert 3 <= len(ticks) <= 9
    for share, text in ticks:
        assert -1e-9 <= share <= 1 + 1e-9
        assert float(text) == pytest.approx(low + share * (high - low), abs=(high - low) * 1e-4)


def test_words_stand_in_the_valence_arousal_space_alone() -> None:
    assert {word for *_, word in landmarks((VALENCE, AROUSAL))} >= {"happy", "sad", "angry", "calm"}
    assert landmarks((AROUSAL, VALENCE)) == ()
    happy = next(place for place in landmarks((VALENCE, AROUSAL)) if place[2] == "happy")
    assert happy[0] > 0.5 and happy[1] > 0.5


@pytest.mark.parametrize("dimensions", [1, 2])
def test_the_mark_to_follow_stays_on_the_scale(dimensions: int) -> None:
    practice = Practice(dimensions)
    for number in range(200):
        target = practice.target(number * PRACTICE_S / 200)
        assert len(target) == dimensions
        assert all(0.0 <= share <= 1.0 for share in target)
