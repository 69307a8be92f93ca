"""Whose labels can serve as the right answers of practice, trial by trial."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from analysis.labels.format import LabelFileError
from analysis.labels.reader import LogContents, find_logs, read_log
from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app.annotation.annotators import CURATOR
from app.annotation.training import TrainingError
from app.annotation.trials import Trial, trials_of
from app.study import Study


@dataclass(frozen=True, slots=True)
class Answered:
    """A trial with one author's marks about it."""

    trial: Trial
    marks: tuple[Mark, ...]


def right_answers(study: Study, scheme: Scheme) -> dict[str, tuple[Answered, ...]]:
    """Return by author which trials have an answer by a scheme: annotators, the curator, fused labels.

    Only what is finished and a person's own judgement (or fused) counts; of a trial that came again the
    first time. Raises TrainingError for a log that cannot be read, StudyError.
    """
    trials = {trial.key: trial for trial in trials_of(study, scheme)[0]}
    found: defaultdict[str, dict[tuple[str, int], Answered]] = defaultdict(dict)
    for path in find_logs(study.folder / "annotations"):
        if path.stem != scheme.id:
            continue
        try:
            log = read_log(path, samples=False)
        except LabelFileError as error:
            raise TrainingError(str(error)) from error
        if log.head.kind == "model":
            continue
        known = found[log.head.annotator]
        for index, marks in _by_trial(log).items():
            trial = trials.get((log.head.recording_uuid, index))
            if trial is not None:
                known[trial.key] = Answered(trial, tuple(marks))
    return {
        author: tuple(known[key] for key in trials if key in known)
        for author, known in found.items()
        if known
    }


def _by_trial(log: LogContents) -> dict[int, list[Mark]]:
    """Return the marks that count by trial, those of the item that was touched first."""
    by_item: defaultdict[tuple[str, int], list[Mark]] = defaultdict(list)
    for mark in log.marks:
        if mark.trial >= 0 and (mark.kind == "fused" or mark.is_gold):
            by_item[mark.item, mark.trial].append(mark)
    settles = log.head.kind == "fused" or log.head.annotator == CURATOR
    place = {item: number for number, item in enumerate(log.states)}
    found: dict[int, list[Mark]] = {}
    for (item, trial), marks in sorted(by_item.items(), key=lambda each: place.get(each[0][0], -1)):
        # Outside a queue nothing has to be finished, as for agreement.
        if settles or not item or log.states.get(item) == "finished":
            found.setdefault(trial, marks)
    return found
