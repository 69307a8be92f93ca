"""The review page by real clicks and keys: opening, playing, searching, figures, what is remembered."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from analysis.labels.records import NS
from app.annotation.schemes import add_scheme, bundled
from app.annotation.study_place import StudyPlace
from app.commands.open import open_study
from app.console.review import opening as opening_module
from app.console.review.foreign import CancelledError
from app.console.review.page import ReviewPage
from app.console.sheets import ShortcutSheet
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.front import bring_to_front
from tests.helpers.labelled import LEAD_S, TRIAL_S, make_study
from tests.helpers.recordings import START_S

OPEN_MS = 15_000


@pytest.fixture
def page(qtbot: QtBot, labelled: Path) -> Iterator[ReviewPage]:
    """The page in a window of its own, with the labelled session on it."""
    made = ReviewPage()
    made.resize(1200, 760)
    made.show()
    made.load(labelled)
    qtbot.waitUntil(lambda: made.recording is not None, timeout=OPEN_MS)
    made.desk.player.set_silenced(True)
    yield made
    made.closing()
    made.close()
    made.deleteLater()


def focused(widget: QWidget, qtbot: QtBot) -> None:
    """Put the focus somewhere, and wait until it is there."""
    widget.activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus, timeout=5000)


def test_a_session_of_the_study_is_reviewed_by_its_button(
    window: MainWindow, labelled: Path, qtbot: QtBot
) -> None:
    study = Study.containing(labelled)
    assert study is not None
    assert window.open_study(study.folder)
    card = window.study_view.list
    assert not card.review.isEnabled()
    assert card.select("P01", 1)
    QTest.mouseClick(card.review, Qt.MouseButton.LeftButton)
    page = window.of_review.page
    assert window.pages.currentWidget() is page
    qtbot.waitUntil(lambda: page.recording is not None, timeout=OPEN_MS)
    assert page.title.text() == labelled.stem
    assert "participant P01" in page.facts.whole
    assert "4 trials" in page.facts.whole


def test_the_summary_leads_to_the_review(window: MainWindow, labelled: Path, qtbot: QtBot) -> None:
    window.show_summary(labelled)
    qtbot.waitUntil(lambda: window.summary.findings is not None, timeout=OPEN_MS)
    QTest.mouseClick(window.summary.review, Qt.MouseButton.LeftButton)
    page = window.of_review.page
    qtbot.waitUntil(lambda: page.recording is not None, timeout=OPEN_MS)
    assert page.path == labelled


def test_the_page_says_what_to_do_while_it_is_empty(window: MainWindow, qtbot: QtBot) -> None:
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    page = window.of_review.page
    assert window.pages.currentWidget() is page
    assert page.headline.text() == "No recording is open"
    assert not page.filters_button.isEnabled()
    assert page.open_button.isEnabled()


def test_a_bad_file_is_told_in_the_page(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "letter.h5"
    path.write_text("Dear Anna")
    window.of_review.review(path)
    page = window.of_review.page
    qtbot.waitUntil(lambda: page.headline.text() == "This recording cannot be shown", timeout=OPEN_MS)
    assert "letter.h5" in page.words.text()
    assert page.recording is None
    assert QApplication.activeModalWidget() is None


def test_opening_can_be_cancelled(
    window: MainWindow, labelled: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def slow(path: Path, told: Callable[[str, float], None], stopped: Callable[[], bool]) -> None:
        told("Converting", 0.4)
        while not stopped():
            time.sleep(0.005)
        ended.set()
        raise CancelledError("Opening was cancelled.")

    with monkeypatch.context() as patch:
        patch.setattr(opening_module, "open_recording", slow)
        window.of_review.review(labelled)
        page = window.of_review.page
        qtbot.waitUntil(lambda: page.words.text() == "Converting…", timeout=OPEN_MS)
        assert page.progress.value() == 40
        QTest.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
        assert page.headline.text() == "Opening was cancelled"
        qtbot.waitUntil(ended.is_set, timeout=OPEN_MS)
    window.of_review.review(labelled)
    qtbot.waitUntil(lambda: page.recording is not None, timeout=OPEN_MS)


def test_it_is_played_by_keys(page: ReviewPage, qtbot: QtBot) -> None:
    desk, player = page.desk, page.desk.player
    focused(desk, qtbot)
    start_s = desk.axis.cursor_s
    QTest.keyClick(desk, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: desk.axis.cursor_s > start_s + 0.1, timeout=5000)
    assert desk.transport.play.accessibleName() == "Pause"
    QTest.keyClick(desk, Qt.Key.Key_Space)
    assert not player.is_playing
    stood_s = desk.axis.cursor_s
    for text, speed in ((".", 1.25), (".", 1.5), (",", 1.25)):
        QTest.keyClicks(desk, text)
        assert player.speed == speed
    assert desk.transport.speed.currentText() == "1.25×"
    QTest.keyClick(desk, Qt.Key.Key_Backspace)
    assert player.speed == 1.0
    QTest.keyClicks(desk, "l")
    assert player.loops
    assert desk.transport.loop.isChecked()
    assert desk.axis.cursor_s == stood_s
    QTest.keyClicks(desk, "o")
    assert not player.is_silenced
    QTest.keyClicks(desk, "o")
    assert desk.transport.sound_words.text() == "sound off"
    QTest.keyClick(desk, Qt.Key.Key_End)
    assert desk.axis.cursor_s == desk.axis.extent_s[1]
    QTest.keyClick(desk, Qt.Key.Key_Home)
    assert desk.axis.cursor_s == desk.axis.extent_s[0]


def test_the_transport_plays_by_clicks(page: ReviewPage, qtbot: QtBot) -> None:
    transport, player = page.desk.transport, page.desk.player
    told = []
    player.changed.connect(lambda: told.append(player.is_playing))
    QTest.mouseClick(transport.play, Qt.MouseButton.LeftButton)
    QTest.mouseClick(transport.play, Qt.MouseButton.LeftButton)
    assert told == [True, False]
    QTest.mouseClick(transport.forward, Qt.MouseButton.LeftButton)
    assert page.desk.cameras["camera"].wanted >= 1
    QTest.mouseClick(transport.loop, Qt.MouseButton.LeftButton)
    assert player.loops


def test_events_are_searched_while_one_types(page: ReviewPage, qtbot: QtBot) -> None:
    focused(page.desk, qtbot)
    QTest.keyClick(page.desk, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    line = page.events.search
    qtbot.waitUntil(line.hasFocus, timeout=5000)
    QTest.keyClicks(line, "valence 8")
    assert [moment.text for moment in page.events.model.shown] == ["answer: valence 8"]
    assert page.events.count.text().startswith("1 of ")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert page.desk.axis.cursor_s == pytest.approx(START_S + LEAD_S + 2 * TRIAL_S + 3.1)
    line.clear()
    QTest.keyClicks(line, "stimulus on")
    for _ in range(2):
        QTest.keyClick(line, Qt.Key.Key_Down)
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert page.desk.axis.cursor_s == pytest.approx(START_S + LEAD_S + TRIAL_S + 0.5, abs=0.001)
    # What is typed plays nothing.
    QTest.keyClick(line, Qt.Key.Key_Space)
    assert not page.desk.player.is_playing


def test_events_are_filtered_by_kind_and_everything_is_there(page: ReviewPage, qtbot: QtBot) -> None:
    kinds, table = page.events.kinds, page.events
    assert kinds.currentText() == "What happened"
    usual = len(table.model.shown)
    kinds.setCurrentText("Everything")
    kinds.activated.emit(kinds.currentIndex())
    assert page.recording is not None
    assert len(table.model.shown) == len(page.recording.events) > usual
    kinds.setCurrentText("answer")
    kinds.activated.emit(kinds.currentIndex())
    assert {moment.kind for moment in table.model.shown} == {"answer"}


def test_trials_are_jumped_to(page: ReviewPage, qtbot: QtBot) -> None:
    table, axis = page.trials.table, page.desk.axis
    assert [moment.text for moment in page.trials.model.shown][1] == "Trial 2: broken-toy, negative"
    table.selectRow(2)
    focused(table, qtbot)
    QTest.keyClick(table, Qt.Key.Key_Return)
    third_s = START_S + LEAD_S + 2 * TRIAL_S
    assert axis.cursor_s == pytest.approx(third_s)
    assert axis.start_s < third_s < axis.stop_s < third_s + TRIAL_S + 1
    # Keys that step go past the list to the desk.
    QTest.keyClick(table, Qt.Key.Key_PageDown)
    assert axis.cursor_s == pytest.approx(third_s + TRIAL_S)
    QTest.keyClick(table, Qt.Key.Key_PageUp)
    assert axis.cursor_s == pytest.approx(third_s)


def test_filters_are_said_and_raw_is_one_key_away(page: ReviewPage, qtbot: QtBot) -> None:
    menu, stack = page.filters, page.desk.stack
    menu.low.setEditText("0.5")
    menu.high.setEditText("40")
    menu.low.activated.emit(0)
    assert stack.filters.words() == "0.5-40 Hz"
    assert all(panel.filters == stack.filters for panel in page.panels)
    menu.high.setEditText("400")
    menu.high.activated.emit(0)
    assert "impossible at 128 Hz" in menu.problem.text()
    assert stack.filters.high_hz == 40
    focused(page.desk, qtbot)
    QTest.keyClicks(page.desk, "r")
    assert stack.is_raw
    assert menu.raw.isChecked()


def test_curves_are_computed_and_taken_away(page: ReviewPage, qtbot: QtBot) -> None:
    assert ("bvp", "Heart rate") in page.curves.entries
    page.curves.set_on("bvp", "Heart rate", True)
    stack = page.desk.stack
    qtbot.waitUntil(lambda: "Heart rate" in [band.title for band in stack.bands], timeout=OPEN_MS)
    page.curves.set_on("bvp", "Heart rate", False)
    assert "Heart rate" not in [band.title for band in stack.bands]
    page.curves.set_on("keys", "Key interval", True)
    qtbot.waitUntil(lambda: "Key interval" in [band.title for band in stack.bands], timeout=OPEN_MS)


def test_the_layout_comes_back(page: ReviewPage, qtbot: QtBot) -> None:
    page.docks["spectrum"].show()
    page.docks["trial-list"].hide()
    page.closing()
    again = ReviewPage()
    qtbot.addWidget(again)
    assert not again.docks["spectrum"].isHidden()
    assert again.docks["trial-list"].isHidden()
    again.closing()


def test_the_sheet_and_the_help_are_the_pages_own(window: MainWindow, labelled: Path, qtbot: QtBot) -> None:
    window.of_review.review(labelled)
    page = window.of_review.page
    qtbot.waitUntil(lambda: page.recording is not None, timeout=OPEN_MS)
    window.trigger("keys")
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    from PySide6.QtWidgets import QLabel

    told = [label.text() for label in sheet.findChildren(QLabel)]
    assert "On this page" in told
    assert "Loop the selection" in told
    sheet.reject()
    focused(page.desk, qtbot)
    window.trigger("help")
    assert window.help.page == "review"
    window.help.hide()


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a study but the overviews, which anybody may delete."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".overview")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_labels_of_the_study_are_shown_to_look_at(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    study = make_study(tmp_path / "study", 1, 2)
    place = StudyPlace(study)
    item = place.whole(place.recordings()[0], "artefacts@1")
    add_scheme(study, next(one for one in bundled() if one.id == item.scheme))
    with place.log(item, "anna") as log:
        log.add("artefact", start_ns=1002 * NS, end_ns=1003 * NS, label="blink")
    before = contents(study.folder)
    window.of_review.review(study.folder / study.sessions()[0].file)
    page = window.of_review.page
    qtbot.waitUntil(lambda: page.label_rows.isVisible(), timeout=OPEN_MS)
    (row,) = page.labels.rows
    assert row.who == "anna: Artefact"
    assert [(mark.start_ns, mark.end_ns) for mark in row.marks] == [(1002 * NS, 1003 * NS)]
    assert page.labels.read_only
    page.closing()
    assert contents(study.folder) == before


def test_a_recording_is_opened_from_the_command_line(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []

    def main(attach: object = None, study: object = None, review: object = None) -> int:
        asked.append({"study": study, "review": review})
        return 0

    monkeypatch.setattr("app.console.main", main)
    monkeypatch.setattr("app.commands.open.system.explain_window", lambda: None)
    assert open_study(argparse.Namespace(study=labelled)) == 0
    assert open_study(argparse.Namespace(study=tmp_path)) == 0
    assert asked == [{"study": None, "review": labelled}, {"study": tmp_path, "review": None}]
