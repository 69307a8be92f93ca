"""The timing page of a session's summary: facts, the picture, the tables, and both saved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.presentation_summary import COLUMNS, table_rows
from analysis.presentation_timing import PresentationTiming
from app.console import timing_words
from app.console.parts import Banner, Card, Line, Tinted, quiet
from app.console.rows import Row, RowsView
from app.console.saving import PICTURES, TABLES, ask_where, save_picture, save_table
from app.console.theme import Colours
from app.console.timing_figure import TimingFigure, draw
from stimuli.problems import EvokeError

PICTURE = QSize(1100, 620)
TITLE_HEIGHT = 34.0


class TimingPage(QWidget):
    """Shows how exact a session's presentation was."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "summary")
        self._title = ""
        self._stem = "timing"
        self.timing = PresentationTiming()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        self.trouble = Banner()
        column.addWidget(self.trouble)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        column.addWidget(split, 1)
        upper = QSplitter(Qt.Orientation.Horizontal)
        upper.setChildrenCollapsible(False)
        upper.addWidget(self._facts_card())
        self.figure = TimingFigure()
        figure = Card()
        figure.body.addWidget(self.figure)
        upper.addWidget(figure)
        upper.setSizes([400, 800])
        upper.setStretchFactor(1, 1)
        split.addWidget(upper)
        split.addWidget(self._tables_card())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)

    def _facts_card(self) -> Card:
        card = Card()
        self._facts = QWidget()
        self._grid = QGridLayout(self._facts)
        self._grid.setContentsMargins(0, 0, 6, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(1, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        quiet(area)
        area.setWidget(self._facts)
        self._facts.setAutoFillBackground(False)
        card.body.addWidget(area, 1)
        row = QHBoxLayout()
        self.save_figure = Tinted("Save picture…", "save", self._ask_picture)
        self.save_rows = Tinted("Save table…", "save", self._ask_table)
        row.addWidget(self.save_figure)
        row.addWidget(self.save_rows)
        row.addStretch(1)
        card.body.addLayout(row)
        card.setMinimumWidth(320)
        return card

    def _tables_card(self) -> Card:
        card = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.kinds = RowsView("Onsets by kind", timing_words.KIND_COLUMNS)
        self.films = RowsView("Films", timing_words.FILM_COLUMNS)
        self.steps = RowsView("Steps of sequences", timing_words.STEP_COLUMNS)
        self.onsets = RowsView("Every onset", timing_words.ONSET_COLUMNS)
        for view, title in (
            (self.kinds, "By kind"),
            (self.films, "Films"),
            (self.steps, "Sequences"),
            (self.onsets, "Every onset"),
        ):
            self.tabs.addTab(view, title)
        card.body.addWidget(self.tabs)
        return card

    def show_timing(self, timing: PresentationTiming, title: str, stem: str) -> None:
        """Show a session's timing; `title` stands on the saved picture, `stem` begins its file's name."""
        self.timing, self._title, self._stem = timing, title, stem
        self.trouble.say("")
        facts = timing_words.facts_of(timing)
        while self._grid.count():
            entry = self._grid.takeAt(0)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.deleteLater()
        for place, fact in enumerate(facts):
            name = Line(fact.name, "muted")
            self._grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(Line(fact.text, fact.level or "text", True), place, 1)
            self._grid.setRowStretch(place, 0)
        self._grid.setRowStretch(len(facts), 1)
        self.figure.show_timing(timing, ". ".join(f"{fact.name}: {fact.text}" for fact in facts))
        self.kinds.show_rows([Row(cells) for cells in timing_words.kind_rows(timing)])
        self.films.show_rows([Row(cells) for cells in timing_words.film_rows(timing.films)])
        self.steps.show_rows([Row(cells) for cells in timing_words.step_rows(timing.steps)])
        self.onsets.show_rows([Row(cells) for cells in timing_words.onset_rows(timing)])
        self.tabs.setTabVisible(1, bool(timing.films))
        self.tabs.setTabVisible(2, bool(timing.steps))

    def write_picture(self, path: Path) -> None:
        """Write the picture with its title and where its figures come from; raises EvokeError."""
        save_picture(path, PICTURE, self._title, self._draw_titled)

    def write_table(self, path: Path) -> None:
        """Write a row for each onset, film, step, sound and dropped frame; raises EvokeError."""
        save_table(path, COLUMNS, table_rows(self.timing))

    def _draw_titled(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        timing = self.timing
        checked = "screen verified" if timing.is_verified else "screen not verified"
        said = f"{timing.label}, {checked}" if timing.screen is not None else timing.label
        painter.setPen(QColor(colours.text))
        metrics = QFontMetricsF(painter.font())
        line = QRectF(area.left() + 12, area.top() + 8, area.width() - 24, metrics.height() + 2)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, f"{self._title}   –   timing: {said}")
        draw(painter, area.adjusted(4, TITLE_HEIGHT, -4, -6), colours, timing)

    def _ask_picture(self) -> None:
        self._ask("Save the picture", PICTURES, ".svg", self.write_picture)

    def _ask_table(self) -> None:
        self._ask("Save the table", TABLES, ".csv", self.write_table)

    def _ask(self, title: str, kinds: str, suffix: str, write: Callable[[Path], None]) -> None:
        ask_where(self, title, kinds, f"{self._stem}_timing{suffix}", partial(self._write, write))

    def _write(self, write: Callable[[Path], None], name: str) -> None:
        try:
            write(Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.trouble.say(f"Saved as {name}.", "good")
