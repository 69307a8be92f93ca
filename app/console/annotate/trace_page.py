"""The page on which a trace is made: a window over the whole screen, the film, the scale, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QCursor,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QScreen,
    QWheelEvent,
)
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from analysis.labels.scheme import Tier
from app.annotation.visible import Visible
from app.console import preferences, theme
from app.console.annotate.trace_choices import TraceChoices
from app.console.annotate.trace_footage import Practice
from app.console.annotate.trace_hand import Hand
from app.console.annotate.trace_overlay import Choice, TraceOverlay
from app.console.annotate.trace_recording import RecordingFootage
from app.console.annotate.trace_relative import RelativeScale
from app.console.annotate.trace_run import TraceRun
from app.console.annotate.trace_scales import scale_of
from app.console.parts import Line
from app.console.review.recording import Recording

if TYPE_CHECKING:
    from app.annotation.log import Log
    from app.annotation.queue import Item

PRACTISED = "practised_traces"
WHEEL_NOTCH = 120
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Down: (0, -1),
    Qt.Key.Key_Up: (0, 1),
}
LOST = "Another window came to the front. What you had traced is kept."


class TracePage(QWidget):
    """Traces one item. `next_asked`: the annotator wants the next one; `closed`: the page has gone."""

    next_asked = Signal()
    closed = Signal()

    def __init__(
        self,
        item: Item,
        log: Log,
        tier: Tier | str,
        recording: Recording,
        visible: Visible,
        screen: QScreen | None = None,
    ) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.item, self.log = item, log
        self.tier = log.scheme.tier(tier) if isinstance(tier, str) else tier
        self.setWindowTitle(self.tier.title)
        self.choices = TraceChoices(self.tier)
        self.hand = Hand(self.tier)
        self.scale = scale_of(self.tier, self.hand)
        self.footage = RecordingFootage(recording, visible, item.window_s, self)
        self.run = TraceRun(self.footage, self.hand, self.tier, log, item.trial, item.code, self)
        self._pass: TraceRun = self.run
        self._pointer = QPoint()
        self._is_asking = False
        self._turned = 0
        self.question = Line(log.scheme.question, "text", wrap=True)
        self.hint = Line("", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        self.overlay = TraceOverlay(self)
        self._connect(self.run)
        # Without a window manager a window that asks for the full screen stays small.
        shown_on = screen or self.screen()
        self.setScreen(shown_on)
        self.setGeometry(shown_on.geometry())
        self._show_ready()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 12)
        font = self.question.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self.question.setFont(font)
        self.question.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.question)
        below = self.choices.is_relative
        self.stage = QBoxLayout(
            QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        )
        self.stage.setSpacing(24)
        self.stage.addWidget(self.footage.screen, 3)
        self.stage.addWidget(self.scale, 2 if self.tier.kind == "trace2d" else 1 if below else 0)
        column.addLayout(self.stage, 1)
        column.addWidget(self.hint)

    def _connect(self, run: TraceRun) -> None:
        run.take_hand = self._take_hand
        run.changed.connect(self._on_changed)
        run.read.connect(self._on_read)
        run.failed.connect(self._on_failed)

    # What may be done

    def begin(self) -> None:
        """Begin a pass of the item."""
        self._pass = self.run
        self._start()

    def practise(self) -> None:
        """Follow a wandering mark for a while; nothing of it is kept."""
        practice = Practice(len(self.hand.dimensions), self)
        self._pass = TraceRun(practice, self.hand, self.tier, None, parent=self)
        self._connect(self._pass)
        self._start()

    def leave(self) -> None:
        """Close the page; what was traced is kept."""
        self.close()

    def go_next(self) -> None:
        """Close the page and ask for the next item."""
        self.close()
        self.next_asked.emit()

    @property
    def has_practised(self) -> bool:
        """Whether the annotator has traced in this tier before, here or in another recording."""
        if any(head.tier == self.tier.name for head in self.log.take_heads()):
            return True
        return self._practice_name in preferences.get(PRACTISED, [])

    @property
    def _practice_name(self) -> str:
        return f"{self.log.head.annotator}/{self.log.head.scheme}/{self.tier.name}"

    def _start(self) -> None:
        self.choices.remember()
        self.scale.clear()
        if isinstance(self.scale, RelativeScale):
            footage = self._pass.footage
            self.scale.set_span(footage.start_s, footage.stop_s)
        self._pass.device = self.choices.device
        self._pointer = QCursor.pos()
        self._pass.begin()

    def _go_on(self) -> None:
        self._is_asking = False
        self._pass.go_on()

    def _on_failed(self, text: str) -> None:
        close: Choice = ("Close", "", self.leave)
        self.overlay.say("The trace cannot be saved", text, (close,), "What was saved before is kept.")

    # The hand

    def _take_hand(self) -> None:
        """Move the hand to the pointer, where the pointer has moved since the last reading."""
        if self.choices.uses_keys or self.choices.is_relative:
            return
        pointer = QCursor.pos()
        if pointer != self._pointer:
            self._pointer = pointer
            self.scale.point_at(self.scale.mapFromGlobal(pointer).toPointF())

    def _on_read(self, now_s: float) -> None:
        footage = self._pass.footage
        if isinstance(footage, Practice):
            self.scale.target = footage.target(footage.position_s)
        if isinstance(self.scale, RelativeScale) and self.hand.has_begun:
            self.scale.keep(footage.position_s, self.hand.place[0])
        self.scale.show_now(now_s)

    def _move(self, across: int, up: int) -> None:
        steps = self.choices.steps
        if len(self.hand.dimensions) == 2:
            self.hand.move(across * self.hand.step_of(0, steps), up * self.hand.step_of(1, steps))
        else:
            self.hand.move((across + up) * self.hand.step_of(0, steps))
        self.scale.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows rate, 0 cannot tell, Space pauses and goes on, Esc asks once."""
        key, phase = event.key(), self._pass.phase
        is_live = phase in ("countdown", "running")
        if key in ARROWS and is_live and (self.choices.uses_keys or self.choices.is_relative):
            self._move(*ARROWS[Qt.Key(key)])
        elif key == Qt.Key.Key_0 and phase == "running":
            self.hand.cannot_tell()
            self.scale.update()
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat() and is_live:
            self._pass.interrupt("Paused. What you have traced so far is kept.")
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat() and phase == "paused":
            self._go_on()
        elif key == Qt.Key.Key_Escape:
            self._escape()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move a relative trace, one step a notch."""
        if not self.choices.is_relative or self._pass.phase not in ("countdown", "running"):
            return
        self._turned += event.angleDelta().y()
        notches = int(self._turned / WHEEL_NOTCH)
        if notches:
            self._turned -= notches * WHEEL_NOTCH
            self._move(0, notches)

    def _escape(self) -> None:
        if self._is_asking or self._pass.phase not in ("countdown", "running", "paused"):
            self.leave()
            return
        self._is_asking = True
        self._pass.interrupt("")
        self._on_changed()

    def changeEvent(self, event: QEvent) -> None:
        """Pause when another window takes the keyboard."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._pass.interrupt(LOST)

    # What is shown

    def _on_changed(self) -> None:
        phase = self._pass.phase
        self.hint.setText(self._hint() if phase in ("countdown", "running") else "")
        if phase == "countdown":
            self.overlay.count(self._pass.count, self.footage.screen.geometry())
            self.setFocus()
        elif phase == "running":
            self.overlay.hide()
            self.setFocus()
        elif phase == "paused":
            self._show_paused()
        elif phase == "done":
            self._show_done()

    def _hint(self) -> str:
        ways = "Move the mark with the mouse"
        if self.choices.is_relative:
            ways = "Up and Down or the mouse wheel: more, less"
        elif self.choices.uses_keys:
            ways = "Arrow keys move the mark"
        tell = "   0 cannot tell" if self.hand.may_not_tell else ""
        return f"{ways}{tell}   Space pauses   Esc stops"

    def _show_ready(self) -> None:
        practise: Choice = ("Practise", "person", self.practise)
        begin: Choice = ("Begin", "start", self.begin)
        close: Choice = ("Close", "", self.leave)
        order = (begin, practise, close) if self.has_practised else (practise, begin, close)
        small = (
            []
            if self.has_practised
            else ["Practise first: follow a wandering mark for 20 s, nothing is kept."]
        )
        states = [take.state for take in self.run.takes()]
        passes = states.count("done")
        if passes:
            small.append("You have traced this before; a further pass is kept beside it, and counts.")
        if "interrupted" in states and not passes:
            small.append("An earlier pass was interrupted; it is kept.")
        text = self.log.scheme.instructions or self.log.scheme.question
        self.overlay.say(self.tier.title, text, order, " ".join(small), self.choices)

    def _show_paused(self) -> None:
        go_on: Choice = ("Go on", "start", self._go_on)
        stop: Choice = ("Stop", "", self.leave)
        back = "It goes on 3 s earlier, after a countdown."
        if self._is_asking:
            self.overlay.say(
                "Stop here?", "What you have traced is kept, as interrupted.", (go_on, stop), back
            )
        else:
            self.overlay.say("Paused", self._pass.reason, (go_on, stop), back)

    def _show_done(self) -> None:
        close: Choice = ("Close", "", self.leave)
        if self._pass.is_practice:
            self.scale.target = None
            known = [*preferences.get(PRACTISED, []), self._practice_name]
            preferences.put(PRACTISED, list(dict.fromkeys(known)))
            begin: Choice = ("Begin", "start", self.begin)
            more: Choice = ("Practise again", "repeat", self.practise)
            text = "That was practice; nothing of it was kept. Now the film itself."
            self.overlay.say("Practised", text, (begin, more, close))
            return
        after: Choice = ("Next", "next", self.go_next)
        again: Choice = ("Again", "repeat", self.begin)
        text = "Your trace is saved. Again makes a second one beside it."
        self.overlay.say("Done", text, (after, again, close), self._pass.kept.words)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lie on the ground that films have around them."""
        QPainter(self).fillRect(self.rect(), QColor(theme.current().base))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the page covered."""
        super().resizeEvent(event)
        self.overlay.setGeometry(self.rect())

    def closeEvent(self, event: QCloseEvent) -> None:
        """End what runs; what was traced is kept."""
        self._pass.leave()
        self.footage.close()
        super().closeEvent(event)
        self.closed.emit()
