"""Everybody with what was said, and one person's nine shares beside it, with reasons for doubt."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTableWidgetItem, QVBoxLayout, QWidget

from app.analysing.speech_figures import person_figure
from app.analysing.speech_outcome import Outcome, PersonSaid
from app.analysing.speech_report import person_page, write
from app.console.analyse.draw_figure import FigureView
from app.console.folders import ask_folder
from app.console.parts import Line, Tinted, quiet
from app.console.plain_table import plain_table
from stimuli.problems import EvokeError

HEADS = ("Participant", "Answer", "Decided", "Share", "Doubts")
NOT_YET = "Nobody was tested yet."


class PersonView(QWidget):
    """A list of persons, and the report of the one that is chosen."""

    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outcome: Outcome | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        self.table = plain_table("Persons", HEADS)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.itemSelectionChanged.connect(self._show_person)
        quiet(self.table)
        split.addWidget(self.table)
        below = QWidget()
        rows = QVBoxLayout(below)
        rows.setContentsMargins(0, 0, 0, 0)
        self.figure = FigureView("One person's shares")
        self.figure.said.connect(self.said)
        rows.addWidget(self.figure, 1)
        foot = QHBoxLayout()
        self.doubts = Line("", "muted", True)
        foot.addWidget(self.doubts, 1)
        self.save = Tinted("Save person's report…", "save", self._ask)
        foot.addWidget(self.save, 0, Qt.AlignmentFlag.AlignTop)
        rows.addLayout(foot)
        split.addWidget(below)
        split.setSizes([120, 400])
        column.addWidget(split, 1)
        self.show_outcome(None)

    @property
    def person(self) -> PersonSaid | None:
        """The person that is chosen."""
        row = self.table.currentRow()
        if self.outcome is None or not 0 <= row < len(self.outcome.people):
            return None
        return self.outcome.people[row]

    def show_outcome(self, outcome: Outcome | None) -> None:
        """Show everybody of a test; None for nobody."""
        self.outcome = outcome
        self.table.blockSignals(True)
        people = () if outcome is None else outcome.people
        self.table.setRowCount(len(people))
        for place, each in enumerate(people):
            doubts = ", ".join(flag.partition(":")[0] for flag in each.flags) or "none found"
            cells = (f"{each.participant} {each.session}", each.answer, each.decided, each.interval, doubts)
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip("\n".join(each.flags) if column == 4 and each.flags else text)
                self.table.setItem(place, column, item)
        self.table.blockSignals(False)
        if people:
            self.table.selectRow(0)
        self._show_person()

    def _show_person(self) -> None:
        person, outcome = self.person, self.outcome
        self.save.setEnabled(person is not None)
        if person is None or outcome is None:
            self.figure.show_figure(None, NOT_YET)
            self.doubts.setText("")
            return
        self.figure.show_figure(person_figure(outcome, person))
        doubts = "; ".join(person.flags) or "none of those that are looked for"
        self.doubts.setText(f"Reasons for doubt: {doubts}. A research aid, no diagnosis.")

    def _ask(self) -> None:
        ask_folder(self, "Save the person's report into", self.write_to)

    def write_to(self, name: str) -> None:
        """Write the report of the chosen person into a folder."""
        person = self.person
        assert person is not None
        assert self.outcome is not None
        try:
            path = write(person_page(self.outcome, person), Path(name))
        except EvokeError as error:
            self.said.emit(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {path}.", "good")
