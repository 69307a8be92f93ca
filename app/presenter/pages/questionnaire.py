"""Rating scales, as many on a sheet as fit; the button turns to the next sheet and goes on at the last."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.presenter.pages.base import FittedText, Inputs, Page
from app.presenter.pages.scales import ScaleRow
from app.presenter.style import Style
from app.presenter.tasks import Item, QuestionnaireTask, Task

ROWS = 3


class QuestionnairePage(Page):
    """The items of one questionnaire stage."""

    def __init__(self, task: Task, style: Style, inputs: Inputs) -> None:
        super().__init__(task, style, inputs)
        assert isinstance(task, QuestionnaireTask)
        self.questions = task
        title = str(task.stage.content.get("title", ""))
        if title:
            heading = FittedText(title, style.font(36), style.colour("ink"), centred=True)
            heading.setMaximumHeight(style.px(100))
            self.body.addWidget(heading)
        self.rows: dict[str, ScaleRow] = {}
        self.sheets = QStackedWidget()
        self._sheet_rows: list[list[ScaleRow]] = []
        for items in sheets_of(task.items):
            self.sheets.addWidget(self._sheet(items))
        self.body.addWidget(self.sheets, 1)
        self.add_button(str(task.stage.content.get("button", "CONTINUE")))

    def column_width(self) -> int:
        """Figures need room."""
        return min(round(self.look.width * 0.9), self.look.px(1500))

    def begin(self) -> None:
        """Begin with the first item that has no answer."""
        self.refresh(self.task.started_s)
        self._focus_first()

    def show_item(self, item: str) -> ScaleRow:
        """Return the row of an item, on the sheet that is shown or another."""
        return self.rows[item]

    def is_shown(self, item: str) -> bool:
        """Whether an item is on the sheet that is shown."""
        return self.rows[item] in self._sheet_rows[self.sheets.currentIndex()]

    def may_go_on(self) -> bool:
        """Whether this sheet is filled in, and on the last one whether the stage may end."""
        if self.sheets.currentIndex() < self.sheets.count() - 1:
            return all(row.item.id in self.questions.answers for row in self._shown_rows())
        return super().may_go_on()

    def go_on(self) -> None:
        """Turn the sheet, or end the stage."""
        if self.sheets.currentIndex() < self.sheets.count() - 1:
            if self.may_go_on():
                self.sheets.setCurrentIndex(self.sheets.currentIndex() + 1)
                self._focus_first()
                self.refresh(0.0)
            return
        super().go_on()

    def help_text(self) -> str:
        """Say which sheet this is where there are several."""
        missing = sum(row.item.id not in self.questions.answers for row in self._shown_rows())
        place = f"Page {self.sheets.currentIndex() + 1} of {self.sheets.count()}"
        parts = [place] if self.sheets.count() > 1 else []
        if missing:
            parts.append("One answer is missing." if missing == 1 else f"{missing} answers are missing.")
        return " · ".join(parts)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, or to the item that is still missing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.may_go_on():
            self._focus_first()
            return
        super().keyPressEvent(event)

    def _sheet(self, items: tuple[Item, ...]) -> QWidget:
        sheet = QWidget()
        layout = QVBoxLayout(sheet)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.look.px(28 if len(items) < ROWS else 16))
        layout.addStretch(1)
        rows = []
        for item in items:
            answer = self.questions.answers.get(item.id)
            row = ScaleRow(item, self.look, None if answer is None else answer.value)
            row.chosen.connect(self.inputs.choose)
            row.leave.connect(self._leave)
            self.rows[item.id] = row
            rows.append(row)
            layout.addWidget(row)
        layout.addStretch(1)
        self._sheet_rows.append(rows)
        return sheet

    def _shown_rows(self) -> list[ScaleRow]:
        return self._sheet_rows[self.sheets.currentIndex()]

    def _focus_first(self) -> None:
        for row in self._shown_rows():
            if row.item.id not in self.questions.answers:
                row.setFocus()
                return
        if self.button is not None:
            self.refresh(0.0)
            self.button.setFocus()

    def _leave(self, step: int) -> None:
        """Move the keyboard to a neighbouring row, behind the last one to the button."""
        self.refresh(0.0)
        rows = self._shown_rows()
        place = next((place for place, row in enumerate(rows) if row.hasFocus()), 0) + step
        if 0 <= place < len(rows):
            rows[place].setFocus()
        elif place >= len(rows) and self.button is not None and self.button.isEnabled():
            self.button.setFocus()


def sheets_of(items: tuple[Item, ...]) -> list[tuple[Item, ...]]:
    """Divide items into sheets of about equal length that fit on a screen."""
    count = math.ceil(len(items) / ROWS)
    each = math.ceil(len(items) / count)
    return [items[start : start + each] for start in range(0, len(items), each)]
