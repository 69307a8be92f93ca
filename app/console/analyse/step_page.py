"""What the pages of the steps have in common: the head, trouble, waiting, a body or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.console.analyse.waiting import Told, Waiting
from app.console.choices import combo
from app.console.parts import Banner, Elided, Heading, Line
from app.study import Study
from stimuli.problems import EvokeError

UNREADABLE = "The runs cannot be read."


class StepPage(QWidget):
    """A step: its head (title, what is told, controls), trouble, and a body or in words why there is none.

    What a page makes: its controls and its body, handed to `_lay_out` at the end of `__init__`. What it says:
    `_forget()` when another study comes, `_read()` to read the one there is, `_show_buttons()`.
    """

    said = Signal(str, str)
    jump_asked = Signal(object, float)
    step_asked = Signal(str, object)

    def __init__(self, title: str, nothing: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self.step_title = title
        self.summary = Elided()
        self.trouble = Banner()
        self.stack = QStackedWidget()
        self.empty = Line(nothing, "muted", True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.empty)

    def _lay_out(
        self, controls: Sequence[QWidget], body: QWidget, *banners: QWidget, below: QWidget | None = None
    ) -> None:
        """Put the page together; `below` stands below the head where that is not the body alone."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(Heading(self.step_title, 1.4))
        head.addSpacing(10)
        head.addWidget(self.summary, 1)
        for control in controls:
            head.addWidget(control)
        column.addLayout(head)
        for banner in (self.trouble, *banners):
            column.addWidget(banner)
        self._fill_head(head)
        self.stack.addWidget(body)
        column.addWidget(self.stack if below is None else below, 1)

    def _fill_head(self, head: QHBoxLayout) -> None:
        """Put more into the head, between what is told and the controls."""

    def show_study(self, study: Study | None) -> None:
        """Show a study; what changed since the last time is read anew."""
        if study is None or self.study is None or study.folder != self.study.folder:
            self._forget()
        self.study = study
        if study is not None:
            self._read()

    def _forget(self) -> None:
        """Forget what is of another study."""

    def _read(self) -> None:
        """Read the study, away from the window's thread."""

    def _show_buttons(self) -> None:
        """Enable what can be done."""

    def _say_empty(self, text: str) -> None:
        self.empty.setText(text)
        self.stack.setCurrentIndex(0)

    def _write(self, write: Callable[[Path], None], name: str) -> None:
        """Write a file of a name that was asked for, and say so."""
        try:
            write(Path(name))
        except EvokeError as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {name}.", "good")


class WaitingStep(StepPage):
    """A step that computes in a thread: its head tells how far, and has Cancel, while it does.

    `found` is what was read, None before.
    """

    found: object
    unreadable = UNREADABLE

    def __init__(self, title: str, waits: str, nothing: str, parent: QWidget | None = None) -> None:
        super().__init__(title, nothing, parent)
        self.waiting = Waiting(waits, self.summary)
        self.waiting.failed.connect(self._on_failed)
        self.waiting.stopped.connect(self._on_stopped)

    def _fill_head(self, head: QHBoxLayout) -> None:
        head.insertWidget(3, self.waiting, 1)

    def closing(self) -> None:
        """Give up what is computed."""
        self.waiting.give_up()

    @property
    def is_read(self) -> bool:
        """Whether there is something to show."""
        return self.found is not None

    def _read_by(self, function: Callable[[Told], Any], then: Callable[[Any], None], reading: str) -> None:
        """Read the study by `function(told)`, then show it by `then(result)`; `reading` is said before."""
        self.trouble.say("")
        if not self.is_read:
            self._say_empty(reading)
        self.waiting.run(function, then)

    def _on_failed(self, text: str) -> None:
        self.trouble.say(text, "alarm")
        if not self.is_read:
            self._say_empty(self.unreadable)
        self._show_buttons()

    def _on_stopped(self) -> None:
        if self.is_read:
            self._on_stayed()
        else:
            self._say_empty(f"Cancelled. Choose {self.step_title} again to go on.")
        self._show_buttons()

    def _on_stayed(self) -> None:
        """Say that what is shown stays, after Cancel."""
        self.trouble.say(f"Cancelled. Choose {self.step_title} again to go on.")


class RunStep(WaitingStep):
    """A step on one run, chosen in its head; `folder` is that of the run, None for the newest."""

    def __init__(self, title: str, waits: str, nothing: str, parent: QWidget | None = None) -> None:
        super().__init__(title, waits, nothing, parent)
        self.folder: Path | None = None
        self.run: QComboBox = combo("Run", 26)
        self.run.activated.connect(lambda _: self._choose_run())

    def show_run(self, folder: Path) -> None:
        """Show one run."""
        self.folder = folder
        self._read()

    def _choose_run(self) -> None:
        chosen = self.run.currentData()
        if isinstance(chosen, Path) and chosen != self.folder:
            self.folder = chosen
            self._read()

    def _show_no_run(self, text: str) -> None:
        """Say why there is no run to show."""
        self._say_empty(text)
        self.run.clear()
        self.summary.set_whole("")
        self._show_buttons()

    def _on_stayed(self) -> None:
        self.trouble.say("Cancelled. Choose the run again to go on.")
