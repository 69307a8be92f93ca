"""The page Analyse: its steps, by key, by click, from the palette; nothing without a study."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QTableWidget
from pytestqt.qtbot import QtBot

from app.console.analyse.page import PAGES, AnalysePage
from app.console.window import MainWindow
from tests.helpers.analyse_page import data, settled, step


def test_without_a_study_it_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    window.trigger("analyse_page")
    page = window.of_analysis.page
    assert page.stack.currentWidget() is page.empty
    assert page.empty.text() == "Open a study first."
    assert page.made == {}


def test_steps_are_made_when_they_are_first_shown(page: AnalysePage, qtbot: QtBot) -> None:
    assert set(page.made) == {"data"}
    page.steps.setFocus()
    QTest.keyClick(page.steps, Qt.Key.Key_Down)
    assert page.current == PAGES[1].name
    assert set(page.made) == {"data", PAGES[1].name}
    settled(page.step(PAGES[1].name), qtbot)


def test_the_heading_of_a_group_is_read_but_passed_over_by_the_arrows(page: AnalysePage) -> None:
    rows = [page.steps.item(row) for row in range(page.steps.count())]
    place = next(row for row, item in enumerate(rows) if item.text() == "Papers and tools")
    assert rows[place].data(Qt.ItemDataRole.AccessibleTextRole) == "Papers and tools: heading"
    first = next(at for at, each in enumerate(PAGES) if each.group)
    page.steps.blockSignals(True)
    page.steps.setFocus()
    page.steps.setCurrentRow(place - 1)
    assert page.current == PAGES[first - 1].name
    QTest.keyClick(page.steps, Qt.Key.Key_Down)
    assert page.current == PAGES[first].name
    QTest.keyClick(page.steps, Qt.Key.Key_Up)
    assert page.current == PAGES[first - 1].name
    page.steps.setCurrentRow(place)
    QTest.mouseClick(
        page.steps.viewport(), Qt.MouseButton.LeftButton, pos=page.steps.visualItemRect(rows[place]).center()
    )
    assert not rows[place].isSelected()


def test_a_step_is_reached_from_the_palette(window: MainWindow, page: AnalysePage, qtbot: QtBot) -> None:
    window.trigger("study_page")
    window.trigger("analyse_runs")
    assert window.pages.currentWidget() is page
    assert page.current == "runs"


def test_f1_on_any_step_opens_its_help(window: MainWindow, page: AnalysePage, qtbot: QtBot) -> None:
    data(page, qtbot)
    window.trigger("help")
    assert window.help.page == "analyse"
    assert "Freeze as plan" in window.help.browser.toPlainText()


@pytest.mark.slow
def test_another_study_is_shown_anew(
    window: MainWindow, page: AnalysePage, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = data(page, qtbot)
    assert shown.summary.whole.startswith("4 participants")
    from app.study import Study

    other = Study.create(tmp_path / "empty", "Empty", "people", protocol="demo")
    window.open_study(other.folder)
    window.trigger("analyse_page")
    settled(shown, qtbot)
    assert shown.empty.text().startswith("This study has no finished recording yet.")
    assert not shown.save_rows.isEnabled()


def test_the_sheet_of_keys_has_those_of_the_step(page: AnalysePage, qtbot: QtBot) -> None:
    step(page, "runs", qtbot)
    assert ("Left, Right on the bars", "Another fold") in page.key_lines()


OPERATED = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QTableWidget)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data", "features", "experiment", "runs"])
def test_every_control_has_a_name(page: AnalysePage, qtbot: QtBot, name: str) -> None:
    shown = step(page, name, qtbot)
    nameless = [
        type(widget).__name__
        for kind in OPERATED
        for widget in shown.findChildren(kind)
        if not widget.objectName().startswith("qt_")
        and not isinstance(widget.parent(), (QTableWidget, QComboBox))
        and not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name).strip()
    ]
    assert nameless == []
