"""The head map of a choice of channels: scores as shades, a ring about each channel that is kept."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from analysis.views.electrodes import place
from app.console.analyse.draw_head import HeadView
from app.console.theme import Colours

RING_PX = 9.0


class ChosenHead(HeadView):
    """Shows which electrodes are kept."""

    kept: frozenset[str] = frozenset()

    def show_choice(self, channels: tuple[tuple[str, float], ...], kept: Sequence[str], words: str) -> None:
        """Show scores by channel and which channels are kept."""
        self.kept = frozenset(kept)
        self.show_channels(channels, words)
        if channels:
            self.canvas.setAccessibleDescription(f"Kept: {', '.join(kept)}.")

    def draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Draw the head, then a ring about each kept electrode."""
        super().draw(painter, area, colours)
        positions = place([name for name, _ in self.channels], self.every).positions
        inner = area.adjusted(12, 24, -90, -12)
        radius = max(30.0, min(inner.width(), inner.height()) / 2 / 1.16)
        middle = QPointF(inner.center().x(), inner.center().y() + radius * 0.04)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.alarm), 2.4))
        for name in self.kept & positions.keys():
            x, y = positions[name]
            spot = QPointF(middle.x() + x * radius, middle.y() - y * radius)
            painter.drawEllipse(spot, RING_PX, RING_PX)
