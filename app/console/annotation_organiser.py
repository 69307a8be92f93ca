"""What organisers of an annotation can do from anywhere: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget
from shiboken6 import isValid

from app.console.notifier import Notifier
from app.console.study_actions import StudyHolder
from app.study import Study
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.labels.scheme import Scheme
    from app.console.annotate.plan_dialog import PlanDialog
    from app.console.annotate.plan_hand_on import HandOnDialog
    from app.console.annotate.practice_dialog import PracticeDialog

Open = Callable[[QDialog, Callable[[], object] | None], None]
FIRST = "Open the study first that is to be annotated."
NAMES = (
    "edit_schemes",
    "plan_annotation",
    "hand_on",
    "practice_items",
    "pack",
    "collect",
    "progress",
    "curate",
)
"""The actions that need a study."""


class OrganiserActions:
    """Windows about schemes, plans, packages, progress and questions; `changed` is called after a change."""

    def __init__(
        self,
        holder: StudyHolder,
        parent: QWidget,
        notifier: Notifier,
        open_dialog: Open,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._holder, self._parent, self._notifier = holder, parent, notifier
        self._open, self._changed = open_dialog, changed
        self._windows: dict[str, QWidget] = {}

    def do_edit_schemes(self) -> None:
        """Make and change schemes."""
        from app.console.annotate.scheme_editor import SchemeEditor

        self._window("schemes", lambda study: SchemeEditor(study, self._on_scheme, self._parent))

    def do_plan_annotation(self) -> None:
        """Make a plan, or let one grow."""
        from app.console.annotate.plan_dialog import PlanDialog

        self._dialog(lambda study: PlanDialog(study, parent=self._parent), self._on_planned)

    def do_hand_on(self) -> None:
        """Give what somebody has not finished to somebody else."""
        self.hand_on("")

    def hand_on(self, giver: str) -> None:
        """Ask what of an annotator's open items goes to whom."""
        from app.console.annotate.plan_hand_on import HandOnDialog

        self._dialog(lambda study: HandOnDialog(study, giver, self._parent), self._on_handed)

    def do_practice_items(self) -> None:
        """Choose trials with right answers that annotators practise on."""
        from app.console.annotate.practice_dialog import PracticeDialog

        self._dialog(lambda study: PracticeDialog(study, self._parent), self._on_practice)

    def do_pack(self) -> None:
        """Pack an annotator's queue for another computer."""
        self.pack("")

    def pack(self, annotator: str) -> None:
        """Ask where an annotator's package goes."""
        from app.console.annotate.pack_dialog import PackDialog

        self._dialog(lambda study: PackDialog(study, annotator, self._parent))

    def do_collect(self) -> None:
        """Take labels of a package into the study."""
        from app.console.annotate.pack_dialog import CollectDialog

        def make(study: Study) -> CollectDialog:
            dialog = CollectDialog(study, self._parent)
            dialog.collected.connect(self._changed)
            return dialog

        self._dialog(make)

    def do_progress(self) -> None:
        """Show how far everybody is."""
        from app.console.annotate.progress_page import ProgressPage

        def make(study: Study) -> ProgressPage:
            page = ProgressPage(study, self._parent)
            page.pack_asked.connect(self.pack)
            page.hand_on_asked.connect(self.hand_on)
            return page

        self._window("progress", make)

    def do_curate(self) -> None:
        """Show what is asked and where annotators disagree, without names."""
        from app.console.annotate.curator_page import CuratorPage

        self._window("curator", lambda study: CuratorPage(study, self._parent))

    def may_close(self) -> bool:
        """Close all windows; False where somebody wants to keep what is not saved."""
        return all(window.close() for window in list(self._windows.values()) if isValid(window))

    def _study(self) -> Study | None:
        if self._holder.study is None:
            self._notifier.say(FIRST, "info")
        return self._holder.study

    def _window(self, name: str, make: Callable[[Study], QWidget]) -> None:
        """Open a window, or bring it to the front where it is open for this study."""
        study = self._study()
        if study is None:
            return
        shown = self._windows.get(name)
        if shown is not None and isValid(shown):
            if shown.property("study") == str(study.folder):
                shown.show()
                shown.raise_()
                shown.activateWindow()
                return
            if not shown.close():
                return
        try:
            window = make(study)
        except EvokeError as error:
            self._notifier.say(str(error), "alarm")
            return
        window.setProperty("study", str(study.folder))
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._windows[name] = window
        window.show()

    def _dialog(
        self, make: Callable[[Study], QDialog], then: Callable[[QDialog], None] | None = None
    ) -> None:
        study = self._study()
        if study is None:
            return
        try:
            dialog = make(study)
        except EvokeError as error:
            self._notifier.say(str(error), "alarm")
            return
        self._open(dialog, None if then is None else lambda: then(dialog))

    def _on_scheme(self, scheme: Scheme, before: Scheme | None) -> None:
        words = f"The study has the scheme {scheme.id}."
        if before is not None and before.version != scheme.version:
            words += f" Annotators with labels by {before.id} are asked whether to carry them over."
        self._notifier.say(words, "good")
        self._changed()

    def _on_planned(self, dialog: QDialog) -> None:
        made: PlanDialog = dialog  # type: ignore[assignment]
        if made.made is not None:
            plan, count = made.made.plan, len(made.made.new)
            self._notifier.say(f"The plan {plan.name}, by {plan.scheme}, has {count} new items.", "good")
        self._changed()

    def _on_practice(self, dialog: QDialog) -> None:
        chosen: PracticeDialog = dialog  # type: ignore[assignment]
        if chosen.changed_count:
            self._notifier.say(
                "The practice items are kept. Newcomers find them on the Annotate page.", "good"
            )
            self._changed()

    def _on_handed(self, dialog: QDialog) -> None:
        done: HandOnDialog = dialog  # type: ignore[assignment]
        if done.done_with is not None:
            gone, stayed = len(done.done_with.codes), len(done.done_with.stayed)
            rest = f" {stayed} stayed: {done.done_with.stayed[0].why}." if stayed else ""
            self._notifier.say(f"{gone} items were handed on.{rest}", "good")
        self._changed()
