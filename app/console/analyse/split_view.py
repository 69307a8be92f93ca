"""The picture of a split as a widget: fold by fold, by arrow keys too; tips tell the side of each trial."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from analysis.corpus.cases import Cases
from analysis.evaluation.splits import Division
from app.console import theme
from app.console.analyse.split_picture import (
    LEAST_ROW_PX,
    WATERMARK,
    WORDS,
    Grid,
    SplitMap,
    draw_key,
    draw_split,
    widest_name,
)
from app.console.hover_tip import tell_at
from app.console.parts import Line, Tinted
from app.console.review.figure_axes import draw_words

KEY_ROOM = 26.0


class SplitCanvas(QWidget):
    """Draws one fold; Left and Right ask for the fold before and the next."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.known: SplitMap | None = None
        self.division: Division | None = None
        self.number = 0
        self.why = "Choose a recognizer and a target to see the split."
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Split")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Wide rather than high."""
        return QSize(440, 300)

    def minimumSizeHint(self) -> QSize:
        """Every participant has a line, however thin."""
        rows = len(self.known.participants) if self.known is not None else 4
        return QSize(220, int(rows * LEAST_ROW_PX + KEY_ROOM + 12))

    @property
    def area(self) -> QRectF:
        """The room for rows and marks."""
        return QRectF(self.rect()).adjusted(8, 8, -8, -KEY_ROOM)

    @property
    def grid(self) -> Grid:
        """Where the marks lie."""
        assert self.known is not None
        return Grid.within(self.area, widest_name(QFontMetricsF(self.font()), self.known), self.known)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step through the folds."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the fold, or why there is none."""
        painter, colours = QPainter(self), theme.current()
        if self.known is None or self.division is None:
            draw_words(painter, QRectF(self.rect()), colours, self.why)
            return
        fold = self.division.folds[self.number]
        draw_split(painter, self.area, colours, self.known, fold, self.division.leaky)
        key = QRectF(8, self.height() - KEY_ROOM, self.width() - 16, KEY_ROOM)
        draw_key(painter, key, colours, self.known.sides(fold))
        if self.hasFocus():
            painter.setPen(colours.accent)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def words_at(self, point: QPointF) -> str:
        """Return which trial is at a place, and on which side it is."""
        if self.known is None or self.division is None:
            return ""
        grid = self.grid
        sides = self.known.sides(self.division.folds[self.number])
        for mark, side in zip(self.known.marks, sides, strict=True):
            if grid.box(mark).adjusted(-2, -2, 2, 2).contains(point):
                return f"{mark.words} {WORDS[side]}"
        return ""

    def event(self, event: QEvent) -> bool:
        """Tell what is at the pointer."""
        return tell_at(self, event, self.words_at) or super().event(event)


class SplitView(QWidget):
    """The picture with its words, and buttons that go through the folds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.words = Line("", "text", True)
        column.addWidget(self.words)
        self.canvas = SplitCanvas()
        self.canvas.stepped.connect(self.step)
        area = QScrollArea()
        area.setWidget(self.canvas)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.viewport().setAutoFillBackground(False)
        self.canvas.setAutoFillBackground(False)
        column.addWidget(area, 1)
        row = QHBoxLayout()
        self.fold_words = Line("", "muted", True)
        row.addWidget(self.fold_words, 1)
        self.previous = Tinted("Previous fold", "step-back", lambda: self.step(-1))
        self.next = Tinted("Next fold", "step-forward", lambda: self.step(1))
        row.addWidget(self.previous)
        row.addWidget(self.next)
        column.addLayout(row)
        self.notes = Line("", "muted", True)
        column.addWidget(self.notes)
        self.show_nothing(self.canvas.why)

    def show_nothing(self, why: str) -> None:
        """Show no split, and say why."""
        self.canvas.known = self.canvas.division = None
        self.canvas.why = why
        for line in (self.words, self.fold_words, self.notes):
            line.setText("")
            line.hide()
        for button in (self.previous, self.next):
            button.setEnabled(False)
        self.canvas.setAccessibleDescription(why)
        self.canvas.update()

    def show_division(self, cases: Cases, division: Division) -> None:
        """Show the first fold of a division of these cases."""
        self.canvas.known, self.canvas.division = SplitMap.of(cases), division
        self.canvas.number = min(self.canvas.number, len(division.folds) - 1)
        self.words.setText(division.words)
        self.words.set_colour("alarm" if division.leaky else "text")
        self.notes.setText(" ".join(note.rstrip(".") + "." for note in division.notes[:4]))
        self.words.show()
        self.fold_words.show()
        self.notes.setVisible(bool(division.notes))
        for button in (self.previous, self.next):
            button.setEnabled(len(division.folds) > 1)
        self.canvas.updateGeometry()
        self._tell()

    def step(self, by: int) -> None:
        """Show the next (1) or previous (-1) fold, round and round."""
        if self.canvas.division is not None:
            self.canvas.number = (self.canvas.number + by) % len(self.canvas.division.folds)
            self._tell()

    def _tell(self) -> None:
        known, division = self.canvas.known, self.canvas.division
        assert known is not None and division is not None
        told = known.fold_words(division, self.canvas.number)
        self.fold_words.setText(told)
        watermark = f"{WATERMARK}. " if division.leaky else ""
        self.canvas.setAccessibleDescription(f"{watermark}{division.words} {told}")
        self.canvas.update()
