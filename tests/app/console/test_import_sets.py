"""The import dialog takes a published data set by its folder and asks for no participant."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.commands.importing import READERS
from app.commands.importing_sets import SETS
from app.console.import_dialog import FORMATS, ImportDialog
from app.study import Study
from tests.analysis.exchange.test_import_open_sets import sound, wav


@pytest.fixture
def people(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "people", "Published", "people")


@pytest.fixture
def dialog(people: Study, qtbot: QtBot) -> ImportDialog:
    made = ImportDialog(people)
    qtbot.addWidget(made)
    made.show()
    return made


def choose(dialog: ImportDialog, name: str) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(name))


def test_every_format_of_the_command_is_offered() -> None:
    assert [name for name, *_ in FORMATS] == [*READERS, *SETS]


@pytest.mark.parametrize("name", SETS)
def test_a_set_needs_its_folder_and_no_code(name: str, dialog: ImportDialog, tmp_path: Path) -> None:
    choose(dialog, name)
    assert not dialog.code.isEnabled()
    assert "brings its own participants" in dialog.verdict.text()
    assert not dialog.go_button.isEnabled()
    dialog.source.setText(str(tmp_path))
    assert dialog.go_button.isEnabled()
    assert "--participant" not in dialog.arguments()
    choose(dialog, "e4")
    assert dialog.code.isEnabled()
    assert not dialog.go_button.isEnabled()


def test_a_folder_is_chosen_for_a_set(
    dialog: ImportDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(tmp_path))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: ("/a/file.zip", ""))
    choose(dialog, "deap")
    dialog._choose()
    assert dialog.source.text() == str(tmp_path)
    choose(dialog, "e4")
    dialog._choose()
    assert dialog.source.text() == "/a/file.zip"


def test_speech_is_asked_how_its_files_are_named(dialog: ImportDialog, tmp_path: Path) -> None:
    assert not dialog.rule.isVisible()
    choose(dialog, "speech")
    assert dialog.rule.isVisible() and not dialog.code.isEnabled()
    dialog.source.setText(str(tmp_path))
    assert "--name-rule" not in dialog.arguments()
    dialog.rule.setCurrentText("tess")
    assert dialog.arguments()[-2:] == ["--name-rule", "tess"]
    QTest.keyClick(dialog.rule, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(dialog.rule, "(?P<speaker>.)(?P<emotion>.+)")
    assert dialog.arguments()[-1] == "(?P<speaker>.)(?P<emotion>.+)"
    choose(dialog, "emodb")
    assert "--name-rule" not in dialog.arguments() and not dialog.rule.isVisible()


def test_a_study_of_simulations_is_told(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = ImportDialog(Study.create(tmp_path / "sim", "Sim", "simulation"))
    qtbot.addWidget(dialog)
    choose(dialog, "wesad")
    dialog.source.setText(str(tmp_path))
    assert "holds simulations only" in dialog.verdict.text()
    assert not dialog.go_button.isEnabled()


def test_a_click_brings_the_set_in(dialog: ImportDialog, people: Study, tmp_path: Path, qtbot: QtBot) -> None:
    for place, name in enumerate(("03a01Wa", "16a05Lb")):
        wav(tmp_path / f"{name}.wav", sound(place))
    choose(dialog, "emodb")
    dialog.source.setText(str(tmp_path))
    with qtbot.waitSignal(dialog.imported, timeout=60_000):
        QTest.mouseClick(dialog.go_button, Qt.MouseButton.LeftButton)
    assert "2 imported, 0 there already, 0 failed" in dialog.report.toPlainText()
    assert [session.participant for session in people.sessions()] == ["03", "16"]
    dialog.reject()
