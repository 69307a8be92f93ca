"""The study page's list: participants with their visits, search and filter, and what can be done with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app.console import icons, overview, theme
from app.console.overview import FILTERS, Filter, Listing
from app.console.parts import Card, Line, Tinted, quiet
from app.participants import Person
from app.plan import SessionPaths
from app.study import FinishedSession, Study
from app.visits import Row, Visit

ROLE = Qt.ItemDataRole.UserRole
CHOICE = Qt.ItemDataRole.UserRole + 1
ROW = Qt.ItemDataRole.UserRole + 2
COLUMNS = ("Participant / session", "About, protocol", "State", "Finished")
ABOUT, STATE = 1, 2
VISIT, COMMON_STATE = "session 99, run 9", "completed, automatic"
WIDEST_CODE, WIDEST_STATE = 30, 30
"""In characters: a longer text is cut and whole in the tool tip."""
FEW = 12
"""Up to so many participants are shown with their visits at once."""
SEARCH_MS = 120
SIGNS: Mapping[str, tuple[str, str]] = {
    "done": ("good", "good"),
    "broken": ("warning", "warning"),
    "running": ("record", ""),
    "to do": ("next", "muted"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is selected: a participant, and a visit and run of it if any."""

    person: Person
    visit: Visit | None = None
    run: FinishedSession | None = None


class ParticipantsCard(Card):
    """Lists a study. Asks by signals; whoever owns it opens dialogs and pages.

    `session_asked(Path)` for a finished file, `review_asked(Path)` to look at it,
    `attach_asked(SessionPaths)` for a running one, `finish_asked()` for an interrupted one,
    `prepare_asked(code, session)`, `continue_asked(run)`,
    `chosen(code)` when a participant is selected, `asked(name, code)` for add, edit, correct and withdraw.
    """

    session_asked = Signal(object)
    review_asked = Signal(object)
    attach_asked = Signal(object)
    finish_asked = Signal()
    prepare_asked = Signal(str, int)
    continue_asked = Signal(object)
    chosen = Signal(str)
    asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Participants and sessions", parent)
        self._study: Study | None = None
        self._listing = Listing()
        self._open: dict[str, bool] = {}
        self._settle = QTimer(self, singleShot=True, interval=SEARCH_MS)
        self._settle.timeout.connect(self._fill)
        self.body.addLayout(self._search_row())
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Participants and sessions")
        self.tree.setHeaderLabels(COLUMNS)
        quiet(self.tree)
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(ABOUT, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(60)
        header.setResizeContentsPrecision(100)
        self.tree.itemActivated.connect(self.activate)
        self.tree.currentItemChanged.connect(self._on_current)
        self.tree.itemExpanded.connect(lambda item: self._remember(item, True))
        self.tree.itemCollapsed.connect(lambda item: self._remember(item, False))
        self.body.addWidget(self.tree, 1)
        self.hint = Line("", "muted", True)
        self.body.addWidget(self.hint)
        self.body.addLayout(self._buttons())

    def _search_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search code, group, field, protocol")
        self.search.setAccessibleName("Search participants")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._settle.start)
        row.addWidget(self.search, 1)
        self.filter = QComboBox()
        self.filter.setAccessibleName("Show")
        for name, words in FILTERS.items():
            self.filter.addItem(words, name)
        self.filter.currentIndexChanged.connect(self._fill)
        row.addWidget(self.filter)
        return row

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.do = Tinted("Open", "next", self._do_chosen)
        self.review = Tinted("Review", "review", self._do_review)
        self.add = Tinted("Add…", "add", lambda: self.asked.emit("add", ""))
        self.edit = Tinted("Edit…", "note", self._asker("edit"))
        self.more = QToolButton()
        self.more.setText("More")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        menu = QMenu(self.more)
        self.correct = menu.addAction("Correct what was recorded…", self._asker("correct"))
        self.withdraw = menu.addAction("Withdraw…", self._asker("withdraw"))
        self.more.setMenu(menu)
        row.addWidget(self.do)
        row.addWidget(self.review)
        row.addStretch(1)
        for button in (self.add, self.edit, self.more):
            row.addWidget(button)
        return row

    def show_study(self, study: Study) -> None:
        """Show another study."""
        if self._study is None or study.folder != self._study.folder:
            self._open.clear()
            self.search.clear()
            self.filter.setCurrentIndex(0)
        self._study = study

    def show_listing(self, listing: Listing) -> None:
        """Show what a study holds now."""
        self._listing = listing
        self._fill()

    def choice(self) -> Choice | None:
        """Return what is selected."""
        item = self.tree.currentItem()
        found = None if item is None else item.data(0, CHOICE)
        return found if isinstance(found, Choice) else None

    def select(self, code: str, session: int = 0) -> bool:
        """Select a participant, or one of the visits; False if it is not listed."""
        for place in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(place)
            if item is not None and item.data(0, CHOICE) is not None and item.text(0) == code:
                if session:
                    self._add_visits(item)
                children = [item.child(number) for number in range(item.childCount() if session else 0)]
                visits = [child for child in children if child is not None and _session_of(child) == session]
                self.tree.setCurrentItem(visits[0] if visits else item)
                return True
        return False

    def _fill(self) -> None:
        before = self.choice()
        wanted: Filter = self.filter.currentData()
        shown = overview.chosen_rows(self._listing.rows, wanted, self.search.text())
        self.tree.setUpdatesEnabled(False)
        self.tree.blockSignals(True)
        self.tree.clear()
        items = [self._person_item(row) for row in shown]
        if self._listing.rehearsals and wanted == "all" and not self.search.text().strip():
            items.append(self._rehearsals_item())
        self.tree.addTopLevelItems(items)
        for item in items:
            if self._open.get(item.text(0), len(shown) <= FEW):
                self._add_visits(item)
                item.setExpanded(True)
        self.tree.blockSignals(False)
        self.tree.setUpdatesEnabled(True)
        self._fit_columns()
        self._say_hint(len(shown))
        if before is not None:
            self.select(before.person.code, before.visit.session if before.visit else 0)
        self._look()

    def _fit_columns(self) -> None:
        metrics = self.tree.fontMetrics()
        letter, side = metrics.averageCharWidth(), metrics.height() + 26
        codes = (row.person.code for row in self._listing.rows)
        widest = max(map(metrics.horizontalAdvance, (*codes, VISIT)), default=0)
        self.tree.setColumnWidth(0, min(letter * WIDEST_CODE, widest + side + 2 * self.tree.indentation()))
        for place, least in ((STATE, COMMON_STATE), (STATE + 1, "2026-11-21 10:00")):
            self.tree.resizeColumnToContents(place)
            wanted = max(self.tree.columnWidth(place), metrics.horizontalAdvance(least)) + 8
            self.tree.setColumnWidth(place, min(letter * WIDEST_STATE, wanted))

    def _say_hint(self, shown: int) -> None:
        everybody = len(self._listing.rows)
        if not everybody:
            text = "Nobody yet. Add a participant, or type a code on the right and start the first session."
        elif not shown:
            text = "Nobody fits. Take the search or the filter back."
        elif shown < everybody:
            text = f"{shown} of {everybody} participants. Enter opens."
        else:
            text = f"{everybody} participant{'' if everybody == 1 else 's'}. Enter opens."
        self.hint.setText(text)

    def _person_item(self, row: Row) -> QTreeWidgetItem:
        person, colours = row.person, theme.current()
        words = overview.progress_words(row)
        item = QTreeWidgetItem([person.code, overview.person_words(person), words, overview.last_date(row)])
        item.setIcon(0, icons.icon("person", colours.muted if person.excluded else ""))
        item.setData(0, CHOICE, Choice(person))
        for place in range(len(COLUMNS)):
            item.setToolTip(place, item.text(place))
            if person.excluded:
                item.setForeground(place, QColor(colours.muted))
        if person.amended:
            item.setToolTip(0, "\n".join((person.code, "Corrected:", *person.amended)))
        item.setData(0, ROW, row)
        if row.visits:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        return item

    def _add_visits(self, item: QTreeWidgetItem) -> None:
        """List a participant's visits, which are made once somebody looks at them: there may be thousands."""
        row = item.data(0, ROW)
        if isinstance(row, Row) and not item.childCount():
            item.addChildren([self._visit_item(row.person, visit) for visit in row.visits])

    def _visit_item(self, person: Person, visit: Visit) -> QTreeWidgetItem:
        study, live = self._study, self._listing.live or {}
        assert study is not None
        last = visit.runs[-1] if visit.runs else None
        protocol = overview.protocol_words(visit.protocol, visit.version)
        date = overview.date_words(last.added) if last is not None else ""
        state = overview.visit_words(visit)
        alone = last if len(visit.runs) == 1 else None
        if alone is not None and visit.state == "done":
            state = overview.run_words(alone, self._listing.copies).replace("completed", "done", 1)
        title = f"session {visit.session}" + (f", run {alone.run}" if alone is not None else "")
        item = QTreeWidgetItem([title, protocol, state, date])
        sign, colour = SIGNS[visit.state]
        item.setIcon(0, icons.icon(sign, getattr(theme.current(), colour) if colour else ""))
        item.setData(0, CHOICE, Choice(person, visit, last))
        if visit.state == "to do":
            for place in range(len(COLUMNS)):
                item.setForeground(place, QColor(theme.current().muted))
        paths = next((live[name] for name in visit.live if name in live), None)
        if paths is not None:
            item.setData(0, ROLE, paths)
            item.setText(2, overview.live_words(paths))
        elif last is not None:
            item.setData(0, ROLE, overview.file_of(study, last))
        item.setToolTip(2, item.text(2))
        for run in visit.runs if len(visit.runs) > 1 else ():
            item.addChild(self._run_item(person, visit, run))
        return item

    def _run_item(self, person: Person, visit: Visit, run: FinishedSession) -> QTreeWidgetItem:
        assert self._study is not None
        protocol = overview.protocol_words(run.protocol, run.protocol_version)
        words = overview.run_words(run, self._listing.copies)
        item = QTreeWidgetItem([f"run {run.run}", protocol, words, overview.date_words(run.added)])
        item.setIcon(0, icons.icon("summary"))
        item.setData(0, ROLE, overview.file_of(self._study, run))
        item.setData(0, CHOICE, Choice(person, visit, run))
        return item

    def _rehearsals_item(self) -> QTreeWidgetItem:
        assert self._study is not None
        count = len(self._listing.rehearsals)
        top = QTreeWidgetItem(["Rehearsals", "", f"{count}, kept apart", ""])
        top.setIcon(0, icons.icon("repeat"))
        for run in self._listing.rehearsals:
            protocol = overview.protocol_words(run.protocol, run.protocol_version)
            words = overview.run_words(run, None)
            item = QTreeWidgetItem(
                [f"rehearsal, run {run.run}", protocol, words, overview.date_words(run.added)]
            )
            item.setIcon(0, icons.icon("summary"))
            item.setData(0, ROLE, overview.file_of(self._study, run))
            top.addChild(item)
        self._open.setdefault("Rehearsals", False)
        return top

    def activate(self, item: QTreeWidgetItem, _: int = 0) -> None:
        """Open what a row stands for: summary, running session, what a crash left, the next session."""
        place, choice = item.data(0, ROLE), item.data(0, CHOICE)
        visit = choice.visit if isinstance(choice, Choice) else None
        if isinstance(place, SessionPaths):
            if overview.is_alive(place):
                self.attach_asked.emit(place)
            else:
                self.finish_asked.emit()
        elif isinstance(place, Path):
            self.session_asked.emit(place)
        elif isinstance(choice, Choice):
            self.prepare_asked.emit(choice.person.code, visit.session if visit is not None else 0)
        else:
            item.setExpanded(not item.isExpanded())

    def _do_chosen(self) -> None:
        item, choice = self.tree.currentItem(), self.choice()
        if choice is not None and choice.visit is not None and choice.visit.can_continue and choice.run:
            self.continue_asked.emit(choice.run)
        elif item is not None:
            self.activate(item)

    def _do_review(self) -> None:
        item = self.tree.currentItem()
        place = None if item is None else item.data(0, ROLE)
        if isinstance(place, Path):
            self.review_asked.emit(place)

    def _asker(self, name: str) -> Callable[[], None]:
        def ask() -> None:
            choice = self.choice()
            if choice is not None:
                self.asked.emit(name, choice.person.code)

        return ask

    def _on_current(self, item: QTreeWidgetItem | None, _: QTreeWidgetItem | None) -> None:
        self._look()
        choice = self.choice()
        if choice is not None:
            self.chosen.emit(choice.person.code)

    def _look(self) -> None:
        item, choice = self.tree.currentItem(), self.choice()
        for thing in (self.edit, self.correct, self.withdraw):
            thing.setEnabled(choice is not None)
        self.do.setEnabled(item is not None and (choice is not None or item.parent() is not None))
        self.do.setText(self._verb(item, choice))
        self.review.setEnabled(item is not None and isinstance(item.data(0, ROLE), Path))

    @staticmethod
    def _verb(item: QTreeWidgetItem | None, choice: Choice | None) -> str:
        place = None if item is None else item.data(0, ROLE)
        if isinstance(place, SessionPaths):
            return "Back to it" if overview.is_alive(place) else "Finish now"
        if choice is not None and choice.visit is not None and choice.visit.can_continue:
            return "Continue"
        return "Open summary" if isinstance(place, Path) else "Next session"

    def _remember(self, item: QTreeWidgetItem, is_open: bool) -> None:
        if item.parent() is None:
            self._open[item.text(0)] = is_open
            if is_open:
                self._add_visits(item)


def _session_of(item: QTreeWidgetItem) -> int:
    choice = item.data(0, CHOICE)
    return choice.visit.session if isinstance(choice, Choice) and choice.visit is not None else 0
