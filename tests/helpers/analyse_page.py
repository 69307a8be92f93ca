"""Driving the page Analyse as a person does: choosing steps and entries, waiting until it has computed."""

from __future__ import annotations

from typing import Any, cast

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from app.console.analyse.coverage_page import CoveragePage
from app.console.analyse.experiment_page import ExperimentPage
from app.console.analyse.page import AnalysePage
from app.console.analyse.preview_page import PreviewPage
from app.console.analyse.runs_page import RunsPage

PATIENCE_MS = 30_000


def step(page: AnalysePage, name: str, qtbot: QtBot) -> QWidget:
    """Click a step and wait until it has read what it shows."""
    items = (page.steps.item(row) for row in range(page.steps.count()))
    item = next(each for each in items if each.data(Qt.ItemDataRole.UserRole) == name)
    page.steps.scrollToItem(item)
    place = page.steps.visualItemRect(item).center()
    QTest.mouseClick(page.steps.viewport(), Qt.MouseButton.LeftButton, pos=place)
    shown = page.step(name)
    qtbot.waitUntil(lambda: page.stack.currentWidget() is shown)
    settled(shown, qtbot)
    return shown


def settled(shown: QWidget, qtbot: QtBot) -> None:
    """Wait until a step computes nothing any more."""
    known = cast("Any", shown)

    def is_idle() -> bool:
        return not (known.is_busy if hasattr(shown, "is_busy") else known.waiting.is_busy)

    qtbot.waitUntil(is_idle, timeout=PATIENCE_MS)


def data(page: AnalysePage, qtbot: QtBot) -> CoveragePage:
    """Show Data."""
    shown = step(page, "data", qtbot)
    assert isinstance(shown, CoveragePage)
    return shown


def features(page: AnalysePage, qtbot: QtBot) -> PreviewPage:
    """Show Features."""
    shown = step(page, "features", qtbot)
    assert isinstance(shown, PreviewPage)
    settled(shown, qtbot)
    return shown


def experiment(page: AnalysePage, qtbot: QtBot) -> ExperimentPage:
    """Show Experiment."""
    shown = step(page, "experiment", qtbot)
    assert isinstance(shown, ExperimentPage)
    settled(shown, qtbot)
    return shown


def runs(page: AnalysePage, qtbot: QtBot) -> RunsPage:
    """Show Runs."""
    shown = step(page, "runs", qtbot)
    assert isinstance(shown, RunsPage)
    return shown


def choose(box: QComboBox, text: str, qtbot: QtBot) -> None:
    """Choose an entry from the list that opens."""
    place = box.findText(text)
    assert place >= 0, f"no '{text}' in {[box.itemText(each) for each in range(box.count())]}"
    QTest.mouseClick(box, Qt.MouseButton.LeftButton)
    view = box.view()
    qtbot.waitUntil(view.isVisible)
    view.setCurrentIndex(box.model().index(place, 0))
    QTest.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not view.isVisible())
    assert box.currentText() == text


def click(button: QWidget) -> None:
    """Click a button that can be clicked."""
    assert button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def click_cell(table: QTableWidget, row: int, column: int, twice: bool = False) -> None:
    """Click a cell of a table, or click it twice."""
    item = table.item(row, column)
    assert item is not None
    place: QPoint = table.visualItemRect(item).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    if twice:
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def rows(table: QTableWidget) -> list[list[str]]:
    """Return a table as text."""
    return [
        [item.text() if (item := table.item(row, each)) else "" for each in range(table.columnCount())]
        for row in range(table.rowCount())
    ]
