"""The participant's screen with windows: scenes in OpenGL, forms above them, keys of both, one timer."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QApplication

from app import clock, settings
from app.presenter.automatic import Participant
from app.presenter.conductor import Autopilot, Conductor
from app.presenter.fingers import Fingers
from app.presenter.forms import FormWindow
from app.presenter.keyboard import Keyboard
from app.presenter.keys import KeyStroke
from app.presenter.pages import make_page
from app.presenter.process import Presenter, norms_of
from app.presenter.runner import Runner
from app.presenter.screen import DRAWN_KINDS, ScreenFacts, Shown
from app.presenter.style import PaletteName, Style
from app.presenter.tasks import Task
from app.presenter.tone import Tone, open_tone
from app.presenter.window import Scene, StageWindow, participant_screen
from protocols.schedule import Schedule, Stage
from stimuli.sets import Stimulus

MOMENT = "One moment, please"
GOODBYE_MS = 800


class QtScreen:
    """The participant's screen as the runner sees it: `app.presenter.screen.Screen` with windows."""

    def __init__(
        self,
        screen: QScreen,
        pictures: Mapping[str, Path],
        palette: PaletteName = "light",
        corner_patch: bool = False,
    ) -> None:
        self.window = StageWindow(screen, pictures, corner_patch)
        size = screen.geometry()
        self.style = Style(palette, size.width(), size.height())
        self.inputs: Desk | None = None
        self.window.open()
        self.lead_s = self.window.lead_s
        self.tone: Tone | None = None
        # Asked anew: the system may have described its screens again while the window came up.
        self.forms = FormWindow(self.window.screen(), self.window, self.style, MOMENT)
        self._ground = Scene(background=self.style.colours.ground)

    @property
    def facts(self) -> ScreenFacts:
        """What the preflight found."""
        return self.window.facts

    def prepare(self, stage: Stage) -> None:
        """Upload the stage's texture; a tone must be asked for earlier than a picture."""
        self.lead_s = self.window.lead_s
        if self.tone is not None and sounds(stage):
            self.lead_s = max(self.lead_s, self.tone.lead_s)
        if stage.kind in DRAWN_KINDS:
            self.window.prepare(scene_of(stage))

    def present(self, stage: Stage | None, task: Task | None, at_s: float) -> Shown:
        """Change to a stage; a form is shown above the ground that was swapped in at `at_s`."""
        if stage is not None and stage.kind in DRAWN_KINDS:
            if self.tone is not None and sounds(stage):
                self.tone.play(at_s)
            self.window.draw(scene_of(stage))
            self.forms.hide_page()
            shown = self.window.reveal(at_s)
            self.window.requestActivate()
            return shown
        self.window.draw(self._ground)
        shown = self.window.reveal(at_s)
        if task is None:
            self.forms.show_page(None)
        else:
            assert self.inputs is not None
            if not task.started_s and shown.actual_s is not None:
                # Not when it comes back after a pause.
                task.begin(shown.actual_s)
            self.forms.show_page(make_page(task, self.style, self.inputs))
        return shown

    def say(self, text: str) -> None:
        """Choose the words of the page that is shown while no stage runs."""
        self.forms.moment.words.set_text(text)

    def refresh(self, now: float) -> int:
        """Bring the form up to date, or draw the scene's next frame."""
        if self.forms.page is not None:
            self.forms.page.refresh(now)
            return 0
        return 0 if self.forms.isVisible() else self.window.keep_alive()

    @property
    def is_drawing(self) -> bool:
        """Whether frames are drawn one after the other now."""
        return self.facts.verified and not self.forms.isVisible()

    def close(self) -> None:
        """Take both windows away."""
        if self.tone is not None:
            self.tone.close()
        self.forms.hide()
        self.forms.deleteLater()
        self.window.release()


class Desk:
    """Stamps what the participant does on a page with the time of its event and hands it to the runner."""

    def __init__(self, runner: Runner, keyboard: Keyboard, wake: Callable[[], None]) -> None:
        self._runner = runner
        self._keyboard = keyboard
        self._wake = wake

    def choose(self, item: str, value: int) -> None:
        """An answer was chosen."""
        self._runner.choose(item, value, self._keyboard.time())

    def insert(self, text: str) -> None:
        """A character was typed."""
        self._runner.insert(text, self._keyboard.time())

    def erase(self) -> None:
        """The last character was taken back."""
        self._runner.erase(self._keyboard.time())

    def hold(self) -> None:
        """HOLD TO TALK went down."""
        self._runner.hold(self._keyboard.time())

    def release(self) -> None:
        """HOLD TO TALK came up."""
        self._runner.release(self._keyboard.time())

    def proceed(self) -> bool:
        """The participant wants to go on."""
        moved = self._runner.proceed(clock.now())
        self._wake()
        return moved

    def may_proceed(self, task: Task) -> bool:
        """Whether the task's stage runs and may end now."""
        return self._runner.task is task and self._runner.may_proceed(clock.now())


def scene_of(stage: Stage) -> Scene:
    """Return what a drawn stage looks like."""
    content = stage.content
    background = str(content.get("background", "#808080"))
    size = content.get("size", "fit")
    if stage.kind == "picture":
        return Scene(background, stage.stimulus, size if isinstance(size, str) else float(size))
    symbol = str(content.get("symbol", "+")) if stage.kind == "fixation" else ""
    return Scene(background, symbol=symbol)


def sounds(stage: Stage) -> bool:
    """Whether a tone belongs to the stage."""
    return stage.kind == "flash" and bool(stage.content.get("tone"))


def sound_out(presenter: Presenter, screen: QtScreen, schedule: Schedule) -> None:
    """Open the sound output if the schedule needs it; without one there are flashes only, and it says so."""
    if any(sounds(stage) for stage in schedule.stages):
        screen.tone, problem = open_tone()
        if problem:
            presenter.journal.append("tone_missing", payload={"text": problem})


def tell_tones(presenter: Presenter, screen: QtScreen, runner: Runner) -> None:
    """Journal the tones that were heard."""
    for played in screen.tone.played() if screen.tone is not None else ():
        stage = runner.stage
        trial, name = (-1, "") if stage is None else (stage.trial, stage.name)
        timing = {"intended_s": played.intended_s, "actual_s": played.actual_s}
        presenter.journal.append("tone_played", trial, name, timing, time=played.actual_s)


class Loop(QObject):
    """Calls the conductor when something is due, within Qt's event loop."""

    def __init__(
        self,
        conductor: Conductor,
        screen: QtScreen,
        done: Callable[[], None],
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._conductor = conductor
        self._screen = screen
        self._done = done
        self._after_step = after_step
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
        self._after_step()
        if next_s is None:
            self._over = True
            self._done()
        elif self._screen.is_drawing:
            self._timer.start(0)
        else:
            # Too early by up to a millisecond is made good by waiting in the swap; too late is not.
            self._timer.start(max(0, int((next_s - clock.now()) * 1000)))


def participant_palette() -> PaletteName:
    """Return the palette of the forms that this workstation is set to."""
    return "dark" if settings.load().get("participant_palette") == "dark" else "light"


def show_window(presenter: Presenter, schedule: Schedule, stimuli: Mapping[str, Stimulus]) -> Runner:
    """Run the schedule in the participant's windows; raises PresenterError if they cannot be made."""
    chosen = settings.load()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    app.setStyle("Fusion")
    screen = QtScreen(
        participant_screen(str(chosen.get("participant_screen", ""))),
        {name: item.path for name, item in stimuli.items()},
        participant_palette(),
        bool(chosen.get("corner_patch", False)),
    )
    # Somebody may be sitting there already, in front of a presenter that was restarted.
    screen.present(None, None, clock.now())
    app.processEvents()
    for stage in schedule.stages:
        screen.prepare(stage)
    norms = norms_of(stimuli)
    sound_out(presenter, screen, schedule)
    runner = presenter.runner(schedule, screen, norms)
    loop: Loop | None = None

    def on_chord(name: str) -> None:
        if name == "pause" and runner.state == "paused":
            name = "resume"
        runner.command(name, clock.now(), "keyboard")

    def on_stroke(stroke: KeyStroke) -> None:
        runner.key(stroke)

    def wake() -> None:
        if loop is not None:
            loop.wake()

    keyboard = Keyboard(on_stroke, on_chord)
    app.installEventFilter(keyboard)
    screen.inputs = Desk(runner, keyboard, wake)
    autopilot = None
    if presenter.plan.auto:
        autopilot = Autopilot(runner, Participant(schedule.seed, norms), Fingers(screen.forms))
    loop = Loop(
        presenter.conductor(runner, autopilot),
        screen,
        _after_goodbye(app, runner),
        lambda: tell_tones(presenter, screen, runner),
    )
    # A full collection takes longer than a frame; nothing made until here becomes garbage.
    gc.collect()
    gc.freeze()
    with _signals_wake(loop):
        loop.wake()
        app.exec()
    app.removeEventFilter(keyboard)
    screen.close()
    return runner


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
