"""A universal background model: a mixture of Gaussians over frames of many speakers, diagonal, then full.

Expectation-maximisation as in Reynolds, Quatieri & Dunn, "Speaker verification using adapted Gaussian mixture
models" (Digital Signal Processing 10, 2000), and Kaldi's order: a diagonal model first, whose Gaussians begin
the full one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR_SHARE = 1e-3
"""Least variance of a Gaussian, as a share of all frames' variance in that dimension."""
LEAST_FRAMES = 1e-3
BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class Mixture:
    """C Gaussians over D numbers: `weights` (C,), `means` (C, D), `covariances` (C, D, D).

    `precisions` (C, D, D) and `constants` (C,) follow of these and are kept for speed.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    precisions: Floats
    constants: Floats

    @classmethod
    def of(cls, weights: Floats, means: Floats, covariances: Floats) -> Mixture:
        """Return a mixture with what follows of its parameters."""
        lower = np.linalg.cholesky(covariances)
        half = np.log(np.einsum("cdd->cd", lower)).sum(axis=1)
        size = means.shape[1]
        constants = np.log(np.maximum(weights, 1e-300)) - half - 0.5 * size * np.log(2 * np.pi)
        return cls(weights, means, covariances, _inverse(covariances), constants)

    def logs(self, frames: Floats) -> Floats:
        """Return log of weight times density of each Gaussian, (n, C)."""
        found = np.empty((len(frames), len(self.weights)))
        for place, (mean, precision) in enumerate(zip(self.means, self.precisions, strict=True)):
            apart = frames - mean
            found[:, place] = self.constants[place] - 0.5 * np.einsum("nd,nd->n", apart @ precision, apart)
        return found

    def posteriors(self, frames: Floats) -> tuple[Floats, float]:
        """Return each Gaussian's share of each frame (n, C), and the frames' log likelihood summed."""
        return shares(self.logs(frames))


def _inverse(matrices: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrices), np.float64)


def shares(logs: Floats) -> tuple[Floats, float]:
    """Return softmax over the last axis (n, C), and the log of the sums, added up."""
    top = logs.max(axis=1, keepdims=True)
    found = np.exp(logs - top)
    total = found.sum(axis=1, keepdims=True)
    return found / total, float((np.log(total) + top).sum())


def train_mixture(
    frames: Floats,
    components: int,
    diagonal_rounds: int,
    full_rounds: int,
    seed: int,
    heard: Callable[[str, float], None] = lambda what, value: None,
) -> Mixture:
    """Return a full mixture of frames (n, D); `heard` gets each round's mean log likelihood a frame.

    Frames are as many as the Gaussians at least. The start is `components` frames drawn by the seed.
    """
    random = np.random.default_rng(seed)
    spread = frames.var(axis=0)
    floor = np.maximum(FLOOR_SHARE * spread, 1e-10)
    means = frames[random.choice(len(frames), components, replace=False)]
    variances = np.tile(np.maximum(spread, floor), (components, 1))
    weights = np.full(components, 1 / components)
    for _ in range(diagonal_rounds):
        count, first, second, told = _diagonal_sums(frames, weights, means, variances)
        heard("diagonal", told / len(frames))
        means, weights = _means(count, first, means), _weights(count)
        safe = np.maximum(count, LEAST_FRAMES)[:, None]
        variances = np.maximum(second / safe - (first / safe) ** 2, floor)
    mixture = Mixture.of(weights, means, np.einsum("cd,de->cde", variances, np.eye(frames.shape[1])))
    for _ in range(full_rounds):
        mixture, told = full_round(frames, mixture, floor)
        heard("full", told / len(frames))
    return mixture


def full_round(frames: Floats, mixture: Mixture, floor: Floats) -> tuple[Mixture, float]:
    """Return the mixture after one round over frames (n, D), and the log likelihood before it."""
    components, size = mixture.means.shape
    count, first = np.zeros(components), np.zeros((components, size))
    second, told = np.zeros((components, size, size)), 0.0
    for at in range(0, len(frames), BLOCK):
        part = frames[at : at + BLOCK]
        share, logs = mixture.posteriors(part)
        told += logs
        count += share.sum(axis=0)
        first += share.T @ part
        for place in range(components):
            second[place] += (part * share[:, place, None]).T @ part
    means = _means(count, first, mixture.means)
    safe = np.maximum(count, LEAST_FRAMES)
    found = second / safe[:, None, None] - np.einsum("cd,ce->cde", means, means)
    # A Gaussian of fewer frames than numbers has no covariance of its own: it keeps more of its variances.
    trust = np.minimum(1.0, count / (2.0 * size))[:, None, None]
    diagonal = np.einsum("cdd->cd", found)
    plain = np.einsum("cd,de->cde", np.maximum(diagonal, floor), np.eye(size))
    found = trust * found + (1 - trust) * plain
    return Mixture.of(_weights(count), means, floored(found, floor)), told


def floored(covariances: Floats, floor: Floats) -> Floats:
    """Return covariances (C, D, D) whose least eigenvalue, in units of `floor` (D,), is 1 at least."""
    scale = np.sqrt(floor)
    whitened = covariances / np.einsum("d,e->de", scale, scale)
    values, vectors = np.linalg.eigh((whitened + np.swapaxes(whitened, 1, 2)) / 2)
    mended = np.einsum("cdk,ck,cek->cde", vectors, np.maximum(values, 1.0), vectors)
    return np.asarray(mended * np.einsum("d,e->de", scale, scale), np.float64)


def _diagonal_sums(
    frames: Floats, weights: Floats, means: Floats, variances: Floats
) -> tuple[Floats, Floats, Floats, float]:
    components, size = means.shape
    count, told = np.zeros(components), 0.0
    first, second = np.zeros((components, size)), np.zeros((components, size))
    inverse = 1 / variances
    constants = np.log(np.maximum(weights, 1e-300)) - 0.5 * np.log(2 * np.pi * variances).sum(axis=1)
    constants -= 0.5 * (means**2 * inverse).sum(axis=1)
    for at in range(0, len(frames), BLOCK):
        part = frames[at : at + BLOCK]
        squares = part**2
        share, logs = shares(constants + part @ (means * inverse).T - 0.5 * squares @ inverse.T)
        told += logs
        count += share.sum(axis=0)
        first += share.T @ part
        second += share.T @ squares
    return count, first, second, told


def _means(count: Floats, first: Floats, before: Floats) -> Floats:
    held = count[:, None] > LEAST_FRAMES
    return np.where(held, first / np.maximum(count, LEAST_FRAMES)[:, None], before)


def _weights(count: Floats) -> Floats:
    return np.asarray(np.maximum(count, LEAST_FRAMES) / np.maximum(count, LEAST_FRAMES).sum(), np.float64)
