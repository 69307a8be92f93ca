"""The picture of a recording's passages: subcarriers by time, level with baseline, the chosen curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.analysing.passages import Followed
from app.console import theme
from app.console.axes import round_ticks
from app.console.theme import Colours

MOST_COLUMNS = 1600
DEEPEST_DB = 15.0
AROUND_S = 12.0
LEFT_PX, GAP_PX = 62.0, 22.0


class PassagesView(QWidget):
    """Draws one recording; `clicked(passage)` where a passage was clicked."""

    clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found: Followed | None = None
        self.chosen = -1
        self.is_near = False
        self._key: tuple[object, ...] = ()
        self._image: QImage | None = None
        self.setAccessibleName("Subcarriers, level and curve over time")
        self.setMinimumSize(QSize(320, 260))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_recording(self, found: Followed | None) -> None:
        """Show another recording."""
        self.found, self._key = found, ()
        told = "" if found is None else f"{len(found.passages)} passages in {self._length_s:.0f} seconds"
        self.setAccessibleDescription(told)
        self.update()

    def choose(self, passage: int, near: bool) -> None:
        """Mark a passage (-1: none), and show only what is near it."""
        self.chosen, self.is_near = passage, near
        self.update()

    @property
    def _length_s(self) -> float:
        assert self.found is not None
        return len(self.found.curve.curve) / self.found.rate_hz

    @property
    def span_s(self) -> tuple[float, float]:
        """What is shown, in seconds from the first reading."""
        if self.found is None:
            return (0.0, 1.0)
        if self.is_near and 0 <= self.chosen < len(self.found.passages):
            first, stop = self._of(self.chosen)
            return (max(0.0, first - AROUND_S), min(self._length_s, stop + AROUND_S))
        return (0.0, self._length_s)

    def _of(self, passage: int) -> tuple[float, float]:
        assert self.found is not None
        first, stop = self.found.passages[passage].trial.shown
        return first - self.found.start_s, stop - self.found.start_s

    def lanes(self) -> tuple[QRectF, QRectF, QRectF]:
        """Return where subcarriers, level and curve are drawn."""
        line = QFontMetricsF(self.font()).height()
        room = QRectF(LEFT_PX, line + 4, self.width() - LEFT_PX - 26, self.height() - 2 * line - 14)
        # Under the subcarriers there is a line more, for the classes.
        gaps = (GAP_PX + 1.2 * line, GAP_PX + 0.3 * line, 0.0)
        free = room.height() - sum(gaps)
        lanes, top = [], room.top()
        for share, gap in zip((0.46, 0.27, 0.27), gaps, strict=True):
            lanes.append(QRectF(room.left(), top, room.width(), share * free))
            top += share * free + gap
        return lanes[0], lanes[1], lanes[2]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours in use."""
        found = self.found
        if found is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        water, level, curve = self.lanes()
        self._water(painter, water, colours)
        for lane in (water, level, curve):
            self._passages(painter, lane, colours, lane is water)
        quiet = found.curve.detection.baseline_db
        both = np.concatenate([found.curve.level_db, quiet])
        limits = _limits(both)
        self._head(painter, level, colours, "Level and baseline, dB", limits)
        self._line(painter, level, found.curve.level_db, limits, QColor(colours.accent), 1.2)
        self._line(painter, level, quiet, limits, QColor(colours.warning), 1.6, Qt.PenStyle.DashLine)
        limits = _limits(found.curve.curve)
        words = "Mean of the chosen subcarriers"
        self._head(painter, curve, colours, words + (", rectified" if found.spec.rectified else ""), limits)
        self._line(painter, curve, found.curve.curve, limits, QColor(colours.accent), 1.2)
        self._seconds(painter, curve, colours)

    def _water(self, painter: QPainter, lane: QRectF, colours: Colours) -> None:
        key = (id(self.found), self.span_s, colours.name)
        if key != self._key:
            self._key, self._image = key, self._picture(colours)
        painter.setPen(QColor(colours.text))
        line = QFontMetricsF(painter.font()).height()
        painter.drawText(QPointF(lane.left(), lane.top() - 5), "Subcarriers, dB below quiet")
        if self._image is not None:
            painter.drawImage(lane, self._image)
        painter.setPen(QColor(colours.muted))
        for words, y in (("1", lane.top() + line), ("52", lane.bottom())):
            painter.drawText(QRectF(0, y - line, LEFT_PX - 6, line), Qt.AlignmentFlag.AlignRight, words)

    def _picture(self, colours: Colours) -> QImage | None:
        assert self.found is not None
        rows = self._rows()
        smooth = self.found.curve.smooth[rows]
        if not len(smooth):
            return None
        whole = self.found.curve.smooth
        quiet = np.nanmedian(whole, axis=0)
        step = max(1, -(-len(smooth) // MOST_COLUMNS))
        count = len(smooth) // step
        with np.errstate(invalid="ignore", divide="ignore"):
            depth = -20 * np.log10(np.maximum(smooth[: count * step], 1e-6) / np.maximum(quiet, 1e-6))
        depth = depth.reshape(count, step, -1).max(axis=1)
        share = np.nan_to_num(np.clip(depth / DEEPEST_DB, 0, 1)).T[..., None]
        low, high = _rgb(colours.base), _rgb(colours.accent)
        mixed = (low + (high - low) * share).astype(np.uint32)
        pixels = (np.uint32(0xFF) << 24) | (mixed[..., 0] << 16) | (mixed[..., 1] << 8) | mixed[..., 2]
        pixels = np.ascontiguousarray(pixels.astype(np.uint32))
        height, width = pixels.shape
        return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()

    def _rows(self) -> slice:
        assert self.found is not None
        low, high = self.span_s
        return slice(int(low * self.found.rate_hz), max(1, int(high * self.found.rate_hz)))

    def _across(self, lane: QRectF, at_s: float) -> float:
        low, high = self.span_s
        return lane.left() + lane.width() * (at_s - low) / max(high - low, 1e-6)

    def _passages(self, painter: QPainter, lane: QRectF, colours: Colours, with_words: bool) -> None:
        assert self.found is not None
        metrics = QFontMetricsF(painter.font())
        taken: list[QRectF] = []
        order = sorted(enumerate(self.found.passages), key=lambda each: each[0] != self.chosen)
        for number, passage in order:
            first, stop = self._of(number)
            left, right = self._across(lane, first), self._across(lane, stop)
            if right < lane.left() or left > lane.right():
                continue
            box = QRectF(max(left, lane.left()), lane.top(), 0, lane.height())
            box.setRight(min(max(right, left + 2), lane.right()))
            is_chosen = number == self.chosen
            shade = QColor(colours.warning if is_chosen else colours.muted)
            shade.setAlphaF(0.35 if is_chosen else 0.16)
            if not with_words:
                painter.fillRect(box, shade)
            else:
                painter.setPen(
                    QPen(QColor(colours.warning if is_chosen else colours.muted), 2 if is_chosen else 1)
                )
                painter.drawLine(box.bottomLeft() + QPointF(0, 3), box.bottomRight() + QPointF(0, 3))
                words = passage.label or "?"
                half = metrics.horizontalAdvance(words) / 2 + 3
                place = QRectF(box.center().x() - half, lane.bottom() + 3, 2 * half, metrics.height())
                if is_chosen or not any(place.intersects(each) for each in taken):
                    painter.setPen(QColor(colours.text))
                    painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, words)
                    taken.append(place)

    def _head(
        self, painter: QPainter, lane: QRectF, colours: Colours, words: str, limits: tuple[float, float]
    ) -> None:
        line = QFontMetricsF(painter.font()).height()
        painter.setPen(QColor(colours.text))
        painter.drawText(QPointF(lane.left(), lane.top() - 5), words)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawRect(lane)
        painter.setPen(QColor(colours.muted))
        for tick in round_ticks(*limits, 3):
            y = lane.bottom() - lane.height() * (tick - limits[0]) / (limits[1] - limits[0])
            place = QRectF(0, y - line / 2, LEFT_PX - 6, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{tick:g}")

    def _line(
        self,
        painter: QPainter,
        lane: QRectF,
        values: NDArray[np.float64],
        limits: tuple[float, float],
        colour: QColor,
        width: float,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        assert self.found is not None
        rows = self._rows()
        part = values[rows]
        step = max(1, len(part) // MOST_COLUMNS)
        painter.setPen(QPen(colour, width, style))
        points: list[QPointF] = []
        for place in range(0, len(part), step):
            value = float(part[place])
            if not np.isfinite(value):
                painter.drawPolyline(QPolygonF(points))
                points = []
                continue
            share = min(1.0, max(0.0, (value - limits[0]) / (limits[1] - limits[0])))
            at_s = (rows.start + place) / self.found.rate_hz
            points.append(QPointF(self._across(lane, at_s), lane.bottom() - lane.height() * share))
        painter.drawPolyline(QPolygonF(points))

    def _seconds(self, painter: QPainter, lane: QRectF, colours: Colours) -> None:
        line = QFontMetricsF(painter.font()).height()
        painter.setPen(QColor(colours.muted))
        low, high = self.span_s
        for tick in round_ticks(low, high, max(2, int(lane.width() / 90))):
            place = QRectF(self._across(lane, tick) - 40, lane.bottom() + 3, 80, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, f"{tick:g} s")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the passage that was clicked."""
        if self.found is None or event.button() != Qt.MouseButton.LeftButton:
            return
        lane = self.lanes()[0]
        low, high = self.span_s
        at_s = low + (event.position().x() - lane.left()) / lane.width() * (high - low)
        slack = 4 * (high - low) / max(1.0, lane.width())
        for number in range(len(self.found.passages)):
            first, stop = self._of(number)
            if first - slack <= at_s <= stop + slack:
                self.clicked.emit(number)
                return


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return (0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    margin = 0.06 * ((high - low) or 1.0)
    return low - margin, high + margin


def _rgb(name: str) -> NDArray[np.float64]:
    colour = QColor(name)
    return np.array([colour.red(), colour.green(), colour.blue()], np.float64)
