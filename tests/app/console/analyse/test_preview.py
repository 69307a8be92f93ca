"""The step Features: one feature below its signal on one time axis; values, definition, cost."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.features.feature import Signal, feature
from app.console.analyse.page import AnalysePage
from app.console.analyse.preview_work import COLUMNS, waves_of
from tests.helpers.analyse_page import choose, features, rows, settled
from tests.helpers.labelled import onset_s

BETWEEN_S = 1e-6


def test_a_feature_stands_below_its_signal_on_one_axis(page: AnalysePage, qtbot: QtBot) -> None:
    shown = features(page, qtbot)
    choose(shown.feature, "statistics of eda", qtbot)
    shown.window_s.setValue(1.0)
    shown.hop_s.setValue(0.5)
    settled(shown, qtbot)
    found = shown.preview
    assert found is not None
    known = feature("statistics")
    assert known.about in shown.about.text() and known.source in shown.source.text()
    assert [wave.name for wave in found.waves] == ["EDA"]
    steps = found.steps.times_s[found.rows]
    np.testing.assert_allclose(steps, onset_s(0) + np.array([0.5, 1.0, 1.5]), atol=0.001)
    assert {row.axis for row in shown.rows} == {shown.signal_row.axis} == {shown.axis}
    assert [row[0] for row in rows(shown.table)] == ["0:00:00.50", "0:00:01.00", "0:00:01.50"]
    assert shown.table_words.whole == "3 steps, 6 numbers each"
    assert " ms for the 4 trials of this recording; about " in shown.summary.whole


def test_ticks_choose_what_is_drawn_and_rows_move_the_cursor(page: AnalysePage, qtbot: QtBot) -> None:
    shown = features(page, qtbot)
    choose(shown.feature, "statistics of bvp", qtbot)
    settled(shown, qtbot)
    assert len(shown.rows) == 3
    tick = list(shown.names.ticks.values())[4]
    tick.setFocus()
    QTest.keyClick(tick, Qt.Key.Key_Space)
    assert [row.title for row in shown.rows] == ["BVP max", "BVP min", "BVP mean", "BVP variance"]
    row = shown.rows[-1]
    assert shown.preview is not None
    time_s = float(shown.preview.steps.times_s[shown.preview.rows[0]])
    assert row.words_at(QPointF(row.x_of(time_s), 5)).startswith("BVP variance at 0:00:01.000: ")
    shown.table.setFocus()
    QTest.keyClick(shown.table, Qt.Key.Key_Down)
    assert shown.axis.cursor_s == pytest.approx(time_s)
    page.jump_asked.disconnect()
    with qtbot.waitSignal(page.jump_asked) as asked:
        QTest.mouseClick(shown.review, Qt.MouseButton.LeftButton)
    assert asked.args is not None and asked.args[1] == pytest.approx(time_s)


@pytest.mark.slow
def test_all_trials_at_once_and_the_table_of_them(page: AnalysePage, qtbot: QtBot, tmp_path: Path) -> None:
    shown = features(page, qtbot)
    choose(shown.feature, "statistics of eda", qtbot)
    shown.window_s.setValue(0.0)
    choose(shown.trial, "All trials", qtbot)
    settled(shown, qtbot)
    assert shown.table_words.whole.startswith("4 steps")
    shown.write_table(tmp_path / "values.csv")
    with (tmp_path / "values.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [row["trial"] for row in found] == ["1", "2", "3", "4"]
    assert float(found[0]["EDA mean"]) == pytest.approx(2.1, abs=0.3)


@pytest.mark.slow
def test_a_window_longer_than_the_trial_says_so(page: AnalysePage, qtbot: QtBot) -> None:
    shown = features(page, qtbot)
    choose(shown.feature, "statistics of eda", qtbot)
    shown.window_s.setValue(30.0)
    settled(shown, qtbot)
    assert shown.table_words.whole.startswith("No step fits: the trial is shorter than the window.")


@pytest.mark.slow
def test_a_setting_that_is_wrong_is_told(page: AnalysePage, qtbot: QtBot) -> None:
    shown = features(page, qtbot)
    choose(shown.feature, "samples of eda", qtbot)
    settled(shown, qtbot)
    box = shown.settings.boxes["pad"]
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, "ghost")
    settled(shown, qtbot)
    assert "pad one of nan, edge" in shown.trouble.text


def test_a_setting_stays_in_another_recording(page: AnalysePage, qtbot: QtBot) -> None:
    shown = features(page, qtbot)
    choose(shown.feature, "samples of eda", qtbot)
    settled(shown, qtbot)
    box = shown.settings.boxes["pad"]
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, "edge")
    choose(shown.recording, shown.recording.itemText(1), qtbot)
    settled(shown, qtbot)
    assert shown.settings.values() == {"pad": "edge"}
    assert shown.preview is not None and shown.preview.asked.settings == {"pad": "edge"}


def long_signal(rows_: int, rate_hz: float = 100.0) -> Signal:
    values = np.arange(rows_, dtype=np.float32)[:, None] * np.ones((1, 2), np.float32)
    values[5:8] = np.nan
    return Signal("eda", rate_hz, 10.0, values, ("a", "b"), ("uS", "uS"))


def test_a_long_signal_is_kept_in_columns_with_its_extremes() -> None:
    signal = long_signal(50 * COLUMNS)
    first, second = waves_of(signal, (10.0, 10.0 + 50 * COLUMNS / 100))
    assert len(first.low) <= COLUMNS
    assert (first.name, first.unit, second.name) == ("a", "uS", "b")
    assert float(first.low[0]) == 0 and float(np.nanmax(first.high)) > 50 * COLUMNS - 100


def test_a_gap_stays_a_gap_and_nothing_outside_is_read() -> None:
    (wave, _) = waves_of(long_signal(100), (10.0, 10.2))
    assert np.isnan(wave.low[5:8]).all() and np.isfinite(wave.low[:5]).all()
    assert len(wave.low) == 21 and wave.start_s == pytest.approx(10.0)
    assert waves_of(long_signal(100), (40.0, 50.0)) == ()
