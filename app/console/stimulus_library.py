"""The stimulus library: a set by picture, its ratings, its problems, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.console.parts import Banner, Elided, Heading, Line, Primary, Tinted, quiet
from app.console.stimulus_details import Details
from app.console.stimulus_filter import FilterBar
from app.console.stimulus_grid import StimulusGrid
from app.console.stimulus_model import StimulusModel
from app.console.stimulus_sets import known_sets, remember
from app.console.stimulus_thumbs import Thumbs
from app.console.work import Work
from app.study import Study
from stimuli.checking import WORDS, Finding, Inspection, inspect
from stimuli.problems import EvokeError, Problem
from stimuli.sets import MANIFEST, StimulusSet, load_set

ROLE = Qt.ItemDataRole.UserRole


class StoppedError(Exception):
    """Raised in the thread that checks files once its result is not wanted any more."""


class StimulusLibrary(QWidget):
    """Shows one set. `said(text, level)`; `dialog_asked(name)` with "import", "select" or "norm"."""

    said = Signal(str, str)
    dialog_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "stimuli")
        self.study: Study | None = None
        self.stimuli: StimulusSet | None = None
        self.inspection: Inspection | None = None
        self.needed: tuple[Problem, ...] = ()
        self._work: Work | None = None
        self._round = 0
        self._share = (0, 0)
        self.thumbs = Thumbs(self)
        self.model = StimulusModel()
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addLayout(self._title_row())
        self.banner = Banner()
        column.addWidget(self.banner)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Checking the files")
        self.progress.hide()
        column.addWidget(self.progress)
        self.filter = FilterBar()
        self.filter.changed.connect(self._on_filter)
        column.addWidget(self.filter)
        column.addWidget(self._body(), 1)
        self._tick = QTimer(self, interval=100)
        self._tick.timeout.connect(self._show_share)

    # Making

    def _title_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.title = Heading("Stimuli", 1.5)
        row.addWidget(self.title)
        self.sets = QComboBox()
        self.sets.setAccessibleName("Stimulus set")
        self.sets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.sets.setMinimumContentsLength(22)
        self.sets.activated.connect(lambda _: self.open_set(Path(str(self.sets.currentData()))))
        row.addWidget(self.sets)
        self.place = Elided(mode=Qt.TextElideMode.ElideMiddle)
        row.addWidget(self.place, 1)
        self.open_button = Tinted("Open…", "folder", self.choose_folder)
        self.import_button = Tinted("Import…", "import", lambda: self.dialog_asked.emit("import"))
        self.check_button = Tinted("Check files", "good", self.check_files)
        self.norm_button = Tinted("Norming run…", "person", lambda: self.dialog_asked.emit("norm"))
        self.select_button = Primary("Balanced sets…", "balance", lambda: self.dialog_asked.emit("select"))
        for button in (
            self.open_button, self.import_button, self.check_button, self.norm_button, self.select_button
        ):  # fmt: skip
            row.addWidget(button)
        return row

    def _body(self) -> QWidget:
        from app.console.stimulus_scatter import Legend, Scatter

        self.grid = StimulusGrid(self.model, self.thumbs)
        self.empty = QLabel("")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.left = QStackedWidget()
        self.left.addWidget(self.grid)
        self.left.addWidget(self.empty)
        self.scatter = Scatter()
        self.details = Details()
        self.problems = QTreeWidget()
        self.problems.setAccessibleName("Problems of the set")
        self.problems.setHeaderLabels(["Stimulus", "Problem", "What"])
        self.problems.setRootIsDecorated(False)
        self.problems.setUniformRowHeights(True)
        quiet(self.problems)
        self.problems.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.problems.header().setStretchLastSection(True)
        self.problems.currentItemChanged.connect(self._on_problem)
        page = QWidget()
        under = QVBoxLayout(page)
        under.setContentsMargins(0, 4, 0, 0)
        self.problem_words = Line("", "muted", True)
        under.addWidget(self.problems, 1)
        under.addWidget(self.problem_words)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("About the stimulus, or all of them")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.details, "Details")
        self.tabs.addTab(page, "Problems")
        right = QSplitter(Qt.Orientation.Vertical)
        right.setChildrenCollapsible(False)
        chart = QWidget()
        chart_column = QVBoxLayout(chart)
        chart_column.setContentsMargins(0, 0, 0, 0)
        chart_column.setSpacing(2)
        self.legend = Legend()
        chart_column.addWidget(self.legend)
        chart_column.addWidget(self.scatter, 1)
        right.addWidget(chart)
        right.addWidget(self.tabs)
        right.setSizes([250, 450])
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.left)
        split.addWidget(right)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([760, 480])
        self.grid.chosen.connect(self._on_chosen)
        self.grid.pointed.connect(self.scatter.point_at)
        self.scatter.chosen.connect(self.grid.choose)
        self.scatter.pointed.connect(self.grid.point_at)
        return split

    # Sets

    def show_study(self, study: Study | None) -> None:
        """Offer the sets of a study too."""
        self.study = study
        self.refresh()

    def refresh(self) -> None:
        """List the sets anew; open the first if none is shown."""
        chosen = self.stimuli.folder.resolve() if self.stimuli is not None else None
        self.sets.clear()
        for known in known_sets(self.study):
            self.sets.addItem(known.title, str(known.folder))
            if known.folder.resolve() == chosen:
                self.sets.setCurrentIndex(self.sets.count() - 1)
        if self.stimuli is None and self.sets.count():
            self.open_set(Path(str(self.sets.itemData(0))))

    def choose_folder(self) -> None:
        """Ask for the folder of a set."""
        chosen = QFileDialog.getExistingDirectory(self, "Open a stimulus set")
        if chosen:
            self.open_set(Path(chosen))

    def open_set(self, folder: Path) -> bool:
        """Show the set in a folder; what is wrong with its manifest is listed instead."""
        self.stop()
        self.inspection, self.needed = None, ()
        self.thumbs.forget()
        try:
            self.stimuli = load_set(folder)
        except EvokeError as error:
            self.stimuli = None
            self._show_unreadable(folder, error)
            return False
        remember(folder)
        items = list(self.stimuli.items.values())
        self.place.set_whole(str(folder))
        self.filter.offer(items)
        self.model.show_items(items)
        self.needed = tuple(self._needs())
        self._list_sets(folder)
        self._on_filter()
        self._show_problems()
        self.banner.say(self._provisional_words(), "info")
        self._set_possible(True)
        return True

    def _needs(self) -> list[Problem]:
        from app.norming import needs

        if self.study is None or self.stimuli is None:
            return []
        return needs(self.study, self.stimuli)

    def _list_sets(self, folder: Path) -> None:
        found = self.sets.findData(str(folder))
        if found < 0:
            self.refresh()
        else:
            self.sets.setCurrentIndex(found)

    def _provisional_words(self) -> str:
        assert self.stimuli is not None
        count = sum(item.provisional for item in self.stimuli.items.values())
        if not count:
            return ""
        all_of_them = "All" if count == len(self.stimuli.items) else f"{count}"
        return f"{all_of_them} ratings are provisional: measured on nobody. A norming run measures them."

    def _show_unreadable(self, folder: Path, error: EvokeError) -> None:
        self.model.show_items([])
        self.scatter.show_items([], [])
        self.filter.say_count(0, 0)
        self._set_possible(False)
        found: Sequence[Problem] = getattr(error, "problems", ())
        self.banner.say(f"{folder.name}: the manifest cannot be used; see its problems.", "alarm")
        self.empty.setText(f"Nothing to show. Mend {MANIFEST} and open the set again.")
        self.left.setCurrentWidget(self.empty)
        self.problems.clear()
        for problem in found:
            line = "" if problem.line is None else f"line {problem.line}"
            self.problems.addTopLevelItem(
                QTreeWidgetItem([line, "manifest", f"{problem.message} {problem.remedy}"])
            )
        self._say_of_problems("")
        self.tabs.setTabText(1, f"Problems ({len(found)})")
        self.tabs.setCurrentIndex(1)

    def _set_possible(self, possible: bool) -> None:
        for button in (self.check_button, self.norm_button, self.select_button):
            button.setEnabled(possible)

    # What is shown

    def selected_ids(self) -> list[str]:
        """Return the ids that are selected, in the set's order."""
        return self.grid.chosen_ids()

    def choose(self, keys: Sequence[str]) -> None:
        """Select stimuli; those that the filter hides are shown again."""
        if any(self.model.row_of(key) is None for key in keys):
            self.filter.show_all()
        self.grid.choose(keys)

    def _on_filter(self) -> None:
        before = self.selected_ids()
        self.model.set_filter(self.filter.wanted())
        categories = sorted({item.category for item in self.stimuli.items.values()}) if self.stimuli else []
        self.scatter.show_items(self.model.shown, categories)
        self.legend.show_signs(self.scatter.signs())
        self.filter.say_count(len(self.model.shown), self.model.total)
        self.empty.setText("No stimulus fits the filter.")
        self.left.setCurrentWidget(self.grid if self.model.shown else self.empty)
        self.grid.choose([key for key in before if self.model.row_of(key) is not None])
        self._on_chosen(self.selected_ids())

    def _on_chosen(self, keys: Sequence[str]) -> None:
        self.scatter.select(keys)
        found = self.inspection.findings if self.inspection is not None else ()
        items = [self.stimuli.items[key] for key in keys] if self.stimuli is not None else []
        self.details.show_items(items, found, self.inspection is not None)

    def _on_problem(self, current: QTreeWidgetItem | None, _: object) -> None:
        if current is None:
            return
        self._say_of_problems(current.text(2))
        key = current.data(0, ROLE)
        if isinstance(key, str):
            self.choose([key])

    # Checking

    def check_files(self) -> None:
        """Look at every file, in the background; a second press stops it."""
        if self._work is not None:
            self.stop()
            return
        stimuli = self.stimuli
        if stimuli is None:
            return
        self._round += 1
        mine = self._round
        self._share = (0, len(stimuli.items))

        def tell(done: int, total: int) -> None:
            if self._round != mine:
                raise StoppedError
            self._share = (done, total)

        self._work = Work(lambda: inspect(stimuli, tell), self)
        self._work.done.connect(lambda found: self._on_inspected(mine, found))
        self._work.failed.connect(lambda error: self._on_failed(mine, error))
        self._work.start()
        self.check_button.setText("Stop checking")
        self.progress.show()
        self._tick.start()

    def stop(self) -> None:
        """Stop looking at files."""
        self._round += 1
        self._work = None
        self._tick.stop()
        self.progress.hide()
        self.check_button.setText("Check files")

    def _show_share(self) -> None:
        done, total = self._share
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)

    def _on_inspected(self, mine: int, found: Inspection) -> None:
        if self._round != mine:
            return
        self.stop()
        self.inspection = found
        self.thumbs.refresh()
        self.model.show_findings(found.findings)
        self.filter.offer_problems(found.findings)
        self._on_filter()
        self._show_problems()
        count = len(found.problems)
        noun = "problem" if count == 1 else "problems"
        self.said.emit(f"Checked: {count or 'no'} {noun}.", "warning" if count else "good")
        if count:
            self.tabs.setCurrentIndex(1)

    def _on_failed(self, mine: int, error: Exception) -> None:
        if self._round == mine:
            self.stop()
            self.said.emit(f"The files could not be checked: {error}", "alarm")

    def _show_problems(self) -> None:
        found: Sequence[Finding] = self.inspection.findings if self.inspection is not None else ()
        self.problems.clear()
        for finding in found:
            message = finding.problem.message.removeprefix(f"{finding.id}: ")
            row = QTreeWidgetItem([finding.id, WORDS[finding.code], f"{message} {finding.problem.remedy}"])
            row.setData(0, ROLE, finding.id)
            row.setToolTip(2, row.text(2))
            self.problems.addTopLevelItem(row)
        for problem in self.needed:
            file = Path(problem.file).name
            what = f"{file}:{problem.line}: {problem.message} {problem.remedy}"
            self.problems.addTopLevelItem(QTreeWidgetItem(["", WORDS["needed"], what]))
        count = len(found) + len(self.needed)
        self.tabs.setTabText(1, f"Problems ({count})" if count else "Problems")
        if self.inspection is None:
            self._say_of_problems("The files have not been checked yet.")
        else:
            self._say_of_problems("" if count else "All files are as the manifest describes them.")

    def _say_of_problems(self, words: str) -> None:
        self.problem_words.setText(words)
        self.problem_words.setVisible(bool(words))

    def closing(self) -> None:
        """End what works in the background."""
        self.stop()
        self.thumbs.close()
