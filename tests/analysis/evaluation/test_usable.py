"""What a recognizer is asked for is checked before anything is computed."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.evaluation.experiment import Experiment
from analysis.evaluation.usable import check_choices, resolved
from analysis.recognizers.recognizer import RecognizerError
from analysis.recognizers.table import RECOGNIZERS, recognizer_class


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("pdan", {"kernel": "Literal"}, r"kernel cannot be 'Literal'\. Did you mean 'literal'\?"),
        ("dan", {"kernel": "cubic"}, r"There are: literal, auto\."),
        ("svm", {"over_steps": "median"}, "over_steps cannot be 'median'"),
        ("pdan", {"kernle": "auto"}, r"no setting 'kernle'\. Did you mean 'kernel'\?"),
    ],
)
def test_a_word_that_is_none_of_the_choices_is_refused(
    name: str, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(RecognizerError, match=words):
        resolved(Experiment(name, {}, "", settings=settings), recognizer_class(name).card, True)


def test_numbers_that_a_search_does_not_go_over_may_be_given() -> None:
    # A weight of 0 takes its penalty away.
    asked = Experiment("pdan", {}, "", settings={"rough": 0.0, "fine": 0.03, "kernel": "auto"})
    assert resolved(asked, recognizer_class("pdan").card, True).settings == asked.settings


@pytest.mark.parametrize("name", tuple(RECOGNIZERS))
def test_every_card_keeps_to_its_own_choices(name: str) -> None:
    card = recognizer_class(name).card
    check_choices(card, card.defaults())
    for each in card.settings:
        for value in each.choices:
            check_choices(card, {each.name: value})
