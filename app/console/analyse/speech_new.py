"""Asks for what a new extractor is to be: kind, frames, size, language, source, folder of speakers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.cli_speech import FRAMES, KINDS
from app.console.analyse.speech_work import SIZES, NewExtractor
from app.console.choices import combo, fill_combo, named
from app.console.folders import ask_folder
from app.console.parts import Elided, Line, Primary, Tinted

TITLES = {"ivector": "i-vector", "tdnn": "x-vector, TDNN", "resnet": "x-vector, ResNet34"}


class NewExtractorDialog(QDialog):
    """`wanted` carries a NewExtractor."""

    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train an extractor")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.folder: Path | None = None
        column = QVBoxLayout(self)
        column.addWidget(
            Line(
                "On a folder with a sub-folder of wav files for each speaker. It is trained here.",
                "muted",
                True,
            )
        )
        form = QFormLayout()
        self.kind = combo("Kind", 20)
        fill_combo(self.kind, [(TITLES[name], name) for name in KINDS], KINDS[0])
        self.frames = combo("Frames", 20)
        fill_combo(self.frames, [(name.upper(), name) for name in FRAMES], FRAMES[0])
        self.scale = combo("Size", 20)
        fill_combo(self.scale, [(name, name) for name in SIZES], "small")
        self.scale.setToolTip("small: minutes; as the paper: hours without an accelerator")
        self.language = QLineEdit()
        self.language.setPlaceholderText("such as en")
        named(self.language, "Language that is spoken")
        self.domain = QLineEdit()
        self.domain.setPlaceholderText("such as radio interviews")
        named(self.domain, "Where the speech comes from")
        self.place = Elided("No folder yet")
        self.choose = Tinted("Folder…", "folder", self._ask)
        place = QHBoxLayout()
        place.addWidget(self.place, 1)
        place.addWidget(self.choose)
        for label, box in (
            ("Kind", self.kind),
            ("Frames", self.frames),
            ("Size", self.scale),
            ("Language", self.language),
            ("Source", self.domain),
        ):
            form.addRow(label, box)
        form.addRow("Speakers", place)
        column.addLayout(form)
        row = QHBoxLayout()
        row.addStretch(1)
        self.cancel = Tinted("Cancel", "close", self.reject)
        self.start = Primary("Train", "start", self._accept)
        self.start.setEnabled(False)
        row.addWidget(self.cancel)
        row.addWidget(self.start)
        column.addLayout(row)

    def _ask(self) -> None:
        ask_folder(self, "Folder of speakers", self.take)

    def take(self, name: str) -> None:
        """Take a folder of speakers."""
        self.folder = Path(name)
        self.place.set_whole(name)
        self.start.setEnabled(True)

    def _accept(self) -> None:
        assert self.folder is not None
        asked = NewExtractor(
            self.folder,
            str(self.kind.currentData()),
            str(self.frames.currentData()),
            str(self.scale.currentData()),
            self.language.text().strip(),
            self.domain.text().strip(),
        )
        self.wanted.emit(asked)
        self.accept()
