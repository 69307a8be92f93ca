"""Networks of `evoke bench training`, trained by our loop and by a plain one with a DataLoader."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Sampler

from analysis.recognizers.attention_lstm_card import ATTENTION_LSTM_CARD, encoder_spec
from analysis.recognizers.attention_lstm_network import LENGTH, AttentionNetwork
from analysis.recognizers.bimodal_lstm import BimodalNetwork
from analysis.recognizers.recognizer import Context
from analysis.recognizers.svm_layer import penalty, signs, squared_hinge
from analysis.recognizers.torch_loop import Data, Tensors, TrainSpec, batches, reproducible, train_network

WIDTHS = {"face": 135, "speech": 39, "keys": 1, "bvp": 160, "eda": 10, "temperature": 10}
STEPS = {"face": 50, "speech": 300, "keys": 60, "bvp": 7, "eda": 7, "temperature": 7}


@dataclass(frozen=True, slots=True)
class Case:
    """A network with its loss and data; `make` builds it, drawn from torch's random numbers."""

    name: str
    make: Callable[[], tuple[nn.Module, Callable[[Tensors], Tensor]]]
    data: Data
    spec: TrainSpec


def attention_lstm(name: str, inputs: tuple[str, ...], cases: int) -> Case:
    """Return the attention-LSTM over some inputs, at the paper's sizes."""
    generator = torch.Generator().manual_seed(1)
    tensors: dict[str, Tensor] = {"y": torch.arange(cases) % 2}
    for each in inputs:
        tensors[each] = torch.randn(cases, STEPS[each], WIDTHS[each], generator=generator)
        tensors[each + LENGTH] = torch.full((cases,), STEPS[each])
    settings = ATTENTION_LSTM_CARD.defaults()
    specs = tuple(encoder_spec(each, WIDTHS[each], settings) for each in inputs)

    def make() -> tuple[nn.Module, Callable[[Tensors], Tensor]]:
        network = AttentionNetwork(specs, 2)
        return network, lambda rows: functional.binary_cross_entropy_with_logits(
            network(rows)[:, 0], rows["y"].float()
        )

    return Case(name, make, Data(np.arange(cases), tensors), TrainSpec("sgd", rate=0.01, batch=16))


def bimodal_lstm(name: str, cases: int, steps: int, widths: tuple[int, int], batch: int) -> Case:
    """Return the Bimodal-LSTM with 64 and 32 units and three classes."""
    generator = torch.Generator().manual_seed(1)
    first = torch.randn(cases, steps, widths[0], generator=generator)
    other = torch.randn(cases, steps, widths[1], generator=generator)
    data = Data(np.arange(cases), {"first": first, "other": other, "y": torch.arange(cases) % 3})

    def make() -> tuple[nn.Module, Callable[[Tensors], Tensor]]:
        network = BimodalNetwork(widths, (64, 32), 3, keep=0.7, initial_sd=0.1)

        def loss(rows: Tensors) -> Tensor:
            y = rows["y"][:, None].expand(-1, steps).reshape(-1)
            margins = network(rows["first"], rows["other"]).reshape(len(y), -1)
            return squared_hinge(margins, signs(y, 3)).mean() + penalty(network.out, 1e-4)

        return network, loss

    return Case(name, make, data, TrainSpec("adam", rate=1e-3, batch=batch))


def ours(case: Case, epochs: int) -> tuple[Tensor, list[float]]:
    """Train by our loop; return all weights as one vector, and the CPU seconds of each epoch."""
    seconds: list[float] = []
    with reproducible(1):
        network, loss = case.make()
        last = [time.process_time()]

        def tell(*_: object) -> None:
            now = time.process_time()
            seconds.append(now - last[0])
            last[0] = now

        spec = TrainSpec(case.spec.optimizer, case.spec.rate, case.spec.batch, epochs)
        train_network(network, loss, case.data, None, spec, Context(seed=1, progress=tell))
    return nn.utils.parameters_to_vector(network.parameters()).detach(), seconds


class Rows(Dataset[dict[str, Tensor]]):
    """A case at a time, as data sets are mostly written."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors["y"])

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        return {name: each[row] for name, each in self.tensors.items()}


class SameBatches(Sampler[list[int]]):
    """Mini-batches in the order of our loop, so that the weights can be compared."""

    def __init__(self, rows: int, size: int) -> None:
        self.rows, self.size = rows, size
        self.generator = torch.Generator().manual_seed(1)

    def __len__(self) -> int:
        return len(batches(torch.arange(self.rows), self.size))

    def __iter__(self) -> Iterator[list[int]]:
        order = torch.randperm(self.rows, generator=self.generator)
        return iter([part.tolist() for part in batches(order, self.size)])


def plain(case: Case, epochs: int) -> tuple[Tensor, list[float]]:
    """Train by the loop of any tutorial: DataLoader, zero_grad, backward, step."""
    seconds = []
    with reproducible(1):
        network, loss = case.make()
        kind = torch.optim.SGD if case.spec.optimizer == "sgd" else torch.optim.Adam
        optimizer = kind(network.parameters(), lr=case.spec.rate)
        # Its own generator: a loader draws from torch's random numbers, which dropout needs in order.
        loader = DataLoader(
            Rows(case.data.tensors),
            batch_sampler=SameBatches(len(case.data), case.spec.batch),
            generator=torch.Generator().manual_seed(2),
        )
        network.train()
        for _ in range(epochs):
            begun = time.process_time()
            for rows in loader:
                optimizer.zero_grad()
                loss(rows).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            seconds.append(time.process_time() - begun)
    return nn.utils.parameters_to_vector(network.parameters()).detach(), seconds
