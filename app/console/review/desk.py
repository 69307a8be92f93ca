"""Everything of a recording on one time axis: pictures above, rows below, the transport at the bottom."""

from __future__ import annotations

import threading

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from analysis.views.faces import FaceFinder
from app.annotation.visible import EVERYTHING, Visible
from app.console import preferences
from app.console.review.axis import TimeAxis
from app.console.review.camera_frames import CameraFrames
from app.console.review.camera_view import CameraView
from app.console.review.event_row import EventRow
from app.console.review.film_view import FilmView
from app.console.review.key_row import KeyRow
from app.console.review.player import USUAL_STEP_S, Player
from app.console.review.recording import Recording
from app.console.review.seen import View
from app.console.review.sound_player import SoundPlayer
from app.console.review.sound_rows import SoundRows
from app.console.review.stack import SignalStack
from app.console.review.time_row import TimeRow
from app.console.review.times import sync_words
from app.console.review.transport import Transport
from app.console.review.wave_row import WaveRow

SPLITS = "review_splits"
SHARES = (3, 7)
"""How pictures and rows share the room where there are signals."""
MARGIN_SHARE = 0.05
MARKED = ("trial_started", "stimulus_shown", "stimulus_hidden", "note", "feeling_it")
"""Kinds of events that are drawn as lines through the signals."""
SECOND_S = 1.0


class ReviewDesk(QWidget):
    """Shows a recording as far as `visible` allows; knows nothing of the page around it.

    `axis` is shared by all rows, `player` moves its cursor, `stack` draws the signals, `view` is what may
    be seen (None before `open`). Keys that it does not know are left to the page.
    """

    opened = Signal()

    def __init__(self, parent: QWidget | None = None, name: str = "review") -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._name = name
        self._finder: FaceFinder | None = None
        self.recording: Recording | None = None
        self.view: View | None = None
        self.axis = TimeAxis(self)
        self.player = Player(self.axis, SoundPlayer(), self)
        self.player.stepper = self._stepped
        self.stack = SignalStack(self.axis)
        self.transport = Transport(self.player)
        self.cameras: dict[str, CameraView] = {}
        self.film: FilmView | None = None
        self._played, self._dropped_before = False, 0
        self._own_rows: list[QWidget] = []
        self._added_rows: list[QWidget] = []
        self.pictures = QSplitter(Qt.Orientation.Horizontal)
        self.rows = QSplitter(Qt.Orientation.Vertical)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self._lay_out()
        self.axis.cursor_changed.connect(self._say_frame)
        self.player.changed.connect(self._on_player)
        self.axis.cursor_changed.connect(self._say_sound)

    def _lay_out(self) -> None:
        for split in (self.pictures, self.rows, self.split):
            split.setChildrenCollapsible(False)
            split.setHandleWidth(4)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.ruler = TimeRow(self.axis)
        column.addWidget(self.ruler)
        column.addWidget(self.rows, 1)
        self.rows.addWidget(self.stack)
        self.rows.setStretchFactor(0, 1)
        self.split.addWidget(self.pictures)
        self.split.addWidget(below)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.split, 1)
        whole.addWidget(self.transport)

    # What is shown

    def open(self, recording: Recording, visible: Visible = EVERYTHING) -> None:
        """Show a recording as far as it may be seen. The recording stays its owner's, who closes it."""
        self.clear()
        self.recording = recording
        view = self.view = View(recording, visible)
        self.axis.set_extent(view.start_s, view.stop_s, view.zero_s)
        self.stack.open(recording.overview, visible)
        # The signals have a ruler of their own.
        self.ruler.setVisible(not self.stack.bands)
        self.stack.setVisible(bool(self.stack.bands))
        marked = [event for event in view.events if event.kind in MARKED]
        self.stack.set_events([event.time_s for event in marked], [event.text for event in marked])
        for name in view.cameras:
            frames = CameraFrames(recording.stream(name), view.start_s, view.stop_s)
            camera = CameraView(self.axis, frames, name)
            camera.shown_changed.connect(self._say_frame)
            self.cameras[name] = camera
            self.pictures.addWidget(camera)
            if self._finder is not None:
                camera.set_faces(self._finder.find)
        if view.shows_stimulus and recording.films.all:
            self.film = FilmView(self.axis, view)
            self.film.shown_changed.connect(self._say_frame)
            self.pictures.addWidget(self.film)
        self.pictures.setVisible(bool(self.pictures.count()))
        overview = recording.overview
        sounds = [SoundRows(recording.stream(name), overview.row_times(name)) for name in view.sounds]
        self.player.sound.take(sounds, view.visible.muted_s)
        if sounds:
            self._own_rows.append(WaveRow(self.axis, view))
        if view.strokes:
            self._own_rows.append(KeyRow(self.axis, view))
        if view.shows("events") and (view.events or view.trials):
            self._own_rows.append(EventRow(self.axis, view))
        for place, row in enumerate(self._own_rows, 1):
            self.rows.insertWidget(place, row)
            self.rows.setStretchFactor(place, 0)
        self._restore_sizes()
        self.transport.set_in_use(True)
        self.transport.refresh()
        self._say_frame()
        self._say_sound()
        self.opened.emit()

    def clear(self) -> None:
        """Show nothing; forget the recording without closing it."""
        self.player.pause()
        self.player.sound.take(())
        self._remember_sizes()
        self.recording = self.view = None
        for pane in self._panes():
            pane.close_media()
            pane.setParent(None)
            pane.deleteLater()
        for row in self._own_rows:
            row.setParent(None)
            row.deleteLater()
        self.stack.open(None)
        self.cameras.clear()
        self.film = None
        self._own_rows.clear()
        self.transport.set_in_use(False)

    def close_media(self) -> None:
        """End all threads and let go of the sound output: the window is closed."""
        self.clear()
        self.set_faces(False)
        self.player.close()

    def add_row(self, widget: QWidget) -> None:
        """Put a row on the same axis under all others."""
        self._added_rows.append(widget)
        self.rows.addWidget(widget)
        self.rows.setStretchFactor(self.rows.count() - 1, 0)

    def set_faces(self, shows: bool) -> None:
        """Frame the faces in the cameras' pictures, or not."""
        if shows and self._finder is None:
            self._finder = FaceFinder()
        elif not shows and self._finder is not None:
            finder, self._finder = self._finder, None
            # Its process may be at work on a picture: nobody waits for it here.
            threading.Thread(target=finder.close, name="faces end", daemon=True).start()
        for camera in self.cameras.values():
            camera.set_faces(None if self._finder is None else self._finder.find)

    def _panes(self) -> list[CameraView | FilmView]:
        return [*self.cameras.values(), *([] if self.film is None else [self.film])]

    # Moving about

    def show_span(self, start_s: float, stop_s: float, selects: bool = False) -> None:
        """Bring a stretch into view with a little around it, the cursor at its start."""
        width_s = max(stop_s - start_s, 0.1)
        self.axis.set_view(start_s - MARGIN_SHARE * width_s, width_s * (1 + 2 * MARGIN_SHARE))
        self.axis.move_cursor(start_s)
        if selects:
            self.axis.select(start_s, stop_s)

    def jump_to(self, time_s: float) -> None:
        """Put the cursor somewhere, in the middle of the view where it was out of sight."""
        axis = self.axis
        if not axis.start_s <= time_s <= axis.stop_s:
            axis.set_view(time_s - axis.width_s / 2, axis.width_s)
        axis.move_cursor(time_s)

    def step_trial(self, count: int) -> None:
        """Go to the next (1) or previous (-1) trial."""
        trials = self.view.trials if self.view is not None else ()
        at_s = self.axis.cursor_s
        if count > 0:
            found = next((trial for trial in trials if trial.start_s > at_s + 1e-6), None)
        else:
            # From well inside a trial back to its start first, as players do.
            found = next((trial for trial in reversed(trials) if trial.start_s < at_s - 0.5), None)
        if found is not None:
            self.show_span(found.start_s, found.stop_s)

    def _stepped(self, time_s: float, count: int) -> float:
        film = self.film.step(time_s, count) if self.film is not None else None
        if film is not None and not self.cameras:
            return film
        if self.cameras:
            return next(iter(self.cameras.values())).step(time_s, count)
        infos = self.recording.overview.infos.values() if self.recording is not None else ()
        rates = [info.rate_hz for info in infos if info.rate_hz > 0]
        # One sample where samples can be told apart, a picture's time where they are too many.
        step_s = 1 / max(rates) if rates and max(rates) <= 1 / USUAL_STEP_S else USUAL_STEP_S
        return time_s + count * step_s

    # Keys

    def handle_key(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; False for a key that is somebody else's."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
            return False
        key, player = Qt.Key(event.key()), self.player
        if key == Qt.Key.Key_Space and not shift:
            if not event.isAutoRepeat():
                player.toggle()
        elif control:
            return False
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            count = 1 if key == Qt.Key.Key_Right else -1
            if shift:
                player.jump(count * SECOND_S)
            else:
                player.step(count)
        elif key == Qt.Key.Key_Backspace:
            player.set_speed(1.0)
        elif event.text() in (",", "."):
            (player.slower if event.text() == "," else player.faster)()
        elif key == Qt.Key.Key_L and not shift:
            player.set_loops(not player.loops)
        elif key == Qt.Key.Key_Home:
            player.seek(self.axis.extent_s[0])
        elif key == Qt.Key.Key_End:
            player.pause()
            player.seek(self.axis.extent_s[1])
        elif key == Qt.Key.Key_F and not shift:
            if self.axis.selection_s is not None:
                self.show_span(*self.axis.selection_s)
        elif key == Qt.Key.Key_H and not shift:
            self.axis.show_all()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.step_trial(1 if key == Qt.Key.Key_PageDown else -1)
        else:
            # Keys of the signals, wherever on the desk the focus is.
            event.accept()
            self.stack.keyPressEvent(event)
            return event.isAccepted()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what a key stands for, unless somebody types."""
        if isinstance(self.focusWidget(), (QLineEdit, QPlainTextEdit)) or not self.handle_key(event):
            super().keyPressEvent(event)

    # What is said

    def _say_frame(self) -> None:
        panes = self._panes()
        lead = next((pane for pane in panes if pane.shown >= 0), None)
        left_out = self.dropped - self._dropped_before if self.player.is_playing else 0
        words = f"frame {lead.shown + 1}" if lead is not None else ""
        self.transport.say_frame(f"{words}, {left_out} left out" if words and left_out else words)
        self.transport.say_sync(sync_words(lead.sync_error_s if lead is not None else None))

    def _on_player(self) -> None:
        if self.player.is_playing != self._played:
            self._played = self.player.is_playing
            self._dropped_before = self.dropped
        self._say_sound()

    def _say_sound(self) -> None:
        words = self.player.sound_words
        if self.view is not None and self.view.sounds and self.view.is_muted(self.axis.cursor_s):
            words = "muted"
        self.transport.say_sound(words)

    @property
    def dropped(self) -> int:
        """How many pictures were passed over because newer ones were due."""
        return sum(pane.dropped for pane in self._panes())

    # Sizes

    def _kind_of_sizes(self) -> str:
        signals = "signals" if self.stack.bands else "none"
        return f"{SPLITS}_{self._name}_{signals}_{self.pictures.count()}_{self.rows.count()}"

    def _remember_sizes(self) -> None:
        if self.recording is not None and self.isVisible():
            sizes = {
                "split": self.split.sizes(),
                "rows": self.rows.sizes(),
                "pictures": self.pictures.sizes(),
            }
            preferences.put(self._kind_of_sizes(), sizes)

    def _restore_sizes(self) -> None:
        known = preferences.get(self._kind_of_sizes(), {})
        # Without signals the pictures have all the room that the rows leave.
        has_signals = not self.stack.isHidden()
        for place, share in enumerate(SHARES if has_signals else (1, 0)):
            self.split.setStretchFactor(place, share)
        heights = [row.sizeHint().height() for row in (*self._own_rows, *self._added_rows)]
        for name, split in (("split", self.split), ("rows", self.rows), ("pictures", self.pictures)):
            sizes = known.get(name)
            fits = isinstance(sizes, list) and len(sizes) == split.count()
            if fits and all(isinstance(size, int) and size >= 0 for size in sizes):
                split.setSizes(sizes)
            elif name == "rows":
                split.setSizes([max(200, self.rows.height() - sum(heights)), *heights])
            elif name == "split":
                needed = self.ruler.height() + sum(heights) + 12
                split.setSizes([300, 700] if has_signals else [max(300, self.height() - needed), needed])

    def event(self, event: QEvent) -> bool:
        """Remember the sizes when it is hidden."""
        if event.type() == QEvent.Type.Hide:
            self._remember_sizes()
        return super().event(event)
