"""Copying a sentence: the sentence above, an editor of our own below.

The editor shows what the task holds. It can append and take back, nothing else: no suggestions, no
correction, no undo, no paste, no moving about, so that every change is one keystroke.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QInputMethodEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.presenter.desk import Inputs
from app.presenter.pages.base import NO_PICTURES, Page
from app.presenter.pages.parts import FittedText, is_right_to_left, paint_ring
from app.presenter.style import Style
from app.presenter.tasks import Task, TypingTask

BLINK_MS = 530


class Editor(QWidget):
    """Shows the typed text with a caret at its end and sends each key's change on."""

    def __init__(self, task: TypingTask, style: Style, inputs: Inputs) -> None:
        super().__init__()
        self._task = task
        self._look = style
        self._inputs = inputs
        self._caret = True
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        hints = Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhNoAutoUppercase
        self.setInputMethodHints(hints | Qt.InputMethodHint.ImhSensitiveData)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName(style.say("write_here"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._blink = QTimer(self)
        self._blink.timeout.connect(self._toggle)
        self._blink.start(BLINK_MS)

    def sizeHint(self) -> QSize:
        """Leave room for the sentence and a line more."""
        lines = max(2, self._lines(self._task.sentence, self._look.column - self._look.px(60)) + 1)
        return QSize(self._look.column, round(lines * self._look.tx(36) * 1.5) + self._look.px(40))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Append a character or take one back; everything else is left to the page."""
        commanding = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier
        text = event.text()
        if event.key() == Qt.Key.Key_Backspace and not event.modifiers() & commanding:
            self._inputs.act("erase")
        elif len(text) == 1 and text.isprintable() and not event.modifiers() & commanding:
            self._inputs.act("insert", text=text)
        else:
            event.ignore()
            return
        self._show()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Take composed characters, such as an accented letter of two keys."""
        for char in event.commitString():
            if char.isprintable():
                self._inputs.act("insert", text=char)
        event.accept()
        self._show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint box, text and caret; long text keeps its end in sight."""
        look = self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = look.px(12)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(look.colour("line"), look.px(1.5)))
        painter.setBrush(look.colour("surface"))
        painter.drawRoundedRect(area, radius, radius)
        if self.hasFocus():
            paint_ring(painter, look, area, radius)
        inner = area.adjusted(look.px(28), look.px(18), -look.px(28), -look.px(18))
        painter.setClipRect(inner.adjusted(0, 0, look.px(6), 0))
        layout = self._layout(self._task.text, inner.width())
        bottom = inner.top() + layout.boundingRect().height()
        origin = inner.topLeft()
        if bottom > inner.bottom():
            origin.setY(origin.y() - (bottom - inner.bottom()))
        painter.setPen(look.colour("ink"))
        layout.draw(painter, origin)
        if self._caret and self.hasFocus():
            painter.setPen(look.colour("accent"))
            layout.drawCursor(painter, origin, len(self._task.text), look.px(2.5))
        painter.end()

    def _layout(self, text: str, width: float) -> QTextLayout:
        layout = QTextLayout(text, self._look.font(34))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setFlags(QTextOption.Flag.IncludeTrailingSpaces)
        if is_right_to_left(text or self._task.sentence):
            option.setTextDirection(Qt.LayoutDirection.RightToLeft)
        layout.setTextOption(option)
        layout.beginLayout()
        height = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            position = line.position()
            position.setY(height)
            line.setPosition(position)
            height += line.height() * 1.2
        layout.endLayout()
        return layout

    def _lines(self, text: str, width: float) -> int:
        return self._layout(text, width).lineCount()

    def _show(self) -> None:
        self._caret = True
        self._blink.start(BLINK_MS)
        self.update()

    def _toggle(self) -> None:
        self._caret = not self._caret
        self.update()


class TypingPage(Page):
    """Prompt, sentence and editor."""

    def __init__(
        self, task: Task, style: Style, inputs: Inputs, pictures: Mapping[str, Path] = NO_PICTURES
    ) -> None:
        super().__init__(task, style, inputs, pictures)
        assert isinstance(task, TypingTask)
        self.typing = task
        content = task.stage.content
        self._hides_target = not content.get("show_target", True)
        self.body.addStretch(1)
        prompt = str(content.get("prompt", ""))
        if prompt:
            heading = FittedText(prompt, style.font(26), style.colour("muted"), centred=True)
            heading.setMaximumHeight(style.tx(90))
            self.body.addWidget(heading)
        self.target = FittedText(task.sentence, style.font(38), style.colour("ink"), centred=True)
        self.body.addWidget(self.target)
        self.body.addSpacing(style.px(20))
        self.editor = Editor(task, style, inputs)
        self.body.addWidget(self.editor)
        self.add_decline()
        self.body.addStretch(2)
        self.add_button(str(content.get("button") or style.say("continue")))

    def begin(self) -> None:
        """Be ready to type."""
        self.refresh(self.task.started_s)
        self.editor.setFocus()

    def refresh(self, now: float) -> None:
        """A sentence to be written from memory goes with the first key."""
        super().refresh(now)
        if self._hides_target and self.typing.keys and self.target.text:
            self.target.set_text("")
