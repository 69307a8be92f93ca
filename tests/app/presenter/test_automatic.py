"""The automatic participant: like a person, always the same, and in time."""

from __future__ import annotations

import itertools
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.presenter.acts import BACKSPACE, Choose, Key, Proceed, TimedAct
from app.presenter.automatic import Participant
from app.presenter.tasks import make_task
from protocols.expand import expand
from protocols.load import load_protocol
from tests.helpers.presenting import (
    NORMS,
    SENTENCE,
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


def plan(plot: Plot, seed: int = 7, stimulus: str = "sun", drift_s: float = 0.0) -> list[TimedAct]:
    return Participant(seed, NORMS).plan(make_task(plot.stages[-1]), stimulus, drift_s)


def test_the_same_seed_does_the_same() -> None:
    plot = Plot().add("typing", paced(8.0), typing_content())
    assert plan(plot) == plan(plot)
    assert plan(plot) != plan(plot, seed=8)


def test_a_session_is_the_same_twice() -> None:
    runs = []
    for _ in range(2):
        rehearsal = Rehearsal(two_trials())
        rehearsal.say("start")
        rehearsal.run_to_end()
        runs.append([(event.kind, event.payload.get("value")) for event in rehearsal.log.events])
    assert runs[0] == runs[1]


def test_timed_stages_are_left_alone() -> None:
    assert plan(Plot().add("break", timed(3.0))) == []


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    typical_s=st.floats(1.5, 40.0),
    kind=st.sampled_from(["questionnaire", "typing", "speaking", "instruction"]),
    limited=st.booleans(),
)
def test_every_plan_is_in_order_and_ends_by_going_on_at_the_typical_time(
    seed: int, typical_s: float, kind: str, limited: bool
) -> None:
    content = {
        "questionnaire": likert("positive", "negative"),
        "typing": typing_content(),
        "speaking": speaking_content(1.0),
        "instruction": {"text": "Read."},
    }[kind]
    duration = paced(typical_s, min_s=0.5, max_s=typical_s + 5.0 if limited else None)
    acts = plan(Plot().add(kind, duration, content), seed)  # type: ignore[arg-type]
    times = [time for time, _ in acts]
    assert times == sorted(times) and times[0] >= 0
    assert isinstance(acts[-1][1], Proceed)
    assert times[-1] == pytest.approx(typical_s, abs=0.2)


@given(seed=st.integers(0, 10_000))
def test_typing_gives_the_sentence_with_its_keys_paired_and_its_typos_corrected(seed: int) -> None:
    acts = [act for _, act in plan(Plot().add("typing", paced(12.0), typing_content()), seed)]
    text, down = "", set()
    for act in acts:
        if not isinstance(act, Key):
            continue
        if act.is_down:
            assert act.char not in down, "a key must come up before it goes down again"
            down.add(act.char)
            text = text[:-1] if act.char == BACKSPACE else text + act.char
        else:
            down.remove(act.char)
    assert text == SENTENCE and not down


def test_typing_has_the_rhythm_of_a_person() -> None:
    downs = [
        time
        for time, act in plan(Plot().add("typing", paced(15.0), typing_content(SENTENCE * 3)))
        if isinstance(act, Key) and act.is_down
    ]
    gaps = [after - before for before, after in itertools.pairwise(downs)]
    assert 0.06 < statistics.median(gaps) < 0.4
    assert statistics.pstdev(gaps) > 0.15 * statistics.mean(gaps), "nobody types like a clock"


@pytest.mark.parametrize(("stimulus", "pleasant"), [("sun", True), ("mud", False)])
def test_ratings_follow_the_stimulus(stimulus: str, pleasant: bool) -> None:
    ratings: dict[str, list[int]] = {"positive": [], "negative": [], "valence": []}
    for seed in range(200):
        for content in (likert("positive", "negative"), sam("valence")):
            acts = plan(Plot().add("questionnaire", paced(4.0), content), seed, stimulus)
            for act in (act for _, act in acts if isinstance(act, Choose)):
                assert isinstance(act.value, int)
                ratings[act.item].append(act.value)
    mean = {name: statistics.mean(values) for name, values in ratings.items()}
    assert (mean["positive"] > mean["negative"]) == pleasant
    assert (mean["valence"] > 5) == pleasant
    assert len(set(ratings["positive"])) > 2, "people differ"


def test_talking_holds_long_enough() -> None:
    (down_s, _), (up_s, _), _ = plan(Plot().add("speaking", paced(4.0), speaking_content(2.5)))
    assert up_s - down_s >= 2.5


def test_talking_with_hardly_any_room_is_done_again_until_it_is_enough() -> None:
    plot = Plot().add("speaking", paced(6.0), speaking_content(3.0))
    rehearsal = Rehearsal(plot.schedule())
    rehearsal.say("start")
    rehearsal.say("pause", 3.0)
    rehearsal.say("resume", 60.0)
    rehearsal.run_to_end(200.0)
    assert_well_formed(rehearsal.log)
    held = [event.payload["enough"] for event in rehearsal.log.of("talk_ended")]
    assert held == [False, True]


def test_the_demo_takes_what_it_says() -> None:
    schedule = expand(load_protocol("demo"), "sim01", 1, 0, 7)
    rehearsal = Rehearsal(schedule)
    rehearsal.say("start")
    rehearsal.run_to_end()
    assert_well_formed(rehearsal.log)
    started, ended = rehearsal.log.of("schedule_started", "schedule_ended")
    assert ended.time - started.time == pytest.approx(schedule.typical_s, abs=1.0)
    assert {event.payload["reason"] for event in rehearsal.log.of("stage_ended")} == {"timed", "answered"}


def test_sixteen_trials_take_what_they_say() -> None:
    schedule = expand(load_protocol("picture-typing-speaking"), "sim01", 1, 0, 7)
    rehearsal = Rehearsal(schedule)
    rehearsal.say("start")
    rehearsal.run_to_end(7200.0)
    started, ended = rehearsal.log.of("schedule_started", "schedule_ended")
    assert ended.time - started.time == pytest.approx(schedule.typical_s, abs=1.0)
    assert rehearsal.log.count()["trial_ended"] == 16
