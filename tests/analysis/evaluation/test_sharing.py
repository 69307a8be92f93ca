"""Inputs that look beyond their cases: what both sides of a fold look at is stopped, by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.cases import Batch, InputSpec, Looked
from analysis.evaluation.batch_files import read_inputs, write_inputs
from analysis.evaluation.experiment import Experiment, SplitKind, SplitSpec
from analysis.evaluation.guards import GuardLine, check_division
from analysis.evaluation.results import notes_of
from analysis.evaluation.run_folder import Run, create_run, open_run
from analysis.evaluation.splits import divide
from app.analysing.combining import plan_combinations
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, Prepared, create, prepare
from app.analysing.targets import make_target, recipe_named
from app.study import Study
from tests.helpers.batches import make_batch
from tests.helpers.labelled import BVP, EDA, Facts, make_study

FACTS = Facts(stimuli=("a", "b", "c", "d"), categories=("positive", "negative", "positive", "negative"))
EDA_OWN = InputSpec("eda", "eda", "statistics")
WITHIN: tuple[SplitKind, ...] = ("trials", "first-trials", "trials-pooled", "stimuli")


def looking(batch: Batch, back_s: float, ahead_s: float = 0.0, name: str = "bvp", **about: object) -> Batch:
    """Return a batch of which one input looks further than its cases, which are 10 s apart."""
    own = np.stack([batch.cases.start_s - back_s, batch.cases.stop_s + ahead_s], axis=1)
    held = replace(batch.inputs[name], looked=Looked(own, **about))  # type: ignore[arg-type]
    return replace(batch, inputs={**batch.inputs, name: held})


def shared(batch: Batch, kind: SplitKind, *steps: str, purge_s: float = 0.0) -> list[GuardLine]:
    division = divide(batch.cases, batch.y, SplitSpec(kind, 4))
    lines = check_division(batch, division, purge_s, steps).lines
    return [line for line in lines if line.guard == "shared-windows" and line.state != "passed"]


@pytest.mark.parametrize("kind", WITHIN)
def test_a_context_that_reaches_into_another_trial_is_stopped_by_name(kind: SplitKind) -> None:
    found = shared(looking(make_batch(), 12.0), kind)
    assert found
    assert {line.state for line in found} == {"stopped"}
    assert "bvp looks 12 s before its cases" in found[0].words
    assert "Take --split loso" in found[0].words


@pytest.mark.parametrize("kind", WITHIN)
@pytest.mark.parametrize(("back_s", "ahead_s"), [(0.0, 0.0), (9.0, 0.0), (4.0, 5.0)])
def test_a_context_that_ends_before_the_other_trial_is_let_through(
    kind: SplitKind, back_s: float, ahead_s: float
) -> None:
    assert shared(looking(make_batch(), back_s, ahead_s), kind) == []


def test_two_inputs_that_meet_half_way_share_time() -> None:
    batch = looking(looking(make_batch(), 6.0), 0.0, 6.0, "eda")
    assert (
        "bvp looks 6 s before its cases, eda looks 6 s behind its cases" in shared(batch, "trials")[0].words
    )


def test_seconds_between_what_both_sides_look_at_are_counted() -> None:
    batch = looking(make_batch(), 6.0)
    assert not shared(batch, "trials", purge_s=3.0)
    assert shared(batch, "trials", purge_s=5.0)


def test_people_apart_may_look_as_far_as_they_like() -> None:
    batch = looking(make_batch(), 1000.0, 1000.0, whole="zscore over the whole recording")
    assert shared(batch, "loso", "smooth-recording") == []


def test_inputs_that_a_case_does_not_have_look_at_nothing() -> None:
    batch = looking(make_batch(), 12.0).missing(["bvp"])
    assert shared(batch, "trials") == []


def test_a_leaky_split_is_only_shown() -> None:
    assert {line.state for line in shared(looking(make_batch(), 12.0), "segments")} == {"shown"}


def test_filters_over_the_edge_are_told() -> None:
    near = looking(make_batch(), 3.0, filtered_s=5.0)
    found = shared(near, "trials")
    assert {line.state for line in found} == {"told"}
    assert "filters of bvp carry some signal across" in found[0].words
    assert shared(looking(make_batch(), 0.0, filtered_s=4.0), "trials") == []


def test_steps_that_mix_neighbours_are_stopped_by_name() -> None:
    found = shared(make_batch(), "trials", "impute", "smooth-recording")
    assert {line.state for line in found} == {"stopped"}
    assert "smooth-recording mixes neighbours in time" in found[0].words


def test_scaling_over_recordings_is_told_and_noted(tmp_path: Path) -> None:
    batch = looking(make_batch(), 0.0, whole="zscore over the whole recording")
    division = divide(batch.cases, batch.y, SplitSpec("loso"))
    guards = check_division(batch, division)
    words = "bvp: zscore over the whole recording, unlabelled test cases of it too: transductive"
    assert [line.words for line in guards.lines if line.state == "told"] == [words]
    run = create_run(tmp_path / "r", Experiment("majority", {}, ""), batch, division, guards, {})
    assert f"{words}." in notes_of(run)
    assert "transductive" not in " ".join(notes_of(plain_run(tmp_path)))


def plain_run(folder: Path) -> Run:
    batch = make_batch()
    division = divide(batch.cases, batch.y, SplitSpec("loso"))
    guards = check_division(batch, division)
    return create_run(folder / "p", Experiment("majority", {}, ""), batch, division, guards, {})


def test_what_inputs_looked_at_is_kept_with_them(tmp_path: Path) -> None:
    batch = looking(make_batch(), 12.0, filtered_s=5.0, whole="minmax over the whole recording")
    write_inputs(tmp_path / "b", batch.inputs)
    found = read_inputs(tmp_path / "b")
    assert found is not None
    assert found["eda"].looked is None
    kept, given = found["bvp"].looked, batch.inputs["bvp"].looked
    assert kept is not None
    assert given is not None
    assert np.array_equal(kept.spans, given.spans)
    assert (kept.filtered_s, kept.whole) == (5.0, "minmax over the whole recording")
    rows = batch.rows(np.array([3, 1])).inputs["bvp"].looked
    assert rows is not None
    assert np.array_equal(rows.spans, given.spans[[3, 1]])


# From real recordings: every trial of `labelled` begins seconds after the one before.


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("study") / "s", 2, 4, FACTS, (BVP, EDA))


def prepared(study: Study, inputs: tuple[InputSpec, ...], kind: SplitKind, *steps: str) -> Prepared:
    corpus = study_corpus(study)
    target = make_target(study, corpus, recipe_named(study, corpus, "category"))
    asked = Experiment(
        "logistic-regression",
        target.recipe.to_json(),
        target.sha256,
        inputs=inputs,
        steps=("impute", *steps, "zscore"),
        split=SplitSpec(kind, 4),
    )
    return prepare(study, corpus, target, asked)


SETTINGS = {
    "context_s before": InputSpec("bvp", "bvp", "heart", {"context_s": 60.0, "which": ["rate_bpm"]}),
    "around_s on both sides": InputSpec("bvp", "bvp", "heart", {"around_s": 30.0, "which": ["rate_bpm"]}),
    "before_s and low_s": InputSpec("bvp", "eda", "skin.change", {"before_s": 40.0}),
    "samples about the middle": InputSpec("bvp", "bvp", "samples", {"count": 64 * 40}),
}


@pytest.mark.parametrize("spec", SETTINGS.values(), ids=SETTINGS.keys())
def test_a_real_feature_with_context_is_stopped_within_people_and_not_between(
    study: Study, spec: InputSpec
) -> None:
    found = prepared(study, (spec, EDA_OWN), "trials")
    stopped = [line for line in found.guards.stopped if line.guard == "shared-windows"]
    assert len(stopped) == len(found.division.folds)
    assert "bvp looks " in stopped[0].words
    assert "eda" not in stopped[0].words
    with pytest.raises(EvaluatingError, match=r"shared-windows.*bvp looks .*Take --split loso"):
        create(study, found)
    assert prepared(study, (spec, EDA_OWN), "loso").guards.stopped == ()


def test_real_features_that_stay_inside_are_let_through(study: Study) -> None:
    found = prepared(study, (EDA_OWN, InputSpec("bvp", "bvp", "samples", {}, 0.5)), "trials")
    assert found.guards.stopped == ()
    spans = found.batch.inputs["bvp"].looked
    assert spans is not None
    assert np.allclose(spans.spans[:, 0], found.batch.cases.start_s)


def test_combinations_are_judged_by_their_own_inputs(tmp_path: Path) -> None:
    batch = looking(make_batch(shapes={"bvp": (7, 8), "keys": (7, 4)}), 12.0)
    specs = (InputSpec("bvp", "bvp", "samples"), InputSpec("keys", "keys", "keys.statistics"))
    asked = Experiment("logistic-regression", {}, "", inputs=specs, split=SplitSpec("trials", 4))
    division = divide(batch.cases, batch.y, asked.split)
    run = create_run(tmp_path / "r", asked, batch, division, check_division(batch, division), {})
    plan_combinations(run)
    guards = {path.name: open_run(path).guards for path in (run.folder / "combinations").iterdir()}
    assert {line.guard for line in guards["P"].stopped} == {"shared-windows"}
    assert guards["T"].stopped == ()
