"""Imagining a situation on a dim page, with a button for each time it is felt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.presenter.desk import Inputs
from app.presenter.layout import label_of, position_of
from app.presenter.pages.base import NO_PICTURES, Page
from app.presenter.pages.parts import FittedText, label, shrunk
from app.presenter.style import Style
from app.presenter.tasks import ImageryTask, Task

DIM = "#15181B"
GLOW_MS = 350


class FeelButton(QWidget):
    """A round-ended button that glows for a moment; it can be pressed again and again."""

    pressed = Signal()

    def __init__(self, text: str, style: Style) -> None:
        super().__init__()
        self._text = text
        self._look = style
        self._glow = QTimer(self)
        self._glow.setSingleShot(True)
        self._glow.setInterval(GLOW_MS)
        self._glow.timeout.connect(self.update)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Be easy to hit with eyes nearly closed."""
        look = self._look
        width = QFontMetrics(look.font(30, bold=True)).horizontalAdvance(self._text) + look.px(120)
        return QSize(min(max(width, look.tx(420)), round(look.width * 0.8)), look.tx(120))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Be pressed: the moment counts, not that of the release."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def glow(self) -> None:
        """Show that a press was taken."""
        self._glow.start()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button, brighter just after a press."""
        look = self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = look.px(6)
        body = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        glows = self._glow.isActive()
        painter.setPen(QPen(look.colour("accent"), look.px(3)))
        painter.setBrush(look.colour("accent_soft" if glows else "surface"))
        painter.drawRoundedRect(body, body.height() / 2, body.height() / 2)
        painter.setPen(look.colour("ink"))
        painter.setFont(shrunk(look.font(30, bold=True), self._text, round(body.width() - look.px(50))))
        painter.drawText(body, Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()


class ImageryPage(Page):
    """What to imagine, the button to press when it is felt, and one to leave if the stage is self-paced."""

    usual_ground = DIM

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__(task, style, inputs, pictures)
        assert isinstance(task, ImageryTask)
        style = self.look
        self.imagery = task
        content = task.stage.content
        self.body.addStretch(1)
        self.add_picture()
        self.body.addWidget(FittedText(str(content["text"]), style.font(34), style.colour("ink")), 2)
        self.feel = FeelButton(str(content.get("button") or style.say("feel_it")), style)
        self.feel.pressed.connect(self.felt)
        self.body.addWidget(self.feel, 0, Qt.AlignmentFlag.AlignHCenter)
        key = label(style.say("or_key", name=label_of(task.key)), style, 20)
        key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(key)
        self.body.addStretch(1)
        self.add_button(str(content.get("leave_button") or style.say("continue")), quiet=True)

    def begin(self) -> None:
        """Keep the keyboard to the page: the key to press must not press the button to leave."""
        self.refresh(self.task.started_s)
        self.setFocus()

    def refresh(self, now: float) -> None:
        """Keep the keyboard where it is."""
        super().refresh(now)
        if self.button is not None and self.button.hasFocus():
            self.setFocus()

    def felt(self) -> None:
        """Take a press of key or button."""
        if self.inputs.act("feel"):
            self.feel.glow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press by key; Enter leaves."""
        if position_of(event) == self.imagery.key:
            if not event.isAutoRepeat():
                self.felt()
            return
        super().keyPressEvent(event)
