"""Labels of the study on a recording, as lanes to look at; no Qt, nothing is opened for writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.labels.reader import LabelFileError, LogContents, find_logs, read_log
from analysis.labels.scheme import Tier
from analysis.labels.scheme_parsing import SchemeFileError, parse_scheme
from app.annotation.queue import Lane
from app.console.review.recording import Recording

ANNOTATIONS = "annotations"
Times = dict[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class StudyLabels:
    """Tiers (named `scheme:tier`) with a lane an annotator and scheme, and logs that could not be read."""

    tiers: tuple[Tier, ...] = ()
    lanes: tuple[Lane, ...] = ()
    problems: tuple[str, ...] = ()


def read_labels(recording: Recording) -> StudyLabels:
    """Return what all annotators and models of the study said of a recording; may take a while."""
    if recording.study is None:
        return StudyLabels()
    tiers: dict[str, Tier] = {}
    lanes: list[Lane] = []
    problems: list[str] = []
    for path in find_logs(recording.study.folder / ANNOTATIONS, recording.path.stem):
        try:
            found = read_log(path)
            scheme = parse_scheme(found.scheme_json, path.name)
        except (LabelFileError, SchemeFileError) as error:
            problems.append(str(error))
            continue
        lane = _lane(found)
        if lane.marks or lane.takes:
            lanes.append(lane)
            for tier in scheme.tiers:
                name = f"{found.head.scheme}:{tier.name}"
                tiers.setdefault(name, replace(tier, name=name))
    return StudyLabels(tuple(tiers.values()), tuple(lanes), tuple(problems))


def times_of(recording: Recording) -> Times:
    """Return when each trial was."""
    return {trial.index: (trial.start_s, trial.stop_s) for trial in recording.trials}


def _lane(found: LogContents) -> Lane:
    scheme = found.head.scheme
    marks = [replace(mark, tier=f"{scheme}:{mark.tier}") for mark in found.marks]
    takes = [
        replace(take, tier=f"{scheme}:{take.tier}")
        for take in found.takes
        if take.state in ("done", "interrupted")
    ]
    return Lane(found.head.annotator, found.head.kind, tuple(marks), tuple(takes))


def counted(problems: Sequence[str]) -> str:
    """Return what to say of logs that cannot be read, "" for none."""
    if not problems:
        return ""
    more = f" ({len(problems) - 1} more could not be read either.)" if len(problems) > 1 else ""
    return problems[0] + more
