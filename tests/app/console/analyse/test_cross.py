"""The step Cross-corpus: two sides, their classes, valence, what is started, and what comes of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableWidgetItem
from pytestqt.qtbot import QtBot

from app import settings
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
from tests.helpers.speaking import PICTURE, SMALL, in_this_process, speaking_study, without_answers


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


def test_names_can_be_taken_back_when_too_few_classes_are_left(
    window: MainWindow, spoken: Study, qtbot: QtBot
) -> None:
    page, shown = opened(window, spoken, qtbot)
    assert not shown.reset_button.isVisible()
    for name in ("anger", "happiness", "sadness"):
        row = next(each for each in range(shown.classes.rowCount()) if cell(shown, each, 0).text() == name)
        cell(shown, row, 0).setText("feeling")
        settled(shown, qtbot)
    assert rows(shown.classes) == [["feeling", "12", "12", "low"]]
    assert shown.problem.text().startswith("The domains have 1 class in common, and two are needed.")
    assert "Edit the names below" in shown.problem.text()
    assert not shown.start_button.isEnabled()
    click(shown.reset_button)
    settled(shown, qtbot)
    assert [row[0] for row in rows(shown.classes)] == ["anger", "happiness", "sadness"]
    assert not shown.problem.isVisible()
    assert shown.start_button.isEnabled()
    assert not shown.reset_button.isVisible()
    page.closing()


def test_a_class_that_was_left_out_can_be_named_again(
    window: MainWindow, spoken: Study, qtbot: QtBot
) -> None:
    page, shown = opened(window, spoken, qtbot)
    cell(shown, 2, 0).setText("")
    settled(shown, qtbot)
    assert "2 classes in common" in shown.class_words.text()
    told = shown.arguments()
    assert told[told.index("--map") + 1] == "sadness="
    cell(shown, 2, 0).setText("grief")
    settled(shown, qtbot)
    told = shown.arguments()
    assert [told[place + 1] for place, word in enumerate(told) if word == "--map"] == ["sadness=grief"]
    assert "3 classes in common" in shown.class_words.text()
    page.closing()


def test_epochs_are_asked_for_only_of_what_has_some(window: MainWindow, spoken: Study, qtbot: QtBot) -> None:
    page, shown = opened(window, spoken, qtbot)
    assert "epochs=40" in shown.arguments()
    for name, tick in shown.methods.items():
        tick.setChecked(name == "svm")
    assert "--set" not in shown.arguments()
    assert shown.start_button.isEnabled()
    page.closing()


def test_another_study_can_be_labelled_also_without_answers(
    window: MainWindow, spoken: Study, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, shown = opened(window, spoken, qtbot)
    assert not shown.label_button.isVisible()
    other = speaking_study(tmp_path / "others", ("13",), "WF", "others")
    without_answers(other, monkeypatch)
    shown.choose_study(other.folder)
    settled(shown, qtbot)
    assert rows(shown.classes)[0] == ["anger", "0", "8", "low"]
    assert "can be labelled all the same" in shown.problem.text()
    assert not shown.start_button.isEnabled()
    assert shown.label_button.isEnabled()
    started: list[list[str]] = []
    monkeypatch.setattr(shown.starter, "start", lambda arguments: started.append(list(arguments)))
    shown.label(tmp_path / "labels.csv")
    told = started[0]
    assert told[:3] == ["transfer", str(spoken.folder), str(other.folder)]
    assert told[told.index("--methods") + 1] == "pdan"
    assert told[told.index("--high") + 1] == "happiness"
    assert told[-3:] == ["--predict", "--out", str(tmp_path / "labels.csv")]
    page.closing()


def test_stop_ends_what_has_no_run_yet(
    window: MainWindow, spoken: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, shown = opened(window, spoken, qtbot)
    waits = ["-c", "import time; print('ready', flush=True); time.sleep(60)"]
    monkeypatch.setattr("app.console.launcher.command_line", lambda arguments: [sys.executable, *waits])
    click(shown.start_button)
    assert shown.starter.running == 1
    logs = settings.home() / "logs"
    qtbot.waitUntil(lambda: any("ready" in each.read_text() for each in logs.glob("run-*.log")))
    said: list[str] = []
    shown.said.connect(lambda text, kind: said.append(text))
    click(shown.stop_button)
    qtbot.waitUntil(lambda: not shown.starter.running)
    assert said == ["Stopped. What was finished before stays."]
    assert not shown.trouble.isVisible()
    settled(shown, qtbot)
    assert shown.start_button.isEnabled()
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
