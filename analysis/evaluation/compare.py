"""Recognizers against each other: paired over participants, on the cases that all of them predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from analysis.agreement.bootstrap import bootstrap
from analysis.agreement.outcome import Outcome
from analysis.evaluation.class_sums import mean_of_cases
from analysis.evaluation.metrics import of_participants, value_of
from analysis.evaluation.paired import holm, sign_flip, wilcoxon
from analysis.evaluation.run_folder import Predictions


class CompareError(Exception):
    """Runs cannot be compared; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`first` minus `second`: mean of the participants' differences, its interval, and tests with Holm's p.

    `differences` are by participant. p values are None with a reason where there are too few participants.
    """

    first: str
    second: str
    mean: float | None
    low: float | None
    high: float | None
    interval: str
    flip_p: float | None
    flip_holm: float | None
    flip_how: str
    wilcoxon_p: float | None
    wilcoxon_holm: float | None
    wilcoxon_how: str
    participants: int
    differences: Mapping[str, float]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several runs on the `cases` that they share; `left_out` cases are not predicted by all of them."""

    metric: str
    names: tuple[str, ...]
    values: tuple[Outcome, ...]
    participants: Mapping[str, tuple[float | None, ...]]
    pairs: tuple[Pair, ...]
    cases: int
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "metric": self.metric,
            "runs": [
                {"name": name, "value": value.value, "n": value.n, "reason": value.reason}
                for name, value in zip(self.names, self.values, strict=True)
            ],
            "participants": {code: list(values) for code, values in self.participants.items()},
            "pairs": [asdict(pair) | {"differences": dict(pair.differences)} for pair in self.pairs],
            "cases": self.cases,
            "left_out": self.left_out,
        }


def compare(runs: Mapping[str, Predictions], metric: str, seed: int = 0) -> Comparison:
    """Compare the stored predictions of runs, by name; raises CompareError where they share too little."""
    if len(runs) < 2:
        raise CompareError("At least two runs are needed for a comparison.")
    shared, left_out = on_shared_cases(runs)
    names = tuple(shared)
    own = {name: of_participants(metric, shared[name]) for name in names}
    people = sorted(own[names[0]])
    table = {code: tuple(own[name][code].value for name in names) for code in people}
    found = [_pair(names, table, one, other, seed) for one, other in combinations(range(len(names)), 2)]
    flips = holm([pair["flip"].p for pair in found])
    ranks = holm([pair["wilcoxon"].p for pair in found])
    pairs = tuple(
        Pair(
            pair["first"],
            pair["second"],
            pair["mean"],
            pair["interval"].low,
            pair["interval"].high,
            pair["interval"].method if pair["interval"].low is not None else pair["interval"].reason,
            pair["flip"].p,
            flip,
            pair["flip"].how,
            pair["wilcoxon"].p,
            rank,
            pair["wilcoxon"].how,
            pair["flip"].n,
            pair["differences"],
            pair["flip"].reason or pair["wilcoxon"].reason,
        )
        for pair, flip, rank in zip(found, flips, ranks, strict=True)
    )
    values = tuple(value_of(metric, shared[name]) for name in names)
    return Comparison(metric, names, values, table, pairs, len(shared[names[0]]), left_out)


def on_shared_cases(runs: Mapping[str, Predictions]) -> tuple[dict[str, Predictions], int]:
    """Return the runs on the cases that all of them predicted, in one order, and how many others there are.

    Cases are the same where recording, trial and time are; where a run tests cases several times (a split by
    domains), the fold too. Raises CompareError where there is none, or where they were asked for different
    answers.
    """
    keys = {name: _keys(predictions) for name, predictions in runs.items()}
    if any(len(set(each)) < len(each) for each in keys.values()):
        keys = {
            name: [(*key, str(fold)) for key, fold in zip(each, runs[name].fold, strict=True)]
            for name, each in keys.items()
        }
    both = set.intersection(*(set(each) for each in keys.values()))
    every = set.union(*(set(each) for each in keys.values()))
    if not both:
        raise CompareError(
            "These runs have no case in common: other trials, windows of another length, or another split by"
            " domains."
        )
    order = sorted(both)
    found = {}
    for name, predictions in runs.items():
        place = {key: row for row, key in enumerate(keys[name])}
        found[name] = predictions.rows(np.array([place[key] for key in order], np.intp))
    first = next(iter(found.values()))
    for name, predictions in found.items():
        if predictions.classes != first.classes or not np.array_equal(
            predictions.y, first.y, equal_nan=not predictions.classes
        ):
            raise CompareError(f"{name} was asked for other answers than the first run: another target.")
    return found, len(every) - len(both)


def _keys(predictions: Predictions) -> list[tuple[Any, ...]]:
    cases = predictions.cases
    return [
        (str(recording), int(trial), round(float(start), 6), round(float(stop), 6))
        for recording, trial, start, stop in zip(
            cases.recording, cases.trial, cases.start_s, cases.stop_s, strict=True
        )
    ]


def _pair(
    names: Sequence[str],
    table: Mapping[str, tuple[float | None, ...]],
    one: int,
    other: int,
    seed: int,
) -> dict[str, Any]:
    differences = {}
    for code, values in table.items():
        first, second = values[one], values[other]
        if first is not None and second is not None:
            differences[code] = first - second
    known = np.array(list(differences.values()), np.float64)
    interval = bootstrap(mean_of_cases(known), list(differences), noun="participants", seed=seed)
    return {
        "first": names[one],
        "second": names[other],
        "mean": float(known.mean()) + 0.0 if len(known) else None,
        "interval": interval,
        "flip": sign_flip(known, seed),
        "wilcoxon": wilcoxon(known),
        "differences": differences,
    }
