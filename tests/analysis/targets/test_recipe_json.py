"""Files of targets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.targets.recipe import Recipe, TargetError
from analysis.targets.recipe_json import parse_recipe, to_text

GOOD: dict[str, Any] = {
    "name": "emotion",
    "source": "rating",
    "of": ["negative", "positive"],
    "rule": "higher",
}
RECIPES = (
    Recipe("emotion", "rating", ("negative", "positive"), "higher"),
    Recipe("v", "rating", ("valence",), "threshold", at=5.0, tie="low", classes=("low", "high")),
    Recipe("c", "category", classes=("a", "b")),
    Recipe("n", "norm", ("valence",), "number"),
    Recipe("f", "fused", ("sam@1", "feeling.valence", "fused-mean"), "threshold", at=5.0),
    Recipe("t", "trace", ("continuous-valence@1", "valence", "kim"), "number"),
    Recipe("m", "category", mask=("artefacts@1", "artefact", 0.5)),
)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_recipe_comes_back_as_it_was_written(recipe: Recipe) -> None:
    assert parse_recipe(to_text(recipe), "x.json") == recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Emotion!"}, "will not do"),
        ({"source": "ratings"}, "Did you mean 'rating'"),
        ({"rule": "xyz"}, "There are: threshold"),
        ({"tie": "drp"}, "Did you mean 'drop'"),
        ({"off": []}, "unknown entry 'off'. Did you mean 'of'"),
        ({"of": ["positive"]}, "two items in 'of'"),
        ({"of": "positive"}, "must be a list"),
        ({"of": [1, 2]}, "must be a list of names"),
        ({"rule": "threshold"}, "one item"),
        ({"rule": "threshold", "of": ["valence"], "at": "5"}, "'at' must be a number"),
        ({"rule": "threshold", "of": ["valence"], "at": True}, "'at' must be a number"),
        ({"classes": ["a", "a"]}, "named twice"),
        ({"classes": ["a", "b", "c"]}, "gives two classes"),
        ({"source": "category"}, "must be empty"),
        ({"source": "category", "of": [], "rule": "number"}, "a category is no number"),
        ({"source": "fused", "of": ["sam@1"]}, "scheme, variable, whose"),
        ({"source": "trace", "of": ["a@1", "v", "kim"], "rule": "classes"}, "a trace gives numbers"),
        ({"mask": ["artefacts@1", "artefact", 0]}, "a share above 0"),
        ({"mask": ["artefacts@1", "artefact", "0.5"]}, "a share above 0"),
        ({"mask": "artefacts@1"}, "a share above 0"),
    ],
)
def test_everything_wrong_is_said_with_file_and_remedy(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError, match=r"^x\.json: ") as caught:
        parse_recipe(json.dumps(GOOD | change), "x.json")
    assert message in str(caught.value)


@pytest.mark.parametrize("missing", ["name", "source"])
def test_name_and_source_must_be_there(missing: str) -> None:
    values = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(TargetError, match=f"'{missing}' is missing"):
        parse_recipe(json.dumps(values), "x.json")


@pytest.mark.parametrize("text", ["{", "[]", "3", "", "[" * 100_000])
def test_what_is_no_object_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(TargetError, match=r"^x\.json"):
        parse_recipe(text, "x.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "source", "of", "rule", "at", "tie", "classes", "mask", "x"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_any_json_gives_a_recipe_or_one_message(values: Any) -> None:
    try:
        recipe = parse_recipe(json.dumps(values), "x.json")
    except TargetError:
        return
    assert parse_recipe(to_text(recipe), "x.json") == recipe


def test_the_checksum_is_of_what_a_recipe_says_not_of_its_name() -> None:
    recipe = RECIPES[1]
    assert replace(recipe, name="other").sha256 == recipe.sha256
    assert replace(recipe, at=5.5).sha256 != recipe.sha256
    assert replace(recipe, tie="high").sha256 != recipe.sha256
