"""One label out of several raters': mean, median, majority, or weighted by how each goes with the others.

Source of the weights: Grimm and Kroschel (2005), Evaluation of natural emotions using self assessment
manikins, ASRU: the evaluator weighted estimator; here a rater is compared with the mean of the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from analysis.agreement.numbers import pearson
from analysis.agreement.outcome import AgreementError, Floats
from analysis.agreement.spans import Marked, Span, united
from analysis.agreement.traces import GRID_HZ, mean_of_raters, shifted

Method = Literal["mean", "median", "majority", "weighted"]

LEAST_RATERS = 2

TIES: Mapping[Method, str] = {
    "mean": "cannot occur",
    "median": "of an even number of raters: the mean of the two in the middle",
    "majority": "no label",
    "weighted": "no label where two classes have equal weight; cannot occur with numbers",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How raters are fused.

    `weights` and `lags_s` are in the order of `raters`; weights are all 1 unless the method is weighted,
    `lags_s` are what each trace was moved earlier by (0: as it was given), `measured_lags_s` what was found
    (None: unknown; empty where there are no traces). A unit or point with fewer than
    `least` raters gets no label. `sha256` covers all of this and `sources`, the marks that went in.
    """

    method: Method
    raters: tuple[str, ...]
    weights: tuple[float, ...]
    lags_s: tuple[float, ...]
    least: int
    sources: tuple[str, ...]
    no_rating: int
    ties: int
    weights_from: str = "equal"
    measured_lags_s: tuple[float | None, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the recipe with its checksum, as it is stored."""
        told = self._plain()
        return {**told, "sha256": self.sha256}

    @property
    def sha256(self) -> str:
        """Checksum of the canonical JSON."""
        text = json.dumps(self._plain(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _plain(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "raters": list(self.raters),
            "weights": list(self.weights),
            "weights_from": self.weights_from,
            "lags_s": list(self.lags_s),
            "measured_lags_s": list(self.measured_lags_s),
            "least_raters": self.least,
            "missing": "left out; no label under least_raters",
            "ties": TIES[self.method],
            "units_without_label": self.no_rating,
            "units_tied": self.ties,
            "sources": list(self.sources),
        }


CLASS_WEIGHTS = "mean of Cohen's kappa with each of the others, 0 where negative or undefined"
NUMBER_WEIGHTS = (
    "Pearson's correlation of the rater with the mean of the others, 0 where negative or undefined"
)


def weights_of(units: Sequence[Floats]) -> tuple[float, ...]:
    """Return each rater's weight from units of (points, raters), all points of all units together.

    The correlation with the mean of the others, 0 where it is negative or undefined.
    """
    values = np.concatenate([np.atleast_2d(unit) for unit in units])
    found = []
    for place in range(values.shape[1]):
        others = mean_of_raters(np.delete(values, place, axis=1))
        outcome = pearson(values[:, place], others)
        found.append(max(0.0, outcome.value) if outcome.value is not None else 0.0)
    return tuple(found)


def class_weights(values: Floats) -> tuple[float, ...]:
    """Return each rater's weight for classes (units, raters), which have no correlation.

    The mean of Cohen's kappa with each of the others, 0 where it is negative or undefined.
    """
    from analysis.agreement.kappa import cohen_kappa

    found = []
    for place in range(values.shape[1]):
        pairs = [
            cohen_kappa(values[:, place], values[:, other]).value
            for other in range(values.shape[1])
            if other != place
        ]
        known = [value for value in pairs if value is not None]
        found.append(max(0.0, float(np.mean(known))) if known else 0.0)
    return tuple(found)


def fuse_numbers(
    values: Floats, method: Method, weights: Sequence[float], least: int = LEAST_RATERS
) -> Floats:
    """Return one number for each row of (n, raters), NaN where fewer than `least` raters gave one.

    With weights, raters of weight 0 do not count.
    """
    if method == "majority":
        raise AgreementError("Numbers have no majority: fuse them by mean, median or weights.")
    factors = np.asarray(weights, float) if method == "weighted" else np.ones(values.shape[1])
    known = np.isfinite(values) & (factors > 0)
    enough = known.sum(axis=1) >= least
    fused = np.full(len(values), np.nan)
    if method == "median":
        fused[enough] = [
            float(np.median(row[there])) for row, there in zip(values[enough], known[enough], strict=True)
        ]
        return fused
    below = (known * factors).sum(axis=1)
    above = (np.where(known, values, 0.0) * factors).sum(axis=1)
    fused[enough] = above[enough] / below[enough]
    return fused


def fuse_classes(
    values: Floats, weights: Sequence[float] | None = None, least: int = LEAST_RATERS
) -> tuple[Floats, int]:
    """Return the class with most raters (or weight) in each row of (n, raters), and how many rows tied.

    NaN where fewer than `least` raters gave one, and where classes tie.
    """
    factors = np.ones(values.shape[1]) if weights is None else np.asarray(weights, float)
    fused, ties = np.full(len(values), np.nan), 0
    for number, row in enumerate(values):
        known = np.isfinite(row) & (factors > 0)
        if known.sum() < least:
            continue
        classes = np.unique(row[known])
        votes = np.array([factors[known][row[known] == one].sum() for one in classes])
        best = np.flatnonzero(np.isclose(votes, votes.max(), rtol=1e-9, atol=0))
        if len(best) > 1:
            ties += 1
        else:
            fused[number] = classes[best[0]]
    return fused, ties


def fuse_segments(
    marked: Sequence[Marked], weights: Sequence[float] | None = None, least: int = LEAST_RATERS
) -> tuple[Span, ...]:
    """Return the stretches that more than half of the raters (of the weight) gave the same label.

    Raters who did not work on the unit do not count, those who marked nothing there do. Exact to the
    nanosecond: what holds can change only where a segment begins or ends.
    """
    factors = [1.0] * len(marked) if weights is None else list(weights)
    working = [
        (spans, factor)
        for spans, factor in zip(marked, factors, strict=True)
        if spans is not None and factor > 0
    ]
    if len(working) < least:
        return ()
    total = sum(factor for _, factor in working)
    fused: list[Span] = []
    for label in sorted({span.label for spans, _ in working for span in spans}):
        steps: dict[int, float] = {}
        for spans, factor in working:
            for start_ns, end_ns in united(spans, label):
                steps[start_ns] = steps.get(start_ns, 0.0) + factor
                steps[end_ns] = steps.get(end_ns, 0.0) - factor
        held, since = 0.0, None
        for time_ns in sorted(steps):
            held += steps[time_ns]
            is_most = held > total / 2 + 1e-9
            if is_most and since is None:
                since = time_ns
            elif not is_most and since is not None:
                fused.append(Span(since, time_ns, label))
                since = None
    return tuple(sorted(fused, key=lambda span: (span.start_ns, span.label)))


def moved_by(units: Sequence[Floats], lags_s: Sequence[float], rate_hz: float = GRID_HZ) -> list[Floats]:
    """Return traces (points, raters) with each rater moved earlier by a lag."""
    return [
        np.column_stack([shifted(unit[:, place], lag_s, rate_hz) for place, lag_s in enumerate(lags_s)])
        for unit in units
    ]
