"""A table of a page, with words above it, to be read and saved."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.analysing.html_page import Table
from app.console.annotate.agreement_tables import fill
from app.console.parts import Line, Tinted, quiet
from app.console.plain_table import plain_table
from app.console.saving import TABLES, ask_where, save_table
from stimuli.problems import EvokeError

WIDEST_PX = 420


class TableView(QWidget):
    """Shows one table; rows can be chosen."""

    said = Signal(str, str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: Table | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        self.words = Line("", "muted", True)
        row.addWidget(self.words, 1)
        self.save = Tinted("Save table…", "save", self._ask)
        self.save.setAccessibleName(f"Save table: {name}")
        row.addWidget(self.save, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        self.table = plain_table(name, ("",))
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollMode(self.table.ScrollMode.ScrollPerPixel)
        quiet(self.table)
        column.addWidget(self.table, 1)
        self.show_table(None)

    def show_table(self, table: Table | None, words: str = "") -> None:
        """Show a table, or in words why there is none."""
        self.shown = table
        self.words.setText(words)
        middle, above = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        self.words.setAlignment(middle if table is None else above)
        self.table.setVisible(table is not None)
        self.save.setVisible(table is not None)
        if table is None:
            self.table.setRowCount(0)
            return
        self.table.setColumnCount(len(table.columns))
        self.table.setHorizontalHeaderLabels([head_of(name) for name in table.columns])
        fill(self.table, ([cell_of(value) for value in row] for row in table.rows))
        header = self.table.horizontalHeader()
        for place in range(len(table.columns)):
            header.setSectionResizeMode(place, header.ResizeMode.Interactive)
        self.table.resizeColumnsToContents()
        for place in range(len(table.columns)):
            self.table.setColumnWidth(place, min(WIDEST_PX, self.table.columnWidth(place)))
        header.setStretchLastSection(True)

    def write_table(self, path: Path) -> None:
        """Write it as CSV; raises EvokeError."""
        table = self.shown
        assert table is not None
        save_table(path, table.columns, (dict(zip(table.columns, row, strict=True)) for row in table.rows))

    def _ask(self) -> None:
        assert self.shown is not None
        ask_where(self, "Save the table", TABLES, f"{self.shown.name}.csv", self._write)

    def _write(self, name: str) -> None:
        try:
            self.write_table(Path(name))
        except EvokeError as error:
            self.said.emit(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {name}.", "good")


def head_of(name: str) -> str:
    """Return a column's name as a head."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def cell_of(value: Any) -> str:
    """Return a value as a cell's text; nothing where it is not known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else ""
    return str(value)
