"""Before the start: the signal check, what it found, and the reason to start all the same."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.console.start_checks import sentence_of, title_of
from app.console.window import MainWindow
from tests.helpers.front import bring_to_front
from tests.helpers.live_session import LiveSession

RESULTS: list[dict[str, Any]] = [
    {"name": "disk", "verdict": "passed", "text": "61 GB free, 140 MB needed", "device": ""},
    {"name": "signal eeg", "verdict": "failed", "text": "eeg: channel C3 is flat.", "device": "eeg"},
    {"name": "signal wristband-eda", "verdict": "passed", "text": "", "device": "wristband"},
    {"name": "signal camera", "verdict": "warned", "text": "camera: no face.", "device": "camera"},
]


@pytest.fixture
def attached(window: MainWindow, live: LiveSession, qtbot: QtBot) -> MainWindow:
    live.phase = "checking"
    window.attach(live.paths)
    qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "checking", timeout=5000)
    return window


def show(window: MainWindow, live: LiveSession, qtbot: QtBot, needs_reason: bool) -> None:
    live.checks = {"results": RESULTS, "needs_reason": needs_reason}
    live.phase = "waiting"
    qtbot.waitUntil(lambda: window.live.panel.phase == "waiting")


def test_progress_while_the_signals_are_judged(attached: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    checks = attached.live.panel.checks
    assert not checks.isVisible()
    live.quality = {"eeg": {"verdict": "waiting", "seconds": 4.0}, "camera": {"seconds": 6.0}}
    qtbot.waitUntil(checks.progress.isVisible)
    assert (checks.progress.value(), checks.progress.maximum()) == (40, 100)
    assert checks.words.text() == "Signal check: 4 of 10 s"
    assert attached.live.panel.headline.text() == "Checking the signals…"
    assert not attached.live.panel.start.isEnabled()
    assert not attached.actions_by_name["start"].isEnabled()


def test_a_failed_check_needs_a_typed_reason_which_travels_with_the_start(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    show(attached, live, qtbot, needs_reason=True)
    panel = attached.live.panel
    reason = panel.checks.reason
    assert reason.isVisible()
    assert not panel.start.isEnabled()
    assert "not good enough" in panel.checks.words.text()
    QTest.keyClicks(reason, "  ok ")
    assert not panel.start.isEnabled()
    QTest.keyClick(reason, Qt.Key.Key_Return)
    QTest.keyClicks(reason, "pilot")
    assert panel.start.isEnabled()
    QTest.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: live.names() == ["start"])
    assert live.commands[0]["text"] == "ok pilot"


def test_enter_behind_the_reason_starts(attached: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    show(attached, live, qtbot, needs_reason=True)
    QTest.keyClicks(attached.live.panel.checks.reason, "electrode is known")
    QTest.keyClick(attached.live.panel.checks.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: live.names() == ["start"])


def test_the_start_key_points_at_the_missing_reason(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    show(attached, live, qtbot, needs_reason=True)
    bring_to_front(attached, qtbot)
    attached.trigger("start")
    qtbot.waitUntil(attached.live.panel.checks.reason.hasFocus)
    assert live.names() == []


def test_good_signals_start_without_a_reason(attached: MainWindow, live: LiveSession, qtbot: QtBot) -> None:
    show(attached, live, qtbot, needs_reason=False)
    assert not attached.live.panel.checks.reason.isVisible()
    attached.trigger("start")
    qtbot.waitUntil(lambda: live.names() == ["start"])
    assert "text" not in live.commands[0]


def test_a_stream_that_was_mended_takes_the_reason_back(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    show(attached, live, qtbot, needs_reason=True)
    attached.live.panel.checks.reason.setText("pilot")
    live.checks = {"results": RESULTS[:1], "needs_reason": False}
    qtbot.waitUntil(lambda: not attached.live.panel.checks.reason.isVisible())
    assert attached.live.panel.reason_text == ""
    assert attached.live.panel.start.isEnabled()


def test_results_stand_worst_first_each_with_its_remedy(
    attached: MainWindow, live: LiveSession, qtbot: QtBot
) -> None:
    show(attached, live, qtbot, needs_reason=True)
    rows = attached.live.panel.checks.rows.streams
    assert [(row.id, row.verdict) for row in rows] == [
        ("eeg", "failed"),
        ("camera", "warned"),
        ("2 checks", "passed"),
    ]
    assert rows[0].problems == ("Channel C3 is flat.",)
    assert rows[2].measures == ("disk, wristband-eda",)


def test_titles_and_sentences() -> None:
    device = {"name": "device", "device": "cap", "text": "device cap: there is no port COM3."}
    assert (title_of(device), title_of({"name": "window"})) == ("cap", "participant's window")
    assert sentence_of({"name": "disk", "text": "half full"}) == "Half full"
