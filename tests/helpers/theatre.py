"""The participant's real windows in the test's own process, and a participant's hands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import clock
from app.presenter.desk import Desk
from app.presenter.keyboard import Keyboard
from app.presenter.keys import KeyStroke
from app.presenter.pages.base import Page
from app.presenter.pages.parts import middle
from app.presenter.qt_screen import QtScreen
from app.presenter.runner import Runner
from app.presenter.screen import DRAWN_KINDS
from app.presenter.style import PaletteName
from protocols.schedule import Schedule
from tests.helpers.presenting import NORMS, EventLog


class Theatre:
    """Runner, windows and keyboard over a log; close it."""

    def __init__(
        self,
        app: QApplication,
        schedule: Schedule,
        pictures: Mapping[str, Path] | None = None,
        characters: bool = False,
        palette: PaletteName = "light",
        corner_patch: bool = False,
    ) -> None:
        self.app = app
        self.log = EventLog()
        self.chords: list[str] = []
        self.screen = QtScreen(QGuiApplication.primaryScreen(), pictures or {}, palette, corner_patch)
        self.screen.load(schedule)
        self.runner = Runner(schedule, self.screen, self.log.append, NORMS, None, characters)
        self.keyboard = Keyboard(self._on_stroke, self.chords.append)
        app.installEventFilter(self.keyboard)
        self.screen.inputs = Desk(self.runner, self.keyboard, lambda: None)
        self.runner.open(clock.now())
        self.run(0.05)

    def _on_stroke(self, stroke: KeyStroke) -> None:
        self.runner.key(stroke)
        stage = self.runner.stage
        if stage is not None and stage.kind in DRAWN_KINDS and stroke.edge == "down":
            self.runner.act("key", stroke.time, code=stroke.position)

    def close(self) -> None:
        self.app.removeEventFilter(self.keyboard)
        self.screen.close()
        self.app.processEvents()

    def start(self) -> None:
        self.runner.command("start", clock.now())
        self.run(0.1)

    def run(self, seconds: float) -> None:
        """Let time pass, as the presenter's loop does."""
        end = clock.now() + seconds
        while clock.now() < end:
            QCoreApplication.processEvents()
            self.runner.tick(clock.now())
            next_s = self.screen.next_s
            QTest.qWait(5 if next_s is None else max(0, min(5, int((next_s - clock.now()) * 1000))))

    @property
    def page(self) -> Page:
        page = self.screen.forms.page
        assert page is not None
        return page

    @property
    def window(self) -> QWindow:
        return self.screen.forms.windowHandle()

    def place(self, widget: QWidget) -> QPoint:
        return middle(widget)

    def click(self, widget: QWidget) -> None:
        QTest.mouseClick(
            self.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle(widget)
        )
        self.run(0.03)

    def press(
        self, key: Qt.Key | str, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Press and release a key, in whichever window has the keyboard."""
        window = self.window if self.screen.forms.isVisible() else self.screen.window
        if isinstance(key, str):
            QTest.keyClick(window, key, modifiers)  # type: ignore[call-overload]
        else:
            QTest.keyClick(window, key, modifiers)
        self.run(0.02)

    def type_in(self, text: str) -> None:
        for char in text:
            self.press(char)

    def screenshot(self) -> QImage:
        """Return what the display shows."""
        QCoreApplication.processEvents()
        return QGuiApplication.primaryScreen().grabWindow(0).toImage()


def colours(image: QImage, step: int = 7) -> set[str]:
    """Return the colours of a picture, sampled every `step` pixels."""
    return {
        QColor(image.pixel(x, y)).name()
        for x in range(0, image.width(), step)
        for y in range(0, image.height(), step)
    }
