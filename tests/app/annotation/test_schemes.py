"""Schemes: what is refused when one is loaded, what makes a new version, and the bundled ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from analysis.labels.scheme import Scheme, Tier
from analysis.labels.scheme_json import changed, checksum, to_file_text, to_text
from app.annotation.schemes import (
    SchemeError,
    add_scheme,
    bundled,
    parse_scheme,
    problems,
    scheme_of,
    schemes,
)
from app.study import Study
from tests.helpers.labels import SCHEME

NAMES = {
    *("sam", "valence-arousal", "basic-emotions", "continuous-valence", "continuous-arousal"),
    *("affect-plane", "artefacts", "facial-actions"),
    "emotions-present",
    "impressions",
}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study", "Faces", "people")


def mood(**changes: Any) -> dict[str, Any]:
    """Return a small scheme as JSON, with changes of its one tier."""
    labels = [{"id": "happy", "name": "Happy", "key": "1"}, {"id": "sad", "name": "Sad", "key": "2"}]
    tier = {"name": "mood", "kind": "segment", "title": "Mood", "labels": labels} | changes
    return {"name": "mood", "version": 1, "title": "Mood", "tiers": [tier]}


def label(**changes: Any) -> dict[str, Any]:
    """Return the scheme with changes of its second label."""
    values = mood()
    values["tiers"][0]["labels"][1] |= changes
    return values


def scale(**changes: Any) -> dict[str, Any]:
    """Return a scheme that asks one question on a scale, with changes of the question."""
    asked = {
        "id": "valence",
        "text": "How pleasant?",
        "kind": "scale",
        "scale": {"name": "valence", "low": 1, "high": 9, "step": 1},
    } | changes
    tier = {"name": "trial", "kind": "trial", "title": "Trial", "questions": [asked]}
    return mood() | {"tiers": [tier]}


def trace(**changes: Any) -> dict[str, Any]:
    """Return a scheme of one trace."""
    dimensions = [{"name": "valence", "low": -1, "high": 1}]
    return mood() | {
        "tiers": [{"name": "t", "kind": "trace1d", "title": "T", "dimensions": dimensions} | changes]
    }


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "has to be an object"),
        (mood() | {"name": "My Mood"}, "name: 'My Mood' is no name"),
        (mood() | {"version": 0}, "version: has to be a whole number from 1"),
        (mood() | {"version": True}, "version: has to be a whole number"),
        (mood() | {"tiers": []}, "tiers: there is none"),
        (mood() | {"tiers": "mood"}, "tiers: has to be a list"),
        (mood() | {"titel": "x"}, "there is no 'titel'. Did you mean 'title'?"),
        (mood() | {"title": " "}, "title: is empty"),
        (mood() | {"sha256": "0"}, "there is no 'sha256'"),
        (mood() | {"hide": ["conditions"]}, "hide: \"conditions\" is none of .*Did you mean 'condition'?"),
        (mood() | {"show": ["camara"]}, "show: \"camara\" is none of .*Did you mean 'camera'?"),
        (mood() | {"show": [7]}, "show: 7 is none of"),
        (mood() | {"sound_with_stimulus": 1}, "has to be true or false"),
        (mood(kind="segmnt"), "tiers\\[0\\].kind: \"segmnt\" is none of .*Did you mean 'segment'?"),
        (mood(labels=[]), "marks need 'labels'"),
        (mood(overlap="both"), 'overlap: "both" is none of'),
        (mood(bounded=False), "only a trace1d can be without ends"),
        (mood(kind="trial"), "needs 'questions'"),
        (mood() | {"tiers": mood()["tiers"] * 2}, "the name 'mood' is given twice"),
        (label(key="1"), "labels: the key '1' is given twice"),
        (label(key="s"), "labels\\[1\\].key: 's' is taken: it means 'split'"),
        (label(key="0"), "'0' is taken: it means 'cannot tell'"),
        (label(key="Space"), "'space' is no key"),
        (label(id="happy"), "the id 'happy' is given twice"),
        (label(id="Happy!"), "'Happy!' is no id"),
        (label(id="cannot_tell"), "Evoke's own name"),
        (label(name=3), "labels\\[1\\].name: has to be a text, not 3"),
        (label(colour="red"), "'red' is no colour"),
        (label(defnition="x"), "there is no 'defnition'. Did you mean 'definition'?"),
        (scale(kind="choice"), "a question of kind 'choice' has 'labels'"),
        (scale(scale={"name": "v", "low": 9, "high": 1}), "goes from 9 to 1: 'low' has to be below"),
        (scale(scale={"name": "v", "low": 1, "high": 9, "step": 3}), "steps of 3 do not lead from 1 to 9"),
        (scale(scale={"name": "v", "low": "1", "high": 9}), "low: has to be a number"),
        (scale(figures="valense"), "Did you mean 'valence'?"),
        (scale(figures="valence", scale={"name": "v", "low": 0, "high": 9}), "figures need a scale"),
        (trace(dimensions=[]), "has 1 of 'dimensions'"),
        (trace(kind="trace2d"), "has 2 of 'dimensions'"),
        (trace(rate_hz=0), "rate_hz: has to lie between 1"),
        (trace(channels=True), "only points and segments can name channels"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_place(values: Any, words: str) -> None:
    with pytest.raises(SchemeError, match=rf"mood\.json: .*{words}"):
        parse_scheme(json.dumps(values), "mood.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "mood.json:1: is no JSON"),
        ('{"name": "a",\n "name": "b"}', "'name' stands twice"),
        ('{"version": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply|is no JSON"),
    ],
)
def test_text_that_is_no_scheme_is_refused(text: str, words: str) -> None:
    with pytest.raises(SchemeError, match=words):
        parse_scheme(text, "mood.json")


def test_every_problem_is_listed_at_once() -> None:
    values = label(key="s", colour="red")
    with pytest.raises(SchemeError) as error:
        parse_scheme(json.dumps(values | {"hide": ["x"]}), "mood.json")
    assert len(str(error.value).splitlines()) == 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(place=st.sampled_from(("name", "version", "tiers", "hide", "show", "title")), value=json_values)
def test_no_json_makes_the_parser_fall_over(place: str, value: Any) -> None:
    values = mood() | {place: value}
    try:
        parsed = parse_scheme(json.dumps(values), "any.json")
    except SchemeError as error:
        assert str(error)
    else:
        assert parsed.sha256 == checksum(parsed)


@given(field=st.sampled_from(sorted(Tier.__dataclass_fields__)), value=json_values)
def test_no_tier_makes_the_parser_fall_over(field: str, value: Any) -> None:
    try:
        parse_scheme(json.dumps(mood(**{field: value})), "any.json")
    except SchemeError as error:
        assert str(error)


@pytest.mark.parametrize("scheme", [SCHEME, *bundled()], ids=lambda scheme: scheme.id)
def test_a_scheme_comes_back_from_its_text(scheme: Scheme) -> None:
    assert parse_scheme(to_file_text(scheme), "again.json") == scheme
    assert parse_scheme(to_text(scheme), "again.json") == scheme


def test_the_ten_bundled_schemes_are_complete() -> None:
    assert {scheme.name for scheme in bundled()} == NAMES
    for scheme in bundled():
        assert scheme.title
        assert scheme.question
        assert scheme.instructions
        for tier in scheme.tiers:
            labels = [*tier.labels, *(found for asked in tier.questions for found in asked.labels)]
            assert all(each.definition and each.example and each.colour and each.key for each in labels)
    assert {path.stem for path in resources.path("annotation/schemes").glob("*.json")} == {
        scheme.id for scheme in bundled()
    }


def test_sam_asks_three_questions_with_figures_on_nine_points() -> None:
    sam = next(scheme for scheme in bundled() if scheme.name == "sam")
    (tier,) = sam.tiers
    for question in tier.questions:
        assert question.scale is not None
        assert (question.scale.low, question.scale.high, question.figures) == (1, 9, question.id)
        assert all(resources.path(f"assessment/{question.figures}-9-{n}.svg").exists() for n in range(1, 10))
    assert [question.id for question in tier.questions] == ["valence", "arousal", "dominance"]


def test_only_colours_may_change_without_a_new_version(study: Study) -> None:
    first = add_scheme(study, SCHEME)
    assert (first.id, first.sha256) == ("mixed@1", SCHEME.sha256)
    tier = SCHEME.tiers[0]
    painted = replace(tier, labels=(replace(tier.labels[0], colour="#123456"), *tier.labels[1:]))
    coloured = add_scheme(study, replace(SCHEME, tiers=(painted, *SCHEME.tiers[1:])))
    assert (coloured.id, coloured.sha256) == (first.id, first.sha256)
    assert scheme_of(study, "mixed").tiers[0].labels[0].colour == "#123456"
    renamed = replace(tier, labels=(replace(tier.labels[0], definition="Joy."), *tier.labels[1:]))
    second = add_scheme(study, replace(SCHEME, tiers=(renamed, *SCHEME.tiers[1:])))
    assert second.id == "mixed@2"
    assert changed(first, second)
    assert not changed(first, coloured)
    assert [scheme.id for scheme in schemes(study)] == ["mixed@1", "mixed@2"]
    assert scheme_of(study, "mixed@1").tiers[0].labels[0].definition == ""
    assert add_scheme(study, second).id == "mixed@2"


def test_a_changed_bundled_scheme_goes_on_from_its_number(study: Study) -> None:
    sam = scheme_of(study, "sam")
    assert add_scheme(study, sam).id == "sam@1"
    assert add_scheme(study, replace(sam, question="And now?")).id == "sam@2"
    assert scheme_of(study, "sam").id == "sam@2"
    assert scheme_of(study, "sam@1").question == sam.question


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("samm", "Did you mean 'sam@1'"),
        ("sam@7", "Did you mean 'sam@1'"),
        ("Sam 1", "is no name of a scheme"),
        ("zzzzzz", "There are: .*sam@1"),
    ],
)
def test_an_unknown_scheme_is_told_with_a_suggestion(study: Study, name: str, words: str) -> None:
    with pytest.raises(SchemeError, match=words):
        scheme_of(study, name)


def test_a_scheme_that_cannot_be_used_is_not_added(study: Study) -> None:
    with pytest.raises(SchemeError, match="tiers: there is none"):
        add_scheme(study, replace(SCHEME, tiers=()))
    assert schemes(study) == ()


def test_files_that_were_changed_by_hand_are_told(study: Study) -> None:
    add_scheme(study, SCHEME)
    folder = study.folder / "annotations" / "schemes"
    (folder / "other@1.json").write_text(to_file_text(SCHEME), encoding="utf-8")
    (folder / "broken@1.json").write_text("{", encoding="utf-8")
    broken, other = problems(study)
    assert "broken@1.json:1: is no JSON" in broken
    assert "other@1.json: holds the scheme mixed@1" in other
