"""Boxes to choose from: narrow ones, with everything that is in them told."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from app.console.choices import combo, fill_combo

LONG = "attention-lstm on physiology, leave one participant out, ranks and smoothing, second round"


def test_the_tip_of_a_narrow_box_tells_the_whole_choice(qtbot: QtBot) -> None:
    box = combo("Run")
    qtbot.addWidget(box)
    fill_combo(box, [("short", 1), (LONG, 2)], 2)
    box.setFixedWidth(120)
    box.show()
    place = QPoint(5, 5)
    QApplication.sendEvent(box, QHelpEvent(QEvent.Type.ToolTip, place, box.mapToGlobal(place)))
    assert QToolTip.text() == f"Run: {LONG}"
    QToolTip.hideText()


def test_an_empty_box_tells_its_name(qtbot: QtBot) -> None:
    box = combo("Run")
    qtbot.addWidget(box)
    box.show()
    place = QPoint(5, 5)
    QApplication.sendEvent(box, QHelpEvent(QEvent.Type.ToolTip, place, box.mapToGlobal(place)))
    assert QToolTip.text() == "Run"
    QToolTip.hideText()


def test_what_was_chosen_stays_chosen(qtbot: QtBot) -> None:
    box = combo("Run")
    qtbot.addWidget(box)
    fill_combo(box, [("one", 1), ("two", 2)], 2)
    fill_combo(box, [("zero", 0), ("two", 2)], box.currentData())
    assert box.currentText() == "two"
    fill_combo(box, [("zero", 0)], box.currentData())
    assert box.currentText() == "zero"
