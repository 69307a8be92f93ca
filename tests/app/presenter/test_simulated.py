"""A session that is lived through in no time: what a presenter journals, by a participant with feelings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from analysis.records import Event
from analysis.simulate.participant import Felt, Participant
from analysis.simulate.settings import Settings
from app.presenter.process import norms_of
from app.presenter.simulated import SimulatedSessionError, live_through
from protocols.expand import expand
from protocols.load import load_protocol
from protocols.schedule import Duration, Schedule
from stimuli.sets import load_set

PROTOCOLS = (
    "demo", "film-clips-dreamer", "film-clips-seed", "film-clips-seed-iv", "film-ranking", "imagery",
    "micro-expressions", "music-videos", "picture-typing-speaking", "short-films", "speech-tasks",
    "therapy-before-after",
)  # fmt: skip

USUAL = Settings()


def planned(name: str) -> tuple[Schedule, Mapping[str, Mapping[str, Any]]]:
    protocol = load_protocol(name)
    return expand(protocol, "sim01", 1, 0, 5, "en"), norms_of(load_set(protocol.stimulus_set).items)


def lived(name: str, valence: float = 0.8, settings: Settings = USUAL, place: int = 0) -> list[Event]:
    schedule, norms = planned(name)
    felt = {trial.index: Felt(trial.index, valence) for trial in schedule.trials}
    return live_through(schedule, norms, Participant.draw(settings, place), felt, 1000.0)


def answers(events: list[Event], item: str) -> list[Any]:
    return [event.payload["value"] for event in events if event.payload.get("item") == item]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_bundled_protocol_is_lived_through_to_its_end(name: str) -> None:
    schedule, _ = planned(name)
    events = lived(name)
    kinds = Counter(event.kind for event in events)
    assert events[-1].kind == "schedule_ended"
    assert events[-1].payload["reason"] == "completed"
    assert kinds["trial_started"] == kinds["trial_ended"] == len(schedule.trials)
    assert kinds["stage_started"] == kinds["stage_ended"] == len(schedule.stages)
    assert [event.seq for event in events] == list(range(len(events)))
    assert events[-1].time - 1000.0 == pytest.approx(schedule.typical_s, rel=0.3, abs=15.0)


def test_stimuli_come_a_little_after_their_time_and_stay_as_long_as_planned() -> None:
    events = lived("demo")
    shown = [event for event in events if event.kind == "stimulus_shown"]
    hidden = [event for event in events if event.kind == "stimulus_hidden"]
    assert len(shown) == len(hidden) == 2
    for on, off in zip(shown, hidden, strict=True):
        assert 0 < on.payload["actual_s"] - on.payload["intended_s"] < 0.002
        assert off.time - on.time == pytest.approx(3.5, abs=0.003)


def test_equal_settings_live_through_the_same_session() -> None:
    assert lived("demo") == lived("demo")
    assert lived("demo") != lived("demo", place=1)


def test_answers_follow_what_is_felt() -> None:
    well, badly = lived("picture-typing-speaking", 0.8), lived("picture-typing-speaking", -0.8)

    def mean(events: list[Event], item: str) -> float:
        given = answers(events, item)
        return float(sum(given)) / len(given)

    # Spec 01: happy scenes positive 5.60 and negative 1.35, sad ones the other way round.
    assert mean(well, "positive") == pytest.approx(5.8, abs=0.6)
    assert mean(well, "negative") == pytest.approx(1.35, abs=0.5)
    assert mean(badly, "negative") == pytest.approx(5.8, abs=0.6)
    assert mean(badly, "positive") == pytest.approx(1.35, abs=0.5)


def test_without_an_effect_only_the_answers_tell_what_was_felt() -> None:
    settings = Settings({"keys": 0.0})

    def others(valence: float) -> list[Event]:
        return [event for event in lived("demo", valence, settings) if event.kind != "response"]

    assert others(0.8) == others(-0.8)
    assert lived("demo", 0.8) != lived("demo", -0.8)


def test_keys_come_up_again_before_they_go_down_and_type_the_sentence() -> None:
    events = lived("picture-typing-speaking")
    down: set[int] = set()
    for event in (event for event in events if event.kind == "key"):
        press = int(event.payload["press"])
        assert (press in down) == (event.payload["edge"] == "up")
        down ^= {press}
    assert not down
    results = [event.payload for event in events if event.kind == "typing_result"]
    assert len(results) == 16
    assert [result["errors"] for result in results] == [0] * 16


def test_where_the_keyboard_is_not_recorded_there_are_no_keys() -> None:
    settings = Settings(modalities=("eda",))
    assert not [event for event in lived("demo", settings=settings) if event.kind == "key"]


def test_a_session_that_never_ends_is_an_error() -> None:
    schedule, norms = planned("demo")
    endless = tuple(
        replace(stage, duration=Duration(100_000.0, 100_000.0, None)) for stage in schedule.stages
    )
    with pytest.raises(SimulatedSessionError, match="does not come to an end"):
        live_through(replace(schedule, stages=endless), norms, Participant.draw(Settings(), 0), {}, 1000.0)
