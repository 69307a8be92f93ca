"""The line under the rows: play, steps, clock, frame, speed, loop, sound, how far the picture is off."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from app.console import icons
from app.console.parts import Line
from app.console.review.player import Player
from app.console.review.speeds import SPEEDS, speed_words
from app.console.review.times import clock_words


class Flat(QToolButton):
    """A button that takes no focus, so that keys stay with what is played."""

    def __init__(self, icon: str, text: str, keys: str, pressed: Callable[[], None]) -> None:
        super().__init__()
        self._icon = ""
        self.setAutoRaise(True)
        self.setIconSize(QSize(20, 20))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(lambda: pressed())
        self.say(icon, text, keys)

    def say(self, icon: str, text: str, keys: str) -> None:
        """Show another picture and tip."""
        if icon != self._icon:
            self._icon = icon
            self.setIcon(icons.icon(icon))
        self.setToolTip(f"{text} ({keys})" if keys else text)
        self.setAccessibleName(text)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setIcon(icons.icon(self._icon))


class Figures(Line):
    """Words that come and go: room is kept for the `widest` that are usual, nothing is ever cut."""

    def __init__(self, name: str, widest: str = "", colour: str = "muted") -> None:
        self._widest = widest
        super().__init__("", colour)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """As wide as the words, or as the widest usual ones in the font in use."""
        hint = super().sizeHint()
        return hint.expandedTo(QSize(self.fontMetrics().horizontalAdvance(self._widest) + 4, hint.height()))

    def minimumSizeHint(self) -> QSize:
        """The same: a cut number is a wrong one."""
        return self.sizeHint()

    def say(self, words: str) -> None:
        """Show other words."""
        if words != self.text():
            self.setText(words)


class Transport(QWidget):
    """Shows and steers a player; the desk says frame, sync error and whether it is muted.

    Where room is short, notes are left out one after the other; the clock's tool tip tells them. While it
    is not `set_in_use` it says nothing.
    """

    def __init__(self, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.player = player
        self._row = QHBoxLayout(self)
        self.back = Flat("step-back", "Frame back", "Left", lambda: player.step(-1))
        self.play = Flat("start", "Play", "Space", player.toggle)
        self.forward = Flat("step-forward", "Frame forward", "Right", lambda: player.step(1))
        self.loop = Flat("repeat", "Loop the selection", "L", lambda: player.set_loops(not player.loops))
        self.loop.setCheckable(True)
        self.sound = Flat("sound", "Sound", "", lambda: player.set_silenced(not player.is_silenced))
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("Speed: slower (,), faster (.), as recorded (Backspace)")
        self.speed.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for speed in SPEEDS:
            self.speed.addItem(speed_words(speed), speed)
        self.speed.activated.connect(lambda place: player.set_speed(SPEEDS[place]))
        self.clock = Figures("Time", "−0:00:00.000", "text")
        self.length = Figures("Length")
        self.frame = Figures("Frame", "frame 00000")
        self.sound_words = Figures("Sound", colour="warning")
        self.sync = Figures("Picture", "video −000 ms")
        self.sync.setToolTip("Time of the shown picture less the cursor's")
        # The first is the last to be left out.
        self.notes = (self.sound_words, self.frame, self.sync, self.length)
        self._is_used = False
        self._fill()
        player.changed.connect(self.refresh)
        player.axis.cursor_changed.connect(self._say_time)
        player.axis.extent_changed.connect(self._say_time)
        self.refresh()
        self.set_in_use(False)

    def _fill(self) -> None:
        row = self._row
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(4)
        for widget in (self.back, self.play, self.forward):
            row.addWidget(widget)
        row.addSpacing(4)
        row.addWidget(self.clock)
        row.addWidget(self.length)
        row.addSpacing(8)
        row.addWidget(self.frame)
        row.addStretch(1)
        row.addWidget(self.sound_words)
        row.addSpacing(4)
        row.addWidget(self.sync)
        row.addSpacing(4)
        for control in (self.sound, self.loop, self.speed):
            row.addWidget(control)

    def refresh(self) -> None:
        """Show what the player does."""
        player = self.player
        if player.is_playing:
            self.play.say("pause", "Pause", "Space")
        else:
            self.play.say("start", "Play", "Space")
        self.loop.setChecked(player.loops)
        self.speed.setCurrentIndex(SPEEDS.index(player.speed))
        self.sound.setVisible(player.sound.has_sound)
        if player.is_silenced:
            self.sound.say("sound-off", "Sound on", "")
        else:
            self.sound.say("sound", "Sound off", "")
        self._leave_out()

    def set_in_use(self, is_used: bool) -> None:
        """Show and steer what is open; or (False) say nothing, for nothing is open."""
        self._is_used = is_used
        self.setEnabled(is_used)
        if not is_used:
            for figures in (self.clock, *self.notes):
                figures.say("")
        self._say_time()
        self._leave_out()

    def say_frame(self, words: str) -> None:
        """Show the number of the frame."""
        self._note(self.frame, words)

    def say_sync(self, words: str) -> None:
        """Show how far the picture is from the cursor."""
        self._note(self.sync, words)

    def say_sound(self, words: str) -> None:
        """Show why nothing is heard."""
        self._note(self.sound_words, words)

    def _note(self, note: Figures, words: str) -> None:
        if self._is_used and words != note.text():
            note.say(words)
            self._leave_out()

    def _say_time(self) -> None:
        if self._is_used:
            axis = self.player.axis
            self.clock.say(clock_words(axis.cursor_s - axis.zero_s))
            self._note(self.length, f"/ {clock_words(axis.extent_s[1] - axis.zero_s)}")

    # Room

    def minimumSizeHint(self) -> QSize:
        """Buttons and clock: notes can be left out."""
        return QSize(self._bare_px(), self._row.minimumSize().height())

    def event(self, event: QEvent) -> bool:
        """Look anew at what there is room for when anything grew or shrank."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._leave_out()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many notes as there is room for."""
        self._leave_out()

    def _px(self, note: Figures) -> int:
        return note.sizeHint().width() + self._row.spacing()

    def _bare_px(self) -> int:
        shown = sum(self._px(note) for note in self.notes if not note.isHidden())
        return self._row.sizeHint().width() - shown

    def _leave_out(self) -> None:
        left_px = self.width() - self._bare_px()
        left_out = []
        for note in self.notes:
            if note is self.sound_words and not note.text():
                note.hide()
                continue
            left_px -= self._px(note)
            note.setVisible(left_px >= 0)
            if left_px < 0 and note.text():
                left_out.append(note.text())
        self.clock.setToolTip("\n".join(left_out))
        # At once: nobody is to see a note in the place that another one had.
        self._row.activate()
