"""What BMMN's networks are given of a batch: a segment of each bio-signal and one face a case."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from analysis.corpus.cases import Batch, Input
from analysis.recognizers.bmmn_network import FACE
from analysis.recognizers.recognizer import RecognizerError

HEART = ("ecg", "bvp")
SKIN = "eda"
Floats = NDArray[np.float32]


def signals_of(batch: Batch) -> tuple[str, ...]:
    """Return which bio-signals to learn from: ECG, or BVP where no case has an ECG; and EDA."""
    heart = [name for name in HEART if name in batch.inputs and batch.inputs[name].present.any()][:1]
    skin = [SKIN] if SKIN in batch.inputs and batch.inputs[SKIN].present.any() else []
    return (*heart, *skin)


def has_face(batch: Batch) -> bool:
    """Whether any case has a face."""
    return FACE in batch.inputs and bool(batch.inputs[FACE].present.any())


def tensors_of(batch: Batch, signals: Sequence[str], samples: int, face: bool) -> dict[str, Tensor]:
    """Return segments (n, samples), images (n, channels, h, w) and who has them, as networks take them.

    An input that the batch lacks is absent in all cases. Raises RecognizerError where sizes do not fit.
    """
    n = len(batch)
    made: dict[str, Tensor] = {}
    for name in signals:
        each = _there(batch, name)
        found = np.zeros((n, samples), np.float32) if each is None else segments(name, each, samples)
        made[name] = torch.from_numpy(found)
        made[f"{name}.present"] = _present(each, n)
    if face:
        each = _there(batch, FACE)
        pixels = np.zeros((n, 1, 16, 16), np.float32) if each is None else images(each)
        made[FACE] = torch.from_numpy(pixels)
        made[f"{FACE}.present"] = _present(each, n)
    return made


def _there(batch: Batch, name: str) -> Input | None:
    """Return an input that some case has, None otherwise: its shape means nothing then."""
    each = batch.inputs.get(name)
    return each if each is not None and each.present.any() else None


def _present(each: Input | None, n: int) -> Tensor:
    return torch.zeros(n) if each is None else torch.from_numpy(each.present.astype(np.float32))


def segments(name: str, each: Input, samples: int) -> Floats:
    """Return (n, samples): the middle step of each case, the first channel where there are several."""
    width = math.prod(each.values.shape[2:])
    if width < samples or width % samples:
        raise RecognizerError(
            f"{name}: a step holds {width} numbers, not a segment of {samples}. Use the feature 'samples' "
            f"with count {samples}, or set samples to {width}."
        )
    return _middle(each).reshape(len(each.values), -1)[:, :samples]


def images(each: Input) -> Floats:
    """Return (n, channels, h, w): the picture in the middle of each case."""
    found = _middle(each)
    if found.ndim != 4 or found.shape[1] not in (1, 3):
        raise RecognizerError(
            f"face: a step of shape {found.shape[1:]} is no picture. Use the feature 'face.pixels'."
        )
    return np.ascontiguousarray(found)


def _middle(each: Input) -> Floats:
    """Return the middle step of each case (n, ...); that of a case without any is 0."""
    if each.values.shape[1] == 0:
        return np.zeros((len(each.values), *each.values.shape[2:]), np.float32)
    place = np.clip(each.lengths // 2, 0, np.maximum(each.lengths - 1, 0))
    return each.values[np.arange(len(place)), place]
