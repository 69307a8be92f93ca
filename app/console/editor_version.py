"""Saving a protocol that somebody was recorded with: what differs, and why."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.console.editor_file import NewVersion
from app.console.new_version import NewVersionDialog


class SaveVersionDialog(NewVersionDialog):
    """Asks for the reason before the editor saves a changed protocol under the next number."""

    def __init__(self, wanted: NewVersion, parent: QWidget | None = None) -> None:
        words = (
            f"Participants were recorded with version {wanted.before}, so this becomes version"
            f" {wanted.number}. Tables keep the versions apart, and consent is asked for anew."
        )
        title = f"Save as version {wanted.number}"
        super().__init__(title, words, wanted.before, wanted.changes, "Save the new version", parent)
        self.setProperty("help", "editor")
