"""The discreet sign that an answer calls for somebody, and the note of what was done about it.

The participant may see this screen: the sign is a symbol without a word, it makes no sound and moves
nothing. What it is about is said only where the experimenter asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.console import icons, theme
from app.console.parts import Line, without_icons
from app.console.told import attention_words

SHORTEST = 3
SIDE = 18


def open_attentions(state: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the attentions of a `state` message that nobody has noted yet, oldest first."""
    found = state.get("attentions")
    entries: Sequence[Any] = found if isinstance(found, Sequence) else ()
    return tuple(entry for entry in entries if isinstance(entry, Mapping) and not entry.get("noted"))


class AttentionSign(QToolButton):
    """Shown while something is not noted; `pressed_for(attention)` with the oldest one."""

    pressed_for = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setAccessibleName("Sign")
        self._open: tuple[Mapping[str, Any], ...] = ()
        self.clicked.connect(self._press)
        self.hide()

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Appear or go, as a `state` message says."""
        self._open = open_attentions(state)
        if bool(self._open) == self.isHidden():
            self.setVisible(bool(self._open))
            self.dress()

    def dress(self) -> None:
        """Take the colours in use; `theme.apply` calls this when they have changed."""
        self.setIcon(icons.icon("sign", theme.current().accent))

    def _press(self) -> None:
        if self._open:
            self.pressed_for.emit(self._open[0])


class AttentionDialog(QDialog):
    """Asks what was done; `text` holds the answer once accepted."""

    def __init__(self, attention: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Note")
        self.setProperty("help", "session")
        self.id = attention.get("id")
        column = QVBoxLayout(self)
        column.setSpacing(10)
        self.about = Line(f"{attention_words(str(attention.get('code') or ''))}.", "text", True)
        column.addWidget(self.about)
        words = "Look after the participant as your study's plan says. The session closes once this is noted."
        column.addWidget(Line(words, "muted", True))
        self.line = QPlainTextEdit()
        self.line.setAccessibleName("What did you do?")
        self.line.setPlaceholderText("What did you do?")
        self.line.setTabChangesFocus(True)
        self.line.textChanged.connect(self._look)
        column.addWidget(self.line, 1)
        self.buttons = QDialogButtonBox()
        self.keep = self.buttons.addButton("Keep", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton("Later", QDialogButtonBox.ButtonRole.RejectRole)
        without_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.resize(460, 260)
        self._look()

    @property
    def text(self) -> str:
        """What was written."""
        return self.line.toPlainText().strip()

    def accept(self) -> None:
        """Take an answer that says something."""
        if len(self.text) >= SHORTEST:
            super().accept()

    def _look(self) -> None:
        self.keep.setEnabled(len(self.text) >= SHORTEST)
