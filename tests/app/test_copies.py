"""The second copy: complete, verified, resumed after a kill, and never over something else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app import copying, settings
from app.copies import (
    choose_place,
    copies,
    files_of,
    mirror_of,
    pending,
    place_of,
    start_pending,
    state,
    try_pending,
)
from app.copying import CopyError, DiffersError, copy_verified, sha256_of
from app.plan import Lock
from app.study import FinishedSession, Study, StudyError

SESSION = FinishedSession(
    file="sub-01/ses-01/sub-01_ses-01_task-demo_run-01.h5",
    sha256="",
    uuid="u",
    origin="recorded",
    participant="01",
    session=1,
    run=1,
    protocol="demo",
    protocol_version=1,
    rehearsal=False,
    added="2026-01-01T00:00:00Z",
)


def add_session(study: Study, number: int = 1, size: int = 3_000_000) -> str:
    """Put a finished session of `size` bytes into the study and its list; return its relative name."""
    name = f"sub-01/ses-{number:02d}/sub-01_ses-{number:02d}_task-demo_run-01.h5"
    path = study.folder / name
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes([number]) + os.urandom(size - 1))
    path.chmod(0o444)
    study.add_finished(replace(SESSION, file=name, session=number, sha256=sha256_of(path)))
    return name


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "fear", "Fear", "people")
    study.slot_for("01")
    return study


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def same_content(study: Study, mirror: Path) -> None:
    names = list(files_of(study))
    assert sorted(names) == sorted(files_of(Study.open(mirror)))
    for name in names:
        assert (mirror / name).read_bytes() == (study.folder / name).read_bytes()


def test_without_a_second_place_there_is_one_copy(study: Study) -> None:
    name = add_session(study)
    assert copies(study, name) == 1
    assert copies(study, "sub-09/none.h5") == 0
    assert pending(study) == ()
    assert state(study).state == try_pending(study).state == "none"
    assert start_pending(study) is None


def test_everything_of_a_study_gets_its_second_copy(study: Study, place: Path) -> None:
    name = add_session(study)
    choose_place(study, place)
    waiting = state(study)
    assert (waiting.state, waiting.files) == ("pending", 4)
    assert waiting.since
    assert set(pending(study)) == {name, "study.yaml", "participants.tsv", "sessions.jsonl"}
    assert try_pending(study).state == "ok"
    assert copies(study, name) == 2
    mirror = mirror_of(study)
    assert mirror == place / "fear"
    same_content(study, mirror)
    assert Study.open(mirror).sessions() == study.sessions()
    assert not os.access(mirror / name, os.W_OK) or os.geteuid() == 0


def test_live_folders_caches_and_unfinished_files_stay_behind(study: Study) -> None:
    claim = study.next_session("01", 1, "demo")
    (claim.paths.live / "presenter.jsonl").write_text("{}")
    claim.paths.partial.write_bytes(b"half")
    (study.folder / "derivatives" / "cache").mkdir(parents=True)
    (study.folder / "derivatives" / "cache" / "pyramid.bin").write_bytes(b"0")
    (study.folder / "annotations").mkdir()
    (study.folder / "annotations" / "anna.sqlite").write_bytes(b"labels")
    assert set(files_of(study)) == {"study.yaml", "participants.tsv", "annotations/anna.sqlite"}


def test_the_place_is_remembered_for_the_study_and_not_in_it(study: Study, place: Path) -> None:
    choose_place(study, place)
    assert place_of(study) == place
    moved = replace(study, folder=study.folder.rename(place.parent / "elsewhere"))
    assert place_of(Study.open(moved.folder)) == place
    assert try_pending(moved).state == "ok"
    for name in files_of(moved):
        assert str(place).encode() not in (moved.folder / name).read_bytes()
    choose_place(moved, None)
    assert place_of(moved) is None


def test_an_older_study_gets_a_uuid_when_it_is_first_needed(study: Study, place: Path) -> None:
    described = study.folder / "study.yaml"
    lines = described.read_text().splitlines(keepends=True)
    older = "# ours since spring\n" + "".join(line for line in lines if not line.startswith("uuid"))
    described.write_text(older)
    old = Study.open(study.folder)
    assert old.uuid == ""
    assert state(old).state == "none"
    choose_place(old, place)
    now = Study.open(study.folder)
    assert now.uuid == now.identity() != ""
    assert described.read_text() == f"{older}uuid: {now.uuid}\n"
    assert try_pending(now).state == "ok"
    assert replace(now, uuid="") == old


def test_what_grows_is_copied_anew_and_what_is_there_is_left_alone(study: Study, place: Path) -> None:
    first = add_session(study, 1)
    choose_place(study, place)
    try_pending(study)
    mirror = mirror_of(study)
    assert mirror is not None
    before = (mirror / first).stat()
    add_session(study, 2)
    study.slot_for("02")
    assert len(pending(study)) == 3
    assert try_pending(study).state == "ok"
    assert (mirror / first).stat() == before
    same_content(study, mirror)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_differing_file_is_never_overwritten_and_told(study: Study, place: Path, forgets: bool) -> None:
    name = add_session(study)
    other = add_session(study, 2)
    choose_place(study, place)
    mirror = mirror_of(study)
    assert mirror is not None
    (mirror / name).parent.mkdir(parents=True)
    (mirror / name).write_bytes(b"something else")
    if forgets:
        shutil.rmtree(settings.data_folder() / "copies", ignore_errors=True)
    after = try_pending(study)
    assert after.state == "pending"
    assert "nothing is ever overwritten" in after.problem
    assert str(mirror / name) in after.problem
    assert (mirror / name).read_bytes() == b"something else"
    assert pending(study) == (name,)
    assert copies(study, name) == 1
    assert copies(study, other) == 2


def test_a_table_that_somebody_changed_over_there_is_left(study: Study, place: Path) -> None:
    choose_place(study, place)
    try_pending(study)
    mirror = mirror_of(study)
    assert mirror is not None
    (mirror / "participants.tsv").write_text("mine\n")
    study.slot_for("02")
    assert "nothing is ever overwritten" in try_pending(study).problem
    assert (mirror / "participants.tsv").read_text() == "mine\n"


def test_what_was_copied_is_found_again_where_the_ledger_is_lost(study: Study, place: Path) -> None:
    name = add_session(study)
    choose_place(study, place)
    try_pending(study)
    shutil.rmtree(settings.data_folder() / "copies")
    study.slot_for("02")
    assert copies(study, name) == 1
    assert try_pending(study).state == "ok"
    assert copies(study, name) == 2


def test_a_recording_that_was_damaged_at_home_is_not_copied(study: Study, place: Path) -> None:
    name = add_session(study)
    path = study.folder / name
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    choose_place(study, place)
    after = try_pending(study)
    assert "was changed or damaged since it was made" in after.problem
    mirror = mirror_of(study)
    assert mirror is not None
    assert not (mirror / name).exists()
    assert list(mirror.rglob(f"*{copying.PARTIAL}")) == []


def test_an_unreachable_place_keeps_its_sign_until_it_is_back(study: Study, place: Path) -> None:
    choose_place(study, place)
    try_pending(study)
    name = add_session(study)
    away = place.rename(place.parent / "unplugged")
    first = try_pending(study)
    assert (first.state, first.files) == ("unreachable", 2)
    assert "out of reach" in first.problem
    place.mkdir()
    again = try_pending(study)
    assert (again.state, again.since) == ("unreachable", first.since), "an empty mount point is not the place"
    assert list(place.iterdir()) == []
    assert copies(study, name) == 1
    place.rmdir()
    away.rename(place)
    assert try_pending(study).state == "ok"
    assert state(study).since == ""
    assert copies(study, name) == 2


def test_a_place_that_is_back_is_noticed_with_nothing_to_copy(study: Study, place: Path) -> None:
    choose_place(study, place)
    try_pending(study)
    assert start_pending(study) is None
    away = place.rename(place.parent / "unplugged")
    try_pending(study)
    assert (state(study).state, state(study).files) == ("unreachable", 0)
    away.rename(place)
    child = start_pending(study)
    assert child is not None
    assert child.wait(30) == 0
    assert state(study).state == "ok"


def test_copying_makes_way_for_a_running_session(study: Study, place: Path) -> None:
    choose_place(study, place)
    name = add_session(study)
    claim = study.next_session("01", 5, "demo")
    Lock.of_this_process(1, "token", "uuid").write(claim.paths.lock)
    after = try_pending(study)
    assert after.state == "pending"
    assert "when the session that runs is over" in after.problem
    assert copies(study, name) == 1
    assert try_pending(study, polite=False).state == "ok"


def test_two_studies_in_one_place_do_not_mix(study: Study, place: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    second = Study.create(tmp_path / "other" / "fear", "Fear", "people")
    choose_place(study, place)
    choose_place(second, place)
    choose_place(study, place)
    assert (mirror_of(study), mirror_of(second)) == (place / "fear", place / "fear-2")


def test_a_place_inside_the_study_is_refused(study: Study) -> None:
    with pytest.raises(StudyError, match="would be lost with it"):
        choose_place(study, study.folder / "copy")
    assert not (study.folder / "copy").exists()


def test_a_file_that_changes_meanwhile_is_not_taken_for_whole(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"x" * 3_000_000)

    def meddle() -> bool:
        with source.open("ab") as file:
            file.write(b"y")
        return source.stat().st_size < 3_000_010

    with pytest.raises(CopyError, match=r"changed while it was copied|copied later"):
        copy_verified(source, target, keep_going=meddle)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_is_replaced_only_where_its_old_content_was_named(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    with pytest.raises(DiffersError):
        copy_verified(source, target, replaces="0" * 64)
    copy_verified(source, target, replaces=sha256_of(target))
    assert target.read_bytes() == b"new"


def evoke(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_chooses_copies_and_retries(study: Study, place: Path) -> None:
    none = evoke("backup", study.folder)
    assert (none.returncode, none.stdout) == (1, "")
    assert "has no second place yet" in none.stderr
    name = add_session(study)
    done = evoke("backup", study.folder, "--to", place, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["state"], told["copy"]) == ("ok", str(place / "fear"))
    assert f"{name}: copied and verified." in done.stderr
    shutil.rmtree(place)
    add_session(study, 2)
    assert evoke("backup", study.folder, "--pending").returncode == 0, "nobody waits for it"
    gone = evoke("backup", study.folder)
    assert gone.returncode == 1
    assert "out of reach" in gone.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="only on Linux")
def test_killed_anywhere_the_next_run_completes(study: Study, place: Path) -> None:
    names = [add_session(study, number, 8_000_000) for number in range(1, 6)]
    choose_place(study, place)
    mirror = mirror_of(study)
    assert mirror is not None
    interrupted = 0
    for _ in range(4):
        child = start_pending(study)
        if child is None:
            break
        deadline = time.monotonic() + 20
        seen = len(list(mirror.rglob("*.h5")))
        while time.monotonic() < deadline and child.poll() is None:
            if list(mirror.rglob(f"*{copying.PARTIAL}")) and len(list(mirror.rglob("*.h5"))) >= seen:
                break
        interrupted += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
        for path in mirror.rglob("*.h5"):
            assert sha256_of(path) == sha256_of(study.folder / path.relative_to(mirror))
    assert interrupted
    assert try_pending(study).state == "ok"
    assert [copies(study, name) for name in names] == [2] * 5
    assert list(mirror.rglob(f"*{copying.PARTIAL}")) == []
    same_content(study, mirror)
