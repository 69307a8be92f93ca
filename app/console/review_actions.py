"""What can be done with finished recordings from anywhere: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from app.console.notifier import Notifier
from app.console.page_actions import PageActions

if TYPE_CHECKING:
    from app.console.review.page import ReviewPage


class ReviewActions(PageActions["ReviewPage"]):
    """Opens recordings on the review page."""

    def __init__(
        self,
        window: QWidget,
        pages: QStackedWidget,
        notifier: Notifier,
        show: Callable[[QWidget], None],
        shown_file: Callable[[], Path | None],
    ) -> None:
        super().__init__(pages, notifier, show)
        self._window = window
        self._shown_file = shown_file

    def _make(self) -> ReviewPage:
        from app.console.review.page import ReviewPage

        made = ReviewPage()
        made.said.connect(self._notifier.say)
        made.open_asked.connect(self.do_review_recording)
        return made

    def review(self, path: Path) -> None:
        """Open a recording on the review page."""
        page = self.page
        if page.path != path or page.recording is None:
            page.load(path)
        self._show(page)

    def forget_erased(self) -> None:
        """Close a recording whose file is gone: somebody withdrew."""
        if self._made is not None and self._made.path is not None and not self._made.path.exists():
            self._made.show_nothing()

    def do_review_page(self) -> None:
        """Show the review page; what the summary shows is opened where nothing is."""
        self.forget_erased()
        summarised = self._shown_file()
        if self._made is None and summarised is not None:
            self.review(summarised)
        else:
            self._show(self.page)

    def do_review_recording(self) -> None:
        """Choose a recording and open it."""
        from app.console.review.foreign import PATTERNS

        chosen, _ = QFileDialog.getOpenFileName(self._window, "Review a recording", filter=PATTERNS)
        if chosen:
            self.review(Path(chosen))

    def do_review_folder(self) -> None:
        """Choose the folder of an E4 and open it."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Review the folder of an E4")
        if chosen:
            self.review(Path(chosen))

    def reset_layout(self) -> None:
        """Put the panels of the page back, if there is one."""
        if self._made is not None:
            self._made.reset_layout()

    def close(self) -> None:
        """End what the page does in the background."""
        if self._made is not None:
            self._made.closing()
