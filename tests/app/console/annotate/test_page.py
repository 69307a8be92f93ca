"""Annotating with keys and mouse on the real page: what is pressed is what the log holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from analysis.labels.records import NS
from app.annotation import schemes
from app.annotation.log import Log
from app.annotation.plans import make_plan
from app.console.annotate.key_sheet import KeySheet
from app.console.annotate.page import AnnotatePage
from app.console.annotate.page_entry import wishes
from app.copying import sha256_of
from app.study import Study
from tests.helpers.annotate_page import (
    add_model,
    begin,
    drag,
    planned_study,
    press,
    shown_page,
    spot,
    type_text,
    until,
    wait_open,
)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """One study for all tests of this file: each test annotates as somebody else."""
    return planned_study(tmp_path_factory.mktemp("annotate") / "faces")


@pytest.fixture
def page(qapp: QApplication, study: Study, qtbot: QtBot) -> Iterator[AnnotatePage]:
    """The page in a window of its own."""
    yield from shown_page(qapp, study, qtbot)


def log_of(page: AnnotatePage) -> Log:
    assert page.log is not None
    return page.log


def answers(page: AnnotatePage) -> dict[str, object]:
    assert page.item is not None
    found = log_of(page).answer("feeling", page.item.trial, page.item.code)
    return {} if found is None else dict(found.value)


def labels(page: AnnotatePage) -> list[str]:
    assert page.item is not None
    return [mark.label for mark in log_of(page).marks(page.item.code) if mark.start_ns is not None]


def moments(page: AnnotatePage, qtbot: QtBot, who: str) -> None:
    """Open a queue at the tier of segments."""
    begin(page, qtbot, who, "basic-emotions")
    press(page, Key.Key_Down, Key.Key_Down)
    assert page.lanes.active == "moments"


def test_digits_answer_one_question_after_the_other_and_ctrl_enter_goes_on(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    first = begin(page, qtbot, "rater-1", "sam")
    press(page, Key.Key_7)
    assert page.panel.question is not None and page.panel.question.id == "arousal"
    press(page, Key.Key_3)
    press(page, Key.Key_Return, mods=CTRL)
    assert page.item is first, "an unanswered question lets nobody finish"
    assert "Not answered yet" in page.saved.hint.whole
    press(page, Key.Key_0)
    assert answers(page) == {"valence": 7, "arousal": 3, "dominance": None}
    assert page.saved.saved.text().startswith("saved ")
    press(page, Key.Key_Return, mods=CTRL)
    second = wait_open(page, qtbot, first.code)
    assert page.queue.state(f"label/{first.code}") == "finished"
    press(page, Key.Key_Tab)
    third = wait_open(page, qtbot, second.code)
    press(page, Key.Key_Backtab, mods=SHIFT)
    assert wait_open(page, qtbot, third.code) is second


def test_the_key_that_finishes_goes_to_nobody_else_while_the_next_item_is_opened(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    first = begin(page, qtbot, "rater-1", "sam")
    connect = QAction(page.window())
    connect.setShortcut(QKeySequence("Ctrl+Return"))
    heard: list[bool] = []
    connect.triggered.connect(heard.append)
    page.window().addAction(connect)
    press(page, Key.Key_7, Key.Key_3, Key.Key_5)
    press(page, Key.Key_Return, mods=CTRL)
    assert not page.is_working
    press(page, Key.Key_Return, mods=CTRL)
    wait_open(page, qtbot, first.code)
    assert heard == []


@pytest.mark.slow
def test_a_click_on_a_figure_and_on_cannot_tell_answers_too(page: AnnotatePage, qtbot: QtBot) -> None:
    begin(page, qtbot, "rater-2", "sam")
    scale = page.panel.boxes[1].scale
    assert scale is not None
    QTest.mouseClick(scale, Qt.MouseButton.LeftButton, pos=scale.cell(8).center().toPoint())
    assert answers(page) == {"arousal": 9}
    QTest.mouseClick(page.panel.boxes[0].chips[None], Qt.MouseButton.LeftButton)
    assert answers(page) == {"arousal": 9, "valence": None}
    assert "9 of 1 to 9" in scale.accessibleDescription()


@pytest.mark.slow
def test_undo_reaches_back_over_a_restart_and_forth_again(
    page: AnnotatePage, qtbot: QtBot, study: Study
) -> None:
    begin(page, qtbot, "rater-3", "sam")
    press(page, Key.Key_7, Key.Key_2)
    page.leave()
    begin(page, qtbot, "rater-3", "sam")
    assert answers(page) == {"valence": 7, "arousal": 2}
    press(page, Key.Key_Z, mods=CTRL)
    assert answers(page) == {"valence": 7}
    press(page, Key.Key_Z, mods=CTRL)
    assert answers(page) == {}
    page.leave()
    begin(page, qtbot, "rater-3", "sam")
    press(page, Key.Key_Y, mods=CTRL)
    press(page, Key.Key_Z, mods=CTRL | SHIFT)
    assert answers(page) == {"valence": 7, "arousal": 2}
    press(page, Key.Key_S, mods=CTRL)
    assert page.saved.hint.whole.startswith("Already saved")


def test_segments_are_drawn_moved_resized_and_relabelled_by_mouse(page: AnnotatePage, qtbot: QtBot) -> None:
    moments(page, qtbot, "rater-4")
    lanes = page.lanes
    drag(lanes, spot(lanes, 0, 0.2), spot(lanes, 0, 0.4))
    assert labels(page) == ["happiness"]
    press(page, Key.Key_4)
    assert labels(page) == ["anger"]
    mark = log_of(page).marks(page.item.code if page.item else "")[0]
    drag(lanes, spot(lanes, 0, 0.3), spot(lanes, 0, 0.5))
    moved = log_of(page).mark(mark.id)
    assert moved.duration_ns == pytest.approx(mark.duration_ns, abs=2)
    assert (moved.start_ns or 0) > (mark.start_ns or 0)
    drag(lanes, spot(lanes, 0, 0.6), spot(lanes, 0, 0.8))
    wider = log_of(page).mark(mark.id)
    assert wider.start_ns == moved.start_ns and (wider.end_ns or 0) > (moved.end_ns or 0)
    page.desk.axis.move_cursor(page.desk.axis.start_s + 0.1 * page.desk.axis.width_s)
    drag(lanes, spot(lanes, 0, 0.4), spot(lanes, 0, 0.1) + QPoint(4, 0))
    snapped = log_of(page).mark(mark.id)
    assert snapped.start_ns == round(page.desk.axis.cursor_s * NS), "an edge catches at the cursor"


def test_split_merge_delete_edges_and_going_by_keys(page: AnnotatePage, qtbot: QtBot) -> None:
    moments(page, qtbot, "rater-5")
    axis, lanes = page.desk.axis, page.lanes
    drag(lanes, spot(lanes, 0, 0.2), spot(lanes, 0, 0.6))
    axis.move_cursor(axis.start_s + 0.4 * axis.width_s)
    press(page, Key.Key_S)
    assert len(labels(page)) == 2
    press(page, Key.Key_Left, mods=CTRL)
    press(page, Key.Key_M)
    assert len(labels(page)) == 1
    type_text(page, "q")
    start_s = axis.cursor_s
    type_text(page, "e")
    assert axis.cursor_s > start_s
    axis.move_cursor(axis.start_s + 0.7 * axis.width_s)
    type_text(page, "]")
    mark = page.editor.own
    assert mark is not None and mark.end_ns == page.editor.cursor_ns
    axis.move_cursor(axis.start_s + 0.3 * axis.width_s)
    type_text(page, "[")
    mark = page.editor.own
    assert mark is not None and mark.start_ns == page.editor.cursor_ns
    press(page, Key.Key_F)
    assert axis.width_s < axis.extent_s[1] - axis.extent_s[0]
    press(page, Key.Key_H)
    assert axis.width_s == axis.extent_s[1] - axis.extent_s[0]
    press(page, Key.Key_Delete)
    assert labels(page) == []
    press(page, Key.Key_Z, mods=CTRL)
    assert labels(page) == ["happiness"]


@pytest.mark.slow
def test_a_held_key_marks_as_long_as_it_is_held_and_enter_begins_and_ends(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    moments(page, qtbot, "rater-6")
    player, axis = page.desk.player, page.desk.axis
    press(page, Key.Key_Space)
    assert player.is_playing
    QTest.keyPress(page, Key.Key_2)
    begun_s = axis.cursor_s
    until(qtbot, lambda: axis.cursor_s > begun_s + 0.4)
    QTest.keyRelease(page, Key.Key_2)
    assert labels(page) == ["sadness"]
    press(page, Key.Key_Space)
    until(qtbot, lambda: not player.is_playing)
    axis.move_cursor(axis.start_s + 0.7 * axis.width_s)
    press(page, Key.Key_Return)
    axis.move_cursor(axis.start_s + 0.8 * axis.width_s)
    press(page, Key.Key_5, Key.Key_Return)
    assert labels(page) == ["sadness", "disgust"]


@pytest.mark.slow
def test_what_was_begun_is_kept_when_the_page_closes(page: AnnotatePage, qtbot: QtBot, study: Study) -> None:
    moments(page, qtbot, "rater-7")
    axis = page.desk.axis
    press(page, Key.Key_Return)
    axis.move_cursor(axis.start_s + 0.5 * axis.width_s)
    page.closing()
    page.show_study(study)
    begin(page, qtbot, "rater-7", "basic-emotions")
    assert labels(page) == ["happiness"]


@pytest.mark.slow
def test_labels_of_a_model_are_accepted_and_rejected_and_leave_their_lineage(
    page: AnnotatePage, qtbot: QtBot, tmp_path: Path
) -> None:
    mine = planned_study(tmp_path / "open", ("artefacts",), people=("solo",))
    shown = scheme_without_hiding(mine)
    page.show_study(mine)
    item = begin(page, qtbot, "solo", shown)
    page.leave()
    tier = "moments"
    add_model(mine, item, tier, [(0.1, 0.2, "anger", 0.9), (0.4, 0.5, "fear", 0.5), (0.7, 0.8, "fear", 0.2)])
    begin(page, qtbot, "solo", shown)
    assert page.models.isVisible() and "3 of 3" in page.models.told.text()
    assert "not counted as gold" in page.models.gold.text()
    page.models.slider.setValue(30)
    assert "2 of 3" in page.models.told.text()
    lanes = page.lanes
    row = next(n for n, each in enumerate(lanes.rows) if each.kind == "model")
    QTest.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=spot(lanes, row, 0.15))
    assert "confidence 0.90" in page.mark.words.text()
    press(page, Key.Key_A)
    press(page, Key.Key_R)
    assert labels(page) == ["anger"]
    made = log_of(page).marks(item.code)[-1]
    assert made.input == "accept_model" and made.derived_from and not made.is_gold
    assert len(log_of(page).rejected()) == 1
    page.editor.select(made.id)
    assert page.mark.origin.text().startswith("From model net")
    drag(lanes, spot(lanes, row - 1, 0.3), spot(lanes, row - 1, 0.35))
    assert all(not mark.is_gold for mark in log_of(page).marks(item.code))


def scheme_without_hiding(study: Study) -> str:
    """Plan a scheme that shows labels of models; return the plan's name."""
    base = next(each for each in schemes.bundled() if each.name == "basic-emotions")
    scheme = schemes.add_scheme(
        study, replace(base, name="with-model", hide=base.hide - {"model"}, sha256="")
    )
    make_plan(study, "with-model", scheme, ["solo"])
    return "with-model"


@pytest.mark.slow
def test_questions_to_the_curator_and_skipping_take_a_text_on_the_page(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    item = begin(page, qtbot, "rater-8", "sam")
    press(page, Key.Key_C)
    assert page.ask_bar.line.hasFocus()
    type_text(page, "is this a laugh?")
    press(page, Key.Key_Return)
    assert log_of(page).questions() == {item.code: "is this a laugh?"}
    page.queue.filter.setCurrentText("Asked the curator")
    assert page.queue.list.count() == 1
    press(page, Key.Key_C)
    press(page, Key.Key_Escape)
    assert page.hasFocus() and log_of(page).questions() == {item.code: "is this a laugh?"}
    QTest.mouseClick(page.skip_button, Qt.MouseButton.LeftButton)
    type_text(page, "no face")
    press(page, Key.Key_Return)
    wait_open(page, qtbot, item.code)
    assert page.queue.state(f"label/{item.code}") == "skipped"


@pytest.mark.slow
def test_the_sheet_tells_the_schemes_keys_and_a_question_mark_closes_nothing_else(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    begin(page, qtbot, "rater-9", "basic-emotions")
    type_text(page, "?")
    sheet = page.findChild(KeySheet)
    assert sheet is not None
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Happiness", "Sadness", "cannot tell", "Play or pause"} <= texts
    QTest.keyClick(sheet, Key.Key_Escape)


@pytest.mark.slow
def test_a_locked_log_can_only_be_read_and_the_page_says_by_whom(
    page: AnnotatePage, qtbot: QtBot, study: Study
) -> None:
    item = begin(page, qtbot, "rater-10", "sam")
    other = AnnotatePage()
    qtbot.addWidget(other)
    other.show()
    other.show_study(study)
    assert other.place is not None
    wish = next(each for each in wishes(other.place, "rater-10") if each.name == "sam")
    other.begin("rater-10", wish)
    until(qtbot, lambda: other.log is not None)
    assert other.log is not None and other.log.read_only and other.banner.text
    other.activateWindow()
    other.setFocus()
    press(other, Key.Key_7)
    assert other.log.answer("feeling", item.trial, item.code) is None
    other.closing()


@pytest.mark.slow
def test_two_annotators_at_once_lose_nothing_and_the_recording_stays_as_it_was(
    page: AnnotatePage, qtbot: QtBot, study: Study
) -> None:
    files = {each.file: sha256_of(study.folder / each.file) for each in study.sessions()}
    other = AnnotatePage()
    other.resize(1000, 700)
    other.show()
    qtbot.waitExposed(other)
    other.show_study(study)
    pages = {"rater-11": (page, Key.Key_2), "rater-12": (other, Key.Key_8)}
    for who, (one, _) in pages.items():
        begin(one, qtbot, who, "sam")
    for _ in range(3):
        for one, digit in pages.values():
            one.activateWindow()
            one.setFocus()
            qtbot.waitUntil(one.hasFocus)
            press(one, digit)
    assert [set(answers(one).values()) for one, _ in pages.values()] == [{2}, {8}]
    for who, (one, _) in pages.items():
        one.leave()
        begin(one, qtbot, who, "sam")
    assert [list(answers(one).values()) for one, _ in pages.values()] == [[2, 2, 2], [8, 8, 8]]
    other.closing()
    other.close()
    other.deleteLater()
    assert {name: sha256_of(study.folder / name) for name in files} == files
