"""The step Literature: what papers printed, beside what was found here, searchable, and never mixed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.literature.paper import Ours, Printed, paper
from app.analysing.html_page import Table
from app.analysing.literature.reading import Read, facts, matching, read_papers
from app.analysing.run_figures import Shown
from app.console.analyse.down_only import DownOnly
from app.console.analyse.draw_figure import FigureView
from app.console.analyse.draw_table import TableView
from app.console.analyse.run_process import Starter
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo
from app.console.parts import Card, Heading, Line, Primary, Tinted, quiet

READING = "Reading the papers' tables…"
ROWS = 16
NONE_YET = "Nothing of this kind was made in this study yet. “Make ours” does it."
NOT_FOUND = "No row holds all of these words."
APART = (
    "Other people's data by other protocols: no difference is given unless both are the same. "
    "Do not read one figure against the other."
)


class TablesView(QWidget):
    """Some tables, one at a time, with what must be known of the one that is shown."""

    def __init__(self, name: str, nothing: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.nothing = nothing
        self.tables: list[tuple[Printed | Ours, Table]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        self.choice: QComboBox = combo(f"{name}: table", 40)
        self.choice.currentIndexChanged.connect(self._show)
        self.view = TableView(name)
        column.addWidget(self.choice)
        column.addWidget(self.view, 1)

    def show_tables(self, tables: Sequence[Printed | Ours], wanted: str) -> int:
        """Show those with a row that holds what is wanted; return how many rows do."""
        found = [(each, matching(each, wanted)) for each in tables]
        self.tables = [(each, table) for each, table in found if table is not None]
        before = self.choice.currentText()
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems([each.title for each, _ in self.tables])
        self.choice.setCurrentIndex(max(0, self.choice.findText(before)) if self.tables else -1)
        self.choice.blockSignals(False)
        self.choice.setVisible(bool(self.tables))
        self._show(self.choice.currentIndex())
        if tables and not self.tables:
            self.view.show_table(None, NOT_FOUND)
        return sum(len(table.rows) for _, table in self.tables)

    def _show(self, place: int) -> None:
        if not 0 <= place < len(self.tables):
            self.view.show_table(None, self.nothing)
            return
        told, table = self.tables[place]
        self.view.show_table(table, facts(told))


class FiguresView(QWidget):
    """Some figures, one at a time."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures: tuple[Shown, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        self.choice: QComboBox = combo(f"{name}: figure", 40)
        self.choice.currentIndexChanged.connect(self._show)
        self.view = FigureView(name)
        column.addWidget(self.choice)
        column.addWidget(self.view, 1)

    def show_figures(self, figures: tuple[Shown, ...]) -> int:
        """Show them; return how many there are."""
        before = self.choice.currentText()
        self.figures = figures
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems([each.title for each in figures])
        self.choice.setCurrentIndex(max(0, self.choice.findText(before)) if figures else -1)
        self.choice.blockSignals(False)
        self._show(self.choice.currentIndex())
        return len(figures)

    def _show(self, place: int) -> None:
        self.view.show_figure(self.figures[place] if 0 <= place < len(self.figures) else None)
        # Their tables stand under Ours.
        self.view.save_rows.hide()


class LiteraturePage(WaitingStep):
    """Shows papers; tables of ours are made by a process of its own."""

    unreadable = "The papers' tables cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Literature", "Reading the papers", READING, parent)
        self.found: tuple[Read, ...] | None = None
        self.making: dict[str, Starter] = {}
        self.make_button = Primary("Make ours", "start", self.make)
        self.make_button.setToolTip("Compute tables of this kind here, with guards and controls")
        self._lay_out((self.make_button,), self._body())
        self._show_buttons()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        left = Card()
        self.search = QLineEdit(placeholderText="Search all tables")
        self.search.setAccessibleName("Search all tables")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        left.body.addWidget(self.search)
        self.names = QListWidget()
        self.names.setAccessibleName("Papers")
        self.names.setMinimumWidth(max(200, 26 * self.fontMetrics().averageCharWidth()))
        self.names.setWordWrap(True)
        self.names.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.names.setSpacing(3)
        self.names.currentRowChanged.connect(lambda _: self._show_paper())
        quiet(self.names)
        left.body.addWidget(self.names, 1)
        split.addWidget(left)
        right = Card()
        self.title = Heading("", 1.15)
        self.title.setWordWrap(True)
        self.source = Line("", "muted", True)
        self.about = Line("", "text", True)
        for each in (self.title, self.source, self.about):
            right.body.addWidget(each)
        right.body.addLayout(self._order())
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Printed, ours, figures, doubts")
        self.printed = TablesView("Printed", "The paper prints no table.")
        self.ours = TablesView("Ours", NONE_YET)
        self.figures = FiguresView("Figures of ours")
        for view in (self.printed.view, self.ours.view, self.figures.view):
            view.said.connect(self.said)
        self.doubts = Line("", "text", True)
        self.doubts.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        doubts = QScrollArea()
        doubts.setWidget(self.doubts)
        self.doubts.setAutoFillBackground(False)
        doubts.setWidgetResizable(True)
        doubts.setFrameShape(QFrame.Shape.NoFrame)
        doubts.setAccessibleName("Doubts")
        doubts.viewport().setAutoFillBackground(False)
        for widget, name in (
            (self.printed, "Printed"),
            (self.ours, "Ours"),
            (self.figures, "Figures"),
            (doubts, "Doubts"),
        ):
            self.tabs.addTab(widget, name)
        # Rows enough to read by, at any size of text: rather than be squeezed, this side scrolls.
        self.tabs.setMinimumHeight(ROWS * self.fontMetrics().lineSpacing())
        right.body.addWidget(self.tabs, 1)
        self.apart = Line(APART, "muted", True)
        right.body.addWidget(self.apart)
        area = DownOnly()
        area.setWidget(right)
        area.setAccessibleName("Paper")
        area.viewport().setAutoFillBackground(False)
        right.setAutoFillBackground(False)
        split.addWidget(area)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 4)
        split.setSizes([240, 800])
        return split

    def _order(self) -> QVBoxLayout:
        order, source, how = QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self.place = QLineEdit()
        self.place.setAccessibleName("Folder of the data for our tables")
        self.browse = Tinted("Choose…", "folder", self._ask_place)
        self.browse.setAccessibleName("Choose the folder of the data")
        self.quick = QCheckBox("Smallest form")
        self.quick.setToolTip(
            "Seconds instead of minutes or hours. The tables say so, and leave those of the whole form alone"
        )
        self.quick.setChecked(True)
        self.step_button = Tinted("Open its page", "search", self._open_step)
        source.addWidget(self.place, 1)
        source.addWidget(self.browse)
        how.addWidget(self.quick)
        how.addStretch(1)
        how.addWidget(self.step_button)
        order.addLayout(source)
        order.addLayout(how)
        return order

    @property
    def shown(self) -> Read | None:
        """The paper that is shown."""
        item = self.names.currentItem()
        if item is None or self.found is None:
            return None
        name = item.data(Qt.ItemDataRole.UserRole)
        return next((each for each in self.found if each.paper.name == name), None)

    def _forget(self) -> None:
        self.found = None

    def _read(self) -> None:
        study = self.study
        self._read_by(lambda told: read_papers(study), self._on_found, READING)

    def _on_found(self, found: tuple[Read, ...]) -> None:
        self.found = found
        chosen = self.shown.paper.name if self.shown else ""
        made = sum(bool(each.ours) for each in found)
        self.summary.set_whole(f"{len(found)} papers; {made or 'none'} computed in this study so far")
        self.stack.setCurrentIndex(1)
        self._fill_names(chosen)

    def _on_search(self) -> None:
        self._fill_names(self.shown.paper.name if self.shown else "")

    def _fill_names(self, chosen: str) -> None:
        wanted = self.search.text()
        self.names.blockSignals(True)
        self.names.clear()
        for each in self.found or ():
            tables: tuple[Printed | Ours, ...] = (
                *each.paper.printed,
                *each.tables,
            )
            rows = sum(len(table.rows) for table in (matching(one, wanted) for one in tables) if table)
            if wanted.strip() and not rows:
                continue
            item = QListWidgetItem(f"{each.paper.title} ({rows})" if wanted.strip() else each.paper.title)
            item.setData(Qt.ItemDataRole.UserRole, each.paper.name)
            item.setToolTip(each.paper.source)
            self.names.addItem(item)
            if each.paper.name == chosen:
                self.names.setCurrentItem(item)
        if self.names.currentItem() is None and self.names.count():
            self.names.setCurrentRow(0)
        self.names.blockSignals(False)
        self._show_paper()

    def _show_paper(self) -> None:
        shown = self.shown
        wanted = self.search.text()
        known = shown.paper if shown else None
        self.title.setText(known.title if known else NOT_FOUND if wanted.strip() else "")
        self.source.setText(known.source if known else "")
        self.about.setText(known.about if known else "")
        self.trouble.say(shown.trouble if shown else "", "alarm")
        printed = self.printed.show_tables(known.printed if known else (), wanted)
        ours = self.ours.show_tables(shown.tables if shown else (), wanted)
        figures = self.figures.show_figures(shown.figures if shown else ())
        doubts = known.doubts if known else ()
        self.doubts.setText(
            "\n\n".join(f"{at}. {what}\nHere: {choice}" for at, (what, choice) in enumerate(doubts, 1))
        )
        for place, (name, count) in enumerate(
            (("Printed", printed), ("Ours", ours), ("Figures", figures), ("Doubts", len(doubts)))
        ):
            self.tabs.setTabText(place, f"{name} ({count})" if count else name)
        self.tabs.setTabVisible(self.tabs.indexOf(self.figures), bool(figures))
        takes = known.takes if known else ""
        self.place.setVisible(bool(takes))
        self.browse.setVisible(bool(takes))
        self.place.setPlaceholderText(takes[:1].upper() + takes[1:])
        self.place.setToolTip(takes[:1].upper() + takes[1:])
        self.step_button.setVisible(bool(known and known.step))
        self._show_buttons()

    def _show_buttons(self) -> None:
        shown = self.shown
        busy = shown is not None and shown.paper.name in self.making
        self.make_button.setEnabled(shown is not None and self.study is not None and not busy)
        self.make_button.setText("Being made…" if busy else "Make ours")

    def _ask_place(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the data")
        if chosen:
            self.place.setText(chosen)

    def _open_step(self) -> None:
        if self.shown is not None:
            self.step_asked.emit(self.shown.paper.step, None)

    def make(self) -> None:
        """Make tables of the shown paper's kind, in a process of its own."""
        shown, study = self.shown, self.study
        if shown is None or study is None:
            return
        source = self.place.text().strip()
        if source and shown.paper.takes and not Path(source).exists():
            self.trouble.say(f"{source}: there is no such folder.", "alarm")
            return
        arguments = ["reproduce", shown.paper.name, *([source] if source and shown.paper.takes else [])]
        arguments += ["--study", str(study.folder), *(["--quick"] if self.quick.isChecked() else [])]
        name = shown.paper.name
        # One for each paper: what ends tells nothing of the others.
        starter = Starter(self)
        starter.ended.connect(partial(self._on_made, name))
        starter.failed.connect(partial(self._on_not_made, name))
        try:
            starter.start(arguments)
        except OSError as error:
            starter.deleteLater()
            self.trouble.say(f"The process could not be started: {error}.", "alarm")
            return
        self.making[name] = starter
        self.trouble.say("")
        self._show_buttons()

    def _on_made(self, name: str) -> None:
        self._end(name)
        self.said.emit(f"Tables were made: {paper(name).title}.", "good")
        self._read()

    def _on_not_made(self, name: str, text: str) -> None:
        self._end(name)
        self.trouble.say(f"{paper(name).title}: {text}", "alarm")
        self._show_buttons()

    def _end(self, name: str) -> None:
        self.making.pop(name).deleteLater()

    def closing(self) -> None:
        """Give up reading; what is being made goes on."""
        for starter in self.making.values():
            starter.leave()
        super().closing()
