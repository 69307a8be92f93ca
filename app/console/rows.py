"""A table of many rows that is drawn from a list, and so costs the same with ten rows and ten thousand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from app.console import icons, theme
from app.console.parts import quiet

Index = QModelIndex | QPersistentModelIndex
SAMPLED_ROWS = 60
"""So many rows are looked at for the columns' widths."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells, its colour by name ("" for text's), an icon for the first cell, what it is of."""

    cells: tuple[str, ...]
    colour: str = ""
    icon: str = ""
    of: Any = None


class RowsModel(QAbstractTableModel):
    """Holds rows under titles; the whole text of a cell is its tool tip."""

    def __init__(self, columns: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: Sequence[Row], columns: Sequence[str] | None = None) -> None:
        """Show other rows, under other titles if given."""
        self.beginResetModel()
        self.rows = tuple(rows)
        if columns is not None:
            self._columns = tuple(columns)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """As many as there are rows."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """As many as there are titles."""
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a title."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return self._columns[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, colour or icon."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        place = index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return row.cells[place] if place < len(row.cells) else ""
        if role == Qt.ItemDataRole.ForegroundRole and row.colour:
            return QColor(getattr(theme.current(), row.colour))
        if role == Qt.ItemDataRole.DecorationRole and place == 0 and row.icon:
            colour = getattr(theme.current(), row.colour) if row.colour else ""
            return icons.icon(row.icon, colour)
        return None


class RowsView(QTableView):
    """Shows rows on a card: no frame, no grid, whole rows selected."""

    def __init__(self, name: str, columns: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.held = RowsModel(columns, self)
        self.setModel(self.held)
        quiet(self)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setResizeContentsPrecision(SAMPLED_ROWS)
        self.dress()

    def dress(self) -> None:
        """Take the height of the application's font; `theme.apply` calls this when it has changed."""
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 9)

    def show_rows(self, rows: Sequence[Row], columns: Sequence[str] | None = None) -> None:
        """Show other rows and give each column the width of what it holds, within reason."""
        self.held.show_rows(rows, columns)
        self.resizeColumnsToContents()
        widest = self.fontMetrics().averageCharWidth() * 34
        for place in range(self.held.columnCount()):
            self.setColumnWidth(place, min(widest, self.columnWidth(place) + 8))

    def chosen(self) -> Row | None:
        """Return the row that is selected."""
        index = self.currentIndex()
        return self.held.rows[index.row()] if index.isValid() else None

    def choose(self, place: int) -> None:
        """Select a row."""
        self.setCurrentIndex(self.held.index(place, 0))
