"""Reading aloud: sentences, and a large button held by mouse or space bar while one speaks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.presenter.pages.base import FittedText, Inputs, Page, paint_ring
from app.presenter.style import Style
from app.presenter.tasks import SpeakingTask, Task


class HoldButton(QWidget):
    """HOLD TO TALK; a filled dot and other words show that it is held."""

    def __init__(self, text: str, style: Style, inputs: Inputs) -> None:
        super().__init__()
        self._text = text
        self._look = style
        self._inputs = inputs
        self.is_held = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Be large enough to hold without looking."""
        width = QFontMetrics(self._look.font(32, bold=True)).horizontalAdvance(self._text)
        return QSize(max(width + self._look.px(170), self._look.px(480)), self._look.px(130))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to hold."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._set_held(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._set_held(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hold with the space bar."""
        if event.key() != Qt.Key.Key_Space:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self._set_held(True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let the space bar go."""
        if event.key() != Qt.Key.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._set_held(False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A button that lost the keyboard would never hear its key come up."""
        super().focusOutEvent(event)
        self._set_held(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button in its state."""
        look = self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = look.px(6)
        body = QRectF(self.rect()).adjusted(gap, gap, -gap, -gap)
        radius = body.height() / 2
        painter.setPen(QPen(look.colour("accent"), look.px(3)))
        painter.setBrush(look.colour("accent" if self.is_held else "surface"))
        painter.drawRoundedRect(body, radius, radius)
        ink = look.colour("on_accent" if self.is_held else "accent")
        dot = look.px(13)
        middle = QPointF(body.left() + radius, body.center().y())
        painter.setPen(QPen(ink, look.px(3)))
        painter.setBrush(ink if self.is_held else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(middle, dot, dot)
        painter.setPen(ink)
        painter.setFont(look.font(32, bold=True))
        painter.drawText(body.adjusted(look.px(30), 0, 0, 0), Qt.AlignmentFlag.AlignCenter, self._text)
        if self.hasFocus():
            paint_ring(painter, look, QRectF(self.rect()), radius + gap)
        painter.end()

    def _set_held(self, held: bool) -> None:
        if held == self.is_held:
            return
        self.is_held = held
        if held:
            self._inputs.hold()
        else:
            self._inputs.release()
        self.update()


class SpeakingPage(Page):
    """Prompt, sentences and the button to hold."""

    def __init__(self, task: Task, style: Style, inputs: Inputs) -> None:
        super().__init__(task, style, inputs)
        assert isinstance(task, SpeakingTask)
        content = task.stage.content
        self.body.addStretch(1)
        prompt = str(content.get("prompt", ""))
        if prompt:
            heading = FittedText(prompt, style.font(26), style.colour("muted"), centred=True)
            heading.setMaximumHeight(style.px(90))
            self.body.addWidget(heading)
        text = "\n\n".join(task.sentences)
        self.body.addWidget(
            FittedText(text, style.font(40), style.colour("ink"), len(task.sentences) == 1), 1
        )
        self.talk = HoldButton(str(content.get("button", "HOLD TO TALK")), style, inputs)
        self.body.addWidget(self.talk, 0, Qt.AlignmentFlag.AlignHCenter)
        self.body.addSpacing(style.px(10))
        self.add_button("CONTINUE")

    def begin(self) -> None:
        """Be ready for the space bar."""
        self.refresh(self.task.started_s)
        self.talk.setFocus()
