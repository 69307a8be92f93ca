"""Choosing what annotators practise on: trials with somebody's labels as the right answers."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from analysis.labels.scheme import Scheme
from app.annotation import schemes, training
from app.annotation.right_answers import Answered, right_answers
from app.console.annotate.plan_ticks import TickList
from app.console.exchange_dialog import choice
from app.console.parts import Line, Primary, Tinted
from app.study import Study
from stimuli.problems import EvokeError

NOBODY = "Nobody has finished anything by this scheme yet. Label some trials first, then choose them here."
WORDS = (
    "Newcomers label these trials first, and see the right answer after each. Practice never counts as"
    " labels, and these trials are left out of new plans."
)


class PracticeDialog(QDialog):
    """Ticks trials of one author; `changed_count` is how many were added or taken out."""

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Practice items")
        self.setProperty("help", "organise")
        self.setMinimumWidth(520)
        self.study = study
        self.changed_count = 0
        self._schemes = {scheme.id: scheme for scheme in schemes.schemes(study)}
        self._answers: dict[str, tuple[Answered, ...]] = {}
        self._column = QVBoxLayout(self)
        self._column.setSpacing(10)
        form = QFormLayout()
        form.setSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.scheme, self.author = choice("Scheme"), choice("Right answers of")
        for scheme in self._schemes.values():
            self.scheme.addItem(f"{scheme.title} ({scheme.id})", scheme.id)
        form.addRow("&Scheme", self.scheme)
        form.addRow("&Right answers of", self.author)
        self._column.addLayout(form)
        self.trials = TickList("Trials to practise on")
        self._column.addWidget(self.trials)
        self.words, self.problem = Line("", "muted", True), Line("", "alarm", True)
        self._column.addWidget(self.words)
        self._column.addWidget(self.problem)
        row = QHBoxLayout()
        row.addStretch(1)
        self.cancel = Tinted("Cancel", "", self.reject)
        self.cancel.setAutoDefault(False)
        self.keep = Primary("Keep", "good", self.go)
        row.addWidget(self.cancel)
        row.addWidget(self.keep)
        self._column.addLayout(row)
        self.scheme.currentIndexChanged.connect(lambda _: self._on_scheme())
        self.author.currentIndexChanged.connect(lambda _: self._on_author())
        self._on_scheme()

    @property
    def chosen(self) -> Scheme | None:
        """The scheme in hand."""
        return self._schemes.get(str(self.scheme.currentData()))

    def go(self) -> None:
        """Make what is ticked practice items, and take out what is not."""
        scheme = self.chosen
        if scheme is None or not self.keep.isEnabled():
            return
        ticked, known = set(self.trials.chosen()), self._known(scheme)
        try:
            for answered in self._answers.get(str(self.author.currentData()), ()):
                name, code = _name(answered), known.get(answered.trial.key)
                if name in ticked and code is None:
                    training.add_example(self.study, scheme, answered.trial, answered.marks)
                elif name not in ticked and code is not None:
                    training.remove_example(self.study, code)
                else:
                    continue
                self.changed_count += 1
        except EvokeError as error:
            self.problem.setText(str(error))
            return
        self.accept()

    def _known(self, scheme: Scheme) -> dict[tuple[str, int], str]:
        items = training.examples(self.study)
        return {(item.uuid, item.trial): item.code for item in items if item.scheme == scheme.id}

    def _on_scheme(self) -> None:
        scheme = self.chosen
        self._answers = {}
        self.problem.setText("")
        if scheme is not None:
            try:
                self._answers = right_answers(self.study, scheme)
            except EvokeError as error:
                self.problem.setText(str(error))
        self.author.blockSignals(True)
        self.author.clear()
        for author in self._answers:
            self.author.addItem(author, author)
        self.author.blockSignals(False)
        self._on_author()

    def _on_author(self) -> None:
        scheme, fresh = self.chosen, TickList("Trials to practise on")
        self._column.replaceWidget(self.trials, fresh)
        self.trials.deleteLater()
        self.trials = fresh
        answers = self._answers.get(str(self.author.currentData()), ())
        known = {} if scheme is None else self._known(scheme)
        for answered in answers:
            fresh.add(_name(answered), answered.trial.key in known)
        self.words.setText(WORDS if answers else NOBODY)
        self.author.setEnabled(bool(self._answers))
        self.keep.setEnabled(bool(answers))


def _name(answered: Answered) -> str:
    return f"{answered.trial.recording}, trial {answered.trial.trial + 1}"
