"""A small study of four people that every test gets a copy of, and the page Analyse on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.console.analyse.page import AnalysePage
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.front import bring_to_front
from tests.helpers.labelled import BVP, EDA, EEG, make_study


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people with four trials each: EEG, BVP and EDA."""
    return make_study(tmp_path_factory.mktemp("analyse") / "faces", 4, 4, streams=(EEG, BVP, EDA)).folder


@pytest.fixture
def faces(recorded: Path, tmp_path: Path) -> Study:
    """A copy of the study."""
    shutil.copytree(recorded, tmp_path / "faces")
    return Study.open(tmp_path / "faces")


@pytest.fixture
def page(window: MainWindow, faces: Study, qtbot: QtBot) -> Iterator[AnalysePage]:
    """The page on that study, opened by its key; the step Data is in front."""
    window.open_study(faces.folder)
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    made = window.of_analysis.page
    qtbot.waitUntil(lambda: window.pages.currentWidget() is made)
    yield made
    made.closing()
