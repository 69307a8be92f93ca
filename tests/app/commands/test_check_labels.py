"""`evoke check STUDY` on labels: each thing that can be wrong is told with its file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.labels.records import LogHead
from app.annotation.log import Log
from app.annotation.schemes import add_scheme
from app.commands.check_labels import label_problems
from app.study import FinishedSession, Study
from tests.helpers.labels import SCHEME

STEM = "sub-01_ses-01_task-faces_run-01"
HEAD = LogHead("anna", "human", STEM, "uuid-1", "sha-1", SCHEME.id, SCHEME.sha256)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "study", "Faces", "people")
    file = f"sub-01/ses-01/{STEM}.h5"
    study.add_finished(
        FinishedSession(file, "sha-1", "uuid-1", "recorded", "01", 1, 1, "faces", 1, False, "2026-01-01")
    )
    add_scheme(study, SCHEME)
    return study


def label(study: Study, head: LogHead = HEAD, recording: str = STEM) -> Path:
    path = study.folder / "annotations" / recording / "anna" / f"{SCHEME.id}.sqlite"
    with Log.open(path, head, SCHEME) as log:
        log.add("event", start_ns=1, label="sad")
    return path


def test_sound_labels_are_no_problem(study: Study) -> None:
    label(study)
    assert list(label_problems(study)) == []


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (replace(HEAD, recording_uuid="uuid-2"), "is about a recording that the study does not have"),
        (replace(HEAD, recording_sha256="sha-2"), "when the recording had other contents"),
        (
            replace(HEAD, scheme_sha256="other"),
            "was labelled by a scheme mixed@1 that the study does not have",
        ),
        (replace(HEAD, annotator="berta"), f"holds labels of {STEM} by berta. Move it to {STEM}/berta"),
    ],
)
def test_labels_that_are_about_something_else_are_told(study: Study, head: LogHead, words: str) -> None:
    path = label(study, head)
    (problem,) = label_problems(study)
    assert str(problem).startswith(str(path))
    assert words in str(problem)


def test_labels_in_another_recording_s_folder_are_told(study: Study) -> None:
    path = label(study)
    target = study.folder / "annotations" / "sub-02_ses-01_task-faces_run-01" / "anna"
    target.mkdir(parents=True)
    shutil.move(path, target / path.name)
    (problem,) = label_problems(study)
    assert f"Move it to {STEM}/anna" in str(problem)


def test_damaged_files_are_told(study: Study) -> None:
    path = label(study)
    path.write_bytes(path.read_bytes()[:5000])
    (study.folder / "annotations" / "schemes" / "mixed@1.json").write_text("{", encoding="utf-8")
    told = [str(problem) for problem in label_problems(study)]
    assert len(told) == 2
    assert "mixed@1.json:1: is no JSON" in told[0]
    assert told[1].startswith(f"{path}: is ")
