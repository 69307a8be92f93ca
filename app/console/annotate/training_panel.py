"""Feedback on practice: what was said beside the right answer, and how far off it was."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QTableWidgetItem, QVBoxLayout, QWidget

from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app.annotation.feedback import Feedback, Judged, feedback
from app.annotation.queue import Item
from app.console import icons, theme
from app.console.parts import Heading, Line, Primary, Tinted
from app.console.plain_table import plain_table

HEADS = ("", "Question", "You said", "Right answer", "How far off")
NOTE = "Practice is kept apart and never counted as labels."


class TrainingPanel(QWidget):
    """Shows feedback after a practice item; `next_asked` for the next one, `again_asked` to try again."""

    next_asked = Signal()
    again_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Feedback on practice")
        self.shown: Feedback | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        self.heading = Heading("Practice", 1.1)
        column.addWidget(self.heading)
        self.table = plain_table("Your answers and the right ones", HEADS, 1)
        self.table.setWordWrap(True)
        column.addWidget(self.table, 1)
        self.note = Line(NOTE, "muted", True)
        column.addWidget(self.note)
        row = QHBoxLayout()
        row.addStretch(1)
        self.again = Tinted("Answer again", "repeat", self.again_asked.emit)
        self.next = Primary("Next practice item", "next", self.next_asked.emit)
        row.addWidget(self.again)
        row.addWidget(self.next)
        column.addLayout(row)

    def show_item(self, scheme: Scheme, item: Item, marks: Sequence[Mark], is_last: bool = False) -> None:
        """Compare what was said about a practice item with its right answer."""
        found = feedback(scheme, item.reference, marks)
        self.shown = found
        if found.asked:
            self.heading.setText(f"Practice: {found.right} of {found.asked} right")
        else:
            self.heading.setText("Practice: nothing here can be judged")
        self.next.setText("Done with practice" if is_last else "Next practice item")
        self.table.setRowCount(found.asked)
        colours = theme.current()
        for row, each in enumerate(found.answers):
            picture = QTableWidgetItem()
            picture.setIcon(
                icons.icon(
                    "good" if each.is_right else "warning", colours.good if each.is_right else colours.warning
                )
            )
            picture.setToolTip("right" if each.is_right else "not right")
            picture.setData(Qt.ItemDataRole.AccessibleTextRole, picture.toolTip())
            self.table.setItem(row, 0, picture)
            cells = (each.about, each.given or "nothing", each.right or "nothing", off_words(each))
            for place, text in enumerate(cells, start=1):
                cell = QTableWidgetItem(text)
                cell.setToolTip(text)
                self.table.setItem(row, place, cell)


def off_words(each: Judged) -> str:
    """Return in words how far an answer was off."""
    if each.off is not None:
        if not each.off:
            return "exactly"
        return f"{abs(each.off):g} too {'high' if each.off > 0 else 'low'}"
    told = []
    for word, seconds in (("begins", each.start_off_s), ("ends", each.end_off_s)):
        if seconds is not None and abs(seconds) >= 0.05:
            told.append(f"{word} {abs(seconds):.1f} s too {'late' if seconds > 0 else 'early'}")
    if told:
        return ", ".join(told)
    if not each.given:
        return "was not marked" if each.right else ""
    if not each.right:
        return "nothing is to be marked here"
    return "" if each.is_right or each.given != each.right else "exactly"
