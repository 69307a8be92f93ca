"""A list of moments: typing in its line searches, Enter or a double click goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.console.parts import Line, quiet
from app.console.review.axis import TimeAxis
from app.console.review.times import clock_words

Index = QModelIndex | QPersistentModelIndex
ALL = "Everything"
USUAL = "What happened"
WIDE = QSize(320, 260)


@dataclass(frozen=True, slots=True)
class Moment:
    """One row: where it leads (`stop_s` = `start_s` for a moment), its kind for the filter, its text.

    `is_technical`: of interest only to who looks for the cause of something.
    """

    start_s: float
    stop_s: float
    kind: str
    text: str
    is_technical: bool = False


class _Model(QAbstractTableModel):
    """The moments that fit, in order: only what is in sight is asked for, so there may be thousands."""

    def __init__(self, axis: TimeAxis, parent: QObject) -> None:
        super().__init__(parent)
        self._axis = axis
        self.shown: Sequence[Moment] = ()

    def show(self, moments: Sequence[Moment]) -> None:
        self.beginResetModel()
        self.shown = moments
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index | None = None) -> int:
        return 2

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return ("Time", "What")[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return None
        moment = self.shown[index.row()]
        if index.column() == 0:
            return clock_words(moment.start_s - self._axis.zero_s)
        return moment.text


class _Table(QTableView):
    """Leaves the keys that play and step to the page."""

    chosen = Signal()
    PASSED = (Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            super().keyPressEvent(event)
        else:
            event.ignore()


class JumpTable(QWidget):
    """Lists moments; `chosen(moment)` when somebody wants to go to one. `with_kinds` adds the filter.

    `play_asked` when Ctrl+Space is pressed while somebody types.
    """

    chosen = Signal(object)
    play_asked = Signal()

    def __init__(
        self, axis: TimeAxis, name: str, with_kinds: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("help", "review")
        self.setAccessibleName(name)
        self.setMinimumWidth(230)
        self._all: Sequence[Moment] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(f"Search {name.lower()}")
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self.choose)
        self.search.installEventFilter(self)
        self.kinds = QComboBox()
        self.kinds.setAccessibleName("Kind")
        self.kinds.setVisible(with_kinds)
        self.kinds.setMinimumContentsLength(9)
        self.kinds.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kinds.activated.connect(lambda _: self._fill())
        self.model = _Model(axis, self)
        self.table = _Table()
        self.table.setModel(self.model)
        self.table.setAccessibleName(name)
        self._dress_table()
        self.table.chosen.connect(self.choose)
        self.table.doubleClicked.connect(lambda _: self.choose())
        self.count = Line("", "muted")
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.kinds)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        column.addWidget(self.count)

    def _dress_table(self) -> None:
        table = self.table
        quiet(table)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        self.table.verticalHeader().setDefaultSectionSize(metrics.height() + 8)
        self.table.horizontalHeader().resizeSection(0, metrics.horizontalAdvance("0:00:00.000") + 18)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def sizeHint(self) -> QSize:
        """Wide enough for a time and some words."""
        return WIDE

    def show_moments(self, moments: Sequence[Moment]) -> None:
        """List other moments."""
        self._all = moments
        kinds = list(dict.fromkeys(moment.kind for moment in moments))
        self.kinds.clear()
        general = [USUAL, ALL] if any(moment.is_technical for moment in moments) else [ALL]
        self.kinds.addItems([*general, *sorted(kinds)])
        self._fill()

    def choose(self) -> None:
        """Go to the current row, to the first one where none is current."""
        row = max(0, self.table.currentIndex().row())
        if row < len(self.model.shown):
            self.table.selectRow(row)
            self.chosen.emit(self.model.shown[row])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Up and Down in the line move in the list, Ctrl+Space play."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        is_control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Space and is_control:
            self.play_asked.emit()
            return True
        if self.model.shown:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                row = min(len(self.model.shown) - 1, max(0, self.table.currentIndex().row() + step))
                self.table.selectRow(row)
                return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        words = self.search.text().lower().split()
        kind = self.kinds.currentText()
        shown = [
            moment
            for moment in self._all
            if (kind in ("", ALL) or moment.kind == kind or (kind == USUAL and not moment.is_technical))
            and all(word in f"{moment.text} {moment.kind}".lower() for word in words)
        ]
        self.model.show(shown)
        total = len(self._all)
        self.count.setText(f"{len(shown)} of {total}" if len(shown) < total else f"{total}")
