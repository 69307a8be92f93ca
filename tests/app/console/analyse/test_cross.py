"""The step Cross-corpus: two sides, their classes, valence, what is started, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableWidgetItem
from pytestqt.qtbot import QtBot

from app.analysing.cross_corpus import METHODS, Matrix
from app.analysing.literature.pdan import with_speakers
from app.analysing.transfer import sides_within, transfer
from app.console.analyse.cross_page import ANOTHER, CrossPage
from app.console.analyse.cross_results import NONE_YET
from app.console.analyse.page import AnalysePage
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.analyse_page import choose, click, rows, settled, step
from tests.helpers.front import bring_to_front
from tests.helpers.speaking import PICTURE, SMALL, in_this_process, speaking_study


@pytest.fixture
def spoken(tmp_path: Path) -> Study:
    return with_speakers(speaking_study(tmp_path / "voices", ("03", "08"), "WFT"))


def opened(window: MainWindow, study: Study, qtbot: QtBot) -> tuple[AnalysePage, CrossPage]:
    window.open_study(study.folder)
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    page = window.of_analysis.page
    qtbot.waitUntil(lambda: window.pages.currentWidget() is page)
    shown = step(page, "cross-corpus", qtbot)
    assert isinstance(shown, CrossPage)
    settled(shown, qtbot)
    return page, shown


def cell(shown: CrossPage, row: int, column: int) -> QTableWidgetItem:
    found = shown.classes.item(row, column)
    assert found is not None
    return found


def test_sides_classes_and_valence_are_chosen_and_the_command_says_so(
    window: MainWindow, spoken: Study, tmp_path: Path, qtbot: QtBot
) -> None:
    page, shown = opened(window, spoken, qtbot)
    assert [shown.domain.itemData(each) for each in range(shown.domain.count())] == ["sex", "half", ANOTHER]
    assert rows(shown.classes) == [
        ["anger", "4", "4", "low"],
        ["happiness", "4", "4", "high"],
        ["sadness", "4", "4", "low"],
    ]
    assert "3 classes in common, chance 33%" in shown.class_words.text()
    assert shown.results.blind.words.text() == NONE_YET
    cell(shown, 2, 3).setCheckState(Qt.CheckState.Checked)
    assert cell(shown, 2, 3).text() == "high"
    # Sadness counts as anger from now on.
    cell(shown, 2, 0).setText("anger")
    settled(shown, qtbot)
    assert rows(shown.classes)[0] == ["anger", "8", "8", "low"]
    told = shown.arguments()
    assert told[:4] == ["transfer", str(spoken.folder), "--domain", "sex"]
    assert told[told.index("--map") + 1] == "sadness=anger"
    assert told[told.index("--high") + 1] == "happiness"
    assert told[told.index("--methods") + 1] == "svm,pdan-source,pdan"
    assert "--oracle" not in told
    assert not shown.sets.isVisible()
    click(shown.oracle)
    assert shown.sets.isVisible()
    assert "--oracle" in shown.arguments()
    for tick in shown.methods.values():
        tick.setChecked(False)
    assert not shown.start_button.isEnabled()
    # Another study is the other side.
    other = speaking_study(tmp_path / "others", ("13",), "WF", "others")
    shown.choose_study(other.folder)
    settled(shown, qtbot)
    heads = [shown.classes.horizontalHeaderItem(each) for each in (1, 2)]
    assert [head.text() for head in heads if head is not None] == ["others", "voices"]
    assert str(other.folder) in shown.arguments()
    choose(shown.domain, shown.domain.itemText(shown.domain.findData("half")), qtbot)
    settled(shown, qtbot)
    assert shown.other is None
    assert "half" in shown.arguments()
    page.closing()


@pytest.mark.slow
def test_results_curves_and_plane_of_what_was_trained(
    window: MainWindow, spoken: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_process(monkeypatch)
    chosen = tuple(each for each in METHODS if each.name in ("pdan-source", "pdan"))
    matrix = Matrix("sex", chosen, sets=2, common={**SMALL, "epochs": 1}, picture=PICTURE, permutations=0)
    transfer(sides_within(spoken, "category", "sex"), matrix)
    page, shown = opened(window, spoken, qtbot)
    table = shown.results.blind.table
    assert [row[0] for row in rows(table)] == ["CNN, no adaptation", "PDAN"]
    assert not shown.results.bound.isVisible()
    titles = [shown.trained.itemText(each) for each in range(shown.trained.count())]
    assert titles[0].startswith("PDAN, female to male, seed 1")
    assert shown.losses.shown is not None
    assert shown.pseudo.shown is not None
    # After one epoch of so small a network all of the target is taken for one class.
    warned = shown.collapse.text
    seen = shown.seen
    assert seen is not None
    assert bool(warned) == (max(seen.curves.histogram.values()) >= 0.8)
    assert shown.plane.shown is not None
    choose(shown.trained, next(each for each in titles if each.startswith("CNN")), qtbot)
    settled(shown, qtbot)
    assert "no such curve" in shown.pseudo.about.text()
    page.closing()


def test_a_study_that_nothing_divides_says_what_to_do(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    assert faces.folder.is_dir()
    shown = step(page, "cross-corpus", qtbot)
    assert isinstance(shown, CrossPage)
    settled(shown, qtbot)
    assert "Nothing divides the participants" in shown.problem.text()
    assert not shown.start_button.isEnabled()
