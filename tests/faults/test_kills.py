"""Every process of a real session is killed at random moments, alone and together: what is in the file?

A finished file must hold every journalled event once, everything but half a second before a kill of
the recorder, and a gap row with its cause for each hole. `evoke bench kills` does the same 200 times.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.session_file import open_session
from app.plan import Lock
from app.study import Study
from tests.helpers.killing import Kill, KillSession, described, random_kills, run_with_kills

DEVICES = ("bridge-eeg", "bridge-wristband", "capture-camera", "capture-microphone")
EVERYTHING = ("supervisor", "recorder", "presenter", *DEVICES)

FEW: dict[str, list[tuple[str, ...]]] = {
    "everything at once": [EVERYTHING],
}
MANY: dict[str, list[tuple[str, ...]]] = {
    "the recorder and then a bridge": [("recorder",), ("bridge-eeg",)],
    "the recorder twice": [("recorder",), ("recorder",)],
    "a bridge, then the presenter": [("bridge-wristband",), ("presenter",)],
    "the recorder together with a bridge": [("recorder", "bridge-wristband"), ("bridge-eeg",)],
    "the recorder together with a capture": [("capture-camera",), ("recorder", "capture-microphone")],
    "the recorder together with the presenter": [("capture-microphone",), ("recorder", "presenter")],
    "the supervisor": [("supervisor",)],
    "the recorder and then the supervisor": [("recorder",), ("supervisor",)],
    "supervisor, recorder and presenter": [("supervisor", "recorder", "presenter")],
    "all devices": [DEVICES],
}


@pytest.mark.parametrize("name", FEW)
def test_a_few_kills_lose_nothing_that_was_flushed(name: str, tmp_path: Path) -> None:
    kills = random_kills(random.Random(f"few {name}"), FEW[name])
    report = run_with_kills(tmp_path, kills)
    assert len(report.killed) == sum(len(kill.victims) for kill in kills)
    assert not report.faults, described(report)


@pytest.mark.slow
@pytest.mark.parametrize("name", MANY)
def test_many_kills_lose_nothing_that_was_flushed(name: str, tmp_path: Path) -> None:
    kills = random_kills(random.Random(f"many {name}"), MANY[name])
    report = run_with_kills(tmp_path, kills)
    assert len(report.killed) == sum(len(kill.victims) for kill in kills)
    assert not report.faults, described(report)


@pytest.mark.slow
def test_a_killed_console_is_opened_again_and_disturbs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    report = run_with_kills(tmp_path, [Kill(3.0, ("console",)), Kill(7.5, ("console",))], console=True)
    assert [victim for _, victim in report.killed] == ["console", "console"]
    assert not report.faults, described(report)


@pytest.mark.slow
def test_what_a_killed_supervisor_left_is_finished_at_the_next_start(tmp_path: Path) -> None:
    session = KillSession(tmp_path)
    session.start()
    session.kill(Kill(2.0, ("supervisor", "presenter", "recorder")))
    session.await_processes()
    assert not session.paths.final.exists()
    again = subprocess.run(session.command, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    assert "was interrupted; finishing it." in again.stderr
    assert not session.examine().faults
    assert [finished.session for finished in Study.open(session.study.folder).sessions()] == [1, 2]


@pytest.mark.slow
def test_recovery_right_after_a_kill_waits_for_what_still_writes(tmp_path: Path) -> None:
    session = KillSession(tmp_path)
    session.start()
    session.kill(Kill(1.5, ("supervisor",)))
    session.recover()
    session.await_processes()
    report = session.examine()
    assert not report.faults, described(report)
    with open_session(session.paths.final) as file:
        assert file.end.reason == "supervisor lost"
        assert len(file.trials["index"]) == 1, "the trial that ran was finished"


@pytest.mark.slow
def test_sigterm_of_the_supervisor_ends_in_order(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("only on Linux")
    session = KillSession(tmp_path)
    session.start()
    lock = Lock.read(session.paths.lock)
    assert lock is not None
    session.signal_supervisor(signal.SIGTERM)
    session.end()
    with open_session(session.paths.final) as file:
        assert file.end.reason == "stopped"
        assert len(file.trials["index"]) == 1, "the trial that ran is finished, no other begins"
    assert not session.examine().faults
