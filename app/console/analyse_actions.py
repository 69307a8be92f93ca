"""What can be done about recognizers from anywhere: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QWidget

from app.console.notifier import Notifier
from app.console.page_actions import HasStudy, PageActions

if TYPE_CHECKING:
    from app.console.analyse.page import AnalysePage


class AnalyseActions(PageActions["AnalysePage"]):
    """Shows the page Analyse and its steps; `go_to(path, time_s)` shows a moment on the review page."""

    def __init__(
        self,
        holder: HasStudy,
        pages: QStackedWidget,
        notifier: Notifier,
        show: Callable[[QWidget], None],
        go_to: Callable[[Path, float], None],
    ) -> None:
        super().__init__(pages, notifier, show)
        self._holder = holder
        self._go_to = go_to

    def _make(self) -> AnalysePage:
        from app.console.analyse.page import AnalysePage

        made = AnalysePage()
        made.said.connect(self._notifier.say)
        made.jump_asked.connect(self._go_to)
        return made

    def do_analyse_page(self) -> None:
        """Show the step that was shown last."""
        self._show_step("")

    def do_analyse_data(self) -> None:
        """Show what was recorded."""
        self._show_step("data")

    def do_analyse_features(self) -> None:
        """Show features on their signals."""
        self._show_step("features")

    def do_analyse_experiment(self) -> None:
        """Show the next experiment."""
        self._show_step("experiment")

    def do_analyse_runs(self) -> None:
        """Show the runs."""
        self._show_step("runs")

    def do_analyse_card(self) -> None:
        """Show the cards of the recognizers."""
        self._show_step("card")

    def do_analyse_compare(self) -> None:
        """Show runs beside each other."""
        self._show_step("compare")

    def do_analyse_inspect(self) -> None:
        """Show which trials a run took for what."""
        self._show_step("inspect")

    def do_analyse_report(self) -> None:
        """Show what the report of a run holds."""
        self._show_step("report")

    def do_analyse_apply(self) -> None:
        """Show kept recognizers and recordings."""
        self._show_step("apply")

    def do_analyse_therapy(self) -> None:
        """Show sessions before and after."""
        self._show_step("therapy")

    def do_analyse_literature(self) -> None:
        """Show what papers printed, beside ours."""
        self._show_step("literature")

    def do_analyse_cross_corpus(self) -> None:
        """Show recognition across corpora."""
        self._show_step("cross-corpus")

    def do_analyse_channels(self) -> None:
        """Show the choice of electrodes."""
        self._show_step("channels")

    def do_analyse_decompose(self) -> None:
        """Show a signal in modes."""
        self._show_step("decompose")

    def do_analyse_speech_tasks(self) -> None:
        """Show persons by their spoken answers."""
        self._show_step("speech-tasks")

    def do_analyse_audiovisual(self) -> None:
        """Show voice, face and words of clips."""
        self._show_step("audiovisual")

    def do_analyse_impressions(self) -> None:
        """Show impressions of observers."""
        self._show_step("impressions")

    def do_analyse_faces(self) -> None:
        """Show faces, their boxes and a detector."""
        self._show_step("faces")

    def do_analyse_passages(self) -> None:
        """Show passages in WiFi channel state."""
        self._show_step("passages")

    def do_analyse_within(self) -> None:
        """Show tests within participants."""
        self._show_step("within")

    def do_analyse_playlist(self) -> None:
        """Show clips ranked for somebody."""
        self._show_step("playlist")

    def do_analyse_live(self) -> None:
        """Show a recognizer on running signals."""
        self._show_step("live")

    def _show_step(self, name: str) -> None:
        self._show(self.page)
        self.page.show_study(self._holder.study, name)

    def close(self) -> None:
        """End what is computed in the background; runs go on."""
        if self._made is not None:
            self._made.closing()
