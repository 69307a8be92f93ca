"""The result tables of the step Cross-corpus: blind figures, and upper bounds apart from them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app.analysing.cross_corpus import SELECTIONS
from app.analysing.html_page import Table
from app.analysing.transfer import Kept, TransferTable
from app.console.analyse.draw_table import TableView
from app.console.choices import combo, fill_combo
from app.console.parts import Banner, Line

NONE_YET = "No comparison yet. Choose domains and methods, then Start."
BOUND = (
    "UPPER BOUND: each figure is the best of the sets of weights tried, chosen with the target's own answers."
    " To be shown only."
)


class ResultTables(QWidget):
    """One comparison at a time: methods by tasks, blind above, the upper bound below its mark."""

    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kept: tuple[Kept, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        self.which: QComboBox = combo("Comparison", 30)
        self.which.activated.connect(lambda _: self._show())
        column.addWidget(self.which)
        self.blind = TableView("Blind figures")
        self.mark = Banner()
        self.bound = TableView("Upper bounds")
        self.notes = Line("", "muted", True)
        for view in (self.blind, self.bound):
            view.said.connect(self.said)
        column.addWidget(self.blind, 1)
        column.addWidget(self.mark)
        column.addWidget(self.bound, 1)
        column.addWidget(self.notes)
        self.show_kept(())

    def show_kept(self, kept: Sequence[Kept]) -> None:
        """Show comparisons; the chosen one stays, the newest is chosen at first and when one comes."""
        newest = self.kept[0].name if self.kept else ""
        chosen = self.which.currentData()
        self.kept = tuple(kept)
        if kept and kept[0].name != newest:
            chosen = kept[0].name
        entries = [(_title(each), each.name) for each in kept]
        fill_combo(self.which, entries, chosen)
        self.which.setVisible(bool(entries))
        self._show()

    def _show(self) -> None:
        one = next((each for each in self.kept if each.name == self.which.currentData()), None)
        blind = None if one is None else next((t for t in one.tables if t.selection != "oracle"), None)
        bound = None if one is None else next((t for t in one.tables if t.selection == "oracle"), None)
        self.blind.show_table(None if blind is None else _table("blind", blind), _words(one, blind))
        self.bound.setVisible(bound is not None)
        self.mark.say(BOUND if bound is not None else "", "alarm")
        if bound is not None:
            self.bound.show_table(_table("upper-bound", bound), _words(one, bound))
        self.notes.setText("" if one is None else " ".join(one.notes))
        self.notes.setVisible(one is not None and bool(one.notes))


def _title(kept: Kept) -> str:
    stamp = kept.made_utc[:16].replace("T", " ")
    return f"{stamp} UTC: {kept.target}, {' and '.join(kept.domains)} ({len(kept.classes)} classes)"


def _table(name: str, table: TransferTable) -> Table:
    return Table(name, table.columns, table.rows)


def _words(kept: Kept | None, table: TransferTable | None) -> str:
    if kept is None or table is None:
        return NONE_YET
    chance = 100 / max(1, len(kept.classes))
    tested = (
        "What was chosen by the answers is not tested by them: there is no p."
        if table.selection == "oracle"
        else "p is of label permutations of all tasks pooled, the largest of the seeds; no task has one of"
        " its own."
    )
    return (
        f"UAR, per cent; chance {chance:.1f}. {SELECTIONS[table.selection][:1].upper()}"
        f"{SELECTIONS[table.selection][1:]}. Every figure but the SVM's and the unadapted CNN's is "
        "transductive: the"
        f" tested side was learnt from, without its answers. {tested}"
    )
