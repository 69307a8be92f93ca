"""The pictures of the agreement page: matrix and strip that can be clicked, traces over each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from analysis.agreement.moments import Matrix, Strip
from analysis.agreement.tables import Traces
from analysis.agreement.traces import Lag
from app.console import theme
from app.console.annotate.agreement_draw import (
    Cells,
    cells_of,
    draw_matrix,
    draw_strip,
    draw_traces,
    strip_axes,
)
from app.console.axes import Axes

_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class MatrixView(QWidget):
    """A confusion matrix; `chosen(row, column)` of the classes when a cell is clicked, or Enter pressed."""

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix: Matrix | None = None
        self.cell: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Confusion matrix")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_matrix(self, matrix: Matrix | None) -> None:
        """Show another matrix, no cell chosen."""
        self.matrix, self.cell = matrix, None
        self._tell()
        self.update()

    def sizeHint(self) -> QSize:
        """About square."""
        return QSize(360, 320)

    def minimumSizeHint(self) -> QSize:
        """Room for numbers."""
        return QSize(220, 180)

    def cell_centre(self, first: int, second: int) -> QPointF:
        """Return where the cell of two classes is drawn."""
        assert self.matrix is not None
        cells = self._cells(self.matrix)
        return cells.rect(cells.places.index(first), cells.places.index(second)).center()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the pointer."""
        if self.matrix is None or event.button() != Qt.MouseButton.LeftButton:
            return
        cells = self._cells(self.matrix)
        found = cells.at(event.position())
        if found is not None:
            cell = cells.places[found[0]], cells.places[found[1]]
            self._choose(cell)
            self.chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move over the cells by arrows; Enter is a click."""
        key = Qt.Key(event.key())
        if self.matrix is not None and key in _STEPS:
            places = self._cells(self.matrix).places
            if places:
                at = self.cell or (places[0], places[0])
                row, column = (places.index(each) for each in at)
                down, right = _STEPS[key] if self.cell else (0, 0)
                last = len(places) - 1
                self._choose(
                    (places[min(max(row + down, 0), last)], places[min(max(column + right, 0), last)])
                )
        elif key in _ENTER and self.cell is not None:
            self.chosen.emit(*self.cell)
        else:
            super().keyPressEvent(event)

    def _choose(self, cell: tuple[int, int]) -> None:
        self.cell = cell
        self._tell()
        self.update()

    def _tell(self) -> None:
        matrix = self.matrix
        if matrix is None:
            self.setAccessibleDescription("")
            return
        cells = [self.cell] if self.cell is not None else list(np.ndindex(matrix.counts.shape))
        self.setAccessibleDescription(
            "; ".join(self._words(matrix, *cell) for cell in cells if self.cell or matrix.counts[cell])
        )

    @staticmethod
    def _words(matrix: Matrix, first: int, second: int) -> str:
        count = matrix.counts[first, second]
        one, other = matrix.names[first], matrix.names[second]
        return f"{matrix.one}: {one}, {matrix.other}: {other}: {count:g} times"

    def event(self, event: QEvent) -> bool:
        """Tell the cell under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.matrix is not None:
            cells = self._cells(self.matrix)
            found = cells.at(QPointF(event.pos()))
            if found is not None:
                at = cells.places[found[0]], cells.places[found[1]]
                QToolTip.showText(
                    event.globalPos(), f"{self._words(self.matrix, *at)}. Click to go there.", self
                )
                return True
        return super().event(event)

    def _cells(self, matrix: Matrix) -> Cells:
        return cells_of(matrix, QRectF(self.rect()), QFontMetricsF(self.font()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours in use."""
        if self.matrix is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_matrix(painter, QRectF(self.rect()), theme.current(), self.matrix, self.cell)


class StripView(QWidget):
    """Disagreement along a recording; `chosen(time_s)` on the recording's clock when a place is clicked."""

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip: Strip | None = None
        self.title = ""
        self.at_s: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Disagreement along the recording")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_strip(self, strip: Strip | None, title: str = "") -> None:
        """Show another recording's disagreement."""
        self.strip, self.title, self.at_s = strip, title, None
        self.setAccessibleDescription(title)
        self.update()

    def mark(self, time_s: float | None) -> None:
        """Draw a line at a time."""
        self.at_s = time_s
        self.update()

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(700, 170)

    def minimumSizeHint(self) -> QSize:
        """Room for the axis."""
        return QSize(260, 150)

    def x_of(self, time_s: float) -> float:
        """Return where a time is drawn."""
        assert self.strip is not None
        return self._axes(self.strip).across(time_s - self.strip.start_s)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the bin under the pointer."""
        strip = self.strip
        if strip is None or event.button() != Qt.MouseButton.LeftButton:
            return
        axes = self._axes(strip)
        share = (event.position().x() - axes.box.left()) / max(1.0, axes.box.width())
        if 0 <= share <= 1:
            place = min(len(strip.values) - 1, int(share * len(strip.values)))
            self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right step through the places where raters differ; Enter goes there."""
        strip, key = self.strip, Qt.Key(event.key())
        if strip is not None and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            places = np.flatnonzero(np.nan_to_num(strip.values) > 0)
            here = -1.0 if self.at_s is None else (self.at_s - strip.start_s) / strip.bin_s
            ahead = (
                places[places > here + 0.5] if key == Qt.Key.Key_Right else places[places < here - 0.5][::-1]
            )
            if len(ahead):
                self.mark(strip.start_s + float(ahead[0]) * strip.bin_s)
        elif key in _ENTER and self.at_s is not None:
            self.chosen.emit(self.at_s)
        else:
            super().keyPressEvent(event)

    def _choose(self, place: int) -> None:
        assert self.strip is not None
        self.mark(self.strip.start_s + place * self.strip.bin_s)
        self.chosen.emit(self.at_s)

    def _axes(self, strip: Strip) -> Axes:
        return strip_axes(strip, QRectF(self.rect()), QFontMetricsF(self.font()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours in use."""
        if self.strip is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_strip(painter, QRectF(self.rect()), theme.current(), self.strip, self.title, self.at_s)


class TracesView(QWidget):
    """The traces of all raters over each other, on the axis of the strip below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Traces of all raters")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.traces: Traces | None = None
        self.units: tuple[int, ...] = ()
        self.lags: tuple[Lag, ...] = ()
        self.strip: Strip | None = None

    def show_nothing(self) -> None:
        """Forget the traces."""
        self.traces, self.units, self.lags, self.strip = None, (), (), None
        self.update()

    def show_traces(
        self, traces: Traces | None, units: Sequence[int], lags: Sequence[Lag], strip: Strip
    ) -> None:
        """Show the traces of some units of one recording."""
        self.traces, self.units, self.lags, self.strip = traces, tuple(units), tuple(lags), strip
        self.update()

    def sizeHint(self) -> QSize:
        """Wide, and high enough for a curve."""
        return QSize(700, 220)

    def minimumSizeHint(self) -> QSize:
        """Room for a curve."""
        return QSize(260, 150)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours in use."""
        if self.traces is None or self.strip is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        draw_traces(painter, area, theme.current(), self.traces, self.units, self.lags, self.strip)
