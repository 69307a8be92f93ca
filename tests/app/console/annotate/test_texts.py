"""Texts, confirming, menus: what keys do while somebody writes, and what carried labels ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from analysis.labels.records import NS
from analysis.labels.scheme import Dimension, Label, Question, Scheme, Tier
from analysis.labels.scheme_json import with_checksum
from app.annotation import schemes
from app.annotation.plans import make_plan
from app.console import theme
from app.console.annotate.page import AnnotatePage
from app.console.annotate.page_entry import wishes
from app.console.annotate.question_parts import steps_of, value_of_digit
from app.study import Study
from tests.helpers.annotate_page import begin, drag, press, shown_page, spot, type_text, wait_open
from tests.helpers.labelled import make_study

CTRL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
Key = Qt.Key
SMILE, FROWN = Label("smile", "Smile", key="1"), Label("frown", "Frown", key="g")
SCHEME = with_checksum(
    Scheme(
        name="talk",
        version=1,
        title="Talk",
        question="What happens?",
        tiers=(
            Tier(
                "trial",
                "trial",
                "Whole trial",
                questions=(
                    Question("why", "Why do you think so?", "text"),
                    Question("intensity", "How strong?", "scale", Dimension("intensity", 0, 3, step=1)),
                ),
            ),
            Tier("face", "segment", "Face", labels=(SMILE, FROWN), channels=True),
            Tier("word", "segment", "Words", free_text=True),
            Tier("blink", "point", "Blink", labels=(SMILE,)),
        ),
        hide=frozenset({"others"}),
    )
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """One session, planned by a scheme with texts, free words and points."""
    made = make_study(tmp_path_factory.mktemp("texts") / "faces", 1, 1)
    make_plan(made, "talk", schemes.add_scheme(made, SCHEME), [f"rater-{n}" for n in range(6)])
    return made


@pytest.fixture
def page(qapp: QApplication, study: Study, qtbot: QtBot) -> Iterator[AnnotatePage]:
    """The page in a window of its own."""
    yield from shown_page(qapp, study, qtbot, "dark")


@pytest.mark.parametrize(
    ("low", "high", "step", "digit", "value"),
    [
        (1, 9, 1, 7, 7.0),
        (1, 5, 1, 6, None),
        (0, 3, 1, 1, 0.0),
        (0, 3, 1, 4, 3.0),
        (0, 3, 1, 5, None),
        (-4, 4, 1, 9, 4.0),
        (0, 100, 1, 1, 0.0),
        (0, 100, 1, 9, 100.0),
        (0, 100, 1, 5, 50.0),
        (0, 1, 0, 5, 0.5),
    ],
)
def test_a_digit_means_itself_where_the_scale_has_it_else_its_place(
    low: float, high: float, step: float, digit: int, value: float | None
) -> None:
    scale = Dimension("s", low, high, step=step)
    assert value_of_digit(scale, digit) == value
    assert value is None or value in steps_of(scale)


def test_a_text_keeps_its_letters_and_is_saved_without_leaving_it(page: AnnotatePage, qtbot: QtBot) -> None:
    item = begin(page, qtbot, "rater-0", "talk")
    press(page, Key.Key_Return)
    field = page.panel.boxes[0].text
    assert field is not None and field.hasFocus()
    type_text(page, "smile, 7 s m?")
    assert field.toPlainText() == "smile, 7 s m?"
    press(page, Key.Key_Space, mods=CTRL)
    assert page.desk.player.is_playing
    press(page, Key.Key_Space, mods=CTRL)
    page.closing()
    assert page.place is not None
    with page.place.log(item, "rater-0") as log:
        answer = log.answer("trial", item.trial, item.code)
    assert answer is not None and answer.value == {"why": "smile, 7 s m?"}


def test_undo_in_a_text_takes_back_letters_and_outside_of_it_the_last_step(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    item = begin(page, qtbot, "rater-1", "talk")
    press(page, Key.Key_Down, Key.Key_2)
    assert page.log is not None
    press(page, Key.Key_Up, Key.Key_Return)
    type_text(page, "word")
    field = page.panel.boxes[0].text
    assert field is not None
    press(page, Key.Key_Z, mods=CTRL)
    assert field.toPlainText() == ""
    press(page, Key.Key_Escape)
    assert page.hasFocus()
    answer = page.log.answer("trial", item.trial, item.code)
    assert answer is not None and answer.value["intensity"] == 1
    while page.log.can_undo(item.code):
        press(page, Key.Key_Z, mods=CTRL)
    assert page.log.answer("trial", item.trial, item.code) is None


def test_free_words_points_letters_and_properties_of_a_mark(page: AnnotatePage, qtbot: QtBot) -> None:
    item = begin(page, qtbot, "rater-2", "talk")
    assert page.log is not None
    log, lanes = page.log, page.lanes
    names = [row.tier.name for row in lanes.rows]
    word, face, blink = (names.index(name) for name in ("word", "face", "blink"))
    drag(lanes, spot(lanes, word, 0.2), spot(lanes, word, 0.4))
    assert page.mark.note.hasFocus()
    type_text(page, "hello")
    press(page, Key.Key_Escape)
    assert [mark.note for mark in log.marks(item.code)] == ["hello"]
    drag(lanes, spot(lanes, face, 0.2), spot(lanes, face, 0.4))
    type_text(page, "g")
    mark = page.editor.own
    assert mark is not None and mark.label == "frown"
    page.mark.confidence.setValue(0.6)
    page.mark.end.setValue(page.mark.end.value() + 0.25)
    page.mark._menu.actions()[1].trigger()
    changed = log.mark(mark.id)
    assert changed.confidence == 0.6 and len(changed.channels) == 1
    assert ((changed.end_ns or 0) - (mark.end_ns or 0)) / NS == pytest.approx(0.25, abs=0.002)
    QTest.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=spot(lanes, blink, 0.7))
    page.setFocus()
    press(page, Key.Key_1)
    points = [mark for mark in log.marks(item.code) if mark.tier == "blink"]
    assert len(points) == 1 and points[0].start_ns == points[0].end_ns == page.editor.cursor_ns


def test_labels_carried_over_look_different_and_enter_confirms_one_after_the_other(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    assert page.place is not None
    item = page.place.queue("rater-3", "talk")[0]
    with page.place.log(item, "rater-3") as log:
        for start in (1, 2):
            at = item.start_ns + start * NS
            log.add("face", trial=item.trial, item=item.code, start_ns=at, end_ns=at + NS // 2, label="smile",
                    input="carried", to_confirm=True)  # fmt: skip
    begin(page, qtbot, "rater-3", "talk")
    first = page.editor.own
    assert first is not None and first.to_confirm and page.mark.buttons["confirm"].isVisible()
    face = next(n for n, row in enumerate(page.lanes.rows) if row.tier.name == "face")
    assert "to confirm" in page.lanes.words_at(
        spot(page.lanes, face, 1.2 / page.desk.axis.width_s).toPointF()
    )
    press(page, Key.Key_Return)
    second = page.editor.own
    assert second is not None and second.id != first.id
    press(page, Key.Key_Return)
    assert page.log is not None and not any(mark.to_confirm for mark in page.log.marks(item.code))


def test_the_menu_of_a_mark_does_what_its_keys_do(page: AnnotatePage, qtbot: QtBot) -> None:
    item = begin(page, qtbot, "rater-4", "talk")
    lanes = page.lanes
    face = next(n for n, row in enumerate(lanes.rows) if row.tier.name == "face")
    drag(lanes, spot(lanes, face, 0.2), spot(lanes, face, 0.4))
    place = spot(lanes, face, 0.3)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, lanes.mapToGlobal(place))
    QApplication.sendEvent(lanes, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text().split("\t")[0] for action in menu.actions() if action.text()]
    assert texts[:3] == ["Label", "Start of the mark is here", "End of the mark is here"]
    delete = next(action for action in menu.actions() if action.text().startswith("Delete"))
    delete.trigger()
    menu.close()
    assert page.log is not None and page.log.marks(item.code) == ()


def test_a_key_that_is_kept_down_begins_one_segment_only(page: AnnotatePage, qtbot: QtBot) -> None:
    item = begin(page, qtbot, "rater-5", "talk")
    page.set_tier("face")
    axis = page.desk.axis
    for repeats in (False, True, True, True):
        axis.move_cursor(axis.cursor_s + 0.1)
        event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Return, NONE, "\r", repeats)
        QApplication.sendEvent(page, event)
    log = page.log
    assert page.editor.is_drafting and log is not None and not log.marks(item.code)
    press(page, Key.Key_Escape)
    assert page.lanes.draft is None and not log.marks(item.code)


def test_a_window_that_closes_while_an_item_opens_leaves_nothing_open(
    page: AnnotatePage, qtbot: QtBot
) -> None:
    assert page.place is not None
    page.begin("rater-5", wishes(page.place, "rater-5")[0])
    work = page._work
    assert work is not None and page.log is None
    page.closing()
    with qtbot.waitSignal(work.done, timeout=15_000) as found:
        pass
    assert found.args is not None
    recording = found.args[0].recording
    qtbot.waitUntil(lambda: recording._closed)
    assert page.log is None and page.recording is None


def test_the_layout_is_as_it_was_left(page: AnnotatePage, study: Study, qtbot: QtBot, tmp_path: Path) -> None:
    begin(page, qtbot, "rater-5", "talk")
    page.split.setSizes([300, 600, 380])
    left = page.split.sizes()
    page.hide()
    other = AnnotatePage()
    other.resize(page.size())
    other.show()
    qtbot.waitExposed(other)
    other.show_study(study)
    assert other.place is not None
    other.begin("rater-4", wishes(other.place, "rater-4")[0])
    wait_open(other, qtbot)
    assert other.split.sizes() == left
    other.closing()
    other.close()
    other.deleteLater()


def test_a_palette_that_changes_leaves_the_questions_as_they_were(
    page: AnnotatePage, qapp: QApplication, qtbot: QtBot
) -> None:
    item = begin(page, qtbot, "rater-5", "talk")
    press(page, Key.Key_Down, Key.Key_3)
    theme.apply(qapp, "light", 1.0)
    qapp.sendPostedEvents(None, QEvent.Type.PaletteChange)
    assert page.log is not None
    answer = page.log.answer("trial", item.trial, item.code)
    assert answer is not None and answer.value == {"intensity": 2}
    scale = page.panel.boxes[1].scale
    assert scale is not None and scale.value == 2
    ground = page.lanes.grab().toImage().pixelColor(spot(page.lanes, 0, 0.9))
    assert ground.name() == theme.LIGHT.base
