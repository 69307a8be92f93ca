"""The step Within participants: means of cells compared within the same people, from any of our protocols."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.statistics.trimming import SD, Side, Trimming
from analysis.statistics.trimming import Within as Over
from app.analysing.within_trials import Cut, Measure
from app.console.analyse.draw_figure import FigureView, write_figure
from app.console.analyse.draw_table import TableView
from app.console.analyse.step_page import WaitingStep
from app.console.analyse.waiting import FOR_USERS
from app.console.analyse.within_work import (
    TABLES,
    Choice,
    Ready,
    Tested,
    look,
    new_folder,
    tested,
    write_all,
)
from app.console.choices import combo, fill_combo, number
from app.console.folders import ask_folder
from app.console.parts import Card, Line, Primary, Tick, Tinted, quiet
from app.console.tick_edges import TickEdges

NOTHING = (
    "No trial of this study was answered twice or more in different conditions. Tests within "
    "participants need "
    "trials with an answer, a rating or a signal, and at least two conditions."
)
NOT_YET = "Choose a measure and one or two factors, then “Test”."
SIDES: dict[Side, str] = {"none": "nothing", "upper": "slow or high values", "both": "both extremes"}
OVERS: dict[Over, str] = {"participant": "the participant", "cell": "each cell"}
NO_FACTOR = "none"
EMPTY = {
    "Simple effects": "Simple effects need two factors.",
    "Over stimuli": "No test over stimuli; the notes below say why.",
}
"""What is said where a table has no row."""


class WithinPage(WaitingStep):
    """Chooses measure, factors and trimming, and shows the tests."""

    unreadable = "The trials cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Within participants", "Within participants", NOTHING, parent)
        self.found: Ready | None = None
        self.done: Tested | None = None
        self.save = Tinted("Save all…", "save", self._ask)
        self.save.setToolTip("Figure, every table and the text into a new folder, named after the test")
        self.test_button = Primary("Test", "start", self.test)
        self._lay_out((self.save, self.test_button), self._body())
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        left = Card()
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.measure: QComboBox = combo("Measure", 20)
        self.block: QComboBox = combo("Trials of", 12)
        self.first: QComboBox = combo("First factor", 12)
        self.second: QComboBox = combo("Second factor", 12)
        for words, box in (
            ("Measure", self.measure),
            ("Trials of", self.block),
            ("First factor", self.first),
            ("Second factor", self.second),
        ):
            form.addRow(words, box)
        self.levels = QListWidget()
        self.levels.setAccessibleName("Levels that count")
        self.levels.setMinimumHeight(70)
        self.levels.setItemDelegate(TickEdges(self.levels))
        self.side: QComboBox = combo("Leave out", 12)
        fill_combo(self.side, [(words, name) for name, words in SIDES.items()], "none")
        self.sd = number("Standard deviations from the mean", 0.5, 6.0, SD, 1, " SD")
        self.over: QComboBox = combo("Mean and SD over", 12)
        fill_combo(self.over, [(words, name) for name, words in OVERS.items()], "participant")
        left.body.addLayout(form)
        left.body.addWidget(self.levels, 1)
        trim = QFormLayout()
        trim.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        trim.addRow("Leave out", self.side)
        trim.addRow("further than", self.sd)
        trim.addRow("over", self.over)
        left.body.addLayout(trim)
        self.correct = Tick("Times of right answers only")
        self.correct.setChecked(True)
        self.early = Tick("Without anticipated answers")
        self.early.setChecked(True)
        left.body.addWidget(self.correct)
        left.body.addWidget(self.early)
        split.addWidget(left)
        split.addWidget(self._results())
        split.setStretchFactor(1, 4)
        split.setSizes([320, 760])
        self.measure.activated.connect(lambda _: self._on_measure())
        self.block.activated.connect(lambda _: self._fill_factors())
        for box in (self.first, self.second):
            box.activated.connect(lambda _: self._fill_levels())
        self.side.activated.connect(lambda _: self._show_buttons())
        return split

    def _results(self) -> QWidget:
        right = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Figure, tables and text")
        self.tabs.setUsesScrollButtons(True)
        self.figure = FigureView("Means of cells")
        self.figure.said.connect(self.said)
        self.tabs.addTab(self.figure, "Figure")
        self.tables = {name: TableView(name) for name in TABLES}
        for name, view in self.tables.items():
            view.said.connect(self.said)
            self.tabs.addTab(view, name)
        written = QWidget()
        column = QVBoxLayout(written)
        column.setContentsMargins(0, 4, 0, 0)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Report in words")
        quiet(self.text)
        self.copy = Tinted("Copy", "copies", self._copy)
        self.copy.setAccessibleName("Copy the report")
        column.addWidget(self.text, 1)
        column.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignRight)
        self.tabs.addTab(written, "Text")
        right.body.addWidget(self.tabs, 1)
        self.notes = Line("", "muted", True)
        right.body.addWidget(self.notes)
        return right

    def _forget(self) -> None:
        self.found, self.done = None, None

    def _read(self) -> None:
        study = self.study
        if study is not None:
            self._read_by(lambda told: look(study, told), self._on_found, "Reading the trials…")
            self._show_buttons()

    def _on_found(self, found: Ready) -> None:
        self.found = found
        entries: list[tuple[str, object]] = [(each.title, each) for each in found.measures]
        fill_combo(self.measure, entries, self.measure.currentData())
        blocks: list[tuple[str, object]] = [(name, (name,)) for name in found.blocks]
        if len(found.blocks) != 1:
            blocks.insert(0, ("all blocks", ()))
        fill_combo(self.block, blocks, self.block.currentData())
        usable = bool(found.measures) and bool(found.factors(()))
        if usable and not self._chosen_blocks() and len(found.blocks) > 1:
            # Blocks mostly differ in their design, so that one of them is the better beginning.
            self.block.setCurrentIndex(1)
        self.empty.setText(NOTHING)
        self.stack.setCurrentIndex(1 if usable else 0)
        self.summary.set_whole(f"{len(found.trials)} trials" if usable else "")
        self._fill_factors()
        self._on_measure()
        self._show_done()
        self._show_buttons()

    def _on_measure(self) -> None:
        chosen = self.measure.currentData()
        is_time = isinstance(chosen, Measure) and chosen.kind == "time"
        self.correct.setEnabled(is_time)
        self.early.setEnabled(is_time or (isinstance(chosen, Measure) and chosen.kind == "accuracy"))
        # An early answer has no time that means anything; of accuracy it is a trial like others.
        self.early.setChecked(is_time)
        side: Side = "upper" if is_time else "none"
        self.side.setCurrentIndex(self.side.findData(side))
        self._show_buttons()

    def _chosen_blocks(self) -> tuple[str, ...]:
        chosen = self.block.currentData()
        return chosen if isinstance(chosen, tuple) else ()

    def _fill_factors(self) -> None:
        if self.found is None:
            return
        names = list(self.found.factors(self._chosen_blocks()))
        parts = [name for name in names if name.startswith("category, part")]
        first = self.first.currentData() or next(iter([*parts[1:2], *names]), None)
        second = self.second.currentData() or next(iter(parts[:1]), NO_FACTOR)
        fill_combo(self.first, [(name, name) for name in names], first)
        fill_combo(self.second, [(NO_FACTOR, NO_FACTOR), *((name, name) for name in names)], second)
        self._fill_levels()

    @property
    def factors(self) -> tuple[str, ...]:
        """The chosen factors."""
        chosen = [self.first.currentData(), self.second.currentData()]
        names = [name for name in chosen if isinstance(name, str) and name != NO_FACTOR]
        return tuple(dict.fromkeys(names))

    def _fill_levels(self) -> None:
        self.levels.clear()
        if self.found is not None:
            known = self.found.factors(self._chosen_blocks())
            for factor in self.factors:
                for level in known.get(factor, ()):
                    item = QListWidgetItem(f"{level}   ({factor})")
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(Qt.CheckState.Checked)
                    item.setData(Qt.ItemDataRole.UserRole, (factor, level))
                    item.setToolTip(f"Unticked: trials of {level} do not count")
                    self.levels.addItem(item)
        self._show_buttons()

    def _ticked(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self.factors, ())
        for row in range(self.levels.count()):
            item = self.levels.item(row)
            factor, level = item.data(Qt.ItemDataRole.UserRole)
            if item.checkState() == Qt.CheckState.Checked:
                found[factor] = (*found[factor], level)
        return found

    @property
    def choice(self) -> Choice | None:
        """What is chosen, None where something is missing."""
        measure = self.measure.currentData()
        if not isinstance(measure, Measure) or not self.factors:
            return None
        side: Side = self.side.currentData()
        over: Over = self.over.currentData()
        trimming = Trimming(side, self.sd.value(), over)
        cut = Cut(self._chosen_blocks(), self.correct.isChecked(), self.early.isChecked())
        return Choice(measure, self.factors, self._ticked(), trimming, cut)

    def _show_buttons(self) -> None:
        idle = not self.waiting.is_busy
        self.test_button.setEnabled(idle and self.stack.currentIndex() == 1 and self.choice is not None)
        self.save.setEnabled(idle and self.done is not None)
        self.copy.setEnabled(self.done is not None)
        trims = self.side.currentData() != "none"
        self.sd.setEnabled(trims)
        self.over.setEnabled(trims)

    def test(self) -> None:
        """Make the tests of what is chosen."""
        ready, choice = self.found, self.choice
        if ready is None or choice is None:
            return
        short = [name for name, levels in choice.levels.items() if len(levels) < 2]
        if short:
            self.trouble.say(f"{short[0]}: tick at least two levels.", "alarm")
            return
        self.trouble.say("")
        self.waiting.run(lambda told: tested(ready, choice, told), self._on_tested)
        self._show_buttons()

    def _on_tested(self, done: Tested) -> None:
        self.done = done
        self._show_done()
        self._show_buttons()

    def _show_done(self) -> None:
        done = self.done
        self.figure.show_figure(None if done is None else done.shown, NOT_YET)
        for name, view in self.tables.items():
            if done is None:
                view.show_table(None, NOT_YET)
            else:
                table = done.tables[name]
                empty = EMPTY.get(name, "This design gives no such table.")
                view.show_table(table if table.rows else None, "" if table.rows else empty)
        self.text.setPlainText("" if done is None else done.text)
        self.notes.setText("" if done is None else " ".join(done.warnings))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.said.emit("The report is on the clipboard.", "good")

    def _ask(self) -> None:
        ask_folder(self, "Save figure, tables and text to", self.write_to)

    def write_to(self, name: str) -> None:
        """Write figure, tables and text into a new folder inside `name`: what was saved before stays."""
        assert self.done is not None
        try:
            folder = new_folder(self.done, Path(name))
            write_figure(folder / "within-participants.svg", self.done.shown)
            names = write_all(self.done, folder)
        except FOR_USERS as error:
            self.trouble.say(str(error), "alarm")
        else:
            self.said.emit(f"Saved in {folder}: within-participants.svg, {', '.join(names)}.", "good")

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Space on a level", "Count its trials, or not"),)
