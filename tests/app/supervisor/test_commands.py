"""`evoke demo`, `evoke run` and `evoke record` as somebody types them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pylsl import StreamInfo, StreamOutlet, local_clock

from analysis.session_file import open_session, verify
from app.study import Study


def evoke(*arguments: object, limit_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)


@pytest.fixture
def outlet() -> Iterator[str]:
    """An LSL stream of 100 Hz; its name."""
    name = f"Test {uuid.uuid4().hex[:6]}"
    stream = StreamOutlet(StreamInfo(name, "EEG", 2, 100.0, "float32", name))
    ended = threading.Event()

    def push() -> None:
        start_s, count = local_clock(), 0
        while not ended.wait(0.02):
            while start_s + count / 100 < local_clock():
                stream.push_sample([float(count), 0.0], start_s + count / 100)
                count += 1

    thread = threading.Thread(target=push)
    thread.start()
    yield name
    ended.set()
    thread.join()


@pytest.mark.slow
def test_a_stream_is_recorded_without_a_protocol(outlet: str, tmp_path: Path) -> None:
    done = evoke("record", "--out", tmp_path / "plain.h5", "--stream", outlet, "--seconds", 2, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["path"] == str(tmp_path / "plain.h5")
    assert (told["reason"], told["origin"]) == ("completed", "recorded")
    (stream,) = told["streams"]
    assert stream["samples"] >= 190
    assert (tmp_path / "plain.h5.sha256").read_text().startswith(told["sha256"])
    assert not (tmp_path / "plain.live").exists()
    again = evoke("record", "--out", tmp_path / "plain.h5", "--stream", outlet, "--seconds", 2)
    assert again.returncode == 1
    assert "exists already" in again.stderr


@pytest.mark.slow
def test_ctrl_c_ends_a_plain_recording_in_order(outlet: str, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("only on Linux")
    import signal

    command = [
        sys.executable,
        "-P",
        "-m",
        "app",
        "record",
        "--out",
        str(tmp_path / "c.h5"),
        "--stream",
        outlet,
    ]
    process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    journal = tmp_path / "c.live" / "recorder.jsonl"
    deadline = time.monotonic() + 20
    while not (journal.exists() and b"stream_live" in journal.read_bytes()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err.decode()
    assert json.loads(out)["reason"] == "stopped"
    verify(tmp_path / "c.h5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "demo", "--study", "{}/nowhere", "--participant", "sim01"], "there is no such folder"),
        (["run", "dmeo", "--study", "{}/sim", "--participant", "sim01", "--auto"], "no such protocol"),
        (["run", "demo", "--study", "{}/sim", "--participant", "01", "--auto"], "holds simulations only"),
        (["run", "demo", "--study", "{}/people", "--participant", "sim01", "--auto"], "is of people"),
        (["run", "demo", "--study", "{}/people", "--participant", "01"], "no devices are chosen"),
        (["demo", "--out", "{}/people"], "holds a study of people"),
        (["record", "--out", "{}/x.xdf", "--camera", "0"], r"ends with .h5"),
        (["record", "--out", "{}/none/x.h5", "--camera", "0"], "no such folder"),
    ],
)
def test_a_wrong_request_is_one_message_and_leaves_nothing(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    Study.create(tmp_path / "sim", "Sim", "simulation")
    Study.create(tmp_path / "people", "People", "people")
    done = evoke(*(argument.format(tmp_path) for argument in arguments), "--json")
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.startswith("evoke: ")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("**/*.live"))


@pytest.mark.slow
def test_the_demo_records_every_stream_all_events_and_both_tasks(tmp_path: Path) -> None:
    done = evoke("demo", "--headless", "--no-window", "--out", tmp_path / "demo", "--json", limit_s=180)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["trials"], told["alarms"], told["restarts"]) == (2, 0, {})
    path = Path(told["path"])
    verify(path, told["sha256"])
    with open_session(path) as session:
        assert set(session.streams) >= {"eeg", "wristband-bvp", "wristband-eda", "camera", "microphone"}
        kinds = {event.kind for event in session.events}
        assert kinds >= {
            "typing_result",
            "talk_started",
            "talk_ended",
            "response",
            "stimulus_shown",
            "checks",
        }
        assert len(session.keys["time"]) > 20
        assert session.end.reason == "completed"
        assert all(not stream.gaps for stream in session)
    study = Study.open(tmp_path / "demo")
    assert [finished.sha256 for finished in study.sessions()] == [told["sha256"]]
    assert study.relative(path) == study.sessions()[0].file
