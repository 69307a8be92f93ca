"""`evoke sync-check`: what it runs, what it tells, and what later sessions know of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.alignments import FILE, AlignmentError, Verified, add_verified, verified, with_alignment
from app.commands.sync_check import describe, owner_of, parts_for
from app.devices.entries import DeviceEntry
from tests.helpers.display import start_xvfb
from tests.helpers.recordings import samples
from tests.helpers.sound import sound_server
from tests.helpers.sync_stage import SCREEN, Hand, filmed

BAND_LATE_S = 0.04
LINE = Verified(
    device="cam",
    serial="A1",
    stream="cam",
    kind="video",
    by="flash",
    offset_ms=61.26,
    spread_ms=9.4,
    found=8,
    tried=8,
    date="2026-11-21",
    session="u",
)


def device(device_id: str, source: Any) -> DeviceEntry:
    return DeviceEntry(device_id, source)


@pytest.mark.parametrize(
    ("sources", "parts"),
    [
        (("camera",), ("flash",)),
        (("camera", "microphone"), ("flash",)),
        (("microphone", "wristband"), ("flash", "taps")),
        (("microphone", "e4", "camera"), ("flash", "taps")),
        (("camera", "brainflow"), ("flash", "blinks")),
        (("camera", "microphone", "lsl"), ("flash", "taps", "blinks")),
    ],
)
def test_only_parts_that_the_devices_can_show_are_asked_for(
    sources: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    assert parts_for([device(f"d{i}", source) for i, source in enumerate(sources)]) == parts


@pytest.mark.parametrize(
    ("stream", "owner"),
    [("cap", "cap"), ("cap-auxiliary", "cap"), ("cap-2-auxiliary", "cap-2"), ("band", "band"), ("x", "x")],
)
def test_a_stream_belongs_to_the_device_with_the_longest_fitting_id(stream: str, owner: str) -> None:
    assert owner_of(stream, ["cap", "cap-2", "band"]) == owner


def test_the_report_has_a_number_for_what_was_found_and_words_for_the_rest() -> None:
    found = {"stream": "cam", "by": "flash", "found": 8, "tried": 8, "offset_ms": 61.26, "spread_ms": 9.4}
    missed = {
        "stream": "mic", "by": "tone", "found": 0, "tried": 8,
        "offset_ms": None, "spread_ms": None, "why": "the tones were not heard",
    }  # fmt: skip
    text = describe({"streams": [found, missed], "sign": "positive: late", "sound": ""})
    lines = text.splitlines()
    assert lines[1].split() == ["cam", "flash", "8/8", "+61.3", "9.4"]
    assert lines[2].endswith("not verified: the tones were not heard")
    assert "positive: late" in text


def test_alignments_are_only_ever_added_to(tmp_path: Path) -> None:
    add_verified(tmp_path, [LINE])
    first = (tmp_path / FILE).read_bytes()
    add_verified(tmp_path, [replace(LINE, offset_ms=5.0)])
    assert (tmp_path / FILE).read_bytes().startswith(first)
    assert [line.offset_ms for line in verified(tmp_path)] == [61.26, 5.0]


def test_a_torn_line_is_passed_over_and_closed_by_the_next(tmp_path: Path) -> None:
    add_verified(tmp_path, [LINE])
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"device": "ca')
    add_verified(tmp_path, [replace(LINE, stream="other")])
    assert [line.stream for line in verified(tmp_path)] == ["cam", "other"]


def test_a_study_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(AlignmentError, match="cannot be written"):
        add_verified(tmp_path, [LINE])


def test_the_newest_check_is_in_a_later_stream_s_description(tmp_path: Path) -> None:
    add_verified(tmp_path, [LINE, replace(LINE, offset_ms=-4.04, spread_ms=0.3, date="2026-12-01")])
    cam, mic = with_alignment([device("cam", "camera"), device("mic", "microphone")], tmp_path)
    again = DeviceEntry.from_json(json.loads(json.dumps(cam.to_json())))
    described = again.describe(replace(samples("cam"), serial="A1"))
    assert described.details["alignment"] == "verified 2026-12-01, -4.0 ms +/- 0.3 ms"
    assert mic.describe(samples("mic")).details["alignment"] == "not verified"


@pytest.mark.parametrize(
    ("serial", "known"), [("A1", True), ("", True), ("B2", False)], ids=["same", "untold", "another"]
)
def test_another_device_than_the_one_that_was_checked_is_not_verified(
    tmp_path: Path, serial: str, known: bool
) -> None:
    add_verified(tmp_path, [LINE])
    (cam,) = with_alignment([device("cam", "camera")], tmp_path)
    said = cam.describe(replace(samples("cam"), serial=serial)).details["alignment"]
    assert said.startswith("verified") is known


def run(folder: Path, devices: str, environment: dict[str, str], *options: str) -> subprocess.Popen[bytes]:
    path = folder / "devices.yaml"
    path.write_text(devices, encoding="utf-8")
    command = [sys.executable, "-m", "app", "sync-check", "--devices", str(path), "--headless"]
    command += ["--out", str(folder / "report.json"), *options]
    return subprocess.Popen(
        command,
        env=environment | {"EVOKE_HOME": str(folder / "home"), "QT_QPA_PLATFORM": "xcb"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def by_stream(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {each["stream"]: each for each in report["streams"]}


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="films an X server")
def test_screen_loudspeaker_key_and_wristband_are_found_again_by_real_parts(tmp_path: Path) -> None:
    server, display = start_xvfb(SCREEN)
    try:
        with sound_server() as sound, filmed(display) as address:
            devices = (
                f"- {{id: camera, source: camera, params: {{source: '{address}'}}}}\n"
                "- {id: mic, source: microphone}\n"
                "- {id: band, source: lsl, params: {source_id: handband}}\n"
            )
            with Hand(display, sound, "handband", BAND_LATE_S) as hand:
                process = run(
                    tmp_path, devices, sound.environment | {"DISPLAY": display}, "--parts", "flash", "taps"
                )
                said = process.communicate(timeout=170)[0].decode()
    finally:
        server.kill()
        server.wait(10)
    assert process.returncode == 0, said
    found = by_stream(tmp_path)
    assert {stream: each["by"] for stream, each in found.items()} == {
        "camera": "flash",
        "mic": "tone",
        "band": "tap",
        "keys": "click of the key",
    }
    late_ms = {stream: each["offset_ms"] for stream, each in found.items()}
    assert late_ms["band"] == pytest.approx(BAND_LATE_S * 1e3, abs=8)
    # The hand's clicks and strokes are simultaneous to some milliseconds by its own account.
    slips = [clicked - asked for asked, clicked in hand.strokes]
    assert abs(np.median(slips)) < 0.002
    assert late_ms["keys"] == pytest.approx(0, abs=15)
    assert 0 < late_ms["mic"] < 150
    assert 0 < late_ms["camera"] < 500
    lines = verified(tmp_path / "home" / "sync-checks")
    assert {line.stream: line.offset_ms for line in lines} == late_ms


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs an X server")
def test_stand_ins_that_see_and_hear_nothing_give_no_number(tmp_path: Path) -> None:
    server, display = start_xvfb(SCREEN)
    devices = (
        "- {id: camera, source: camera, params: {source: generated}}\n"
        "- {id: mic, source: microphone, params: {source: generated}}\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.json").write_text('{"stimulus_output": "no such loudspeaker"}', encoding="utf-8")
    try:
        process = run(tmp_path, devices, dict(os.environ) | {"DISPLAY": display}, "--auto")
        said = process.communicate(timeout=120)[0].decode()
    finally:
        server.kill()
        server.wait(10)
    assert process.returncode == 1, said
    assert "all stay 'not verified'" in said
    found = by_stream(tmp_path)
    assert set(found) == {"camera", "mic", "keys"}
    assert all(each["offset_ms"] is None and each["verdict"] == "not verified" for each in found.values())
    assert found["keys"]["tried"] == 8
    assert "There is no sound" in found["mic"]["why"]
    assert not (tmp_path / "home" / "sync-checks" / FILE).exists()
