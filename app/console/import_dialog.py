"""Import: a recording of another program, or a published data set, becomes sessions of the study."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCompleter, QFileDialog, QLineEdit, QWidget

from app.console.exchange_dialog import ExchangeDialog, beside, choice, labelled
from app.console.parts import Line, Tinted
from app.console.request import Verdict, judge_code
from app.study import Study

FORMATS = (
    ("e4", "Empatica E4 (zip)", "The zip file of E4 connect, or a folder of its files.", "E4 (*.zip)"),
    ("xdf", "XDF", "A recording of LabRecorder.", "XDF (*.xdf *.xdfz *.xdf.gz)"),
    ("edf", "EDF, EDF+, BDF", "A recording of an EEG program.", "EDF (*.edf *.bdf *.EDF *.BDF)"),
    (
        "stress-predict",
        "Stress-Predict",
        "The folder with S01.zip to S28.zip and the tables beside them.",
        "",
    ),
    ("emodb", "EmoDB", "The folder of the wav files (03a01Fa.wav).", ""),
    ("deap", "DEAP", "The folder of s01.dat to s32.dat (or .mat), preprocessed.", ""),
    ("seed", "SEED", "The folder Preprocessed_EEG or ExtractedFeatures.", ""),
    ("amigos", "AMIGOS", "The folder of Data_Preprocessed_P01.mat to P40.mat.", ""),
    ("wesad", "WESAD", "The folder of S2 to S17, with S2.pkl in S2.", ""),
    ("csi", "WiFi CSI (ESP32)", "The folder of the logs (WHO_1.csv), with events.csv if there is one.", ""),
    ("speech", "Speech (wav files)", "A folder of wav files that say who speaks in which emotion.", ""),
)
"""Name, title, what to choose, and the files of it; without those a folder is chosen, and it names its own
participants."""
TABLE = "its table utterances.csv"
RULES = (TABLE, "emodb", "tess", "ravdess")


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
            labelled("F&ile or folder", self.source),
            beside(self.source, Tinted("Choose…", "folder", self._choose)),
        )
        self.rule = choice("Who speaks, by")
        self.rule.addItems(RULES)
        self.rule.setEditable(True)
        self.rule.setToolTip(
            "The table (file, speaker, emotion), a published naming, or a regular expression of your own:\n"
            "(?P<speaker>[^_]+)_(?P<emotion>[^_]+)_(?P<text>.+)"
        )
        self.rule_label = labelled("Who speaks, &by", self.rule)
        self.form.addRow(self.rule_label, self.rule)
        self.code = QLineEdit()
        self.code.setAccessibleName("Participant code")
        self.code.setMaxLength(32)
        self.code.setCompleter(QCompleter([person.code for person in study.participants()], self.code))
        self.code.textChanged.connect(self._look)
        self.code_label = labelled("Participant &code", self.code)
        self.form.addRow(self.code_label, self.code)
        self.verdict = Line("", "muted")
        self.form.addRow("", self.verdict)
        self._look()

    def arguments(self) -> list[str]:
        """Return the command line."""
        line = ["import", str(self.format.currentData()), self.source.text().strip()]
        whose = [] if self._is_set() else ["--participant", self.code.text().strip()]
        rule = self.rule.currentText().strip()
        named = ["--name-rule", rule] if self._is_speech() and rule not in ("", TABLE) else []
        return [*line, "--study", str(self._study.folder), *whose, *named]

    def go(self) -> None:
        """Run the import."""
        self.run(self.arguments(), None)

    def on_success(self, out: str) -> None:
        """Have the study read anew, and be ready for the next file."""
        self.source.clear()
        self.imported.emit()

    def _choose(self) -> None:
        _, _, _, pattern = FORMATS[self.format.currentIndex()]
        if self._is_set():
            chosen = QFileDialog.getExistingDirectory(self, "Folder to import", self.source.text())
        else:
            chosen, _ = QFileDialog.getOpenFileName(
                self, "File to import", self.source.text(), filter=pattern
            )
        if chosen:
            self.source.setText(chosen)

    def _is_set(self) -> bool:
        """Whether a data set is chosen, which says itself who its participants are."""
        return not FORMATS[self.format.currentIndex()][3]

    def _is_speech(self) -> bool:
        """Whether files are chosen whose names follow no one scheme."""
        return bool(self.format.currentData() == "speech")

    def _look(self) -> None:
        self.format_words.setText(FORMATS[self.format.currentIndex()][2])
        code, text = self.code.text().strip(), self.source.text().strip()
        verdict = self._verdict(code)
        for field in (self.code, self.code_label):
            field.setEnabled(not self._is_set())
        for asked in (self.rule, self.rule_label):
            asked.setVisible(self._is_speech())
        self.verdict.setText(verdict.text)
        self.verdict.set_colour("muted" if verdict.is_good or (not code and not self._is_set()) else "alarm")
        is_there = bool(text) and Path(text).exists()
        self.go_button.setEnabled(verdict.is_good and is_there and not self.errand.is_running)
        self.problem.setText(f"There is no {text}." if text and not is_there else "")

    def _verdict(self, code: str) -> Verdict:
        if not self._is_set():
            return judge_code(self._study, code, "import")
        if self._study.kind == "simulation":
            return Verdict(False, "This study holds simulations only. Open a study of people.")
        return Verdict(True, "The set brings its own participants; who is here already stays.")
