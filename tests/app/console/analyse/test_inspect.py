"""The step Inspect: a cell of the matrix leads to its trials, a trial or a moment into the review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.evaluation.files import write_json
from analysis.evaluation.run_folder import Run, open_run
from app.analysing.why_figure import LEFT_PX, RIGHT_PX, Weights, Why, over_time, strongest_s, thinned, time_of
from app.console.analyse.inspect_page import WHY, InspectPage
from app.console.analyse.inspect_work import CaseRow, why_of
from app.console.analyse.page import AnalysePage
from app.console.analyse.waiting import Told
from app.study import Study
from tests.helpers.analyse_page import click, rows, settled, step
from tests.helpers.analysed import finish, finish_fold, make_run
from tests.helpers.labelled import ELECTRODES
from tests.helpers.real_runs import real_run


def shown(page: AnalysePage, qtbot: QtBot) -> InspectPage:
    found = step(page, "inspect", qtbot)
    assert isinstance(found, InspectPage)
    return found


def at_home(run: Run, study: Study) -> Run:
    """Let a run's cases be of the study's first recording."""
    facts = json.loads((run.folder / "inputs.json").read_text())
    names = sorted({str(each) for each in run.cases.recording})
    facts["recordings"] = {name: {"file": study.sessions()[0].file} for name in names}
    write_json(run.folder / "inputs.json", facts)
    return run


@pytest.fixture
def weak(faces: Study) -> Run:
    """A finished run that is wrong now and then."""
    return finish(at_home(make_run(faces.folder, "weak", settings={"scale": 0.1}), faces))


@pytest.mark.slow
def test_without_a_run_it_says_what_to_do(page: AnalysePage, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    assert found.stack.currentWidget() is found.empty
    assert not found.explain.isEnabled() and not found.review.isEnabled()


def test_the_matrix_is_that_of_the_result(page: AnalysePage, weak: Run, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    assert found.matrix.matrix is not None
    assert found.matrix.matrix.counts.tolist() == (weak.result or {})["confusion"]["counts"]
    assert found.summary.whole.startswith("exploratory, run 1 of 1 on this target")


def test_the_matrix_grows_with_the_run(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    run = at_home(make_run(faces.folder, "grows"), faces)
    finish_fold(run, 0)
    found = shown(page, qtbot)
    assert found.matrix.matrix is not None and found.matrix.matrix.counts.sum() == len(run.cases) / 4
    finish_fold(run, 1)
    found.show_study(faces)
    settled(found, qtbot)
    assert found.matrix.matrix.counts.sum() == len(run.cases) / 2


def test_a_click_on_a_cell_shows_its_trials(page: AnalysePage, weak: Run, qtbot: QtBot) -> None:
    found = shown(page, qtbot)
    cell = found.matrix.cell_centre(0, 0).toPoint()
    QTest.mouseClick(found.matrix, Qt.MouseButton.LeftButton, pos=cell)
    told = rows(found.trials.table)
    assert len(told) == (weak.result or {})["confusion"]["counts"][0][0]
    assert {(row[3], row[4]) for row in told} == {("negative", "negative")}
    sure = [float(row[5]) for row in told]
    assert sure == sorted(sure, reverse=True)
    found.matrix.setFocus()
    QTest.keyClick(found.matrix, Qt.Key.Key_Down)
    QTest.keyClick(found.matrix, Qt.Key.Key_Right)
    QTest.keyClick(found.matrix, Qt.Key.Key_Return)
    assert {(row[3], row[4]) for row in rows(found.trials.table)} <= {("positive", "positive")}
    click(found.every)
    assert found.trials.table.rowCount() == len(weak.cases)


def test_enter_on_a_trial_opens_the_review_at_its_moment(
    page: AnalysePage, faces: Study, weak: Run, qtbot: QtBot
) -> None:
    found = shown(page, qtbot)
    click(found.every)
    found.trials.table.setCurrentCell(3, 0)
    case = found.case
    assert case is not None
    asked: list[tuple[Path, float]] = []
    page.jump_asked.disconnect()
    page.jump_asked.connect(lambda path, time_s: asked.append((path, time_s)))
    found.trials.table.setFocus()
    QTest.keyClick(found.trials.table, Qt.Key.Key_Return)
    assert asked == [(faces.folder / faces.sessions()[0].file, case.start_s)]


@pytest.mark.slow
def test_a_recording_that_is_gone_is_said(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    finish(make_run(faces.folder, "foreign"))
    found = shown(page, qtbot)
    click(found.every)
    told: list[str] = []
    found.said.connect(lambda text, level: told.append(text))
    click(found.review)
    assert told and told[0].endswith("its file is not in the study.")


def test_what_an_input_adds_stands_beside_the_trial(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    real_run(faces, "logistic-regression")
    found = shown(page, qtbot)
    click(found.every)
    click(found.explain)
    settled(found, qtbot)
    assert found.tabs.currentIndex() == WHY
    assert found.why is not None
    assert [name for name, _, _ in found.why.parts] == ["eda"]
    assert found.inputs.shown is not None and "+" in found.inputs.shown.figure().svg()
    assert [wave.modality for wave in found.why.waves] == ["eda"]
    assert not found.beside.isTabEnabled(1)


def explained(run: Run, fold: str, **weights: Any) -> None:
    """Give a fold's cases weights, as a recognizer with attention would."""
    path = run.folder / "folds" / f"{fold}.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if not name.startswith("explain.")}
    count = len(arrays["rows"])
    arrays |= {f"explain.{name}": np.stack([values] * count) for name, values in weights.items()}
    np.savez(path, **arrays)
    facts = json.loads(path.with_suffix(".json").read_text())
    facts["explain"] = dict.fromkeys(weights, "attention: share of each step")
    write_json(path.with_suffix(".json"), facts)


def first_case(run: Run, fold: str) -> CaseRow:
    row = int(run.fold_arrays(fold)["rows"][0])
    cases = run.cases
    return CaseRow(
        0, str(cases.recording[row]), str(cases.participant[row]), int(cases.trial[row]), "sunset",
        float(cases.start_s[row]), float(cases.stop_s[row]), fold, "positive", "negative", 0.9, False, (1, 0),
    )  # fmt: skip


def test_attention_lies_below_its_signal_and_leads_into_the_review(
    page: AnalysePage, faces: Study, qtbot: QtBot
) -> None:
    run = real_run(faces)
    names = [status.name for status in run.folds]
    weights = np.array([0.1, 0.6, 0.2, 0.1], np.float32)
    for name in names:
        explained(run, name, eda=weights)
    found = shown(page, qtbot)
    click(found.every)
    click(found.explain)
    settled(found, qtbot)
    why, drawing = found.why, found.moments
    assert why is not None and drawing.at_s is not None
    assert [each.name for each in why.weights] == ["eda"]
    step_s = (why.stop_s - why.start_s) / 4
    assert drawing.at_s == pytest.approx(why.start_s + 1.5 * step_s)
    assert found.over_time.shown is not None
    assert found.over_time.shown.table.rows[1] == ("eda", pytest.approx(1.5 * step_s), "", pytest.approx(0.6))
    asked: list[float] = []
    page.jump_asked.disconnect()
    page.jump_asked.connect(lambda path, time_s: asked.append(time_s))
    drawing.setFocus()
    QTest.keyClick(drawing, Qt.Key.Key_Right)
    QTest.keyClick(drawing, Qt.Key.Key_Return)
    assert asked == [pytest.approx(why.start_s + 1.5 * step_s + (why.stop_s - why.start_s) / 40)]
    place = drawing.rect().center()
    place.setX(round(drawing.x_of(why.start_s + step_s)))
    place.setY(40)
    QTest.mouseClick(drawing, Qt.MouseButton.LeftButton, pos=place)
    assert asked[1] == pytest.approx(why.start_s + step_s, abs=0.05)


@pytest.mark.slow
def test_weights_by_eeg_channel_are_a_head_map(
    page: AnalysePage, faces: Study, qtbot: QtBot, tmp_path: Path
) -> None:
    run = real_run(faces, modalities=("eeg",))
    values = np.linspace(0, 1, len(ELECTRODES), dtype=np.float32)
    for status in run.folds:
        explained(run, status.name, eeg=values)
    found = shown(page, qtbot)
    click(found.every)
    click(found.explain)
    settled(found, qtbot)
    assert found.why is not None
    assert [name for name, _ in found.why.channels] == list(ELECTRODES)
    assert [value for _, value in found.why.channels] == pytest.approx(values.tolist())
    assert found.beside.isTabEnabled(1)
    found.beside.setCurrentIndex(1)
    found.head.write(str(tmp_path / "head.svg"))
    assert (tmp_path / "head.csv").read_text().splitlines()[1] == "Fp1,0"
    assert "Fp2" in found.head.canvas.accessibleDescription()


@pytest.mark.slow
def test_steps_lie_where_their_windows_lay(faces: Study) -> None:
    run = real_run(faces, modalities=("eeg",))
    fold = run.folds[0].name
    spec = next(each for each in run.experiment.inputs if each.name == "eeg")
    explained(run, fold, eeg=np.ones(9, np.float32))
    case = first_case(open_run(run.folder), fold)
    why = why_of(faces, run.folder, case, Told())
    length = case.stop_s - case.start_s
    count = int((length - spec.window_s) / (spec.hop_s or spec.window_s) + 1e-6) + 1
    wanted = [case.start_s + spec.window_s / 2 + number * spec.hop_s for number in range(max(0, count))]
    assert why.weights[0].times_s.tolist() == pytest.approx(wanted or why.weights[0].times_s.tolist())
    assert [wave.channel for wave in why.waves] == ["Fp1"]


def line(values: list[float]) -> Why:
    each = np.array(values, np.float64)[:, None]
    times = np.arange(len(values), dtype=np.float64) + 10.5
    return Why("t", 10.0, 10.0 + len(values), (), (Weights("eda", "eda", "attention", times, each),))


@pytest.mark.parametrize(
    ("values", "at"),
    [([0.1, 0.7, 0.2], 11.5), ([0.0, float("nan"), -1.0], 12.5), ([float("nan")] * 2, None)],
)
def test_the_cursor_begins_at_the_strongest_step(values: list[float], at: float | None) -> None:
    assert strongest_s(line(values)) == at


def test_a_place_of_the_figure_is_a_moment() -> None:
    why = line([1.0, 2.0])
    assert time_of(LEFT_PX, 800, why) == 10.0
    assert time_of(800 - RIGHT_PX, 800, why) == 12.0
    assert time_of(LEFT_PX - 1, 800, why) is None
    assert over_time(Why("t", 0, 1)) is None


def test_a_long_signal_keeps_its_peaks() -> None:
    values = np.zeros(100_000)
    values[54_321], values[7] = 9.0, -3.0
    times, kept = thinned(np.arange(100_000.0), values, 1000)
    assert len(kept) <= 1000 and (kept.max(), kept.min()) == (9.0, -3.0)
    assert (np.diff(times) >= 0).all()
