"""Optimisers and rates of the embedding networks: RALAMB with look-ahead, AdamW, cosine with warm restarts.

RAdam: Liu et al., "On the variance of the adaptive learning rate and beyond" (ICLR 2020); layer-wise scaling:
You et al., "Large batch optimization for deep learning" (ICLR 2020); look-ahead: Zhang et al. 2019; restarts:
Loshchilov & Hutter, "SGDR" (ICLR 2017). The paper names "ralamb" and AdamW; steps and periods are those of
the toolkit that it used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

UPDATED_EVERY = 400
LOWEST_RATE = 4e-8
WARM, AHEAD, SHARE = 5.0, 5, 0.5


class Ralamb(torch.optim.Optimizer):
    """RAdam whose step of each parameter tensor is as long as the tensor's norm says, with look-ahead.

    Every `AHEAD` steps the weights go back half way to where they were. Weight decay is added to the step
    before it is scaled.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], rate: float = 1e-3, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": rate, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Do one step."""
        told = None if closure is None else closure()
        for group in self.param_groups:
            for each in group["params"]:
                if each.grad is not None:
                    self._move(each, each.grad, float(group["lr"]), float(group["weight_decay"]))
        return told

    def _move(self, each: torch.Tensor, gradient: torch.Tensor, rate: float, decay: float) -> None:
        state = self.state[each]
        if not state:
            state.update(
                step=0, mean=torch.zeros_like(each), square=torch.zeros_like(each), slow=each.clone()
            )
        state["step"] += 1
        count, first, second = state["step"], 0.9, 0.999
        state["mean"].mul_(first).add_(gradient, alpha=1 - first)
        state["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        step = state["mean"] / (1 - first**count)
        longest = 2 / (1 - second) - 1
        length = longest - 2 * count * second**count / (1 - second**count)
        if length > WARM:
            above = (length - 4) * (length - 2) * longest
            rectified = math.sqrt(above / ((longest - 4) * (longest - 2) * length))
            step = rectified * step / (state["square"].div(1 - second**count).sqrt().add_(1e-8))
        step = step + decay * each
        own, moved = float(each.norm()), float(step.norm())
        trust = min(own, 10.0) / moved if own > 0 and moved > 0 else 1.0
        each.add_(step, alpha=-rate * trust)
        if count % AHEAD == 0:
            state["slow"].add_(each - state["slow"], alpha=SHARE)
            each.copy_(state["slow"])


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the rate falls: along a cosine in each of several periods of `period` epochs.

    After a period the peak is `factor` times the last one. The rate changes every `every` steps only.
    """

    rate: float
    period: int
    factor: float = 1.0
    every: int = UPDATED_EVERY

    def at(self, step: int, steps_an_epoch: int) -> float:
        """Return the rate at a step, counted from 0."""
        length = max(1, self.period * max(1, steps_an_epoch))
        # Where an epoch is shorter than that, it would never change.
        every = min(self.every, max(1, steps_an_epoch))
        number, inside = divmod(step // every * every, length)
        peak = self.rate * self.factor**number
        return LOWEST_RATE + (peak - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * inside / length))


def optimizer_of(kind: str, network: nn.Module, rate: float, weight_decay: float) -> torch.optim.Optimizer:
    """Return the optimiser of a kind of network: RALAMB for the TDNN, AdamW for the ResNet."""
    parameters: Any = network.parameters()
    if kind == "tdnn":
        return Ralamb(parameters, rate, weight_decay)
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=weight_decay)
