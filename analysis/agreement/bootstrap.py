"""Intervals by resampling whole trials or whole participants, never samples.

Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 13 and 14.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.agreement.outcome import AgreementError, Floats, Sums

Method = Literal["BCa", "percentile"]

RESAMPLES = 2000
LEAST_CLUSTERS = 5
LEVEL = 0.95
_AT_ONCE = 200


class CancelledError(AgreementError):
    """Somebody did not want to wait."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval; `low` and `high` are None where there is none, and `reason` says why.

    `clusters` were drawn `resamples` times; in `undefined` of these draws the coefficient had no value
    (one class only, say), and they were left out.
    """

    low: float | None
    high: float | None
    method: Method
    clusters: int
    resamples: int
    undefined: int
    reason: str = ""


def bootstrap(
    sums: Sums,
    clusters: Sequence[str],
    *,
    noun: str = "trials",
    seed: int = 0,
    resamples: int = RESAMPLES,
    cancelled: Callable[[], bool] = lambda: False,
) -> Interval:
    """Return the interval of a coefficient; `clusters` names what each unit is drawn together with.

    Only clusters with a unit that counts are drawn. BCa (bias-corrected and accelerated); the plain
    percentiles where its corrections cannot be computed. Raises CancelledError.
    """
    drawn = _Clusters(sums, clusters)
    size = drawn.size
    whole = sums.outcome().value
    if whole is None:
        return Interval(None, None, "percentile", size, 0, 0, "the coefficient is undefined")
    if size < LEAST_CLUSTERS:
        return Interval(
            None, None, "percentile", size, 0, 0, f"needs at least {LEAST_CLUSTERS} {noun}, there are {size}"
        )
    draws = np.random.default_rng(seed).integers(0, size, size=(resamples, size))
    found: list[float] = []
    for start in range(0, resamples, _AT_ONCE):
        if cancelled():
            raise CancelledError("The computation was cancelled.")
        weights = np.stack([np.bincount(row, minlength=size) for row in draws[start : start + _AT_ONCE]])
        found.extend(value for value in drawn.values(weights.astype(float)) if value is not None)
    undefined = resamples - len(found)
    if 2 * undefined > resamples:
        return Interval(
            None,
            None,
            "percentile",
            size,
            resamples,
            undefined,
            f"undefined in {undefined} of {resamples} draws",
        )
    values = np.array(found)
    left_out = drawn.values(1.0 - np.eye(size))
    jackknife = np.array([np.nan if value is None else value for value in left_out])
    ends = bca_ends(values, whole, jackknife)
    method: Method = "percentile" if ends is None else "BCa"
    low, high = np.quantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2) if ends is None else ends)
    return Interval(float(low), float(high), method, size, resamples, undefined)


def bca_ends(values: Floats, whole: float, left_out: Floats) -> tuple[float, float] | None:
    """Return the quantiles of `values` that bound the interval, None where they cannot be corrected."""
    from scipy.special import ndtr, ndtri

    share = (np.mean(values < whole) + np.mean(values <= whole)) / 2
    deviations = left_out.mean() - left_out
    spread = float((deviations**2).sum())
    if not 0 < share < 1 or not np.isfinite(spread) or spread < 1e-24:
        return None
    bias = float(ndtri(share))
    bend = float((deviations**3).sum()) / (6 * spread**1.5)
    ends = []
    for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        moved = bias + float(ndtri(tail))
        if bend * moved >= 1:
            return None
        ends.append(float(ndtr(bias + moved / (1 - bend * moved))))
    return ends[0], ends[1]


class _Clusters:
    """A coefficient of clusters of units; those without a unit that counts are left out."""

    def __init__(self, sums: Sums, clusters: Sequence[str]) -> None:
        names, place = np.unique(np.asarray(clusters, str), return_inverse=True)
        self._sums = sums
        parts = np.zeros((len(names), sums.parts.shape[1]))
        np.add.at(parts, place, sums.parts)
        counts = parts[:, 0] > 0
        self._parts = parts[counts]
        self.size = len(self._parts)
        # What is left out gets the weight behind the last one, which is always 0.
        order = np.where(counts, np.cumsum(counts) - 1, self.size)
        self._place = order[place]

    def values(self, weights: Floats) -> list[float | None]:
        """Return the coefficient for each row of (draws, clusters): how many times each cluster counts."""
        if self._sums.weigh is None:
            return [self._sums.finish(total).value for total in weights @ self._parts]
        padded = np.column_stack([weights, np.zeros(len(weights))])
        return [self._sums.weigh(row[self._place]).value for row in padded]
