"""A person at the real window, by the window system's own events: rights by key, and a held key."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from protocols.schedule import Schedule
from tests.helpers.attended import AttendedSession
from tests.helpers.presenting import Plot, likert, paced, timed, typing_content
from tests.helpers.theatre import colours

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only on Linux"),
]
STIMULUS = "#204060"


def stages() -> Schedule:
    plot = Plot().trial("sun", ("blank", timed(20.0), {"background": STIMULUS}))
    plot.add("typing", paced(5.0), typing_content("aaaa"), 0)
    plot.add("questionnaire", paced(5.0), likert("a"), 0)
    plot.add("instruction", paced(2.0), {"text": "This was about pictures."}, name="debriefing", always=True)
    return plot.schedule()


def x(*arguments: str) -> None:
    subprocess.run(["xdotool", *arguments], check=True, timeout=20)


def on_screen() -> set[str]:
    QApplication.processEvents()
    return colours(QGuiApplication.primaryScreen().grabWindow(0).toImage(), 16)


@pytest.fixture
def session(tmp_path: Path, qapp: QApplication) -> Iterator[AttendedSession]:
    made = AttendedSession(tmp_path, stages())
    try:
        yield made
    finally:
        made.close()


def test_pause_go_on_decline_and_stop_with_the_keyboard_alone(session: AttendedSession) -> None:
    session.start()
    session.wait_stage("blank")
    session.wait(lambda: on_screen() == {STIMULUS}, "the stimulus")
    curtain = psutil.Process(session.pid("curtain"))
    before_s = sum(curtain.cpu_times()[:2])
    x("key", "Escape")
    session.wait_state(lambda state: state["presenter"].get("rights"), "the page of rights")
    assert session.state["phase"] == "paused" and session.state["participant_input"]
    assert STIMULUS not in on_screen(), "the stimulus is hidden"
    x("key", "Escape")
    session.wait(lambda: on_screen() == {STIMULUS}, "the stimulus again")

    session.command("skip")
    session.wait_stage("typing")
    x("keydown", "a")
    session.wait(lambda: sum(e.kind == "key" for e in session.events()) >= 5, "a held key to repeat")
    x("keyup", "a")
    session.wait(lambda: any(e.payload.get("edge") == "up" for e in session.events()), "its release")
    x("key", "Escape")
    session.wait_state(lambda state: state["presenter"].get("rights"), "the page of rights")
    # With the keyboard alone: the middle one of the three buttons leaves this part out.
    x("key", "Tab", "Return")
    session.wait_stage("questionnaire")
    x("key", "Escape")
    session.wait_state(lambda state: state["presenter"].get("rights"), "the page of rights")
    x("key", "Tab", "Tab", "Return")
    session.wait_stage("debriefing")
    assert session.state["presenter"]["closing"] == "stopped by the participant"
    assert sum(curtain.cpu_times()[:2]) - before_s < 1.0, "the curtain takes next to nothing"
    x("key", "Return")
    outcome = session.end()
    assert (outcome.status, outcome.reason) == (0, "stopped by the participant")
    events = session.recorded()
    keys = session.edges("a")
    assert keys[0] == "down" and set(keys[1:-1]) == {"repeat"} and keys[-1] == "up"
    (declined,) = [event for event in events if event.kind == "declined"]
    assert declined.stage == "typing"
    assert [event.stage for event in events if event.kind == "stage_started"] == [
        "blank",
        "blank",
        "typing",
        "questionnaire",
        "debriefing",
    ]
