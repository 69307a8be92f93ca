"""Open data sets: what is tried is fixed and said; a small one goes from files to figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.evaluation.steps import is_transductive, step_named
from analysis.evaluation.workers import close_workers
from analysis.features.feature import feature
from analysis.recognizers.table import recognizer_class
from analysis.reproduce.attempt import REPRODUCTIONS, Attempt, Reproduction, reproduction, scorings
from analysis.targets.recipe import Recipe
from app.analysing.reproducing import reproduce, to_json, words
from app.study import Study
from tests.helpers.engine import start_trackers
from tests.helpers.labelled import EDA, make_study


@pytest.fixture(scope="module")
def trackers() -> None:
    """What joblib starts once and keeps."""
    start_trackers()


@pytest.fixture
def workers(trackers: None) -> Iterator[None]:
    """Worker processes that are gone afterwards."""
    yield
    close_workers()


EVERY = pytest.mark.parametrize("name", sorted(REPRODUCTIONS))


@EVERY
def test_every_attempt_is_made_of_what_there_is(name: str) -> None:
    what = reproduction(name)
    assert len({attempt.name for attempt in what.attempts}) == len(what.attempts)
    for attempt in what.attempts:
        experiment = attempt.experiment
        assert set(experiment.settings) <= set(recognizer_class(experiment.recognizer).card.defaults())
        for spec in experiment.inputs:
            assert set(spec.settings) <= set(feature(spec.feature).settings), spec
        for step in experiment.steps or ():
            step_named(step)


@EVERY
def test_what_is_shown_as_ours_never_has_a_leaky_split_and_scalings_by_person_are_said(name: str) -> None:
    for attempt in reproduction(name).attempts:
        is_leaky = attempt.experiment.split.kind != "loso"
        assert (attempt.role == "leaky") == is_leaky, attempt.name
        if is_transductive(attempt.experiment.steps or ()):
            assert (
                "each participant" in attempt.about
                or "each speaker" in attempt.about
                or "same" in attempt.about
            )


@EVERY
def test_untuned_baselines_and_a_network_of_the_literature_stand_beside_ours(name: str) -> None:
    roles = [attempt.role for attempt in reproduction(name).attempts]
    assert {"baseline", "ours", "paper", "leaky"} == set(roles)


@EVERY
def test_every_scoring_names_an_attempt_and_the_settings_that_were_scored(name: str) -> None:
    what = reproduction(name)
    by_name = {attempt.name: what.planned(attempt) for attempt in what.attempts}
    for each in scorings(name):
        assert each.attempt in by_name
        assert len(each.sha256) == 64
        assert each.date
        assert each.figure


def small(study: Study) -> Reproduction:
    """Return a small reproduction: the category of a picture by the skin."""
    skin = InputSpec("eda", "eda", "statistics")
    made = Experiment(
        "logistic-regression",
        {},
        "",
        cases=CaseSpec("trial"),
        inputs=(skin,),
        steps=("impute", "zscore"),
        split=SplitSpec("loso"),
        controls=ControlSpec(99, "stored"),
    )
    del study
    return Reproduction(
        "emodb",
        "A small one",
        Recipe("category", "category", classes=("positive", "negative")),
        "balanced_accuracy",
        ("auc",),
        (
            Attempt("skin", "statistics of the skin", "ours", made),
            Attempt("mixed", "trials mixed", "leaky", replace(made, split=SplitSpec("trials-pooled", 2))),
        ),
        (),
    )


@pytest.mark.slow
@pytest.mark.usefixtures("workers")
def test_a_data_set_becomes_a_table_and_a_second_time_nothing_is_trained_again(tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 3, 6, streams=(EDA,))
    what = small(study)
    heard: list[str] = []
    lines = reproduce(study, what, workers=1, said=heard.append)
    assert heard == ["skin: statistics of the skin", "mixed: trials mixed"]
    told = json.loads(json.dumps(to_json(what, lines)))
    assert [line["name"] for line in told["lines"]] == ["skin", "mixed"]
    assert told["lines"][0]["metrics"]["balanced_accuracy"]["value"] is not None
    assert told["lines"][0]["controls"]["permutations"]["n"] == 99
    text = "\n".join(words(told, lines))
    assert "scored on all of these data before: 0 times" in text
    again = reproduce(study, what, workers=1)
    assert [line.run.name for line in again] == [line.run.name for line in lines]
