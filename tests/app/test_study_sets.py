"""A published data set becomes a study at one stroke: each participant once, and never twice."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.session_file import verify
from app import cli
from app.analysing.corpora import study_corpus
from app.cli import main
from app.commands.importing import READERS
from app.commands.importing_sets import SETS
from app.study import Study
from tests.analysis.exchange.test_import_open_sets import sound, stress_predict, wav
from tests.helpers import dataset_files as files


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study", "Published", "people")


def come_in(study: Study, name: str, source: Path, *more: str) -> int:
    return main(["import", name, str(source), "--study", str(study.folder), *more])


@pytest.fixture
def emodb(tmp_path: Path) -> Path:
    folder = tmp_path / "wav"
    folder.mkdir()
    for place, name in enumerate(("03a01Wa", "03a01Nc", "16a05Lb")):
        wav(folder / f"{name}.wav", sound(place))
    return folder


def test_every_participant_is_a_finished_session(
    study: Study, emodb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert come_in(study, "emodb", emodb, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["participant"], each["session"], each["trials"]) for each in told["sessions"]] == [
        ("03", 1, 2),
        ("16", 1, 1),
    ]
    assert (told["known"], told["failed"]) == ([], [])
    for session in study.sessions():
        verify(study.folder / session.file, session.sha256)
        assert (session.origin, session.reason) == ("imported", "imported")
        assert session.is_complete
    assert study.sessions()[0].file == "sub-03/ses-01/sub-03_ses-01_task-emodb_run-01.h5"
    assert [person.code for person in study.participants()] == ["03", "16"]
    corpus = study_corpus(study)
    assert [(trial.participant, trial.stimulus, trial.category) for trial in corpus.trials] == [
        ("03", "a01", "neutral"),
        ("03", "a01", "anger"),
        ("16", "a05", "boredom"),
    ]


def test_what_is_there_already_is_said_and_left(
    study: Study, emodb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    come_in(study, "emodb", emodb)
    before = study.sessions()
    wav(emodb / "08a01Wa.wav", sound(7))
    capsys.readouterr()
    assert come_in(study, "emodb", emodb) == 0
    said = capsys.readouterr().out
    assert "sub-03/ses-01/sub-03_ses-01_task-emodb_run-01.h5: in the study already" in said
    assert said.endswith("1 imported, 2 there already, 0 failed\n")
    assert study.sessions()[:2] == before
    assert [session.participant for session in study.sessions()] == ["03", "16", "08"]


def test_both_formats_of_one_participant_come_in_once(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files.seed_labels(tmp_path / "seed")
    files.seed_raw(tmp_path / "seed" / "1_20131027.mat", [250])
    come_in(study, "seed", tmp_path / "seed")
    files.seed_raw(tmp_path / "seed" / "1_20131027.mat", [300])
    assert come_in(study, "seed", tmp_path / "seed") == 0
    assert "0 imported, 1 there already" in capsys.readouterr().out


def test_people_of_two_sets_with_one_number_do_not_become_one(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set").mkdir()
    stress_predict(tmp_path / "set")
    files.wesad_pkl(tmp_path / "wesad" / "S02" / "S02.pkl")
    files.wesad_pkl(tmp_path / "wesad" / "S17" / "S17.pkl")
    come_in(study, "stress-predict", tmp_path / "set")
    before = study.sessions()
    capsys.readouterr()
    assert come_in(study, "wesad", tmp_path / "wesad") == 1
    out, err = capsys.readouterr()
    assert "S02 who is not of wesad" in err
    assert out.endswith("1 imported, 0 there already, 1 failed\n")
    assert study.sessions()[: len(before)] == before
    assert come_in(study, "stress-predict", tmp_path / "set") == 0


def test_what_the_wristband_import_brought_is_the_same_recording(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    stress_predict(folder)
    come_in(study, "e4", folder / "S02.zip", "--participant", "other")
    assert come_in(study, "stress-predict", folder) == 1
    err = capsys.readouterr().err
    assert "this recording is in the study already: sub-other" in err
    assert "S01: labels.csv.gz says nothing of S01: the recording has no trials." in err
    assert [session.participant for session in study.sessions()] == ["other", "S01"]


def test_one_that_cannot_be_read_does_not_keep_the_others(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "it-ran"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(mark),)

    files.wesad_pkl(tmp_path / "set" / "S2" / "S2.pkl")
    (tmp_path / "set" / "S3").mkdir()
    (tmp_path / "set" / "S3" / "S3.pkl").write_bytes(pickle.dumps({"signal": Hostile()}, 2))
    files.wesad_pkl(tmp_path / "set" / "S4" / "S4.pkl", {"signal": {}, "label": np.zeros(3), "subject": "S4"})
    assert come_in(study, "wesad", tmp_path / "set", "--json") == 1
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert [each["participant"] for each in told["sessions"]] == ["S2"]
    assert [each["participant"] for each in told["failed"]] == ["S3", "S4"]
    assert f"it asks for {os.name}.mkdir" in told["failed"][0]["error"]
    assert "holds no signal of chest and wrist" in err
    assert not mark.exists()
    assert [session.participant for session in study.sessions()] == ["S2"]
    assert [person.code for person in study.participants()] == ["S2"]


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("emodb", ("--participant", "03"), "Leave out --participant and --session"),
        ("wesad", ("--session", "2"), "Leave out --participant and --session"),
        ("e4", (), "whose recording is it? Add --participant CODE."),
    ],
)
def test_a_set_says_itself_whose_it_is_and_a_recording_does_not(
    name: str, more: tuple[str, ...], message: str, study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        come_in(study, name, study.folder, *more)
    assert left.value.code == 2
    assert message in capsys.readouterr().err
    assert study.sessions() == ()


def test_every_format_has_its_reader() -> None:
    assert tuple(READERS) == cli.RECORDINGS
    assert tuple(SETS) == cli.DATA_SETS


def test_a_study_of_simulations_takes_no_people(
    emodb: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = Study.create(tmp_path / "sim", "Sim", "simulation")
    assert come_in(study, "emodb", emodb) != 0
    assert "holds simulations only, and emodb is of people" in capsys.readouterr().err


def test_a_wrong_place_is_said(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert come_in(study, "deap", tmp_path / "nowhere") != 0
    assert "there is nothing of this name" in capsys.readouterr().err
    assert come_in(study, "deap", tmp_path) != 0
    assert "holds no sXX.dat or sXX.mat of DEAP" in capsys.readouterr().err


@pytest.mark.slow
def test_the_real_sets_come_in_whole(
    study: Study, shared_recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert come_in(study, "emodb", shared_recordings / "emodb") == 0
    corpus = study_corpus(study)
    assert (len(corpus.recordings), len(corpus.trials)) == (8, 408)
    second = Study.create(study.folder.parent / "second", "Stress", "people")
    assert come_in(second, "stress-predict", shared_recordings / "stress-predict") == 0
    capsys.readouterr()
    corpus = study_corpus(second)
    assert (len(corpus.recordings), len(corpus.trials)) == (28, 27 * 9)
    labelled_s = sum(trial.stop_s - trial.start_s for trial in corpus.trials)
    assert labelled_s == 89_100
    assert {trial.category for trial in corpus.trials} == {"rest", "stress"}
