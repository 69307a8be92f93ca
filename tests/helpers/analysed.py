"""Runs in a study without recordings being read: made of a batch, folds finished one by one.

python -m tests.helpers.analysed STUDY     opens the console on a study, starts a run by clicks, and waits
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from analysis.evaluation.experiment import ControlSpec, SplitSpec
from analysis.evaluation.files import write_json
from analysis.evaluation.guards import check_division
from analysis.evaluation.jobs import run_fold
from analysis.evaluation.results import result_of
from analysis.evaluation.run_folder import RESULTS, Run, create_run, open_run
from analysis.evaluation.splits import divide
from tests.helpers.batches import make_batch
from tests.helpers.engine import experiment, make


def make_run(study: Path, name: str, people: int = 4, **changes: Any) -> Run:
    """Make a run of `people` folds in which nothing is trained yet."""
    batch = make_batch(people, effect=3.0, seed=3)
    known: dict[str, Any] = {"split": SplitSpec("loso"), "controls": ControlSpec(0, probe=False), **changes}
    asked = experiment(**known)
    division = divide(batch.cases, batch.y, asked.split)
    folder = study / RESULTS / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {"recipe_sha256": "a" * 64, "warnings": [], "plan": None}
    return create_run(folder, asked, batch, division, check_division(batch, division), facts)


def finish_fold(run: Run, number: int) -> str:
    """Work on a fold here, and return its name."""
    name = run.division.folds[number].name
    run_fold(str(run.folder), name, make)
    return name


def finish(run: Run) -> Run:
    """Work on all folds, and write the result."""
    run.tell("run", state="started", folds=len(run.division.folds), done=0)
    for number in range(len(run.division.folds)):
        finish_fold(run, number)
    write_json(run.folder / "result.json", result_of(open_run(run.folder)))
    run.tell("run", state="finished", folds=len(run.division.folds), done=len(run.division.folds))
    return open_run(run.folder)


def main(study: Path) -> None:
    """Start a run of a slow recognizer by clicks, say so on standard output, and wait to be killed."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QSpinBox

    from app.console.analyse.experiment_page import ExperimentPage
    from app.console.main import make_application
    from app.console.window import MainWindow

    application = make_application()
    window = MainWindow(lambda: None)
    window.show()
    window.open_study(study)
    window.trigger("analyse_experiment")
    page = window.of_analysis.page
    step = page.step("experiment")
    assert isinstance(step, ExperimentPage)

    def wait(condition: Any) -> None:
        while not condition():
            application.processEvents()
            QTest.qWait(20)

    wait(lambda: step.outlook is not None and not step.is_busy)
    step.recognizer.choose("random-forest")
    wait(lambda: not step.is_busy)
    trees = step.settings.boxes["trees"]
    assert isinstance(trees, QSpinBox)
    trees.setValue(150)
    step.tested.search.setValue(1)
    step.tested.permutations.setValue(0)
    wait(lambda: not step.is_busy)
    QTest.mouseClick(step.start_button, Qt.MouseButton.LeftButton)
    wait(lambda: page.current == "runs")
    sys.stdout.write("started\n")
    sys.stdout.flush()
    application.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
