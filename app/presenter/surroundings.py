"""What befalls the participant's windows from outside: the keyboard goes elsewhere, a screen goes away."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QScreen, QWindow

from app import clock
from app.presenter.keyboard import Keyboard
from app.presenter.runner import Runner

LOOK_MS = 50
AWAY_FOR_S = 0.15
"""A change from one of our windows to the other leaves the keyboard nowhere for less than this."""
GRASP_AGAIN_S = 0.2


def focus_window() -> QWindow | None:
    """Return that of our windows which has the keyboard, None while it is elsewhere."""
    return QGuiApplication.focusWindow()


class Focus(QObject):
    """Watches the keyboard's focus while a stage needs it, tells of losses, and takes it back.

    What is typed elsewhere meanwhile is not known and not guessed: keys that were down are forgotten, and
    a button that was held counts as let go. `window()` is the one that has to have the keyboard.
    """

    def __init__(
        self,
        runner: Runner,
        keyboard: Keyboard,
        window: Callable[[], QWindow | None],
        now: Callable[[], float] = clock.now,
    ) -> None:
        super().__init__()
        self._runner = runner
        self._keyboard = keyboard
        self._window = window
        self._now = now
        self._away_since_s: float | None = None
        self._lost_s: float | None = None
        self._grasped_s = 0.0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Begin to watch."""
        self._timer.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.stop()

    @property
    def is_lost(self) -> bool:
        """Whether the keyboard is known to be elsewhere."""
        return self._lost_s is not None

    def look(self) -> None:
        """See where the keyboard is."""
        now = self._now()
        if focus_window() is not None:
            self._away_since_s = None
            if self._lost_s is not None:
                away_s, self._lost_s = now - self._lost_s, None
                self._runner.tell("focus_back", now, {"away_s": away_s})
        elif self._lost_s is not None:
            if self._runner.takes_input:
                self._grasp(now)
        elif not self._runner.takes_input:
            self._away_since_s = None
        elif self._away_since_s is None:
            self._away_since_s = now
        elif now - self._away_since_s >= AWAY_FOR_S:
            self._lost_s = self._away_since_s
            self._runner.act("release", self._lost_s)
            self._keyboard.forget()
            self._runner.tell("focus_lost", self._lost_s, {})
            self._grasp(now)

    def _grasp(self, now: float) -> None:
        if now - self._grasped_s < GRASP_AGAIN_S:
            return
        self._grasped_s = now
        window = self._window()
        if window is not None:
            window.raise_()
            window.requestActivate()


class Closing(QObject):
    """Tells of every attempt to close a window of the participant; the windows themselves stay open."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self._runner = runner

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Record a close event at the window it comes in by."""
        if event.type() == QEvent.Type.Close and isinstance(watched, QWindow):
            self._runner.tell("close_refused", clock.now(), {})
        return False


class Screens(QObject):
    """Tells of the participant's screen going away, coming back, and changing.

    Without it nobody sees the stimuli, so the run is paused (a timed stage ends first); on its return the
    windows fill it again, and the operator resumes.
    """

    def __init__(self, runner: Runner, name: str, place: Callable[[QScreen], None]) -> None:
        super().__init__()
        self._runner = runner
        self._name = name
        self._place = place
        app = typing.cast("QGuiApplication", QGuiApplication.instance())
        app.screenRemoved.connect(self._removed)
        app.screenAdded.connect(self._added)

    def _removed(self, screen: QScreen) -> None:
        if screen.name() == self._name:
            self._tell("screen_lost", {"name": self._name})
            self._runner.command("pause", clock.now(), "screen")

    def _added(self, screen: QScreen) -> None:
        if screen.name() == self._name:
            self._tell("screen_back", {"name": self._name})
            self._place(screen)

    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        self._runner.tell(kind, clock.now(), payload)
