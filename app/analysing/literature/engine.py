"""A recognizer through the engine for a paper's table: cases, folds and guards, run, controls in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.corpus.cases import InputSpec
from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.evaluation.run_folder import Run
from analysis.recognizers.recognizer import CancelledError
from analysis.targets.recipe import Target
from app.analysing.evaluating import prepare
from app.analysing.evaluating_words import control_lines
from app.analysing.literature.finishing import guard_words, missing_words, worked
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
    """Return a run at its end; one of the same experiment that is there already is not repeated.

    `folds` 0: one participant out, else k folds of participants. Folds that a guard stopped are missing in
    its result, and `controls` says so. Raises EvokeError, CancelledError.
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
    return worked(study, prepared, replace(order, workers=order.workers or 1))


def controls(runs: Mapping[str, Run]) -> tuple[str, ...]:
    """Return the controls of runs, by what they are called, in words: what several share stands once.

    With what the guards said, and the folds that gave no figure.
    """
    names: dict[str, list[str]] = {}
    for name, run in runs.items():
        result = run.result or {}
        for line in (*control_lines(result), guard_words(run), missing_words(result)):
            if line:
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
