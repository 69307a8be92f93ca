"""The quality of every stream over a session: a row a stream, a bar a stretch, higher where it was worse."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.console import theme
from app.console.parts import clock_text
from app.console.story import Incident, Story, Stretch

HEIGHTS: Mapping[str, tuple[float, str]] = {
    "passed": (0.28, "good"),
    "warned": (0.6, "warning"),
    "failed": (1.0, "alarm"),
}
"""How high a bar is, of its row, and its colour."""
LEGEND = (("passed", "good"), ("warned", "could be better"), ("failed", "poor"))
MOST_LABELS = 8
JOINED_S = 4.0
"""Stretches with less than this between them are drawn as one line."""


class Timeline(QWidget):
    """Draws a story; gaps are white with an edge, alarms ticks at the top of the row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Quality over the session")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._story = Story()
        self._streams: tuple[str, ...] = ()

    def show_story(self, story: Story, streams: tuple[str, ...]) -> None:
        """Show the streams of a session."""
        self._story, self._streams = story, streams
        poor = {
            name: sum(stretch.verdict == "failed" for stretch in story.quality.get(name, ()))
            for name in streams
        }
        words = "; ".join(f"{name}: {count} poor stretches" for name, count in poor.items())
        self.setAccessibleDescription(words)
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """A row a stream, the axis and the legend below."""
        line = self.fontMetrics().height()
        return QSize(500, (line + 8) * max(1, len(self._streams)) + 2 * line + 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw rows, axis and legend."""
        painter = QPainter(self)
        colours = theme.current()
        metrics = QFontMetricsF(self.font())
        for place, name in enumerate(self._streams):
            row = self._row(place)
            painter.setPen(QColor(colours.text))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideLeft, self._left() - 14)
            label = QRectF(0, row.top(), self._left() - 8, row.height())
            painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(row.left(), row.bottom()), QPointF(row.right(), row.bottom()))
            before_s = 0.0
            for stretch in self._story.quality.get(name, ()):
                self._draw_stretch(painter, row, stretch, before_s)
                before_s = stretch.until_s
            for incident in self._story.incidents:
                if incident.stream == name:
                    self._draw_incident(painter, row, incident)
        self._draw_axis(painter, metrics)

    def event(self, event: QEvent) -> bool:
        """Tell what was wrong at the pointer."""
        if isinstance(event, QHelpEvent):
            text = self.words_at(event.pos().x(), event.pos().y())
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def words_at(self, x: float, y: float) -> str:
        """Return what is known of the place at (x, y), "" for nothing."""
        for place, name in enumerate(self._streams):
            row = self._row(place)
            if not row.contains(QPointF(x, y)):
                continue
            at_s = (x - row.left()) / row.width() * max(1e-9, self._story.length_s)
            told = [
                f"{incident.text}"
                for incident in self._story.incidents
                if incident.stream == name
                and incident.at_s <= at_s + 1
                and at_s <= (incident.until_s if incident.until_s is not None else incident.at_s) + 1
            ]
            told += [
                stretch.text or "good"
                for stretch in self._story.quality.get(name, ())
                if stretch.until_s - max(stretch.seconds, 1.0) <= at_s <= stretch.until_s
            ]
            return "\n".join([f"{name} at {clock_text(at_s)}", *dict.fromkeys(told)])
        return ""

    def _left(self) -> float:
        metrics = QFontMetricsF(self.font())
        widest = max((metrics.horizontalAdvance(name) for name in self._streams), default=60.0)
        return min(widest + 16, self.width() * 0.3)

    def _row(self, place: int) -> QRectF:
        height = self.fontMetrics().height() + 4
        return QRectF(
            self._left(), place * (height + 4) + 2, max(20.0, self.width() - self._left() - 12), height
        )

    def _x(self, row: QRectF, at_s: float) -> float:
        share = at_s / self._story.length_s if self._story.length_s > 0 else 0.0
        return row.left() + row.width() * min(1.0, max(0.0, share))

    def _draw_stretch(self, painter: QPainter, row: QRectF, stretch: Stretch, before_s: float) -> None:
        known = HEIGHTS.get(stretch.verdict)
        if known is None:
            return
        share, colour = known
        start_s = stretch.until_s - max(stretch.seconds, 0.5)
        if start_s - before_s < JOINED_S:
            start_s = before_s
        left, right = self._x(row, start_s), self._x(row, stretch.until_s)
        height = row.height() * share
        box = QRectF(left, row.bottom() - height, max(1.0, right - left - 1), height)
        painter.fillRect(box, QColor(getattr(theme.current(), colour)))

    def _draw_incident(self, painter: QPainter, row: QRectF, incident: Incident) -> None:
        colours = theme.current()
        left = self._x(row, incident.at_s)
        if incident.kind == "gap":
            right = self._x(row, incident.until_s if incident.until_s is not None else self._story.length_s)
            box = QRectF(left, row.top(), max(3.0, right - left), row.height() - 0.5)
            painter.fillRect(box, QColor(colours.raised))
            painter.setPen(QPen(QColor(colours.text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(box)
        elif incident.kind == "alarm":
            painter.setPen(QPen(QColor(colours.alarm), 2))
            painter.drawLine(QPointF(left, row.top()), QPointF(left, row.bottom()))

    def _draw_axis(self, painter: QPainter, metrics: QFontMetricsF) -> None:
        colours = theme.current()
        if not self._streams:
            return
        row = self._row(len(self._streams) - 1)
        top = row.bottom() + 4
        painter.setPen(QColor(colours.muted))
        for place in range(MOST_LABELS + 1):
            at_s = self._story.length_s * place / MOST_LABELS
            box = QRectF(self._x(row, at_s) - 40, top, 80, metrics.height())
            box.moveRight(min(box.right(), float(self.width())))
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, clock_text(at_s))
        x, y = row.left(), top + metrics.height() + 4
        for verdict, word in LEGEND:
            share, colour = HEIGHTS[verdict]
            height = metrics.ascent() * share
            bottom = y + metrics.ascent()
            painter.fillRect(QRectF(x, bottom - height, 10, height), QColor(getattr(colours, colour)))
            painter.drawText(QPointF(x + 16, bottom), word)
            x += metrics.horizontalAdvance(word) + 40
        painter.setPen(QPen(QColor(colours.text), 1, Qt.PenStyle.DotLine))
        painter.drawRect(QRectF(x, y + 1, 12, metrics.ascent() - 1))
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(x + 18, y + metrics.ascent()), "gap")
        x += metrics.horizontalAdvance("gap") + 42
        painter.setPen(QPen(QColor(colours.alarm), 2))
        painter.drawLine(QPointF(x, y + 1), QPointF(x, y + metrics.ascent()))
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(x + 8, y + metrics.ascent()), "alarm")
