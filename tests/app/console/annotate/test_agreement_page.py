"""The page Agreement, by real clicks and keys: numbers, moments that are jumped to, fused labels."""

from __future__ import annotations

import csv
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from analysis.agreement.bootstrap import CancelledError
from analysis.agreement.report import assess
from analysis.labels.reader import read_log
from app.annotation.agreeing import gather, read_labels, variables
from app.annotation.schemes import scheme_of
from app.console import theme
from app.console.annotate.agreement_draw import HEAT, mixed
from app.console.annotate.agreement_fuse import FuseDialog
from app.console.annotate.agreement_page import AgreementPage
from app.console.annotate.agreement_work import Found, Reader, Wanted
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.agreeing import labelled, mark, rate, scheme_in, trace, trial_start_s
from tests.helpers.front import bring_to_front
from tests.helpers.recordings import START_S

SAM = {
    "ann": {(0, 0): 2, (0, 1): 3, (0, 2): 3, (1, 0): 7, (1, 1): 8, (1, 2): 3},
    "bo": {(0, 0): 2, (0, 1): 5, (0, 2): 5, (1, 0): 7, (1, 1): 7, (1, 2): 5},
    "cem": {(0, 0): 3, (0, 1): 4, (0, 2): 5, (1, 0): 8, (1, 1): 8, (1, 2): 4},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with answers, segments and traces of three annotators."""
    study = labelled(tmp_path_factory.mktemp("agreement") / "faces")
    sam, actions, valence = (
        scheme_in(study, name) for name in ("sam", "facial-actions", "continuous-valence")
    )
    for place, (annotator, answers) in enumerate(SAM.items()):
        rate(study, sam, annotator, {key: {"valence": value} for key, value in answers.items()})
        mark(study, actions, annotator, 0, [(2 + 0.8 * place, 5.1, "au1")])
        trace(study, valence, annotator, 0, 17.0, lag_s=float(place), level=0.02 * place)
    rate(study, scheme_in(study, "basic-emotions"), "ann", {(0, 0): {"emotion": "fear"}})
    return study.folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Study:
    """The study, fresh."""
    shutil.copytree(made, tmp_path / "faces")
    return Study.open(tmp_path / "faces")


@pytest.fixture
def page(window: MainWindow, study: Study, qtbot: QtBot) -> AgreementPage:
    """The page on that study, opened by its key."""
    window.open_study(study.folder)
    return opened(window, qtbot)


def opened(window: MainWindow, qtbot: QtBot) -> AgreementPage:
    """Press Ctrl+8 and wait for the numbers."""
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    page = window.of_agreement.page
    qtbot.waitUntil(lambda: window.pages.currentWidget() is page)
    settled(page, qtbot)
    return page


def settled(page: AgreementPage, qtbot: QtBot) -> None:
    """Wait until nothing is computed."""
    qtbot.waitUntil(lambda: not page.is_busy, timeout=20000)


def choose(page: AgreementPage, box: QComboBox, text: str, qtbot: QtBot) -> None:
    """Choose an entry as a person does: from the list that opens."""
    QTest.mouseClick(box, Qt.MouseButton.LeftButton)
    view = box.view()
    qtbot.waitUntil(view.isVisible)
    view.setCurrentIndex(box.model().index(box.findText(text), 0))
    QTest.keyClick(view, Qt.Key.Key_Return)
    settled(page, qtbot)


def cells(table: QTableWidget) -> dict[str, list[str]]:
    """Return the rows of a table by their first cell."""
    found = {}
    for row in range(table.rowCount()):
        texts = [item.text() if (item := table.item(row, c)) else "" for c in range(table.columnCount())]
        found[texts[0]] = texts[1:]
    return found


def test_without_a_study_the_page_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    page = opened(window, qtbot)
    assert page.empty.text() == "Open a study first."
    assert not page.fuse.isEnabled() and not page.save_rows.isEnabled()


def test_without_labels_the_page_says_so(window: MainWindow, qtbot: QtBot, people: Study) -> None:
    window.open_study(people.folder)
    page = opened(window, qtbot)
    assert page.empty.text().startswith("Nothing has been labelled in this study yet.")


@pytest.mark.slow
def test_one_annotator_is_not_enough(page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "basic-emotions@1", qtbot)
    assert page.empty.text() == "Only ann has labelled this. Agreement needs a second annotator."
    assert page.stack.currentWidget() is page.empty


def test_the_table_holds_the_numbers_with_formula_and_source(
    page: AgreementPage, study: Study, qtbot: QtBot
) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    scheme = scheme_of(study, "sam@1")
    report = assess(gather(read_labels(study, scheme), variables(scheme)[0]).table)
    shown = cells(page.tables.coefficients)
    assert len(shown) == len(report.lines)
    for line in report.lines:
        assert line.outcome.value is not None and line.interval.low is not None
        value, interval, counted, missing, how = shown[line.formula.title]
        assert value == f"{line.outcome.value:.3f}"
        assert interval == f"{line.interval.low:.3f} to {line.interval.high:.3f}"
        assert (counted, missing) == ("6 trials", "0%")
        assert how.startswith(f"{line.interval.method}, 2000 draws of 6 trials")
    assert "squared number of ratings" in page.tables.formula.text()
    page.tables.coefficients.setFocus()
    QTest.keyClick(page.tables.coefficients, Qt.Key.Key_Down)
    QTest.keyClick(page.tables.coefficients, Qt.Key.Key_Down)
    assert "Source: McGraw & Wong (1996)" in page.tables.formula.text()
    assert set(cells(page.tables.pairs)) == {"ann, bo", "ann, cem", "bo, cem"}


@pytest.mark.slow
def test_intervals_over_too_few_participants_say_why(page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    choose(page, page.over, "Intervals over participants", qtbot)
    (_, interval, *_, how) = cells(page.tables.coefficients)["Krippendorff's alpha, ordinal"]
    assert (interval, how) == ("", "needs at least 5 participants, there are 2")


def test_a_cell_of_the_matrix_steps_through_its_moments(page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    jumps: list[tuple[str, float]] = []
    page.jump_asked.disconnect()
    page.jump_asked.connect(lambda path, time_s: jumps.append((path.stem[:7], time_s)))
    assert page.matrix.matrix is not None
    names = page.matrix.matrix.names
    cell = names.index("3"), names.index("5")
    assert page.matrix.matrix.counts[cell] == 3
    for _ in range(4):
        QTest.mouseClick(page.matrix, Qt.MouseButton.LeftButton, pos=page.matrix.cell_centre(*cell).toPoint())
    assert [who for who, _ in jumps] == ["sub-P01", "sub-P01", "sub-P02", "sub-P01"]
    assert jumps[0][1] < jumps[1][1] and jumps[3] == jumps[0]
    assert page.moment_words.whole.startswith("Moment 1 of 3: sub-P01")
    QTest.mouseClick(page.previous, Qt.MouseButton.LeftButton)
    assert jumps[-1] == jumps[2]
    assert page.recording.currentText().startswith("sub-P02")


@pytest.mark.slow
def test_the_matrix_can_be_walked_by_keys(page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    page.jump_asked.disconnect()
    page.matrix.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Left):
        QTest.keyClick(page.matrix, key)
    assert page.matrix.cell == (0, 0)
    with qtbot.waitSignal(page.jump_asked):
        QTest.keyClick(page.matrix, Qt.Key.Key_Return)


def test_a_place_of_the_strip_is_jumped_to(page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "facial-actions@1", qtbot)
    page.jump_asked.disconnect()
    strip = page.strip.strip
    assert strip is not None
    at_s = START_S + 2.6
    place = QPoint(round(page.strip.x_of(at_s)), page.strip.height() // 2)
    with qtbot.waitSignal(page.jump_asked) as jumped:
        QTest.mouseClick(page.strip, Qt.MouseButton.LeftButton, pos=place)
    assert jumped.args is not None
    path, time_s = jumped.args
    assert path == page.recording.currentData()
    assert time_s == pytest.approx(START_S + 2.5)
    assert strip.values[5] == pytest.approx(2 / 3), "one of three had begun: two of three pairs differ"
    page.strip.setFocus()
    before_s = page.strip.at_s
    QTest.keyClick(page.strip, Qt.Key.Key_Right)
    assert page.strip.at_s is not None and before_s is not None and page.strip.at_s > before_s


@pytest.mark.slow
def test_the_review_opens_at_the_moment(window: MainWindow, page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    assert page.matrix.matrix is not None
    names = page.matrix.matrix.names
    cell = names.index("3"), names.index("5")
    QTest.mouseClick(page.matrix, Qt.MouseButton.LeftButton, pos=page.matrix.cell_centre(*cell).toPoint())
    review = window.of_review.page
    assert window.pages.currentWidget() is review
    qtbot.waitUntil(lambda: review.recording is not None, timeout=20000)
    first_s = page.moments[0].start_s
    qtbot.waitUntil(lambda: abs(review.desk.axis.cursor_s - first_s) < 0.01)
    assert first_s == pytest.approx(START_S + trial_start_s(1), abs=1.0)
    QTest.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: abs(review.desk.axis.cursor_s - page.moments[1].start_s) < 0.01)


def test_letters_hide_the_codes_everywhere(page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    QTest.mouseClick(page.blind, Qt.MouseButton.LeftButton, pos=QPoint(8, page.blind.height() // 2))
    settled(page, qtbot)
    assert page.tables.pairs.rowCount() == 3
    assert set(cells(page.tables.pairs)) == {"A, B", "A, C", "B, C"}
    told = " ".join(texts_of(page))
    assert not {"ann", "bo", "cem"} & set(told.replace(",", " ").replace(":", " ").split())
    assert not page.fuse.isEnabled(), "the dialog would name them"


def texts_of(page: QWidget) -> list[str]:
    """Return every text in the page."""
    found = []
    for widget in page.findChildren(QWidget):
        found += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
        if isinstance(widget, QLabel):
            found.append(widget.text())
        if isinstance(widget, QComboBox):
            found += [widget.itemText(place) for place in range(widget.count())]
        if isinstance(widget, QTableWidget):
            found += [text for row in cells(widget).items() for text in (row[0], *row[1])]
    return found


@pytest.mark.slow
def test_traces_lie_over_each_other_with_their_lags(page: AgreementPage, qtbot: QtBot) -> None:
    choose(page, page.scheme, "continuous-valence@1", qtbot)
    assert (page.traces.isVisible(), page.matrix_card.isVisible()) == (True, False)
    lags = cells(page.tables.lags)
    assert [lags[who][0] for who in ("ann", "cem")] == ["0 s", "1.5 s"]
    assert page.traces.grab().toImage().pixelColor(2, 2).isValid()
    choose(page, page.scheme, "sam@1", qtbot)
    assert (page.traces.isVisible(), page.matrix_card.isVisible()) == (False, True)


def test_what_is_being_computed_can_be_cancelled(
    window: MainWindow, study: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow(self: Reader, study: Study, wanted: Wanted, cancelled: Callable[[], bool]) -> Found:
        begun.set()
        while not cancelled():
            ended.wait(0.005)
        ended.set()
        raise CancelledError("cancelled")

    window.open_study(study.folder)
    monkeypatch.setattr(Reader, "find", slow)
    window.trigger("agreement_page")
    page = window.of_agreement.page
    qtbot.waitUntil(begun.is_set)
    assert (page.is_busy, page.cancel.isVisible()) == (True, True)
    QTest.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(ended.is_set)
    assert not page.is_busy
    assert page.empty.text().startswith("Cancelled.")


@pytest.mark.slow
def test_labels_are_fused_in_the_dialog(
    window: MainWindow, page: AgreementPage, study: Study, qtbot: QtBot
) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    QTest.mouseClick(page.fuse, Qt.MouseButton.LeftButton)
    dialog = page.findChild(FuseDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    dialog.method.setFocus()
    QTest.keyClick(dialog.method, Qt.Key.Key_Down)
    assert dialog.method.currentData() == "median"
    with qtbot.waitSignal(dialog.fused, timeout=20000) as told:
        QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert told.args is not None
    assert told.args[0] == "6 fused labels in 2 logs of fused-median."
    logs = sorted(study.folder.glob("annotations/*/fused-median/sam@1.sqlite"))
    assert len(logs) == 2
    assert {m.trial: m.value["valence"] for m in read_log(logs[0]).marks} == {0: 2, 1: 4, 2: 5}
    # Opened again, the page counts them among what is left out.
    page.show_study(study)
    settled(page, qtbot)
    assert "fused from others" in page.left_out.whole


@pytest.mark.slow
def test_picture_and_table_are_saved(page: AgreementPage, qtbot: QtBot, tmp_path: Path) -> None:
    choose(page, page.scheme, "sam@1", qtbot)
    page.write_picture(tmp_path / "sam.svg")
    drawn = (tmp_path / "sam.svg").read_text(encoding="utf-8")
    assert "How pleasant" in drawn and "cem" not in drawn, "the pair that is shown, and no other"
    page.write_table(tmp_path / "sam.csv")
    with (tmp_path / "sam.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {row["coefficient"]: row for row in rows if row["annotators"] == "all"}
    shown = cells(page.tables.coefficients)["ICC(A,1)"]
    assert f"{float(found['icc_single']['value']):.3f}" == shown[0]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_numbers_in_the_matrix_can_be_read_on_their_ground(colours: str) -> None:
    palette = theme.LIGHT if colours == "light" else theme.DARK
    for tone in (palette.accent, palette.heart):
        for share in (0.1, 0.5, 0.9, 1.0):
            ground = mixed(palette.base, tone, HEAT * share).name()
            assert theme.contrast(palette.text, ground) >= 4.5, (tone, share)


@pytest.mark.slow
def test_a_reason_stands_behind_the_number_that_is_missing(
    window: MainWindow, study: Study, qtbot: QtBot
) -> None:
    sam = scheme_of(study, "sam@1")
    for annotator in SAM:
        rate(study, sam, annotator, {key: {"arousal": 5} for key in SAM["ann"]})
    window.open_study(study.folder)
    page = opened(window, qtbot)
    choose(page, page.scheme, "sam@1", qtbot)
    choose(page, page.variable, "Feeling: How excited is the person?", qtbot)
    (value, interval, *_, why) = cells(page.tables.coefficients)["Krippendorff's alpha, ordinal"]
    assert (value, interval, why) == ("undefined", "", "all raters used 5")
    assert page.tables.formula.text().startswith("Undefined: all raters used 5. Krippendorff's alpha")
    assert cells(page.tables.pairs)["ann, bo"][0] == "undefined"
    head = page.tables.pairs.item(0, 1)
    assert head is not None and head.toolTip() == "undefined: all raters used 5"
