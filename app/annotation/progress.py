"""How far each annotator is, how long she worked, and whether she says the same when she is asked twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from analysis.labels.format import Op
from analysis.labels.reader import LogContents, read_log
from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app.annotation.plans import Plan
from app.annotation.queue import Item
from app.annotation.schemes import scheme_of
from app.annotation.study_place import StudyPlace
from app.study import Study

PAUSE_S = 120.0
"""Longer without an edit is a break and no work."""


@dataclass(frozen=True, slots=True)
class Same:
    """How often, and how nearly, an annotator said the same twice about one question or tier.

    `pairs` were answered both times, `equal` alike. `difference` is the mean absolute difference of
    numbers, in steps of the scale; None where there are none.
    """

    about: str
    pairs: int
    equal: int
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """One annotator's work in one plan ("" : all of them); `last_utc` is the last edit, "" before any."""

    annotator: str
    plan: str
    items: int
    finished: int
    skipped: int
    begun: int
    worked_s: float
    last_utc: str
    questions: int
    repeats: int
    repeats_done: int
    same: tuple[Same, ...] = ()
    left: bool = False

    @property
    def open(self) -> int:
        """How many items are neither finished nor skipped."""
        return self.items - self.finished - self.skipped


def progress(study: Study, plan: str = "") -> tuple[Progress, ...]:
    """Return everybody's progress, in the order of joining; raises StudyError, LabelFileError."""
    place = StudyPlace(study)
    known = [each for each in place.plans() if plan in ("", each.name)]
    people = dict.fromkeys(person for each in known for person in each.annotators)
    return tuple(_of(place, person, plan, known) for person in people)


def _of(place: StudyPlace, annotator: str, name: str, known: Sequence[Plan]) -> Progress:
    queue = place.queue(annotator, name)
    logs: dict[Path, LogContents] = {}
    for path in dict.fromkeys(place.log_path(item, annotator) for item in queue):
        if path.exists():
            logs[path] = read_log(path, samples=False)
    mine = {item.code: logs.get(place.log_path(item, annotator)) for item in queue}
    states = Counter(
        "untouched" if log is None else log.states.get(code, "untouched") for code, log in mine.items()
    )
    codes = set(mine)
    ops = [op for log in logs.values() for op in log.ops if op.item in codes]
    asked = sum(
        sum(item in codes for item in log.questions)
        + sum(bool(m.asks) and m.item in codes for m in log.marks)
        for log in logs.values()
    )
    repeats = [item for item in queue if item.purpose == "repeat"]
    return Progress(
        annotator,
        name,
        len(queue),
        states["finished"],
        states["skipped"],
        states["begun"],
        worked_s(ops),
        max((op.utc for op in ops), default=""),
        asked,
        len(repeats),
        sum(_is_done(mine[item.code], item.code) for item in repeats),
        _consistency(place.study, queue, logs, mine),
        bool(known) and all(annotator in each.left for each in known if annotator in each.annotators),
    )


def worked_s(ops: Iterable[Op]) -> float:
    """Return how long somebody worked: the time between edits that follow each other without a break."""
    by_work: defaultdict[str, list[float]] = defaultdict(list)
    for op in ops:
        try:
            by_work[op.sid].append(datetime.fromisoformat(op.utc).timestamp())
        except ValueError:
            continue
    gaps = (after - before for times in by_work.values() for before, after in pairwise(sorted(times)))
    return float(sum(gap for gap in gaps if gap <= PAUSE_S))


def _is_done(log: LogContents | None, code: str) -> bool:
    return log is not None and log.states.get(code) == "finished"


def _consistency(
    study: Study, queue: Sequence[Item], logs: dict[Path, LogContents], mine: dict[str, LogContents | None]
) -> tuple[Same, ...]:
    """Compare what was said the first and the second time, of trials that were finished both times."""
    firsts = {(item.uuid, item.trial, item.scheme): item for item in queue if item.purpose == "label"}
    pairs: defaultdict[str, list[tuple[tuple[Mark, ...], tuple[Mark, ...]]]] = defaultdict(list)
    for item in queue:
        first = firsts.get((item.uuid, item.trial, item.scheme))
        if item.purpose != "repeat" or first is None:
            continue
        before, after = mine[first.code], mine[item.code]
        if (
            before is not None
            and after is not None
            and _is_done(before, first.code)
            and _is_done(after, item.code)
        ):
            pairs[item.scheme].append((_marks(before, first.code), _marks(after, item.code)))
    return tuple(same for name, found in pairs.items() for same in consistency(scheme_of(study, name), found))


def _marks(log: LogContents, code: str) -> tuple[Mark, ...]:
    return tuple(mark for mark in log.marks if mark.item == code)


def consistency(scheme: Scheme, pairs: Sequence[tuple[Sequence[Mark], Sequence[Mark]]]) -> tuple[Same, ...]:
    """Return how alike first and second answers are, a question after the other; traces are left out."""
    found = []
    for tier in scheme.tiers:
        if tier.kind != "trial":
            continue
        for question in tier.questions:
            if question.kind == "text":
                continue
            both = [
                (one, other)
                for first, second in pairs
                for one, other in [
                    (_answer(first, tier.name, question.id), _answer(second, tier.name, question.id))
                ]
                if one is not None and other is not None
            ]
            numbers = [
                abs(float(a) - float(b)) / ((question.scale.step if question.scale else 0) or 1.0)
                for a, b in both
                if isinstance(a, int | float) and isinstance(b, int | float)
            ]
            mean = sum(numbers) / len(numbers) if numbers else None
            found.append(Same(question.text, len(both), sum(a == b for a, b in both), mean))
    return tuple(found)


def _answer(marks: Sequence[Mark], tier: str, question: str) -> Any:
    return next(
        (mark.value[question] for mark in marks if mark.tier == tier and question in mark.value), None
    )
