"""A recognizer for use: trained on every case of a run's experiment, kept in the run's folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.fold import seed_of
from analysis.evaluation.jobs import one_thread, training_of
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.run_folder import Run
from analysis.evaluation.search import searched
from analysis.evaluation.splits import Fold
from analysis.evaluation.trained import Trained, train
from analysis.recognizers.recognizer import Context, ProgressFn
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import in_words, prepare, recipe_of, without
from app.analysing.plans import load_plan
from app.analysing.targets import make_target
from app.study import Study

MODEL = "model"


def _silent(epoch: int, epochs: int, losses: object) -> None:
    del epoch, epochs, losses


def train_run(
    study: Study,
    run: Run,
    *,
    progress: ProgressFn = _silent,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Train a run's recognizer on all cases that its target has now; return the folder of the model.

    Settings that a search is to choose are searched among groups of all cases. What the run measured is what
    such a recognizer reaches on others, not on those it was trained on. Raises EvaluatingError,
    CancelledError.
    """
    with in_words():
        corpus = study_corpus(study)
        known = run.facts.get("plan")
        if known:
            corpus = without(corpus, load_plan(study, str(known["name"])).excluded)
        target = make_target(study, corpus, recipe_of(run.experiment))
    prepared = prepare(study, corpus, target, run.experiment, cancelled=cancelled)
    context = Context(cancelled=cancelled, progress=progress)
    with in_words(), one_thread():
        experiment = _searched(prepared.batch, prepared.experiment, context)
        about = {
            "run": run.name,
            "study": study.name,
            "target_sha256": target.sha256,
            "recordings": {name: each["sha256"] for name, each in prepared.facts["recordings"].items()},
            "code_sha256": prepared.facts["code_sha256"],
            "versions": prepared.facts["versions"],
            "plan": known,
            "middles": prepared.facts["middles"],
        }
        trained: Trained = train(prepared.batch, experiment, context=context, about=about)
        trained.save(run.folder / MODEL)
    return run.folder / MODEL


def _searched(batch: Batch, experiment: Experiment, context: Context) -> Experiment:
    """Return the experiment with the settings that a search inside all cases chooses."""
    if not experiment.search.sets:
        return experiment
    every, none = np.arange(len(batch), dtype=np.intp), np.zeros(0, np.intp)
    nested = replace(experiment, search=replace(experiment.search, nested=True))
    training = training_of(nested, f"all cases/{seed_of(experiment.seed, 'search')}")
    whole = Fold("all cases", every, none, none)
    found = searched(batch, whole, training, nested, context, Ledger.of(batch.cases.id))
    return replace(experiment, settings=dict(found.settings))
