"""Opening recordings: our own and those of other programs, in order, damaged, unfinished, or cancelled."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.console.review.desk import ReviewDesk
from app.console.review.foreign import CancelledError, cache_folder, content_key, trim
from app.console.review.recording import RecordingError, open_recording
from stimuli.problems import EvokeError
from stimuli.sets import digest_of
from tests.helpers.foreign import (
    e4_files,
    e4_zip,
    edf_header,
    xdf_file,
    xdf_header,
    xdf_numbers,
)
from tests.helpers.labelled import LEAD_S, TRIAL_S
from tests.helpers.recordings import START_S, make_live


def e4_zipped(folder: Path) -> Path:
    return e4_zip(folder / "walk.zip", e4_files())


def e4_folder(folder: Path) -> Path:
    place = folder / "walk"
    place.mkdir()
    for name, text in e4_files().items():
        (place / name).write_text(text, newline="")
    return place


def xdf(folder: Path) -> Path:
    stamps = [10 + n / 50 for n in range(200)]
    content = xdf_file(
        xdf_header(1, "EEG", "EEG", "float32", 50, ["Cz", "Pz"]),
        xdf_numbers(1, stamps, [[float(n), -float(n)] for n in range(200)], "f"),
    )
    path = folder / "lab.xdf"
    path.write_bytes(content)
    return path


def edf(folder: Path) -> Path:
    path = folder / "night.edf"
    rows = b"".join(int(n % 100).to_bytes(2, "little", signed=True) for n in range(64 * 5))
    path.write_bytes(edf_header([{"label": "EEG Cz", "count": 64}], 5, 1.0) + rows)
    return path


SOURCES: dict[str, Callable[[Path], Path]] = {
    "E4 zip": e4_zipped,
    "E4 folder": e4_folder,
    "XDF": xdf,
    "EDF": edf,
}


def test_a_session_is_opened_with_everything_in_it(labelled: Path) -> None:
    told: list[str] = []
    recording = open_recording(labelled, lambda text, share: told.append(text))
    assert not recording.is_foreign
    assert recording.title == labelled.stem
    assert (recording.cameras, recording.sounds) == (("camera",), ("mic",))
    assert [trial.number for trial in recording.trials] == [1, 2, 3, 4]
    assert recording.trials[1].start_s == pytest.approx(START_S + LEAD_S + TRIAL_S)
    assert recording.trials[1].stimulus == "broken-toy"
    assert (recording.start_s, recording.stop_s) == pytest.approx((START_S, START_S + 18.0), abs=0.2)
    assert recording.trial_at(START_S + 0.2) is None
    assert recording.trial_at(START_S + 6.0) == recording.trials[1]
    assert recording.study is not None
    assert told[0] == "Reading the recording"
    recording.close()
    recording.close()


@pytest.mark.parametrize("kind", SOURCES)
def test_other_programs_recordings_are_converted_once(kind: str, tmp_path: Path) -> None:
    source = SOURCES[kind](tmp_path)
    before = content_key(source)
    first = open_recording(source)
    assert first.is_foreign
    assert first.path == source
    assert first.session.path.parent == cache_folder()
    assert first.overview.infos
    written = first.session.path.stat().st_mtime_ns
    first.close()
    told: list[str] = []
    second = open_recording(source, lambda text, share: told.append(text))
    assert second.session.path == first.session.path
    assert "Converting" not in told
    second.close()
    assert content_key(source) == before
    assert written
    assert [file.name for file in cache_folder().iterdir() if file.suffix == ".h5"] == [f"{before}.h5"]


def test_the_same_content_under_another_name_is_the_same(tmp_path: Path) -> None:
    source = xdf(tmp_path)
    open_recording(source).close()
    other = tmp_path / "copy.xdf"
    shutil.copy(source, other)
    recording = open_recording(other)
    assert recording.title == "copy"
    recording.close()
    assert len(list(cache_folder().glob("*.h5"))) == 1


def test_the_oldest_conversions_give_way(tmp_path: Path) -> None:
    for place, name in enumerate(("a", "b", "c")):
        (tmp_path / f"{name}.h5").write_bytes(bytes(100))
        (tmp_path / f"{name}.overview").write_bytes(b"x")
        os.utime(tmp_path / f"{name}.h5", (1000 + place, 1000 + place))
    trim(tmp_path / "c.h5", most_bytes=250)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.h5", "b.overview", "c.h5", "c.overview"]


def not_there(folder: Path) -> Path:
    return folder / "gone.h5"


def empty(folder: Path) -> Path:
    path = folder / "empty.h5"
    path.touch()
    return path


def no_session(folder: Path) -> Path:
    path = folder / "letter.h5"
    path.write_text("Dear Anna")
    return path


def no_edf(folder: Path) -> Path:
    path = folder / "letter.edf"
    path.write_text("Dear Anna")
    return path


def no_e4(folder: Path) -> Path:
    return e4_zip(folder / "photos.zip", {"cat.jpg": b"meow"})


def a_part(folder: Path) -> Path:
    return make_live(folder).part(1)


def cut(folder: Path) -> Path:
    from tests.helpers.recordings import small_session

    whole = small_session(folder)
    path = folder / "cut.h5"
    path.write_bytes(whole.read_bytes()[:5000])
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (not_there, "is not there"),
        (empty, "is empty"),
        (no_session, "not a session file"),
        (no_edf, "letter.edf"),
        (no_e4, "photos.zip"),
        (a_part, "not finished"),
        (cut, "damaged"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_message(
    make: Callable[[Path], Path], words: str, tmp_path: Path
) -> None:
    with pytest.raises(EvokeError, match=words) as caught:
        open_recording(make(tmp_path))
    assert not isinstance(caught.value, CancelledError)
    assert isinstance(caught.value, RecordingError)


@pytest.mark.parametrize("kind", ["E4 zip", "XDF"])
def test_opening_can_be_cancelled_and_leaves_nothing_half(kind: str, tmp_path: Path) -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    with pytest.raises(CancelledError):
        open_recording(SOURCES[kind](tmp_path), None, stopped)
    left = [file.name for file in cache_folder().iterdir()] if cache_folder().exists() else []
    assert left == []


def test_a_whole_review_leaves_the_recording_as_it_was(
    labelled: Path, desk: ReviewDesk, qtbot: QtBot
) -> None:
    before, known = digest_of(labelled), labelled.stat()
    recording = open_recording(labelled)
    desk.open(recording)
    desk.setFocus()
    for key in (
        Qt.Key.Key_Right,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_R,
        Qt.Key.Key_B,
        Qt.Key.Key_End,
        Qt.Key.Key_Home,
    ):
        QTest.keyClick(desk, key)
    desk.player.set_silenced(True)
    QTest.keyClick(desk, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: desk.axis.cursor_s > recording.start_s + 0.1, timeout=5000)
    desk.axis.select(recording.start_s + 1, recording.start_s + 2)
    desk.axis.zoom(0.2, recording.start_s + 1.5)
    camera = desk.cameras["camera"]
    qtbot.waitUntil(lambda: camera.shown >= 0, timeout=5000)
    desk.clear()
    recording.close()
    assert digest_of(labelled) == before
    assert (labelled.stat().st_mtime_ns, labelled.stat().st_mode) == (known.st_mtime_ns, known.st_mode)
