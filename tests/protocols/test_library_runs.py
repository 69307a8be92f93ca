"""Every bundled protocol is run to its end by the automatic participant, on a clock that nobody waits for."""

from collections import Counter

import pytest

from analysis.records import Event
from analysis.session_tables import trial_rows
from app.presenter.choosing import make_chooser
from app.presenter.course import Course
from app.presenter.process import norms_of
from protocols import library
from protocols.expand import expand
from protocols.load import load_protocol
from protocols.schedule import Schedule, Stage
from tests.helpers.presenting import Rehearsal, assert_well_formed

# What a stage of a kind must leave behind besides its beginning and end.
TRACES = {
    "picture": "stimulus_shown",
    "film": "stimulus_shown",
    "sound": "stimulus_shown",
    "typing": "typing_result",
    "speaking": "speaking_result",
    "imagery": "feeling_it",
    "choice": "response",
    "questionnaire": "response",
}
LONG = ("music-videos", "short-films", "film-clips-seed-iv", "film-clips-dreamer", "imagery", "timing-test")
CASES = [
    pytest.param(name, slot, language, marks=[pytest.mark.slow] if name in LONG or slot else [])
    for name in library()
    for slot, language in ((0, "en"), (1, "de"))
    if language in load_protocol(name).languages
]


def run(schedule: Schedule) -> Rehearsal:
    """Run a session with the stimuli's norms and the rule that chooses stimuli."""
    protocol = load_protocol(schedule.protocol)
    chooser = make_chooser(schedule, norms_of(protocol.stimuli.items))
    rehearsal = Rehearsal(schedule, course=Course(chooser=chooser))
    rehearsal.say("start")
    rehearsal.run_to_end(4 * 3600.0)
    return rehearsal


def by_stage(events: list[Event]) -> list[tuple[int, list[Event]]]:
    """Return (index of the stage, what happened while it was on) in order."""
    found: list[tuple[int, list[Event]]] = []
    for event in events:
        if event.kind == "stage_started":
            found.append((int(event.payload["index"]), []))
        if found:
            found[-1][1].append(event)
    return found


def assert_traces(stage: Stage, events: list[Event], named: set[str]) -> None:
    kinds = Counter(event.kind for event in events)
    trace = TRACES.get(stage.kind)
    if trace is not None:
        assert kinds[trace] > 0, f"{stage.name} ({stage.kind}) left nothing behind"
    if stage.kind == "questionnaire":
        answered = [event.payload["item"] for event in events if event.kind == "response"]
        assert sorted(answered) == sorted(item["id"] for item in stage.content["items"])
    if stage.kind == "choice":
        (answer,) = [event.payload for event in events if event.kind == "response"]
        # Nobody answers always in time: a missed one is there, without a value.
        if answer["value"] is not None:
            assert answer["value"] in {option["id"] for option in stage.content["options"]}
            assert 0 < answer["reaction_s"] < 2.3
    if trace == "stimulus_shown":
        named.update(str(event.payload["stimulus"]) for event in events if event.kind == trace)


@pytest.mark.parametrize(("name", "slot", "language"), CASES)
def test_a_session_leaves_all_its_data(name: str, slot: int, language: str) -> None:
    schedule = expand(load_protocol(name), "sim01", 1, slot, 7 + slot, language)
    rehearsal = run(schedule)
    log = rehearsal.log
    assert_well_formed(log)
    assert log.of("schedule_ended")[0].payload["reason"] == "completed"
    ran = by_stage(log.events)
    assert [index for index, _ in ran] == list(range(len(schedule.stages)))
    named: set[str] = set()
    for index, events in ran:
        assert_traces(schedule.stages[index], events, named)
    assert named <= set(load_protocol(name).stimuli.items)
    pressed = [e.payload["value"] for e in log.of("response") if "correct" in e.payload]
    assert pressed.count(None) <= 0.1 * len(pressed)
    rows = trial_rows(log.events, schedule.to_json())
    assert [row["index"] for row in rows] == [trial.index for trial in schedule.trials]
    assert {row["end_reason"] for row in rows} <= {"completed"}
    for row, trial in zip(rows, schedule.trials, strict=True):
        assert row["stimulus"] or row["item"], "the table says what the trial was about"
        assert row["category"] == trial.category and row["attempts"] == 1


def test_films_are_chosen_by_what_was_answered_and_the_choice_is_told() -> None:
    schedule = expand(load_protocol("film-ranking"), "sim01", 1, 0, 7)
    log = run(schedule).log
    chosen = log.of("chosen")
    assert [event.trial for event in chosen] == list(range(4, 12))
    picked = [event.payload["stimulus"] for event in chosen]
    assert len(set(picked)) == 8
    for event in chosen:
        scores = event.payload["scores"]
        assert max(scores, key=lambda each: scores[each]) == event.payload["stimulus"] or (
            scores[event.payload["stimulus"]] == max(scores.values())
        )
        assert event.payload["reason"]
    shown = [event.payload["stimulus"] for event in log.of("stimulus_shown") if event.trial >= 4]
    assert shown == picked


def test_a_session_ends_about_when_it_was_planned_to() -> None:
    for name in ("film-clips-seed", "speech-tasks"):
        schedule = expand(load_protocol(name), "sim01", 1, 0, 7)
        log = run(schedule).log
        started, ended = log.of("schedule_started", "schedule_ended")
        assert ended.time - started.time == pytest.approx(schedule.typical_s, rel=0.03)
