"""A norming run: which stimuli raters score on which scales, and their ratings written back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.console.exchange_dialog import choice
from app.console.parts import Card, Line, Primary, Tick, Tinted
from app.console.work import Work
from app.norming import WrittenBack, write_back, write_run
from app.study import Study
from stimuli.norming import MOST_A_SESSION, NormingRun, Scale
from stimuli.problems import EvokeError
from stimuli.sets import SCALES, StimulusSet
from stimuli.writing import is_bundled

OFFERED = ("valence", "arousal", "dominance", "attractiveness", "familiarity", "approach")


class NormingDialog(QDialog):
    """Makes a run in the study, or takes its ratings. `written(folder, words)` with the set that has them."""

    written = Signal(object, str)
    said = Signal(str, str)

    def __init__(
        self,
        stimuli: StimulusSet,
        study: Study,
        selected: Sequence[str],
        shown: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Norming run of {stimuli.name}")
        self.setProperty("help", "stimuli")
        self.setMinimumWidth(560)
        self._stimuli = stimuli
        self._study = study
        self._ids = {"selected": tuple(selected), "shown": tuple(shown), "all": tuple(stimuli.items)}
        self._work: Work | None = None
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(self._run_card())
        column.addWidget(self._back_card())
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.addStretch(1)
        self.close_button = Tinted("Close", "", self.reject)
        self.close_button.setAutoDefault(False)
        row.addWidget(self.close_button)
        column.addLayout(row)
        self._look()

    # Making

    def _run_card(self) -> QWidget:
        card = Card("Have raters score stimuli")
        form = QFormLayout()
        form.setSpacing(8)
        self.which = choice("Which stimuli")
        for key, words in (("selected", "selected"), ("shown", "shown in the grid"), ("all", "of the set")):
            if self._ids[key]:
                self.which.addItem(f"The {len(self._ids[key])} {words}", key)
        self.which.currentIndexChanged.connect(self._look)
        form.addRow("&Stimuli", self.which)
        self.per_rater = QSpinBox()
        self.per_rater.setAccessibleName("For each rater")
        self.per_rater.valueChanged.connect(self._look)
        form.addRow("For each &rater", self.per_rater)
        self.show_s = QDoubleSpinBox()
        self.show_s.setRange(0.1, 600)
        self.show_s.setDecimals(1)
        self.show_s.setValue(6)
        self.show_s.setSuffix(" s")
        self.show_s.setAccessibleName("Shown for")
        self.show_s.valueChanged.connect(self._look)
        form.addRow("Shown &for", self.show_s)
        card.body.addLayout(form)
        grid = QGridLayout()
        grid.setColumnStretch(2, 1)
        self.scales: dict[str, tuple[Tick, QComboBox]] = {}
        for line, name in enumerate(OFFERED):
            tick = Tick(name.capitalize())
            tick.setChecked(name in SCALES[:2])
            tick.toggled.connect(self._look)
            points = QComboBox()
            points.setAccessibleName(f"Points of {name}")
            for count in (9, 5) if name in SCALES else (7, 9, 5):
                points.addItem(f"{count} points", count)
            grid.addWidget(tick, line, 0)
            grid.addWidget(points, line, 1)
            self.scales[name] = (tick, points)
        self.own = QLineEdit()
        self.own.setAccessibleName("A scale of your own")
        self.own.setPlaceholderText("Another scale: name:points:low end:high end")
        self.own.textChanged.connect(self._look)
        grid.addWidget(self.own, len(OFFERED), 0, 1, 3)
        card.body.addLayout(grid)
        self.words = Line("", "muted", True)
        card.body.addWidget(self.words)
        self.make = Primary("Make the run", "study-new", self._make)
        card.body.addWidget(self.make, 0, Qt.AlignmentFlag.AlignRight)
        return card

    def _back_card(self) -> QWidget:
        card = Card("Take the ratings of finished sessions")
        row = QHBoxLayout()
        self.min_raters = QSpinBox()
        self.min_raters.setRange(1, 999)
        self.min_raters.setAccessibleName("At least so many raters")
        row.addWidget(Line("At least"))
        row.addWidget(self.min_raters)
        row.addWidget(Line("raters a stimulus"), 1)
        self.take = Tinted("Write ratings into the set", "save", self._take)
        self.take.setAutoDefault(False)
        row.addWidget(self.take)
        card.body.addLayout(row)
        where = (
            "This set came with the program and stays as it is: the ratings go into a copy in the study."
            if is_bundled(self._stimuli)
            else "The manifest of before is kept beside the new one."
        )
        card.body.addWidget(Line(where, "muted", True))
        return card

    # The run

    def run_wanted(self) -> NormingRun:
        """Return the run as it is asked for; raises NormingError."""
        scales = [
            Scale.parse(f"{name}:{points.currentData()}")
            for name, (tick, points) in self.scales.items()
            if tick.isChecked()
        ]
        if self.own.text().strip():
            scales.append(Scale.parse(self.own.text().strip()))
        ids = self._ids[str(self.which.currentData())]
        return NormingRun(ids, tuple(scales), self.show_s.value(), self.per_rater.value())

    def _look(self, *_: object) -> None:
        count = len(self._ids[str(self.which.currentData())])
        before = (self.per_rater.minimum(), self.per_rater.maximum())
        most = min(count, MOST_A_SESSION)
        if before != (1, most):
            self.per_rater.blockSignals(True)
            self.per_rater.setRange(1, most)
            self.per_rater.setValue(min(most, 120))
            self.per_rater.blockSignals(False)
        try:
            run = self.run_wanted()
        except EvokeError as error:
            self.words.setText(str(error))
            self.words.set_colour("alarm")
            self.make.setEnabled(False)
            return
        minutes = self.per_rater.value() * (1.5 + run.show_s + 4 * len(run.scales)) / 60
        drawn = (
            ""
            if self.per_rater.value() == count
            else f" Each rater sees {self.per_rater.value()} of {count}."
        )
        self.words.setText(f"About {max(1, round(minutes))} minutes a rater.{drawn}")
        self.words.set_colour("muted")
        self.make.setEnabled(bool(run.scales))

    def _make(self) -> None:
        try:
            path = write_run(self._study, self._stimuli, self.run_wanted())
        except (EvokeError, OSError) as error:
            self.problem.setText(str(error))
            return
        self.said.emit(f"{path.name} is in the study. Choose it as the protocol of the next session.", "good")
        self.accept()

    # The ratings

    def _take(self) -> None:
        if self._work is not None:
            return
        study, stimuli, least = self._study, self._stimuli, self.min_raters.value()
        out = _free(study.folder / "stimuli", stimuli.name) if is_bundled(stimuli) else None
        self._work = Work(lambda: write_back(study, stimuli, min_raters=least, out=out), self)
        self._work.done.connect(self._on_taken)
        self._work.failed.connect(self._on_refused)
        self._work.start()
        self.take.setEnabled(False)
        self.problem.setText("")

    def _on_taken(self, done: WrittenBack) -> None:
        self._work = None
        raters = done.collected.raters
        words = f"{done.rated} stimuli have the ratings of {raters} rater{'' if raters == 1 else 's'}."
        if done.collected.left_out:
            words += f" Left out: {len(done.collected.left_out)} sessions."
        self.written.emit(done.folder, words)
        self.accept()

    def _on_refused(self, error: Exception) -> None:
        self._work = None
        self.take.setEnabled(True)
        self.problem.setText(str(error))


def _free(folder: Path, name: str) -> Path:
    """Return a folder that is not there yet."""
    place, number = folder / f"{name}-normed", 2
    while place.exists():
        place, number = folder / f"{name}-normed-{number}", number + 1
    return place
