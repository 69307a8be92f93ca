"""From operations to what there is: marks, states of items, questions, takes, what can be undone.

The state is a pure function of the set of operations: they are taken in the order of (lamport, sid, seq),
an undone step is passed over as if it had never been. So it does not matter when and how often the logs of
several computers were united.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from analysis.labels.format import Op
from analysis.labels.records import AnnotatorKind, Input, ItemState, Mark, TakeState

StepKey = tuple[str, int]
Subject = tuple[str, str]


@dataclass(slots=True)
class Step:
    """One action of the user: what undo takes back at once."""

    item: str
    action: str
    ops: list[Op] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TakeHead:
    """A take without its samples."""

    id: str
    tier: str
    trial: int
    item: str
    device: str
    model_seen: bool
    state: TakeState
    note: str = ""


def order(op: Op) -> tuple[int, str, int]:
    """Sort key of operations."""
    return op.lamport, op.sid, op.seq


class LogState:
    """What the operations applied so far come to; `apply` them in the order of `order`."""

    def __init__(self, annotator: str, kind: AnnotatorKind, ops: Iterable[Op] = ()) -> None:
        self.annotator, self.kind = annotator, kind
        self.lamport = 0
        self.marks: dict[str, Mark] = {}
        self._steps: dict[StepKey, Step] = {}
        # Dictionaries serve as sets that keep their order.
        self._done: dict[StepKey, None] = {}
        self._done_of: defaultdict[str, dict[StepKey, None]] = defaultdict(dict)
        self._undone: dict[StepKey, None] = {}
        self._ops: defaultdict[Subject, list[Op]] = defaultdict(list)
        self._takes: dict[str, Op] = {}
        self._starts: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        self._longest: defaultdict[tuple[str, str], int] = defaultdict(int)
        for op in sorted(ops, key=order):
            self.apply(op)

    def apply(self, op: Op) -> None:
        """Take one more operation, later than all before."""
        self.lamport = max(self.lamport, op.lamport)
        if op.kind in ("undo", "redo"):
            self._move((op.target_sid, op.target_step), op.kind == "redo")
            return
        if op.kind == "take":
            self._takes[op.mark] = op
            return
        if op.step:
            key = (op.sid, op.step)
            step = self._steps.get(key)
            if step is None:
                step = self._steps[key] = Step(op.item, op.action)
                self._done[key] = self._done_of[op.item][key] = None
                for other in [k for k in self._undone if self._steps[k].item == op.item]:
                    del self._undone[other]
            step.ops.append(op)
        subject = subject_of(op)
        self._ops[subject].append(op)
        self._refresh(subject)

    def _move(self, key: StepKey, to_done: bool) -> None:
        step = self._steps.get(key)
        source = self._undone if to_done else self._done
        if step is None or key not in source:
            return
        del source[key]
        if to_done:
            self._done[key] = self._done_of[step.item][key] = None
        else:
            del self._done_of[step.item][key]
            self._undone[key] = None
        for subject in dict.fromkeys(map(subject_of, step.ops)):
            self._refresh(subject)

    def latest(self, subject: Subject) -> Op | None:
        """Return the last operation about a subject that is not undone."""
        for op in self._ops.get(subject, [])[::-1]:
            if not op.step or (op.sid, op.step) in self._done:
                return op
        return None

    def _end_of(self, take: str) -> Op | None:
        # What the annotator said counts more than what a later window took for granted.
        ops = self._ops.get(("take", take), [])
        said = [op for op in ops if op.step and (op.sid, op.step) in self._done]
        ends = said or [op for op in ops if not op.step]
        return ends[-1] if ends else None

    def _refresh(self, subject: Subject) -> None:
        if subject[0] != "mark":
            return
        old = self.marks.pop(subject[1], None)
        if old is not None and old.start_ns is not None:
            starts = self._starts[old.tier, old.item]
            place = bisect.bisect_left(starts, (old.start_ns, old.id))
            del starts[place]
        op = self.latest(subject)
        if op is None or op.kind == "delete":
            return
        mark = self.marks[op.mark] = mark_of(op, self.annotator, self.kind)
        if mark.start_ns is not None:
            lane = (mark.tier, mark.item)
            bisect.insort(self._starts[lane], (mark.start_ns, mark.id))
            self._longest[lane] = max(self._longest[lane], mark.duration_ns)

    def touching(self, tier: str, item: str, start_ns: int, end_ns: int) -> Iterator[Mark]:
        """Yield the marks of a tier and item that overlap a stretch, points on its start included."""
        lane = (tier, item)
        starts = self._starts.get(lane, [])
        first = bisect.bisect_left(starts, (start_ns - self._longest[lane], ""))
        for begin_ns, name in starts[first:]:
            if begin_ns > end_ns or (begin_ns == end_ns and begin_ns != start_ns):
                return
            mark = self.marks[name]
            assert mark.end_ns is not None
            if mark.end_ns > start_ns or begin_ns == start_ns:
                yield mark

    def answer(self, tier: str, item: str, trial: int) -> Mark | None:
        """Return the answer about a whole trial."""
        for mark in reversed(self.marks.values()):
            if (mark.tier, mark.item, mark.trial) == (tier, item, trial) and mark.start_ns is None:
                return mark
        return None

    def step(self, key: StepKey) -> Step:
        """Return a step; raises KeyError."""
        return self._steps[key]

    def undoable(self, item: str | None = None) -> StepKey | None:
        """Return the step that undo takes back next, of one item or (None) of all."""
        done = self._done if item is None else self._done_of.get(item, {})
        return next(reversed(done), None)

    def redoable(self, item: str | None = None) -> StepKey | None:
        """Return the step that redo brings back next."""
        for key in reversed(self._undone):
            if item is None or self._steps[key].item == item:
                return key
        return None

    def item_state(self, item: str) -> ItemState:
        """Return how far the work on an item is."""
        op = self.latest(("state", item))
        if op is not None and op.kind in ("finish", "skip"):
            return "finished" if op.kind == "finish" else "skipped"
        begun = bool(self._done_of.get(item)) or any(take.item == item for take in self._takes.values())
        return "begun" if begun else "untouched"

    def items(self) -> tuple[str, ...]:
        """Return the items that anything was done about, in order of first touch."""
        known = [step.item for step in self._steps.values()] + [take.item for take in self._takes.values()]
        return tuple(dict.fromkeys(known))

    def skipped_because(self, item: str) -> str:
        """Return why an item was skipped, '' if it was not."""
        op = self.latest(("state", item))
        return op.note if op is not None and op.kind == "skip" else ""

    def questions(self) -> dict[str, str]:
        """Return the questions to the curator about whole items, by item."""
        asked = {}
        for kind, item in self._ops:
            if kind == "ask" and (op := self.latest((kind, item))) is not None and op.note:
                asked[item] = op.note
        return asked

    def rejected(self) -> frozenset[str]:
        """Return the marks of models that were rejected."""
        subjects = [subject for subject in self._ops if subject[0] == "reject"]
        return frozenset(subject[1] for subject in subjects if self.latest(subject) is not None)

    def accepted(self) -> frozenset[str]:
        """Return the marks of models that marks of this log come from."""
        return frozenset(m.derived_from for m in self.marks.values() if m.input == "accept_model")

    def takes(self) -> tuple[TakeHead, ...]:
        """Return the takes; of several that were finished about one thing the last one counts."""
        ends = {name: self._end_of(name) for name in self._takes}
        last: dict[tuple[str, str, int], tuple[Any, str]] = {}
        for name, end in ends.items():
            if end is not None and end.label == "done":
                begun = self._takes[name]
                about = (begun.tier, begun.item, begun.trial)
                last[about] = max(last.get(about, ((0, "", 0), "")), (order(end), name))
        counting = {name for _, name in last.values()}
        found = []
        for name, begun in self._takes.items():
            end = ends[name]
            state: TakeState = "open"
            if end is not None:
                state = cast("TakeState", end.label)
                if state == "done" and name not in counting:
                    state = "superseded"
            elif self._ops.get(("take", name)):
                state = "superseded"
            note = "" if end is None else end.note
            found.append(
                TakeHead(name, begun.tier, begun.trial, begun.item, begun.note, begun.model_seen, state, note)
            )
        return tuple(found)


def subject_of(op: Op) -> Subject:
    """Return what an operation is about."""
    if op.kind in ("finish", "reopen", "skip"):
        return "state", op.item
    if op.kind == "ask":
        return "ask", op.item
    if op.kind == "reject":
        return "reject", op.derived_from
    return "take" if op.kind == "end" else "mark", op.mark


def mark_of(op: Op, annotator: str, kind: AnnotatorKind) -> Mark:
    """Return the mark that an operation leaves."""
    return Mark(
        id=op.mark,
        tier=op.tier,
        annotator=annotator,
        kind=kind,
        trial=op.trial,
        item=op.item,
        start_ns=op.start_ns,
        end_ns=op.end_ns,
        label=op.label,
        value=op.value,
        confidence=op.confidence,
        channels=op.channels,
        note=op.note,
        revision=op.revision,
        input=cast("Input", op.input),
        derived_from=op.derived_from,
        model_seen=op.model_seen,
        to_confirm=op.to_confirm,
        asks=op.asks,
    )
