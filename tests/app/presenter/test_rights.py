"""The participant may pause, decline and stop; whatever ends a session, its debriefing is shown once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.presenter.course import Course
from app.presenter.position import last_position
from app.presenter.runner import ALONE_S, COMMANDS
from protocols.schedule import Schedule
from tests.helpers.presenting import EventLog, Plot, Rehearsal, assert_well_formed, likert, paced, timed

DEBRIEFING = ["debriefing", "calm"]


def debriefed(*, warned: bool = False) -> Schedule:
    """Two trials of fixation, picture and questions, a break between them, and a debriefing in two stages."""
    plot = Plot()
    if warned:
        plot.add("questionnaire", paced(2.0), {**likert("fit", points=2), "must_answer": {"fit": 2}})
    plot.add("instruction", paced(2.0))
    for stimulus in ("sun", "mud"):
        plot.trial(
            stimulus,
            ("fixation", timed(0.5), {"symbol": "+"}),
            ("picture", timed(3.0), {"size": "fit"}),
            ("questionnaire", paced(3.0, max_s=30.0), likert("positive", "negative")),
        )
        if stimulus == "sun":
            plot.add("break", timed(2.0), {"text": "Break.", "countdown": True})
    plot.add("instruction", paced(1.0), name="debriefing", always=True)
    plot.add("rest", timed(1.0), name="calm", always=True)
    return plot.schedule()


def begun(at_s: float, auto: bool = True) -> Rehearsal:
    rehearsal = Rehearsal(debriefed(), auto=auto)
    rehearsal.say("start")
    rehearsal.run_for(at_s)
    return rehearsal


def right(rehearsal: Rehearsal, choice: str = "") -> bool:
    values = {"choice": choice} if choice else {}
    return rehearsal.runner.act("rights", rehearsal.now(), **values)


def shown_debriefing(log: EventLog) -> list[str]:
    return [event.stage for event in log.of("stage_started") if event.stage in DEBRIEFING]


def reason(log: EventLog) -> str:
    (ended,) = log.of("schedule_ended")
    return str(ended.payload["reason"])


# Times: instruction 0-2, fixation 2-2.5, picture 2.5-5.5, questionnaire 5.5-8.5, break 8.5-10.5.
PICTURE_S, QUESTIONS_S, BREAK_S = 4.0, 7.0, 9.0


def test_a_picture_that_is_left_for_the_rights_is_hidden_and_shown_again_from_its_beginning() -> None:
    rehearsal = begun(PICTURE_S)
    opened_s = rehearsal.now()
    assert right(rehearsal)
    rehearsal.run_for(60.0)
    assert rehearsal.runner.state == "paused" and rehearsal.runner.rights_are_open
    (hidden,) = rehearsal.log.of("stimulus_hidden")
    assert hidden.time == pytest.approx(opened_s)
    assert right(rehearsal, "go_on")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    first, second, _ = rehearsal.log.of("stimulus_shown")
    assert (first.payload["stimulus"], second.payload["stimulus"]) == ("sun", "sun")
    ended = [event for event in rehearsal.log.of("stage_ended") if event.stage == "picture"]
    assert [(event.payload["reason"], event.payload.get("interrupted")) for event in ended] == [
        ("interrupted", True),
        ("timed", None),
        ("timed", None),
    ]
    assert ended[1].time - second.time == pytest.approx(3.0, abs=0.01)
    assert rehearsal.log.count()["trial_started"] == 2, "the trial goes on"
    assert [event.payload["by"] for event in rehearsal.log.of("paused", "resumed")] == ["participant"] * 2
    (closed,) = rehearsal.log.of("rights_closed")
    assert closed.payload == {"choice": "go_on", "by": "participant"}


def test_a_form_that_is_left_for_the_rights_goes_on_where_it_was() -> None:
    rehearsal = begun(QUESTIONS_S, auto=False)
    rehearsal.runner.proceed(rehearsal.now())
    rehearsal.run_for(5.0)
    assert rehearsal.runner.stage is not None and rehearsal.runner.stage.kind == "questionnaire"
    assert rehearsal.runner.choose("positive", 3, rehearsal.now())
    right(rehearsal)
    rehearsal.run_for(100.0)
    assert not rehearsal.runner.choose("negative", 3, rehearsal.now()), "the page is away"
    right(rehearsal, "go_on")
    rehearsal.run_for(1.0)
    assert rehearsal.runner.choose("negative", 2, rehearsal.now())
    assert rehearsal.runner.proceed(rehearsal.now())
    positive, negative = rehearsal.log.of("response")
    assert positive.payload["value"] == 3
    assert negative.payload["reaction_s"] < 10.0, "the pause counts in no reaction time"
    (ended,) = [event for event in rehearsal.log.of("stage_ended") if event.stage == "questionnaire"]
    assert (ended.payload["reason"], ended.payload["interrupted"]) == ("answered", True)


def test_the_key_that_opens_the_page_closes_it_too() -> None:
    rehearsal = begun(PICTURE_S)
    assert right(rehearsal) and right(rehearsal)
    assert rehearsal.runner.state == "running"


@pytest.mark.parametrize(("at_s", "stage"), [(PICTURE_S, "picture"), (QUESTIONS_S, "questionnaire")])
def test_a_stage_may_be_declined(at_s: float, stage: str) -> None:
    rehearsal = begun(at_s)
    right(rehearsal)
    rehearsal.run_for(5.0)
    assert right(rehearsal, "skip")
    rehearsal.run_for(0.1)
    assert rehearsal.runner.health(rehearsal.now())["stage_name"] == (
        "questionnaire" if stage == "picture" else "break"
    )
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    (declined,) = rehearsal.log.of("declined")
    assert (declined.stage, declined.trial, declined.payload["what"]) == (stage, 0, "stage")
    assert [event.payload["reason"] for event in rehearsal.log.of("trial_ended")] == ["completed"] * 2


@pytest.mark.parametrize("at_s", [1.0, PICTURE_S, QUESTIONS_S, BREAK_S])
def test_the_participant_may_stop_and_is_debriefed(at_s: float) -> None:
    rehearsal = begun(at_s)
    right(rehearsal)
    rehearsal.run_for(5.0)
    assert right(rehearsal, "stop")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert reason(rehearsal.log) == "stopped by the participant"
    assert rehearsal.log.of("schedule_ended")[0].payload["by"] == "participant"
    assert shown_debriefing(rehearsal.log) == DEBRIEFING
    after = [event.stage for event in rehearsal.log.of("stage_started")][-2:]
    assert after == DEBRIEFING, "nothing else is shown any more"


def test_rights_mean_nothing_before_the_start_and_after_the_end() -> None:
    rehearsal = Rehearsal(debriefed())
    assert not right(rehearsal) and not right(rehearsal, "stop")
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert not right(rehearsal)
    assert rehearsal.log.of("rights_opened") == []


@dataclass(frozen=True)
class Meeting:
    """The operator and the participant pause at once: what is said in order, and what holds then."""

    name: str
    says: tuple[str, ...]
    state: str
    rights: bool


MEETINGS = [
    Meeting("the operator's pause outlasts the participant's", ("rights", "pause", "go_on"), "paused", False),
    Meeting("after that pause she resumes", ("rights", "pause", "go_on", "resume"), "running", False),
    Meeting("the operator may close the page", ("rights", "resume"), "running", False),
    Meeting("rights within the operator's pause", ("pause", "rights"), "paused", True),
    Meeting("go on within the operator's pause", ("pause", "rights", "go_on"), "paused", False),
    Meeting("decline within the operator's pause", ("pause", "rights", "skip"), "paused", False),
    Meeting("the operator skips, the page stays", ("rights", "command skip"), "paused", True),
    Meeting("the operator goes to the next trial", ("rights", "next"), "running", False),
    Meeting("the operator repeats the trial", ("rights", "repeat"), "running", False),
    Meeting("a stop within the operator's pause", ("pause", "rights", "stop"), "running", False),
]


@pytest.mark.parametrize("meeting", MEETINGS, ids=lambda meeting: meeting.name)
def test_operator_and_participant_pause_at_once(meeting: Meeting) -> None:
    rehearsal = begun(QUESTIONS_S)
    for said in meeting.says:
        if said in ("rights", "go_on", "skip", "stop"):
            right(rehearsal, "" if said == "rights" else said)
        else:
            rehearsal.say(said.removeprefix("command "))
        rehearsal.run_for(0.1)
    health = rehearsal.runner.health(rehearsal.now())
    assert (health["state"], health["rights"]) == (meeting.state, meeting.rights)
    rehearsal.say("resume")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)


def test_a_stream_that_is_back_does_not_end_the_participants_own_pause() -> None:
    rehearsal = begun(QUESTIONS_S)
    right(rehearsal)
    assert rehearsal.runner.command("resume", rehearsal.now(), "policy")
    rehearsal.run_for(5.0)
    assert rehearsal.runner.rights_are_open


def test_a_pause_after_the_trial_that_comes_while_the_participant_pauses_is_kept() -> None:
    rehearsal = begun(QUESTIONS_S)
    right(rehearsal)
    assert rehearsal.runner.command("pause_after_trial", rehearsal.now(), "policy")
    right(rehearsal, "go_on")
    rehearsal.run_for(60.0)
    assert rehearsal.runner.state == "paused"
    assert [event.payload["by"] for event in rehearsal.log.of("paused")] == ["participant", "policy"]


@dataclass(frozen=True)
class Ending:
    """What ends a session at which moment, its reason, and which debriefing stages are shown."""

    name: str
    at_s: float
    says: tuple[str, ...]
    reason: str
    debriefing: tuple[str, ...] = ("debriefing", "calm")


ENDINGS = [
    Ending("the normal end", 0.0, (), "completed"),
    Ending("an abort in a trial", PICTURE_S, ("abort",), "aborted"),
    Ending("an abort outside of trials", BREAK_S, ("abort",), "aborted"),
    Ending("an abort in a pause", QUESTIONS_S, ("pause", "abort"), "aborted"),
    Ending("a second abort ends at once", PICTURE_S, ("abort", "abort"), "aborted", ("debriefing",)),
    Ending("an end after the trial", PICTURE_S, ("end",), "ended"),
    Ending("a stop after the trial", PICTURE_S, ("stop",), "stopped"),
    Ending("an end outside of trials", BREAK_S, ("end",), "ended"),
    Ending("what was said first is the reason", PICTURE_S, ("abort", "end"), "aborted"),
    Ending("an abort after an end was asked for", PICTURE_S, ("end", "abort"), "aborted"),
]


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_every_end_is_followed_by_the_debriefing(ending: Ending) -> None:
    rehearsal = begun(ending.at_s)
    for said in ending.says:
        rehearsal.say(said)
        rehearsal.run_for(0.1)
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert reason(rehearsal.log) == ending.reason
    assert shown_debriefing(rehearsal.log) == list(ending.debriefing)


@pytest.mark.parametrize("says", ["abort", "end", "stop"])
def test_where_nothing_has_begun_there_is_nothing_to_debrief(says: str) -> None:
    rehearsal = Rehearsal(debriefed())
    rehearsal.say(says)
    rehearsal.run_to_end()
    assert rehearsal.log.kinds() == ["schedule_ended"]


def test_an_abort_within_the_debriefing_ends_at_once() -> None:
    rehearsal = begun(17.6)
    assert rehearsal.runner.health(rehearsal.now())["stage_name"] == "debriefing"
    rehearsal.say("abort")
    rehearsal.run_for(0.1)
    assert rehearsal.runner.state == "finished"
    assert_well_formed(rehearsal.log)


def test_while_the_debriefing_of_an_abort_is_on_health_says_so() -> None:
    rehearsal = begun(PICTURE_S)
    rehearsal.say("abort")
    rehearsal.run_for(0.1)
    assert rehearsal.runner.health(rehearsal.now())["closing"] == "aborted"
    rehearsal.run_to_end()
    assert rehearsal.runner.health(rehearsal.now())["closing"] == ""


def test_nobody_left_to_talk_to_ends_the_debriefing_too() -> None:
    plot = (
        Plot().add("instruction", paced(2.0)).add("instruction", paced(2.0), name="debriefing", always=True)
    )
    rehearsal = Rehearsal(plot.schedule(), auto=False)
    rehearsal.say("start")
    rehearsal.run_for(1.0)
    rehearsal.line.is_open = False
    lost_s = rehearsal.now()
    rehearsal.run_to_end()
    assert rehearsal.clock.time - lost_s == pytest.approx(ALONE_S, abs=0.2)
    assert_well_formed(rehearsal.log)


@pytest.mark.parametrize("answer", [1, 2, None])
def test_a_screening_answer_decides_whether_the_session_goes_on(answer: int | None) -> None:
    rehearsal = Rehearsal(debriefed(warned=True), auto=False)
    rehearsal.say("start")
    rehearsal.run_for(0.5)
    if answer is None:
        right(rehearsal)
        right(rehearsal, "skip")
    else:
        rehearsal.runner.choose("fit", answer, rehearsal.now())
        rehearsal.runner.proceed(rehearsal.now())
    rehearsal.run_for(0.5)
    if answer == 2:
        assert rehearsal.runner.health(rehearsal.now())["stage_name"] == "instruction"
        return
    assert rehearsal.runner.state == "finished" and reason(rehearsal.log) == "screened out"
    assert shown_debriefing(rehearsal.log) == [], "nothing was shown that would call for it"
    assert_well_formed(rehearsal.log)


def test_killed_in_the_debriefing_it_goes_on_with_it() -> None:
    rehearsal = begun(PICTURE_S)
    rehearsal.say("abort")
    rehearsal.run_for(0.5)
    again = Rehearsal(debriefed(), resume=last_position(rehearsal.log.events))
    again.log.events[:] = [*rehearsal.log.events, *again.log.events]
    again.say("next")
    again.run_to_end()
    assert_well_formed(again.log)
    assert reason(again.log) == "aborted" and shown_debriefing(again.log) == DEBRIEFING


ACTS = ("rights", "go_on", "skip", "stop", "key", "nonsense")
SAYINGS = st.lists(st.tuples(st.floats(0, 4), st.sampled_from([*COMMANDS, *ACTS, "kill"])), max_size=14)


@settings(max_examples=80)
@given(sayings=SAYINGS, late_s=st.sampled_from([None, 0.005, 0.4]), done=st.sampled_from([(), (0,), (0, 1)]))
def test_whatever_is_said_and_done_the_journal_is_whole_and_the_debriefing_is_shown_once(
    sayings: list[tuple[float, str]], late_s: float | None, done: tuple[int, ...]
) -> None:
    course = Course(done=frozenset(done))
    rehearsal = Rehearsal(debriefed(), late_s=late_s, course=course)
    rehearsal.say("start")
    told: set[str] = set()
    for after_s, name in sayings:
        rehearsal.run_for(after_s)
        told.add(name)
        if name == "kill":
            events = rehearsal.log.events
            rehearsal = Rehearsal(debriefed(), resume=last_position(events), late_s=late_s, course=course)
            # The clock has gone on meanwhile, and what comes is added to the same journal.
            rehearsal.log.events[:] = [*events, *rehearsal.log.events]
            rehearsal.say("next" if last_position(events) is not None else "start")
        elif name in ACTS:
            act = "rights" if name in ("rights", "go_on", "skip", "stop") else name
            values = {"choice": name} if act != name else {"code": "KeyJ"} if act == "key" else {}
            rehearsal.runner.act(act, rehearsal.now(), **values)
        else:
            rehearsal.say(name)
        rehearsal.run_for(0.05)
        assert_well_formed(rehearsal.log, ended=False)
    for _ in range(3):
        rehearsal.say("resume")
        rehearsal.run_for(60.0)
    rehearsal.run_to_end(600.0)
    assert_well_formed(rehearsal.log)
    shown = shown_debriefing(rehearsal.log)
    # Only whoever asks for an end within it, repeats it or skips it, gets less or more.
    if not told & {"abort", "repeat", "skip", "next", "end", "stop", "kill", "rights"}:
        assert shown == DEBRIEFING
    if not told & {"repeat", "kill", "rights"}:
        assert len(shown) == len(set(shown)), "once"
    closed = rehearsal.log.count()
    assert closed["rights_opened"] >= closed["rights_closed"]
