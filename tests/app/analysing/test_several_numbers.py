"""A target of several ratings at once: each is an output of its own, all the way to a recognizer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.building import build
from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.features.store import Store
from analysis.recognizers.recognizer import Context
from analysis.recognizers.table import make
from analysis.targets.recipe import Recipe, TargetError
from analysis.targets.recipe_json import parse_recipe, to_text
from app.analysing.targets import make_target, recipe_named, recipes
from app.study import Study
from tests.helpers.corpus_files import Happenings, corpus_of, info, numbers, write

SEGMENT = InputSpec(
    "eda", "eda", "samples", {"rate_hz": 128.0, "scale": "minmax", "count": 40, "pad": "edge"}
)
TRIALS = 4
BOTH = Recipe("valence-and-arousal", "rating", ("valence", "arousal"), "number")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study", "S", "simulation")


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    happened = Happenings()
    for trial in range(TRIALS):
        ratings = {"valence": 2.0 + trial, "arousal": 8.0 - trial}
        if trial == 3:
            del ratings["arousal"]
        happened.trial(trial, 1.0 + 5 * trial, ratings=ratings)
    times = np.arange(25 * 32) / 32
    eda = numbers(info("eda", "eda", 32.0), times, np.sin(times))
    return corpus_of([write(tmp_path / "sub-P01.h5", [eda], happened.events)], "S")


def test_two_ratings_are_offered_together(study: Study, corpus: Corpus) -> None:
    assert BOTH in recipes(study, corpus)
    assert recipe_named(study, corpus, "valence-and-arousal") == BOTH
    assert parse_recipe(to_text(BOTH), "x") == BOTH


def test_a_trial_without_one_of_them_is_lost(study: Study, corpus: Corpus) -> None:
    made = make_target(study, corpus, BOTH)
    assert made.outputs == ("valence", "arousal")
    assert {key[1]: value for key, value in made.values.items()} == {0: 2.0, 1: 3.0, 2: 4.0}
    assert {key[1]: value for key, value in made.further.items()} == {0: (8.0,), 1: (7.0,), 2: (6.0,)}
    assert [lost.trial[1] for lost in made.lost] == [3]


def test_its_hash_depends_on_every_number(study: Study, corpus: Corpus) -> None:
    made = make_target(study, corpus, BOTH)
    key = next(iter(made.further))
    changed = replace(made, further={**made.further, key: (1.0,)})
    assert changed.sha256 != made.sha256
    alone = make_target(study, corpus, Recipe("valence", "rating", ("valence",), "number"))
    assert (alone.outputs, dict(alone.further)) == (("valence",), {})


def test_a_recognizer_is_given_and_gives_them_side_by_side(
    study: Study, corpus: Corpus, tmp_path: Path
) -> None:
    target = make_target(study, corpus, BOTH)
    batch = build(corpus, target, CaseSpec(), (SEGMENT,), Store(tmp_path / "store")).batch
    assert batch.outputs == ("valence", "arousal")
    assert batch.y is not None
    assert batch.y.tolist() == [[2.0, 8.0], [3.0, 7.0], [4.0, 6.0]]
    recognizer = make("bmmn", {"samples": 40, "epochs": 2})
    recognizer.fit(batch, None, Context())
    assert recognizer.predict_proba(batch.without_answers()).shape == (3, 2)


def test_other_rules_still_take_one_rating(study: Study) -> None:
    text = to_text(replace(BOTH, rule="threshold"))
    with pytest.raises(TargetError, match="needs one item in 'of'"):
        parse_recipe(text, "x")
