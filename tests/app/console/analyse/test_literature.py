"""The step Literature: papers are searched, ours stand apart from theirs, and are made by a click."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.literature import paper as papers_file
from analysis.literature.paper import Ours, Paper, Printed
from app.analysing.literature.reproducing import Made, keep
from app.analysing.svg import Figure
from app.console.analyse.literature_page import NONE_YET, NOT_FOUND, LiteraturePage
from app.console.analyse.page import AnalysePage
from app.console.analyse.run_process import Starter
from app.study import Study
from tests.helpers.analyse_page import click, rows, settled, step

VOICES = Paper(
    "voices",
    "Emotion in voices",
    "Somebody, 2020",
    "It hears.",
    (
        Printed("By corpus", "their speech", "mixed", ("model", "UAR"), (("CNN", 50.0), ("MMD", 60.0))),
        Printed("Ablation", "their speech", "mixed", ("loss", "UAR"), (("without MMD", 48.0),)),
    ),
    (("The seed is not named.", "Several, with their spread."),),
    takes="Folder of the recordings",
)
FACES = Paper(
    "faces",
    "Emotion in faces",
    "Another, 2021",
    "It sees.",
    (Printed("By class", "their faces", "random", ("class", "right"), (("happy", 89.0),)),),
    (),
    step="card",
)
OURS = Ours("Ours", "EmoDB", "speaker out", ("model", "UAR"), (("CNN", 41.5),), ("chance 20 %",))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, faces: Study) -> Study:
    table = {"voices": f"{__name__}:VOICES", "faces": f"{__name__}:FACES"}
    monkeypatch.setattr(papers_file, "PAPERS", table)
    monkeypatch.setattr("app.analysing.literature.reading.PAPERS", table)
    keep(faces, "voices", Made((OURS,)))
    return faces


@pytest.fixture
def found(page: AnalysePage, two: Study, qtbot: QtBot) -> LiteraturePage:
    shown = step(page, "literature", qtbot)
    assert isinstance(shown, LiteraturePage)
    return shown


def names(found: LiteraturePage) -> list[str]:
    return [found.names.item(row).text() for row in range(found.names.count())]


def test_printed_and_ours_stand_apart_each_with_its_data(found: LiteraturePage) -> None:
    assert names(found) == ["Emotion in voices", "Emotion in faces"]
    assert rows(found.printed.view.table) == [["CNN", "50"], ["MMD", "60"]]
    assert "Data: their speech" in found.printed.view.words.text()
    assert rows(found.ours.view.table) == [["CNN", "41.5"]]
    assert "Data: EmoDB" in found.ours.view.words.text()
    assert "chance 20 %" in found.ours.view.words.text()
    assert "Here: Several" in found.doubts.text()
    QTest.keyClick(found.names, Qt.Key.Key_Down)
    assert found.title.text() == "Emotion in faces"
    assert NONE_YET in found.ours.view.words.text()


def test_typing_finds_rows_in_all_tables(found: LiteraturePage) -> None:
    QTest.keyClicks(found.search, "mmd")
    assert names(found) == ["Emotion in voices (2)"]
    assert [found.printed.choice.itemText(at) for at in range(found.printed.choice.count())] == [
        "By corpus",
        "Ablation",
    ]
    assert rows(found.printed.view.table) == [["MMD", "60"]]
    found.search.clear()
    QTest.keyClicks(found.search, "happy")
    assert found.title.text() == "Emotion in faces"
    found.search.clear()
    QTest.keyClicks(found.search, "nobody")
    assert names(found) == []
    assert found.title.text() == NOT_FOUND
    assert not found.make_button.isEnabled()


def test_ours_are_made_by_a_process_of_its_own(
    found: LiteraturePage, two: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Sequence[str]] = []
    monkeypatch.setattr(Starter, "start", lambda _, arguments: started.append(arguments))
    QTest.keyClicks(found.place, "/nowhere")
    click(found.make_button)
    assert found.trouble.text == "/nowhere: there is no such folder."
    found.place.clear()
    QTest.keyClicks(found.place, str(two.folder))
    click(found.make_button)
    assert started == [["reproduce", "voices", str(two.folder), "--study", str(two.folder), "--quick"]]
    assert not found.make_button.isEnabled()
    assert found.make_button.text() == "Being made…"
    keep(two, "faces", Made((OURS,)))
    found.making["voices"].ended.emit()
    settled(found, qtbot)
    assert found.make_button.text() == "Make ours"
    assert found.summary.whole == "2 papers; 2 computed in this study so far"


def test_the_end_of_one_process_tells_nothing_of_another(
    found: LiteraturePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Starter, "start", lambda _, arguments: None)
    click(found.make_button)
    QTest.keyClick(found.names, Qt.Key.Key_Down)
    click(found.make_button)
    assert list(found.making) == ["voices", "faces"]
    found.making["voices"].ended.emit()
    settled(found, qtbot)
    assert found.title.text() == "Emotion in faces"
    assert list(found.making) == ["faces"] and not found.make_button.isEnabled()
    QTest.keyClick(found.names, Qt.Key.Key_Up)
    assert found.make_button.isEnabled()
    found.making["faces"].failed.emit("no such data")
    assert found.trouble.text == "Emotion in faces: no such data"
    assert found.making == {}


def test_tables_of_the_smallest_form_and_figures_stand_beside_the_whole_ones(
    found: LiteraturePage, two: Study, qtbot: QtBot
) -> None:
    assert not found.tabs.isTabVisible(found.tabs.indexOf(found.figures))
    svg = Figure(300.0, 200.0, "How right they were").svg()
    keep(two, "voices", Made((OURS,), {"by-corpus.svg": svg}), is_quick=True)
    found.making["voices"] = Starter(found)
    found._on_made("voices")
    settled(found, qtbot)
    titles = [found.ours.choice.itemText(at) for at in range(found.ours.choice.count())]
    assert titles == ["Ours", "Ours (smallest form)"]
    assert found.tabs.tabText(found.tabs.indexOf(found.figures)) == "Figures (1)"
    assert found.figures.choice.currentText() == "by corpus (smallest form)"
    assert found.figures.view.about.text() == "How right they were"
    found.tabs.setCurrentWidget(found.figures)
    assert found.figures.view.drawing.isVisible() and not found.figures.view.save_rows.isVisible()
    QTest.keyClick(found.names, Qt.Key.Key_Down)
    assert not found.tabs.isTabVisible(found.tabs.indexOf(found.figures))


def test_what_went_wrong_is_told(found: LiteraturePage) -> None:
    found.making["voices"] = starter = Starter(found)
    starter.failed.connect(partial(found._on_not_made, "voices"))
    starter.failed.emit("no such data")
    assert found.trouble.text == "Emotion in voices: no such data"
    assert found.make_button.isEnabled()


def test_a_paper_leads_to_its_page(found: LiteraturePage, page: AnalysePage) -> None:
    assert not found.step_button.isVisible()
    QTest.keyClick(found.names, Qt.Key.Key_Down)
    click(found.step_button)
    assert page.current == "card"
