"""The picture of a split: each participant a row, each trial a mark whose shape is its side in a fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from analysis.corpus.cases import Cases
from analysis.evaluation.splits import TRIAL, Division, Fold
from app.console.analyse.coverage_work import counted
from app.console.theme import Colours

Side = Literal["train", "validation", "test", "both", "none"]
SIDES: tuple[Side, ...] = ("train", "validation", "test", "both", "none")
WORDS = {
    "train": "trains",
    "validation": "validates",
    "test": "is tested",
    "both": "is in both sides",
    "none": "is not used in this fold",
}
LEAST_ROW_PX, MOST_ROW_PX = 9.0, 36.0
MOST_MARK_PX = 44.0
WATERMARK = "LEAKY"


@dataclass(frozen=True, slots=True)
class TrialMark:
    """A trial in the picture: the cases of one trial, all on one side unless windows are torn apart."""

    row: int
    column: int
    participant: str
    words: str


@dataclass(frozen=True)
class SplitMap:
    """Where the trials of all cases stand, and of which trial each case is."""

    participants: tuple[str, ...]
    marks: tuple[TrialMark, ...]
    columns: int
    of_case: NDArray[np.intp]
    participant_of_case: NDArray[np.str_]

    @classmethod
    def of(cls, cases: Cases) -> SplitMap:
        """Return it: participants in order, their trials in order of recording and time."""
        groups, first, of_case = np.unique(cases.groups(TRIAL), return_index=True, return_inverse=True)
        people = tuple(str(code) for code in np.unique(cases.participant))
        rows = {code: place for place, code in enumerate(people)}
        order = np.lexsort((cases.start_s[first], cases.recording[first], cases.participant[first]))
        taken = dict.fromkeys(people, 0)
        marks: list[TrialMark | None] = [None] * len(groups)
        for place in order.tolist():
            at = int(first[place])
            code = str(cases.participant[at])
            told = f"{code}, session {cases.session[at]}, trial {int(cases.trial[at]) + 1}"
            if cases.stimulus[at]:
                told += f" ({cases.stimulus[at]})"
            marks[place] = TrialMark(rows[code], taken[code], code, told)
            taken[code] += 1
        known = tuple(mark for mark in marks if mark is not None)
        return cls(people, known, max(taken.values(), default=0), of_case.reshape(-1), cases.participant)

    def sides(self, fold: Fold) -> list[Side]:
        """Return the side of each mark in a fold."""
        counts = np.stack(
            [
                np.bincount(self.of_case[rows], minlength=len(self.marks)) > 0
                for rows in (fold.train, fold.validation, fold.test)
            ]
        )
        many = counts.sum(axis=0) > 1
        which = np.where(many, 3, np.where(counts.any(axis=0), counts.argmax(axis=0), 4))
        return [SIDES[each] for each in which.tolist()]

    def fold_words(self, division: Division, number: int) -> str:
        """Return in words who is on which side in a fold."""
        fold = division.folds[number]
        told = [f"Fold {number + 1} of {len(division.folds)}, {fold.title}"]
        for rows, words in ((fold.test, "tested"), (fold.train, "train"), (fold.validation, "validate")):
            if len(rows):
                people = np.unique(self.participant_of_case[rows])
                who = str(people[0]) if len(people) == 1 else counted(len(people), "participant")
                told.append(f"{words}: {counted(len(rows), 'case')} of {who}")
        return "; ".join(told) + "."


@dataclass(frozen=True, slots=True)
class Grid:
    """Where rows and marks lie in an area."""

    left: float
    top: float
    wide: float
    high: float

    @classmethod
    def within(cls, area: QRectF, widest: float, known: SplitMap) -> Grid:
        """Return the grid that fits beside names of this width."""
        left = area.left() + min(widest + 10, area.width() * 0.3)
        high = min(MOST_ROW_PX, area.height() / max(1, len(known.participants)))
        wide = min(MOST_MARK_PX, (area.right() - left) / max(1, known.columns))
        return cls(left, area.top(), wide, high)

    def box(self, mark: TrialMark) -> QRectF:
        """Return where a mark is drawn."""
        gap_x, gap_y = min(2.0, self.wide * 0.15), min(2.0, self.high * 0.15)
        return QRectF(
            self.left + mark.column * self.wide + gap_x,
            self.top + mark.row * self.high + gap_y,
            max(1.0, self.wide - 2 * gap_x),
            max(1.0, self.high - 2 * gap_y),
        )


def widest_name(metrics: QFontMetricsF, known: SplitMap) -> float:
    """Return how wide the widest participant's code is."""
    return max((metrics.horizontalAdvance(code) for code in known.participants), default=0.0)


def draw_split(
    painter: QPainter, area: QRectF, colours: Colours, known: SplitMap, fold: Fold, leaks: bool
) -> None:
    """Draw a fold of a split; a leaky one carries its word across."""
    metrics = QFontMetricsF(painter.font())
    grid = Grid.within(area, widest_name(metrics, known), known)
    sides = known.sides(fold)
    every = max(1, int(np.ceil(metrics.height() / max(1.0, grid.high))))
    tested = {mark.row for mark, side in zip(known.marks, sides, strict=True) if side == "test"}
    for row, code in enumerate(known.participants):
        if row % every == 0:
            painter.setPen(QColor(colours.text if row in tested else colours.muted))
            high = max(grid.high, metrics.height())
            place = QRectF(area.left(), grid.top + (row + 0.5) * grid.high - high / 2, 0, high)
            place.setRight(grid.left - 8)
            text = metrics.elidedText(code, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for mark, side in zip(known.marks, sides, strict=True):
        draw_side(painter, grid.box(mark), side, colours)
    if leaks:
        _draw_watermark(painter, area, colours)


def draw_side(painter: QPainter, box: QRectF, side: Side, colours: Colours) -> None:
    """Draw one mark: full (train), hatched (validation), edge and dot (test), both halves, a dash."""
    train, test = QColor(colours.accent), QColor(colours.heart)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if side == "train":
        painter.fillRect(box, train)
    elif side == "validation":
        painter.fillRect(box, QBrush(QColor(colours.temperature), Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(QColor(colours.temperature), 1))
        painter.drawRect(box)
    elif side == "test":
        painter.setPen(QPen(test, 1.8))
        painter.drawRect(box.adjusted(0.9, 0.9, -0.9, -0.9))
        radius = min(box.width(), box.height()) * 0.2
        painter.setBrush(test)
        painter.drawEllipse(box.center(), radius, radius)
    elif side == "both":
        painter.fillRect(QRectF(box.left(), box.top(), box.width() / 2, box.height()), train)
        painter.setPen(QPen(test, 1.8))
        painter.drawRect(box.adjusted(0.9, 0.9, -0.9, -0.9))
    else:
        painter.setPen(QPen(QColor(colours.muted), 1))
        middle, reach = box.center(), box.width() * 0.25
        painter.drawLine(QPointF(middle.x() - reach, middle.y()), QPointF(middle.x() + reach, middle.y()))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_key(painter: QPainter, area: QRectF, colours: Colours, sides: list[Side]) -> None:
    """Say in a row what the shapes mean."""
    metrics = QFontMetricsF(painter.font())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x, size = area.left(), 14.0
    for side in (each for each in SIDES if each in sides):
        box = QRectF(x, area.center().y() - size / 2, size, size)
        draw_side(painter, box, side, colours)
        words = KEY[side]
        wide = metrics.horizontalAdvance(words)
        painter.setPen(QColor(colours.muted))
        place = QRectF(x + size + 6, area.top(), wide + 4, area.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
        x += size + wide + 24


KEY = {"train": "train", "validation": "validate", "test": "test", "both": "both", "none": "not used"}


def _draw_watermark(painter: QPainter, area: QRectF, colours: Colours) -> None:
    painter.save()
    font = painter.font()
    font.setPointSizeF(max(font.pointSizeF() * 2, min(area.width() / 9, area.height() / 4) * 0.75))
    font.setBold(True)
    painter.setFont(font)
    painter.translate(area.center())
    painter.rotate(-18)
    metrics = QFontMetricsF(font)
    wide, high = metrics.horizontalAdvance(WATERMARK) + 40, metrics.height()
    plate = QRectF(-wide / 2, -high / 2, wide, high)
    ground = QColor(colours.base)
    ground.setAlpha(205)
    painter.fillRect(plate, ground)
    painter.setPen(QPen(QColor(colours.alarm), 3))
    painter.drawRect(plate)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, WATERMARK)
    painter.restore()
