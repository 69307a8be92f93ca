"""Plans: what is to be tested, written down before it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus, Recording
from analysis.evaluation.experiment import ControlSpec, Experiment, SearchSpec, SplitSpec
from analysis.targets.recipe import Recipe
from app.analysing.plans import PlanError, freeze_plan, load_plan, plan_of, plans_of
from app.study import Study

TARGET = Recipe("emotion", "rating", ("negative", "positive"), "higher")
LSTM = Experiment("attention-lstm", TARGET.to_json(), "aa", settings={"epochs": 5})
FULL = Experiment(
    "svm",
    TARGET.to_json(),
    "aa",
    cases=CaseSpec("window", 60.0, 15.0),
    inputs=(InputSpec("bvp", "bvp", "heart", {"low_hz": 0.5}, 60.0, 60.0),),
    modalities=("bvp",),
    steps=("impute", "zscore"),
    split=SplitSpec("participants", 5, 3),
    search=SearchSpec(20),
    controls=ControlSpec(999, "retrained"),
)


def recording(code: str) -> Recording:
    """Return a recording of a participant."""
    return Recording(f"sub-{code}_ses-01", Path(f"{code}.h5"), f"sha-{code}", code, "1", "recorded", ())


CORPUS = Corpus("Faces", (recording("P01"), recording("P02")), ())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """An empty study."""
    return Study.create(tmp_path / "faces", "Faces", "people", protocol="pictures")


def test_a_plan_comes_back_as_it_was_frozen_with_time_hash_and_participants(study: Study) -> None:
    frozen = freeze_plan(study, "main", (LSTM, FULL), CORPUS, excluded={"P09": "slept"}, note="first wave")
    read = load_plan(study, "main")
    assert read == frozen
    assert read.sha256 == frozen.sha256
    assert read.participants == ("P01", "P02")
    assert read.recordings == {"sub-P01_ses-01": "sha-P01", "sub-P02_ses-01": "sha-P02"}
    assert read.experiments[1].split == SplitSpec("participants", 5, 3)
    assert plans_of(study) == (frozen,)


def test_a_plan_that_leaves_somebody_out_is_none_of_a_run_with_them(study: Study) -> None:
    freeze_plan(study, "main", (LSTM,), CORPUS, excluded={"P01": "slept"})
    later = "2100-01-01T00:00:00Z"
    assert plan_of(study, LSTM, later, ("P01", "P02")) is None
    found = plan_of(study, LSTM, later, ("P02",))
    assert found is not None
    assert found.name == "main"
    freeze_plan(study, "with-all", (LSTM,), CORPUS)
    both = plan_of(study, LSTM, later, ("P01", "P02"))
    assert both is not None
    assert both.name == "with-all"


def test_a_frozen_plan_is_never_replaced(study: Study) -> None:
    frozen = freeze_plan(study, "main", (LSTM,), CORPUS)
    with pytest.raises(PlanError, match="frozen already"):
        freeze_plan(study, "main", (FULL,), CORPUS)
    assert load_plan(study, "main") == frozen


@pytest.mark.parametrize(
    ("key", "value"), [("metric", "auc"), ("frozen_utc", "2020-01-01T00:00:00Z"), ("participants", ["P01"])]
)
def test_a_plan_that_was_changed_afterwards_is_refused(study: Study, key: str, value: object) -> None:
    freeze_plan(study, "main", (LSTM,), CORPUS)
    path = study.folder / "derivatives/plans/main.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}), encoding="utf-8")
    with pytest.raises(PlanError, match="was changed after it was frozen"):
        load_plan(study, "main")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"name": 3}', '{"experiments": [{"x": 1}]}'])
def test_a_file_that_is_no_plan_gets_one_message(study: Study, text: str) -> None:
    path = study.folder / "derivatives/plans/main.json"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=r"derivatives/plans/main\.json: is no frozen plan"):
        load_plan(study, "main")


def test_a_run_is_planned_whatever_its_target_gave_but_with_nothing_else_different(study: Study) -> None:
    plan = freeze_plan(study, "main", (LSTM,), CORPUS)
    later = "9999-01-01T00:00:00Z"
    assert plan_of(study, replace(LSTM, target_sha256="bb"), later) == plan
    assert plan_of(study, replace(LSTM, seed=2), later) is None
    assert plan_of(study, replace(LSTM, settings={"epochs": 6}), later) is None
    assert plan_of(study, replace(LSTM, split=SplitSpec("trials")), later) is None


def test_a_run_from_before_the_plan_is_exploratory(study: Study) -> None:
    freeze_plan(study, "main", (LSTM,), CORPUS)
    assert plan_of(study, LSTM, "2000-01-01T00:00:00Z") is None


@pytest.mark.parametrize("name", ["", "Main", "../x", "a/b", "x" * 41])
def test_a_name_that_is_no_file_name_is_refused(study: Study, name: str) -> None:
    with pytest.raises(PlanError, match="no name for a plan"):
        freeze_plan(study, name, (LSTM,), CORPUS)


def test_a_plan_has_recognizers_and_one_primary_metric(study: Study) -> None:
    with pytest.raises(PlanError, match="nothing in it"):
        freeze_plan(study, "main", (), CORPUS)
    with pytest.raises(PlanError, match="one primary metric"):
        freeze_plan(study, "main", (LSTM, replace(FULL, metric="auc")), CORPUS)


def test_an_unknown_plan_gets_a_suggestion(study: Study) -> None:
    freeze_plan(study, "main", (LSTM,), CORPUS)
    with pytest.raises(PlanError, match="Did you mean 'main'"):
        load_plan(study, "mian")
