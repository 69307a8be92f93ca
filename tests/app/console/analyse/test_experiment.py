"""The step Experiment: choices, what they mean before anything is trained, guards, the command that runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from analysis.evaluation.experiment import SearchSpec
from analysis.evaluation.guards import GuardLine, GuardReport
from analysis.recognizers.baseline_cards import FOREST_CARD, LOGISTIC_CARD
from analysis.recognizers.recognizer import Setting
from analysis.recognizers.table import RECOGNIZERS
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import Prepared
from app.analysing.plans import load_plan
from app.analysing.targets import make_target, recipe_named
from app.cli import make_parser
from app.commands import evaluate
from app.console.analyse import experiment_check, experiment_page
from app.console.analyse.experiment_check import Checked, cost_words, duration_words, whole_seconds
from app.console.analyse.experiment_freeze import FreezeDialog
from app.console.analyse.experiment_page import ExperimentPage
from app.console.analyse.experiment_settings import SettingsForm
from app.console.analyse.experiment_wanted import SPLITS, Wanted
from app.console.analyse.page import AnalysePage
from app.console.analyse.waiting import Told
from app.console.parts import Tick
from app.participants import change
from app.study import Study
from tests.helpers.analyse_page import choose, click, experiment, rows, settled
from tests.helpers.engine import experiment as engine_experiment

PLAIN = Wanted("logistic-regression", "category")


@pytest.fixture
def shown(page: AnalysePage, qtbot: QtBot) -> ExperimentPage:
    """The step, with what it needs read, and its runs started by nobody."""
    made = experiment(page, qtbot)
    made.start_asked.disconnect()
    return made


def test_choices_and_their_meaning_stand_side_by_side(shown: ExperimentPage) -> None:
    assert shown.recognizer.list.count() == len(RECOGNIZERS)
    assert shown.recognizer.card == LOGISTIC_CARD
    assert shown.recognizer.source.text() == f"Source: {LOGISTIC_CARD.source}"
    assert shown.target.words.text() == (
        "Negative 4, neutral 4, positive 8. Each participant: P01 1/1/2, P02 1/1/2, P03 1/1/2, P04 1/1/2. "
        "No trial is lost."
    )
    ticks = shown.inputs.ticks
    assert {name for name, tick in ticks.items() if tick.isChecked()} == {"eeg", "bvp", "eda"}
    assert ticks["eeg"].text() == "eeg  100%" and not ticks["face"].isEnabled()
    assert shown.split.words.text().startswith("Each of 4 participants is tested by a recognizer trained on")
    assert shown.split.fold_words.text() == (
        "Fold 1 of 4, P01; tested: 4 cases of P01; train: 12 cases of 3 participants."
    )
    assert shown.command.text().endswith(
        "--recognizer logistic-regression --target category --split loso --permutations 999 "
        "--metric balanced_accuracy --seed 1"
    )


def test_the_guards_are_asked_before_it_starts(shown: ExperimentPage, qtbot: QtBot) -> None:
    click(shown.check_button)
    settled(shown, qtbot)
    assert shown.checked is not None
    told = rows(shown.guards)
    assert len(told) == len(shown.checked.report.lines) > 10
    assert {row[0] for row in told} == {"✓ passed"}
    assert shown.guard_words.text().startswith("Nothing stops it.")
    assert shown.summary.whole.startswith("16 cases, 4 folds, under a minute with ")
    shown.checked = replace(shown.checked, report=stopping())
    with qtbot.assertNotEmitted(shown.start_asked):
        click(shown.start_button)
        settled(shown, qtbot)
    assert shown.trouble.text == "Not started: a guard stops it. P01 is in both sides"


def stopping() -> GuardReport:
    """Return a report that lets nothing start."""
    return GuardReport((GuardLine("shared-participant", "stopped", "P01 is in both sides", "P01"),))


@pytest.mark.slow
def test_start_looks_first_and_then_asks_for_the_run(
    shown: ExperimentPage, faces: Study, qtbot: QtBot
) -> None:
    choose(shown.tested.split, dict(SPLITS)["participants"], qtbot)
    shown.tested.k.setValue(2)
    tick = shown.inputs.ticks["eeg"]
    tick.setFocus()
    QTest.keyClick(tick, Qt.Key.Key_Space)
    settled(shown, qtbot)
    assert shown.split.words.text().startswith("4 participants in 2 groups")
    with qtbot.waitSignal(shown.start_asked, timeout=30_000) as asked:
        click(shown.start_button)
    expected = replace(PLAIN, split="participants", k=2, modalities=("bvp", "eda"))
    assert asked.args == [expected.arguments(faces.folder)]


@pytest.mark.slow
def test_without_an_input_nothing_can_start(shown: ExperimentPage, qtbot: QtBot) -> None:
    for name in ("eeg", "bvp", "eda"):
        QTest.mouseClick(shown.inputs.ticks[name], Qt.MouseButton.LeftButton, pos=_box(shown, name))
    settled(shown, qtbot)
    assert shown.inputs.note.text() == "Tick at least one input."
    assert not shown.start_button.isEnabled() and not shown.check_button.isEnabled()
    assert shown.split.canvas.why == "Tick at least one input."


def _box(shown: ExperimentPage, name: str) -> Any:
    tick = shown.inputs.ticks[name]
    return tick.rect().center().__class__(8, tick.height() // 2)


@pytest.mark.slow
def test_a_target_of_numbers_needs_a_recognizer_of_numbers(shown: ExperimentPage, qtbot: QtBot) -> None:
    choose(shown.target.box, "valence (rated by participants)", qtbot)
    settled(shown, qtbot)
    assert "finds classes, and this target gives numbers" in shown.split.canvas.why
    assert not shown.start_button.isEnabled()
    shown.recognizer.choose("majority")
    settled(shown, qtbot)
    assert shown.tested.measure.currentData() == "ccc"
    assert shown.start_button.isEnabled()


@pytest.mark.slow
def test_a_leaky_split_is_marked_before_it_runs(shown: ExperimentPage, qtbot: QtBot) -> None:
    choose(shown.tested.split, dict(SPLITS)["segments"], qtbot)
    settled(shown, qtbot)
    assert shown.split.words.text().startswith("LEAKY, to be shown only")
    assert shown.split.canvas.accessibleDescription().startswith("LEAKY. ")


@pytest.mark.slow
def test_a_frozen_plan_is_run_as_one(shown: ExperimentPage, faces: Study, qtbot: QtBot) -> None:
    click(shown.freeze)
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), FreezeDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, FreezeDialog)
    QTest.keyClicks(dialog.name, "Main")
    assert not dialog.go.isEnabled(), "capitals are no name of a plan"
    dialog.name.clear()
    QTest.keyClicks(dialog.name, "main")
    with qtbot.waitSignal(shown.said):
        QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    plan = load_plan(faces, "main")
    assert [each.recognizer for each in plan.experiments] == ["logistic-regression"]
    with qtbot.waitSignal(shown.start_asked, timeout=30_000) as asked:
        click(shown.start_button)
    assert asked.args == [["evaluate", "--study", str(faces.folder), "--plan", "main"]]
    assert shown.summary.whole.startswith("planned (main), 16 cases")


@pytest.mark.slow
def test_what_the_engine_refuses_is_told(
    shown: ExperimentPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stimuli.problems import EvokeError

    def refuse(*_: object) -> None:
        raise EvokeError("No case is left.")

    monkeypatch.setattr(experiment_page, "check", refuse)
    click(shown.check_button)
    settled(shown, qtbot)
    assert shown.trouble.text == "No case is left."


WANTED = {
    "plain": PLAIN,
    "settings": replace(PLAIN, recognizer="random-forest", settings={"trees": 50, "balanced": False}),
    "groups": replace(PLAIN, split="participants", k=3, seed=4, metric="auc"),
    "inputs": replace(PLAIN, modalities=("bvp", "eda"), combinations=True),
    "search": replace(PLAIN, search=5, nested=False, permutations=0),
    "retrained": replace(PLAIN, permutations=120, permutation_kind="retrained"),
}


@pytest.mark.parametrize("name", WANTED)
def test_the_command_asks_for_what_the_page_shows(recorded: Any, name: str) -> None:
    study, wanted = Study.open(recorded), WANTED[name]
    corpus = study_corpus(study)
    target = make_target(study, corpus, recipe_named(study, corpus, wanted.target))
    options = make_parser().parse_args(wanted.arguments(study.folder))
    (asked,) = evaluate._experiments(study, corpus, options)
    shown = wanted.experiment(target)
    assert json.dumps(shown.to_json(), sort_keys=True) == json.dumps(asked.to_json(), sort_keys=True)


SETTINGS = (
    *FOREST_CARD.settings,
    Setting("rate", 1e-5, "step"),
    Setting("layers", (64, 32), "widths"),
    Setting("name", "adam", "which"),
)


def test_a_form_tells_only_what_was_changed(qtbot: QtBot) -> None:
    form = SettingsForm()
    qtbot.addWidget(form)
    form.show_settings(SETTINGS)
    assert form.values() == {} and form.problem == ""
    _write(form, "rate", "0.003")
    _write(form, "layers", "[16, 8]")
    form.boxes["trees"].setFocus()
    QTest.keyClick(form.boxes["trees"], Qt.Key.Key_Up)
    assert form.values() == {"rate": 0.003, "layers": (16, 8), "trees": 301}
    _write(form, "rate", "fast")
    assert form.problem == "rate: write a number, such as 0.001."
    assert form.trouble.text() == form.problem
    QTest.mouseClick(form.defaults, Qt.MouseButton.LeftButton)
    assert form.values() == {} and form.problem == ""


def _write(form: SettingsForm, name: str, text: str) -> None:
    box = form.boxes[name]
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, text)


COSTS = {0.2: "under a minute", 7.4: "about 7 min", 200.0: "about 3.3 h"}


@pytest.mark.parametrize("minutes", COSTS)
def test_a_duration_in_words(minutes: float) -> None:
    assert duration_words(minutes) == COSTS[minutes]


def test_the_first_epoch_is_not_taken_for_every_one() -> None:
    assert whole_seconds([(1, 101, 5.0), (2, 101, 5.1), (11, 101, 6.0)]) == pytest.approx(15.0)


def test_cost_counts_every_training() -> None:
    found = Checked(PLAIN, "", GuardReport(()), (), 40, 4, 64, 30.0, "", 2, 900.0)
    assert found.minutes == pytest.approx(16.0)
    assert cost_words(found) == (
        "40 cases, 4 folds, 64 trainings, about 16 min with 2 workers (from a part of a fold), "
        "about 0.9 GB of memory"
    )
    assert "min" not in cost_words(replace(found, fold_s=None))


def test_what_was_typed_stays_when_files_of_the_study_change(
    shown: ExperimentPage, faces: Study, qtbot: QtBot
) -> None:
    box = shown.settings.boxes["balanced"]
    assert isinstance(box, Tick)
    box.setChecked(False)
    changed = shown.settings.values()
    assert list(changed) == ["balanced"]
    settled(shown, qtbot)
    change(faces, "P01", group="control")
    shown.show_study(faces)
    settled(shown, qtbot)
    assert shown.settings.values() == changed
    wanted = shown.wanted()
    assert wanted is not None and wanted.settings == changed


@pytest.mark.parametrize(("nested", "fits"), [(True, 3 * 4 + 1), (False, 3 + 1)])
def test_a_fold_of_an_earlier_run_is_divided_by_its_trainings(
    nested: bool, fits: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = engine_experiment(search=SearchSpec(3, 4, nested=nested))
    run = SimpleNamespace(
        experiment=asked, cases=range(8), folds=[SimpleNamespace(seconds=26.0)], name="earlier"
    )
    monkeypatch.setattr(experiment_check, "runs_of", lambda folder: (run,))
    prepared = cast("Prepared", SimpleNamespace(experiment=asked, batch=range(8)))
    study = Study.create(tmp_path / "study", "Study", "people")
    seconds, from_run = experiment_check._fold_seconds(study, PLAIN, prepared, Told())
    assert seconds == pytest.approx(26.0 / fits)
    assert from_run == "earlier"
