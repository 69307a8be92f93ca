"""What a participant does within a stage that is no questionnaire, free of Qt."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.presenter.tasks import (
    ChoiceTask,
    ImageryTask,
    SpeakingTask,
    Task,
    TypingTask,
    edit_distance,
    make_task,
)
from protocols.schedule import Duration, StageKind
from tests.helpers.presenting import SENTENCE, Plot, paced, speaking_content, timed, typing_content


def task_of(kind: StageKind, duration: Duration, content: dict[str, Any], onset_s: float = 10.0) -> Task:
    task = make_task(Plot().add(kind, duration, content).stages[0])
    task.begin(onset_s)
    return task


# Typing


def typed(text: str) -> TypingTask:
    """Type `text`, '<' being the key that takes a character back."""
    task = task_of("typing", paced(5.0), typing_content())
    assert isinstance(task, TypingTask)
    for place, char in enumerate(text):
        time = 11.0 + place
        if char == "<":
            assert task.act("erase", time, {}) == []
        else:
            assert task.act("insert", time, {"text": char}) == []
    return task


CASES = [
    ("", "", 0, 0),
    ("cat", "cat", 3, 0),
    ("cxat<<at", "cxat"[:2] + "at", 8, 2),
    ("<<a", "a", 3, 2),
]


@pytest.mark.parametrize(("keys", "text", "count", "corrections"), CASES)
def test_text_grows_and_shrinks_at_its_end(keys: str, text: str, count: int, corrections: int) -> None:
    task = typed(keys)
    assert (task.text, task.keys, task.corrections) == (text, count, corrections)
    assert task.is_complete == bool(text)


def test_a_typing_result_holds_the_text_only_if_allowed() -> None:
    task = typed(SENTENCE)
    ((kind, _, without),) = task.results(with_text=False)
    ((_, _, with_text),) = task.results(with_text=True)
    assert kind == "typing_result" and "text" not in without and with_text["text"] == SENTENCE
    assert (without["keys"], without["errors"], without["first_key_s"]) == (len(SENTENCE), 0, 1.0)


def test_nobody_has_to_type() -> None:
    task = typed("")
    assert task.missing == ("please_type", 0)
    assert task.act("decline", 12.0, {}) == [] and task.is_complete
    (_, _, result), record = task.results(True)
    assert result["declined"] and record == ("declined", 12.0, {"what": "item", "item": "typing"})
    task.act("insert", 13.0, {"text": "a"})
    ((_, _, result),) = task.results(True)
    assert "declined" not in result, "whoever types has thought again"


@given(st.text(max_size=8), st.text(max_size=8))
def test_edit_distance_is_a_distance(left: str, right: str) -> None:
    distance = edit_distance(left, right)
    assert (distance == 0) == (left == right)
    assert distance == edit_distance(right, left)
    assert abs(len(left) - len(right)) <= distance <= max(len(left), len(right))


@pytest.mark.parametrize(
    ("typed_text", "target", "distance"), [("kitten", "sitting", 3), ("abc", "abc", 0), ("", "ab", 2)]
)
def test_edit_distance_of_known_words(typed_text: str, target: str, distance: int) -> None:
    assert edit_distance(typed_text, target) == distance


# Speaking


def speaking(**content: Any) -> SpeakingTask:
    given = {"text": "How are you?", "min_hold_s": 2.0} if "sentences" not in content else {}
    task = task_of("speaking", paced(30.0), {**given, **content})
    assert isinstance(task, SpeakingTask)
    return task


def kinds(results: list[Any] | None) -> list[str]:
    return [kind for kind, _, _ in results or []]


def test_a_short_hold_is_asked_for_again_once_and_only_once() -> None:
    task = speaking(**speaking_content(min_hold_s=2.0))
    assert task.missing[0] == "hold_button"
    for number, held_s in enumerate((0.3, 0.4)):
        start = 11.0 + 5 * number
        assert kinds(task.act("hold", start, {})) == ["talk_started"]
        assert task.act("hold", start + 0.1, {}) == [], "a key that repeats starts nothing anew"
        (kind, at, payload), *more = task.act("release", start + held_s, {}) or []
        assert (kind, at, payload["enough"]) == ("talk_ended", start + held_s, False)
        if number == 0:
            assert more == [("reprompted", at, {"cause": "short"})]
            assert not task.is_complete and task.missing[0] == "was_short"
    assert task.is_complete, "nobody is kept for ever"
    ((_, _, result),) = task.results(False)
    assert (result["holds"], result["reprompts"], result["enough"]) == (2, 1, False)
    assert result["talked_s"] == pytest.approx(0.7) and result["voiced_s"] is None


def test_a_free_answer_begins_after_the_time_to_prepare() -> None:
    task = speaking(prepare_s=3.0)
    assert task.tick(12.9) == [] and task.prepares_s(12.0) == 1.0
    assert task.tick(13.1) == [("talk_started", 13.0, {"sentence_ids": []})]
    assert task.tick(14.0) == []
    assert kinds(task.act("done", 16.0, {})) == ["talk_ended"]
    assert task.is_complete and task.tick(17.0) == []


@pytest.mark.parametrize(("level", "voiced_s", "complete"), [(0.6, 3.0, True), (0.1, 0.0, False)])
def test_what_is_too_quiet_is_asked_for_again(level: float, voiced_s: float, complete: bool) -> None:
    task = speaking(min_voiced_s=2.5)
    task.tick(10.0)
    for step in range(31):
        assert task.act("level", 10.0 + step / 10, {"level": level}) == []
    results = task.act("done", 13.1, {})
    assert kinds(results) == ["talk_ended"] + ["reprompted"] * (not complete)
    assert task.voiced_s == pytest.approx(voiced_s) and task.is_complete is complete
    if not complete:
        assert task.missing[0] == "please_more"
        assert kinds(task.tick(13.2)) == ["talk_started"], "the answer goes on"
        task.act("done", 13.5, {})
        assert task.is_complete and task.results(False)[0][2]["enough"] is False


def test_without_a_microphone_loudness_is_not_judged() -> None:
    task = speaking(min_voiced_s=20.0)
    task.tick(10.0)
    task.act("done", 13.0, {})
    assert task.is_complete and task.results(False)[0][2]["voiced_s"] is None


def test_levels_after_a_gap_say_nothing_about_it() -> None:
    task = speaking()
    task.tick(10.0)
    for time in (10.0, 10.1, 12.0, 12.1):
        task.act("level", time, {"level": 1.0})
    assert task.voiced_s == pytest.approx(0.2)


def test_the_button_does_nothing_while_one_prepares_and_a_pause_ends_a_talk() -> None:
    task = speaking(**speaking_content(min_hold_s=1.0), prepare_s=2.0)
    assert task.act("hold", 11.0, {}) is None and task.act("release", 11.5, {}) is None
    task.act("hold", 12.5, {})
    task.act("release", 14.0, {})
    assert task.is_complete


def test_declining_ends_a_talk() -> None:
    task = speaking()
    task.tick(10.0)
    assert kinds(task.act("decline", 10.5, {})) == ["talk_ended"]
    assert task.is_complete and task.tick(11.0) == []
    (_, _, result), record = task.results(False)
    assert result["declined"] and record[:2] == ("declined", 10.5)


# Imagery


def test_every_press_is_journalled_at_its_time() -> None:
    task = task_of("imagery", timed(60.0), {"text": "Imagine.", "key": "Space", "min_presses": 3})
    assert isinstance(task, ImageryTask)
    results = [
        *(task.act("feel", 12.0, {}) or []),
        *(task.act("key", 13.5, {"code": "Space"}) or []),
    ]
    assert results == [
        ("feeling_it", 12.0, {"press": 1, "since_onset_s": 2.0}),
        ("feeling_it", 13.5, {"press": 2, "since_onset_s": 3.5}),
    ]
    assert task.act("key", 14.0, {"code": "KeyA"}) is None
    assert task.results(False) == [("few_presses", None, {"presses": 2, "min_presses": 3})]
    task.act("feel", 15.0, {})
    assert task.results(False) == []


# Speeded choice


OPTIONS = [
    {"id": "happy", "text": "happy", "key": "KeyJ"},
    {"id": "neutral", "text": "neutral", "key": "KeyK"},
]


def choice(**content: Any) -> ChoiceTask:
    task = task_of("choice", timed(2.0), {"options": OPTIONS, **content})
    assert isinstance(task, ChoiceTask)
    return task


def test_the_first_key_of_an_option_answers() -> None:
    task = choice(correct="happy")
    assert task.act("key", 10.2, {"code": "KeyX"}) is None and task.results(False)[0][2]["timeout"]
    assert task.act("key", 10.45, {"code": "KeyJ"}) == [] and task.is_over
    assert task.act("key", 10.5, {"code": "KeyK"}) is None, "the first answer counts"
    ((kind, at, payload),) = task.results(False)
    assert (kind, at, payload["item"], payload["value"]) == ("response", 10.45, "choice", "happy")
    assert payload["reaction_s"] == pytest.approx(0.45)
    assert payload["correct"] is True and payload["key"] == "KeyJ"
    assert "anticipation" not in payload and "timeout" not in payload


def test_no_key_is_a_missing_answer() -> None:
    ((kind, at, payload),) = choice(correct="happy").results(False)
    assert (kind, at) == ("response", None)
    assert payload == {"item": "choice", "value": None, "reaction_s": None, "timeout": True}


def test_reactions_count_from_the_stage_that_is_named_and_pauses_do_not_count() -> None:
    task = choice(correct="happy")
    task.zero_s = 9.8
    task.act("key", 10.3, {"code": "KeyK"})
    task.shift(100.0)
    payload = task.results(False)[0][2]
    assert payload["reaction_s"] == pytest.approx(0.5) and payload["correct"] is False


@pytest.mark.parametrize(("at", "anticipated"), [(10.1, True), (10.14, True), (10.16, False)])
def test_what_was_pressed_too_early_is_marked(at: float, anticipated: bool) -> None:
    task = choice()
    task.act("key", at, {"code": "KeyJ"})
    payload = task.results(False)[0][2]
    assert payload.get("anticipation", False) is anticipated
    assert "correct" not in payload, "nothing is right or wrong here"


@pytest.mark.parametrize(("code", "verdict"), [("KeyJ", "correct"), ("KeyK", "wrong")])
def test_feedback_is_seen_before_the_stage_ends(code: str, verdict: str) -> None:
    task = choice(correct="happy", feedback=True)
    assert task.verdict == ""
    task.act("key", 10.5, {"code": code})
    assert task.verdict == verdict and not task.is_over
    task.tick(11.0)
    assert not task.is_over
    task.tick(11.2)
    assert task.is_over


def test_stages_that_ask_nothing_are_always_complete() -> None:
    task = task_of("instruction", paced(2.0), {"text": "Read."})
    assert type(task) is Task and task.is_complete and not task.is_over
    assert task.act("choose", 11.0, {}) is None and task.tick(11.0) == [] and task.results(True) == []


# Whatever happens

ITEMS = [
    {"id": "l", "text": "", "scale": "likert", "points": 5},
    {"id": "c", "text": "", "scale": "choice", "options": [{"id": "a", "text": ""}, {"id": "b", "text": ""}]},
    {"id": "t", "text": "", "scale": "text"},
]
ANY: list[tuple[StageKind, dict[str, Any]]] = [
    ("questionnaire", {"items": ITEMS, "instrument": "own", "scoring": {"total": ["l"]}}),
    ("typing", typing_content()),
    ("speaking", speaking_content()),
    ("speaking", {"text": "Well?", "prepare_s": 2.0, "min_voiced_s": 1.0}),
    ("imagery", {"text": "Imagine.", "min_presses": 2}),
    ("choice", {"options": OPTIONS, "correct": "happy", "feedback": True}),
    ("rest", {"text": "Rest."}),
]
VALUES = st.one_of(st.integers(-1, 6), st.sampled_from(["a", "b", "", "KeyJ"]), st.lists(st.just("a")))
ACTIONS = [
    *("choose", "clear", "decline", "read_help", "insert", "erase"),
    *("hold", "release", "level", "done", "feel", "key", "tick", "shift"),
]
ACTS = st.tuples(
    st.sampled_from(ACTIONS),
    st.sampled_from("lctx"),
    VALUES,
    st.floats(0.0, 2.0),
)


@pytest.mark.parametrize(("kind", "content"), ANY, ids=[kind for kind, _ in ANY])
@settings(max_examples=25)
@given(acts=st.lists(ACTS, max_size=20), keeps_text=st.booleans())
def test_whatever_is_done_the_record_is_whole(
    kind: StageKind, content: dict[str, Any], acts: list[tuple[str, str, Any, float]], keeps_text: bool
) -> None:
    task = make_task(Plot().add(kind, paced(5.0), content).stages[0], keeps_text)
    task.begin(10.0)
    time, open_talks = 10.0, 0
    for action, item, value, passes_s in acts:
        time += passes_s
        if action == "tick":
            results = task.tick(time)
        elif action == "shift":
            # As the runner does it: a talk never spans a pause.
            results = task.act("release", time, {}) or []
            task.shift(passes_s)
        else:
            values = {"item": item, "value": value, "text": "x", "code": value, "level": passes_s / 2}
            results = task.act(action, time, values) or []
        for name, at, payload in results:
            json.dumps(payload)
            assert at is not None and 10.0 <= at <= time
            open_talks += {"talk_started": 1, "talk_ended": -1}.get(name, 0)
            assert open_talks in (0, 1)
    final = task.results(with_text=False)
    json.dumps([payload for _, _, payload in final])
    answered = [payload["item"] for name, _, payload in final if name == "response"]
    assert len(set(answered)) == len(answered), "one answer an item"
    for name, _, payload in final:
        if name == "response" and payload["value"] is None:
            assert payload.get("declined") or payload.get("withheld") or payload.get("timeout")
