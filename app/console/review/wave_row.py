"""The sound of the microphones as waves: smallest and largest value of each column, samples when near."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from app.console import theme
from app.console.review.axis import TimeAxis
from app.console.review.axis_row import AxisRow
from app.console.review.seen import View
from app.console.review.times import clock_words

ROW_PX = 54
LEAST_SHARE = 0.02
"""A wave quieter than this share of full scale is not drawn larger."""


class WaveRow(AxisRow):
    """Draws every microphone that may be heard, one below the other; muted stretches say so."""

    def __init__(self, axis: TimeAxis, view: View) -> None:
        names = view.sounds
        super().__init__(axis, "Sound", ROW_PX * max(1, len(names)))
        self._view = view
        self._names = names
        self._full = {name: _full_scale(view, name) for name in names}

    def draw(self, painter: QPainter, plot: QRectF) -> None:
        """Draw the waves."""
        count = max(1, len(self._names))
        for place, name in enumerate(self._names):
            top = plot.height() * place / count
            self._draw_wave(painter, QRectF(plot.left(), top, plot.width(), plot.height() / count), name)
        self._draw_muted(painter, plot)

    def draw_label(self, painter: QPainter, area: QRectF) -> None:
        """Name the microphones."""
        names = self._names if len(self._names) > 1 else (self.title,)
        painter.setPen(QColor(theme.of_kind(theme.current(), "sound")))
        for place, name in enumerate(names):
            box = QRectF(
                area.left(), area.height() * place / len(names), area.width(), area.height() / len(names)
            )
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def words_at(self, point: QPointF) -> str:
        """Tell the time, and whether it is muted."""
        time_s = self.time_at(point.x())
        told = clock_words(time_s - self.axis.zero_s)
        return f"{told}, muted" if self._view.is_muted(time_s) else told

    def _draw_wave(self, painter: QPainter, box: QRectF, name: str) -> None:
        columns = max(1, int(box.width()))
        overview = self._view.recording.overview
        low, high = overview.columns(name, self.axis.start_s, self.axis.stop_s, columns)
        if not low.size:
            return
        least, most = low.min(axis=0), high.max(axis=0)
        centres = self.axis.start_s + (np.arange(columns) + 0.5) * self.axis.width_s / columns
        for begin, end in self._view.muted_s:
            is_muted = (centres >= begin) & (centres < end)
            least = np.where(is_muted, np.nan, least)
            most = np.where(is_muted, np.nan, most)
        known = np.isfinite(least) & np.isfinite(most)
        if not known.any():
            return
        # Drawn as high as the loudest that is in view, so that soft speech is seen too.
        loudest = max(float(np.abs(least[known]).max()), float(np.abs(most[known]).max()))
        scale = (box.height() / 2 - 2) / max(loudest, LEAST_SHARE * self._full[name])
        middle = box.center().y()
        lines = [
            QLineF(box.left() + x, middle - most[x] * scale, box.left() + x, middle - least[x] * scale + 0.5)
            for x in np.flatnonzero(known).tolist()
        ]
        painter.setPen(QPen(theme.of_kind(theme.current(), "sound"), 1))
        painter.drawLines(lines)

    def _draw_muted(self, painter: QPainter, plot: QRectF) -> None:
        colours = theme.current()
        for begin, end in self._view.muted_s:
            left, right = max(plot.left(), self.x_of(begin)), min(plot.right(), self.x_of(end))
            if right <= left:
                continue
            box = QRectF(left, 0, right - left, plot.height())
            painter.fillRect(box, QBrush(QColor(colours.border), Qt.BrushStyle.BDiagPattern))
            text_px = painter.fontMetrics().horizontalAdvance("muted") + 8
            if text_px < box.width():
                word = QRectF(box.center().x() - text_px / 2, box.center().y() - 9, text_px, 18)
                painter.fillRect(word, QColor(colours.base))
                painter.setPen(QColor(colours.muted))
                painter.drawText(word, Qt.AlignmentFlag.AlignCenter, "muted")


def _full_scale(view: View, name: str) -> float:
    whole = np.dtype(view.recording.stream(name).info.dtype)
    return float(np.iinfo(whole).max) if whole.kind == "i" else 1.0
