"""Progress of each annotator: done, open, skipped, time, last worked, how consistent with herself."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QModelIndex, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.annotation.plans import plans
from app.annotation.progress import Progress, Same, progress
from app.console import theme
from app.console.annotate.plan_outlook import hours
from app.console.exchange_dialog import choice
from app.console.parts import Heading, Line, Tinted, quiet
from app.console.plain_table import plain_table
from app.console.work import Work
from app.study import Study
from stimuli.problems import EvokeError

HEADS = (
    "Annotator",
    "Done",
    "Progress",
    "Open",
    "Skipped",
    "Questions",
    "Worked",
    "Last worked",
    "The same twice",
)
SHARE, BAR = Qt.ItemDataRole.UserRole, 2
REFRESH_MS = 10_000
BAR_PX = 130
NOTHING = "Nobody has a queue yet. Plan the annotation first."


class ProgressPage(QWidget):
    """A window with one line an annotator; reads anew every ten seconds. The buttons ask for dialogs."""

    pack_asked = Signal(str)
    hand_on_asked = Signal(str)

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Progress of the annotation")
        self.setProperty("help", "organise")
        self.study = study
        self.found: tuple[Progress, ...] = ()
        self._work: Work | None = None
        self._is_stale = False
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        above = QHBoxLayout()
        above.addWidget(Heading("Progress", 1.2))
        above.addStretch(1)
        self.plan = choice("Plan")
        self.plan.addItem("All plans", "")
        self.plan.currentIndexChanged.connect(lambda _: self.refresh())
        above.addWidget(self.plan)
        self.again = Tinted("Refresh", "repeat", self.refresh)
        above.addWidget(self.again)
        column.addLayout(above)
        self.table = plain_table("Progress of each annotator", HEADS, len(HEADS) - 1)
        quiet(self.table)
        self.table.setItemDelegateForColumn(BAR, ShareBar(self.table))
        self.table.horizontalHeader().setSectionResizeMode(BAR, QHeaderView.ResizeMode.Fixed)
        self.table.setColumnWidth(BAR, BAR_PX)
        self.table.itemSelectionChanged.connect(self._look)
        column.addWidget(self.table, 1)
        self.note = Line("", "muted", True)
        column.addWidget(self.note)
        row = QHBoxLayout()
        self.pack = Tinted("Pack for this annotator…", "export", lambda: self.pack_asked.emit(self.chosen))
        self.hand_on = Tinted("Hand on open items…", "next", lambda: self.hand_on_asked.emit(self.chosen))
        row.addStretch(1)
        row.addWidget(self.pack)
        row.addWidget(self.hand_on)
        column.addLayout(row)
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self.resize(1080, 420)
        self._look()

    @property
    def chosen(self) -> str:
        """The annotator whose line is selected, "" for none."""
        row = self.table.currentRow()
        return self.found[row].annotator if 0 <= row < len(self.found) else ""

    def showEvent(self, event: object) -> None:
        """Read, and keep reading."""
        known = [self.plan.itemData(place) for place in range(self.plan.count())]
        with contextlib.suppress(EvokeError):
            for plan in plans(self.study):
                if plan.name not in known:
                    self.plan.addItem(plan.name, plan.name)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: object) -> None:
        """Read no more."""
        self._timer.stop()

    def refresh(self) -> None:
        """Read everybody's labels anew, in the background."""
        if self._work is not None:
            self._is_stale = True
        else:
            study, plan = self.study, str(self.plan.currentData() or "")
            self._work = Work(lambda: progress(study, plan), self)
            self._work.done.connect(self._show)
            self._work.failed.connect(self._on_failed)
            self._work.start()

    def _on_failed(self, error: Exception) -> None:
        self._work = None
        self.note.setText(str(error))

    def _show(self, found: tuple[Progress, ...]) -> None:
        self._work = None
        if self._is_stale:
            self._is_stale = False
            self.refresh()
            return
        wanted = self.chosen
        self.found = found
        self.table.setRowCount(len(found))
        for row, each in enumerate(found):
            self._fill(row, each)
            if each.annotator == wanted:
                self.table.selectRow(row)
        self.note.setText(_sum(found))
        self._look()

    def _fill(self, row: int, each: Progress) -> None:
        name = f"{each.annotator} (has left)" if each.left else each.annotator
        cells = (
            name,
            f"{each.finished} of {each.items}",
            "",
            str(each.open),
            str(each.skipped),
            str(each.questions),
            hours(each.worked_s),
            ago(each.last_utc),
            same_words(each.same, each.repeats_done, each.repeats),
        )
        for place, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if place == BAR:
                share = (each.finished + each.skipped) / each.items if each.items else 0.0
                item.setData(SHARE, share)
                item.setToolTip(f"{share:.0%}")
            elif 1 <= place <= 6:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, place, item)

    def _look(self) -> None:
        chosen = bool(self.chosen)
        self.pack.setEnabled(chosen)
        self.hand_on.setEnabled(chosen)


class ShareBar(QStyledItemDelegate):
    """Draws a share as a bar, with the number in it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        """Draw ground, bar and number."""
        share = float(index.data(SHARE) or 0.0)
        colours = theme.current()
        area: QRect = option.rect.adjusted(6, 6, -6, -6)
        painter.save()
        painter.setPen(QColor(colours.border))
        painter.setBrush(QColor(colours.base))
        painter.drawRect(area)
        painter.fillRect(
            area.adjusted(1, 1, round((share - 1) * (area.width() - 1)), 0), QColor(colours.good)
        )
        painter.restore()


def ago(utc: str, now: datetime | None = None) -> str:
    """Return how long ago a time was, in words; "never" for none."""
    if not utc:
        return "never"
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(utc)).total_seconds()
    for limit, size, word in ((3600, 60, "min"), (86400, 3600, "h"), (14 * 86400, 86400, "days")):
        if seconds < limit:
            count = int(seconds // size)
            if not count:
                return "just now"
            return f"{count} {'day' if word == 'days' and count == 1 else word} ago"
    return utc[:10]


def same_words(same: Sequence[Same], done: int, planned: int) -> str:
    """Return in words how often an annotator said the same twice."""
    if not planned:
        return "no repeats planned"
    told = []
    for each in same:
        if each.pairs:
            off = "" if each.difference is None else f", {each.difference:.1f} steps apart"
            told.append(f"{each.about} {each.equal} of {each.pairs} alike{off}")
    return "; ".join(told) if told else f"{done} of {planned} repeats done"


def _sum(found: Sequence[Progress]) -> str:
    if not found:
        return NOTHING
    items = sum(each.items for each in found)
    done = sum(each.finished for each in found)
    worked = hours(sum(each.worked_s for each in found))
    return f"{done} of {items} items done, {worked} worked. Breaks of more than two minutes do not count."
