"""A real run on the recordings of a study, worked on in this process: quick recognizers, no controls."""

from __future__ import annotations

from typing import Any

from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.evaluation.files import write_json
from analysis.evaluation.jobs import run_fold
from analysis.evaluation.results import result_of
from analysis.evaluation.run_folder import Run, open_run
from analysis.recognizers.table import make
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import create, prepare
from app.analysing.targets import make_target, recipe_named
from app.study import Study


def real_run(study: Study, recognizer: str = "lda", target: str = "category", **changes: Any) -> Run:
    """Evaluate a recognizer on a study as `evoke evaluate` does, and return the finished run."""
    corpus = study_corpus(study)
    found = make_target(study, corpus, recipe_named(study, corpus, target))
    known: dict[str, Any] = {
        "modalities": ("eda",),
        "split": SplitSpec("loso"),
        "controls": ControlSpec(0, probe=False),
        **changes,
    }
    asked = Experiment(recognizer, found.recipe.to_json(), found.sha256, **known)
    run = create(study, prepare(study, corpus, found, asked))
    run.tell("run", state="started", folds=len(run.division.folds), done=0)
    for fold in run.division.folds:
        run_fold(str(run.folder), fold.name, make)
    write_json(run.folder / "result.json", result_of(open_run(run.folder)))
    run.tell("run", state="finished", folds=len(run.division.folds), done=len(run.division.folds))
    return open_run(run.folder)
