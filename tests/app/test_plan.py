"""A session's places on disk, its plan and its lock."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.events import Journal
from app.plan import Lock, SessionPaths, SessionPlan, at_work

PATHS = SessionPaths(Path("study/sub-01/ses-01"), "sub-01_ses-01_task-demo_run-01")


def test_everything_of_a_running_session_lies_in_its_live_folder() -> None:
    inside = [PATHS.plan, PATHS.lock, PATHS.journal("presenter"), PATHS.part(1)]
    assert {path.parent for path in inside} == {PATHS.live}
    assert {path.parent for path in (PATHS.logs, PATHS.final, PATHS.partial, PATHS.checksum)} == {
        PATHS.folder
    }
    assert SessionPaths.of_live(PATHS.live) == PATHS


def test_parts_come_in_order(tmp_path: Path) -> None:
    paths = SessionPaths(tmp_path, "s")
    paths.live.mkdir()
    for number in (10, 2, 1):
        paths.part(number).touch()
    assert paths.parts() == [paths.part(1), paths.part(2), paths.part(10)]


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = SessionPlan(
        uuid="u",
        name="s",
        origin="recorded",
        devices=({"id": "eeg"},),
        schedule={"trials": []},
        accept="Müller",
    )
    plan.save(tmp_path / "session.json")
    assert SessionPlan.load(tmp_path / "session.json") == plan


@pytest.mark.parametrize("text", ["", "[]", "{", '{"uuid": 1}'])
def test_a_damaged_plan_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "session.json").write_text(text)
    with pytest.raises((ValueError, TypeError, KeyError)):
        SessionPlan.load(tmp_path / "session.json")


def test_rings_and_sources_are_of_this_session_alone() -> None:
    one, other = (SessionPlan(uuid=uuid, name="s", origin="recorded") for uuid in ("a", "b"))
    assert one.ring("eeg") != other.ring("eeg")
    assert one.source_id("eeg") == "evoke:a:eeg"


def test_a_lock_tells_its_owner_and_nobody_else_its_token(tmp_path: Path) -> None:
    lock = Lock.of_this_process(4711, "secret", "u")
    lock.write(tmp_path / "session.lock")
    assert Lock.read(tmp_path / "session.lock") == lock
    assert lock.is_alive
    assert lock.is_of_this_machine
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "session.lock").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"pid": 1}'])
def test_a_damaged_lock_is_no_lock(tmp_path: Path, text: str) -> None:
    (tmp_path / "session.lock").write_text(text)
    assert Lock.read(tmp_path / "session.lock") is None


def test_a_dead_owner_that_nobody_has_waited_for_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    lock = replace(
        Lock.of_this_process(1, "t", "u"), pid=process.pid, started=psutil.Process(process.pid).create_time()
    )
    seen = [lock.is_alive]
    process.kill()
    deadline = time.monotonic() + 10
    while seen[-1] and time.monotonic() < deadline:
        time.sleep(0.01)
        seen.append(lock.is_alive)
    assert seen[0]
    assert not seen[-1]
    process.wait()


def test_who_still_writes_is_read_from_the_journal(tmp_path: Path) -> None:
    paths = SessionPaths(tmp_path, "s")
    paths.live.mkdir()
    assert at_work(paths) == {}
    code = "import time; time.sleep(60)"
    ours = subprocess.Popen([sys.executable, "-c", code, "--live", str(paths.live)])
    stranger = subprocess.Popen([sys.executable, "-c", code])
    journal = Journal(paths.journal("supervisor"), "supervisor")
    for role, process in (("recorder", ours), ("presenter", stranger), ("bridge", ours)):
        payload = {"role": role, "name": role, "pid": process.pid}
        journal.append("process_started", payload=payload, wait=True)
    assert at_work(paths) == {"recorder": ours.pid}
    ours.kill()
    ours.wait()
    assert at_work(paths) == {}
    stranger.kill()
    stranger.wait()
    journal.close()


def test_a_lock_of_before_knows_no_host(tmp_path: Path) -> None:
    lock = replace(Lock.of_this_process(1, "t", "u"), host="")
    assert lock.is_of_this_machine
    assert not replace(lock, host="elsewhere").is_of_this_machine
