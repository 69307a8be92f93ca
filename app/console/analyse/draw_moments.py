"""A figure over time with a cursor: a click, or arrow keys and Enter, ask for a moment."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen

from app.analysing.why_figure import LEFT_PX, RIGHT_PX, Why, time_of
from app.console import theme
from app.console.analyse.draw_figure import Drawing

STEPS = 40


class TimeDrawing(Drawing):
    """Draws a decision over time; `moment_asked(time_s)` on the recording's clock."""

    moment_asked = Signal(float)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.why: Why | None = None
        self.at_s: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self._on_clicked)

    def show_why(self, why: Why | None, at_s: float | None) -> None:
        """Follow another decision; the cursor stands at a moment."""
        self.why, self.at_s = why, at_s
        self.update()

    def _on_clicked(self, x: float, y: float) -> None:
        del y
        if self.why is not None:
            found = time_of(x, self.width() / self.zoom, self.why)
            if found is not None:
                self.at_s = found
                self.update()
                self.moment_asked.emit(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right move the cursor, Enter asks for its moment."""
        key, why = Qt.Key(event.key()), self.why
        if why is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = (why.stop_s - why.start_s) / STEPS
            at = why.start_s if self.at_s is None else self.at_s
            at += step if key == Qt.Key.Key_Right else -step
            self.at_s = min(max(at, why.start_s), why.stop_s)
            self.setAccessibleDescription(f"Cursor at {self.at_s - why.start_s:.1f} s. Enter goes there.")
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.at_s is not None:
            self.moment_asked.emit(self.at_s)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that it has the keys."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that it has not."""
        super().focusOutEvent(event)
        self.update()

    def x_of(self, time_s: float) -> float:
        """Return where a moment is drawn, in pixels of the widget."""
        assert self.why is not None
        share = (time_s - self.why.start_s) / max(1e-9, self.why.stop_s - self.why.start_s)
        return LEFT_PX * self.zoom + share * (self.width() - (LEFT_PX + RIGHT_PX) * self.zoom)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the figure, and the cursor over it."""
        super().paintEvent(event)
        painter, colours = QPainter(self), theme.current()
        if self.why is not None and self.at_s is not None and self.shown is not None:
            x = round(self.x_of(self.at_s))
            painter.setPen(QPen(QColor(colours.alarm), 1.5))
            high = self.height() if self._figure is None else self._figure.height * self.zoom
            painter.drawLine(x, 8, x, round(high - 48 * self.zoom))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
