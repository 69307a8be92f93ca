"""The corpus of a study holds what may be used; whatever else there is, it says why not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analysis.corpus.signals import modalities_of
from app import amendments, participants
from app.amendments import Amendment
from app.analysing.corpora import study_corpus
from app.consent import Answers, give
from app.study import Study
from app.withdrawal import carry_out, plan
from tests.helpers.labelled import PROTOCOL, VERSION, add_session, make_study
from tests.helpers.people import recorded


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVOKE_HOME", str(folder / "home"))
        make_study(folder / "study", participants=3, trials=2)
    return folder / "study"


@pytest.fixture
def study(recorded_once: Path, tmp_path: Path) -> Study:
    shutil.copytree(recorded_once, tmp_path / "study")
    return Study.open(tmp_path / "study")


def why(study: Study) -> dict[str, str]:
    return {each.recording: each.why for each in study_corpus(study).left_out if each.trial < 0}


def test_finished_sessions_and_their_trials_come(study: Study) -> None:
    corpus = study_corpus(study)
    assert corpus.participants == ("P01", "P02", "P03")
    assert len(corpus.trials) == 6
    assert corpus.left_out == ()
    listed = {session.file: session.sha256 for session in study.sessions()}
    for recording in corpus.recordings:
        assert listed[study.relative(recording.path)] == recording.sha256
        assert modalities_of(recording) == ("eeg", "bvp", "eda", "face", "speech", "keys")
    first = corpus.trials[0]
    assert (first.stimulus, first.category, first.ratings) == ("sunset", "positive", {"valence": 7.0})
    assert set(first.stages) == {"fixation", "picture", "rating"}


def test_excluded_people_and_sessions_are_left_with_the_reason(study: Study) -> None:
    participants.exclude(study, "P01", "slept")
    second = study.sessions()[1]
    amendments.add(study, Amendment("excluded", True, session=second.uuid, reason="no sound"))
    corpus = study_corpus(study)
    assert corpus.participants == ("P03",)
    assert sorted(why(study).values()) == ["is excluded: no sound", "is excluded: slept"]
    participants.include(study, "P01")
    assert study_corpus(study).participants == ("P01", "P03")


def test_a_corrected_code_is_the_participant(study: Study) -> None:
    first = study.sessions()[0]
    assert study_corpus(study).trials[0].participant == "P01"
    amendments.add(study, Amendment("code", "P09", session=first.uuid))
    corpus = study_corpus(study)
    assert corpus.participants == ("P02", "P03", "P09")
    assert {trial.participant for trial in corpus.trials} == {"P02", "P03", "P09"}


def test_streams_that_were_refused_are_in_no_recording(study: Study) -> None:
    give(study, Answers(refused=("camera", "typed_text")).consent("P01", PROTOCOL, VERSION))
    recording = study_corpus(study).by_id["sub-P01_ses-01_task-pictures_run-01"]
    assert modalities_of(recording) == ("eeg", "bvp", "eda", "speech")


def test_a_second_visit_is_another_recording(study: Study) -> None:
    add_session(study, 0, trials=2, session=2)
    corpus = study_corpus(study)
    assert [(each.participant, each.session) for each in corpus.recordings][:2] == [
        ("P01", "1"),
        ("P01", "2"),
    ]


def test_a_session_that_went_on_in_a_second_run_gives_both(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", "S", "people")
    first = recorded(study, "P01", done=1, begun=1, reason="aborted")
    recorded(study, "P01", done=2, continues=first.uuid)
    corpus = study_corpus(study)
    assert [(trial.recording[-6:], trial.index) for trial in corpus.trials] == [("run-02", 1)]
    assert [(each.recording[-6:], each.trial, each.why) for each in corpus.left_out] == [
        ("run-01", 0, "is practice"),
        ("run-01", 1, "was aborted"),
        ("run-02", 0, "is practice"),
    ]


def test_a_file_that_is_gone_or_damaged_is_left(study: Study) -> None:
    first, second, _ = (study.folder / session.file for session in study.sessions())
    first.unlink()
    second.chmod(0o644)
    second.write_bytes(b"not a session any more")
    said = why(study)
    assert said[first.stem] == "its file is gone (withdrawn or moved)"
    assert "is not a session file" in said[second.stem]
    assert study_corpus(study).participants == ("P03",)


def test_what_is_not_finished_is_said(study: Study) -> None:
    claim = study.next_session("P01", 2, "pictures")
    assert why(study) == {claim.paths.name: "is not finished: it is running, or `evoke recover` is needed"}


def test_whoever_withdrew_is_gone_and_counted(study: Study) -> None:
    carry_out(study, plan(study, "P02"))
    corpus = study_corpus(study)
    assert corpus.participants == ("P01", "P03")
    assert [(each.recording, each.why) for each in corpus.left_out] == [("", "1 withdrawal: erased")]


def test_streams_that_were_taken_back_are_gone_and_nobody_is_counted(study: Study) -> None:
    carry_out(study, plan(study, "P02", ("camera",)))
    corpus = study_corpus(study)
    assert "face" not in modalities_of(corpus.by_id["sub-P02_ses-01_task-pictures_run-01"])
    assert corpus.left_out == ()


def test_it_tells_how_far_it_is(study: Study) -> None:
    told: list[float] = []
    study_corpus(study, told.append)
    assert told == pytest.approx([0, 1 / 3, 2 / 3, 1])
