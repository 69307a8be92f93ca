"""The pictures of a run as widgets: bars that can be clicked and walked by arrows, loss curves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.console import theme
from app.console.analyse.runs_figures import LEAST_BAR_PX, Bars, draw_folds, draw_losses, fold_words
from app.console.analyse.runs_work import FoldView, Part
from app.console.hover_tip import tell_at


class FoldsView(QWidget):
    """A bar a fold; `chosen(name)` when one is clicked, or walked to by Left and Right."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folds: tuple[FoldView, ...] = ()
        self.measure = ""
        self.chance: float | None = None
        self.name = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Folds")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_folds(self, folds: tuple[FoldView, ...], metric: str, chance: float | None, name: str) -> None:
        """Show folds, `name` the chosen one."""
        self.folds, self.measure, self.chance, self.name = folds, metric, chance, name
        self._tell()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Wide rather than high."""
        return QSize(500, 220)

    def minimumSizeHint(self) -> QSize:
        """Room for a line a fold."""
        return QSize(max(220, int(70 + LEAST_BAR_PX * len(self.folds))), 130)

    def column_centre(self, name: str) -> QPointF:
        """Return where the bar of a fold stands."""
        place = [fold.name for fold in self.folds].index(name)
        return self._bars().column(place).center()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the fold under the pointer."""
        place = self._bars().at(event.position(), len(self.folds))
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk over the folds."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self.folds:
            names = [fold.name for fold in self.folds]
            at = names.index(self.name) + step if self.name in names else 0
            self._choose(min(max(at, 0), len(names) - 1))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them."""
        painter, colours = QPainter(self), theme.current()
        if self.folds:
            draw_folds(
                painter, QRectF(self.rect()), colours, self.folds, self.measure, self.chance, self.name
            )
        if self.hasFocus():
            painter.setPen(QPen(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def words_at(self, point: QPointF) -> str:
        """Return what is known of the fold at a place."""
        place = self._bars().at(point, len(self.folds))
        return "" if place is None else fold_words(self.folds[place], self.measure)

    def event(self, event: QEvent) -> bool:
        """Tell what is at the pointer."""
        return tell_at(self, event, self.words_at) or super().event(event)

    def _bars(self) -> Bars:
        return Bars.within(QRectF(self.rect()), QFontMetricsF(self.font()), self.folds)

    def _choose(self, place: int) -> None:
        self.name = self.folds[place].name
        self._tell()
        self.update()
        self.chosen.emit(self.name)

    def _tell(self) -> None:
        known = [fold for fold in self.folds if fold.name == self.name]
        counts = [f"{sum(f.state == state for f in self.folds)} {words}" for state, words in _COUNTED]
        told = [fold_words(fold, self.measure) for fold in known]
        self.setAccessibleDescription("; ".join((*told, ", ".join(counts))))


_COUNTED = (("finished", "finished"), ("running", "running"), ("waiting", "waiting"), ("failed", "failed"))


class LossView(QWidget):
    """Losses of one fold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.part: Part | None = None
        self.title = ""
        self.why = ""
        self.setAccessibleName("Losses")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_part(self, title: str, part: Part | None, why: str) -> None:
        """Show the losses of a part of a fold's training, or why there are none."""
        self.title, self.part, self.why = title, part, why
        told = why
        if part is not None and part.epochs:
            last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in part.losses.items() if values)
            told = f"{title}: epoch {part.epochs[-1]}: {last}"
        self.setAccessibleDescription(told)
        self.update()

    def sizeHint(self) -> QSize:
        """Wide rather than high."""
        return QSize(500, 220)

    def minimumSizeHint(self) -> QSize:
        """Room for axes."""
        return QSize(220, 140)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them."""
        painter = QPainter(self)
        draw_losses(painter, QRectF(self.rect()), theme.current(), self.title, self.part, self.why)
