"""Small batches of body signals and faces, and settings of BMMN that suit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Batch, Input
from tests.helpers.batches import make_cases

SAMPLES = 40
SIDE_PX = 16
QUICK: Mapping[str, Any] = {"samples": SAMPLES, "rate": 3e-3, "batch": 16, "epochs": 30, "patience": 0}
QUICK_BAE: Mapping[str, Any] = {**QUICK, "bae_epochs": 30, "joint_epochs": 30, "latent": 16}
VARIANTS = ("bmmn", "bmmn-bae-1", "bmmn-bae-2")


def quick(name: str) -> dict[str, Any]:
    """Return settings with which a variant is small and learns in a second."""
    return dict(QUICK if name == "bmmn" else QUICK_BAE)


def beats(rate: NDArray[np.floating], random: np.random.Generator) -> NDArray[np.float32]:
    """Return segments (n, SAMPLES) at 0..1 with `rate` (n,) beats each, at any moment."""
    n = len(rate)
    turns = np.arange(SAMPLES)[None, :] / SAMPLES * rate[:, None] + random.uniform(0, 1, (n, 1))
    noisy = 0.5 + 0.4 * np.sin(2 * np.pi * turns) + random.normal(0, 0.02, (n, SAMPLES))
    return np.clip(noisy, 0, 1).astype(np.float32)


def slopes(size: NDArray[np.floating], random: np.random.Generator) -> NDArray[np.float32]:
    """Return segments (n, SAMPLES) at 0..1 that rise by `size` (n,)."""
    ramp = np.linspace(0, 1, SAMPLES)[None, :]
    noisy = 0.2 + size[:, None] * ramp + random.normal(0, 0.02, (len(size), SAMPLES))
    return np.clip(noisy, 0, 1).astype(np.float32)


def faces(bright: NDArray[np.floating], random: np.random.Generator) -> NDArray[np.float32]:
    """Return grey pictures (n, 1, SIDE_PX, SIDE_PX) whose left half is brighter by `bright` (n,)."""
    pixels = random.uniform(0.2, 0.4, (len(bright), 1, SIDE_PX, SIDE_PX))
    pixels[..., : SIDE_PX // 2] += bright[:, None, None, None]
    return pixels.astype(np.float32)


def one_step(values: NDArray[np.float32], present: NDArray[np.bool_] | None = None) -> Input:
    """Return an input of one step a case (n, 1, ...); where it is absent values are 0."""
    there = np.ones(len(values), bool) if present is None else present
    shape = (-1, *[1] * (values.ndim - 1))
    return Input(np.where(there.reshape(shape), values, 0)[:, None], there.astype(np.intp), there)


def bodies(
    participants: int = 6,
    trials: int = 8,
    effect: float = 1.0,
    seed: int = 0,
    outputs: tuple[str, ...] = ("valence", "joy"),
) -> Batch:
    """Return ECG that shows the first number, EDA and a face that show the second one, as far as `effect`."""
    random = np.random.default_rng(seed)
    cases = make_cases(participants, trials)
    n = len(cases)
    valence, joy = random.uniform(1, 9, n), random.integers(0, 2, n).astype(float)
    shown_valence = effect * valence + (1 - effect) * random.uniform(1, 9, n)
    shown_joy = joy if effect else random.integers(0, 2, n).astype(float)
    inputs = {
        "ecg": one_step(beats(2 + shown_valence / 2, random)),
        "eda": one_step(slopes(0.5 * shown_joy, random)),
        "face": one_step(faces(0.4 * shown_joy, random)),
    }
    return Batch(cases, inputs, np.column_stack([valence, joy]), (), outputs)


def levels(size: NDArray[np.floating], random: np.random.Generator) -> NDArray[np.float32]:
    """Return segments (n, SAMPLES) at 0..1 that lie higher by `size` (n,)."""
    noisy = 0.2 + size[:, None] + random.normal(0, 0.02, (len(size), SAMPLES))
    return np.clip(noisy, 0, 1).astype(np.float32)


def both_needed(participants: int = 8, trials: int = 16, effect: bool = True, seed: int = 0) -> Batch:
    """Return classes told by ECG and EDA together only: both high or both low is positive."""
    random = np.random.default_rng(seed)
    cases = make_cases(participants, trials)
    y = np.concatenate([random.permutation(np.arange(trials) % 2) for _ in range(participants)])
    one = random.integers(0, 2, len(y))
    other = np.where(y == 1, one, 1 - one) if effect else random.integers(0, 2, len(y))
    inputs = {
        "ecg": one_step(levels(0.6 * one, random)),
        "eda": one_step(levels(0.6 * other, random)),
    }
    return Batch(cases, inputs, y.astype(np.int64), ("negative", "positive"))
