"""Pages that ask nothing: instruction, rest, break with its countdown, and 'one moment, please'."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.presenter.pages.base import FittedText, Inputs, Page
from app.presenter.style import Style
from app.presenter.tasks import Task


class InstructionPage(Page):
    """Text to read, and a button if it is self-paced."""

    def __init__(self, task: Task, style: Style, inputs: Inputs) -> None:
        super().__init__(task, style, inputs)
        text = FittedText(str(task.stage.content["text"]), style.font(36), style.colour("ink"))
        self.body.addWidget(text, 1)
        self.add_button(str(task.stage.content.get("button", "CONTINUE")))


class QuietPage(Page):
    """A line of text for a rest or a break, with the seconds left if it counts down."""

    def __init__(self, task: Task, style: Style, inputs: Inputs) -> None:
        super().__init__(task, style, inputs)
        self.setCursor(Qt.CursorShape.BlankCursor)
        content = task.stage.content
        self.body.addStretch(1)
        self.body.addWidget(FittedText(str(content["text"]), style.font(36), style.colour("ink")))
        self.countdown: QLabel | None = None
        if content.get("countdown"):
            self.countdown = QLabel()
            self.countdown.setFont(style.font(110))
            self.countdown.setAlignment(Qt.AlignmentFlag.AlignCenter)
            palette = self.countdown.palette()
            palette.setColor(self.countdown.foregroundRole(), style.colour("muted"))
            self.countdown.setPalette(palette)
            self.body.addWidget(self.countdown)
        self.body.addStretch(1)

    def refresh(self, now: float) -> None:
        """Count down in whole seconds."""
        super().refresh(now)
        if self.countdown is not None:
            left_s = self.task.started_s + self.task.stage.duration.typical_s - now
            text = str(max(0, math.ceil(left_s - 0.05)))
            if text != self.countdown.text():
                self.countdown.setText(text)


class MomentPage(QWidget):
    """What is on the screen while nothing runs."""

    def __init__(self, style: Style, text: str) -> None:
        super().__init__()
        self.look = style
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.words = FittedText(text, style.font(44), style.colour("ink"))
        layout = QVBoxLayout(self)
        layout.addWidget(self.words, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("ground"))
        painter.end()
