"""Covariance matrices as points of a curved space: shrinkage, means, and the flat space that touches it.

Barachant, Bonnet, Congedo & Jutten, "Multiclass Brain-Computer Interface Classification by Riemannian
Geometry", IEEE Trans. Biomedical Engineering 59 (2012); Ledoit & Wolf, "A well-conditioned estimator for
large-dimensional covariance matrices", Journal of Multivariate Analysis 88 (2004). Matrices are (n, c, c),
symmetric and positive definite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats64 = NDArray[np.float64]
MeanKind = Literal["affine-invariant", "log-Euclidean"]

STEPS = 50
CLOSE = 1e-10


def covariance(samples: Floats64, shrinkage: float | None = None) -> Floats64:
    """Return the covariance (c, c) of samples (t, c) about their mean, shrunk towards a multiple of 1.

    The covariance is that over t, not t - 1. `shrinkage` 0..1; None: as Ledoit and Wolf estimate it
    (lemma 3.2 to 3.5).
    """
    t, c = samples.shape
    centred = samples - samples.mean(axis=0)
    found = centred.T @ centred / t
    level = np.trace(found) / c
    if shrinkage is None:
        apart = ((found - level * np.eye(c)) ** 2).sum() / c
        wobble = ((centred**2).T @ (centred**2) / t - found**2).sum() / (c * t)
        shrinkage = float(min(wobble, apart) / apart) if apart > 0 else 1.0
    shrunk: Floats64 = (1 - shrinkage) * found + shrinkage * level * np.eye(c)
    # Re-referenced channels sum to 0: without a floor the logarithm would be infinite.
    return shrunk + 1e-10 * (level or 1.0) * np.eye(c)


def matrix_function(matrices: Floats64, function: Callable[[Floats64], Floats64]) -> Floats64:
    """Apply a function to the eigenvalues of symmetric matrices (..., c, c)."""
    values, vectors = np.linalg.eigh(matrices)
    made: Floats64 = (vectors * function(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return made


def riemannian_mean(matrices: Floats64, kind: MeanKind = "affine-invariant") -> Floats64:
    """Return the mean (c, c): exp(mean(log C)), or the point with the least squared affine distances.

    The latter by fixed-point iteration M <- M^1/2 exp(mean(log(M^-1/2 C M^-1/2))) M^1/2.
    """
    mean = matrix_function(matrix_function(matrices, np.log).mean(axis=0), np.exp)
    if kind == "log-Euclidean":
        return mean
    for _ in range(STEPS):
        root, inverse = _roots(mean)
        step = matrix_function(inverse @ matrices @ inverse, np.log).mean(axis=0)
        mean = root @ matrix_function(step, np.exp) @ root
        mean = (mean + mean.T) / 2
        if np.linalg.norm(step) < CLOSE:
            break
    return mean


def tangent_vectors(matrices: Floats64, mean: Floats64, kind: MeanKind = "affine-invariant") -> Floats64:
    """Return (n, c(c+1)/2): the matrices seen from the mean, off-diagonals times the root of 2.

    The length of a vector is the matrix's distance from the mean: affine-invariant, or
    |log C - log M| for log-Euclidean.
    """
    if kind == "log-Euclidean":
        seen = matrix_function(matrices, np.log) - matrix_function(mean, np.log)
    else:
        _, inverse = _roots(mean)
        seen = matrix_function(inverse @ matrices @ inverse, np.log)
    rows, columns = np.triu_indices(mean.shape[0])
    vectors: Floats64 = seen[:, rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0))
    return vectors


def _roots(matrix: Floats64) -> tuple[Floats64, Floats64]:
    values, vectors = np.linalg.eigh(matrix)
    root = np.sqrt(values)
    return (vectors * root) @ vectors.T, (vectors / root) @ vectors.T
