"""A table of a page, with words above it, to be read and saved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.analysing.html_page import Table
from app.console.annotate.agreement_tables import fill
from app.console.parts import Line, Tinted, quiet
from app.console.plain_table import plain_table
from app.console.saving import TABLES, ask_where, save_table
from stimuli.problems import EvokeError

WIDEST_PX = 420
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
DIGITS = 4
FINE = 3
"""From so many decimals on, one digit of a small number is enough."""
UNITS = {"hz": "Hz", "s": "s", "ms": "ms", "db": "dB", "percent": "%", "uv": "µV"}
"""Last words of a column's name that are its unit."""
STATISTICS = frozenset(("p", "t", "d", "df", "df1", "df2"))
"""Signs of statistics, which stay small letters."""


class TableView(QWidget):
    """Shows one table; rows can be chosen."""

    said = Signal(str, str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: Table | None = None
        self._widths: list[int] = []
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
        self.table.viewport().installEventFilter(self)
        quiet(self.table)
        column.addWidget(self.table, 1)
        self.show_table(None)

    def show_table(self, table: Table | None, words: str = "") -> None:
        """Show a table, or in words why there is none."""
        self.shown = table
        self.words.setText(words)
        self.words.setToolTip(words)
        middle, above = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        self.words.setAlignment(middle if table is None else above)
        self.table.setVisible(table is not None)
        self.save.setVisible(table is not None)
        if table is None:
            self.table.setRowCount(0)
            return
        self.table.setColumnCount(len(table.columns))
        self.table.setHorizontalHeaderLabels([head_of(name) for name in table.columns])
        digits = [digits_of([row[place] for row in table.rows]) for place in range(len(table.columns))]
        fill(self.table, (list(map(cell_of, row, digits)) for row in table.rows))
        for place, row in enumerate(table.rows):
            for column, value in enumerate(row):
                item = self.table.item(place, column)
                if item is not None and isinstance(value, str) and " " in value:
                    item.setTextAlignment(LEFT)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        for place in range(len(table.columns)):
            header.setSectionResizeMode(place, header.ResizeMode.Interactive)
        self.table.resizeColumnsToContents()
        for place in range(len(table.columns)):
            self.table.setColumnWidth(place, min(WIDEST_PX, self.table.columnWidth(place)))
        self._widths = [self.table.columnWidth(place) for place in range(len(table.columns))]
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the room that the table has."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Give the last column the room left over, never less than it needs."""
        has_room = sum(self._widths) <= self.table.viewport().width()
        self.table.horizontalHeader().setStretchLastSection(has_room)
        if self._widths and not has_room:
            self.table.setColumnWidth(len(self._widths) - 1, self._widths[-1])

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
    words, _, unit = name.replace("_", " ").rpartition(" ")
    words = f"{words} ({UNITS[unit]})" if words and unit in UNITS else name.replace("_", " ")
    return words if words.split(" ")[0] in STATISTICS else words[:1].upper() + words[1:]


def digits_of(values: Sequence[Any]) -> int | None:
    """Return how many decimals a column gets: four digits for its largest number, none that nobody wrote.

    None where the column has no number with decimals.
    """
    known = [value for value in values if isinstance(value, float) and math.isfinite(value)]
    largest = max(map(abs, known), default=0.0)
    if largest == 0.0:
        return 0 if known else None
    written = max(-_exponent(value) for value in known)
    return min(max(0, written), max(0, DIGITS - 1 - math.floor(math.log10(largest))))


def _exponent(value: float) -> int:
    """Return the power of ten of the last digit that a number has."""
    found = Decimal(repr(value)).normalize().as_tuple().exponent
    return found if isinstance(found, int) else 0


def cell_of(value: Any, decimals: int | None = None) -> str:
    """Return a value as a cell's text; nothing where it is not known.

    A number that would lose too much by `decimals` keeps three digits of its own.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value, decimals) if math.isfinite(value) else ""
    return str(value)


def _number(value: float, decimals: int | None) -> str:
    size = abs(value)
    if decimals is None:
        return f"{value:.0f}" if 1e4 <= size < 1e9 else f"{value:.4g}"
    last = size * 10**decimals
    if last != round(last) and last < (0.5 if decimals >= FINE else 9.5):
        return f"{value:.3g}"
    return f"{value:.{decimals}f}"
