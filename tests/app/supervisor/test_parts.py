"""Children, their environment, and what the operator is told of the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.plan import SessionPlan
from app.supervisor import processes, programs
from app.supervisor.processes import Child, Program, command_line, environment, status_text
from app.supervisor.state import ALARMS_KEPT, Alarm, State, disk_minutes_left

PLAN = SessionPlan(
    uuid="test-parts",
    name="s",
    origin="recorded",
    devices=(
        {"id": "eeg", "source": "brainflow", "required": True, "params": {"board": "synthetic"}},
        {"id": "other", "source": "lsl", "required": True, "params": {"name": "X"}},
        {"id": "face", "source": "camera", "required": False, "params": {}},
    ),
)


def test_each_device_that_needs_one_has_a_process() -> None:
    made = programs.device_programs(PLAN, Path("s.live"))
    assert [(program.label, program.arguments[0]) for program in made] == [
        ("bridge-eeg", "_bridge"),
        ("capture-face", "_capture"),
    ]
    assert made[0].arguments[1:] == ("--live", "s.live", "--device", "eeg")


def test_a_folder_named_app_does_not_get_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("raise SystemExit('intruder')")
    done = subprocess.run(
        command_line(["--version"]),
        cwd=tmp_path,
        env=environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("evoke "), done.stderr


def test_lsl_stays_on_this_machine_unless_the_study_says_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.plan.runtime_folder", lambda _: tmp_path)
    monkeypatch.delenv("LSLAPICFG")
    chosen = programs.lsl_environment(PLAN)["LSLAPICFG"]
    assert "ResolveScope = machine" in Path(chosen).read_text()
    network = SessionPlan(uuid="u", name="s", origin="recorded", network=True)
    assert programs.lsl_environment(network) == {}
    monkeypatch.setenv("LSLAPICFG", "mine.cfg")
    assert programs.lsl_environment(PLAN) == {}


def _child(monkeypatch: pytest.MonkeyPatch, logs: Path, script: str) -> Child:
    monkeypatch.setattr(processes, "command_line", lambda _: [sys.executable, "-c", script])
    return Child(Program("bridge", "eeg", ()), logs)


def _await_end(child: Child) -> int:
    deadline = time.monotonic() + 20
    while (status := child.ended()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return status


def test_the_log_keeps_what_every_start_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = _child(monkeypatch, tmp_path, "import sys; print('out'); sys.exit('err')")
    for _ in range(2):
        child.start()
        assert _await_end(child) == 1
    assert sorted((tmp_path / "bridge-eeg.log").read_text().split()) == ["err", "err", "out", "out"]
    assert child.restarts == 1


def test_an_end_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = _child(monkeypatch, tmp_path, "")
    child.start()
    assert _await_end(child) == 0
    assert child.ended() is None
    assert not child.is_running


def test_waits_grow_to_ten_seconds_and_stay_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = _child(monkeypatch, tmp_path, "import time; time.sleep(60)")
    child.start()
    assert [child.retry() for _ in range(7)] == [0.2, 1.0, 2.0, 5.0, 10.0, 10.0, 10.0]
    monkeypatch.setattr(processes, "HEALTHY_AFTER_S", -1.0)
    assert child.retry() == 0.2
    child.kill()
    assert child.wait(10)


@pytest.mark.parametrize(
    ("status", "text"), [(0, "exit status 0"), (74, "exit status 74"), (-signal.SIGTERM, "killed by SIGTERM")]
)
def test_ends_are_told_in_words(status: int, text: str) -> None:
    assert status_text(status) == text


@pytest.mark.parametrize(
    ("health", "minutes"),
    [
        ({}, None),
        ({"bytes_per_s": 0, "free_bytes": 1e9}, None),
        ({"bytes_per_s": 1e6, "free_bytes": 2.2e6 * 60, "bytes": 0}, 1.0),
        ({"bytes_per_s": 1e6, "free_bytes": 2.2e6 * 60 + 12e6, "bytes": 10e6}, 1.0),
        ({"bytes_per_s": 1e6, "free_bytes": 1e6, "bytes": 1e9}, 0.0),
    ],
)
def test_disk_left_counts_the_finished_copy(health: dict[str, float], minutes: float | None) -> None:
    assert disk_minutes_left(health) == (None if minutes is None else pytest.approx(minutes))


def test_only_the_newest_alarms_are_shown() -> None:
    state = State(PLAN)
    for number in range(ALARMS_KEPT + 5):
        state.add_alarm(Alarm(float(number), "eeg", "lost"))
    shown = state.to_message([])["alarms"]
    assert len(shown) == ALARMS_KEPT
    assert shown[-1]["time"] == ALARMS_KEPT + 4
