"""Opening the protocol editor: one window, brought to the front where it is open already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from app.console.notifier import Notifier
from app.console.study_actions import StudyHolder
from app.console.study_page import StudyPage
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.console.protocol_editor import ProtocolEditor


class ProtocolActions:
    """Holds the editor's window."""

    def __init__(self, holder: StudyHolder, page: StudyPage, parent: QWidget, notifier: Notifier) -> None:
        self._holder, self._parent, self._notifier = holder, parent, notifier
        self._editor: ProtocolEditor | None = None
        page.protocol_asked.connect(self.do_edit_protocol)

    @property
    def editor(self) -> ProtocolEditor | None:
        """The window, None while it is closed."""
        return self._editor if self._editor is not None and isValid(self._editor) else None

    def do_edit_protocol(self) -> None:
        """Edit the study's protocol, or go on with what is being edited."""
        from app.console.protocol_editor import open_editor

        editor = self.editor
        if editor is not None:
            editor.show()
            editor.raise_()
            editor.activateWindow()
            return
        try:
            self._editor = open_editor(self._holder.study, self._holder.refresh_study, self._parent)
        except EvokeError as error:
            self._notifier.say(str(error), "alarm")

    def may_close(self) -> bool:
        """Close the editor; False where somebody wants to keep what is not saved."""
        return self.editor is None or self.editor.close()
