"""A new study in four questions."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

import resources
from app.console.parts import Heading, Line, Option, Tinted, without_icons
from app.console.protocols import library_entries
from app.study import Kind, Study
from stimuli.problems import EvokeError

SIMULATED = "Simulated devices (to try things out)"
LATER = "I write a devices file later"
OWN = "Choose a devices file…"


class NewStudyDialog(QDialog):
    """Asks name and folder, people or simulation, protocol, devices; `study` is what it made."""

    def __init__(self, parent: QWidget | None = None, place: Path | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New study")
        self.setProperty("help", "start")
        self.setMinimumWidth(560)
        self.study: Study | None = None
        self._devices_file: Path | None = None
        column = QVBoxLayout(self)
        column.setSpacing(8)
        self.name = QLineEdit()
        self.name.setPlaceholderText("for example Attention 2026")
        self.name.setAccessibleName("Name of the study")
        column.addWidget(Heading("1  What is it called, and where does it lie?"))
        column.addWidget(self.name)
        row = QHBoxLayout()
        self.place = QLineEdit(str(place or Path.home()))
        self.place.setAccessibleName("Folder for the study")
        row.addWidget(self.place, 1)
        row.addWidget(Tinted("Choose…", "folder", self._choose_place))
        column.addLayout(row)
        self.path_line = Line("", "muted", True)
        column.addWidget(self.path_line)
        column.addWidget(Heading("2  Who takes part?"))
        self.people = Option("People")
        self.simulation = Option("Nobody: a simulation (codes begin with sim)")
        self.people.setChecked(True)
        group = QButtonGroup(self)
        for button in (self.people, self.simulation):
            group.addButton(button)
            column.addWidget(button)
        column.addWidget(Heading("3  Which protocol is used most?"))
        self.protocol = QComboBox()
        self.protocol.setAccessibleName("Protocol")
        for name, title in library_entries():
            self.protocol.addItem(title, name)
        column.addWidget(self.protocol)
        column.addWidget(Heading("4  Which devices record?"))
        self.devices = QComboBox()
        self.devices.setAccessibleName("Devices")
        self.devices.addItems([SIMULATED, OWN, LATER])
        self.devices.activated.connect(self._choose_devices)
        column.addWidget(self.devices)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.make = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.make.setText("Make the study")
        without_icons(self.buttons)
        self.buttons.accepted.connect(self._make)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.name.textChanged.connect(self._look)
        self.place.textChanged.connect(self._look)
        self._look()

    @property
    def folder(self) -> Path:
        """Where the study will lie."""
        return Path(self.place.text()).expanduser() / folder_name(self.name.text())

    def _look(self) -> None:
        named = bool(folder_name(self.name.text()))
        self.path_line.setText(f"It will lie in {self.folder}" if named else "")
        self.problem.setText("")
        taken = named and (self.folder / "study.yaml").exists()
        if taken:
            self.problem.setText("There is a study of this name already. Choose another name.")
        self.make.setEnabled(named and not taken)

    def _choose_place(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the study", self.place.text())
        if chosen:
            self.place.setText(chosen)

    def _choose_devices(self, place: int) -> None:
        if self.devices.itemText(place) != OWN:
            return
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Devices file", self.place.text(), "YAML (*.yaml *.yml)"
        )
        if not chosen:
            self.devices.setCurrentIndex(0)
            return
        self._devices_file = Path(chosen)
        self.devices.setToolTip(chosen)

    def _make(self) -> None:
        kind: Kind = "people" if self.people.isChecked() else "simulation"
        chosen = self.devices.currentText()
        source = {SIMULATED: resources.path("devices/demo.yaml"), OWN: self._devices_file}.get(chosen)
        try:
            self.study = Study.create(
                self.folder,
                self.name.text().strip(),
                kind,
                protocol=str(self.protocol.currentData()),
                devices="devices.yaml" if source is not None else "",
            )
            if source is not None:
                shutil.copyfile(source, self.folder / "devices.yaml")
        except (EvokeError, OSError) as error:
            self.problem.setText(str(error))
            return
        self.accept()


def folder_name(name: str) -> str:
    """Make a folder's name of a study's name: what every file system takes."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else " " for letter in name)
    return "-".join(kept.split())[:60]
