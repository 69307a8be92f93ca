"""The devices file: what it may say, and every mistake told with its line and a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import resources
from app.devices import boards
from app.devices.entries import DeviceEntry
from app.devices.load import check_device, demo_devices, expected_streams, load_devices
from app.plan import SessionPlan
from stimuli.problems import ProblemsError


def written(folder: Path, text: str) -> Path:
    path = folder / "devices.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_its_entries_in_order(tmp_path: Path) -> None:
    entries = load_devices(
        written(
            tmp_path,
            """
- {id: eeg, source: brainflow, params: {board: muse-2, mac_address: "aa:bb"}}
- {id: heart, source: lsl, required: false, params: {name: Polar, type: ECG}}
- {id: face, source: camera, params: {source: 1, fps: 30}}
- {id: voice, source: microphone}
""",
        )
    )
    assert [(e.id, e.source, e.required) for e in entries] == [
        ("eeg", "brainflow", True),
        ("heart", "lsl", False),
        ("face", "camera", True),
        ("voice", "microphone", True),
    ]
    assert entries[0].brainflow().mac_address == "aa:bb"
    assert entries[1].lsl().match == {"name": "Polar", "type": "ECG"}
    assert entries[2].camera().source == 1
    assert entries[3].microphone().source == "default"
    assert all(DeviceEntry.from_json(entry.to_json()) == entry for entry in entries)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("id: eeg\n", 1, "must be a list of devices"),
        ("- {id: eeg}\n", 1, '"source" is missing'),
        ("\n- {source: wristband}\n", 2, '"id" is missing'),
        ("- {id: My EEG, source: wristband}\n", 1, "must be lower-case letters"),
        ("- {id: -x, source: wristband}\n", 1, "lower-case letters"),
        ("- {id: a, source: wristban}\n", 1, 'Did you mean "wristband"?'),
        ("- {id: a, source: wristband, requird: true}\n", 1, 'Did you mean "required"?'),
        ("- {id: a, source: wristband, required: maybe}\n", 1, "must be true or false"),
        ("- {id: a, source: wristband}\n- {id: a, source: lsl, params: {name: x}}\n", 2, "is taken (line 1)"),
        (
            "- id: eeg\n  source: brainflow\n  params:\n    board: cytn\n",
            4,
            'BrainFlow knows no board "cytn". Did you mean "cyton"?',
        ),
        ("- {id: eeg, source: brainflow}\n", 1, '"board" is missing'),
        ("- {id: e, source: brainflow, params: {board: 999}}\n", 1, "BrainFlow knows no board 999"),
        (
            "- id: e\n  source: brainflow\n  params:\n    board: cyton\n    serial_prt: COM3\n",
            5,
            'Did you mean "serial_port"?',
        ),
        (
            "- {id: e, source: brainflow, params: {board: cyton, ip_protocol: utp}}\n",
            1,
            'Did you mean "udp"?',
        ),
        (
            "- {id: e, source: brainflow, params: {board: cyton, ip_port: 70000}}\n",
            1,
            "must be 65535 or less",
        ),
        (
            "- {id: e, source: brainflow, params: {board: playback, file: a.csv}}\n",
            1,
            "Add master_board: NAME.",
        ),
        (
            "- {id: e, source: brainflow, params: {board: playback, master_board: cyton}}\n",
            1,
            "Add file: PATH.",
        ),
        (
            "- {id: e, source: brainflow, params: {board: streaming, master_board: -1}}\n",
            1,
            "Add ip_address and ip_port.",
        ),
        (
            "- {id: e, source: brainflow, params: {board: cyton, presets: [defualt]}}\n",
            1,
            'Did you mean "default"?',
        ),
        ("- {id: l, source: lsl}\n", 1, "says nothing by which the LSL stream could be found"),
        ("- {id: l, source: lsl, params: {nmae: x}}\n", 1, 'Did you mean "name"?'),
        ("- {id: c, source: camera, params: {fps: fast}}\n", 1, '"fps" must be a number'),
        ("- {id: c, source: camera, params: {fallback: face}}\n", 1, '"fallback" cannot be "face"'),
        ("- {id: m, source: microphone, params: {rate_hz: 100}}\n", 1, "must be 8000 or more"),
        ("- {id: w, source: wristband, params: {heart_rate_bpm: 400}}\n", 1, "must be 150 or less"),
        ("- {id: w, source: wristband, params: [1]}\n", 1, "must be a mapping"),
        ("- {id: w source: wristband\n", 1, "this is not YAML"),
        ("", 1, "the file is empty"),
        ("- eeg\n", 1, "must be a mapping"),
    ],
)
def test_a_mistake_is_told_with_line_and_remedy(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ProblemsError) as caught:
        load_devices(path)
    assert f"{path}:{line}: " in str(caught.value)
    assert said in str(caught.value)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = """- {id: A, source: camera, params: {fsp: 1}}
- {id: b, source: brainflow, params: {board: x, y: 1}}
"""
    with pytest.raises(ProblemsError) as caught:
        load_devices(written(tmp_path, text))
    assert [problem.line for problem in caught.value.problems] == [1, 1, 2, 2]


def test_files_are_found_beside_the_devices_file(tmp_path: Path) -> None:
    text = """
- {id: a, source: camera, params: {source: film.mp4}}
- {id: b, source: camera, params: {source: "rtsp://host/1"}}
- {id: c, source: camera, params: {source: "2"}}
- {id: d, source: camera, params: {source: generated}}
- {id: e, source: brainflow, params: {board: playback, master_board: synthetic, file: rec/a.csv}}
"""
    entries = load_devices(written(tmp_path, text))
    assert [entry.camera().source for entry in entries[:4]] == [
        str(tmp_path / "film.mp4"),
        "rtsp://host/1",
        "2",
        "generated",
    ]
    assert entries[4].brainflow().file == str(tmp_path / "rec" / "a.csv")


def test_the_demo_needs_no_device_at_all() -> None:
    entries = demo_devices()
    assert {entry.source for entry in entries} == {"brainflow", "wristband", "camera", "microphone"}
    assert [problem for entry in entries for problem in check_device(entry)] == []
    assert resources.path("devices/demo.yaml").exists()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"source": "camera", "params": {"source": "/nowhere/film.mp4"}}, "no camera file /nowhere/film.mp4"),
        (
            {"source": "brainflow", "params": {"board": "cyton", "serial_port": "/dev/ttyUSB77"}},
            "no serial port /dev/ttyUSB77",
        ),
        (
            {"source": "brainflow", "params": {"board": "playback", "master_board": -1, "file": "/no.csv"}},
            "no recorded file /no.csv",
        ),
    ],
)
def test_a_device_that_cannot_work_is_told_before_the_session(entry: dict[str, Any], said: str) -> None:
    (problem,) = check_device(DeviceEntry("x", **entry))
    assert said in str(problem)
    assert problem.remedy


def test_a_missing_library_comes_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.system.missing", lambda libraries: tuple(libraries))
    (sound,) = check_device(DeviceEntry("m", "microphone"))
    assert "apt install libportaudio2" in str(sound)
    (camera,) = check_device(DeviceEntry("c", "camera"))
    assert "libgl1" in str(camera)
    (board,) = check_device(DeviceEntry("b", "brainflow", params={"board": "muse-2"}))
    assert "apt install libdbus-1-3" in str(board)
    assert check_device(DeviceEntry("b", "brainflow", params={"board": "muse-2-bled"})) == []
    assert check_device(DeviceEntry("c", "camera", params={"fallback": "generated"})) == []


def test_expected_streams_are_named_as_the_bridges_publish_them() -> None:
    plan = SessionPlan(uuid="u", name="s", origin="simulated")
    entries = {
        "eeg": DeviceEntry("eeg", "brainflow", False, {"board": "synthetic"}),
        "w": DeviceEntry("w", "wristband"),
        "l": DeviceEntry("l", "lsl", True, {"name": "x", "hostname": "lab2"}),
        "c": DeviceEntry("c", "camera"),
    }
    found = {key: expected_streams(entry, plan) for key, entry in entries.items()}
    assert [e.id for e in found["eeg"]] == ["eeg", "eeg-auxiliary"]
    assert found["eeg"][1].match == {"source_id": "evoke:u:eeg-auxiliary"}
    assert not found["eeg"][0].required
    assert [e.id for e in found["w"]] == ["w-bvp", "w-eda", "w-temperature", "w-acceleration"]
    assert all(e.info is not None and e.transport == "lsl" for e in found["w"])
    assert [(e.id, e.transport, e.match) for e in found["l"]] == [
        ("l", "lsl", {"name": "x", "hostname": "lab2"})
    ]
    assert [(e.id, e.transport, e.info) for e in found["c"]] == [("c", "ring", None)]


@pytest.mark.parametrize(
    ("written_name", "number"),
    [("synthetic", -1), ("SYNTHETIC_BOARD", -1), ("Muse 2", 38), ("playback", -3), (0, 0), ("ganglion", 1)],
)
def test_boards_are_known_by_every_name(written_name: str | int, number: int) -> None:
    assert boards.find(written_name) == number


@pytest.mark.parametrize("unknown", ["", "cytn", 12, "no-board", -100])
def test_unknown_boards_are_unknown(unknown: str | int) -> None:
    assert boards.find(unknown) is None
