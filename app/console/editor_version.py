"""Saving a protocol that somebody was recorded with: what differs, and why."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QListWidget, QVBoxLayout, QWidget

from app.console.editor_file import NewVersion
from app.console.parts import Heading, Line, quiet, without_icons

SHORTEST_REASON = 3


class SaveVersionDialog(QDialog):
    """Shows the differences to the locked version and asks for the reason."""

    def __init__(self, wanted: NewVersion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Save as version {wanted.number}")
        self.setProperty("help", "editor")
        self.setMinimumSize(560, 420)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        words = (
            f"Participants were recorded with version {wanted.before}, so this becomes version"
            f" {wanted.number}. Tables keep the versions apart, and consent is asked for anew."
        )
        column.addWidget(Line(words, "text", True))
        column.addWidget(Heading(f"What differs from version {wanted.before}"))
        self.changes = QListWidget()
        self.changes.setAccessibleName("Differences")
        self.changes.setWordWrap(True)
        quiet(self.changes)
        self.changes.addItems(list(wanted.changes) or ["The order of its entries."])
        column.addWidget(self.changes, 1)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Why it was changed")
        self.reason.setPlaceholderText("Why was it changed? (kept in the study)")
        self.reason.textChanged.connect(self._look)
        column.addWidget(self.reason)
        buttons = QDialogButtonBox()
        self.save = buttons.addButton("Save the new version", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        without_icons(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self._look()

    def _look(self) -> None:
        self.save.setEnabled(len(self.reason.text().strip()) >= SHORTEST_REASON)
