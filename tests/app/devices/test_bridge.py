"""The bridge: real boards through LSL to an inlet, and a device that fails in every way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from pylsl import StreamInfo as LslInfo
from pylsl import StreamInlet, StreamOutlet, local_clock, resolve_byprop

from analysis.records import StreamInfo
from app import clock
from app.devices.bridge import Bridge
from app.devices.losses import Loss
from app.devices.source import Chunk, DeviceError
from app.streams import from_lsl
from tests.helpers.supervision import supervision, wait_for

SYNTHETIC = {"id": "eeg", "source": "brainflow", "params": {"board": "synthetic", "presets": ["default"]}}


def inlet_of(source_id: str) -> StreamInlet:
    found = wait_for(lambda: resolve_byprop("source_id", source_id, timeout=1.0), source_id)
    inlet = StreamInlet(found[0], max_buflen=60, recover=True)
    inlet.open_stream(timeout=10.0)
    return inlet


def pulled(
    inlet: StreamInlet, rows: int, timeout_s: float = 15.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pull at least `rows` rows: data, stamps, and when each was received."""
    data: list[list[float]] = []
    stamps: list[float] = []
    received: list[float] = []
    end = time.monotonic() + timeout_s
    while len(stamps) < rows and time.monotonic() < end:
        block, times = inlet.pull_chunk(timeout=0.0, max_samples=4096)
        now = local_clock()
        data += list(block)
        stamps += list(times)
        received += [now] * len(times)
        time.sleep(0.002)
    assert len(stamps) >= rows, f"{len(stamps)} of {rows} rows came"
    return np.array(data), np.array(stamps), np.array(received)


def packages_missing(data: np.ndarray) -> int:
    """Return how many packages a synthetic board's counter (last but one channel) says are missing."""
    return int(np.sum((np.diff(data[:, -2]) - 1) % 256))


@pytest.mark.slow
def test_a_synthetic_board_arrives_whole_and_in_time(tmp_path: Path) -> None:
    with supervision(tmp_path, SYNTHETIC) as session:
        bridge = session.start("bridge", "eeg")
        declared = session.declared("eeg")["eeg"]
        inlet = inlet_of(session.plan.source_id("eeg"))
        seen = from_lsl(inlet.info(), "eeg")
        data, stamps, received = pulled(inlet, 1500)
        health = session.health("eeg", "live", len(session.of("health", "eeg")))
        assert session.stop() == [0]
        assert session.log("eeg") == ""
        assert "Synthetic" in declared.device
    assert bridge.returncode == 0
    assert (seen.channels, seen.units, seen.channel_kinds) == (
        declared.channels,
        declared.units,
        declared.channel_kinds,
    )
    assert (seen.origin, seen.kind, seen.rate_hz, seen.dtype) == ("simulated", "eeg", 250.0, "float64")
    assert np.all(np.diff(stamps) > 0)
    assert packages_missing(data) == 0
    rate_hz = (len(stamps) - 1) / (stamps[-1] - stamps[0])
    assert rate_hz == pytest.approx(250, rel=0.02)
    # The first rows waited for the inlet; the others come with the poll's rhythm.
    age_s = (received - stamps)[250:]
    assert np.quantile(age_s, 0.02) > -0.001
    assert np.median(age_s) < 0.05
    # Board time and stamp differ by the offset of the two clocks, the same for every row.
    offset_s = data[:, -3] - stamps
    assert np.ptp(offset_s) < 0.005
    assert offset_s.mean() == pytest.approx(time.time() - local_clock(), abs=0.02)
    counted = health["streams"]["eeg"]
    assert counted["lost"] == 0
    assert counted["samples"] >= 1000
    assert health["message"] == ""


def test_a_killed_bridge_comes_back_to_the_same_inlet(tmp_path: Path) -> None:
    with supervision(tmp_path, SYNTHETIC) as session:
        first = session.start("bridge", "eeg")
        inlet = inlet_of(session.plan.source_id("eeg"))
        _, before, _ = pulled(inlet, 100)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        session.start("bridge", "eeg")
        _, after, _ = pulled(inlet, 400, 30.0)
        assert len(session.of("declare", "eeg")) == 2
    times = np.concatenate([before, after])
    assert np.all(np.diff(times) > 0)
    assert np.sum(np.diff(times) > 0.2) == 1


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A file as BrainFlow's own streamer writes it, two seconds of the synthetic board."""
    path = tmp_path / "recorded.csv"
    script = (
        "import sys, time\n"
        "from brainflow.board_shim import BoardShim, BrainFlowInputParams\n"
        "BoardShim.disable_board_logger()\n"
        "board = BoardShim(-1, BrainFlowInputParams())\n"
        "board.prepare_session()\n"
        "board.add_streamer(f'file://{sys.argv[1]}:w', 0)\n"
        "board.start_stream()\n"
        "time.sleep(2)\n"
        "board.stop_stream()\n"
        "board.release_session()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    return path


def test_a_recorded_file_is_played_back_over_and_over(tmp_path: Path, recorded: Path) -> None:
    params = {
        "board": "playback",
        "master_board": "synthetic",
        "file": str(recorded),
        "config": ["loopback_true"],
    }
    with supervision(tmp_path / "s", {"id": "eeg", "source": "brainflow", "params": params}) as session:
        session.start("bridge", "eeg")
        inlet = inlet_of(session.plan.source_id("eeg"))
        data, stamps, _ = pulled(inlet, 800)
        assert session.stop() == [0]
    kept = np.loadtxt(recorded)
    assert np.all(np.diff(stamps) >= 0)
    first = np.flatnonzero(np.all(np.isclose(kept[:, 1:17], data[0, :16]), axis=1))
    assert len(first) == 1, "the first row that came is a row of the file"
    rows = min(len(kept) - first[0], len(data))
    assert np.allclose(data[:rows, :16], kept[first[0] : first[0] + rows, 1:17])


SENDER = (
    "import time\n"
    "from brainflow.board_shim import BoardShim, BrainFlowInputParams\n"
    "BoardShim.disable_board_logger()\n"
    "board = BoardShim(-1, BrainFlowInputParams())\n"
    "board.prepare_session()\n"
    "board.add_streamer('streaming_board://225.1.1.1:6677', 0)\n"
    "board.start_stream()\n"
    "time.sleep(60)\n"
)
# BrainFlow's streamer sends to a multicast group; in a network of its own nothing leaves the machine.
ALONE = 'ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && exec "$@"'
IN_ITS_OWN_NETWORK = "EVOKE_TEST_OWN_NETWORK"


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux")
@pytest.mark.slow
def test_a_board_streamed_by_another_program_is_bridged(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if IN_ITS_OWN_NETWORK not in os.environ:
        itself = f"{request.node.path}::{request.node.name}"
        pytest_call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", itself]
        inside = subprocess.run(
            ["unshare", "--map-root-user", "--net", "sh", "-c", ALONE, "sh", *pytest_call],
            env=os.environ | {IN_ITS_OWN_NETWORK: "1"},
            cwd=request.config.rootpath,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert inside.returncode == 0, inside.stdout + inside.stderr
        assert "1 passed" in inside.stdout
        return
    params = {"board": "streaming", "master_board": "synthetic", "ip_address": "225.1.1.1", "ip_port": 6677}
    sender = subprocess.Popen([sys.executable, "-c", SENDER])
    try:
        with supervision(tmp_path, {"id": "eeg", "source": "brainflow", "params": params}) as session:
            session.start("bridge", "eeg")
            inlet = inlet_of(session.plan.source_id("eeg"))
            data, stamps, _ = pulled(inlet, 500)
            assert session.stop() == [0]
        assert sender.poll() is None
    finally:
        sender.kill()
        sender.wait(10)
    assert packages_missing(data) == 0
    assert (len(stamps) - 1) / (stamps[-1] - stamps[0]) == pytest.approx(250, rel=0.05)


def test_a_board_that_is_not_there_is_tried_for_ever_and_says_what_to_do(tmp_path: Path) -> None:
    params = {"board": "cyton", "serial_port": str(tmp_path / "ttyUSB0")}
    with supervision(tmp_path, {"id": "eeg", "source": "brainflow", "params": params}) as session:
        bridge = session.start("bridge", "eeg")
        first = session.health("eeg", "failed")
        later = wait_for(
            lambda: next((m for m in session.of("health", "eeg") if "in 2 s" in m["message"]), None),
            "a second try",
        )
        assert bridge.poll() is None
        assert session.stop() == [0]
        assert session.log("eeg") == "", "BrainFlow's own log goes to its own file"
        assert (session.paths.logs / "bridge-eeg.brainflow.log").stat().st_size > 0
    for message in (first["message"], later["message"]):
        assert "unable to open port" in message
        assert "plugged in" in message
    assert session.of("declare", "eeg") == []


@pytest.mark.slow
def test_a_wristband_in_a_session_answers_to_the_presenter(tmp_path: Path) -> None:
    """The presenter comes after the bridge, and its outlet has the session's own source id."""
    with supervision(tmp_path, {"id": "w", "source": "wristband", "params": {"seed": 2}}) as session:
        session.start("bridge", "w")
        session.health("w", "live")
        inlet = inlet_of(session.plan.source_id("w-eda"))
        info = LslInfo("events", "Markers", 1, 0, "string", session.plan.source_id("events"))
        outlet = StreamOutlet(info)
        wait_for(lambda: outlet.have_consumers(), "the wristband to listen")
        shown_s = clock.now()
        shown = {"kind": "stimulus_shown", "valence": 2.0, "arousal": 8.0, "time": shown_s}
        outlet.push_sample([json.dumps(shown)])
        data, stamps, _ = pulled(inlet, 28)
        assert session.stop() == [0]
    calm, answer = data[stamps < shown_s + 1.0, 0], data[stamps > shown_s + 2.5, 0]
    assert answer.max() - calm[-1] > 0.2


def test_a_bridge_ends_when_neither_supervisor_nor_recorder_is_left(tmp_path: Path) -> None:
    recorder = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    wristband = {"id": "w", "source": "wristband", "params": {}}
    try:
        with supervision(tmp_path, wristband) as session:
            bridge = session.start("bridge", "w")
            session.health("w", "live")
            session.server.broadcast({"type": "peers", "pids": {"recorder": recorder.pid}})
            time.sleep(0.5)
            session.server.close()
            time.sleep(1.0)
            assert bridge.poll() is None, "the recorder still needs it"
            recorder.kill()
            recorder.wait(10)
            assert bridge.wait(10) == 0
    finally:
        recorder.kill()
        recorder.wait(10)


def test_sigterm_is_a_stop(tmp_path: Path) -> None:
    with supervision(tmp_path, {"id": "w", "source": "wristband", "params": {}}) as session:
        bridge = session.start("bridge", "w")
        session.health("w", "live")
        bridge.terminate()
        assert bridge.wait(10) == 0


class Faulty:
    """A device that does what the test tells it."""

    poll_s = 0.01
    quiet_s = 0.2

    def __init__(self) -> None:
        self.streams = (
            StreamInfo(
                "f", "eeg", "simulated", ("a",), ("uV",), ("eeg",), 100.0, "float64", source_id="evoke:f"
            ),
        )
        self.opening: list[Any] = []
        self.polling: list[Any] = []
        self.opened = 0
        self.closed = 0
        self.gate = threading.Event()
        self.gate.set()

    def open(self) -> None:
        self.gate.wait(10)
        self.opened += 1
        if self.opening:
            raise self.opening.pop(0)

    def poll(self) -> list[Chunk]:
        if self.polling:
            raise self.polling.pop(0)
        return [Chunk("f", np.array([clock.now()]), np.zeros((1, 1)))]

    identity: Mapping[str, str] = {"serial": "F1"}
    notice = ""

    def lost(self, stream_id: str) -> int:
        return 0

    def losses(self) -> list[Loss]:
        return []

    def close(self) -> None:
        self.closed += 1


def stepping(bridge: Bridge, state: str) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        time.sleep(min(bridge.step(), 0.05))
        return bridge.health() if bridge.state == state else None

    found: dict[str, Any] = wait_for(done, state)
    return found


def test_failures_are_told_and_the_device_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.bridge.BACK_OFF_S", (0.05, 0.1))
    device = Faulty()
    declared: list[tuple[StreamInfo, ...]] = []
    device.opening = [DeviceError("no dongle."), ValueError("odd")]
    bridge = Bridge(device, declared.append)
    assert "no dongle. Next try in" in stepping(bridge, "failed")["message"]
    assert stepping(bridge, "live")["streams"]["f"]["samples"] > 0
    assert device.opened == 3
    device.polling = [DeviceError("cable out.")]
    assert "cable out." in stepping(bridge, "failed")["message"]
    stepping(bridge, "live")
    assert len(declared) == 1, "outlets stay while the device comes and goes"
    assert bridge.close()


def test_a_silent_device_is_connected_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.bridge.BACK_OFF_S", (0.05,))
    device = Faulty()
    bridge = Bridge(device, lambda infos: None)
    stepping(bridge, "live")
    monkeypatch.setattr(device, "poll", list)
    assert "sends no data" in stepping(bridge, "failed")["message"]
    monkeypatch.undo()
    stepping(bridge, "live")
    assert device.opened == 2


def is_live(bridge: Bridge) -> bool:
    return bridge.state == "live"


def test_a_device_that_delivers_seldom_is_not_taken_for_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is measured in a device's own deliveries: five of them may be missing."""
    device = Faulty()
    device.quiet_s = 1.0
    now = 100.0
    monkeypatch.setattr(clock, "now", lambda: now)
    bridge = Bridge(device, lambda infos: None)
    while not is_live(bridge):
        bridge.step()
        time.sleep(0.01)
    deliver = device.poll
    for tick in range(200):
        now += 0.1
        monkeypatch.setattr(device, "poll", deliver if tick % 8 == 0 else list)
        bridge.step()
        assert is_live(bridge)
    monkeypatch.setattr(device, "poll", list)
    silent_s = 0.0
    while is_live(bridge):
        now, silent_s = now + 0.1, silent_s + 0.1
        bridge.step()
    assert 3.0 < silent_s < 4.5


def test_health_goes_on_while_a_device_takes_its_time_to_open() -> None:
    device = Faulty()
    device.gate.clear()
    bridge = Bridge(device, lambda infos: None)
    for _ in range(5):
        assert bridge.step() < 1.0
        assert bridge.health()["state"] == "connecting"
    device.gate.set()
    stepping(bridge, "live")


def test_a_bridge_alone_prints_what_it_publishes_and_ends_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app", "bridge", "simulated", "--id", "wrist", "--param", "seed=9"]
    bridge = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ
    )
    assert bridge.stdout is not None
    lines = []
    for line in bridge.stdout:
        lines.append(line.strip())
        if line.strip() == "live":
            break
    assert "type bvp, source id evoke:wristband:wrist-bvp" in "\n".join(lines)
    inlet = inlet_of("evoke:wristband:wrist-eda")
    pulled(inlet, 2)
    bridge.terminate()
    with bridge.stdout:
        rest = bridge.stdout.read()
    assert bridge.wait(10) == 0
    assert "stopped: wrist-bvp" in rest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["brainflow", "--board", "cytn"], 'Did you mean "cyton"?'),
        (["brainflow", "--param", "serial_prt=COM3"], 'Did you mean "serial_port"?'),
        (["simulated", "--param", "seed"], "write NAME=VALUE"),
        (["brainflow", "--id", "My Board"], "lower-case letters"),
    ],
)
def test_a_bridge_refuses_what_it_does_not_know(arguments: list[str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "app", "bridge", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert said in ended.stderr


@pytest.mark.slow
def test_bridges_for_a_minute_lose_nothing_and_stay_small(tmp_path: Path) -> None:
    devices: tuple[dict[str, Any], ...] = (SYNTHETIC, {"id": "w", "source": "wristband", "params": {}})
    with supervision(tmp_path, *devices) as session:
        bridges = {device["id"]: session.start("bridge", device["id"]) for device in devices}
        for name in bridges:
            session.health(name, "live")
        time.sleep(10)
        before = {name: psutil.Process(bridge.pid).memory_info().rss for name, bridge in bridges.items()}
        time.sleep(50)
        for name, bridge in bridges.items():
            assert psutil.Process(bridge.pid).memory_info().rss - before[name] < 5e6
            health = session.of("health", name)[-1]
            assert all(stream["lost"] == 0 for stream in health["streams"].values())
            assert health["message"] == ""
