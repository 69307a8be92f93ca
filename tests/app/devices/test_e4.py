"""Empatica E4 wristbands, through a streaming server that behaves like the vendor's."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.devices.e4 import CONNECTION_LOST, E4, SKIPPED
from app.devices.entries import DeviceEntry, E4Params
from app.devices.load import expected_streams
from app.devices.losses import Loss
from app.devices.source import DeviceError
from app.devices.unix_clock import CountedClock
from app.plan import SessionPlan
from tests.helpers.e4_server import E4Server, Wristband, e4_server, invented, recorded
from tests.helpers.supervision import supervision, wait_for

SERIAL = "9ff167"


class Client:
    """An E4 source that is polled like a bridge polls it, keeping what came."""

    def __init__(self, server: E4Server | int, **params: object) -> None:
        port = server if isinstance(server, int) else server.port
        self.source = E4(
            E4Params.model_validate({"port": port, **params}), "e4", lambda stream: f"x:{stream}"
        )
        self.times: dict[str, list[float]] = {}
        self.rows: dict[str, list[list[float]]] = {}
        self.losses: list[Loss] = []
        self.notices: set[str] = set()

    def poll(self) -> None:
        for chunk in self.source.poll():
            self.times.setdefault(chunk.stream_id, []).extend(chunk.times.tolist())
            self.rows.setdefault(chunk.stream_id, []).extend(chunk.data.tolist())
        self.losses += self.source.losses()
        if self.source.notice:
            self.notices.add(self.source.notice)

    def until(self, condition: Callable[[], object], what: str) -> None:
        def polled() -> object:
            self.poll()
            return condition()

        wait_for(polled, what)

    def count(self, signal: str) -> int:
        return len(self.times.get(f"e4-{signal}", ()))


@pytest.fixture
def server() -> Iterator[E4Server]:
    with e4_server(Wristband(SERIAL)) as running:
        yield running


@pytest.fixture
def client(server: E4Server) -> Iterator[Client]:
    made = Client(server)
    made.source.open()
    yield made
    made.source.close()


def test_the_streams_are_known_before_the_wristband() -> None:
    plan = SessionPlan(uuid="u", name="s", origin="simulated")
    entry = DeviceEntry(
        "wrist",
        "e4",
        params={"signals": ["bvp", "acceleration", "ibi"]},
        name="Left wrist",
        delay_s=0.1,
        delay_source="maker",
    )
    found = expected_streams(entry, plan)
    assert [(e.id, e.info.rate_hz, e.info.units) for e in found if e.info] == [
        ("wrist-bvp", 64.0, ("nW", "s")),
        ("wrist-acceleration", 32.0, ("g", "g", "g", "s")),
        ("wrist-ibi", 0.0, ("s", "bpm", "s")),
    ]
    assert found[0].info is not None
    assert found[0].info.details["alignment"] == "not verified"
    assert (found[0].info.details["delay_s"], found[0].info.details["delay_source"]) == (0.1, "maker")
    assert found[0].info.details["name"] == "Left wrist bvp"


def test_every_sample_arrives_once_in_our_units_and_on_our_clock(server: E4Server, client: Client) -> None:
    client.until(lambda: client.count("bvp") >= 160, "two and a half seconds")
    assert client.losses == []
    assert client.notices == set()
    assert client.source.identity == {"serial": SERIAL}
    worn = invented()
    for signal, name, scale in (("bvp", "bvp", 1), ("eda", "gsr", 1), ("temperature", "tmp", 1),
                                ("acceleration", "acc", 1 / 64)):  # fmt: skip
        rows = np.array(client.rows[f"e4-{signal}"])
        expected = worn[name] * scale
        first = int(np.flatnonzero(np.all(expected == rows[0, :-1], axis=1))[0])
        assert np.array_equal(rows[:, :-1], expected[first : first + len(rows)]), signal
        assert np.ptp(np.array(client.times[f"e4-{signal}"]) - rows[:, -1]) < 1e-3
    assert client.times["e4-bvp"][-1] == pytest.approx(clock.now() - 0.2, abs=0.35)
    offset_s = client.rows["e4-bvp"][0][-1] - client.times["e4-bvp"][0]
    assert offset_s == pytest.approx(time.time() - clock.now(), abs=0.01)


def test_beats_tags_and_battery_come_as_they_happen(server: E4Server, client: Client) -> None:
    client.until(lambda: client.count("bvp"), "the first samples")
    server.beat(SERIAL, time.time() - 2.0, 0.75)
    stamp_s = server.press(SERIAL)
    server.battery(SERIAL, 0.4)
    client.until(lambda: client.count("battery") and client.count("ibi"), "the button")
    assert client.rows["e4-ibi"][0][:2] == [0.75, 80.0]
    assert client.times["e4-tags"][0] == pytest.approx(stamp_s - time.time() + clock.now(), abs=0.01)
    assert client.rows["e4-battery"][0][0] == 40.0


def test_real_recordings_arrive_as_they_are(shared_recordings: Path) -> None:
    worn = recorded(shared_recordings / "stress-predict" / "S02.zip")
    with e4_server(Wristband(SERIAL, worn), comma=True) as server:
        client = Client(server, signals=("bvp", "acceleration"))
        client.source.open()
        client.until(lambda: client.count("bvp") >= 96, "samples")
        client.source.close()
    got = np.array(client.rows["e4-bvp"])[:, 0]
    whole = np.concatenate([worn["bvp"], worn["bvp"]])[:, 0]
    assert any(np.array_equal(whole[place : place + len(got)], got) for place in range(len(worn["bvp"])))
    counts = np.array(client.rows["e4-acceleration"])[:, :3] * 64
    assert np.array_equal(counts, np.round(counts))


def test_what_the_server_leaves_out_is_counted_to_the_sample(server: E4Server, client: Client) -> None:
    client.until(lambda: client.count("bvp") >= 16, "the first samples")
    server.skip(SERIAL, "bvp", 7)
    client.until(lambda: client.losses, "the hole")
    (loss,) = client.losses
    assert (loss.stream_id, loss.missing, loss.cause) == ("e4-bvp", 7, SKIPPED)
    assert loss.first_s - loss.last_s == pytest.approx(8 / 64, abs=1e-4)
    assert client.source.lost("e4-bvp") == 7
    assert client.source.lost("e4-eda") == 0


def test_late_packets_lose_nothing_and_keep_their_times(server: E4Server, client: Client) -> None:
    client.until(lambda: client.count("bvp") >= 16, "the first samples")
    server.hold(SERIAL, 1.2)
    before = client.count("bvp")
    client.until(lambda: client.count("bvp") > before + 70, "the late ones")
    assert client.losses == []
    assert np.diff(client.times["e4-bvp"]) == pytest.approx(1 / 64, abs=2e-4)


def test_a_wristband_out_of_range_is_told_and_goes_on_in_the_same_connection(
    server: E4Server, client: Client
) -> None:
    client.until(lambda: client.count("bvp") >= 16, "the first samples")
    server.lose(SERIAL)
    client.until(lambda: client.notices, "the notice")
    assert client.notices == {f"The server has lost E4 {SERIAL}: bring it nearer, charge it."}
    assert client.source.quiet_s > 10
    time.sleep(0.5)
    server.find(SERIAL)
    client.until(lambda: client.losses and client.source.notice == "", "its return")
    (loss,) = [loss for loss in client.losses if loss.stream_id == "e4-bvp"]
    assert loss.cause == CONNECTION_LOST
    assert loss.missing == round((loss.first_s - loss.last_s) * 64) - 1 > 20


def test_a_wristband_that_loses_its_connection_again_and_again_loses_no_count() -> None:
    """Real ones do so every ten minutes, this one every second."""
    with e4_server(Wristband(SERIAL, stays_s=1.0, away_s=0.4)) as server:
        client = Client(server)
        client.source.open()

        def returns() -> bool:
            return len([loss for loss in client.losses if loss.stream_id == "e4-bvp"]) >= 3

        client.until(returns, "three returns")
        client.source.close()
    for signal, rate_hz in (("bvp", 64), ("eda", 4), ("temperature", 4), ("acceleration", 32)):
        stamps = np.array(client.rows[f"e4-{signal}"])[:, -1]
        due = round((stamps[-1] - stamps[0]) * rate_hz) + 1
        assert due == len(stamps) + client.source.lost(f"e4-{signal}"), signal
    assert {loss.cause for loss in client.losses} == {CONNECTION_LOST}


def test_a_wristband_switched_off_is_told(server: E4Server, client: Client) -> None:
    client.until(lambda: client.count("bvp"), "the first samples")
    server.switch_off(SERIAL)
    client.until(lambda: any("Switch it on again" in text for text in client.notices), "the notice")


def test_garbage_is_counted_and_disturbs_nothing(server: E4Server, client: Client) -> None:
    client.until(lambda: client.count("bvp"), "the first samples")
    server.say(b"\x00\xff\xfe nonsense\r\nE4_Bvp 17 x\r\nE4_Gsr\r\n")
    before = client.count("bvp")
    client.until(lambda: client.count("bvp") > before + 20, "more samples")
    assert client.notices == {"3 damaged lines from the streaming server."}
    assert client.losses == []


def test_two_wristbands_stay_apart() -> None:
    with e4_server(Wristband("aaaaaa"), Wristband("bbbbbb")) as server:
        first, second = Client(server), Client(server, serial="bbbbbb")
        for client in (first, second):
            client.source.open()
        server.press("bbbbbb")
        second.until(lambda: second.count("tags"), "the button")
        first.until(lambda: first.count("bvp") >= 16, "samples")
        assert (first.source.identity["serial"], second.source.identity["serial"]) == ("aaaaaa", "bbbbbb")
        assert first.count("tags") == 0
        # Once settled it waits for its own wristband, whoever else is near.
        server.lose("aaaaaa")
        first.source.close()
        with pytest.raises(DeviceError, match=r"aaaaaa cannot be had .* The server sees bbbbbb"):
            first.source.open()
        for client in (first, second):
            client.source.close()


def test_every_way_of_not_connecting_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.devices.e4.ANSWER_S", 0.3)
    with e4_server() as empty, pytest.raises(DeviceError, match="sees no E4"):
        Client(empty).source.open()
    with e4_server(Wristband(SERIAL)) as other, pytest.raises(DeviceError, match="The server sees 9ff167"):
        Client(other, serial="ffffff").source.open()
    with (
        e4_server(Wristband(SERIAL), refused=("gsr",)) as old,
        pytest.raises(DeviceError, match="signal eda"),
    ):
        Client(old).source.open()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        with pytest.raises(DeviceError, match="does not answer device_list"):
            Client(stranger.getsockname()[1]).source.open()
        port = stranger.getsockname()[1]
    with pytest.raises(DeviceError, match="no E4 streaming server at"):
        Client(port).source.open()


def test_a_server_that_is_quit_is_told(server: E4Server, client: Client) -> None:
    client.until(lambda: client.count("bvp"), "the first samples")
    server.hang_up()
    with pytest.raises(DeviceError, match="has hung up"):
        client.until(lambda: False, "the end")


def pair(monotonic_s: float, utc_s: float) -> clock.Anchor:
    return clock.Anchor(monotonic_s, utc_s, 1e-6)


@given(
    step_s=st.sampled_from([-3600.0, -0.4, 0.4, 3600.0]),
    follows=st.booleans(),
    drift_ppm=st.floats(-50, 50),
)
def test_a_step_of_the_wall_clock_moves_no_sample(step_s: float, follows: bool, drift_ppm: float) -> None:
    """Whether the server's stamps take part in the step or, being counted, do not."""
    counted = CountedClock()
    for second in range(40):
        wall_s = 1000.0 + second * (1 + 1e-6 * drift_ppm) + (step_s if second >= 20 else 0)
        stamp_s = wall_s - 0.1 if follows or second < 20 else wall_s - 0.1 - step_s
        counted.update(stamp_s, pair(50.0 + second, wall_s))
        assert counted.map(np.array([stamp_s]))[0] == pytest.approx(50.0 + second - 0.1, abs=0.01)
    assert counted.differs_s is None


@pytest.mark.parametrize("ahead_s", [-7200.0, 3.0, 86400.0])
def test_a_server_on_a_computer_with_another_time_is_aligned_by_arrival(ahead_s: float) -> None:
    counted = CountedClock()
    counted.update(None, pair(49.0, 999.0))
    counted.update(1000.0 + ahead_s, pair(50.0, 1000.0))
    assert counted.differs_s == pytest.approx(ahead_s)
    assert counted.map(np.array([1000.0 + ahead_s, 1001.0 + ahead_s])) == pytest.approx([50.0, 51.0])


def test_a_session_bridges_an_e4_and_journals_what_was_lost(tmp_path: Path, server: E4Server) -> None:
    from pylsl import StreamInlet, resolve_byprop

    from app.events import read_journal

    entry = {"id": "e4", "source": "e4", "params": {"port": server.port}, "name": "Left wrist"}
    with supervision(tmp_path, entry) as session:
        session.start("bridge", "e4")
        declared = session.declared("e4")
        session.health("e4", "live")
        found = wait_for(
            lambda: resolve_byprop("source_id", session.plan.source_id("e4-bvp"), timeout=1.0), "the outlet"
        )
        inlet = StreamInlet(found[0])
        inlet.open_stream(timeout=10)
        server.skip(SERIAL, "bvp", 64)
        session.health("e4", "live", len(session.of("health", "e4")) + 3)
        _, stamps = inlet.pull_chunk(timeout=0.0, max_samples=4096)
        assert session.stop() == [0]
        assert session.log("e4") == ""
        told = read_journal(session.paths.live / "bridge-e4.jsonl").events
    assert len(declared) == 7
    assert declared["e4-tags"].details["name"] == "Left wrist tags"
    assert np.all(np.diff(np.array(stamps)) > 0)
    assert [event.payload["missing"] for event in told if event.kind == "device_gap"] == [64]
    assert [event.payload["serial"] for event in told if event.kind == "device_opened"] == [SERIAL]


@pytest.mark.slow
def test_a_server_that_hangs_up_is_called_again(tmp_path: Path, server: E4Server) -> None:
    with supervision(tmp_path, {"id": "e4", "source": "e4", "params": {"port": server.port}}) as session:
        session.start("bridge", "e4")
        session.health("e4", "live")
        server.hang_up()
        assert "has hung up" in session.health("e4", "failed")["message"]
        session.health("e4", "live", len(session.of("health", "e4")))
        assert len(session.of("declare", "e4")) == 1, "outlets stay"
        assert session.stop() == [0]


@pytest.mark.slow
def test_the_bridge_command_publishes_an_e4(server: E4Server) -> None:
    command = [
        sys.executable,
        "-m",
        "app",
        "bridge",
        "e4",
        "--param",
        f"port={server.port}",
        "--seconds",
        "3",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "type bvp, source id evoke:e4:e4-bvp" in ended.stdout
    assert "live" in ended.stdout
