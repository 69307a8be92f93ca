"""The result of a run: every number of it, from its stored predictions, with intervals and controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.evaluation.controls import (
    baseline_facts,
    is_of_people,
    permutation_facts,
    stored_permutations,
)
from analysis.evaluation.intervals import interval_of
from analysis.evaluation.jobs import permutation_values
from analysis.evaluation.label_scores import labels_of
from analysis.evaluation.metrics import assess, by_trial, metrics_for, sums_of, value_of
from analysis.evaluation.probe import identity_probe
from analysis.evaluation.run_folder import Predictions, Run
from analysis.evaluation.search import ON_FOLDS
from analysis.evaluation.splits import TRIAL
from analysis.evaluation.step_scores import steps_of
from analysis.evaluation.steps import is_transductive

Never = Callable[[], bool]
VERSION = 1
SEARCHED = "; settings are those searched with the true answers, which makes p too small"


def result_of(run: Run, cancelled: Never = lambda: False) -> dict[str, Any]:
    """Return what result.json holds; raises RunError where no fold is finished, CancelledError.

    Beside what `metrics.assess` returns, each metric with its `interval`: `primary` (its name), `trials` (the
    same, one vote a trial, where cases are windows), `labels` (several ratings at once, see `label_scores`),
    `tasks` (each ordered pair of a split by domains by itself), `steps` (of recognizers that decide step by
    step), `baseline`, `controls`, `missing` folds with the
    reason, `notes` to be told wherever a number is, and `watermark` ("" unless figures may be shown only).
    """
    predictions = run.predictions()
    found = assess(predictions)
    _with_intervals(found, predictions, run.experiment.seed, cancelled)
    found["primary"] = run.experiment.metric
    trials = len(np.unique(predictions.cases.groups(TRIAL)))
    once = len(np.unique(predictions.cases.id)) == len(predictions)
    if once and trials < len(predictions):
        voted = by_trial(predictions)
        found["trials"] = assess(voted)
        _with_intervals(found["trials"], voted, run.experiment.seed, cancelled)
    if len(predictions.outputs) > 1:
        middles = run.facts.get("middles", {})
        found["labels"] = labels_of(predictions, middles, run.experiment.seed, cancelled)
    if run.division.repeats:
        found["tasks"] = _tasks(predictions, run.experiment.seed, cancelled)
    steps = steps_of(run, cancelled)
    if steps is not None:
        found["steps"] = steps
    found["baseline"] = baseline_facts(run, predictions)
    found["controls"] = controls_of(run, predictions, cancelled)
    found["missing"] = [
        {"fold": each.name, "state": each.state, "why": each.why}
        for each in run.folds
        if each.state != "finished"
    ]
    found["notes"] = notes_of(run)
    found["watermark"] = watermark_of(run)
    found["version"] = VERSION
    return found


def _tasks(predictions: Predictions, seed: int, cancelled: Never) -> list[dict[str, Any]]:
    found = []
    for name in dict.fromkeys(predictions.fold.tolist()):
        own = predictions.rows(np.flatnonzero(predictions.fold == name))
        each = assess(own)
        _with_intervals(each, own, seed, cancelled)
        found.append({"fold": name, "cases": len(own), "metrics": each["metrics"]})
    return found


def _with_intervals(found: dict[str, Any], predictions: Predictions, seed: int, cancelled: Never) -> None:
    for name, each in intervals(predictions, seed, cancelled).items():
        found["metrics"][name]["interval"] = each


def intervals(predictions: Predictions, seed: int, cancelled: Never = lambda: False) -> dict[str, Any]:
    """Return the 95 % interval of every metric: participants drawn again, method named."""
    people = predictions.cases.participant.tolist()
    return {
        name: interval_of(sums_of(name, predictions), people, seed, cancelled)
        for name in metrics_for(predictions)
    }


def controls_of(run: Run, predictions: Predictions, cancelled: Never = lambda: False) -> dict[str, Any]:
    """Return the controls that the experiment asks for: `permutations` and `probe`."""
    spec, found = run.experiment.controls, {}
    if spec.permutations:
        metric = run.experiment.metric
        observed = value_of(metric, predictions).value
        if spec.permutation_kind == "retrained":
            known = permutation_values(run)
            values = np.array([known[number] for number in sorted(known)])
        else:
            seed = run.experiment.seed
            values = stored_permutations(predictions, metric, spec.permutations, seed, cancelled)
        facts = permutation_facts(
            metric, observed, values, spec.permutation_kind, is_of_people(predictions.cases, predictions.y)
        )
        if spec.permutation_kind == "retrained" and run.experiment.search.sets:
            facts["words"] += SEARCHED
        found["permutations"] = facts
    if spec.probe:
        # A run whose inputs were removed keeps what its probe found.
        found["probe"] = run.controls().get("probe") or identity_probe(run.batch(), run.experiment.seed)
    return found


def notes_of(run: Run) -> list[str]:
    """Return what must be said wherever a number of the run is shown."""
    notes = [run.division.words, *run.division.notes]
    transductive = is_transductive(run.experiment.steps or ())
    if transductive:
        notes.append(
            f"Transductive: {' and '.join(transductive)} used unlabelled cases of the tested participants."
        )
    before = run.guards_before("")
    notes += [
        f"{line.words}." for line in before.lines if line.guard == "transductive" and line.state == "told"
    ]
    facts = [run.fold_facts(each.name) for each in run.folds if each.state == "finished"]
    later = sum("code_sha256" in each for each in facts)
    if later:
        notes.append(
            f"{later} of {len(facts)} folds were trained after the analysis code had changed."
            " Rerun it to have one code throughout."
        )
    search = run.experiment.search
    if search.sets:
        how = "inside each training side" if search.nested else ON_FOLDS
        notes.append(f"{_tried(run)} sets of settings were tried: {how}.")
    told = dict.fromkeys(
        words
        for status in run.folds
        if status.state == "finished"
        for words in run.fold_facts(status.name).get("told", ())
    )
    notes += list(told)[:5]
    if len(told) > 5:
        notes.append(f"{len(told) - 5} more remarks stand in the folds.")
    notes += list(run.facts.get("warnings", ()))
    return notes


def _tried(run: Run) -> int:
    """Return how many sets a search has tried: a grid may have fewer than were asked for."""
    finished = (run.fold_facts(each.name) for each in run.folds if each.state == "finished")
    return max((len((facts.get("search") or {}).get("tried", ())) for facts in finished), default=0)


def watermark_of(run: Run) -> str:
    """Return what a figure must carry across it, "" for nothing."""
    if run.division.leaky:
        return "LEAKY: to be shown only"
    if run.experiment.search.sets and not run.experiment.search.nested:
        return "TUNED ON THE TEST: to be shown only"
    return ""
