"""The steps Recognizers, Report and Therapy: cards are read, a report is written, both ends are compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.evaluation.files import write_json
from analysis.evaluation.guards import check_division
from analysis.evaluation.jobs import run_fold
from analysis.evaluation.results import result_of
from analysis.evaluation.run_folder import RESULTS, Run, create_run, open_run
from analysis.evaluation.splits import divide
from analysis.recognizers.table import RECOGNIZERS, make, recognizer_class
from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.svg import BLUE, Estimate, forest
from app.analysing.therapy import Assessment, Mean, Person, Point
from app.console.analyse.card_page import CardPage
from app.console.analyse.compare_page import ComparePage
from app.console.analyse.draw_figure import FigureView, dressed
from app.console.analyse.inspect_page import InspectPage
from app.console.analyse.page import AnalysePage
from app.console.analyse.report_page import ReportPage
from app.console.analyse.therapy_page import TherapyPage
from app.console.theme import DARK, LIGHT
from app.study import Study
from tests.helpers.analyse_page import click, rows, settled, step
from tests.helpers.analysed import finish, make_run
from tests.helpers.batches import make_batch


@pytest.mark.slow
def test_every_card_can_be_read_by_arrow_keys(page: AnalysePage, qtbot: QtBot) -> None:
    found = step(page, "card", qtbot)
    assert isinstance(found, CardPage)
    assert [found.names.item(row).text() for row in range(found.names.count())] == list(RECOGNIZERS)
    found.names.setFocus()
    for name in list(RECOGNIZERS)[1:]:
        QTest.keyClick(found.names, Qt.Key.Key_Down)
        assert found.title.text() == recognizer_class(name).card.title
    card = recognizer_class(list(RECOGNIZERS)[-1]).card
    assert found.title.text() == card.title
    layers = rows(found.tables["layers"].table)
    assert [row[:3] for row in layers] == [[each.name, each.printed, each.built] for each in card.layers]
    assert len(rows(found.tables["published"].table)) == len(card.published)
    assert f"Doubts ({len(card.doubts)})" in [
        found.tabs.tabText(place) for place in range(found.tabs.count())
    ]
    assert card.doubts[0] in found.doubts.text()


def test_a_report_is_seen_before_it_is_written(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    run = finish(make_run(faces.folder, "one", split=SplitSpec("segments", 4)))
    found = step(page, "report", qtbot)
    assert isinstance(found, ReportPage)
    assert [view.name for view in found.views] == [
        "Metrics",
        "Participants",
        "Confusion",
        "ROC",
        "Reliability",
    ]
    assert found.mark.text == "LEAKY: to be shown only."
    assert "evoke evaluate --study STUDY --recognizer nearest-mean" in found.command.text()
    assert not found.open_button.isEnabled()
    click(found.write_button)
    settled(found, qtbot)
    assert found.written == run.folder / "report.html"
    assert found.open_button.isEnabled()
    value = (run.result or {})["metrics"]["accuracy"]["value"]
    name, shown = rows(found.metrics.table)[0][:2]
    assert name == "Accuracy"
    assert float(shown) == pytest.approx(value, abs=5e-4)


@pytest.mark.slow
def test_without_runs_report_and_therapy_say_what_to_do(page: AnalysePage, qtbot: QtBot) -> None:
    report = step(page, "report", qtbot)
    assert isinstance(report, ReportPage)
    assert report.empty.text().startswith("No finished run yet.") and not report.write_button.isEnabled()
    therapy = step(page, "therapy", qtbot)
    assert isinstance(therapy, TherapyPage)
    assert therapy.stack.currentWidget() is therapy.empty
    assert "Train on all and keep" in therapy.empty.text() and not therapy.assess_button.isEnabled()


def keep(study: Study, name: str, target: str) -> None:
    """Keep something that says it tells two classes of a target; it is never loaded here."""
    run = make_run(study.folder, name)
    folder = run.folder / "model"
    folder.mkdir()
    experiment = {"target": {"name": target, "of": []}}
    told = {"experiment": experiment, "classes": ["low", "high"], "outputs": [], "about": {}}
    (folder / "model.json").write_text(json.dumps(told))


def test_both_ends_of_sessions_are_compared_and_saved(
    page: AnalysePage, faces: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from app.console.analyse import therapy_work

    keep(faces, "one", "high-valence")
    keep(faces, "two", "high-arousal")
    asked: list[tuple[list[str], list[Path], float]] = []

    def assess(folder: Path, sessions: list[Path], minutes: float, *_: object) -> Assessment:
        asked.append((sorted(path.name for path in folder.iterdir()), sessions, minutes))
        low, high = Mean(-0.5, -0.6, -0.4), Mean(0.5, 0.4, 0.6)
        people = [
            Person(path.stem[4:7], path.stem, Point(low, high, 9), Point(high, low, 9), high, low)
            for path in sessions
        ]
        return Assessment("a model", minutes, tuple(people), ("valence: 2 p - 1",))

    monkeypatch.setattr(therapy_work, "assess", assess)
    found = step(page, "therapy", qtbot)
    assert isinstance(found, TherapyPage)
    assert found.valence.count() == found.arousal.count() == 1
    assert "high-valence" in found.valence.currentText()
    found.table.setCurrentCell(0, 0)
    found.table.setFocus()
    QTest.keyClick(found.table, Qt.Key.Key_Space)
    found.minutes.setValue(2.5)
    click(found.assess_button)
    settled(found, qtbot)
    paths = [faces.folder / each.file for each in faces.sessions()]
    assert asked == [(["arousal", "valence"], paths[1:], 2.5)]
    assert found.figure.about.text().startswith("3 of 3 sessions moved as expected")
    assert [row[0] for row in rows(found.rows.table)] == ["P02", "P03", "P04"]
    assert found.notes.text() == "valence: 2 p - 1"
    found.write_to(str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "therapy.csv", "therapy.json", "therapy.svg",
    ]  # fmt: skip


def numbers_run(study: Study) -> Run:
    """A finished run that predicts two numbers by their means."""
    batch = make_batch(6, seed=3)
    values = np.random.default_rng(0).normal(5, 1, (len(batch), 2))
    batch = replace(batch, y=values, classes=(), outputs=("valence", "arousal"))
    asked = Experiment(
        "majority", {"name": "both"}, "0" * 64, steps=("impute", "zscore"), metric="mae",
        controls=ControlSpec(99, probe=False),
    )  # fmt: skip
    division = divide(batch.cases, batch.y, asked.split)
    folder = study.folder / RESULTS / "numbers"
    folder.parent.mkdir(parents=True)
    facts: dict[str, Any] = {"recipe_sha256": "a" * 64, "warnings": [], "plan": None}
    run = create_run(folder, asked, batch, division, check_division(batch, division), facts)
    for fold in division.folds:
        run_fold(str(run.folder), fold.name, make)
    write_json(folder / "result.json", result_of(open_run(folder)))
    return open_run(folder)


def test_a_run_that_predicts_numbers_is_shown_too(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    run = numbers_run(faces)
    result = run.result or {}
    compared = step(page, "compare", qtbot)
    assert isinstance(compared, ComparePage)
    value = result["metrics"]["mae"]["value"]
    assert rows(compared.table)[0][4].startswith(f"{value:.3f} (")
    inspected = step(page, "inspect", qtbot)
    assert isinstance(inspected, InspectPage)
    assert not inspected.left.isVisible() and not inspected.every.isVisible()
    told = rows(inspected.trials.table)
    assert len(told) == len(run.cases)
    off = [float(row[5]) for row in told]
    assert off == sorted(off, reverse=True)
    assert inspected.views["participants"].shown is not None
    assert inspected.views["roc"].shown is None
    report = step(page, "report", qtbot)
    assert isinstance(report, ReportPage)
    assert [view.name for view in report.views] == ["Metrics", "Participants", "Permutations"]
    click(report.write_button)
    settled(report, qtbot)
    assert report.written is not None
    text = report.written.read_text(encoding="utf-8")
    assert "Output valence" in text and "Output arousal" in text


def test_a_figure_tells_what_is_at_the_pointer_and_follows_the_palette(qtbot: QtBot) -> None:
    estimates = [Estimate("one", 0.5, 0.4, 0.6), Estimate("two", 0.75)]
    table = Table("f", ("a",), ())
    shown = Shown(
        "f", "F", "a", lambda w, h: forest(estimates, "F", "x", 0.5, w), table, (700, 110), (300, 110)
    )
    view = FigureView("F")
    qtbot.addWidget(view)
    view.resize(800, 300)
    view.show_figure(shown)
    view.show()
    qtbot.waitExposed(view)
    drawing = view.drawing
    figure = shown.make(drawing.width() / drawing.zoom, drawing.height() / drawing.zoom)
    dot = next(part for part in figure.parts if part.startswith("<circle"))
    x, y = (float(dot.partition(f'{name}="')[2].partition('"')[0]) for name in ("cx", "cy"))
    assert drawing.words_at(QPointF(x, y) * drawing.zoom) == "one: 0.500 [0.400, 0.600]"
    assert drawing.words_at(QPointF(1, 1)) == ""
    light, dark = dressed(figure, LIGHT).decode(), dressed(figure, DARK).decode()
    assert LIGHT.accent in light and DARK.accent in dark and DARK.text in dark
    assert "currentColor" not in light and BLUE not in light


NOTHING = {
    "runs": "No run yet.",
    "compare": "No finished run yet.",
    "inspect": "No run with a finished fold yet.",
    "report": "No finished run yet.",
    "apply": "No finished run yet.",
    "therapy": "Before and after needs",
}


def test_only_what_was_looked_for_is_said_to_be_missing(page: AnalysePage, qtbot: QtBot) -> None:
    for name, nothing in NOTHING.items():
        page.go_to(name)
        shown: Any = page.step(name)
        assert shown.stack.currentWidget() is shown.empty
        # No event of the thread that reads has been heard yet.
        assert shown.empty.text().endswith("…") and nothing not in shown.empty.text()
        settled(shown, qtbot)
        assert shown.empty.text().startswith(nothing)


def test_a_recognizer_of_another_study_is_chosen_by_its_folder(
    page: AnalysePage, qtbot: QtBot, tmp_path: Path
) -> None:
    films = Study.create(tmp_path / "films", "Films", "people", protocol="demo")
    for name, target in (("one", "high-valence"), ("two", "high-arousal"), ("three", "category")):
        keep(films, name, target)
    found = step(page, "therapy", qtbot)
    assert isinstance(found, TherapyPage)
    found.add_recognizer(str(films.folder))
    assert "films holds no kept recognizer" in found.trouble.text
    found.add_recognizer(str(films.folder / RESULTS / "three"))
    assert "three tells neither valence nor arousal" in found.trouble.text
    assert not found.assess_button.isEnabled()
    for folder in (RESULTS / "one", RESULTS / "two" / "model", RESULTS / "one"):
        found.add_recognizer(str(films.folder / folder))
        settled(found, qtbot)
    assert found.trouble.text == ""
    assert (found.valence.currentText(), found.arousal.currentText()) == (
        "high-valence (one)", "high-arousal (two)",
    )  # fmt: skip
    assert (found.valence.count(), found.arousal.count()) == (1, 1)
    assert found.assess_button.isEnabled()
