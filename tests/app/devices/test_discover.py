"""What `evoke devices` finds and says."""

from __future__ import annotations

import argparse
import json

import pytest
from pylsl import StreamInfo as LslInfo
from pylsl import StreamOutlet

from app.commands.devices import devices
from app.devices.discover import discover
from tests.helpers.sound import sound_server


def run(capsys: pytest.CaptureFixture[str], as_json: bool) -> str:
    assert devices(argparse.Namespace(json=as_json)) == 0
    return capsys.readouterr().out


def test_streams_boards_and_microphones_are_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = StreamOutlet(LslInfo("Polar H10", "ECG", 1, 130, "float32", "polar-7"))
    with sound_server() as server:
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        found = json.loads(run(capsys, as_json=True).splitlines()[-1])["devices"]
    del outlet
    streams = [entry for entry in found if entry["kind"] == "lsl"]
    assert [(s["name"], s["details"]["match"]) for s in streams] == [("Polar H10", {"source_id": "polar-7"})]
    (boards,) = [entry for entry in found if entry["kind"] == "brainflow"]
    assert boards["details"]["boards"] > 50
    assert "muse-2" in boards["details"]["names"]


def test_what_is_missing_comes_with_its_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.system.missing", lambda libraries: tuple(libraries))
    text = run(capsys, as_json=False)
    assert "Missing:" in text
    assert "apt install libportaudio2" in text
    assert "libgl1" in text


def test_discovery_opens_nothing_and_names_every_kind_once() -> None:
    found = discover(lsl_wait_s=0.2)
    assert len({(entry.kind, entry.name, str(entry.details)) for entry in found}) == len(found)
    assert all(entry.kind != "missing" or entry.details["remedy"] for entry in found)
