"""Questions, as many on a sheet as fit; the button turns to the next sheet and goes on at the last.

Where an answer calls for it, the study's helper text comes as a last sheet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.presenter.desk import Inputs
from app.presenter.pages.base import NO_PICTURES, Page
from app.presenter.pages.entries import NumberRow, TextRow
from app.presenter.pages.grid import GridRow
from app.presenter.pages.options import ChoiceRow
from app.presenter.pages.parts import FittedText
from app.presenter.pages.rows import ItemRow
from app.presenter.pages.scales import ScaleRow
from app.presenter.pages.table import TableHead, TableRow, fits_table
from app.presenter.style import Style
from app.presenter.tasks import Item, QuestionnaireTask, Task

MOST_ROWS = 3


class QuestionnairePage(Page):
    """The items of one questionnaire stage."""

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__(task, style, inputs, pictures)
        assert isinstance(task, QuestionnaireTask)
        self.questions = task
        self.body.setSpacing(style.px(12))
        room = self.room
        for key, size, most in (("title", 36, 90), ("text", 24, 120)):
            words = str(task.stage.content.get(key) or "")
            if words:
                heading = FittedText(words, style.font(size), style.colour("ink"), centred=True)
                heading.setFixedHeight(min(style.px(most), heading.heightForWidth(self.column_width())))
                self.body.addWidget(heading)
                room -= heading.height() + style.px(12)
        self.rows: dict[str, ItemRow] = {}
        self.sheets = QStackedWidget()
        self._sheet_rows: list[list[ItemRow]] = []
        self._make_sheets(room)
        self.helper: FittedText | None = None
        self.body.addWidget(self.sheets, 1)
        self._is_timed = task.stage.duration.is_timed
        if not self._is_timed or self.sheets.count() > 1 or task.stage.content.get("helper_text"):
            self.put_button(str(task.stage.content.get("button") or style.say("continue")))

    def column_width(self) -> int:
        """Figures need room."""
        return min(round(self.look.width * 0.92), self.look.px(1500))

    def begin(self) -> None:
        """Begin with the first item that has no answer, on its sheet."""
        self.refresh(self.task.started_s)
        for index, rows in enumerate(self._sheet_rows):
            if not self._is_filled(rows):
                self.sheets.setCurrentIndex(index)
                break
        self._focus_first()

    def is_shown(self, item: str) -> bool:
        """Whether an item is on the sheet that is shown."""
        return self.rows[item] in self._shown_rows()

    def may_go_on(self) -> bool:
        """Whether this sheet is filled in, and on the last one whether the stage may end.

        Where the clock ends the stage, sheets may be turned unfilled.
        """
        if self._is_timed and self.helper is None and not self._is_last:
            return True
        if self.helper is None and (not self._is_last or self.questions.owes_help):
            return self._is_filled(self._shown_rows())
        return super().may_go_on()

    def go_on(self) -> None:
        """Turn the sheet, or end the stage."""
        if not self.may_go_on():
            return
        if self.helper is not None:
            super().go_on()
        elif not self._is_last:
            self.sheets.setCurrentIndex(self.sheets.currentIndex() + 1)
            self._focus_first()
            self.refresh(self.task.started_s)
        elif self.questions.owes_help:
            self._show_help()
        else:
            super().go_on()

    def counts_last_seconds(self) -> bool:
        """Tell when a timed rating is nearly over."""
        return True

    def help_text(self) -> str:
        """Say which sheet this is where there are several, and what is missing on it."""
        if self.helper is not None:
            return ""
        missing = sum(not self.questions.is_answered(row.item.id) for row in self._shown_rows())
        parts = []
        if self.sheets.count() > 1:
            parts.append(self.look.say("page", self.sheets.currentIndex() + 1, self.sheets.count()))
        if missing:
            parts.append(self.look.say("answers_missing", missing))
        return " · ".join(parts)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, or to the item that is still missing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.may_go_on():
            self._focus_first()
            return
        super().keyPressEvent(event)

    @property
    def _is_last(self) -> bool:
        return self.sheets.currentIndex() >= len(self._sheet_rows) - 1

    def _is_filled(self, rows: Sequence[ItemRow]) -> bool:
        return all(self.questions.is_answered(row.item.id) for row in rows)

    def _make_sheets(self, room: int) -> None:
        width, items = self.column_width(), self.questions.items
        is_table = fits_table(items)
        head = TableHead(items[0], self.look, width).height() if is_table else 0
        for item in items:
            row = TableRow(item, self.look, width) if is_table else make_row(item, self.look, width, room)
            row.chosen.connect(self._choose)
            row.declined.connect(self._decline)
            row.leave.connect(self._leave)
            answer = self.questions.answers.get(item.id)
            value = None if answer is None else answer.value
            row.show_answer(value, self.questions.is_declined(item.id))
            self.rows[item.id] = row
        gap = 0 if is_table else self.look.px(18)
        heights = [row.sizeHint().height() if not is_table else row.height() for row in self.rows.values()]
        rows = list(self.rows.values())
        most = len(rows) if is_table else MOST_ROWS
        is_even = len({item.scale for item in items}) == 1
        start = 0
        for count in sheets_of(heights, room - head, gap, most, is_even):
            self.sheets.addWidget(self._sheet(rows[start : start + count], gap, is_table))
            start += count

    def _sheet(self, rows: list[ItemRow], gap: int, is_table: bool) -> QWidget:
        sheet = QWidget()
        layout = QVBoxLayout(sheet)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(gap)
        layout.addStretch(1)
        if is_table:
            layout.addWidget(TableHead(rows[0].item, self.look, self.column_width()))
        for row in rows:
            layout.addWidget(row, 0, Qt.AlignmentFlag.AlignHCenter)
            if not is_table:
                layout.addStretch(1)
        if is_table:
            layout.addStretch(1)
        self._sheet_rows.append(rows)
        return sheet

    def _choose(self, item: str, value: Any) -> None:
        if value is None:
            self.inputs.act("clear", item=item)
        else:
            self.inputs.act("choose", item=item, value=value)

    def _decline(self, item: str) -> None:
        self.inputs.act("decline", item=item)
        self.refresh(self.task.started_s)

    def _show_help(self) -> None:
        """Show the study's helper text, and note that it was shown."""
        look = self.look
        text = str(self.task.stage.content["helper_text"])
        self.helper = FittedText(text, look.font(30), look.colour("ink"))
        self.sheets.addWidget(self.helper)
        self.sheets.setCurrentWidget(self.helper)
        self.inputs.act("read_help")
        self.refresh(self.task.started_s)
        if self.button is not None:
            self.button.setFocus()

    def _shown_rows(self) -> list[ItemRow]:
        index = self.sheets.currentIndex()
        return self._sheet_rows[index] if index < len(self._sheet_rows) else []

    def _focus_first(self) -> None:
        for row in self._shown_rows():
            if not self.questions.is_answered(row.item.id):
                row.setFocus()
                return
        if self.button is not None:
            self.refresh(self.task.started_s)
            self.button.setFocus()

    def _leave(self, step: int) -> None:
        """Move the keyboard to a neighbouring row, behind the last one to the button."""
        self.refresh(self.task.started_s)
        rows = self._shown_rows()
        sender = self.sender()
        place = next((place for place, row in enumerate(rows) if row is sender), 0) + step
        if 0 <= place < len(rows):
            rows[place].setFocus()
        elif place >= len(rows) and self.button is not None and self.button.isEnabled():
            self.button.setFocus()


def make_row(item: Item, style: Style, width: int, height: int) -> ItemRow:
    """Return the row of an item, at most `height` pixels high."""
    match item.scale:
        case "grid":
            return GridRow(item, style, width, height)
        case "choice":
            return ChoiceRow(item, style, width, height)
        case "text":
            return TextRow(item, style, width, height)
        case "number":
            return NumberRow(item, style, width)
    return ScaleRow(item, style, width)


def sheets_of(heights: Sequence[int], room: int, gap: int, most: int, is_even: bool = True) -> list[int]:
    """Return how many rows come on each sheet: as few sheets as fit, if `is_even` about equally full."""
    fewest = _fill(heights, room, gap, most)
    best = fewest
    if not is_even:
        return best
    # A lower limit fills the first sheets less; the lowest that needs no more sheets is the most even.
    for limit in range(room, 0, -max(1, room // 40)):
        tried = _fill(heights, limit, gap, most)
        if len(tried) > len(fewest):
            break
        best = tried
    return best


def _fill(heights: Sequence[int], room: int, gap: int, most: int) -> list[int]:
    sheets: list[int] = []
    left, count = room, 0
    for height in heights:
        if count and (height > left or count >= most):
            sheets.append(count)
            left, count = room, 0
        left -= height + gap
        count += 1
    return [*sheets, count] if count else sheets
