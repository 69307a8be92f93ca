"""Measuring the screen's lag from the console: what is asked for, what is shown, and what is kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app import screens
from app.console.timing_test_dialog import TimingTestDialog
from app.console.window import MainWindow
from app.study import Study

REPORT: dict[str, Any] = {
    "screen": "HDMI-1",
    "stream": "eeg",
    "channel": "AUX1",
    "date": "2026-11-21",
    "lag_ms": 11.4,
    "sd_ms": 0.31,
    "found": 99,
    "flashes": 100,
    "verified": True,
}
SAYS = """
import json, pathlib, sys
words = sys.argv[1:]
folder = pathlib.Path(words[words.index("--out") + 1])
(folder / "timing-test.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360"/>')
print("REPORT")
sys.exit(STATUS)
"""


def says(monkeypatch: pytest.MonkeyPatch, report: dict[str, Any], status: int = 0) -> None:
    script = SAYS.replace('"REPORT"', repr(json.dumps(report))).replace("STATUS", str(status))
    monkeypatch.setattr(
        "app.console.errand.command_line", lambda arguments: [sys.executable, "-c", script, *arguments]
    )


@pytest.fixture
def dialog(window: MainWindow, study: Study) -> TimingTestDialog:
    window.open_study(study.folder)
    window.trigger("timing_test")
    assert isinstance(window._dialog, TimingTestDialog)
    return window._dialog


def measured(dialog: TimingTestDialog, qtbot: QtBot) -> None:
    dialog.measure_button.click()
    qtbot.waitUntil(lambda: not dialog.errand.is_running, timeout=20_000)


def test_stream_and_channel_are_left_to_the_command_unless_they_are_named(
    dialog: TimingTestDialog, study: Study
) -> None:
    line = dialog.arguments()
    assert line[:3] == ["timing-test", "--study", str(study.folder)]
    assert "--no-keep" in line, "keeping is a button of its own"
    assert "--stream" not in line
    dialog.stream.setText(" eeg ")
    dialog.channel.setText("AUX1")
    assert dialog.arguments()[-6:] == [
        "--stream",
        "eeg",
        "--channel",
        "AUX1",
        "--accept",
        "measuring the screen",
    ]
    dialog.accept_checks.setChecked(False)
    assert "--accept" not in dialog.arguments()


def test_a_measured_lag_is_shown_and_kept_only_when_asked(
    dialog: TimingTestDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, REPORT)
    measured(dialog, qtbot)
    assert dialog.words.text().startswith("HDMI-1: light comes 11.4 ms after the logged swap")
    assert dialog.histogram.isVisible()
    assert screens.calibration("HDMI-1").lag_ms is None
    dialog.keep_button.click()
    kept = screens.calibration("HDMI-1")
    assert (kept.lag_ms, kept.lag_sd_ms, kept.lag_date) == (11.4, 0.31, "2026-11-21")
    assert kept.lag_source == "photodiode on eeg AUX1"


def test_too_few_flashes_are_told_and_cannot_be_kept(
    dialog: TimingTestDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, REPORT | {"found": 3, "verified": False})
    measured(dialog, qtbot)
    assert "Too few flashes" in dialog.problem.text()
    assert not dialog.keep_button.isVisible()


def test_a_report_goes_where_it_is_wanted_and_nothing_stays_behind(
    dialog: TimingTestDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    says(monkeypatch, REPORT)
    measured(dialog, qtbot)
    monkeypatch.setattr(
        "app.console.timing_test_dialog.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path)
    )
    dialog.save_button.click()
    assert (tmp_path / "timing-test.svg").is_file()
    folder = dialog._folder
    dialog.reject()
    assert not folder.exists()
