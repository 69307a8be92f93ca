"""What `evoke devices` finds and says."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

import pytest
from pylsl import StreamInfo as LslInfo
from pylsl import StreamOutlet

from app.commands.devices import devices
from app.devices import proof
from app.devices.discover import discover
from tests.helpers.sound import sound_server


def run(capsys: pytest.CaptureFixture[str], as_json: bool) -> str:
    assert devices(argparse.Namespace(json=as_json, proof=False)) == 0
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


@pytest.mark.parametrize("as_json", [True, False])
def test_how_far_each_device_is_proved_is_told(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    assert devices(argparse.Namespace(json=as_json, proof=True)) == 0
    said = capsys.readouterr().out
    if as_json:
        rows = json.loads(said)["proof"]
        assert [row["proved"]["Linux"] for row in rows if row["device"] == "Empatica E4"] == ["simulator"]
    else:
        assert all(row.device in said for row in proof.ROWS)
        assert "never run: nothing has been tried." in said


def test_nothing_is_claimed_of_a_system_that_it_was_not_run_on() -> None:
    for row in proof.ROWS:
        assert set(row.proved) == set(proof.SYSTEMS)
        assert set(row.proved.values()) <= set(proof.MEANINGS)
        assert row.proved["Windows"] == row.proved["macOS"] == "never run"
        assert row.proved["Linux"] != "real device"
    assert proof.markdown().count("\n") == len(proof.ROWS) + 1


MANY = """
import os, sys
from app.devices.lsl import keep_on_this_machine
keep_on_this_machine()
import pylsl
outlets = [
    pylsl.StreamOutlet(pylsl.StreamInfo(f"many-{n}", "x", 1, 1, "float32", f"many:{os.getpid()}:{n}"))
    for n in range(45)
]
seen = {info.source_id() for info in pylsl.resolve_streams(2.0)}
print(len([n for n in range(45) if f"many:{os.getpid()}:{n}" in seen]))
"""


def test_more_streams_than_lsl_usually_finds_on_one_machine_are_found() -> None:
    """Seven of an E4, three of a Muse, and two studies at once are soon more than LSL's 32 ports."""
    environment = {key: value for key, value in os.environ.items() if key != "LSLAPICFG"}
    ended = subprocess.run(
        [sys.executable, "-c", MANY], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "45", ended.stderr
