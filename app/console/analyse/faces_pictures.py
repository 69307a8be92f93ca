"""Which pictures a tab of Faces learns from: the study's boxed frames, or a folder of pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from analysis.detection.gathering import Boxed
from app.analysing.face_pictures import FacesError, folder_pictures, study_pictures
from app.console.analyse.waiting import Told
from app.console.choices import combo
from app.console.folders import ask_folder
from app.study import Study

OF_STUDY = "Boxed pictures of this study"
FOLDER = "A folder of pictures…"
NONE = "No picture of this study has a box with an expression yet. Draw or accept some in Boxes."


def place_of(box: QComboBox, data: object) -> int:
    """Return where an entry with equal data stands, -1 if nowhere; Qt itself asks for the same object."""
    return next((place for place in range(box.count()) if box.itemData(place) == data), -1)


class PictureChoice(QWidget):
    """A box to choose from; `folder` is None for the study itself."""

    chosen = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box: QComboBox = combo(name, 26)
        self.box.addItem(OF_STUDY, None)
        self.box.addItem(FOLDER, "")
        self.box.activated.connect(lambda _: self._choose())
        row.addWidget(self.box)

    def _choose(self) -> None:
        data = self.box.currentData()
        if data == "":
            self.box.setCurrentIndex(place_of(self.box, self.folder))
            ask_folder(
                self,
                "Folder with one folder of pictures an expression",
                lambda name: self.set_folder(Path(name)),
            )
            return
        self.folder = data
        self.chosen.emit()

    def set_folder(self, folder: Path) -> None:
        """Take the pictures of a folder."""
        place = place_of(self.box, folder)
        if place < 0:
            place = self.box.count() - 1
            self.box.insertItem(place, folder.name, folder)
        self.box.setCurrentIndex(place)
        self.folder = folder
        self.chosen.emit()


def read_pictures(study: Study, folder: Path | None, told: Told) -> tuple[tuple[Boxed, ...], str]:
    """Return the chosen pictures and what they are in words; raises FacesError."""
    if folder is not None:
        pictures = folder_pictures(folder, told)
        return pictures, f"folder {folder.name}"
    pictures = study_pictures(study, told)
    if not pictures:
        raise FacesError(NONE)
    return pictures, f"boxed camera pictures of {study.name}"
