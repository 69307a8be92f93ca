"""How accuracy changes with the number of channels: a network trained anew for each statistic and K.

The folds, guards and ledger are those of any run, but nothing is kept: a sweep is looked at, and K is then
named or chosen inside the training side (`k_nested`). Its best K on the tested side is an upper bound, no
result.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Rows
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.fold import Training, fit_on, predict, seed_of
from analysis.evaluation.guards import LeakError, blinded, check_blind, check_division, check_ledger
from analysis.evaluation.splits import KINDS, TRIAL, Division, divide
from analysis.recognizers.channel_choice import ALL
from analysis.recognizers.recognizer import Context

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Point:
    """One setting on one split.

    `accuracy` and `f1` (macro) are the mean over participants, `spread` the SD of their accuracies;
    `majority` is that of the most frequent class of each training side. `seconds` is the computing time of
    choice, training and prediction, a participant. `kept` counts, by participant tested, in how many folds
    each channel was chosen. `people` are the accuracies by participant.
    """

    statistic: str
    k: int
    split: str
    accuracy: float
    spread: float
    f1: float
    majority: float
    seconds: float
    people: Mapping[str, float]
    kept: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """All points of a split; `watermark` is what must stand over its figures, "" for nothing."""

    split: str
    words: str
    watermark: str
    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()

    def of(self, statistic: str) -> tuple[Point, ...]:
        """Return the points of a statistic, by K."""
        return tuple(sorted((each for each in self.points if each.statistic == statistic), key=_k))

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
    notes = tuple(f"{name} was left out: {words}" for name, words in stopped.items())
    usable = replace(division, folds=kept)
    points = []
    for place, (statistic, k) in enumerate(wanted):
        words = "all channels" if statistic == ALL else f"{statistic}, K = {k}"
        chosen = {**settings, "statistic": statistic, "k": k}

        def told(done: int, place: int = place, words: str = words) -> None:
            progress(place * len(kept) + done, len(wanted) * len(kept), f"{split.kind}: {words}")

        points.append(_point(batch, usable, recognizer, chosen, seed, tuple(steps), told, cancelled))
    mark = "LEAKY: windows of one block are in both sides" if division.leaky else ""
    return Sweep(split.kind, division.words, mark, tuple(points), notes)


def _point(
    batch: Batch,
    division: Division,
    recognizer: str,
    settings: Mapping[str, Any],
    seed: int,
    steps: tuple[str, ...],
    told: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> Point:
    assert batch.y is not None
    found = np.full(len(batch), -1, np.int64)
    usual = np.full(len(batch), -1, np.int64)
    kept: dict[str, Counter[str]] = {}
    seconds = 0.0
    groups = KINDS[division.spec.kind].unit or TRIAL
    for number, fold in enumerate(division.folds):
        told(number)
        begun_s = time.thread_time()
        training = Training(recognizer, settings, steps, groups, seed_of(seed, fold.name))
        fitted = fit_on(
            batch, fold.train, fold.validation, training, Context(cancelled=cancelled), None, fold.name
        )
        test = blinded(fitted.prepared.rows(fold.test))
        check_blind(test, fold.name)
        found[fold.test] = predict(fitted.recognizer, test, batch).argmax(axis=1)
        seconds += time.thread_time() - begun_s
        for line in check_ledger(fitted.ledger, fold.name):
            if line.state == "stopped":
                raise LeakError(line)
        usual[fold.test] = np.bincount(batch.y[fold.train], minlength=len(batch.classes)).argmax()
        names: tuple[str, ...] = getattr(fitted.recognizer, "kept", ())
        for code in np.unique(batch.cases.participant[fold.test]):
            kept.setdefault(str(code), Counter()).update(names)
    tested = np.flatnonzero(found >= 0)
    right = _by_person(batch, tested, found)
    people = list(right)
    scores = [_f1(batch.y[rows], found[rows], len(batch.classes)) for rows in _rows(batch, tested)]
    accuracies = np.array(list(right.values()))
    return Point(
        statistic=str(settings["statistic"]),
        k=_channels_kept(kept, settings),
        split=division.spec.kind,
        accuracy=float(accuracies.mean()),
        spread=float(accuracies.std(ddof=1)) if len(people) > 1 else 0.0,
        f1=float(np.mean(scores)),
        majority=float(np.mean(list(_by_person(batch, tested, usual).values()))),
        seconds=seconds / len(people),
        people=right,
        kept={code: dict(counts) for code, counts in kept.items()},
    )


def _channels_kept(kept: Mapping[str, Counter[str]], settings: Mapping[str, Any]) -> int:
    """Return K, or of all channels how many there are."""
    if settings["statistic"] != ALL:
        return int(settings["k"])
    return max(len(counts) for counts in kept.values())


def _rows(batch: Batch, tested: Rows) -> list[Rows]:
    codes = batch.cases.participant[tested]
    return [tested[codes == code] for code in np.unique(codes)]


def _by_person(batch: Batch, tested: Rows, found: NDArray[np.int64]) -> dict[str, float]:
    assert batch.y is not None
    return {
        str(batch.cases.participant[rows[0]]): float((found[rows] == batch.y[rows]).mean())
        for rows in _rows(batch, tested)
    }


def _f1(y: NDArray[Any], found: NDArray[np.int64], classes: int) -> float:
    """Return macro F1; a class that is neither there nor said counts nothing."""
    each = []
    for number in range(classes):
        both = int(((y == number) & (found == number)).sum())
        either = int((y == number).sum() + (found == number).sum())
        if either:
            each.append(2 * both / either)
    return float(np.mean(each))
