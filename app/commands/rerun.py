"""`evoke rerun`: the same experiment again, every input checked, old numbers against new ones."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from analysis.evaluation.differences import Number, fold_differences, numbers_of
from analysis.evaluation.run_folder import Run, create_run, open_run
from analysis.evaluation.runner import work
from analysis.targets.recipe import Target
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import (
    EvaluatingError,
    changes,
    free_folder,
    in_words,
    prepare,
    recipe_of,
    without,
)
from app.analysing.plans import Plan, PlanError, load_plan
from app.analysing.targets import make_target
from app.study import Study

FOLDER = "reruns"
_HEAD = ("metrics.", "trials.metrics.", "participants[", "baseline.", "controls.", "confusion.")


def rerun(options: argparse.Namespace) -> int:
    """Repeat a run and tell what is not as it was; exit status 1 where anything differs."""
    with in_words():
        old = open_run(options.run)
    if old.result is None:
        raise EvaluatingError(
            f"{old.name}: has no result to compare with. Finish it: evoke evaluate --resume."
        )
    study = Study.containing(old.folder)
    if study is None:
        raise EvaluatingError(f"{old.folder}: lies in no study, whose recordings are needed.")
    with in_words():
        corpus = study_corpus(study)
        plan = _plan(study, old)
        used = without(corpus, plan.excluded) if plan is not None else corpus
        target: Target = make_target(study, used, recipe_of(old.experiment))
    changed = changes(study, old, target)
    prepared = prepare(study, used, target, old.experiment, plan=plan)
    folder = free_folder(old.folder / FOLDER, "rerun")
    with in_words():
        run = create_run(
            folder,
            prepared.experiment,
            prepared.batch,
            prepared.division,
            prepared.guards,
            {**prepared.facts, "rerun_of": old.name},
        )
        run = work(run, workers=options.workers)
    if run.result is None:
        raise EvaluatingError(f"{run.folder}: no fold could be repeated. Its folds say why.")
    numbers = numbers_of(old.result, run.result)
    folds = fold_differences(old, run)
    differs = [each for each in numbers if each.differs]
    same = not differs and set(folds.values()) <= {"the same bits"}
    told: dict[str, Any] = {
        "run": old.name,
        "rerun": str(run.folder),
        "state": run.state,
        "changed": changed,
        "same": same,
        "folds": folds,
        "numbers": [
            {"place": each.place, "old": each.old, "new": each.new, "differs": each.differs}
            for each in numbers
        ],
    }
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(_lines(told, numbers, differs)))
    if same:
        # What repeats to the last number need not be kept twice.
        shutil.rmtree(run.folder, ignore_errors=True)
    return 0 if same else 1


def _plan(study: Study, run: Run) -> Plan | None:
    known = run.facts.get("plan")
    if not known:
        return None
    plan = load_plan(study, str(known["name"]))
    if known["sha256"] not in (plan.sha256, *plan.before):
        raise PlanError(f"plan {plan.name}: is not the one that {run.name} was made by.")
    return plan


def _lines(told: dict[str, Any], numbers: Sequence[Number], differs: Sequence[Number]) -> Iterator[str]:
    yield f"{told['run']}: run again"
    for each in told["changed"] or [
        "every recording, label file, the target, the code and packages: unchanged"
    ]:
        yield f"  {each}"
    for name, how in told["folds"].items():
        yield f"  fold {name}: {how}"
    shown = [each for each in numbers if each.place.startswith(_HEAD) and ".values[" not in each.place]
    yield f"  {'number':<58}{'old':>14}{'new':>14}"
    for each in [each for each in shown if each.differs] + [each for each in shown if not each.differs]:
        if isinstance(each.old, bool) or each.old is each.new is None:
            continue
        mark = "  differs" if each.differs else ""
        yield f"  {each.place:<58}{_number(each.old):>14}{_number(each.new):>14}{mark}"
    if told["same"]:
        yield f"  all {len(numbers)} numbers are the same"
    else:
        yield f"  {len(differs)} of {len(numbers)} numbers differ; the repeated run: {told['rerun']}"


def _number(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
