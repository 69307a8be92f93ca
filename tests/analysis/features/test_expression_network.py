"""The expression network rebuilt in torch against Keras' own numbers, and against broken files."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.features.expression_network import EXPRESSIONS, WEIGHTS, ExpressionNetwork, expression_network
from analysis.features.feature import FeatureError

ORACLE = Path(__file__).with_name("fixtures") / "expression_keras.npz"


@pytest.fixture(scope="module")
def keras() -> dict[str, NDArray[Any]]:
    with np.load(ORACLE, allow_pickle=False) as file:
        return dict(file)


def test_probabilities_and_activations_are_those_of_keras(keras: dict[str, NDArray[Any]]) -> None:
    probabilities, activations = ExpressionNetwork()(keras["faces"])
    np.testing.assert_allclose(probabilities, keras["probabilities"], atol=5e-6)
    np.testing.assert_allclose(activations, keras["activations"], atol=2e-5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_a_smile_is_happy(keras: dict[str, NDArray[Any]]) -> None:
    probabilities, _ = expression_network()(keras["faces"][:1])
    assert EXPRESSIONS[int(probabilities.argmax())] == "happy"
    assert probabilities.max() > 0.95


def test_a_batch_gives_what_single_faces_give() -> None:
    faces = np.random.default_rng(1).integers(0, 256, (70, 64, 64)).astype(np.uint8)
    network = expression_network()
    together, _ = network(faces)
    alone = np.concatenate([network(face[None])[0] for face in faces[62:67]])
    np.testing.assert_allclose(together[62:67], alone, atol=1e-6)
    assert network(faces[:0])[0].shape == (0, 7)
    assert network(faces[:0])[1].shape == (0, 128)


def test_every_weight_of_the_file_is_used_once(tmp_path: Path) -> None:
    count = 0
    with h5py.File(WEIGHTS) as file:

        def add(name: str, node: object) -> None:
            nonlocal count
            count += node.size if isinstance(node, h5py.Dataset) else 0

        file["model_weights"].visititems(add)
    assert count == 58_423
    more = tmp_path / "more.hdf5"
    shutil.copy(WEIGHTS, more)
    with h5py.File(more, "r+") as file:
        file["model_weights/dense_1/dense_1_1/kernel:0"] = np.zeros((2, 2), np.float32)
    with pytest.raises(FeatureError, match="weights of another network: dense_1/kernel"):
        ExpressionNetwork(more)


def test_a_broken_file_is_told_in_words(tmp_path: Path) -> None:
    less, none = tmp_path / "less.hdf5", tmp_path / "none.hdf5"
    shutil.copy(WEIGHTS, less)
    with h5py.File(less, "r+") as file:
        del file["model_weights/conv2d_7"]
    with pytest.raises(FeatureError, match=r"conv2d_7/kernel.* missing"):
        ExpressionNetwork(less)
    none.write_bytes(b"no network")
    with pytest.raises(FeatureError, match="cannot be read; install Evoke again"):
        ExpressionNetwork(none)


def test_its_licence_and_origin_lie_beside_it() -> None:
    assert "MIT License" in (WEIGHTS.parent / "fer-LICENSE.txt").read_text(encoding="utf-8")
    told = (WEIGHTS.parent / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() in told
