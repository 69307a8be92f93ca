"""`evoke evaluate`: a recognizer tested on a study, with intervals and controls."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.evaluation.compare import CompareError, compare
from analysis.evaluation.experiment import ControlSpec, Experiment, SearchSpec, SplitSpec
from analysis.evaluation.run_folder import Run, open_run, runs_of
from analysis.evaluation.runner import Heard, work
from analysis.evaluation.standing import standing
from analysis.evaluation.workers import available
from analysis.features.as_live import live_inputs
from analysis.recognizers.table import recognizer_class
from analysis.targets.recipe import Target
from app.analysing.combining import FOLDER, check_combinations, plan_combinations, work_on_combinations
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import (
    EvaluatingError,
    Prepared,
    complete,
    create,
    in_words,
    prepare,
    recipe_of,
    without,
)
from app.analysing.evaluating_words import comparison_lines, prepared_lines, result_lines, table_lines
from app.analysing.plans import Plan, freeze_plan, load_plan
from app.analysing.targets import make_target, recipe_named
from app.analysing.training import train_run
from app.study import Study

STORED_PERMUTATIONS = 999
RETRAINED_PERMUTATIONS = 99
EVERY_S = 1.0
BATCH = "batch"
"""A run's inputs, which are there until it is finished."""


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate recognizers on a study, or finish a run that was stopped."""
    if options.resume is not None:
        return _resume(options)
    if options.study is None:
        raise EvaluatingError("evaluate: name a study (--study DIR), or a run to finish (--resume RUN).")
    study = Study.open(options.study)
    with in_words():
        corpus = study_corpus(study)
    plan = load_plan(study, options.plan) if options.plan else None
    experiments = plan.experiments if plan else _experiments(study, corpus, options)
    if options.freeze:
        return _freeze(study, corpus, experiments, options)
    bar = _Bar(quiet=options.json)
    workers = options.workers or available()
    prepared = [_prepare(study, corpus, each, plan, workers, bar) for each in experiments]
    bar.end()
    if options.dry:
        return _dry(prepared, options)
    for each in prepared if options.combinations else ():
        check_combinations(each)
    runs = [create(study, each, options.out) for each in prepared]
    if options.combinations:
        for run in runs:
            plan_combinations(run)
    return _finish(runs, study, options)


def _resume(options: argparse.Namespace) -> int:
    with in_words():
        run = open_run(options.resume)
    if (run.folder / BATCH).is_dir() and (options.combinations or (run.folder / FOLDER).is_dir()):
        # Whoever was killed while they were made has left some of them out.
        plan_combinations(run)
    return _finish([run], Study.containing(run.folder), options)


def _finish(runs: list[Run], study: Study | None, options: argparse.Namespace) -> int:
    """Work on runs one after the other; tell what came of them."""
    bar = _Bar(quiet=options.json)

    def do(run: Run) -> Run:
        with in_words():
            return work(run, workers=options.workers, cluster=options.cluster, heard=bar.heard)

    told: list[dict[str, Any]] = []
    done = []
    for run in runs:
        bar.begin(run)
        run = run if run.state == "finished" else do(run)
        done.append(run)
        table = None
        if run.state != "cancelled" and (run.folder / FOLDER).is_dir():
            table = work_on_combinations(run, lambda part: do(bar.begin(part)))
        bar.end()
        model = None
        if options.save and run.state == "finished":
            model = str(train_run(study or _study_of(run), run))
        told.append(_told(run, study, table) | {"model": model})
        if not options.json:
            print("\n".join(result_lines(told[-1])))
            if model is not None:
                print(f"  trained on all cases: {model}")
            if table is not None:
                print("\n".join(table_lines(table)))
    comparison = _compared(done)
    if options.json:
        print(json.dumps({"runs": told, "comparison": comparison}, ensure_ascii=False))
    elif comparison is not None:
        print("\n".join(comparison_lines(comparison)))
    whole = all(run.state == "finished" for run in done)
    parts = all(
        len(each["combinations"]["rows"]) == each["combinations"]["combinations"]
        for each in told
        if each["combinations"] is not None
    )
    return 0 if whole and parts else 1


def _study_of(run: Run) -> Study:
    raise EvaluatingError(f"{run.folder}: lies in no study, whose recordings are needed for --save.")


def _told(run: Run, study: Study | None, table: Mapping[str, Any] | None) -> dict[str, Any]:
    runs = runs_of(study.folder) if study is not None else ()
    return {
        "run": run.name,
        "folder": str(run.folder),
        "state": run.state,
        "standing": standing(run, runs).words,
        "experiment": run.experiment.to_json(),
        "sha256": run.experiment.sha256,
        "folds": [
            {"name": each.name, "state": each.state, "seconds": each.seconds, "why": each.why}
            for each in run.folds
        ],
        "guards": run.guards.to_json(),
        "lost": run.facts.get("lost", []),
        "result": run.result,
        "combinations": table,
    }


def _compared(runs: list[Run]) -> dict[str, Any] | None:
    names = [run.experiment.recognizer for run in runs]
    once = len(set(names)) == len(names)
    finished = {
        run.experiment.recognizer if once else run.name: run.predictions()
        for run in runs
        if run.result is not None
    }
    if len(finished) < 2:
        return None
    try:
        return compare(finished, runs[0].experiment.metric, runs[0].experiment.seed).to_json()
    except CompareError as error:
        # Hours of work are done, and are told all the same.
        print(f"not compared: {error}", file=sys.stderr)
        return None


def _experiments(study: Study, corpus: Corpus, options: argparse.Namespace) -> tuple[Experiment, ...]:
    if not options.recognizer or not options.target:
        raise EvaluatingError(
            "evaluate: name a recognizer (--recognizer, see evoke recognizers) and a target (--target, see"
            " evoke targets STUDY)."
        )
    with in_words():
        target = make_target(study, corpus, recipe_named(study, corpus, options.target))
        asked = tuple(_experiment(name, target, options) for name in options.recognizer)
    return tuple(as_live(each, corpus, options.as_live) for each in asked) if options.as_live else asked


def _experiment(name: str, target: Target, options: argparse.Namespace) -> Experiment:
    count = options.permutations
    if count is None:
        count = RETRAINED_PERMUTATIONS if options.retrain else STORED_PERMUTATIONS
    if options.search_on_folds and not options.search:
        raise EvaluatingError("--search-on-folds says where --search N looks: give --search too.")
    metric = options.metric
    if not target.classes and metric == "balanced_accuracy":
        metric = "ccc"
    return Experiment(
        recognizer=name,
        target=target.recipe.to_json(),
        target_sha256=target.sha256,
        settings=settings_of(name, options.settings),
        modalities=tuple(options.modalities),
        split=SplitSpec(options.split, options.k, options.seed, options.domain),
        search=SearchSpec(options.search, nested=not options.search_on_folds),
        controls=ControlSpec(
            count, "retrained" if options.retrain else "stored", masking=bool(options.combinations)
        ),
        seed=options.seed,
        metric=metric,
    )


def as_live(experiment: Experiment, corpus: Corpus, memory_s: float) -> Experiment:
    """Return an experiment whose inputs know the last `memory_s` of each span and nothing after it."""
    with in_words():
        whole = complete(experiment, corpus)
        return replace(whole, inputs=live_inputs(whole.inputs, memory_s))


def settings_of(recognizer: str, given: list[tuple[str, str]]) -> dict[str, Any]:
    """Return settings as values of the kind that their defaults are; raises EvaluatingError."""
    with in_words():
        known = recognizer_class(recognizer).card.defaults()
    found: dict[str, Any] = {}
    for name, text in given:
        if name not in known:
            raise EvaluatingError(
                f"--set {name}: {recognizer} has no such setting. There are: {', '.join(known) or 'none'}."
            )
        found[name] = _value(name, text, known[name])
    return found


def _value(name: str, text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    try:
        value = json.loads(text.lower() if isinstance(default, bool) else text)
    except ValueError:
        value = None
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value),
    }
    if not fits.get(type(default), value is not None):
        kind = {bool: "true or false", int: "a whole number", float: "a number"}.get(type(default), "JSON")
        raise EvaluatingError(f"--set {name}={text}: this setting takes {kind}.")
    return float(value) if isinstance(default, float) else value


def _prepare(
    study: Study, corpus: Corpus, experiment: Experiment, plan: Plan | None, workers: int, bar: _Bar
) -> Prepared:
    with in_words():
        used = without(corpus, plan.excluded) if plan is not None else corpus
        target = make_target(study, used, recipe_of(experiment))
    told = partial(bar.computed, experiment.recognizer)
    return prepare(study, used, target, experiment, plan=plan, workers=workers, progress=told)


def _freeze(
    study: Study, corpus: Corpus, experiments: tuple[Experiment, ...], options: argparse.Namespace
) -> int:
    plan = freeze_plan(study, options.freeze, [complete(each, corpus) for each in experiments], corpus)
    if options.json:
        print(json.dumps(plan.to_json() | {"sha256": plan.sha256}, ensure_ascii=False))
    else:
        print(
            f"plan {plan.name} is frozen: {plan.frozen_utc}, {len(plan.participants)} participants present,"
            f" sha256 {plan.sha256}"
        )
    return 0


def _dry(prepared: list[Prepared], options: argparse.Namespace) -> int:
    told = [
        {
            "experiment": each.experiment.to_json(),
            "sha256": each.experiment.sha256,
            "words": each.division.words,
            "notes": list(each.division.notes),
            "leaky": each.division.leaky,
            "cost": each.cost,
            "folds": [
                {
                    "name": fold.name,
                    "train": len(fold.train),
                    "validation": len(fold.validation),
                    "test": len(fold.test),
                }
                for fold in each.division.folds
            ],
            "guards": each.guards.to_json(),
            "lost": each.facts["lost"],
            "warnings": each.facts["warnings"],
        }
        for each in prepared
    ]
    if options.json:
        print(json.dumps({"dry": told}, ensure_ascii=False))
    else:
        for each in prepared:
            print("\n".join(prepared_lines(each)))
    return 1 if any(each.guards.stopped for each in prepared) else 0


class _Bar:
    """One line on the terminal that says how far the work is; nothing where nobody looks."""

    def __init__(self, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._label = ""
        self._next = 0.0

    def begin(self, run: Run) -> Run:
        """Name what is worked on; returns it."""
        self._label = run.name
        return run

    def computed(self, recognizer: str, share: float) -> None:
        """Show how many of the inputs are computed; what the study's store holds takes no time."""
        now = time.monotonic()
        if self._shown and now >= self._next:
            self._next = now + EVERY_S
            print(f"\r{recognizer}: inputs {share:.0%}".ljust(100), end="", file=sys.stderr, flush=True)

    def heard(self, heard: Heard) -> None:
        """Show how far it is."""
        if heard.state in ("failed", "stopped"):
            self.end()
            print(f"{self._label}: {heard.name}: {heard.state} {heard.why}".rstrip(), file=sys.stderr)
        now = time.monotonic()
        if self._shown and (now >= self._next or heard.done == heard.of):
            self._next = now + EVERY_S
            left = "" if heard.seconds_left is None else f", {_duration(heard.seconds_left)} left"
            line = f"{self._label}: {heard.done} of {heard.of} {heard.what}{left}"
            print(f"\r{line:<100}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the line."""
        if self._shown:
            print(f"\r{'':<100}\r", end="", file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
