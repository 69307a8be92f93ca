"""The demo study: made by what makes real ones, so that every page has something to show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.agreement.tables import Ratings
from analysis.evaluation.run_folder import runs_of
from analysis.evaluation.workers import close_workers
from analysis.simulate.settings import Settings
from app.analysing.corpora import study_corpus
from app.analysing.demo_study import PLAN, RATERS, TARGET, analyse, felt_in, fuse, label, make_demo_study
from app.analysing.plans import load_plan
from app.analysing.simulating import Request, SimulatingError, simulate, simulation_study
from app.analysing.targets import make_target, recipe_named
from app.annotation.agreeing import gather, read_labels, variables
from app.annotation.annotators import annotators
from app.annotation.places import StudyPlace
from app.annotation.schemes import bundled
from app.cli import main
from app.presenter.simulated import live_through
from app.study import Study
from tests.helpers.engine import start_trackers

SAM = next(scheme for scheme in bundled() if scheme.name == "sam")


@pytest.fixture(scope="module")
def trackers() -> None:
    """What watches over worker processes lives as long as this one."""
    start_trackers()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study of the demo protocol whose trials two simulated raters have labelled."""
    study = simulation_study(tmp_path_factory.mktemp("demo") / "study", "demo")
    settings = Settings({"eda": 2.0, "keys": 2.0}, modalities=("eda", "keys"), artefacts=0.0)
    simulate(study, Request("demo", 6, settings, 1), live_through)
    label(study, SAM, 1)
    fuse(study, SAM)
    return study


def test_the_raters_are_called_what_they_are_and_have_done_all_they_had_to(study: Study) -> None:
    kinds = {annotator.code: annotator.kind for annotator in annotators(study)}
    assert kinds == {"sim-a": "human", "sim-b": "human", "fused-mean": "fused"}
    place = StudyPlace(study)
    for rater in RATERS:
        queue = place.queue(rater, PLAN)
        assert len(queue) == 13, "twelve trials, and one of them again"
        assert set(place.states(rater, PLAN).values()) == {"finished"}


def test_they_rate_what_was_felt_and_do_not_quite_agree(study: Study) -> None:
    labels = read_labels(study, SAM)
    valence = next(each for each in variables(SAM) if each.id.endswith("valence"))
    gathered = gather(labels, valence)
    felt = felt_in(study)
    known = np.array([felt[stem][trial] for stem, trial, *_ in gathered.keys])
    assert isinstance(gathered.table, Ratings)
    given = np.array(gathered.table.values, float)
    rows = given if given.shape[0] == 2 else given.T
    assert min(np.corrcoef(known, row)[0, 1] for row in rows) > 0.7
    assert (rows[0] != rows[1]).any()


def test_targets_come_of_ratings_categories_and_fused_labels(study: Study) -> None:
    corpus = study_corpus(study)
    names = {
        name: make_target(study, corpus, recipe_named(study, corpus, name))
        for name in (TARGET, "category", "sam-1.feeling.valence.fused-mean-high")
    }
    assert all(len(target.values) + len(target.lost) == 12 for target in names.values())
    assert set(names[TARGET].classes) == {"negative", "positive"}


def test_a_folder_with_a_study_in_it_is_left_alone(study: Study) -> None:
    with pytest.raises(SimulatingError, match="empty folder"):
        make_demo_study(study.folder, live_through)


@pytest.mark.slow
def test_its_analysis_was_planned_and_is_finished(
    trackers: None, study: Study, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.analysing import demo_study

    small: tuple[tuple[str, tuple[str, ...], dict[str, float]], ...] = (
        ("logistic-regression", ("eda", "keys"), {}),
    )
    monkeypatch.setattr(demo_study, "RECOGNIZERS", small)
    (run,) = analyse(study, workers=1)
    close_workers()
    assert run.state == "finished"
    assert [each.name for each in runs_of(study.folder)] == [run.name]
    assert load_plan(study, PLAN).covers(run.experiment)
    assert run.result is not None
    assert run.result["metrics"]["balanced_accuracy"]["value"] is not None
    assert run.result["controls"]["permutations"]["n"] == 999
    assert main(["check", str(study.folder)]) == 0
    capsys.readouterr()


@pytest.mark.slow
def test_every_recognizer_of_it_is_one_that_there_is(tmp_path: Path) -> None:
    from analysis.recognizers.table import recognizer_class
    from app.analysing.demo_study import RECOGNIZERS

    for name, modalities, settings in RECOGNIZERS:
        card = recognizer_class(name).card
        assert set(modalities) <= {each.name for each in card.inputs}
        assert set(settings) <= set(card.defaults())
