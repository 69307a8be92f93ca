"""What can be done about labels from anywhere: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from app.console.notifier import Notifier
from app.console.page_actions import HasStudy, OpenDialog, PageActions
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.console.annotate.page import AnnotatePage


class AnnotateActions(PageActions["AnnotatePage"]):
    """Opens what is to be labelled on the Annotate page."""

    def __init__(
        self,
        holder: HasStudy,
        pages: QStackedWidget,
        notifier: Notifier,
        show: Callable[[QWidget], None],
        open_dialog: OpenDialog,
        trigger: Callable[[str], None],
    ) -> None:
        super().__init__(pages, notifier, show)
        self._holder = holder
        self._open = open_dialog
        self._trigger = trigger

    def _make(self) -> AnnotatePage:
        from app.console.annotate.page import AnnotatePage

        made = AnnotatePage()
        made.dialog_asked.connect(self._on_asked)
        return made

    def do_annotate_page(self) -> None:
        """Show the page."""
        self.page.show_study(self._holder.study)
        self._show(self.page)

    def do_open_package(self) -> None:
        """Choose a package: its zip, or pack.json in its folder."""
        chosen, _ = QFileDialog.getOpenFileName(
            self._pages.window(), "Open a package", filter="Package (*.zip pack.json)"
        )
        if chosen:
            self.open_package(Path(chosen))

    def open_package(self, path: Path) -> bool:
        """Annotate in a package; False (and a message) where there is none."""
        from app.console.annotate.page_package import open_package

        try:
            place = open_package(path)
        except EvokeError as error:
            self._notifier.say(str(error), "alarm")
            return False
        self.page.show_place(place)
        self._show(self.page)
        return True

    def refresh(self) -> None:
        """Read plans and schemes anew: some were made."""
        if self._made is not None:
            self._made.entry.refresh()

    def reset_layout(self) -> None:
        """Put the page's parts back."""
        if self._made is not None:
            self._made.reset_layout()

    def close(self) -> None:
        """Keep everything, and end what the page does in the background."""
        if self._made is not None:
            self._made.closing()

    def _on_asked(self, name: str) -> None:
        if name == "who":
            self._ask_who()
        else:
            self._trigger(name)

    def _ask_who(self) -> None:
        from app.annotation.annotators import add_annotator
        from app.console.annotate.who_dialog import WhoDialog

        page, study = self.page, self._holder.study
        if study is None or page.place is None:
            return
        dialog = WhoDialog(page.place.annotators(), page.entry.who.currentText(), True, page)

        def take() -> None:
            try:
                if dialog.is_new:
                    add_annotator(study, dialog.code)
            except EvokeError as error:
                self._notifier.say(str(error), "alarm")
                return
            page.entry.refresh(dialog.code)

        self._open(dialog, take)
