"""The parts of the Annotate page and where they stand; what they do is the page's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.console.annotate.lane_scroll import LaneScroll
from app.console.annotate.lanes import LaneView
from app.console.annotate.mark_panel import MarkPanel
from app.console.annotate.model_bar import ModelBar
from app.console.annotate.page_ask import AskBar
from app.console.annotate.page_entry import EntryPanel
from app.console.annotate.question_panel import QuestionPanel
from app.console.annotate.queue_list import QueueList
from app.console.annotate.saved_line import SavedLine
from app.console.annotate.training_panel import TrainingPanel
from app.console.parts import Banner, Tinted
from app.console.review.desk import ReviewDesk

if TYPE_CHECKING:
    from app.annotation.log import Log


WIDTHS = (210, 760, 380)


class PageParts(QWidget):
    """Left the queue, in the middle recording and lanes, right what is asked, below what was saved."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.log: Log | None = None
        self.entry = EntryPanel()
        self.queue = QueueList()
        self.banner, self.practice = Banner(), Banner()
        self.desk = ReviewDesk(name="annotate")
        self.lanes = LaneView(self.desk.axis)
        self.lane_scroll = LaneScroll(self.lanes)
        self.desk.add_row(self.lane_scroll)
        self.models = ModelBar()
        self.panel = QuestionPanel()
        self.mark = MarkPanel()
        self.ask_bar = AskBar()
        self.feedback = TrainingPanel()
        self.feedback.hide()
        self.replies = Banner()
        self.carry = Banner()
        self.carry_button = Tinted("Look…", "next")
        self.carry.row.addWidget(self.carry_button)
        self.skip_button = Tinted("Skip…", "skip")
        self.finish_button = Tinted("Finish (Ctrl+Enter)", "good")
        for button in (self.skip_button, self.finish_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.saved = SavedLine(lambda: self.log.saved_s if self.log is not None else None)
        self._lay_out()

    def _lay_out(self) -> None:
        self.centre = centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.practice)
        column.addWidget(self.replies)
        column.addWidget(self.carry)
        column.addWidget(self.desk, 1)
        column.addWidget(self.models)
        side = QWidget()
        right = QVBoxLayout(side)
        right.setContentsMargins(4, 6, 8, 6)
        right.setSpacing(6)
        right.addWidget(self.panel, 1)
        right.addWidget(self.feedback, 1)
        right.addWidget(self.mark)
        right.addWidget(self.ask_bar)
        row = QHBoxLayout()
        row.addWidget(self.finish_button)
        row.addWidget(self.skip_button)
        row.addStretch(1)
        right.addLayout(row)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        for widget, stretch in ((self.queue, 0), (centre, 1), (side, 0)):
            self.split.addWidget(widget)
            self.split.setStretchFactor(self.split.count() - 1, stretch)
        self.split.setSizes(list(WIDTHS))
        work = QWidget()
        whole = QVBoxLayout(work)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.split, 1)
        whole.addWidget(self.saved)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.entry)
        self.pages.addWidget(work)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
