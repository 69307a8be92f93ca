"""A killed presenter comes back, closes what it had left open, and waits for the operator."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.records import Event
from app.presenter.position import Position, last_position
from tests.helpers.presenting import EventLog, Rehearsal, assert_well_formed, two_trials


def run_until(seconds: float, *says: tuple[float, str]) -> list[Event]:
    """Return what the journal holds when the presenter is killed after `seconds`."""
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    for after_s, name in says:
        rehearsal.say(name, after_s)
    rehearsal.run_for(seconds)
    return rehearsal.log.events


def come_back(events: list[Event]) -> Rehearsal:
    rehearsal = Rehearsal(two_trials(), resume=last_position(events))
    both = EventLog()
    both.events = [*events, *rehearsal.log.events]
    # From here on the log holds both lives, as the journal does.
    rehearsal.log.events[:] = both.events
    return rehearsal


def test_nothing_begun_is_a_fresh_start() -> None:
    assert last_position([]) is None
    assert last_position([Event(1.0, "presenter", 0, "journal_opened")]) is None


@dataclass(frozen=True)
class Choice:
    """When it is killed, what the operator chooses, and which stage and trial run then."""

    killed_s: float
    says: str
    stage: str
    trial: int


CHOICES = [
    Choice(1.0, "repeat", "instruction", -1),
    Choice(1.0, "next", "fixation", 0),
    Choice(3.5, "repeat", "fixation", 0),
    Choice(3.5, "next", "break", -1),
    Choice(6.5, "repeat", "fixation", 0),
    Choice(9.0, "repeat", "break", -1),
    Choice(9.0, "next", "fixation", 1),
    Choice(12.0, "repeat", "fixation", 1),
]


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.says} at {choice.killed_s} s")
def test_the_operator_chooses(choice: Choice) -> None:
    rehearsal = come_back(run_until(choice.killed_s))
    rehearsal.say("start")
    rehearsal.run_for(5.0)
    health = rehearsal.runner.health(rehearsal.clock.time)
    assert (health["state"], health["interrupted"]) == ("waiting", True), "a start is not a choice"
    assert_well_formed(rehearsal.log, ended=False)
    rehearsal.say(choice.says)
    rehearsal.run_for(0.1)
    health = rehearsal.runner.health(rehearsal.clock.time)
    assert (health["state"], health["stage_name"], health["trial"]) == ("running", choice.stage, choice.trial)
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert rehearsal.log.of("schedule_ended")[0].payload["reason"] == "completed"
    assert rehearsal.log.count()["schedule_started"] == 1


@pytest.mark.parametrize("name", ["end", "stop", "abort"])
def test_the_operator_ends(name: str) -> None:
    rehearsal = come_back(run_until(3.5))
    rehearsal.say(name)
    rehearsal.run_to_end(10.0)
    assert_well_formed(rehearsal.log)


def test_next_after_the_last_trial_completes_the_schedule() -> None:
    rehearsal = come_back(run_until(12.0))
    rehearsal.say("next")
    rehearsal.run_to_end()
    assert rehearsal.log.of("schedule_ended")[0].payload["reason"] == "completed"


def test_what_was_open_is_closed_as_interrupted() -> None:
    rehearsal = come_back(run_until(3.5))
    hidden, stage, trial = rehearsal.log.events[-3:]
    assert (hidden.kind, hidden.payload["actual_s"]) == ("stimulus_hidden", None)
    assert (stage.kind, stage.payload["reason"], stage.payload["cause"]) == (
        "stage_ended",
        "aborted",
        "presenter restarted",
    )
    assert (trial.kind, trial.payload["reason"]) == ("trial_ended", "interrupted")


def test_a_repeated_trial_keeps_its_place_and_counts_its_repetition() -> None:
    rehearsal = come_back(run_until(3.5))
    rehearsal.say("repeat")
    rehearsal.run_to_end()
    started = [
        (event.trial, event.payload["order"], event.payload["repetition"])
        for event in rehearsal.log.of("trial_started")
    ]
    assert started == [(0, 1, 0), (0, 1, 1), (1, 2, 0)]


def test_killed_after_the_end_it_only_says_so_again() -> None:
    events = run_until(60.0)
    rehearsal = come_back(events)
    assert rehearsal.runner.state == "finished" and rehearsal.runner.reason == "completed"
    rehearsal.run_to_end(1.0)
    assert rehearsal.log.events == events


@given(kills=st.lists(st.floats(0.05, 20.0), max_size=5), says=st.sampled_from(["repeat", "next"]))
def test_however_often_it_is_killed_the_journal_stays_whole(kills: list[float], says: str) -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    for killed_s in kills:
        rehearsal.run_for(killed_s)
        rehearsal = come_back(rehearsal.log.events)
        assert_well_formed(rehearsal.log, ended=False)
        rehearsal.say("start")
        rehearsal.say(says)
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)


def test_the_position_counts_what_was_dropped() -> None:
    events = [
        Event(1.0, "presenter", 0, "schedule_started"),
        Event(2.0, "presenter", 1, "frames_dropped", payload={"count": 2}),
        Event(3.0, "presenter", 2, "frames_dropped", payload={"count": 1}),
    ]
    assert last_position(events) == Position(dropped_frames=3)
