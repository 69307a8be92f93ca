"""A protocol that was changed after somebody was recorded with it: what differs, why, and the next number."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app import versions
from app.console.new_version import NewVersionDialog
from app.console.protocol_facts import ProtocolFacts
from app.study import Study
from app.versions import Version
from stimuli.problems import EvokeError


class VersionDialog(NewVersionDialog):
    """Makes the changed protocol a new version; `made` is what was noted."""

    def __init__(self, study: Study, facts: ProtocolFacts, parent: QWidget | None = None) -> None:
        self.made: Version | None = None
        self._study, self._facts = study, facts
        locked = versions.locked(study, facts.name)
        before = locked[-1].version if locked else facts.version
        words = (
            f"Participants were recorded with version {before}. What is recorded from now on is version"
            f" {max(before + 1, facts.version)}; tables keep them apart, and consent is asked for anew."
        )
        title = f"New version of {facts.name}"
        super().__init__(title, words, before, facts.changes, "Make the new version", parent)
        self.setProperty("help", "study")
        if not facts.file:
            self.problem.setText(
                "This protocol does not lie in the study. Put a copy of it there and change the copy."
            )

    @property
    def may_be_made(self) -> bool:
        """Whether there is a reason, and a file of the study to raise the number in."""
        return super().may_be_made and bool(self._facts.file)

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
