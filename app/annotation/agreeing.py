"""What annotators said, as tables of units x raters: which labels count, and which are left out and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from analysis.agreement.bootstrap import CancelledError
from analysis.agreement.spans import Span
from analysis.agreement.tables import Marks, Ratings, Table, Traces, Unit
from analysis.agreement.traces import on_grid
from analysis.labels.reader import LabelFileError, LogContents, find_logs, read_log
from analysis.labels.records import NS, Mark, Take
from analysis.labels.scheme import CANNOT_TELL, Question, Scheme, Tier
from analysis.session_file import SessionFileError, open_session
from app.annotation.annotators import CURATOR, kind_of
from app.annotation.codes import letters
from app.annotation.dealing import Dealt
from app.annotation.plans import plans
from app.annotation.trials import Margins, extent_s, refusal, windows
from app.study import Study
from app.study_files import StudyError

VariableKind = Literal["nominal", "ordinal", "segment", "point", "trace"]
UnitKey = tuple[str, int]
Cell = tuple[UnitKey, str]

FIRST, AGAIN = "first time", "again"
ANY_MARK = "mark"
"""Name of the one label of a tier that has no labels."""


class GatheringError(StudyError):
    """There are no labels to compare."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing that was asked: a question, a dimension of a trace, or the labels of a tier (`part` '')."""

    tier: str
    part: str
    kind: VariableKind
    title: str

    @property
    def id(self) -> str:
        """How it is named on the command line."""
        return f"{self.tier}.{self.part}" if self.part else self.tier


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many labels (`what` says which) do not count, and why."""

    count: int
    what: str
    why: str

    @property
    def words(self) -> str:
        """One line."""
        return f"{self.count} {self.what if self.count == 1 else self.what + 's'}: {self.why}"


@dataclass(frozen=True, slots=True)
class Gathered:
    """A variable's table, what was left out, and each annotator's table of trials that came twice.

    `sources` names the marks (`id@revision`) or takes behind each unit, by (recording's stem, trial).
    """

    variable: Variable
    table: Table
    left_out: tuple[LeftOut, ...]
    repeats: tuple[tuple[str, Table], ...]
    sources: Mapping[UnitKey, tuple[str, ...]]
    keys: tuple[UnitKey, ...]
    """(recording's stem, trial) of each unit of the table."""


@dataclass
class Labels:
    """All labels of people by one scheme, read once; `kinds` counts labels of models and fused ones."""

    study: Study
    scheme: Scheme
    logs: tuple[LogContents, ...]
    dealt: Mapping[str, Dealt]
    recordings: Mapping[str, tuple[Path, str]]
    """File and participant by stem."""
    refused: Mapping[str, str]
    """Why a recording must not be used, by stem."""
    kinds: Counter[tuple[str, str]]
    _windows: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)

    @cached_property
    def raters(self) -> tuple[str, ...]:
        """Everybody with a log, in the order of codes."""
        return tuple(sorted({log.head.annotator for log in self.logs}))

    def window(self, key: UnitKey) -> tuple[int, int] | None:
        """Return the window of a trial, or of a whole recording (trial -1), in ns; None where unknown."""
        stem, trial = key
        if stem not in self._windows:
            found: dict[int, tuple[int, int]] = {}
            try:
                with open_session(self.recordings[stem][0]) as session:
                    low_s, high_s = extent_s(session)
                    found[-1] = round(low_s * NS), round(high_s * NS)
                    for index, window, _ in windows(session, Margins()):
                        if window is not None:
                            found[index] = window
            except SessionFileError:
                found = {}
            self._windows[stem] = found
        return self._windows[stem].get(trial)


def variables(scheme: Scheme) -> tuple[Variable, ...]:
    """Return everything in a scheme that raters can agree on; free text is left out."""
    return tuple(variable for tier in scheme.tiers for variable in _of_tier(tier))


def _of_tier(tier: Tier) -> Iterator[Variable]:
    title = tier.title or tier.name
    if tier.kind == "trial":
        for question in tier.questions:
            if question.kind != "text":
                kind: VariableKind = "ordinal" if question.kind == "scale" else "nominal"
                asked = question.text or question.id
                yield Variable(
                    tier.name, question.id, kind, asked if len(tier.questions) == 1 else f"{title}: {asked}"
                )
    elif tier.kind in ("point", "segment"):
        yield Variable(tier.name, "", "point" if tier.kind == "point" else "segment", title)
    else:
        for dimension in tier.dimensions:
            name = title if len(tier.dimensions) == 1 else f"{title}: {dimension.name}"
            yield Variable(tier.name, dimension.name, "trace", name)


def labelled_schemes(study: Study) -> tuple[str, ...]:
    """Return the schemes (`name@version`) that people have labelled something by."""
    found = {
        path.stem for path in find_logs(study.folder / "annotations") if kind_of(path.parent.name) == "human"
    }
    return tuple(sorted(found, key=lambda name: (name.rpartition("@")[0], _version(name))))


def resolve_scheme(study: Study, named: str) -> str:
    """Return `name@version` for a name, the newest labelled version unless one is given; raises."""
    known = labelled_schemes(study)
    if not known:
        raise GatheringError(f"{study.name}: nothing has been labelled yet, so there is nothing to compare.")
    found = [each for each in known if named in (each, each.rpartition("@")[0])]
    if not found:
        raise GatheringError(
            f"scheme {named!r}: nothing was labelled by it. Labelled was by: {', '.join(known)}."
        )
    return max(found, key=_version)


def _version(name: str) -> int:
    number = name.rpartition("@")[2]
    return int(number) if number.isdigit() else 0


def read_labels(study: Study, scheme: Scheme, cancelled: Callable[[], bool] = lambda: False) -> Labels:
    """Read all labels of people by a scheme; raises GatheringError, bootstrap.CancelledError."""
    sessions = {Path(session.file).stem: session for session in study.sessions()}
    amendments = study.amendments()
    recordings, refused = {}, {}
    logs: list[LogContents] = []
    kinds: Counter[tuple[str, str]] = Counter()
    for path in find_logs(study.folder / "annotations"):
        if path.stem != scheme.id or path.parent.name == CURATOR:
            continue
        if cancelled():
            raise CancelledError("Reading the labels was cancelled.")
        try:
            log = read_log(path, samples=any(tier.kind.startswith("trace") for tier in scheme.tiers))
        except LabelFileError as error:
            raise GatheringError(str(error)) from error
        if log.head.kind != "human":
            kinds.update((log.head.kind, mark.tier) for mark in log.marks)
            kinds.update((log.head.kind, take.tier) for take in log.takes)
            continue
        logs.append(log)
        stem = log.head.recording
        if stem in recordings or stem in refused:
            continue
        session = sessions.get(stem)
        if session is None:
            refused[stem] = "the recording is not in the study any more"
            continue
        why, _ = refusal(study, session)
        if why:
            refused[stem] = f"the session {why}"
        else:
            whose = amendments.code_of(session.participant, session.uuid, session.file)
            recordings[stem] = study.folder / session.file, whose
    dealt = {code: entry for plan in plans(study) for code, entry in plan.by_code.items()}
    return Labels(study, scheme, tuple(logs), dealt, recordings, refused, kinds)


def gather(labels: Labels, variable: Variable, blind: bool = False) -> Gathered:
    """Return the table of a variable; with `blind`, letters stand for the annotators' codes."""
    collected = _Collected(labels, variable)
    for log in labels.logs:
        collected.take(log)
    names = letters(labels.raters, "agreement", labels.scheme.id) if blind else {}
    raters = tuple(sorted(rater for rater in labels.raters if rater in collected.present))
    keys = tuple(sorted({key for key, _ in collected.first}))
    units = {key: collected.unit(key) for key in keys}
    known = tuple(key for key in keys if units[key] is not None)
    for key in keys:
        if units[key] is None:
            collected.out["label", "the window of its trial is not known any more"] += 1
    order = sorted(raters, key=lambda rater: names.get(rater, rater))
    shown = tuple(names.get(rater, rater) for rater in order)
    table = collected.table(known, order, shown, collected.first)
    repeats = []
    for rater, name in zip(order, shown, strict=True):
        twice = tuple(
            key for key in known if (key, rater) in collected.again and (key, rater) in collected.first
        )
        if twice:
            cells = {(key, FIRST): collected.first[key, rater] for key in twice}
            cells |= {(key, AGAIN): collected.again[key, rater] for key in twice}
            repeats.append((name, collected.table(twice, (FIRST, AGAIN), (FIRST, AGAIN), cells)))
    for (kind, tier), count in sorted(labels.kinds.items()):
        if tier == variable.tier:
            collected.out["label", "of models" if kind == "model" else "fused from others"] += count
    left_out = tuple(
        LeftOut(count, what, why) for (what, why), count in sorted(collected.out.items()) if count
    )
    sources = {key: tuple(sorted(ids)) for key, ids in collected.sources.items() if key in known}
    return Gathered(variable, table, left_out, tuple(repeats), sources, known)


class _Collected:
    """Cells of one variable while the logs are gone through."""

    def __init__(self, labels: Labels, variable: Variable) -> None:
        self._labels, self._variable = labels, variable
        self._tier = labels.scheme.tier(variable.tier)
        self.first: dict[Cell, Any] = {}
        self.again: dict[Cell, Any] = {}
        self.out: Counter[tuple[str, str]] = Counter()
        self.present: set[str] = set()
        self.sources: defaultdict[UnitKey, list[str]] = defaultdict(list)
        self._limits: dict[UnitKey, tuple[int, int]] = {}

    def take(self, log: LogContents) -> None:
        """Take what one annotator said about one recording."""
        tier = self._variable.tier
        # What was asked for by a plan goes before what was labelled outside of one.
        marks = sorted((mark for mark in log.marks if mark.tier == tier), key=lambda mark: not mark.item)
        takes = sorted((take for take in log.takes if take.tier == tier), key=lambda take: not take.item)
        what = "take" if self._variable.kind == "trace" else "label"
        why = self._labels.refused.get(log.head.recording)
        if why:
            self.out[what, why] += len(marks) + len(takes)
            return
        if self._variable.kind in ("nominal", "ordinal"):
            for mark in marks:
                self._take_answer(log, mark)
        elif self._variable.kind == "trace":
            self._take_traces(log, takes)
        else:
            self._take_marks(log, marks)

    def _put(
        self, log: LogContents, item: str, trial: int, content: Any, ids: Iterable[str], what: str
    ) -> None:
        """Put the content of one annotator's cell where it belongs: by the plan, or by the trial itself."""
        dealt = self._labels.dealt.get(item)
        ids = list(ids)
        if item and dealt is None:
            self.out[what, "the plan knows its item no more"] += len(ids)
            return
        if dealt is not None:
            key: UnitKey = (dealt.trial.recording, dealt.trial.trial)
            low, high = self._limits.get(key, (dealt.trial.start_ns, dealt.trial.end_ns))
            # Of windows that differ between plans, what all of them show.
            self._limits[key] = max(low, dealt.trial.start_ns), min(high, dealt.trial.end_ns)
        else:
            key = (log.head.recording, trial)
        cell = (key, log.head.annotator)
        if dealt is not None and dealt.purpose == "repeat":
            self.again[cell] = content
            self.out[what, "of trials that came again (a table of their own)"] += len(ids)
            return
        if cell in self.first:
            self.out[what, "the same trial was labelled in another queue too"] += len(ids)
            return
        self.first[cell] = content
        self.present.add(log.head.annotator)
        self.sources[key].extend(ids)

    def _take_answer(self, log: LogContents, mark: Mark) -> None:
        if self._variable.part not in mark.value:
            return
        why = why_not_gold(mark)
        value = mark.value[self._variable.part]
        if not why and value is None:
            why = "the answer is 'cannot tell'"
        if why:
            self.out["label", why] += 1
            return
        question = _question(self._tier, self._variable.part)
        if self._variable.kind == "nominal":
            value = [label.id for label in question.labels].index(value)
        self._put(log, mark.item, mark.trial, float(value), [source_of(mark)], "label")

    def _take_marks(self, log: LogContents, marks: list[Mark]) -> None:
        by_item: defaultdict[str, list[Mark]] = defaultdict(list)
        for mark in marks:
            by_item[mark.item].append(mark)
        with_model = {work.sid for work in log.works if work.model}
        seen = {op.item for op in log.ops if op.kind == "finish" and op.sid in with_model}
        for item in dict.fromkeys([*by_item, *log.states]):
            found = by_item[item]
            state = log.states.get(item, "untouched")
            reasons = [why for mark in found if (why := why_not_gold(mark))]
            if state != "finished" and (item or not found):
                why = f"skipped: {log.skipped[item]}" if log.skipped.get(item) else "the item is not finished"
                self.out["label", why] += len(found)
            elif not found and item in seen:
                self.out["unmarked item", SEEN] += 1
            elif reasons:
                # Without these marks the rest would seem to say that there was nothing.
                self.out["label", f"{reasons[0]} (with all others of the same trial)"] += len(found)
            else:
                spans = [
                    Span(mark.start_ns, mark.end_ns, mark.label or ANY_MARK, mark.id)
                    for mark in found
                    if mark.start_ns is not None and mark.end_ns is not None
                ]
                self._put(log, item, -1, spans, [source_of(mark) for mark in found], "label")

    def _take_traces(self, log: LogContents, takes: list[Take]) -> None:
        by_item: defaultdict[tuple[str, int], list[Take]] = defaultdict(list)
        for take in takes:
            if take.model_seen:
                self.out["take", SEEN] += 1
            elif take.state in ("done", "interrupted"):
                by_item[take.item, take.trial].append(take)
            else:
                self.out[
                    "take", "replaced by a later one" if take.state == "superseded" else "still open"
                ] += 1
        for (item, trial), found in by_item.items():
            # What was traced to the end counts before what broke off.
            found.sort(key=lambda take: take.state == "done")
            self._put(log, item, trial, found, [take.id for take in found], "take")

    def unit(self, key: UnitKey) -> Unit | None:
        """Return a unit, None where nobody knows its window."""
        limits = self._limits.get(key) or self._labels.window(key)
        if limits is None or key[0] not in self._labels.recordings:
            return None
        path, participant = self._labels.recordings[key[0]]
        told = key[0] if key[1] < 0 else f"{key[0]}, trial {key[1] + 1}"
        return Unit(told, path, participant, key[1], *limits)

    def table(
        self,
        keys: tuple[UnitKey, ...],
        raters: Iterable[str],
        shown: tuple[str, ...],
        cells: Mapping[Cell, Any],
    ) -> Table:
        """Return cells as a table; `shown` are the names of the raters."""
        raters, variable = list(raters), self._variable
        units = tuple(unit for key in keys if (unit := self.unit(key)) is not None)
        if variable.kind in ("nominal", "ordinal"):
            values = np.array([[cells.get((key, rater), np.nan) for rater in raters] for key in keys], float)
            values = values.reshape(len(keys), len(raters))
            question = _question(self._tier, variable.part)
            if variable.kind == "nominal":
                return Ratings(
                    units, shown, values, "nominal", tuple(label.name for label in question.labels)
                )
            assert question.scale is not None
            return Ratings(units, shown, values, "ordinal", low=question.scale.low, high=question.scale.high)
        if variable.kind != "trace":
            names = {label.id: label.name for label in self._tier.labels} | {CANNOT_TELL: "cannot tell"}
            marked = tuple(tuple(cells.get((key, rater)) for rater in raters) for key in keys)
            return Marks(units, shown, marked, variable.kind == "point", names)
        place = [dimension.name for dimension in self._tier.dimensions].index(variable.part)
        scale = self._tier.dimensions[place]
        grids = tuple(
            np.column_stack([_trace(cells.get((key, rater), ()), place, unit) for rater in raters])
            for key, unit in zip(keys, units, strict=True)
        )
        return Traces(units, shown, grids, scale.low, scale.high, self._tier.bounded)


def source_of(mark: Mark) -> str:
    """Return what names a mark as it is now: its id and its revision."""
    return f"{mark.id}@{mark.revision}"


SEEN = "made with labels of a model in sight"


def why_not_gold(mark: Mark) -> str:
    """Return why a mark is no judgement of a person's own, '' if it is one."""
    if mark.input == "accept_model":
        return "accepted from a model"
    if mark.model_seen:
        return SEEN
    if mark.to_confirm:
        return "carried over and not confirmed"
    return "" if mark.is_gold else f"given by a {mark.kind}"


def _question(tier: Tier, name: str) -> Question:
    return next(question for question in tier.questions if question.id == name)


def _trace(takes: Iterable[Take], place: int, unit: Unit) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return takes of one unit on its grid; where two cover the same time, the later one holds."""
    times: list[Any] = []
    values: list[Any] = []
    for take in takes:
        if not len(take.t_ns):
            continue
        first, last = take.t_ns.min(), take.t_ns.max()
        for number, known in enumerate(times):
            keep = (known < first) | (known > last)
            times[number], values[number] = known[keep], values[number][keep]
        times.append(take.t_ns)
        values.append(take.values[:, place].astype(float))
    empty = np.empty(0)
    return on_grid(
        np.concatenate(times) if times else empty.astype(np.int64),
        np.concatenate(values) if values else empty,
        unit.start_ns,
        unit.stop_ns,
    )
