"""The step Compare: runs with intervals and p, paired, by modality, beside published figures."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.evaluation.compare import compare
from analysis.evaluation.experiment import ControlSpec, SplitSpec
from analysis.evaluation.files import write_json
from analysis.evaluation.run_folder import open_run
from app.analysing.compare_figures import runs_figure
from app.console.analyse.compare_page import ComparePage
from app.console.analyse.compare_work import gather
from app.console.analyse.page import AnalysePage
from app.console.analyse.waiting import Told
from app.study import Study
from tests.helpers.analyse_page import choose, click, rows, settled, step
from tests.helpers.analysed import finish, make_run
from tests.helpers.labelled import BVP, make_study


def shown(page: AnalysePage, qtbot: QtBot) -> ComparePage:
    found = step(page, "compare", qtbot)
    assert isinstance(found, ComparePage)
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six people, and one of settings that are hardly worse."""
    folder = tmp_path_factory.mktemp("runs")
    finish(make_run(folder, "first", 6, controls=ControlSpec(99, probe=False)))
    worse = {"scale": 0.2}
    finish(make_run(folder, "second", 6, settings=worse, controls=ControlSpec(20, probe=False)))
    return folder


@pytest.fixture
def two(faces: Study, runs: Path) -> Study:
    """A study with both."""
    shutil.copytree(runs / "derivatives", faces.folder / "derivatives", dirs_exist_ok=True)
    return faces


@pytest.mark.slow
def test_without_a_finished_run_it_says_what_to_do(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    make_run(faces.folder, "begun")
    found = shown(page, qtbot)
    assert found.stack.currentWidget() is found.empty
    assert found.empty.text().startswith("No finished run yet.")
    assert not found.inspect.isEnabled()


def test_each_run_stands_with_interval_baseline_p_and_standing(
    page: AnalysePage, two: Study, qtbot: QtBot
) -> None:
    found = shown(page, qtbot)
    assert found.found is not None
    told = rows(found.table)
    assert [row[-1] for row in told] == ["second", "first"]
    assert [row[1] for row in told] == ["nearest-mean 2", "nearest-mean 1"]
    first = found.found.rows[1]
    assert first.low is not None and first.high is not None
    assert told[1][4] == f"{first.value:.3f} ({first.low:.3f} to {first.high:.3f})"
    assert told[1][5] == "0.500"
    assert told[1][7] == "exploratory, run 1 of 2 on this target"
    assert first.p is not None and told[1][6] == f"{first.p:.3g}"


def test_under_99_permutations_there_is_no_p_and_the_tip_says_why(
    page: AnalysePage, two: Study, qtbot: QtBot
) -> None:
    found = shown(page, qtbot)
    item = found.table.item(0, 6)
    assert item is not None
    assert item.text() == "none"
    assert item.toolTip() == "needs at least 99 permutations, there are 20"


def test_ticked_runs_are_paired_over_participants(page: AnalysePage, two: Study, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    assert found.found is not None
    runs = {row.label: open_run(row.folder).predictions() for row in found.found.rows}
    wanted = compare(runs, "balanced_accuracy").pairs[0]
    table = found.found.figures["pairs"].table
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["difference"], row["low"], row["high"]) == (wanted.mean, wanted.low, wanted.high)
    assert (row["p"], row["p_holm"], row["participants"]) == (wanted.flip_p, wanted.flip_holm, 6)
    found.tabs.setCurrentIndex(3)
    assert found.pairs_table.table.rowCount() == 1
    item = found.table.item(0, 0)
    assert item is not None
    found.table.setCurrentCell(0, 0)
    settled(found, qtbot)
    found.table.setFocus()
    QTest.keyClick(found.table, Qt.Key.Key_Space)
    settled(found, qtbot)
    assert [path.name for path in found.found.chosen] == ["first"]
    assert found.pairs_view.about.text().startswith("Tick at least two runs")
    assert not found.pairs_view.save_figure.isVisible()


@pytest.mark.slow
def test_another_metric_is_told_of_every_run(page: AnalysePage, two: Study, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    choose(found.measure, "AUC", qtbot)
    settled(found, qtbot)
    assert found.found is not None
    assert {row.metric for row in found.found.rows} == {"auc"}
    item = found.table.item(1, 6)
    assert item is not None
    assert (item.text(), item.toolTip()) == ("none", "made for balanced_accuracy only")


def test_runs_asked_for_different_metrics_are_told_by_the_same_one(tmp_path: Path) -> None:
    make_study(tmp_path / "faces", 1, 2, streams=(BVP,))
    finish(make_run(tmp_path / "faces", "first", 6))
    finish(make_run(tmp_path / "faces", "second", 6, metric="auc", settings={"scale": 0.2}))
    found = gather(Study.open(tmp_path / "faces"), None, None, "", Told())
    assert found.metric == "auc"
    assert {row.metric for row in found.rows} == {"auc"}
    values = {open_run(row.folder).name: row.value for row in found.rows}
    results = {row.name: open_run(row.folder).result or {} for row in found.rows}
    assert values == {name: each["metrics"]["auc"]["value"] for name, each in results.items()}


def test_a_run_without_the_metric_has_no_place_on_its_axis(tmp_path: Path) -> None:
    make_study(tmp_path / "faces", 1, 2, streams=(BVP,))
    finish(make_run(tmp_path / "faces", "first", 6))
    found = gather(Study.open(tmp_path / "faces"), None, None, "", Told())
    numbers = replace(found.rows[0], label="numbers", metric="mae", value=7.25, low=7.0, high=7.5)
    svg = runs_figure([*found.rows, numbers], "balanced_accuracy").figure().svg()
    assert "it has no Balanced accuracy" in svg
    assert "7.25" not in svg


def test_a_leaky_run_is_marked_wherever_it_is_shown(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    finish(make_run(faces.folder, "leaky", split=SplitSpec("segments", 4)))
    found = shown(page, qtbot)
    assert rows(found.table)[0][7].startswith("LEAKY: to be shown only. exploratory")
    assert found.found is not None
    for name in ("runs", "participants"):
        figure = found.found.figures[name]
        assert figure.about.startswith("LEAKY: to be shown only")
        assert "LEAKY: to be shown only" in figure.figure().svg()
    assert "1 to be shown only" in found.summary.whole


def test_beside_others_a_leaky_run_is_named_so_in_each_figure(tmp_path: Path) -> None:
    make_study(tmp_path / "faces", 1, 2, streams=(BVP,))
    finish(make_run(tmp_path / "faces", "honest", 6))
    finish(make_run(tmp_path / "faces", "leaky", 6, split=SplitSpec("segments", 4)))
    found = gather(Study.open(tmp_path / "faces"), None, None, "", Told())
    assert "nearest-mean segments (LEAKY)" in found.figures["runs"].figure().svg()
    assert "LEAKY nearest-mean segments" in found.figures["participants"].figure().svg()
    pair = found.figures["pairs"].table.rows[0]
    assert {"LEAKY nearest-mean segments", "nearest-mean loso"} == set(pair[:2])


def test_the_heat_map_is_that_of_the_selected_run(page: AnalysePage, two: Study, qtbot: QtBot) -> None:
    folder = two.folder / "derivatives" / "results" / "first"
    row = {"inputs": ["bvp"], "cases": 48, "accuracy": 0.5, "balanced_accuracy": 0.5}
    names = [f"c{number}" for number in range(15)]
    told = {"rows": [{"name": name, **row} for name in names], "combinations": 15, "masked": [], "fusion": []}
    write_json(folder / "combinations.json", told)
    found = shown(page, qtbot)
    found.tabs.setCurrentIndex(2)
    assert found.heat_view.about.text().startswith("This run has one set of modalities.")
    found.table.setCurrentCell(1, 1)
    settled(found, qtbot)
    assert found.heat_view.shown is not None
    assert [each[0] for each in found.heat_view.shown.table.rows] == names
    assert "15 of 15 combinations" in found.heat_view.about.text()


def test_pictures_and_tables_are_saved(page: AnalysePage, two: Study, qtbot: QtBot, tmp_path: Path) -> None:
    found = shown(page, qtbot)
    found.runs_view.write_picture(tmp_path / "runs.svg")
    found.runs_view.write_picture(tmp_path / "runs.png")
    found.runs_view.write_table(tmp_path / "runs.csv")
    text = (tmp_path / "runs.svg").read_text(encoding="utf-8")
    assert "nearest-mean 1" in text and "currentColor" not in text
    assert (tmp_path / "runs.png").stat().st_size > 2000
    with (tmp_path / "runs.csv").open(encoding="utf-8") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["second", "first"]


def test_inspect_opens_the_selected_run(page: AnalysePage, two: Study, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    found.table.setCurrentCell(1, 1)
    settled(found, qtbot)
    click(found.inspect)
    assert page.current == "inspect"
    inspected = page.step("inspect")
    settled(inspected, qtbot)
    assert inspected.folder.name == "first"  # type: ignore[attr-defined]
