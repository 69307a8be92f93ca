"""Lists: what was seen is left out, time and kinds are kept to, likeness costs; probes and the next clip."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from analysis.recommendation.planted import planted_viewers
from analysis.recommendation.playlists import (
    QUADRANTS,
    Wanted,
    next_clip,
    playlist,
    probes,
    quadrant_of,
    unmeasured,
)
from analysis.recommendation.rankers import Ranker, Target, make_ranker
from analysis.recommendation.viewings import Catalogue, Clip, RecommendationError, Viewing

JOY: Target = {"valence": 0.6, "arousal": 0.5}
CLIPS = {
    name: Clip(name, seconds, {"valence": valence, "arousal": arousal}, kind)
    for name, seconds, valence, arousal, kind in (
        ("party", 60, 0.6, 0.5, "joy"),
        ("dance", 60, 0.6, 0.49, "joy"),
        ("lake", 120, 0.7, -0.6, "calm"),
        ("grave", 60, -0.6, -0.6, "sad"),
        ("snake", 60, -0.7, 0.7, "fear"),
        ("plain", 30, 0.05, 0.0, ""),
    )
}
NOBODY = Catalogue(CLIPS, ())


def ranked(wanted: Wanted, catalogue: Catalogue = NOBODY, who: str = "p") -> list[str]:
    ranker = make_ranker("target", JOY)
    ranker.fit(catalogue)
    return [each.clip for each in playlist(catalogue, ranker, who, wanted, JOY)]


def test_the_nearest_comes_first_and_its_double_pays_for_likeness() -> None:
    found = ranked(Wanted(3))
    assert found[0] == "party"
    assert found.index("dance") >= 1
    apart = [each.score for each in playlist(NOBODY, _fitted(), "p", Wanted(6), JOY)]
    assert max(apart) == 1.0 and min(apart) == 0.0


def _fitted() -> Ranker:
    ranker = make_ranker("target", JOY)
    ranker.fit(NOBODY)
    return ranker


def test_what_was_seen_comes_again_only_where_that_is_wanted() -> None:
    seen = Catalogue(CLIPS, (Viewing("p", "party", 0, {"valence": 0.6}),))
    assert "party" not in ranked(Wanted(6), seen)
    assert "party" in ranked(Wanted(6, again=True), seen)
    assert "party" in ranked(Wanted(6), seen, "somebody else")


def test_a_list_fits_its_time_its_kinds_and_its_order() -> None:
    assert sum(CLIPS[name].duration_s for name in ranked(Wanted(6, minutes=2.5))) <= 150
    assert set(ranked(Wanted(6, categories=("sad", "fear")))) == {"grave", "snake"}
    kinds = [CLIPS[name].category for name in ranked(Wanted(6, apart=True))]
    assert not any(one and one == two for one, two in itertools.pairwise(kinds))


def test_within_a_time_clips_of_unknown_length_are_left_out_and_named() -> None:
    some = Catalogue({**CLIPS, "party": replace(CLIPS["party"], duration_s=0.0)}, ())
    assert ranked(Wanted(6), some)[0] == "party"
    wanted = Wanted(6, minutes=10.0)
    assert sorted(ranked(wanted, some)) == ["dance", "grave", "lake", "plain", "snake"]
    assert unmeasured(some, "p", wanted) == {"party"} and not unmeasured(some, "p", Wanted(6))
    assert not unmeasured(some, "p", Wanted(6, 10.0, ("sad",)))
    none = Catalogue({name: replace(clip, duration_s=0.0) for name, clip in CLIPS.items()}, ())
    with pytest.raises(RecommendationError, match="how long the clips are is not known"):
        ranked(wanted, none)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [(Wanted(categories=("opera",)), "no clip is left"), (Wanted(minutes=0.1), "Allow more minutes")],
)
def test_why_there_is_no_list_is_said(wanted: Wanted, why: str) -> None:
    with pytest.raises(RecommendationError, match=why):
        ranked(wanted)


def test_an_entry_says_what_to_expect_how_sure_and_why() -> None:
    felt = tuple(Viewing(who, "lake", 0, {"valence": value}) for who, value in (("q", 0.1), ("r", 0.5)))
    mine = Viewing("p", "grave", 0, {"valence": 0.0}, liking=0.9)
    catalogue = Catalogue(CLIPS, (*felt, mine))
    ranker = make_ranker("target", {"valence": 0.7, "arousal": -0.6})
    ranker.fit(catalogue)
    entries = playlist(catalogue, ranker, "p", Wanted(6), {"valence": 0.7, "arousal": -0.6})
    lake = next(each for each in entries if each.clip == "lake")
    # The profile of two viewers, moved by a sixth of 0.6, by which p felt better about the grave.
    assert lake.expected["valence"] == pytest.approx((2 * 0.3 + 5 * 0.7) / 7 + 0.6 / 6)
    assert lake.sd["valence"] == pytest.approx(0.08**0.5)
    assert lake.watched_by == 2 and "grave, which was liked" in lake.reason


def test_probes_are_one_clip_far_into_each_quadrant() -> None:
    assert probes(NOBODY) == ("party", "lake", "grave", "snake")
    assert probes(NOBODY, ("dance", "plain", "grave")) == ("dance", "grave")
    assert probes(planted_viewers(4, 12, 8)) == ("clip-00", "clip-01", "clip-02", "clip-03")


def test_a_newcomer_sees_the_probes_of_quadrants_that_are_still_unknown() -> None:
    ranker = _fitted()
    left = list(CLIPS)
    seen: list[Viewing] = []
    for expected in ("party", "lake", "grave", "snake"):
        found = next_clip(NOBODY, ranker, "p", seen, left)
        assert found.clip == expected and "probe" in found.reason
        assert found.scores[expected] == 1.0
        seen.append(Viewing("p", expected, len(seen), liking=0.0))
        left.remove(expected)
    found = next_clip(NOBODY, ranker, "p", seen, left, [each.clip for each in seen], JOY)
    assert found.clip in ("dance", "plain") and "probe" not in found.reason
    assert set(found.scores) == {"dance", "plain"}


def test_where_nothing_is_rated_four_probes_come_and_then_the_target_counts() -> None:
    """Two clips lie in every quadrant; what was on is a probe, whether anybody was asked about it or not."""
    twice = {f"{name}-2": replace(clip, name=f"{name}-2") for name, clip in CLIPS.items()}
    both = Catalogue({**CLIPS, **twice}, ())
    ranker = make_ranker("target", JOY)
    ranker.fit(both)
    before: list[str] = []
    for _ in range(6):
        free = [name for name in both.clips if name not in before]
        before.append(next_clip(both, ranker, "p", (), free, before, JOY).clip)
    quadrants = [quadrant_of(both.clips[name].norms) for name in before[:4]]
    assert sorted(quadrants) == sorted(QUADRANTS)
    assert quadrant_of(both.clips[before[4]].norms) == "pleasant and stirring"
    given = ("party", "lake", "grave", "snake")
    found = next_clip(both, ranker, "p", (), ["dance", "grave-2"], (), JOY, given)
    assert found.clip == "dance" and "probe" not in found.reason


def test_what_was_chosen_before_costs_its_doubles_a_third() -> None:
    seen = [Viewing("p", name, 0, liking=0.0) for name in ("party", "lake", "grave", "snake")]
    free = ["dance", "plain"]
    ranker = _fitted()
    plain = next_clip(NOBODY, ranker, "p", seen, free).scores
    after = next_clip(NOBODY, ranker, "p", seen, free, ["party"]).scores
    assert after["dance"] < plain["dance"] and plain["dance"] == pytest.approx(0.7)
    assert after["plain"] >= plain["plain"] - 0.3


def test_nothing_to_choose_from_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        next_clip(NOBODY, _fitted(), "p", (), ())


def test_clips_without_any_norm_are_still_listed() -> None:
    bare = Catalogue({name: replace(clip, norms={}) for name, clip in CLIPS.items()}, ())
    assert len(ranked(Wanted(6), bare)) == 6
    assert probes(bare) == ()
