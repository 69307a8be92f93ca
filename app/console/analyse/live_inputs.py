"""A sign for every input of a running recognizer: whether it is there, and where not why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.console import icons, theme
from app.console.parts import Line

SIGN_PX = 16
WORDS: Mapping[str, str] = {
    "present": "there", "missing": "missing", "late": "dropped out", "flat": "stands still",
    "uncomputable": "unusable",
}  # fmt: skip


class InputsView(QWidget):
    """Lists inputs with a sign, a word and why."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Signals of the recognizer")
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setColumnStretch(1, 1)
        self.lines: dict[str, Line] = {}
        self._signs: dict[str, QLabel] = {}

    def show_inputs(self, inputs: Sequence[Mapping[str, Any]]) -> None:
        """Show the inputs of an answer; none at all where there was no answer yet."""
        if [str(each["name"]) for each in inputs] != list(self.lines):
            self._make([str(each["name"]) for each in inputs])
        for each in inputs:
            name, state = str(each["name"]), str(each["state"])
            is_there = state == "present"
            word = WORDS.get(state, state)
            more = ", used all the same" if each.get("used") and not is_there else ""
            self.lines[name].setText(f"{name}: {word}{more}")
            self.lines[name].setToolTip(str(each["why"]))
            self.lines[name].set_colour("text" if is_there else "alarm" if state == "late" else "warning")
            colours = theme.current()
            colour = colours.good if is_there else colours.warning
            self._signs[name].setPixmap(
                icons.draw("good" if is_there else "warning", colour, SIGN_PX, self.devicePixelRatioF())
            )

    def _make(self, names: Sequence[str]) -> None:
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.lines, self._signs = {}, {}
        for row, name in enumerate(names):
            sign = QLabel()
            sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._signs[name], self.lines[name] = sign, Line("")
            self.grid.addWidget(sign, row, 0)
            self.grid.addWidget(self.lines[name], row, 1)
