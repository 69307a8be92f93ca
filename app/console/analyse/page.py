"""The page Analyse: its steps at the left, from the data to the report, one page each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.console import icons
from app.console.help_viewer import pages
from app.console.parts import Elided, Heading, Line, quiet
from app.study import Study


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its page is made when it is first shown.

    `factory` ("module:Class") makes a QWidget with `show_study(study: Study | None)` and the signals
    `said(text, level)` and `jump_asked(path, time_s)`. What it may have besides: `closing()`, to give up what
    runs; `show_run(folder: Path)`, to show one run; `step_asked(name, folder or None)`, to lead to another
    step; `start_asked(arguments)`, to have `evoke ARGUMENTS` make a run. Its help page is that of its name.
    """

    name: str
    title: str
    about: str
    icon: str
    factory: str
    group: str = ""
    """The heading that it begins in the list; "" where it goes on under the one before."""


PAGES: tuple[Step, ...] = (
    Step("data", "Data", "What was recorded, and what is missing", "study",
         "app.console.analyse.coverage_page:CoveragePage"),
    Step("features", "Features", "Signals in numbers", "signals",
         "app.console.analyse.preview_page:PreviewPage"),
    Step("card", "Recognizers", "What each one is, and where it comes from", "help",
         "app.console.analyse.card_page:CardPage"),
    Step("experiment", "Experiment", "Who learns what, tested on whom", "balance",
         "app.console.analyse.experiment_page:ExperimentPage"),
    Step("runs", "Runs", "Folds as they finish", "start",
         "app.console.analyse.runs_page:RunsPage"),
    Step("compare", "Compare", "Runs beside each other", "copies",
         "app.console.analyse.compare_page:ComparePage"),
    Step("inspect", "Inspect", "Which trials were taken for what, and why", "search",
         "app.console.analyse.inspect_page:InspectPage"),
    Step("report", "Report", "One file with every figure of a run", "summary",
         "app.console.analyse.report_page:ReportPage"),
    Step("apply", "Apply", "A kept recognizer on recordings", "mark",
         "app.console.analyse.apply_page:ApplyPage"),
    Step("therapy", "Therapy", "Before and after, on the circumplex", "person",
         "app.console.analyse.therapy_page:TherapyPage"),
    Step("literature", "Literature", "What papers printed, beside ours", "note",
         "app.console.analyse.literature_page:LiteraturePage", "Papers and tools"),
    Step("cross-corpus", "Cross-corpus", "From one corpus, or group of people, to another", "copies",
         "app.console.analyse.cross_page:CrossPage"),
    Step("channels", "EEG channels", "Which electrodes a statistic keeps", "devices",
         "app.console.analyse.channels_page:ChannelsPage"),
    Step("decompose", "Decompose", "A stretch of a signal in modes", "signals",
         "app.console.analyse.decompose_page:DecomposePage"),
    Step("speech-tasks", "Speech tasks", "Persons told apart by nine spoken answers", "sound",
         "app.console.analyse.speech_page:SpeechPage"),
    Step("audiovisual", "Audio-visual", "Voice, face and words of a clip", "messages",
         "app.console.analyse.audiovisual_page:AudiovisualPage"),
    Step("impressions", "Impressions", "What observers think of somebody, predicted", "person",
         "app.console.analyse.impressions_page:ImpressionsPage"),
    Step("faces", "Faces", "Boxes, a detector, and a camera live", "person",
         "app.console.analyse.faces_page:FacesPage"),
    Step("passages", "Passages", "WiFi channel state: who passed, and when", "signals",
         "app.console.analyse.passages_page:PassagesPage"),
    Step("within", "Within participants", "Conditions compared in the same people", "balance",
         "app.console.analyse.within_page:WithinPage"),
    Step("playlist", "Playlist", "Which clip moves this person", "next",
         "app.console.analyse.playlist_page:PlaylistPage"),
    Step("live", "Live", "A kept recognizer on running signals", "signals",
         "app.console.analyse.live_page:LivePage"),
)  # fmt: skip
"""In the order in which they are worked through."""


class AnalysePage(QWidget):
    """Shows one step at a time; a step hears of the study whenever it is shown."""

    said = Signal(str, str)
    jump_asked = Signal(object, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", _help_of(PAGES[0].name))
        self.study: Study | None = None
        self.made: dict[str, QWidget] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 10)
        row.setSpacing(12)
        row.addWidget(self._side())
        self.stack = QStackedWidget()
        self.empty = Line("Open a study first.", "muted", True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.empty)
        row.addWidget(self.stack, 1)
        self.steps.currentRowChanged.connect(lambda _: self._show_step())

    def _side(self) -> QWidget:
        side = QWidget()
        side.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Heading("Analyse", 1.4))
        self.whose = Elided()
        column.addWidget(self.whose)
        column.addSpacing(6)
        self.steps = QListWidget()
        self.steps.setAccessibleName("Steps of the analysis")
        self.steps.setIconSize(QSize(18, 18))
        self.steps.setSpacing(3)
        self.steps.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        quiet(self.steps)
        for step in PAGES:
            if step.group:
                heading = QListWidgetItem(step.group)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                heading.setData(Qt.ItemDataRole.AccessibleTextRole, f"{step.group}: heading")
                self.steps.addItem(heading)
            item = QListWidgetItem(icons.icon(step.icon), step.title)
            item.setToolTip(step.about)
            item.setData(Qt.ItemDataRole.UserRole, step.name)
            self.steps.addItem(item)
        self._choose(PAGES[0].name)
        self._fit_side()
        column.addWidget(self.steps, 1)
        return side

    def _fit_side(self) -> None:
        widest = max(self.steps.fontMetrics().horizontalAdvance(step.title) for step in PAGES)
        self.steps.setFixedWidth(widest + 64)

    @property
    def current(self) -> str:
        """The name of the step that is shown."""
        item = self.steps.currentItem()
        return PAGES[0].name if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def _choose(self, name: str) -> None:
        """Make a step the current one."""
        self.steps.setCurrentItem(self._item(name))

    def _item(self, name: str) -> QListWidgetItem:
        items = (self.steps.item(row) for row in range(self.steps.count()))
        return next(item for item in items if item.data(Qt.ItemDataRole.UserRole) == name)

    def step(self, name: str) -> QWidget:
        """Return the page of a step."""
        if name not in self.made:
            found = next(step for step in PAGES if step.name == name)
            module, _, attribute = found.factory.partition(":")
            page = cast("QWidget", getattr(import_module(module), attribute)())
            known = cast("Any", page)
            known.said.connect(self.said)
            known.jump_asked.connect(self.jump_asked)
            if hasattr(page, "step_asked"):
                known.step_asked.connect(self.go_to)
            if hasattr(page, "start_asked"):
                known.start_asked.connect(self.start_run)
            page.setProperty("help", _help_of(name))
            self.stack.addWidget(page)
            self.made[name] = page
        return self.made[name]

    def show_study(self, study: Study | None, name: str = "") -> None:
        """Show a step (the one shown last) of a study; what changed since then is read anew."""
        self.study = study
        self.whose.set_whole("" if study is None else study.name)
        if name and name != self.current:
            self._choose(name)
        else:
            self._show_step()

    def go_to(self, name: str, run: Path | None = None) -> None:
        """Show a step, and in it a run."""
        if name != self.current:
            self._choose(name)
        if run is not None and self.study is not None and hasattr(self.step(name), "show_run"):
            cast("Any", self.step(name)).show_run(run)

    def start_run(self, arguments: list[str]) -> None:
        """Start a command that makes a run, and show how it goes on."""
        self.go_to("runs")
        cast("Any", self.step("runs")).start(arguments)

    def _show_step(self) -> None:
        self.setProperty("help", _help_of(self.current))
        if self.study is None:
            self.stack.setCurrentWidget(self.empty)
            return
        page = self.step(self.current)
        self.stack.setCurrentWidget(page)
        cast("Any", page).show_study(self.study)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this page for the sheet of shortcuts."""
        lines: Callable[[], tuple[tuple[str, str], ...]] | None = getattr(
            self.made.get(self.current), "key_lines", None
        )
        own = (("Up, Down in the list", "Another step"), ("Arrows, Enter in a picture", "Choose in it"))
        return (*own, *(lines() if lines is not None else ()))

    def closing(self) -> None:
        """Give up what the steps compute; runs go on by themselves."""
        for page in self.made.values():
            close = getattr(page, "closing", None)
            if close is not None:
                close()

    def changeEvent(self, event: QEvent) -> None:
        """Follow palette and font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "steps"):
            for step in PAGES:
                self._item(step.name).setIcon(icons.icon(step.icon))
        if event.type() == QEvent.Type.FontChange and hasattr(self, "steps"):
            self._fit_side()


def _help_of(step: str) -> str:
    """Return the help page of a step: its own where there is one."""
    return step if step in pages() else "analyse"
