"""Two rows of the next session's card: consent of this version, and the lock of the protocol's version."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.console.parts import Elided, Line, Tinted
from app.console.protocol_facts import ConsentState, ProtocolFacts

NARROWEST = 140
NOT_NEEDED = "Simulated participant: no consent is needed."


class ConsentRow(QWidget):
    """How consent stands; `asked` when it is to be given or changed."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = ConsentState()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.words = Line("", "muted", True)
        self.words.setMinimumWidth(NARROWEST)
        self.button = Tinted("Ask…", "note", self.asked.emit)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)

    def show_not_needed(self) -> None:
        """A simulation asks nobody."""
        self.state = ConsentState()
        self.words.setText(NOT_NEEDED)
        self.words.set_colour("muted")
        self.button.hide()

    def show_state(self, state: ConsentState, can_ask: bool) -> None:
        """Show how it stands; it can be asked for once code and protocol are known."""
        self.state = state
        self.words.setText(state.words)
        self.words.set_colour("text" if state.holds else "warning" if can_ask else "muted")
        self.button.setText("Change…" if state.consent is not None else "Ask…")
        self.button.setVisible(True)
        self.button.setEnabled(can_ask)


class VersionRow(QWidget):
    """The protocol's version and whether it is locked; `asked` for a new version with its reason."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.words = Elided()
        self.button = Tinted("New version…", "note", self.asked.emit)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.show_facts(None, "")

    def show_facts(self, facts: ProtocolFacts | None, length: str) -> None:
        """Show a protocol's version beside its length, nothing while it is not loaded."""
        lock = "" if facts is None else facts.lock_words
        self.words.set_whole("; ".join(filter(None, (length, lock))))
        changed = facts is not None and bool(facts.version_problem)
        self.button.setVisible(changed)
