"""Persons tested by others: repeated stratified folds, what each task alone says, figures with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.fold import Training, evaluate_fold, seed_of
from analysis.evaluation.guards import GuardLine, check_division
from analysis.evaluation.splits import Division, Fold, SplitError, divide
from analysis.recognizers.recognizer import Context
from app.analysing.guard_words import guard_words as words_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[int, int, str], None]

METRICS = (
    "accuracy", "balanced accuracy", "AUC", "F1-D", "F1-H", "sensitivity", "specificity",
    "specificity at 0.8 sensitivity",
)  # fmt: skip
"""The second class counts as positive: the depressed."""
FIXED_SENSITIVITY = 0.8
DRAWS = 400
PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class Plan:
    """How persons are divided: `folds` of them, anew in each of `repeats`, by `seed`.

    `hold_out` is a field of the participants ("site"): then each of its values is one fold, tested once by
    recognizers that learnt from the others.
    """

    folds: int = 10
    repeats: int = 10
    seed: int = 1
    hold_out: str = ""

    @property
    def times(self) -> int:
        """How often everybody is tested."""
        return 1 if self.hold_out else self.repeats

    @property
    def words(self) -> str:
        """In words."""
        if self.hold_out:
            return f"each {self.hold_out} tested by recognizers of the others, once"
        times = f", {self.repeats} repeats with other folds" if self.repeats > 1 else ", once"
        return f"{self.folds} folds of persons that keep the classes' shares{times}"


@dataclass(frozen=True)
class Tested:
    """What was said of each person by recognizers that never met them.

    `shares` (repeats, n) of the second class; `alone` (repeats, n, inputs) that of each input by itself, NaN
    where it is missing, of the inputs `names`. `y` (n,) are the answers, 0 or 1, `persons` (n,) whose visit
    each is. `guards` is what all folds' guards had to say.
    """

    recognizer: str
    names: tuple[str, ...]
    y: NDArray[np.int64]
    persons: NDArray[np.str_]
    shares: Floats
    alone: Floats
    guards: tuple[GuardLine, ...]

    def task(self, name: str) -> tuple[NDArray[np.int64], Floats, NDArray[np.str_]]:
        """Return answers, shares (repeats, m) and persons of one input alone, of those who have it."""
        place = self.names.index(name)
        has = np.isfinite(self.alone[:, :, place]).all(axis=0)
        return self.y[has], self.alone[:, has, place], self.persons[has]

    @property
    def counted(self) -> str:
        """How many visits of how many persons, in words."""
        people = len(np.unique(self.persons))
        return f"{people} persons" if people == len(self.y) else f"{len(self.y)} visits of {people} persons"

    @property
    def guard_words(self) -> str:
        """What the guards said of all folds, in a sentence."""
        return words_of(self.guards)


def tested(
    batch: Batch,
    names: Sequence[str],
    recognizer: str,
    settings: Mapping[str, Any],
    plan: Plan,
    progress: Progress = lambda done, of, words: None,
    cancelled: Callable[[], bool] = lambda: False,
    sites: Mapping[str, str] = MappingProxyType({}),
) -> Tested:
    """Test a recognizer of spoken tasks on some inputs of a batch of persons, guards on.

    `sites` is each participant's value of the plan's `hold_out`. Raises SplitError, LeakError,
    RecognizerError, CancelledError.
    """
    given = batch.only(names)
    assert batch.y is not None
    shares = np.full((plan.times, len(batch)), np.nan)
    alone = np.full((plan.times, len(batch), len(names)), np.nan)
    lines: dict[tuple[str, str], GuardLine] = {}
    for repeat in range(plan.times):
        division = _division(given, plan, repeat, sites)
        told = check_division(given, division)
        told.check()
        lines |= {(line.guard, line.words): line for line in told.lines}
        for done, fold in enumerate(division.folds):
            folds = len(division.folds)
            progress(repeat * folds + done, plan.times * folds, f"{recognizer}, fold {done + 1}")
            seed = seed_of(plan.seed + repeat, fold.name)
            training = Training(recognizer, settings, (), ("participant",), seed)
            outcome = evaluate_fold(given, fold, training, Context(seed=seed, cancelled=cancelled))
            lines |= {(line.guard, line.words): line for line in outcome.guards}
            shares[repeat, fold.test] = outcome.proba[:, 1]
            for place, name in enumerate(names):
                weights = outcome.explanation.weights.get(name)
                has = given.inputs[name].present[fold.test]
                if weights is not None:
                    alone[repeat, fold.test[has], place] = weights[has]
    y = np.asarray(batch.y, np.int64)
    return Tested(recognizer, tuple(names), y, batch.cases.participant, shares, alone, tuple(lines.values()))


def _division(batch: Batch, plan: Plan, repeat: int, sites: Mapping[str, str]) -> Division:
    """Return the folds of one repeat; raises SplitError."""
    spec = SplitSpec("participants", plan.folds, plan.seed + repeat)
    if not plan.hold_out:
        return divide(batch.cases, batch.y, spec)
    own = np.array([sites.get(str(code), "") for code in batch.cases.participant], dtype=np.str_)
    values = np.unique(own)
    if "" in values or len(values) < 2:
        raise SplitError(
            f"Everybody needs a {plan.hold_out}, and two of them are needed at least. Enter them under "
            "Participants, or hold out persons."
        )
    none = np.zeros(0, np.intp)
    folds = tuple(
        Fold(f"{plan.hold_out}-{place + 1}", np.flatnonzero(own != value), none, np.flatnonzero(own == value))
        for place, value in enumerate(values)
    )
    return Division(spec, folds, (("participant",),), plan.words)


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's mean over repeats, and its 95 % interval over persons; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def words(self) -> str:
        """As a cell of a table."""
        if self.value is None:
            return "-"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def figures(
    y: NDArray[np.int64],
    shares: Floats,
    persons: NDArray[np.str_],
    seed: int = 1,
    draws: int = DRAWS,
) -> dict[str, Figure]:
    """Return every metric of shares (repeats, n) by its name; `persons` (n,) tells whose visit each is.

    The interval is a bootstrap of persons, each with all their visits; which persons were trained on is not
    drawn anew.
    """
    at = _means(y, shares)
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in METRICS}
    names, place = np.unique(persons, return_inverse=True)
    order, ends = np.argsort(place, kind="stable"), np.cumsum(np.bincount(place, minlength=len(names)))
    visits = np.split(order, ends[:-1])
    for _ in range(draws if len(names) > 1 else 0):
        rows = np.concatenate([visits[each] for each in random.integers(0, len(names), len(names))])
        for name, value in _means(y[rows], shares[:, rows]).items():
            if np.isfinite(value):
                drawn[name].append(value)
    found = {}
    for name, value in at.items():
        if not np.isfinite(value):
            found[name] = Figure(None)
        elif len(drawn[name]) < draws / 2 or not drawn[name]:
            found[name] = Figure(value)
        else:
            low, high = np.quantile(drawn[name], (0.025, 0.975))
            found[name] = Figure(value, float(low), float(high))
    return found


def _means(y: NDArray[np.int64], shares: Floats) -> dict[str, float]:
    is_ill = y == 1
    decided = shares > 0.5
    hits, misses = (decided & is_ill).sum(axis=1), (~decided & is_ill).sum(axis=1)
    alarms, rights = (decided & ~is_ill).sum(axis=1), (~decided & ~is_ill).sum(axis=1)
    sensitivity, specificity = _part(hits, hits + misses), _part(rights, rights + alarms)
    curves = [_curve(is_ill, row) for row in shares] if is_ill.any() and not is_ill.all() else []
    found = {
        "accuracy": _part(hits + rights, np.full(len(shares), len(y))),
        "balanced accuracy": (sensitivity + specificity) / 2,
        "AUC": np.array([area for area, _ in curves] or [np.nan]),
        "F1-D": _part(2 * hits, 2 * hits + alarms + misses),
        "F1-H": _part(2 * rights, 2 * rights + alarms + misses),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "specificity at 0.8 sensitivity": np.array([fixed for _, fixed in curves] or [np.nan]),
    }
    return {name: float(values.mean()) for name, values in found.items()}


def _part(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0), np.float64)


def _curve(is_ill: Bools, share: Floats) -> tuple[float, float]:
    """Return the area under the curve, and the specificity where sensitivity is 0.8 at least."""
    places = np.unique(share)
    ill, well = np.sort(share[is_ill]), np.sort(share[~is_ill])
    found = 1 - np.searchsorted(ill, places, "left") / len(ill)
    kept = np.searchsorted(well, places, "left") / len(well)
    alarms = np.concatenate([[0.0], (1 - kept)[::-1]])
    hits = np.concatenate([[0.0], found[::-1]])
    area = float(((alarms[1:] - alarms[:-1]) * (hits[1:] + hits[:-1]) / 2).sum())
    enough = kept[found >= FIXED_SENSITIVITY]
    return area, float(enough.max()) if len(enough) else 0.0


@dataclass(frozen=True, slots=True)
class Chance:
    """What figures must beat: the majority's accuracy, and how seldom shuffled answers do as well.

    `p` is None where answers cannot be shuffled over persons; `why` tells.
    """

    majority: float
    p: float | None
    permutations: int
    why: str = ""

    @property
    def words(self) -> str:
        """In a sentence."""
        told = f"Always the larger class: accuracy {self.majority:.3f}, balanced accuracy 0.500."
        if self.p is None:
            return f"{told} No p value: {self.why}."
        return (
            f"{told} Answers shuffled over persons {self.permutations} times against the stored decisions: "
            f"p = {self.p:.4f} (balanced accuracy)."
        )


def chance(
    y: NDArray[np.int64],
    shares: Floats,
    persons: NDArray[np.str_],
    seed: int = 1,
    permutations: int = PERMUTATIONS,
) -> Chance:
    """Return the controls of shares (repeats, n): predictions stay, answers are shuffled over persons.

    All visits of a person (`persons`, (n,)) get one other person's answer together.
    """
    share = float(max((y == 1).mean(), (y == 0).mean()))
    names, first, place = np.unique(persons, return_index=True, return_inverse=True)
    both = len(np.unique(place[y != y[first][place]]))
    if both:
        why = (
            f"{both} of {len(names)} persons have visits with different answers, so answers cannot be "
            "shuffled over persons"
        )
        return Chance(share, None, 0, why)
    random = np.random.default_rng(seed)
    decided, own = shares > 0.5, y[first]
    known = _balanced(y, decided)
    above = sum(
        _balanced(random.permutation(own)[place], decided) >= known - 1e-12 for _ in range(permutations)
    )
    return Chance(share, (above + 1) / (permutations + 1), permutations)


def _balanced(y: NDArray[np.int64], decided: Bools) -> float:
    is_ill = y == 1
    return float((decided[:, is_ill].mean() + (~decided[:, ~is_ill]).mean()) / 2)


def calibration(y: NDArray[np.int64], shares: Floats, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return (mean share said, share that was so, decisions) of each tenth that holds any."""
    said, truth = shares.ravel(), np.tile(y, len(shares))
    place = np.minimum((said * bins).astype(int), bins - 1)
    return [
        (float(said[place == each].mean()), float(truth[place == each].mean()), int((place == each).sum()))
        for each in range(bins)
        if (place == each).any()
    ]
