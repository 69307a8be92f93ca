"""The dialog that freezes an experiment as a plan: what will be tested, written down before it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import Experiment
from app.analysing.evaluating import complete
from app.analysing.plans import NAME, freeze_plan
from app.console.choices import named
from app.console.parts import Banner, Line, without_icons
from app.study import Study
from stimuli.problems import EvokeError

ABOUT = (
    "A plan holds target, recognizer, split and primary metric as they are chosen now, with the time and"
    " who has taken part so far. It is never changed. Runs of it say 'planned', all others 'exploratory'."
)


class FreezeDialog(QDialog):
    """Asks for a name and a note; `frozen(words)` when the plan was written."""

    frozen = Signal(str)

    def __init__(
        self, study: Study, corpus: Corpus, experiment: Experiment, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Freeze as plan")
        self.setProperty("help", "analyse")
        self.setMinimumWidth(460)
        self._study, self._corpus, self._experiment = study, corpus, experiment
        column = QVBoxLayout(self)
        self.trouble = Banner()
        column.addWidget(self.trouble)
        column.addWidget(Line(ABOUT, "text", True))
        count = len(corpus.participants)
        people = "1 participant" if count == 1 else f"{count} participants"
        told = f"{experiment.recognizer} on {experiment.target.get('name', '')}, {people} so far."
        column.addWidget(Line(told, "muted", True))
        form = QFormLayout()
        self.name = QLineEdit()
        named(self.name, "Name of the plan")
        self.name.setPlaceholderText("small letters, digits, hyphens")
        self.name.textChanged.connect(lambda _: self._look())
        form.addRow("&Name", self.name)
        self.note = QLineEdit()
        named(self.note, "Note")
        self.note.setPlaceholderText("what you expect, and why")
        form.addRow("N&ote", self.note)
        column.addLayout(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = QPushButton("Freeze")
        self.go.setDefault(True)
        buttons.addButton(self.go, QDialogButtonBox.ButtonRole.ActionRole)
        without_icons(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        self.go.clicked.connect(self._freeze)
        column.addWidget(buttons)
        self._look()

    def _look(self) -> None:
        self.go.setEnabled(NAME.fullmatch(self.name.text().strip()) is not None)

    def _freeze(self) -> None:
        name = self.name.text().strip()
        try:
            whole = complete(self._experiment, self._corpus)
            freeze_plan(self._study, name, [whole], self._corpus, note=self.note.text().strip())
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
            return
        self.frozen.emit(f"The plan {name} is frozen.")
        self.accept()
