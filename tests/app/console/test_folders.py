"""A folder is asked for without stopping the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.console.folders import ask_folder


def test_the_chosen_folder_is_heard_or_that_none_was(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    heard: list[str] = []
    ask_folder(parent, "Save into", heard.append, lambda: heard.append("none"))
    dialog = parent.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog) and dialog.windowTitle() == "Save into"
    assert dialog.fileMode() is QFileDialog.FileMode.Directory
    dialog.fileSelected.emit(str(tmp_path))
    assert heard == [str(tmp_path)]
    dialog.reject()
    assert heard == [str(tmp_path), "none"]
    qtbot.waitUntil(lambda: parent.findChild(QFileDialog) is None)
