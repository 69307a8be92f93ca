"""The step Speech tasks, by clicks: what it says without answers, a test on ready vectors, both reports."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.analysing.speech_simulated import speaker_folder
from app.console.analyse.page import AnalysePage
from app.console.analyse.speech_new import NewExtractorDialog
from app.console.analyse.speech_page import SpeechPage
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.analyse_page import click, step
from tests.helpers.front import bring_to_front
from tests.helpers.spoken_study import PEOPLE, spoken_study, write_vectors

PATIENCE_MS = 120_000


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spoken_study(tmp_path_factory.mktemp("spoken") / "study").folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def speech(
    home: Path, spoken: Path, tmp_path: Path, window: MainWindow, qtbot: QtBot
) -> Iterator[SpeechPage]:
    """The step on a study of spoken answers, read."""
    shutil.copytree(spoken, tmp_path / "study")
    window.open_study(tmp_path / "study")
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    page = window.of_analysis.page
    qtbot.waitUntil(lambda: window.pages.currentWidget() is page)
    found = step(page, "speech-tasks", qtbot)
    assert isinstance(found, SpeechPage)
    idle(found, qtbot)
    yield found
    page.closing()


def idle(found: SpeechPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: found.found is not None and not found.waiting.is_busy, timeout=PATIENCE_MS)


@pytest.mark.slow
def test_without_spoken_answers_it_says_what_records_them(
    home: Path, page: AnalysePage, qtbot: QtBot
) -> None:
    found = step(page, "speech-tasks", qtbot)
    assert isinstance(found, SpeechPage)
    idle(found, qtbot)
    assert found.stack.currentWidget() is found.empty
    assert "no spoken answers" in found.empty.text()
    assert not found.test_button.isEnabled() and not found.save.isEnabled()
    assert "no diagnosis" in found.aid.text


@pytest.mark.slow
def test_persons_are_tested_shown_and_reported(speech: SpeechPage, tmp_path: Path, qtbot: QtBot) -> None:
    assert speech.summary.whole == f"{PEOPLE} participants, 9 spoken tasks"
    assert speech.table.rowCount() == 0 and not speech.test_button.isEnabled()
    assert speech.study is not None
    speech.add(str(write_vectors(tmp_path / "mine.csv", Study.open(speech.study.folder), without=8)))
    qtbot.waitUntil(lambda: speech.table.rowCount() == 1, timeout=PATIENCE_MS)
    idle(speech, qtbot)
    assert speech.target.currentText() == "group" and speech.positive.currentText() == "depressed"
    speech.recognizer.setCurrentIndex(1)
    assert not speech.first.isEnabled() and not speech.grid.isEnabled()
    speech.recognizer.setCurrentIndex(0)
    speech.first.setCurrentIndex(1)
    speech.hold_out.setCurrentIndex(1)
    assert speech.hold_out.currentText() == "Each site" and not speech.folds.isEnabled()
    assert speech.wanted is not None
    assert (speech.wanted.first, speech.wanted.plan.hold_out) == ("forest", "site")
    speech.first.setCurrentIndex(0)
    speech.hold_out.setCurrentIndex(0)
    speech.grid.setCurrentIndex(0)
    speech.folds.setValue(3)
    speech.repeats.setValue(2)
    click(speech.test_button)
    qtbot.waitUntil(lambda: speech.done is not None, timeout=PATIENCE_MS)
    idle(speech, qtbot)
    assert speech.bars.shown is not None and speech.confusion.shown is not None
    assert speech.scores.table.rowCount() == 8
    speech.tabs.setCurrentWidget(speech.person)
    table = speech.person.table
    assert table.rowCount() == PEOPLE
    assert "missing task, short answer" in (table.item(0, 4) or pytest.fail("no cell")).text()
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Down)
    person = speech.person.person
    assert person is not None and person.participant == "sim002"
    assert "missing task: task-9" in speech.person.doubts.text()
    speech.write_to(str(tmp_path / "whole"))
    speech.person.write_to(str(tmp_path / "one"))
    for name in ("whole", "one"):
        assert "no diagnosis" in (tmp_path / name / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_extractor_is_trained_from_its_dialog(speech: SpeechPage, tmp_path: Path, qtbot: QtBot) -> None:
    speakers = speaker_folder(tmp_path / "speakers", 3, 4, 2.0, 1)
    click(speech.train_button)
    dialog = speech._dialog
    assert isinstance(dialog, NewExtractorDialog) and not dialog.start.isEnabled()
    dialog.take(str(speakers))
    dialog.language.setText("en")
    click(dialog.start)
    qtbot.waitUntil(lambda: speech.table.rowCount() == 1, timeout=PATIENCE_MS)
    idle(speech, qtbot)
    words = (speech.table.item(0, 1) or pytest.fail("no cell")).text()
    assert words.startswith("I_m  ivector-mfcc-")
    assert speech.test_button.isEnabled()


def test_a_file_that_is_none_is_explained_and_nothing_is_lost(
    speech: SpeechPage, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "none.csv"
    path.write_text("a,b\n", encoding="utf-8")
    speech.add(str(path))
    qtbot.waitUntil(lambda: "the head must be" in speech.trouble.text, timeout=PATIENCE_MS)
    assert speech.stack.currentIndex() == 1
