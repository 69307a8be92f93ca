"""A devices file is changed without losing what somebody wrote in it, and the study learns its set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.console.device_kinds import board_fields, board_title, from_text, further_fields, kinds, to_text
from app.console.device_set import DeviceSet, Item, SetError, comments_of, read_set, save_set, written
from app.devices import boards
from app.devices.entries import PARAMS, BrainflowParams
from app.study import Study
from stimuli.problems import ProblemsError

HAND_WRITTEN = """\
# Lab 2, since spring.   Ask Ada before changing anything.

- id: eeg          # the blue cap
  source: brainflow
  params: {board: synthetic}   # 16 channels

# borrowed from lab 3
- id: band
  source: wristband
  params:
    seed: 4        # "her" wristband
# end
"""
BAND = {"id": "band", "source": "wristband", "params": {"seed": 4}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "devices.yaml"
    path.write_text(HAND_WRITTEN, encoding="utf-8")
    return path


def study_with(folder: Path, text: str = HAND_WRITTEN) -> Study:
    study = Study.create(folder, "Lab", "people", protocol="demo", devices="devices.yaml")
    (folder / "devices.yaml").write_text(text, encoding="utf-8")
    return study


def test_what_is_not_changed_keeps_its_very_text(file: Path) -> None:
    read = read_set(file)
    assert read.text == HAND_WRITTEN
    assert not read.is_changed
    longer = read.with_new({"id": "camera", "source": "camera", "params": {"source": 0}})
    assert longer.text.startswith(HAND_WRITTEN)
    assert [entry.id for entry in longer.entries(file.parent)] == ["eeg", "band", "camera"]


def test_comments_of_a_changed_device_are_put_above_it(file: Path) -> None:
    changed = read_set(file).with_item(1, BAND | {"required": False})
    text = changed.text
    assert text.startswith(HAND_WRITTEN.partition("# borrowed")[0])
    for comment in ("# borrowed from lab 3", '# "her" wristband', "# end"):
        assert f"{comment}\n" in text
    assert yaml.safe_load(text)[1] == BAND | {"required": False}


def test_an_entry_with_the_same_values_is_not_a_change(file: Path) -> None:
    read = read_set(file)
    assert read.with_item(1, dict(BAND)) is read


def test_a_file_in_brackets_keeps_its_comments_at_its_head(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text("[{id: band, source: wristband}] # all of it\n", encoding="utf-8")
    changed = read_set(path).with_item(0, BAND)
    assert changed.text.startswith("# all of it\n")
    assert yaml.safe_load(changed.text) == [BAND]


@given(
    st.dictionaries(
        st.sampled_from(["seed", "heart_rate_bpm", "events"]), st.integers(50, 99) | st.just("a # b")
    ),
    st.lists(st.sampled_from(["# one", "# two: 'x'", "#three"]), max_size=3),
)
def test_written_entries_read_the_same_and_keep_their_comments(
    params: dict[str, Any], comments: list[str]
) -> None:
    values = {"id": "band", "source": "wristband", "params": params}
    text = written(Item(values, comments=tuple(comments)))
    (read,) = yaml.safe_load(text)
    assert read == {key: value for key, value in values.items() if value != {}}
    assert list(comments_of(text))[: len(comments)] == comments


def test_quotes_hide_no_comment_and_make_none() -> None:
    assert list(comments_of("a: 'x # y'  # z\nb: \"#\"\n")) == ["# z"]


def test_saving_makes_the_set_the_studys_and_leaves_its_other_lines_alone(tmp_path: Path) -> None:
    study = study_with(tmp_path / "lab")
    described = study.folder / "study.yaml"
    described.write_text(described.read_text(encoding="utf-8") + "# ours\n", encoding="utf-8")
    before = described.read_text(encoding="utf-8")
    devices = read_set(study.folder / "devices.yaml").with_item(1, BAND | {"required": False})
    now, told = save_set(study, devices, "evening")
    assert (now.devices, told) == ("evening.yaml", "")
    assert (study.folder / "devices.yaml").read_text(encoding="utf-8") == HAND_WRITTEN
    after = described.read_text(encoding="utf-8")
    assert after == before.replace("devices: devices.yaml", "devices: evening.yaml")


@pytest.mark.parametrize("line", ["devices: 'old one.yaml' # why", 'devices: "a.yaml"', "devices: ''", ""])
def test_every_way_to_write_the_line_is_understood(tmp_path: Path, line: str) -> None:
    study = study_with(tmp_path / "lab")
    path = study.folder / "study.yaml"
    text = path.read_text(encoding="utf-8").replace("devices: devices.yaml\n", f"{line}\n" if line else "")
    path.write_text(text, encoding="utf-8")
    now, _ = save_set(Study.open(study.folder), DeviceSet(items=(Item(BAND),)), "night")
    assert now.devices == "night.yaml"
    assert ("# why" in path.read_text(encoding="utf-8")) == ("# why" in line)


def test_comments_of_a_removed_device_stay_in_a_file_of_their_own(tmp_path: Path) -> None:
    study = study_with(tmp_path / "lab")
    devices = read_set(study.folder / "devices.yaml").without(1)
    _, told = save_set(study, devices, "devices")
    (kept,) = study.folder.glob("devices-until-*.txt")
    assert kept.name in told
    assert kept.read_text(encoding="utf-8") == HAND_WRITTEN


def test_nothing_of_somebody_else_is_overwritten(tmp_path: Path) -> None:
    study = study_with(tmp_path / "lab")
    devices = read_set(study.folder / "devices.yaml").without(0)
    (study.folder / "mine.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(SetError, match="exists already"):
        save_set(study, devices, "mine")
    (study.folder / "devices.yaml").write_text(HAND_WRITTEN + "\n", encoding="utf-8")
    with pytest.raises(SetError, match="changed by somebody"):
        save_set(study, devices, "devices")
    with pytest.raises(SetError, match="no name"):
        save_set(study, devices, "../x")
    with pytest.raises(ProblemsError, match="id"):
        save_set(study, devices.with_new({"id": "A B", "source": "camera"}), "new")
    assert not (study.folder / "new.yaml").exists()


def test_every_board_of_brainflow_has_a_name_and_fields_that_its_parameters_know() -> None:
    titles = [board_title(name) for name in boards.names()]
    assert len(set(titles)) == len(titles)
    for name in boards.names():
        asked, further = board_fields(name), further_fields(name)
        keys = [field.key for field in (*asked, *further)]
        assert len(set(keys)) == len(keys)
        assert set(keys) <= set(BrainflowParams.model_fields)


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("synthetic", []),
        ("cyton", ["serial_port"]),
        ("muse-2", []),
        ("muse-2-bled", ["serial_port"]),
        ("enophone", ["mac_address"]),
        ("playback-file", ["file", "master_board"]),
        ("cyton-wifi", ["ip_port"]),
        ("emotibit", []),
    ],
)
def test_a_board_asks_for_what_it_needs(name: str, needed: list[str]) -> None:
    assert [field.key for field in board_fields(name) if field.needed] == needed


def test_every_source_of_the_devices_file_is_offered_with_parameters_that_it_knows() -> None:
    offered = {kind.source: kind for kind in kinds()}
    assert set(offered) == set(PARAMS)
    for source, kind in offered.items():
        fields = {field.key: field for field in (*kind.fields, *kind.further)}
        assert set(fields) <= set(PARAMS[source].model_fields)
        for field in (field for field in fields.values() if not field.choices):
            value: Any = {"list": ["a", "b"], "number": 2.5, "port": 80}.get(field.kind, "word")
            assert from_text(field, to_text(value)) == value
            assert from_text(field, " ") is None


def test_a_free_name_is_found() -> None:
    devices = DeviceSet(items=(Item({"id": "eeg"}), Item({"id": "eeg-2"})))
    assert (devices.free_id("eeg"), devices.free_id("ecg")) == ("eeg-3", "ecg")
