"""Choosing the next stimulus: rules against cases worked out by hand."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.presenter.choosing import (
    RULES,
    TARGETS,
    ChoosingError,
    Seen,
    choose,
    make_chooser,
    seen_in,
)
from app.presenter.course import Answer
from protocols.expand import expand
from protocols.load import load_protocol

NORMS: dict[str, dict[str, Any]] = {
    "party": {"category": "joyful", "valence": 7.6, "arousal": 6.8},
    "dance": {"category": "joyful", "valence": 7.4, "arousal": 6.4},
    "lake": {"category": "calm", "valence": 7.2, "arousal": 3.0},
    "snow": {"category": "calm", "valence": 7.0, "arousal": 2.8},
    "grave": {"category": "sad", "valence": 2.8, "arousal": 3.4},
    "rain": {"category": "sad", "valence": 3.2, "arousal": 3.0},
    "snake": {"category": "tense", "valence": 2.6, "arousal": 6.9},
    "storm": {"category": "tense", "valence": 3.2, "arousal": 6.3},
    "unknown": {"category": "other", "valence": None, "arousal": None},
}
ALL = tuple(NORMS)
SCALES = {
    "valence": ("valence", 1.0, 9.0),
    "liking": ("liking", 1.0, 9.0),
    "grid": ("valence arousal", 1.0, 9.0),
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("target_excited_joy", "party"),
        ("target_calm_joy", "lake"),
        ("target_sadness", "grave"),
        ("target_tension", "snake"),
        ("target_neutral", "rain"),
        ("as_listed", "party"),
    ],
)
def test_a_target_is_met_by_the_norms_before_anything_was_rated(rule: str, expected: str) -> None:
    pick = choose(rule, ALL, NORMS, [])
    assert pick.stimulus == expected and pick.reason


def test_a_score_falls_off_like_a_bell_with_the_distance_to_the_target() -> None:
    pick = choose("target_excited_joy", ["lake"], NORMS, [])
    target = TARGETS["target_excited_joy"]
    distance = math.dist(((7.2 - 5) / 4, (3.0 - 5) / 4), target)
    assert pick.scores["lake"] == pytest.approx(0.7 * math.exp(-(distance**2) / (2 * 0.5**2)), abs=1e-3)


@pytest.mark.parametrize("rule", ["nearest_affect", "content", "hybrid"])
@pytest.mark.parametrize(("loved", "expected"), [("dance", "party"), ("snow", "lake"), ("storm", "snake")])
def test_what_was_liked_brings_more_of_its_kind(rule: str, loved: str, expected: str) -> None:
    probes = ["dance", "snow", "rain", "storm"]
    seen = [Seen(name, liking=1.0 if name == loved else -1.0) for name in probes]
    pick = choose(rule, ["party", "lake", "grave", "snake"], NORMS, seen, probes)
    assert pick.stimulus == expected
    assert set(pick.scores) == {"party", "lake", "grave", "snake"}
    assert loved in pick.reason


def test_what_was_felt_counts_more_than_what_others_felt() -> None:
    """Somebody who finds storms delightful gets what is near to delight."""
    seen = [Seen("storm", valence=0.6, arousal=0.4, liking=1.0)]
    assert choose("nearest_affect", ["snake", "dance"], NORMS, seen).stimulus == "dance"


def test_a_target_allows_for_how_this_participant_differs_from_the_norms() -> None:
    """One who rates everything as more exciting needs calmer films for the same feeling."""
    norms: dict[str, dict[str, Any]] = {
        "wild": {"category": "a", "valence": 7.6, "arousal": 7.2},
        "mild": {"category": "a", "valence": 7.6, "arousal": 6.2},
        **NORMS,
    }
    candidates = ["wild", "mild"]
    plain = choose("target_excited_joy", candidates, norms, [])
    lively = [
        Seen(name, valence=valence, arousal=1.0)
        for name, valence in (("lake", 0.55), ("snow", 0.5), ("rain", -0.45), ("grave", -0.55))
    ]
    moved = choose("target_excited_joy", candidates, norms, lively)
    assert moved.scores["mild"] - moved.scores["wild"] > plain.scores["mild"] - plain.scores["wild"]
    assert moved.stimulus == "mild"


def test_variety_prefers_what_is_unlike_what_was_chosen_before() -> None:
    twins = {name: {"category": "x", "valence": 7.0, "arousal": 5.0} for name in ("seen", "copy")}
    norms: dict[str, dict[str, Any]] = {**twins, "fresh": {"category": "x", "valence": 7.6, "arousal": 6.6}}
    assert choose("target_excited_joy", ["copy", "fresh"], norms, [], [], ["seen"]).stimulus == "fresh"
    scores = choose("nearest_affect", ["copy", "fresh"], norms, [], [], ["seen"]).scores
    alone = choose("nearest_affect", ["copy", "fresh"], norms, []).scores
    assert alone["copy"] - scores["copy"] == pytest.approx(0.3, abs=1e-3)


def test_nothing_comes_twice_while_something_else_is_left() -> None:
    used: list[str] = []
    for _ in NORMS:
        used.append(choose("hybrid", ALL, NORMS, [], used).stimulus)
    assert sorted(used) == sorted(ALL)
    assert choose("hybrid", ALL, NORMS, [], used).stimulus in ALL


def test_candidates_without_norms_come_last_and_equals_in_the_order_of_the_list() -> None:
    assert choose("nearest_affect", ["unknown", "grave"], NORMS, []).stimulus == "grave"
    blank: dict[str, dict[str, Any]] = {name: {"category": ""} for name in ("b", "a")}
    pick = choose("nearest_affect", ["b", "a"], blank, [])
    assert pick.stimulus == "b" and pick.scores == {"b": 0.0, "a": 0.0}
    assert "Nothing is known" in pick.reason


def test_answers_are_gathered_by_stimulus_in_one_unit() -> None:
    answers = [
        Answer(-1, "", "valence", 9),
        Answer(0, "party", "valence", 9),
        Answer(0, "party", "liking", 5),
        Answer(0, "party", "felt", "joy"),
        Answer(1, "rain", "grid", [1, 3]),
        Answer(2, "lake", "valence", None),
    ]
    assert seen_in(answers, SCALES) == [
        Seen("party", valence=1.0, arousal=None, liking=0.0),
        Seen("rain", valence=-1.0, arousal=-0.5, liking=-1.0),
    ]


@given(
    st.sampled_from(RULES),
    st.lists(st.sampled_from(ALL), min_size=1, unique=True),
    st.lists(
        st.builds(
            Seen,
            st.sampled_from(ALL),
            *[st.one_of(st.none(), st.floats(-1, 1)) for _ in range(3)],
        ),
        max_size=6,
    ),
    st.lists(st.sampled_from(ALL), max_size=6),
)
def test_a_choice_is_always_a_candidate_and_always_the_same(
    rule: str, candidates: list[str], seen: list[Seen], used: list[str]
) -> None:
    pick = choose(rule, candidates, NORMS, seen, used, used)
    assert pick == choose(rule, candidates, NORMS, seen, used, used)
    free = [name for name in candidates if name not in used] or candidates
    assert pick.stimulus in free and set(pick.scores) == set(free)
    assert all(-0.3 <= score <= 1 for score in pick.scores.values())
    assert pick.scores[pick.stimulus] == max(pick.scores.values())


def test_an_unknown_rule_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ChoosingError, match=r"no rule 'magic' to choose a stimulus\. There are: nearest"):
        choose("magic", ALL, NORMS, [])
    with pytest.raises(ValueError, match="nothing to choose from"):
        choose("hybrid", [], NORMS, [])
    schedule = expand(load_protocol("film-ranking"), "P01", 1, 0, 1)
    trials = tuple(replace(t, chosen_by="magic") if t.candidates else t for t in schedule.trials)
    with pytest.raises(ChoosingError, match="no rule 'magic'"):
        make_chooser(replace(schedule, trials=trials), NORMS)


def test_the_chooser_reads_the_schedule_s_own_scales() -> None:
    protocol = load_protocol("film-ranking")
    schedule = expand(protocol, "P01", 1, 0, 1)
    norms: dict[str, dict[str, Any]] = {
        name: {"category": item.category, "valence": item.valence, "arousal": item.arousal}
        for name, item in protocol.stimuli.items.items()
    }
    chooser = make_chooser(schedule, norms)
    probes = [trial.stimulus for trial in schedule.trials[:4]]
    answers = [
        Answer(number, name, "liking", 9 if name == "aquarium" else 1) for number, name in enumerate(probes)
    ]
    pick = chooser(schedule.trials[4], answers, probes)
    assert norms[pick.stimulus]["category"] == "calm"
    assert "aquarium" in pick.reason
