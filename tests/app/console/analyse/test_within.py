"""The step Within participants: choosing, testing, leaving out levels, and what is saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.statistics.trimming import Trimming
from app.analysing.within_trials import Cut, Measure
from app.console.analyse.page import AnalysePage
from app.console.analyse.within_page import WithinPage
from app.console.analyse.within_work import Choice
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
    saved = tmp_path / "saved"
    saved.mkdir()
    within.write_to(str(saved))
    (folder,) = saved.iterdir()
    assert folder.name.endswith("eda-tonic-mean-us-category")
    names = {path.name for path in folder.iterdir()}
    assert {"within-participants.svg", "analysis.csv", "pairs.csv", "cells.csv", "report.txt"} <= names


def test_what_was_saved_before_stays(within: WithinPage, qtbot: QtBot, tmp_path: Path) -> None:
    kept, saved = [], tmp_path / "saved"
    saved.mkdir()
    for measure in ("eda: tonic_mean_us", "eda: tonic_slope_us_per_min", "eda: tonic_slope_us_per_min"):
        choose(within.measure, measure, qtbot)
        choose(within.first, "category", qtbot)
        click(within.test_button)
        settled(within, qtbot)
        within.write_to(str(saved))
        assert within.done is not None
        kept.append(within.done.tables["Analysis"].csv())
    folders = sorted(saved.iterdir(), key=lambda path: path.name)
    assert [folder.name.split("eda-")[1] for folder in folders] == [
        "tonic-mean-us-category", "tonic-slope-us-per-min-category", "tonic-slope-us-per-min-category-2",
    ]  # fmt: skip
    assert [(folder / "analysis.csv").read_text(encoding="utf-8") for folder in folders] == kept
    assert kept[0] != kept[1] == kept[2]


@pytest.mark.parametrize(
    ("blocks", "of", "factors", "name"),
    [
        ((), "Wut/Ärger", ("category",), "all-blocks-accuracy-of-Wut-Ärger-category"),
        (("static",), "怒り: ?", ("a", "b\\c"), "static-accuracy-of-怒り-a-b-c"),
        (("..",), "..", (".",), "accuracy-of"),
    ],
)
def test_a_folder_is_named_after_its_test_in_signs_that_every_system_takes(
    blocks: tuple[str, ...], of: str, factors: tuple[str, ...], name: str
) -> None:
    assert Choice(Measure("accuracy", of), factors, {}, Trimming(), Cut(blocks)).name == name


def test_a_folder_that_cannot_be_written_is_said(within: WithinPage, qtbot: QtBot, tmp_path: Path) -> None:
    choose(within.measure, "eda: tonic_mean_us", qtbot)
    choose(within.first, "category", qtbot)
    click(within.test_button)
    settled(within, qtbot)
    within.write_to(str(tmp_path / "gone"))
    assert within.trouble.isVisible() and "Choose another folder" in within.trouble.text


def test_early_answers_have_no_time_but_count_in_the_accuracy(within: WithinPage, qtbot: QtBot) -> None:
    box = within.measure
    kinds: dict[str, str] = {}
    for place in range(box.count()):
        told = box.itemData(place)
        kinds.setdefault(told.kind, told.title)
    for kind in ("accuracy", "time"):
        if kind in kinds:
            choose(box, kinds[kind], qtbot)
            assert within.early.isChecked() == (kind == "time")
    choose(box, kinds["rating"], qtbot)
    assert not within.early.isEnabled()


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
