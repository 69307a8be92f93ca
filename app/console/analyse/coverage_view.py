"""Participants and modalities as a table whose cells are drawn: heads stay, arrows move, tips tell."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from analysis.corpus.coverage import Coverage
from app.console import theme
from app.console.analyse.coverage_draw import LEGEND, SIDE_PX, cell_at, cell_words, draw_cell, draw_legend
from app.console.parts import quiet

WIDE_PX, WIDEST_PX = 104, 150


ABBREVIATED = frozenset({"eeg", "ecg", "bvp", "eda"})


def modality_title(modality: str) -> str:
    """Return a modality as a title."""
    return modality.upper() if modality in ABBREVIATED else modality.capitalize()


class _Painter(QStyledItemDelegate):
    """Draws the cells."""

    def __init__(self, table: CoverageTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a cell, and an edge around the chosen one."""
        matrix, colours = self._table.matrix, theme.current()
        participant, modality = matrix.participants[index.row()], matrix.modalities[index.column()]
        painter.save()
        area, state = QRectF(option.rect), option.state
        draw_cell(painter, area, cell_at(matrix, participant, modality), colours)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.restore()


class CoverageTable(QTableWidget):
    """Shows a matrix.

    `chosen(participant, modality)` when a cell is selected, `asked(...)` on a double click or Enter.
    """

    chosen = Signal(str, str)
    asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = Coverage((), ())
        self.setAccessibleName("What was recorded")
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setItemDelegate(_Painter(self))
        self.setHorizontalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        quiet(self)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        self.currentCellChanged.connect(lambda row, column, *_: self._tell(row, column))
        self.cellActivated.connect(self._ask)

    def show_matrix(self, matrix: Coverage) -> None:
        """Show another matrix; a cell that is still there stays chosen."""
        before = self.cell
        self.blockSignals(True)
        self.clear()
        self.matrix = matrix
        self.setRowCount(len(matrix.participants))
        self.setColumnCount(len(matrix.modalities))
        self.setVerticalHeaderLabels(list(matrix.participants))
        self.setHorizontalHeaderLabels([modality_title(modality) for modality in matrix.modalities])
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 14)
        for row, participant in enumerate(matrix.participants):
            for column, modality in enumerate(matrix.modalities):
                words = cell_words(cell_at(matrix, participant, modality))
                item = QTableWidgetItem()
                item.setToolTip(f"{participant}, {modality}: {words}")
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{participant}, {modality}: {words}")
                self.setItem(row, column, item)
        self._fit()
        if before is not None and before[0] in matrix.participants and before[1] in matrix.modalities:
            self.setCurrentCell(matrix.participants.index(before[0]), matrix.modalities.index(before[1]))
        self.blockSignals(False)

    @property
    def cell(self) -> tuple[str, str] | None:
        """Participant and modality of the chosen cell."""
        row, column = self.currentRow(), self.currentColumn()
        if 0 <= row < len(self.matrix.participants) and 0 <= column < len(self.matrix.modalities):
            return self.matrix.participants[row], self.matrix.modalities[column]
        return None

    def resizeEvent(self, event: object) -> None:
        """Share the room among the columns."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit()

    def _fit(self) -> None:
        if self.columnCount():
            wide = self.viewport().width() // self.columnCount()
            self.horizontalHeader().setDefaultSectionSize(max(WIDE_PX, min(WIDEST_PX, wide)))

    def _tell(self, row: int, column: int) -> None:
        if self.cell is not None and row >= 0 and column >= 0:
            self.chosen.emit(*self.cell)

    def _ask(self, row: int, column: int) -> None:
        del row, column
        if self.cell is not None:
            self.asked.emit(*self.cell)


class Legend(QWidget):
    """What the shapes mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Shapes: " + "; ".join(words for _, words in LEGEND))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """One line."""
        metrics = self.fontMetrics()
        wide = sum(metrics.horizontalAdvance(words) + SIDE_PX + 26 for _, words in LEGEND)
        return QSize(int(wide), metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        """It may be cut."""
        return QSize(40, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them in a row."""
        draw_legend(QPainter(self), QRectF(self.rect()).adjusted(4, 0, 0, 0), theme.current())
