"""The step Inspect: what a run took for what, which trials, and why; from there into the review."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.agreement.moments import Matrix
from app.analysing.html_page import Table
from app.analysing.why_figure import Why, by_input, over_time, strongest_s
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_head import HeadView
from app.console.analyse.draw_moments import TimeDrawing
from app.console.analyse.draw_runs import run_entries
from app.console.analyse.draw_table import TableView
from app.console.analyse.inspect_work import CaseRow, Inspected, inspect, path_of, why_of
from app.console.analyse.step_page import RunStep
from app.console.annotate.agreement_views import MatrixView
from app.console.choices import fill_combo
from app.console.parts import Banner, Card, Line, Tick, Tinted

HEADS = ("participant", "trial", "stimulus", "answer", "decided", "probability", "fold", "recording")
NUMBER_HEADS = (
    "participant",
    "trial",
    "stimulus",
    "answer",
    "predicted",
    "mean_difference",
    "fold",
    "recording",
)
FIGURES = (
    ("participants", "Participants"), ("roc", "ROC"), ("reliability", "Reliability"),
    ("permutations", "Permutations"),
)  # fmt: skip
READING = "Reading the runs…"
NO_RUNS = "No run with a finished fold yet. Start one in Experiment."
NO_WHY = "Select a trial at Trials, then choose “Why”."
TRIALS, WHY = 0, 1


class InspectPage(RunStep):
    """Looks into one run; `jump_asked(path, time_s)` leads into the review."""

    unreadable = "The run cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Inspect", "Reading the run", NO_RUNS, parent)
        self.found: Inspected | None = None
        self.rows: tuple[CaseRow, ...] = ()
        self.why: Why | None = None
        self._case: CaseRow | None = None
        self.mark = Banner()
        self._lay_out(self._controls(), self._body(), self.mark)
        self._show_buttons()

    def _controls(self) -> tuple[QWidget, ...]:
        self.explain = Tinted("Why", "search", self.ask_why)
        self.explain.setToolTip("What the decision of the selected trial rests on")
        self.review = Tinted("Review", "review", self._ask_review)
        self.review.setToolTip("Open the recording at the selected trial")
        return self.run, self.explain, self.review

    def _body(self) -> QWidget:
        card = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Views of the run")
        self.tabs.addTab(self._trials(), "Trials")
        self.tabs.addTab(self._why(), "Why")
        self.views = {name: FigureView(title) for name, title in FIGURES}
        for name, title in FIGURES:
            self.tabs.addTab(self.views[name], title)
            self.views[name].said.connect(self.said)
        self.confusion = FigureView("Confusion matrix as a figure")
        self.confusion.said.connect(self.said)
        self.tabs.addTab(self.confusion, "Confusion")
        card.body.addWidget(self.tabs)
        return card

    def _trials(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self.left = QWidget()
        column = QVBoxLayout(self.left)
        column.setContentsMargins(0, 6, 0, 0)
        self.matrix = MatrixView()
        self.matrix.chosen.connect(lambda *_: self._fill())
        self.matrix_words = Line("Rows: the answer; columns: what was decided.", "muted", True)
        column.addWidget(self.matrix_words)
        column.addWidget(self.matrix, 1)
        split.addWidget(self.left)
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 6, 0, 0)
        self.every = Tick("All trials")
        self.every.setToolTip("Not only those of the chosen cell")
        self.every.toggled.connect(lambda _: self._fill())
        beside.addWidget(self.every, 0, Qt.AlignmentFlag.AlignLeft)
        self.trials = TableView("Trials")
        self.trials.said.connect(self.said)
        self.trials.table.currentCellChanged.connect(lambda *_: self._show_buttons())
        self.trials.table.cellActivated.connect(lambda *_: self._ask_review())
        beside.addWidget(self.trials, 1)
        split.addWidget(right)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setSizes([420, 640])
        return split

    def _why(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self.moments = TimeDrawing("Weights over time beside the signals")
        self.moments.moment_asked.connect(self._ask_moment)
        self.over_time = FigureView("Weights over time", self.moments)
        self.inputs = FigureView("Weights by input")
        self.head = HeadView()
        for view in (self.over_time, self.inputs):
            view.said.connect(self.said)
        self.head.said.connect(self.said)
        split.addWidget(self.over_time)
        self.beside = QTabWidget()
        self.beside.setDocumentMode(True)
        self.beside.setAccessibleName("By input, head map")
        self.beside.addTab(self.inputs, "By input")
        self.beside.addTab(self.head, "Head map")
        split.addWidget(self.beside)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        return split

    # Reading

    def _forget(self) -> None:
        self.found, self.folder, self.why, self._case = None, None, None, None

    def _read(self) -> None:
        study, folder = self.study, self.folder
        if study is not None:
            self._read_by(lambda told: inspect(study, folder, told), self._on_found, READING)

    def _on_found(self, found: Inspected) -> None:
        other = self.found is None or found.run is None or self.found.run is None
        other = other or (found.run is not None and found.run.folder != self.found.run.folder)  # type: ignore[union-attr]
        self.found = found
        if found.run is None:
            self._show_no_run(NO_RUNS)
            return
        self.folder = found.run.folder
        fill_combo(self.run, run_entries(found.lines), self.folder)
        self.summary.set_whole(found.words)
        self.mark.say(f"{found.watermark}." if found.watermark else "", "alarm")
        if other:
            self.why = None
            self._show_why()
        self.left.setVisible(found.matrix is not None)
        self.every.setVisible(found.matrix is not None)
        if found.matrix is not None and (other or not _is_same(self.matrix.matrix, found.matrix)):
            self.matrix.show_matrix(found.matrix)
        for name, view in self.views.items():
            view.show_figure(found.figures.get(name), _missing(name))
            place = self.tabs.indexOf(view)
            self.tabs.setTabEnabled(place, name in found.figures)
        self.confusion.show_figure(found.figures.get("confusion"))
        self.tabs.setTabEnabled(self.tabs.indexOf(self.confusion), "confusion" in found.figures)
        self._fill()
        self.stack.setCurrentIndex(1)
        self._show_buttons()

    def _fill(self) -> None:
        found = self.found
        if found is None:
            return
        cell = self.matrix.cell if found.matrix is not None else None
        rows = [
            row
            for row in found.cases
            if self.every.isChecked()
            or row.kinds is None
            or (row.kinds == cell if cell is not None else not row.is_right)
        ]
        rows.sort(key=lambda row: -row.sure)
        self.rows = tuple(rows)
        if found.matrix is None:
            words, heads = f"{len(rows)} cases, the farthest off first.", NUMBER_HEADS
        elif self.every.isChecked():
            words, heads = f"All {len(rows)} cases, the surest first.", HEADS
        elif cell is None:
            words, heads = f"{len(rows)} wrong decisions, the surest first. Choose a cell for its own.", HEADS
        else:
            names = found.matrix.names
            words = f"{len(rows)} cases: answer {names[cell[0]]}, decided {names[cell[1]]}, the surest first."
            heads = HEADS
        told = tuple(
            (
                row.participant, row.trial + 1, row.stimulus, row.answer, row.decided, row.sure, row.fold,
                row.recording,
            )
            for row in rows
        )  # fmt: skip
        self.trials.show_table(Table("cases", heads, told), words)
        if rows:
            self.trials.table.setCurrentCell(0, 0)
        self._show_buttons()

    @property
    def case(self) -> CaseRow | None:
        """The selected case."""
        row = self.trials.table.currentRow()
        return self.rows[row] if 0 <= row < len(self.rows) else None

    def _show_buttons(self) -> None:
        has = self.found is not None and self.found.run is not None and self.case is not None
        self.explain.setEnabled(has)
        self.review.setEnabled(has)
        self.run.setEnabled(self.found is not None and self.found.run is not None)

    # Why, and going there

    def ask_why(self) -> None:
        """Read on what the decision of the selected case rests."""
        study, case, folder = self.study, self.case, self.folder
        if study is None or case is None or folder is None:
            return
        self._case = case
        self.waiting.run(lambda told: why_of(study, folder, case, told), self._on_why)

    def _on_why(self, why: Why) -> None:
        self.why = why
        self._show_why()
        self.tabs.setCurrentIndex(WHY)

    def _show_why(self) -> None:
        why = self.why
        if why is None:
            self.over_time.show_figure(None, NO_WHY)
            self.inputs.show_figure(None, NO_WHY)
            self.head.show_channels(())
            self.moments.show_why(None, None)
            self.beside.setTabEnabled(1, False)
            return
        nothing = "This recognizer does not say what its decisions rest on."
        steps = f"{why.title}. It gives no weights over time."
        self.over_time.show_figure(over_time(why), nothing if not why.parts else steps)
        self.moments.show_why(why, strongest_s(why))
        self.inputs.show_figure(by_input(why), nothing if not why.weights else "It gives no weight by input.")
        self.head.show_channels(why.channels, why.title + ".")
        self.beside.setTabEnabled(1, bool(why.channels))
        has_time, has_parts = bool(why.weights), bool(why.parts or why.channels)
        self.over_time.setVisible(has_time or not has_parts)
        self.beside.setVisible(has_parts)

    def _ask_review(self) -> None:
        case = self.case
        if case is not None:
            self._jump(case, case.start_s)

    def _ask_moment(self, time_s: float) -> None:
        if self._case is not None:
            self._jump(self._case, time_s)

    def _jump(self, case: CaseRow, time_s: float) -> None:
        if self.study is None or self.found is None or self.found.run is None:
            return
        path = path_of(self.study, self.found.run, case.recording)
        if path is None:
            self.said.emit(f"{case.recording}: its file is not in the study.", "warning")
        else:
            self.jump_asked.emit(path, time_s)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (
            ("Arrows, Enter in the matrix", "Trials of a cell"),
            ("Enter on a trial", "Open it in the review"),
            ("Left, Right, Enter over time", "Go to a moment in the review"),
        )


def _is_same(shown: Matrix | None, found: Matrix) -> bool:
    """Tell whether a matrix is shown already; that of a run that goes on grows."""
    if shown is None or shown.names != found.names:
        return False
    return bool(np.array_equal(shown.counts, found.counts))


def _missing(name: str) -> str:
    return (
        "No label permutations were made." if name == "permutations" else "Numbers are predicted, no classes."
    )
