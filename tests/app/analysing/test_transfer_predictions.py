"""Labels for a study without answers: learnt from another one, told by what, and with no accuracy claimed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from analysis.evaluation.run_folder import runs_of
from app.analysing.corpora import study_corpus
from app.analysing.cross_corpus import METHODS, Matrix
from app.analysing.transfer import TransferError
from app.analysing.transfer_predictions import UNKNOWN, lines, predict_other, write
from app.cli import main
from app.study import Study
from tests.helpers.speaking import PICTURE, SMALL, speaking_study, without_answers


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return speaking_study(tmp_path_factory.mktemp("labelled") / "voices", ("03", "08"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two other speakers, who also say sad things, of which the first study knows nothing."""
    folder = tmp_path_factory.mktemp("unlabelled") / "others"
    return speaking_study(folder, ("13", "14"), "WFT", "others", times=2)


def asked(*methods: str, **changes: object) -> Matrix:
    chosen = tuple(each for each in METHODS if each.name in methods)
    known = {"common": SMALL, "picture": PICTURE, **changes}
    return Matrix("study", chosen, **known)  # type: ignore[arg-type]


def test_every_trial_of_the_other_study_gets_a_label_by_the_first_ones_classes(
    spoken: Study, other: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_answers(other, monkeypatch)
    found = predict_other(spoken, other, "category", asked("pdan", seeds=(1, 2)))
    assert found.classes == ("anger", "happiness")
    assert found.trained == {"anger": 8, "happiness": 8}
    (made,) = found.made
    trials = study_corpus(other).trials
    keys = zip(made.cases.recording.tolist(), made.cases.trial.tolist(), strict=True)
    assert set(keys) == {trial.key for trial in trials}
    assert set(made.cases.participant.tolist()) == {"13", "14"}
    np.testing.assert_allclose(made.proba.sum(axis=1), 1)
    assert any("learns from the tested side's cases without their answers" in note for note in found.notes)
    # Neither study is changed: no run, no features.
    assert not runs_of(spoken.folder)
    assert not list(spoken.folder.glob("derivatives/features/*"))
    # What is written says by what it was made, and claims no accuracy.
    beside = write(found, tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(trials)
    for row, proba in zip(rows, made.proba, strict=True):
        assert row["label"] == found.classes[int(proba.argmax())]
        assert float(row["p_anger"]) == pytest.approx(proba[0], abs=1e-6)
        assert (row["model"], row["seeds"], row["accuracy"]) == ("pdan", "1 2", "unknown")
        assert "epochs=2" in row["settings"]
    told = json.loads(beside.read_text(encoding="utf-8"))
    assert (told["learnt_from"], told["labelled"], told["accuracy"]) == ("voices", "others", None)
    assert told["methods"][0]["settings"]["epochs"] == 2
    assert told["methods"][0]["inputs"][0]["settings"]["side"] == PICTURE["side"]
    assert UNKNOWN in told["notes"]
    counts = [sum(row["label"] == name for row in rows) for name in found.classes]
    assert lines(found, Path("labels.csv"))[1] == f"  PDAN: anger {counts[0]}, happiness {counts[1]}"
    is_one = max(counts) >= 0.8 * len(rows)
    assert any("of the labels are" in note for note in found.notes) == is_one


def test_answers_of_the_other_study_change_nothing(
    spoken: Study, other: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = predict_other(spoken, other, "category", asked("pdan"))
    without_answers(other, monkeypatch)
    unknown = predict_other(spoken, other, "category", asked("pdan"))
    np.testing.assert_array_equal(known.made[0].proba, unknown.made[0].proba)


def test_classes_are_renamed_or_left_out_and_two_are_needed(spoken: Study, other: Study) -> None:
    matrix = asked("pdan", common={**SMALL, "epochs": 1})
    found = predict_other(spoken, other, "category", matrix, {"Anger": "cross"})
    assert found.classes == ("cross", "happiness")
    with pytest.raises(TransferError, match="1 class with answers, and two are needed"):
        predict_other(spoken, other, "category", matrix, {"anger": ""})


def test_a_recording_in_both_studies_is_told(spoken: Study, tmp_path: Path) -> None:
    same = speaking_study(tmp_path / "same", ("03",), "WF", "same")
    found = predict_other(spoken, same, "category", asked("pdan", common={**SMALL, "epochs": 1}))
    assert any("Recordings of same are learnt from with their answers" in note for note in found.notes)


def test_the_command_writes_labels_that_fit_the_voices(
    spoken: Study, other: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "labels.csv"
    command = ["transfer", str(spoken.folder), str(other.folder), "--predict"]
    assert main([*command, "--methods", "svm", "--out", str(out)]) == 0
    assert "How often these labels are right is not known" in capsys.readouterr().out
    with out.open(encoding="utf-8", newline="") as file:
        labels = {(row["recording"], int(row["trial"])): row["label"] for row in csv.DictReader(file)}
    truth = {trial.key: trial.category for trial in study_corpus(other).trials}
    fitting = [labels[key] == name for key, name in truth.items() if name in ("anger", "happiness")]
    assert np.mean(fitting) > 0.8


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (("--predict",), "name two studies and a file"),
        (("OTHER", "--predict"), "name two studies and a file"),
        (("OTHER", "--predict", "--out", "labels.txt"), "ends in .csv"),
        (("OTHER", "--predict", "--out", "nowhere/labels.csv"), "no such folder"),
        (("OTHER", "--predict", "--out", "labels.csv", "--oracle"), "fixed weights"),
        (("OTHER", "--out", "labels.csv"), "--out is for the labels of --predict"),
        (("OTHER", "--set", "kernel=Literal"), "Did you mean 'literal'?"),
        (("OTHER", "--methods", "svm", "--set", "epochs=3"), "none of these methods has such a setting"),
    ],
)
def test_what_the_command_cannot_do_is_said(
    spoken: Study, other: Study, wanted: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(other.folder) if each == "OTHER" else each for each in wanted]
    assert main(["transfer", str(spoken.folder), *given]) != 0
    assert words in capsys.readouterr().err
