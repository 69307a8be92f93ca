"""The step Passages: a recording's picture, labels by one key, the labels as a file and as a target."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.exchange.import_csi import read_events
from app.analysing.corpora import study_corpus
from app.analysing.literature.csi_study import made_up
from app.analysing.literature.open_data import enter
from app.analysing.targets import make_target, recipe_named
from app.console.analyse.page import AnalysePage
from app.console.analyse.passages_page import NOTHING, PassagesPage
from app.study import Study
from tests.helpers.analyse_page import rows, settled, step


@pytest.fixture
def roads(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "roads", "Roads", "people", protocol="")
    for member in made_up(1, 1, 5):
        enter(study, member, "csi")
    return study


@pytest.fixture
def shown(roads: Study, qtbot: QtBot) -> PassagesPage:
    page = PassagesPage()
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.show_study(roads)
    settled(page, qtbot)
    qtbot.waitUntil(lambda: page.found is not None and not page.waiting.is_busy)
    return page


def test_a_study_without_such_recordings_says_how_to_get_them(page: AnalysePage, qtbot: QtBot) -> None:
    found = step(page, "passages", qtbot)
    assert isinstance(found, PassagesPage)
    assert found.empty.text() == NOTHING and found.stack.currentIndex() == 0


def test_a_key_labels_the_passage_and_goes_on_to_the_next(
    shown: PassagesPage, roads: Study, qtbot: QtBot, tmp_path: Path
) -> None:
    assert len(rows(shown.table)) == 4
    names = shown.class_names
    before = [row[3] for row in rows(shown.table)]
    shown.table.setFocus()
    other = next(place for place, name in enumerate(names) if name != before[0])
    for key in (other, 1):
        QTest.keyClick(shown.table, Qt.Key(int(Qt.Key.Key_1) + key))
        settled(shown, qtbot)
    assert [row[3] for row in rows(shown.table)] == [names[other], names[1], *before[2:]]
    assert shown.table.currentRow() == 2 and not shown.trouble.isVisible()
    shown.write_to(str(tmp_path / "events.csv"))
    settled(shown, qtbot)
    assert [each.label for each in read_events(tmp_path / "events.csv")] == [
        row[3] for row in rows(shown.table)
    ]
    asked: list[list[str]] = []
    shown.start_asked.connect(asked.append)
    shown.train.click()
    assert asked[0][:7] == [
        "evaluate", "--study", str(roads.folder), "--recognizer", "lw-wadl", "--target",
        "passages-1.passage.class.rater-1",
    ]  # fmt: skip
    # It learns from what is shown, the labels that were imported too.
    corpus = study_corpus(roads)
    target = make_target(roads, corpus, recipe_named(roads, corpus, asked[0][6]))
    labels = [target.classes[int(target.values[trial.key])] for trial in corpus.trials]
    assert labels == [row[3] for row in rows(shown.table)]


def test_classes_are_those_of_the_study_after_a_restart_and_each_has_one_key(
    shown: PassagesPage, roads: Study, qtbot: QtBot
) -> None:
    shown.classes.setText("Fußgänger, Auto, Auto, Bus")
    shown.table.setFocus()
    QTest.keyClick(shown.table, Qt.Key.Key_3)
    settled(shown, qtbot)
    assert rows(shown.table)[0][3] == "Bus" and not shown.trouble.isVisible()
    QTest.keyClick(shown.table, Qt.Key.Key_4)
    settled(shown, qtbot)
    assert rows(shown.table)[1][3] != "Bus"
    again = PassagesPage()
    qtbot.addWidget(again)
    again.show_study(roads)
    qtbot.waitUntil(lambda: again.found is not None and not again.waiting.is_busy)
    assert again.class_names == ("Fußgänger", "Auto", "Bus")
    # What was imported has other names, and none of them is silently left out of the training.
    again.train.click()
    assert "none of the classes: bicycle" in again.trouble.text


def test_subcarriers_are_chosen_and_a_click_in_the_picture_chooses_a_passage(
    shown: PassagesPage, qtbot: QtBot
) -> None:
    assert shown.found is not None and int((shown.found.curve.weights > 0).sum()) == 4
    QTest.keyClick(shown.m, Qt.Key.Key_Right)
    settled(shown, qtbot)
    assert int((shown.found.curve.weights > 0).sum()) == 5
    passage = shown.found.passages[2].trial
    lane, (low, high) = shown.view.lanes()[0], shown.view.span_s
    at_s = (passage.shown[0] + passage.shown[1]) / 2 - shown.found.start_s
    x = lane.left() + lane.width() * (at_s - low) / (high - low)
    place = QPoint(round(x), round(lane.center().y()))
    QTest.mouseClick(shown.view, Qt.MouseButton.LeftButton, pos=place)
    assert shown.chosen == 2 and shown.view.chosen == 2
    QTest.mouseClick(shown.near, Qt.MouseButton.LeftButton)
    assert shown.view.span_s[1] - shown.view.span_s[0] < high - low


def test_classes_that_cannot_be_are_said(shown: PassagesPage) -> None:
    shown.classes.setText("car")
    shown.table.setFocus()
    QTest.keyClick(shown.table, Qt.Key.Key_1)
    assert shown.trouble.isVisible() and "two to 9" in shown.trouble.text
