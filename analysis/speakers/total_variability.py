"""The i-vector: the factor that moves all means of a mixture at once for one utterance.

Dehak, Kenny, Dehak, Dumouchel & Ouellet, "Front-end factor analysis for speaker verification" (IEEE TASLP 19,
2011): M = m + T w, w standard normal. With an utterance's sums over frames N_c and F_c (about the means),
w's posterior has precision L = I + sum N_c T_c' S_c^-1 T_c and mean L^-1 sum T_c' S_c^-1 F_c: the i-vector.
T by expectation-maximisation: T_c = (sum F_c E[w]') (sum N_c E[w w'])^-1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.speakers.gmm import Mixture

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """What an utterance is to a mixture: `counts` (C,), and `firsts` (C, D) about the means."""

    counts: Floats
    firsts: Floats


def sums_of(frames: Floats, mixture: Mixture) -> Sums:
    """Return the sums of an utterance's frames (n, D)."""
    share, _ = mixture.posteriors(frames)
    counts = share.sum(axis=0)
    return Sums(counts, share.T @ frames - counts[:, None] * mixture.means)


@dataclass(frozen=True, slots=True)
class TotalVariability:
    """T as `loadings` (C, D, R); the posterior needs `weighted` (C, D, R) and `inner` (C, R, R)."""

    loadings: Floats
    weighted: Floats
    inner: Floats

    @classmethod
    def of(cls, loadings: Floats, mixture: Mixture) -> TotalVariability:
        """Return it with S_c^-1 T_c and T_c' S_c^-1 T_c."""
        weighted = mixture.precisions @ loadings
        return cls(loadings, weighted, np.swapaxes(loadings, 1, 2) @ weighted)

    def posterior(self, sums: Sums) -> tuple[Floats, Floats]:
        """Return mean (R,) and covariance (R, R) of the factor."""
        size = self.loadings.shape[2]
        precision = np.eye(size) + np.tensordot(sums.counts, self.inner, axes=1)
        covariance = np.asarray(np.linalg.inv(precision), np.float64)
        return covariance @ np.einsum("cdr,cd->r", self.weighted, sums.firsts), covariance

    def evidence(self, sums: Sums) -> float:
        """Return the utterance's log likelihood less its likelihood without any factor, frames assigned."""
        mean, covariance = self.posterior(sums)
        projected = np.einsum("cdr,cd->r", self.weighted, sums.firsts)
        return float(0.5 * (projected @ mean + np.linalg.slogdet(covariance)[1]))


def train_total_variability(
    utterances: list[Sums],
    mixture: Mixture,
    rank: int,
    rounds: int,
    seed: int,
    heard: Callable[[float], None] = lambda value: None,
) -> TotalVariability:
    """Return T of `rank` columns after `rounds` of EM; `heard` gets each round's mean evidence before it."""
    random = np.random.default_rng(seed)
    scale = np.sqrt(np.einsum("cdd->cd", mixture.covariances))
    start = 0.1 * random.standard_normal((*mixture.means.shape, rank)) * scale[:, :, None]
    found = TotalVariability.of(start, mixture)
    for _ in range(rounds):
        found, told = total_variability_round(utterances, mixture, found)
        heard(told)
    return found


def total_variability_round(
    utterances: list[Sums], mixture: Mixture, before: TotalVariability
) -> tuple[TotalVariability, float]:
    """Return T after one round of EM, and the mean evidence before it.

    A Gaussian without frames keeps its rows.
    """
    components, size, rank = before.loadings.shape
    left = np.zeros((components, size, rank))
    right = np.zeros((components, rank, rank))
    told = 0.0
    for each in utterances:
        mean, covariance = before.posterior(each)
        told += before.evidence(each)
        left += each.firsts[:, :, None] * mean
        right += each.counts[:, None, None] * (covariance + np.outer(mean, mean))
    held = np.einsum("crr->c", right) > 1e-6
    loadings = before.loadings.copy()
    for place in np.flatnonzero(held):
        eased = right[place] + 1e-9 * np.trace(right[place]) * np.eye(rank)
        loadings[place] = np.linalg.solve(eased, left[place].T).T
    return TotalVariability.of(loadings, mixture), told / max(1, len(utterances))
