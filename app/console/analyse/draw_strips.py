"""Rows of small pictures: faces and patches of sound, step by step, with what lies over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.console import theme

Pixels = NDArray[np.uint8]
GAP = 6


@dataclass(frozen=True, slots=True)
class Strip:
    """A row: its title, a value table a step, and a word under each.

    `pictures` (t, h, w, 3) uint8 colours as they are, or (t, h, w) float 0 to 1, drawn in the palette's own.
    `over` (t, h', w') 0 to 1 is laid over each, stretched to its size; None for nothing.
    """

    title: str
    pictures: NDArray[np.generic]
    words: tuple[str, ...]
    over: NDArray[np.float32] | None = None


class Strips(QWidget):
    """Draws strips below each other; as wide as the longest row or title, to be scrolled."""

    def __init__(self, name: str, side: int = 84, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strips: tuple[Strip, ...] = ()
        self._side = side
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)

    def show_strips(self, strips: Sequence[Strip]) -> None:
        """Show others."""
        self.strips = tuple(strips)
        told = (f"{each.title}: {', '.join(each.words)}" for each in self.strips)
        self.setAccessibleDescription(". ".join(told))
        self.updateGeometry()
        self.adjustSize()
        self.update()

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + 2

    def sizeHint(self) -> QSize:
        """As much as all strips take."""
        longest = max((len(each.pictures) for each in self.strips), default=1)
        title = max((self.fontMetrics().horizontalAdvance(each.title) for each in self.strips), default=0)
        high = len(self.strips) * (self._side + 2 * self._line + GAP)
        return QSize(max(longest * (self._side + GAP), title) + GAP, max(high, 1))

    def minimumSizeHint(self) -> QSize:
        """No less."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them in the colours in use."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        colours = theme.current()
        top = 0
        for strip in self.strips:
            painter.setPen(QColor(colours.text))
            painter.drawText(QRect(0, top, self.width(), self._line), Qt.AlignmentFlag.AlignLeft, strip.title)
            top += self._line
            for step, picture in enumerate(strip.pictures):
                place = QRect(step * (self._side + GAP), top, self._side, self._side)
                painter.drawImage(place, image_of(np.asarray(picture), colours.base, colours.accent))
                if strip.over is not None:
                    painter.drawImage(place, veil_of(strip.over[step], colours.warning))
                painter.setPen(QColor(colours.border))
                painter.drawRect(place)
                painter.setPen(QColor(colours.muted))
                below = QRect(place.left(), place.bottom() + 1, self._side, self._line)
                painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, strip.words[step])
            top += self._side + self._line + GAP


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of a colour's name, 0 to 255."""
    found = QColor(colour)
    return found.red(), found.green(), found.blue()


def image_of(picture: NDArray[np.generic], low: str, high: str) -> QImage:
    """Return pixels (h, w, 3) as an image, or a table (h, w) of 0 to 1 between two colours."""
    if picture.ndim == 2:
        first, last = (np.array(rgb(name), np.float32) for name in (low, high))
        share = np.clip(picture.astype(np.float32), 0, 1)[..., None]
        picture = (first + share * (last - first)).astype(np.uint8)
    pixels = np.ascontiguousarray(picture, np.uint8)
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def veil_of(over: NDArray[np.float32], colour: str) -> QImage:
    """Return a table (h, w) of 0 to 1 as a veil: 1 is nearly the colour, 0 is clear."""
    red, green, blue = rgb(colour)
    height, width = over.shape
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = red, green, blue
    pixels[..., 3] = (np.clip(over, 0, 1) * 190).astype(np.uint8)
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
