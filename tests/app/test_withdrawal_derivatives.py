"""A withdrawn participant leaves features, runs, plans and reports; everybody else's numbers stay."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.evaluation.run_folder import Run, runs_of
from app import withdrawal
from app.analysing.plans import load_plan
from app.analysing.run_report import report_run
from app.cli import main
from app.study import Study
from tests.helpers.engine import Here
from tests.helpers.labelled import BVP, EDA, Facts, make_study

CODES = ("P01", "P02", "P03", "P04")
FACTS = Facts(
    codes=CODES,
    stimuli=("beach", "rain", "sunset", "broken-toy"),
    categories=("positive", "negative", "positive", "negative"),
)


@contextlib.contextmanager
def here(*_: object) -> Iterator[Here]:
    yield Here()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a frozen plan, its run within participants and one over participants, and a report."""
    folder = make_study(tmp_path_factory.mktemp("study") / "s", 4, 4, FACTS, (BVP, EDA)).folder
    known = ("--study", str(folder))
    rest = ("--workers", "1", "--json")
    base = (
        *known,
        "--recognizer",
        "logistic-regression",
        "--target",
        "category",
        "--permutations",
        "0",
        *rest,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.evaluation.runner.workers_for", here)
        assert main(["evaluate", *base, "--split", "trials", "--k", "2", "--freeze", "within"]) == 0
        assert main(["evaluate", *known, "--plan", "within", *rest]) == 0
        assert main(["evaluate", *base]) == 0
    report_run(runs_of(folder)[0].folder, None)
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Study:
    """A copy of it."""
    return Study.open(Path(shutil.copytree(made, tmp_path / "s")))


def withdraw(study: Study, code: str = "P02") -> withdrawal.Found:
    found = withdrawal.plan(study, code)
    withdrawal.carry_out(study, found)
    return found


def bits_of(run: Run) -> dict[tuple[str, int], bytes]:
    predictions = run.predictions()
    cases = predictions.cases
    keys = zip(cases.recording, cases.trial, strict=True)
    return {
        (str(name), int(trial)): predictions.proba[row].tobytes() for row, (name, trial) in enumerate(keys)
    }


def test_no_file_names_the_participant_any_more(study: Study) -> None:
    withdraw(study)
    words = (b"P02", "P02".encode("utf-32-le"))
    left = [
        path.name
        for path in (study.folder / "derivatives").rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in words)
    ]
    assert left == []
    assert not [path for path in (study.folder / "derivatives").rglob("*") if "P02" in path.name]


def test_features_of_the_participant_go_and_those_of_others_stay(study: Study) -> None:
    folder = study.folder / "derivatives" / "features"
    before = {path.stem for path in folder.glob("??/*.npz")}
    withdraw(study)
    after = {path.stem for path in folder.glob("??/*.npz")}
    assert after == {path.stem for path in folder.glob("??/*.json")}
    assert len(after) == len(before) * 3 // 4


def test_everybody_elses_predictions_are_the_same_bits_and_the_run_says_what_happened(study: Study) -> None:
    before = [bits_of(run) for run in runs_of(study.folder)]
    found = withdraw(study)
    for run, old in zip(runs_of(study.folder), before, strict=True):
        assert bits_of(run) == {key: bits for key, bits in old.items() if "P02" not in key[0]}
        assert run.state == "finished"
        assert run.result is not None
        assert any("withdrawn" in note for note in run.result["notes"])
        assert run.facts["withdrawn"] == {"recordings": 1, "labels": 0}
        assert np.count_nonzero(run.cases.participant == "") == 4
    assert any("hold no signal" in text for text in found.kept)


def test_a_frozen_plan_forgets_who_took_part_and_stays_the_plan_of_its_run(study: Study) -> None:
    sha256 = load_plan(study, "within").sha256
    withdraw(study)
    plan = load_plan(study, "within")
    assert plan.participants == ("P01", "P03", "P04")
    assert sha256 in plan.before and plan.sha256 != sha256


def test_reports_go_and_are_made_again(study: Study) -> None:
    run = runs_of(study.folder)[0].folder
    assert (run / "report.html").exists()
    withdraw(study)
    assert not (run / "report.html").exists()
    assert report_run(run, None).exists()


def test_killed_in_a_run_it_goes_on(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [bits_of(run) for run in runs_of(study.folder)]
    found = withdrawal.plan(study, "P02")
    with monkeypatch.context() as patch:
        patch.setattr("app.withdrawal_derivatives._say", _killed)
        with pytest.raises(KeyboardInterrupt):
            withdrawal.carry_out(study, found)
    withdraw(study, "")
    for run, old in zip(runs_of(study.folder), before, strict=True):
        assert bits_of(run) == {key: bits for key, bits in old.items() if "P02" not in key[0]}
        assert run.facts["withdrawn"]["recordings"] == 1


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
