"""A head map of weights by EEG channel, drawn as the review draws band power."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from analysis.views.electrodes import place
from app.console import theme
from app.console.parts import Line, Tinted
from app.console.review.figure_axes import draw_bar
from app.console.review.head_map import draw_head
from app.console.saving import PICTURES, ask_where, save_picture, save_table
from app.console.theme import Colours
from stimuli.problems import EvokeError

LEAST = 3
MOST_NAMED = 12
PICTURE = QSize(640, 560)


class HeadView(QWidget):
    """Weights on the head, seen from above, nose up; picture and table can be saved."""

    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.channels: tuple[tuple[str, float], ...] = ()
        self.every: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        self.words = Line("", "muted", True)
        column.addWidget(self.words)
        self.canvas = _Head(self)
        column.addWidget(self.canvas, 1)
        self.save = Tinted("Save picture and table…", "save", self._ask)
        self.save.setAccessibleName("Save picture and table: head map")
        column.addWidget(self.save, 0, Qt.AlignmentFlag.AlignRight)
        self.show_channels(())

    def show_channels(self, channels: tuple[tuple[str, float], ...], words: str = "") -> None:
        """Show a weight for each channel; where there are too few, the words say why."""
        self.every = tuple(name for name, _ in channels)
        placed = place(self.every)
        self.channels = tuple(each for each in channels if math.isfinite(each[1]))
        can = len([name for name, _ in self.channels if name in placed.positions]) >= LEAST
        if not channels:
            words = "The weights of this recognizer are not by EEG channel, so there is no head map."
        elif not can:
            words = "A head map needs at least three electrodes with names of the 10-20 or 10-10 system."
        elif placed.unknown:
            words += f" Without a position: {_some(placed.unknown)}."
        self.words.setText(words)
        self.canvas.setVisible(can)
        self.save.setVisible(can)
        told = ", ".join(f"{name} {value:.3g}" for name, value in self.channels)
        self.canvas.setAccessibleDescription(told)
        self.canvas.update()

    def draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        """Draw the head with its shades and their scale."""
        positions = place([name for name, _ in self.channels], self.every).positions
        spots = [(name, positions[name], value) for name, value in self.channels if name in positions]
        if len(spots) < LEAST:
            return
        inner = area.adjusted(12, 24, -90, -12)
        radius = max(30.0, min(inner.width(), inner.height()) / 2 / 1.16)
        middle = QPointF(inner.center().x(), inner.center().y() + radius * 0.04)
        limits = draw_head(painter, middle, radius, colours, spots)
        bar = QRectF(middle.x() + radius * 1.16 + 6, middle.y() - radius * 0.7, 11, radius * 1.4)
        draw_bar(painter, bar, colours, limits, "")

    def write(self, path: str) -> None:
        """Write picture and table; raises EvokeError."""
        save_picture(Path(path), PICTURE, "Weights by EEG channel", self.draw)
        rows = ({"electrode": name, "weight": value} for name, value in self.channels)
        save_table(Path(path).with_suffix(".csv"), ("electrode", "weight"), rows)

    def _ask(self) -> None:
        ask_where(self, "Save picture and table", PICTURES, "weights-on-the-head.svg", self._write)

    def _write(self, name: str) -> None:
        try:
            self.write(name)
        except EvokeError as error:
            self.said.emit(str(error), "alarm")
        else:
            self.said.emit(f"Saved as {name}, and the table beside it.", "good")


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


class _Head(QWidget):
    def __init__(self, view: HeadView) -> None:
        super().__init__()
        self._view = view
        self.setAccessibleName("Head map")
        self.setMinimumSize(220, 180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw in the colours in use."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.current().text))
        self._view.draw(painter, QRectF(self.rect()), theme.current())
