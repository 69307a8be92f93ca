"""The keyboard goes elsewhere, somebody presses Escape or closes the window: told, the record whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.presenter import surroundings
from app.presenter.keyboard import Keyboard
from app.presenter.runner import RIGHTS_KEY, Runner
from app.presenter.surroundings import Closing, Focus, Screens
from protocols.schedule import Schedule
from tests.helpers.presenting import (
    NORMS,
    EventLog,
    FakeClock,
    Plot,
    SlowScreen,
    paced,
    speaking_content,
    timed,
    typing_content,
)


class Room:
    """A runner on a clock of its own, and what watches over its keyboard."""

    def __init__(self, qtbot: QtBot, schedule: Schedule) -> None:
        self.clock = FakeClock()
        self.log = EventLog()
        self.runner = Runner(schedule, SlowScreen(self.clock, 0.0, 0.0), self.log.append, NORMS)
        self.runner.open(self.clock.time)
        self.runner.command("start", self.clock.time)
        self.keyboard = Keyboard(self.runner.key, lambda name: None, self._on_rights)
        self.focus = Focus(self.runner, self.keyboard, lambda: None, lambda: self.clock.time)
        self.grasps = 0
        self.focus._grasp = self._count  # type: ignore[method-assign]

    def _on_rights(self, time: float) -> None:
        self.runner.act(RIGHTS_KEY, self.clock.time)

    def _count(self, now: float) -> None:
        self.grasps += 1

    def look(self, monkeypatch: pytest.MonkeyPatch, here: bool, seconds: float) -> None:
        """Let time pass with the keyboard here or elsewhere."""
        monkeypatch.setattr(surroundings, "focus_window", lambda: object() if here else None)
        end = self.clock.time + seconds
        while self.clock.time < end:
            self.clock.time += 0.05
            self.focus.look()
            self.runner.tick(self.clock.time)


@pytest.fixture
def typing(qtbot: QtBot) -> Iterator[Room]:
    plot = Plot().add("typing", paced(5.0), typing_content()).add("fixation", timed(30.0), {"symbol": "+"})
    yield Room(qtbot, plot.schedule())


def test_a_short_moment_without_the_keyboard_is_only_a_change_of_windows(
    typing: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing.look(monkeypatch, True, 0.2)
    typing.look(monkeypatch, False, 0.1)
    typing.look(monkeypatch, True, 0.2)
    assert typing.log.of("focus_lost") == [] and typing.grasps == 0


def test_a_lost_keyboard_is_told_with_its_time_and_taken_back(
    typing: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing.look(monkeypatch, True, 0.5)
    lost_s = typing.clock.time
    typing.look(monkeypatch, False, 2.0)
    assert typing.focus.is_lost and typing.grasps > 1
    back_s = typing.clock.time
    typing.look(monkeypatch, True, 0.2)
    (lost,), (back,) = typing.log.of("focus_lost"), typing.log.of("focus_back")
    assert lost.time == pytest.approx(lost_s, abs=0.06) and back.time == pytest.approx(back_s, abs=0.06)
    assert back.payload["away_s"] == pytest.approx(2.0, abs=0.1)
    assert (lost.stage, typing.focus.is_lost) == ("typing", False)


def test_where_nobody_types_the_keyboard_may_be_anywhere(
    typing: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing.runner.act("insert", typing.clock.time, text="a")
    assert typing.runner.proceed(typing.clock.time)
    assert typing.runner.stage is not None and typing.runner.stage.kind == "fixation"
    typing.look(monkeypatch, False, 3.0)
    assert typing.log.of("focus_lost") == [] and typing.grasps == 0


def test_a_key_that_was_down_is_forgotten_and_its_release_is_not_guessed(
    typing: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = typing.keyboard._strokes
    strokes.down(65, "A", "a", 1.0, 1.0)
    typing.look(monkeypatch, False, 0.5)
    assert strokes.up(65, 2.0, 2.0) is None
    repeat = strokes.down(65, "A", "a", 3.0, 3.0, repeated=True)
    assert (repeat.edge, repeat.press) == ("down", 2), "what goes on is a press of its own"


def test_a_held_button_counts_as_let_go_when_the_keyboard_goes(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(qtbot, Plot().add("speaking", paced(5.0), speaking_content(0.5)).schedule())
    room.runner.hold(room.clock.time)
    room.look(monkeypatch, True, 1.0)
    room.look(monkeypatch, False, 2.0)
    (ended,) = room.log.of("talk_ended")
    assert ended.payload["held_s"] == pytest.approx(1.0, abs=0.1)


@pytest.fixture
def shown(typing: Room, qtbot: QtBot, qapp: QApplication) -> Iterator[tuple[Room, QWindow]]:
    """The room with a window on the screen and all filters in place."""
    closing = Closing(typing.runner)
    for watcher in (typing.keyboard, closing):
        qapp.installEventFilter(watcher)
    window = QWidget()
    window.setGeometry(0, 0, 300, 200)
    window.show()
    qtbot.waitExposed(window)
    yield typing, window.windowHandle()
    for watcher in (typing.keyboard, closing):
        qapp.removeEventFilter(watcher)
    window.close()
    window.deleteLater()
    closing.deleteLater()


def test_escape_opens_the_rights_once_and_reaches_no_page(shown: tuple[Room, QWindow]) -> None:
    room, handle = shown
    QTest.keyPress(handle, Qt.Key.Key_Escape)
    QTest.keyRelease(handle, Qt.Key.Key_Escape)
    assert room.runner.health(0.0)["rights"], "the release closes nothing"
    QTest.keyClick(handle, Qt.Key.Key_Escape)
    assert not room.runner.health(0.0)["rights"]
    assert [event.kind for event in room.log.of("rights_opened", "rights_closed")] == [
        "rights_opened",
        "rights_closed",
    ]


def test_an_attempt_to_close_the_window_is_told(shown: tuple[Room, QWindow]) -> None:
    room, handle = shown
    QApplication.sendEvent(handle, QCloseEvent())
    (told,) = room.log.of("close_refused")
    assert told.stage == "typing"


def test_a_screen_that_goes_pauses_the_run_and_is_filled_again_when_it_is_back(
    typing: Room, qapp: QApplication
) -> None:
    screen = QGuiApplication.primaryScreen()
    filled: list[str] = []
    watcher = Screens(typing.runner, screen.name(), lambda found: filled.append(found.name()))
    watcher._removed(screen)
    assert typing.runner.state == "paused"
    watcher._added(screen)
    assert filled == [screen.name()]
    kinds = [event.kind for event in typing.log.of("screen_lost", "paused", "screen_back")]
    assert kinds == ["screen_lost", "paused", "screen_back"]
    assert typing.log.of("paused")[0].payload["by"] == "screen"
    watcher.deleteLater()
    other = Screens(typing.runner, "another", lambda found: filled.append("wrong"))
    other._removed(screen)
    other._added(screen)
    assert len(typing.log.of("screen_lost")) == 1 and filled == [screen.name()]
    other.deleteLater()
