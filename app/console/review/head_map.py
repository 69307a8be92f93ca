"""Head maps of band power: the EEG's power in a band, between the electrodes as a smooth surface."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from analysis.views.electrodes import Placement, place
from analysis.views.head import interpolate
from analysis.views.spectrum import BANDS, band_power
from app.console.review.figure_axes import draw_bar, shaded
from app.console.review.figure_channels import ChannelChoice, streams_of
from app.console.review.figure_panel import FigurePanel, Table, choice, labelled
from app.console.review.power import Stretch, power_of
from app.console.theme import Colours

ALL = "All bands"
CELLS = 96
LEAST_ELECTRODES = 3
NEAR = 0.15
WHOLE = (min(low for low, _ in BANDS.values()), max(high for _, high in BANDS.values()))
POWER, SHARE = "Power", "Share of 1-45 Hz"


@dataclass(frozen=True)
class Wish(Stretch):
    """What to map."""

    bands: tuple[str, ...]
    is_share: bool


@dataclass(frozen=True)
class Made:
    """Band power of each electrode: a row a band, a column a channel, and where the channels sit."""

    wish: Wish
    names: tuple[str, ...]
    values: NDArray[np.float64]
    placement: Placement
    unit: str
    is_cut: bool


def make(wish: Wish) -> Made:
    """Compute the power of each band at each electrode; raises FilterError."""
    found = power_of(wish)
    whole = WHOLE if wish.is_share else None
    values = np.array([band_power(found.spectrum, *BANDS[band], relative_to=whole) for band in wish.bands])
    told = "%" if wish.is_share else f"{found.unit}²"
    scaled = values * (100 if wish.is_share else 1)
    placed = place(found.names, wish.overview.infos[wish.stream_id].channels)
    return Made(wish, found.names, scaled, placed, told, found.piece.is_cut)


class HeadMapPanel(FigurePanel):
    """Band power of the selection on the head, seen from above, nose up."""

    title = "Head map"
    stem = "head-map"
    made: Made | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(make, parent)
        self.channels = ChannelChoice(self.refresh)
        self.band = choice(self.refresh, [ALL])
        for name, (low, high) in BANDS.items():
            self.band.addItem(f"{name} {low:g}-{high:g} Hz", name)
        self.amount = choice(self.refresh, [POWER, SHARE])
        self.controls.addWidget(self.channels)
        self.controls.addWidget(labelled("Band:", self.band))
        self.controls.addWidget(labelled("As:", self.amount))
        self._heads: list[tuple[QPointF, float]] = []

    def opened(self) -> None:
        """Offer the recording's EEG."""
        assert self.view is not None
        self.channels.show_streams(streams_of(self.view, ("eeg",)))

    def wish(self) -> Hashable | str:
        """Return what is selected, of which electrodes."""
        assert self.view is not None
        info, places = self.channels.info, self.channels.places
        if info is None:
            return "This recording has no EEG that may be seen, so there is no head map."
        placed = place([info.channels[at] for at in places], info.channels)
        if len(placed.positions) < LEAST_ELECTRODES:
            unknown = f" Without a position: {', '.join(placed.unknown)}." if placed.unknown else ""
            return (
                "A head map needs at least three electrodes with names of the 10-20 or 10-10 system, such as"
                f" Fz, C3, O2. Choose more channels, or correct their names.{unknown}"
            )
        start_s, stop_s, words = self.span()
        if stop_s - start_s < 1.0:
            return "The selection is too short for band power. Select at least one second."
        bands = tuple(BANDS) if self.band.currentData() is None else (str(self.band.currentData()),)
        return Wish(
            self.view.recording.overview,
            info.id,
            places,
            start_s,
            stop_s,
            (self.view.start_s, self.view.stop_s),
            words,
            self.filters,
            bands,
            self.amount.currentText() == SHARE,
        )

    def told(self) -> str:
        """Return what is shown and which electrodes have no place on the head."""
        made = self.made
        if made is None:
            return ""
        wish = made.wish
        said = [f"{wish.stream_id}, {wish.words}, {wish.filters.words()}. Seen from above, nose up."]
        if made.is_cut:
            said.append("Only the beginning of it: the whole is too long to compute at once.")
        if made.placement.unknown:
            said.append(f"No position known, not shown: {', '.join(made.placement.unknown)}.")
        missing = [n for n, value in zip(made.names, made.values[0], strict=True) if not np.isfinite(value)]
        if missing:
            said.append(f"No value here: {', '.join(missing)}.")
        return " ".join(said)

    def table(self) -> Table:
        """Return a row an electrode, a column a band."""
        made = self.made
        assert made is not None
        heads = [f"{band} {BANDS[band][0]:g}-{BANDS[band][1]:g} Hz ({made.unit})" for band in made.wish.bands]
        rows = []
        for at, name in enumerate(made.names):
            spot = made.placement.positions.get(name)
            row: dict[str, object] = {"electrode": name}
            if spot is not None:
                row |= {"x": float(spot[0]), "y": float(spot[1])}
            row |= {head: f"{made.values[band, at]:.6g}" for band, head in enumerate(heads)}
            rows.append(row)
        return ["electrode", "x", "y", *heads], rows

    def hover(self, at: QPointF) -> str:
        """Return the value of the electrode under the mouse."""
        made = self.made
        if made is None:
            return ""
        for number, (middle, radius) in enumerate(self._heads):
            if radius <= 0 or math.dist(at.toTuple(), middle.toTuple()) > radius * 1.3:
                continue
            spot = ((at.x() - middle.x()) / radius, (middle.y() - at.y()) / radius)
            places = made.placement.positions
            name = min(places, key=lambda one: math.dist(spot, places[one]))
            value = made.values[number, made.names.index(name)]
            if math.dist(spot, places[name]) < NEAR and math.isfinite(value):
                return f"{name}, {made.wish.bands[number]}: {value:.3g} {made.unit}"
        return ""

    def draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Draw a head for each band, as large as the room allows."""
        made = self.made
        assert made is not None
        count = len(made.wish.bands)
        columns = max(range(1, count + 1), key=lambda n: _size(area, count, n))
        rows = -(-count // columns)
        width, height = area.width() / columns, area.height() / rows
        self._heads = []
        for number, band in enumerate(made.wish.bands):
            row, column = divmod(number, columns)
            cell = QRectF(area.left() + column * width, area.top() + row * height, width, height)
            self._draw_head(painter, cell, colours, made, number, band)

    def _draw_head(
        self, painter: QPainter, cell: QRectF, colours: Colours, made: Made, number: int, band: str
    ) -> None:
        metrics = QFontMetricsF(painter.font())
        line = metrics.height()
        low, high = BANDS[band]
        painter.setPen(QColor(colours.text))
        title = QRectF(cell.left(), cell.top() + 4, cell.width(), line)
        painter.drawText(title, Qt.AlignmentFlag.AlignHCenter, f"{band} ({low:g}-{high:g} Hz)")
        spots = [
            (name, made.placement.positions[name], float(value))
            for name, value in zip(made.names, made.values[number], strict=True)
            if name in made.placement.positions and math.isfinite(value)
        ]
        if not spots:
            painter.setPen(QColor(colours.muted))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, "No value")
            self._heads.append((QPointF(), 0.0))
            return
        inner = cell.adjusted(10, 2 * line + 8, -84, -12)
        reach = max(1.0, max(math.hypot(*spot) for _, spot, _ in spots))
        radius = max(20.0, min(inner.width(), inner.height()) / 2 / max(1.16, reach + 0.06))
        middle = QPointF(inner.center().x(), inner.center().y() + radius * 0.04)
        self._heads.append((middle, radius))
        limits = draw_head(painter, middle, radius, colours, spots)
        bar = QRectF(
            middle.x() + radius * max(1.14, reach + 0.08) + 6, middle.y() - radius * 0.7, 11, radius * 1.4
        )
        draw_bar(painter, bar, colours, limits, made.unit)


def _size(area: QRectF, count: int, columns: int) -> float:
    rows = -(-count // columns)
    return min(area.width() / columns - 94, area.height() / rows - 50)


def draw_head(
    painter: QPainter,
    middle: QPointF,
    radius: float,
    colours: Colours,
    spots: Sequence[tuple[str, tuple[float, float], float]],
) -> tuple[float, float]:
    """Draw a head with its shades and electrodes (name, place, value); return the limits of the shades."""
    values = [value for _, _, value in spots]
    limits = limits_of(values)
    outline = QPainterPath()
    outline.addEllipse(middle, radius, radius)
    painter.save()
    painter.setClipPath(outline)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    square = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.drawImage(square, shaded(surface_of(tuple(spot for _, spot, _ in spots), tuple(values)), limits))
    painter.restore()
    draw_outline(painter, middle, radius, colours)
    draw_electrodes(painter, middle, radius, colours, spots)
    return limits


def limits_of(values: Sequence[float]) -> tuple[float, float]:
    """Return the range of a surface's shades."""
    low, high = min(values), max(values)
    if high - low <= 1e-9 * max(abs(high), 1e-30):
        return (low * 0.9, high * 1.1) if high > 0 else (0.0, 1.0)
    return low, high


@lru_cache(maxsize=32)
def surface_of(spots: tuple[tuple[float, float], ...], values: tuple[float, ...]) -> NDArray[np.float64]:
    """Return values on a square (CELLS, CELLS) around the head's outline, the nose in the first row."""
    steps = (np.arange(CELLS) + 0.5) / CELLS * 2 - 1
    x, y = np.meshgrid(steps, -steps)
    made = interpolate(spots, values, np.column_stack([x.ravel(), y.ravel()]))
    # A spline may shoot over between electrodes; nobody measured more than the largest value.
    return np.clip(made, min(values), max(values)).reshape(CELLS, CELLS)


def draw_outline(painter: QPainter, middle: QPointF, radius: float, colours: Colours) -> None:
    """Draw a head from above, nose up."""
    painter.setPen(QPen(QColor(colours.text), 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(middle, radius, radius)
    nose = QPainterPath(QPointF(middle.x() - radius * 0.12, middle.y() - radius * 0.993))
    nose.lineTo(middle.x(), middle.y() - radius * 1.12)
    nose.lineTo(middle.x() + radius * 0.12, middle.y() - radius * 0.993)
    painter.drawPath(nose)
    for side in (-1, 1):
        box = QRectF(0, 0, radius * 0.1, radius * 0.34)
        box.moveCenter(QPointF(middle.x() + side * radius * 1.05, middle.y()))
        painter.drawArc(box, 90 * 16 if side < 0 else -90 * 16, 180 * 16)


def draw_electrodes(
    painter: QPainter,
    middle: QPointF,
    radius: float,
    colours: Colours,
    spots: Sequence[tuple[str, tuple[float, float], float]],
) -> None:
    """Draw electrodes (name, place, value), with their names where there is room."""
    font = QFont(painter.font())
    small = QFont(font)
    small.setPointSizeF(max(6.5, font.pointSizeF() * (0.8 if radius > 90 else 0.7)))
    painter.setFont(small)
    metrics = QFontMetricsF(small)
    has_names = len(spots) * metrics.horizontalAdvance("FC6 ") * metrics.height() * 2 < 3.1 * radius**2
    size = min(3.0, max(1.1, radius * 0.16 / math.sqrt(len(spots))))
    for name, (x, y), _ in spots:
        at = QPointF(middle.x() + x * radius, middle.y() - y * radius)
        painter.setPen(QPen(QColor("#ffffff"), min(1.2, size * 0.4)))
        painter.setBrush(QColor("#000000"))
        painter.drawEllipse(at, size, size)
        if not has_names:
            continue
        width = metrics.horizontalAdvance(name)
        outline = QPainterPath()
        outline.addText(QPointF(at.x() - width / 2, at.y() - 6), small, name)
        # White with a dark edge: readable on every shade of the surface and on both grounds.
        painter.setPen(QPen(QColor("#000000"), 2.4, j=Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        painter.fillPath(outline, QColor("#ffffff"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(font)
