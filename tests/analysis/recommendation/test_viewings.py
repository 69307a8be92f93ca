"""Viewings: fusion by exactness, shrunken profiles, and how far a person is off."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.recommendation.viewings import (
    Catalogue,
    Clip,
    Estimate,
    RecommendationError,
    Viewing,
    clip_profile,
    person_shift,
)

CLIPS = {"a": Clip("a", norms={"valence": 0.4}), "b": Clip("b")}


def viewing(who: str, clip: str, valence: float, order: int = 0) -> Viewing:
    return Viewing(who, clip, order, {"valence": valence})


def test_a_rating_and_a_recognizer_are_fused_by_the_inverse_of_their_squared_errors() -> None:
    told = Viewing("p", "a", 0, {"valence": 0.5}, estimates={"valence": [Estimate(-0.3, 0.4)]})
    expected = (0.5 / 0.1**2 + -0.3 / 0.4**2) / (1 / 0.1**2 + 1 / 0.4**2)
    assert told.felt("valence") == pytest.approx(expected)
    assert told.felt("arousal") is None


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.05, 1)), min_size=1, max_size=5))
def test_what_was_felt_lies_between_what_the_sources_say(told: list[tuple[float, float]]) -> None:
    each = Viewing("p", "a", 0, estimates={"valence": [Estimate(*pair) for pair in told]})
    felt = each.felt("valence")
    assert felt is not None
    assert min(told)[0] - 1e-9 <= felt <= max(told)[0] + 1e-9


def test_a_profile_is_drawn_to_the_norm_as_by_five_ratings() -> None:
    catalogue = Catalogue(CLIPS, (viewing("p", "a", -0.2), viewing("q", "a", 0.0), viewing("p", "b", 0.9)))
    profile = clip_profile(catalogue, "a")
    assert profile.mean["valence"] == pytest.approx((2 * -0.1 + 5 * 0.4) / 7)
    assert profile.sd["valence"] == pytest.approx(math.sqrt(0.02))
    assert profile.n == 2
    # Without a norm there is nothing to be drawn to.
    assert clip_profile(catalogue, "b").mean == {"valence": pytest.approx(0.9)}
    assert math.isnan(clip_profile(catalogue, "b").sd["valence"])


def test_a_person_is_compared_with_the_profiles_of_the_others() -> None:
    mine = viewing("p", "a", 0.9)
    catalogue = Catalogue(CLIPS, (mine, viewing("q", "a", 0.4)))
    # Of the others the profile is 0.4; a single difference of 0.5 counts a sixth.
    assert person_shift(catalogue, "p", [mine])["valence"] == pytest.approx(0.5 / 6)


def test_what_is_left_out_is_out_of_profiles_too() -> None:
    mine = viewing("p", "b", 0.9)
    catalogue = Catalogue(CLIPS, (mine, viewing("q", "b", -0.5)))
    assert clip_profile(catalogue.without([mine]), "b").mean["valence"] == -0.5
    assert catalogue.without([mine]).participants == ("q",)


def test_a_viewing_of_a_clip_that_no_set_has_is_refused() -> None:
    with pytest.raises(RecommendationError, match="watched 'zebra', which no set has"):
        Catalogue(CLIPS, (viewing("p", "zebra", 0.1),))
