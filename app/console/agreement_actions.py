"""What can be done about agreement from anywhere: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QWidget

from app.console.notifier import Notifier
from app.console.page_actions import HasStudy, OpenDialog, PageActions

if TYPE_CHECKING:
    from app.console.annotate.agreement_page import AgreementPage
    from app.console.review_actions import ReviewActions


class AgreementActions(PageActions["AgreementPage"]):
    """Shows the page Agreement; its moments are shown by the review."""

    def __init__(
        self,
        holder: HasStudy,
        pages: QStackedWidget,
        notifier: Notifier,
        show: Callable[[QWidget], None],
        open_dialog: OpenDialog,
        review: ReviewActions,
    ) -> None:
        super().__init__(pages, notifier, show)
        self._holder = holder
        self._open = open_dialog
        self._review = review
        self._pending: tuple[Path, float] | None = None
        self._follows_review = False

    def _make(self) -> AgreementPage:
        from app.console.annotate.agreement_page import AgreementPage

        made = AgreementPage()
        made.said.connect(self._notifier.say)
        made.jump_asked.connect(self.go_to)
        made.fuse_asked.connect(self.do_fuse_labels)
        return made

    def do_agreement_page(self) -> None:
        """Show the agreement in the study."""
        self._show(self.page)
        self.page.show_study(self._holder.study)

    def do_fuse_labels(self) -> None:
        """Ask how the labels of the tier on the page are to be fused."""
        found = self.page.found
        if found is None or found.labels is None or found.gathered is None or found.scheme is None:
            self.do_agreement_page()
            self._notifier.say("Choose on this page what is to be fused, then fuse.", "info")
            return
        from app.console.annotate.agreement_fuse import FuseDialog

        tier = found.scheme.tier(found.gathered.variable.tier)
        dialog = FuseDialog(found.labels, tier, self.page)
        dialog.fused.connect(lambda words: self._notifier.say(words, "good"))
        self._open(dialog, None)

    def go_to(self, recording: Path, time_s: float) -> None:
        """Show a moment (seconds on the recording's clock) on the review page."""
        page = self._review.page
        if not self._follows_review:
            self._follows_review = True
            page.opening.opened.connect(lambda _: self._arrive())
        self._pending = recording, time_s
        self._review.review(recording)
        if page.recording is not None and page.path == recording:
            self._arrive()

    def _arrive(self) -> None:
        page, pending = self._review.page, self._pending
        if pending is not None and page.path == pending[0]:
            self._pending = None
            page.desk.jump_to(pending[1])

    def do_next_moment(self) -> None:
        """Go to the next of the moments chosen on the page, also from the review."""
        self.page.step(1)

    def do_previous_moment(self) -> None:
        """Go to the moment before."""
        self.page.step(-1)

    def close(self) -> None:
        """End what is computed in the background."""
        if self._made is not None:
            self._made.closing()
