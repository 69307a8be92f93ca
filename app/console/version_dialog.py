"""A protocol that was changed after somebody was recorded with it: what differs, why, and the next number."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from app import versions
from app.console.parts import Heading, Line, quiet, without_icons
from app.console.protocol_facts import ProtocolFacts
from app.study import Study
from app.versions import Version
from stimuli.problems import EvokeError

SHORTEST_REASON = 3


class VersionDialog(QDialog):
    """Makes the changed protocol a new version; `made` is what was noted."""

    def __init__(self, study: Study, facts: ProtocolFacts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"New version of {facts.name}")
        self.setProperty("help", "study")
        self.setMinimumSize(560, 420)
        self.made: Version | None = None
        self._study, self._facts = study, facts
        locked = versions.locked(study, facts.name)
        before = locked[-1].version if locked else facts.version
        column = QVBoxLayout(self)
        column.setSpacing(10)
        words = (
            f"Participants were recorded with version {before}. What is recorded from now on is version"
            f" {max(before + 1, facts.version)}; tables keep them apart, and consent is asked for anew."
        )
        column.addWidget(Line(words, "text", True))
        column.addWidget(Heading(f"What differs from version {before}"))
        self.changes = QListWidget()
        self.changes.setAccessibleName("Differences")
        quiet(self.changes)
        self.changes.setWordWrap(True)
        self.changes.addItems(list(facts.changes) or ["The order of its entries."])
        column.addWidget(self.changes, 1)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Why it was changed")
        self.reason.setPlaceholderText("Why was it changed? (kept in the study)")
        self.reason.textChanged.connect(self._look)
        column.addWidget(self.reason)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox()
        self.make = self.buttons.addButton("Make the new version", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        without_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        if not facts.file:
            self.problem.setText(
                "This protocol does not lie in the study. Put a copy of it there and change the copy."
            )
        self._look()

    def accept(self) -> None:
        """Raise the number in the file and note why; else say why not."""
        if not self.make.isEnabled():
            return
        try:
            self.made = versions.raise_version(self._study, self._facts.file, self.reason.text())
        except EvokeError as error:
            self.problem.setText(str(error))
            return
        super().accept()

    def _look(self) -> None:
        is_good = len(self.reason.text().strip()) >= SHORTEST_REASON
        self.make.setEnabled(is_good and bool(self._facts.file))
