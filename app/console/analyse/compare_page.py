"""The step Compare: finished runs beside each other, with intervals, permutations, and paired tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.analysing.html_page import Table
from app.analysing.run_figures import metric_title
from app.console.analyse.compare_work import Compared, gather
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo, make_tick
from app.console.parts import Card, Tinted, quiet
from app.console.plain_table import plain_table

HEADS = (
    "Compare", "Recognizer", "Target", "Tested on", "Value (95 % interval)", "Baseline", "Permutation p",
    "Planned or exploratory", "Run",
)  # fmt: skip
VALUE, P = 4, 6
READING = "Reading the runs…"
NO_RUNS = "No finished run yet. Start one in Experiment; it can be compared when all folds are finished."
NO_HEAT = (
    "This run has one set of modalities. Tick “Every combination” in Experiment to have each combination "
    "trained (15 of four groups)."
)
ROLE = int(Qt.ItemDataRole.UserRole)


class ComparePage(WaitingStep):
    """Compares the runs that are ticked; modalities and published figures are those of the selected one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Compare", "Comparing", NO_RUNS, parent)
        self.found: Compared | None = None
        self.chosen: tuple[Path, ...] | None = None
        self.current: Path | None = None
        self._lay_out(self._controls(), self._body())
        self._show_buttons()

    def _controls(self) -> tuple[QWidget, ...]:
        self.measure: QComboBox = combo("Metric", 18)
        self.measure.activated.connect(lambda _: self._read())
        self.inspect = Tinted("Inspect", "search", self._ask_inspect)
        self.inspect.setToolTip("Look into the selected run")
        return self.measure, self.inspect

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        upper = Card()
        self.table = plain_table("Finished runs", HEADS)
        self.table.setSelectionMode(self.table.SelectionMode.SingleSelection)
        self.table.currentCellChanged.connect(lambda row, *_: self._on_row(row))
        self.table.itemChanged.connect(self._on_ticked)
        self.table.cellActivated.connect(lambda *_: self._ask_inspect())
        quiet(self.table)
        upper.body.addWidget(self.table)
        split.addWidget(upper)
        lower = Card()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Figures of the comparison")
        self.runs_view = FigureView("Runs with their intervals")
        self.people_view = FigureView("Participants in each run")
        self.pairs_view = FigureView("Paired differences")
        self.pairs_table = TableView("Paired comparisons")
        self.heat_view = FigureView("Modality heat map")
        self.heat: QComboBox = combo("Which combinations", 24)
        self.heat.activated.connect(lambda _: self._show_heat())
        self.published = TableView("Published figures")
        pairs = QSplitter(Qt.Orientation.Vertical)
        pairs.setChildrenCollapsible(False)
        pairs.addWidget(self.pairs_view)
        pairs.addWidget(self.pairs_table)
        heat = QWidget()
        inner = QVBoxLayout(heat)
        inner.setContentsMargins(0, 4, 0, 0)
        inner.addWidget(self.heat)
        inner.addWidget(self.heat_view, 1)
        for shown, title in (
            (self.runs_view, "Runs"),
            (self.people_view, "Participants"),
            (heat, "Modalities"),
            (pairs, "Pairs"),
            (self.published, "Published"),
        ):
            self.tabs.addTab(shown, title)
        for view in (self.runs_view, self.people_view, self.pairs_view, self.heat_view):
            view.said.connect(self.said)
        for table in (self.pairs_table, self.published):
            table.said.connect(self.said)
        lower.body.addWidget(self.tabs)
        split.addWidget(lower)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 3)
        split.setSizes([190, 470])
        return split

    def _forget(self) -> None:
        self.found, self.chosen, self.current = None, None, None
        self.measure.clear()

    def show_run(self, folder: Path) -> None:
        """Select one run."""
        self.current = folder
        self._read()

    def _read(self) -> None:
        study, chosen, current = self.study, self.chosen, self.current
        metric = str(self.measure.currentData() or "")
        if study is not None:
            self._read_by(lambda told: gather(study, chosen, current, metric, told), self._on_found, READING)

    def _on_found(self, found: Compared) -> None:
        self.found = found
        if not found.rows:
            self._say_empty(NO_RUNS)
            self.summary.set_whole("")
            self._show_buttons()
            return
        if self.current not in [row.folder for row in found.rows]:
            self.current = (found.chosen or (found.rows[0].folder,))[0]
        self._fill()
        names = list(dict.fromkeys(name for row in found.rows for name in row.metrics))
        fill_combo(self.measure, [(metric_title(name), name) for name in names], found.metric)
        told = "1 finished run" if len(found.rows) == 1 else f"{len(found.rows)} finished runs"
        leaky = sum(bool(row.watermark) for row in found.rows)
        told += f", {len(found.chosen)} compared" + (f", {leaky} to be shown only" if leaky else "")
        self.summary.set_whole(told)
        for view, name in (
            (self.runs_view, "runs"),
            (self.people_view, "participants"),
            (self.pairs_view, "pairs"),
        ):
            view.show_figure(found.figures.get(name), found.why.get(name, ""))
        pairs = found.figures.get("pairs")
        self.pairs_table.setVisible(pairs is not None)
        if pairs is not None:
            self.pairs_table.show_table(pairs.table)
        fill_combo(self.heat, [(each.about, each.name) for each in found.modalities], self.heat.currentData())
        self.heat.setVisible(len(found.modalities) > 1)
        self._show_heat()
        self._show_published()
        self.stack.setCurrentIndex(1)
        self._show_buttons()

    def _fill(self) -> None:
        found = self.found
        assert found is not None
        self.table.blockSignals(True)
        self.table.setRowCount(len(found.rows))
        for place, row in enumerate(found.rows):
            p = f"{row.p:.3g}" if row.p is not None else "none"
            standing = f"{row.watermark}. {row.standing}" if row.watermark else row.standing
            baseline = "" if row.baseline is None else f"{row.baseline:.3f}"
            score = row.score if row.metric == found.metric else f"{metric_title(row.metric)} {row.score}"
            cells = (
                "", row.label, row.target, row.split, score, baseline, p, standing, row.name,
            )  # fmt: skip
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip({VALUE: row.why or text, P: row.p_words}.get(column, text))
                if column == 0:
                    make_tick(item, f"Compare {row.label}", row.folder in found.chosen)
                self.table.setItem(place, column, item)
            if row.folder == self.current:
                self.table.setCurrentCell(place, max(0, self.table.currentColumn()))
        self.table.blockSignals(False)

    def _on_ticked(self, item: QTableWidgetItem) -> None:
        if item.column() == 0 and self.found is not None:
            self.chosen = tuple(
                row.folder
                for place, row in enumerate(self.found.rows)
                if (cell := self.table.item(place, 0)) and cell.checkState() == Qt.CheckState.Checked
            )
            self._read()

    def _on_row(self, row: int) -> None:
        if self.found is not None and 0 <= row < len(self.found.rows):
            folder = self.found.rows[row].folder
            if folder != self.current:
                self.current = folder
                self._read()

    def _show_heat(self) -> None:
        found = self.found
        shown = None
        if found is not None:
            shown = next((each for each in found.modalities if each.name == self.heat.currentData()), None)
        self.heat_view.show_figure(shown, NO_HEAT)

    def _show_published(self) -> None:
        found = self.found
        assert found is not None
        heads = ("data", "protocol", "metric", "published", "note", "this_run", "difference", "why_none")
        rows: Sequence[tuple[object, ...]] = [each.cells for each in found.published]
        if rows:
            words = (
                "Figures of the paper. A difference is shown only for the same data and protocol as the "
                "selected run."
            )
            self.published.show_table(Table("published", heads, tuple(rows)), words)
        else:
            self.published.show_table(None, "The selected run's recognizer has no published figure.")

    def _show_buttons(self) -> None:
        has = self.found is not None and bool(self.found.rows)
        self.inspect.setEnabled(has)
        self.measure.setEnabled(has)

    def _ask_inspect(self) -> None:
        if self.current is not None:
            self.step_asked.emit("inspect", self.current)

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of this step."""
        return (("Space on a run", "Compare it, or not"), ("Enter on a run", "Inspect it"))
