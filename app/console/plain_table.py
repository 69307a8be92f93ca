"""A table to read: whole rows, low lines, no numbers beside them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHeaderView, QTableWidget

from app.console.tick_edges import TickEdges


def plain_table(name: str, heads: Sequence[str], wide: int | None = None) -> QTableWidget:
    """Return an empty table with these heads; column `wide` (the last, if None) takes the room left over."""
    table = QTableWidget(0, len(heads))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(heads))
    table.verticalHeader().hide()
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.setItemDelegate(TickEdges(table))
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    if wide is None:
        header.setStretchLastSection(True)
    else:
        header.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
    lines = table.verticalHeader()
    lines.setMinimumSectionSize(1)
    lines.setDefaultSectionSize(table.fontMetrics().height() + 10)
    return table
