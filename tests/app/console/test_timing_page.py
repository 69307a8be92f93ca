"""The timing page of the summary: facts in words, figure, tables, and both as files that others can open."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from analysis.presentation_summary import COLUMNS
from analysis.presentation_timing import PresentationTiming, presentation_of
from app.console.axes import Axes, round_ticks
from app.console.findings import flaws_of
from app.console.rows import Row, RowsView
from app.console.saving import PICTURES, TABLES, ask_where, save_picture, save_table
from app.console.timing_figure import TimingFigure, lateness_by_kind, lateness_limits
from app.console.timing_page import TimingPage
from app.console.timing_words import facts_of, film_rows, kind_rows, onset_rows, step_rows
from app.console.window import MainWindow
from stimuli.problems import EvokeError
from tests.helpers.presentation import SCREEN, PresenterScript, planted_session, rich_script


@pytest.fixture(scope="module")
def timing() -> PresentationTiming:
    """The planted session's timing, without its films' frames (those lie in a table of the file)."""
    return presentation_of(rich_script().end())


def test_facts_name_the_source_the_screen_and_what_was_late(timing: PresentationTiming) -> None:
    facts = {fact.name: fact for fact in facts_of(timing)}
    assert facts["Figures from"].text == "software (this screen)"
    assert facts["Screen"].text.endswith(": verified")
    assert facts["Onsets"].text.endswith("1 later than a frame")
    assert facts["Onsets"].level == "warning"
    assert (facts["Dropped frames"].text, facts["Dropped frames"].level) == ("2", "warning")
    assert facts["Placeholders"].level == "alarm"
    assert "16.7 ms by the screen" in facts["Reactions"].text


def test_an_unverified_screen_is_a_warning() -> None:
    script = PresenterScript(dict(SCREEN) | {"verified": False})
    facts = {fact.name: fact for fact in facts_of(presentation_of(script.end()))}
    assert facts["Screen"].level == "warning"
    assert "more than a frame" in facts["Screen"].text


def test_a_session_without_a_screen_claims_nothing() -> None:
    facts = {fact.name: fact.text for fact in facts_of(PresentationTiming())}
    assert facts == {
        "Figures from": "no screen",
        "Screen": "none: the session ran without a window",
        "Onsets": "none was measured",
        "Dropped frames": "not counted: no screen",
        "Keys": "no key was pressed",
    }


def test_tables_have_a_row_a_kind_a_step_and_an_onset(timing: PresentationTiming) -> None:
    kinds = {row[0]: row for row in kind_rows(timing)}
    assert set(kinds) == {"fixation", "picture", "sequence", "choice", "film", "sound output"}
    assert kinds["picture"][-1] == "1"
    assert [row[:3] for row in step_rows(timing.steps)] == [
        ("1", "12", "60.0 ms"),
        ("2", "12", "80.0 ms"),
        ("3", "12", "60.0 ms"),
    ]
    assert len(onset_rows(timing)) == len(timing.onsets)
    assert film_rows(()) == []


def test_the_summary_shows_a_real_files_timing(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.show_summary(planted_session(tmp_path))
    page = window.summary
    qtbot.waitUntil(lambda: page.findings is not None, timeout=10000)
    tab = page.content.tabBar().tabRect(1).center()
    QTest.mouseClick(page.content.tabBar(), Qt.MouseButton.LeftButton, pos=tab)
    assert page.content.currentWidget() is page.timing
    assert page.timing.tabs.isTabVisible(1)
    assert page.timing.films.held.rows[0].cells[0] == "sea.mp4"
    assert "2 films" in page.timing.figure.accessibleDescription()
    flaws = [page.flaws.item(row).text() for row in range(page.flaws.count())]
    assert "Placeholders stood for missing stimuli: missing-1." in flaws
    assert "Of the films 2 frames could not be shown in time." in flaws


def test_an_unverified_screen_and_stimuli_that_failed_are_flaws() -> None:
    told = {"screen": {"verified": False}, "failed_stimuli": ["torn.mp4"]}
    flaws = flaws_of({"end_reason": "completed", "ended": True, "streams": [], "presentation": told})
    assert "The participant's screen did not keep its rate: onsets are not verified." in flaws
    assert "These could not be decoded and were not shown: torn.mp4." in flaws


def test_figure_and_table_can_be_saved_and_opened(
    timing: PresentationTiming, tmp_path: Path, qtbot: QtBot
) -> None:
    page = TimingPage()
    qtbot.addWidget(page)
    page.show_timing(timing, "Session of 07", "sub-07_ses-01")
    page.write_picture(tmp_path / "timing.svg")
    page.write_picture(tmp_path / "timing.png")
    page.write_table(tmp_path / "timing.csv")
    root = ET.parse(tmp_path / "timing.svg").getroot()
    words = "".join(root.itertext())
    assert root.tag.endswith("svg")
    assert "software (this screen), screen verified" in words
    assert "one frame" in words
    image = QImage(str(tmp_path / "timing.png"))
    assert (image.width(), image.height()) == (2200, 1240)
    with (tmp_path / "timing.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(timing.onsets) + len(timing.steps) + len(timing.sounds) + 1
    assert {row["timing"] for row in rows} == {"software (this screen)"}


def test_saving_asks_for_a_name_and_says_where_it_went(
    timing: PresentationTiming, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = TimingPage()
    qtbot.addWidget(page)
    page.show_timing(timing, "Session of 07", "sub-07_ses-01")
    page.show()
    QTest.mouseClick(page.save_rows, Qt.MouseButton.LeftButton)
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    assert [Path(name).name for name in dialog.selectedFiles()] == ["sub-07_ses-01_timing.csv"]
    dialog.fileSelected.emit(str(tmp_path / "own.csv"))
    assert (tmp_path / "own.csv").is_file()
    assert "own.csv" in page.trouble.text
    dialog.fileSelected.emit(str(tmp_path / "missing" / "own.csv"))
    assert "cannot be written" in page.trouble.text
    dialog.reject()


@pytest.mark.parametrize(
    ("kinds", "name", "chosen", "suffix"),
    [
        (PICTURES, "figure.svg", "", "svg"),
        (PICTURES, "figure.svg", "PNG (*.png)", "png"),
        (TABLES, "numbers.csv", "CSV (*.csv)", "csv"),
    ],
)
def test_the_ending_follows_the_kind_that_is_chosen(
    kinds: str, name: str, chosen: str, suffix: str, qtbot: QtBot
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    asked: list[str] = []
    ask_where(parent, "Save", kinds, name, asked.append)
    dialog = parent.findChild(QFileDialog)
    assert dialog is not None
    if chosen:
        dialog.filterSelected.emit(chosen)
    assert dialog.defaultSuffix() == suffix
    dialog.fileSelected.emit("there")
    assert asked == ["there"]
    dialog.reject()


def test_a_place_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path, qapp: QApplication) -> None:
    from PySide6.QtCore import QSize

    gone = tmp_path / "gone"
    for name in ("figure.svg", "figure.png"):
        with pytest.raises(EvokeError, match="Choose a folder that you may write to"):
            save_picture(gone / name, QSize(40, 40), "t", lambda *_: None)
    with pytest.raises(EvokeError, match="Choose a folder that you may write to"):
        save_table(gone / "table.csv", ("a",), [{"a": 1}])


def test_the_figure_draws_what_there_is_and_says_where_there_is_nothing(
    timing: PresentationTiming, qtbot: QtBot
) -> None:
    figure = TimingFigure()
    qtbot.addWidget(figure)
    figure.resize(800, 400)
    empty = figure.grab().toImage()
    figure.show_timing(timing, "words")
    full = figure.grab().toImage()
    assert full != empty
    without_steps = replace(timing, steps=())
    figure.show_timing(without_steps, "words")
    assert figure.grab().toImage() != full


def test_the_axis_holds_every_value_zero_and_a_frame_that_matters(timing: PresentationTiming) -> None:
    points = lateness_by_kind(timing)
    low, high = lateness_limits(points, 1000 / 60)
    assert low == 0.0
    assert high > 20.5
    small = {"picture": np.array([[0.0, 0.4], [1.0, -0.2]])}
    low, high = lateness_limits(small, 1000 / 60)
    assert low < -0.2
    assert high < 1.0


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 10.0, [0, 2, 4, 6, 8, 10]),
        (-0.3, 0.4, [-0.2, 0, 0.2, 0.4]),
        (0.0, 0.0, [0.0]),
        (float("nan"), 1.0, []),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert round_ticks(low, high) == pytest.approx(ticks)


def test_values_outside_lie_on_the_edge(qapp: QApplication) -> None:
    axes = Axes.within(QRectF(0, 0, 300, 200), QFontMetricsF(qapp.font()), (0.0, 1.0), (0.0, 1.0))
    assert axes.at(5.0, -5.0) == QPointF(axes.box.right(), axes.box.bottom())
    assert axes.at(0.0, 1.0) == axes.box.topLeft()


def test_a_table_of_many_rows_shows_cells_tool_tips_and_colours(qtbot: QtBot) -> None:
    view = RowsView("Many", ("a", "b"))
    qtbot.addWidget(view)
    view.show_rows([Row((str(n), "text"), "warning" if n == 1 else "", "info") for n in range(5000)])
    model = view.held
    assert (model.rowCount(), model.columnCount()) == (5000, 2)
    index = model.index(1, 0)
    assert model.data(index, Qt.ItemDataRole.ToolTipRole) == "1"
    assert model.data(index, Qt.ItemDataRole.ForegroundRole) is not None
    assert model.data(index, Qt.ItemDataRole.DecorationRole) is not None
    view.choose(7)
    chosen = view.chosen()
    assert chosen is not None
    assert chosen.cells[0] == "7"
