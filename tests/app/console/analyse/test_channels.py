"""The step EEG channels: ranking, head and slider, three splits side by side, labels to tick, a list."""

from __future__ import annotations

import csv
import math
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.analysing.corpora import study_corpus
from app.analysing.emotion_labels import TABLE
from app.console.analyse.channels_head import ChosenHead
from app.console.analyse.channels_page import NOT_SWEPT, NOTHING, ChannelsPage
from app.console.analyse.page import AnalysePage
from app.console.window import MainWindow
from app.study import Study
from tests.helpers.analyse_page import PATIENCE_MS, choose, click, rows, settled, step
from tests.helpers.front import bring_to_front
from tests.helpers.imagery_study import imagery_study


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imagery_study(tmp_path_factory.mktemp("imagery")).folder


@pytest.fixture
def imagined(made: Path, tmp_path: Path) -> Study:
    shutil.copytree(made, tmp_path / "imagined")
    return Study.open(tmp_path / "imagined")


@pytest.fixture
def found(window: MainWindow, imagined: Study, qtbot: QtBot) -> ChannelsPage:
    window.open_study(imagined.folder)
    bring_to_front(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    shown = step(window.of_analysis.page, "channels", qtbot)
    assert isinstance(shown, ChannelsPage)
    qtbot.waitUntil(lambda: shown.found is not None, timeout=PATIENCE_MS)
    settled(shown, qtbot)
    return shown


def test_labels_of_a_biosemi_cap_make_no_head_map(qtbot: QtBot) -> None:
    head = ChosenHead()
    qtbot.addWidget(head)
    sites = (("C3", 1.0), ("C4", 2.0), ("F3", 3.0), ("F4", 2.5))
    head.show_choice(sites, ("C3",), "Kurtosis.")
    assert head.canvas.isVisibleTo(head)
    # A channel without a score says which cap it was, too.
    head.show_choice((*sites, ("H32", math.nan)), ("C3",), "Kurtosis.")
    assert not head.canvas.isVisibleTo(head)
    assert "names of the 10-20 or 10-10 system" in head.words.text()


def test_without_presses_it_says_where_they_come_from(page: AnalysePage, qtbot: QtBot) -> None:
    shown = step(page, "channels", qtbot)
    assert isinstance(shown, ChannelsPage)
    qtbot.waitUntil(lambda: shown.empty.text() == NOTHING, timeout=PATIENCE_MS)
    assert not shown.sweep_button.isEnabled()
    assert not shown.save.isEnabled()


@pytest.mark.slow
def test_the_slider_says_which_channels_are_kept_on_head_and_in_bars(
    found: ChannelsPage, qtbot: QtBot
) -> None:
    assert "2 participants, 8 channels" in found.summary.whole
    found.k.setFocus()
    QTest.keyClick(found.k, Qt.Key.Key_Home)
    for count in (2, 3):
        QTest.keyClick(found.k, Qt.Key.Key_Right)
        assert found.k_words.text() == f"K = {count} of 8"
        assert len(found.head.kept) == count
    assert found.bars.shown is not None
    assert [row[3] for row in found.bars.shown.table.rows] == [True] * 3 + [False] * 5
    before = found.kept_words.text()
    choose(found.statistic, "Variance", qtbot)
    assert found.bars.shown.table.columns[2] == "variance"
    assert found.kept_words.text() != before
    choose(found.whose, "sim02", qtbot)
    assert "sim02" in found.head.words.text()


@pytest.mark.slow
def test_temples_are_warned_of_and_the_middle_is_not(found: ChannelsPage, qtbot: QtBot) -> None:
    choose(found.statistic, "Variance", qtbot)
    found.k.setValue(2)
    assert found.heed.isVisible() and "temples" in found.heed.text
    found.k.setValue(8)
    assert not found.heed.isVisible()


@pytest.mark.slow
def test_every_k_stands_in_three_splits_beside_chance_and_all_channels(
    found: ChannelsPage, qtbot: QtBot
) -> None:
    assert found.rows.words.text() == NOT_SWEPT
    assert found.sweep_button.text() == "Try several K"
    found.epochs.setValue(1)
    click(found.sweep_button)
    assert not found.sweep_button.isEnabled()
    qtbot.waitUntil(lambda: found.done is not None, timeout=120_000)
    assert found.curves.shown is not None
    drawn = found.curves.shown.figure().svg()
    assert drawn.count("LEAKY: to be shown only") == 1
    table = rows(found.rows.table)
    assert {row[0] for row in table} == {"By segment: LEAKY", "By block", "New people"}
    assert {row[1] for row in table} == {"kurtosis", "random", "all channels"}
    assert {row[3] for row in table} == {"2"}
    told = found.rows.words.text()
    assert "Within each of 2 participants, whole trials are tested" in told
    assert "epochs 1 (150)" in told
    assert [row[2] for row in table if row[:2] == ["By block", "kurtosis"]] == ["2", "4"]
    choose(found.statistic, "Mean", qtbot)
    assert found.rows.words.text() == NOT_SWEPT


@pytest.mark.slow
def test_a_sweep_is_cancelled_and_what_was_there_stays(found: ChannelsPage, qtbot: QtBot) -> None:
    found.epochs.setValue(400)
    click(found.sweep_button)
    click(found.waiting.button)
    settled(found, qtbot)
    assert found.done is None
    assert "Cancelled" in found.trouble.text
    assert found.sweep_button.isEnabled()


@pytest.mark.slow
def test_a_label_is_turned_by_a_key_and_kept_in_the_study(
    found: ChannelsPage, imagined: Study, qtbot: QtBot
) -> None:
    before = found.notes.text()
    found.tabs.setCurrentWidget(found.labels)
    emotions = [row[0] for row in rows(found.labels.view)]
    had = {trial.item for trial in study_corpus(imagined).trials}
    row = next(row for row, emotion in enumerate(emotions) if emotion.lower() in had)
    found.labels.view.setCurrentCell(row, 1)
    found.labels.view.setFocus()
    QTest.keyClick(found.labels.view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: found.notes.text() != before, timeout=PATIENCE_MS)
    settled(found, qtbot)
    assert (imagined.folder / TABLE).is_file()
    click(found.labels.reset)
    qtbot.waitUntil(lambda: found.notes.text() == before, timeout=PATIENCE_MS)


@pytest.mark.slow
def test_the_list_of_channels_is_written_for_every_participant(found: ChannelsPage, tmp_path: Path) -> None:
    found.k.setValue(3)
    found.write_to(str(tmp_path / "channels.csv"))
    with (tmp_path / "channels.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == 2 * 8
    for code in ("sim01", "sim02"):
        own = [row for row in read if row["participant"] == code]
        assert [row["chosen"] for row in own] == ["1"] * 3 + ["0"] * 5
