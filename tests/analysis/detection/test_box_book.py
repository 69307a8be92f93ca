"""Boxes on disk: nothing acknowledged is lost, undo goes on after a restart, damage stays where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detection.box_book import BoxBook, FaceBox
from analysis.detection.problems import DetectionError

ABOUT = {"recording": "sub-01_ses-01_task-x_run-01", "participant": "01"}
A, B = FaceBox(0.1, 0.2, 0.3, 0.4, "happy"), FaceBox(0.5, 0.5, 0.2, 0.2, "sad", "cascade")


def book(folder: Path) -> BoxBook:
    return BoxBook(folder / "boxes" / "r.boxes.jsonl", ABOUT)


def test_what_was_put_is_there_after_opening_it_again(tmp_path: Path) -> None:
    first = book(tmp_path)
    assert first.frames == () and first.boxes("3") == ()
    first.put("3", [A])
    first.put("7", [A, B])
    first.put("7", [])
    again = BoxBook(first.path)
    assert again.about == ABOUT
    assert again.boxes("3") == (A,)
    assert again.frames == ("3", "7") and again.boxes("7") == ()


def test_every_change_is_a_line_that_only_adds(tmp_path: Path) -> None:
    made = book(tmp_path)
    made.put("1", [A])
    before = made.path.read_bytes()
    made.put("1", [A])
    assert made.path.read_bytes() == before
    made.undo()
    assert made.path.read_bytes().startswith(before)
    assert [json.loads(line).get("kind") for line in made.path.read_text().splitlines()] == [
        None,
        "edit",
        "undo",
    ]


def test_undo_and_redo_go_on_after_a_restart(tmp_path: Path) -> None:
    made = book(tmp_path)
    made.put("1", [A])
    made.put("2", [B])
    made = BoxBook(made.path)
    assert made.undo() == "2" and made.boxes("2") == ()
    made = BoxBook(made.path)
    assert made.can_redo
    assert made.undo() == "1"
    assert made.undo() is None
    made = BoxBook(made.path)
    assert made.redo() == "1" and made.redo() == "2" and made.redo() is None
    assert made.boxes("1") == (A,) and made.boxes("2") == (B,)
    made.undo()
    made.put("3", [A])
    assert not made.can_redo


@given(st.lists(st.sampled_from(["a", "b", "empty a", "undo", "redo"]), max_size=12))
@settings(max_examples=25, deadline=None)
def test_reading_the_lines_gives_the_state_that_was_left(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    made = book(tmp_path_factory.mktemp("book"))
    for step in steps:
        if step in ("undo", "redo"):
            getattr(made, step)()
        else:
            made.put(step[-1], [] if step.startswith("empty") else [A])
    again = BoxBook(made.path, ABOUT)
    assert {frame: again.boxes(frame) for frame in again.frames} == {
        frame: made.boxes(frame) for frame in made.frames
    }
    assert (again.can_undo, again.can_redo) == (made.can_undo, made.can_redo)


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_that_a_power_cut_tore_is_passed_over_and_spoils_no_later_one(
    tmp_path: Path, cut: int
) -> None:
    made = book(tmp_path)
    made.put("1", [A])
    made.put("2", [B])
    content = made.path.read_bytes()
    made.path.write_bytes(content[:-cut])
    torn = BoxBook(made.path)
    assert torn.boxes("1") == (A,)
    torn.put("9", [B])
    again = BoxBook(made.path)
    assert again.boxes("1") == (A,) and again.boxes("9") == (B,)


def test_a_line_that_was_altered_does_not_count(tmp_path: Path) -> None:
    made = book(tmp_path)
    made.put("1", [A])
    made.put("2", [B])
    made.path.write_text(made.path.read_text().replace('"left": 0.5', '"left": 0.4'))
    again = BoxBook(made.path)
    assert again.damaged == 1 and again.boxes("2") == () and again.boxes("1") == (A,)


def test_two_windows_see_each_others_boxes_before_they_write(tmp_path: Path) -> None:
    one, other = book(tmp_path), book(tmp_path)
    one.put("1", [A])
    other.put("2", [B])
    one.put("3", [A])
    assert one.boxes("2") == (B,)
    assert {f: BoxBook(one.path).boxes(f) for f in "123"} == {"1": (A,), "2": (B,), "3": (A,)}


def test_a_file_that_is_none_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.boxes.jsonl"
    path.write_text("something else\n")
    with pytest.raises(DetectionError, match="no file of face boxes"):
        BoxBook(path)
    assert path.read_text() == "something else\n"


def test_a_folder_that_cannot_be_written_is_said_and_the_state_is_as_on_the_disk(tmp_path: Path) -> None:
    made = book(tmp_path)
    (tmp_path / "boxes").write_text("in the way")
    with pytest.raises(DetectionError, match="could not be saved"):
        made.put("1", [A])
    assert made.boxes("1") == ()
