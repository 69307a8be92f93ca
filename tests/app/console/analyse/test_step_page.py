"""What every step does alike: another study, Cancel before and after there is something, what fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.console.analyse.step_page import WaitingStep
from app.console.analyse.waiting import Told
from app.study import Study
from stimuli.problems import EvokeError


class Echo(WaitingStep):
    """A step that reads the study's name, as soon as it may."""

    def __init__(self) -> None:
        super().__init__("Echo", "Listening", "Nothing yet.")
        self.found: str | None = None
        self.may = threading.Event()
        self.problem = ""
        self.shown = QLabel()
        self._lay_out((), self.shown)

    def _forget(self) -> None:
        self.found = None

    def _read(self) -> None:
        assert self.study is not None
        name = self.study.name
        self._read_by(lambda told: self.listen(told, name), self._on_found, "Listening…")

    def listen(self, told: Told, name: str) -> str:
        """Wait until it may; then tell the name, or a problem."""
        while not self.may.wait(0.01):
            told(0, 0, "wind")
        if self.problem:
            raise EvokeError(self.problem)
        return name

    def _on_found(self, found: str) -> None:
        self.found = found
        self.shown.setText(found)
        self.stack.setCurrentIndex(1)


@pytest.fixture
def echo(qtbot: QtBot) -> Echo:
    """The step, seen."""
    made = Echo()
    qtbot.addWidget(made, before_close_func=lambda _: made.closing())
    made.resize(500, 200)
    made.show()
    qtbot.waitExposed(made)
    return made


def study(folder: Path, name: str) -> Study:
    return Study.create(folder / name, name, "people", protocol="demo")


def heard(echo: Echo, qtbot: QtBot) -> None:
    echo.may.set()
    qtbot.waitUntil(lambda: not echo.waiting.is_busy)


def cancel(echo: Echo) -> None:
    QTest.mouseClick(echo.waiting.button, Qt.MouseButton.LeftButton)


def test_cancel_says_how_to_go_on_and_keeps_what_is_shown(echo: Echo, tmp_path: Path, qtbot: QtBot) -> None:
    one = study(tmp_path, "one")
    echo.show_study(one)
    assert echo.empty.text() == "Listening…"
    cancel(echo)
    assert echo.empty.text() == "Cancelled. Choose Echo again to go on."
    echo.show_study(one)
    heard(echo, qtbot)
    assert echo.stack.currentWidget() is echo.shown
    echo.may.clear()
    echo.show_study(one)
    cancel(echo)
    assert echo.stack.currentWidget() is echo.shown
    assert echo.trouble.isVisible()


def test_nothing_of_another_study_stays(echo: Echo, tmp_path: Path, qtbot: QtBot) -> None:
    echo.show_study(study(tmp_path, "one"))
    heard(echo, qtbot)
    echo.may.clear()
    echo.show_study(study(tmp_path, "two"))
    assert echo.found is None
    assert echo.stack.currentWidget() is echo.empty
    heard(echo, qtbot)
    assert echo.shown.text() == "two"


def test_what_cannot_be_read_is_said_until_it_can(echo: Echo, tmp_path: Path, qtbot: QtBot) -> None:
    one = study(tmp_path, "one")
    echo.problem = "The wind is too loud."
    echo.show_study(one)
    heard(echo, qtbot)
    assert echo.trouble.isVisible()
    assert echo.empty.text() == "The runs cannot be read."
    echo.problem = ""
    echo.show_study(one)
    heard(echo, qtbot)
    assert not echo.trouble.isVisible()
    assert echo.stack.currentWidget() is echo.shown
