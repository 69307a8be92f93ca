"""One training loop for every network: tensors in memory, one thread, the same seed the same weights.

How a recognizer uses it:

    with reproducible(context.seed):
        network = Network(...)                        # weights drawn from the seed
        data = Data(train.cases.id, {"bvp": ..., "y": ...})          # each tensor (n, ...)
        def loss(rows: Tensors) -> Tensor:            # mean over the rows of a mini-batch
            return cross_entropy(network(rows["bvp"]), rows["y"])
        history = train_network(network, loss, data, validation, TrainSpec(rate=0.01), context)
    numbers = in_chunks(network, lambda rows: softmax(network(rows["bvp"]), 1), tensors)

Several phases (pre-training, then tuning) are several calls with `phase` named, and `before` and `in_all`
epochs, so that progress counts through. The ledger is told in every call.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.recognizers.recognizer import Context, RecognizerError

Tensors = Mapping[str, Tensor]
Loss = Callable[[Tensors], Tensor]
"""The mean loss of a mini-batch, a scalar that can be differentiated."""

Group = Mapping[str, Any]
"""Parameters with a learning rate of their own, as torch's optimisers take them."""

CHUNK = 256


@dataclass(frozen=True, slots=True)
class Data:
    """Rows to train on: their case numbers `ids` (n,) for the ledger, and tensors (n, ...) by name."""

    ids: NDArray[np.intp]
    tensors: Tensors

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """How to train.

    `batch` rows a step, `clip` largest norm of the gradient (0: none), `patience` epochs in which the
    validation score did not rise by more than `gain` before it stops and goes back to the best epoch (0:
    never; nor without validation). `halve_after` epochs without a smaller loss (of validation, where there is
    one, else of training) halve the learning rate (0: never). `phase` names the training in the curves and
    the ledger.
    """

    optimizer: Literal["sgd", "adam"] = "adam"
    rate: float = 1e-3
    batch: int = 32
    epochs: int = 100
    momentum: float = 0.0
    weight_decay: float = 0.0
    clip: float = 0.0
    patience: int = 0
    gain: float = 0.0
    phase: str = "network"
    decay: float = 1.0
    """What every learning rate is multiplied by after each epoch."""
    halve_after: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """Mean losses of each epoch; `best` is the epoch (from 1) whose weights were kept."""

    training: tuple[float, ...]
    validation: tuple[float, ...]
    best: int


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Make what is drawn and computed inside repeatable: own random numbers, one thread, exact kernels.

    Everything is as before afterwards.
    """
    threads = torch.get_num_threads()
    is_strict = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(is_strict)
            torch.set_num_threads(threads)


def train_network(
    network: nn.Module,
    loss: Loss,
    data: Data,
    validation: Data | None,
    spec: TrainSpec,
    context: Context,
    *,
    parameters: Iterable[nn.Parameter] | Sequence[Group] | None = None,
    score: Callable[[Data], float] | None = None,
    before: int = 0,
    in_all: int | None = None,
) -> History:
    """Train `network` in place; call inside `reproducible`.

    Only `parameters` are changed where they are given: parameters, or groups with rates of their own
    (`{"params": [...], "lr": 1e-5}`). `score` of the validation rows, larger is better, decides on stopping;
    without it minus the mean loss does. Losses are told as "<phase>" and "<phase>,
    validation", epochs counted from `before` + 1 of `in_all`. Raises RecognizerError where there is nothing
    to train on or the loss is no number, CancelledError where the work is to stop.
    """
    if not len(data):
        raise RecognizerError(f"{spec.phase}: there is no case to train on.")
    watched = validation if validation is not None and len(validation) and spec.patience else None
    context.fitted(spec.phase, data.ids)
    if watched is not None:
        context.fitted(f"{spec.phase}: early stopping", watched.ids)
    optimizer = _optimizer(network, parameters, spec)
    plateau = None
    if spec.halve_after:
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=spec.halve_after - 1, threshold=0.0
        )
        if validation is not None and len(validation):
            context.fitted(f"{spec.phase}: learning rate", validation.ids)
    chosen = [each for group in optimizer.param_groups for each in group["params"]]
    shuffler = torch.Generator().manual_seed(context.seed)
    training: list[float] = []
    seen: list[float] = []
    best, best_score, kept = 0, -math.inf, None
    for epoch in range(1, spec.epochs + 1):
        network.train()
        training.append(_one_epoch(loss, data, chosen, optimizer, spec, context, shuffler))
        told = {spec.phase: training[-1]}
        if validation is not None and len(validation):
            seen.append(mean_loss(network, loss, validation, context))
            told[f"{spec.phase}, validation"] = seen[-1]
        if not all(map(math.isfinite, told.values())):
            raise RecognizerError(
                f"{spec.phase}: the loss was no number any more in epoch {epoch}. Use a smaller learning "
                f"rate than {spec.rate:g}, or clip the gradient."
            )
        for group in optimizer.param_groups:
            group["lr"] *= spec.decay
        context.progress(before + epoch, in_all or before + spec.epochs, told)
        if plateau is not None:
            plateau.step(told.get(f"{spec.phase}, validation", training[-1]))
        if watched is None:
            best = epoch
            continue
        reached = -seen[-1] if score is None else score(watched)
        if reached > best_score + spec.gain:
            best, best_score, kept = epoch, reached, copy.deepcopy(network.state_dict())
        elif epoch - best >= spec.patience:
            break
    if kept is not None:
        network.load_state_dict(kept)
    network.eval()
    return History(tuple(training), tuple(seen), best)


def mean_loss(network: nn.Module, loss: Loss, data: Data, context: Context) -> float:
    """Return the mean loss of these rows, without dropout; the network is left in evaluation mode."""
    network.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(data), CHUNK):
            context.check()
            rows = {name: each[start : start + CHUNK] for name, each in data.tensors.items()}
            total += float(loss(rows)) * min(CHUNK, len(data) - start)
    return total / len(data)


def in_chunks(network: nn.Module, function: Callable[[Tensors], Tensor], tensors: Tensors) -> Tensor:
    """Return function(rows) of all rows (n, ...), computed in chunks: no gradient, no dropout, one thread."""
    network.eval()
    n = len(next(iter(tensors.values())))
    with reproducible(0), torch.no_grad():
        parts = [
            function({name: each[start : start + CHUNK] for name, each in tensors.items()})
            for start in range(0, max(n, 1), CHUNK)
        ]
    return torch.cat(parts)


def class_weights(y: NDArray[np.int64], classes: int) -> Tensor:
    """Return (classes,) float32: n / (classes * count), so that each class weighs the same in all.

    A class without a row has weight 0.
    """
    counts = np.bincount(y, minlength=classes).astype(np.float64)
    weights = np.divide(len(y), classes * counts, out=np.zeros(classes), where=counts > 0)
    return torch.from_numpy(weights.astype(np.float32))


def _optimizer(
    network: nn.Module, chosen: Iterable[nn.Parameter] | Sequence[Group] | None, spec: TrainSpec
) -> torch.optim.Optimizer:
    parameters: list[Any] = list(network.parameters() if chosen is None else chosen)
    if spec.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr=spec.rate, momentum=spec.momentum, weight_decay=spec.weight_decay
        )
    return torch.optim.Adam(parameters, lr=spec.rate, weight_decay=spec.weight_decay)


def _one_epoch(
    loss: Loss,
    data: Data,
    parameters: list[nn.Parameter],
    optimizer: torch.optim.Optimizer,
    spec: TrainSpec,
    context: Context,
    shuffler: torch.Generator,
) -> float:
    order = torch.randperm(len(data), generator=shuffler)
    total = 0.0
    for rows in batches(order, spec.batch):
        context.check()
        optimizer.zero_grad()
        value = loss({name: each[rows] for name, each in data.tensors.items()})
        value.backward()  # type: ignore[no-untyped-call]
        if spec.clip:
            nn.utils.clip_grad_norm_(parameters, spec.clip)
        optimizer.step()
        total += float(value.detach()) * len(rows)
    return total / len(data)


def batches(order: Tensor, size: int) -> list[Tensor]:
    """Cut `order` (n,) into mini-batches; a last one of a single row joins the one before it.

    Batch normalisation cannot be trained on one row.
    """
    parts = list(torch.split(order, max(size, 1)))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts
