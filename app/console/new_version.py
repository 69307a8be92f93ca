"""What both ways to a new version of a protocol ask: what differs from the one before, and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QListWidget, QVBoxLayout, QWidget

from app.console.parts import Heading, Line, quiet, without_icons

SHORTEST_REASON = 3


class NewVersionDialog(QDialog):
    """Shows the differences to version `before`; `make` is enabled once there is a reason."""

    def __init__(
        self, title: str, words: str, before: int, changes: Sequence[str], verb: str, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumSize(560, 420)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(Line(words, "text", True))
        column.addWidget(Heading(f"What differs from version {before}"))
        self.changes = QListWidget()
        self.changes.setAccessibleName("Differences")
        self.changes.setWordWrap(True)
        quiet(self.changes)
        self.changes.addItems(list(changes) or ["The order of its entries."])
        column.addWidget(self.changes, 1)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Why it was changed")
        self.reason.setPlaceholderText("Why was it changed? (kept in the study)")
        self.reason.textChanged.connect(self.look)
        column.addWidget(self.reason)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox()
        self.make = self.buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        without_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.look()

    @property
    def may_be_made(self) -> bool:
        """Whether a reason was given."""
        return len(self.reason.text().strip()) >= SHORTEST_REASON

    def look(self) -> None:
        """Enable the button where a version may be made."""
        self.make.setEnabled(self.may_be_made)
