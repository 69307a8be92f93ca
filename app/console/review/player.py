"""One clock for all views of a recording: play, pause, speed, steps, loop. It moves the axis's cursor."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app import clock
from app.console.review.axis import TimeAxis
from app.console.review.sound_player import SoundPlayer
from app.console.review.speeds import next_speed

TICK_MS = 12
USUAL_STEP_S = 0.04

Stepper = Callable[[float, int], float]
"""Takes a time and a number of steps (negative: back); returns the time of that frame or sample."""


class Player(QObject):
    """Plays the recording of an axis. While sound is heard the sound card's position leads.

    `changed` when it plays or pauses, changes speed or loop, or when its sound comes or goes; `ticked`
    after each step of the cursor while playing; `ended` when it came to the end by itself.
    """

    changed = Signal()
    ticked = Signal()
    ended = Signal()

    def __init__(
        self, axis: TimeAxis, sound: SoundPlayer | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.axis = axis
        self.sound = sound if sound is not None else SoundPlayer()
        self.speed = 1.0
        self.loops = False
        self.loop_s: tuple[float, float] | None = None
        """What is looped where nothing is selected: a mark, for instance."""
        self.stepper: Stepper = _usual_step
        self.is_silenced = False
        self._plays = self._moves = False
        self._until_s: float | None = None
        self._base = (0.0, 0.0)
        self._told_problem = ""
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        axis.cursor_changed.connect(self._on_cursor)
        axis.selection_changed.connect(self._on_selection)

    @property
    def is_playing(self) -> bool:
        """Whether it plays."""
        return self._plays

    @property
    def position_s(self) -> float:
        """Where it is, on the recording's clock."""
        return self.axis.cursor_s

    @property
    def span_s(self) -> tuple[float, float] | None:
        """What is looped now, None where nothing is."""
        if not self.loops:
            return None
        return self.axis.selection_s or self.loop_s

    @property
    def sound_words(self) -> str:
        """What is to be said of the sound, "" where it is heard or there is none."""
        if not self.sound.has_sound:
            return ""
        return "sound off" if self.is_silenced else self.sound.problem

    # What can be done

    def play(self, until_s: float | None = None) -> None:
        """Play from the cursor on, from the start where it stands at the end; stop at `until_s`."""
        span = self.span_s
        low, high = span if span is not None else self.axis.extent_s
        at_s = self.axis.cursor_s
        if not low <= at_s < high - 1e-6:
            self._move(low)
        self._until_s = until_s
        self._plays = True
        self._anchor()
        self._timer.start()
        self.changed.emit()

    def pause(self) -> None:
        """Stop where it is."""
        if self._plays:
            self._plays = False
            self._timer.stop()
            self.sound.stop()
            self.changed.emit()

    def toggle(self) -> None:
        """Play or pause."""
        if self._plays:
            self.pause()
        else:
            self.play()

    def seek(self, time_s: float) -> None:
        """Go to a time; plays on from there if it plays."""
        self.axis.move_cursor(time_s)

    def jump(self, seconds: float) -> None:
        """Go some seconds on or back."""
        self.seek(self.axis.cursor_s + seconds)

    def step(self, count: int) -> None:
        """Pause, and go to the next (1) or previous (-1) frame."""
        self.pause()
        self.seek(self.stepper(self.axis.cursor_s, count))

    def set_speed(self, speed: float) -> None:
        """Play so much faster than it was."""
        if speed != self.speed:
            self.speed = speed
            if self._plays:
                self._anchor()
            self.changed.emit()

    def faster(self) -> None:
        """Play at the next higher speed."""
        self.set_speed(next_speed(self.speed, 1))

    def slower(self) -> None:
        """Play at the next lower speed."""
        self.set_speed(next_speed(self.speed, -1))

    def set_loops(self, loops: bool) -> None:
        """Loop what is selected (or `loop_s`), or stop doing so."""
        if loops != self.loops:
            self.loops = loops
            if self._plays:
                self._anchor()
            self.changed.emit()

    def set_silenced(self, silenced: bool) -> None:
        """Play without sound, or with it again."""
        if silenced != self.is_silenced:
            self.is_silenced = silenced
            if self._plays:
                self._anchor()
            self.changed.emit()

    def close(self) -> None:
        """Stop, and let go of the sound output."""
        self.pause()
        self.sound.close()

    # How it goes on

    def _anchor(self) -> None:
        """Begin anew at the cursor: clock, and sound if there is one."""
        span = self.span_s
        if span is not None and not span[0] <= self.axis.cursor_s < span[1]:
            self._move(span[0])
        at_s = self.axis.cursor_s
        self._base = (clock.now(), at_s)
        if self.is_silenced:
            self.sound.stop()
        else:
            self.sound.start(at_s, self.axis.extent_s[1], self.speed, span)

    def _tick(self) -> None:
        heard_s = self.sound.position_s()
        now = clock.now()
        if self.sound.problem != self._told_problem:
            # From here on the clock leads, where the sound has led.
            self._told_problem = self.sound.problem
            self._base = (now, self._base[1])
            self.changed.emit()
        if heard_s is not None:
            time_s = heard_s
            self._base = (now, time_s)
        elif self.sound.waits:
            # The pictures wait for the first sample that is heard.
            self._base = (now, self._base[1])
            return
        else:
            time_s = self._base[1] + (now - self._base[0]) * self.speed
        span = self.span_s
        end_s = span[1] if span is not None else self.axis.extent_s[1]
        if span is not None and time_s >= end_s:
            # Sound goes round by itself; without it the clock does.
            time_s = span[0] + (time_s - end_s) % max(1e-3, span[1] - span[0])
            self._base = (now, time_s)
        if self._until_s is not None and time_s >= self._until_s:
            time_s, end_s = self._until_s, self._until_s
        self._move(min(time_s, end_s))
        self.ticked.emit()
        if span is None and time_s >= end_s:
            self._until_s = None
            self.pause()
            self.ended.emit()

    def _move(self, time_s: float) -> None:
        self._moves = True
        self.axis.move_cursor(time_s)
        self._moves = False

    def _on_cursor(self) -> None:
        if self._plays and not self._moves:
            self._anchor()

    def _on_selection(self) -> None:
        if self._plays and self.loops:
            self._anchor()


def _usual_step(time_s: float, count: int) -> float:
    return time_s + count * USUAL_STEP_S
