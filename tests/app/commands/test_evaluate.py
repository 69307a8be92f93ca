"""`evoke evaluate` and `evoke rerun` on a study of real session files.

Folds are worked on in this process; `test_in_worker_processes_of_its_own` is the one that takes seconds more.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.evaluation.compare import CompareError
from analysis.evaluation.run_folder import open_run, runs_of
from analysis.evaluation.trained import load_trained
from app.analysing import combining
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import store_of
from app.analysing.plans import load_plan
from app.cli import main
from app.study import Study
from tests.helpers.engine import Here, probabilities
from tests.helpers.labelled import BVP, EDA, EEG, Facts, make_study

CODES = tuple(f"P{number:02d}" for number in range(1, 7))
FACTS = Facts(
    codes=CODES,
    stimuli=("beach", "rain", "sunset", "broken-toy"),
    categories=("positive", "negative", "positive", "negative"),
)
BASE = ("--target", "category", "--workers", "2")


PATIENCE_S = 120.0
START = "import sys; from app.cli import main; sys.exit(main(sys.argv[1:]))"


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a command; return its status, what it printed, and its complaints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


def told(*arguments: str) -> dict[str, Any]:
    status, out, err = run(*arguments, "--json")
    assert status == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of six people with four trials each, never changed."""
    return make_study(tmp_path_factory.mktemp("study") / "s", 6, 4, FACTS, (EEG, BVP, EDA)).folder


@contextlib.contextmanager
def workers_here(*_: object) -> Iterator[Here]:
    yield Here()


@pytest.fixture(autouse=True, scope="module")
def in_this_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.evaluation.runner.workers_for", workers_here)
        patch.setattr("analysis.corpus.warming.Local", lambda count: Here())
        yield


@pytest.fixture(scope="module")
def evaluated(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A copy of it in which two recognizers were compared, and what the command said."""
    folder = tmp_path_factory.mktemp("evaluated") / "s"
    shutil.copytree(made, folder)
    names = ("--recognizer", "logistic-regression", "--recognizer", "majority")
    found = told("evaluate", "--study", str(folder), *names, *BASE, "--permutations", "99", "--save")
    return folder, found


@pytest.fixture
def study(evaluated: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """A copy of the evaluated study to change."""
    shutil.copytree(evaluated[0], tmp_path / "s")
    return tmp_path / "s"


def first_run(folder: Path) -> Path:
    return runs_of(folder)[0].folder


def test_result_has_figures_intervals_and_controls(evaluated: tuple[Path, dict[str, Any]]) -> None:
    first, second = evaluated[1]["runs"]
    assert first["state"] == second["state"] == "finished"
    assert [each["name"] for each in first["folds"]] == list(CODES)
    result = first["result"]
    assert result["cases"] == 24
    assert result["metrics"]["accuracy"]["interval"]["method"].endswith("bootstrap over participants")
    assert result["controls"]["permutations"]["n"] == 99
    assert result["controls"]["probe"]["participants"] == 6
    assert second["result"]["metrics"]["balanced_accuracy"]["value"] == 0.5
    assert first["standing"] == "exploratory, run 1 of 2 on this target"
    assert evaluated[1]["comparison"]["cases"] == 24
    assert len(evaluated[1]["comparison"]["pairs"]) == 1


def test_the_run_lies_in_the_study_and_names_all_that_went_in(evaluated: tuple[Path, dict[str, Any]]) -> None:
    folder = evaluated[0]
    runs = runs_of(folder)
    assert [each.experiment.recognizer for each in runs] == ["logistic-regression", "majority"]
    facts = runs[0].facts
    assert len(facts["recordings"]) == 6
    for each in facts["recordings"].values():
        assert (folder / each["file"]).exists()
        assert len(each["sha256"]) == 64
    assert {"python", "numpy", "scikit-learn"} <= set(facts["versions"])
    assert str(folder) not in (runs[0].folder / "inputs.json").read_text()


def test_words_say_what_the_numbers_mean(evaluated: tuple[Path, dict[str, Any]]) -> None:
    status, out, _ = run("evaluate", "--resume", str(first_run(evaluated[0])))
    assert status == 0
    for words in (
        "exploratory, run 1 of 2",
        "balanced accuracy",
        "BCa bootstrap over participants",
        "99 permutations of the answers within participants",
        "identity probe: names",
        "most frequent class of the training side",
        "confusion (rows: answer",
        "ROC of positive",
        "nobody has ecg",
    ):
        assert words in out


def test_the_trained_recognizer_is_saved_and_can_be_applied(evaluated: tuple[Path, dict[str, Any]]) -> None:
    folder, found = evaluated
    trained = load_trained(Path(found["runs"][0]["model"]))
    study = Study.open(folder)
    corpus = study_corpus(study)
    applied = trained.apply(corpus, corpus.trials[:5], store_of(study))
    assert applied.proba.shape == (5, 2)
    assert applied.classes == ("negative", "positive")


def test_dry_tells_folds_guards_and_cost_and_trains_nothing(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "s")
    found = told("evaluate", "--study", str(tmp_path / "s"), "--recognizer", "lda", *BASE, "--dry")["dry"][0]
    assert len(found["folds"]) == 6
    assert {line["state"] for line in found["guards"]} == {"passed"}
    assert found["cost"].startswith("6 folds, 6 trainings, 24 cases")
    assert runs_of(tmp_path / "s") == ()
    status, out, _ = run("evaluate", "--study", str(tmp_path / "s"), "--recognizer", "lda", *BASE, "--dry")
    assert status == 0
    assert "shared-participant" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--recognizer", "majorty", "--target", "category"), "Did you mean 'majority'?"),
        (("--recognizer", "majority", "--target", "categry"), "Did you mean 'category'?"),
        (("--recognizer", "majority"), "a target (--target"),
        (("--recognizer", "svm", "--target", "category", "--set", "d=1"), "no such setting"),
        (("--recognizer", "svm", "--target", "category", "--set", "c=high"), "takes a number"),
        (("--recognizer", "svm", "--target", "category", "--metric", "ccc"), "for this target there are"),
        (
            ("--recognizer", "svm", "--target", "category", "--split", "sessions"),
            "needs a participant with two",
        ),
        (("--recognizer", "svm", "--target", "category", "--modalities", "smell"), "--modalities smell"),
        (("--recognizer", "svm", "--target", "valence"), "predicts classes, and this target gives numbers"),
        (("--recognizer", "svm", "--target", "category", "--search-on-folds"), "give --search too"),
        (("--recognizer", "svm", "--target", "category", "--plan", "none"), "there is no plan 'none'"),
    ],
)
def test_what_is_asked_wrongly_is_one_clear_message(made: Path, arguments: Sequence[str], words: str) -> None:
    status, _, err = run("evaluate", "--study", str(made), *arguments, "--dry")
    assert status == 1
    assert words in err
    assert err.count("\n") == 1


def test_neither_study_nor_run_is_said() -> None:
    status, _, err = run("evaluate", "--recognizer", "majority", "--target", "category")
    assert status == 1
    assert "name a study" in err


def test_a_plan_is_frozen_and_its_run_is_planned(study: Path) -> None:
    frozen = told("evaluate", "--study", str(study), "--recognizer", "majority", *BASE, "--freeze", "main")
    assert frozen["participants"] == list(CODES)
    assert len(runs_of(study)) == 2
    found = told("evaluate", "--study", str(study), "--plan", "main", "--workers", "1")
    assert found["runs"][0]["standing"] == "planned (main), run 3 of 3 on this target"
    assert runs_of(study)[2].facts["plan"]["sha256"] == frozen["sha256"]
    status, _, err = run(
        "evaluate", "--study", str(study), "--recognizer", "majority", *BASE, "--freeze", "main"
    )
    assert status == 1
    assert "frozen already" in err


def test_a_run_that_a_plan_covers_is_planned_without_naming_it(study: Path) -> None:
    asked = ("evaluate", "--study", str(study), "--recognizer", "majority", *BASE)
    frozen = told(*asked, "--freeze", "main")
    found = told(*asked)["runs"][0]
    assert found["standing"] == "planned (main), run 3 of 3 on this target"
    assert open_run(Path(found["folder"])).facts["plan"]["sha256"] == frozen["sha256"]
    assert told(*asked, "--metric", "accuracy")["runs"][0]["standing"].startswith("exploratory, run 4 of 4")
    assert frozen["experiments"][0]["inputs"], "a plan says what its recognizer would fill in"
    known = load_plan(Study.open(study), "main")
    assert known.covers(open_run(Path(found["folder"])).experiment)


def test_a_plan_frozen_after_a_run_began_does_not_make_it_planned(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("evaluate", "--study", str(study), "--recognizer", "majority", *BASE)
    with monkeypatch.context() as patch:
        patch.setattr("app.commands.evaluate._finish", lambda *_: 0)
        assert run(*asked)[0] == 0
    begun = runs_of(study)[2]
    told(*asked, "--freeze", "late")
    assert load_plan(Study.open(study), "late").covers(begun.experiment)
    found = told("evaluate", "--resume", str(begun.folder))["runs"][0]
    assert found["state"] == "finished"
    assert found["standing"] == "exploratory, run 3 of 3 on this target"


def test_a_damaged_plan_makes_a_run_exploratory_and_is_told(study: Path) -> None:
    asked = ("evaluate", "--study", str(study), "--recognizer", "majority", *BASE)
    told(*asked, "--freeze", "main")
    path = study / "derivatives/plans/main.json"
    path.write_text(path.read_text().replace('"metric": "balanced_accuracy"', '"metric": "accuracy"'))
    found = told(*asked)["runs"][0]
    assert found["standing"].startswith("exploratory, run 3 of 3")
    assert any("changed after it was frozen" in note for note in found["result"]["notes"])


@pytest.mark.parametrize("wanted", [("--metric", "sharpness"), ("--set", "c=0.1", "--set", "kernel=cubic")])
def test_what_cannot_be_evaluated_is_not_frozen(made: Path, wanted: tuple[str, ...]) -> None:
    asked = ("evaluate", "--study", str(made), "--recognizer", "svm", *BASE, *wanted)
    status, _, _ = run(*asked, "--freeze", "main")
    assert status == 1
    assert not (made / "derivatives/plans/main.json").exists()


def test_settings_that_were_searched_are_searched_again_for_a_model(study: Path) -> None:
    asked = ("--recognizer", "logistic-regression", *BASE, "--modalities", "eda", "--search", "3", "--save")
    found = told("evaluate", "--study", str(study), *asked)["runs"][0]
    model = load_trained(Path(found["model"]))
    assert set(model.experiment.settings) >= {"c"}
    done = open_run(Path(found["folder"]))
    assert all(done.fold_facts(each.name)["search"] for each in done.folds)
    assert "3 sets of settings were tried: inside each training side." in found["result"]["notes"]


@pytest.mark.slow
def test_a_killed_command_is_resumed_by_the_command(study: Path, checkout: Path) -> None:
    asked = ("--study", str(study), "--recognizer", "logistic-regression", *BASE)
    command = [sys.executable, "-c", START, "evaluate", *asked, "--json"]
    process = subprocess.Popen(command, cwd=checkout, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < deadline and len(runs_of(study)) < 3:
            time.sleep(0.01)
        path = runs_of(study)[2].folder
        while process.poll() is None and time.monotonic() < deadline:
            if any((path / "folds").glob("P0?.json")):
                break
            time.sleep(0.002)
        # Only the command itself: its workers are left to themselves.
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not (path / "result.json").exists(), "it was killed too late to tell anything"
        before = {each: each.stat().st_mtime_ns for each in (path / "folds").glob("P0?.json")}
        found = told("evaluate", "--resume", str(path))["runs"][0]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert before
    assert {each: each.stat().st_mtime_ns for each in before} == before
    assert found["state"] == "finished"
    assert probabilities(open_run(path)) == probabilities(runs_of(study)[0])


def test_a_rerun_of_what_is_unchanged_gives_the_same_numbers(study: Path) -> None:
    path = first_run(study)
    status, out, err = run("rerun", str(path), "--workers", "2")
    assert status == 0, err
    assert "every recording, label file, the target, the code and packages: unchanged" in out
    assert "fold P03: the same bits" in out
    assert "numbers are the same" in out
    assert len(runs_of(study)) == 2


@pytest.mark.slow
def test_a_rerun_without_one_participant_names_what_differs(study: Path) -> None:
    path = first_run(study)
    recording = next(name for name in open_run(path).facts["recordings"] if "P05" in name)
    shutil.rmtree(study / "sub-P05")
    sessions = study / "sessions.jsonl"
    lines = sessions.read_text().splitlines()
    sessions.write_text("".join(line + "\n" for line in lines if "sub-P05" not in line))
    status, out, _ = run("rerun", str(path), "--workers", "2", "--json")
    assert status == 1
    found = json.loads(out)
    assert f"recording {recording} (P05) is gone" in found["changed"]
    assert found["folds"]["P05"] == "only in the old run"
    gone = [each for each in found["numbers"] if each["place"].startswith("participants[P05]")]
    assert gone
    assert all(each["differs"] and each["new"] is None for each in gone)
    assert next(each for each in found["numbers"] if each["place"] == "cases")["new"] == 20


@pytest.mark.slow
def test_a_rerun_names_a_recording_and_a_number_that_were_changed(study: Path) -> None:
    path = first_run(study)
    result = path / "result.json"
    values = json.loads(result.read_text())
    values["metrics"]["accuracy"]["value"] += 0.1
    result.write_text(json.dumps(values))
    facts = json.loads((path / "inputs.json").read_text())
    name = next(iter(facts["recordings"]))
    facts["recordings"][name]["sha256"] = "0" * 64
    (path / "inputs.json").write_text(json.dumps(facts))
    status, out, _ = run("rerun", str(path), "--workers", "2", "--json")
    assert status == 1
    found = json.loads(out)
    assert [each for each in found["changed"] if "has changed" in each] == [
        f"recording {name} (P01) has changed"
    ]
    assert [each["place"] for each in found["numbers"] if each["differs"]] == ["metrics.accuracy.value"]


def test_a_stopped_run_is_finished_by_resuming(study: Path) -> None:
    path = first_run(study)
    (path / "result.json").unlink()
    fold = path / "folds" / "P02.json"
    fold.unlink()
    status, _, err = run("evaluate", "--resume", str(path))
    assert status == 1
    assert "its inputs are gone" in err


@pytest.mark.slow
def test_combinations_print_modalities_and_fusions(study: Path) -> None:
    asked = ("--recognizer", "logistic-regression", *BASE, "--permutations", "0", "--combinations")
    found = told("evaluate", "--study", str(study), *asked)["runs"][0]
    table = found["combinations"]
    assert [row["name"] for row in table["rows"]] == ["P", "EEG", "P+EEG"]
    assert [row["name"] for row in table["masked"]] == ["P", "EEG", "P+EEG"]
    assert [row["name"] for row in table["fusion"]] == [
        "modality level",
        "decision level, sum",
        "decision level, max",
    ]
    assert table["rows"][2]["accuracy"] == found["result"]["metrics"]["accuracy"]["value"]
    assert set(table["rows"][0]["found"]) == {"negative", "positive"}
    assert len(runs_of(study)) == 3
    status, out, _ = run("evaluate", "--resume", found["folder"])
    assert status == 0
    assert "combinations of modalities, each trained anew (3 of 3)" in out
    assert all(f"{name}: {', '.join(inputs)}" in out for name, inputs in table["groups"].items())
    assert "decision level, sum" in out


@pytest.mark.slow
def test_combinations_that_were_left_out_are_made_on_resuming(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--recognizer", "logistic-regression", *BASE, "--permutations", "0", "--combinations")
    made: list[str] = []

    def killed(run: Any, name: str, *given: Any) -> None:
        if made:
            raise KeyboardInterrupt
        made.append(name)
        create(run, name, *given)

    create = combining._create
    with monkeypatch.context() as patch:
        patch.setattr(combining, "_create", killed)
        run("evaluate", "--study", str(study), *asked)
    assert made == ["P"]
    begun = runs_of(study)[-1].folder
    found = told("evaluate", "--resume", str(begun))["runs"][0]["combinations"]
    assert [row["name"] for row in found["rows"]] == ["P", "EEG", "P+EEG"]


def test_runs_that_cannot_be_compared_are_told_all_the_same(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise CompareError("no case in common")

    monkeypatch.setattr("app.commands.evaluate.compare", refused)
    names = ("--recognizer", "lda", "--recognizer", "majority")
    asked = ("--study", str(study), *names, *BASE, "--permutations", "0", "--json")
    status, out, err = run("evaluate", *asked)
    assert status == 0
    assert "not compared: no case in common" in err
    found = json.loads(out)
    assert len(found["runs"]) == 2
    assert found["comparison"] is None


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_a_setting_is_a_number_that_can_be_written_down(study: Path, value: str) -> None:
    asked = ("--recognizer", "logistic-regression", *BASE, "--set", f"c={value}")
    status, _, err = run("evaluate", "--study", str(study), *asked)
    assert status == 1
    assert "this setting takes a number" in err


@pytest.mark.slow
def test_in_worker_processes_of_its_own(study: Path, checkout: Path) -> None:
    asked = ("--study", str(study), "--recognizer", "logistic-regression", *BASE, "--permutations", "99")
    done = subprocess.run(
        [sys.executable, "-c", START, "evaluate", *asked, "--json"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)["runs"][0]
    assert found["state"] == "finished"
    old, new = runs_of(study)[0], open_run(Path(found["folder"]))
    assert probabilities(new) == probabilities(old)
    assert new.result == old.result


def test_one_modality_has_no_combinations(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "s")
    asked = ("--recognizer", "lda", *BASE, "--combinations", "--modalities", "bvp")
    status, _, err = run("evaluate", "--study", str(tmp_path / "s"), *asked)
    assert status == 1
    assert "there is one modality only" in err
    assert runs_of(tmp_path / "s") == ()
