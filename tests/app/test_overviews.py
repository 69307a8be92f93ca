"""What is drawn from lies beside recordings and is none: never copied, never listed, gone with the person."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analysis.overview import erase_overview, open_overview
from analysis.session_file import SessionFileError
from app import away, copies, withdrawal
from app.cli import main
from app.commands.check_study import people_problems
from app.recorder import finishing
from app.recorder.recovery import recover
from app.study import Study
from tests.helpers.labelled import BVP, EEG, VOICE, make_study

STREAMS = (EEG, BVP, VOICE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two people with one session each."""
    return make_study(tmp_path_factory.mktemp("made") / "study", 2, 1, streams=STREAMS).folder


@pytest.fixture
def study(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    found = Study.open(shutil.copytree(made, tmp_path / "study"))
    for session in found.sessions():
        open_overview(found.folder / session.file).close()
    return found


def overviews(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.overview*"))


def test_it_is_made_when_a_session_is_finished(study: Study) -> None:
    path = study.folder / study.sessions()[0].file
    erase_overview(path)
    finishing.prepare_overview(path)
    assert path.with_suffix(".overview").is_file()


def test_finishing_waits_a_moment_for_it_and_no_longer(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    path = study.folder / study.sessions()[0].file
    erase_overview(path)
    monkeypatch.setattr(finishing, "OVERVIEW_S", -1.0)
    finishing.prepare_overview(path)
    assert overviews(path.parent) == []
    monkeypatch.setattr(finishing, "OVERVIEW_S", 60.0)
    monkeypatch.setattr(finishing, "OVERVIEW_BYTES", 10)
    finishing.prepare_overview(path)
    assert overviews(path.parent) == []


def test_whatever_goes_wrong_with_it_harms_no_finished_session(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = study.folder / study.sessions()[0].file
    before = path.read_bytes()
    monkeypatch.setattr("analysis.overview.open_overview", lambda *_, **__: 1 / 0)
    finishing.prepare_overview(path)
    finishing.prepare_overview(path.with_name("not there.h5"))
    assert path.read_bytes() == before


def test_what_is_on_its_way_to_a_study_leaves_nothing_beside_it(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = study.folder / study.sessions()[0].file
    erase_overview(path)
    belongs = away.Belongs(study.uuid, str(study.folder), "sub-01/ses-01", path.stem)
    monkeypatch.setattr(away.Belongs, "read", lambda folder: belongs)
    finishing.prepare_overview(path)
    assert overviews(path.parent) == []


def test_a_withdrawn_persons_goes_and_the_others_stays(study: Study) -> None:
    gone, stays = (study.folder / session.file for session in study.sessions())
    withdrawal.carry_out(study, withdrawal.plan(study, study.sessions()[0].participant))
    assert overviews(study.folder) == [stays.with_suffix(".overview")]
    assert not gone.parent.exists()


def test_taking_a_stream_out_takes_what_was_drawn_from_it(study: Study) -> None:
    session = study.sessions()[0]
    path = study.folder / session.file
    with open_overview(path) as overview:
        assert "mic" in overview.infos
    withdrawal.carry_out(study, withdrawal.plan(study, session.participant, ("voice",)))
    assert not path.with_suffix(".overview").exists()
    with open_overview(path) as overview:
        assert set(overview.infos) == {"eeg", "bvp"}


def test_second_copies_leave_it_behind(study: Study, tmp_path: Path) -> None:
    copies.choose_place(study, tmp_path / "disk")
    assert copies.try_pending(study, polite=False).state == "ok"
    assert overviews(tmp_path / "disk") == [] and list((tmp_path / "disk").rglob("*.h5"))


def test_checks_and_recovery_take_it_for_nothing(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    folder = (study.folder / study.sessions()[0].file).parent
    found = recover(folder)
    assert [result.path.suffix for result in found] == [".h5"]
    assert [path.suffix for path in sorted(folder.iterdir()) if path.is_file()] == [".h5", ".overview"]
    with pytest.raises(SessionFileError):
        open_overview(folder / f"{found[0].path.stem}.overview")
    assert people_problems(study) == []
    main(["check", str(study.folder)])
    assert "overview" not in capsys.readouterr().out
