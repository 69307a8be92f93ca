"""A recognizer through the engine for a paper's table: cases, folds and guards, run, controls in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.evaluation.run_folder import Run, runs_of
from analysis.evaluation.runner import work
from analysis.evaluation.workers import Here
from analysis.recognizers.recognizer import CancelledError
from analysis.targets.recipe import Target
from app.analysing.evaluating import EvaluatingError, create, in_words, prepare
from app.analysing.evaluating_words import control_lines
from app.analysing.literature.reproducing import Order
from app.study import Study


def engine_run(
    order: Order,
    study: Study,
    corpus: Corpus,
    target: Target,
    recognizer: str,
    settings: Mapping[str, Any],
    *,
    inputs: Sequence[InputSpec] = (),
    folds: int = 0,
    permutations: int = 0,
    metric: str = "",
    words: str = "",
) -> Run:
    """Return a finished run; one of the same experiment that is there already is not repeated.

    `folds` 0: one participant out, else k folds of participants. Raises EvokeError, CancelledError.
    """
    if order.cancelled():
        raise CancelledError("stopped")
    order.said(words or recognizer)
    split = SplitSpec("participants", folds, order.seed) if folds else SplitSpec("loso", seed=order.seed)
    experiment = Experiment(
        recognizer=recognizer,
        target=target.recipe.to_json(),
        target_sha256=target.sha256,
        settings=dict(settings),
        inputs=tuple(inputs),
        split=split,
        controls=ControlSpec(permutations, "stored", probe=False),
        seed=order.seed,
        metric=metric or ("balanced_accuracy" if target.classes else "mae"),
    )
    prepared = prepare(study, corpus, target, experiment, cancelled=order.cancelled)
    sha256 = prepared.experiment.sha256
    known = next((run for run in runs_of(study.folder) if run.experiment.sha256 == sha256), None)
    run = known or create(study, prepared)
    if run.state != "finished":
        with in_words():
            # Small networks are trained before a process of their own has started.
            here = Here() if order.is_quick else None
            run = work(run, workers=order.workers or 1, cancelled=order.cancelled, pool=here)
    if run.state != "finished":
        if order.cancelled():
            raise CancelledError("stopped")
        raise EvaluatingError(f"{recognizer}: the run is {run.state}. Run the command again to go on.")
    return run


def controls(runs: Mapping[str, Run]) -> tuple[str, ...]:
    """Return the controls of runs, by what they are called, in words: what several share stands once."""
    names: dict[str, list[str]] = {}
    for name, run in runs.items():
        for line in control_lines(run.result or {}):
            names.setdefault(line.strip(), []).append(name)
    every = len(runs)
    return tuple(
        line if len(whose) == every else f"{', '.join(whose)}: {line}" for line, whose in names.items()
    )


def value(run: Run, name: str) -> float | None:
    """Return a metric of a run's result, None where it is undefined."""
    each = ((run.result or {}).get("metrics") or {}).get(name) or {}
    known = each.get("value")
    return None if known is None else float(known)
