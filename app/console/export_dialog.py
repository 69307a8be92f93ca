"""Export: one session or the whole study, the format, and what must not leave the house."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.console.exchange_dialog import ExchangeDialog, beside, choice, labelled
from app.console.parts import Line, Tinted
from app.study import Study

FORMATS = (
    ("bids", "BIDS", "A data set by the BIDS standard: signals, events, participants, side files."),
    ("edf", "EDF+", "Signals with 16 bits and annotations, for EEG programs."),
    ("bdf", "BDF+", "As EDF+, with 24 bits."),
    ("xdf", "XDF", "All streams with their times, for programs around LabRecorder."),
    ("csv", "CSV", "One table a stream, and tables of trials and events."),
    ("mp4", "MP4", "The cameras' pictures with sound."),
)
LEVELS = (
    ("signals", "Signals only", "No camera, no microphone, no free text; times shifted, no serial numbers."),
    (
        "no-face-voice",
        "Without face and voice",
        "No camera, no microphone; times shifted, no serial numbers.",
    ),
    ("full", "With face and voice", "All streams; times shifted, serial numbers and computer removed."),
    ("", "As recorded", "Nothing is removed or shifted. For your own computers only."),
)
AS_RECORDED = len(LEVELS) - 1
WHOLE, ONE, OTHER = "study", "file", "other"


class ExportDialog(ExchangeDialog):
    """Asks and runs `evoke export`."""

    def __init__(self, study: Study | None, shown: Path | None, parent: QWidget | None = None) -> None:
        super().__init__("Export", "Export", "export", parent)
        self._study = study
        self._file = shown
        self.what = choice("What")
        if shown is not None:
            self.what.addItem(f"This session: {shown.name}", ONE)
        if study is not None:
            self.what.addItem(f"The whole study: {study.name}", WHOLE)
        self.what.addItem("Another session file…", OTHER)
        self.what.activated.connect(self._what_chosen)
        self.form.addRow("&What", self.what)
        self.format = choice("Format")
        for name, title, _ in FORMATS:
            self.format.addItem(title, name)
        self.format.currentIndexChanged.connect(self._look)
        self.form.addRow("&Format", self.format)
        self.format_words = Line("", "muted")
        self.form.addRow("", self.format_words)
        self.level = choice("What goes out")
        for name, title, _ in LEVELS:
            self.level.addItem(title, name)
        self.level.currentIndexChanged.connect(self._look)
        self.form.addRow("What &goes out", self.level)
        self.level_words = Line("", "muted")
        self.form.addRow("", self.level_words)
        self.place = QLineEdit()
        self.place.setAccessibleName("Folder")
        self.place.textChanged.connect(self._look_at_place)
        self.form.addRow(
            labelled("F&older", self.place),
            beside(self.place, Tinted("Choose…", "folder", self._choose_place)),
        )
        self._own_place = ""
        self._look()

    @property
    def source(self) -> Path | None:
        """What is exported."""
        if self.what.currentData() == WHOLE:
            return None if self._study is None else self._study.folder
        return self._file

    def arguments(self) -> list[str]:
        """Return the command line."""
        source = self.source
        assert source is not None
        line = ["export", str(source), "--to", str(self.format.currentData())]
        line += ["--out", self.place.text().strip()]
        level = str(self.level.currentData() or "")
        return [*line, "--level", level] if level else line

    def go(self) -> None:
        """Run the export."""
        self.run(self.arguments(), Path(self.place.text().strip()))

    def choose_file(self, path: Path) -> None:
        """Export this session file."""
        self._file = path
        place = self.what.findData(ONE)
        if place < 0:
            self.what.insertItem(0, "", ONE)
            place = 0
        self.what.setItemText(place, f"This session: {path.name}")
        self.what.setCurrentIndex(place)
        self._look()

    def _what_chosen(self) -> None:
        if self.what.currentData() == OTHER:
            chosen, _ = QFileDialog.getOpenFileName(self, "Session file", filter="Session (*.h5)")
            if chosen:
                self.choose_file(Path(chosen))
        self._look()

    def _choose_place(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the export", self.place.text())
        if chosen:
            self.place.setText(chosen)

    def _look(self) -> None:
        # What is published as BIDS never goes out as recorded.
        is_bids = self.format.currentData() == "bids"
        model = self.level.model()
        assert isinstance(model, QStandardItemModel)
        model.item(AS_RECORDED).setEnabled(not is_bids)
        if is_bids and self.level.currentIndex() == AS_RECORDED:
            self.level.setCurrentIndex(0)
        self.format_words.setText(FORMATS[self.format.currentIndex()][2])
        self.level_words.setText(LEVELS[self.level.currentIndex()][2])
        if self.place.text() == self._own_place:
            self._own_place = self._suggestion()
            self.place.setText(self._own_place)
        self._look_at_place()

    def _look_at_place(self) -> None:
        self.go_button.setEnabled(bool(self.place.text().strip()) and self.source is not None)

    def _suggestion(self) -> str:
        source = self.source
        if source is None:
            return ""
        study = self._study.folder if self._study is not None else source.parent
        return str(study / "exports" / f"{self.format.currentData()}-{time.strftime('%Y-%m-%d-%H%M')}")
