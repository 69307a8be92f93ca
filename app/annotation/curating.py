"""The curator's list: what annotators ask and where they disagree, without names; and her own answers.

Annotators are A, B, C: the same letter for the same person throughout one curator's view of a scheme, in an
order that tells nothing. What the curator says is a log of her own (annotator `curator`), never theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from analysis.agreement.spans import POINT_WINDOW_NS
from analysis.labels.reader import LogContents, read_log
from analysis.labels.records import Mark
from analysis.labels.scheme import Question, Scheme
from app.annotation import codes
from app.annotation.annotators import CURATOR, kind_of
from app.annotation.differing import Differing, differing
from app.annotation.queue import Item
from app.annotation.study_place import FOLDER, StudyPlace
from app.annotation.trials import Trial, trials_of
from app.study import Study

NOTHING_THERE = "Nothing is to be marked here."
SHARE = 0.25
"""Numbers disagree from this share of the scale on."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one annotator said, under her letter."""

    letter: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Matter:
    """Something for the curator: a question that was asked, or answers that disagree.

    `item` is the trial to look at, without a code. `about` names what a question is about (a mark's or an
    item's id) or a moment, `tier` and `question` what was disagreed on (a dimension of a trace; "": marks).
    `moment_ns` is where segments, points or traces differ, `silent` are the letters of those who worked on
    it and marked nothing there. `text` says it in words. `answer` is what the curator said so far, "" for
    nothing; `spread` how far answers are apart, as a share (1: as far as can be).
    """

    kind: Literal["question", "disagreement"]
    item: Item
    text: str
    said: tuple[Said, ...]
    letter: str = ""
    about: str = ""
    tier: str = ""
    question: str = ""
    spread: float = 0.0
    answer: str = ""
    moment_ns: tuple[int, int] | None = None
    silent: tuple[str, ...] = ()

    @property
    def is_resolved(self) -> bool:
        """Whether the curator has said something."""
        return bool(self.answer)


def matters(study: Study, scheme: Scheme, curator: str = CURATOR) -> tuple[Matter, ...]:
    """Return what waits for the curator: questions first, then disagreements, the widest first."""
    place = StudyPlace(study)
    trials, _ = trials_of(study, scheme)
    windows = {(trial.recording, trial.trial): trial for trial in trials}
    named = _letters(study, scheme, curator)
    asked: list[Matter] = []
    apart: list[Matter] = []
    everything: dict[str, Mapping[str, LogContents]] = {}
    for recording in place.recordings():
        logs = dict(_logs(study, recording, scheme))
        everything[recording] = dict(logs)
        own = logs.pop(curator, None)
        about = {index: trial for (stem, index), trial in windows.items() if stem == recording}
        asked += _asked(logs, named, own, about, scheme, place)
        apart += _differing(logs, named, own, about, scheme)
    apart += _moments(study, scheme, named, everything, curator, windows, place)
    return (*asked, *sorted(apart, key=lambda matter: -matter.spread))


def reply(study: Study, matter: Matter, text: str) -> None:
    """Answer a question, or settle a moment in words, in the curator's own log; raises LogError."""
    with StudyPlace(study).log(matter.item, CURATOR) as log:
        log.ask(matter.about, text)


def resolve(
    study: Study, matter: Matter, value: Mapping[str, Any] | None = None, note: str = "", **mark: Any
) -> Mark:
    """Say what is right about a trial, as the curator's own label; raises LogError.

    `mark` are further fields of a label (`label`, `start_ns`, `end_ns`). Nobody's label is changed.
    """
    with StudyPlace(study).log(matter.item, CURATOR) as log:
        return log.add(matter.tier, trial=matter.item.trial, value=value, note=note, **mark)


def agree_with(study: Study, matter: Matter, letter: str) -> None:
    """Say that one annotator's marks in a moment are right, as marks of the curator's own; raises LogError.

    Who marked nothing is agreed with in words.
    """
    with StudyPlace(study).log(matter.item, CURATOR) as log, log.together("resolve"):
        if letter in matter.silent:
            log.ask(matter.about, NOTHING_THERE)
        for mark in (said.mark for said in matter.said if said.letter == letter):
            log.add(
                matter.tier,
                trial=matter.item.trial,
                start_ns=mark.start_ns,
                end_ns=mark.end_ns,
                label=mark.label,
                value=mark.value,
                channels=mark.channels,
            )


def replies(study: Study, item: Item, annotator: str) -> Mapping[str, str]:
    """Return the curator's answers to what an annotator asked about an item, by what it was about."""
    place = StudyPlace(study)
    theirs, own = place.contents(item, CURATOR), place.contents(item, annotator)
    if theirs is None or own is None:
        return {}
    mine = {mark.id for mark in own.marks if mark.item == item.code} | {item.code}
    return {about: text for about, text in theirs.questions.items() if about in mine}


def _letters(study: Study, scheme: Scheme, curator: str) -> Mapping[str, str]:
    paths = (study.folder / FOLDER).glob(f"sub-*/*/{scheme.id}.sqlite")
    people = {path.parent.name for path in paths if kind_of(path.parent.name) == "human"} - {curator}
    return codes.letters(people, study.identity(), scheme.id, curator)


def _logs(study: Study, recording: str, scheme: Scheme) -> list[tuple[str, LogContents]]:
    top: Path = study.folder / FOLDER / recording
    return [
        (path.parent.name, read_log(path, samples=False))
        for path in sorted(top.glob(f"*/{scheme.id}.sqlite"))
        if kind_of(path.parent.name) == "human"
    ]


def _entry(trial: Trial, scheme: Scheme) -> Item:
    where = (trial.recording, trial.uuid, trial.trial, trial.start_ns, trial.end_ns)
    return Item("", *where, scheme.id)


def _asked(
    logs: Mapping[str, LogContents],
    named: Mapping[str, str],
    own: LogContents | None,
    about: Mapping[int, Trial],
    scheme: Scheme,
    place: StudyPlace,
) -> list[Matter]:
    answers = {} if own is None else own.questions
    found = []
    for annotator, log in logs.items():
        trial_of = {mark.item: mark.trial for mark in log.marks if mark.item and mark.trial >= 0}
        trial_of |= {
            item.code: item.trial for item in place.queue(annotator) if item.recording == log.head.recording
        }
        for name, text in log.questions.items():
            trial = about.get(trial_of.get(name, -1))
            item = _entry(trial, scheme) if trial else place.whole(log.head.recording, scheme.id)
            said = tuple(Said(named[annotator], _unnamed(m, named)) for m in log.marks if m.item == name)
            found.append(
                Matter("question", item, text, said, named[annotator], name, answer=answers.get(name, ""))
            )
        for mark in log.marks:
            if mark.asks:
                trial = about.get(mark.trial)
                item = _entry(trial, scheme) if trial else place.whole(log.head.recording, scheme.id)
                said = (Said(named[annotator], _unnamed(mark, named)),)
                found.append(
                    Matter("question", item, mark.asks, said, named[annotator], mark.id, mark.tier,
                           answer=answers.get(mark.id, ""))
                )  # fmt: skip
    return found


def _unnamed(mark: Mark, named: Mapping[str, str]) -> Mark:
    return replace(mark, annotator=named[mark.annotator])


def _differing(
    logs: Mapping[str, LogContents],
    named: Mapping[str, str],
    own: LogContents | None,
    about: Mapping[int, Trial],
    scheme: Scheme,
) -> list[Matter]:
    found: list[Matter] = []
    for tier in scheme.tiers:
        if tier.kind != "trial":
            continue
        for index, trial in about.items():
            marks = _firsts(logs, tier.name, index)
            for question in tier.questions:
                spread = spread_of(question, [mark.value.get(question.id) for mark in marks])
                if spread <= 0:
                    continue
                said = tuple(sorted(
                    (Said(named[m.annotator], _unnamed(m, named)) for m in marks if question.id in m.value),
                    key=lambda each: each.letter,
                ))  # fmt: skip
                settled = _settled(own, tier.name, index, question)
                found.append(
                    Matter("disagreement", _entry(trial, scheme), question.text, said, tier=tier.name,
                           question=question.id, spread=spread, answer=settled)
                )  # fmt: skip
    return found


def _moments(
    study: Study,
    scheme: Scheme,
    named: Mapping[str, str],
    logs: Mapping[str, Mapping[str, LogContents]],
    curator: str,
    windows: Mapping[tuple[str, int], Trial],
    place: StudyPlace,
) -> Iterator[Matter]:
    """Yield the moments in which segments, points or traces differ."""
    for each in differing(study, scheme):
        stem, index = each.key
        if stem not in logs:
            continue
        own = logs[stem].get(curator)
        about = f"{each.variable.id}/{index}/{each.start_ns}-{each.end_ns}"
        trial = windows.get(each.key)
        item = _entry(trial, scheme) if trial else place.whole(stem, scheme.id)
        item = replace(item, start_ns=each.unit.start_ns, end_ns=each.unit.stop_ns, trial=index)
        marks = {mark.id: mark for log in logs[stem].values() for mark in log.marks}
        said = [
            Said(named[who], _unnamed(marks[name], named))
            for who, names in each.marks.items()
            for name in names
            if name in marks
        ]
        said += [
            Said(named[who], Mark(about, each.variable.tier, named[who], value={each.variable.part: mean}))
            for who, mean in each.means.items()
        ]
        said.sort(key=lambda one: (one.letter, one.mark.start_ns or 0))
        silent = tuple(sorted(named[who] for who, names in each.marks.items() if not names))
        answer = "" if own is None else own.questions.get(about, "") or _own_marks(own, each, scheme)
        yield Matter("disagreement", item, each.variable.title, tuple(said), about=about,
                     tier=each.variable.tier, question=each.variable.part, spread=each.spread, answer=answer,
                     moment_ns=(each.start_ns, each.end_ns), silent=silent)  # fmt: skip


def _own_marks(own: LogContents, each: Differing, scheme: Scheme) -> str:
    """Return what the curator marked in a moment of segments or points, '' for nothing."""
    tier = scheme.tier(each.variable.tier)
    names = {label.id: label.name for label in tier.labels}
    near_ns = POINT_WINDOW_NS if tier.kind == "point" else 0
    return ", ".join(
        names.get(mark.label, mark.label or mark.note or "marked")
        for mark in own.marks
        if mark.tier == tier.name
        and mark.start_ns is not None
        and mark.end_ns is not None
        and mark.start_ns <= each.end_ns + near_ns
        and each.start_ns - near_ns <= mark.end_ns
        and (tier.kind == "point" or (mark.start_ns < each.end_ns and each.start_ns < mark.end_ns))
    )


def _firsts(logs: Mapping[str, LogContents], tier: str, trial: int) -> list[Mark]:
    """Return each annotator's answer about a trial; of repeats the one that she gave first."""
    found = []
    for log in logs.values():
        mine = [mark for mark in log.marks if mark.tier == tier and mark.trial == trial and mark.is_gold]
        order: dict[str, int] = {}
        for op in log.ops:
            order.setdefault(op.mark, len(order))
        if mine:
            found.append(min(mine, key=lambda mark: order.get(mark.id, 0)))
    return found


def spread_of(question: Question, values: Sequence[Any]) -> float:
    """Return how far answers are apart as a share, 0 where they are near enough or fewer than two."""
    said = [value for value in values if value is not None]
    if len(said) < 2 or question.kind == "text":
        return 0.0
    if question.scale is None:
        counts: defaultdict[Any, int] = defaultdict(int)
        for value in said:
            counts[value] += 1
        return 1 - max(counts.values()) / len(said)
    numbers = [float(value) for value in said if isinstance(value, int | float)]
    width = question.scale.high - question.scale.low
    spread = (max(numbers) - min(numbers)) / width if len(numbers) > 1 and width > 0 else 0.0
    return spread if spread >= SHARE else 0.0


def _settled(own: LogContents | None, tier: str, trial: int, question: Question) -> str:
    for mark in () if own is None else own.marks:
        if mark.tier == tier and mark.trial == trial and question.id in mark.value:
            names = {label.id: label.name for label in question.labels}
            value = mark.value[question.id]
            if value is None:
                return "cannot tell"
            return names.get(value, f"{value:g}" if isinstance(value, int | float) else str(value))
    return ""
