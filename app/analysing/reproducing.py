"""An open data set from its files to its figures: imported, evaluated, and told beside its controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analysis.evaluation.run_folder import Run, runs_of
from analysis.evaluation.runner import Heard, work
from analysis.reproduce.attempt import Attempt, Reproduction, scorings
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import EvaluatingError, create, in_words, prepare
from app.analysing.evaluating_words import control_lines
from app.analysing.targets import make_target
from app.study import Study


@dataclass(frozen=True, slots=True)
class Line:
    """What came of an attempt: its run's result, by metric value and interval."""

    attempt: Attempt
    run: Run
    result: Mapping[str, Any]


def reproduce(
    study: Study,
    what: Reproduction,
    *,
    workers: int = 0,
    only: tuple[str, ...] = (),
    said: Callable[[str], None] = lambda words: None,
    heard: Callable[[Heard], None] = lambda heard: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Line, ...]:
    """Evaluate every attempt on an imported study; a finished run of the same experiment is not repeated.

    Raises EvaluatingError with one clear message; CancelledError.
    """
    with in_words():
        corpus = study_corpus(study)
        target = make_target(study, corpus, what.recipe)
    chosen = [attempt for attempt in what.attempts if not only or attempt.name in only]
    lines = []
    for attempt in chosen:
        said(f"{attempt.name}: {attempt.about}")
        prepared = prepare(study, corpus, target, what.planned(attempt), cancelled=cancelled)
        run = _known(study, prepared.experiment.sha256) or create(study, prepared)
        if run.state != "finished":
            with in_words():
                run = work(run, workers=workers, heard=heard, cancelled=cancelled)
        if run.state != "finished":
            raise EvaluatingError(f"{attempt.name}: the run is {run.state}. Run the command again to go on.")
        lines.append(Line(attempt, run, run.result or {}))
    return tuple(lines)


def _known(study: Study, sha256: str) -> Run | None:
    """Return the run of an experiment that is there already, whatever its state."""
    return next((run for run in runs_of(study.folder) if run.experiment.sha256 == sha256), None)


def to_json(what: Reproduction, lines: tuple[Line, ...]) -> dict[str, Any]:
    """Return the figures, JSON-ready."""
    tried = scorings(what.name)
    return {
        "data": what.name,
        "title": what.title,
        "metric": what.metric,
        "lines": [
            {
                "name": line.attempt.name,
                "about": line.attempt.about,
                "role": line.attempt.role,
                "run": line.run.name,
                "experiment_sha256": line.run.experiment.sha256,
                "metrics": {name: line.result["metrics"].get(name) for name in (what.metric, *what.also)},
                "baseline": line.result.get("baseline"),
                "controls": line.result.get("controls"),
                "watermark": line.result.get("watermark", ""),
                "notes": line.result.get("notes", []),
                "scored_before": sum(each.attempt == line.attempt.name for each in tried),
            }
            for line in lines
        ],
        "scorings": len(tried),
        "known": [asdict(each) for each in what.known],
    }


def words(told: Mapping[str, Any], lines: tuple[Line, ...]) -> list[str]:
    """Return the figures as lines of a table."""
    shown = [str(told["title"])]
    for each, line in zip(told["lines"], lines, strict=True):
        mark = f"  [{each['watermark']}]" if each["watermark"] else ""
        shown += ["", f"{each['name']} ({each['role']}): {each['about']}{mark}"]
        shown += [f"  {name:<20} {_value(metric)}" for name, metric in each["metrics"].items()]
        shown += control_lines(line.result)
        shown.append(f"  scored on all of these data before: {each['scored_before']} times")
        shown += [f"  note: {note}" for note in each["notes"]]
    shown += ["", f"{told['scorings']} scorings on all of these data stand behind this table."]
    shown += [
        f"reported elsewhere ({each['data']}, {each['note']}): "
        f"{each['metric']} {each['value']:g}, {each['protocol']}"
        for each in told["known"]
    ]
    return shown


def _value(metric: Mapping[str, Any] | None) -> str:
    if metric is None or metric.get("value") is None:
        return str((metric or {}).get("reason") or "not known")
    interval = metric.get("interval") or {}
    if interval.get("low") is None:
        return f"{metric['value']:.3f}  {interval.get('reason', '')}".rstrip()
    return f"{metric['value']:.3f}  [{interval['low']:.3f}, {interval['high']:.3f}]  {interval['method']}"
