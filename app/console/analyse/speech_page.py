"""The step Speech tasks: persons told apart by spoken answers, task by task, with reasons for doubt."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.analysing.speech_figures import (
    calibration_figure,
    confusion_figure,
    metrics_table,
    tasks_figure,
)
from app.analysing.speech_outcome import MOST_FUSED, Outcome, Wanted
from app.analysing.speech_report import study_page, write
from app.analysing.speech_tasks import AID, positive_of
from app.analysing.speech_testing import Plan
from app.console.analyse.down_only import DownOnly
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.speech_new import NewExtractorDialog
from app.console.analyse.speech_person import PersonView
from app.console.analyse.speech_work import (
    NewExtractor,
    Ready,
    TargetOffer,
    add_file,
    look,
    run_test,
    train_new,
)
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo, make_tick, whole
from app.console.folders import ask_folder
from app.console.parts import Banner, Card, Line, Primary, Tinted, quiet
from app.console.plain_table import plain_table
from stimuli.problems import EvokeError

READING = "Looking for spoken answers…"
NO_TASKS = (
    "This study holds no spoken answers. The bundled protocol “Nine speech tasks with PHQ-9” records some; "
    "any protocol with a speaking stage will do."
)
NO_TARGET = (
    "There are spoken answers, but nothing that divides the participants into two classes. Enter their group "
    "(Participants), ask the PHQ-9 in the protocol, or store a target of the source “participant” or "
    "“questionnaire”."
)
NOT_YET = "Tick one to three embeddings, then “Test”."
NO_EMBEDDING = (
    "There is no embedding yet. “Train…” makes one from recorded speakers; “Extractor…” and “Vectors…” bring "
    "one in."
)
VOTE = "speech-tasks-vote"
RECOGNIZERS = (
    ("Stacked (the paper's)", "speech-tasks-stack"),
    ("Majority of cosines", VOTE),
    ("Tasks chosen by t-test", "speech-tasks-selected"),
)
FIRSTS = (("SVM (the paper's)", "svm"), ("Random forest", "forest"))
PERSONS = "Persons, in folds"
GRIDS = (("not tuned", "none"), ("coarse", "coarse"), ("full", "full"))
HEADS = ("Use", "Embedding", "What it is")


class SpeechPage(WaitingStep):
    """Tests a study's participants by their spoken answers."""

    unreadable = "The study's answers cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Speech tasks", "Speech tasks", READING, parent)
        self.found: Ready | None = None
        self.done: Outcome | None = None
        self._ticked: set[str] = set()
        self._dialog: NewExtractorDialog | None = None
        self.save = Tinted("Save report…", "save", self._ask_report)
        self.save.setToolTip("One page with every figure and table, into a folder")
        self.test_button = Primary("Test", "start", self.test)
        self.aid = Banner()
        self.aid.say(AID, "info")
        self._lay_out((self.save, self.test_button), self._body(), self.aid)
        self._show_done()
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left())
        right = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("What was found")
        self.bars = FigureView("Tasks by kind and valence")
        self.scores = TableView("Figures of all tasks together")
        self.confusion = FigureView("Confusion of persons")
        self.calibrated = FigureView("Calibration")
        self.person = PersonView()
        for view, title in (
            (self.bars, "Tasks"),
            (self.scores, "All tasks"),
            (self.confusion, "Confusion"),
            (self.calibrated, "Calibration"),
            (self.person, "Persons"),
        ):
            view.said.connect(self.said)
            self.tabs.addTab(view, title)
        right.body.addWidget(self.tabs, 1)
        self.notes = Line("", "muted", True)
        right.body.addWidget(self.notes)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 4)
        split.setSizes([330, 760])
        return split

    def _left(self) -> QWidget:
        inside = Card()
        form = QFormLayout()
        self.target: QComboBox = combo("Target", 14)
        self.target.activated.connect(lambda _: self._fill_positive())
        self.positive: QComboBox = combo("Positive class", 14)
        self.recognizer: QComboBox = combo("Recognizer", 14)
        fill_combo(self.recognizer, RECOGNIZERS, RECOGNIZERS[0][1])
        self.recognizer.currentIndexChanged.connect(lambda _: self._show_buttons())
        self.first: QComboBox = combo("First stage: what is fitted to each task", 14)
        fill_combo(self.first, FIRSTS, "svm")
        self.grid: QComboBox = combo("Tuning inside the training side", 14)
        fill_combo(self.grid, GRIDS, "coarse")
        self.hold_out: QComboBox = combo("Who is held out", 14)
        fill_combo(self.hold_out, [(PERSONS, "")], "")
        self.hold_out.currentIndexChanged.connect(lambda _: self._show_buttons())
        self.folds = whole("Folds of persons", 2, 20, 10)
        self.repeats = whole("Repeats with other folds", 1, 100, 10)
        for label, box in (
            ("Target", self.target),
            ("Positive", self.positive),
            ("Recognizer", self.recognizer),
            ("First stage", self.first),
            ("Tuning", self.grid),
            ("Hold out", self.hold_out),
            ("Folds", self.folds),
            ("Repeats", self.repeats),
        ):
            form.addRow(label, box)
        inside.body.addLayout(form)
        self.table = plain_table("Embeddings", HEADS)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.itemChanged.connect(self._on_ticked)
        self.table.setMinimumHeight(96)
        quiet(self.table)
        inside.body.addWidget(self.table, 1)
        row = QHBoxLayout()
        self.train_button = Tinted("Train…", "add", self._ask_new)
        self.train_button.setToolTip(
            "Train an extractor on a folder with a sub-folder of wav files a speaker"
        )
        self.add_button = Tinted("Extractor…", "import", self._ask_extractor)
        self.add_button.setToolTip("Put an extractor's folder on this computer's shelf")
        self.vectors_button = Tinted("Vectors…", "import", self._ask_vectors)
        self.vectors_button.setToolTip("Put a CSV or npz of ready vectors on this computer's shelf")
        for button in (self.train_button, self.add_button, self.vectors_button):
            row.addWidget(button)
        inside.body.addLayout(row)
        area = DownOnly()
        area.setAccessibleName("Choices, scrolled")
        area.viewport().setAutoFillBackground(False)
        holder = QWidget()
        holder.setAutoFillBackground(False)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(inside)
        area.setWidget(holder)
        return area

    def _forget(self) -> None:
        self.found, self.done = None, None
        self._show_done()

    def _read(self) -> None:
        study = self.study
        if study is not None:
            self._read_by(lambda told: look(study, told), self._on_found, READING)
            self._show_buttons()

    def _on_stayed(self) -> None:
        self.said.emit("Cancelled.", "info")

    def _on_found(self, found: Ready) -> None:
        self.found = found
        fill_combo(self.target, [(each.name, each) for each in found.targets], self.target.currentData())
        self._fill_positive()
        fields = [(f"Each {name}", name) for name in found.sites]
        fill_combo(self.hold_out, [(PERSONS, ""), *fields], self.hold_out.currentData())
        self._fill()
        if not found.tasks or not found.targets:
            self._say_empty(NO_TARGET if found.tasks else NO_TASKS)
            self.summary.set_whole("")
        else:
            self.summary.set_whole(f"{found.people} participants, {len(found.tasks)} spoken tasks")
            self.stack.setCurrentIndex(1)
        if found.problems:
            self.trouble.say(" ".join(found.problems), "warning")
        self._show_buttons()

    def _fill_positive(self) -> None:
        offer = self.target.currentData()
        classes = offer.classes if isinstance(offer, TargetOffer) else ()
        kept = self.positive.currentData()
        chosen = kept if kept in classes else positive_of(classes) if classes else None
        fill_combo(self.positive, [(name, name) for name in classes], chosen)

    def _fill(self) -> None:
        assert self.found is not None
        rows = [(each.name, each.short, each.words) for each in self.found.extractors]
        rows += [(name, name, "ready vectors of recordings and trials") for name in self.found.vectors]
        self._ticked &= {name for name, _, _ in rows}
        if not self._ticked and rows:
            self._ticked = {rows[0][0]}
        self.table.blockSignals(True)
        self.table.setRowCount(len(rows))
        for place, (name, short, words) in enumerate(rows):
            title = name if short == name else f"{short}  {name}"
            for column, text in enumerate(("", title, words)):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{name}\n{words}")
                item.setData(Qt.ItemDataRole.UserRole, name)
                if column == 0:
                    make_tick(item, f"Use {name}", name in self._ticked)
                self.table.setItem(place, column, item)
        self.table.blockSignals(False)
        if self.done is None:
            self._show_done()

    def _on_ticked(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            name = str(item.data(Qt.ItemDataRole.UserRole))
            if item.checkState() == Qt.CheckState.Checked:
                self._ticked.add(name)
            else:
                self._ticked.discard(name)
            self._show_buttons()

    @property
    def wanted(self) -> Wanted | None:
        """What is chosen, None where something is missing."""
        offer = self.target.currentData()
        if self.found is None or not isinstance(offer, TargetOffer) or not self._ticked:
            return None
        files = tuple(name for name in self.found.vectors if name in self._ticked)
        extractors = tuple(each.name for each in self.found.extractors if each.name in self._ticked)
        if len(files) + len(extractors) > MOST_FUSED:
            return None
        return Wanted(
            offer.name,
            str(self.positive.currentData()),
            extractors,
            files,
            Plan(self.folds.value(), self.repeats.value(), 1, str(self.hold_out.currentData())),
            str(self.recognizer.currentData()),
            str(self.grid.currentData()),
            str(self.first.currentData()),
        )

    def _show_buttons(self) -> None:
        idle = not self.waiting.is_busy
        self.test_button.setEnabled(idle and self.stack.currentIndex() == 1 and self.wanted is not None)
        many = len(self._ticked) > MOST_FUSED
        self.test_button.setToolTip("Three embeddings at most" if many else "Test each person by the others")
        self.save.setEnabled(idle and self.done is not None)
        has_machines = self.recognizer.currentData() != VOTE
        for box in (self.first, self.grid):
            box.setEnabled(has_machines)
        for spin in (self.folds, self.repeats):
            # A site is tested once by all others: there is nothing to divide or repeat.
            spin.setEnabled(not self.hold_out.currentData())
        for button in (self.train_button, self.add_button, self.vectors_button):
            button.setEnabled(idle)

    def test(self) -> None:
        """Test everybody by recognizers that never met them."""
        study, wanted = self.study, self.wanted
        if study is None or wanted is None:
            return
        self.trouble.say("")
        self.waiting.run(lambda told: run_test(study, wanted, told), self._on_done)
        self._show_buttons()

    def _on_done(self, done: Outcome) -> None:
        self.done = done
        self._show_done()
        self._show_buttons()

    def _show_done(self) -> None:
        done = self.done
        if done is None:
            told = NOT_YET if self.table.rowCount() else NO_EMBEDDING
            for view in (self.bars, self.confusion, self.calibrated):
                view.show_figure(None, told)
            self.scores.show_table(None, told)
            self.person.show_outcome(None)
            self.notes.setText("")
            return
        self.bars.show_figure(tasks_figure(done))
        self.scores.show_table(metrics_table(done), f"{done.words} {done.chance.words}")
        self.confusion.show_figure(confusion_figure(done))
        self.calibrated.show_figure(calibration_figure(done))
        self.person.show_outcome(done)
        self.notes.setText(" ".join((*done.shifts, *done.notes)))

    def _ask_new(self) -> None:
        self._dialog = NewExtractorDialog(self)
        self._dialog.wanted.connect(self.train)
        self._dialog.open()

    def train(self, wanted: NewExtractor) -> None:
        """Train an extractor and put it on the shelf."""
        self.trouble.say("")
        self.waiting.run(lambda told: train_new(wanted, told), self._on_shelved)
        self._show_buttons()

    def _ask_extractor(self) -> None:
        ask_folder(self, "Folder of an extractor", self.add)

    def _ask_vectors(self) -> None:
        dialog = QFileDialog(self, "Ready vectors", "", "Vectors (*.csv *.npz)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.add)
        dialog.open()

    def add(self, name: str) -> None:
        """Put an extractor, or a file of ready vectors, on the shelf."""
        self.trouble.say("")
        self.waiting.run(lambda told: add_file(Path(name), told), self._on_shelved)
        self._show_buttons()

    def _on_shelved(self, words: str) -> None:
        self.said.emit(words, "good")
        self._read()

    def _ask_report(self) -> None:
        ask_folder(self, "Save the report into", self.write_to)

    def write_to(self, name: str) -> None:
        """Write the report of the whole study into a folder."""
        assert self.done is not None
        try:
            path = write(study_page(self.done), Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {path}.", "good")

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Space on an embedding", "Use it, or not"), ("Up, Down in Persons", "Another person"))
