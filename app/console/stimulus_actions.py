"""What can be done with stimuli from anywhere: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QWidget

from app.console.notifier import Notifier
from app.console.page_actions import HasStudy, OpenDialog, PageActions

if TYPE_CHECKING:
    from app.console.stimulus_library import StimulusLibrary


class StimulusActions(PageActions["StimulusLibrary"]):
    """Opens the library and its dialogs."""

    def __init__(
        self,
        holder: HasStudy,
        pages: QStackedWidget,
        notifier: Notifier,
        show: Callable[[QWidget], None],
        open_dialog: OpenDialog,
    ) -> None:
        super().__init__(pages, notifier, show)
        self._holder = holder
        self._open = open_dialog

    @property
    def library(self) -> StimulusLibrary:
        """The library's page."""
        return self.page

    def _make(self) -> StimulusLibrary:
        from app.console.stimulus_library import StimulusLibrary

        made = StimulusLibrary()
        made.said.connect(self._notifier.say)
        made.dialog_asked.connect(self._on_asked)
        return made

    def do_stimulus_page(self) -> None:
        """Show the library."""
        self.library.show_study(self._holder.study)
        self._show(self.library)

    def do_import_stimuli(self) -> None:
        """Ask what is to be imported."""
        self.do_stimulus_page()
        self._on_asked("import")

    def do_check_stimuli(self) -> None:
        """Look at every file of the set."""
        self.do_stimulus_page()
        self.library.check_files()

    def do_select_stimuli(self) -> None:
        """Choose balanced sets."""
        self.do_stimulus_page()
        self._on_asked("select")

    def do_norm_stimuli(self) -> None:
        """Make a norming run, or write its ratings back."""
        self.do_stimulus_page()
        self._on_asked("norm")

    def close(self) -> None:
        """End what the library does in the background."""
        if self._made is not None:
            self._made.closing()

    def _on_asked(self, name: str) -> None:
        library = self.library
        if name == "import":
            from app.console.stimulus_import import ImportStimuliDialog

            coming = ImportStimuliDialog(library)
            coming.imported.connect(self._on_imported)
            self._open(coming, None)
            return
        if library.stimuli is None:
            self._notifier.say("Open a stimulus set first.", "info")
        elif name == "select":
            from app.console.stimulus_select import SelectDialog

            dialog = SelectDialog(library.stimuli, library.inspection, self._holder.study, library)
            dialog.chosen.connect(library.choose)
            dialog.said.connect(self._notifier.say)
            self._open(dialog, None)
        else:
            self._open_norming(library)

    def _open_norming(self, library: StimulusLibrary) -> None:
        from app.console.stimulus_norming import NormingDialog

        study, stimuli = self._holder.study, library.stimuli
        if study is None or stimuli is None:
            self._notifier.say("Open the study first that the raters take part in.", "info")
            return
        shown = [item.id for item in library.model.shown]
        dialog = NormingDialog(stimuli, study, library.selected_ids(), shown, library)
        dialog.said.connect(self._notifier.say)
        dialog.written.connect(self._on_imported)
        self._open(dialog, None)

    def _on_imported(self, folder: Path, words: str) -> None:
        self.library.open_set(folder)
        self._notifier.say(words, "good")
