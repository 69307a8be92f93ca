"""What a participant does within a stage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.presenter.tasks import TypingTask, edit_distance, make_task
from protocols.schedule import Stage
from tests.helpers.presenting import SENTENCE, Plot, paced, typing_content


def typing_stage() -> Stage:
    return Plot().add("typing", paced(5.0), typing_content()).stages[0]


def typed(text: str) -> TypingTask:
    """Type `text`, '<' being the key that takes a character back."""
    task = make_task(typing_stage())
    assert isinstance(task, TypingTask)
    task.begin(10.0)
    for place, char in enumerate(text):
        time = 11.0 + place
        if char == "<":
            task.erase(time)
        else:
            task.insert(char, time)
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
