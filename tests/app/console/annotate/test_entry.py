"""Beginning: who and what, packages, practice, whole recordings, a trace, folders that refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from analysis.labels.records import Mark
from app.annotation import schemes, training
from app.annotation.annotators import add_annotator
from app.annotation.packing import pack
from app.annotation.trials import trials_of
from app.console import preferences, theme
from app.console.annotate.page import AnnotatePage
from app.console.annotate.page_entry import wishes
from app.console.annotate.page_package import open_package
from app.console.annotate.trace_page import TracePage
from app.console.annotate.who_dialog import WhoDialog
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.annotate_page import LEFT, begin, planned_study, press, until, wait_open
from tests.helpers.front import bring_to_front

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with plans of questions and of traces."""
    folder = tmp_path_factory.mktemp("entry") / "faces"
    return planned_study(
        folder, ("sam", "continuous-valence"), people=("anna", "bert", "cleo", "dora", "emil")
    )


@pytest.fixture
def page(qapp: QApplication, qtbot: QtBot) -> Iterator[AnnotatePage]:
    """The page in a window of its own, without a study."""
    theme.apply(qapp, "light", 1.0)
    made = AnnotatePage()
    made.resize(1280, 780)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.closing()
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, 52)


def test_without_a_study_the_page_says_what_to_open(page: AnnotatePage) -> None:
    assert "Open a study" in page.entry.about.text()
    assert not page.entry.card.isVisible() and page.entry.ways["open_package"].isVisible()


def test_a_study_without_annotators_or_plans_says_so_and_offers_whole_recordings(
    page: AnnotatePage, qtbot: QtBot, tmp_path: Path
) -> None:
    empty = Study.create(tmp_path / "empty", "Empty", "people", protocol="demo")
    page.show_study(empty)
    assert "Nobody annotates here yet" in page.entry.hint.text() and not page.entry.go.isEnabled()
    add_annotator(empty, "anna")
    page.entry.refresh("anna")
    assert "nothing to annotate" in page.entry.hint.text()


@pytest.mark.slow
def test_somebody_new_is_entered_and_begins_her_queue_by_clicks(
    window: MainWindow, planned: Study, qtbot: QtBot
) -> None:
    bring_to_front(window, qtbot)
    assert window.open_study(planned.folder)
    QTest.keyClick(window, Qt.Key.Key_7, CTRL)
    page = window.of_labels.page
    assert window.pages.currentWidget() is page
    QTest.mouseClick(page.entry.new, LEFT)
    dialog = page.findChild(WhoDialog) or window.findChild(WhoDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.line, "rater-new")
    QTest.mouseClick(dialog.go, LEFT)
    qtbot.waitUntil(lambda: page.entry.who.currentText() == "rater-new")
    page.entry.who.setCurrentText("cleo")
    QTest.mouseClick(page.entry.go, LEFT)
    item = wait_open(page, qtbot)
    assert item.code in page.queue.list.item(0).text()
    assert preferences.get("annotator", "") == "cleo"
    window.close()
    assert page.log is None, "closing the window lets go of the log"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_package_is_annotated_as_a_study_is_and_opened_again_it_holds_what_was_said(
    page: AnnotatePage, qtbot: QtBot, planned: Study, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / ("for-dora" if kind == "folder" else "for-dora.zip")
    pack(planned, "dora", target, "sam")
    place = open_package(target)
    page.show_place(place)
    assert not page.entry.new.isVisible()
    item = begin(page, qtbot, "dora", "")
    press(page, Qt.Key.Key_6)
    page.leave()
    page.show_place(open_package(target))
    assert begin(page, qtbot, "dora", "") == item
    assert page.log is not None
    answer = page.log.answer("feeling", item.trial, item.code)
    assert answer is not None and dict(answer.value) == {"valence": 6}


@pytest.mark.slow
def test_whole_recordings_are_called_by_number_where_files_are_hidden(
    page: AnnotatePage, qtbot: QtBot, planned: Study
) -> None:
    page.show_study(planned)
    assert page.place is not None
    wish = next(each for each in wishes(page.place, "bert") if each.what == "free" and each.name == "sam@1")
    page.begin("bert", wish)
    wait_open(page, qtbot)
    assert [page.queue.list.item(row).text() for row in range(2)] == [
        "Recording 1  –  open",
        "Recording 2  –  open",
    ]


@pytest.mark.slow
def test_practice_looks_different_and_shows_the_right_answer_afterwards(
    page: AnnotatePage, qtbot: QtBot, tmp_path: Path
) -> None:
    study = planned_study(tmp_path / "practice", (), people=("anna",))
    scheme = schemes.add_scheme(study, next(s for s in schemes.bundled() if s.name == "sam"))
    trial = trials_of(study, scheme)[0][0]
    right = Mark(
        "r", "feeling", "gold", trial=trial.trial, value={"valence": 8, "arousal": 2, "dominance": 5}
    )
    training.add_example(study, scheme, trial, [right])
    add_annotator(study, "anna")
    page.show_study(study)
    item = begin(page, qtbot, "anna", "sam@1")
    assert item.purpose == "training" and "Practice" in page.practice.text
    press(page, Qt.Key.Key_8, Qt.Key.Key_9, Qt.Key.Key_5)
    press(page, Qt.Key.Key_Return, mods=CTRL)
    assert page.feedback.isVisible() and not page.panel.isVisible()
    assert page.feedback.heading.text() == "Practice: 2 of 3 right"
    QTest.mouseClick(page.feedback.again, LEFT)
    assert page.panel.isVisible() and page.log is not None and page.log.item_state(item.code) == "begun"


@pytest.mark.slow
def test_enter_on_a_tier_of_traces_opens_the_trace_and_comes_back_with_a_lane(
    page: AnnotatePage, qtbot: QtBot, qapp: QApplication, planned: Study
) -> None:
    page.show_study(planned)
    begin(page, qtbot, "anna", "continuous-valence")
    press(page, Qt.Key.Key_Return)
    traced = next(each for each in theme.every_window(qapp) if isinstance(each, TracePage))
    traced.leave()
    until(qtbot, lambda: page.is_working)
    press(page, Qt.Key.Key_Return, mods=CTRL)
    assert "Not answered yet" in page.saved.hint.whole
    assert page.log is not None and page.item is not None
    writer = page.log.begin_take("valence", page.item.trial, page.item.code)
    for step in range(30):
        writer.append(page.item.start_ns + step * 10**8, step * 10**8, [step / 30])
    writer.end()
    page.refresh()
    assert len(page.lanes.rows[0].traces) == 1


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_gives_one_clear_message_and_no_keys(
    page: AnnotatePage, qtbot: QtBot, planned: Study
) -> None:
    page.show_study(planned)
    assert page.place is not None
    item = page.place.queue("emil", "sam")[0]
    blocked = planned.folder / "annotations" / item.recording / "emil"
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("in the way")
    try:
        wish = next(each for each in wishes(page.place, "emil") if each.name == "sam")
        page.begin("emil", wish)
        until(qtbot, lambda: bool(page.banner.text))
        assert page.banner.text.startswith("The folder of your labels cannot be written")
        assert item.recording not in page.banner.text
        page.activateWindow()
        page.setFocus()
        qtbot.waitUntil(page.hasFocus)
        press(page, Qt.Key.Key_7)
        assert page.log is None or not page.log.marks()
    finally:
        blocked.unlink()
