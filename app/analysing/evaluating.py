"""From a study and an experiment to a run: cases, folds and guards first, then the run's folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.building import build
from analysis.corpus.cases import Batch
from analysis.corpus.corpus import Corpus, CorpusError, Left
from analysis.corpus.cutting import TEXT
from analysis.corpus.texts import transcript_sha256
from analysis.corpus.warming import warm
from analysis.evaluation import provenance
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.files import file_sha256
from analysis.evaluation.fitting import fitting_inputs
from analysis.evaluation.guards import GuardReport, LeakError, check_division
from analysis.evaluation.metrics import METRICS, MetricError
from analysis.evaluation.run_folder import RESULTS, Run, RunError, create_run
from analysis.evaluation.splits import Division, SplitError, divide
from analysis.evaluation.steps import StepError, step_named
from analysis.evaluation.usable import resolved, usable
from analysis.evaluation.workers import WorkersError
from analysis.features.feature import FeatureError
from analysis.features.store import Store
from analysis.recognizers.recognizer import RecognizerError
from analysis.recognizers.table import recognizer_class
from analysis.session_file import SessionFileError
from analysis.targets.recipe import Lost, Recipe, Target, TargetError
from app.analysing.domains import domains_named
from app.analysing.plans import Plan, PlanError, plan_of
from app.analysing.target_labels import label_sha256
from app.analysing.targets import middles_of
from app.study import Study
from app.study_files import utc_now
from stimuli.problems import EvokeError

FEATURES = Path("derivatives") / "features"
WITHDRAWN = {"recordings": "recording", "labels": "label file"}


class EvaluatingError(EvokeError):
    """An experiment cannot be evaluated; the text is the one clear message."""


_EXPECTED = (
    CorpusError,
    FeatureError,
    LeakError,
    MetricError,
    RecognizerError,
    RunError,
    SessionFileError,
    SplitError,
    StepError,
    TargetError,
    WorkersError,
)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what the analysis rooms raise on purpose into one clear message."""
    try:
        yield
    except _EXPECTED as error:
        raise EvaluatingError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that can be known before anything is trained. `lost` trials, with why; `facts` go into the run."""

    experiment: Experiment
    batch: Batch
    division: Division
    guards: GuardReport
    lost: tuple[Lost, ...]
    warnings: tuple[str, ...]
    facts: Mapping[str, Any]

    @property
    def cost(self) -> str:
        """What will be trained, in words."""
        folds, sets = len(self.division.folds), self.experiment.search.sets
        trainings = folds
        if sets:
            trainings += (
                folds * sets * (self.experiment.search.inner_k if self.experiment.search.nested else 1)
            )
        if self.experiment.controls.permutation_kind == "retrained":
            trainings += folds * self.experiment.controls.permutations
        size = sum(each.values.nbytes for each in self.batch.inputs.values()) / 1e6
        return f"{folds} folds, {trainings} trainings, {len(self.batch)} cases, {size:.1f} MB of inputs"


def _with_inputs(experiment: Experiment, corpus: Corpus) -> tuple[Experiment, tuple[str, ...]]:
    """Return an experiment with inputs that fit the recordings, where it names none, and what was chosen."""
    if experiment.inputs:
        return experiment, ()
    card = recognizer_class(experiment.recognizer).card
    inputs, told = fitting_inputs(card, corpus, experiment.modalities)
    return replace(experiment, inputs=inputs), told


def complete(experiment: Experiment, corpus: Corpus | None = None) -> Experiment:
    """Return an experiment with all that its recognizer's card fills in, as a plan holds it.

    Inputs are those that fit `corpus`, where it is given. Raises EvaluatingError for what is impossible.
    """
    with in_words():
        if corpus is not None:
            experiment, _ = _with_inputs(experiment, corpus)
        metric = METRICS.get(experiment.metric)
        has_classes = metric is None or metric.task == "classes"
        whole = resolved(experiment, recognizer_class(experiment.recognizer).card, has_classes)
        _check(whole, has_classes)
        return whole


def store_of(study: Study) -> Store:
    """Return the study's store of features."""
    return Store(study.folder / FEATURES)


def prepare(
    study: Study,
    corpus: Corpus,
    target: Target,
    experiment: Experiment,
    *,
    plan: Plan | None = None,
    store: Store | None = None,
    workers: int = 1,
    domains: Mapping[str, str] | None = None,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Prepared:
    """Build the cases of an experiment, divide them, and let the guards look.

    `domains` gives each participant's for a split by domains; None: as the split names them. With several
    `workers` inputs that the store does not hold are computed in processes.

    Raises EvaluatingError with one clear message; CancelledError.
    """
    with in_words():
        if plan is not None:
            corpus = without(corpus, plan.excluded)
        card = recognizer_class(experiment.recognizer).card
        experiment, chosen = _with_inputs(experiment, corpus)
        whole = resolved(experiment, card, bool(target.classes))
        _check(whole, bool(target.classes))
        assert whole.cases is not None
        kept, place = _within(target, corpus), store or store_of(study)
        if workers > 1:
            given = (corpus, kept, whole.cases, whole.inputs, place, workers)
            warm(*given, progress=progress, cancelled=cancelled)
        built = build(
            corpus,
            kept,
            whole.cases,
            whole.inputs,
            place,
            progress=progress,
            cancelled=cancelled,
        )
        batch, more = usable(built.batch, card)
        batch = replace(batch, cases=replace(batch.cases, id=np.arange(len(batch), dtype=np.intp)))
        whole = replace(whole, target=target.recipe.to_json(), target_sha256=target.sha256)
        groups = domains
        if groups is None and whole.split.kind == "domains":
            groups = domains_named(study, corpus, whole.split.domain).of
        division = divide(batch.cases, batch.y, whole.split, card.validation, groups)
        guards = check_division(batch, division, steps=whole.steps or ())
    lost = (*built.lost, *more)
    warnings = (*chosen, *built.warnings)
    has_texts = any(spec.modality == TEXT for spec in whole.inputs)
    facts = facts_of(study, corpus, target, batch, lost, warnings, plan, built.files, has_texts)
    return Prepared(whole, batch, division, guards, lost, warnings, facts)


def without(corpus: Corpus, excluded: Mapping[str, str]) -> Corpus:
    """Return a corpus without some participants, the reason kept."""
    gone = [each for each in corpus.recordings if each.participant in excluded]
    names = {each.id for each in gone}
    return replace(
        corpus,
        recordings=tuple(each for each in corpus.recordings if each.id not in names),
        trials=tuple(each for each in corpus.trials if each.recording not in names),
        left_out=(*corpus.left_out, *(Left(each.id, -1, excluded[each.participant]) for each in gone)),
    )


def create(study: Study, prepared: Prepared, out: Path | None = None) -> Run:
    """Write the run's folder (in the study, or in `out`); raises EvaluatingError where guards stop it all."""
    facts = _with_plan(study, prepared)
    with in_words():
        stopped = {line.fold for line in prepared.guards.stopped}
        if "" in stopped or stopped >= {fold.name for fold in prepared.division.folds}:
            prepared.guards.check()
        folder = free_folder(out or study.folder / RESULTS, name_of(prepared.experiment))
        return create_run(
            folder,
            prepared.experiment,
            prepared.batch,
            prepared.division,
            prepared.guards,
            facts,
        )


def _with_plan(study: Study, prepared: Prepared) -> Mapping[str, Any]:
    """Return the facts of a run that begins now, with a plan that covers it where none was named."""
    facts = prepared.facts
    if facts["plan"] is not None:
        return facts
    try:
        plan = plan_of(study, prepared.experiment, utc_now(), facts["participants"])
    except PlanError as error:
        return {**facts, "warnings": [*facts["warnings"], f"Exploratory, since a plan is damaged. {error}"]}
    return {**facts, "plan": _plan_facts(plan)}


def _plan_facts(plan: Plan | None) -> dict[str, str] | None:
    if plan is None:
        return None
    return {"name": plan.name, "sha256": plan.sha256, "frozen_utc": plan.frozen_utc}


def name_of(experiment: Experiment) -> str:
    """Return the name of a new run: when, recognizer, target, split."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    parts = (stamp, experiment.recognizer, str(experiment.target.get("name", "")), experiment.split.kind)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", "_".join(filter(None, parts)))


def free_folder(parent: Path, name: str) -> Path:
    """Return a folder that is not there yet; its parent is made. Raises EvaluatingError."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluatingError(f"{parent}: cannot be written ({error.strerror}). Use --out.") from error
    place, number = parent / name, 2
    while place.exists():
        place, number = parent / f"{name}-{number}", number + 1
    return place


def facts_of(
    study: Study,
    corpus: Corpus,
    target: Target,
    batch: Batch,
    lost: Sequence[Lost],
    warnings: Sequence[str],
    plan: Plan | None,
    files: Iterable[str] = (),
    has_texts: bool = False,
) -> dict[str, Any]:
    """Return inputs.json: everything that went in by hash, and what did not with the reason.

    `files` name what the cases were cut from: a case that is a visit may lie in several recordings.
    """
    visits = set(zip(batch.cases.participant.tolist(), batch.cases.session.tolist(), strict=True))
    beside = [corpus.by_id[name] for name in files if name in corpus.by_id]
    used = {str(name) for name in batch.cases.recording}
    used |= {each.id for each in beside if (each.participant, each.session) in visits}
    recordings = {}
    for name in sorted(used):
        recording = corpus.by_id[name]
        recordings[name] = {
            "sha256": recording.sha256,
            "participant": recording.participant,
            "session": recording.session,
            "origin": recording.origin,
            "file": _relative(recording.path, study.folder),
        } | ({"transcript": recording.transcript} if has_texts else {})
    return {
        "study": {"name": study.name, "uuid": study.uuid, "kind": study.kind},
        "recordings": recordings,
        "labels": dict(target.files),
        "target_sha256": target.sha256,
        "recipe_sha256": target.recipe.sha256,
        "code_sha256": provenance.code_sha256(),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "participants": np.unique(batch.cases.participant).tolist(),
        "trials": len({(str(each), int(trial)) for each, trial in _trials(batch)}),
        "trials_in_corpus": len(corpus.trials),
        "lost": [{"recording": each.trial[0], "trial": each.trial[1], "why": each.why} for each in lost],
        "left_out": [asdict(each) for each in corpus.left_out],
        "warnings": list(dict.fromkeys((*warnings, *target.warnings))),
        "middles": _middles(corpus, target),
        "plan": _plan_facts(plan),
    }


def _middles(corpus: Corpus, target: Target) -> dict[str, float]:
    """Return the middle of each scale that a target of several ratings is of, where a protocol names it."""
    if len(target.outputs) < 2:
        return {}
    return {name: middle for name, middle in middles_of(corpus).items() if name in target.outputs}


def changes(study: Study, run: Run, target: Target | None) -> list[str]:
    """Return, in words, what is not as it was when a run was made.

    Recordings, transcripts, label files, the target, our code and versions. The content of every file is
    hashed anew.
    """
    facts, found = run.facts, []
    withdrawn = {name: count for name, count in facts.get("withdrawn", {}).items() if count}
    if withdrawn:
        told = " and ".join(
            f"{count} {WITHDRAWN[name]}{'' if count == 1 else 's'}" for name, count in withdrawn.items()
        )
        found.append(f"{told} of a withdrawn participant are erased")
    for name, known in facts["recordings"].items():
        path = study.folder / known["file"]
        try:
            now = file_sha256(path)
        except OSError:
            found.append(f"recording {name} ({known['participant']}) is gone")
            continue
        if now != known["sha256"]:
            found.append(f"recording {name} ({known['participant']}) has changed")
        if "transcript" in known and transcript_sha256(path) != known["transcript"]:
            found.append(f"the transcript of {name} ({known['participant']}) has changed")
    for name, sha256 in facts["labels"].items():
        try:
            now = label_sha256(study.folder / name)
        except OSError:
            found.append(f"label file {name} is gone")
            continue
        except TargetError:
            now = "cannot be read"
        if now != sha256:
            found.append(f"label file {name} has changed")
    if target is not None and target.recipe.sha256 != facts["recipe_sha256"]:
        found.append("the target's recipe has changed")
    if target is not None and target.sha256 != facts["target_sha256"]:
        found.append("the target gives other answers")
    if provenance.code_sha256() != facts["code_sha256"]:
        found.append("the analysis code has changed")
    now_versions = provenance.versions()
    for name in sorted({*facts["versions"], *now_versions}):
        old, new = facts["versions"].get(name, "none"), now_versions.get(name, "none")
        if old != new:
            found.append(f"{name} was {old} and is {new}")
    return found


def _within(target: Target, corpus: Corpus) -> Target:
    kept = {trial.key for trial in corpus.trials}
    return replace(
        target,
        values={key: value for key, value in target.values.items() if key in kept},
        lost=tuple(each for each in target.lost if each.trial in kept),
    )


def _check(experiment: Experiment, has_classes: bool) -> None:
    for name in experiment.steps or ():
        step_named(name)
    metric = METRICS.get(experiment.metric)
    task = "classes" if has_classes else "numbers"
    if metric is None or metric.task != task:
        known = ", ".join(name for name, each in METRICS.items() if each.task == task)
        raise MetricError(f"--metric {experiment.metric}: for this target there are {known}.")


def _trials(batch: Batch) -> Iterator[tuple[Any, Any]]:
    return zip(batch.cases.recording, batch.cases.trial, strict=True)


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.name


def recipe_of(experiment: Experiment) -> Recipe:
    """Return the recipe of an experiment's target; raises EvaluatingError."""
    import json

    from analysis.targets.recipe_json import parse_recipe

    with in_words():
        return parse_recipe(json.dumps(dict(experiment.target)), "experiment.json")
