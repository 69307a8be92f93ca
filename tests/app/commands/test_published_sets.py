"""From the files of a published data set to a result, by the commands that a student types."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.evaluation.run_folder import Run, runs_of
from app.analysing.run_report import report_run
from app.analysing.why_figure import over_time
from app.cli import main
from app.console.analyse.inspect_work import inspect, why_of
from app.console.analyse.waiting import Told
from app.study import Study
from tests.helpers import dataset_files as files
from tests.helpers.engine import Here

TINY = ("epochs=2", "patience=0", "eeg_hidden=3", "other_hidden=2")
BDDAE = (*TINY, "joint_hidden=3", "pretraining_epochs=2")

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def workers_here(*_: object) -> Iterator[Here]:
    yield Here()


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.evaluation.runner.workers_for", workers_here)


def imported(tmp_path: Path, name: str, source: Path) -> Path:
    study = Study.create(tmp_path / "study", "Published", "people").folder
    assert main(["import", name, str(source), "--study", str(study)]) == 0
    return study


def evaluated(
    study: Path, recognizer: str, target: str, settings: tuple[str, ...], *more: str
) -> tuple[Run, dict[str, Any]]:
    """Evaluate with little settings, as a student would; return the new run and its result."""
    words = ["evaluate", "--study", str(study), "--recognizer", recognizer, "--target", target]
    words += [part for each in settings for part in ("--set", each)]
    assert main([*words, "--permutations", "0", "--workers", "1", *more]) == 0
    run = runs_of(study)[-1]
    assert run.result is not None
    return run, run.result


def shapes(run: Run) -> dict[str, str]:
    return {spec.name: spec.feature for spec in run.experiment.inputs}


def test_features_of_seed_with_its_nine_and_six_clips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "ExtractedFeatures"
    files.seed_labels(folder)
    windows = [4, 5, 6] * 5
    for place, name in enumerate(("1_20131027", "1_20131030", "2_20140404")):
        files.seed_features(folder / f"{name}.mat", windows, place)
        files.seed_eye(tmp_path / "eye_features" / f"{name}.mat", windows)
    study = imported(tmp_path, "seed", folder)
    run, result = evaluated(
        study, "bimodal-lstm", "category", (*TINY, "sequence=6"), "--split", "first-trials", "--k", "9"
    )
    assert shapes(run) == {"eeg": "values", "eye": "values"}
    assert [(len(each.train) + len(each.validation), len(each.test)) for each in run.division.folds] == [
        (9, 6)
    ] * 3
    assert run.classes == ("negative", "neutral", "positive")
    steps = result["steps"]
    assert [each["steps"] for each in steps["folds"]] == [sum(windows[9:])] * 3
    assert steps["vote"]["value"] == pytest.approx(result["metrics"]["accuracy"]["value"])
    assert steps["accuracy"]["n"] == 3 * sum(windows[9:])
    assert steps["mean"] == pytest.approx(np.mean([each["accuracy"] for each in steps["folds"]]))
    said = capsys.readouterr().out
    assert "taken as they are instead of eeg.de" in said
    assert "step by step: accuracy" in said
    page = report_run(run.folder, tmp_path / "report").read_text(encoding="utf-8")
    assert "Step by step" in page
    assert (tmp_path / "report" / "csv" / "steps.csv").read_text().count("\n") == 4


def test_raw_eeg_of_seed_becomes_differential_entropy(tmp_path: Path) -> None:
    folder = tmp_path / "Preprocessed_EEG"
    files.seed_labels(folder)
    files.seed_raw(folder / "1_20131027.mat", [1700] * 15, wave=50.0)
    study = imported(tmp_path, "seed", folder)
    run, result = evaluated(study, "bddae", "category", BDDAE, "--split", "first-trials", "--k", "9")
    assert shapes(run) == {"eeg": "eeg.de", "eye": "values"}
    assert [each["steps"] for each in result["steps"]["folds"]] == [6 * 2]


def test_deap_in_ten_folds_of_trials_and_of_participants(tmp_path: Path) -> None:
    for participant in (1, 2):
        files.deap_dat(tmp_path / "deap" / f"s{participant:02d}.dat", participant)
    study = imported(tmp_path, "deap", tmp_path / "deap")
    settings = (*TINY, "sequence=5")
    run, result = evaluated(study, "bimodal-lstm", "valence-high", settings, "--split", "trials", "--k", "10")
    assert shapes(run) == {"eeg": "eeg.de", "peripheral": "statistics"}
    assert len(run.division.folds) == 20
    assert {(str(each["fold"]), each["steps"]) for each in result["steps"]["folds"]} == {
        (each.name, 4 * 30) for each in run.division.folds
    }
    assert run.experiment.target["at"] == 5.0
    assert run.experiment.target["tie"] == "low"
    run, result = evaluated(study, "bddae", "arousal-high", BDDAE, "--split", "participants", "--k", "10")
    assert [len(each.test) for each in run.division.folds] == [40, 40]
    assert "Only 2 folds of the 10 asked for are possible." in result["notes"]


def test_amigos_gives_every_label_and_a_reconstruction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for participant in range(1, 4):
        path = tmp_path / "amigos" / f"Data_Preprocessed_P{participant:02d}.mat"
        files.amigos_mat(path, [2200] * 7, participant=participant, answers_of=files.amigos_rated)
    study = imported(tmp_path, "amigos", tmp_path / "amigos")
    settings = ("epochs=1", "bae_epochs=2", "joint_epochs=1", "latent=4")
    run, result = evaluated(study, "bmmn-bae-2", "all-labels", settings)
    labels = result["labels"]
    assert [row["label"] for row in labels["rows"]] == list(run.outputs)
    assert {row["label"]: row["threshold"] for row in labels["rows"]} == {
        **dict.fromkeys(("valence", "arousal", "liking"), 5.0),
        **dict.fromkeys(run.outputs[3:], 0.5),
    }
    assert "the largest is said" in labels["words"]
    assert all(row["metrics"]["accuracy"]["n"] == len(run.cases) for row in labels["rows"])
    assert 0 <= labels["average"]["accuracy"]["value"] <= 1
    said = capsys.readouterr().out
    assert "label " in said
    assert "average" in said
    page = report_run(run.folder, tmp_path / "report").read_text(encoding="utf-8")
    assert "Reconstruction of ecg" in page
    assert "Reconstruction of eda" in page
    told = (tmp_path / "report" / "csv" / "reconstruction-ecg.csv").read_text().splitlines()
    assert told[0] == "fold,case,seconds,signal,reconstruction"
    assert (len(told) - 1) % 1000 == 0
    opened = Study.open(study)
    case = inspect(opened, run.folder, Told()).cases[0]
    why = why_of(opened, run.folder, case, Told())
    row = next(each for each in why.weights if each.name == "given back: ecg")
    assert row.names == ("signal", "reconstruction")
    assert case.start_s <= row.times_s[0] < row.times_s[-1] <= case.stop_s
    assert over_time(why) is not None
    assert json.loads((run.folder / "result.json").read_text())["labels"] == labels
