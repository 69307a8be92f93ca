"""A picture with what is to be said about it underneath: the base of camera and film."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from analysis.views.faces import Box
from app.console import theme


class PicturePane(QWidget):
    """Shows `image` as large as it fits, `words` below it, `text` where there is none."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.image: QImage | None = None
        self.words = ""
        self.text = ""
        self.warning = ""
        self.boxes: Sequence[Box] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 80)

    def sizeHint(self) -> QSize:
        """A small picture."""
        return QSize(320, 240)

    def show_picture(self, image: QImage | None, words: str, text: str = "") -> None:
        """Show a picture, or a text in its place."""
        self.image, self.words, self.text = image, words, text
        self.setAccessibleDescription(text or words)
        self.update()

    def room(self) -> QSize:
        """How many pixels a picture can have here."""
        strip = self.fontMetrics().height() + 4
        return QSize(self.width(), max(1, self.height() - strip)) * self.devicePixelRatioF()

    def picture_box(self) -> QRectF:
        """Where the picture lies."""
        strip = self.fontMetrics().height() + 4
        area = QSize(self.width(), max(1, self.height() - strip))
        size = area if self.image is None else self.image.size()
        size = size.scaled(area, Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (area.width() - size.width()) / 2, (area.height() - size.height()) / 2
        return QRectF(left, top, size.width(), size.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture, boxes and words."""
        painter = QPainter(self)
        colours = theme.current()
        painter.fillRect(self.rect(), QColor(colours.base))
        box = self.picture_box()
        if self.image is not None:
            # What was decoded at its size needs no smoothing, which costs most of the drawing.
            is_fitted = abs(self.image.width() - box.width() * self.devicePixelRatioF()) <= 1
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not is_fitted)
            painter.drawImage(box, self.image)
            for one in self.boxes:
                self._draw_box(painter, box, one)
        if self.text:
            painter.setPen(QColor(colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 0, -8, 0), int(flags), self.text)
        strip = self.rect().adjusted(6, self.height() - self.fontMetrics().height() - 3, -6, -1)
        words = " · ".join(filter(None, (self.name, self.words)))
        painter.setPen(QColor(colours.warning if self.warning else colours.muted))
        words = " · ".join(filter(None, (words, self.warning)))
        shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, strip.width())
        painter.drawText(strip, int(Qt.AlignmentFlag.AlignCenter), shown)

    def _draw_box(self, painter: QPainter, area: QRectF, one: Box) -> None:
        colours = theme.current()
        frame = QRectF(
            area.left() + one.left * area.width(),
            area.top() + one.top * area.height(),
            one.width * area.width(),
            one.height * area.height(),
        )
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.drawRect(frame)
