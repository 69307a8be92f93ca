"""The step Runs: every run of the study, and the chosen one as it goes on, each in a process of its own."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QSplitter,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from analysis.evaluation.run_folder import RunError, open_run
from app.console.analyse.run_process import Starter
from app.console.analyse.runs_list import RunLine
from app.console.analyse.runs_scores import METRIC_TITLES
from app.console.analyse.runs_views import FoldsView, LossView
from app.console.analyse.runs_work import FoldView, RunsReader, RunView
from app.console.analyse.step_page import UNREADABLE, StepPage
from app.console.analyse.waiting import FOR_USERS
from app.console.choices import combo, fill_combo
from app.console.parts import Card, Elided, Line, Tinted, clock_text, quiet
from app.console.plain_table import plain_table
from app.console.work import Work
from app.study import Study

LOOK_MS = 700
HEADS = ("Run", "Recognizer", "Target", "Tested on", "State", "Score", "Planned or exploratory")
READING = "Reading the runs…"
NO_RUNS = "No run yet. Choose Experiment, and start one."
PREPARES = "The run computes its inputs first; it appears here when they are there."
SEARCH = "search"
NO_LOSSES = "This recognizer is not trained epoch by epoch: it tells no losses."


class RunsPage(StepPage):
    """Shows runs; stops and resumes them. What was computed is never deleted here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Runs", NO_RUNS, parent)
        self.lines: tuple[RunLine, ...] = ()
        self.view: RunView | None = None
        self.chosen: Path | None = None
        self._reader = RunsReader()
        self._work: Work | None = None
        self._again = False
        self._expects = False
        self._fold = ""
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.look)
        self.starter = Starter(self)
        self.starter.failed.connect(self._on_run_failed)
        self.starter.ended.connect(self.look)
        self._lay_out(self._controls(), self._body())
        self._show_buttons()

    def _controls(self) -> tuple[QWidget, ...]:
        self.stop_button = Tinted("Stop", "end", self.stop)
        self.stop_button.setToolTip("Finished folds stay; it can be resumed")
        self.resume_button = Tinted("Resume", "start", self.resume)
        self.resume_button.setToolTip("Go on with the folds that are not finished")
        self.later: dict[str, Tinted] = {}
        from app.console.analyse.page import PAGES

        names = [step.name for step in PAGES]
        after = PAGES[names.index("runs") + 1 :]
        # The steps under a heading of their own are about no run.
        for step in takewhile(lambda step: not step.group, after):
            button = Tinted(step.title, step.icon, lambda name=step.name: self._ask_step(name))  # type: ignore[misc]
            button.setToolTip(step.about)
            self.later[step.name] = button
        return self.stop_button, self.resume_button, *self.later.values()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        upper = Card()
        # Names are long and begin with the time: score and standing are never cut for them.
        self.table = plain_table("Runs", HEADS, 0)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.currentCellChanged.connect(lambda row, *_: self._on_row(row))
        quiet(self.table)
        upper.body.addWidget(self.table)
        split.addWidget(upper)
        lower = Card()
        self.words = Line("", "text", True)
        lower.body.addWidget(self.words)
        state = QHBoxLayout()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.progress.setAccessibleName("Finished folds")
        self.state = Line("", "text", True)
        state.addWidget(self.state, 3)
        state.addWidget(self.progress, 2)
        lower.body.addLayout(state)
        self.why = Line("", "alarm", True)
        lower.body.addWidget(self.why)
        pictures = QSplitter(Qt.Orientation.Horizontal)
        pictures.setChildrenCollapsible(False)
        self.folds = FoldsView()
        self.folds.chosen.connect(self._on_fold)
        pictures.addWidget(self.folds)
        pictures.addWidget(self._losses())
        pictures.setStretchFactor(0, 3)
        pictures.setStretchFactor(1, 2)
        lower.body.addWidget(pictures, 1)
        split.addWidget(lower)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        return split

    def _losses(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        self.fold_words = Elided()
        row.addWidget(self.fold_words, 1)
        self.part: QComboBox = combo("Part of the training", 8)
        self.part.activated.connect(lambda _: self._show_losses())
        row.addWidget(self.part)
        column.addLayout(row)
        self.losses = LossView()
        column.addWidget(self.losses, 1)
        return side

    # Watching

    def _forget(self) -> None:
        self.view, self.chosen, self.lines = None, None, ()
        self._reader = RunsReader()
        self.trouble.say("")
        self._say_empty(READING)

    def _read(self) -> None:
        self.look()

    def show_run(self, folder: Path) -> None:
        """Show one run."""
        self.chosen = folder
        self._fill()
        self.look()

    def start(self, arguments: list[str]) -> None:
        """Start a command that makes or resumes a run; what it says when it fails is shown here."""
        self.trouble.say("")
        try:
            self.starter.start(arguments)
            self._expects = "--resume" not in arguments
            self.said.emit("The run has begun. It goes on without this window too.", "good")
        except OSError as error:
            self.trouble.say(f"The run could not be started: {error.strerror}.", "alarm")
        self.look()

    def look(self) -> None:
        """Read what is new, away from the window's thread."""
        study, chosen, reader = self.study, self.chosen, self._reader
        if study is None:
            return
        if self._work is not None:
            self._again = True
            return
        self._work = Work(lambda: (study, chosen, *reader.read(study, chosen)), self)
        self._work.done.connect(self._on_read)
        self._work.failed.connect(self._on_failed)
        self._work.start()

    @property
    def is_busy(self) -> bool:
        """Whether something is being read."""
        return self._work is not None

    def closing(self) -> None:
        """Look no longer; runs go on."""
        self._look.stop()
        self.starter.leave()

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the runs while they are seen."""
        super().showEvent(event)
        self._look.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while nobody looks."""
        super().hideEvent(event)
        self._look.stop()

    def _on_run_failed(self, text: str) -> None:
        self._expects = False
        self.trouble.say(text, "alarm")
        self.said.emit(text, "alarm")
        self.look()

    def _on_failed(self, error: Exception) -> None:
        self._work = None
        if not isinstance(error, FOR_USERS):
            raise error
        self.trouble.say(str(error), "alarm")
        if not self.lines:
            self._say_empty(UNREADABLE)

    def _on_read(self, found: tuple[Study, Path | None, tuple[RunLine, ...], RunView | None]) -> None:
        self._work = None
        study, chosen, lines, view = found
        again, self._again = self._again, False
        if self.study is None or study.folder != self.study.folder:
            self.look()
            return
        is_new = {line.folder for line in lines} - {line.folder for line in self.lines}
        if lines != self.lines or not self.table.rowCount():
            self.lines = lines
            if lines and (self.chosen is None or (is_new and self._expects)):
                self.chosen, self.view, self._expects = lines[0].folder, None, False
            self._fill()
        self.stack.setCurrentIndex(1 if lines else 0)
        self._tell_summary()
        if view is not None and chosen == self.chosen:
            self._show_view(view)
        elif lines and chosen == self.chosen and chosen not in [line.folder for line in lines]:
            # It was deleted meanwhile, or never was.
            self._leave(lines[0])
        if again or chosen != self.chosen:
            self.look()

    def _leave(self, line: RunLine) -> None:
        """Show another run, for the chosen one is not in the study."""
        is_gone, self.view = self.view is not None, None
        if is_gone and self.chosen is not None:
            self.trouble.say(f"{self.chosen.name} is not in the study any more.", "alarm")
        self.chosen, self._fold = line.folder, ""
        self._fill()
        self._show_buttons()

    def _tell_summary(self) -> None:
        running = sum(line.state == "running" for line in self.lines)
        told = [f"{len(self.lines)} runs" if len(self.lines) != 1 else "1 run"]
        told += [f"{running} running"] if running else []
        if self._expects:
            told.append("the new one computes its inputs first")
            self.empty.setText(PREPARES)
        else:
            self.empty.setText(NO_RUNS)
        self.summary.set_whole(", ".join(told))

    def _fill(self) -> None:
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.lines))
        for row, line in enumerate(self.lines):
            cells = (
                line.folder.name,
                line.experiment.recognizer,
                line.target,
                line.experiment.split.kind,
                line.state_words,
                line.score,
                line.standing,
            )
            for column, text in enumerate(cells):
                item = self.table.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    self.table.setItem(row, column, item)
                if item.text() != text:
                    item.setText(text)
                    item.setToolTip(text)
        folders = [line.folder for line in self.lines]
        if self.chosen in folders:
            self.table.setCurrentCell(folders.index(self.chosen), 0)
        self.table.blockSignals(False)

    # One run

    def _on_row(self, row: int) -> None:
        if 0 <= row < len(self.lines) and self.lines[row].folder != self.chosen:
            self.chosen, self.view, self._fold = self.lines[row].folder, None, ""
            self.trouble.say("")
            self._show_buttons()
            self.look()

    def _show_view(self, view: RunView) -> None:
        is_other = self.view is None or self.view.line.folder != view.line.folder
        self.view = view
        if is_other:
            self._fold = ""
        self.words.setText(view.words)
        self.words.set_colour("alarm" if view.leaky else "text")
        line = view.line
        told = [line.state_words]
        if line.score:
            told = [f"{METRIC_TITLES.get(line.experiment.metric, line.experiment.metric)} {line.score}"]
        if view.left_s is not None and view.left_s > 0:
            told.append(f"about {clock_text(view.left_s)} left")
        if view.control:
            told.append(view.control)
        told += view.summary
        self.state.setText("; ".join(told) + ".")
        self.progress.setVisible(not line.is_whole)
        self.progress.setRange(0, max(1, line.folds))
        self.progress.setValue(line.done)
        self.why.setText(view.trouble)
        self.why.setVisible(bool(view.trouble))
        names = [fold.name for fold in view.folds]
        if self._fold not in names:
            active = [fold.name for fold in view.folds if fold.state == "running"]
            ready = [fold.name for fold in view.folds if fold.state == "finished"]
            self._fold = "" if not names else (active or ready or names)[0]
        metric = METRIC_TITLES.get(line.experiment.metric, line.experiment.metric)
        self.folds.show_folds(view.folds, metric, view.chance, self._fold)
        self._fill_parts()
        self._show_losses()
        self._show_buttons()

    def _on_fold(self, name: str) -> None:
        self._fold = name
        self._fill_parts()
        self._show_losses()

    @property
    def _fold_view(self) -> FoldView | None:
        return None if self.view is None else self.view.fold(self._fold)

    def _fill_parts(self) -> None:
        fold = self._fold_view
        parts = list(fold.parts) if fold is not None else []
        before = [self.part.itemData(place) for place in range(self.part.count())]
        if parts != before:
            fill_combo(self.part, [(name or "training", name) for name in parts], self.part.currentData())
        self.part.setVisible(len(parts) > 1)

    def _show_losses(self) -> None:
        fold = self._fold_view
        if fold is None:
            self.fold_words.set_whole("")
            self.losses.show_part("", None, "")
            return
        self.fold_words.set_whole(fold.title)
        name = str(self.part.currentData() or "")
        part = fold.parts.get(name) or next(iter(fold.parts.values()), None)
        if part is not None and not part.losses:
            part = None
        why = NO_LOSSES if fold.state == "finished" else "Losses appear when the training has begun."
        if fold.state in ("failed", "stopped"):
            why = fold.why or "This fold did not finish."
        self.losses.show_part("Score of each set of settings" if name == SEARCH else "Loss", part, why)

    def _show_buttons(self) -> None:
        view = self.view
        state = view.line.state if view is not None and view.line.folder == self.chosen else ""
        self.stop_button.setEnabled(state == "running")
        is_left = view is not None and not view.line.is_whole
        self.resume_button.setEnabled(bool(state) and state != "running" and is_left)
        for button in self.later.values():
            button.setEnabled(view is not None and view.line.done > 0)

    def stop(self) -> None:
        """Ask the chosen run to stop; what is finished stays."""
        if self.view is None:
            return
        try:
            line = self.view.line
            open_run(line.parts.running or line.folder).cancel()
        except (RunError, OSError) as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.stop_button.setEnabled(False)
            self.said.emit("The run stops after its present step. Finished folds stay.", "info")

    def resume(self) -> None:
        """Go on with the folds that are not finished."""
        if self.view is not None:
            self.resume_button.setEnabled(False)
            self.start(["evaluate", "--resume", str(self.view.line.folder)])

    def _ask_step(self, name: str) -> None:
        if self.view is not None:
            self.step_asked.emit(name, self.view.line.folder)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Left, Right on the bars", "Another fold"),)
