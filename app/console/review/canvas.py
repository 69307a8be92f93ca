"""The picture of the signals: strips that are kept, and above them what moves (cursor, selection)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.console import theme
from app.console.review import canvas_paint
from app.console.review.axis import TimeAxis
from app.console.review.canvas_paint import Scene
from app.console.review.tiles import TILE, Grid, Raster, Tiles, to_image
from app.console.review.traces_bands import Band, lay_out
from app.console.review.traces_columns import Traces

PATIENCE_S = 0.05
"""What probably takes longer is drawn after the paint event, a few strips at a time."""
AHEAD_MS = 80
CURSOR_PX = 2


class Canvas(QWidget):
    """Draws `traces` along the axis; who owns it hears of the mouse by `on_event`."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.traces: Traces | None = None
        self.scene = Scene()
        self.fit: Callable[[], bool] = lambda: False
        self.tile_s = 0.002
        """How long a strip takes; a single slow one (the first, or of a busy computer) counts little."""
        self._tiles = Tiles()
        self._raster = Raster()
        self._labels: QImage | None = None
        self._cursor_px = -1
        self._dressed = ""
        self.setAccessibleName("Signals")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 80)
        self._later = QTimer(self, interval=0, singleShot=True)
        self._later.timeout.connect(self._draw_waiting)
        self._ahead = QTimer(self, interval=AHEAD_MS, singleShot=True)
        self._ahead.timeout.connect(self._draw_ahead)
        axis.view_changed.connect(self.update)
        axis.extent_changed.connect(self.redraw)
        axis.selection_changed.connect(self.update)
        axis.cursor_changed.connect(self._on_cursor)

    @property
    def ratio(self) -> float:
        """Device pixels a logical one."""
        return self.devicePixelRatioF()

    @property
    def plot(self) -> QRect:
        """Where signals are, in logical pixels."""
        width = self.width() - self.axis.left_px - self.axis.right_px
        return QRect(self.axis.left_px, 0, max(1, width), max(1, self.height() - self.ruler_px))

    @property
    def line_px(self) -> int:
        """The height of a line of text."""
        return math.ceil(self.fontMetrics().height())

    @property
    def ruler_px(self) -> int:
        """The height of the ruler of time at the bottom."""
        return self.line_px + 6

    @property
    def grid(self) -> Grid:
        """The columns of the present zoom."""
        columns = self.plot.width() * self.ratio
        return Grid(self.axis.extent_s[0], self.axis.width_s / columns)

    @property
    def is_complete(self) -> bool:
        """Whether every strip in sight has been drawn."""
        grid, first, last = self._in_sight()
        return all(self._tiles.has(grid, number) for number in range(first, last + 1))

    @property
    def tiles(self) -> Tiles:
        """The strips that are kept."""
        return self._tiles

    def redraw(self) -> None:
        """Draw everything anew."""
        self._tiles.clear()
        self._labels = None
        self.update()

    def lay_out(self) -> None:
        """Give each band its place."""
        if self.traces is not None:
            lay_out(self.traces.bands, self.plot.height(), self.line_px, self.traces.butterfly)
        self.redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give bands other heights."""
        super().resizeEvent(event)
        self.lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """Follow palette and text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.lay_out()
        elif event.type() == QEvent.Type.PaletteChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is in sight."""
        painter = QPainter(self)
        try:
            self._paint(painter, event.rect())
        finally:
            # A painter that outlives its event takes the whole program with it.
            painter.end()

    def _paint(self, painter: QPainter, area: QRect) -> None:
        colours = theme.current()
        if self.traces is None or not self.traces.bands:
            painter.fillRect(area, QColor(colours.base))
            painter.setPen(QColor(colours.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.scene.empty_text)
            return
        if self.fit() or self._dressed != colours.name:
            self._tiles.clear()
            self._labels = None
            self._dressed = colours.name
        painter.save()
        painter.setClipRect(area.intersected(self.plot))
        painter.fillRect(area.intersected(self.plot), QColor(colours.base))
        self._blit(painter)
        canvas_paint.draw_over(painter, self, colours)
        painter.restore()
        if area.intersects(QRect(0, 0, self.axis.left_px, self.height())):
            self._draw_labels(painter, colours)
        right = QRect(self.plot.right() + 1, 0, self.axis.right_px, self.height())
        painter.fillRect(right, QColor(colours.base))
        ruler = QRect(0, self.plot.bottom() + 1, self.width(), self.ruler_px)
        if area.intersects(ruler):
            canvas_paint.draw_ruler(painter, self, colours, ruler)

    def _draw_labels(self, painter: QPainter, colours: theme.Colours) -> None:
        if self._labels is None or self._labels.devicePixelRatio() != self.ratio:
            size = QRect(0, 0, self.axis.left_px, self.plot.height()).size() * self.ratio
            image = QImage(size, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(self.ratio)
            image.fill(QColor(colours.base))
            inner = QPainter(image)
            try:
                inner.setFont(self.font())
                canvas_paint.draw_labels(inner, self, colours)
            finally:
                inner.end()
            self._labels = image
        painter.drawImage(QPoint(0, 0), self._labels)

    def _in_sight(self) -> tuple[Grid, int, int]:
        grid = self.grid
        first = grid.column(self.axis.start_s)
        count = math.ceil(self.plot.width() * self.ratio)
        return grid, first // TILE, (first + count - 1) // TILE

    def _blit(self, painter: QPainter) -> None:
        grid, first, last = self._in_sight()
        missing = [n for n in range(first, last + 1) if not self._tiles.has(grid, n)]
        if missing and (len(missing) * self.tile_s <= PATIENCE_S or not self.isVisible()):
            self._draw_tiles(grid, missing)
        elif missing:
            self._later.start()
        # Whole device pixels, also where a logical one is one and a half: no seam, no smoothing.
        left = round(self.plot.left() * self.ratio) - grid.column(self.axis.start_s)
        for number in range(first, last + 1):
            image = self._tiles.get(grid, number)
            if image is not None:
                painter.drawImage(QPointF((left + number * TILE) / self.ratio, 0), image)
        if not missing:
            self._ahead.start()

    def _draw_tiles(self, grid: Grid, numbers: list[int]) -> None:
        """Draw strips; neighbours are fetched together."""
        begun_s = time.perf_counter()
        for run in np.split(np.array(numbers), np.flatnonzero(np.diff(numbers) > 1) + 1):
            first, count = int(run[0]), len(run)
            picture = self.picture(grid, first * TILE, count * TILE)
            for place in range(count):
                strip = picture[:, place * TILE : (place + 1) * TILE]
                self._tiles.put(grid, first + place, to_image(strip, self.ratio))
        took_s = (time.perf_counter() - begun_s) / len(numbers)
        self.tile_s = min(took_s, 0.7 * self.tile_s + 0.3 * took_s)

    def picture(self, grid: Grid, first: int, count: int, colours: theme.Colours | None = None) -> np.ndarray:
        """Return columns as pixels (height, count), 0xAARRGGBB, good until the next call."""
        colours = theme.current() if colours is None else colours
        height = math.ceil(self.plot.height() * self.ratio)
        ground = QColor(colours.base).rgb()
        picture = self._raster.picture(height, count, ground)
        if self.traces is None:
            return picture
        for lines in self.traces.lines(grid, first, count, self.axis.width_s, self.ratio):
            rows = self.rows_of(lines.band)
            ink = theme.of_kind(colours, lines.band.group.kind).rgb()
            self._raster.draw(picture, lines.top, lines.bottom, lines.empty, (ink, ground), rows)
        return picture

    def rows_of(self, band: Band) -> tuple[int, int]:
        """Return the rows of device pixels that a band may draw on."""
        return (round(band.top * self.ratio), round((band.top + band.height) * self.ratio))

    def _draw_waiting(self) -> None:
        """Draw a few strips of the newest wish, the ones in the middle first."""
        grid, first, last = self._in_sight()
        missing = [n for n in range(first, last + 1) if not self._tiles.has(grid, n)]
        if not missing or self.traces is None:
            return
        few = max(1, int(PATIENCE_S / max(self.tile_s, 1e-4)))
        self._draw_tiles(grid, missing[:few])
        self.update()

    def _draw_ahead(self) -> None:
        """Draw the strip that comes next on either side while nobody waits."""
        if self.traces is None or not self.isVisible() or self.traces.levels:
            return
        grid, first, last = self._in_sight()
        low, high = self.axis.extent_s
        for number in (last + 1, first - 1):
            inside = grid.time(number * TILE) < high and grid.time((number + 1) * TILE) > low
            if inside and not self._tiles.has(grid, number):
                self._draw_tiles(grid, [number])
                self._ahead.start()
                return

    def _on_cursor(self) -> None:
        """Paint only where the cursor was and is."""
        x = round(self.axis.x_of(self.axis.cursor_s, self.width()))
        for place in {x, self._cursor_px}:
            self.update(QRect(place - CURSOR_PX, 0, 2 * CURSOR_PX + 1, self.height()))
        self._cursor_px = x
