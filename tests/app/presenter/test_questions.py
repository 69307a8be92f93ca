"""Questions, free of Qt: what is an answer, when a questionnaire is complete, what is journalled."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.presenter.answering import answer_to
from app.presenter.tasks import Item, QuestionnaireTask, make_task
from protocols.expand import expand
from protocols.load import load_protocol
from tests.helpers.presenting import Plot, paced

BASE = {"id": "q", "text": "How is it?"}
OPTIONS = [{"id": name, "text": name.title()} for name in ("joy", "fear", "anger")]
LIKERT = {**BASE, "scale": "likert", "points": 21}
FROM_ZERO = {**BASE, "scale": "likert", "points": 4, "first": 0}
GRID = {**BASE, "scale": "grid", "points": 9, "x": {"dimension": "valence"}, "y": {"dimension": "arousal"}}
ONE = {**BASE, "scale": "choice", "options": OPTIONS}
TWO = {**ONE, "several": True, "min": 2, "max": 2}
ANY = {**ONE, "several": True, "min": 0}
TEXT = {**BASE, "scale": "text", "max_chars": 6}
AGE = {**BASE, "scale": "number", "min": 18, "max": 99}
WEIGHT = {**BASE, "scale": "number", "decimals": 1}

ACCEPTED: list[tuple[dict[str, Any], Any, bool]] = [
    (LIKERT, 21, True),
    (LIKERT, 22, False),
    (LIKERT, 0, False),
    (LIKERT, True, False),
    (LIKERT, 3.5, False),
    (FROM_ZERO, 0, True),
    (FROM_ZERO, 4, False),
    (GRID, [1, 9], True),
    (GRID, (5, 5), True),
    (GRID, [0, 5], False),
    (GRID, [5], False),
    (ONE, "joy", True),
    (ONE, "boredom", False),
    (ONE, ["joy"], False),
    (TWO, ["joy"], True),
    (TWO, ["joy", "fear", "anger"], False),
    (TWO, ["joy", "joy"], False),
    (TEXT, "größer", True),
    (TEXT, "您现在感觉", True),
    (TEXT, "too long", False),
    (AGE, 18, True),
    (AGE, 17, False),
    (AGE, 18.5, False),
    (WEIGHT, 61.5, True),
    (WEIGHT, -3, True),
    (AGE, "20", False),
]


@pytest.mark.parametrize(("content", "value", "accepted"), ACCEPTED)
def test_what_an_item_takes(content: dict[str, Any], value: Any, accepted: bool) -> None:
    assert Item.from_content(content).accepts(value) is accepted
    task = questionnaire(content)
    taken = task.act("choose", 1.0, {"item": "q", "value": value})
    assert (taken == []) is accepted and bool(task.answers) is accepted


def questionnaire(*items: dict[str, Any], keeps_text: bool = True, **more: Any) -> QuestionnaireTask:
    numbered = [{**item, "id": item["id"] if len(items) == 1 else f"q{n}"} for n, item in enumerate(items, 1)]
    stage = Plot().add("questionnaire", paced(5.0), {"items": numbered, **more}).stages[0]
    task = make_task(stage, keeps_text)
    assert isinstance(task, QuestionnaireTask)
    task.begin(10.0)
    return task


def test_an_answer_has_its_times_and_changes() -> None:
    task = questionnaire(LIKERT)
    for time, value in ((12.0, 3), (13.0, 3), (15.0, 7)):
        task.act("choose", time, {"item": "q", "value": value})
    task.shift(2.0)
    ((kind, at, payload),) = task.results(with_text=False)
    assert (kind, at) == ("response", 17.0)
    assert payload == {"item": "q", "value": 7, "reaction_s": 5.0, "first_reaction_s": 2.0, "changes": 1}


def test_several_answers_count_once_there_are_enough() -> None:
    task = questionnaire(TWO)
    task.act("choose", 12.0, {"item": "q", "value": ["joy"]})
    assert task.missing == ("answers_missing", 1) and task.results(True) == []
    task.act("choose", 13.0, {"item": "q", "value": ["joy", "anger"]})
    assert task.is_complete and task.results(True)[0][2]["value"] == ["joy", "anger"]
    task.act("choose", 14.0, {"item": "q", "value": []})
    assert task.missing == ("answers_missing", 1)


def test_nothing_is_an_answer_where_nothing_may_be_chosen() -> None:
    task = questionnaire(ANY, {**TEXT, "min_chars": 0})
    assert task.is_complete
    assert [payload["value"] for _, _, payload in task.results(True)] == [[], ""]


def test_a_declined_item_is_null_and_completes_the_stage() -> None:
    task = questionnaire(LIKERT, AGE)
    task.act("choose", 12.0, {"item": "q1", "value": 4})
    for time in (13.0, 13.5):
        assert task.act("decline", time, {"item": "q2"}) == []
    assert task.is_complete
    (_, _, first), (_, _, second), record = task.results(True)
    assert "declined" not in first and (second["value"], second["declined"]) == (None, True)
    assert record == ("declined", 13.0, {"what": "item", "item": "q2"})
    task.act("choose", 14.0, {"item": "q2", "value": 30})
    assert [kind for kind, _, _ in task.results(True)] == ["response"] * 2, "one may think again"


def test_what_is_not_answered_is_missing() -> None:
    task = questionnaire(LIKERT, AGE)
    task.act("choose", 12.0, {"item": "q1", "value": 4})
    task.act("choose", 12.0, {"item": "q2", "value": 40})
    task.act("clear", 13.0, {"item": "q2"})
    assert [payload["item"] for _, _, payload in task.results(True)] == ["q1"]


def test_text_that_may_not_be_kept_is_withheld() -> None:
    task = questionnaire(TEXT, keeps_text=False)
    task.act("choose", 12.0, {"item": "q", "value": "secret"})
    assert task.is_complete
    ((_, _, payload),) = task.results(with_text=True)
    assert payload["value"] is None and payload["withheld"] and "declined" not in payload


def test_actions_that_mean_nothing_are_refused() -> None:
    task = questionnaire(LIKERT)
    for action, values in (
        ("hold", {}),
        ("decline", {"item": "x"}),
        ("clear", {"item": "x"}),
        ("read_help", {}),
    ):
        assert task.act(action, 12.0, values) is None


PHQ9 = [{**FROM_ZERO, "id": f"i{number}"} for number in range(1, 10)]
PHQ9_RULES: dict[str, Any] = {
    "instrument": "phq-9",
    "scoring": {"total": [item["id"] for item in PHQ9], "subscales": {}, "reverse": [], "method": "sum"},
    "attention": {"item": "i9", "above": 0, "code": "phq9-item9"},
    "helper_text": "You are not alone.",
}


def phq9(*values: int | None) -> QuestionnaireTask:
    stage = Plot().add("questionnaire", paced(5.0), {"items": PHQ9, **PHQ9_RULES}).stages[0]
    task = make_task(stage)
    assert isinstance(task, QuestionnaireTask)
    for number, value in enumerate(values, 1):
        item = {"item": f"i{number}"}
        task.act("decline" if value is None else "choose", 1.0, {**item, "value": value})
    return task


@pytest.mark.parametrize(
    ("values", "total", "attends"),
    [
        ((1, 2, 3, 0, 0, 1, 0, 0, 0), 7, False),
        ((3,) * 9, 27, True),
        ((0,) * 8 + (1,), 1, True),
        ((0,) * 8 + (None,), None, False),
        ((None,) + (0,) * 7 + (2,), None, True),
    ],
)
def test_phq9_is_scored_and_its_ninth_item_looked_after(
    values: tuple[int | None, ...], total: int | None, attends: bool
) -> None:
    task = phq9(*values)
    results = {kind: payload for kind, _, payload in task.results(True)}
    assert results["scored"] == {"instrument": "phq-9", "total": total, "subscales": {}}
    assert ("attention" in results) is attends
    assert task.owes_help is attends and task.is_complete is not attends
    if attends:
        assert results["attention"] == {"code": "phq9-item9"}
        assert task.act("read_help", 2.0, {}) == [("helper_text_shown", 2.0, {"code": "phq9-item9"})]
        assert task.is_complete and task.act("read_help", 3.0, {}) is None


def test_attention_does_not_wait_for_the_rest_of_the_form() -> None:
    stage = Plot().add("questionnaire", paced(5.0), {"items": PHQ9, **PHQ9_RULES}).stages[0]
    task = make_task(stage)
    task.act("choose", 1.0, {"item": "i9", "value": 2})
    assert [kind for kind, _, _ in task.results(True)] == ["response", "scored", "attention"]


def test_subscales_reversed_items_and_means() -> None:
    items = [{**BASE, "id": name, "scale": "likert", "points": 5} for name in "abc"]
    options = [{"id": "no", "text": "No", "value": 0}, {"id": "yes", "text": "Yes", "value": 4}]
    items.append({**BASE, "id": "d", "scale": "choice", "options": options})
    scoring = {"total": [], "subscales": {"x": ["a", "b"], "y": ["c", "d"]}, "reverse": ["b", "d"]}
    for method, expected in (("sum", {"x": 4 + 4, "y": 3 + 0}), ("mean", {"x": 4.0, "y": 1.5})):
        content = {"items": items, "instrument": "own", "scoring": {**scoring, "method": method}}
        task = make_task(Plot().add("questionnaire", paced(5.0), content).stages[0])
        for name, value in (("a", 4), ("b", 2), ("c", 3), ("d", "yes")):
            task.act("choose", 1.0, {"item": name, "value": value})
        ((_, _, payload),) = [result for result in task.results(True) if result[0] == "scored"]
        assert payload == {"instrument": "own", "total": None, "subscales": expected}


@pytest.mark.parametrize("name", ["speech-tasks", "short-films", "therapy-before-after"])
def test_bundled_instruments_can_be_answered_and_scored(name: str) -> None:
    schedule = expand(load_protocol(name), "p01", 1, 0, 1)
    asked = {
        str(stage.content["instrument"]): stage
        for stage in schedule.stages
        if stage.content.get("instrument")
    }
    assert asked, f"{name} uses instruments"
    for stage in asked.values():
        task = make_task(stage)
        assert isinstance(task, QuestionnaireTask)
        for item in task.items:
            assert task.choose(item.id, answer_to(item, {}, random.Random(1)), 1.0)
        assert task.is_filled
        scored = [payload for kind, _, payload in task.results(True) if kind == "scored"]
        scores = [scored[0]["total"], *scored[0]["subscales"].values()]
        expected = stage.content.get("scoring", {})
        assert any(score is not None for score in scores) == bool(expected), stage.content["instrument"]


SCALES = st.sampled_from(["likert", "sam", "grid", "choice", "several", "text", "number"])


@given(scale=SCALES, seed=st.integers(0, 1000), points=st.sampled_from([5, 9]), count=st.integers(2, 20))
def test_the_automatic_participant_always_finds_an_answer(
    scale: str, seed: int, points: int, count: int
) -> None:
    chance = random.Random(seed)
    options = [{"id": f"o{number}", "text": "word"} for number in range(count)]
    content: dict[str, Any] = {**BASE, "scale": "choice" if scale == "several" else scale, "points": points}
    if scale in ("choice", "several"):
        least = chance.randint(0, count)
        content |= {"options": options, "several": scale == "several"}
        content |= {"min": least, "max": chance.randint(max(1, least), count)} if scale == "several" else {}
    if scale == "sam":
        content["dimension"] = "valence"
    if scale == "number":
        low = chance.uniform(-50, 50)
        content |= {
            "min": round(low),
            "max": round(low) + chance.randint(0, 30),
            "decimals": chance.choice([0, 1]),
        }
    item = Item.from_content(content)
    value = answer_to(item, {"valence": chance.uniform(1, 9)}, chance)
    assert item.accepts(value) and item.is_whole(value)
