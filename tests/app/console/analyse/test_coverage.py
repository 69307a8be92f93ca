"""The step Data: what was recorded, with which reasons; a click leads to the recording."""

from __future__ import annotations

import csv
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.corpus.coverage import Cell, Coverage
from app.console import theme
from app.console.analyse import coverage_page, coverage_work
from app.console.analyse.coverage_draw import cell_words, draw_cell
from app.console.analyse.known import Material
from app.console.analyse.page import AnalysePage
from app.console.analyse.waiting import Told
from app.study import Study
from tests.helpers.analyse_page import choose, click, click_cell, data, rows, settled
from tests.helpers.recordings import START_S


def test_it_shows_every_participant_and_modality(page: AnalysePage, qtbot: QtBot) -> None:
    shown = data(page, qtbot)
    assert shown.summary.whole == "4 participants, 4 recordings, 16 trials"
    model, across, down = shown.table.model(), Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    heads = [model.headerData(each, across) for each in range(shown.table.columnCount())]
    assert heads == ["EEG", "BVP", "EDA", "Keys"]
    names = [model.headerData(each, down) for each in range(shown.table.rowCount())]
    assert names == ["P01", "P02", "P03", "P04"]
    item = shown.table.item(0, 0)
    assert item is not None
    assert item.toolTip().startswith("P01, eeg: 4 of 4 trials have a signal, quality ")
    assert item.data(Qt.ItemDataRole.AccessibleTextRole) == item.toolTip()


def test_a_chosen_cell_tells_its_reasons(page: AnalysePage, qtbot: QtBot) -> None:
    shown = data(page, qtbot)
    click_cell(shown.table, 1, 2)
    assert shown.table.cell == ("P02", "eda")
    assert shown.reasons_of.whole.startswith("P02, eda: 4 of 4 trials")
    assert [row[:3] for row in rows(shown.reasons)] == [["P02", "eda", "4 of 4"]]


def test_enter_on_a_cell_opens_that_recording(page: AnalysePage, qtbot: QtBot) -> None:
    shown = data(page, qtbot)
    page.jump_asked.disconnect()
    click_cell(shown.table, 2, 0)
    with qtbot.waitSignal(page.jump_asked) as asked:
        QTest.keyClick(shown.table, Qt.Key.Key_Return)
    assert asked.args is not None
    path, time_s = asked.args
    assert path.stem.startswith("sub-P03")
    assert time_s == pytest.approx(START_S + 1, abs=0.01)


def test_classes_are_counted_for_the_chosen_target(page: AnalysePage, qtbot: QtBot) -> None:
    shown = data(page, qtbot)
    shown.tabs.setCurrentIndex(1)
    told = rows(shown.classes)
    assert told[0] == ["P01", "1", "1", "2", "0"]
    assert told[-1] == ["All", "4", "4", "8", "0"]
    assert shown.target_words.text().startswith("16 trials have an answer, 0 are lost.")
    choose(shown.target, "valence", qtbot)
    settled(shown, qtbot)
    assert rows(shown.classes)[0] == ["P01", "4", "2, 8", "0"]


@pytest.mark.slow
def test_what_is_left_out_is_told_with_its_reason(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    gone = next(faces.folder.glob("sub-P02/**/*.h5"))
    gone.unlink()
    page.show_study(Study.open(faces.folder))
    shown = data(page, qtbot)
    # The list of sessions is as it was, so what was read is kept until it changes.
    (faces.folder / "sessions.jsonl").touch()
    page.show_study(Study.open(faces.folder))
    settled(shown, qtbot)
    assert shown.summary.whole == "3 participants, 3 recordings, 12 trials, 1 left out"
    assert shown.tabs.tabText(2) == "Left out (1)"
    (row,) = rows(shown.left_out)
    assert row[0].startswith("sub-P02") and row[1] == "all" and row[2]
    shown.tabs.setCurrentIndex(2)
    click_cell(shown.left_out, 0, 0)
    with qtbot.waitSignal(shown.said) as told:
        click(shown.review)
    assert told.args is not None and told.args[0].endswith("its file is not in the study.")


def test_figure_and_table_can_be_saved(page: AnalysePage, qtbot: QtBot, tmp_path: Path) -> None:
    shown = data(page, qtbot)
    shown.write_picture(tmp_path / "coverage.svg")
    assert b"P04" in (tmp_path / "coverage.svg").read_bytes()
    shown.write_table(tmp_path / "coverage.csv")
    with (tmp_path / "coverage.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 16
    assert (found[0]["participant"], found[0]["modality"], found[0]["trials"]) == ("P01", "eeg", "4")


def test_nothing_freezes_and_it_can_be_cancelled(
    page: AnalysePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = data(page, qtbot)
    begun, on = threading.Event(), threading.Event()

    def slow(study: Study, target: str, told: Told) -> None:
        begun.set()
        while not on.wait(0.01):
            told(1, 3, "signals")

    monkeypatch.setattr(coverage_page, "find", slow)
    page.show_study(page.study)
    qtbot.waitUntil(begun.is_set)
    qtbot.waitUntil(lambda: shown.waiting.bar.value() == 1)
    assert shown.waiting.words.whole == "Reading the data: signals"
    click(shown.waiting.button)
    assert not shown.waiting.is_busy
    assert shown.empty.text() == "Cancelled. Choose Data again to go on."
    on.set()


CELLS = {
    "all there": (Cell(8, 8, 0.97), "8 of 8 trials have a signal, quality 0.97"),
    "some": (Cell(3, 8, 0.5, ("loose",)), "3 of 8 trials have a signal, quality 0.50; loose"),
    "none": (Cell(0, 8, 0.0, ("not recorded",)), "no signal; not recorded"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_in_words(name: str) -> None:
    cell, words = CELLS[name]
    assert cell_words(cell) == words


def test_qualities_differ_in_shape_not_only_in_colour(qapp: object) -> None:
    grey = theme.LIGHT.__class__(
        **{
            name: "#444444" if name in ("good", "warning", "alarm", "muted") else getattr(theme.LIGHT, name)
            for name in theme.LIGHT.__dataclass_fields__
        }
    )
    drawn = set()
    for cell in (Cell(4, 4, 1.0), Cell(4, 4, 0.7), Cell(4, 4, 0.2), Cell(0, 4, 0.0)):
        picture = QImage(20, 26, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        draw_cell(painter, QRectF(0, 0, 140, 26), cell, grey)
        painter.end()
        drawn.add(bytes(picture.copy(0, 0, 18, 22).constBits()))
    assert len(drawn) == 4


@pytest.mark.slow
def test_a_matrix_without_anybody_is_drawn_as_nothing(qtbot: QtBot) -> None:
    from app.console.analyse.coverage_view import CoverageTable

    table = CoverageTable()
    qtbot.addWidget(table)
    table.show_matrix(Coverage((), ()))
    table.show()
    qtbot.waitExposed(table)
    assert table.cell is None


def test_a_cell_opens_a_visit_that_has_its_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"first": ("eda",), "second": ("eda", "eeg")}
    visits = [SimpleNamespace(id=name, participant="P01", path=Path(f"{name}.h5")) for name in held]
    trials = [SimpleNamespace(recording=name, index=0, start_s=5.0) for name in held]
    corpus = SimpleNamespace(recordings=visits, trials=trials)
    material = SimpleNamespace(corpus=corpus, path_of=lambda name: Path(f"{name}.h5"))
    found = coverage_work.DataFound(cast("Material", material), Coverage((), ()), None)
    monkeypatch.setattr(coverage_work, "modalities_of", lambda recording: held[recording.id])
    for modality, path in (("eeg", "second.h5"), ("eda", "first.h5"), ("keys", "first.h5")):
        place = found.place_of_cell("P01", modality)
        assert place is not None and place.path == Path(path)
    assert found.place_of_cell("P02", "eda") is None
