"""The label table of imagined emotions: proposed, edited, read with a message, and made into recipes."""

from __future__ import annotations

import json

import pytest

from analysis.targets.emotions import (
    EMOTIONS,
    PRINTED_TOTALS,
    against_totals,
    answers_of,
    from_csv,
    recipe_of,
    to_csv,
)
from analysis.targets.recipe import Recipe, TargetError
from analysis.targets.recipe_json import parse_recipe, to_text


def test_the_proposal_has_fifteen_emotions_eight_of_them_high_on_either_scale() -> None:
    assert len(EMOTIONS) == 15
    assert [sum(levels[place] == "high" for levels in EMOTIONS.values()) for place in (0, 1)] == [8, 8]
    assert EMOTIONS["awe"] == ("high", "low")
    assert EMOTIONS["anger"] == ("low", "high")
    assert EMOTIONS["sadness"] == ("low", "low")
    assert EMOTIONS["joy"] == ("high", "high")


def test_a_table_is_read_as_it_was_written_and_edits_reach_the_recipe() -> None:
    assert from_csv(to_csv(EMOTIONS), "emotions.csv") == EMOTIONS
    assert to_csv(EMOTIONS).splitlines()[:2] == ["emotion,valence,arousal", "anger,low,high"]
    worded = {'joy, but "quiet"': ("high", "low")}
    assert from_csv(to_csv(worded), "emotions.csv") == worded
    edited = from_csv("emotion, valence, arousal\nAwe, high, HIGH\n\nfear,low,high\n", "emotions.csv")
    assert dict(edited) == {"awe": ("high", "high"), "fear": ("low", "high")}
    recipe = recipe_of(edited, "arousal")
    assert answers_of(recipe) == {"awe": "high", "fear": "high"}
    assert recipe.sha256 != recipe_of(EMOTIONS, "arousal").sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the columns must be emotion, valence, arousal"),
        ("emotion,valence\nawe,high\n", "line 1: the columns"),
        ("emotion,valence,arousal\nawe,high\n", "line 2: an emotion, its valence and its arousal"),
        ("emotion,valence,arousal\nawe,high,medium\n", "line 2: 'medium' is neither low nor high"),
        ("emotion,valence,arousal\nawe,high,low\nAwe,low,low\n", "line 3: awe was named before"),
        ("emotion,valence,arousal\na=b,high,low\n", "line 2: an emotion"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(TargetError, match=f"emotions.csv, {message}"):
        from_csv(text, "emotions.csv")


def test_the_recipe_is_a_file_like_every_other() -> None:
    recipe = recipe_of(EMOTIONS, "valence")
    assert parse_recipe(to_text(recipe), "x.json") == recipe
    with pytest.raises(TargetError, match="'of' must name the label table"):
        parse_recipe(json.dumps({"name": "x", "source": "emotion"}), "x.json")
    with pytest.raises(TargetError, match='must hold entries such as "awe=high"'):
        answers_of(Recipe("x", "emotion", ("awe",)))


def test_class_totals_are_compared_where_the_data_fit() -> None:
    assert against_totals("valence", 10, 12) == ""
    assert "as the article prints them" in against_totals("valence", *PRINTED_TOTALS["valence"])
    assert "not the article's" in against_totals("arousal", 490, 644)
