"""The quality of every stream, one calm row each: sign, name, word; below it what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from app.console import icons, theme
from app.console.parts import Line
from app.console.quality import StreamQuality, quality_of

SIDE = 16
GAP = 6
WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


class QualityRows(QWidget):
    """Draws the rows; as high as they need at their width."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: tuple[StreamQuality, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Quality of the streams")

    @property
    def streams(self) -> tuple[StreamQuality, ...]:
        """What is shown."""
        return self._streams

    def show_streams(self, streams: Sequence[StreamQuality]) -> None:
        """Show other streams or values."""
        if tuple(streams) != self._streams:
            self._streams = tuple(streams)
            self.setAccessibleDescription("; ".join(stream.sentence for stream in streams))
            self.updateGeometry()
            self.update()

    def hasHeightForWidth(self) -> bool:
        """Texts wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """All rows, one under the other."""
        return sum(self._height(stream, width) for stream in self._streams) + 4

    def sizeHint(self) -> QSize:
        """As wide as a side panel."""
        return QSize(300, self.heightForWidth(max(self.width(), 240)))

    def minimumSizeHint(self) -> QSize:
        """Room for the rows at the present width."""
        return QSize(180, self.heightForWidth(max(self.width(), 180)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every row."""
        painter = QPainter(self)
        top = 2
        for place, stream in enumerate(self._streams):
            if place:
                painter.setPen(QPen(QColor(theme.current().border), 1))
                painter.drawLine(QPointF(0, top + 0.5), QPointF(self.width(), top + 0.5))
            self._draw(painter, stream, top)
            top += self._height(stream, self.width())

    def event(self, event: QEvent) -> bool:
        """Tell everything of the row under the pointer."""
        if isinstance(event, QHelpEvent):
            top = 2
            for stream in self._streams:
                height = self._height(stream, self.width())
                if top <= event.pos().y() < top + height:
                    QToolTip.showText(event.globalPos(), stream.sentence, self)
                    return True
                top += height
        return super().event(event)

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def _texts(self, stream: StreamQuality) -> list[tuple[str, str]]:
        measures = " · ".join(stream.measures)
        return [*((text, "text") for text in stream.problems), *([(measures, "muted")] if measures else [])]

    def _height(self, stream: StreamQuality, width: int) -> int:
        metrics, room = self.fontMetrics(), max(40, width - SIDE - 3 * GAP)
        height = QFontMetrics(self._bold()).height() + 2 * GAP
        for text, _ in self._texts(stream):
            height += metrics.boundingRect(QRect(0, 0, room, 2000), WRAP, text).height() + 1
        return height

    def _draw(self, painter: QPainter, stream: StreamQuality, top: int) -> None:
        colours = theme.current()
        icon, colour, word = stream.grade
        bold = QFontMetrics(self._bold())
        y = top + GAP
        pixmap = icons.draw(icon, getattr(colours, colour), SIDE, self.devicePixelRatioF())
        painter.drawPixmap(GAP, y + (bold.height() - SIDE) // 2, pixmap)
        left, right = SIDE + 2 * GAP, self.width() - GAP
        room = bold.horizontalAdvance(word)
        painter.setFont(self._bold())
        painter.setPen(QColor(colours.text))
        name = bold.elidedText(stream.id, Qt.TextElideMode.ElideMiddle, max(20, right - left - room - GAP))
        painter.drawText(QPointF(left, y + bold.ascent()), name)
        painter.setPen(QColor(getattr(colours, colour)))
        painter.drawText(QPointF(right - room, y + bold.ascent()), word)
        painter.setFont(self.font())
        y += bold.height()
        for text, ink in self._texts(stream):
            box = QRect(left, y, max(40, right - left), 2000)
            height = self.fontMetrics().boundingRect(QRect(0, 0, box.width(), 2000), WRAP, text).height()
            painter.setPen(QColor(getattr(colours, ink)))
            painter.drawText(QRectF(left, y, box.width(), height + 2), WRAP, text)
            y += height + 1


class QualityPanel(QWidget):
    """Shows the quality in a `state` message; says so while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "quality")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.nothing = Line("Every stream is judged over ten seconds once it sends.", "muted", True)
        self.nothing.setContentsMargins(12, 8, 12, 8)
        column.addWidget(self.nothing)
        self.rows = QualityRows()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.viewport().setAutoFillBackground(False)
        self.rows.setAutoFillBackground(False)
        area.setWidget(self.rows)
        column.addWidget(area, 1)
        self._area = area

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Show a `state` message, {} for nothing."""
        order = {"failed": 0, "warned": 1}
        streams = sorted(quality_of(state), key=lambda stream: order.get(stream.verdict, len(order)))
        self.nothing.setVisible(not streams)
        self._area.setVisible(bool(streams))
        self.rows.show_streams(streams)
