"""A stored recommender: plain numbers that rank as before and name nobody."""

from __future__ import annotations

import json

import pytest

from analysis.recommendation.planted import planted_viewers
from analysis.recommendation.rankers import make_ranker
from analysis.recommendation.stored import holds, parse, store, to_text
from analysis.recommendation.viewings import Catalogue, Clip, RecommendationError, Viewing

CATALOGUE = planted_viewers(8, 12, 10)
RECORDINGS = [f"sub-{who}_ses-01_task-films_run-01" for who in CATALOGUE.participants]
TARGET = {"valence": 0.6, "arousal": -0.5}
SEEN = tuple(Viewing("me", f"clip-{place:02d}", place, {"valence": 0.2}, 0.5) for place in range(4))


def stored_text(ranker: str) -> str:
    return to_text(store("lab", ranker, CATALOGUE, RECORDINGS, "2026-01-01T00:00:00Z", TARGET))


@pytest.mark.parametrize(
    "name", ["most-liked", "norms", "target", "content", "collaborative", "factorisation", "hybrid"]
)
def test_it_scores_as_the_ranker_that_was_stored(name: str) -> None:
    made = make_ranker(name, TARGET)
    made.fit(CATALOGUE)
    clips = tuple(CATALOGUE.clips)[4:]
    told = parse(stored_text(name)).fitted().score("me", SEEN, clips)
    assert told == pytest.approx(made.score("me", SEEN, clips))


@pytest.mark.parametrize("name", ["collaborative", "factorisation", "target"])
def test_it_holds_no_code_and_no_name_of_a_recording(name: str) -> None:
    text = stored_text(name)
    assert not any(word in text for word in (*CATALOGUE.participants, *RECORDINGS))
    likings = json.loads(text)["likings"]
    assert (len(likings) == 8) == (name == "collaborative")


def test_the_order_of_the_others_is_drawn_by_chance() -> None:
    orders = {json.dumps(json.loads(stored_text("collaborative"))["likings"]) for _ in range(6)}
    assert len(orders) > 1


def test_whether_a_recording_is_in_it_can_be_asked() -> None:
    made = parse(stored_text("hybrid"))
    assert made.holds(RECORDINGS[3:4]) and not made.holds(["sub-other_ses-01"])
    damaged = json.loads(stored_text("hybrid")) | {"clips": "?"}
    assert holds(damaged, RECORDINGS[:1]) and not holds({}, RECORDINGS)


def test_a_clip_that_came_later_has_its_norm_as_profile() -> None:
    made = parse(stored_text("target"))
    wide = made.widened({"new": Clip("new", norms=TARGET), "clip-01": Clip("clip-01")})
    assert wide.profiles["clip-01"] == made.catalogue.profiles["clip-01"]
    scores = made.fitted_on(wide).score("me", (), ("new", "clip-00"))
    assert scores[0] == pytest.approx(1.0) and scores[1] < 0.5


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"people": 9}, "changed since"),
        ({"version": 2}, "later version"),
        ({"format": "other"}, "another kind"),
    ],
)
def test_what_was_changed_is_not_used(change: dict[str, object], why: str) -> None:
    text = json.dumps(json.loads(stored_text("hybrid")) | change)
    with pytest.raises(RecommendationError, match=why):
        parse(text)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": 1}', "nonsense"])
def test_what_is_no_recommender_is_said_to_be_none(text: str) -> None:
    with pytest.raises(RecommendationError, match="cannot be read as a recommender"):
        parse(text)


@pytest.mark.parametrize(
    ("ranker", "why"),
    [("magic", "no ranker 'magic'"), ("grey-relational", "Choose another"), ("hybrid", "Nobody gave any")],
)
def test_what_cannot_be_stored_is_said(ranker: str, why: str) -> None:
    rated = Catalogue({"a": Clip("a")}, (Viewing("p", "a", 0, {"valence": 0.5}),))
    with pytest.raises(RecommendationError, match=why):
        store("lab", ranker, rated, ["r"], "now")


def test_norms_that_nothing_is_known_of_make_no_recommender() -> None:
    with pytest.raises(RecommendationError, match="nothing is known of any clip"):
        store("lab", "target", Catalogue({"a": Clip("a")}, ()), [], "now")
