"""A schedule as bars: blocks, trials and stages over the time that a usual participant takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from app.console import theme
from app.console.parts import clock_text
from protocols.schedule import Schedule, Stage

ROWS = ("blocks", "trials", "stages")
LEFT = 8.0
SMALLEST_PX = 2.0
ZOOM, MOST_ZOOM = 1.5, 400.0
# What kinds of stages look like: what is seen, what is heard, what is asked, what is done, what rests.
GROUPS = {
    "picture": "eeg", "film": "eeg", "mask": "eeg", "sequence": "eeg", "flash": "eeg",
    "sound": "sound",
    "questionnaire": "motion", "choice": "motion",
    "typing": "heart", "speaking": "heart", "imagery": "heart",
    "instruction": "other", "fixation": "skin", "blank": "skin", "rest": "skin", "break": "skin",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the schedule; `stages` are the first and the last of it."""

    row: int
    start_s: float
    length_s: float
    name: str
    told: str
    colour: str
    stages: tuple[int, int]


def bars(schedule: Schedule) -> list[Bar]:
    """Return the bars of a schedule: blocks, trials, stages."""
    starts = [0.0]
    for stage in schedule.stages:
        starts.append(starts[-1] + stage.duration.typical_s)
    found: list[Bar] = []
    for row, key in ((0, lambda stage: stage.block), (1, lambda stage: stage.trial)):
        for value, members in groupby(schedule.stages, key=key):
            inside = list(members)
            first, last = inside[0].index, inside[-1].index
            start_s, length_s = starts[first], starts[last + 1] - starts[first]
            if value in ("", -1):
                continue
            name, told = (str(value), f"Block {value}") if row == 0 else _trial(schedule, int(value))
            whole = f"{told}\n{clock_text(start_s)}, {length_s:.1f} s"
            found.append(Bar(row, start_s, length_s, name, whole, "accent", (first, last)))
    for stage in schedule.stages:
        told = "\n".join(_lines(stage, starts[stage.index]))
        colour = GROUPS.get(stage.kind, "other")
        length_s = stage.duration.typical_s
        found.append(
            Bar(2, starts[stage.index], length_s, stage.name, told, colour, (stage.index, stage.index))
        )
    return found


def _trial(schedule: Schedule, index: int) -> tuple[str, str]:
    trial = schedule.trials[index]
    about = trial.stimulus or trial.item.get("id", "") or f"one of {len(trial.candidates)}"
    practice = ", practice" if trial.practice else ""
    return about, f"Trial {index + 1}{practice}: {about} ({trial.category})"


def _lines(stage: Stage, start_s: float) -> Iterator[str]:
    yield f"{stage.name} ({stage.kind})" if stage.name != stage.kind else stage.name
    duration = stage.duration
    if duration.is_timed:
        yield f"{clock_text(start_s)}, {duration.typical_s:g} s"
    else:
        longest = "no limit" if duration.max_s is None else f"at most {duration.max_s:g} s"
        ends = "to its end" if stage.until_stimulus_ends else f"at least {duration.min_s:g} s"
        yield f"{clock_text(start_s)}, usually {duration.typical_s:g} s ({ends}, {longest})"
    if stage.stimulus:
        yield stage.stimulus
    for key in ("text", "prompt", "title", "sentence"):
        text = str(stage.content.get(key) or "")
        if text:
            yield text if len(text) < 80 else f"{text[:77]}…"
            return


class Bars(QWidget):
    """Draws the bars; `chosen(stage)` when one is clicked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Timeline")
        self.setMouseTracking(True)
        self.bars: list[Bar] = []
        self.length_s = 0.0
        self.zoom = 1.0
        self.room = 400

    def show_schedule(self, schedule: Schedule | None) -> None:
        """Show a schedule; None leaves what is shown and greys it."""
        self.setEnabled(schedule is not None)
        if schedule is not None:
            self.bars, self.length_s = bars(schedule), schedule.typical_s
            words = (
                f"{len(schedule.trials)} trials, {len(schedule.stages)} stages, {clock_text(self.length_s)}"
            )
            self.setAccessibleDescription(words)
        self.fit()

    def fit(self) -> None:
        """Take the width that the zoom asks for."""
        self.setFixedWidth(max(self.room, int(self.room * self.zoom)))
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """Three rows and the axis."""
        return QSize(self.room, int(len(ROWS) * (self._height() + 4) + self.fontMetrics().height() + 8))

    def bar_at(self, x: float, y: float) -> Bar | None:
        """Return the bar at a place; the last that is drawn there."""
        return next((bar for bar in reversed(self.bars) if self._box(bar).contains(QPointF(x, y))), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars in sight, and the axis."""
        painter = QPainter(self)
        metrics = QFontMetricsF(self.font())
        colours = theme.current()
        area = event.rect().toRectF()
        for bar in self.bars:
            box = self._box(bar)
            if box.right() < area.left() or box.left() > area.right():
                continue
            ground = QColor(getattr(colours, bar.colour))
            if not self.isEnabled():
                ground = QColor(colours.border)
            if bar.row < 2:
                soft = QColor(ground)
                soft.setAlpha(46 if bar.row == 0 else 28)
                painter.fillRect(box, soft)
                painter.setPen(QPen(ground, 1))
                painter.drawRect(box)
                ink = QColor(colours.text)
            else:
                painter.fillRect(box, ground)
                ink = QColor("#ffffff" if theme.contrast("#ffffff", ground.name()) >= 4.5 else "#000000")
            # The name stays in sight while its bar is longer than the window.
            seen = box.intersected(area).adjusted(4, 0, -4, 0)
            if seen.width() > metrics.averageCharWidth() * 2.5:
                painter.setPen(ink)
                text = metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, seen.width())
                painter.drawText(seen, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        self._draw_axis(painter, metrics, area)

    def event(self, event: QEvent) -> bool:
        """Tell about the bar under the pointer."""
        if isinstance(event, QHelpEvent):
            bar = self.bar_at(event.pos().x(), event.pos().y())
            if bar is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), bar.told, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a bar."""
        bar = self.bar_at(event.position().x(), event.position().y())
        if bar is not None:
            self.chosen.emit(bar.stages[0])

    def _height(self) -> int:
        return self.fontMetrics().height() + 8

    def _x(self, at_s: float) -> float:
        return LEFT + (self.width() - 2 * LEFT) * (at_s / self.length_s if self.length_s else 0.0)

    def _box(self, bar: Bar) -> QRectF:
        left, right = self._x(bar.start_s), self._x(bar.start_s + bar.length_s)
        gap = 1.0 if right - left > 4 else 0.0
        top = bar.row * (self._height() + 4) + 2
        return QRectF(left, top, max(SMALLEST_PX, right - left - gap), self._height())

    def _draw_axis(self, painter: QPainter, metrics: QFontMetricsF, area: QRectF) -> None:
        top = len(ROWS) * (self._height() + 4) + 4
        painter.setPen(QColor(theme.current().muted))
        if self.length_s <= 0:
            return
        wanted = 90 / max(1e-9, (self.width() - 2 * LEFT) / self.length_s)
        steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
        step = next((each for each in steps if each >= wanted), 14_400)
        at_s = 0
        while at_s <= self.length_s:
            x = self._x(at_s)
            if area.left() - 80 < x < area.right() + 80:
                painter.drawLine(QPointF(x, top - 2), QPointF(x, top + 2))
                painter.drawText(QPointF(x + 3, top + metrics.ascent()), clock_text(at_s))
            at_s += step


class TimelineView(QScrollArea):
    """The bars, wider than the window where somebody looks closely: Ctrl and the wheel, or the buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.bars = Bars()
        self.setWidget(self.bars)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(False)

    def zoom_by(self, factor: float, at: float | None = None) -> None:
        """Look closer or less close; what is at `at` (pixels of the window, None: its middle) stays there."""
        place = self.viewport().width() / 2 if at is None else at
        bar = self.horizontalScrollBar()
        share = (bar.value() + place) / max(1, self.bars.width())
        self.bars.zoom = min(MOST_ZOOM, max(1.0, self.bars.zoom * factor))
        self.bars.fit()
        bar.setValue(round(share * self.bars.width() - place))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl and the wheel look closer; the wheel alone moves along."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(ZOOM if turned > 0 else 1 / ZOOM, event.position().x())
        else:
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - turned)
        event.accept()

    def resizeEvent(self, event: object) -> None:
        """Fill the window."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.bars.room = self.viewport().width()
        self.bars.fit()
        self.setMinimumHeight(
            self.bars.sizeHint().height() + self.horizontalScrollBar().sizeHint().height() + 4
        )
