"""What is there before anything is connected: what `evoke devices` lists, and what it means for a device."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from app.console.looking import Surroundings, from_found, look_around, presence
from app.devices.entries import DeviceEntry
from stimuli.problems import EvokeError
from tests.helpers.live_session import stream

FOUND: list[dict[str, Any]] = [
    {"kind": "serial", "name": "/dev/ttyUSB0", "details": {"hardware": "usb-FTDI"}},
    {
        "kind": "lsl",
        "name": "Respiration",
        "details": {"type": "RESP", "source_id": "belt-7", "hostname": "pc", "channels": 1, "rate_hz": 25.0}
        | {"match": {"source_id": "belt-7"}},
    },
    {"kind": "camera", "name": "Webcam", "details": {"source": 2}},
    {"kind": "microphone", "name": "USB Audio", "details": {"source": 4, "default": True}},
    {"kind": "brainflow", "name": "BrainFlow", "details": {"names": ["synthetic", "cyton"]}},
    {"kind": "missing", "name": "OpenCV needs libGL.so.1", "details": {"remedy": "apt install libgl1"}},
]
CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "simulated wristband": ("wristband", {}, "own"),
    "synthetic board": ("brainflow", {"board": "synthetic"}, "own"),
    "plugged board": ("brainflow", {"board": "cyton", "serial_port": "/dev/ttyUSB0"}, "seen"),
    "unplugged board": ("brainflow", {"board": "cyton", "serial_port": "/dev/ttyUSB7"}, "not seen"),
    "board by radio": ("brainflow", {"board": "muse-2"}, "unknown"),
    "stream by id": ("lsl", {"source_id": "belt-7"}, "seen"),
    "stream by name and host": ("lsl", {"name": "Respiration", "hostname": "pc"}, "seen"),
    "stream of another host": ("lsl", {"name": "Respiration", "hostname": "other"}, "not seen"),
    "camera": ("camera", {"source": 2}, "seen"),
    "no camera": ("camera", {"source": 0}, "not seen"),
    "no camera, stand-in": ("camera", {"source": 0, "fallback": "generated"}, "own"),
    "camera by address": ("camera", {"source": "rtsp://host/1"}, "unknown"),
    "usual microphone": ("microphone", {"source": "default"}, "seen"),
    "microphone by part of its name": ("microphone", {"source": "usb"}, "seen"),
    "no microphone": ("microphone", {"source": "Studio"}, "not seen"),
    "generated sound": ("microphone", {"source": "generated"}, "own"),
}


@pytest.mark.parametrize("name", CASES)
def test_presence(name: str) -> None:
    source, params, expected = CASES[name]
    entry = DeviceEntry("x", source, True, params)  # type: ignore[arg-type]
    assert presence(entry, from_found(FOUND))[0] == expected


def test_two_streams_that_fit_are_told() -> None:
    around = from_found([FOUND[1], FOUND[1] | {"details": FOUND[1]["details"] | {"source_id": "belt-8"}}])
    assert "2 streams fit" in presence(DeviceEntry("x", "lsl", True, {"name": "Respiration"}), around)[1]


def test_what_is_missing_comes_with_its_remedy() -> None:
    assert from_found(FOUND).missing == ("OpenCV needs libGL.so.1. apt install libgl1",)
    assert from_found([]) == Surroundings()


def test_a_real_look_finds_a_stream_of_this_machine_and_the_boards() -> None:
    from pylsl import StreamOutlet

    from app.streams import to_lsl

    outlet = StreamOutlet(to_lsl(stream("belt", "resp", 25, 1, "")))
    around = look_around(network=False)
    assert [thing.details["name"] for thing in around.lsl] == ["belt"]
    assert "cyton" in around.boards
    del outlet


def test_a_look_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys; sys.exit('evoke: the driver is broken.')"
    monkeypatch.setattr("app.console.looking.command_line", lambda _: [sys.executable, "-c", script])
    with pytest.raises(EvokeError, match=r"the driver is broken\."):
        look_around(network=True)
