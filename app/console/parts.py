"""Small parts that all pages are made of."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.console import icons, theme


class Card(QFrame):
    """A quiet box with a title; its content goes into `body`."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(14, 12, 14, 12)
        self.body.setSpacing(8)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.heading = Heading(title, 1.05, self)
        self.heading.setVisible(bool(title))
        if title:
            self.body.addWidget(self.heading)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a raised box with a thin border."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1).toRectF().translated(0.5, 0.5), 6, 6)


class Heading(QLabel):
    """A bold line, `factor` times as large as text; follows the chosen text size."""

    def __init__(self, text: str, factor: float = 1.0, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._factor = factor
        self.dress()

    def dress(self) -> None:
        """Take the size of the application's font; `theme.apply` calls this when it has changed."""
        font = QFont(QApplication.font())
        font.setPointSizeF(font.pointSizeF() * self._factor)
        font.setBold(True)
        self.setFont(font)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cut a line that does not fit with an ellipsis; the window's page has the whole in a tool tip."""
        if self.wordWrap() or self.fontMetrics().horizontalAdvance(self.text()) <= self.width():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


class Line(QLabel):
    """Text in one of the palette's colours by name (`muted`, `alarm`, ...), wrapped if asked."""

    def __init__(self, text: str = "", colour: str = "text", wrap: bool = False) -> None:
        super().__init__(text)
        self._colour = colour
        self._dressed = ""
        self.setWordWrap(wrap)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._dress()

    def set_colour(self, colour: str) -> None:
        """Use another colour of the palette."""
        if colour != self._colour:
            self._colour = colour
            self._dress()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._dressed != theme.current().name:
            self._dress()

    def _dress(self) -> None:
        self._dressed = theme.current().name
        made = self.palette()
        made.setColor(self.foregroundRole(), QColor(getattr(theme.current(), self._colour)))
        self.setPalette(made)


class Elided(QLabel):
    """One line of text that is cut with an ellipsis where room is short; the whole is in the tool tip."""

    def __init__(self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._whole = ""
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_whole(text)

    @property
    def whole(self) -> str:
        """The text, uncut."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Show another text."""
        if text != self._whole:
            self._whole = text
            self.setToolTip(text)
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """As wide as the text would like to be."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._whole) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        """Nearly nothing: it can be cut."""
        return QSize(20, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much of the text as fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self._whole, self._mode, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


class Primary(QPushButton):
    """The one button of a page that leads on; drawn in the accent colour."""

    def __init__(self, text: str, icon: str = "", clicked: Callable[[], None] | None = None) -> None:
        super().__init__(text)
        self._icon = icon
        if clicked is not None:
            self.clicked.connect(lambda: clicked())
        self.setAutoDefault(True)

    def sizeHint(self) -> QSize:
        """A little larger than other buttons, and wide enough for bold text."""
        font = self.font()
        font.setBold(True)
        width = QFontMetrics(font).horizontalAdvance(self.text()) + (58 if self._icon else 32)
        return QSize(width, super().sizeHint().height() + 6)

    def minimumSizeHint(self) -> QSize:
        """Never cut the text."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw flat: the style's gradient would cost the text its contrast."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().toRectF().adjusted(1, 1, -1, -1)
        ink = QColor(colours.on_accent)
        if self.isEnabled():
            fill = QColor(colours.accent)
            if self.isDown():
                fill = fill.darker(125)
            painter.setBrush(fill)
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            ink = QColor(colours.muted)
            painter.setBrush(QColor(colours.window))
            painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawRoundedRect(box, 4, 4)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(ink, 1.2, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), 2, 2)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(ink)
        text, side = self.text(), 18 if self._icon else 0
        width = painter.fontMetrics().horizontalAdvance(text) + (side + 8 if side else 0)
        x = (self.width() - width) / 2
        if self._icon:
            place = (round(x), round((self.height() - side) / 2))
            painter.drawPixmap(*place, icons.draw(self._icon, ink.name(), side, self.devicePixelRatioF()))
            x += side + 8
        area = box.adjusted(0, 0, 0, 0)
        area.setLeft(x)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class Tinted(QPushButton):
    """An ordinary button whose icon follows the palette."""

    def __init__(self, text: str, icon: str = "", clicked: Callable[[], None] | None = None) -> None:
        super().__init__(text)
        self._icon = icon
        if clicked is not None:
            self.clicked.connect(lambda: clicked())
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        if self._icon:
            self.setIcon(icons.icon(self._icon))


class Tick(QCheckBox):
    """A check box whose edge can be seen on both grounds: the style's own is too faint on the dark one."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, and its edge once more."""
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        draw_edge(self, self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self), 2)


class Option(QRadioButton):
    """A radio button whose edge can be seen on both grounds."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, and its edge once more."""
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_RadioButtonIndicator, option, self)
        draw_edge(self, box, box.width() / 2)


def draw_edge(widget: QWidget, box: QRect, radius: float) -> None:
    """Draw the edge of an indicator in a colour with enough contrast."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colours = theme.current()
    painter.setPen(QPen(QColor(colours.muted if widget.isEnabled() else colours.border), 1.4))
    painter.drawRoundedRect(box.toRectF().adjusted(0.7, 0.7, -0.7, -0.7), radius, radius)


class Banner(QFrame):
    """A strip across a page that says something to heed: icon, text, tint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level = "warning"
        self._picture = QLabel()
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        from PySide6.QtWidgets import QHBoxLayout

        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 6, 12, 6)
        self.row.addWidget(self._picture)
        self.row.addWidget(self._label, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._label.text()

    def say(self, text: str, level: str = "warning") -> None:
        """Show `text`; an empty one hides the strip."""
        self._level = level
        self._label.setText(text)
        self.setAccessibleName(text)
        self._picture.setPixmap(icons.draw(_ICON[level], getattr(theme.current(), _COLOUR[level]), 18))
        self.setVisible(bool(text))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._label.text():
            self.say(self._label.text(), self._level)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tint and an edge in the level's colour."""
        colours = theme.current()
        painter = QPainter(self)
        tint = {"alarm": colours.tint_alarm, "warning": colours.tint_warning}
        painter.fillRect(self.rect(), QColor(tint.get(self._level, colours.raised)))
        edge = self.rect()
        edge.setWidth(4)
        painter.fillRect(edge, QColor(getattr(colours, _COLOUR[self._level])))


_ICON = {"alarm": "alarm", "warning": "warning", "good": "good", "info": "info"}
_COLOUR = {"alarm": "alarm", "warning": "warning", "good": "good", "info": "accent"}


def quiet(view: QAbstractScrollArea) -> None:
    """Let a list or table lie on its card without a frame or a ground of its own."""
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.viewport().setAutoFillBackground(False)


def tool_button(
    text: str, picture: str, tip: str = "", clicked: Callable[[], None] | None = None
) -> QToolButton:
    """Return a small button; its property `picture` names the icon, for those who dress it anew."""
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(tip or text)
    button.setToolTip(tip or text)
    button.setProperty("picture", picture)
    button.setIcon(icons.icon(picture))
    if clicked is not None:
        button.clicked.connect(lambda: clicked())
    return button


def fill_sheet(dialog: QDialog, inner: QWidget) -> None:
    """Lay something long out in a dialog: it scrolls, and a button below closes it."""
    column = QVBoxLayout(dialog)
    area = QScrollArea()
    area.setWidget(inner)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    column.addWidget(area)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    without_icons(buttons)
    buttons.rejected.connect(dialog.reject)
    column.addWidget(buttons)


def without_icons(buttons: QDialogButtonBox) -> None:
    """Take away the style's own pictures, which are of another hand than ours."""
    for button in buttons.buttons():
        button.setIcon(QIcon())


def clock_text(seconds: float) -> str:
    """Return a duration as m:ss or h:mm:ss."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
