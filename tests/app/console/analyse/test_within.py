"""The step Within participants: choosing, testing, leaving out levels, and what is saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.console.analyse.page import AnalysePage
from app.console.analyse.within_page import WithinPage
from app.study import Study
from tests.helpers.analyse_page import choose, click, rows, settled, step


@pytest.fixture
def within(page: AnalysePage, qtbot: QtBot) -> WithinPage:
    shown = step(page, "within", qtbot)
    assert isinstance(shown, WithinPage)
    return shown


def test_a_feature_is_tested_by_category_and_told(within: WithinPage, qtbot: QtBot, tmp_path: Path) -> None:
    assert not within.save.isEnabled()
    choose(within.measure, "eda: tonic_mean_us", qtbot)
    choose(within.first, "category", qtbot)
    click(within.test_button)
    settled(within, qtbot)
    assert within.done is not None and (within.done.participants, within.done.trials) == (4, 16)
    (line,) = rows(within.tables["Analysis"].table)
    assert line[:3] == ["category", "2", "6"]
    assert within.figure.shown is not None
    assert "exploratory" in within.text.toPlainText() and "F(2, 6) = " in within.text.toPlainText()
    assert "Only 4 participants" in within.notes.text()
    within.write_to(str(tmp_path))
    names = {path.name for path in tmp_path.iterdir()}
    assert {"within-participants.svg", "analysis.csv", "pairs.csv", "cells.csv", "report.txt"} <= names


def test_answers_that_are_the_same_for_everybody_cannot_be_tested_and_that_is_said(
    within: WithinPage, qtbot: QtBot
) -> None:
    box = within.measure
    entries = [box.itemText(place) for place in range(box.count())]
    choose(box, next(text for text in entries if text.startswith("rating of")), qtbot)
    choose(within.first, "category", qtbot)
    click(within.test_button)
    settled(within, qtbot)
    assert within.done is None and within.trouble.isVisible()
    assert "the very same differences" in within.trouble.text


def test_a_level_that_is_unticked_does_not_count(within: WithinPage, qtbot: QtBot) -> None:
    choose(within.first, "category", qtbot)
    for row in (0, 1):
        item = within.levels.item(row)
        box = within.levels.visualItemRect(item)
        place = QPoint(box.left() + 10, box.center().y())
        QTest.mouseClick(within.levels.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert item.checkState() == Qt.CheckState.Unchecked
    click(within.test_button)
    assert "tick at least two levels" in within.trouble.text and within.trouble.isVisible()


def test_a_study_without_trials_says_what_is_needed(tmp_path: Path, qtbot: QtBot) -> None:
    shown = WithinPage()
    qtbot.addWidget(shown)
    shown.show()
    shown.show_study(Study.create(tmp_path / "empty", "Empty", "people", protocol=""))
    settled(shown, qtbot)
    assert shown.stack.currentIndex() == 0 and "at least two conditions" in shown.empty.text()
