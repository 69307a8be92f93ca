"""Valence against arousal, a sign a stimulus: point at one, click one, or draw around many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from app.console import theme
from app.console.stimulus_model import words_of
from stimuli.sets import Stimulus

SIGNS = ("o", "t", "s", "d", "+", "x", "star", "p", "h", "t1", "t2", "t3")
COLOURS = ("eeg", "heart", "skin", "temperature", "motion", "sound", "accent", "other")
REACH_PX = 9
CLICK_PX = 5


class Legend(QWidget):
    """The signs of the categories, as many as fit in two lines."""

    def __init__(self) -> None:
        super().__init__()
        self._signs: dict[str, tuple[str, str]] = {}

    def show_signs(self, signs: dict[str, tuple[str, str]]) -> None:
        """Show these."""
        self._signs = signs
        self.setVisible(len(signs) > 1)
        self.setToolTip(", ".join(signs))
        self.setAccessibleName(f"Categories: {', '.join(signs)}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines of text at most."""
        line = self.fontMetrics().height() + 3
        return QSize(200, line * min(2, self._lines(max(self.width(), 300))))

    def minimumSizeHint(self) -> QSize:
        """One line of text."""
        return QSize(60, self.fontMetrics().height() + 3)

    def _width(self, name: str) -> int:
        return self.fontMetrics().horizontalAdvance(name) + 30

    def _lines(self, width: int) -> int:
        lines, x = 1, 0
        for name in self._signs:
            if x and x + self._width(name) > width:
                lines, x = lines + 1, 0
            x += self._width(name)
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the signs as the scatter does."""
        from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols

        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height() + 3
        x, y = 0, 0
        for name, (sign, colour) in self._signs.items():
            if x and x + self._width(name) > self.width():
                x, y = 0, y + line
            if y + line > self.height():
                break
            painter.save()
            painter.translate(x + 10, y + line / 2)
            painter.scale(10, 10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(colours, colour)))
            painter.drawPath(Symbols[sign])
            painter.restore()
            painter.setPen(QColor(colours.muted))
            painter.drawText(x + 19, y + self.fontMetrics().ascent() + 1, name)
            x += self._width(name)


class Scatter(pg.PlotWidget):  # type: ignore[misc]
    """Shows stimuli that have both ratings. `chosen(ids, add)` and `pointed(id)`, "" for none.

    Categories differ in colour and in shape. Drag draws a lasso, Alt and drag a rectangle; Shift adds.
    """

    chosen = Signal(object, bool)
    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        # Qt tells the palette while the base classes are still being made.
        self._dressed = theme.current().name
        super().__init__(parent)
        self.setAccessibleName("Valence and arousal")
        self.setMouseTracking(True)
        self.setMenuEnabled(False)
        self.hideButtons()
        view = self.getPlotItem().getViewBox()
        view.setMouseEnabled(False, False)
        view.setRange(xRange=(0.8, 9.2), yRange=(0.8, 9.2), padding=0)
        self._points = pg.ScatterPlotItem(pxMode=True, size=8)
        self._ring = pg.ScatterPlotItem(pxMode=True, size=15, symbol="o")
        self._lasso = pg.PlotCurveItem()
        for drawn in (self._points, self._ring, self._lasso):
            self.addItem(drawn)
        self._items: list[Stimulus] = []
        self._signs: dict[str, tuple[str, str]] = {}
        self._places: NDArray[np.float64] = np.zeros((0, 2))
        self._selected: set[str] = set()
        self._pointed = ""
        self._path: list[QPointF] = []
        self._start: QPointF | None = None
        self._is_box = False
        self.dress()

    def dress(self) -> None:
        """Take the colours in use."""
        colours = theme.current()
        self._dressed = colours.name
        self.setBackground(QColor(colours.base))
        for name, words in (("bottom", "Valence"), ("left", "Arousal")):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(QColor(colours.border))
            axis.setTextPen(QColor(colours.muted))
            axis.setLabel(words, color=colours.text)
            axis.setTicks([[(value, str(value)) for value in range(1, 10)]])
        self._lasso.setPen(QPen(QColor(colours.accent), 0, Qt.PenStyle.DashLine))
        self._ring.setPen(QPen(QColor(colours.text), 0))
        self._ring.setBrush(None)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._dressed != theme.current().name:
            self.dress()

    def show_items(self, items: Sequence[Stimulus], categories: Sequence[str]) -> None:
        """Show these; `categories` are all of the set, so that signs stay when a filter changes."""
        self._signs = {
            name: (SIGNS[place % len(SIGNS)], COLOURS[place % len(COLOURS)])
            for place, name in enumerate(categories)
        }
        self._items = [item for item in items if item.valence is not None and item.arousal is not None]
        self._places = np.array([[item.valence, item.arousal] for item in self._items], float).reshape(-1, 2)
        self._draw()

    def signs(self) -> dict[str, tuple[str, str]]:
        """Return each category's shape and the name of its colour, for the legend."""
        return self._signs

    def select(self, keys: Iterable[str]) -> None:
        """Show which are selected."""
        wanted = set(keys)
        if wanted != self._selected:
            self._selected = wanted
            self._draw()

    def point_at(self, key: str) -> None:
        """Put a ring around one, around none for an id without ratings."""
        if key == self._pointed:
            return
        self._pointed = key
        place = next((k for k, item in enumerate(self._items) if item.id == key), None)
        self._ring.setData(pos=self._places[[place]] if place is not None else np.zeros((0, 2)))

    def _draw(self) -> None:
        colours = theme.current()
        spots = []
        any_chosen = bool(self._selected)
        for item, (x, y) in zip(self._items, self._places, strict=True):
            sign, name = self._signs.get(item.category, ("o", "other"))
            ink = QColor(getattr(colours, name))
            is_chosen = item.id in self._selected
            fill = QColor(ink)
            fill.setAlpha(255 if is_chosen else 60 if any_chosen else 150)
            pen = QPen(QColor(colours.text) if is_chosen else ink, 0)
            if any_chosen and not is_chosen:
                pen = QPen(fill, 0)
            spots.append(
                {"pos": (x, y), "symbol": sign, "brush": fill, "pen": pen, "size": 11 if is_chosen else 8}
            )
        self._points.setData(spots)

    # Mouse and keys

    def _to_data(self, place: QPointF) -> QPointF:
        scene = self.mapToScene(place.toPoint())
        return QPointF(self.getPlotItem().getViewBox().mapSceneToView(scene))

    def nearest(self, place: QPointF) -> Stimulus | None:
        """Return the stimulus whose sign is at a place of the widget."""
        if not len(self._places):
            return None
        view = self.getPlotItem().getViewBox()
        middle = self._to_data(place)
        x_px, y_px = view.viewPixelSize()
        away = np.hypot((self._places[:, 0] - middle.x()) / x_px, (self._places[:, 1] - middle.y()) / y_px)
        best = int(np.argmin(away))
        return self._items[best] if away[best] <= REACH_PX else None

    def place_of(self, key: str) -> QPointF | None:
        """Return where a stimulus is drawn, in the widget's pixels."""
        for item, (x, y) in zip(self._items, self._places, strict=True):
            if item.id == key:
                scene = self.getPlotItem().getViewBox().mapViewToScene(QPointF(x, y))
                return QPointF(self.mapFromScene(scene))
        return None

    def mousePressEvent(self, event: Any) -> None:
        """Begin a click or a lasso."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._start = event.position()
            self._is_box = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._path = [event.position()]
            self.setFocus()
            event.accept()

    def mouseMoveEvent(self, event: Any) -> None:
        """Draw the lasso, or tell what is pointed at."""
        if self._start is not None:
            if self._is_box:
                here = event.position()
                corners = (self._start, QPointF(here.x(), self._start.y()), here)
                self._path = [*corners, QPointF(self._start.x(), here.y())]
            else:
                self._path.append(event.position())
            drawn = [self._to_data(point) for point in (*self._path, self._path[0])]
            self._lasso.setData([point.x() for point in drawn], [point.y() for point in drawn])
            return
        item = self.nearest(event.position())
        key = item.id if item is not None else ""
        if key != self._pointed:
            self.point_at(key)
            self.pointed.emit(key)
            if item is not None:
                QToolTip.showText(event.globalPosition().toPoint(), words_of(item), self)
            else:
                QToolTip.hideText()

    def mouseReleaseEvent(self, event: Any) -> None:
        """Choose what was clicked, or what lies within the lasso."""
        if self._start is None or event.button() != Qt.MouseButton.LeftButton:
            return
        start, self._start = self._start, None
        add = bool(
            event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier)
        )
        self._lasso.setData([], [])
        far = max((abs(p.x() - start.x()) + abs(p.y() - start.y()) for p in self._path), default=0)
        if far < CLICK_PX:
            item = self.nearest(event.position())
            self.chosen.emit([item.id] if item is not None else [], add)
        else:
            outline = QPolygonF([self._to_data(point) for point in self._path])
            inside = [
                item.id
                for item, (x, y) in zip(self._items, self._places, strict=True)
                if outline.containsPoint(QPointF(x, y), Qt.FillRule.OddEvenFill)
            ]
            self.chosen.emit(inside, add)
        self._path = []

    def wheelEvent(self, event: Any) -> None:
        """Leave the scales as they are: they are those of the ratings."""
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        super().leaveEvent(event)
        self.point_at("")
        self.pointed.emit("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape selects nothing, Ctrl+A all."""
        if event.key() == Qt.Key.Key_Escape:
            self.chosen.emit([], False)
        elif event.key() == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.chosen.emit([item.id for item in self._items], False)
        else:
            event.ignore()
