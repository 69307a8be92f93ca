"""What runs of a schedule: continued sessions, chosen stimuli, films that end by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.presenter.course import Answer, Course, Pick, left_out, screened_out, takes_input
from app.presenter.position import last_position
from app.presenter.screen import Happening, NullScreen, Shown
from app.presenter.tasks import Task
from protocols.schedule import Duration, Schedule, Stage, StageKind, Trial
from tests.helpers.presenting import (
    EventLog,
    FakeClock,
    Plot,
    Rehearsal,
    assert_well_formed,
    likert,
    paced,
    timed,
    two_trials,
    typing_content,
)


def four_trials() -> Schedule:
    """Welcome; block a: 0, break, 1; what block b is; block b: 2, break, 3; thanks; debriefing."""
    plot = Plot().add("instruction", paced(1.0), name="welcome")
    for place, block in enumerate(("a", "a", "b", "b")):
        if place == 2:
            plot.add("instruction", paced(1.0), name="now b", block="b")
        if place in (1, 3):
            plot.add("break", timed(1.0), name=f"break {place}", block=block)
        plot.trial("sun", ("picture", timed(1.0), {}), ("questionnaire", paced(1.0), likert("a")))
        plot.trials[-1] = replace(plot.trials[-1], block=block)
    plot.add("instruction", paced(1.0), name="thanks")
    plot.add("instruction", paced(1.0), name="debriefing", always=True)
    return plot.schedule()


@pytest.mark.parametrize(
    ("done", "names"),
    [
        ((), ["welcome", "T0", "break 1", "T1", "now b", "T2", "break 3", "T3", "thanks", "debriefing"]),
        ((0,), ["welcome", "T1", "now b", "T2", "break 3", "T3", "thanks", "debriefing"]),
        ((0, 1), ["welcome", "now b", "T2", "break 3", "T3", "thanks", "debriefing"]),
        ((0, 1, 2), ["welcome", "now b", "T3", "thanks", "debriefing"]),
        ((0, 2), ["welcome", "T1", "now b", "T3", "thanks", "debriefing"]),
        ((0, 1, 2, 3), ["welcome", "thanks", "debriefing"]),
    ],
)
def test_a_continued_session_runs_what_is_left(done: tuple[int, ...], names: list[str]) -> None:
    schedule = four_trials()
    out = left_out(schedule, done)
    kept = [stage for stage in schedule.stages if stage.index not in out]
    told = [stage.name if stage.trial < 0 else f"T{stage.trial}" for stage in kept]
    assert list(dict.fromkeys(told)) == names


@given(done=st.sets(st.integers(0, 3)), at_s=st.floats(0.0, 20.0))
def test_a_session_broken_anywhere_and_continued_shows_each_trial_to_its_end_once(
    done: set[int], at_s: float
) -> None:
    first = Rehearsal(four_trials(), course=Course(done=frozenset(done)))
    first.say("start")
    first.run_for(at_s)
    first.say("abort")
    first.say("abort", 0.01)
    first.run_to_end()
    ended = {e.trial for e in first.log.of("trial_ended") if e.payload["reason"] == "completed"}
    exposed = {event.trial for event in first.log.of("stimulus_shown")} - ended
    again = Rehearsal(four_trials(), course=Course(frozenset(done | ended), frozenset(exposed)))
    again.say("start")
    again.run_to_end()
    assert_well_formed(again.log)
    started = again.log.of("trial_started")
    assert {event.trial for event in started} == set(range(4)) - done - ended
    marked = {event.trial for event in started if event.payload.get("repeated_exposure")}
    assert marked == exposed, "who has seen the stimulus before is marked"
    orders = [event.payload["order"] for event in started]
    assert orders == sorted(orders) and all(order > len(done | ended) for order in orders)


def test_a_repeated_trial_is_marked_if_its_stimulus_had_been_on() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.say("repeat", 2.2)
    rehearsal.say("repeat", 5.0)
    rehearsal.run_to_end()
    marks = [event.payload.get("repeated_exposure", False) for event in rehearsal.log.of("trial_started")]
    assert marks == [False, False, True, False]


CANDIDATES = ("sun", "mud", "sky")


def choosing() -> Schedule:
    """A trial on the sun, then two whose picture is chosen; each begins with the picture."""
    plot = Plot()
    for place in range(3):
        plot.trial("sun", ("picture", timed(1.0), {}), ("questionnaire", paced(1.0), likert("liking")))
        if place:
            plot.trials[-1] = replace(plot.trials[-1], stimulus="", category="", candidates=CANDIDATES)
            plot.stages[-2] = replace(plot.stages[-2], stimulus="")
    return plot.schedule()


class FirstFree:
    """Chooses the first candidate that was not used; remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, tuple[Answer, ...], tuple[str, ...]]] = []

    def __call__(self, trial: Trial, answers: Sequence[Answer], used: Sequence[str]) -> Pick:
        self.told.append((trial.index, tuple(answers), tuple(used)))
        free = [name for name in trial.candidates if name not in used]
        return Pick(free[0], dict.fromkeys(free, 0.5), "The first that is free.")


class Preparing(NullScreen):
    """Remembers which stimuli it was to make ready."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now)
        self.prepared: list[str] = []

    def prepare(self, stage: Stage) -> None:
        self.prepared.append(stage.stimulus)


def test_a_stimulus_is_chosen_when_its_trial_begins() -> None:
    chooser = FirstFree()
    rehearsal = Rehearsal(choosing(), course=Course(chooser=chooser))
    screen = Preparing(rehearsal.clock)
    rehearsal.runner._screen = rehearsal.screen = screen
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert [event.payload["stimulus"] for event in rehearsal.log.of("stimulus_shown")] == [
        "sun",
        "mud",
        "sky",
    ]
    started = rehearsal.log.of("trial_started")
    assert [event.payload["stimulus"] for event in started] == ["sun", "mud", "sky"]
    assert started[1].payload["category"] == "unpleasant", "as the norms say of what was chosen"
    chosen = rehearsal.log.of("chosen")
    assert [(event.trial, event.payload["stimulus"]) for event in chosen] == [(1, "mud"), (2, "sky")]
    assert chosen[0].payload["scores"] == {"mud": 0.5, "sky": 0.5} and chosen[0].payload["reason"]
    index, answers, used = chooser.told[-1]
    assert (index, used, len(answers)) == (2, ("sun", "mud"), 2)
    assert (answers[1].trial, answers[1].stimulus, answers[1].item) == (1, "mud", "liking")
    assert screen.prepared.index("mud") < screen.prepared.index("sky"), "the likely one is made ready before"


def test_after_a_crash_a_repeated_trial_shows_what_was_chosen() -> None:
    rehearsal = Rehearsal(choosing(), course=Course(chooser=FirstFree()))
    rehearsal.say("start")
    rehearsal.run_for(2.5)
    assert rehearsal.runner.stimulus_of(1) == "mud"
    position = last_position(rehearsal.log.events)
    chooser = FirstFree()
    again = Rehearsal(choosing(), resume=position, course=Course(chooser=chooser))
    again.say("repeat")
    again.run_to_end()
    assert [event.payload["stimulus"] for event in again.log.of("stimulus_shown")] == ["mud", "sky"]
    assert [answer.stimulus for answer in chooser.told[-1][1]] == ["sun", "mud"], "earlier answers are known"


def test_a_continued_session_knows_what_was_chosen_and_answered_before() -> None:
    """Trial 1 showed the mud to its end, trial 2 began with the sky: neither is chosen anew."""
    chooser = FirstFree()
    before = (Answer(0, "sun", "liking", 6), Answer(1, "mud", "liking", 2))
    way = Course(frozenset({0, 1}), frozenset({2}), {1: "mud", 2: "sky"}, before, chooser)
    rehearsal = Rehearsal(choosing(), course=way)
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    (started,) = rehearsal.log.of("trial_started")
    assert (started.payload["stimulus"], started.payload["repeated_exposure"]) == ("sky", True)
    assert chooser.told == [] and rehearsal.log.of("chosen") == []


def test_what_is_chosen_after_a_break_goes_by_what_was_shown_before_it() -> None:
    chooser = FirstFree()
    before = (Answer(0, "sun", "liking", 6), Answer(1, "mud", "liking", 2))
    rehearsal = Rehearsal(
        choosing(), course=Course(frozenset({0, 1}), frozenset(), {1: "mud"}, before, chooser)
    )
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert [event.payload["stimulus"] for event in rehearsal.log.of("stimulus_shown")] == ["sky"]
    assert chooser.told[-1] == (2, before, ("sun", "mud"))


def test_a_crash_in_a_continued_session_forgets_nothing_of_the_run_before() -> None:
    before = (Answer(0, "sun", "liking", 6),)
    way = Course(frozenset({0}), frozenset(), {}, before, FirstFree())
    rehearsal = Rehearsal(choosing(), course=way)
    rehearsal.say("start")
    rehearsal.run_for(1.5)
    chooser = FirstFree()
    again = Rehearsal(
        choosing(),
        resume=last_position(rehearsal.log.events),
        course=Course(frozenset({0}), frozenset(), {}, before, chooser),
    )
    again.say("next")
    again.run_to_end()
    assert chooser.told[-1] == (2, before, ("sun", "mud"))


class Cinema(NullScreen):
    """A film that lasts `length_s` from its onset, whatever was planned; frames become happenings."""

    def __init__(self, clock: FakeClock, length_s: float) -> None:
        super().__init__(clock.now)
        self.length_s = length_s
        self.frames: list[Happening] = []

    def present(self, stage: Stage | None, task: Task | None, at_s: float) -> Shown:
        shown = super().present(stage, task, at_s)
        if self._over_s is not None and stage is not None:
            self._over_s = at_s + self.length_s
            self.frames.append(
                Happening("frame", at_s, {"stimulus": stage.stimulus, "frame": 0}, urgent=False)
            )
        return shown

    def happenings(self) -> list[Happening]:
        frames, self.frames = self.frames, []
        return frames


def a_film(duration: Duration, **more: Any) -> Rehearsal:
    plot = Plot().trial("sun")
    plot.add("film", duration, {}, 0, **more).add("questionnaire", paced(1.0), likert("a"), 0)
    return Rehearsal(plot.schedule())


def film_stage(log: EventLog) -> tuple[str, Any]:
    (started,) = [event for event in log.of("stage_started") if event.payload["kind"] == "film"]
    (ended,) = [event for event in log.of("stage_ended") if event.stage == "film"]
    return str(ended.payload["reason"]), ended.time - started.time


@pytest.mark.parametrize(
    ("length_s", "reason", "lasts_s"), [(7.5, "played", 7.5), (12.0, "played", 12.0), (60.0, "timeout", 16.0)]
)
def test_a_film_ends_its_stage_and_never_lasts_longer_than_its_limit(
    length_s: float, reason: str, lasts_s: float
) -> None:
    rehearsal = a_film(Duration(0.0, 10.0, 16.0), until_stimulus_ends=True)
    rehearsal.runner._screen = rehearsal.screen = Cinema(rehearsal.clock, length_s)
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    assert film_stage(rehearsal.log) == (reason, pytest.approx(lasts_s, abs=0.001))
    (frame,) = rehearsal.log.of("frame")
    assert (frame.trial, frame.stage, frame.payload["stimulus"]) == (0, "film", "sun")


def test_without_a_screen_a_film_lasts_as_long_as_it_typically_does() -> None:
    rehearsal = a_film(Duration(0.0, 10.0, 16.0), until_stimulus_ends=True)
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert film_stage(rehearsal.log) == ("played", pytest.approx(10.0, abs=0.001))


def test_a_film_is_not_ended_by_the_participant_and_pauses_at_its_end() -> None:
    rehearsal = a_film(Duration(0.0, 10.0, 16.0), until_stimulus_ends=True)
    rehearsal.say("start")
    rehearsal.say("pause", 3.0)
    rehearsal.run_for(5.0)
    assert not rehearsal.runner.proceed(rehearsal.now())
    assert rehearsal.runner.health(rehearsal.now())["state"] == "running"
    rehearsal.run_for(20.0)
    assert rehearsal.runner.health(rehearsal.now())["state"] == "paused"
    assert film_stage(rehearsal.log) == ("played", pytest.approx(10.0, abs=0.001))


def choice(plot: Plot, duration: Duration, **content: Any) -> Plot:
    options = [{"id": "yes", "text": "Yes", "key": "KeyF"}, {"id": "no", "text": "No", "key": "KeyJ"}]
    return plot.add("choice", duration, {"options": options, **content}, 0)


def test_a_key_ends_a_choice_and_its_time_counts_from_the_stage_that_is_named() -> None:
    plot = Plot().trial("sun", ("picture", timed(1.0), {}))
    rehearsal = Rehearsal(choice(plot, timed(3.0), reaction_from="picture").schedule(), auto=False)
    rehearsal.say("start")
    rehearsal.run_for(1.5)
    pressed_s = rehearsal.now()
    assert not rehearsal.runner.act("key", pressed_s, code="KeyX")
    assert rehearsal.runner.act("key", pressed_s, code="KeyJ")
    rehearsal.run_to_end()
    picture = rehearsal.log.of("stimulus_shown")[0]
    (response,) = rehearsal.log.of("response")
    assert response.payload["value"] == "no"
    assert response.payload["reaction_s"] == pytest.approx(pressed_s - picture.time)
    ended = rehearsal.log.of("stage_ended")[-1]
    assert ended.payload["reason"] == "answered"
    assert ended.time == pytest.approx(pressed_s, abs=0.001)


def test_a_choice_without_a_key_times_out_and_says_so() -> None:
    plot = Plot().trial("sun")
    rehearsal = Rehearsal(choice(plot, timed(2.0)).schedule(), auto=False)
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert rehearsal.log.of("stage_ended")[-1].payload["reason"] == "timed"
    assert rehearsal.log.of("response")[0].payload["value"] is None


@pytest.mark.parametrize(
    ("must", "answers", "out"),
    [
        ({}, {}, False),
        ({"fit": "yes"}, {"fit": "yes"}, False),
        ({"fit": "yes"}, {"fit": "no"}, True),
        ({"fit": "yes"}, {}, True),
        ({"age": [2, 3]}, {"age": 3}, False),
        ({"age": [2, 3]}, {"age": 1}, True),
        ({"fit": "yes", "eyes": "yes"}, {"fit": "yes", "eyes": "no"}, True),
    ],
)
def test_screening(must: dict[str, Any], answers: dict[str, Any], out: bool) -> None:
    assert screened_out({"must_answer": must}, answers) == out


@pytest.mark.parametrize(
    ("kind", "duration", "asks"),
    [
        ("fixation", timed(1.0), False),
        ("picture", timed(1.0), False),
        ("picture", paced(1.0), True),
        ("rest", timed(1.0), False),
        ("instruction", paced(1.0), True),
        ("questionnaire", timed(1.0), True),
        ("typing", paced(1.0), True),
        ("flash", timed(1.0), True),
    ],
)
def test_whose_keyboard_it_is(kind: StageKind, duration: Duration, asks: bool) -> None:
    content = typing_content() if kind == "typing" else likert("a") if kind == "questionnaire" else None
    rehearsal = Rehearsal(Plot().add(kind, duration, content).schedule(), auto=False)
    stage = rehearsal.runner.schedule.stages[0]
    assert takes_input(stage) == asks
    rehearsal.run_for(0.05)
    rehearsal.say("start")
    rehearsal.run_for(0.05)
    told = [message["takes_input"] for message in rehearsal.line.sent if message["type"] == "health"]
    assert told[-1] == asks and told[0] is False, "told at once, not with the next health"
    rehearsal.runner.act("rights", rehearsal.now())
    assert rehearsal.runner.takes_input, "the page of rights is the participant's"


def test_health_tells_the_next_trial_and_how_imagery_goes() -> None:
    rehearsal = Rehearsal(two_trials())
    rehearsal.say("start")
    rehearsal.run_for(3.0)
    health = rehearsal.runner.health(rehearsal.now())
    assert health["next_trial"] == {"index": 1, "stimulus": "mud", "category": "unpleasant"}
    plot = Plot().add("imagery", timed(10.0), {"text": "Imagine.", "min_presses": 3})
    imagery = Rehearsal(plot.schedule(), auto=False)
    imagery.say("start")
    imagery.run_for(1.0)
    assert imagery.runner.act("feel", imagery.now())
    assert imagery.runner.health(imagery.now())["task"] == {"presses": 1, "min_presses": 3}
    imagery.run_to_end()
    assert imagery.log.count()["feeling_it"] == 1 and imagery.log.count()["few_presses"] == 1
