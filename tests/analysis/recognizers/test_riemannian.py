"""Covariances in their curved space: exact small cases, and the classifier on top."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import eigvalsh, expm, logm
from sklearn.covariance import ledoit_wolf

from analysis.corpus.cases import Batch
from analysis.recognizers.covariances import (
    MeanKind,
    covariance,
    matrix_function,
    riemannian_mean,
    tangent_vectors,
)
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.riemannian import Riemannian
from tests.helpers.batches import make_cases, make_input
from tests.helpers.planted_effects import CLASSES, halves, held_out_accuracy

Floats64 = NDArray[np.float64]
KINDS: tuple[MeanKind, ...] = ("affine-invariant", "log-Euclidean")


def matrices(n: int = 12, c: int = 3, seed: int = 0) -> Floats64:
    random = np.random.default_rng(seed)
    root = random.normal(0, 1, (n, c, 2 * c))
    return root @ root.swapaxes(1, 2) / (2 * c) + 0.1 * np.eye(c)


@pytest.mark.parametrize("shape", [(50, 6), (10, 8), (400, 2)])
def test_shrinkage_is_that_of_ledoit_and_wolf(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    samples = random.normal(0, 1, shape) @ random.normal(0, 1, (shape[1], shape[1]))
    assert np.allclose(covariance(samples), ledoit_wolf(samples)[0], rtol=1e-8)


def test_shrinkage_that_is_given_moves_towards_a_multiple_of_one() -> None:
    samples = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert np.allclose(covariance(samples, 0.0), np.diag([2.0, 0.5]))
    assert np.allclose(covariance(samples, 0.5), np.diag([1.625, 0.875]))
    assert np.allclose(covariance(samples, 1.0), 1.25 * np.eye(2))


def test_channels_that_sum_to_nothing_still_have_a_logarithm() -> None:
    samples = np.random.default_rng(0).normal(0, 1, (200, 3))
    samples -= samples.mean(axis=1, keepdims=True)
    assert np.isfinite(matrix_function(covariance(samples, 0.0), np.log)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_of_diagonal_matrices_is_their_geometric_mean(kind: MeanKind) -> None:
    pair = np.stack([np.diag([1.0, 4.0]), np.diag([9.0, 1.0])])
    assert np.allclose(riemannian_mean(pair, kind), np.diag([3.0, 2.0]))


def test_the_mean_of_two_matrices_is_the_middle_of_the_shortest_way() -> None:
    one, other = matrices(2)
    root = matrix_function(one, np.sqrt)
    inverse = np.linalg.inv(root)
    middle = root @ matrix_function(inverse @ other @ inverse, np.sqrt) @ root
    assert np.allclose(riemannian_mean(np.stack([one, other])), middle, atol=1e-9)


def test_the_affine_mean_moves_with_its_matrices() -> None:
    found, turn = matrices(), np.random.default_rng(1).normal(0, 1, (3, 3))
    moved = riemannian_mean(turn @ found @ turn.T)
    assert np.allclose(moved, turn @ riemannian_mean(found) @ turn.T, atol=1e-8)


def test_the_log_euclidean_mean_is_that_of_scipys_logarithms() -> None:
    found = matrices()
    expected = expm(np.mean([logm(each) for each in found], axis=0))
    assert np.allclose(riemannian_mean(found, "log-Euclidean"), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_tangent_vectors_are_as_long_as_the_distance_and_sum_to_nothing_at_the_mean(kind: MeanKind) -> None:
    found = matrices()
    mean = riemannian_mean(found, kind)
    vectors = tangent_vectors(found, mean, kind)
    assert vectors.shape == (12, 6)
    assert np.allclose(vectors.mean(axis=0), 0, atol=1e-9)
    lengths = np.linalg.norm(vectors, axis=1)
    if kind == "affine-invariant":
        # The affine-invariant distance: the norm of the logarithms of the generalised eigenvalues.
        expected = [float(np.linalg.norm(np.log(eigvalsh(each, mean)))) for each in found]
    else:
        expected = [float(np.linalg.norm(logm(each) - logm(mean))) for each in found]
    assert np.allclose(lengths, expected)


def eeg(effect: float, seed: int = 0, participants: int = 16) -> Batch:
    """Sources whose sum has the same variance in both classes; what differs is how channels go together."""
    random = np.random.default_rng(seed)
    y = np.tile(np.arange(16) % 2, participants).astype(np.int64)
    random.shuffle(y)
    sources = random.normal(0, 1, (len(y), 150, 3))
    mixed = sources.copy()
    mixed[..., 1] += effect * np.where(y == 1, 1, -1)[:, None] * sources[..., 0]
    return Batch(make_cases(participants, 16), {"eeg": make_input(mixed)}, y, CLASSES)


@pytest.mark.parametrize("kind", KINDS)
def test_it_finds_channels_that_go_together_and_nothing_where_nothing_is(kind: MeanKind) -> None:
    assert held_out_accuracy(Riemannian(mean=kind), eeg(0.4)) > 0.95
    assert abs(held_out_accuracy(Riemannian(mean=kind), eeg(0.0)) - 0.5) < 0.2


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    train, test = halves(eeg(0.2))
    one = Riemannian(mean="log-Euclidean", c=0.1)
    one.fit(train, None, Context())
    one.save(tmp_path / "model")
    other = Riemannian.load(tmp_path / "model")
    assert np.array_equal(one.predict_proba(test), other.predict_proba(test))
    assert list(other.explain(test).weights) == ["eeg"]


def test_padding_does_not_change_a_covariance() -> None:
    batch = eeg(0.3)
    train, test = halves(batch)
    one = Riemannian()
    one.fit(train, None, Context())
    values = np.pad(test.inputs["eeg"].values, ((0, 0), (0, 40), (0, 0)))
    padded = replace(test, inputs={"eeg": make_input(values, test.inputs["eeg"].lengths)})
    assert np.array_equal(one.predict_proba(test), one.predict_proba(padded))


def test_a_case_without_eeg_is_predicted_from_nothing() -> None:
    train, test = halves(eeg(0.3))
    one = Riemannian()
    one.fit(train, None, Context())
    proba = one.predict_proba(test.missing(["eeg"]))
    assert len(np.unique(proba, axis=0)) == 1
    assert abs(proba[0, 0] - 0.5) < 0.2


def test_what_has_no_channels_is_refused() -> None:
    batch = eeg(0.3)
    one_channel = replace(batch, inputs={"bvp": make_input(batch.inputs["eeg"].values[..., :1])})
    with pytest.raises(RecognizerError, match="two channels or more"):
        Riemannian().fit(one_channel, None, Context())
    fitted = Riemannian()
    fitted.fit(batch, None, Context())
    fewer = replace(batch, inputs={"eeg": make_input(batch.inputs["eeg"].values[..., :2])})
    with pytest.raises(RecognizerError, match="input 'eeg' has 2 channels; 3 were learnt from"):
        fitted.predict_proba(fewer)
