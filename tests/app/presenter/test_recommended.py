"""The rule `recommended`: the presenter shows what a kept recommender ranks first, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.recommendation.rankers import Target
from analysis.recommendation.stored import Stored, store
from analysis.recommendation.viewings import Catalogue, Clip, Viewing
from analysis.simulate.participant import Participant
from analysis.simulate.settings import Settings
from app import recommenders
from app.presenter.choosing import ChoosingError, Seen, make_chooser, recommend, seen_in
from app.presenter.course import Answer
from app.presenter.simulated import live_through
from protocols.expand import expand
from protocols.load import load_protocol
from protocols.scales import scales_of
from protocols.schedule import Schedule
from stimuli.sets import load_set

ITEMS = load_set("open").items
NORMS: dict[str, dict[str, Any]] = {
    name: {"category": item.category, "valence": item.valence, "arousal": item.arousal}
    for name, item in ITEMS.items()
}
PROBES = ("kites", "aquarium", "thunderstorm", "rain-window")
LOVED = "corridor"
"""Norms and kind speak against it; only the others' likings recommend it."""


def schedule_by(rule: str) -> Schedule:
    made = expand(load_protocol("film-ranking"), "P01", 1, 0, 7)
    trials = tuple(replace(each, chosen_by=rule) if each.candidates else each for each in made.trials)
    return replace(made, trials=trials)


def recommender(ranker: str = "collaborative", target: Target | None = None) -> Stored:
    """Six others who liked the probes as far as they are pleasant, and loved one film that is not."""
    clips = {
        name: Clip(
            name, 8.0, {"valence": (item.valence - 5) / 4, "arousal": (item.arousal - 5) / 4}, item.category
        )
        for name, item in ITEMS.items()
        if item.valence is not None and item.arousal is not None and item.kind == "film"
    }
    viewings = [
        Viewing(f"q{who}", name, order, {"valence": clips[name].norms["valence"]}, liking)
        for who in range(6)
        for order, (name, liking) in enumerate(
            [*((name, clips[name].norms["valence"] * (0.9 + 0.02 * who)) for name in PROBES), (LOVED, 1.0)]
        )
    ]
    catalogue = Catalogue(clips, tuple(viewings))
    return store("lab", ranker, catalogue, ["r"], "2026-01-01T00:00:00Z", target)


def test_a_simulated_session_shows_what_the_recommender_ranks_first_and_says_so(tmp_path: Path) -> None:
    made = recommender("hybrid", {"valence": -0.6, "arousal": 0.5})
    path = recommenders.keep(tmp_path, made)
    schedule = schedule_by("recommended:lab")
    person = Participant.draw(Settings(modalities=("keys",)), 0)
    events = live_through(schedule, NORMS, person, {}, 1000.0, recommender=path)
    shown = {each.trial: str(each.payload["stimulus"]) for each in events if each.kind == "trial_started"}
    before: list[str] = []
    scales = scales_of(schedule)
    for event in events:
        if event.kind != "chosen":
            continue
        answers = [
            Answer(each.trial, shown[each.trial], each.payload["item"], each.payload["value"])
            for each in events
            if each.kind == "response" and 0 <= each.trial < event.trial
        ]
        used = [shown[trial] for trial in sorted(shown) if trial < event.trial]
        candidates = schedule.trials[event.trial].candidates
        seen = seen_in(answers, scales)
        pick = recommend(made, candidates, NORMS, seen, used, before, schedule.participant)
        assert event.payload == {
            "stimulus": pick.stimulus,
            "scores": dict(pick.scores),
            "reason": pick.reason,
            "recommender": f"lab {made.sha256}",
        }
        assert len(seen) == 4 + len(before) and "recommender lab, of 6 people" in pick.reason
        before.append(pick.stimulus)
    assert len(set(before)) == 8
    assert before[0] in ("corridor", "clash", "gears", "spider-thread")


def test_what_people_alike_loved_comes_first_whatever_the_norms_say() -> None:
    seen = [Seen(name, liking=(NORMS[name]["valence"] - 5) / 4) for name in PROBES]
    free = [name for name, item in ITEMS.items() if item.kind == "film" and name not in PROBES]
    pick = recommend(recommender(), free, NORMS, seen, PROBES)
    assert pick.stimulus == LOVED == max(pick.scores, key=lambda name: pick.scores[name])


def test_the_file_chooses_as_the_recommender_itself(tmp_path: Path) -> None:
    made = recommender("hybrid", {"valence": -0.6, "arousal": 0.5})
    read = recommenders.read(recommenders.keep(tmp_path, made))
    seen = [Seen(name, valence=0.3, arousal=0.2, liking=0.5 - place / 4) for place, name in enumerate(PROBES)]
    free = ["fireworks", "candle", "corridor", "clash"]
    assert recommend(read, free, NORMS, seen, PROBES) == recommend(made, free, NORMS, seen, PROBES)
    assert recommend(read, free, NORMS, seen, PROBES).stimulus in ("corridor", "clash")


def test_where_nothing_is_known_the_probes_come_first() -> None:
    films = [name for name, item in ITEMS.items() if item.kind == "film" and item.valence is not None]
    made, quadrants = recommender(), []
    seen: list[Seen] = []
    for _ in range(4):
        pick = recommend(made, films, NORMS, seen, [each.stimulus for each in seen])
        assert "probe" in pick.reason
        norm = NORMS[pick.stimulus]
        quadrants.append((norm["valence"] > 5, norm["arousal"] > 5))
        seen.append(Seen(pick.stimulus, liking=0.0))
    assert len(set(quadrants)) == 4
    assert "probe" not in recommend(made, films, NORMS, seen, [each.stimulus for each in seen]).reason


def test_a_stimulus_that_the_recommender_never_saw_is_ranked_by_its_norms() -> None:
    norms = {**NORMS, "new": {"category": "joyful", "valence": 7.4, "arousal": 7.0}}
    made = recommender("target", {"valence": 0.6, "arousal": 0.5})
    seen = [Seen(name, liking=0.0) for name in PROBES]
    assert recommend(made, ["candle", "new"], norms, seen, PROBES).stimulus == "new"
    assert recommend(made, ["candle", "nowhere"], norms, seen, PROBES).scores.keys() == {"candle", "nowhere"}


def test_without_a_recommender_the_presenter_says_how_to_keep_one() -> None:
    with pytest.raises(ChoosingError, match="was given no recommender"):
        make_chooser(schedule_by("recommended"), NORMS)


@pytest.mark.parametrize("rule", ["recommended:", "recommended:Upper", "recommend"])
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(ChoosingError, match="no rule"):
        make_chooser(schedule_by(rule), NORMS)
