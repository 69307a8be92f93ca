"""The step Therapy: where sessions began and where they ended, on the circumplex of valence and arousal."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QWidget,
)

from app.analysing.therapy_files import write
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.step_page import WaitingStep
from app.console.analyse.therapy_work import Assessed, Ready, SessionRow, Teller, assessed, look, teller_in
from app.console.choices import combo, fill_combo, make_tick, number
from app.console.folders import ask_folder
from app.console.parts import Card, Line, Primary, Tinted, quiet
from app.console.plain_table import plain_table
from stimuli.problems import EvokeError

HEADS = ("Use", "Participant", "Session", "Recording")
NO_MODELS = (
    "Before and after needs a kept recognizer of valence and one of arousal (or one of both). "
    "Make a target whose name has that word, run it in Experiment, then choose Apply and "
    "“Train on all and keep”. Or choose “Recognizer of another study…”."
)
READING = "Looking for kept recognizers…"
NOT_YET = "Choose recognizers and sessions, then “Before and after”."


class TherapyPage(WaitingStep):
    """Assesses sessions with kept recognizers."""

    unreadable = "The recognizers cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Therapy", "Before and after", NO_MODELS, parent)
        self.found: Ready | None = None
        self.done: Assessed | None = None
        self._unticked: set[Path] = set()
        self._elsewhere: list[Teller] = []
        self.more = Tinted("Recognizer of another study…", "import", self._ask_recognizer)
        self.more.setToolTip("Choose the folder of a run of which a recognizer was kept")
        self.save = Tinted("Save all…", "save", self._ask)
        self.save.setToolTip("Figure, table and JSON into a folder")
        self.assess_button = Primary("Before and after", "start", self.assess)
        self._lay_out((self.more, self.save, self.assess_button), self._body())
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        left = Card()
        form = QFormLayout()
        self.valence: QComboBox = combo("Recognizer of valence", 16)
        self.arousal: QComboBox = combo("Recognizer of arousal", 16)
        self.minutes = number("Minutes at each end", 0.1, 240.0, 15.0, 1, " min")
        form.addRow("Valence", self.valence)
        form.addRow("Arousal", self.arousal)
        form.addRow("At each end", self.minutes)
        left.body.addLayout(form)
        self.table = plain_table("Sessions", HEADS)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.itemChanged.connect(self._on_ticked)
        self.table.cellActivated.connect(lambda row, _: self._ask_review(row))
        quiet(self.table)
        left.body.addWidget(self.table, 1)
        split.addWidget(left)
        right = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Figure and table")
        self.figure = FigureView("Before and after on the circumplex")
        self.rows = TableView("Before and after")
        self.figure.said.connect(self.said)
        self.rows.said.connect(self.said)
        self.tabs.addTab(self.figure, "Circumplex")
        self.tabs.addTab(self.rows, "Table")
        right.body.addWidget(self.tabs, 1)
        self.notes = Line("", "muted", True)
        right.body.addWidget(self.notes)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 4)
        split.setSizes([290, 800])
        return split

    def _forget(self) -> None:
        self.found, self.done = None, None
        self._unticked.clear()

    def _read(self) -> None:
        study = self.study
        if study is not None:
            if self.found is None:
                self._say_empty(READING)
            elsewhere = tuple(self._elsewhere)
            self.waiting.run(lambda told: look(study, elsewhere, told), self._on_found)
            self._show_buttons()

    def show_run(self, folder: Path) -> None:
        """Choose a run's recognizer, where one is kept."""
        for box in (self.valence, self.arousal):
            for place in range(box.count()):
                teller = box.itemData(place)
                if isinstance(teller, Teller) and teller.folder.parent == folder:
                    box.setCurrentIndex(place)

    def _on_stopped(self) -> None:
        super()._on_stopped()
        self.said.emit("Cancelled.", "info")

    def _on_stayed(self) -> None:
        """What was found stays as it is."""

    def _on_found(self, found: Ready) -> None:
        self.found = found
        has = all(self._telling(axis) for axis in ("valence", "arousal"))
        for box, axis in ((self.valence, "valence"), (self.arousal, "arousal")):
            told = self._telling(axis)
            kept: object = box.currentData()
            same = next(
                (each for each in told if isinstance(kept, Teller) and each.title == kept.title), None
            )
            entries: list[tuple[str, object]] = [(each.title, each) for each in told]
            fill_combo(box, entries, same)
        self._fill()
        self.empty.setText(NO_MODELS)
        self.stack.setCurrentIndex(1 if has else 0)
        self.summary.set_whole(f"{len(found.sessions)} sessions" if has else "")
        self._show_done()
        self._show_buttons()

    def _telling(self, axis: str) -> list[Teller]:
        return [] if self.found is None else [each for each in self.found.tellers if axis in each.axes]

    def _fill(self) -> None:
        assert self.found is not None
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.found.sessions))
        for place, row in enumerate(self.found.sessions):
            for column, text in enumerate(("", row.participant, row.session, row.path.stem)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 0:
                    make_tick(item, f"Use {row.path.stem}", row.path not in self._unticked)
                self.table.setItem(place, column, item)
        self.table.blockSignals(False)

    def _on_ticked(self, item: QTableWidgetItem) -> None:
        if item.column() == 0 and self.found is not None:
            path = self.found.sessions[item.row()].path
            if item.checkState() == Qt.CheckState.Checked:
                self._unticked.discard(path)
            else:
                self._unticked.add(path)
            self._show_buttons()

    @property
    def chosen(self) -> list[SessionRow]:
        """The sessions that are ticked."""
        rows = () if self.found is None else self.found.sessions
        return [row for row in rows if row.path not in self._unticked]

    def _show_buttons(self) -> None:
        idle = not self.waiting.is_busy
        self.assess_button.setEnabled(idle and self.stack.currentIndex() == 1 and bool(self.chosen))
        self.more.setEnabled(idle and self.study is not None)
        self.save.setEnabled(idle and self.done is not None)

    def assess(self) -> None:
        """Compute both ends of the ticked sessions."""
        valence, arousal = self.valence.currentData(), self.arousal.currentData()
        if not isinstance(valence, Teller) or not isinstance(arousal, Teller):
            return
        paths, minutes = [row.path for row in self.chosen], self.minutes.value()
        self.trouble.say("")
        self.waiting.run(lambda told: assessed(valence, arousal, paths, minutes, told), self._on_assessed)
        self._show_buttons()

    def _on_assessed(self, done: Assessed) -> None:
        self.done = done
        self._show_done()
        self._show_buttons()

    def _show_done(self) -> None:
        if self.done is None:
            self.figure.show_figure(None, NOT_YET)
            self.rows.show_table(None, NOT_YET)
            self.notes.setText("")
        else:
            self.figure.show_figure(self.done.shown)
            self.rows.show_table(self.done.shown.table, self.done.shown.about)
            self.notes.setText(" ".join(self.done.assessment.notes))

    def _ask_review(self, row: int) -> None:
        if self.found is not None and 0 <= row < len(self.found.sessions):
            self.jump_asked.emit(self.found.sessions[row].path, 0.0)

    def _ask_recognizer(self) -> None:
        ask_folder(self, "Folder of a run of which a recognizer was kept", self.add_recognizer)

    def add_recognizer(self, name: str) -> None:
        """Offer the recognizer that is kept in a folder of any study."""
        try:
            found = teller_in(Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
            return
        self.trouble.say("")
        self._elsewhere = [each for each in self._elsewhere if each.folder != found.folder] + [found]
        self._read()

    def _ask(self) -> None:
        ask_folder(self, "Save figure, table and JSON to", self.write_to)

    def write_to(self, name: str) -> None:
        """Write figure, table and JSON into a folder."""
        assert self.done is not None
        try:
            paths = write(self.done.assessment, Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.said.emit(f"Saved in {name}: {', '.join(path.name for path in paths)}.", "good")

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Space on a session", "Use it, or not"), ("Enter on a session", "Open it in the review"))
