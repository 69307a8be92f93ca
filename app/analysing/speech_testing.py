"""Persons tested by others: repeated stratified folds, what each task alone says, figures with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.fold import Training, evaluate_fold, seed_of
from analysis.evaluation.guards import GuardLine, check_division
from analysis.evaluation.splits import divide
from analysis.recognizers.recognizer import Context

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
    """How persons are divided: `folds` of them, anew in each of `repeats`, by `seed`."""

    folds: int = 10
    repeats: int = 10
    seed: int = 1

    @property
    def words(self) -> str:
        """In words."""
        times = f", {self.repeats} repeats with other folds" if self.repeats > 1 else ", once"
        return f"{self.folds} folds of persons that keep the classes' shares{times}"


@dataclass(frozen=True)
class Tested:
    """What was said of each person by recognizers that never met them.

    `shares` (repeats, n) of the second class; `alone` (repeats, n, inputs) that of each input by itself, NaN
    where it is missing, of the inputs `names`. `y` (n,) are the answers, 0 or 1. `guards` is what all folds'
    guards had to say.
    """

    recognizer: str
    names: tuple[str, ...]
    y: NDArray[np.int64]
    shares: Floats
    alone: Floats
    guards: tuple[GuardLine, ...]

    def task(self, name: str) -> tuple[NDArray[np.int64], Floats]:
        """Return answers and shares (repeats, m) of one input alone, of those who have it."""
        place = self.names.index(name)
        has = np.isfinite(self.alone[:, :, place]).all(axis=0)
        return self.y[has], self.alone[:, has, place]


def tested(
    batch: Batch,
    names: Sequence[str],
    recognizer: str,
    settings: Mapping[str, Any],
    plan: Plan,
    progress: Progress = lambda done, of, words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Tested:
    """Test a recognizer of spoken tasks on some inputs of a batch of persons, guards on.

    Raises SplitError, LeakError, RecognizerError, CancelledError.
    """
    given = batch.only(names)
    assert batch.y is not None
    shares = np.full((plan.repeats, len(batch)), np.nan)
    alone = np.full((plan.repeats, len(batch), len(names)), np.nan)
    lines: dict[tuple[str, str], GuardLine] = {}
    for repeat in range(plan.repeats):
        division = divide(given.cases, given.y, SplitSpec("participants", plan.folds, plan.seed + repeat))
        told = check_division(given, division)
        told.check()
        lines |= {(line.guard, line.words): line for line in told.lines}
        for done, fold in enumerate(division.folds):
            progress(repeat * plan.folds + done, plan.repeats * plan.folds, f"{recognizer}, fold {done + 1}")
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
    return Tested(recognizer, tuple(names), y, shares, alone, tuple(lines.values()))


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


def figures(y: NDArray[np.int64], shares: Floats, seed: int = 1, draws: int = DRAWS) -> dict[str, Figure]:
    """Return every metric of shares (repeats, n) by its name.

    The interval is a bootstrap of persons; which persons were trained on is not drawn anew.
    """
    at = _means(y, shares)
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in METRICS}
    for _ in range(draws if len(y) > 1 else 0):
        rows = random.integers(0, len(y), len(y))
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
    """What figures must beat: the majority's accuracy, and how seldom shuffled answers do as well."""

    majority: float
    p: float
    permutations: int

    @property
    def words(self) -> str:
        """In a sentence."""
        return (
            f"Always the larger class: accuracy {self.majority:.3f}, balanced accuracy 0.500. Answers "
            f"shuffled over persons {self.permutations} times against the stored decisions: p = {self.p:.4f} "
            "(balanced accuracy)."
        )


def chance(y: NDArray[np.int64], shares: Floats, seed: int = 1, permutations: int = PERMUTATIONS) -> Chance:
    """Return the controls of shares (repeats, n): predictions stay, answers are shuffled over persons."""
    random = np.random.default_rng(seed)
    decided = shares > 0.5
    known = _balanced(y, decided)
    above = sum(_balanced(random.permutation(y), decided) >= known - 1e-12 for _ in range(permutations))
    share = float(max((y == 1).mean(), (y == 0).mean()))
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
