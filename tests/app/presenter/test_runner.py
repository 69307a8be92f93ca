"""The trial state machine on a clock that nobody waits for."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.presenter.runner import ALONE_S, COMMANDS, STALL_S
from protocols.schedule import Schedule
from tests.helpers.presenting import (
    Plot,
    Rehearsal,
    assert_well_formed,
    likert,
    paced,
    sam,
    speaking_content,
    timed,
    two_trials,
    typing_content,
)


def test_a_schedule_journals_each_event_exactly_once() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert rehearsal.log.count() == {
        "schedule_started": 1,
        "stage_started": 8,
        "stage_ended": 8,
        "trial_started": 2,
        "trial_ended": 2,
        "stimulus_shown": 2,
        "stimulus_hidden": 2,
        "response": 4,
        "schedule_ended": 1,
    }
    assert rehearsal.log.of("schedule_ended")[0].payload["reason"] == "completed"
    assert [event.payload["reason"] for event in rehearsal.log.of("stage_ended")] == [
        "answered",
        *["timed", "timed", "answered"],
        "timed",
        *["timed", "timed", "answered"],
    ]
    first, second = rehearsal.log.of("trial_started")
    assert (first.payload["stimulus"], first.payload["category"], first.payload["order"]) == (
        "sun",
        "pleasant",
        1,
    )
    assert (second.payload["stimulus"], second.payload["order"]) == ("mud", 2)
    shown = rehearsal.log.of("stimulus_shown")[0]
    assert shown.payload["valence"] == 7.9 and shown.payload["actual_s"] is None


def test_onsets_of_timed_stages_lie_on_a_grid_however_late_the_swaps_are() -> None:
    plot = Plot()
    for _ in range(50):
        plot.add("blank", timed(0.2))
    rehearsal = Rehearsal(plot.schedule(), late_s=0.009)
    rehearsal.say("start")
    rehearsal.run_to_end()
    started = rehearsal.log.of("stage_started")
    origin = started[0].payload["intended_s"]
    for place, event in enumerate(started):
        assert event.payload["intended_s"] == pytest.approx(origin + 0.2 * place, abs=1e-6)
        assert event.payload["actual_s"] == pytest.approx(event.payload["intended_s"] + 0.009, abs=1e-6)
        assert event.time == event.payload["actual_s"]
    ended = rehearsal.log.of("schedule_ended")[0]
    assert ended.time - origin == pytest.approx(10.0 + 0.009, abs=1e-6)


def test_after_a_stall_the_grid_starts_anew_instead_of_rushing() -> None:
    plot = Plot().add("blank", timed(1.0)).add("blank", timed(1.0)).add("blank", timed(1.0))
    rehearsal = Rehearsal(plot.schedule())
    rehearsal.say("start")
    rehearsal.run_for(0.5)
    rehearsal.clock.time += 5.0
    rehearsal.run_to_end()
    first, second, third = (event.payload["intended_s"] for event in rehearsal.log.of("stage_started"))
    assert second - first == pytest.approx(1.0)
    assert third - second == pytest.approx(5.5, abs=STALL_S)


def test_a_self_paced_stage_neither_ends_before_its_minimum_nor_after_its_maximum() -> None:
    plot = Plot().add("instruction", paced(3.0, min_s=2.0, max_s=4.0)).add("blank", timed(1.0))
    rehearsal = Rehearsal(plot.schedule(), auto=False)
    rehearsal.say("start")
    rehearsal.run_for(1.0)
    assert not rehearsal.runner.proceed(rehearsal.clock.time)
    rehearsal.run_to_end()
    instruction = rehearsal.log.of("stage_ended")[0]
    assert instruction.payload["reason"] == "timeout"
    assert instruction.time - rehearsal.log.of("stage_started")[0].time == pytest.approx(4.0)


def test_a_questionnaire_goes_on_only_when_everything_is_answered() -> None:
    rehearsal = Rehearsal(Plot().add("questionnaire", paced(5.0), likert("a", "b")).schedule(), auto=False)
    rehearsal.say("start")
    rehearsal.run_for(1.0)
    runner, now = rehearsal.runner, rehearsal.clock.time
    assert runner.choose("a", 3, now) and not runner.choose("a", 9, now) and not runner.choose("c", 1, now)
    assert not runner.proceed(now)
    assert runner.choose("a", 4, now + 0.5) and runner.choose("b", 1, now + 1.0)
    assert runner.proceed(now + 2.0)
    first, second = rehearsal.log.of("response")
    assert (first.payload["item"], first.payload["value"], first.payload["changes"]) == ("a", 4, 1)
    assert first.payload["reaction_s"] - first.payload["first_reaction_s"] == pytest.approx(0.5)
    assert first.time == now + 0.5
    assert (second.payload["item"], second.payload["value"]) == ("b", 1)


def test_talking_is_journalled_when_it_happens_and_must_last() -> None:
    schedule = Plot().add("speaking", paced(5.0), speaking_content(min_hold_s=1.0)).schedule()
    rehearsal = Rehearsal(schedule, auto=False)
    rehearsal.say("start")
    rehearsal.run_for(1.0)
    runner, now = rehearsal.runner, rehearsal.clock.time
    runner.hold(now)
    runner.hold(now + 0.1)
    runner.release(now + 0.5)
    assert not runner.proceed(now + 0.6)
    runner.hold(now + 1.0)
    assert not runner.proceed(now + 3.0), "nobody goes on while talking"
    runner.release(now + 3.0)
    assert runner.proceed(now + 3.5)
    assert [event.time for event in rehearsal.log.of("talk_started")] == [now, now + 1.0]
    held = [(event.payload["held_s"], event.payload["enough"]) for event in rehearsal.log.of("talk_ended")]
    assert held == [(pytest.approx(0.5), False), (pytest.approx(2.0), True)]


@dataclass(frozen=True)
class Command:
    """Where the session is, what the operator says, and what becomes of it."""

    name: str
    at_s: float
    says: str
    state: str
    stage: str
    reason: str | None = None


# Times in `two_trials` with an automatic participant: instruction 0-2, fixation 2-2.5, picture 2.5-5.5,
# questionnaire 5.5-8.5, break 8.5-10.5, and the second trial after it.
RUNNING = [
    Command("pause in a self-paced stage: at once", 6.5, "pause", "paused", "questionnaire"),
    Command("pause in a timed stage: not yet", 3.5, "pause", "running", "picture"),
    Command("resume while running means nothing", 3.5, "resume", "running", "picture"),
    Command("start while running means nothing", 3.5, "start", "running", "picture"),
    Command("skip leaves the stage", 3.5, "skip", "running", "questionnaire"),
    Command("repeat goes back to the trial's beginning", 6.5, "repeat", "running", "fixation"),
    Command("next leaves the trial", 3.5, "next", "running", "break"),
    Command("next outside of trials leaves the stage", 9.0, "next", "running", "fixation"),
    Command("repeat outside of trials begins the stage again", 9.0, "repeat", "running", "break"),
    Command("end lets the trial finish", 3.5, "end", "running", "picture"),
    Command("stop lets the trial finish", 3.5, "stop", "running", "picture"),
    Command("end outside of trials ends at once", 9.0, "end", "finished", "", "ended"),
    Command("abort ends at once", 3.5, "abort", "finished", "", "aborted"),
]


@pytest.mark.parametrize("case", RUNNING, ids=lambda case: case.name)
def test_commands_while_running(case: Command) -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_for(case.at_s)
    rehearsal.say(case.says)
    rehearsal.run_for(0.1)
    health = rehearsal.runner.health(rehearsal.clock.time)
    assert health["state"] == case.state
    if case.stage:
        assert health["stage_name"] == case.stage
    if case.reason is not None:
        assert rehearsal.log.of("schedule_ended")[0].payload["reason"] == case.reason
    rehearsal.say("resume")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)


PAUSED = [
    Command("pause again means nothing", 0, "pause", "paused", "questionnaire"),
    Command("start means nothing", 0, "start", "paused", "questionnaire"),
    Command("resume goes on with the same stage", 0, "resume", "running", "questionnaire"),
    Command("skip leaves the stage and stays paused", 0, "skip", "paused", ""),
    Command("repeat begins the trial again", 0, "repeat", "running", "fixation"),
    Command("next goes to what follows the trial", 0, "next", "running", "break"),
    Command("end ends", 0, "end", "finished", "", "ended"),
    Command("stop ends", 0, "stop", "finished", "", "stopped"),
    Command("abort ends", 0, "abort", "finished", "", "aborted"),
]


@pytest.mark.parametrize("case", PAUSED, ids=lambda case: case.name)
def test_commands_while_paused(case: Command) -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_for(6.5)
    rehearsal.say("pause")
    rehearsal.run_for(20.0)
    assert rehearsal.runner.state == "paused"
    rehearsal.say(case.says)
    rehearsal.run_for(0.1)
    health = rehearsal.runner.health(rehearsal.clock.time)
    assert (health["state"], health["stage_name"]) == (case.state, case.stage or health["stage_name"])
    if case.reason is not None:
        assert rehearsal.log.of("schedule_ended")[0].payload["reason"] == case.reason
    rehearsal.say("resume")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)


WAITING = [
    Command("start", 0, "start", "running", "instruction"),
    *[Command(f"{name} means nothing", 0, name, "waiting", "") for name in ("pause", "resume", "skip")],
    *[Command(f"{name} means nothing", 0, name, "waiting", "") for name in ("repeat", "next", "what")],
    Command("end", 0, "end", "finished", "", "ended"),
    Command("abort", 0, "abort", "finished", "", "aborted"),
]


@pytest.mark.parametrize("case", WAITING, ids=lambda case: case.name)
def test_commands_while_waiting(case: Command) -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say(case.says)
    rehearsal.run_for(0.1)
    health = rehearsal.runner.health(rehearsal.clock.time)
    assert (health["state"], health["stage_name"]) == (case.state, case.stage)
    if case.reason is not None:
        assert rehearsal.log.of("schedule_ended")[0].payload["reason"] == case.reason


def test_a_pause_in_a_timed_stage_comes_at_its_end_and_can_be_taken_back() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.say("pause", 3.0)
    rehearsal.say("resume", 3.5)
    rehearsal.say("pause", 4.0)
    rehearsal.run_for(30.0)
    assert rehearsal.runner.state == "paused"
    (paused,) = rehearsal.log.of("paused")
    hidden = rehearsal.log.of("stimulus_hidden")[0]
    assert paused.time == hidden.time
    assert hidden.time - rehearsal.log.of("stimulus_shown")[0].time == pytest.approx(3.0)
    assert paused.trial == 0, "the trial goes on after the pause"
    rehearsal.say("resume")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert rehearsal.log.count()["trial_started"] == 2


def test_a_pause_after_the_trial_lets_the_whole_trial_run() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.say("pause_after_trial", 3.0)
    rehearsal.run_for(60.0)
    assert rehearsal.runner.state == "paused"
    assert [event.payload["reason"] for event in rehearsal.log.of("trial_ended")] == ["completed"]
    assert len(rehearsal.log.of("trial_started")) == 1
    rehearsal.say("resume")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert len(rehearsal.log.of("trial_ended")) == 2


def test_a_pause_after_the_trial_can_be_taken_back() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.say("pause_after_trial", 3.0)
    rehearsal.say("resume", 4.0)
    rehearsal.run_to_end()
    assert rehearsal.log.of("paused") == []


def test_a_pause_tells_who_asked_for_it() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_for(4.0)
    assert rehearsal.runner.command("pause_after_trial", rehearsal.now(), "policy")
    assert rehearsal.runner.health(rehearsal.now())["pausing"]
    rehearsal.run_for(60.0)
    assert [event.payload["by"] for event in rehearsal.log.of("paused")] == ["policy"]


def test_a_pause_does_not_count_in_reaction_times_or_limits() -> None:
    plot = Plot().add("questionnaire", paced(5.0, max_s=10.0), likert("a"))
    rehearsal = Rehearsal(plot.schedule(), auto=False)
    rehearsal.say("start")
    rehearsal.run_for(2.0)
    rehearsal.runner.choose("a", 2, rehearsal.clock.time)
    rehearsal.say("pause")
    rehearsal.run_for(100.0)
    assert not rehearsal.runner.choose("a", 5, rehearsal.clock.time), (
        "answers count only while the page is on"
    )
    rehearsal.say("resume")
    rehearsal.run_for(1.0)
    rehearsal.runner.choose("a", 3, rehearsal.clock.time)
    rehearsal.runner.proceed(rehearsal.clock.time)
    (response,) = rehearsal.log.of("response")
    assert response.payload["value"] == 3
    assert response.payload["reaction_s"] == pytest.approx(3.0, abs=0.1)


def test_repeating_a_trial_counts_it() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.say("repeat", 6.0)
    rehearsal.run_to_end()
    started = [(event.trial, event.payload["repetition"]) for event in rehearsal.log.of("trial_started")]
    assert started == [(0, 0), (0, 1), (1, 0)]
    ended = [(event.trial, event.payload["reason"]) for event in rehearsal.log.of("trial_ended")]
    assert ended == [(0, "repeated"), (0, "completed"), (1, "completed")]


def test_a_lost_supervisor_lets_the_trial_finish() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_for(3.5)
    rehearsal.line.is_open = False
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    (ended,) = rehearsal.log.of("schedule_ended")
    assert ended.payload["reason"] == "supervisor lost"
    assert rehearsal.log.of("session_ended")[0].payload["reason"] == "supervisor lost"
    assert [event.payload["reason"] for event in rehearsal.log.of("trial_ended")] == ["completed"]
    assert rehearsal.log.count()["response"] == 2


def test_without_supervisor_and_participant_it_ends_before_the_recorder_gives_up() -> None:
    plot = Plot().trial("sun", ("instruction", paced(2.0), {"text": "Wait for ever."}))
    rehearsal = Rehearsal(plot.schedule(), auto=False)
    rehearsal.say("start")
    rehearsal.run_for(1.0)
    rehearsal.line.is_open = False
    lost_s = rehearsal.clock.time
    rehearsal.run_to_end()
    assert rehearsal.clock.time - lost_s == pytest.approx(ALONE_S, abs=0.2)
    assert_well_formed(rehearsal.log)


def test_a_signal_is_a_stop() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_for(3.5)
    rehearsal.stopping = True
    rehearsal.run_to_end()
    (ended,) = rehearsal.log.of("schedule_ended")
    assert ended.payload["reason"] == "stopped" and rehearsal.log.count()["trial_ended"] == 1


def test_dropped_frames_are_counted_and_journalled() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    drops = iter([0, 0, 2, 0, 1])
    rehearsal.screen.refresh = lambda now: next(drops, 0)  # type: ignore[method-assign]
    rehearsal.run_to_end()
    assert [event.payload["count"] for event in rehearsal.log.of("frames_dropped")] == [2, 1]
    assert rehearsal.log.of("schedule_ended")[0].payload["dropped_frames"] == 3


def test_health_tells_where_the_session_is() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_for(3.5)
    health = rehearsal.runner.health(rehearsal.clock.time)
    assert (health["state"], health["stage"], health["stage_name"], health["kind"]) == (
        "running",
        2,
        "picture",
        "picture",
    )
    assert (health["trial"], health["trials"], health["next"]) == (0, 2, "questionnaire")
    assert health["remaining_s"] == pytest.approx(two_trials().typical_s - 3.5, abs=0.2)
    rehearsal.run_to_end()
    assert rehearsal.line.sent[-1]["state"] == "finished" and rehearsal.line.sent[-1]["remaining_s"] == 0
    times = [message for message in rehearsal.line.sent if message["type"] == "health"]
    assert len(times) >= 2 * (two_trials().typical_s - 1)


def test_an_empty_schedule_ends_at_once() -> None:
    rehearsal = Rehearsal(Plot().schedule())
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert rehearsal.log.kinds() == ["schedule_started", "schedule_ended"]


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Schedules with all kinds of stages, in and out of trials, timed, limited and endless."""
    plot = Plot()
    paces = st.sampled_from([paced(1.0), paced(0.5, max_s=2.0), paced(1.5, min_s=1.0, max_s=3.0)])
    seconds = st.sampled_from([timed(0.1), timed(0.5), timed(2.0)])
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            plot.add("break", draw(seconds), {"text": "Break.", "countdown": True})
            plot.add("instruction", draw(paces))
        plot.trial(
            draw(st.sampled_from(["sun", "mud"])),
            ("fixation", draw(seconds), {"symbol": "+"}),
            ("picture", draw(st.one_of(seconds, paces)), {"size": "fit"}),
            *draw(
                st.lists(
                    st.sampled_from(
                        [
                            ("questionnaire", paced(1.0), likert("a")),
                            ("questionnaire", paced(2.0, max_s=4.0), sam("valence", "arousal")),
                            ("typing", paced(2.0), typing_content("a cat")),
                            ("speaking", paced(2.0), speaking_content(0.5)),
                        ]
                    ),
                    max_size=3,
                )
            ),
        )
    return plot.schedule()


SAYINGS = st.lists(st.tuples(st.floats(0, 3), st.sampled_from([*COMMANDS, "lost", "what"])), max_size=12)


@settings(max_examples=150)
@given(schedule=schedules(), sayings=SAYINGS, late_s=st.sampled_from([None, 0.005, 0.4]))
def test_no_sequence_of_commands_hangs_or_leaves_anything_open(
    schedule: Schedule, sayings: list[tuple[float, str]], late_s: float | None
) -> None:
    rehearsal = Rehearsal(schedule, late_s=late_s)
    rehearsal.say("start")
    for after_s, name in sayings:
        rehearsal.run_for(after_s)
        if name == "lost":
            rehearsal.line.is_open = False
        else:
            rehearsal.say(name)
        assert_well_formed(rehearsal.log, ended=False)
    for _ in range(3):
        # Somebody always resumes a pause that was still to come.
        rehearsal.say("resume")
        rehearsal.run_for(30.0)
    rehearsal.run_to_end(300.0)
    assert_well_formed(rehearsal.log)
    times = [event.time for event in rehearsal.log.events if event.kind != "response"]
    assert times == sorted(times), "events are journalled in the order of their times"
