"""Two people, one computer: what reaches the console leaves the participant's record alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from analysis.records import Event
from app.console.window import MainWindow
from protocols.schedule import Schedule
from tests.helpers.attended import AttendedSession
from tests.helpers.presenting import Plot, paced, sam, timed, typing_content

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux"),
]
SENTENCE = "the quiet mill"


def three_tasks() -> Schedule:
    options = [{"id": "yes", "text": "Yes", "key": "KeyF"}, {"id": "no", "text": "No", "key": "KeyJ"}]
    plot = Plot().trial("sun", ("blank", timed(0.5), {}), ("typing", paced(5.0), typing_content(SENTENCE)))
    plot.add("questionnaire", paced(5.0), sam("valence"), 0)
    plot.add("choice", timed(60.0), {"options": options, "prompt": "Is it so?"}, 0)
    plot.add("blank", timed(0.5), {}, 0)
    return plot.schedule()


def x(*arguments: str) -> None:
    """Let the window system's own events happen."""
    subprocess.run(["xdotool", *arguments], check=True, timeout=20)


class Operator:
    """Clicks and types into the console at the wrong moment."""

    def __init__(self, window: MainWindow, session: AttendedSession, qtbot: QtBot) -> None:
        self.window, self.session, self.qtbot = window, session, qtbot

    def click(self, widget: QWidget) -> None:
        """Click a widget of the console, which is brought to the front for it."""
        self.window.raise_()
        QApplication.processEvents()
        place = widget.mapToGlobal(widget.rect().center())
        x("mousemove", "--sync", str(place.x()), str(place.y()), "click", "1")
        self.qtbot.wait(60)

    def meddle(self) -> None:
        """Click all over the console, and send it keys without taking the keyboard."""
        live = self.window.live
        for widget in (live.panel.pause, live.panel.skip, live.notes.line, live.notes.keep_button):
            self.click(widget)
        name = str(int(self.window.winId()))
        x("key", "--window", name, "F6", "j", "f", "5", "Return", "ctrl+q")
        x("type", "--window", name, "zzz")
        self.qtbot.wait(100)

    def take_the_keyboard(self) -> None:
        """Type into the console with the real keyboard, which is taken from the participant's window."""
        x("windowfocus", str(int(self.window.winId())), "type", "--delay", "5", "zz")
        self.qtbot.wait(50)


@pytest.fixture
def session(tmp_path: Path, window: MainWindow, qtbot: QtBot) -> Iterator[AttendedSession]:
    """A session with a participant's window over the whole screen, and the console attached to it."""
    made = AttendedSession(tmp_path, three_tasks())
    try:
        window.setGeometry(0, 0, 900, 700)
        window.attach(made.paths)
        yield made
    finally:
        window.conduct.close()
        made.close()


def until(session: AttendedSession, qtbot: QtBot, met: Callable[[], object], what: str) -> None:
    """Wait while the console goes on living."""

    def look() -> bool:
        session.look()
        return bool(met())

    try:
        qtbot.waitUntil(look, timeout=30_000)
    except Exception as error:
        raise AssertionError(f"waited in vain for {what}: {session.said} {session.log()}") from error


def seen(session: AttendedSession, kind: str, stage: str = "") -> list[Event]:
    return [event for event in session.events() if event.kind == kind and stage in ("", event.stage)]


def test_meddling_with_the_console_changes_nothing_in_the_participants_record(
    session: AttendedSession, window: MainWindow, qtbot: QtBot
) -> None:
    operator = Operator(window, session, qtbot)
    until(session, qtbot, lambda: session.state.get("phase") == "waiting", "everything to be ready")
    session.command("start")

    until(session, qtbot, lambda: seen(session, "stage_started", "typing"), "typing")
    until(session, qtbot, lambda: window.shield.is_on, "the shield")
    x("type", "--delay", "15", SENTENCE[:6])
    until(session, qtbot, lambda: len(seen(session, "key")) >= 12, "the first keys")
    operator.meddle()
    operator.take_the_keyboard()
    until(session, qtbot, lambda: seen(session, "focus_back"), "the keyboard to come back")
    x("type", "--delay", "15", SENTENCE[6:])
    until(session, qtbot, lambda: len(seen(session, "key")) >= 2 * len(SENTENCE), "all keys")
    operator.click(window.live.notes.marks["mark_noise"])
    x("key", "Return")

    until(session, qtbot, lambda: seen(session, "stage_started", "questionnaire"), "the scale")
    until(session, qtbot, lambda: window.shield.is_on, "the shield")
    operator.meddle()
    x("key", "7")
    qtbot.wait(100)
    operator.meddle()
    x("key", "Return")

    until(session, qtbot, lambda: seen(session, "stage_started", "choice"), "the choice")
    until(session, qtbot, lambda: window.shield.is_on, "the shield")
    operator.meddle()
    assert not seen(session, "response", "choice")
    x("key", "j")
    outcome = None

    until(session, qtbot, lambda: seen(session, "schedule_ended"), "the end")
    outcome = session.end()
    assert outcome.status == 0
    events = session.recorded()

    def of(kind: str) -> list[Event]:
        return [event for event in events if event.kind == kind]

    (typed,) = of("typing_result")
    assert (typed.payload["text"], typed.payload["corrections"]) == (SENTENCE, 0)
    answers = [(event.stage, event.payload["value"], event.payload["changes"]) for event in of("response")]
    assert answers == [("questionnaire", 7, 0), ("choice", "no", 0)]
    assert [event.payload["reason"] for event in of("stage_ended")] == [
        "timed",
        *["answered", "answered", "answered"],
        "timed",
    ]
    assert len(of("focus_lost")) == len(of("focus_back")) >= 1
    assert of("focus_lost")[0].stage == "typing"
    assert [event.payload["name"] for event in of("command")] == ["start"], "no command came through"
    assert [event.payload["text"].lower() for event in of("note")] == ["noise"], "but the mark did"
    assert window.live.notes.line.text() == ""
