"""The step Runs: runs are seen as they go on, stopped and resumed; what is finished is never lost."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.files import alone_in
from analysis.evaluation.run_folder import Run, open_run, runs_of
from app.console.analyse import run_process
from app.console.analyse.page import AnalysePage
from app.console.analyse.runs_figures import fold_words
from app.console.analyse.runs_page import RunsPage
from app.console.analyse.runs_scores import chance_of, fold_score, headline_of
from app.console.analyse.runs_work import FoldView, Part, Tail
from app.study import Study
from tests.helpers.analyse_page import click, click_cell, rows, runs
from tests.helpers.analysed import finish, finish_fold, make_run

PATIENCE_MS = 150_000


def look(shown: RunsPage, qtbot: QtBot) -> None:
    """Have the step read once more, and wait until it has."""
    qtbot.waitUntil(lambda: not shown.is_busy, timeout=PATIENCE_MS)
    shown.look()
    qtbot.waitUntil(lambda: not shown.is_busy, timeout=PATIENCE_MS)


def test_without_a_run_it_says_what_to_do(page: AnalysePage, qtbot: QtBot) -> None:
    shown = runs(page, qtbot)
    assert shown.stack.currentWidget() is shown.empty
    assert shown.empty.text() == "No run yet. Choose Experiment, and start one."
    assert not shown.stop_button.isEnabled() and not shown.resume_button.isEnabled()


def test_a_finished_run_tells_its_score_beside_chance_and_baseline(
    page: AnalysePage, faces: Study, qtbot: QtBot
) -> None:
    first = finish(make_run(faces.folder, "first"))
    make_run(faces.folder, "second", settings={"epochs": 2})
    shown = runs(page, qtbot)
    assert [row[:2] + row[4:5] for row in rows(shown.table)] == [
        ["second", "nearest-mean", "not begun, 0 of 4 folds"],
        ["first", "nearest-mean", "finished"],
    ]
    assert rows(shown.table)[1][6] == "exploratory, run 1 of 2 on this target"
    click_cell(shown.table, 1, 0)
    qtbot.waitUntil(
        lambda: shown.view is not None and shown.view.line.folder == first.folder, timeout=PATIENCE_MS
    )
    value = (first.result or {})["metrics"]["balanced_accuracy"]["value"]
    assert shown.state.text().startswith(f"Balanced accuracy {value:.3f}")
    assert "majority baseline 0.500" in shown.state.text()
    assert shown.folds.chance == 0.5
    assert [fold.score for fold in shown.folds.folds] == [fold_score(first, f"P0{n}") for n in (1, 2, 3, 4)]
    assert not shown.resume_button.isEnabled() and not shown.stop_button.isEnabled()


def test_the_score_has_the_interval_of_the_result(tmp_path: Path) -> None:
    run = finish(make_run(tmp_path, "one", 6))
    told = (run.result or {})["metrics"]["balanced_accuracy"]
    low, high = told["interval"]["low"], told["interval"]["high"]
    assert headline_of(run) == f"{told['value']:.3f} ({low:.3f} to {high:.3f})"


def test_a_run_that_is_deleted_while_it_is_shown_gives_way_to_another(
    page: AnalysePage, faces: Study, qtbot: QtBot
) -> None:
    kept, gone = finish(make_run(faces.folder, "kept")), make_run(faces.folder, "gone")
    shown = runs(page, qtbot)
    qtbot.waitUntil(
        lambda: shown.view is not None and shown.view.line.folder == gone.folder, timeout=PATIENCE_MS
    )
    shown.show_run(kept.folder)
    assert shown.table.currentRow() == 1, "what is shown below is what is marked above"
    shown.show_run(gone.folder)
    qtbot.waitUntil(
        lambda: shown.view is not None and shown.view.line.folder == gone.folder, timeout=PATIENCE_MS
    )
    shutil.rmtree(gone.folder)
    qtbot.waitUntil(
        lambda: shown.view is not None and shown.view.line.folder == kept.folder, timeout=PATIENCE_MS
    )
    assert shown.chosen == kept.folder
    assert shown.trouble.text.startswith("gone is not in the study any more.")
    assert not shown.resume_button.isEnabled()


def test_folds_come_in_while_it_is_watched(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    run = make_run(faces.folder, "live")
    shown = runs(page, qtbot)
    qtbot.waitUntil(lambda: shown.view is not None, timeout=PATIENCE_MS)
    with alone_in(run.folder):
        run.tell("run", state="started", folds=4, done=0)
        run.tell("fold", fold="P01", state="started")
        run.tell("epoch", fold="P01", part="", epoch=1, epochs=3, losses={"train": 1.0, "validation": None})
        run.tell("epoch", fold="P01", part="", epoch=2, epochs=3, losses={"train": 0.5, "validation": 0.7})
        qtbot.waitUntil(lambda: shown.folds.folds[0].state == "running", timeout=PATIENCE_MS)
        assert shown.losses.accessibleDescription() == "Loss: epoch 2: train 0.5, validation 0.7"
        assert shown.folds.accessibleDescription().startswith("P01 is trained, epoch 2 of at most 3")
        assert shown.stop_button.isEnabled() and not shown.resume_button.isEnabled()
        finish_fold(run, 0)
        qtbot.waitUntil(lambda: shown.folds.folds[0].state == "finished", timeout=PATIENCE_MS)
        assert shown.folds.folds[0].score == fold_score(run, "P01")
        assert (shown.progress.value(), shown.progress.maximum()) == (1, 4)
        assert "about " in shown.state.text() and " left" in shown.state.text()
    qtbot.waitUntil(shown.resume_button.isEnabled, timeout=PATIENCE_MS)
    assert rows(shown.table)[0][4] == "interrupted, 1 of 4 folds"


def test_arrows_and_clicks_choose_a_fold(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    finish(make_run(faces.folder, "done"))
    shown = runs(page, qtbot)
    qtbot.waitUntil(lambda: shown.view is not None, timeout=PATIENCE_MS)
    assert shown.fold_words.whole == "P01"
    place = shown.folds.column_centre("P03").toPoint()
    QTest.mouseClick(shown.folds, Qt.MouseButton.LeftButton, pos=place)
    assert shown.fold_words.whole == "P03"
    QTest.keyClick(shown.folds, Qt.Key.Key_Right)
    assert shown.fold_words.whole == "P04"
    assert shown.losses.accessibleDescription() == "Loss: epoch 3: train 0.3333"
    assert shown.folds.words_at(shown.folds.column_centre("P02")).startswith("P02 finished, Balanced acc")


def test_stop_asks_the_run_and_resume_starts_it_again(
    page: AnalysePage, faces: Study, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(faces.folder, "live")
    run.tell("run", state="started", folds=4, done=0)
    finish_fold(run, 1)
    shown = runs(page, qtbot)
    with alone_in(run.folder):
        qtbot.waitUntil(shown.stop_button.isEnabled, timeout=PATIENCE_MS)
        click(shown.stop_button)
        assert (run.folder / "cancel").exists()
    qtbot.waitUntil(shown.resume_button.isEnabled, timeout=PATIENCE_MS)
    assert rows(shown.table)[0][4] == "stopped, 1 of 4 folds"
    asked: list[list[str]] = []
    monkeypatch.setattr(shown.starter, "start", lambda arguments: asked.append(list(arguments)))
    click(shown.resume_button)
    assert asked == [["evaluate", "--resume", str(run.folder)]]


def test_a_fold_that_failed_says_why(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    run = make_run(faces.folder, "bad", settings={"fault": "fails without P03"})
    run.tell("run", state="started", folds=4, done=0)
    finish_fold(run, 0)
    finish_fold(run, 2)
    shown = runs(page, qtbot)
    qtbot.waitUntil(lambda: shown.view is not None, timeout=PATIENCE_MS)
    assert [fold.state for fold in shown.folds.folds] == ["finished", "waiting", "failed", "waiting"]
    assert shown.why.text() == "P03: the data of P03 are needed (RecognizerError)"


@pytest.mark.slow
def test_a_leaky_run_is_marked(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    finish(make_run(faces.folder, "leaky", split=SplitSpec("segments", 2)))
    shown = runs(page, qtbot)
    qtbot.waitUntil(lambda: shown.view is not None, timeout=PATIENCE_MS)
    assert shown.words.text().startswith("LEAKY, to be shown only")
    assert "LEAKY: to be shown only" in shown.state.text()


@pytest.mark.slow
def test_a_folder_that_is_no_run_disturbs_nothing(page: AnalysePage, faces: Study, qtbot: QtBot) -> None:
    run = make_run(faces.folder, "good")
    (run.folder.parent / "bad").mkdir()
    (run.folder.parent / "bad" / "experiment.json").write_text("{")
    shown = runs(page, qtbot)
    assert [row[0] for row in rows(shown.table)] == ["good"]


def test_a_run_that_cannot_be_started_says_why(
    page: AnalysePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = runs(page, qtbot)
    script = "import sys; sys.exit('evoke: there is no such target.')"

    def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as said:
            return subprocess.Popen([sys.executable, "-c", script], stdout=said, stderr=said)

    monkeypatch.setattr(run_process, "start_apart", start)
    with qtbot.waitSignal(shown.starter.failed):
        page.start_run(["evaluate"])
    assert shown.trouble.text == "there is no such target."


def line(number: int) -> dict[str, object]:
    return {"kind": "epoch", "fold": "P01", "epoch": number, "losses": {"train": number / 3}}


@settings(max_examples=25)
@given(st.lists(st.integers(0, 9), max_size=12), st.lists(st.integers(1, 80), max_size=12))
def test_a_growing_file_gives_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("tail") / "progress.jsonl"
    content = b"".join(json.dumps(line(number)).encode() + b"\n" for number in numbers)
    tail, found = Tail(path), []
    assert tail.lines() == []
    for size in (*cuts, len(content)):
        part, content = content[:size], content[size:]
        with path.open("ab") as file:
            file.write(part)
        found += tail.lines()
    assert found == [line(number) for number in numbers]


def test_losses_start_anew_with_a_resumed_fold() -> None:
    part = Part()
    for epoch, loss in ((1, 1.0), (2, 0.5), (1, 0.9)):
        part.add(epoch, 5, {"train": loss})
    part.add(2, 5, {"train": 0.8, "late": 1.0})
    assert part.epochs == [1, 2]
    assert part.losses["train"] == [0.9, 0.8]
    assert math.isnan(part.losses["late"][0]) and part.losses["late"][1] == 1.0


CHANCES = {"balanced_accuracy": 0.5, "auc": 0.5, "accuracy": 0.5, "f1_macro": None}


@pytest.mark.parametrize("metric", CHANCES)
def test_chance_is_told_where_it_is_known(tmp_path: Path, metric: str) -> None:
    assert chance_of(make_run(tmp_path, "run", metric=metric)) == CHANCES[metric]


def test_a_fold_without_a_defined_score_says_so() -> None:
    told = fold_words(FoldView("P01", "finished", 4, float("nan"), 0.2), "AUC")
    assert told == "P01 finished, AUC is undefined, 4 cases tested, 0.2 s"


def test_a_fold_goes_by_the_names_of_its_domains() -> None:
    told = fold_words(FoldView("to", "finished", 4, 0.5, label="女 to 男"), "UAR")
    assert told.startswith("女 to 男 finished")


def finished_folds(run: Run) -> set[str]:
    return {fold.name for fold in run.folds if fold.state == "finished"}


@pytest.mark.slow
def test_a_killed_console_and_a_killed_run_lose_no_finished_fold(
    page: AnalysePage, faces: Study, qtbot: QtBot
) -> None:
    console = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.analysed", str(faces.folder)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert console.stdout is not None
    assert console.stdout.readline() == b"started\n"
    shown = runs(page, qtbot)

    def first_is_done() -> bool:
        return any(finished_folds(run) for run in runs_of(faces.folder))

    qtbot.waitUntil(first_is_done, timeout=PATIENCE_MS)
    console.kill()
    console.wait(10)
    console.stdout.close()
    (run,) = runs_of(faces.folder)
    assert run.state == "running", "the run is a process of its own"
    done = len(finished_folds(run))
    qtbot.waitUntil(lambda: len(finished_folds(open_run(run.folder))) > done, timeout=PATIENCE_MS)
    kill_workers(run.folder, faces.folder)
    qtbot.waitUntil(lambda: open_run(run.folder).state in ("incomplete", "finished"), timeout=PATIENCE_MS)
    kept = {path: path.read_bytes() for path in (run.folder / "folds").glob("*.npz")}
    assert len(kept) >= 2
    qtbot.waitUntil(
        lambda: shown.resume_button.isEnabled() or open_run(run.folder).state == "finished",
        timeout=PATIENCE_MS,
    )
    if open_run(run.folder).state != "finished":
        click(shown.resume_button)
    qtbot.waitUntil(lambda: open_run(run.folder).state == "finished", timeout=PATIENCE_MS)
    assert {path: path.read_bytes() for path in kept} == kept
    assert len(finished_folds(open_run(run.folder))) == 4
    qtbot.waitUntil(lambda: not shown.starter.running, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: rows(shown.table)[0][4] == "finished", timeout=PATIENCE_MS)


def kill_workers(run: Path, study: Path) -> None:
    """End the run's process and all its workers at once, as a crash of the machine would."""
    for process in psutil.process_iter(["cmdline"]):
        told = process.info["cmdline"] or []
        if "evaluate" in told and str(study) in told:
            for each in (*process.children(recursive=True), process):
                os.kill(each.pid, signal.SIGKILL)
