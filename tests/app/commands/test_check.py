"""`evoke check`: says what a thing is, lists every problem, and its exit status is the verdict."""

import json
from pathlib import Path
from typing import Any

import h5py
import pytest

from app.cli import main
from app.study import Study
from tests.protocols.files import SOUND, changed


def checked(target: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    """Return the exit status, the JSON object and what people read."""
    status = main(["check", str(target), "--json"])
    output = capsys.readouterr()
    found: dict[str, Any] = json.loads(output.out)
    assert found["ok"] == (status == 0) == (not found["problems"])
    return status, found, output.err


def test_a_sound_protocol_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    status, found, text = checked("demo", capsys)
    assert (status, found["kind"], found["typical_s"], found["trials"]) == (0, "protocol", 60, 2)
    assert found["stages"]["picture"] == 2
    assert "typical duration 60 s" in text
    assert text.endswith("demo: protocol, no problem\n")


def test_durations_are_shown_as_requested_and_achievable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.yaml"
    text = changed("duration_s: 0.5}", "duration_s: 0.06}")
    path.write_text(text.replace("{category: unpleasant}", "{ids: [storm, spider, dead-tree]}"), "utf-8")
    status, found, text = checked(path, capsys)
    (fixation,) = [each for each in found["timing"] if each["stage"] == "fixation"]
    assert status == 0
    assert (fixation["requested_s"], fixation["frames"], fixation["exact"]) == (0.06, 4, False)
    assert "fixation: 0.06 s requested, 66.7 ms = 4 frames at 60 Hz (asked for 60.0 ms)" in text


def test_every_problem_of_a_protocol_has_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        changed("kind: fixation", "kind: fixaton").replace("version: 1", "version: x"), encoding="utf-8"
    )
    status, found, text = checked(path, capsys)
    assert (status, found["kind"]) == (1, "protocol")
    assert [(each["file"], each["line"]) for each in found["problems"]] == [(str(path), 2), (str(path), 22)]
    assert f'{path}:22: "kind" cannot be "fixaton". Did you mean "fixation"?' in text
    assert text.endswith(f"{path}: protocol, 2 problems\n")


def test_without_json_people_read_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "open"]) == 0
    output = capsys.readouterr()
    assert output.out.endswith("open: stimulus set, no problem\n")
    assert "provisional ratings" in output.out
    assert output.err == ""


def test_a_set_with_an_altered_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.csv").write_text(
        f"id,file,kind,category,licence,sha256\na,a.png,picture,calm,MIT,{'0' * 64}\n", encoding="utf-8"
    )
    (tmp_path / "a.png").write_bytes(b"a")
    for target in (tmp_path, tmp_path / "manifest.csv"):
        status, found, _ = checked(target, capsys)
        assert (status, found["kind"]) == (1, "stimulus set")
        assert found["problems"][0]["message"] == "a: the file a.png was altered."


def test_a_protocol_whose_picture_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(
        f"{category[0]}{number},x.png,picture,{category},MIT,{'0' * 64}\n"
        for category in ("pleasant", "unpleasant", "neutral")
        for number in range(4)
    )
    (tmp_path / "manifest.csv").write_text(f"id,file,kind,category,licence,sha256\n{rows}", encoding="utf-8")
    path = tmp_path / "p.yaml"
    path.write_text(SOUND.replace("set: open", "set: ."), encoding="utf-8")
    status, found, _ = checked(path, capsys)
    assert (status, len(found["problems"])) == (1, 12)


def test_a_devices_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text("- {id: eeg, source: brainflow, params: {board: synthetic}}\n", encoding="utf-8")
    assert checked(path, capsys)[:2] == (
        0,
        {"target": str(path), "kind": "devices file", "ok": True, "problems": [], "devices": ["eeg"]},
    )
    path.write_text("- {id: eeg, source: brainflw}\n", encoding="utf-8")
    status, found, _ = checked(path, capsys)
    assert (status, found["kind"], found["problems"][0]["line"]) == (1, "devices file", 1)


def test_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Study.create(tmp_path / "s", "mine", "people")
    status, found, _ = checked(tmp_path / "s", capsys)
    assert (status, found["kind"], found["name"], found["sessions"]) == (0, "study", "mine", 0)
    (tmp_path / "s" / "study.yaml").write_text("format: [\n", encoding="utf-8")
    status, found, _ = checked(tmp_path / "s" / "study.yaml", capsys)
    assert (status, found["kind"], len(found["problems"])) == (1, "study", 1)


def test_a_damaged_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(b"no session")
    assert checked(path, capsys)[1]["kind"] == "session"
    with h5py.File(path, "w") as file:
        file["a"] = 1
    status, found, _ = checked(path, capsys)
    assert (status, len(found["problems"])) == (1, 1)


def test_an_unfinished_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = tmp_path / "x.live"
    live.mkdir()
    status, found, _ = checked(live, capsys)
    assert status == 1
    assert "evoke recover" in found["problems"][0]["remedy"]


@pytest.mark.parametrize("target", ["dmo", "/nowhere/at/all"])
def test_what_is_not_there(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, found, _ = checked(target, capsys)
    assert (status, found["kind"]) == (1, "unknown")


def test_a_folder_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, capsys)[0] == 1
