"""How accuracy changes with the number of channels: a network trained anew for each statistic and K.

The folds, guards and ledger are those of any run, but nothing is kept: a sweep is looked at, and K is then
named or chosen inside the training side (`k_nested`). Its best K on the tested side is an upper bound, no
result.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.fold import Training, fit_on, predict, seed_of
from analysis.evaluation.guards import LeakError, blinded, check_blind, check_division, check_ledger
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.splits import KINDS, TRIAL, Division, Fold, divide
from analysis.evaluation.steps import prepare
from analysis.recognizers.channel_choice import ALL
from analysis.recognizers.recognizer import Context

Progress = Callable[[int, int, str], None]
NAMED = 6


@dataclass(frozen=True, slots=True)
class Own:
    """One participant's figures.

    `f1` is macro F1, `majority` the accuracy of the training side's most frequent class, `seconds` the
    computing time of the folds that tested this participant.
    """

    accuracy: float
    f1: float
    majority: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Point:
    """One setting on one split.

    `accuracy`, `f1`, `majority` and `seconds` are the means over participants, `spread` the SD of their
    accuracies (None of one participant). Seconds are those of choice, training and prediction; filling of
    gaps, which is the same whatever is chosen, is not in them. `kept` counts, by participant tested, in how
    many folds each channel was chosen. `people` are the figures of each participant who was tested.
    """

    statistic: str
    k: int
    split: str
    accuracy: float
    spread: float | None
    f1: float
    majority: float
    seconds: float
    people: Mapping[str, Own]
    kept: Mapping[str, Mapping[str, int]]

    def of(self, participant: str) -> Point | None:
        """Return one participant's figures as a point; None where that participant was not tested."""
        own = self.people.get(participant)
        if own is None:
            return None
        kept = {participant: self.kept[participant]}
        return replace(self, **asdict(own), spread=None, people={participant: own}, kept=kept)


@dataclass(frozen=True, slots=True)
class Sweep:
    """All points of a split; `watermark` is what must stand over its figures, "" for nothing.

    `notes` say which folds and participants are not in the figures, and what the split says of itself.
    """

    split: str
    words: str
    watermark: str
    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()

    def of(self, statistic: str) -> tuple[Point, ...]:
        """Return the points of a statistic, by K."""
        return tuple(sorted((each for each in self.points if each.statistic == statistic), key=_k))

    @property
    def people(self) -> tuple[str, ...]:
        """Who was tested, by code."""
        return tuple(sorted(self.points[0].people)) if self.points else ()

    @property
    def whole(self) -> Point | None:
        """The point of all channels, None where it was not asked for."""
        return next((each for each in self.points if each.statistic == ALL), None)


def _k(point: Point) -> int:
    return point.k


def sweep(
    batch: Batch,
    split: SplitSpec,
    settings: Mapping[str, Any],
    wanted: Sequence[tuple[str, int]],
    *,
    recognizer: str = "shallow-convnet",
    seed: int = 1,
    steps: Sequence[str] = ("impute",),
    progress: Progress = lambda done, of, words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Sweep:
    """Train and test for each (statistic, K) of `wanted`; "all" takes every channel, whatever its K.

    Folds that a guard stops are left out, and that is noted. Raises SplitError, LeakError where none is left,
    RecognizerError, CancelledError.
    """
    division = divide(batch.cases, batch.y, split)
    guards = check_division(batch, division, steps=steps)
    stopped = {line.fold: line.words for line in guards.stopped}
    if "" in stopped or len(stopped) >= len(division.folds):
        guards.check()
    kept = tuple(fold for fold in division.folds if fold.name not in stopped)
    usable = replace(division, folds=kept)
    work = _Work(batch, usable, recognizer, seed, cancelled)
    tried = [_Tried({**settings, "statistic": statistic, "k": k}, len(batch)) for statistic, k in wanted]
    for number, fold in enumerate(kept):
        side = work.side_of(fold, tuple(steps))
        if number == 0:
            # The first network of a process loads what all share: its seconds are no setting's own.
            work.test(side, _Tried({**tried[0].settings, "epochs": 1, "k_nested": False}, len(batch)))
        for place, each in enumerate(tried):
            statistic, k = wanted[place]
            words = "all channels" if statistic == ALL else f"{statistic}, K = {k}"
            done = number * len(tried) + place
            progress(done, len(tried) * len(kept), f"{split.kind}, {fold.name}: {words}")
            work.test(side, each)
    points = tuple(_point(batch, usable, each) for each in tried)
    notes = (*_left_out(batch, usable, stopped), *division.notes)
    mark = "LEAKY: windows of one block are in both sides" if division.leaky else ""
    return Sweep(split.kind, division.words, mark, points, notes)


def _left_out(batch: Batch, usable: Division, stopped: Mapping[str, str]) -> Iterator[str]:
    """Say which folds a guard stopped, and who is in no fold that was tested."""
    names_by: dict[str, list[str]] = {}
    for name, words in stopped.items():
        names_by.setdefault(words, []).append(name)
    for words, names in names_by.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"Left out: {', '.join(names[:NAMED])}{more}: {words}."
    tested = {str(code) for fold in usable.folds for code in batch.cases.participant[fold.test]}
    gone = [str(code) for code in np.unique(batch.cases.participant) if str(code) not in tested]
    if gone:
        yield f"Not in these figures, since no fold could test them: {', '.join(gone)}."


@dataclass
class _Tried:
    """What came of one setting: for each case what it was taken for, what a majority says, and the time."""

    settings: Mapping[str, Any]
    cases: int
    found: NDArray[np.int64] = field(init=False)
    usual: NDArray[np.int64] = field(init=False)
    kept: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.found = np.full(self.cases, -1, np.int64)
        self.usual = np.full(self.cases, -1, np.int64)


@dataclass(frozen=True, slots=True)
class _Side:
    """A fold's rows alone, gaps filled: nothing else is computed on, and nothing of it is timed."""

    fold: Fold
    batch: Batch
    inside: Fold
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class _Work:
    """Trains and tests settings on the folds of a division."""

    batch: Batch
    division: Division
    recognizer: str
    seed: int
    cancelled: Callable[[], bool]

    def side_of(self, fold: Fold, steps: tuple[str, ...]) -> _Side:
        """Return the rows of a fold, prepared by steps that its training rows fit."""
        every = np.concatenate([fold.train, fold.validation, fold.test])
        ends = np.cumsum([len(fold.train), len(fold.validation)])
        train, validation, test = np.split(np.arange(len(every), dtype=np.intp), ends)
        inside = Fold(fold.name, train, validation, test)
        part = self.batch.rows(every)
        ledger = Ledger.of(part.cases.id[inside.train], part.cases.id[inside.validation])
        _, prepared = prepare(steps, part, inside.train, ledger)
        return _Side(fold, prepared, inside, ledger)

    def test(self, side: _Side, each: _Tried) -> None:
        """Train one setting on a fold's training side, and note what it says of the tested one."""
        assert self.batch.y is not None
        fold, inside = side.fold, side.inside
        ledger = Ledger(side.ledger.inside, list(side.ledger.entries))
        groups = KINDS[self.division.spec.kind].unit or TRIAL
        training = Training(self.recognizer, each.settings, (), groups, seed_of(self.seed, fold.name))
        context = Context(cancelled=self.cancelled)
        begun_s = time.thread_time()
        fitted = fit_on(side.batch, inside.train, inside.validation, training, context, ledger, fold.name)
        test = blinded(fitted.prepared.rows(inside.test))
        check_blind(test, fold.name)
        each.found[fold.test] = predict(fitted.recognizer, test, self.batch).argmax(axis=1)
        seconds = time.thread_time() - begun_s
        for line in check_ledger(ledger, fold.name):
            if line.state == "stopped":
                raise LeakError(line)
        classes = len(self.batch.classes)
        each.usual[fold.test] = np.bincount(self.batch.y[fold.train], minlength=classes).argmax()
        names: tuple[str, ...] = getattr(fitted.recognizer, "kept", ())
        tested = np.unique(self.batch.cases.participant[fold.test])
        for code in map(str, tested):
            each.kept.setdefault(code, Counter()).update(names)
            each.seconds[code] = each.seconds.get(code, 0.0) + seconds / len(tested)


def _point(batch: Batch, division: Division, each: _Tried) -> Point:
    assert batch.y is not None
    codes = batch.cases.participant
    people = {}
    for code in np.unique(codes[each.found >= 0]):
        rows = np.flatnonzero((codes == code) & (each.found >= 0))
        answers, found = batch.y[rows], each.found[rows]
        people[str(code)] = Own(
            accuracy=float((found == answers).mean()),
            f1=_f1(answers, found, len(batch.classes)),
            majority=float((each.usual[rows] == answers).mean()),
            seconds=each.seconds[str(code)],
        )
    accuracies = np.array([own.accuracy for own in people.values()])
    return Point(
        statistic=str(each.settings["statistic"]),
        k=_channels_kept(each.kept, each.settings),
        split=division.spec.kind,
        accuracy=float(accuracies.mean()),
        spread=float(accuracies.std(ddof=1)) if len(people) > 1 else None,
        f1=float(np.mean([own.f1 for own in people.values()])),
        majority=float(np.mean([own.majority for own in people.values()])),
        seconds=float(np.mean([own.seconds for own in people.values()])),
        people=people,
        kept={code: dict(counts) for code, counts in each.kept.items()},
    )


def _channels_kept(kept: Mapping[str, Counter[str]], settings: Mapping[str, Any]) -> int:
    """Return K, or of all channels how many there are."""
    if settings["statistic"] != ALL:
        return int(settings["k"])
    return max(len(counts) for counts in kept.values())


def _f1(y: NDArray[Any], found: NDArray[np.int64], classes: int) -> float:
    """Return macro F1; a class that is neither there nor said counts nothing."""
    each = []
    for number in range(classes):
        both = int(((y == number) & (found == number)).sum())
        either = int((y == number).sum() + (found == number).sum())
        if either:
            each.append(2 * both / either)
    return float(np.mean(each))
