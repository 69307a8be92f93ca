"""Keystroke records: classes, pairing, times, and what they keep to themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.presenter.keys import KeyClass, Strokes, classify, event_time

CLASSES: list[tuple[str, str, KeyClass]] = [
    ("A", "a", "letter"),
    ("Ä", "ä", "letter"),
    ("7", "7", "digit"),
    ("Space", " ", "space"),
    (".", ".", "punctuation"),
    ("Backspace", "\b", "editing"),
    ("Left", "", "editing"),
    ("Return", "\r", "control"),
    ("Shift", "", "control"),
    ("F1", "", "control"),
]


@pytest.mark.parametrize(("name", "char", "expected"), CLASSES)
def test_classes(name: str, char: str, expected: KeyClass) -> None:
    assert classify(name, char) == expected


def test_overlapping_keys_are_paired_by_their_press() -> None:
    strokes = Strokes()
    first = strokes.down(65, "A", "a", 1.0, 1.0)
    second = strokes.down(66, "B", "b", 1.1, 1.1)
    repeat = strokes.down(66, "B", "b", 1.6, 1.6, repeated=True)
    first_up, second_up = strokes.up(65, 1.7, 1.7), strokes.up(66, 1.8, 1.8)
    assert first_up is not None and second_up is not None
    assert (first.press, first_up.press) == (1, 1)
    assert (second.press, repeat.press, second_up.press) == (2, 2, 2)
    assert [first.edge, repeat.edge, first_up.edge] == ["down", "repeat", "up"]


def test_an_up_that_was_lost_does_not_make_the_next_press_a_repeat() -> None:
    strokes = Strokes()
    strokes.down(65, "A", "a", 1.0, 1.0)
    again = strokes.down(65, "A", "a", 2.0, 2.0)
    assert (again.edge, again.press) == ("down", 2)


def test_an_up_from_nowhere_is_nothing() -> None:
    assert Strokes().up(65, 1.0, 1.0) is None


@pytest.mark.parametrize(("name", "char"), [("Q", "q"), ("7", "7"), ("Space", " "), ("!", "!")])
def test_without_characters_a_stroke_names_neither_key_nor_text(name: str, char: str) -> None:
    stroke = Strokes().down(1, name, char, 1.0, 1.001)
    hidden, shown = stroke.payload(with_characters=False), stroke.payload(with_characters=True)
    assert hidden == {
        "key": "",
        "edge": "down",
        "class": classify(name, char),
        "press": 1,
        "received_s": 1.001,
    }
    assert (shown["key"], shown["char"]) == (name, char)


def test_keys_that_give_no_text_keep_their_name() -> None:
    assert Strokes().down(1, "Backspace", "", 1.0, 1.0).payload(with_characters=False)["key"] == "Backspace"


@given(delay_ms=st.integers(0, 900), uptime_ms=st.integers(1_000_000, 10_000_000_000))
def test_a_stamp_of_our_clock_is_the_events_time_even_in_32_bits(delay_ms: int, uptime_ms: int) -> None:
    happened_s, received_s = uptime_ms / 1000, (uptime_ms + delay_ms) / 1000
    for stamp_ms in (uptime_ms, uptime_ms % 2**32):
        expected = happened_s if stamp_ms else received_s
        assert event_time(stamp_ms, received_s) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("stamp_ms", [0, 17, 5_000_000_000])
def test_a_stamp_of_another_clock_counts_as_unknown(stamp_ms: int) -> None:
    assert event_time(stamp_ms, 90_000.0) == 90_000.0


def test_no_event_happens_after_it_was_received() -> None:
    assert event_time(90_000_010, 90_000.0) == 90_000.0
