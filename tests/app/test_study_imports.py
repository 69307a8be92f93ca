"""Imports enter a study like finished sessions, once, and leave it as it was where they fail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analysis.session_file import verify
from app import away, settings
from app.commands import importing
from app.commands.importing import ImportingError, enter, read
from app.copying import CopyError
from app.study import Study, StudyError
from tests.helpers.foreign import e4_files, e4_zip, edf_header


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study", "Wrist", "people")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return e4_zip(tmp_path / "export.zip", e4_files())


def tree(folder: Path) -> dict[str, bytes]:
    """Return all names and contents but for the lock of the tables."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.name != ".study.lock"
    }


@contextmanager
def unchanged(study: Study) -> Iterator[None]:
    before = tree(study.folder)
    yield
    assert tree(study.folder) == before
    assert not (settings.data_folder() / "importing").exists()


def test_an_import_is_a_finished_session_of_the_study(study: Study, export: Path) -> None:
    entered = enter(study, read("e4", export), "01", "e4")
    (listed,) = study.sessions()
    assert study.folder / listed.file == entered.path
    assert listed.file == "sub-01/ses-01/sub-01_ses-01_task-e4_run-01.h5"
    assert (listed.origin, listed.participant, listed.session, listed.run) == ("imported", "01", 1, 1)
    verify(entered.path, listed.sha256)
    assert entered.path.stat().st_mode & 0o222 == 0
    assert [person.code for person in study.participants()] == ["01"]
    assert study.live_sessions() == ()
    assert not (settings.data_folder() / "importing").exists()


def test_no_place_of_this_computer_comes_in(study: Study, export: Path, tmp_path: Path) -> None:
    entered = enter(study, read("e4", export), "01", "e4")
    content = entered.path.read_bytes()
    for place in (str(tmp_path), str(Path.home()), str(settings.data_folder())):
        assert place.encode() not in content


def test_sessions_are_counted_on_or_named(study: Study, tmp_path: Path) -> None:
    starts = [1_644_226_061.0 + 86_400 * day for day in range(4)]
    exports = [read("e4", e4_zip(tmp_path / f"{s}.zip", e4_files(start=s))) for s in starts]
    enter(study, exports[0], "01", "e4")
    enter(study, exports[1], "01", "e4")
    enter(study, exports[2], "01", "e4", session=1)
    enter(study, exports[3], "02", "e4", session=7)
    assert [(s.participant, s.session, s.run) for s in study.sessions()] == [
        ("01", 1, 1),
        ("01", 2, 1),
        ("01", 1, 2),
        ("02", 7, 1),
    ]


def test_the_same_recording_comes_in_once_whatever_its_name(
    study: Study, export: Path, tmp_path: Path
) -> None:
    enter(study, read("e4", export), "01", "e4")
    with unchanged(study), pytest.raises(ImportingError, match="in the study already: sub-01/ses-01"):
        enter(study, read("e4", export.rename(tmp_path / "again.zip")), "02", "e4")


@pytest.mark.parametrize(
    ("participant", "session", "message"),
    [
        ("sim01", None, "the study 'Wrist' is of people"),
        ("a b", None, "letters and digits"),
        ("01", 0, "counted from 1 to 999"),
        ("KNOWN", None, "differs only in capital letters"),
    ],
)
def test_what_a_study_refuses_changes_nothing(
    study: Study, export: Path, participant: str, session: int | None, message: str
) -> None:
    study.slot_for("known")
    with unchanged(study), pytest.raises(StudyError, match=message):
        enter(study, read("e4", export), participant, "e4", session)


@pytest.mark.parametrize("cut", ["_written", "_entered", "copy_verified", "deliver"])
def test_cut_anywhere_the_study_is_as_it_was(
    study: Study, export: Path, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CopyError("the disk is full")

    imported = read("e4", export)
    monkeypatch.setattr(importing, cut, fail)
    with unchanged(study), pytest.raises(CopyError):
        enter(study, imported, "01", "e4")


def test_a_failing_list_takes_the_newcomer_back(
    study: Study, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StudyError("the list cannot be written")

    study.slot_for("02")
    monkeypatch.setattr(Study, "add_finished", fail)
    with unchanged(study), pytest.raises(StudyError):
        enter(study, read("e4", export), "01", "e4")
    assert [person.code for person in study.participants()] == ["02"]


def test_too_small_a_disk_is_told_before_anything_is_written(
    study: Study, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PLANNED", 1e15)
    with unchanged(study), pytest.raises(ImportingError, match=r"are needed\. Free some"):
        enter(study, read("e4", export), "01", "e4")


def test_into_a_synchronised_study_it_goes_by_way_of_this_computer(tmp_path: Path, export: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    study = Study.create(tmp_path / "synced", "Synced", "people")
    entered = enter(study, read("e4", export), "01", "e4")
    assert entered.message == ""
    assert [study.folder / session.file for session in study.sessions()] == [entered.path]
    verify(entered.path, entered.sha256)
    assert sorted(path.name for path in entered.path.parent.iterdir()) == [entered.path.name]
    assert away.waiting(study.identity()) == []


def evoke(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_says_what_came_in_and_what_is_odd(study: Study, tmp_path: Path) -> None:
    files = e4_files()
    del files["EDA.csv"]
    packed = e4_zip(tmp_path / "x.zip", files)
    done = evoke("import", "e4", packed, "--study", study.folder, "--participant", "sub-01", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["statements"] == ["EDA.csv is missing."]
    assert {stream["id"]: stream["samples"] for stream in told["streams"]}["e4-bvp"] == 1280
    assert Path(told["path"]) == study.folder / study.sessions()[0].file
    assert told["sha256"] == study.sessions()[0].sha256
    signals = [{"label": "EEG Fp1", "count": 4}]
    (tmp_path / "x.edf").write_bytes(edf_header(signals, 2, 1) + bytes(16))
    plain = evoke("import", "edf", tmp_path / "x.edf", "--study", study.folder, "--participant", "01")
    assert plain.returncode == 0, plain.stderr
    assert "eeg-4hz: 8 samples, 4 Hz" in plain.stdout
    assert "local time of an unknown zone" in plain.stderr
    assert [session.protocol for session in study.sessions()] == ["", ""]


@pytest.mark.parametrize(
    ("kind", "name", "content", "message"),
    [
        ("e4", "x.zip", b"no zip", "cannot be read as a zip"),
        ("e4", "nowhere.zip", None, "nothing of this name"),
        ("xdf", "x.xdf", b"no xdf", "is not an XDF file"),
        ("edf", "x.edf", b"no edf", "neither EDF nor BDF"),
    ],
)
def test_what_cannot_be_read_is_one_message(
    study: Study, tmp_path: Path, kind: str, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with unchanged(study), pytest.raises(ImportingError, match=message) as raised:
        read(kind, tmp_path / name)
    assert str(tmp_path / name) in str(raised.value)


def test_reading_a_file_that_is_not_ours_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "x.edf"
    path.mkdir()
    with pytest.raises(ImportingError, match="cannot be read"):
        read("edf", path)
