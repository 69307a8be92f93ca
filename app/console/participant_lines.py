"""In the session's panel: what the participant does now, what marks the session, a note that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.console.attention import open_attentions
from app.console.parts import Line, Tinted
from app.console.told import Told, presses_words

MISSING = "One note is missing before the session can close."


class ParticipantLines(QWidget):
    """Emits `attention_asked(attention)` for the note that is missing at the end."""

    attention_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._placeholders = 0
        self._state: Mapping[str, Any] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.task = Line("", "text", True)
        self.rights = Line("", "warning", True)
        self.marks = Line("", "warning", True)
        self.missing = Line(MISSING, "text", True)
        self.note = Tinted("Write it…", "sign", self._ask)
        row = QHBoxLayout()
        row.addWidget(self.missing, 1)
        row.addWidget(self.note)
        for line in (self.task, self.rights, self.marks):
            column.addWidget(line)
        column.addLayout(row)
        self.show_state({})

    def take(self, known: Told) -> None:
        """Keep what marks the whole session."""
        if known.whose == "screen":
            self._placeholders += 1
            self.show_state(self._state)

    def forget(self) -> None:
        """Another session begins."""
        self._placeholders = 0
        self.show_state({})

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Show a `state` message, {} before the first one."""
        self._state = state
        runs = state.get("phase") in ("running", "paused")
        presenter = (state.get("presenter") or {}) if runs else {}
        self._say_task(presenter)
        _say(self.rights, rights_words(presenter))
        _say(self.marks, self._marks(state) if runs else "")
        is_left = bool(open_attentions(state)) and presenter.get("state") == "finished"
        self.missing.setVisible(is_left)
        self.note.setVisible(is_left)

    def _say_task(self, presenter: Mapping[str, Any]) -> None:
        task = presenter.get("task") or {}
        if "presses" in task:
            presses, wanted = int(task["presses"]), int(task.get("min_presses") or 0)
            _say(self.task, f"Feels it: {presses_words(presses, wanted)}")
            self.task.set_colour("text" if presses >= wanted else "warning")
        elif "reprompts" in task and int(task.get("reprompts") or 0):
            _say(self.task, "Was asked once to say more.")
            self.task.set_colour("text")
        else:
            _say(self.task, "")

    def _marks(self, state: Mapping[str, Any]) -> str:
        results = (state.get("checks") or {}).get("results") or ()
        marks = [
            "screen not verified"
            for result in results
            if result.get("name") == "screen" and result.get("verdict") != "passed"
        ][:1]
        if self._placeholders:
            marks.append(
                f"{self._placeholders} stimul{'us' if self._placeholders == 1 else 'i'} not as planned"
            )
        return f"Marked: {', '.join(marks)}." if marks else ""

    def _ask(self) -> None:
        left = open_attentions(self._state)
        if left:
            self.attention_asked.emit(left[0])


def rights_words(presenter: Mapping[str, Any]) -> str:
    """Say where the participant's rights stand, "" where nothing is to be said."""
    if presenter.get("rights"):
        return "The participant has asked for a pause and decides how to go on."
    closing = str(presenter.get("closing") or "")
    if closing and presenter.get("state") != "finished":
        return f"Closing ({closing}): the debriefing is on. Abort again to end at once."
    return ""


def _say(line: Line, text: str) -> None:
    line.setText(text)
    line.setVisible(bool(text))
