"""Parts of the recognizers of nine speech tasks: inner folds of persons, Platt's curve, tuned machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.baselines import RandomForest
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.shallow_models import forest_shares, kernel_scores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.intp]
Folds = Sequence[tuple[Rows, Rows]]
Arrays = dict[str, NDArray[Any]]

GRIDS: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = MappingProxyType(
    {
        "none": ((0.0,), (-8.0,)),
        "coarse": ((-1.0, 3.0), (-10.0, -7.0)),
        "full": ((-3.0, -1.0, 1.0, 3.0, 5.0, 7.0), (-11.0, -9.0, -7.0, -5.0, -3.0)),
    }
)
"""Exponents of two that C and gamma of a machine are tuned over; untuned gamma is 1 / numbers instead."""
TREES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"none": (100,), "coarse": (50, 150), "full": (50, 100, 200, 400)}
)
STACKS: Mapping[str, tuple[tuple[tuple[int, ...], ...], tuple[float, ...]]] = MappingProxyType(
    {
        "none": (((8,),), (0.1,)),
        "coarse": (((4,), (8,)), (0.1, 1.0)),
        "full": (((4,), (8,), (16,), (16, 8)), (1e-4, 1e-3, 1e-2, 1e-1, 1.0)),
    }
)
"""Hidden layers and alpha of the last network."""
ITERATIONS = 2000
LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class View:
    """One input as rows: `values` (n, d), the mean of its steps; `present` (n,)."""

    values: Floats
    present: NDArray[np.bool_]

    @classmethod
    def of(cls, each: Input) -> View:
        """Return an input's rows."""
        n, steps = each.values.shape[:2]
        flat = each.values.reshape(n, steps, -1).astype(np.float64)
        count = np.maximum(each.inside.sum(axis=1), 1)[:, None]
        return cls(np.asarray((flat * each.inside[:, :, None]).sum(axis=1) / count), each.present)


def two_classes(batch: Batch, name: str) -> Ints:
    """Return the answers as 0 and 1; raises RecognizerError for any other target."""
    if batch.y is None or len(batch.classes) != 2:
        raise RecognizerError(f"{name} decides between two classes, such as healthy and depressed.")
    y = np.asarray(batch.y, np.int64)
    if len(np.unique(y)) < 2:
        raise RecognizerError(f"{name}: all training cases are of one class.")
    return y


def person_folds(batch: Batch, y: Ints, k: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Return up to `k` pairs (rows inside, rows outside): whole persons, the classes dealt in turn.

    One person alone is divided by recordings and trials. A fold whose inside lacks a class is left out.
    """
    groups = batch.cases.groups(("participant",))
    if len(np.unique(groups)) < 2:
        groups = batch.cases.groups(("recording", "trial"))
    names, first, place = np.unique(groups, return_index=True, return_inverse=True)
    mixed = np.random.default_rng(seed).permutation(len(names))
    order = mixed[np.argsort(y[first][mixed], kind="stable")]
    fold = np.empty(len(names), np.intp)
    fold[order] = np.arange(len(names)) % min(k, len(names))
    of_row = fold[place]
    pairs = [(np.flatnonzero(of_row != each), np.flatnonzero(of_row == each)) for each in np.unique(fold)]
    found = [pair for pair in pairs if len(np.unique(y[pair[0]])) == 2]
    if not found:
        raise RecognizerError("there are too few persons of both classes to divide the training side.")
    return found


def platt(scores: Floats, y: Ints) -> tuple[float, float]:
    """Return (a, b) of 1 / (1 + exp(a s + b)) for scores (n,) and answers 0 or 1.

    Platt 1999 with his softened answers, by Newton steps as Lin, Lin & Weng (2007) take them.
    """
    above, below = int((y == 1).sum()), int((y == 0).sum())
    wanted = np.where(y == 1, (above + 1) / (above + 2), 1 / (below + 2))
    a, b = 0.0, float(np.log((below + 1) / (above + 1)))

    def surprise(a: float, b: float) -> float:
        moved = a * scores + b
        return float((np.logaddexp(0, moved) - (1 - wanted) * moved).sum())

    now = surprise(a, b)
    for _ in range(100):
        share = sigmoid(-(a * scores + b))
        spread = share * (1 - share)
        gap = wanted - share
        slope = np.array([float((gap * scores).sum()), float(gap.sum())])
        if np.abs(slope).max() < 1e-5:
            break
        bend = np.array(
            [
                [float((scores**2 * spread).sum()) + 1e-12, float((scores * spread).sum())],
                [float((scores * spread).sum()), float(spread.sum()) + 1e-12],
            ]
        )
        step = -np.linalg.solve(bend, slope)
        length = 1.0
        while length > 1e-10:
            tried = surprise(a + length * step[0], b + length * step[1])
            if tried < now + 1e-4 * length * float(slope @ step):
                a, b, now = a + length * step[0], b + length * step[1], tried
                break
            length /= 2
        else:
            break
    return float(a), float(b)


def rising(scores: Floats, y: Ints) -> tuple[float, float]:
    """Return Platt's (a, b), flat at the classes' shares where the curve would fall.

    Of few persons scores outside are lower for whoever is missing inside, by that alone; a curve that took
    this for an effect would turn the machine round.
    """
    a, b = platt(scores, y)
    if a < 0:
        return a, b
    return 0.0, float(np.log(((y == 0).sum() + 1) / ((y == 1).sum() + 1)))


def sigmoid(values: Floats) -> Floats:
    """Return 1 / (1 + exp(-v))."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float64)


def surprise_of(shares: Floats, y: Ints) -> float:
    """Return the mean of minus the log of what the right answer was given."""
    right = np.where(y == 1, shares, 1 - shares)
    return -float(np.log(np.maximum(right, LEAST_SHARE)).mean())


@dataclass(frozen=True, slots=True)
class Machine:
    """What was fitted to one input: its arrays, and `usual`, the share that stands for a missing input.

    `kind` "svm": `mean` and `scale` standardise, `a` and `b` are Platt's; "forest": shares of its trees.
    """

    kind: str
    arrays: Arrays
    usual: float

    def shares(self, view: View) -> Floats:
        """Return the second class's share (n,); `usual` where the input is missing."""
        found = np.full(len(view.values), self.usual)
        rows = np.flatnonzero(view.present)
        if len(rows):
            x = (view.values[rows] - self.arrays["mean"]) / self.arrays["scale"]
            if self.kind == "svm":
                a, b = self.arrays["platt"]
                found[rows] = sigmoid(-(a * kernel_scores(self.arrays, x) + b))
            else:
                found[rows] = forest_shares(self.arrays, x)[:, 1]
        return found


def fit_machine(
    view: View, y: Ints, folds: Folds, kind: str, grid: str, balanced: bool, seed: int, context: Context
) -> tuple[Machine, Floats]:
    """Return the machine of one input, and the shares (n,) that inner folds give their own outside rows.

    Settings are those of the least surprise outside. Missing rows are given the mean share.
    """
    rows = np.flatnonzero(view.present)
    x = view.values[rows]
    spread = x.std(axis=0)
    mean, scale = x.mean(axis=0), np.where(spread > 1e-9, spread, 1.0)
    x = (x - mean) / scale
    place = np.full(len(view.values), -1, np.intp)
    place[rows] = np.arange(len(rows))
    inner = [(place[one][place[one] >= 0], place[other][place[other] >= 0]) for one, other in folds]
    own = y[rows]
    inner = [pair for pair in inner if len(pair[1]) and len(np.unique(own[pair[0]])) == 2]
    if not inner:
        raise RecognizerError("too few persons of both classes have an input to learn from it.")
    fit = _fit_svm if kind == "svm" else _fit_forest
    arrays, outside = fit(x, own, inner, grid, balanced, seed, context)
    known = np.isfinite(outside)
    usual = float(outside[known].mean())
    shares = np.full(len(view.values), usual)
    shares[rows[known]] = outside[known]
    return Machine(kind, {**arrays, "mean": mean, "scale": scale}, usual), shares


def _fit_svm(
    x: Floats, y: Ints, folds: Folds, grid: str, balanced: bool, seed: int, context: Context
) -> tuple[Arrays, Floats]:
    from sklearn.svm import SVC

    del seed
    square = (x**2).sum(axis=1)
    apart = np.maximum(square[:, None] - 2 * x @ x.T + square, 0.0)
    weighting = "balanced" if balanced else None
    best: tuple[float, float, float, tuple[float, float], Floats] | None = None
    for c_power, gamma_power in product(*GRIDS[grid]):
        context.check()
        c, gamma = 2.0**c_power, 2.0**gamma_power if grid != "none" else 1.0 / x.shape[1]
        kernel = np.exp(-gamma * apart)
        scores = np.full(len(y), np.nan)
        for inside, outside in folds:
            found = SVC(C=c, kernel="precomputed", class_weight=weighting)
            found.fit(kernel[np.ix_(inside, inside)], y[inside])
            scores[outside] = found.decision_function(kernel[np.ix_(outside, inside)])
        known = np.isfinite(scores)
        a, b = rising(scores[known], y[known])
        shares = sigmoid(-(a * scores + b))
        told = surprise_of(shares[known], y[known])
        if best is None or told < best[0] - 1e-12:
            best = (told, c, gamma, (a, b), shares)
    assert best is not None
    _, c, gamma, mapping, shares = best
    whole = SVC(C=c, kernel="precomputed", class_weight=weighting).fit(np.exp(-gamma * apart), y)
    arrays = {
        "vectors": x[whole.support_],
        "dual": whole.dual_coef_,
        "intercept": whole.intercept_,
        "count": whole.n_support_,
        "gamma": np.array(gamma),
        "c": np.array(c),
        "platt": np.array(mapping),
    }
    return arrays, shares


def _fit_forest(
    x: Floats, y: Ints, folds: Folds, grid: str, balanced: bool, seed: int, context: Context
) -> tuple[Arrays, Floats]:
    best: tuple[float, int, Floats] | None = None
    for trees in TREES[grid]:
        forest = RandomForest(trees=trees, balanced=balanced)
        shares = np.full(len(y), np.nan)
        for inside, outside in folds:
            context.check()
            shares[outside] = forest_shares(forest.learn(x[inside], y[inside], seed), x[outside])[:, 1]
        known = np.isfinite(shares)
        told = surprise_of(shares[known], y[known])
        if best is None or told < best[0] - 1e-12:
            best = (told, trees, shares)
    assert best is not None
    forest = RandomForest(trees=best[1], balanced=balanced)
    return forest.learn(x, y, seed), best[2]


@dataclass(frozen=True, slots=True)
class Stack:
    """The network that decides from all shares: weights and biases of each layer."""

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def shares(self, rows: Floats) -> Floats:
        """Return the second class's share (n,) of rows of shares (n, inputs)."""
        value = spread_out(rows)
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            value = value @ weight + bias
            if place < len(self.weights) - 1:
                value = np.maximum(value, 0.0)
        return sigmoid(value[:, 0])


def spread_out(shares: Floats) -> Floats:
    """Return shares from 0 to 1 as numbers from -2 to 2: what a small network learns well from."""
    return 4.0 * shares - 2.0


def fit_stack(rows: Floats, y: Ints, folds: Folds, grid: str, seed: int, context: Context) -> Stack:
    """Return the network of the least surprise on inner folds, fitted on all rows (n, inputs)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    x = spread_out(rows)

    def fitted(hidden: tuple[int, ...], alpha: float, inside: Rows) -> Any:
        made = MLPClassifier(hidden, alpha=alpha, solver="lbfgs", max_iter=ITERATIONS, random_state=seed)
        with warnings.catch_warnings():
            # What it has found after so many steps is compared like the others.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return made.fit(x[inside], y[inside])

    combinations = list(product(*STACKS[grid]))
    best = (np.inf, combinations[0])
    for each in combinations if len(combinations) > 1 else ():
        context.check()
        shares = np.full(len(y), np.nan)
        for inside, outside in folds:
            shares[outside] = fitted(*each, inside).predict_proba(x[outside])[:, 1]
        known = np.isfinite(shares)
        told = surprise_of(shares[known], y[known])
        if told < best[0] - 1e-12:
            best = (told, each)
    found = fitted(*best[1], np.arange(len(y)))
    return Stack(tuple(found.coefs_), tuple(found.intercepts_))
