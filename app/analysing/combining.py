"""The table of all combinations of modalities: a run for each, and fusions at decision level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from analysis.corpus.cases import Batch, Rows
from analysis.evaluation.combinations import fused, groups_of, masked_rows, row_of, subsets
from analysis.evaluation.experiment import ControlSpec, Experiment
from analysis.evaluation.files import write_json
from analysis.evaluation.guards import check_division
from analysis.evaluation.label_scores import label_table
from analysis.evaluation.run_folder import Run, create_run, open_run
from analysis.evaluation.splits import SplitError, divide
from analysis.recognizers.table import RECOGNIZERS, recognizer_class
from app.analysing.evaluating import EvaluatingError, Prepared, in_words

FOLDER = "combinations"
REGRESSION = "-regression"
VARIANTS = {"P": "bio", "V": "face", "P+V": "both"}
"""What Comas et al. calls the combinations of body signals and face."""
Work = Callable[[Run], Run]


def check_combinations(prepared: Prepared) -> None:
    """Raise EvaluatingError where there is one modality only, or one that cannot be tested by itself."""
    batch, experiment = prepared.batch, prepared.experiment
    groups = groups_of(experiment.inputs, tuple(batch.inputs))
    if len(groups) < 2:
        held = ", ".join(batch.inputs)
        raise EvaluatingError(f"--combinations: there is one modality only ({held}). Choose more.")
    if experiment.split.kind == "domains":
        raise EvaluatingError("--combinations: not with a split by domains. Take another split.")
    share = recognizer_class(experiment.recognizer).card.validation
    for name, inputs in groups.items():
        rows = _with_any(batch, inputs)
        try:
            divide(
                batch.cases.rows(rows), None if batch.y is None else batch.y[rows], experiment.split, share
            )
        except SplitError as error:
            raise EvaluatingError(
                f"--combinations: {name} ({', '.join(inputs)}) cannot be tested by itself, {len(rows)} cases"
                f" have it. {error} Leave it out with --modalities."
            ) from error


def plan_combinations(run: Run) -> dict[str, tuple[str, ...]]:
    """Make a run for each combination of modalities inside a run that is not finished; returns them by name.

    What is there already stays. Raises EvaluatingError.
    """
    with in_words():
        batch = run.batch()
        groups = groups_of(run.experiment.inputs, tuple(batch.inputs))
        found = subsets(groups)
        for name, inputs in found.items():
            if len(inputs) < len(batch.inputs):
                _create(run, name, run.experiment.recognizer, batch, inputs)
        fusion = run.experiment.recognizer + REGRESSION
        if fusion in RECOGNIZERS:
            _create(run, "decision-regression", fusion, batch, tuple(batch.inputs))
    return found


def _create(run: Run, name: str, recognizer: str, batch: Batch, inputs: tuple[str, ...]) -> None:
    folder = run.folder / FOLDER / name
    if folder.exists():
        return
    folder.parent.mkdir(exist_ok=True)
    own, rows = batch.only(inputs), _with_any(batch, inputs)
    if len(rows) < len(batch):
        own = own.rows(rows)
    known = recognizer_class(recognizer).card
    experiment: Experiment = replace(
        run.experiment,
        recognizer=recognizer,
        settings={key: value for key, value in run.experiment.settings.items() if key in known.defaults()},
        inputs=tuple(spec for spec in run.experiment.inputs if spec.name in inputs),
        modalities=inputs,
        controls=ControlSpec(probe=False),
    )
    division = divide(own.cases, own.y, experiment.split, known.validation)
    facts = {**run.facts, "part_of": run.name}
    guards = check_division(own, division, steps=experiment.steps or ())
    create_run(folder, experiment, own, division, guards, facts)


def _with_any(batch: Batch, inputs: Sequence[str]) -> Rows:
    """Return the rows that have at least one of these inputs."""
    return np.flatnonzero(reduce(np.logical_or, (batch.inputs[name].present for name in inputs)))


def work_on_combinations(run: Run, do: Work) -> dict[str, Any]:
    """Work on the run of every combination, then write and return combinations.json.

    `do` works on one run and returns it; it is not called for those that are finished.
    """
    for folder in sorted((run.folder / FOLDER).iterdir()):
        if (folder / "experiment.json").exists():
            with in_words():
                each = open_run(folder)
                # One that cannot be finished (a fold failed) keeps none of the others from being done.
                if each.state != "finished" and do(each).state == "cancelled":
                    break
    table = table_of(open_run(run.folder))
    write_json(run.folder / "combinations.json", table)
    return table


def table_of(run: Run) -> dict[str, Any]:
    """Return the table: `rows` trained anew for each, `masked` predicted by the whole one, `fusion` rows."""
    with in_words():
        held = [spec.name for spec in run.experiment.inputs]
        parts = {
            path.name: open_run(path)
            for path in (run.folder / FOLDER).iterdir()
            if (path / "experiment.json").exists()
        }
        inputs = {name for each in parts.values() for name in each.experiment.modalities}
        groups = groups_of(run.experiment.inputs, [name for name in held if name in inputs])
        rows = []
        for name, names in subsets(groups).items():
            source = parts.get(name, run)
            if source.result is not None:
                rows.append(row_of(name, names, source.predictions()))
        masked = masked_rows(run, groups) if run.experiment.controls.masking else []
        return {
            "groups": {name: list(names) for name, names in groups.items()},
            "combinations": len(subsets(groups)),
            "rows": rows,
            "masked": masked,
            "fusion": _fusions(run, parts, groups),
            "labels": _labels(run, parts, groups),
        }


def _labels(run: Run, parts: Mapping[str, Run], groups: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accuracy of each label by combination (Comas et al.), {} without several labels."""
    if len(run.outputs) < 2:
        return {}
    found = {
        VARIANTS[name] if set(groups) == {"P", "V"} else name: parts.get(name, run).predictions()
        for name in subsets(groups)
        if parts.get(name, run).result is not None
    }
    return label_table(found, run.facts.get("middles", {})) if found else {}


def _fusions(run: Run, parts: Mapping[str, Run], groups: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not run.classes or run.result is None:
        return []
    rows = [row_of("modality level", list(groups), run.predictions())]
    single = {name: parts[name].predictions() for name in groups if name in parts and parts[name].result}
    if len(single) == len(groups):
        for kind in ("sum", "max"):
            rows.append(row_of(f"decision level, {kind}", list(groups), fused(kind, single)))
    regression = parts.get("decision-regression")
    if regression is not None and regression.result:
        rows.append(row_of("decision level, logistic regression", list(groups), regression.predictions()))
    return rows
