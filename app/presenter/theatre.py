"""The participant's screen with windows: scenes in OpenGL, forms above them, keys of both, one timer."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication

from app import clock, settings
from app.plan import SessionPlan
from app.presenter.automatic import Participant
from app.presenter.conductor import Autopilot, Conductor
from app.presenter.desk import Desk, no_level
from app.presenter.fingers import Fingers
from app.presenter.keyboard import Keyboard
from app.presenter.keys import KeyStroke
from app.presenter.level import MicrophoneLevel
from app.presenter.look import look_of
from app.presenter.process import Presenter, norms_of
from app.presenter.qt_screen import QtScreen
from app.presenter.runner import RIGHTS_KEY, Runner
from app.presenter.screen import DRAWN_KINDS
from app.presenter.style import Style
from app.presenter.surroundings import Closing, Focus, Screens
from app.presenter.window import participant_screen
from app.screens import Calibration
from protocols.schedule import Schedule
from stimuli.sets import Stimulus

GOODBYE_MS = 800


class Loop(QObject):
    """Calls the conductor when something is due, within Qt's event loop."""

    def __init__(
        self,
        conductor: Conductor,
        screen: QtScreen,
        done: Callable[[], None],
    ) -> None:
        super().__init__()
        self._conductor = conductor
        self._screen = screen
        self._done = done
        self._over = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.step)

    def wake(self) -> None:
        """Look again soon."""
        if not self._over:
            self._timer.start(0)

    def step(self) -> None:
        """Do what is due."""
        if self._over:
            return
        next_s = self._conductor.step()
        if next_s is None:
            self._over = True
            self._done()
        else:
            # A film's next frame comes sooner than anything that the conductor waits for.
            screen_s = self._screen.next_s
            next_s = next_s if screen_s is None else min(next_s, screen_s)
            # Too early by up to a millisecond is made good by waiting in the swap; too late is not.
            self._timer.start(max(0, int((next_s - clock.now()) * 1000)))


def show_window(presenter: Presenter, schedule: Schedule, stimuli: Mapping[str, Stimulus]) -> Runner:
    """Run the schedule in the participant's windows; raises PresenterError if they cannot be made."""
    look = look_of(presenter.plan, settings.load())
    phrases = presenter.phrases(schedule)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    app.setStyle("Fusion")
    display = participant_screen(look.screen)
    if look.screen and display.name() != look.screen:
        told = {"wanted": look.screen, "name": display.name()}
        presenter.journal.append("screen_missing", payload=told)
    size = display.geometry()
    screen = QtScreen(
        display,
        {name: item.path for name, item in stimuli.items()},
        corner_patch=look.corner_patch,
        known=Calibration.from_json(look.calibration) if look.calibration else None,
        style=Style(look.palette, size.width(), size.height(), look.text_scale, phrases.language),
    )
    screen.say(phrases.say("moment"))
    # Somebody may be sitting there already, in front of a presenter that was restarted.
    screen.present(None, None, clock.now())
    app.processEvents()
    screen.load(schedule)
    norms = norms_of(stimuli)
    runner = presenter.runner(schedule, screen, norms)
    loop: Loop | None = None

    def on_chord(name: str) -> None:
        if name == "pause" and runner.state == "paused":
            name = "resume"
        runner.command(name, clock.now(), "keyboard")

    def on_stroke(stroke: KeyStroke) -> None:
        runner.key(stroke)
        stage = runner.stage
        # Forms take their keys through their pages.
        drawn = stage is not None and stage.kind in DRAWN_KINDS
        if drawn and stroke.edge == "down" and runner.act("key", stroke.time, code=stroke.position):
            wake()

    def on_rights(time: float) -> None:
        runner.act(RIGHTS_KEY, time)
        wake()

    def wake() -> None:
        if loop is not None:
            loop.wake()

    keyboard = Keyboard(on_stroke, on_chord, on_rights)
    app.installEventFilter(keyboard)
    screen.inputs = Desk(runner, keyboard, wake, level_of(presenter.plan))
    closing = Closing(runner)
    app.installEventFilter(closing)
    screens = Screens(runner, display.name(), lambda back: screen.window.move_to(back, "it is back"))
    focus = Focus(runner, keyboard, lambda: top_window(screen))
    autopilot = None
    if not presenter.plan.auto:
        # An automatic participant needs no keyboard.
        focus.start()
    else:
        autopilot = Autopilot(runner, Participant(schedule.seed, norms), Fingers(screen.forms))
    loop = Loop(
        presenter.conductor(runner, autopilot),
        screen,
        _after_goodbye(app, runner),
    )
    # A full collection takes longer than a frame; nothing made until here becomes garbage.
    gc.collect()
    gc.freeze()
    with _signals_wake(loop):
        loop.wake()
        app.exec()
    focus.stop()
    screens.deleteLater()
    for watcher in (keyboard, closing):
        app.removeEventFilter(watcher)
    screen.close()
    return runner


def top_window(screen: QtScreen) -> QWindow | None:
    """Return the window that is in front, and so needs the keyboard."""
    return screen.forms.windowHandle() if screen.forms.isVisible() else screen.window


def level_of(plan: SessionPlan) -> Callable[[], float | None]:
    """Return what reads the loudness of the session's microphone."""
    for device in plan.devices:
        if device.get("source") == "microphone":
            return MicrophoneLevel(plan.ring(str(device["id"])))
    return no_level


def _after_goodbye(app: QApplication, runner: Runner) -> Callable[[], None]:
    """Leave the last page for a moment; at an abort at once."""

    def done() -> None:
        # Not `quit`, which asks the windows first: they refuse to be closed.
        QTimer.singleShot(0 if runner.reason == "aborted" else GOODBYE_MS, lambda: app.exit(0))

    return done


@contextlib.contextmanager
def _signals_wake(loop: Loop) -> Iterator[None]:
    """Let a signal interrupt Qt's loop, which would keep Python's handlers waiting."""
    if not hasattr(socket, "socketpair"):
        yield
        return
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    notifier = QSocketNotifier(near.fileno(), QSocketNotifier.Type.Read)

    def on_signal() -> None:
        near.recv(64)
        loop.wake()

    notifier.activated.connect(on_signal)
    earlier = signal.set_wakeup_fd(far.fileno())
    try:
        yield
    finally:
        signal.set_wakeup_fd(earlier)
        notifier.setEnabled(False)
        near.close()
        far.close()
