"""The presenter's own words, in every language that it speaks."""

from __future__ import annotations

import string

import pytest

from app.presenter.phrases import PHRASES, Phrases, is_spoken


@pytest.mark.parametrize("language", PHRASES)
def test_every_language_says_everything_with_the_same_numbers(language: str) -> None:
    said = PHRASES[language]
    assert set(said) == set(PHRASES["en"])
    for key, text in PHRASES["en"].items():
        fields = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        there = {name for _, name, _, _ in string.Formatter().parse(said[key]) if name}
        assert there == fields, key
        assert Phrases(language).say(key, 3, 4, "F")


@pytest.mark.parametrize(
    ("language", "text"), [("de", "WEITER"), ("de-AT", "WEITER"), ("pt_BR", "CONTINUE"), ("", "CONTINUE")]
)
def test_a_language_that_is_not_spoken_gets_english(language: str, text: str) -> None:
    assert Phrases(language).say("continue") == text


def test_one_and_many() -> None:
    assert Phrases().say("answers_missing", 1) == "One answer is missing."
    assert Phrases().say("answers_missing", 2) == "2 answers are missing."
    assert Phrases().say("") == ""


def test_who_writes_from_right_to_left() -> None:
    assert Phrases("ar").is_right_to_left and Phrases("he-IL").is_right_to_left
    assert not Phrases("de").is_right_to_left
    assert is_spoken("zh-CN") and not is_spoken("he")
