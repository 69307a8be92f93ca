"""Recovery: whatever a crash left is finished once, and `evoke recover` says what was lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.session_file import file_sha256, open_session
from app.plan import Lock, SessionPaths
from app.recorder.finishing import FinishingError
from app.recorder.recovery import RecoveryError, recover
from app.study import Study
from tests.helpers.recordings import PLAN, START_S, STREAMS, Script, make_live, record, supervisor_script


def crashed(folder: Path, name: str = PLAN.name, until_s: float = START_S + 1.5) -> SessionPaths:
    """Leave what is there when the power goes 0.4 s after the last flush."""
    paths = SessionPaths(folder, name)
    paths.live.mkdir(parents=True)
    replace(PLAN, name=name).save(paths.plan)
    record(paths.part(1), START_S, until_s, close=None)
    presenter = Script("presenter")
    presenter.add(until_s + 0.4, "key", key="a", edge="down")
    presenter.append_to(paths.journal("presenter"))
    supervisor_script(until_s, reason=None).append_to(paths.journal("supervisor"))
    return paths


def command(*arguments: str) -> tuple[int, Any, str]:
    """Run `evoke`; return status, the JSON object of its last line of output, and what it said."""
    done = subprocess.run([sys.executable, "-m", "app", *arguments], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr


@pytest.mark.parametrize("what", ["folder", "live", "part", "final"])
def test_every_way_to_name_a_session_finishes_it(tmp_path: Path, what: str) -> None:
    paths = crashed(tmp_path / "sub-sim01" / "ses-01")
    named = {"folder": tmp_path, "live": paths.live, "part": paths.part(1), "final": paths.live}[what]
    (result,) = recover(named)
    assert result.path == paths.final
    assert result.lost_s == {info.id: pytest.approx(0.4) for info in STREAMS}
    assert list(tmp_path.rglob("*.h5")) == [paths.final]
    assert not paths.live.exists()


def test_several_sessions_of_a_folder_are_all_finished(tmp_path: Path) -> None:
    for number in (1, 2):
        crashed(tmp_path, f"sub-sim01_ses-01_task-small_run-0{number}")
    assert len(recover(tmp_path)) == 2
    assert len(list(tmp_path.glob("*.h5"))) == 2


def test_a_running_session_is_refused(tmp_path: Path) -> None:
    paths = crashed(tmp_path)
    Lock.of_this_process(1, "", PLAN.uuid).write(paths.lock)
    with pytest.raises(RecoveryError, match=f"still running \\(process {os.getpid()}\\)"):
        recover(tmp_path)
    assert paths.part(1).exists()
    assert not paths.final.exists()


def test_a_session_of_another_computer_is_refused(tmp_path: Path) -> None:
    paths = crashed(tmp_path)
    lock = replace(Lock.of_this_process(1, "", PLAN.uuid), boot_id="other", host="lab-2")
    lock.write(paths.lock)
    with pytest.raises(RecoveryError, match="recorded on the computer lab-2"):
        recover(paths.live)


def test_a_dead_supervisors_lock_does_not_matter(tmp_path: Path) -> None:
    paths = crashed(tmp_path)
    replace(Lock.of_this_process(1, "", PLAN.uuid), boot_id="before the power went").write(paths.lock)
    assert len(recover(paths.live)) == 1


def test_a_failed_try_leaves_the_lock_as_it_was(tmp_path: Path) -> None:
    paths = crashed(tmp_path)
    dead = replace(Lock.of_this_process(1, "", PLAN.uuid), boot_id="before the power went")
    dead.write(paths.lock)
    paths.final.write_text("in the way")
    with pytest.raises(FinishingError, match="not a session file"):
        recover(paths.live)
    assert Lock.read(paths.lock) == dead
    paths.final.unlink()
    assert len(recover(paths.live)) == 1


def test_a_finished_and_sound_file_is_said_to_be_so(tmp_path: Path) -> None:
    first = recover(crashed(tmp_path).live)[0]
    for named in (first.path, tmp_path):
        (again,) = recover(named)
        assert again.was_finished
        assert (again.path, again.lost_s, again.sha256) == (first.path, first.lost_s, first.sha256)


def test_a_finished_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = recover(crashed(tmp_path).live)[0].path
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    with pytest.raises(RecoveryError, match="was changed or damaged"):
        recover(path)


def test_what_a_kill_between_renaming_and_removing_left_is_removed(tmp_path: Path) -> None:
    paths = crashed(tmp_path)
    kept = {path.name: path.read_bytes() for path in paths.live.iterdir()}
    first = recover(paths.live)[0]
    paths.live.mkdir()
    for name, content in kept.items():
        (paths.live / name).write_bytes(content)
    (again,) = recover(tmp_path)
    assert again.was_finished
    assert again.sha256 == first.sha256
    assert not paths.live.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "there is nothing of this name"), ("", "holds no session"), ("x.h5", "is not a session file")],
)
def test_where_there_is_nothing_to_recover_it_says_so(tmp_path: Path, name: str, message: str) -> None:
    if name.endswith(".h5"):
        (tmp_path / name).write_text("no")
    with pytest.raises(RecoveryError, match=message):
        recover(tmp_path / name)


def test_a_stream_that_had_gone_before_the_crash_lost_nothing_by_it(tmp_path: Path) -> None:
    paths = crashed(tmp_path)
    recorder = Script("recorder")
    recorder.add(START_S + 0.9, "stream_lost", stream="eeg")
    recorder.append_to(paths.journal("recorder"))
    lost = recover(paths.live)[0].lost_s
    assert lost["eeg"] == 0.0
    assert lost["sound"] == pytest.approx(0.4)


def test_the_command_prints_one_object(tmp_path: Path) -> None:
    paths = crashed(tmp_path)
    status, said, told = command("recover", str(tmp_path), "--json")
    assert status == 0, told
    assert said == {"path": str(paths.final), "parts": 1, "lost_s": {info.id: 0.4 for info in STREAMS}}
    status, said, told = command("recover", str(paths.final), "--json")
    assert status == 0
    assert "is finished and sound" in told
    status, said, told = command("info", str(paths.final), "--json")
    assert status == 0
    assert said["end_reason"] == "interrupted"


def test_the_command_prints_a_list_of_several(tmp_path: Path) -> None:
    for number in (1, 2):
        crashed(tmp_path, f"sub-sim01_ses-01_task-small_run-0{number}")
    status, said, _ = command("recover", str(tmp_path), "--json")
    assert status == 0
    assert [Path(one["path"]).stem[-2:] for one in said["sessions"]] == ["01", "02"]


def test_the_command_fails_with_one_clear_message(tmp_path: Path) -> None:
    status, said, told = command("info", str(tmp_path / "none.h5"), "--json")
    assert (status, said) == (1, None)
    assert told == f"evoke: {tmp_path / 'none.h5'}: cannot be read: No such file or directory.\n"


def test_a_recovered_session_enters_its_study(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "Fear", "simulation")
    folder = study.folder / "sub-sim01" / "ses-01"
    paths = make_live(folder, replace(PLAN, study="Fear"))
    status, _, told = command("recover", str(study.folder))
    assert status == 0, told
    (listed,) = study.sessions()
    assert listed.file == f"sub-sim01/ses-01/{paths.final.name}"
    assert listed.sha256 == file_sha256(paths.final)
    assert listed.protocol == "small"
    assert not paths.checksum.exists()
    with open_session(paths.final) as session:
        assert session.attributes["study"] == "Fear"
