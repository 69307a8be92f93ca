"""The picture of what was recorded: participants down, modalities across, on any painter."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from analysis.corpus.coverage import Cell, Coverage
from app.console.theme import Colours

GOOD, FAIR = 0.9, 0.6
"""Quality from here is drawn as a full disc, from here as half of one; below it is a ring."""
SIDE_PX = 11.0
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def cell_at(coverage: Coverage, participant: str, modality: str) -> Cell:
    """Return a cell; an empty one where nothing is known."""
    return coverage.cells.get((participant, modality), Cell(0, 0, 0.0))


def cell_words(cell: Cell) -> str:
    """Return a cell in words."""
    if not cell.with_signal:
        return "; ".join(("no signal", *cell.why))
    told = f"{cell.with_signal} of {cell.trials} trials have a signal, quality {cell.quality:.2f}"
    return "; ".join((told, *cell.why))


def level_colour(cell: Cell, colours: Colours) -> str:
    """Return the colour of a cell's quality."""
    if not cell.with_signal:
        return colours.muted
    return (
        colours.good if cell.quality >= GOOD else colours.warning if cell.quality >= FAIR else colours.alarm
    )


def draw_quality(painter: QPainter, centre: QPointF, side: float, cell: Cell, colours: Colours) -> None:
    """Draw quality as a shape: disc, half disc, ring; a cross where there is no signal."""
    ink = QColor(level_colour(cell, colours))
    radius = side / 2
    painter.setPen(QPen(ink, 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if not cell.with_signal:
        step = radius * 0.7
        painter.drawLine(centre + QPointF(-step, -step), centre + QPointF(step, step))
        painter.drawLine(centre + QPointF(-step, step), centre + QPointF(step, -step))
        return
    if cell.quality >= GOOD:
        painter.setBrush(ink)
    painter.drawEllipse(centre, radius - 0.8, radius - 0.8)
    if FAIR <= cell.quality < GOOD:
        painter.setBrush(ink)
        box = QRectF(centre.x() - radius + 0.8, centre.y() - radius + 0.8, side - 1.6, side - 1.6)
        painter.drawPie(box, 90 * 16, 180 * 16)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_cell(painter: QPainter, area: QRectF, cell: Cell, colours: Colours) -> None:
    """Draw one cell: the share as a bar and in numbers, the quality as a shape and a number."""
    metrics = QFontMetricsF(painter.font())
    inner = area.adjusted(6, 2, -6, -3)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_quality(
        painter,
        QPointF(inner.left() + SIDE_PX / 2, inner.center().y() - 2),
        SIDE_PX,
        cell,
        colours,
    )
    words = inner.adjusted(SIDE_PX + 6, 0, 0, -4)
    painter.setPen(QColor(colours.text if cell.with_signal else colours.muted))
    if cell.with_signal:
        painter.drawText(words, _LEFT, f"{cell.quality:.2f}")
    count = f"{cell.with_signal}/{cell.trials}" if cell.trials else "none"
    if metrics.horizontalAdvance(f"0.00 {count}") <= words.width() or not cell.with_signal:
        painter.drawText(words, _RIGHT, count)
    track = QRectF(inner.left(), inner.bottom() - 2, inner.width(), 3)
    painter.fillRect(track, QColor(colours.border))
    if cell.with_signal:
        filled = QRectF(track.left(), track.top(), track.width() * cell.share, track.height())
        painter.fillRect(filled, QColor(level_colour(cell, colours)))


def draw_matrix(painter: QPainter, area: QRectF, colours: Colours, matrix: Coverage, title: str) -> None:
    """Draw it whole, with names beside and above, and what the shapes mean below."""
    metrics = QFontMetricsF(painter.font())
    line = metrics.height()
    painter.setPen(QColor(colours.text))
    painter.drawText(QRectF(area.left() + 10, area.top() + 8, area.width() - 20, line), _LEFT, title)
    if not matrix.participants or not matrix.modalities:
        return
    widest = max(metrics.horizontalAdvance(each) for each in matrix.participants)
    left = area.left() + 10 + min(widest + 12, area.width() * 0.25)
    top = area.top() + 2 * line + 18
    bottom = area.bottom() - line - 14
    wide = min(150.0, (area.right() - 10 - left) / len(matrix.modalities))
    high = min(line + 12, (bottom - top) / len(matrix.participants))
    for column, modality in enumerate(matrix.modalities):
        painter.setPen(QColor(colours.muted))
        head = QRectF(left + column * wide + 6, top - line - 4, wide - 8, line)
        painter.drawText(head, _LEFT, metrics.elidedText(modality, _ELIDE, head.width()))
    for row, participant in enumerate(matrix.participants):
        y = top + row * high
        painter.setPen(QColor(colours.muted))
        name = QRectF(area.left() + 10, y, left - area.left() - 16, high)
        painter.drawText(name, _LEFT, metrics.elidedText(participant, _ELIDE, name.width()))
        for column, modality in enumerate(matrix.modalities):
            box = QRectF(left + column * wide, y, wide, high)
            draw_cell(painter, box, cell_at(matrix, participant, modality), colours)
    draw_legend(painter, QRectF(area.left() + 10, area.bottom() - line - 8, area.width(), line), colours)


def draw_legend(painter: QPainter, area: QRectF, colours: Colours) -> None:
    """Say in a row what the shapes mean."""
    metrics = QFontMetricsF(painter.font())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x = area.left()
    for cell, words in LEGEND:
        draw_quality(painter, QPointF(x + SIDE_PX / 2, area.center().y()), SIDE_PX, cell, colours)
        painter.setPen(QColor(colours.muted))
        wide = metrics.horizontalAdvance(words)
        painter.drawText(QRectF(x + SIDE_PX + 6, area.top(), wide + 4, area.height()), _LEFT, words)
        x += SIDE_PX + wide + 26


LEGEND = (
    (Cell(1, 1, 1.0), f"quality {GOOD:g} or more"),
    (Cell(1, 1, 0.7), f"{FAIR:g} to {GOOD:g}"),
    (Cell(1, 1, 0.3), f"below {FAIR:g}"),
    (Cell(0, 1, 0.0), "no signal"),
)
_ELIDE = Qt.TextElideMode.ElideRight
