"""Training a detector: SGD with Nesterov momentum, a rate that falls every epoch, three terms told."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.detection.augmenting import Augmenting, augmented
from analysis.detection.loss import TERMS, LossSpec, Truth, loss_terms
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.torch_loop import batches


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures (n, c, s, s) at 0..1 with their boxes; `ids` are case numbers for the ledger."""

    ids: NDArray[np.intp]
    pixels: Tensor
    truth: Truth

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """How to train: it ends after `epochs` or `iterations`, whichever comes first."""

    epochs: int = 250
    iterations: int = 2000
    batch: int = 64
    rate: float = 0.01
    decay: float = 0.96
    momentum: float = 0.9
    weight_decay: float = 2e-4
    clip: float = 10.0
    loss: LossSpec = field(default_factory=LossSpec)
    augmenting: Augmenting = field(default_factory=Augmenting)


Epoch = tuple[float, float, float]
"""Mean box, objectness and class terms."""


def three(pictures: Tensor) -> Tensor:
    """Return pictures with three channels: a grey one is repeated."""
    return pictures.expand(-1, 3, -1, -1) if pictures.shape[1] == 1 else pictures


def train_detector(
    network: nn.Module,
    anchors: Tensor,
    pictures: Pictures,
    spec: DetectorSpec,
    context: Context,
    keep_on: Callable[[], None] = lambda: None,
) -> tuple[Epoch, ...]:
    """Train in place and return each epoch's three terms; call inside `reproducible`.

    `keep_on` is called before every step and may wait: that is how training is paused. Losses are told as
    "box", "objectness", "class". Raises RecognizerError where there is nothing to train on or a loss is no
    number, CancelledError.
    """
    if not len(pictures) or not bool(pictures.truth.valid.any()):
        raise RecognizerError("No training picture has a box: draw or accept boxes first.")
    context.fitted("detector", pictures.ids)
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=spec.rate,
        momentum=spec.momentum,
        weight_decay=spec.weight_decay,
        nesterov=spec.momentum > 0,
    )
    random = torch.Generator().manual_seed(context.seed)
    steps = math.ceil(len(pictures) / max(1, spec.batch))
    last = max(1, min(spec.epochs, math.ceil(spec.iterations / steps)))
    history: list[Epoch] = []
    for epoch in range(1, last + 1):
        network.train()
        for group in optimizer.param_groups:
            group["lr"] = spec.rate * spec.decay ** (epoch - 1)
        total = np.zeros(3)
        for rows in batches(torch.randperm(len(pictures), generator=random), spec.batch):
            keep_on()
            context.check()
            optimizer.zero_grad()
            seen, mine = augmented(pictures.pixels[rows], pictures.truth.rows(rows), spec.augmenting, random)
            terms = loss_terms(network(three(seen)), mine, anchors, spec.loss)
            sum(terms, torch.zeros(())).backward()  # type: ignore[no-untyped-call]
            if spec.clip:
                nn.utils.clip_grad_norm_(network.parameters(), spec.clip)
            optimizer.step()
            total += np.array([float(term.detach()) for term in terms]) * len(rows)
        box, objectness, named = (total / len(pictures)).tolist()
        if not math.isfinite(box + objectness + named):
            raise RecognizerError(
                f"The loss was no number any more in epoch {epoch}. Use a smaller learning rate than "
                f"{spec.rate:g}."
            )
        history.append((box, objectness, named))
        context.progress(epoch, last, dict(zip(TERMS, history[-1], strict=True)))
    _settle(network, pictures, spec.batch, context)
    network.eval()
    return tuple(history)


def _settle(network: nn.Module, pictures: Pictures, batch: int, context: Context) -> None:
    """Take means and variances of all training pictures by the last weights.

    After few steps the running ones are still those of earlier weights, and the trained network would answer
    by them otherwise than it did while it learnt (Wu & Johnson, arXiv 2105.07576, "precise BN").
    """
    norms = [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    with torch.no_grad():
        for rows in batches(torch.arange(len(pictures)), batch):
            context.check()
            network(three(pictures.pixels[rows]))
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
