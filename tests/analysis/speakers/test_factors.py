"""Mixture and total variability: against plain densities, joint Gaussians, and planted factors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from analysis.speakers.gmm import Mixture, floored, train_mixture
from analysis.speakers.total_variability import Sums, TotalVariability, sums_of, train_total_variability


def mixture(components: int = 2, size: int = 3, seed: int = 0) -> Mixture:
    random = np.random.default_rng(seed)
    roots = random.standard_normal((components, size, size))
    covariances = roots @ np.swapaxes(roots, 1, 2) + 0.5 * np.eye(size)
    weights = np.full(components, 1 / components)
    return Mixture.of(weights, 3 * random.standard_normal((components, size)), covariances)


def test_logs_and_posteriors_are_those_of_the_densities() -> None:
    held = mixture()
    frames = np.random.default_rng(1).standard_normal((5, 3))
    density = np.column_stack(
        [
            weight * multivariate_normal(mean, cov).pdf(frames)
            for weight, mean, cov in zip(held.weights, held.means, held.covariances, strict=True)
        ]
    )
    np.testing.assert_allclose(held.logs(frames), np.log(density))
    share, told = held.posteriors(frames)
    np.testing.assert_allclose(share, density / density.sum(axis=1, keepdims=True))
    assert told == pytest.approx(np.log(density.sum(axis=1)).sum())


def test_em_never_loses_likelihood_and_finds_planted_gaussians() -> None:
    random = np.random.default_rng(2)
    means = np.array([[-4.0, 0.0], [4.0, 1.0]])
    frames = np.concatenate([random.multivariate_normal(mean, [[1, 0.6], [0.6, 1]], 400) for mean in means])
    told: list[tuple[str, float]] = []
    found = train_mixture(frames, 2, 8, 6, 3, lambda what, value: told.append((what, value)))
    for kind in ("diagonal", "full"):
        rounds = [value for what, value in told if what == kind]
        assert all(later >= earlier - 1e-6 for earlier, later in pairwise(rounds))
    order = np.argsort(found.means[:, 0])
    np.testing.assert_allclose(found.means[order], means, atol=0.2)
    np.testing.assert_allclose(found.covariances[order][:, 0, 1], 0.6, atol=0.15)


def test_a_covariance_is_kept_above_its_floor() -> None:
    floor = np.array([1.0, 4.0])
    (found,) = floored(np.array([[[1e-9, 0.0], [0.0, 100.0]]]), floor)
    assert found[0, 0] == pytest.approx(1.0)
    assert found[1, 1] == pytest.approx(100.0)


def test_the_i_vector_is_the_mean_of_the_factor_given_frames_that_belong_to_one_gaussian_each() -> None:
    """Of frames x = m + T w + e, assigned for certain, w given x is a plain linear Gaussian problem."""
    held = mixture(2, 3, 4)
    random = np.random.default_rng(5)
    loadings = random.standard_normal((2, 3, 2))
    frames = {0: random.standard_normal((4, 3)), 1: random.standard_normal((3, 3))}
    counts = np.array([4.0, 3.0])
    firsts = np.stack([frames[c].sum(axis=0) - counts[c] * held.means[c] for c in (0, 1)])
    model = TotalVariability.of(loadings, held)
    mean, covariance = model.posterior(Sums(counts, firsts))
    rows = [(c, x - held.means[c]) for c in (0, 1) for x in frames[c]]
    stacked = np.concatenate([loadings[c] for c, _ in rows])
    noise = np.zeros((21, 21))
    for place, (c, _) in enumerate(rows):
        noise[3 * place : 3 * place + 3, 3 * place : 3 * place + 3] = held.covariances[c]
    whole = stacked @ stacked.T + noise
    apart = np.concatenate([x for _, x in rows])
    gain = stacked.T @ np.linalg.inv(whole)
    np.testing.assert_allclose(mean, gain @ apart, atol=1e-8)
    np.testing.assert_allclose(covariance, np.eye(2) - gain @ stacked, atol=1e-8)
    # What the factor adds to the likelihood, from the same joint Gaussian.
    added = multivariate_normal(np.zeros(21), whole).logpdf(apart)
    added -= multivariate_normal(np.zeros(21), noise).logpdf(apart)
    assert model.evidence(Sums(counts, firsts)) == pytest.approx(added)


def test_em_finds_the_plane_that_utterances_move_in() -> None:
    held = Mixture.of(np.array([0.5, 0.5]), np.array([[-6.0] * 4, [6.0] * 4]), np.tile(np.eye(4), (2, 1, 1)))
    random = np.random.default_rng(6)
    planted = random.standard_normal((2, 4, 2))
    utterances = []
    for _ in range(150):
        moved = held.means + planted @ random.standard_normal(2)
        frames = np.concatenate([mean + random.standard_normal((30, 4)) for mean in moved])
        utterances.append(sums_of(frames, held))
    told: list[float] = []
    found = train_total_variability(utterances, held, 2, 12, 7, told.append)
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(told))
    one, _ = np.linalg.qr(planted.reshape(8, 2))
    other, _ = np.linalg.qr(found.loadings.reshape(8, 2))
    assert np.linalg.svd(one.T @ other, compute_uv=False).min() > 0.99
