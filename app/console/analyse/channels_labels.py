"""The label table of the step EEG channels: which imagined emotion counts as high in valence and arousal."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTableWidgetItem, QVBoxLayout, QWidget

from analysis.targets.emotions import EMOTIONS, LEVELS, Table
from app.console.choices import make_tick
from app.console.parts import Line, Tinted, quiet
from app.console.plain_table import plain_table

ABOUT = (
    "A tick is high, none is low. The article gives examples only; this is a proposal by Russell's"
    " circumplex. Changes are kept in the study and the segments are labelled anew."
)


class LabelTable(QWidget):
    """Ticks by emotion; `changed` when one was changed."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(Line(ABOUT, "muted", True))
        self.view = plain_table("Labels by emotion", ("Emotion", "Valence high", "Arousal high"))
        self.view.setSelectionMode(self.view.SelectionMode.SingleSelection)
        self.view.itemChanged.connect(lambda _: self.changed.emit())
        quiet(self.view)
        column.addWidget(self.view, 1)
        self.reset = Tinted("As proposed", "undo", self._reset)
        self.reset.setToolTip("Take the proposed labels again")
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_table(EMOTIONS)

    def show_table(self, table: Table) -> None:
        """Show a table."""
        if self.view.rowCount() == len(table) and self.table == table:
            return
        self.view.blockSignals(True)
        self.view.setRowCount(len(table))
        for row, (name, levels) in enumerate(table.items()):
            first = QTableWidgetItem(name.capitalize())
            first.setData(Qt.ItemDataRole.UserRole, name)
            self.view.setItem(row, 0, first)
            for place, (kind, level) in enumerate(zip(("valence", "arousal"), levels, strict=True), 1):
                item = QTableWidgetItem("")
                make_tick(item, f"{name}: {kind} high", level == LEVELS[1])
                self.view.setItem(row, place, item)
        self.view.blockSignals(False)

    @property
    def table(self) -> Table:
        """The table as it is ticked."""
        found = {}
        for row in range(self.view.rowCount()):
            first, valence, arousal = (self.view.item(row, place) for place in range(3))
            assert first is not None and valence is not None and arousal is not None
            ticked = [item.checkState() == Qt.CheckState.Checked for item in (valence, arousal)]
            name = str(first.data(Qt.ItemDataRole.UserRole))
            found[name] = (LEVELS[ticked[0]], LEVELS[ticked[1]])
        return found

    def _reset(self) -> None:
        self.show_table(EMOTIONS)
        self.changed.emit()
