"""What pages are made of: text that fits, buttons, pictures, the ring that shows where the keyboard is."""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImageReader, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget

from app.presenter.style import Style

SMALLEST_FONT = 0.45
CENTRED_UP_TO = 220
ENDLESS = 1_000_000


class FittedText(QWidget):
    """Wrapped text in the largest size, up to the wanted one, that fits; short text is centred.

    Text of either direction starts at its own side.
    """

    def __init__(
        self,
        text: str,
        font: QFont,
        colour: QColor,
        centred: bool | None = None,
        across: Qt.AlignmentFlag | None = None,
    ) -> None:
        super().__init__()
        self._text = text
        self._font = font
        self._colour = colour
        centred = len(text) <= CENTRED_UP_TO and "\n" not in text if centred is None else centred
        if across is None:
            across = Qt.AlignmentFlag.AlignHCenter if centred else Qt.AlignmentFlag.AlignLeft
        self._flags = int(across) | int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
        self._fitted: tuple[tuple[int, int, str], QFont] | None = None
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def text(self) -> str:
        """The text shown."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    def align(self, alignment: Qt.AlignmentFlag) -> None:
        """Place the text otherwise than in the middle of its height."""
        self._flags = int(alignment) | int(Qt.TextFlag.TextWordWrap)

    def sizeHint(self) -> QSize:
        """Ask for the height of the text at its wanted size and a column's width."""
        width = max(self.width(), 200)
        return QSize(width, self.heightForWidth(width))

    def hasHeightForWidth(self) -> bool:
        """Text grows as its column narrows."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the text at its wanted size in a column of `width`."""
        return self._bounds(self._font, width).height() + 2

    def fitted_font(self) -> QFont:
        """Return the font in which the text fits into the widget."""
        key = (self.width(), self.height(), self._text)
        if self._fitted is None or self._fitted[0] != key:
            self._fitted = key, self._fit()
        return self._fitted[1]

    @property
    def fits(self) -> bool:
        """Whether all of the text is seen."""
        bounds = self._bounds(self.fitted_font(), self.width())
        return bounds.height() <= self.height() and bounds.width() <= self.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text."""
        painter = QPainter(self)
        painter.setFont(self.fitted_font())
        painter.setPen(self._colour)
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        painter.drawText(self.rect(), self._flags, self._text)
        painter.end()

    def _fit(self) -> QFont:
        font = QFont(self._font)
        largest = font.pixelSize()
        for size in range(largest, max(8, round(largest * SMALLEST_FONT)) - 1, -1):
            font.setPixelSize(size)
            bounds = self._bounds(font, self.width())
            if bounds.height() <= self.height() and bounds.width() <= self.width():
                break
        return font

    def _bounds(self, font: QFont, width: int) -> QRect:
        return QFontMetrics(font).boundingRect(QRect(0, 0, width, ENDLESS), self._flags, self._text)


class Button(QAbstractButton):
    """A large button; grey while it is off, ringed while it has the keyboard.

    `quiet` ones are outlined, for what one may do beside the main thing.
    """

    def __init__(self, text: str, style: Style, quiet: bool = False) -> None:
        super().__init__()
        self.look = style
        self._quiet = quiet
        self.setText(text)
        self.setFont(style.font(24, bold=True))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Leave air around the words."""
        width = QFontMetrics(self.font()).horizontalAdvance(self.text()) + self.look.px(80)
        widest = round(self.look.width * 0.9)
        return QSize(min(widest, max(width, self.look.tx(260))), self.look.tx(72))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button in its state."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look, gap = self.look, self.look.px(5)
        body = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        radius = look.px(12)
        ink = look.colour("on_accent" if self.isEnabled() else "muted")
        if not self.isEnabled():
            painter.setPen(QPen(look.colour("line"), look.px(1.5)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        elif self._quiet:
            painter.setPen(QPen(look.colour("accent"), look.px(2)))
            painter.setBrush(look.colour("accent_soft" if self.isDown() else "surface"))
            ink = look.colour("ink")
        else:
            fill = look.colour("accent")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill.darker(112) if self.isDown() else fill)
        painter.drawRoundedRect(body, radius, radius)
        painter.setFont(shrunk(self.font(), self.text(), round(body.width()) - look.px(24)))
        painter.setPen(ink)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            paint_ring(painter, look, QRectF(self.rect()), radius + gap)
        painter.end()


class Link(QAbstractButton):
    """Small words that can be pressed; with `ticks` there is a box for what was chosen by it."""

    def __init__(self, text: str, style: Style, ticks: bool = True) -> None:
        super().__init__()
        self.look = style
        self._box = style.tx(24) if ticks else 0
        self.setText(text)
        self.setCheckable(True)
        self.setFont(style.font(17))
        self.setAccessibleName(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Leave room for the box and a ring."""
        width = QFontMetrics(self.font()).horizontalAdvance(self.text())
        return QSize(width + self._box + self.look.px(20), self.look.tx(28))

    def nextCheckState(self) -> None:
        """Stay as it is: whoever owns it says what is ticked."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint box and words."""
        look = self.look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side, left = look.tx(14), look.px(8)
        box = QRectF(left, (self.height() - side) / 2, side, side)
        words = QRectF(left + self._box, 0, self.width() - left - self._box, self.height())
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            box.moveLeft(self.width() - left - side)
            words.moveLeft(0)
        if self._box:
            paint_tick(painter, look, box, self.isChecked())
        painter.setFont(self.font())
        painter.setPen(look.colour("ink" if self.isChecked() or self.underMouse() else "muted"))
        painter.setLayoutDirection(self.layoutDirection())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.text())
        if self.hasFocus():
            paint_ring(painter, look, QRectF(self.rect()), look.px(6))
        painter.end()


class PictureView(QWidget):
    """A picture in full, as large as its room; its name in a frame where it cannot be read."""

    def __init__(self, name: str, path: Path | None, style: Style) -> None:
        super().__init__()
        self.look = style
        self.name = name
        self._pixmap = QPixmap() if path is None else load_picture(str(path), style.height)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def is_placeholder(self) -> bool:
        """Whether only the name is shown."""
        return self._pixmap.isNull()

    def sizeHint(self) -> QSize:
        """Ask for two fifths of the screen."""
        return QSize(self.look.px(560), self.look.px(400))

    def minimumSizeHint(self) -> QSize:
        """Stay recognizable."""
        return QSize(self.look.px(120), self.look.px(140))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture in the middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = QRectF(self.rect())
        if self.is_placeholder:
            painter.setPen(QPen(self.look.colour("line"), self.look.px(2), Qt.PenStyle.DashLine))
            painter.drawRect(room.adjusted(2, 2, -2, -2))
            painter.setPen(self.look.colour("muted"))
            painter.setFont(self.look.font(20))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.name)
        else:
            size = self._pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(room.center())
            painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()


@functools.lru_cache(maxsize=4)
def load_picture(path: str, height: int) -> QPixmap:
    """Return a picture no larger than a screen needs, an empty one if it cannot be read."""
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.height() > height:
        reader.setScaledSize(size.scaled(2 * height, height, Qt.AspectRatioMode.KeepAspectRatio))
    return QPixmap.fromImage(reader.read())


def label(text: str, style: Style, thousandths: float, colour: str = "muted") -> QLabel:
    """Return a line of text in a colour of the palette."""
    made = QLabel(text)
    made.setFont(style.font(thousandths))
    made.setTextFormat(Qt.TextFormat.PlainText)
    palette = made.palette()
    palette.setColor(made.foregroundRole(), style.colour(colour))
    made.setPalette(palette)
    return made


def paint_ring(painter: QPainter, style: Style, area: QRectF, radius: float) -> None:
    """Paint the ring that shows where the keyboard is."""
    width = style.px(2.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(style.colour("accent"), width))
    half = width / 2
    painter.drawRoundedRect(area.adjusted(half, half, -half, -half), radius, radius)


def paint_tick(painter: QPainter, style: Style, box: QRectF, is_on: bool, is_round: bool = False) -> None:
    """Paint a box or circle to tick: filled and with a mark in it if it is on."""
    radius = box.width() / 2 if is_round else style.px(3)
    painter.setPen(QPen(style.colour("accent" if is_on else "line"), style.px(2)))
    painter.setBrush(style.colour("accent" if is_on else "surface"))
    painter.drawRoundedRect(box, radius, radius)
    if not is_on:
        return
    mark = style.colour("on_accent")
    if is_round:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark)
        painter.drawEllipse(box.center(), box.width() * 0.2, box.height() * 0.2)
        return
    pen = QPen(mark, box.width() * 0.14)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    x, y, side = box.x(), box.y(), box.width()
    corner = QPoint(round(x + side * 0.43), round(y + side * 0.72))
    painter.drawLine(QPoint(round(x + side * 0.24), round(y + side * 0.53)), corner)
    painter.drawLine(corner, QPoint(round(x + side * 0.77), round(y + side * 0.3)))


def shrunk(font: QFont, text: str, width: int) -> QFont:
    """Return the font, smaller if a line of text would be wider than `width`."""
    result = QFont(font)
    while result.pixelSize() > 8 and QFontMetrics(result).horizontalAdvance(text) > width:
        result.setPixelSize(result.pixelSize() - 1)
    return result


def is_right_to_left(text: str) -> bool:
    """Whether the first letter of a text belongs to a script written from right to left."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def middle(widget: QWidget) -> QPoint:
    """Return the middle of a widget in its window's coordinates."""
    return widget.mapTo(widget.window(), widget.rect().center())
