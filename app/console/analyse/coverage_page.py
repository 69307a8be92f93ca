"""The step Data: who was recorded with what, what it is worth, which classes there are, what is left out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSplitter,
    QTableWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.console.analyse.coverage_draw import cell_at, cell_words, draw_matrix
from app.console.analyse.coverage_view import CoverageTable, Legend
from app.console.analyse.coverage_work import DataFound, class_rows, find
from app.console.analyse.step_page import WaitingStep
from app.console.annotate.agreement_tables import fill
from app.console.choices import combo, fill_combo
from app.console.parts import Card, Elided, Line, Tinted, quiet
from app.console.plain_table import plain_table
from app.console.saving import PICTURES, TABLES, ask_where, save_picture, save_table
from app.console.theme import Colours

REASONS = ("Participant", "Modality", "Trials with signal", "Quality", "Why")
LEFT_OUT = ("Recording", "Trial", "Why")
COLUMNS = ("participant", "modality", "trials_with_signal", "trials", "quality", "why")
NO_DATA = "This study has no finished recording yet. Record a session, import data, or run evoke simulate."


class CoveragePage(WaitingStep):
    """Shows what a study holds for recognizers."""

    unreadable = "The data cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Data", "Reading the data", "", parent)
        self.found: DataFound | None = None
        self._lay_out(self._controls(), self._body())
        self._say_empty("")

    def _controls(self) -> tuple[QWidget, ...]:
        self.review = Tinted("Review", "review", self._ask_chosen)
        self.review.setToolTip("Open the recording of the chosen cell or row")
        self.save_figure = Tinted("Save picture…", "save", self._ask_picture)
        self.save_rows = Tinted("Save table…", "save", self._ask_table)
        return self.review, self.save_figure, self.save_rows

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        upper = Card()
        self.table = CoverageTable()
        self.table.chosen.connect(lambda *_: self._fill_reasons())
        self.table.asked.connect(self._ask_cell)
        upper.body.addWidget(self.table, 1)
        upper.body.addWidget(Legend())
        split.addWidget(upper)
        lower = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.reasons = plain_table("Reasons", REASONS)
        self.reasons.cellActivated.connect(lambda row, _: self._ask_cell(*self._reason_of(row)))
        self.reasons_of = Elided()
        self.tabs.addTab(_page(self.reasons, self.reasons_of), "Why")
        self.target = combo("Target")
        self.target.activated.connect(lambda _: self._read())
        self.target_words = Line("", "muted", True)
        self.classes = plain_table("Classes of each participant", ("Participant",))
        self.tabs.addTab(_page(self.classes, self.target_words, self.target), "Classes")
        self.left_out = plain_table("Left out", LEFT_OUT)
        self.left_out.cellActivated.connect(lambda row, _: self._ask_left(row))
        self.left_words = Elided()
        self.tabs.addTab(_page(self.left_out, self.left_words), "Left out")
        self.tabs.setAccessibleName("Reasons, classes, what is left out")
        lower.body.addWidget(self.tabs)
        split.addWidget(lower)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        return split

    # Computing

    def _forget(self) -> None:
        self.found = None
        self.target.clear()

    def _read(self) -> None:
        study, target = self.study, str(self.target.currentData() or "")
        if study is not None:
            self._read_by(lambda told: find(study, target, told), self._on_found, "Reading the data…")

    def _on_stayed(self) -> None:
        self._say_empty("Cancelled. Choose Data again to go on.")

    def _on_found(self, found: DataFound) -> None:
        self.found = found
        if not found.material.corpus.recordings and not found.material.corpus.left_out:
            self._say_empty(NO_DATA)
            return
        self.summary.set_whole(found.summary())
        self.table.show_matrix(found.matrix)
        self._fill_reasons()
        self._fill_classes()
        left = found.material.corpus.left_out
        fill(
            self.left_out,
            ([each.recording, "all" if each.trial < 0 else str(each.trial + 1), each.why] for each in left),
        )
        self.left_words.set_whole(
            "Double-click a row, or press Enter, to see it in the review." if left else "Nothing is left out."
        )
        self.tabs.setTabText(2, f"Left out ({len(left)})")
        for button in (self.review, self.save_figure, self.save_rows):
            button.setEnabled(True)
        self.stack.setCurrentIndex(1)

    def _fill_reasons(self) -> None:
        found = self.found
        if found is None:
            return
        matrix, cell = found.matrix, self.table.cell
        self._reasons = [
            (participant, modality)
            for participant in matrix.participants
            for modality in matrix.modalities
            if (cell is None and (at := cell_at(matrix, participant, modality)) and (at.why or at.share < 1))
            or cell == (participant, modality)
        ]
        rows = []
        for participant, modality in self._reasons:
            at = cell_at(matrix, participant, modality)
            count = f"{at.with_signal} of {at.trials}" if at.trials else "none"
            quality = f"{at.quality:.2f}" if at.with_signal else ""
            rows.append([participant, modality, count, quality, "; ".join(at.why) or "nothing to tell"])
        fill(self.reasons, rows)
        if cell is None:
            self.reasons_of.set_whole("Everything with a reason. Select a cell above for that cell alone.")
        else:
            self.reasons_of.set_whole(f"{cell[0]}, {cell[1]}: {cell_words(cell_at(matrix, *cell))}")

    def _reason_of(self, row: int) -> tuple[str, str]:
        return self._reasons[row]

    def _fill_classes(self) -> None:
        found = self.found
        assert found is not None
        recipes = found.material.recipes
        fill_combo(self.target, [(each.name, each.name) for each in recipes], self.target.currentData())
        heads, rows = class_rows(found)
        self.classes.setColumnCount(len(heads))
        self.classes.setHorizontalHeaderLabels(list(heads))
        fill(self.classes, rows)
        target = found.target
        if target is None:
            self.target_words.setText("This study offers no target: nobody rated, no trial has a category.")
        elif isinstance(target, str):
            self.target_words.setText(target)
        else:
            told = (f"{len(target.values)} trials have an answer, {len(target.lost)} are lost.",)
            self.target_words.setText(" ".join((*told, *target.warnings)))

    # Going there

    def _ask_chosen(self) -> None:
        if self.tabs.currentIndex() == 2 and self.left_out.currentRow() >= 0:
            self._ask_left(self.left_out.currentRow())
        elif self.table.cell is not None:
            self._ask_cell(*self.table.cell)
        else:
            self.said.emit("Select a cell or a row first.", "info")

    def _ask_cell(self, participant: str, modality: str) -> None:
        assert self.found is not None
        place = self.found.place_of_cell(participant, modality)
        if place is not None:
            self.jump_asked.emit(place.path, place.time_s)

    def _ask_left(self, row: int) -> None:
        assert self.found is not None
        each = self.found.material.corpus.left_out[row]
        place = self.found.place_of(each.recording, each.trial)
        if place is None or not place.path.exists():
            self.said.emit(f"{each.recording}: its file is not in the study.", "warning")
        else:
            self.jump_asked.emit(place.path, place.time_s)

    # Saying and saving

    def _say_empty(self, text: str) -> None:
        super()._say_empty(text)
        self.summary.set_whole("")
        for button in (self.review, self.save_figure, self.save_rows):
            button.setEnabled(False)

    def write_picture(self, path: Path) -> None:
        """Write the matrix; raises EvokeError."""
        assert self.found is not None
        matrix = self.found.matrix
        size = QSize(max(640, 160 + 150 * len(matrix.modalities)), 110 + 32 * len(matrix.participants))
        save_picture(path, size, self._title(), self._draw)

    def write_table(self, path: Path) -> None:
        """Write every cell; raises EvokeError."""
        assert self.found is not None
        matrix = self.found.matrix
        cells = (
            (who, what, cell_at(matrix, who, what))
            for who in matrix.participants
            for what in matrix.modalities
        )
        rows = (
            dict(zip(COLUMNS, (who, what, at.with_signal, at.trials, at.quality if at.with_signal else None,
                               "; ".join(at.why)), strict=True))
            for who, what, at in cells
        )  # fmt: skip
        save_table(path, COLUMNS, rows)

    def _title(self) -> str:
        assert self.study is not None
        return f"{self.study.name}: trials with a signal, and its quality"

    def _draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        assert self.found is not None
        draw_matrix(painter, area, colours, self.found.matrix, self._title())

    def _ask_picture(self) -> None:
        write = partial(self._write, self.write_picture)
        ask_where(self, "Save the picture", PICTURES, "coverage.svg", write)

    def _ask_table(self) -> None:
        ask_where(self, "Save the table", TABLES, "coverage.csv", partial(self._write, self.write_table))


def _page(table: QTableWidget, words: QWidget, choice: QComboBox | None = None) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 4, 0, 0)
    row = QHBoxLayout()
    if choice is not None:
        row.addWidget(choice)
    row.addWidget(words, 1)
    column.addLayout(row)
    quiet(table)
    column.addWidget(table, 1)
    return page
