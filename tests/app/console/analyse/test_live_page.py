"""The step Live: a kept recognizer on a replayed session, by clicks; what it says is seen."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.evaluation.run_folder import Run
from app.analysing.training import train_run
from app.console.analyse.live_page import LivePage
from app.console.analyse.page import AnalysePage
from app.study import Study
from tests.helpers.analyse_page import choose, click, step
from tests.helpers.real_runs import real_run

PATIENCE_MS = 60_000
KNOWN: dict[str, Any] = {
    "title": "Linear discriminant analysis", "target": "mood", "classes": ["calm", "angry"], "outputs": [],
    "case_s": 4.0, "hop_s": 1.0, "told": ["bvp (heart): live it knows the last 60 s"],
    "calibration": "calibrated on 40 held-out cases (temperature 2.00)",
}  # fmt: skip
BEGIN: dict[str, Any] = {
    "type": "begin", "source": "s", "published": ["evoke-live"], "has_plane": True, "on_plane": [0],
    "recognizers": [KNOWN],
}  # fmt: skip


def answer(stop_s: float, **changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "type": "answer", "recognizer": 0, "start_s": stop_s - 4.0, "stop_s": stop_s,
        "names": ["calm", "angry"], "proba": [0.9, 0.1], "calibrated": [0.7, 0.3], "entropy": 0.88,
        "right": 0.61, "sd": [], "place": [0.4, -0.2], "paused": "",
        "inputs": [{"name": "bvp", "modality": "bvp", "state": "present", "why": ""}],
        "latency": {"wait": 0.02, "features": 0.01, "recognizer": 0.001, "total": 0.031},
    }  # fmt: skip
    return {**known, **changes}


@pytest.fixture
def kept(faces: Study) -> Run:
    run = real_run(faces, modalities=("eda", "bvp"))
    train_run(faces, run)
    return run


def shown(page: AnalysePage, qtbot: QtBot) -> LivePage:
    found = step(page, "live", qtbot)
    assert isinstance(found, LivePage)
    return found


def test_without_a_kept_recognizer_it_says_what_to_do(page: AnalysePage, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    assert found.stack.currentWidget() is found.empty and "Train on all and keep" in found.empty.text()
    assert not found.start_button.isEnabled() and not found.stop_button.isEnabled()
    # What a process would say: the page shows it, whoever computed it.
    found.process.heard.emit(BEGIN)
    found.process.heard.emit({"type": "waiting", "words": "No LSL stream named board is visible."})
    assert "board" in found.trouble.text
    found.process.heard.emit(answer(10.0))
    assert "on LSL as evoke-live" in found.summary.whole
    assert found.bars.accessibleDescription() == "calm 70%, angry 30%"
    assert "right in 61%" in found.sure.text() and "Uncertainty 0.88" in found.sure.text()
    assert found.plane.accessibleDescription() == "Valence +0.40, arousal -0.20"
    assert "31 ms" in found.latency.text() and "knows the last 60 s" in found.told.text()
    assert found.inputs.lines["bvp"].text() == "bvp: there"
    gone = [{"name": "bvp", "modality": "bvp", "state": "late", "why": "no sample in the last window"}]
    paused = answer(11.0, proba=None, calibrated=None, entropy=None, right=None, place=None, inputs=gone,
                    paused="Paused: it cannot do without bvp.")  # fmt: skip
    found.process.heard.emit(paused)
    assert found.inputs.lines["bvp"].text() == "bvp: dropped out"
    assert found.inputs.lines["bvp"].toolTip() == "no sample in the last window"
    assert found.bars.accessibleDescription() == "Paused: it cannot do without bvp."
    assert found.plane.accessibleDescription() == "Paused: no place now"
    still = [{**gone[0], "state": "flat", "why": "it stands still: is it connected?", "used": True}]
    found.process.heard.emit(answer(12.0, inputs=still))
    assert found.inputs.lines["bvp"].text() == "bvp: stands still, used all the same"
    assert found.plane.accessibleDescription() == "Valence +0.40, arousal -0.20"
    assert [bool(point.values) for point in found.course.points] == [True, False, True]
    found.process.heard.emit(
        {"type": "end", "answers": 2, "skipped": 1, "cpu_share": 0.05,
         "latency": {"total": {"median": 0.03, "p95": 0.05}}}
    )  # fmt: skip
    assert "2 decisions" in found.latency.text() and "1 windows left out" in found.latency.text()


@pytest.mark.slow
def test_a_session_is_replayed_by_clicks(kept: Run, page: AnalysePage, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    qtbot.waitUntil(found.start_button.isVisible)
    assert found.source.currentText() == "LSL streams" and not found.start_button.isEnabled()
    QTest.keyClicks(found.names, "board, band")
    assert found.start_button.isEnabled() and found.arguments()[-2:] == ["board", "band"]
    session = found.source.itemText(1)
    choose(found.source, session, qtbot)
    assert not found.names.isVisible() and found.speed.isVisible()
    choose(found.speed, "4 times as fast", qtbot)
    QTest.keyClick(found.publish, Qt.Key.Key_Space)
    assert found.stream.isVisible()
    click(found.start_button)
    assert found.stop_button.isEnabled() and not found.model.isEnabled()
    qtbot.waitUntil(lambda: len(found.course.points) > 1, timeout=PATIENCE_MS)
    assert set(found.inputs.lines) == {"bvp", "eda"}
    if found.process.is_running:
        click(found.stop_button)
    qtbot.waitUntil(lambda: not found.process.is_running, timeout=PATIENCE_MS)
    assert not found.trouble.text and found.start_button.isEnabled()
