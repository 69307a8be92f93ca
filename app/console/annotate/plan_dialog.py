"""A plan: who labels what, in which order. Made once from a seed, grown by appending, looked at before."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from analysis.labels.scheme import Scheme
from app.annotation import schemes, training
from app.annotation.annotators import add_annotator, annotators
from app.annotation.dealing import MOST_REPEATS, Shares
from app.annotation.plans import Made, Plan, grow, make_plan, move_on, plans
from app.annotation.trials import AFTER_S, BEFORE_S, Margins
from app.console.annotate.plan_outlook import Outlook, hours, others_of, outlook
from app.console.annotate.plan_ticks import TickList
from app.console.annotate.scheme_draft import free, slug
from app.console.annotate.scheme_editor_fields import HIDDEN
from app.console.annotate.who_dialog import code_problem
from app.console.exchange_dialog import beside, choice
from app.console.parts import Line, Primary, Tick, Tinted
from app.console.plain_table import plain_table
from app.console.work import Work
from app.study import Study
from stimuli.problems import EvokeError

HEADS = ("Annotator", "Items", "Of them for everybody", "Repeats", "Work, about")
PAUSE_MS = 250
MOST_LEFT_OUT = 3
MOVING = (
    "Codes and order stay the same. Labels given by {old} stay as they are: when an annotator opens an item,"
    " she is offered to carry hers over. They come as 'to confirm', and count when she has looked at each."
)


class PlanDialog(QDialog):
    """Makes a plan, or lets one grow; `made` is what came of it."""

    def __init__(self, study: Study, scheme: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Plan the annotation")
        self.setProperty("help", "organise")
        self.study = study
        self.made: Made | None = None
        self.outlook: Outlook | None = None
        self._plans = {plan.name: plan for plan in plans(study)}
        self._work: Work | None = None
        self._is_stale = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._reckon)
        self._fields(scheme)
        self._lay_out()
        self._on_plan()
        self.resize(960, 700)

    # Making

    def _fields(self, wanted: str) -> None:
        self.plan = choice("Plan")
        self.plan.addItem("A new plan", "")
        for name in self._plans:
            self.plan.addItem(f"{name}: let it grow", name)
        self.plan.currentIndexChanged.connect(lambda _: self._on_plan())
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the plan")
        self.scheme = choice("Scheme")
        self._newest = newest = {each.name: each for each in schemes.schemes(self.study)}
        for each in newest.values():
            self.scheme.addItem(f"{each.title} ({each.id})", each.id)
        for each in schemes.bundled():
            if each.name not in newest:
                self.scheme.addItem(f"{each.title} ({each.id}, bundled)", each.id)
        self.scheme.setCurrentIndex(max(0, self.scheme.findData(wanted)))
        self.scheme.currentIndexChanged.connect(lambda _: self._on_scheme())
        self.moving, self.moving_note = Tick(""), Line("", "muted", True)
        self.moving.toggled.connect(lambda _: self._on_moving())
        self.people = TickList("Annotators")
        for known in annotators(self.study):
            if known.kind == "human":
                self.people.add(known.code, False)
        self.newcomer = QLineEdit()
        self.newcomer.setAccessibleName("New annotator")
        self.newcomer.setPlaceholderText("pseudonym, such as rater-a; no names")
        self.newcomer.returnPressed.connect(self._add_newcomer)
        self.add = Tinted("Add", "add", self._add_newcomer)
        self.sessions = TickList("Sessions")
        for session in self.study.sessions():
            if not session.rehearsal:
                stem = Path(session.file).stem
                self.sessions.add(stem, True)
        self.hidden = TickList("Hidden")
        for name, words in HIDDEN.items():
            self.hidden.add(name, False, words)
        self.overlap, self.repeats = _percent("Overlap", 100), _percent("Repeats", round(MOST_REPEATS * 100))
        self.overlap.setValue(round(Shares().overlap * 100))
        self.repeats.setValue(round(Shares().repeats * 100))
        self.seed = QSpinBox()
        self.seed.setAccessibleName("Seed")
        self.seed.setRange(0, 999_999)
        self.seed.setValue(1)
        self.before, self.after = _seconds("Before the stimulus"), _seconds("After the stimulus")
        self.before.setValue(BEFORE_S)
        self.after.setValue(AFTER_S)
        self.table = plain_table("What each annotator gets", HEADS, 0)
        self.summary, self.problem = Line("", "muted", True), Line("", "alarm", True)
        for box in (self.overlap, self.repeats, self.seed, self.before, self.after):
            box.valueChanged.connect(lambda _: self._look())
        for ticks in (self.people, self.sessions):
            ticks.changed.connect(self._look)
        self.name.textEdited.connect(lambda _: self._look())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(10)
        above = QHBoxLayout()
        above.setSpacing(18)
        left, right = QFormLayout(), QVBoxLayout()
        left.setSpacing(8)
        left.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        left.addRow("&Plan", self.plan)
        left.addRow("&Name", self.name)
        left.addRow("&Scheme", self.scheme)
        left.addRow(self.moving)
        left.addRow(self.moving_note)
        left.addRow("&Overlap: everybody labels", self.overlap)
        left.addRow("&Repeats, for self-consistency", self.repeats)
        shown = QWidget()
        shown.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        margins = QHBoxLayout(shown)
        margins.setContentsMargins(0, 0, 0, 0)
        margins.addWidget(self.before)
        margins.addWidget(Line("before,"))
        margins.addWidget(self.after)
        margins.addWidget(Line("after the stimulus"))
        margins.addStretch(1)
        left.addRow("Shown", shown)
        left.addRow("Se&ed of the order", self.seed)
        left.addRow("Hidden", self.hidden)
        right.addWidget(Line("Annotators"))
        right.addWidget(self.people)
        right.addLayout(beside(self.newcomer, self.add))
        right.addWidget(Line("Sessions"))
        right.addWidget(self.sessions)
        right.addStretch(1)
        above.addLayout(left, 1)
        above.addLayout(right, 1)
        column.addLayout(above)
        column.addWidget(self.table, 1)
        column.addWidget(self.summary)
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.addStretch(1)
        self.close_button = Tinted("Cancel", "", self.reject)
        self.close_button.setAutoDefault(False)
        self.go_button = Primary("Make the plan", "good", self.go)
        self.go_button.setAutoDefault(False)
        row.addWidget(self.close_button)
        row.addWidget(self.go_button)
        column.addLayout(row)

    # What is asked

    @property
    def growing(self) -> Plan | None:
        """The plan that is to grow, None for a new one."""
        return self._plans.get(self.plan.currentData())

    @property
    def newer(self) -> Scheme | None:
        """The newest version of the growing plan's scheme, None where the plan has it already."""
        plan = self.growing
        name, _, version = plan.scheme.partition("@") if plan else ("", "", "0")
        newest = self._newest.get(name)
        return newest if newest is not None and newest.version > int(version) else None

    @property
    def shares(self) -> Shares:
        """Overlap and repeats."""
        plan = self.growing
        return plan.shares if plan else Shares(self.overlap.value() / 100, self.repeats.value() / 100)

    @property
    def margins(self) -> Margins:
        """What is shown around a stimulus."""
        plan = self.growing
        return plan.margins if plan else Margins(self.before.value(), self.after.value())

    def _scheme(self) -> Scheme:
        plan, newer = self.growing, self.newer
        if newer is not None and self.moving.isChecked():
            return newer
        return schemes.scheme_of(self.study, plan.scheme if plan else str(self.scheme.currentData()))

    def go(self) -> None:
        """Make the plan, or let it grow or go on by a newer version of its scheme."""
        try:
            self._make()
        except EvokeError as error:
            self.problem.setText(str(error))
            return
        super().accept()

    def _make(self) -> None:
        plan = self.growing
        people, scheme = self.people.chosen(), self._scheme()
        for person in people:
            add_annotator(self.study, person)
        out = others_of(self.study, scheme, self.margins, self.sessions.chosen())
        without = training.known_trials(self.study, scheme.id) | out
        if plan is not None:
            if scheme.id != plan.scheme:
                plan = move_on(self.study, plan, scheme)
            self.made = grow(self.study, plan, scheme, people, without)
            return
        scheme = schemes.add_scheme(self.study, scheme)
        self.made = make_plan(
            self.study,
            self.name.text().strip(),
            scheme,
            people,
            self.seed.value(),
            self.shares,
            self.margins,
            self._hidden(scheme),
            without,
        )

    def _hidden(self, scheme: Scheme) -> list[str]:
        """Return what is hidden beyond what the scheme hides."""
        return [name for name in self.hidden.chosen() if name not in scheme.hide]

    # What it would come to

    def _on_plan(self) -> None:
        plan = self.growing
        for widget in (
            self.name,
            self.scheme,
            self.overlap,
            self.repeats,
            self.seed,
            self.before,
            self.after,
        ):
            widget.setEnabled(plan is None)
        newer = self.newer
        with QSignalBlocker(self.moving):
            self.moving.setChecked(False)
        self.moving.setVisible(newer is not None)
        self.moving_note.setVisible(newer is not None)
        if plan is None:
            self.go_button.setText("Make the plan")
            self._on_scheme()
            return
        if newer is not None:
            self.moving.setText(f"Go on by the newer version {newer.id}")
            self.moving_note.setText(MOVING.format(old=plan.scheme))
        self.name.setText(plan.name)
        self.overlap.setValue(round(plan.shares.overlap * 100))
        self.repeats.setValue(round(plan.shares.repeats * 100))
        self.before.setValue(plan.margins.before_s)
        self.after.setValue(plan.margins.after_s)
        self.seed.setValue(plan.seed)
        for person in plan.active:
            if person not in self.people.ticks:
                self.people.add(person, True)
        self._on_moving()

    def _on_moving(self) -> None:
        plan = self.growing
        if plan is None:
            return
        scheme = self._scheme()
        if self.scheme.findData(scheme.id) < 0:
            self.scheme.addItem(f"{scheme.title} ({scheme.id})", scheme.id)
        with QSignalBlocker(self.scheme):
            self.scheme.setCurrentIndex(self.scheme.findData(scheme.id))
        self.go_button.setText("Let it grow" if scheme.id == plan.scheme else f"Go on by {scheme.id}")
        self._show_hidden(plan.hide)
        self._look()

    def _on_scheme(self) -> None:
        name = str(self.scheme.currentData() or "plan").partition("@")[0]
        # A name that was typed is kept.
        if not self.name.isModified():
            self.name.setText(free(slug(name)[:24], self._plans))
        self._show_hidden(frozenset())
        self._look()

    def _show_hidden(self, more: frozenset[str]) -> None:
        """Tick what the scheme hides, which stays so, and what is hidden beyond it."""
        fixed = self._scheme().hide if self.scheme.count() else frozenset()
        for name, tick in self.hidden.ticks.items():
            tick.setChecked(name in fixed | more)
            tick.setEnabled(name not in fixed and self.growing is None)

    def _add_newcomer(self) -> None:
        code = self.newcomer.text().strip()
        wrong = code_problem(code, self.people.ticks)
        self.problem.setText(wrong)
        if not wrong:
            self.people.add(code, True)
            self.newcomer.clear()

    def _look(self) -> None:
        """Say what is missing, else reckon in a moment."""
        missing = ""
        if not self.scheme.count():
            missing = "The study has no scheme. Make one first."
        elif not self.people.chosen() and not (self.growing and self.growing.active):
            missing = "Tick who annotates, or add somebody."
        elif not self.sessions.chosen():
            missing = "Tick the sessions that are to be labelled."
        self.problem.setText("")
        self.go_button.setEnabled(False)
        if missing:
            self._pause.stop()
            self.table.setRowCount(0)
            self.summary.setText(missing)
        else:
            self._pause.start()

    def _reckon(self) -> None:
        if self._work is not None:
            self._is_stale = True
            return
        study, scheme, plan = self.study, self._scheme(), self.growing
        asked = (self.people.chosen(), self.seed.value(), self.shares, self.margins)
        people, seed, shares, margins = asked
        sessions, name = self.sessions.chosen(), self.name.text().strip()
        self.summary.setText("Looking at the recordings…")
        self._work = Work(
            lambda: outlook(study, scheme, people, seed, shares, margins, sessions, plan, name), self
        )
        self._work.done.connect(self._show)
        self._work.failed.connect(self._on_failed)
        self._work.start()

    def _on_failed(self, error: Exception) -> None:
        self._work = None
        self.summary.setText("")
        self.problem.setText(str(error))

    def _show(self, found: Outlook) -> None:
        self._work = None
        if self._is_stale:
            self._is_stale = False
            self._reckon()
            return
        self.outlook = found
        self.table.setRowCount(len(found.shares))
        for row, share in enumerate(found.shares):
            cells = (share.annotator, share.items, share.shared, share.repeats, hours(share.work_s))
            for place, value in enumerate(cells):
                item = QTableWidgetItem(str(value))
                if place:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, place, item)
        self.summary.setText(_words(found, self.growing is not None))
        plan = self.growing
        joining = plan is not None and set(self.people.chosen()) - set(plan.active)
        moves = plan is not None and self._scheme().id != plan.scheme
        self.go_button.setEnabled(bool(found.items or joining or moves))


def _words(found: Outlook, grows: bool) -> str:
    if not found.items:
        words = "Nothing new to label." if grows else "There is nothing to label."
    else:
        new = "new " if grows else ""
        words = f"{found.trials} {new}trials of {found.sessions} sessions, {found.items} items in all."
    told = [f"{each.what} {each.why}" for each in found.left_out[:MOST_LEFT_OUT]]
    if told:
        rest = len(found.left_out) - len(told)
        words += f" Left out: {'; '.join(told)}" + (f"; and {rest} more." if rest else ".")
    return words


def _percent(name: str, most: int) -> QSpinBox:
    box = QSpinBox()
    box.setAccessibleName(name)
    box.setRange(0, most)
    box.setSuffix(" % of the trials")
    return box


def _seconds(name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setAccessibleName(name)
    box.setRange(0.0, 60.0)
    box.setDecimals(1)
    box.setSingleStep(0.5)
    box.setSuffix(" s")
    return box
