"""Runs behind a paper's tables: folds that a guard stopped are named, and guards speak for themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitKind, SplitSpec
from analysis.evaluation.run_folder import Run
from analysis.evaluation.workers import Here
from analysis.recognizers.recognizer import CancelledError
from analysis.targets.recipe import Recipe
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, Prepared, prepare
from app.analysing.literature import eeg_survey
from app.analysing.literature.engine import controls, engine_run
from app.analysing.literature.finishing import Finished, finished, guard_words, missing_words
from app.analysing.literature.reproducing import LiteratureError, Order
from app.analysing.literature.settings_words import differences
from app.analysing.targets import make_target, recipe_named, store
from app.study import Study
from tests.helpers.imagery_study import imagery_study


@pytest.fixture(scope="module")
def imagined(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two people, one visit each, eight emotions: pleasant, unpleasant, and one in a class of its own."""
    study = imagery_study(tmp_path_factory.mktemp("finishing"))
    trials = study_corpus(study).trials
    people = {trial.participant for trial in trials}
    items = [{trial.item for trial in trials if trial.participant == code} for code in people]
    alone = min(set.intersection(*items))
    of = {trial.item: "alone" if trial.item == alone else trial.category for trial in trials}
    pairs = tuple(f"{item}={level}" for item, level in sorted(of.items()))
    store(study, Recipe("three", "emotion", pairs, "classes", classes=("alone", "pleasant", "unpleasant")))
    return study


WINDOWS = CaseSpec("window", 4.0, 4.0)


def asked(study: Study, kind: SplitKind, **changes: Any) -> Prepared:
    corpus = study_corpus(study)
    target = make_target(study, corpus, recipe_named(study, corpus, "three"))
    known: dict[str, Any] = {
        "cases": WINDOWS,
        "inputs": (InputSpec("eeg", "eeg", "eeg.de", {}, 2.0, 2.0),),
        "split": SplitSpec(kind, 2),
        "controls": ControlSpec(0, probe=False),
        **changes,
    }
    return prepare(study, corpus, target, Experiment("lda", {}, "", **known))


def done(study: Study, kind: SplitKind, **changes: Any) -> Finished:
    return finished(study, asked(study, kind, **changes), Order(study, is_quick=True), Here())


def test_a_run_with_folds_that_a_guard_stopped_has_its_figures_and_names_them(imagined: Study) -> None:
    each = done(imagined, "trials")
    assert each.run.state == "incomplete"
    assert each.result["metrics"]["balanced_accuracy"]["value"] is not None
    assert "guards passed" not in each.words
    assert "guards: class-in-training stopped 2 folds" in each.words
    assert each.missing.startswith("2 folds without a figure: sim01_fold-")
    assert each.missing in each.words
    again = done(imagined, "trials")
    assert again.run.name == each.run.name


def test_a_run_that_passed_says_so_and_a_leaky_one_says_what_is_broken(imagined: Study) -> None:
    assert "; guards passed" in done(imagined, "loso").words
    leaky = done(imagined, "segments-own").words
    assert "guards passed" not in leaky
    assert "broken and shown: shared-trial" in leaky


def test_a_run_without_any_figure_tells_the_reason(imagined: Study) -> None:
    prepared = asked(imagined, "loso", steps=("zscore", "select-k"))
    short = replace(prepared, experiment=replace(prepared.experiment, settings={"no such setting": 1}))
    with pytest.raises(EvaluatingError, match="no fold gave a figure"):
        finished(imagined, short, Order(imagined, is_quick=True), Here())


def test_a_cancelled_run_is_told_as_cancelled_not_as_a_failure(imagined: Study) -> None:
    with pytest.raises(CancelledError):
        finished(
            imagined,
            asked(imagined, "loso", seed=9),
            Order(imagined, is_quick=True, cancelled=lambda: True),
            Here(),
        )


def test_the_engine_accepts_the_same_and_its_controls_say_what_the_guards_said(
    imagined: Study,
) -> None:
    corpus = study_corpus(imagined)
    target = make_target(imagined, corpus, recipe_named(imagined, corpus, "three"))
    given = (InputSpec("eeg", "eeg", "eeg.de", {}, 2.0, 2.0),)
    run = engine_run(
        Order(imagined, is_quick=True), imagined, corpus, target, "majority", {}, inputs=given, permutations=9
    )
    told = controls({"majority": run})
    assert "guards passed" in " ".join(told)
    path = run.folder / "result.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    result["missing"] = [{"fold": "sim02", "state": "failed", "why": "it broke"}]
    path.write_text(json.dumps(result), encoding="utf-8")
    lost = Run(run.folder, run.experiment, run.created)
    assert lost.state == "incomplete"
    assert "1 fold without a figure: sim02 (it broke)" in controls({"majority": lost})


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ([], ""),
        ([{"fold": "a", "why": "no"}], "1 fold without a figure: a (no)"),
        (
            [{"fold": name, "why": "no"} for name in "abcde"],
            "5 folds without a figure: a, b, c and 2 more (no)",
        ),
    ],
)
def test_missing_folds_in_words(missing: list[dict[str, str]], words: str) -> None:
    assert missing_words({"missing": missing}) == words


def test_settings_that_are_not_the_cards_are_named_with_the_cards() -> None:
    assert differences("eeg-mlp", {"epochs": 40, "rate": 1e-3}) == "epochs 40 (100)"
    assert differences("shallow-convnet", {"rate": 2e-3, "batch": 16, "epochs": 5}, ("epochs",)) == (
        "rate 0.002 (0.000625), batch 16 (8)"
    )
    assert differences("eeg-mlp", {}) == ""


@pytest.fixture
def small_survey(monkeypatch: pytest.MonkeyPatch) -> None:
    """The survey with an SVM and a majority only, on short windows."""
    monkeypatch.setattr(eeg_survey, "FAMILIES", ("eeg-mlp",))
    monkeypatch.setattr(eeg_survey, "CASES", WINDOWS)
    quick = replace(eeg_survey.QUICK, settings={"epochs": 1}, own={}, permutations=19)
    monkeypatch.setattr(eeg_survey, "QUICK", quick)


@pytest.mark.slow
def test_three_classes_and_one_visit_give_the_tables_that_are_possible(
    imagined: Study, small_survey: None, tmp_path: Path
) -> None:
    around = Study.create(tmp_path / "around", "Around", "people", protocol="")
    made = eeg_survey.tables(Order(around, imagined.folder, is_quick=True))
    assert [table.title for table in made.tables] == [
        "Families of the survey: trials within a person",
        "Families of the survey: new people",
    ]
    for table in made.tables:
        assert "target three (3 classes: alone, pleasant, unpleasant)" in table.data
        assert [row[0] for row in table.rows] == ["majority", "svm", "eeg-mlp"]
        notes = " ".join(table.notes)
        assert "Another visit: no table. --split sessions needs a participant with two visits" in notes
        assert "the best of 3 sets" in notes
        assert "epochs 1 (100)" in notes
    within, new = made.tables
    assert any("every model: guards: class-in-training stopped 2 folds" in line for line in within.controls)
    assert any("every model: 2 folds without a figure" in line for line in within.controls)
    assert any("every model: guards passed" in line for line in new.controls)
    searched = (imagined.folder / "derivatives" / "results").glob("*_svm_*")
    facts = [json.loads((run / "experiment.json").read_text(encoding="utf-8")) for run in searched]
    assert {each["experiment"]["search"]["sets"] for each in facts} == {3}
    assert {each["experiment"]["search"]["nested"] for each in facts} == {True}


def test_a_study_that_allows_no_protocol_says_why_for_each(
    imagined: Study, small_survey: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eeg_survey, "PROTOCOLS", eeg_survey.PROTOCOLS[2:])
    around = Study.create(tmp_path / "around", "Around", "people", protocol="")
    with pytest.raises(LiteratureError, match=r"Another visit: no table\. .*two visits"):
        eeg_survey.tables(Order(around, imagined.folder, is_quick=True))


def test_guards_are_read_of_the_run(imagined: Study) -> None:
    assert guard_words(done(imagined, "loso").run).startswith("guards passed")
