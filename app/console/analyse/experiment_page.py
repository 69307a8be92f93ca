"""The step Experiment: choices at the left, at the right what they mean before anything is trained."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QScrollArea,
    QSplitter,
    QTableWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.evaluation.guards import GuardReport
from app.console.analyse.apart import Apart
from app.console.analyse.experiment_check import Checked, check, cost_words, guard_rows
from app.console.analyse.experiment_forms import InputTicks, SplitChoice, TargetChoice, section
from app.console.analyse.experiment_freeze import FreezeDialog
from app.console.analyse.experiment_recognizer import RecognizerChoice
from app.console.analyse.experiment_settings import SettingsForm
from app.console.analyse.experiment_wanted import Wanted
from app.console.analyse.experiment_work import Choices, Outlook, choices, outlook
from app.console.analyse.split_view import SplitView
from app.console.analyse.step_page import WaitingStep
from app.console.annotate.agreement_tables import fill
from app.console.parts import Card, Line, Primary, Tinted, quiet
from app.console.plain_table import plain_table
from app.study import Study

SETTLE_MS = 250
FIRST = "logistic-regression"
GUARD_HEADS = ("", "Guard", "What it says", "Fold")
NO_DATA = "This study has no recording that a recognizer could learn from. Data says why."
NO_TARGET = "This study offers no target: nobody rated, no trial has a category, nothing is labelled."


class ExperimentPage(WaitingStep):
    """Plans one experiment and starts it."""

    unreadable = "The study cannot be read."
    start_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Experiment", "Reading", "", parent)
        self.choices: Choices | None = None
        self.outlook: Outlook | None = None
        self.checked: Checked | None = None
        self._starts = False
        self.apart = Apart()
        self._lay_out(self._controls(), self._body())
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._look)
        self._show_buttons()

    # Making

    def _controls(self) -> tuple[QWidget, ...]:
        self.freeze = Tinted("Freeze as plan…", "mark", self._ask_freeze)
        self.freeze.setToolTip("Write down what will be tested before it is: results then say 'planned'")
        self.check_button = Tinted("Check", "good", lambda: self._check(False))
        self.check_button.setToolTip("Compute the inputs, ask every guard, time a fold; nothing is kept")
        self.start_button = Primary("Start", "start", lambda: self._check(True))
        # The toolbar has a Start of its own, for sessions.
        self.start_button.setAccessibleName("Start the run")
        return self.freeze, self.check_button, self.start_button

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._form())
        split.addWidget(self._right())
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([420, 660])
        return split

    def _form(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 10, 0)
        self.recognizer = RecognizerChoice()
        self.target = TargetChoice()
        self.inputs = InputTicks()
        self.tested = SplitChoice()
        self.settings = SettingsForm()
        for title, widget in (
            ("Recognizer", self.recognizer),
            ("What it is to find", self.target),
            ("What it is given (share of the recordings)", self.inputs),
            ("How it is tested", self.tested),
            ("Its settings", self.settings),
        ):
            column.addWidget(section(title, widget))
        column.addStretch(1)
        self.recognizer.changed.connect(self._on_recognizer)
        self.target.changed.connect(self._on_changed)
        self.inputs.changed.connect(self._on_changed)
        self.tested.changed.connect(self._on_changed)
        self.settings.changed.connect(self._on_changed)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumWidth(350)
        area.setAccessibleName("Choices")
        return area

    def _right(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        upper = Card()
        self.split = SplitView()
        upper.body.addWidget(self.split)
        split.addWidget(upper)
        lower = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Guards, lost trials, command")
        self.guards = plain_table("Guards", GUARD_HEADS, 2)
        self.guard_words = Line("", "muted", True)
        self.tabs.addTab(_page(self.guard_words, self.guards), "Guards")
        self.lost = plain_table("Lost trials", ("Recording", "Trial", "Why"))
        self.lost_words = Line("", "muted", True)
        self.lost.cellActivated.connect(lambda row, _: self._ask_lost(row))
        self.tabs.addTab(_page(self.lost_words, self.lost), "Lost")
        self.command = Line("", "text", True)
        told = QWidget()
        inside = QVBoxLayout(told)
        inside.setContentsMargins(0, 4, 0, 0)
        inside.addWidget(Line("The same from a terminal:", "muted"))
        inside.addWidget(self.command)
        inside.addStretch(1)
        self.tabs.addTab(told, "Command")
        lower.body.addWidget(self.tabs)
        split.addWidget(lower)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        return split

    # Choosing

    def _forget(self) -> None:
        self.choices = self.outlook = self.checked = None

    def _read(self) -> None:
        study = self.study
        if study is not None:
            reading = "Reading recordings and recognizers…"
            self._read_by(lambda told: choices(study, self.apart, told), self._on_choices, reading)

    @property
    def is_read(self) -> bool:
        """Whether something can be chosen."""
        return self.choices is not None

    def closing(self) -> None:
        """Give up what is computed; runs go on."""
        self._settle.stop()
        super().closing()
        self.apart.close()

    @property
    def is_busy(self) -> bool:
        """Whether something is being computed, or about to be."""
        return self.waiting.is_busy or self._settle.isActive()

    def wanted(self) -> Wanted | None:
        """Return what is chosen; None where something is missing."""
        card = self.recognizer.card
        if card is None or not self.target.name or self.settings.problem or self.inputs.problem:
            return None
        return Wanted(
            recognizer=card.name,
            target=self.target.name,
            modalities=self.inputs.names,
            combinations=self.inputs.combinations.isChecked() and self.inputs.combinations.isEnabled(),
            settings=self.settings.values(),
            split=self.tested.split_kind,
            k=self.tested.k.value(),
            search=self.tested.search.value(),
            nested=self.tested.nested.isChecked(),
            permutations=self.tested.permutations.value(),
            permutation_kind=self.tested.permutation_kind,
            metric=str(self.tested.measure.currentData()),
            seed=self.tested.seed.value(),
            domain=str(self.tested.domain.currentData() or ""),
        )

    def _on_choices(self, found: Choices) -> None:
        stays = self.choices is not None
        is_same = self.choices is not None and self.choices.material is found.material
        self.choices = found
        if not found.material.corpus.trials or not found.material.recipes:
            self._say_empty(NO_TARGET if found.material.corpus.trials else NO_DATA)
            return
        self.stack.setCurrentIndex(1)
        if is_same and self.outlook is not None:
            self._show_buttons()
            return
        before = self.recognizer.card
        self.recognizer.show_cards(found.cards, found.missing)
        if before is None:
            self.recognizer.choose(FIRST)
        self.target.show_recipes(found.material.recipes)
        self.tested.show_domains(found.domains)
        card = self.recognizer.card
        if stays and before is not None and card is not None and card.name == before.name:
            # Other files are there; what was typed stays.
            self.inputs.show_inputs(card, found.share)
            self._on_changed()
        else:
            self._on_recognizer()

    def _on_recognizer(self) -> None:
        card, found = self.recognizer.card, self.choices
        if card is None or found is None:
            return
        self.inputs.show_inputs(card, found.share)
        self.settings.show_settings(card.settings)
        self._on_changed()

    def _on_changed(self) -> None:
        self.checked = None
        self._starts = False
        self._show_buttons()
        self._settle.start()

    def _look(self) -> None:
        study, found, wanted = self.study, self.choices, self.wanted()
        if study is None or found is None:
            return
        if wanted is None:
            self._show_outlook(None, self.inputs.problem or self.settings.problem)
            return
        self.waiting.run(lambda told: outlook(study, found, wanted, told), self._on_outlook)

    def _on_outlook(self, found: Outlook) -> None:
        self.trouble.say("")
        self._show_outlook(found, found.problem)

    def _show_outlook(self, found: Outlook | None, problem: str) -> None:
        self.outlook = found
        target = found.target if found is not None else None
        self.target.words.setText(found.target_words if found is not None else "")
        if target is not None:
            before = self.tested.measure.currentData()
            self.tested.show_metrics("classes" if target.classes else "numbers")
            if before != self.tested.measure.currentData():
                self._settle.start()
            fill(self.lost, ([each.trial[0], str(each.trial[1] + 1), each.why] for each in target.lost))
        else:
            self.lost.setRowCount(0)
        count = self.lost.rowCount()
        self.tabs.setTabText(1, f"Lost ({count})")
        self.lost_words.setText("Enter opens a trial in the review." if count else "No trial is lost.")
        if found is None or found.division is None or found.cases is None:
            self.split.show_nothing(problem or "Choose a recognizer and a target to see the split.")
        else:
            self.split.show_division(found.cases, found.division)
        if found is not None and self.study is not None:
            self.command.setText(command_words(found.wanted, self.study))
        self._show_checked()
        self._show_buttons()

    # Checking, starting

    def _check(self, starts: bool) -> None:
        study, found, wanted = self.study, self.choices, self.wanted()
        if study is None or found is None or wanted is None:
            return
        if starts and self.checked is not None and self.checked.wanted == wanted:
            self._start(self.checked)
            return
        self._starts = starts
        self._settle.stop()
        self.trouble.say("")
        self.waiting.run(lambda told: check(study, wanted, self.apart, told), self._on_checked)
        self._show_buttons()

    def _on_checked(self, found: Checked) -> None:
        self.checked = found
        if self.outlook is None or self.outlook.wanted != found.wanted:
            self._settle.start()
        self._show_checked()
        self._show_buttons()
        starts, self._starts = self._starts, False
        if starts:
            self._start(found)

    def _start(self, found: Checked) -> None:
        stopped = found.report.stopped
        if stopped:
            self.tabs.setCurrentIndex(0)
            self.trouble.say(f"Not started: a guard stops it. {stopped[0].words}", "alarm")
            return
        assert self.study is not None
        self.start_asked.emit(found.wanted.arguments(self.study.folder, found.plan))

    def _show_checked(self) -> None:
        found = self.checked
        self.summary.set_whole("" if found is None else cost_words(found))
        report = GuardReport(()) if found is None else found.report
        fill(self.guards, guard_rows(report))
        if found is None:
            self.guard_words.setText(
                "Check computes the inputs, asks every guard and times a fold. Start does so by itself."
            )
            self.guard_words.set_colour("muted")
        else:
            stopped, shown = len(report.stopped), sum(line.state == "shown" for line in report.lines)
            told = "Nothing stops it." if not stopped else f"Stopped: {stopped} found a leak."
            if shown:
                told += " Leaky by its split: results carry a watermark."
            self.guard_words.setText(" ".join((told, *(sentence(each) for each in found.warnings[:4]))))
            self.guard_words.set_colour("alarm" if stopped or shown else "good")
        self.tabs.setTabText(0, "Guards" if found is None else f"Guards ({len(report.lines)})")

    def _on_failed(self, text: str) -> None:
        self._starts = False
        super()._on_failed(text)

    def _on_stopped(self) -> None:
        self._starts = False
        super()._on_stopped()

    def _on_stayed(self) -> None:
        """What was chosen stays as it is, and nothing is to be said."""

    def _ask_lost(self, row: int) -> None:
        if self.outlook is not None and self.outlook.target is not None and self.choices is not None:
            recording, trial = self.outlook.target.lost[row].trial
            material = self.choices.material
            path = material.path_of(recording)
            starts = {each.key: each.start_s for each in material.corpus.trials}
            if path is not None:
                self.jump_asked.emit(path, starts.get((recording, trial), 0.0))

    def _ask_freeze(self) -> None:
        study, found, seen = self.study, self.choices, self.outlook
        if study is None or found is None or seen is None or seen.target is None:
            return
        if seen.wanted != self.wanted():
            # What was computed is of the choices before: never freeze those.
            return
        dialog = FreezeDialog(study, found.material.corpus, seen.wanted.experiment(seen.target), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.frozen.connect(self._on_frozen)
        dialog.open()

    def _on_frozen(self, words: str) -> None:
        self.checked = None
        self._show_checked()
        self.said.emit(words, "good")

    def _say_empty(self, text: str) -> None:
        super()._say_empty(text)
        self._show_buttons()

    def _show_buttons(self) -> None:
        is_ready = self.stack.currentIndex() == 1 and self.wanted() is not None
        seen = self.outlook
        is_possible = is_ready and seen is not None and not seen.problem
        self.freeze.setEnabled(is_possible and seen is not None and seen.wanted == self.wanted())
        for button in (self.check_button, self.start_button):
            button.setEnabled(is_possible)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Left, Right on the split", "Another fold"),)


def sentence(text: str) -> str:
    """Return a warning with its full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def command_words(wanted: Wanted, study: Study) -> str:
    """Return the command as one writes it in a terminal."""
    told = wanted.arguments(study.folder)
    return " ".join(["evoke", *(f'"{each}"' if " " in each else each for each in told)])


def _page(words: Line, table: QTableWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 4, 0, 0)
    column.addWidget(words)
    quiet(table)
    column.addWidget(table, 1)
    return page
