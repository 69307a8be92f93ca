"""What annotators' work says of each trial: a person's answers, fused labels, traces, and artefacts."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from analysis.agreement.outcome import Floats
from analysis.agreement.tables import Marks, Ratings, Traces
from analysis.agreement.traces import GRID_HZ
from analysis.corpus.corpus import Corpus, Span, Trial
from analysis.labels.reader import LabelFileError, LogContents, find_logs, read_log
from analysis.labels.records import NS, Mark, Take
from analysis.labels.scheme import CANNOT_TELL, Scheme, Tier
from analysis.targets.recipe import Recipe, TargetError, TrialKey
from analysis.targets.rules import Answer
from app.annotation.agreeing import (
    ANY_MARK,
    Labels,
    Variable,
    gather,
    labelled_schemes,
    read_labels,
    variables,
    why_not_gold,
)
from app.annotation.annotators import CURATOR, kind_of
from app.annotation.fusing import recipes_of
from app.annotation.schemes import SchemeError, scheme_of
from app.study import Study

FOLDER = "annotations"
LEAST_SHARE = 0.5
"""Share of the stimulus' span that a label of a segment must cover to be the trial's."""


@dataclass
class Said:
    """What was found: an answer a trial, why there is none, the files read, and what to be careful about."""

    answers: dict[TrialKey, Answer] = field(default_factory=dict)
    why: dict[TrialKey, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    otherwise: str = "not labelled"


def said_of(study: Study, corpus: Corpus, recipe: Recipe) -> Said:
    """Return what the annotator named in a recipe said of the trials of a corpus; raises TargetError."""
    scheme_name, variable_id, whose = recipe.of
    scheme, variable = _variable(study, scheme_name, variable_id, recipe)
    kind = kind_of(whose)
    if kind == "model":
        raise TargetError(
            f"target {recipe.name}: {whose} is a model. "
            "What a model said is no answer to test recognizers by."
        )
    logs = _logs(study, scheme, whose)
    if not logs:
        known = sorted({path.parent.name for path in _paths(study, scheme)})
        raise TargetError(
            f"target {recipe.name}: {whose} has labelled nothing by {scheme.id}. "
            f"By it labelled: {', '.join(known) or 'nobody'}."
        )
    labels = read_labels(study, scheme)
    said = Said(otherwise=f"not labelled by {whose}")
    said.files.update({_name(study, log.path): content_sha256(log) for log in logs})
    if kind == "fused":
        said.otherwise = f"no fused label of {whose}"
        _of_fused(scheme, variable, logs, corpus, said)
        _check_fresh(labels, variable, logs, said)
    else:
        _of_person(study, labels, variable, whose, corpus, said)
    return said


def several_of(study: Study, corpus: Corpus, recipe: Recipe) -> Said:
    """Return the same for a recipe of several variables ("tier.one,tier.two"); a trial needs all of them.

    Raises TargetError.
    """
    scheme, variables, whose = recipe.of
    parts = [replace(recipe, of=(scheme, each, whose)) for each in variables.split(",")]
    if len(parts) > 1 and recipe.rule != "number":
        raise TargetError(f"target {recipe.name}: several questions at once need the rule 'number'.")
    every = [said_of(study, corpus, part) for part in parts]
    first = every[0]
    for place, other in enumerate(every[1:], 1):
        first.files |= other.files
        first.why = {**other.why, **first.why}
        first.warnings += [each for each in other.warnings if each not in first.warnings]
        for key in list(first.answers):
            if key in other.answers:
                first.answers[key] = (*first.answers[key], *other.answers[key])
            else:
                del first.answers[key]
                first.why.setdefault(key, f"{variables.split(',')[place]} was not answered")
    return first


def masks_of(
    study: Study, corpus: Corpus, recipe: Recipe
) -> tuple[dict[str, tuple[Span, ...]], dict[str, str]]:
    """Return artefacts by recording, and the files they are from: what any person marked in the tier."""
    if recipe.mask is None:
        return {}, {}
    scheme_name, tier_name, _ = recipe.mask
    try:
        scheme = scheme_of(study, scheme_name)
    except SchemeError as error:
        raise TargetError(f"target {recipe.name}: {error}") from error
    if tier_name not in {tier.name for tier in scheme.tiers}:
        raise TargetError(f"target {recipe.name}: {scheme.id} has no tier '{tier_name}'.")
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    files: dict[str, str] = {}
    for path in _paths(study, scheme):
        if kind_of(path.parent.name) != "human":
            continue
        log = _read(path)
        if log.head.recording not in corpus.by_id:
            continue
        files[_name(study, path)] = content_sha256(log)
        for mark in log.marks:
            if mark.tier == tier_name and mark.start_ns is not None and mark.end_ns is not None:
                spans[log.head.recording].append((mark.start_ns / NS, mark.end_ns / NS))
    return {name: tuple(_united(found)) for name, found in spans.items()}, files


def content_sha256(log: LogContents) -> str:
    """Return a checksum of everything that was ever done in a log, whatever SQLite made of its file."""
    digest = hashlib.sha256(json.dumps(asdict(log.head), sort_keys=True).encode())
    for op in log.ops:
        digest.update(json.dumps(op, default=str).encode())
    for take in sorted(log.takes, key=lambda take: take.id):
        digest.update(take.id.encode() + take.t_ns.tobytes() + take.values.tobytes())
    return digest.hexdigest()


def label_sha256(path: Path) -> str:
    """Return the checksum by which a label file is known to targets and runs; raises TargetError, OSError."""
    # SQLite would make a file that is not there.
    path.stat()
    return content_sha256(_read(path))


def _variable(study: Study, scheme_name: str, variable_id: str, recipe: Recipe) -> tuple[Scheme, Variable]:
    try:
        scheme = scheme_of(study, scheme_name)
    except SchemeError as error:
        raise TargetError(f"target {recipe.name}: {error}") from error
    known = {variable.id: variable for variable in variables(scheme)}
    if variable_id not in known:
        raise TargetError(
            f"target {recipe.name}: {scheme.id} asks nothing called '{variable_id}'. "
            f"There are: {', '.join(known)}."
        )
    variable = known[variable_id]
    if recipe.source == "trace" and variable.kind != "trace":
        raise TargetError(f"target {recipe.name}: '{variable_id}' is no trace.")
    if variable.kind == "point":
        raise TargetError(f"target {recipe.name}: points in '{variable_id}' say nothing of a whole trial.")
    return scheme, variable


def _paths(study: Study, scheme: Scheme) -> Iterator[Path]:
    for path in find_logs(study.folder / FOLDER):
        if path.stem == scheme.id and path.parent.name != CURATOR:
            yield path


def _logs(study: Study, scheme: Scheme, whose: str) -> list[LogContents]:
    return [_read(path) for path in _paths(study, scheme) if path.parent.name == whose]


def _read(path: Path) -> LogContents:
    try:
        return read_log(path)
    except LabelFileError as error:
        raise TargetError(str(error)) from error


def _name(study: Study, path: Path) -> str:
    return path.relative_to(study.folder).as_posix()


def _of_person(
    study: Study, labels: Labels, variable: Variable, whose: str, corpus: Corpus, said: Said
) -> None:
    gathered = gather(labels, variable)
    table = gathered.table
    for log in labels.logs:
        if log.head.annotator == whose:
            for key, why in _refusals(labels, log, variable):
                said.why.update((trial.key, why) for trial in _trials_under(corpus, key))
    if whose not in table.raters:
        return
    place = table.raters.index(whose)
    moved_s = _stored_lag(study, labels, variable, whose, said) if isinstance(table, Traces) else 0.0
    for row, key in enumerate(gathered.keys):
        for trial in _trials_under(corpus, key):
            answer: Answer | None
            if isinstance(table, Ratings):
                answer = _rating(table, row, place)
            elif isinstance(table, Marks):
                marked = [(span.label, span.start_ns, span.end_ns) for span in table.marked[row][place] or ()]
                answer = _covering(marked, trial, table.names, said)
            else:
                values = table.values[row][:, place]
                times_s = table.units[row].start_ns / NS + np.arange(len(values)) / GRID_HZ
                answer = _mean(times_s - moved_s, values, trial)
            if answer is not None:
                said.answers[trial.key] = answer
                said.why.pop(trial.key, None)


def _trials_under(corpus: Corpus, key: TrialKey) -> Iterator[Trial]:
    """Yield the trial of a unit, or all trials of its recording where it is about the whole of it."""
    for trial in corpus.trials:
        if trial.recording == key[0] and key[1] in (trial.index, -1):
            yield trial


def _refusals(labels: Labels, log: LogContents, variable: Variable) -> Iterator[tuple[TrialKey, str]]:
    """Yield units (trial -1: the whole recording) with a label that is no person's own judgement, and why."""
    for mark in log.marks:
        if mark.tier != variable.tier:
            continue
        why = why_not_gold(mark)
        if why:
            dealt = labels.dealt.get(mark.item)
            key = (dealt.trial.recording, dealt.trial.trial) if dealt else (log.head.recording, mark.trial)
            yield key, f"the label is no answer of a person's own: {why}"


def _rating(table: Ratings, row: int, place: int) -> Answer | None:
    value = float(table.values[row, place])
    if not np.isfinite(value):
        return None
    return (table.names[int(value)],) if table.level == "nominal" else (value,)


def _covering(
    spans: Sequence[tuple[str, int, int]], trial: Trial, names: Mapping[str, str], said: Said
) -> Answer | None:
    """Return the label that covers most of the stimulus' span, and at least half; None where none does.

    Where it is that two labels cover equally much, or that nobody could tell, `said` is told why.
    """
    low, high = trial.shown
    marked: defaultdict[str, list[Span]] = defaultdict(list)
    for label, start_ns, end_ns in spans:
        marked[label].append((start_ns / NS, end_ns / NS))
    covered = {
        label: sum(max(0.0, min(high, stop_s) - max(low, start_s)) for start_s, stop_s in _united(own))
        for label, own in marked.items()
    }
    most = max(covered.values(), default=0.0)
    if high <= low or most < LEAST_SHARE * (high - low):
        return None
    best = sorted(label for label, length_s in covered.items() if math.isclose(length_s, most, rel_tol=1e-6))
    if len(best) > 1:
        told = " and ".join(names.get(label, label) for label in best)
        said.why[trial.key] = f"a tie: {told} cover equally much of it"
        return None
    if best == [CANNOT_TELL]:
        said.why[trial.key] = "the answer is 'cannot tell'"
        return None
    return (names.get(best[0], best[0]),)


def _mean(times_s: Floats, values: Floats, trial: Trial) -> Answer | None:
    low, high = trial.shown
    inside = (times_s >= low) & (times_s < high) & np.isfinite(values)
    return (float(values[inside].mean()),) if inside.any() else None


def _stored_lag(study: Study, labels: Labels, variable: Variable, whose: str, said: Said) -> float:
    """Return by how much this rater's traces are to be moved earlier: as the newest fusion measured it."""
    newest: tuple[str, float] | None = None
    for path in _paths(study, labels.scheme):
        if kind_of(path.parent.name) != "fused":
            continue
        for line in recipes_of(path):
            recipe = (line.get("recipes") or {}).get(variable.id) or {}
            found = dict(zip(recipe.get("raters", ()), recipe.get("measured_lags_s", ()), strict=False))
            if found.get(whose) is not None and (newest is None or str(line["time"]) > newest[0]):
                newest = str(line["time"]), float(found[whose])
    if newest is None:
        said.warnings.append(f"no lag of {whose} is stored: the trace is taken as it was drawn")
        return 0.0
    return newest[1]


def _of_fused(
    scheme: Scheme,
    variable: Variable,
    logs: Sequence[LogContents],
    corpus: Corpus,
    said: Said,
) -> None:
    tier = scheme.tier(variable.tier)
    names = {label.id: label.name for label in tier.labels}
    by_recording = {log.head.recording: log for log in logs}
    for trial in corpus.trials:
        log = by_recording.get(trial.recording)
        if log is None:
            continue
        marks = [mark for mark in log.marks if mark.tier == tier.name and mark.trial in (trial.index, -1)]
        if variable.kind == "trace":
            takes = [take for take in log.takes if take.tier == tier.name and take.trial in (trial.index, -1)]
            answer = _fused_trace(takes, tier, variable, trial)
        elif variable.kind == "segment":
            marked = [(mark.label or ANY_MARK, mark.start_ns or 0, mark.end_ns or 0) for mark in marks]
            answer = _covering(marked, trial, names, said)
        else:
            answer = _fused_answer(marks, tier, variable)
        if answer is not None:
            said.answers[trial.key] = answer


def _fused_answer(marks: Sequence[Mark], tier: Tier, variable: Variable) -> Answer | None:
    for mark in marks:
        value = mark.value.get(variable.part)
        if value is None:
            continue
        if variable.kind == "ordinal":
            return (float(value),)
        question = next(each for each in tier.questions if each.id == variable.part)
        names = {label.id: label.name for label in question.labels}
        return (names.get(str(value), str(value)),)
    return None


def _fused_trace(takes: Sequence[Take], tier: Tier, variable: Variable, trial: Trial) -> Answer | None:
    done = [take for take in takes if take.state == "done"]
    if not done:
        return None
    place = [dimension.name for dimension in tier.dimensions].index(variable.part)
    return _mean(done[-1].t_ns / NS, done[-1].values[:, place].astype(float), trial)


def _check_fresh(labels: Labels, variable: Variable, logs: Sequence[LogContents], said: Said) -> None:
    """Say where labels have changed since they were fused."""
    now: defaultdict[str, set[str]] = defaultdict(set)
    tier: defaultdict[str, set[str]] = defaultdict(set)
    for each in variables(labels.scheme):
        if each.tier == variable.tier:
            for key, names in gather(labels, each).sources.items():
                tier[key[0]].update(names)
                if each.id == variable.id:
                    now[key[0]].update(names)
    stale = []
    for log in logs:
        lines = [line for line in recipes_of(log.path) if line.get("tier") == variable.tier]
        known = set(lines[-1].get("sources", ())) if lines else set()
        # The stored list is of the whole tier: it must hold everything that counts now of this variable, and
        # nothing that is no label any more.
        if not now[log.head.recording] <= known <= tier[log.head.recording]:
            stale.append(log.head.recording)
    if stale:
        many = "s" if len(stale) > 1 else ""
        said.warnings.append(
            f"labels of {len(stale)} recording{many} have changed since they were fused "
            f"({', '.join(stale[:3])}{', …' if len(stale) > 3 else ''}): fuse them again"
        )


def _united(spans: Sequence[Span]) -> Iterator[Span]:
    current: Span | None = None
    for start_s, stop_s in sorted(spans):
        if current is not None and start_s <= current[1]:
            current = current[0], max(current[1], stop_s)
            continue
        if current is not None:
            yield current
        current = start_s, stop_s
    if current is not None:
        yield current


def labelled_variables(study: Study) -> Iterator[tuple[Scheme, Variable, str]]:
    """Yield what recipes can be offered of: everything that fused labels or a person say of whole trials."""
    for name in labelled_schemes(study):
        try:
            scheme = scheme_of(study, name)
        except SchemeError:
            continue
        whose = sorted({path.parent.name for path in _paths(study, scheme)})
        for variable in variables(scheme):
            for code in whose:
                if variable.kind != "point" and kind_of(code) != "model":
                    yield scheme, variable, code
