"""What the devices file says of a device beyond how to reach it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

import resources
from analysis.records import StreamInfo
from app.devices.entries import DeviceEntry
from app.devices.load import check_device, demo_devices, expected_streams, load_devices
from app.plan import SessionPlan
from app.streams import Expected
from stimuli.problems import ProblemsError
from tests.helpers.e4_server import Wristband, e4_server


def info(stream_id: str) -> StreamInfo:
    return StreamInfo(
        stream_id, "eeg", "recorded", ("a",), ("uV",), ("eeg",), 250.0, "float64", details={"preset": 0}
    )


@pytest.mark.parametrize(
    ("entry", "stream", "details"),
    [
        (DeviceEntry("eeg", "brainflow"), "eeg", {"preset": 0, "alignment": "not verified"}),
        (
            DeviceEntry("eeg", "brainflow", name="Cap", delay_s=0.03, delay_source="maker"),
            "eeg",
            {
                "preset": 0,
                "alignment": "not verified",
                "name": "Cap",
                "delay_s": 0.03,
                "delay_source": "maker",
            },
        ),
        (
            DeviceEntry("m", "brainflow", name="Muse"),
            "m-ancillary",
            {"preset": 0, "alignment": "not verified", "name": "Muse ancillary"},
        ),
    ],
)
def test_a_stream_carries_what_is_known_of_its_device(
    entry: DeviceEntry, stream: str, details: dict[str, object]
) -> None:
    described = entry.describe(info(stream))
    assert described.details == details
    assert described.shape == info(stream).shape


def test_every_stream_of_every_kind_is_not_verified_until_it_is() -> None:
    plan = SessionPlan(uuid="u", name="s", origin="simulated")
    for entry in (*demo_devices(), *load_devices(resources.path("devices/examples.yaml"))):
        assert DeviceEntry.from_json(entry.to_json()) == entry
        for expected in expected_streams(entry, plan):
            assert Expected.from_json(expected.to_json()) == expected
            if expected.info is not None:
                assert expected.info.details["alignment"] == "not verified"
            elif expected.transport == "lsl":
                assert expected.details["alignment"] == "not verified"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{id: w, source: e4, delay_s: 0.1}", "a delay needs its source"),
        ("{id: w, source: e4, delay_s: 11, delay_source: x}", "delay_s"),
        ("{id: w, source: e4, params: {signals: []}}", "records nothing"),
        ("{id: w, source: e4, params: {signals: [bpv]}}", "bvp"),
        ("{id: w, source: e4, params: {port: 0}}", "port"),
        ("{id: w, source: e4, params: {hots: lab}}", 'Did you mean "host"?'),
        ("{id: c, source: camera, params: {white_balance_k: 20}}", "white_balance_k"),
        ("{id: b, source: brainflow, params: {board: cyton, kinds: [eog, ekg]}}", 'cannot be "ekg"'),
    ],
)
def test_what_cannot_be_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text(f"- {line}\n")
    with pytest.raises(ProblemsError) as raised:
        load_devices(path)
    assert said in str(raised.value)
    assert "devices.yaml:1" in str(raised.value)


def test_an_e4_without_its_server_is_told_before_the_session() -> None:
    with e4_server(Wristband("9ff167")) as server:
        there = DeviceEntry("w", "e4", params={"port": server.port})
        assert check_device(there) == []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (problem,) = check_device(DeviceEntry("w", "e4", params={"port": port}))
    assert f"no E4 streaming server at 127.0.0.1:{port}" in str(problem)
    assert "switch its streaming on" in problem.remedy
