"""Speaking: sentences read aloud while a large button is held, or a question answered freely."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.presenter.desk import Inputs
from app.presenter.pages.base import NO_PICTURES, Page
from app.presenter.pages.parts import FittedText, paint_ring, shrunk
from app.presenter.style import Style
from app.presenter.tasks import SpeakingTask, Task

LEVEL_EVERY_S = 0.04
BARS = 28


class HoldButton(QWidget):
    """HOLD TO TALK; a filled dot and another ground show that it is held."""

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
        look = self._look
        width = QFontMetrics(look.font(30, bold=True)).horizontalAdvance(self._text)
        return QSize(min(max(width + look.tx(180) + look.px(40), look.px(480)), look.column), look.tx(116))

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
        line = look.colour("accent" if self.isEnabled() else "line")
        painter.setPen(QPen(line, look.px(3)))
        painter.setBrush(look.colour("accent" if self.is_held else "surface"))
        painter.drawRoundedRect(body, radius, radius)
        ink = look.colour("on_accent" if self.is_held else "accent" if self.isEnabled() else "muted")
        dot = look.px(13)
        middle = QPointF(body.left() + radius, body.center().y())
        painter.setPen(QPen(ink, look.px(3)))
        painter.setBrush(ink if self.is_held else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(middle, dot, dot)
        painter.setPen(ink)
        words = body.adjusted(radius + dot * 2, 0, -radius, 0)
        painter.setFont(shrunk(look.font(30, bold=True), self._text, round(words.width())))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self._text)
        if self.hasFocus():
            paint_ring(painter, look, QRectF(self.rect()), radius + gap)
        painter.end()

    def _set_held(self, held: bool) -> None:
        if held == self.is_held or (held and not self.isEnabled()):
            return
        self.is_held = held
        self._inputs.act("hold" if held else "release")
        self.update()


class LevelMeter(QWidget):
    """How loud it is, as bars; says so where there is no microphone."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self._look = style
        self.level: float | None = None
        self.setAccessibleName(style.say("no_microphone"))
        self.setFixedSize(style.px(480), style.tx(34))

    def show_level(self, level: float | None) -> None:
        """Show a level, None for no microphone."""
        if level != self.level:
            self.level = level
            self.setAccessibleName("" if level is not None else self._look.say("no_microphone"))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars, lit up to the level."""
        look = self._look
        painter = QPainter(self)
        if self.level is None:
            painter.setPen(look.colour("muted"))
            painter.setFont(look.font(18))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, look.say("no_microphone"))
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        each, lit = self.width() / BARS, round(self.level * BARS)
        tall = look.px(16)
        for place in range(BARS):
            painter.setBrush(look.colour("accent" if place < lit else "line", 1.0 if place < lit else 0.45))
            bar = QRectF(place * each + each * 0.2, (self.height() - tall) / 2, each * 0.6, tall)
            painter.drawRoundedRect(bar, look.px(3), look.px(3))
        painter.end()


class SpeakingPage(Page):
    """Sentences and the button to hold, or a question and the button that ends the answer."""

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__(task, style, inputs, pictures)
        assert isinstance(task, SpeakingTask)
        style = self.look
        self.speaking = task
        self._level_s = -math.inf
        content = task.stage.content
        self.body.setSpacing(style.px(12))
        self.body.addStretch(1)
        prompt = str(content.get("prompt") or "")
        if prompt:
            heading = FittedText(prompt, style.font(26), style.colour("muted"), centred=True)
            heading.setMaximumHeight(style.tx(90))
            self.body.addWidget(heading)
        text = task.question or "\n\n".join(task.sentences)
        centred = bool(task.question) or len(task.sentences) == 1
        shows_picture = self.add_picture() is not None
        words = FittedText(text, style.font(30 if shows_picture else 38), style.colour("ink"), centred)
        self.body.addWidget(words, 1 if shows_picture else 2)
        self.state = FittedText("", style.font(22), style.colour("muted"), centred=True)
        self.state.setFixedHeight(style.tx(34))
        self.meter = LevelMeter(style)
        self.talk = HoldButton(str(content.get("button") or style.say("hold_to_talk")), style, inputs)
        self.talk.setVisible(not task.is_free)
        self.body.addWidget(self.state)
        self.body.addWidget(self.meter, 0, Qt.AlignmentFlag.AlignHCenter)
        self.body.addWidget(self.talk, 0, Qt.AlignmentFlag.AlignHCenter)
        self.add_decline()
        self.add_button(style.say("finished" if task.is_free else "continue"))

    def begin(self) -> None:
        """Be ready for the space bar."""
        super().begin()
        if not self.speaking.is_free:
            self.talk.setFocus()

    def may_go_on(self) -> bool:
        """Whether an answer may be ended, or the stage left."""
        return (self.speaking.is_free and self.speaking.is_talking) or super().may_go_on()

    def go_on(self) -> None:
        """End a free answer, and with it the stage unless more is asked for."""
        if self.speaking.is_free and self.speaking.is_talking:
            self.inputs.act("done")
        super().go_on()

    def refresh(self, now: float) -> None:
        """Follow the microphone and the time to prepare."""
        super().refresh(now)
        left_s = self.speaking.prepares_s(now)
        self.state.set_text(self._state_text(left_s))
        if self.talk.isEnabled() == (left_s > 0):
            self.talk.setEnabled(left_s <= 0)
            if left_s <= 0 and self.hasFocus():
                self.talk.setFocus()
        if now - self._level_s >= LEVEL_EVERY_S:
            self._level_s = now
            level = self.inputs.level()
            self.meter.show_level(level)
            if level is not None and self.speaking.is_talking:
                self.inputs.act("level", level=level)

    def help_text(self) -> str:
        """Say what the button is for, or ask once more in the protocol's words."""
        key, count = self.task.missing
        if key in ("please_more", "was_short"):
            return str(self.task.stage.content.get("reprompt") or self.look.say(key))
        return self.look.say(key, count) if self.button is not None else ""

    def _state_text(self, left_s: float) -> str:
        if left_s > 0:
            return self.look.say("prepare", math.ceil(left_s))
        if self.speaking.is_free and self.speaking.is_talking and not self.speaking.reprompts:
            return self.look.say("speak_now")
        return ""
