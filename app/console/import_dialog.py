"""Import: a recording of another program becomes a session of a participant."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCompleter, QFileDialog, QLineEdit, QWidget

from app.console.exchange_dialog import ExchangeDialog, beside, choice, labelled
from app.console.parts import Line, Tinted
from app.console.request import judge_code
from app.study import Study

FORMATS = (
    ("e4", "Empatica E4 (zip)", "The zip file of E4 connect, or a folder of its files.", "E4 (*.zip)"),
    ("xdf", "XDF", "A recording of LabRecorder.", "XDF (*.xdf *.xdfz *.xdf.gz)"),
    ("edf", "EDF, EDF+, BDF", "A recording of an EEG program.", "EDF (*.edf *.bdf *.EDF *.BDF)"),
)


class ImportDialog(ExchangeDialog):
    """Asks and runs `evoke import`; `imported` when something has come in."""

    imported = Signal()

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(f"Import into {study.name}", "Import", "import", parent)
        self._study = study
        self.format = choice("Format")
        for name, title, *_ in FORMATS:
            self.format.addItem(title, name)
        self.format.currentIndexChanged.connect(self._look)
        self.form.addRow("&Format", self.format)
        self.format_words = Line("", "muted")
        self.form.addRow("", self.format_words)
        self.source = QLineEdit()
        self.source.setAccessibleName("File to import")
        self.source.textChanged.connect(self._look)
        self.form.addRow(
            labelled("F&ile", self.source), beside(self.source, Tinted("Choose…", "folder", self._choose))
        )
        self.code = QLineEdit()
        self.code.setAccessibleName("Participant code")
        self.code.setMaxLength(32)
        self.code.setCompleter(QCompleter([person.code for person in study.participants()], self.code))
        self.code.textChanged.connect(self._look)
        self.form.addRow("Participant &code", self.code)
        self.verdict = Line("", "muted")
        self.form.addRow("", self.verdict)
        self._look()

    def arguments(self) -> list[str]:
        """Return the command line."""
        line = ["import", str(self.format.currentData()), self.source.text().strip()]
        return [*line, "--study", str(self._study.folder), "--participant", self.code.text().strip()]

    def go(self) -> None:
        """Run the import."""
        self.run(self.arguments(), None)

    def on_success(self, out: str) -> None:
        """Have the study read anew, and be ready for the next file."""
        self.source.clear()
        self.imported.emit()

    def _choose(self) -> None:
        _, _, _, pattern = FORMATS[self.format.currentIndex()]
        chosen, _ = QFileDialog.getOpenFileName(self, "File to import", self.source.text(), filter=pattern)
        if chosen:
            self.source.setText(chosen)

    def _look(self) -> None:
        self.format_words.setText(FORMATS[self.format.currentIndex()][2])
        code, text = self.code.text().strip(), self.source.text().strip()
        verdict = judge_code(self._study, code, "import")
        self.verdict.setText(verdict.text)
        self.verdict.set_colour("muted" if verdict.is_good or not code else "alarm")
        is_there = bool(text) and Path(text).exists()
        self.go_button.setEnabled(verdict.is_good and is_there and not self.errand.is_running)
        self.problem.setText(f"There is no {text}." if text and not is_there else "")
