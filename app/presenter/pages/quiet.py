"""Pages that ask nothing: instruction, rest, break with its countdown, and 'one moment, please'."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from app.presenter.desk import Inputs
from app.presenter.pages.base import NO_PICTURES, Page
from app.presenter.pages.parts import FittedText, label
from app.presenter.style import Style
from app.presenter.tasks import Task

# Smaller than this part of its wanted size a text rather goes on to a second sheet.
LEAST_SHRINKING = 0.72
TEXT_SIZE = 34


class InstructionPage(Page):
    """Text to read, a picture if there is one, and a button if it is self-paced.

    A long self-paced text comes on several sheets; a timed one gets smaller instead.
    """

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__(task, style, inputs, pictures)
        text = str(task.stage.content["text"])
        shows_picture = self.add_picture() is not None
        self.sheets = QStackedWidget()
        is_paged = not shows_picture and not task.stage.duration.is_timed
        for part in sheets_of_text(text, style, self.room) if is_paged else [text]:
            self.sheets.addWidget(FittedText(part, style.font(TEXT_SIZE), style.colour("ink")))
        self.body.addWidget(self.sheets, 2 if shows_picture else 1)
        self.add_button(str(task.stage.content.get("button") or style.say("continue")))

    def may_go_on(self) -> bool:
        """Whether the sheet may be turned, or the stage end."""
        return not self._is_last or super().may_go_on()

    def go_on(self) -> None:
        """Turn the sheet, or end the stage."""
        if self._is_last:
            super().go_on()
        else:
            self.sheets.setCurrentIndex(self.sheets.currentIndex() + 1)
            self.refresh(self.task.started_s)

    def help_text(self) -> str:
        """Say which sheet this is."""
        count = self.sheets.count()
        return self.look.say("page", self.sheets.currentIndex() + 1, count) if count > 1 else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn back with PageUp."""
        if event.key() == Qt.Key.Key_PageUp:
            self.sheets.setCurrentIndex(max(0, self.sheets.currentIndex() - 1))
            self.refresh(self.task.started_s)
        else:
            super().keyPressEvent(event)

    @property
    def _is_last(self) -> bool:
        return self.sheets.currentIndex() == self.sheets.count() - 1


class QuietPage(Page):
    """A line of text for a rest or a break: with a picture or symbol, and the seconds left if it counts."""

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__(task, style, inputs, pictures)
        style = self.look
        self.setCursor(Qt.CursorShape.BlankCursor)
        content = task.stage.content
        self.body.addStretch(1)
        self.add_picture()
        words = FittedText(str(content.get("text") or ""), style.font(36), style.colour("ink"))
        symbol = str(content.get("symbol") or "")
        if symbol:
            # Words beside it would draw the eyes away from what they are to look at.
            sign = label(symbol, style, 90, "ink")
            sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.body.addWidget(words)
            self.body.addSpacing(style.px(30))
            self.body.addWidget(sign)
        else:
            self.body.addWidget(words)
        self.countdown: QLabel | None = None
        if content.get("countdown"):
            self.countdown = label("", style, 110)
            self.countdown.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.body.addWidget(self.countdown)
        self.body.addStretch(1)
        if not task.stage.duration.is_timed:
            self.add_button(str(content.get("button") or style.say("continue")))

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
        layout.setContentsMargins(style.px(80), 0, style.px(80), 0)
        layout.addWidget(self.words, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("ground"))
        painter.end()


def sheets_of_text(text: str, style: Style, room: int) -> list[str]:
    """Divide a text at paragraphs, long ones at sentences, into sheets that are easy to read."""
    font = style.font(TEXT_SIZE)
    font.setPixelSize(max(8, round(font.pixelSize() * LEAST_SHRINKING)))
    colour = style.colour("ink")

    def fits(part: str) -> bool:
        return FittedText(part, font, colour).heightForWidth(style.column) <= room

    sheets: list[str] = []
    for piece, joint in pieces_of(text, fits):
        if sheets and fits(sheets[-1] + joint + piece):
            sheets[-1] += joint + piece
        else:
            sheets.append(piece)
    return sheets or [text]


def pieces_of(text: str, fits: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Return (piece, joint before it): paragraphs, and where one alone is too long its sentences or words."""
    pieces: list[tuple[str, str]] = []
    for paragraph in text.split("\n\n"):
        if fits(paragraph):
            pieces.append((paragraph, "\n\n"))
            continue
        parts = re.split(r"(?<=[.!?。！？؟])\s*", paragraph)
        if len(parts) == 1:
            parts = paragraph.split()
        pieces += [(part, "\n\n" if place == 0 else " ") for place, part in enumerate(parts)]
    return pieces
