"""Every recognizer's card: complete, true to the tables it names, and ready for JSON."""

from __future__ import annotations

import json

import pytest

from analysis.corpus.cases import MODALITIES
from analysis.features.feature import FEATURES, feature
from analysis.recognizers.recognizer import Card, RecognizerError
from analysis.recognizers.table import RECOGNIZERS, cards, make, recognizer_class
from app.commands.recognizers import card_to_json

ALL = tuple(RECOGNIZERS)


def card_of(name: str) -> Card:
    return recognizer_class(name).card


@pytest.mark.parametrize("name", ALL)
def test_a_card_says_who_it_is_and_where_it_comes_from(name: str) -> None:
    card = card_of(name)
    assert card.name == name
    assert all((card.title, card.source, card.about, card.task))
    assert len(card.about) > 40


@pytest.mark.parametrize("name", ALL)
def test_its_inputs_are_in_the_tables(name: str) -> None:
    inputs = card_of(name).inputs
    assert inputs
    assert len({each.name for each in inputs}) == len(inputs)
    for each in inputs:
        assert each.modality in MODALITIES
        assert each.feature in FEATURES
        found = feature(each.feature)
        assert each.modality in found.modalities
        assert set(each.settings) <= set(found.settings), each.name


@pytest.mark.parametrize("name", ALL)
def test_settings_have_one_name_a_meaning_and_a_default_inside_their_range(name: str) -> None:
    settings = card_of(name).settings
    assert len({each.name for each in settings}) == len(settings)
    for each in settings:
        assert each.about
        if each.choices:
            assert each.default in each.choices
        elif each.low is not None and each.high is not None:
            # 0 may stand outside a logarithmic range, where it means "chosen by the data".
            assert each.low <= each.default <= each.high or each.default == 0
            assert each.scale != "log10" or each.low > 0


@pytest.mark.parametrize("name", ALL)
def test_a_layer_that_differs_from_what_is_printed_says_why(name: str) -> None:
    for each in card_of(name).layers:
        assert each.printed == each.built or each.why, each.name


@pytest.mark.parametrize("name", ALL)
def test_a_published_figure_has_its_data_and_protocol(name: str) -> None:
    for each in card_of(name).published:
        assert all((each.data, each.protocol, each.metric))


def test_all_cards_are_json() -> None:
    told = json.loads(json.dumps([card_to_json(card) for card in cards()]))
    assert [each["name"] for each in told] == list(ALL)
    assert told[0]["inputs"][0]["modality"] == "eeg"


def test_a_wrong_name_or_setting_is_explained() -> None:
    with pytest.raises(
        RecognizerError, match=r"no recognizer 'atention-lstm'\. Did you mean 'attention-lstm'\?"
    ):
        make("atention-lstm")
    with pytest.raises(RecognizerError, match=r"svm: no setting rate\. There are: c, gamma"):
        make("svm", {"rate": 1})
