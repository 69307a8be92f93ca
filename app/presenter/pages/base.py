"""What all pages share: how inputs leave them, their layout, text that fits, and the button to go on."""

from __future__ import annotations

import typing

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.presenter.style import Style
from app.presenter.tasks import Task

SMALLEST_FONT = 0.45
CENTRED_UP_TO = 220


class Inputs(typing.Protocol):
    """Where a page sends what the participant does; each call is stamped by the receiver."""

    def choose(self, item: str, value: int) -> None:
        """An answer was chosen."""
        ...

    def insert(self, text: str) -> None:
        """A character was typed."""
        ...

    def erase(self) -> None:
        """The last character was taken back."""
        ...

    def hold(self) -> None:
        """HOLD TO TALK went down."""
        ...

    def release(self) -> None:
        """HOLD TO TALK came up."""
        ...

    def proceed(self) -> bool:
        """The participant wants to go on."""
        ...

    def may_proceed(self, task: Task) -> bool:
        """Whether the task's stage runs and may end now."""
        ...


class FittedText(QWidget):
    """Wrapped text in the largest size, up to the wanted one, that fits; short text is centred."""

    def __init__(self, text: str, font: QFont, colour: QColor, centred: bool | None = None) -> None:
        super().__init__()
        self._text = text
        self._font = font
        self._colour = colour
        centred = len(text) <= CENTRED_UP_TO and "\n" not in text if centred is None else centred
        across = Qt.AlignmentFlag.AlignHCenter if centred else Qt.AlignmentFlag.AlignLeft
        self._flags = int(across) | int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
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

    def sizeHint(self) -> QSize:
        """Ask for the height of the text at its wanted size and a column's width."""
        width = max(self.width(), 200)
        return QSize(width, self.heightForWidth(width))

    def hasHeightForWidth(self) -> bool:
        """Text grows as its column narrows."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the text at its wanted size in a column of `width`."""
        bounds = QFontMetrics(self._font).boundingRect(QRect(0, 0, width, 1_000_000), self._flags, self._text)
        return bounds.height() + 2

    def fitted_font(self) -> QFont:
        """Return the font in which the text fits into the widget."""
        font = QFont(self._font)
        largest = font.pixelSize()
        for size in range(largest, max(8, round(largest * SMALLEST_FONT)) - 1, -1):
            font.setPixelSize(size)
            room = QRect(0, 0, self.width(), 1_000_000)
            bounds = QFontMetrics(font).boundingRect(room, self._flags, self._text)
            if bounds.height() <= self.height() and bounds.width() <= self.width():
                break
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text."""
        painter = QPainter(self)
        painter.setFont(self.fitted_font())
        painter.setPen(self._colour)
        painter.drawText(self.rect(), self._flags, self._text)
        painter.end()


class Button(QAbstractButton):
    """A large button; grey while it is off, ringed while it has the keyboard."""

    def __init__(self, text: str, style: Style) -> None:
        super().__init__()
        self.look = style
        self.setText(text)
        self.setFont(style.font(24, bold=True))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Leave air around the words."""
        width = QFontMetrics(self.font()).horizontalAdvance(self.text()) + self.look.px(80)
        return QSize(max(width, self.look.px(260)), self.look.px(72))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button in its state."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look, gap = self.look, self.look.px(5)
        body = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        radius = look.px(12)
        if self.isEnabled():
            fill = look.colour("accent")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill.darker(112) if self.isDown() else fill)
        else:
            painter.setPen(QPen(look.colour("line"), look.px(1.5)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(body, radius, radius)
        painter.setFont(self.font())
        painter.setPen(look.colour("on_accent" if self.isEnabled() else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            paint_ring(painter, look, QRectF(self.rect()), radius + gap)
        painter.end()


def paint_ring(painter: QPainter, style: Style, area: QRectF, radius: float) -> None:
    """Paint the ring that shows where the keyboard is."""
    width = style.px(2.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(style.colour("accent"), width))
    half = width / 2
    painter.drawRoundedRect(area.adjusted(half, half, -half, -half), radius, radius)


class Page(QWidget):
    """A form: body above, a line of help and the button to go on at a fixed place below."""

    def __init__(self, task: Task, style: Style, inputs: Inputs) -> None:
        super().__init__()
        self.task = task
        self.look = style
        self.inputs = inputs
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, style.px(44), 0, 0)
        self.body.setSpacing(style.px(24))
        self.help = QLabel()
        self.help.setFont(style.font(20))
        self.help.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.help.setFixedHeight(style.px(34))
        palette = self.help.palette()
        palette.setColor(self.help.foregroundRole(), style.colour("muted"))
        self.help.setPalette(palette)
        self.button: Button | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, style.px(70))
        outer.setSpacing(style.px(14))
        outer.addLayout(self._centred(self.body), 1)
        outer.addWidget(self.help)
        self._foot = QHBoxLayout()
        outer.addLayout(self._foot)

    def add_button(self, text: str) -> None:
        """Give a self-paced page its button; a timed one keeps the room empty."""
        if self.task.stage.duration.is_timed:
            self._foot.addSpacing(1)
            return
        self.button = Button(text, self.look)
        self.button.clicked.connect(self.go_on)
        self._foot.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)

    def go_on(self) -> None:
        """The button was pressed."""
        self.inputs.proceed()

    def may_go_on(self) -> bool:
        """Whether the button may be pressed now."""
        return self.inputs.may_proceed(self.task)

    def begin(self) -> None:
        """The page has been shown: put the keyboard where it is needed."""
        self.refresh(self.task.started_s)
        if self.button is not None and self.button.isEnabled():
            self.button.setFocus()
        else:
            self.setFocus()

    def refresh(self, now: float) -> None:
        """Bring button and help up to date."""
        if self.button is not None:
            allowed = self.may_go_on()
            if allowed != self.button.isEnabled():
                self.button.setEnabled(allowed)
                if allowed and self.hasFocus():
                    self.button.setFocus()
            missing = self.help_text()
            if missing != self.help.text():
                self.help.setText(missing)

    def help_text(self) -> str:
        """Return what the participant has still to do."""
        return self.task.missing

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            if self.button is not None and self.may_go_on():
                self.go_on()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("ground"))
        painter.end()

    def _centred(self, column: QVBoxLayout) -> QHBoxLayout:
        row = QHBoxLayout()
        holder = QWidget()
        holder.setLayout(column)
        holder.setFixedWidth(self.column_width())
        row.addStretch(1)
        row.addWidget(holder)
        row.addStretch(1)
        return row

    def column_width(self) -> int:
        """Return the width of the page's column."""
        return self.look.column


def middle(widget: QWidget) -> QPoint:
    """Return the middle of a widget in its window's coordinates."""
    return widget.mapTo(widget.window(), widget.rect().center())
