"""Whatever is done in whatever order: the log says what a naive model says, and uniting loses nothing."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from analysis.labels.folding import LogState
from analysis.labels.reader import read_log
from app.annotation.log import Log, LogError
from tests.helpers.labels import HEAD, open_log, told

ITEMS = ("", "k7", "m2")
LABELS = ("happy", "sad")
Span = tuple[int, int, str]


@dataclass
class Item:
    """What one item holds by the naive model: segments in order, points, answers by trial."""

    spans: list[Span] = field(default_factory=list)
    points: list[tuple[int, str]] = field(default_factory=list)
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)

    def copy(self) -> Item:
        return Item(list(self.spans), list(self.points), {t: dict(v) for t, v in self.answers.items()})

    def put(self, new: Span) -> None:
        kept = []
        for start, end, label in self.spans:
            if start < new[0]:
                kept.append((start, min(end, new[0]), label))
            if end > new[1]:
                kept.append((max(start, new[1]), end, label))
            if end <= new[0] or start >= new[1]:
                kept = [
                    *kept[: -1 if kept and kept[-1] == (start, end, label) else None],
                    (start, end, label),
                ]
        self.spans = sorted([*kept, new])


class LogMachine(RuleBasedStateMachine):
    """Does the same to a log and to the model, undo as snapshots."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log = open_log(self.folder / "log.sqlite")
        self.items = {item: Item() for item in ITEMS}
        self.done: list[tuple[str, Item]] = []
        self.undone: list[tuple[str, Item]] = []

    def teardown(self) -> None:
        self.log.close()
        shutil.rmtree(self.folder)

    def step(self, item: str) -> Item:
        self.done.append((item, self.items[item].copy()))
        self.undone = [entry for entry in self.undone if entry[0] != item]
        return self.items[item]

    def span_id(self, item: str, place: int) -> tuple[str, Span]:
        span = self.items[item].spans[place % len(self.items[item].spans)]
        found = [
            m.id for m in self.log.marks(item) if (m.start_ns, m.end_ns, m.label) == span and m.tier == "mood"
        ]
        assert len(found) == 1
        return found[0], span

    items_ = st.sampled_from(ITEMS)
    starts = st.integers(0, 40)
    lengths = st.integers(1, 30)
    places = st.integers(0, 20)
    labels = st.sampled_from(LABELS)

    @initialize()
    def begin(self) -> None:
        assert self.log.marks() == ()

    @rule(item=items_, start=starts, length=lengths, label=labels)
    def add_span(self, item: str, start: int, length: int, label: str) -> None:
        self.step(item).put((start, start + length, label))
        self.log.add("mood", item=item, start_ns=start, end_ns=start + length, label=label)

    @rule(item=items_, start=starts, label=labels)
    def add_point(self, item: str, start: int, label: str) -> None:
        self.step(item).points.append((start, label))
        self.log.add("artefact", item=item, start_ns=start, end_ns=start + 1, label=label)

    @rule(item=items_, trial=st.integers(0, 2), value=st.integers(1, 9))
    def answer(self, item: str, trial: int, value: int) -> None:
        # An item of a queue is about one trial.
        trial = 5 if item else trial
        self.step(item).answers.setdefault(trial, {})["valence"] = value
        self.log.add("trial", item=item, trial=trial, value={"valence": value})

    @rule(item=items_, place=places, start=starts, length=lengths)
    def move(self, item: str, place: int, start: int, length: int) -> None:
        if not self.items[item].spans:
            return
        name, span = self.span_id(item, place)
        model = self.step(item)
        model.spans.remove(span)
        model.put((start, start + length, span[2]))
        self.log.change(name, start_ns=start, end_ns=start + length)

    @rule(item=items_, place=places)
    def delete(self, item: str, place: int) -> None:
        if not self.items[item].spans:
            return
        name, span = self.span_id(item, place)
        self.step(item).spans.remove(span)
        self.log.delete(name)

    @rule(item=items_, place=places, share=st.floats(0.1, 0.9))
    def split(self, item: str, place: int, share: float) -> None:
        if not self.items[item].spans:
            return
        name, (start, end, label) = self.span_id(item, place)
        at = start + round(share * (end - start))
        if not start < at < end:
            with pytest.raises(LogError):
                self.log.split(name, at)
            return
        model = self.step(item)
        model.spans.remove((start, end, label))
        model.spans = sorted([*model.spans, (start, at, label), (at, end, label)])
        self.log.split(name, at)

    @rule(item=items_, one=places, other=places)
    def merge(self, item: str, one: int, other: int) -> None:
        if len(self.items[item].spans) < 2:
            return
        (first, a), (second, b) = self.span_id(item, one), self.span_id(item, other)
        if first == second or a[2] != b[2]:
            with pytest.raises(LogError):
                self.log.merge([first, second])
            return
        model = self.step(item)
        model.spans.remove(a)
        model.spans.remove(b)
        model.put((min(a[0], b[0]), max(a[1], b[1]), a[2]))
        self.log.merge([first, second])

    @rule(item=st.sampled_from((*ITEMS, None)))
    def undo(self, item: str | None) -> None:
        found = [place for place, (about, _) in enumerate(self.done) if item in (None, about)]
        assert bool(self.log.undo(item)) == bool(found)
        if found:
            about, before = self.done.pop(found[-1])
            self.undone.append((about, self.items[about]))
            self.items[about] = before

    @rule(item=st.sampled_from((*ITEMS, None)))
    def redo(self, item: str | None) -> None:
        found = [place for place, (about, _) in enumerate(self.undone) if item in (None, about)]
        assert bool(self.log.redo(item)) == bool(found)
        if found:
            about, after = self.undone.pop(found[-1])
            self.done.append((about, self.items[about]))
            self.items[about] = after

    @precondition(lambda self: self.done)
    @rule()
    def restart(self) -> None:
        self.log.close()
        self.log = open_log(self.folder / "log.sqlite")

    @invariant()
    def is_what_the_model_says(self) -> None:
        for item, model in self.items.items():
            marks = self.log.marks(item)
            assert sorted((m.start_ns, m.end_ns, m.label) for m in marks if m.tier == "mood") == model.spans
            points = Counter((m.start_ns, m.label) for m in marks if m.tier == "artefact")
            assert points == Counter(model.points)
            assert {m.trial: dict(m.value) for m in marks if m.tier == "trial"} == model.answers


TestTheLogAgainstANaiveModel = LogMachine.TestCase
TestTheLogAgainstANaiveModel.settings = settings(
    max_examples=12, stateful_step_count=25, suppress_health_check=list(HealthCheck)
)


def edit(log: Log, chance: random.Random) -> None:
    """Do something at random."""
    kind = chance.randrange(8)
    item = chance.choice(ITEMS)
    spans = [mark for mark in log.marks() if mark.tier == "mood"]
    if kind == 0 and spans:
        log.delete(chance.choice(spans).id)
    elif kind == 1:
        log.undo(chance.choice((None, item)))
    elif kind == 2:
        log.redo(chance.choice((None, item)))
    elif kind == 3:
        log.add("trial", item=item, trial=0, value={"valence": chance.randint(1, 9)})
    elif kind == 4:
        log.finish(item)
    elif kind == 5:
        writer = log.begin_take("trace", item=item)
        for n in range(3):
            writer.append(n, n, chance.random())
        writer.end(chance.choice(("done", "interrupted")))
    else:
        start = chance.randint(0, 100)
        log.add("mood", item=item, start_ns=start, end_ns=start + 20, label=chance.choice(LABELS))


def everything(path: Path) -> Any:
    """Return all that a log says, for comparison."""
    found = read_log(path)
    takes = sorted((t.id, t.state, t.item, t.values.tobytes(), t.t_ns.tobytes()) for t in found.takes)
    return (
        found.marks,
        takes,
        dict(sorted(found.states.items())),
        found.ops,
        sorted(w.sid for w in found.works),
    )


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_logs_united_twice_late_and_in_any_order_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("logs")
    first = folder / "0.sqlite"
    with open_log(first) as log:
        for _ in range(4):
            edit(log, chance)
    copies = [folder / f"{n}.sqlite" for n in range(1, 4)]
    for copy in copies:
        shutil.copyfile(first, copy)
    early = folder / "early.sqlite"
    for copy in copies:
        with open_log(copy) as log:
            for count in range(8):
                edit(log, chance)
                if copy == copies[0] and count == 3:
                    shutil.copyfile(first, early)
    results = []
    for attempt in range(3):
        target = folder / f"all-{attempt}.sqlite"
        shutil.copyfile(chance.choice([first, *copies]), target)
        order = [*copies, first, early, chance.choice(copies)]
        chance.shuffle(order)
        with open_log(target) as log:
            for other in order:
                log.merge_from(other)
            assert all(log.merge_from(other) == 0 for other in order)
            state = LogState(HEAD.annotator, "human", log.history())
            assert sorted(map(told, state.marks.values()), key=repr) == sorted(
                map(told, log.marks()), key=repr
            )
        results.append(everything(target))
    assert results[0] == results[1] == results[2]
    ops = {(op.sid, op.seq) for path in copies for op in read_log(path).ops}
    assert {(op.sid, op.seq) for op in results[0][3]} == ops


def test_a_piece_of_a_recording_is_united_in_the_recording_s_own_time(tmp_path: Path) -> None:
    whole, piece = tmp_path / "whole.sqlite", tmp_path / "piece.sqlite"
    with open_log(piece) as log:
        log.add("mood", item="k7", trial=0, start_ns=5, end_ns=9, label="sad", media_ns=6)
        writer = log.begin_take("trace", 0, "k7")
        writer.append(7, 123, 0.5)
        writer.end()
    with open_log(whole) as log:
        assert log.merge_from(piece, shift_ns=1000, trials={0: 12}) == 3
        assert log.merge_from(piece, shift_ns=1000, trials={0: 12}) == 0
        (mark,) = log.marks()
        assert (mark.start_ns, mark.end_ns, mark.trial) == (1005, 1009, 12)
        (take,) = log.takes()
        assert (take.t_ns.tolist(), take.mono_ns.tolist(), take.trial) == ([1007], [123], 12)
        with pytest.raises(LogError, match="differs"):
            log.merge_from(piece, shift_ns=999, trials={0: 12})
        assert len(log.marks()) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [({"annotator": "berta"}, "another annotator"), ({"recording_uuid": "uuid-2"}, "another recording")],
)
def test_what_belongs_elsewhere_is_not_united(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    from dataclasses import replace

    with open_log(tmp_path / "other.sqlite", replace(HEAD, **change)) as log:
        log.add("event", start_ns=1, label="sad")
    with open_log(tmp_path / "mine.sqlite") as log:
        with pytest.raises(LogError, match=words):
            log.merge_from(tmp_path / "other.sqlite")
        assert log.marks() == ()
