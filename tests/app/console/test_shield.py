"""While keys and pointer are the participant's, the console takes neither; marks and held buttons work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app import settings
from app.console.shield import SETTING, is_wanted
from app.console.window import MainWindow
from tests.helpers.live_session import LiveSession


@pytest.fixture
def running(window: MainWindow, live: LiveSession, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window that is attached to a running session."""
    live.phase = "running"
    window.attach(live.paths)
    qtbot.waitUntil(lambda: window.live.notes.line.isEnabled(), timeout=10_000)
    window.resize(1280, 780)
    QApplication.processEvents()
    yield window
    window.shield.show_state({})


def ask(window: MainWindow, live: LiveSession, qtbot: QtBot, asked: bool = True) -> None:
    """Let the session say that keys and pointer are the participant's, or no longer."""
    live.participant_input = asked
    live.tell()
    qtbot.waitUntil(lambda: window.conduct.state.get("participant_input") == asked, timeout=5000)


def click(widget: QWidget) -> None:
    """Click where the window system's events enter."""
    window = widget.window()
    QTest.mouseClick(
        window.windowHandle(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        widget.mapTo(window, widget.rect().center()),
    )


def type_in(window: MainWindow, text: str) -> None:
    for char in text:
        QTest.keyClick(window.windowHandle(), char)  # type: ignore[call-overload]


def test_typing_and_clicking_reach_nothing(running: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    notes = running.live.notes
    notes.line.setFocus()
    ask(running, live, qtbot)
    before = list(live.names())
    type_in(running, "the quiet river")
    QTest.keyClick(running.windowHandle(), Qt.Key.Key_Return)
    for key in (Qt.Key.Key_F5, Qt.Key.Key_F6, Qt.Key.Key_F7, Qt.Key.Key_F8):
        QTest.keyClick(running.windowHandle(), key)
    QTest.keyClick(running.windowHandle(), Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    for widget in (running.live.panel.pause, running.live.panel.skip, notes.line, notes.keep_button):
        click(widget)
    qtbot.wait(150)
    assert notes.line.text() == "" and live.names() == before
    ask(running, live, qtbot, asked=False)
    notes.line.setFocus()
    type_in(running, "a cough")
    assert notes.line.text() == "a cough", "the same events arrive without the shield"


def test_marks_take_one_click(running: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    ask(running, live, qtbot)
    click(running.live.notes.marks["mark_noise"])
    qtbot.waitUntil(lambda: "note" in live.names(), timeout=5000)


def hold(widget: QWidget, qtbot: QtBot, ms: int) -> None:
    window = widget.window()
    place = widget.mapTo(window, widget.rect().center())
    none = Qt.KeyboardModifier.NoModifier
    QTest.mousePress(window.windowHandle(), Qt.MouseButton.LeftButton, none, place)
    qtbot.wait(ms)
    QTest.mouseRelease(window.windowHandle(), Qt.MouseButton.LeftButton, none, place)


@pytest.mark.slow
def test_pause_works_when_it_is_held_and_not_when_it_is_touched(
    running: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    ask(running, live, qtbot)
    assert running.shield.bar.isVisible()
    hold(running.shield.bar.pause, qtbot, 50)
    assert "pause" not in live.names()
    pause = running.shield.bar.pause
    place = pause.mapTo(running, pause.rect().center())
    none = Qt.KeyboardModifier.NoModifier
    QTest.mousePress(running.windowHandle(), Qt.MouseButton.LeftButton, none, place)
    qtbot.waitUntil(lambda: "pause" in live.names(), timeout=5000)
    QTest.mouseRelease(running.windowHandle(), Qt.MouseButton.LeftButton, none, place)


@pytest.mark.slow
def test_it_can_be_unlocked_until_the_participants_next_page(
    running: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    ask(running, live, qtbot)
    running.shield.bar.unlock.held.emit()
    assert not running.shield.is_on
    ask(running, live, qtbot)
    assert not running.shield.is_on, "still the same page"
    ask(running, live, qtbot, asked=False)
    ask(running, live, qtbot)
    assert running.shield.is_on


def test_in_doubt_it_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting, wanted in (("", True), ("always", True), ("perhaps", True), ("never", False)):
        monkeypatch.setattr(settings, "load", lambda setting=setting: {SETTING: setting} if setting else {})
        assert is_wanted() == wanted


@pytest.mark.slow
def test_open_menus_are_closed_and_no_new_one_opens(
    running: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    menu = QMenu(running)
    menu.addAction("Something")
    menu.popup(running.mapToGlobal(QPoint(50, 50)))
    qtbot.waitUntil(menu.isVisible, timeout=5000)
    ask(running, live, qtbot)
    assert not menu.isVisible()
    click(running.menuBar())
    assert QApplication.activePopupWidget() is None


@pytest.mark.slow
def test_the_bar_stays_within_the_window(running: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    ask(running, live, qtbot)
    for width in (900, 1280):
        running.resize(width, 700)
        QApplication.processEvents()
        assert running.rect().contains(running.shield.bar.geometry())


@pytest.mark.slow
def test_the_session_gone_the_window_is_free(running: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    ask(running, live, qtbot)
    live.close()
    qtbot.waitUntil(lambda: not running.shield.is_on, timeout=10_000)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux")
def test_real_keys_and_clicks_of_the_window_system_are_kept_away_too(
    running: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    running.activateWindow()
    running.live.notes.line.setFocus()
    qtbot.waitUntil(running.isActiveWindow, timeout=5000)
    ask(running, live, qtbot)
    before = list(live.names())
    place = running.live.panel.skip.mapToGlobal(running.live.panel.skip.rect().center())
    for command in (
        ["type", "abc"],
        ["key", "F6"],
        ["mousemove", str(place.x()), str(place.y()), "click", "1"],
    ):
        subprocess.run(["xdotool", *command], check=True)
    qtbot.wait(200)
    assert running.live.notes.line.text() == "" and live.names() == before
    ask(running, live, qtbot, asked=False)
    subprocess.run(["xdotool", "type", "abc"], check=True)
    qtbot.waitUntil(lambda: running.live.notes.line.text() == "abc", timeout=5000)
