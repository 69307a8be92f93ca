"""How answers become classes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.targets.recipe import Recipe, TargetError
from analysis.targets.rules import Answer, apply_rule

HIGHER = Recipe("emotion", "rating", ("negative", "positive"), "higher")
HIGH = Recipe("valence-high", "rating", ("valence",), "threshold", at=5.0)


def one(recipe: Recipe, *answer: float | str) -> float | None:
    """Return what a recipe makes of one trial's answer."""
    return apply_rule(recipe, {("r", 0): answer})[1].get(("r", 0))


@pytest.mark.parametrize(
    ("negative", "positive", "expected"),
    [(1, 7, 1.0), (7, 1, 0.0), (3, 4, 1.0), (4, 4, None), (1, 1, None)],
)
def test_the_emotion_with_the_higher_rating_wins_and_a_tie_drops_the_trial(
    negative: float, positive: float, expected: float | None
) -> None:
    assert one(HIGHER, negative, positive) == expected


def test_a_tie_that_was_dropped_says_what_was_tied() -> None:
    _, _, lost = apply_rule(HIGHER, {("r", 3): (4.0, 4.0)})
    assert [(each.trial, each.why) for each in lost] == [
        (("r", 3), "a tie: negative and positive are both 4")
    ]


@pytest.mark.parametrize(
    ("tie", "value", "expected"),
    [
        ("drop", 5.0, None),
        ("low", 5.0, 0.0),
        ("high", 5.0, 1.0),
        ("drop", 5.0001, 1.0),
        ("high", 4.9999, 0.0),
    ],
)
def test_a_threshold_parts_and_the_tie_rule_decides_on_it(
    tie: str, value: float, expected: float | None
) -> None:
    recipe = Recipe("v", "rating", ("valence",), "threshold", at=5.0, tie=tie)  # type: ignore[arg-type]
    assert one(recipe, value) == expected


def test_classes_are_named_by_the_rule_unless_the_recipe_names_them() -> None:
    answers: dict[tuple[str, int], Answer] = {("r", 0): (6.0,)}
    assert apply_rule(HIGH, answers)[0] == ("low", "high")
    named = Recipe("v", "rating", ("valence",), "threshold", at=5.0, classes=("unpleasant", "pleasant"))
    assert apply_rule(named, answers)[0] == ("unpleasant", "pleasant")
    assert apply_rule(HIGHER, {("r", 0): (1.0, 2.0)})[0] == ("negative", "positive")


def test_without_a_list_every_value_is_a_class_numbers_in_their_order() -> None:
    recipe = Recipe("c", "category")
    answers: dict[tuple[str, int], Answer] = {
        ("r", place): (text,) for place, text in enumerate(("10", "9", "happy", "9"))
    }
    classes, values, lost = apply_rule(recipe, answers)
    assert classes == ("9", "10", "happy")
    assert list(values.values()) == [1.0, 0.0, 2.0, 0.0]
    assert lost == ()


def test_what_is_no_class_of_the_list_is_lost_with_its_name() -> None:
    recipe = Recipe("c", "category", classes=("sad", "happy"))
    _, values, lost = apply_rule(recipe, {("r", 0): ("happy",), ("r", 1): ("neutral",)})
    assert values == {("r", 0): 1.0}
    assert [each.why for each in lost] == ["'neutral' is none of the classes"]


def test_a_number_stays_itself_and_nothing_else_is_one() -> None:
    recipe = Recipe("n", "rating", ("valence",), "number")
    _, values, lost = apply_rule(recipe, {("r", 0): (3.5,), ("r", 1): (math.nan,), ("r", 2): ("x",)})
    assert values == {("r", 0): 3.5}
    assert [each.trial for each in lost] == [("r", 1), ("r", 2)]


def test_comparing_needs_two_ratings() -> None:
    with pytest.raises(TargetError, match="compares two ratings, not 1"):
        apply_rule(Recipe("x", "rating", ("positive",), "higher"), {("r", 0): (1.0,)})


@given(
    st.dictionaries(st.integers(0, 30), st.tuples(st.integers(1, 7), st.integers(1, 7)), max_size=20),
    st.sampled_from(["drop", "low", "high"]),
)
def test_every_trial_has_an_answer_or_a_reason_never_both(
    pairs: dict[int, tuple[int, int]], tie: str
) -> None:
    recipe = Recipe("emotion", "rating", ("negative", "positive"), "higher", tie=tie)  # type: ignore[arg-type]
    answers: dict[tuple[str, int], Answer] = {
        ("r", key): (float(a), float(b)) for key, (a, b) in pairs.items()
    }
    _, values, lost = apply_rule(recipe, answers)
    reasons = {each.trial for each in lost}
    assert values.keys() | reasons == answers.keys()
    assert not values.keys() & reasons
    assert (tie == "drop") or not reasons
