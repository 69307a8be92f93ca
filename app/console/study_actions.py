"""What can be done to a study as a whole: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QDialog, QWidget

from app.console.conduct import Conduct
from app.console.export_dialog import ExportDialog
from app.console.import_dialog import ImportDialog
from app.console.notifier import Notifier
from app.console.repair import recover
from app.console.second_copy import SecondCopyDialog
from app.console.sound_dialog import SoundDialog
from app.console.timing_test_dialog import TimingTestDialog
from app.console.work import Work
from app.study import Study


class StudyHolder(Protocol):
    """Who has the study in hand, and the file whose summary is shown."""

    study: Study | None

    def shown_file(self) -> Path | None:
        """Return the session file on the summary page."""

    def refresh_study(self) -> None:
        """Read the study anew."""


Open = Callable[[QDialog, Callable[[], object] | None], None]


class StudyActions:
    """Dialogs and work that concern the study in hand."""

    def __init__(
        self, holder: StudyHolder, parent: QWidget, notifier: Notifier, conduct: Conduct, open_dialog: Open
    ) -> None:
        self._holder = holder
        self._parent = parent
        self._notifier = notifier
        self._conduct = conduct
        self._open = open_dialog
        self._work: Work | None = None

    def do_finish_left(self) -> None:
        """Make the files of interrupted sessions, in the background."""
        study = self._holder.study
        if study is None or not study.unfinished():
            self._notifier.say("There is no interrupted session in this study.", "good")
            return
        self._notifier.say("Making the files of interrupted sessions…", "info")
        self._work = Work(lambda: recover(study.folder), self._parent)
        self._work.done.connect(self._on_recovered)
        self._work.failed.connect(lambda error: self._notifier.say(str(error), "alarm"))
        self._work.start()

    def do_export_data(self) -> None:
        """Ask what goes out in which format, and show the report."""
        dialog = ExportDialog(self._holder.study, self._holder.shown_file(), self._parent)
        self._open(dialog, None)

    def do_import_data(self) -> None:
        """Ask which file comes in for whom."""
        study = self._holder.study
        if study is None:
            self._notifier.say("Open the study first that the recording belongs to.", "info")
            return
        dialog = ImportDialog(study, self._parent)
        dialog.imported.connect(self._holder.refresh_study)
        self._open(dialog, None)

    def do_second_copy(self) -> None:
        """Ask where each session of the study is copied to."""
        study = self._holder.study
        if study is None:
            self._notifier.say("Open the study first whose sessions are to be copied.", "info")
            return
        self._open(SecondCopyDialog(study, self._parent), self._holder.refresh_study)

    def do_sound_outputs(self) -> None:
        """Choose where alarms and stimuli are heard."""
        self._open(SoundDialog(self._conduct.is_recording, self._parent), None)

    def do_timing_test(self) -> None:
        """Measure how late the participant's screen is."""
        study = self._holder.study
        if study is None:
            self._notifier.say("Open the study first whose devices are used.", "info")
            return
        if self._conduct.is_recording:
            self._notifier.say("A session runs. Measure the screen when it has ended.", "info")
            return
        self._open(TimingTestDialog(study, self._parent), None)

    def do_about(self) -> None:
        """Say what this is."""
        from importlib import metadata

        try:
            version = metadata.version("evoke")
        except metadata.PackageNotFoundError:
            version = "of a checkout"
        self._notifier.say(f"Evoke {version}. MIT licence.", "info")

    def _on_recovered(self, text: str) -> None:
        self._notifier.say(text, "good")
        self._holder.refresh_study()
