"""Runs in worker processes: the same bits every time, whatever fails, is stopped or killed in between."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.evaluation.experiment import ControlSpec, SearchSpec, SplitSpec
from analysis.evaluation.files import alone_in
from analysis.evaluation.metrics import assess
from analysis.evaluation.provenance import code_sha256
from analysis.evaluation.results import result_of
from analysis.evaluation.run_folder import Run, RunError, open_run, runs_of
from analysis.evaluation.runner import Heard, work
from analysis.evaluation.search import draw
from analysis.evaluation.workers import close_workers
from analysis.recognizers.recognizer import RecognizerError
from analysis.recognizers.table import make
from tests.helpers import engine
from tests.helpers.batches import make_batch
from tests.helpers.engine import new_run, probabilities


def worked(run: Run, **given: Any) -> Run:
    """Work on a run in this process; see `test_processes` for real ones."""
    return work(run, **{"pool": engine.Here(), "maker": engine.make, **given})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was worked on by two processes."""
    run = work(new_run(tmp_path_factory.mktemp("runs") / "run"), workers=2, maker=engine.make)
    close_workers()
    return run


def test_a_finished_run_holds_all_that_was_promised(finished: Run) -> None:
    assert finished.state == "finished"
    assert {each.state for each in finished.folds} == {"finished"}
    assert len(finished.predictions()) == 48
    result = finished.result
    assert result is not None
    assert result["missing"] == []
    assert result["controls"]["permutations"]["n"] == 99
    assert result["controls"]["probe"]["participants"] == 6
    assert result["baseline"]["metrics"]["accuracy"]["value"] == 0.5
    assert result["watermark"] == ""
    assert any("same stimuli" in note for note in result["notes"])
    assert not (finished.folder / "batch").exists()


def test_every_number_comes_from_the_stored_predictions(finished: Run) -> None:
    result = finished.result
    assert result is not None
    again = json.loads(json.dumps(assess(finished.predictions())))
    for name, each in again["metrics"].items():
        assert {key: result["metrics"][name][key] for key in each} == each
        assert result["metrics"][name]["interval"]["participants"] == 6
    for part in ("participants", "confusion", "roc", "reliability"):
        assert result[part] == again[part]
    assert finished.metrics()["metrics"] == again["metrics"]


def test_explanations_belong_to_the_tested_cases(finished: Run) -> None:
    weights, about = finished.explanations("P02")
    assert weights["mean"].shape == (8, 2)
    assert about == {"mean": "nothing"}
    assert set(finished.cases.participant[finished.fold_arrays("P02")["rows"]]) == {"P02"}


def test_progress_tells_folds_and_losses(finished: Run) -> None:
    lines = finished.progress()
    assert [line["state"] for line in lines if line["kind"] == "run"] == ["started", "finished"]
    for name in ("P01", "P06"):
        own = [line for line in lines if line.get("fold") == name]
        assert [line["state"] for line in own if line["kind"] == "fold"] == ["started", "finished"]
        assert [line["epoch"] for line in own if line["kind"] == "epoch"][-1] == 3
        assert finished.fold_facts(name)["losses"] == [
            {"epoch": epoch, "losses": {"train": 1 / epoch}} for epoch in (1, 2, 3)
        ]


def test_ledger_of_a_fold_names_what_was_fitted_on_how_many_cases(finished: Run) -> None:
    ledger = finished.fold_facts("P01")["ledger"]
    assert {entry["what"]: entry["cases"] for entry in ledger} == {
        "scaling impute": 40,
        "scaling zscore": 40,
        "weights": 40,
    }
    assert {entry["outside"] for entry in ledger} == {0}


def test_this_process_gives_the_same_bits_as_two_others(finished: Run, tmp_path: Path) -> None:
    alone = worked(new_run(tmp_path / "run"))
    assert probabilities(alone) == probabilities(finished)
    assert alone.result == finished.result


def test_another_seed_gives_other_bits(finished: Run, tmp_path: Path) -> None:
    other = worked(new_run(tmp_path / "run", engine.experiment(seed=2)))
    assert probabilities(other) != probabilities(finished)


def test_time_left_is_told(tmp_path: Path) -> None:
    heard: list[Heard] = []
    worked(new_run(tmp_path / "run"), heard=heard.append)
    assert [each.done for each in heard] == list(range(7))
    assert heard[0].seconds_left is None
    assert all(each.seconds_left is not None and each.seconds_left >= 0 for each in heard[1:])
    assert heard[-1].seconds_left == 0


def test_a_fold_that_fails_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    run = worked(new_run(tmp_path / "run", engine.experiment(settings={"fault": "fails without P03"})))
    assert run.state == "incomplete"
    states = {each.name: each.state for each in run.folds}
    assert states.pop("P03") == "failed"
    assert set(states.values()) == {"finished"}
    result = run.result
    assert result is not None
    assert result["missing"] == [
        {"fold": "P03", "state": "failed", "why": "the data of P03 are needed (RecognizerError)"}
    ]
    assert len(run.predictions()) == 40
    assert (run.folder / "batch").exists()


def test_predictions_that_are_no_numbers_fail_the_fold(tmp_path: Path) -> None:
    run = worked(new_run(tmp_path / "run", engine.experiment(settings={"fault": "gives NaN"})))
    assert {each.state for each in run.folds} == {"failed"}
    assert "1 predictions that are no numbers" in run.folds[0].why
    assert run.result is None
    assert run.state == "incomplete"


def test_a_guard_stops_a_fold_by_name(tmp_path: Path) -> None:
    run = worked(new_run(tmp_path / "run", engine.experiment(settings={"fault": "tunes on everything"})))
    assert {each.state for each in run.folds} == {"stopped"}
    assert "stopped by the guard tuning" in run.folds[0].why


def test_a_fold_that_a_guard_stopped_before_is_not_trained(tmp_path: Path) -> None:
    batch = make_batch()
    assert batch.y is not None
    alone = replace(batch, y=np.where(batch.cases.participant == "P01", 1, 0))
    run = worked(new_run(tmp_path / "run", batch=alone))
    stopped = {each.name: each for each in run.folds if each.state == "stopped"}
    assert set(stopped) == {"P01"}
    assert "class-in-training" in stopped["P01"].why
    assert len(run.predictions()) == 40


def test_what_failed_is_tried_again_and_what_is_finished_is_not(tmp_path: Path) -> None:
    run = worked(new_run(tmp_path / "run", engine.experiment(settings={"fault": "fails without P03"})))
    before = {path.name: path.stat().st_mtime_ns for path in (run.folder / "folds").glob("P0?.json")}
    path = run.folder / "experiment.json"
    values = json.loads(path.read_text())
    values["experiment"]["settings"] = {}
    path.write_text(json.dumps(values))
    again = worked(open_run(run.folder))
    assert again.state == "finished"
    assert {name: (again.folder / "folds" / name).stat().st_mtime_ns for name in before} == before
    assert not list((again.folder / "folds").glob("*.failed.json"))


def test_a_cancelled_run_keeps_its_folds_and_goes_on_later(finished: Run, tmp_path: Path) -> None:
    done = 0

    def heard(each: Heard) -> None:
        nonlocal done
        done = each.done

    run = worked(new_run(tmp_path / "run"), heard=heard, cancelled=lambda: done >= 2)
    assert run.state == "cancelled"
    kept = {each.name for each in run.folds if each.state == "finished"}
    assert 2 <= len(kept) < 6
    assert run.result is None
    again = worked(run)
    assert again.state == "finished"
    assert probabilities(again) == probabilities(finished)
    assert not kept & set(engine.begun_after(again, 2))


def test_two_cannot_work_on_one_run(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    with alone_in(run.folder):
        assert run.state == "running"
        with pytest.raises(RunError, match="being worked on already"):
            worked(run)
    assert open_run(run.folder).state == "waiting"


def test_a_search_inside_each_training_side(tmp_path: Path) -> None:
    spec = engine.experiment(search=SearchSpec(3, 2), controls=ControlSpec(probe=False))
    run = worked(new_run(tmp_path / "run", spec))
    facts = run.fold_facts("P01")
    assert len(facts["search"]["tried"]) == 3
    assert facts["settings"] in [each["settings"] for each in facts["search"]["tried"]]
    assert any("3 sets of settings were tried: inside each training side" in note for note in notes(run))
    assert (run.result or {})["watermark"] == ""


def test_a_search_of_some_settings_leaves_the_others_as_they_are() -> None:
    sets = draw(engine.CARD, 9, 1, {}, ("scale",))
    assert {each["epochs"] for each in sets} == {3}
    assert len({each["scale"] for each in sets}) == 9
    with pytest.raises(RecognizerError, match="no setting has a range"):
        draw(engine.CARD, 9, 1, {}, ("fault",))


def test_a_search_on_the_reported_folds_carries_a_watermark(tmp_path: Path) -> None:
    spec = engine.experiment(search=SearchSpec(2, nested=False), controls=ControlSpec(probe=False))
    run = worked(new_run(tmp_path / "run", spec))
    assert (run.result or {})["watermark"] == "TUNED ON THE TEST: to be shown only"
    assert any("the figures are too high" in note for note in notes(run))
    assert ("tuning", "shown") in {(line.guard, line.state) for line in run.guards.lines}


def notes(run: Run) -> list[str]:
    assert run.result is not None
    found: list[str] = run.result["notes"]
    return found


def test_leaky_segments_carry_a_watermark(tmp_path: Path) -> None:
    batch = make_batch()
    windows = replace(batch, cases=replace(batch.cases, trial=batch.cases.trial // 4))
    spec = engine.experiment(split=SplitSpec("segments", 3), controls=ControlSpec(probe=False))
    run = worked(new_run(tmp_path / "run", spec, windows))
    assert run.state == "finished"
    assert (run.result or {})["watermark"] == "LEAKY: to be shown only"


def test_permutations_with_training_again(tmp_path: Path) -> None:
    spec = engine.experiment(controls=ControlSpec(3, "retrained", probe=False))
    run = worked(new_run(tmp_path / "run", spec, make_batch(4, 4)))
    told = run.controls()["permutations"]
    assert told["n"] == 3
    assert told["kind"] == "retrained"
    assert told["p"] is None
    assert len(set(told["values"])) > 1
    assert len(list((run.folder / "controls").glob("permutation-*.npz"))) == 3


def test_a_permutation_that_cannot_be_trained_ends_no_run(tmp_path: Path) -> None:
    """One of four is of the other class: permuted to the tested one, training has a single class."""
    batch = make_batch(4, 4)
    people = replace(batch, y=(batch.cases.participant == "P01").astype(np.int64))
    spec = engine.experiment(controls=ControlSpec(6, "retrained", probe=False), metric="accuracy")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        run = worked(new_run(tmp_path / "run", spec, people))
    assert {each.state for each in run.folds if each.name != "P01"} == {"finished"}
    assert run.result is not None
    assert len(list((run.folder / "controls").glob("permutation-*.npz"))) == 6
    told = run.controls()["permutations"]
    assert told["n"] < 6
    assert told["words"].endswith(f"; {6 - told['n']} more gave no figure")


def test_permutations_of_fewer_folds_are_made_again(tmp_path: Path) -> None:
    faulty = engine.experiment(
        settings={"fault": "fails without P03"}, controls=ControlSpec(2, "retrained", probe=False)
    )
    run = worked(new_run(tmp_path / "run", faulty, make_batch(4, 4)))
    first = run.controls()["permutations"]["values"]
    assert len(first) == 2
    path = run.folder / "experiment.json"
    path.write_text(path.read_text(encoding="utf-8").replace("fails without P03", ""), encoding="utf-8")
    whole = worked(open_run(run.folder))
    assert whole.state == "finished"
    fresh = worked(new_run(tmp_path / "fresh", replace(faulty, settings={"fault": ""}), make_batch(4, 4)))
    again = whole.controls()["permutations"]["values"]
    assert again == fresh.controls()["permutations"]["values"]
    assert again != first


def test_folds_that_another_code_trained_are_told(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", engine.experiment(controls=ControlSpec(probe=False)))
    facts = run.folder / "inputs.json"
    facts.write_text(json.dumps({"warnings": [], "code_sha256": code_sha256()}), encoding="utf-8")
    same = (worked(open_run(run.folder)).result or {})["notes"]
    assert not any("code had changed" in note for note in same)
    facts.write_text(json.dumps({"warnings": [], "code_sha256": "0" * 64}), encoding="utf-8")
    assert not any("code had changed" in note for note in result_of(open_run(run.folder))["notes"])
    old = new_run(tmp_path / "old", engine.experiment(controls=ControlSpec(probe=False)))
    (old.folder / "inputs.json").write_text(facts.read_text(encoding="utf-8"), encoding="utf-8")
    notes = (worked(open_run(old.folder)).result or {})["notes"]
    assert any("6 of 6 folds were trained after the analysis code had changed" in note for note in notes)


def test_permutations_behind_a_search_say_whose_settings_they_have(tmp_path: Path) -> None:
    spec = engine.experiment(controls=ControlSpec(2, "retrained", probe=False), search=SearchSpec(2, 2))
    run = worked(new_run(tmp_path / "run", spec, make_batch(4, 4)))
    assert "searched with the true answers" in run.controls()["permutations"]["words"]


def test_numbers_are_evaluated_too(tmp_path: Path) -> None:
    """Everybody's ratings lie around 5; the mean of the others is off by little and says nothing."""
    batch = make_batch(6, 8)
    ratings = np.random.default_rng(1).normal(5, 1, (48, 1))
    numbers = replace(batch, y=ratings, classes=(), outputs=("valence",))
    spec = replace(engine.experiment(), recognizer="majority", metric="mae")
    run = worked(new_run(tmp_path / "run", spec, numbers), maker=make)
    result = run.result
    assert result is not None
    others = [ratings[np.arange(48) // 8 != place].mean() for place in range(6)]
    mae = np.abs(ratings[:, 0] - np.repeat(others, 8)).mean()
    assert result["metrics"]["mae"]["value"] == pytest.approx(mae)
    assert result["metrics"]["mae"]["interval"]["low"] < mae < result["metrics"]["mae"]["interval"]["high"]
    assert result["baseline"]["test"]["mean_difference"] == pytest.approx(0)
    assert result["controls"]["permutations"]["p"] > 0.05
    assert "confusion" not in result
    assert [sorted(row) for row in result["participants"]] == [
        ["cases", "ccc", "mae", "participant", "rmse"]
    ] * 6


def test_a_run_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(OSError, match="no room"):
        patch.setattr("analysis.evaluation.batch_files.np.save", raise_full)
        new_run(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert new_run(tmp_path / "run").state == "waiting"
    with pytest.raises(RunError, match="is there already"):
        new_run(tmp_path / "run")


def raise_full(*_: object, **__: object) -> None:
    raise OSError("no room")


def test_runs_of_a_study_are_found_oldest_first_and_damaged_ones_passed_over(tmp_path: Path) -> None:
    place = tmp_path / "derivatives" / "results"
    place.mkdir(parents=True)
    for name in ("b", "a", "broken"):
        new_run(place / name)
    (place / "broken" / "experiment.json").write_text("{")
    assert [run.name for run in runs_of(tmp_path)] == ["b", "a"]
    with pytest.raises(RunError, match="does not describe a run"):
        open_run(place / "broken")
    with pytest.raises(RunError, match="holds no run"):
        open_run(tmp_path)


def test_a_run_whose_inputs_are_gone_says_so(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    shutil.rmtree(run.folder / "batch")
    with pytest.raises(RunError, match="Rerun it"):
        worked(run)


def test_torn_lines_of_progress_are_passed_over(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    run.tell("run", state="started")
    with (run.folder / "progress.jsonl").open("ab") as file:
        file.write(b'{"time": 1, "kind": "fo')
    run.tell("run", state="finished")
    assert [line["state"] for line in run.progress()] == ["started", "finished"]
