"""Handing on: what somebody who leaves has not finished goes to somebody else."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.annotation.handing_on import HandedOn, hand_on
from app.annotation.plans import Plan, plans
from app.annotation.study_place import StudyPlace
from app.console.exchange_dialog import choice
from app.console.parts import Line, Primary, Tick, Tinted
from app.study import Study
from stimuli.problems import EvokeError


class HandOnDialog(QDialog):
    """Gives one annotator's open items to another; `done_with` is what came of it."""

    def __init__(self, study: Study, giver: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Hand on open items")
        self.setProperty("help", "organise")
        self.setMinimumWidth(480)
        self.study = study
        self.done_with: HandedOn | None = None
        self._place = StudyPlace(study)
        self._plans = [plan for plan in plans(study) if plan.annotators]
        column = QVBoxLayout(self)
        column.setSpacing(10)
        form = QFormLayout()
        form.setSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.plan, self.giver, self.taker = choice("Plan"), choice("From"), choice("To")
        for plan in self._plans:
            self.plan.addItem(plan.name, plan.name)
        form.addRow("&Plan", self.plan)
        form.addRow("&From", self.giver)
        form.addRow("&To", self.taker)
        column.addLayout(form)
        self.leaves = Tick("This annotator leaves and gets nothing new")
        self.leaves.setChecked(True)
        column.addWidget(self.leaves)
        self.summary, self.problem = Line("", "muted", True), Line("", "alarm", True)
        column.addWidget(self.summary)
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.addStretch(1)
        self.close_button = Tinted("Cancel", "", self.reject)
        self.close_button.setAutoDefault(False)
        self.go_button = Primary("Hand on", "next", self.go)
        row.addWidget(self.close_button)
        row.addWidget(self.go_button)
        column.addLayout(row)
        self.plan.currentIndexChanged.connect(lambda _: self._on_plan(""))
        self.giver.currentIndexChanged.connect(lambda _: self._look())
        self.taker.currentIndexChanged.connect(lambda _: self._look())
        self._on_plan(giver)

    @property
    def chosen(self) -> Plan | None:
        """The plan in hand."""
        return next((plan for plan in self._plans if plan.name == self.plan.currentData()), None)

    def go(self) -> None:
        """Hand on, and close."""
        plan = self.chosen
        if plan is None or not self.go_button.isEnabled():
            return
        giver, taker = str(self.giver.currentData()), str(self.taker.currentData())
        try:
            self.done_with = hand_on(self.study, plan, None, giver, taker, self.leaves.isChecked())
        except EvokeError as error:
            self.problem.setText(str(error))
            return
        super().accept()

    def _on_plan(self, giver: str) -> None:
        plan = self.chosen
        people = dict.fromkeys((*(plan.annotators if plan else ()), *self._place.annotators()))
        for box, names in ((self.giver, plan.annotators if plan else ()), (self.taker, tuple(people))):
            box.blockSignals(True)
            box.clear()
            for name in names:
                box.addItem(name, name)
            box.blockSignals(False)
        self.giver.setCurrentIndex(max(0, self.giver.findData(giver)))
        others = [name for name in people if name != self.giver.currentData()]
        if others:
            self.taker.setCurrentIndex(self.taker.findData(others[0]))
        self._look()

    def _look(self) -> None:
        plan = self.chosen
        giver, taker = self.giver.currentData(), self.taker.currentData()
        self.problem.setText("")
        words, may = "The study has no plan yet.", False
        if plan is not None and giver == taker:
            words = "Choose two different annotators. Who is to join can be added in the plan."
        elif plan is not None:
            states = self._place.states(giver, plan.name).values()
            opened = sum(state not in ("finished", "skipped") for state in states)
            may = opened > 0
            words = (
                f"{opened} of {len(states)} items of {giver} are open. They go to {taker}, at the end of the"
                f" queue. What is finished stays with {giver}."
                if may
                else f"{giver} has nothing open in this plan."
            )
        self.summary.setText(words)
        self.go_button.setEnabled(may)
