"""The summary of a real small file, what is not perfect in words, and the wait until a file is made."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from app.console.findings import flaws_of, read_findings
from app.console.notifier import Hooks
from app.console.quiet import QUIET, WORDS
from app.console.window import MainWindow
from tests.helpers.live_session import LiveSession
from tests.helpers.recordings import small_session

GOOD: dict[str, Any] = {
    "origin": "recorded",
    "ended": True,
    "end_reason": "completed",
    "trials": 2,
    "dropped_frames": 0,
    "onset_error_ms": {"median": 0.3, "p99": 0.9, "max": 1.0},
    "streams": [],
}
EEG: dict[str, Any] = {
    "id": "eeg",
    "samples": 100,
    "nominal_rate_hz": 250.0,
    "measured_rate_hz": 250.1,
    "gaps": [],
    "lost_tail_s": 0.0,
}
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "perfect": ({"streams": [EEG]}, []),
    "aborted": ({"end_reason": "aborted"}, ["The session was aborted by the experimenter."]),
    "gap": (
        {"streams": [EEG | {"gaps": [{"samples": 125, "cause": "stream lost"}]}]},
        ["eeg: 1 gap, 0.5 s in all (stream lost)."],
    ),
    "tail": ({"streams": [EEG | {"lost_tail_s": 0.31}]}, ["eeg: the last 0.31 s were lost in a crash."]),
    "empty": ({"streams": [EEG | {"samples": 0}]}, ["eeg: nothing was recorded."]),
    "rate": (
        {"streams": [EEG | {"measured_rate_hz": 240.0}]},
        ["eeg: came at 240.00 Hz, not at 250 Hz."],
    ),
    "frames": ({"dropped_frames": 1}, ["The participant's screen dropped 1 frame."]),
    "no screen": ({"onset_error_ms": None}, ["No onset was measured: the session had no screen."]),
    "late": (
        {"onset_error_ms": {"median": 1, "p99": 17.0, "max": 33.2}},
        ["Some stimuli came late: one in a hundred by 17.0 ms or more, the latest by 33.2 ms."],
    ),
}


def cell(table: QTableWidget, row: int, column: int) -> str:
    """Return a cell's text."""
    item = table.item(row, column)
    return item.text() if item is not None else ""


@pytest.mark.parametrize("name", CASES)
def test_flaws_are_said_in_words(name: str) -> None:
    change, expected = CASES[name]
    assert flaws_of(GOOD | change) == expected


def test_a_real_file_is_summarised(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.show_summary(small_session(tmp_path))
    page = window.summary
    qtbot.waitUntil(lambda: page.findings is not None, timeout=10000)
    assert page.banner.isVisible()
    assert "not a recording of a person" in page.banner.text
    rows = {cell(page.streams, row, 0): row for row in range(page.streams.rowCount())}
    assert set(rows) == {"eeg", "sound", "camera", "markers"}
    assert cell(page.streams, rows["eeg"], 5) != "none"
    headers = [page.trials.horizontalHeaderItem(place) for place in range(page.trials.columnCount())]
    assert [header.text() for header in headers if header is not None] == [
        "Trial",
        "Stimulus",
        "Category",
        "Onset error",
        "valence",
    ]
    cells = [[cell(page.trials, row, place) for place in range(5)] for row in range(2)]
    assert cells == [["1", "s0", "neutral", "0.40 ms", "5"], ["2", "s1", "neutral", "0.40 ms", "6"]]
    assert any("eeg" in page.flaws.item(row).text() for row in range(page.flaws.count()))


def test_reading_findings_changes_nothing(tmp_path: Path) -> None:
    path = small_session(tmp_path)
    before = path.read_bytes()
    assert read_findings(path).headline
    assert path.read_bytes() == before


def test_a_damaged_file_is_said_in_one_sentence(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "broken.h5"
    path.write_bytes(b"not a session")
    window.show_summary(path)
    qtbot.waitUntil(lambda: window.summary.title.text() == "This file cannot be shown", timeout=10000)
    assert "broken.h5" in window.summary.banner.text


def test_the_wait_for_the_file_then_its_summary(
    window: MainWindow, live: LiveSession, tmp_path: Path, qtbot: QtBot
) -> None:
    window.attach(live.paths)
    qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "waiting", timeout=5000)
    assert QUIET.reason == WORDS, "nothing is played into the room"
    live.phase, live.finishing = "finishing", 0.4
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.summary, timeout=5000)
    qtbot.waitUntil(lambda: window.summary.progress.value() == 40)
    assert not window.conduct.is_recording and QUIET.reason == ""
    small_session(tmp_path / "made").rename(live.paths.final)
    live.file, live.phase = live.paths.final.name, "finished"
    qtbot.waitUntil(lambda: window.summary.findings is not None, timeout=10000)
    assert window.conduct.current is None


def test_the_next_session_may_start_while_the_last_one_is_finished(
    window: MainWindow, live: LiveSession, tmp_path: Path, qtbot: QtBot
) -> None:
    window.attach(live.paths)
    qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "waiting", timeout=5000)
    live.phase = "finishing"
    qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "finishing", timeout=5000)
    with LiveSession(tmp_path / "second") as second:
        window.attach(second.paths)
        qtbot.waitUntil(lambda: window.conduct.state.get("phase") == "waiting", timeout=5000)
        small_session(tmp_path / "made").rename(live.paths.final)
        live.file, live.phase = live.paths.final.name, "finished"
        qtbot.waitUntil(lambda: bool(window.notifier.shown), timeout=5000)
        assert window.notifier.shown[-1].notice.text.endswith("is ready.")
        assert window.pages.currentWidget() is window.live
        window.conduct.close()


def test_an_error_anywhere_becomes_a_message_and_a_log(window: MainWindow, qtbot: QtBot) -> None:
    hooks = Hooks(window.notifier)
    try:
        sys.excepthook(ValueError, ValueError("broken"), None)
        qtbot.waitUntil(lambda: len(window.notifier.shown) == 1)

        def fail() -> None:
            raise KeyError("in a thread")

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(window.notifier.shown) == 2)
    finally:
        hooks.remove()
    texts = [notice.text for notice in window.notifier.history]
    assert all("recording is not touched" in text for text in texts)
    assert "ValueError" in texts[0]


def test_messages_stack_above_the_status_bar_and_alarms_stay(window: MainWindow) -> None:
    for number in range(6):
        window.notifier.say(f"message {number}", "alarm")
    shown = window.notifier.shown
    assert [toast.notice.text for toast in shown] == [f"message {n}" for n in range(2, 6)]
    assert all(toast.geometry().bottom() < window.height() - window.status.height() for toast in shown)
    assert all(not toast._timer.isActive() for toast in shown)
    window.trigger("messages")
    assert window._dialog is not None
    window._dialog.reject()
    window.notifier.clear()
    assert window.notifier.shown == []
