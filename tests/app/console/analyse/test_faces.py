"""The step Faces: boxes by mouse and key, saved at once; a detector trained and used; a camera watched."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from analysis.detection.box_book import BoxBook, FaceBox
from analysis.detection.picture_sources import FolderPictures
from analysis.simulate.drawn_expressions import draw_people
from app.analysing.face_pictures import FOLDER_BOOK, folder_pictures
from app.console.analyse import faces_live
from app.console.analyse.faces_boxes import BoxesTab
from app.console.analyse.faces_page import FacesPage
from app.console.analyse.faces_pictures import place_of
from app.console.analyse.page import AnalysePage
from app.devices.opencv import load_opencv
from app.study import Study
from tests.helpers.analyse_page import PATIENCE_MS, step
from tests.helpers.http_camera import http_camera
from tests.helpers.labelled import FACE, make_study


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One person with a camera, one trial."""
    return make_study(tmp_path_factory.mktemp("faces") / "faces", 1, 1, streams=(FACE,)).folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one folder an expression, two drawn people."""
    folder = tmp_path_factory.mktemp("pictures") / "drawn"
    for number, face in enumerate(draw_people(load_opencv("test"), 2, 1, 3)):
        (folder / face.expression).mkdir(parents=True, exist_ok=True)
        (folder / face.expression / f"{face.person}_{number}.jpg").write_bytes(face.picture)
    return folder


@pytest.fixture
def shown(page: AnalysePage, qtbot: QtBot) -> FacesPage:
    found = step(page, "faces", qtbot)
    assert isinstance(found, FacesPage)
    return found


def idle(shown: FacesPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not shown.is_busy, timeout=PATIENCE_MS)


def copied(pictures: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "drawn"
    for frame in FolderPictures(pictures).frames:
        (folder / frame).parent.mkdir(parents=True, exist_ok=True)
        (folder / frame).write_bytes((pictures / frame).read_bytes())
    return folder


def at(tab: BoxesTab, x: float, y: float) -> QPoint:
    area = tab.canvas.area()
    return QPointF(area.left() + x * area.width(), area.top() + y * area.height()).toPoint()


def drag(tab: BoxesTab, start: tuple[float, float], stop: tuple[float, float]) -> None:
    canvas, left = tab.canvas, Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, left, pos=at(tab, *start))
    QTest.mouseMove(canvas, at(tab, (start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2))
    QTest.mouseMove(canvas, at(tab, *stop))
    QTest.mouseRelease(canvas, left, pos=at(tab, *stop))


def on_disk(tab: BoxesTab) -> tuple[FaceBox, ...]:
    """Return what another program would read now of the picture that is shown."""
    assert tab.desk is not None
    return BoxBook(tab.desk.book.path).boxes(tab.frame)


def test_a_recordings_frames_are_boxed_by_mouse_and_keys_and_every_change_is_on_the_disk(
    shown: FacesPage, faces: Study, qtbot: QtBot
) -> None:
    tab, canvas = shown.boxes, shown.boxes.canvas
    idle(shown, qtbot)
    assert tab.desk is not None and len(tab.desk.frames) > 1
    drag(tab, (0.2, 0.2), (0.6, 0.7))
    (made,) = on_disk(tab)
    assert (made.left, made.top) == pytest.approx((0.2, 0.2), abs=0.01)
    assert (made.width, made.height) == pytest.approx((0.4, 0.5), abs=0.02)
    QTest.keyClick(canvas, Qt.Key.Key_4)
    assert on_disk(tab)[0].expression == "happy"
    drag(tab, (0.4, 0.4), (0.5, 0.4))
    assert on_disk(tab)[0].left == pytest.approx(0.3, abs=0.01)
    drag(tab, (0.7, 0.7), (0.8, 0.9))
    assert on_disk(tab)[0].width == pytest.approx(0.5, abs=0.02)
    before = on_disk(tab)[0]
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert on_disk(tab)[0].left == pytest.approx(before.left + 0.01)
    QTest.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert on_disk(tab)[0].height == pytest.approx(before.height - 0.01)
    QTest.keyClick(canvas, Qt.Key.Key_N)
    assert len(on_disk(tab)) == 2
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert len(on_disk(tab)) == 1
    QTest.keyClick(canvas, Qt.Key.Key_PageDown)
    assert tab.place == 1 and on_disk(tab) == ()
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert tab.place == 0 and len(on_disk(tab)) == 2
    QTest.mouseClick(tab.redo_button, Qt.MouseButton.LeftButton)
    assert len(on_disk(tab)) == 1
    assert tab.desk.book.path.parent == faces.folder / "derivatives" / "boxes"


def test_a_folders_proposals_are_accepted_by_key_and_by_click_and_carry_the_folders_class(
    shown: FacesPage, pictures: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    tab = shown.boxes
    idle(shown, qtbot)
    folder = copied(pictures, tmp_path)
    tab.open_folder(folder)
    idle(shown, qtbot)
    QTest.mouseClick(tab.propose_button, Qt.MouseButton.LeftButton)
    idle(shown, qtbot)
    assert tab.desk is not None
    first = next(place for place, name in enumerate(tab.desk.frames) if tab._proposed.get(name))
    tab.slider.setValue(first)
    frame, waiting = tab.frame, len(tab._proposed)
    assert tab.canvas.proposals and on_disk(tab) == ()
    QTest.keyClick(tab.canvas, Qt.Key.Key_Return)
    book = BoxBook(folder / FOLDER_BOOK)
    assert book.boxes(frame)[0].expression == Path(frame).parent.name
    assert book.boxes(frame)[0].source == "cascade"
    QTest.mouseClick(tab.accept_all_button, Qt.MouseButton.LeftButton)
    book = BoxBook(folder / FOLDER_BOOK)
    assert len(book.frames) == waiting
    assert tab.words.whole.startswith(f"{waiting} of 8 pictures have a box")
    with qtbot.waitSignal(tab.changed):
        tab.undo()
    taken = {each.frame: each.box for each in folder_pictures(folder)}
    assert taken[frame] == book.boxes(frame)[0].box


@pytest.mark.slow
def test_a_detector_is_trained_kept_and_used_on_a_network_camera(
    shown: FacesPage, faces: Study, pictures: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    idle(shown, qtbot)
    train, live = shown.train, shown.live
    shown.tabs.setCurrentWidget(train)
    qtbot.waitUntil(lambda: "million numbers" in train.count_words.text(), timeout=PATIENCE_MS)
    train.pictures.set_folder(copied(pictures, tmp_path))
    train.side.setCurrentIndex(0)
    train.width_share.setValue(0.03125)
    train.depth_share.setValue(0.1)
    train.epochs.setValue(3)
    with qtbot.waitSignal(train.kept, timeout=PATIENCE_MS):
        QTest.mouseClick(train.start_button, Qt.MouseButton.LeftButton)
    assert len(train.losses) == 3
    assert train.figure.shown is not None
    (kept,) = (faces.folder / "derivatives" / "faces").glob("detector-*")
    qtbot.waitUntil(lambda: place_of(live.detector, kept) >= 0, timeout=PATIENCE_MS)
    assert shown.boxes.detector == kept
    face = (pictures / FolderPictures(pictures).frames[0]).read_bytes()
    with http_camera([face]) as camera:
        shown.tabs.setCurrentWidget(live)
        live.address.setText(camera.address)
        live.detector.setCurrentIndex(place_of(live.detector, kept))
        QTest.mouseClick(live.start_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(live.seen) >= 3 or bool(live.trouble.text), timeout=PATIENCE_MS)
        assert live.trouble.text == ""
        qtbot.waitUntil(lambda: "ms a picture" in live.latency.whole, timeout=PATIENCE_MS)
        QTest.mouseClick(live.stop_button, Qt.MouseButton.LeftButton)
    live.write(tmp_path / "seen.csv")
    with (tmp_path / "seen.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(live.seen)
    assert {"p_happy", "smoothed_sad", "latency_ms"} <= set(rows[0])


@pytest.mark.slow
def test_the_cascade_watches_the_drawn_face_and_lets_it_go(shown: FacesPage, qtbot: QtBot) -> None:
    idle(shown, qtbot)
    live = shown.live
    shown.tabs.setCurrentWidget(live)
    live.source.setCurrentIndex(live.source.findData("generated"))
    QTest.mouseClick(live.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(each.box is not None for each in live.seen), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: live.view.image is not None, timeout=PATIENCE_MS)
    assert len(live.bars.classes) == 7
    pictures = live.looker.pictures  # type: ignore[union-attr]
    QTest.mouseClick(live.stop_button, Qt.MouseButton.LeftButton)
    assert live.looker is None and live.save_button.isEnabled()
    assert cast("QWidget", live.start_button).isEnabled()
    pictures.close()


def test_a_camera_that_is_not_there_is_told_in_a_sentence(shown: FacesPage, qtbot: QtBot) -> None:
    idle(shown, qtbot)
    live = shown.live
    live.source.setCurrentIndex(live.source.findData("camera"))
    live.address.setText("97")
    QTest.mouseClick(live.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(live.trouble.text), timeout=PATIENCE_MS)
    assert "camera 97 cannot be opened" in live.trouble.text
    assert live.start_button.isEnabled()


def test_a_session_that_has_ended_is_told_and_start_stays_usable(
    shown: FacesPage, tmp_path: Path, qtbot: QtBot
) -> None:
    idle(shown, qtbot)
    live = shown.live
    gone = tmp_path / "face.ring"
    gone.write_bytes(b"no ring")
    for path in (tmp_path / "never.ring", gone):
        live.source.addItem("ended", path)
        live.source.setCurrentIndex(live.source.count() - 1)
        QTest.mouseClick(live.start_button, Qt.MouseButton.LeftButton)
        assert "Has its session ended?" in live.trouble.text
        assert live.looker is None and live.start_button.isEnabled()


def test_a_full_table_is_told_and_the_lines_go_on(
    shown: FacesPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle(shown, qtbot)
    live = shown.live
    shown.tabs.setCurrentWidget(live)
    monkeypatch.setattr(faces_live, "MOST_ROWS", 2)
    live.source.setCurrentIndex(live.source.findData("generated"))
    QTest.mouseClick(live.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(live.bars.seen) > 4, timeout=PATIENCE_MS)
    assert len(live.seen) == 2 and "The table is full" in live.trouble.text
    QTest.mouseClick(live.stop_button, Qt.MouseButton.LeftButton)
    assert len(live.seen) == 2
    # Half a minute without a picture leaves nothing to draw, and that is drawn.
    live.bars.show_seen(())
    assert live.bars.classes and not live.bars.grab().isNull()


def test_training_without_a_box_says_what_to_do(shown: FacesPage, qtbot: QtBot) -> None:
    idle(shown, qtbot)
    shown.tabs.setCurrentWidget(shown.train)
    QTest.mouseClick(shown.train.start_button, Qt.MouseButton.LeftButton)
    idle(shown, qtbot)
    assert "Draw or accept some in Boxes" in shown.train.trouble.text
