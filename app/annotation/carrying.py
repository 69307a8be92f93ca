"""Carrying labels over to a new version of a scheme: offered, and taken over 'to confirm'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.labels.checking import problem_of
from analysis.labels.reader import LogContents, read_log
from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app.annotation.edits import content_of

if TYPE_CHECKING:
    from app.annotation.log import Log


@dataclass(frozen=True, slots=True)
class Left:
    """A label that cannot be carried over, and why."""

    mark: Mark
    why: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What of an older version can be carried over: marks as the new scheme takes them, and what stays.

    `takes` counts traces: they stay with the version that they were drawn by. `done` were carried already.
    """

    source: Path
    marks: tuple[Mark, ...] = ()
    left: tuple[Left, ...] = ()
    takes: int = 0
    done: int = 0


def older_logs(log: Log) -> tuple[Path, ...]:
    """Return the annotator's logs about the same recording by older versions of the scheme, newest first."""
    found = []
    for path in log.path.parent.glob(f"{log.scheme.name}@*.sqlite"):
        version = path.stem.rpartition("@")[2]
        if version.isdigit() and int(version) < log.scheme.version:
            found.append((int(version), path))
    return tuple(path for _, path in sorted(found, reverse=True))


def offer(source: Path, log: Log) -> Offer:
    """Return what of an older log can be carried into a newer one; raises LabelFileError, LogError.

    What was carried once is not offered again, also where she deleted it since.
    """
    return offered(read_log(source), log.scheme, _carried(log))


def offered(old: LogContents, scheme: Scheme, done: frozenset[str] = frozenset()) -> Offer:
    """Return what of a log can be carried over to a scheme; `done` are ids that were carried already."""
    carried: list[Mark] = []
    left: list[Left] = []
    again = 0
    for mark in old.marks:
        if mark.id in done:
            again += 1
            continue
        new, why = _as_in(scheme, mark)
        if new is None:
            left.append(Left(mark, why))
        else:
            carried.append(new)
            if why:
                left.append(Left(mark, why))
    takes = sum(take.state == "done" for take in old.takes)
    return Offer(old.path, tuple(carried), tuple(left), takes, again)


def carry(log: Log, marks: Sequence[Mark]) -> int:
    """Take offered marks over, all in one step that undo takes back; return how many. Raises LogError."""
    done = _carried(log)
    new = [mark for mark in marks if mark.derived_from not in done]
    if not new:
        return 0
    with log.together("carry over"):
        for mark in new:
            log.add(
                mark.tier,
                **content_of(mark),
                input="carried",
                derived_from=mark.derived_from,
                to_confirm=True,
            )
    return len(new)


def to_confirm(log: Log, item: str | None = None) -> tuple[Mark, ...]:
    """Return the carried marks that nobody has looked at yet."""
    return tuple(mark for mark in log.marks(item) if mark.to_confirm)


def _carried(log: Log) -> frozenset[str]:
    undone = {mark.derived_from for mark in log.marks()}
    told = {op.derived_from for op in log.history() if op.input == "carried" and op.kind != "undo"}
    return frozenset((told | undone) - {""})


def _as_in(scheme: Scheme, mark: Mark) -> tuple[Mark | None, str]:
    """Return a mark as a scheme takes it (None: not at all), and what of it is lost."""
    try:
        tier = scheme.tier(mark.tier)
    except KeyError:
        return None, f"the tier {mark.tier} is not there any more"
    new = replace(mark, derived_from=mark.id, to_confirm=True, input="carried", revision=1, asks="")
    lost = ""
    if tier.kind == "trial":
        asked = {question.id for question in tier.questions}
        gone = sorted(set(mark.value) - asked)
        kept = {name: value for name, value in mark.value.items() if name in asked}
        for name in list(kept):
            if problem_of(scheme, replace(new, value={name: kept[name]})):
                gone.append(name)
                del kept[name]
        if gone:
            lost = f"the answer to {', '.join(gone)} does not fit any more"
        if not kept and mark.value:
            return None, lost
        new = replace(new, value=kept)
    wrong = problem_of(scheme, new)
    if wrong:
        return None, wrong
    return new, lost
