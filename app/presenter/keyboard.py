"""One event filter for the whole application: keystrokes of both windows, chords, and the key of rights."""

from __future__ import annotations

import typing
from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer
from PySide6.QtGui import QInputEvent, QKeyEvent, QKeySequence

from app import clock
from app.presenter.keys import KeyStroke, Strokes, event_time, is_clock_of_ours
from app.presenter.layout import position_of

CHORDS = {Qt.Key.Key_P: "pause", Qt.Key.Key_Q: "abort"}
INPUT_EVENTS = (
    QEvent.Type.KeyPress,
    QEvent.Type.KeyRelease,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
)
# An input's own time is good for what its handlers do at once, not for anything later.
FRESH_S = 0.05
# How long an up may wait for the press of its own repeat, which the X server sends right behind it.
REPEAT_MS = 20


class Keyboard(QObject):
    """Sees each key event once, at the window it comes in by, before any widget does."""

    def __init__(
        self,
        on_stroke: Callable[[KeyStroke], None],
        on_chord: Callable[[str], None],
        on_rights: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__()
        self._on_stroke = on_stroke
        self._on_chord = on_chord
        self._on_rights = on_rights
        self._strokes = Strokes()
        self._time = 0.0
        self._received_s = 0.0
        self._up: tuple[int, int, float, float] | None = None
        self._patience = QTimer(self, singleShot=True, interval=REPEAT_MS)
        self._patience.timeout.connect(self._let_up)

    def time(self) -> float:
        """Return the time of the input that is being handled, now if there is none."""
        now = clock.now()
        return self._time if now - self._received_s < FRESH_S else now

    def forget(self) -> None:
        """Know nothing of what is held down, as the keyboard was elsewhere."""
        self._let_up()
        self._strokes.forget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Record keys; swallow the operator's chords and the participant's Escape."""
        if event.type() not in INPUT_EVENTS or not watched.isWindowType():
            return False
        received_s = clock.now()
        stamp_ms = typing.cast("QInputEvent", event).timestamp()
        self._received_s, self._time = received_s, event_time(stamp_ms, received_s)
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return self._key(typing.cast("QKeyEvent", event), stamp_ms)
        return False

    def _let_up(self) -> None:
        """Record the up that has waited: nothing came that would make it a repeat."""
        self._patience.stop()
        if self._up is not None:
            (code, _, *times), self._up = self._up, None
            stroke = self._strokes.up(code, *times)
            if stroke is not None:
                self._on_stroke(stroke)

    def _key(self, event: QKeyEvent, stamp_ms: int) -> bool:
        is_down = event.type() == QEvent.Type.KeyPress
        if event.isAutoRepeat() and not is_down:
            # X11 sends an up before each repeat; the key never moved.
            return False
        code, name = event.key(), key_name(event)
        # Qt knows the X server's up before a repeat by the press behind it, if it has that already: else up
        # and press arrive as if the key had moved, both with the time of the repeat.
        splits = is_down and self._up is not None and self._up[:2] == (code, stamp_ms)
        if splits:
            self._up = None
        self._let_up()
        repeated = event.isAutoRepeat() or splits
        stroke: KeyStroke | None = None
        if is_down:
            text = event.text() if event.text().isprintable() else ""
            stroke = self._strokes.down(
                code, name, text, self._time, self._received_s, repeated, position_of(event)
            )
        elif is_clock_of_ours(stamp_ms, self._received_s):
            self._up = (code, stamp_ms, self._time, self._received_s)
            self._patience.start()
        else:
            stroke = self._strokes.up(code, self._time, self._received_s)
        if stroke is not None:
            self._on_stroke(stroke)
        if code == Qt.Key.Key_Escape and self._on_rights is not None:
            if is_down and not repeated:
                self._on_rights(self._time)
            return True
        chord = CHORDS.get(Qt.Key(code)) if is_chord(event) else None
        if chord is None:
            return False
        if is_down and not repeated:
            self._on_chord(chord)
        return True


def is_chord(event: QKeyEvent) -> bool:
    """Whether exactly Ctrl and Shift are held."""
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    return event.modifiers() == held


def key_name(event: QKeyEvent) -> str:
    """Return the key's name, as in 'A', 'Backspace', 'Shift'."""
    key = event.key()
    names = {
        Qt.Key.Key_Shift: "Shift",
        Qt.Key.Key_Control: "Control",
        Qt.Key.Key_Alt: "Alt",
        Qt.Key.Key_AltGr: "AltGr",
        Qt.Key.Key_Meta: "Meta",
        Qt.Key.Key_CapsLock: "CapsLock",
        Qt.Key.Key_PageUp: "PageUp",
        Qt.Key.Key_PageDown: "PageDown",
        Qt.Key.Key_Delete: "Delete",
        Qt.Key.Key_Insert: "Insert",
    }
    return names.get(Qt.Key(key)) or QKeySequence(QKeyCombination(Qt.Key(key))).toString() or "unknown"
