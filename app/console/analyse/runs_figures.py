"""Pictures of a run on any painter: a bar a fold with its score, losses epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from app.console.analyse.runs_work import FoldView, Part
from app.console.axes import round_ticks
from app.console.review.figure_axes import (
    axes_with_room,
    draw_frame,
    draw_key,
    draw_words,
    line_pen,
    plain_ticks,
    polylines,
)
from app.console.theme import Colours

STATE_WORDS = {
    "waiting": "waits",
    "running": "is trained",
    "finished": "finished",
    "failed": "failed",
    "stopped": "stopped by a guard",
}
MOST_BAR_PX, LEAST_BAR_PX = 64.0, 5.0
NAME_ROOM = 5


@dataclass(frozen=True, slots=True)
class Bars:
    """Where the bars of folds lie: scores from `low` to `high`."""

    box: QRectF
    wide: float
    low: float
    high: float

    @classmethod
    def within(cls, area: QRectF, metrics: QFontMetricsF, folds: Sequence[FoldView]) -> Bars:
        """Return where they fit."""
        scores = [fold.score for fold in folds if fold.score is not None and math.isfinite(fold.score)]
        low = min([0.0, *scores])
        high = max([1.0, *scores])
        left = metrics.horizontalAdvance("-0.00") + 14
        box = area.adjusted(left, metrics.height() + 8, -10, -metrics.height() - 12)
        wide = min(MOST_BAR_PX, box.width() / max(1, len(folds)))
        return cls(box, wide, low, high)

    def up(self, value: float) -> float:
        """Return the height of a score."""
        share = (value - self.low) / (self.high - self.low)
        return self.box.bottom() - self.box.height() * min(1.0, max(0.0, share))

    def column(self, place: int) -> QRectF:
        """Return the whole column of a fold."""
        return QRectF(self.box.left() + place * self.wide, self.box.top(), self.wide, self.box.height())

    def at(self, point: QPointF, count: int) -> int | None:
        """Return the fold at a place."""
        place = int((point.x() - self.box.left()) // self.wide) if self.wide else -1
        return place if 0 <= place < count else None


def fold_words(fold: FoldView, metric: str) -> str:
    """Return what is known of a fold."""
    told = [f"{fold.title} {STATE_WORDS[fold.state]}"]
    if fold.score is not None:
        told.append(f"{metric} {fold.score:.3f}" if math.isfinite(fold.score) else f"{metric} is undefined")
    if fold.state == "running":
        for name, part in fold.parts.items():
            if part.epochs:
                which = f"{name}, " if name else ""
                told.append(f"{which}epoch {part.epochs[-1]} of at most {part.of}")
    told.append(f"{fold.tested} cases tested")
    if fold.seconds:
        told.append(f"{fold.seconds:.1f} s")
    if fold.why:
        told.append(fold.why)
    return ", ".join(told)


def draw_folds(
    painter: QPainter,
    area: QRectF,
    colours: Colours,
    folds: Sequence[FoldView],
    metric: str,
    chance: float | None,
    chosen: str = "",
) -> None:
    """Draw a bar for every finished fold; others show by a sign what they are at."""
    metrics = QFontMetricsF(painter.font())
    bars = Bars.within(area, metrics, folds)
    line, box = metrics.height(), bars.box
    painter.setPen(QColor(colours.text))
    title = f"{metric} of each fold"
    painter.drawText(QRectF(area.left() + 6, area.top() + 2, area.width() - 12, line), _LEFT, title)
    for tick in round_ticks(bars.low, bars.high, 5):
        y = bars.up(tick)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(QColor(colours.muted))
        label = QRectF(area.left(), y - line / 2, box.left() - area.left() - 6, line)
        painter.drawText(label, _RIGHT, f"{tick:g}")
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for place, fold in enumerate(folds):
        _draw_fold(painter, bars, place, fold, colours, fold.name == chosen)
    _draw_names(painter, bars, folds, colours, metrics)
    if chance is not None:
        painter.setPen(QPen(QColor(colours.text), 1.4, Qt.PenStyle.DashLine))
        y = bars.up(chance)
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        told = f"chance {chance:.2f}"
        wide = metrics.horizontalAdvance(told) + 8
        plate = QRectF(box.right() - wide, y - line - 1, wide, line)
        painter.fillRect(plate, QColor(colours.base))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, told)


def _draw_fold(
    painter: QPainter, bars: Bars, place: int, fold: FoldView, colours: Colours, chosen: bool
) -> None:
    column = bars.column(place)
    gap = min(8.0, bars.wide * 0.15)
    inner = column.adjusted(gap, 0, -gap, 0)
    ground = bars.up(max(bars.low, 0.0))
    if chosen:
        tint = QColor(colours.accent)
        tint.setAlpha(36)
        painter.fillRect(column, tint)
    middle = inner.center().x()
    if fold.state == "finished" and fold.score is not None and math.isfinite(fold.score):
        top = bars.up(fold.score)
        painter.fillRect(
            QRectF(inner.left(), min(top, ground), inner.width(), max(1.5, abs(ground - top))),
            QColor(colours.accent),
        )
    elif fold.state == "running":
        share = max((p.epochs[-1] / p.of for p in fold.parts.values() if p.epochs and p.of), default=0.0)
        painter.setPen(QPen(QColor(colours.accent), 1.2, Qt.PenStyle.DashLine))
        painter.drawRect(QRectF(inner.left(), bars.box.top(), inner.width(), bars.box.height()))
        grown = bars.box.height() * share
        filled = QRectF(inner.left(), bars.box.bottom() - grown, inner.width(), grown)
        painter.fillRect(filled, QBrush(QColor(colours.accent), Qt.BrushStyle.BDiagPattern))
    elif fold.state in ("failed", "stopped", "finished"):
        reach = min(5.0, inner.width() / 2)
        ink = colours.alarm if fold.state != "finished" else colours.muted
        painter.setPen(QPen(QColor(ink), 1.8))
        at = QPointF(middle, ground - 10)
        painter.drawLine(at + QPointF(-reach, -reach), at + QPointF(reach, reach))
        painter.drawLine(at + QPointF(-reach, reach), at + QPointF(reach, -reach))
        if fold.state == "stopped":
            painter.drawRect(QRectF(at.x() - reach - 2, at.y() - reach - 2, 2 * reach + 4, 2 * reach + 4))
    else:
        painter.setPen(QPen(QColor(colours.muted), 1.4))
        painter.drawLine(
            QPointF(middle - min(4.0, inner.width() / 3), ground - 2),
            QPointF(middle + min(4.0, inner.width() / 3), ground - 2),
        )


def _draw_names(
    painter: QPainter, bars: Bars, folds: Sequence[FoldView], colours: Colours, metrics: QFontMetricsF
) -> None:
    widest = max((metrics.horizontalAdvance(fold.title[-NAME_ROOM * 2 :]) for fold in folds), default=1.0)
    every = max(1, math.ceil((widest + 8) / max(1.0, bars.wide)))
    painter.setPen(QColor(colours.muted))
    for place in range(0, len(folds), every):
        column = bars.column(place)
        room = QRectF(
            column.center().x() - widest / 2 - 4, bars.box.bottom() + 4, widest + 8, metrics.height()
        )
        if room.right() <= bars.box.right() + 10:
            name = folds[place].title
            if metrics.horizontalAdvance(name) > room.width():
                name = name[-NAME_ROOM * 2 :]
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, name)


def draw_losses(
    painter: QPainter, area: QRectF, colours: Colours, title: str, part: Part | None, why: str
) -> None:
    """Draw losses over epochs, each line told apart by colour and dashes; `why` there are none."""
    if part is None or not part.epochs:
        draw_words(painter, area, colours, why)
        return
    metrics = QFontMetricsF(painter.font())
    values: Mapping[str, np.ndarray] = {name: np.array(each) for name, each in part.losses.items()}
    known = np.concatenate([each[np.isfinite(each)] for each in values.values()] or [np.zeros(0)])
    if not known.size:
        draw_words(painter, area, colours, "The losses of this fold are not numbers.")
        return
    low, high = float(known.min()), float(known.max())
    room = (high - low) * 0.06 or abs(high) * 0.1 or 0.1
    last = max(2, part.epochs[-1])
    line = metrics.height()
    plot = area.adjusted(0, line + 4, 0, 0)
    axes = axes_with_room(plot, metrics, (1.0, float(last)), (low - room, high + room), "-0.000")
    ticks = [(at, words) for at, words in plain_ticks(1, last, 8) if float(at).is_integer()]
    draw_frame(painter, axes, colours, (title, "epoch"), ticks, plain_ticks(*axes.y, 5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    epochs = np.array(part.epochs, np.float64)
    for number, each in enumerate(values.values()):
        painter.setPen(line_pen(colours, number))
        for line_of in polylines(axes, epochs, each):
            painter.drawPolyline(line_of)
    key = QRectF(axes.box.left(), area.top(), axes.box.width(), line + 4)
    draw_key(painter, key, colours, [name.replace("_", " ") for name in values])


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
