"""What a network costs: parameters, multiply-adds of one picture, and time on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

WARM = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """`macs`: multiply-adds of convolutions and linear layers for one picture; twice as many FLOPs."""

    parameters: int
    macs: int

    @property
    def flops(self) -> int:
        """Floating point operations of one picture: two a multiply-add."""
        return 2 * self.macs


@dataclass(frozen=True, slots=True)
class Latency:
    """Time of one picture in milliseconds, over `times` looks."""

    median_ms: float
    p95_ms: float
    times: int


def parameters(network: nn.Module) -> int:
    """Return how many numbers are learnt."""
    return sum(each.numel() for each in network.parameters())


def cost_of(network: nn.Module, side: int, channels: int = 3) -> Cost:
    """Count one picture of `side` x `side`, by running it once."""
    counted = [0]

    def heard(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        if isinstance(layer, nn.Conv2d):
            kernel = layer.kernel_size[0] * layer.kernel_size[1]
            counted[0] += output.numel() * layer.in_channels // layer.groups * kernel
        elif isinstance(layer, nn.Linear):
            counted[0] += output.numel() * layer.in_features

    hooks = [each.register_forward_hook(heard) for each in network.modules()]
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            network(torch.zeros(1, channels, side, side))
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    return Cost(parameters(network), counted[0])


def latency(look: Callable[[], object], times: int = 30) -> Latency:
    """Time `look`, which looks at one picture; the first few looks do not count."""
    for _ in range(WARM):
        look()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        look()
        took.append(1000 * (time.perf_counter() - began))
    return latency_of(took)


def latency_of(took_ms: list[float]) -> Latency:
    """Return median and 95th percentile of times in milliseconds; NaN of none."""
    if not took_ms:
        return Latency(float("nan"), float("nan"), 0)
    return Latency(float(np.median(took_ms)), float(np.percentile(took_ms, 95)), len(took_ms))
