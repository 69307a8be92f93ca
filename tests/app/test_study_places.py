"""A study holds no place of its own: moved, renamed or on a read-only disk it is complete."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from app import settings
from app.commands.left_over import finish_left_over
from app.recorder.finishing import finish
from app.study import Study, StudyError
from tests.faults.session_scene import CAMERA, eeg_device, session
from tests.helpers.recordings import PLAN, make_live

IN_PRIVATE = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
CAN_UNSHARE = shutil.which("unshare") is not None and (
    subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, check=False
    ).returncode
    == 0
)
RECORDED = "sub-sim01/ses-01/sub-sim01_ses-01_task-small_run-01.h5"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Return a study with a participant, a finished session and a claimed one."""
    study = Study.create(tmp_path / "lab" / "fear", "Fear", "simulation", protocol="demo")
    study.slot_for("sim01")
    claim = study.next_session("sim01", 1, "small")
    claim.paths.live.rmdir()
    plan = replace(PLAN, name=claim.paths.name, study=study.name)
    result = finish(make_live(claim.paths.folder, plan))
    study.enter(result.path, result.sha256)
    return study


def evoke(*arguments: str | Path, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-P", "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_list_is_written_from_what_the_file_says(study: Study) -> None:
    (entry,) = study.sessions()
    assert (entry.file, entry.uuid, entry.protocol) == (RECORDED, PLAN.uuid, "small")
    assert (entry.participant, entry.session, entry.run, entry.origin) == ("sim01", 1, 1, "simulated")


def contents(path: Path) -> bytes:
    """Return what a file says, of a session file also what is packed in it."""
    plain = path.read_bytes()
    if path.suffix != ".h5":
        return plain
    said: list[str] = []
    with h5py.File(path) as file:

        def visit(_: str, node: h5py.HLObject) -> None:
            said.extend(str(value) for value in node.attrs.values())
            if isinstance(node, h5py.Dataset) and (node.dtype.kind in "SO" or node.dtype == np.uint8):
                said.append(node[()].tobytes().decode("latin-1") if node.dtype != object else str(node[()]))

        file.visititems(visit)
        said.extend(str(value) for value in file.attrs.values())
    return plain + "\n".join(said).encode("utf-8", "replace")


def places_in(folder: Path, *more: Path) -> list[tuple[str, str]]:
    """Return (file, place) for each place of this computer that a file of the study names."""
    names = {str(p) for p in (Path.home(), Path.cwd(), Path(sys.prefix), settings.home(), *more)}
    names |= {str(p.resolve()) for p in more}
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        (str(path.relative_to(folder)), name)
        for path in files
        for name in names - {"/"}
        if name.encode() in contents(path)
    ]


def test_no_file_of_a_study_says_where_it_lies(study: Study, tmp_path: Path) -> None:
    assert places_in(study.folder, tmp_path) == []
    (study.folder / "notes.txt").write_text(f"see {study.folder}")
    assert places_in(study.folder, tmp_path) == [("notes.txt", str(tmp_path))], "it would be found"


@pytest.mark.slow
def test_a_real_session_leaves_no_place_in_the_study(tmp_path: Path) -> None:
    with session(tmp_path, eeg_device() + CAMERA, trials=3) as play:
        play.publish()
        play.begin(0.5)
        outcome = play.end()
        assert outcome.path is not None
        play.study.enter(outcome.path, outcome.sha256)
        assert {path.suffix for path in play.study.folder.rglob("*")} >= {".h5", ".log", ".yaml", ".jsonl"}
        assert places_in(play.study.folder, tmp_path) == []


@pytest.mark.parametrize("name", ["fear", "Angst und Ärger", "renamed.again"])
def test_a_moved_or_renamed_study_opens_complete(study: Study, tmp_path: Path, name: str) -> None:
    (tmp_path / "other disk").mkdir()
    listed = study.sessions()
    moved = study.folder.rename(tmp_path / "other disk" / name)
    opened = Study.open(moved)
    assert opened == replace(study, folder=moved)
    assert opened.sessions() == listed
    assert (moved / opened.sessions()[0].file).is_file()
    assert [participant.code for participant in opened.participants()] == ["sim01"]
    done = evoke("check", moved)
    assert done.returncode == 0, done.stdout
    assert opened.next_session("sim01", 1, "small").run == 2


def read_only(study: Study) -> tuple[str, ...]:
    if not CAN_UNSHARE:
        pytest.skip("only on Linux, as root: a read-only mount of its own")
    return ("unshare", "-m", "sh", "-c", IN_PRIVATE, "sh", str(study.folder))


def test_a_study_on_a_read_only_disk_can_be_read(study: Study) -> None:
    before = read_only(study)
    info = evoke("info", study.folder / RECORDED, "--json", before=before)
    assert info.returncode == 0, info.stderr
    assert json.loads(info.stdout)["uuid"] == PLAN.uuid
    check = evoke("check", study.folder, "--json", before=before)
    assert check.returncode == 0, check.stderr
    assert json.loads(check.stdout)["sessions"] == 1


def test_recording_on_a_read_only_disk_is_refused_in_one_sentence(study: Study) -> None:
    names = sorted(study.folder.rglob("*"))
    done = evoke(
        *("run", "demo", "--study", study.folder, "--participant", "sim01", "--auto"),
        *("--headless", "--no-window"),
        before=read_only(study),
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert str(study.folder) in done.stderr
    assert "can only be read" in done.stderr
    assert sorted(study.folder.rglob("*")) == names


def test_the_disk_s_refusal_is_told_for_what_it_is(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(study.folder))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StudyError, match="can only be read"):
        study.next_session("sim01", 1, "demo")


def test_a_finished_file_that_nobody_could_list_is_listed_at_the_next_start(study: Study) -> None:
    listed = study.sessions()
    (study.folder / "sessions.jsonl").unlink()
    (study.folder / "sub-sim01/ses-01/sub-sim01_ses-01_task-x_run-09.h5").write_bytes(b"no session")
    said: list[str] = []
    finish_left_over(study, said.append)
    assert [(s.file, s.sha256, s.uuid) for s in study.sessions()] == [
        (s.file, s.sha256, s.uuid) for s in listed
    ]
    assert len(said) == 1
    finish_left_over(study, said.append)
    assert len(said) == 1


def test_a_newcomer_of_a_failed_start_is_forgotten_and_nobody_else(study: Study) -> None:
    before = (study.folder / "participants.tsv").read_bytes()
    study.slot_for("sim02")
    study.forget_newcomer("sim02")
    study.forget_newcomer("sim01")
    assert (study.folder / "participants.tsv").read_bytes() == before
