"""A session on the screen: waiting, started, paused, noted, aborted; alarms; and who survives whom."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app import clock
from app.console import theme
from app.console.hold import HOLD_MS
from app.console.lamps import StreamState, streams_of
from app.console.session_panel import needs_choice, stage_words
from app.console.signals import FAST_MS
from app.console.status import LampStrip, disk_text
from app.console.window import MainWindow
from app.plan import SessionPaths
from app.ring import SampleRingWriter
from tests.helpers.front import bring_to_front
from tests.helpers.live_session import LiveSession, stream


def states(window: MainWindow) -> list[str]:
    """Return what the list of streams says."""
    table = window.live.streams.table
    rows = [table.topLevelItem(place) for place in range(table.topLevelItemCount())]
    return [row.text(1).partition(" ")[0] for row in rows if row is not None]


def asks(window: MainWindow) -> bool:
    """Whether the window asks about aborting now."""
    return window.live.asks_abort


@pytest.fixture
def attached(window: MainWindow, live: LiveSession, qtbot: QtBot) -> MainWindow:
    window.attach(live.paths)
    qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "waiting", timeout=5000)
    qtbot.waitUntil(lambda: len(window.live.signals.panels) == 2, timeout=5000)
    return window


def test_signals_camera_and_lamps_before_the_start(attached: MainWindow, qtbot: QtBot) -> None:
    signals = attached.live.signals
    assert [panel.group.title for panel in signals.panels] == ["eeg", "wristband-eda"]
    qtbot.waitUntil(lambda: signals.panels[0].trace.last_s > clock.now() - 1.0)
    qtbot.waitUntil(lambda: attached.live.media.camera.image is not None)
    assert states(attached) == ["live"] * 3
    assert attached.live.panel.start.isVisible()
    assert attached.live.banner.text.startswith("Automatic participant")
    assert not attached.actions_by_name["pause"].isEnabled()


def test_start_pause_skip_go_on_by_keys_and_buttons(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    QTest.mouseClick(attached.live.panel.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: attached.conduct.state.get("phase") == "running")
    assert attached.live.panel.trial.text() == "Trial 1 of 16"
    assert attached.status.time.text().startswith("Recording 0:0")
    bring_to_front(attached, qtbot)
    QTest.keyClick(attached, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: attached.conduct.state.get("phase") == "paused")
    assert attached.live.panel.headline.text() == "Paused"
    assert attached.actions_by_name["pause"].text() == "Go on"
    QTest.keyClick(attached, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: attached.conduct.state.get("phase") == "running")
    QTest.keyClick(attached, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: len(live.names()) == 4)
    assert live.names() == ["start", "pause", "resume", "skip"]


def test_notes_and_marks_reach_the_journal_and_the_list(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    notes = attached.live.notes
    QTest.keyClicks(notes.line, "coughed")
    QTest.keyClick(notes.line, Qt.Key.Key_Return)
    QTest.mouseClick(notes.marks["mark_noise"], Qt.MouseButton.LeftButton)
    QTest.keyClick(notes.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(live.commands) == 2)
    assert [command["text"] for command in live.commands] == ["coughed", "noise"]
    assert [notes.list.item(i).text()[10:] for i in range(2)] == ["coughed", "noise"]


def test_a_note_typed_for_long_says_when_it_was_begun(attached: MainWindow, live: LiveSession) -> None:
    notes = attached.live.notes
    notes.line.setText("moved")
    notes._begun_s = clock.now() - 4.0
    notes.keep()
    assert attached.live.notes.list.item(0).text().endswith("moved [begun 4.0 s before]")


def test_abort_needs_holding_or_a_second_yes(attached: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    button = attached.live.panel.abort
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asks(attached)
    QTest.mouseClick(attached.live._go_on, Qt.MouseButton.LeftButton)
    assert not asks(attached)
    assert live.names() == []
    attached.trigger("abort")
    assert asks(attached)
    attached.live.withdraw_abort()
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "abort" in live.names(), timeout=HOLD_MS + 3000)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert live.names() == ["abort"]


def test_an_alarm_is_heard_once_and_listed(attached: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    live.lost["wristband-eda"] = "lost"
    text = "wristband-eda: no data."
    live.alarms.append({"time": clock.now(), "stream": "wristband-eda", "text": text, "level": "alarm"})
    qtbot.waitUntil(lambda: bool(attached.notifier.shown))
    live.tell()
    live.tell()
    qtbot.wait(300)
    assert [toast.notice.text for toast in attached.notifier.shown] == [text]
    assert attached.live.notes.list.count() == 1
    qtbot.waitUntil(lambda: states(attached)[1] == "lost")
    assert "lost" in attached.status.lamps.accessibleName()


def test_an_alarm_that_is_over_is_grey_and_its_message_goes(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    alarm = {
        "time": clock.now(),
        "stream": "eeg",
        "text": "no data for 2 s.",
        "level": "alarm",
        "code": "stale",
        "stands": True,
        "cleared_s": None,
    }
    live.alarms.append(alarm)
    qtbot.waitUntil(lambda: bool(attached.notifier.shown))
    item = attached.live.notes.list.item(0)
    assert item.text().endswith("eeg: no data for 2 s.")
    assert item.foreground().color().name() == theme.current().alarm
    live.alarms[0] = alarm | {"stands": False, "cleared_s": clock.now()}
    qtbot.waitUntil(lambda: "(over at " in item.text())
    assert item.foreground().color().name() == theme.current().muted
    assert attached.notifier.shown == []
    assert attached.live.notes.list.count() == 1


def test_what_follows_a_loss_stands_in_a_strip_until_it_is_over(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    attached.trigger("start")
    live.message = "eeg is lost. The session pauses after this trial, then resume when it is back."
    qtbot.waitUntil(attached.live.hold.isVisible)
    assert attached.live.hold.text == live.message
    assert not attached.live.panel.message.isVisible()
    live.message = ""
    qtbot.waitUntil(lambda: not attached.live.hold.isVisible())


def test_quality_has_a_place_of_its_own_and_says_from_afar_how_many_are_poor(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    dock = attached.live.docks["quality"]
    assert dock.windowTitle() == "Quality"
    live.quality = {"eeg": {"verdict": "failed"}, "camera": {"verdict": "passed"}}
    qtbot.waitUntil(lambda: dock.windowTitle() == "Quality: 1 poor")
    attached.live.reset_layout()
    assert attached.live.tabifiedDockWidgets(attached.live.docks["streams"]) == [dock]


def test_choice_after_the_participants_window_was_lost(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    state = live.state() | {"phase": "running"}
    state["presenter"] = {"state": "waiting"}
    state["processes"]["presenter"]["restarts"] = 1
    assert needs_choice(state)
    attached.live.panel.show_state(state)
    assert attached.live.panel.choice.isVisible()
    assert not attached.live.panel.pause.isVisible()
    with qtbot.waitSignal(attached.live.panel.asked) as asked:
        QTest.mouseClick(attached.live.panel.repeat, Qt.MouseButton.LeftButton)
    assert asked.args == ["repeat"]


def test_a_vanished_supervisor_is_said_with_what_is_safe(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    with LiveSession(tmp_path) as live:
        window.attach(live.paths)
        qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "waiting", timeout=5000)
    qtbot.waitUntil(lambda: bool(window.live.lost.text), timeout=5000)
    assert "What was recorded is safe" in window.live.lost.text
    assert window.conduct.current is None
    assert not window.actions_by_name["pause"].isEnabled()


def test_closing_asks_and_leaves_the_session_alone(
    attached: MainWindow, live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Close]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    attached.close()
    assert attached.isVisible()
    attached.close()
    assert not attached.isVisible()
    assert live.names() == []


def test_layout_comes_back_or_is_put_back(window: MainWindow) -> None:
    before = window.live.layout_bytes()
    window.live.docks["streams"].setFloating(True)
    assert window.live.restore_layout(before)
    assert not window.live.docks["streams"].isFloating()
    assert not window.live.restore_layout(b"nonsense")
    assert window.live.docks["session"].isVisibleTo(window.live)


def test_view_can_be_changed(attached: MainWindow) -> None:
    attached.trigger("shorter")
    attached.trigger("taller")
    assert (attached.live.signals.span_s, attached.live.signals.zoom) == (5.0, 2.0)
    assert attached.live.view_words.text() == "last 5 s, height ×2"
    attached.live.shown_menu.actions()[0].trigger()
    assert [panel.group.title for panel in attached.live.signals.shown()] == ["wristband-eda"]


def test_a_stream_that_joins_disturbs_no_panel(attached: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    signals = attached.live.signals
    qtbot.waitUntil(lambda: all(panel.scale > 0 for panel in signals.panels))
    before = {panel.group.title: panel.scale for panel in signals.panels}
    late = stream("belt", "resp", 25, 1, "")
    writer = SampleRingWriter(live.plan.ring("belt"), late, 10.0)
    now = clock.now()
    writer.append(now + np.arange(5) / 25, np.ones((5, 1), "f4"), now)
    signals.look()
    assert {panel.group.title: panel.scale for panel in signals.panels} == before | {"belt": 0.0}
    assert not signals.grab().isNull()


def test_two_cameras_stand_side_by_side_with_their_names(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    cameras = tuple(stream(name, "video", 15, 1, "", "jpeg") for name in ("camera-left", "camera-right"))
    with LiveSession(tmp_path, cameras) as live:
        window.attach(live.paths)
        media = window.live.media
        qtbot.waitUntil(lambda: len(media._cameras) == 2, timeout=10000)
        views = list(media._cameras.values())
        qtbot.waitUntil(lambda: all(view.image is not None for view in views), timeout=10000)
        assert {view.name for view in views} == {"camera-left", "camera-right"}
        assert views[0].geometry().top() == views[1].geometry().top()
        window.live.show_session(None)
        assert (media._cameras, media.camera.name) == ({}, "")
        window.conduct.close()


def test_a_slow_machine_is_drawn_on_more_rarely(window: MainWindow) -> None:
    signals = window.live.signals
    for _ in range(60):
        signals._pace(0.08)
    assert signals.interval_ms >= 200
    for _ in range(120):
        signals._pace(0.001)
    assert signals.interval_ms == FAST_MS


def test_streams_of_a_state() -> None:
    state = {
        "devices": {"band": {"state": "failed", "message": "not there", "streams": {}}},
        "recorder": {
            "streams": {
                "eeg": {"state": "live", "rate_hz": 250.2, "lost": 3},
                "band": {"state": "expected", "rate_hz": 0.0, "lost": 0},
            }
        },
    }
    band, eeg = streams_of(state)
    assert (band.look.word, band.message) == ("not working", "not there")
    assert eeg.sentence == "eeg: live, 250 Hz, 3 samples lost"


def test_lamps_stay_when_texts_no_longer_fit(qtbot: QtBot) -> None:
    strip = LampStrip()
    qtbot.addWidget(strip)
    strip.show_streams([StreamState(f"wristband-temperature-{n}", "live", 4.0, n) for n in range(8)])
    widths = [len("".join(strip.texts(width))) for width in (3000, 1000, 500, 100)]
    assert widths == sorted(widths, reverse=True)
    assert strip.texts(1)[3] == "−3"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(12, "only 12 min left"), (45, "45 min left"), (300, "5 h left"), (9000, "days left")],
)
def test_disk_is_told_in_time(minutes: float, text: str) -> None:
    assert disk_text(minutes) == text


def test_stages_are_called_as_people_call_them() -> None:
    assert stage_words("questionnaire", "sam") == "Rating: sam"
    assert stage_words("picture", "picture") == "Picture"


@pytest.mark.slow
def test_a_killed_console_comes_back_to_the_session(live: LiveSession, display: str, qtbot: QtBot) -> None:
    command = [sys.executable, "-m", "app", "_console", "--live", str(live.paths.live)]
    for _ in range(2):
        console = subprocess.Popen(command, env=dict(os.environ))
        try:
            qtbot.waitUntil(lambda: bool(live.server.peers("console")), timeout=20000)
        finally:
            console.send_signal(signal.SIGKILL)
            console.wait()
        qtbot.waitUntil(lambda: not live.server.peers("console"), timeout=5000)
    assert SessionPaths.of_live(live.paths.live).lock.exists()
    assert live.names() == []
