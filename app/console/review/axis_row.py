"""A row on the time axis: what all rows share, cursor, selection, pointer and wheel included."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.console import theme
from app.console.hover_tip import tell_at
from app.console.review.axis import TimeAxis

DRAG_PX = 4
NOTCH = 120
PAN_SHARE, ZOOM = 0.15, 1.25


class AxisRow(QWidget):
    """Draws its content into a picture that is kept until the view changes; cursor and selection over it.

    A click moves the cursor, a drag selects, the wheel pans, with Ctrl it zooms at the pointer.
    """

    def __init__(
        self, axis: TimeAxis, title: str = "", height: int = 40, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.axis = axis
        self.title = title
        self._height = height
        self._kept: QPixmap | None = None
        self._pressed: QPointF | None = None
        self._drags = False
        self._last_x = -1
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(min(20, height))
        axis.view_changed.connect(self.redraw)
        axis.extent_changed.connect(self.redraw)
        axis.selection_changed.connect(self.update)
        axis.cursor_changed.connect(self._on_cursor)

    # For those that draw something

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw the content between the margins."""

    def words_at(self, point: QPointF) -> str:
        """Return what a tool tip says at a place, "" for nothing."""
        return ""

    def redraw(self) -> None:
        """Draw the content anew."""
        self._kept = None
        self.update()

    @property
    def plot(self) -> QRectF:
        """The room between the margins."""
        left, right = self.axis.left_px, self.axis.right_px
        return QRectF(left, 0, max(1, self.width() - left - right), self.height())

    def x_of(self, time_s: float) -> float:
        """Return where a time lies, in pixels."""
        return self.axis.x_of(time_s, self.width())

    def time_at(self, x: float) -> float:
        """Return the time at a place."""
        return self.axis.time_at(x, self.width())

    # Qt

    def sizeHint(self) -> QSize:
        """As high as it was made."""
        return QSize(400, self._height)

    def changeEvent(self, event: QEvent) -> None:
        """Follow palette and font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew at the new size."""
        self._kept = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the kept picture, the selection, the cursor."""
        if self._kept is None:
            self._kept = self._drawn()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._kept)
        colours, plot = theme.current(), self.plot
        painter.setClipRect(plot)
        if self.axis.selection_s is not None:
            left, right = (self.x_of(time) for time in self.axis.selection_s)
            tint = QColor(colours.accent)
            tint.setAlpha(40)
            painter.fillRect(QRectF(left, 0, max(1.0, right - left), self.height()), tint)
        painter.setPen(QPen(QColor(colours.alarm), 1))
        x = round(self.x_of(self.axis.cursor_s))
        painter.drawLine(x, 0, x, self.height())

    def _drawn(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        kept = QPixmap(self.size() * ratio)
        kept.setDevicePixelRatio(ratio)
        colours, plot = theme.current(), self.plot
        kept.fill(QColor(colours.base))
        painter = QPainter(kept)
        try:
            painter.setFont(self.font())
            painter.fillRect(QRectF(0, 0, plot.left(), self.height()), QColor(colours.window))
            self.draw_label(painter, QRectF(6, 0, plot.left() - 12, self.height()))
            painter.setClipRect(plot)
            self.draw(painter, plot)
            painter.setClipping(False)
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(0, self.height() - 0.5), QPointF(self.width(), self.height() - 0.5))
        finally:
            # A painter that stays open on its picture ends the process.
            painter.end()
        return kept

    def draw_label(self, painter: QPainter, area: QRectF) -> None:
        """Write the title at the left."""
        painter.setPen(QColor(theme.current().muted))
        text = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _on_cursor(self) -> None:
        x = round(self.x_of(self.axis.cursor_s))
        if x != self._last_x:
            for place in (self._last_x, x):
                self.update(place - 1, 0, 3, self.height())
            self._last_x = x

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton and self.plot.contains(event.position()):
            self._pressed, self._drags = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select while dragged."""
        if self._pressed is None:
            return
        if self._drags or abs(event.position().x() - self._pressed.x()) >= DRAG_PX:
            self._drags = True
            self.axis.select(self.time_at(self._pressed.x()), self.time_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click puts the cursor there and lets the selection go."""
        if self._pressed is not None and not self._drags:
            self.axis.select(None)
            self.clicked(event.position())
        self._pressed = None

    def clicked(self, point: QPointF) -> None:
        """Go to the time that was clicked."""
        self.axis.move_cursor(self.time_at(point.x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pan, or zoom with Ctrl."""
        delta = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.axis.zoom(ZOOM ** (-delta / NOTCH), self.time_at(event.position().x()))
        else:
            self.axis.pan(-PAN_SHARE * delta / NOTCH)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Tell what is at the pointer."""
        return tell_at(self, event, self.words_at) or super().event(event)
