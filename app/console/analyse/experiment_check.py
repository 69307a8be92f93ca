"""The look before a run: inputs are computed, every guard is asked, a part of a fold is timed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analysis.evaluation.experiment import Experiment
from analysis.evaluation.fold import evaluate_fold
from analysis.evaluation.guards import GuardReport, LeakError
from analysis.evaluation.jobs import training_of
from analysis.evaluation.run_folder import runs_of
from analysis.evaluation.steps import StepError
from analysis.evaluation.workers import available
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.targets.recipe import TargetError
from app.analysing.evaluating import Prepared, prepare
from app.analysing.plans import as_planned, plans_of
from app.console.analyse.apart import Apart
from app.console.analyse.experiment_wanted import Wanted
from app.console.analyse.known import material_of, target_of
from app.console.analyse.waiting import Told
from app.study import Study

ENOUGH_S = 3.0
FEW_CASES = 200
WORKER_MB = 350.0
"""What a worker needs before it has any data."""
SIGNS = {"stopped": "✗", "shown": "!", "told": "i", "passed": "✓"}
STATES = {"stopped": "stops it", "shown": "broken, shown only", "told": "to be told", "passed": "passed"}


@dataclass(frozen=True)
class Checked:
    """What the look before found.

    `plan` is the frozen plan that it is, "" for none. `fold_s` estimates one fold, `from_run` names
    the run it was taken from.
    """

    wanted: Wanted
    plan: str
    report: GuardReport
    warnings: tuple[str, ...]
    cases: int
    folds: int
    fits: int
    fold_s: float | None
    from_run: str
    workers: int
    memory_mb: float

    @property
    def minutes(self) -> float | None:
        """Minutes of the whole run, None where nothing could be timed."""
        if self.fold_s is None:
            return None
        return self.fold_s * self.fits / max(1, min(self.workers, self.fits)) / 60


class _EnoughError(Exception):
    """Enough epochs were seen."""


def check(study: Study, wanted: Wanted, apart: Apart, told: Told) -> Checked:
    """Look before a run, in a process of its own; raises EvokeError, CancelledError."""
    found: Checked = apart.ask(f"{__name__}:check_here", (study.folder, wanted), told)
    return found


def check_here(folder: Path, wanted: Wanted, told: Told) -> Checked:
    """Look before a run; raises EvokeError with one clear message, CancelledError."""
    told(0, 0, "recordings")
    study = Study.open(folder)
    material = material_of(study)
    recipe = material.recipe(wanted.target)
    target = "There is no such target." if recipe is None else target_of(study, recipe)
    if isinstance(target, str):
        raise TargetError(target)
    prepared = prepare(
        study,
        material.corpus,
        target,
        wanted.experiment(target),
        progress=lambda share: told(round(100 * share), 100, "computing the inputs"),
        cancelled=told.cancelled,
    )
    fold_s, from_run = None, ""
    if not prepared.guards.stopped:
        told(0, 0, "timing a fold")
        fold_s, from_run = _fold_seconds(study, wanted, prepared, told)
    batch, search = prepared.batch, prepared.experiment.search
    fits = len(prepared.division.folds) * (search.sets * (search.inner_k if search.nested else 1) + 1)
    if wanted.permutation_kind == "retrained":
        fits += len(prepared.division.folds) * wanted.permutations
    if wanted.combinations:
        fits *= 2 ** len(batch.inputs) - 1
    size = sum(each.values.nbytes for each in batch.inputs.values()) / 1e6
    workers = min(available(), len(prepared.division.folds))
    return Checked(
        wanted,
        plan_for(study, prepared.experiment),
        prepared.guards,
        prepared.warnings,
        len(batch),
        len(prepared.division.folds),
        fits,
        fold_s,
        from_run,
        workers,
        workers * (WORKER_MB + 2 * size) + size,
    )


def plan_for(study: Study, experiment: Experiment) -> str:
    """Return the name of the first frozen plan that is this experiment and no other, "" for none."""
    for plan in plans_of(study):
        if len(plan.experiments) == 1 and plan.covers(experiment):
            return plan.name
    return ""


def _fold_seconds(study: Study, wanted: Wanted, prepared: Prepared, told: Told) -> tuple[float | None, str]:
    """Return seconds a fold: those of the newest run alike, else of a part of one that is trained now."""
    planned = as_planned(prepared.experiment)
    for run in reversed(runs_of(study.folder)):
        if as_planned(run.experiment) == planned and len(run.cases) == len(prepared.batch):
            times = [fold.seconds for fold in run.folds if fold.seconds is not None]
            if times:
                search = prepared.experiment.search
                fits = search.sets * (search.inner_k if search.nested else 1) + 1
                return float(np.mean(times)) / fits, run.name
    return _timed(prepared, wanted, told), ""


def _timed(prepared: Prepared, wanted: Wanted, told: Told) -> float | None:
    fold = max(prepared.division.folds, key=lambda each: len(each.train))
    random = np.random.default_rng(wanted.seed)
    rows = np.sort(random.permutation(fold.train)[:FEW_CASES])
    part = replace(fold, train=rows)
    seen: list[tuple[int, int, float]] = []
    began = time.perf_counter()

    def heard(epoch: int, epochs: int, losses: Mapping[str, float]) -> None:
        del losses
        seen.append((epoch, epochs, time.perf_counter() - began))
        told(epoch, epochs, "timing a fold")
        if seen[-1][2] - seen[0][2] > ENOUGH_S:
            raise _EnoughError

    training = training_of(prepared.experiment, fold.name)
    context = Context(wanted.seed, told.cancelled, heard)
    try:
        evaluate_fold(prepared.batch, part, training, context, explain=False)
        seconds = time.perf_counter() - began
    except _EnoughError:
        seconds = whole_seconds(seen)
    except (LeakError, RecognizerError, StepError):
        return None
    return seconds * len(fold.train) / max(1, len(rows))


def whole_seconds(seen: Sequence[tuple[int, int, float]]) -> float:
    """Return how long all epochs take, by (epoch, epochs, seconds since the start) of some of them.

    What passed before the first one, loading of libraries too, counts once.
    """
    (first, _, began_s), (last, epochs, spent_s) = seen[0], seen[-1]
    each_s = (spent_s - began_s) / max(1, last - first)
    return began_s + each_s * (epochs - first)


def guard_rows(report: GuardReport) -> list[list[str]]:
    """Return the rows of the table of guards."""
    return [
        [f"{SIGNS[line.state]} {STATES[line.state]}", line.guard, line.words, line.fold or "all"]
        for line in report.lines
    ]


def cost_words(found: Checked) -> str:
    """Return folds, time and memory in one line."""
    told = [f"planned ({found.plan})"] if found.plan else []
    told += [f"{found.cases} cases", f"{found.folds} folds" if found.folds != 1 else "1 fold"]
    if found.fits != found.folds:
        told.append(f"{found.fits} trainings")
    minutes = found.minutes
    if minutes is not None:
        how = f"as in {found.from_run}" if found.from_run else "from a part of a fold"
        told.append(f"{duration_words(minutes)} with {found.workers} workers ({how})")
    told.append(f"about {max(0.1, round(found.memory_mb / 100) / 10):g} GB of memory")
    return ", ".join(told)


def duration_words(minutes: float) -> str:
    """Return about how long something takes."""
    if minutes < 1:
        return "under a minute"
    if minutes < 90:
        return f"about {round(minutes)} min"
    return f"about {minutes / 60:.1f} h"
