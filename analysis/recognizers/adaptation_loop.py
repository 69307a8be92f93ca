"""Training on a labelled source and an unlabelled target side by side, targets relabelled each epoch.

Source: Zong et al. (2022), "Progressive distribution adapted neural networks", its algorithm 1. An epoch has
as many steps as the larger of both sets fills; the smaller one is gone through again. Call inside
`torch_loop.reproducible`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from analysis.recognizers.adaptation_network import AdaptationNetwork, Taps
from analysis.recognizers.adaptation_penalties import ramp
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.torch_loop import in_chunks

EMOTION = "emotion L_s"
ACCURACY = "source accuracy"
CHANGED = "pseudo-labels changed"
TAKEN_FOR = "target taken for "


@dataclass(frozen=True, slots=True)
class Pair:
    """A mini-batch of both sides: taps, answers of the source (n,), pseudo-labels of the target (m,).

    `strength` is what the ramp allows of penalties at this step, 1 without a ramp.
    """

    source: Taps
    target: Taps
    y: Tensor
    pseudo: Tensor
    strength: float = 1.0


Terms = Mapping[str, tuple[float, Tensor]]
"""Penalties by name: weight and value; what is told is the value."""

Penalty = Callable[[Pair], Terms]


@dataclass(frozen=True, slots=True)
class Source:
    """Labelled pictures: case numbers `ids` (n,) for the ledger, `x` (n, side, side), answers `y` (n,)."""

    ids: NDArray[np.intp]
    x: Tensor
    y: Tensor


@dataclass(frozen=True, slots=True)
class AdaptSpec:
    """How to train: Adam with these settings. `balanced`: each class as often in the source's batches."""

    rate: float = 2e-4
    weight_decay: float = 0.005
    batch: int = 32
    epochs: int = 100
    is_ramped: bool = True
    is_balanced: bool = True
    phase: str = "network"


def train_adapted(
    network: AdaptationNetwork,
    penalty: Penalty | None,
    source: Source,
    target: Tensor | None,
    classes: Sequence[str],
    spec: AdaptSpec,
    context: Context,
    extra: nn.Module | None = None,
) -> NDArray[np.int64]:
    """Train `network` (and `extra`, what the penalty learns) in place; return the last pseudo-labels (m,).

    Without a target or a penalty it is trained on the source alone. Each epoch tells the mean of every loss,
    the source's accuracy in training, which share of the pseudo-labels changed at its end and which share of
    the target is taken for each class. Raises RecognizerError, CancelledError.
    """
    if not len(source.ids):
        raise RecognizerError(f"{spec.phase}: there is no case to train on.")
    context.fitted(spec.phase, source.ids)
    parameters = [*network.parameters(), *(extra.parameters() if extra is not None else ())]
    optimizer = torch.optim.Adam(parameters, lr=spec.rate, weight_decay=spec.weight_decay)
    shuffler = torch.Generator().manual_seed(context.seed)
    other = target if target is not None and len(target) > 1 else None
    pseudo = _labels(network, other)
    n, m = len(source.ids), 0 if other is None else len(other)
    steps = math.ceil(max(n, m) / max(1, spec.batch))
    for epoch in range(1, spec.epochs + 1):
        network.train()
        rows = _source_rows(source.y, steps * min(spec.batch, n), spec.is_balanced, shuffler)
        own = rows.chunk(steps)
        others = _cycled(m, steps * min(spec.batch, m), shuffler).chunk(steps)
        told: dict[str, float] = {}
        right = 0
        for step in range(steps):
            context.check()
            mine = own[step]
            taps = network(source.x[mine])
            loss = cross_entropy(taps.h3, source.y[mine])
            right += int((taps.h3.detach().argmax(1) == source.y[mine]).sum())
            _add(told, EMOTION, loss, steps)
            if other is not None and penalty is not None:
                yours = others[step]
                done = ((epoch - 1) * steps + step) / max(1, spec.epochs * steps)
                strength = ramp(done) if spec.is_ramped else 1.0
                pair = Pair(taps, network(other[yours]), source.y[mine], pseudo[yours], strength)
                for name, (weight, value) in penalty(pair).items():
                    loss = loss + weight * value
                    _add(told, name, value, steps)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        told[ACCURACY] = right / len(rows)
        if other is not None:
            fresh = _labels(network, other)
            told[CHANGED] = float((fresh != pseudo).float().mean())
            shares = torch.bincount(fresh, minlength=len(classes)).double() / m
            told |= {f"{TAKEN_FOR}{name}": float(shares[place]) for place, name in enumerate(classes)}
            pseudo = fresh
        if not all(map(math.isfinite, told.values())):
            raise RecognizerError(
                f"{spec.phase}: the loss was no number any more in epoch {epoch}. Use a smaller learning rate"
                f" than {spec.rate:g}, or smaller weights of its penalties."
            )
        context.progress(epoch, spec.epochs, told)
    network.eval()
    return np.asarray(pseudo.numpy(), np.int64)


def _add(told: dict[str, float], name: str, value: Tensor, steps: int) -> None:
    told[name] = told.get(name, 0.0) + float(value.detach()) / steps


def _labels(network: AdaptationNetwork, target: Tensor | None) -> Tensor:
    """Return what the network takes each target for now, (m,); none without a target."""
    if target is None:
        return torch.zeros(0, dtype=torch.int64)
    return in_chunks(network, lambda rows: network(rows["x"]).h3, {"x": target}).argmax(1)


def _cycled(n: int, wanted: int, shuffler: torch.Generator) -> Tensor:
    """Return `wanted` rows of n: all of them in a new order, again and again."""
    if not n:
        return torch.zeros(0, dtype=torch.int64)
    rounds = math.ceil(wanted / n)
    return torch.cat([torch.randperm(n, generator=shuffler) for _ in range(max(1, rounds))])[:wanted]


def _source_rows(y: Tensor, wanted: int, is_balanced: bool, shuffler: torch.Generator) -> Tensor:
    """Return `wanted` rows; in balance, every stretch of them has each class as often, to within one.

    Mini-batches are stretches of them.
    """
    if not is_balanced:
        return _cycled(len(y), wanted, shuffler)
    kinds = torch.unique(y)
    each = math.ceil(wanted / len(kinds))
    rows = [torch.nonzero(y == kind)[:, 0] for kind in kinds]
    drawn = torch.stack([own[_cycled(len(own), each, shuffler)] for own in rows])
    return drawn.T.reshape(-1)[:wanted]
